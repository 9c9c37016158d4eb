"""Wikitext to text: the vectors of the specification, each construct, what broken pages give, and the faults that reading real pages showed."""

import pytest

from transforms.wikitext import LLAMA, Rules, is_redirect, strip, wiki_of
from transforms.wikitext.structure import Structure

ENGLISH = wiki_of("en")


def text(wikitext: str, language: str = "en", rules: Rules = LLAMA) -> str:
    return strip(wikitext, wiki_of(language), rules).text


# (wikitext, what Hugging Face's steps give with mwparserfromhell 0.7.2, what ours gives, why ours differs)
VECTORS = [
    (
        "'''Bold''' ''it'' [[Target|label]] [[Plain]] [http://x.y Ext] [http://x.y] http://bare.z {{tpl|a}}<!-- c -->&amp;",
        "Bold it label Plain Ext  http://bare.z &",
        "Bold it label Plain Ext http://bare.z &",
        "no doubled blank where a link without a label was",
    ),
    (
        'Lead.<ref name="a">cite</ref><ref name=a/> More.\n== Head ==\n* one\n* two\n# num\n; term : def\n: indent\n',
        "Lead. More.\n\nHead \n one\n two\n num\n term  def\n indent",
        "Lead. More.\n\nHead\none\ntwo\nnum\nterm : def\nindent",
        "the blanks behind markers belong to the markers",
    ),
    ("[[File:A.jpg|thumb|Caption with [[link]]]]Text [[Category:Cats]]", "Text Cats", "Text", "a category is no text of the page"),
    ("{| class=x\n! h\n|-\n| cell\n|}\nAfter", "After", "After", ""),
    (
        "x <nowiki>[[y]]</nowiki> <math>a^2</math> <code>c</code> <gallery>\nA.jpg\n</gallery> end",
        "x [[y]]  c  end",
        "x [[y]] a^2 c end",
        "formulas stay",
    ),
    ("a {{unclosed b\n\nc", "a {{unclosed b\n\nc", "a {{unclosed b\n\nc", ""),
    ("__NOTOC__ hi", " hi", "hi", "the blank belonged to the switch"),
    ("{{{1|default}}} {{a|{{b}}}} [[a|b|c]]", "default  b|c", "default b|c", "no doubled blank where a template was"),
    ("<div style=x>in</div><br/>z &nbsp;q", "inz \u00a0q", "in\nz \u00a0q", "a line break ends a line: no glued words"),
    ("a\n\n\n\n\nb", "a\n\nb", "a\n\nb", ""),
]


@pytest.mark.parametrize(("wikitext", "reference", "ours", "why"), VECTORS)
def test_vectors_of_the_specification(wikitext, reference, ours, why):
    assert text(wikitext) == ours
    assert (reference == ours) == (not why)


CONSTRUCTS = [
    # links
    ("[[Foo (bar)|]] [[Boston, Massachusetts|]] [[Help:Foo|]]", "Foo Boston Help:Foo"),
    ("[[bus]]es and [[Foo|bar]]s", "buses and bars"),
    ("[[:Category:Cats]] [[:File:A.jpg]] [[:en:Foo]]", "Category:Cats File:A.jpg en:Foo"),
    ("Text.[[fr:Texte]]\n[[zh-yue:X]] [[be-x-old:Y]]", "Text."),
    ("[[en:Foo]] [[wikt:foo|foo]] [[Star Wars: A New Hope]] [[doi:10.1/x|paper]]", "en:Foo foo Star Wars: A New Hope paper"),
    ("a [[ file : B.jpg | thumb | [[x]] and [http://y z] ]] b", "a b"),
    ("[[File:A.jpg|thumb|see [http://x y]]] after", "after"),
    ("[[Image_talk:A]] [[Category : X]]z", "Image_talk:A z"),
    ("[[Newton's laws|''Newton's'' laws]]", "Newton's laws"),
    ("[[[inner]]] [[http://x.y label]] [//x.y label] [mailto:a@b.c mail]", "[inner] label label mail"),
    ("[http://x.y ''it'' [[a|b]] c] d", "it b c d"),
    ("array[0] and [1, 2] [http://x.y", "array[0] and [1, 2] [http://x.y"),
    ("word[[File:i.png|20px]]word 在{{x}}的", "word word 在的"),
    # references, comments, tags
    ('a<ref name="x">{{cite|[[b]]\n}}</ref>, b<ref name=x group="n" />.<references>\n<ref>c</ref>\n</references>', "a, b."),
    ("a<!-- b -->c", "ac"),
    ("a\n<!-- b -->\nc\n<!-- d --> e", "a\nc\ne"),
    ("a <!-- b --> c", "a c"),
    ("<pre>\n* [[a]] &lt;\n</pre>", "* [[a]] <"),
    (
        "<syntaxhighlight lang=c>if (a < b) { x = '''y'''; } &lt; <!-- c --></syntaxhighlight>",
        "if (a < b) { x = '''y'''; } &lt; <!-- c -->",
    ),
    ("<code>[[printf]]</code> <code><nowiki>{{x}}</nowiki></code>", "printf {{x}}"),
    ("#include <stdio.h> 3 < 4 <b>bold</b> <3", "include <stdio.h> 3 < 4 bold <3"),
    ("10<sup>6</sup> H<sub>2</sub>O 1<sup>st</sup> x<sub>''i''</sub>", "10⁶ H₂O 1st xi"),
    ("<math display=block>\\frac{a}{b} &lt; [[x]]</math>, <chem>H2O</chem>", "\\frac{a}{b} < [[x]], H2O"),
    ("a<timeline>x</timeline><score>y</score><templatedata>{}</templatedata> b", "a b"),
    ("a<table><tr><td>x<table><tr><td>y</table></td></tr></table>b", "a b"),
    ("one<br>two<br />three", "one\ntwo\nthree"),
    ("<div>a</div><p>b</p>", "a\nb"),
    ("<nowiki/>a<nowiki />b", "ab"),
    # apostrophes
    ("''a'' '''b''' '''''c''''' ''''d'''' don't rock 'n' roll", "a b c 'd' don't rock 'n' roll"),
    ("L'''Iliade'' et l'''Odyssée''", "LIliade et lOdyssée"),
    ("L'''Iliade'' est", "L'Iliade est"),
    # entities, once
    ("&amp;lt; &lt;b&gt; &#65;&#x42; &nope; &amp &#0; &#91;&#91;x]]", "&lt; <b> AB &nope; &amp &#0; [[x]]"),
    # lines
    ("== A ==\ntext\n=== B ===\n==== C ====\n[[Category:x]]\n== D ==\n=== E ===\nmore\n== F ==\n", "A\ntext\n\nD\n\nE\nmore"),
    ("a\n== ''H'' {{x}} <!-- c --> [[b]] ==  <!-- d -->\nb", "a\n\nH b\nb"),
    ("= T =\na\n== x<br>y ==\nb\n=\n==\nc == d", "T\na\n\nx y\nb\n=\n==\nc == d"),
    ("a\n----\nb", "a\n\nb"),
    ("* a\n* {{x}}\n* b", "a\nb"),
    ("__TOC__ a __KEIN_INHALTSVERZEICHNIS__ b __БЕЗ_ОГЛ__ __FILE__ __init__ __notoc__", "a b __FILE__ __init__"),
    # tables
    ("a\n{|\n|x\n{|\n|y\n|}\n|}\nb", "a\n\nb"),
    ("a\n:{| class=y\n|{{x|\n|}}\n|}\nb", "a\n\nb"),
    ("a\n{{box|\n{|\n|x\n|}}} {{x|{{y|\n|}}}} b", "a\nb"),
    # debris
    ("Foo ({{x}}) is, foo ({{x}}, {{y}}), foo ({{x}}; 1950), foo (1950, {{x}}), foo {{x}}.", "Foo is, foo, foo (1950), foo (1950), foo."),
    ("{{Infobox\n|a = b\n}}\n'''Foo''' {{x}} bar", "Foo bar"),
    ("A, {{x}}, B", "A, B"),
    ("{{{1}}} {{{a|b|c}}} {{{{{x}}}}}", "b"),
]


@pytest.mark.parametrize(("wikitext", "expected"), CONSTRUCTS)
def test_each_construct(wikitext, expected):
    assert text(wikitext) == expected


BROKEN = [
    ("a {{b|c\n\nd", "a {{b|c\n\nd"),
    ("a {{b|{{c}} d\n\ne", "a {{b| d\n\ne"),
    ("a [[b|c\n\nd", "a [[b|c\n\nd"),
    ("a [[b [[c]] d", "a [[b c d"),
    ("{{a|[[b}} c", "c"),
    ("a<ref>b c.\n\nd<ref>e</ref> f", "ab c.\n\nd f"),
    ("a<ref name=x> b", "a b"),
    ("a <!-- b\n\nc", "a b\n\nc"),
    ("a\n{| class=x\n|-\n| b\nc\n| d\n== E ==\nf\n| g", "a\n\nc\n\nE\nf\n| g"),
    ("a\n| b || c\n|-\n| d\n|}\ne", "a\n| b || c\n\ne"),
    ("a <b>b <i>c\n\nd '''e", "a b c\n\nd e"),
    ("a <math>b <math>c</math> d", "a b c d"),
    ("a <nowiki>[[b]] c", "a b c"),
    ("a <table> b\n\nc", "a\nb\n\nc"),
    ("a }} ]] |} b", "a }} ]] |} b"),
    ("{{a}}} {b} {{{c", "} {b} {{{c"),
    ("[http://x.y z\n] a", "[http://x.y z\n] a"),
    ("a\n{|\n| b\nc", "a\n\nc"),
    ("a [[b\nc]] d", "a [[b\nc]] d"),
    ("a\x01\x02b\x03", "ab"),
    ("", ""),
]


@pytest.mark.parametrize(("wikitext", "expected"), BROKEN)
def test_what_is_not_closed_swallows_nothing(wikitext, expected):
    assert text(wikitext) == expected


def test_what_is_not_closed_is_counted():
    stripped = strip("{{a|[[b <ref>c <!-- d\n{|\n<table>", ENGLISH)
    assert stripped.unclosed == {"{{": 1, "[[": 1, "<ref>": 1, "<!--": 1, "{|": 1, "<table>": 1}
    assert strip("{{a|[[b]]}} <ref>c</ref> <!-- d -->\n{|\n|}\n<table></table>", ENGLISH).unclosed == {}


SEEN = [  # faults that reading real pages showed, and what mends them
    (
        "en",
        "== See also ==\n{{x}}\n<!-- note -->\n* [[a]]\n* [[b]]",
        "See also\na\nb",
        "a comment on a line of its own hid the item behind it",
    ),
    (
        "en",
        "* {{official}}; voted\n* {{cite}}: here\n* {{cite}}.\n* a",
        "voted\nhere\na",
        "what followed a vanished template at the line's start stayed",
    ),
    ("en", "{{columns-list|colwidth=30em|\n* a\n* b\n}}", "a\nb", "the first item of a list in an argument kept its marker"),
    ("en", "{{As of|2012|December}} and {{as of|2007|7}}", "As of December 2012 and As of July 2007", "months as words"),
    ("fr", "né le {{Date de naissance|11|novembre|1866}}", "né le 11 novembre 1866", "day first, where the day is given first"),
    (
        "fr",
        "la {{84e}} fois au {{XIXe siècle}}, {{s-|XIX|e}} {{etc.}}",
        "la 84e fois au XIXe siècle, XIXe siècle etc.",
        "templates that are their text",
    ),
    ("hu", "„a” <br /> <small>(b)</small>", "„a”\n(b)", "a blank stayed at the end of the line"),
    ("eo", "{{Tabelo}}\n! Jaro\n! Nombro\n|-----\n| 1999 || 3\n|}\nb", "b", "a table that a template opens"),
    ("en", "in modern {{Lang-tr|Anadolu}}", "in modern Turkish: Anadolu", "the language's name is part of the sentence"),
    ("en", "the {{langx|fr|mot}} ({{lang|fr|mot}})", "the French: mot (mot)", "the same, in its newer form"),
    ("en", '"aardvark" ({{IPA-nl|ˈɑːrt|af}};) comes', '"aardvark" ([ˈɑːrt];) comes', "what the page says wrongly stays"),
    ("en", "1993. <!-- c --> Some", "1993. Some", "two blanks around a comment"),
    ("de", '{{"|Wort}} in {{Höhe|34|DE-NN}} ({{enS|word}})', "„Wort“ in 34\u00a0m (word)", "German templates"),
    ("es", "unos 45{{esd}}km", "unos 45\u00a0km", "Spanish ones"),
    ("pt", "no {{séc|XIII}}, {{Fmtn|1000}}", "no século XIII, 1000", "Portuguese ones"),
    ("ru", "{{lang-de|Bär}} {{нп5|Имя|имя|de|Name}} <small>{{s|x}}</small>{{Нет АИ|3|01|2018}}.", "Bär имя x.", "Russian ones"),
    ("sr", "({{јез-нем|Berlin}}) -{Text}- -{sr-ec:реч; sr-el:reč}-", "(Berlin) Text реч", "Serbian ones, and text that is not converted"),
    ("en", "a -{b}- c", "a -{b}- c", "which other wikis do not have"),
    ("en", "{{NumBlk|:|<math>a=b</math>|{{EquationRef|1}}}}", "a=b (1)", "formulas in numbered blocks"),
    ("en", "a\n\n== References ==\n{{refbegin}}\n{{refend}}", "a", "a section of nothing but templates"),
]


@pytest.mark.parametrize(("language", "wikitext", "expected", "fault"), SEEN)
def test_faults_that_real_pages_showed(language, wikitext, expected, fault):
    assert text(wikitext, language) == expected, fault


def test_a_closer_of_another_kind_closes_nothing():
    assert Structure("\n{|\n<table>\n|}", LLAMA).ends == {}
    assert Structure("\n{|\n{{a\n|}", LLAMA).ends == {}
    assert Structure("{{a [[b ]] }}", LLAMA).ends == {0: 13, 4: 10}


def test_rules_are_obeyed():
    page = "a {{nowrap|b}}\n== H ==\n* c [[x|d\ne]]\nf <math>g</math>"
    assert text(page, rules=Rules(keep_headings=False)) == "a b\n\nc d\ne\nf g"
    assert text(page, rules=Rules(keep_lists=False)) == "a b\n\nH\nf g"
    assert text(page, rules=Rules(render=False)) == "a\n\nH\nc d\ne\nf g"
    vanishing = Rules(vanishing=LLAMA.vanishing | {"math"}, formulas=frozenset())
    assert text(page, rules=vanishing) == "a b\n\nH\nc d\ne\nf"


def test_names_of_the_wiki_count_with_the_english_ones():
    page = "a [[Datei:b.jpg|mini|c]] [[Bild:b]] [[File:b]] [[Kategorie:d]] [[Category:d]] [[Fichier:x]]"
    assert text(page, "de") == "a Fichier:x"
    latgalian = wiki_of("ltg", {6: ["Fails", "Attēls"], 14: ["Kategoreja"], 4: ["Vikipedeja"]})
    assert strip("[[Fails:b.jpg|c]] [[attēls:b]] [[Kategoreja:d]] a [[Vikipedeja:Foo (b)|]]", latgalian).text == "a Foo"


@pytest.mark.parametrize(
    ("language", "keyword"),
    [
        ("bg", "#виж"), ("ca", "#REDIRECCIÓ"), ("cs", "#PŘESMĚRUJ"), ("da", "#OMDIRIGERING"), ("de", "#WEITERLEITUNG"), ("en", "#redirect"),
        ("es", "#REDIRECCIÓN"), ("fr", "#REDIRECTION"), ("hr", "#PREUSMJERI"), ("hu", "#ÁTIRÁNYÍTÁS"), ("it", "#RINVIA"), ("nl", "#DOORVERWIJZING"),
        ("pl", "#PATRZ"), ("pt", "#REDIRECIONAMENTO"), ("ro", "#REDIRECTEAZA"), ("ru", "#перенаправление"), ("sl", "#PREUSMERITEV"),
        ("sr", "#Преусмери"), ("sv", "#omdirigering"), ("uk", "#ПЕРЕНАПРАВЛЕННЯ"),
    ],
)  # fmt: skip
def test_redirects_in_the_wiki_s_language_and_in_english(language, keyword):
    assert is_redirect(f"{keyword} [[A]]", wiki_of(language))
    assert is_redirect("\n#REDIRECT: [[A]] {{R}}", wiki_of(language))
    assert not is_redirect(f"{keyword} no link", wiki_of(language))
    assert not is_redirect("# [[A]]\n# [[B]]", wiki_of(language))


def test_other_languages_keywords_are_no_redirects():
    assert not is_redirect("#WEITERLEITUNG [[A]]", ENGLISH)
