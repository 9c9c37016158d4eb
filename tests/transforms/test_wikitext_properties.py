"""What holds of any input: nothing is raised, text without markup stays, balanced templates leave no braces, and the work grows with the length alone."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.wikitext import strip, wiki_of
from transforms.wikitext.marks import ALL
from transforms.wikitext.rules import LLAMA
from transforms.wikitext.structure import Structure

ENGLISH, SERBIAN = wiki_of("en"), wiki_of("sr")
MARKUP = r"""{{ }} {{{ }}} [[ ]] [ ] | = == <ref> </ref> <ref/> <!-- --> <math> </math> <nowiki> </nowiki> <table> </table> <b> </b> <br> <sup> 2 </sup> '''
'' ' & &amp; &#65; __TOC__ __ -{ }- http:// [http://a [File: : * # ; nowrap lang convert quote a b 1 ( ) , . {|"""
PIECES = st.sampled_from([*re.findall(r"\S+", MARKUP), " ", "\n", "\n{|", "\n|}", "\n|-", "\n* ", "\n== h ==\n", "\x01", "\x04"])
WIKITEXT = st.lists(PIECES | st.text(max_size=3), max_size=60).map("".join)
PLAIN = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="[]{}<>|'&_=*#:;!-"), max_size=200)


@given(WIKITEXT)
@settings(max_examples=400, deadline=None)
def test_anything_is_stripped_and_no_mark_is_left(wikitext):
    for wiki in (ENGLISH, SERBIAN):
        text = strip(wikitext, wiki).text
        assert not set(text) & set(ALL)
        assert "\n\n\n" not in text
        assert text == text.strip()


@given(st.lists(PLAIN, max_size=5))
@settings(deadline=None)
def test_text_without_markup_stays(lines):
    text = "\n".join(lines)
    assert strip(text, ENGLISH).text == re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", text).strip()


BALANCED = st.recursive(
    st.sampled_from(["a", "b c", "", "1", "&amp;", "<br>", "\n"]),
    lambda inner: st.builds(
        lambda form, first, second: form.format(first, second).replace("«", "{").replace("»", "}"),
        st.sampled_from(
            [
                "««x|{}|{}»»",
                "««nowrap|{}»»{}",
                "««lang|fr|{}»»{}",
                "[[a|{}]]{}",
                "«««1|{}»»»{}",
                "{}<ref>r [[</ref>{}",
                "{} {}",
                "««quote|{}|{}»»",
            ]
        ),
        inner,
        inner,
    ),
    max_leaves=20,
)


@given(BALANCED)
@settings(max_examples=300, deadline=None)
def test_balanced_constructs_leave_no_brackets(wikitext):
    stripped = strip(wikitext, ENGLISH)
    assert not re.search(r"\{\{|\}\}|\[\[|\]\]|<ref", stripped.text)
    assert not stripped.unclosed


@given(WIKITEXT)
@settings(deadline=None)
def test_constructs_end_behind_their_openers_and_nest(wikitext):
    ends = Structure("\n" + wikitext, LLAMA).ends
    open_until: list[int] = []
    for start in sorted(ends):
        assert start + 4 <= ends[start] <= len(wikitext) + 1
        while open_until and open_until[-1] <= start:
            open_until.pop()
        assert not open_until or ends[start] <= open_until[-1]
        open_until.append(ends[start])


REPEATED = re.findall(
    r"\S+",
    """{{a| [[a| <ref> {| <b> ''' <!-- & { [ {{{ {{{a| [http://a [[File:a| <math> <nowiki> <table> = __A -{ '' ' &a &# < </ <sub>1 ( {{a}} {{nowrap|
{{convert|1| {{lang|fr| {{x|a= ]] }} [[a]] {{a|[[b| [[b|{{a| <ref>{{a|[[ {{#if: [[: <br> <sup> [//a {{ill| {{hlist|a|b| <ref/> &amp; {{respell| {{quote| {{ubl|
{{a<!-- {{nowrap|a<ref>""",
)
LINES = [
    "\n{|",
    "\n|-\n",
    "\n|}",
    "\n=",
    "\n*",
    "\n; a : ",
    "== {{x}} ==\n",
    "\n* {{x}}",
    "<!--\n",
    "\n= <!-- = ",
    "\n<!-- a -->",
    " ",
    "\t",
    "\x01",
    "\r\n",
    "( {{a}}",
]
NESTED = [
    ("{{a|", "}}"),
    ("{{nowrap|", "}}"),
    ("[[a|", "]]"),
    ("[[File:a|", "]]"),
    ("{{{a|", "}}}"),
    ("\n{|\n|", "\n|}"),
    ("<table>", "</table>"),
    ("<ref>", "</ref>"),
]
NESTED += [
    ("{{convert|", "|km}}"),
    ("[[a|{{nowrap|", "}}]]"),
    ("{", "}"),
    ("[", "]"),
    ("[[File:a|[http:x ", "]]]"),
    ("{{lc:", "|}}"),
    ("{{ubl|a|", "|b}}"),
]


def seconds(wikitext: str) -> float:
    """CPU time."""
    started = time.process_time()
    strip(wikitext, ENGLISH)
    return time.process_time() - started


def grows(shape) -> bool:
    """Whether 60,000 characters take over 3 microseconds each, and, seen again, over 24 times the work of an eighth of them (in quadratic time: 64)."""
    if seconds(shape(60_000)) < 0.2:
        return False
    return min(seconds(shape(60_000)) for _ in range(3)) > 24 * min(seconds(shape(7_500)) for _ in range(3))


@pytest.mark.parametrize("piece", REPEATED + LINES, ids=repr)
def test_what_is_repeated_takes_linear_time(piece):
    assert not grows(lambda length: piece * (length // len(piece)))
    assert not grows(lambda length: f"{piece}words and words " * (length // (len(piece) + 16)))


@pytest.mark.parametrize(("opener", "closer"), NESTED, ids=repr)
def test_what_is_nested_takes_linear_time_and_no_recursion(opener, closer):
    def shape(length):
        depth = length // (len(opener) + len(closer))
        return opener * depth + "x" + closer * depth

    assert not grows(shape)
    strip(shape(200_000), ENGLISH)
