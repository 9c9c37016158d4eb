"""LaTeX in any encoding: UTF-8, what inputenc declares, what others of the paper declare, a guess; never an error."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.submission_text import Texts, declared, text_of

INPUTENC = b"\\usepackage[%s]{inputenc}\n"


@pytest.mark.parametrize(
    ("option", "codec", "word"),
    [
        ("latin1", "latin-1", "Gödel naïve"),
        ("ansinew", "cp1252", "Gödel – “naïve”"),
        ("cp1252", "cp1252", "Gödel – naïve"),
        ("latin2", "iso8859-2", "Łukasiewicz, Erdős"),
        ("latin9", "iso8859-15", "cœur, 5 €"),
        ("cp1251", "cp1251", "Колмогоров"),
        ("koi8-r", "koi8-r", "Колмогоров"),
        ("cp866", "cp866", "Колмогоров"),
        ("applemac", "mac-roman", "Gödel naïve"),
        ("cp850", "cp850", "Gödel naïve"),
    ],
)
def test_the_declared_encoding_counts(option, codec, word):
    data = INPUTENC % option.encode() + word.encode(codec)
    assert text_of(data) == (data.decode(codec), ("not UTF-8",))
    texts = Texts({"main.tex": INPUTENC % option.encode(), "part.tex": word.encode(codec)})
    assert texts["part.tex"] == word
    assert texts.notes == {"part.tex": ("not UTF-8",)}


@pytest.mark.parametrize(
    ("head", "charset"),
    [
        (b"\\usepackage[T1]{fontenc}\n\\usepackage[latin1]{inputenc}", "cp1252"),
        (b"\\usepackage[utf8x] {inputenc}", "utf-8"),
        (b"\\RequirePackage[latin1,utf8]{inputenc}", "cp1252"),
        (b"  \\inputencoding{latin2}", "iso8859-2"),
        (b"\\begin{CJK*}[dnp]{GBK}{song}", "gb18030"),
        (b"%!TEX encoding = MacOSRoman\r\\begin", "mac-roman"),
        (b"% \\usepackage[latin1]{inputenc}", None),
        (b"\\usepackage[no such]{inputenc}", None),
        (b"\\usepackage[latin1]{babel}", None),
        (b"", None),
    ],
)
def test_what_a_file_declares(head, charset):
    assert declared(head) == charset


def test_a_charset_that_others_declare_counts_where_they_agree():
    files = {"a.tex": INPUTENC % b"koi8-r", "b.tex": INPUTENC % b"koi8-r", "c.tex": "слово и дело".encode("koi8-r")}
    assert Texts(files)["c.tex"] == "слово и дело"
    texts = Texts({**files, "b.tex": INPUTENC % b"latin1"})
    assert texts["c.tex"]
    assert "charset guessed" in texts.notes["c.tex"]


@pytest.mark.parametrize(
    ("data", "text", "notes"),
    [
        ("é".encode(), "é", ()),
        (INPUTENC % b"latin1" + "é".encode(), (INPUTENC % b"latin1").decode() + "é", ()),
        (codecs.BOM_UTF8 + b"a", "a", ("byte order mark removed",)),
        (codecs.BOM_UTF16_LE + "aé\r\nb".encode("utf-16-le"), "aé\nb", ("UTF-16", "byte order mark removed")),
        (b"a\0b", "ab", ("NUL bytes",)),
        (b"a\r\nb\r\n", "a\nb\n", ()),
        (b"a\r\rb\r", "a\n\nb\n", ()),
        (b"a\r\r\nb", "a\nb", ()),
        (b"a\nb\rc", "a\nb\nc", ()),
        (b"a\rGr\x9a\xa7e\r", "a\nGröße\n".replace("ß", "ß"), ("not UTF-8", "charset guessed")),
        (INPUTENC % b"cp1252" + b"a\x81b", (INPUTENC % b"cp1252").decode() + "a\ufffdb", ("not UTF-8", "invalid bytes replaced")),
        (b"", "", ()),
    ],
)
def test_marks_line_ends_and_what_is_replaced(data, text, notes):
    assert text_of(data) == (text, notes)


def test_undeclared_latin_1_is_guessed():
    text, notes = text_of("Die Größe des Körpers wird durch die Länge der Brücke gegeben, für große Höhen.".encode("latin-1"))
    assert (text[:9], notes) == ("Die Größe", ("not UTF-8", "charset guessed"))


@given(st.text(alphabet=st.characters(exclude_characters="\r\0\ufeff", exclude_categories=["Cs"])))
def test_utf8_comes_out_as_it_was(text):
    assert text_of(text.encode()) == (text, ())


@given(st.binary())
def test_any_bytes_are_text_without_carriage_returns_and_surrogates(data):
    text, _ = text_of(data)
    assert "\r" not in text
    assert "\0" not in text
    text.encode()
