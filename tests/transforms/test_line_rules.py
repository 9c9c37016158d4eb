"""C4's line rules, against the rules written out plainly on Python strings."""

import re

import pyarrow as pa
import pytest
import real_pages
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.line_rules import REASONS, LineRules, judge
from transforms.texts import Texts

CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
C4 = LineRules()
DATATROVE = LineRules(min_words=3, end_marks=(".", "?", "!", '"', "'"), words_before_citations=True)
OTHERS = [
    DATATROVE,
    LineRules(max_word_characters=5, min_words=2),
    LineRules(max_word_characters=None, citations=False),
    LineRules(end_marks=(), ellipses=(), min_words=0),
    LineRules(end_marks=("\u201d", "\u3002", "ed."), scripts=("ki", "i", "k"), placeholders=(), policies=()),
]
Plain = tuple[list[str], str, list[str], str]


def plain(text: str, rules: LineRules) -> Plain:
    """Reasons of the lines, reason of the page, kept lines, text."""
    reasons, kept, page = [], [], "kept"
    for line in text.splitlines():
        line = line.strip()
        reason = plain_line(line, rules)
        reasons.append(reason)
        if reason == "kept":
            kept.append(CITATION.sub("", line) if rules.citations else line)
        if reason in ("placeholder text", "curly bracket") and page == "kept":
            page = reason
    if page != "kept":
        kept = []
    return reasons, page, kept, "\n".join(kept).strip()


def plain_line(line: str, rules: LineRules) -> str:
    words = line.split()
    if rules.max_word_characters is not None and any(len(word) > rules.max_word_characters for word in words):
        return "a word is too long"
    if rules.citations:
        line = CITATION.sub("", line)
    if (rules.end_marks and not line.endswith(rules.end_marks)) or line.endswith(rules.ellipses):
        return "no end mark"
    if len(words if rules.words_before_citations else line.split()) < rules.min_words:
        return "too few words"
    lowered = line.lower()
    for reason, sought in (
        ("placeholder text", rules.placeholders),
        ("script notice", rules.scripts),
        ("curly bracket", rules.brackets),
        ("policy notice", rules.policies),
    ):
        if any(string in lowered for string in sought):
            return reason
    return "kept"


def ours(documents: list[str], rules: LineRules) -> list[Plain]:
    judged = judge(Texts(pa.array(documents, pa.string())), rules)
    assert judged.kept + sum(judged.removed.values()) == len(judged.line_reasons) == sum(len(text.splitlines()) for text in documents)
    lines = [judged.buffer[start:end].tobytes().decode() for start, end in zip(judged.lines.starts, judged.lines.ends, strict=True)]
    reasons = [REASONS[number] for number in judged.line_reasons]
    return [
        (
            reasons[judged.line_offsets[page] : judged.line_offsets[page + 1]],
            REASONS[judged.page_reasons[page]],
            lines[judged.lines.offsets[page] : judged.lines.offsets[page + 1]],
            judged.texts[page].as_py(),
        )
        for page in range(len(documents))
    ]


def assert_equal(documents: list[str], rules: LineRules) -> None:
    wrong = [
        (text[:200], got, plain(text, rules))
        for text, got in zip(documents, ours(documents, rules), strict=True)
        if got != plain(text, rules)
    ]
    assert not wrong, f"{len(wrong)} of {len(documents)} pages differ, among them {wrong[0]!r}"


LINES = {
    "Five words are in here.": "kept",
    "Five words are in here.[1]": "kept",  # a marker straight after the full stop goes
    "Five words are in here [1].": "kept",
    "Five words are in here. [1]": "no end mark",  # what is left ends in a space: nothing is stripped again
    "Five words are in here...": "no end mark",
    "Five words are in here": "no end mark",
    "Five words are in here'": "no end mark",
    'He said: "Five words here"': "kept",
    "[1] [2] [3] four words here.": "too few words",  # counted when the markers are gone
    "Only four are here.": "too few words",
    "x" * 1000 + " four words and more.": "kept",
    "x" * 1001 + " four words and more.": "a word is too long",
    "\u00e9" * 1000 + " four words and more.": "kept",  # 1,000 characters in 2,000 bytes
    "This has LOREM Ipsum in it.": "placeholder text",
    "This site needs JavaScript to run.": "script notice",
    "var a = { one two three.": "curly bracket",
    "Read our Terms of Use at once.": "policy notice",
    "We all use coo\u212aies on here.": "policy notice",  # the Kelvin sign is a k in lower case
    "function javascript { one two three.": "script notice",
}


@pytest.mark.parametrize(("line", "reason"), LINES.items())
def test_fates_of_lines(line: str, reason: str) -> None:
    assert plain_line(line, C4) == reason
    assert ours([line], C4)[0][0] == [reason]


@pytest.mark.parametrize(
    "dropped", ["{ too few.", "A brace { without an end mark", "x" * 1001 + " { is here now.", "The javascript { is dropped first."]
)
def test_a_brace_in_a_line_that_is_dropped_before_drops_no_page(dropped: str) -> None:
    page = f"{dropped}\nFive words are in here."
    assert ours([page], C4)[0][1:] == ("kept", ["Five words are in here."], "Five words are in here.")


def test_a_page_that_is_dropped_keeps_nothing_and_its_neighbours_all() -> None:
    good = "Five words are in here."
    judged = judge(Texts(pa.array([good, f"{good}\nA {{ is in this line.\n{good}\nshort", good])), C4)
    assert judged.texts.to_pylist() == [good, "", good]
    assert judged.page_rules.to_pylist() == ["none", "curly bracket", "none"]
    assert judged.lines.offsets.tolist() == [0, 1, 1, 2]
    assert judged.kept == 2
    assert judged.removed == {"no end mark": 1, "curly bracket": 3}


def test_where_datatrove_differs() -> None:
    lines = ["Three words here.", "Five words are in here'", "[1] [2] here."]
    assert [ours([line], C4)[0][0] for line in lines] == [["too few words"], ["no end mark"], ["too few words"]]
    assert [ours([line], DATATROVE)[0][0] for line in lines] == [["kept"], ["kept"], ["kept"]]


def test_the_lower_case_of_a_dotted_capital_begins_with_an_i() -> None:
    rules = LineRules(scripts=("ki", "kis"))
    for line in ("one two three four k\u0130s.", "one two three four K\u0130."):
        assert plain_line(line, rules) == "script notice"
        assert ours([line], rules)[0][0] == ["script notice"]
    assert ours(["one two three four k\u0130s."], LineRules(scripts=("kis",)))[0][0] == ["kept"]


def test_a_text_is_stripped_again_at_its_ends_only() -> None:
    page = "[1] One two three four five.\n[2] One two three four five."
    assert judge(Texts(pa.array([page])), C4).texts.to_pylist() == ["One two three four five.\n One two three four five."]


PIECES = [
    *("word", "word ", "five words are in here.", "a", "x" * 6, " ", "  ", ".", ".", "...", "?", "!", '"', "'", "\u201d", "\u3002"),
    *("[1]", "[]", "[edit]", "[citation needed]", "[", "[[2]]", "[1", "]", "[\u0663]", "[edit", "[Edit]", "[citation  needed]"),
    *("\n", "\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029", "\xa0", "\u3000", "\ufeff"),
    *(
        "lorem ipsum",
        "LoReM IpSuM",
        "lorem \u0130psum",
        "javascript",
        "JavaScript",
        "{",
        "terms of use",
        "use coo\u212aies",
        "uses cookies",
    ),
    *("\u212a", "\u0130", "k", "i", "\u00e9", "\u03a3", "privacy policy", "cookie policy", "ed."),
]
PAGES = st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=20).map("".join)


@settings(max_examples=150)
@given(st.lists(PAGES, max_size=5))
def test_any_text(documents: list[str]) -> None:
    for rules in (C4, *OTHERS):
        assert_equal(documents, rules)


def test_every_line_end_and_space_of_python() -> None:
    characters = [chr(code) for code in range(0x3100) if chr(code).isspace() or len(f"a{chr(code)}b".splitlines()) > 1]
    assert_equal([f"{c}Five words are{c}in here.{c}" for c in characters] + [f"Five {c} {c}.{c}\nx" for c in characters], C4)


def test_nothing_at_all() -> None:
    assert ours([], C4) == []
    assert ours(["", "\n", "\n\n"], C4) == [([], "kept", [], ""), (["no end mark"], "kept", [], ""), (["no end mark"] * 2, "kept", [], "")]


def test_slices_of_a_column() -> None:
    array = pa.array(["A { drops this one here.", "Five words are in here.", "Six more words are in here."])
    assert judge(Texts(array.slice(1, 1)), C4).texts.to_pylist() == ["Five words are in here."]


def test_what_is_sought_is_lower_case_ascii() -> None:
    for sought in ("JavaScript", "caf\u00e9", ""):
        with pytest.raises(ValueError, match="expected lower-case ASCII"):
            LineRules(scripts=(sought,))
    with pytest.raises(ValueError, match="no more than 64"):
        LineRules(policies=tuple(f"policy {number}" for number in range(64)))


def test_real_pages() -> None:
    documents = real_pages.c4() + real_pages.web()
    for rules in (C4, DATATROVE):
        assert_equal(documents, rules)
    reasons = {reason for text in documents for reason in plain(text, C4)[0]}
    assert {"kept", "no end mark", "too few words", "curly bracket", "script notice", "policy notice"} <= reasons
