"""The text of a book in any character set: declared, marked, told by its letters, or wrongly said."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from made_books import BODY, gutenberg, one

from pipeline import book_text

TEXT = gutenberg()
BOOK = TEXT.encode()
CODECS = {
    "ISO-8859-1": "cp1252", "ISO Latin-1": "cp1252", "Codepage 1252": "cp1252", "ISO-8859-2": "iso8859-2", "ISO-8859-7": "iso8859-7",
    "CP437": "cp437", "IBM850": "cp850", "Mac Roman": "mac-roman", "Big5": "big5hkscs", "KOI8-R": "koi8-r", "Windows-1251": "cp1251", "UTF-8": "utf-8",
}  # fmt: skip


@pytest.mark.parametrize("label", CODECS)
@settings(max_examples=30)
@given(data=st.data())
def test_a_declared_character_set_is_read(label, data):
    """Whatever stands in the text, unless its bytes happen to be UTF-8, which counts first."""
    alphabet = st.characters(codec=CODECS[label], exclude_categories=["Cc", "Cs"])
    body = data.draw(st.text(alphabet, min_size=1)) + "é" * CODECS[label].startswith(("cp1252", "utf"))
    text = gutenberg(body, encoding=label)
    stored = text.encode(CODECS[label])
    try:
        assume(stored.decode() == text)
    except UnicodeDecodeError:
        assume(
            stored.decode("utf-8", "replace").count("\ufffd")
            > 0.5 * sum(not character.isascii() for character in stored.decode("utf-8", "replace"))
        )
    assert one(stored, "a.txt").text == text


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_utf_16_is_read_with_and_without_a_mark(body):
    text = gutenberg(body, encoding="UTF-16")
    for codec in ("utf-16-le", "utf-16-be", "utf-16"):
        found = one(text.encode(codec), "a.txt")
        assert found.text == text
        assert ("byte order mark removed" in found.notes) == (codec == "utf-16")


FRENCH = "Le père Noël, âgé, dîne à l'hôtel : « ça va ? » Où çà, garçon ? Été, forêt, naïf. " * 8
GERMAN = "Früh übt sich, wer ein Meister werden will; süße Äpfel, größere Öfen, weiß. " * 8


@pytest.mark.parametrize("codec", ["cp1252", "mac-roman", "cp850", "cp437"])
@pytest.mark.parametrize("text", [FRENCH, GERMAN])
def test_what_is_not_declared_is_told_by_its_letters(codec, text):
    found = one(text.encode(codec), "a.txt")
    assert found.text == text
    assert found.notes == ("not UTF-8", "charset guessed")


def test_letters_that_only_one_code_page_of_dos_has():
    text = "São nações do coração; não põe a mão no pão, irmão. Å være på øya, så rødt. " * 8
    assert one(text.encode("cp850"), "a.txt").text == text


def test_other_scripts_are_detected():
    russian = "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. " * 20
    assert one(russian.encode("koi8-r"), "a.txt").text == russian
    assert one(russian.encode("cp1251"), "a.txt").text == russian


def test_what_a_header_or_a_name_wrongly_says():
    text = gutenberg("Früh übt sich, größer, süß.", encoding="ASCII")
    assert (one(text.encode("cp1252"), "a.txt").text, one(text.encode("cp1252"), "a.txt").notes) == (text, ("not UTF-8", "charset guessed"))
    assert one(text.encode("cp1252"), "8made10.txt").notes == ("not UTF-8",)
    latin = gutenberg("größer", encoding="ISO-8859-1")
    assert (one(latin.encode(), "a.txt").text, one(latin.encode(), "a.txt").notes) == (latin, ())
    damaged = gutenberg("größer " * 20).encode() + b"\xff"
    assert one(damaged, "a.txt").text == gutenberg("größer " * 20) + "\ufffd"
    assert one(damaged, "a.txt").notes == ("invalid UTF-8 replaced",)


def test_marks_and_control_characters():
    assert one(b"\xef\xbb\xbf" + BOOK).text == TEXT
    assert one(b"\xef\xbb\xbf" + BOOK).notes == ("byte order mark removed",)
    assert book_text.decode(b"", "a.txt") == ("", ())
    assert one(BOOK + b"\x1a\x1a").text == TEXT, "DOS ends a text by Ctrl-Z"
    assert one(BODY.encode() * 20 + b"\x14 1", "a.txt").text == BODY * 20 + "\x14 1"
    assert one(b"a" * 9000 + b"\0", "a.txt").notes == ("NUL bytes",)
    assert one(bytes(range(1, 32)) * 9, "a.txt").label == "binary file"
