"""The bad-word filter, against its regular expressions as the reference has them."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import real_pages
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from transforms.bad_words import ALLOWED, UNSPACED, BadWords
from transforms.texts import Texts

LIST = "ham\nham and eggs\nand\n\nspam  \nHAM\ncaf\u00e9\ngr\u00f6\u00dfe\ni\u0307x\ni\n\U0001f595\na.c\n2g1c\nand\neg\u011fs"


def plain_search(words: BadWords, language: str, old: bool) -> Callable[[str], str | None]:
    if old:
        pattern = re.compile(f"[^a-z]({'|'.join(words.entries)})[^a-z]")
        return lambda text: next((match[1] for line in text.split("\n") if (match := pattern.search(line.lower()))), None)
    entries = "|".join(map(re.escape, words.entries))
    pattern = re.compile(f"({entries})" if language in UNSPACED else rf"(?:\W|^)({entries})(?:\W|$)")
    return lambda text: match[1] if (match := pattern.search(text.lower())) else None


def assert_equal(words: BadWords, language: str, old: bool, documents: list[str]) -> int:
    search = plain_search(words, language, old)
    wanted = list(map(search, documents))
    got = words.hits(Texts(pa.array(documents, pa.string())))
    wrong = [(text[:100], mine, theirs) for text, mine, theirs in zip(documents, got, wanted, strict=True) if mine != theirs]
    assert not wrong, f"{len(wrong)} of {len(documents)} texts differ, among them {wrong[0]!r}"
    return len(documents) - wanted.count(None)


def hits(words: BadWords, *documents: str) -> list[str | None]:
    return words.hits(Texts(pa.array(documents, pa.string())))


def test_whole_words_in_lower_case() -> None:
    words = BadWords("ham\neggs", "en")
    assert hits(words, "Ham", "a HAM!", "hamster", "sham", "ham_", "ham2", "ham\u00e9", "x\nham") == ["ham", "ham", *[None] * 5, "ham"]


def test_the_first_place_then_the_first_in_the_list() -> None:
    assert hits(BadWords("eggs\nham\nham and\nha", "en"), "and ham and eggs", "ham andy eggs") == ["ham", "ham"]
    assert hits(BadWords("ham and\nham", "en"), "ham and", "ham andy") == ["ham and", "ham"]
    assert hits(BadWords("-a\na", "en"), "-a") == ["a"]  # a flank is looked for before the start of the text is


def test_entries_are_stripped_and_those_with_capitals_match_nothing() -> None:
    words = BadWords("\n HAM \r\neggs \n\n", "en")
    assert words.entries == ("HAM", "eggs")
    assert hits(words, "ham HAM", "eggs") == [None, "eggs"]


def test_languages_without_spaces() -> None:
    assert hits(BadWords("ham", "th"), "shame") == ["ham"]
    assert hits(BadWords("ham", "fi"), "shame") == [None]
    for language, allowed in ALLOWED.items():
        words = BadWords("\n".join([*allowed, "\u70ba"]), language)
        assert words.entries == ("\u70ba",)
        assert hits(words, "".join(allowed), "\u5927\u70ba\u5927") == [None, "\u70ba"]


def test_the_old_pattern_misses_words_at_the_ends_of_lines() -> None:
    old, new = BadWords("ham", "en", old=True), BadWords("ham", "en")
    documents = ["ham", "ham here", "is ham", "is ham.", "is\nham.", "a 2ham2", "a \u00e9ham\u00e9", "a Ham b"]
    assert hits(old, *documents) == [None, None, None, "ham", None, "ham", "ham", "ham"]
    assert hits(new, *documents) == ["ham", "ham", "ham", "ham", "ham", None, None, "ham"]


def test_a_list_without_entries_and_one_that_the_old_pattern_cannot_take() -> None:
    with pytest.raises(ValueError, match="found no entry"):
        BadWords("\n \n", "en")
    with pytest.raises(ValueError, match=r"found 'a\.c'"):
        BadWords(LIST, "en", old=True)


ENTRIES = [line.strip() for line in LIST.split("\n")]
PIECES = [*ENTRIES, *ENTRIES, *map(str.upper, ENTRIES), *[" "] * 20, *"_-.\n\nxs2\u00e9\u0307\u0130\u212a\u03a3\u0301", "ha", "eggs"]
TEXTS = st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=10).map("".join)


@given(st.lists(TEXTS, max_size=8))
def test_any_text(documents: list[str]) -> None:
    assert_equal(BadWords(LIST, "en"), "en", False, documents)
    assert_equal(BadWords(LIST, "ja"), "ja", False, documents)
    assert_equal(BadWords(LIST.replace("a.c", "abc"), "en", old=True), "en", True, documents)


def test_a_long_text_of_beginnings_is_linear() -> None:
    words = BadWords("a a a a a a a b\naaaaaaaaac", "en")
    assert hits(words, "a " * 500_000, "a" * 1_000_000, "a " * 500_000 + "b") == [None, None, "a a a a a a a b"]


def lists() -> list[Path]:
    folder = SHARED / "wordlists" / "ldnoobw"
    found = [path for path in sorted(folder.glob("*")) if re.fullmatch("[a-z]{2,3}", path.name)]
    if not found:
        pytest.skip(f"no lists of bad words: {folder} is absent")
    return found


def test_real_lists_on_made_up_texts() -> None:
    generator = random.Random(0)
    for path in lists():
        words = BadWords(path.read_text("utf-8"), path.name)
        pieces = [*words.entries, *map(str.upper, words.entries), *[" "] * len(words.entries), *"x._-\n\u00e9"]
        documents = ["".join(generator.choices(pieces, k=generator.randrange(8))) for _ in range(200)]
        assert assert_equal(words, path.name, False, documents) > 5


def test_real_lists_on_real_pages() -> None:
    documents = real_pages.c4()[::4] + real_pages.web()[::4]
    generator = random.Random(0)
    for path in lists():
        if path.name in ("en", "fr", "zh", "tr"):
            words = BadWords(path.read_text("utf-8"), path.name)
            planted = [text[:500] + f" {generator.choice(words.entries)} " + text[500:1000] for text in documents[::8]]
            assert assert_equal(words, path.name, False, documents + planted) > 20
            if path.name == "en":
                assert_equal(BadWords(path.read_text("utf-8"), "en", old=True), "en", True, documents + planted)
