"""The samples' texts are read as their form says, and what is malformed in one is named with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.samples.case_files import TEXTS, Fate, read

TEXT = """What stands here is for the reader.

@@@ one: a name with = and @
expect: kept
expect bound=7: dropped: over-size page
url: https://a.example/b: c

@-- text
=== a heading ===
--- a rule

key: value of the text
@@hex 0d00ff@@|@@3 times ab@@|@@2 times @@hex 20@@@@|
@-- kept

@@@ two
expect: dropped: at least 3 sentences, or so
@-- text

"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "odd.txt"


def test_cases_are_read(path: Path) -> None:
    path.write_text(TEXT)
    one, two = read(path)
    assert (one.name, one.place, two.place) == ("one: a name with = and @", "odd.txt, line 3", "odd.txt, line 16")
    assert one.value("url") == "https://a.example/b: c"
    assert one.section("text") == b"=== a heading ===\n--- a rule\n\nkey: value of the text\n\r\0\xff|ababab|  |"
    assert one.section("kept") == two.section("text") == b""
    assert (one.fate(), one.fate("bound=7"), one.fate("bound=8")) == (Fate("kept"), Fate("dropped", "over-size page"), Fate("kept"))
    assert two.fate() == two.fate("bound=7") == Fate("dropped", "at least 3 sentences, or so")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@@@ a\nexpect: kept\nno value\n", r"^odd\.txt, line 3: expected `key: value` or `@-- SECTION`; found 'no value'"),
        ("\n@@@ a\nexpect: kept\n@@@ b\n@@@ a\n", r"^odd\.txt, line 5: expected a name that no earlier case has; found 'a'"),
    ],
)
def test_a_malformed_text_is_named_with_its_line(path: Path, text: str, words: str) -> None:
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read(path)


def test_what_a_case_lacks_is_named_with_its_line(path: Path) -> None:
    path.write_text("\n@@@ a\nkey: 1\nexpect no: kept\n@-- text\n")
    (case,) = read(path)
    with pytest.raises(ValueError, match=r"^odd\.txt, line 2: expected a line 'url' in case 'a'; found key, expect no"):
        case.value("url")
    with pytest.raises(ValueError, match=r"^odd\.txt, line 2: expected a section 'page' in case 'a'; found text"):
        case.section("page")
    with pytest.raises(ValueError, match=r"^odd\.txt, line 2: expected `expect: kept`, or another fate with its label; found ''"):
        case.fate()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="@")), min_size=1))
def test_a_section_holds_its_lines_as_they_are(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("made") / "made.txt"
    path.write_bytes("\n".join(["@@@ a", "expect: kept", "@-- text", *lines]).encode())
    assert read(path)[0].section("text") == "\n".join(lines).rstrip("\n").encode()


TEXTS_OF_CASES = sorted(
    path for source in ("arxiv", "c4", "github", "wikipedia", "books", "stackexchange") for path in (TEXTS / source).glob("*.txt")
)


@pytest.mark.parametrize("path", TEXTS_OF_CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_case_says_its_fate(path: Path) -> None:
    cases = read(path)
    assert cases
    assert {case.fate().word for case in cases} <= {"kept", "dropped", "broken", "skipped", "used", "unused"}
