"""Templates that carry text give it, those that are not known are counted where they are missed."""

import pytest

from transforms.wikitext import strip, wiki_of
from transforms.wikitext.names import renderer

NBSP = "\u00a0"


def text(wikitext: str, language: str = "en") -> str:
    return strip(wikitext, wiki_of(language)).text


RENDERED = [
    ("{{convert|5|km|mi}}", f"5{NBSP}km"),
    ("{{Convert|10|to|20|km2|sqmi|abbr=on}}", f"10 to 20{NBSP}km²"),
    ("{{cvt|5|ft|8|in|m}}", f"5{NBSP}ft 8{NBSP}in"),
    ("{{convert|30|-|40|C}}", f"30–40{NBSP}°C"),
    ("{{convert|3|x|4|m}}", f"3 × 4{NBSP}m"),
    ("{{convert|7}}", "7"),
    ("{{val|1.5|0.2|e=6|u=m}}", f"1.5±0.2×10⁶{NBSP}m"),
    ("{{val|1|2|-3}}", "1+2−3"),
    ("{{frac|1|2}} {{frac|3|1|2}} {{sfrac|7}}", "1/2 3 1/2 1/7"),
    ("10{{sup|6}} H{{sub|2}}O {{sup|th}} 5{{e|-3}}", "10⁶ H₂O th 5×10⁻³"),
    ("{{chem|SO|4|2-}} {{chem2|H2O}}", "SO₄²⁻ H2O"),
    ("{{lang|fr|''mot''}} {{transl|ar|DIN|word}} {{transl|ru|slovo}} {{transliteration|ar|x}}", "mot word slovo x"),
    (
        "{{nowrap|a [[b|c]]}} {{nobr|d}} {{abbr|e|f}} {{small|g}} {{em|h}} {{strong|i}} {{mvar|x}} {{math|''y'' {{=}} 2}}",
        "a c d e g h i x y = 2",
    ),
    ("1914{{ndash}}18{{snd}}a{{mdash}}b{{nbsp}}c{{'}}d{{'s}} {{!}}", f"1914–18 – a—b{NBSP}c'd's |"),
    ("{{circa|1900}} {{circa|1900|1910}} {{c.}} {{floruit|1200}}", f"c.{NBSP}1900 c.{NBSP}1900 – c.{NBSP}1910 c. fl.{NBSP}1200"),
    ("{{as of|2010|lc=y}}, {{As of|2010|1|2}}, {{as of|2010|alt=by 2010}}", "as of 2010, As of 2 January 2010, by 2010"),
    ("{{IPA|/x/}} {{IPA|fr|pari}} {{IPA-fr|pari|lang}} {{IPAc-en|lang|h|ə|ˈ|l|oʊ|audio=x.ogg}}", "/x/ [pari] [pari] /həˈloʊ/"),
    ("{{respell|hə|LOH}}", "hə-LOH"),
    ("{{nihongo|Tokyo Tower|東京タワー|Tōkyō Tawā}}", "Tokyo Tower (東京タワー, Tōkyō Tawā)"),
    ("{{zh|t=漢字|p=hànzì}}", "traditional Chinese: 漢字; pinyin: hànzì"),
    ("{{USS|Enterprise|CV-6}} {{ship|HMS|Victory}} {{sclass|Iowa|battleship}}", "USS Enterprise (CV-6) HMS Victory Iowa-class battleship"),
    ("{{ill|Title|de|Titel}} {{ill|Title|de|lt=Label}}", "Title Label"),
    ("{{formatnum:1234}} {{lc:ABC}} {{formatnum: 5 |R}}", "1234 ABC 5"),
    ("{{music|flat}} {{pi}} {{sqrt|2}} {{abs|x}} {{gaps|1|234}}", "♭ π √2 |x| 1234"),
    ("{{sic|wrnog}} {{sic}}", "wrnog [sic] [sic]"),
    ("{{hlist|a|b}} {{linktext|c|d}}", "a · b c d"),
    ("A\n{{quote|said|Someone|Book}}\nB", "A\nsaid\n— Someone, Book\nB"),
    ("{{blockquote|text=said\n\nmore|author=X}}", "said\n\nmore\n— X"),
    ("{{unbulleted list|a|b}}", "a\nb"),
    ("{{start date|1999|3|31}} {{birth date|1950}}", "31 March 1999 1950"),
    ("{{nowrap|{{lang|fr|{{small|a}}}}}}", "a"),
    ("{{lang|fr|a|b=c}} {{nowrap|1=x=y}}", "a x=y"),
    ("{{ Nowrap\n| a }} {{NOWRAP|b}} {{no_wrap|c}} {{As_of|2001}}", "a b As of 2001"),
    ("{{nowrap|<ref>x|y</ref>a<!-- | -->b}}", "ab"),
    ("{{nowrap|[[a|b]] {{x|y}} c}}", "b c"),
]


@pytest.mark.parametrize(("wikitext", "expected"), RENDERED)
def test_templates_that_carry_text(wikitext, expected):
    assert text(wikitext) == expected


LANGUAGES = [
    ("bg", "{{lang-la|a}} {{IPA|b}}", "a b"),
    ("ca", "{{segle|XX}} {{lang|en|a}}", "segle XX a"),
    ("cs", "{{cizojazyčně|en|a}} {{nowrap|b}}", "a b"),
    ("da", "{{lang|en|a}} {{citat|b}}", "a\nb"),
    ("de", "{{lang|fr|a}} {{frS|b}} {{Bruch|1|2}} {{Zitat|c}}", "a b 1/2\nc"),
    ("es", "{{siglo|XX}} {{unidad|5|km}} {{cita|a}}", f"siglo XX 5{NBSP}km\na"),
    (
        "fr",
        "{{unité|100|km|2}} {{date|1|mai|1900}} {{1er}} {{citation|a}} {{heure|12|30}}",
        f"100{NBSP}km² 1 mai 1900 1er «{NBSP}a{NBSP}» 12{NBSP}h{NBSP}30",
    ),
    ("hr", "{{lang|en|a}} {{jez-eng|b}}", "a b"),
    ("hu", "{{szám|1234}} {{idézet|a}}", "1234\na"),
    ("it", "{{M|5|ul=km}} {{lang|en|a}} {{citazione|b}}", f"5{NBSP}km a\nb"),
    ("nl", "{{afkorting|a|b}} {{citaat|c}}", "a\nc"),
    ("pl", "{{lang|en|a}} {{cytat|b}}", "a\nb"),
    ("pt", "{{século|XX}} {{fmtn|5}}", "século XX 5"),
    ("ro", "{{lang|en|a}} {{citat|b}}", "a\nb"),
    ("ru", "{{число|5}} {{тыс.}} {{s|a}} {{цитата|b}}", f"5 {NBSP}тыс. a\nb"),
    ("sl", "{{lang|en|a}} {{convert|1|km}}", f"a 1{NBSP}km"),
    ("sr", "{{јез-енгл|a}} {{цитат|b}}", "a\nb"),
    ("sv", "{{lang|en|a}} {{citat|b}}", "a\nb"),
    ("uk", "{{lang-en|a}} {{цитата|b}}", "a\nb"),
]


@pytest.mark.parametrize(("language", "wikitext", "expected"), LANGUAGES)
def test_templates_of_the_other_languages(language, wikitext, expected):
    assert text(wikitext, language) == expected


def test_holes_are_templates_missed_within_a_line():
    page = "{{Infobox|a=b}}\nIn 2010 {{inflation|US|5}} and {{Inflation|US|6}}{{sfn|A|2000}}.{{cn}}\n* {{cite book}}\n* {{unknown}} c\n{{other}}\n{{main|x}}"
    stripped = strip(page, wiki_of("en"))
    assert stripped.holes == {"inflation": 2, "unknown": 1}
    assert stripped.text == "In 2010 and.\nc"


def test_a_template_that_should_give_text_and_cannot_is_a_hole():
    assert strip("a {{music|chord}} b", wiki_of("en")).holes == {"music": 1}


def test_each_name_is_in_lower_case_with_single_spaces():
    assert renderer("convert", "en") is not None
    assert renderer("no such template", "en") is None
    assert renderer("s", "fr") is not renderer("s", "ru") is not renderer("s", "en")
