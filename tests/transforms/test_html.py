"""Web pages to title and text, whatever their charset and however broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from pipeline.responses import parse
from pipeline.warc import Bounds, Record, read
from transforms.html import Extracted, decode, extract

RUSSIAN = "Привет мир, как дела сегодня вечером"
JAPANESE = "日本語のテキストです"


def test_a_page_gives_a_line_a_block():
    page = (
        b"<!doctype html><html><head><title> The \n title &amp; more </title><style>p{}</style></head><body>\n  first   line<p>a <b>bold</b>"
        b" word</p><ul><li>one</li><li>two<ol><li>deep</ol></ul><table><tr><td>left<td>right<tr><td>below</table><pre>kept\n   line</pre>"
        b"<script>no</script><noscript>no</noscript><!-- no --><img alt='no'>before<br>after<div>last&nbsp;&nbsp;line</div></body></html>"
    )
    lines = ["first line", "a bold word", "one", "two", "deep", "left right", "below", "kept", "line", "before", "after", "last line"]
    assert extract(page, "utf-8") == Extracted("The title & more", "\n".join(lines), ())


def test_pages_with_nothing_give_nothing():
    for page in (b"", b"  \n ", b"<html></html>", b"<script>x</script>", b"\xef\xbb\xbf"):
        assert extract(page, None) == Extracted("", "", ())
    assert extract(b"<title>only</title>", None) == Extracted("only", "", ())


@pytest.mark.parametrize(
    ("page", "charset", "text", "notes"),
    [
        ("é".encode(), "utf-8", "é", ()),
        ("é".encode(), "UTF8", "é", ()),
        ("é".encode("latin-1"), "iso-8859-1", "é", ()),
        (b"\x93x\x94", "latin1", "“x”", ()),  # as browsers read it
        (RUSSIAN.encode("cp1251"), "windows-1251", RUSSIAN, ()),
        (b"<meta charset=shift_jis>" + JAPANESE.encode("shift_jis"), None, JAPANESE, ()),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=EUC-JP">' + JAPANESE.encode("euc-jp"), None, JAPANESE, ()),
        (b'<?xml version="1.0" encoding="windows-1251"?><p>' + RUSSIAN.encode("cp1251"), None, RUSSIAN, ()),
        (b"<meta charset=windows-1251>" + "é".encode("latin-1"), "latin1", "é", ()),  # HTTP comes before <meta>
        (b"\xef\xbb\xbf" + "é".encode(), "latin1", "é", ()),  # the mark comes before HTTP
        (b"\xff\xfe" + "é".encode("utf-16-le"), None, "é", ()),
        (b"\xfe\xff" + "é".encode("utf-16-be"), "utf-8", "é", ()),
        ("é".encode("utf-16-le"), "utf-16", "é", ()),
        (b"<meta charset=utf-16>plain", None, "plain", ()),  # can not stand in UTF-16
        (b"plain", "utf-16le", "plain", ()),
        (JAPANESE.encode("iso2022_jp"), "iso-2022-jp", JAPANESE, ()),
        (b"plain", None, "plain", ()),
        (RUSSIAN.encode("cp1251"), None, RUSSIAN, ("charset guessed",)),
        (RUSSIAN.encode(), None, RUSSIAN, ("charset guessed",)),
        (RUSSIAN.encode(), "latin1", RUSSIAN, ("charset guessed",)),  # valid UTF-8 under another name
        (RUSSIAN.encode("cp1251"), "utf-8", RUSSIAN, ("charset guessed",)),  # hardly a byte of it is UTF-8
        (RUSSIAN.encode() + b"\xff", "utf-8", RUSSIAN + "\ufffd", ("invalid UTF-8 replaced",)),
        (JAPANESE.encode("shift_jis") + b"\x80", "shift_jis", JAPANESE + "\ufffd", ("invalid bytes replaced",)),
        ("é".encode(), "no-such-charset", "é", ("unknown charset", "charset guessed")),
        (b"plain", "\ud800\0 ", "plain", ("unknown charset",)),
        (b"<meta charset=windows-1251>" + RUSSIAN.encode("cp1251"), "none", RUSSIAN, ("unknown charset",)),
        (b"plain", "", "plain", ()),
    ],
)
def test_charsets(page, charset, text, notes):
    found = extract(page, charset)
    assert (found.text, found.notes) == (text, notes)


def test_only_the_first_bytes_declare_a_charset():
    late = b" " * 1100 + b"<meta charset=windows-1251>" + "é".encode("latin-1")
    assert decode(late, None)[1] == ("charset guessed",)


@given(st.binary(max_size=500), st.one_of(st.none(), st.text(max_size=10), st.sampled_from(["utf-8", "gbk", "utf-16", "iso-2022-kr"])))
def test_any_bytes_give_text_that_can_be_written(page, charset):
    found = extract(page, charset)
    (found.title + found.text).encode()
    assert all(line == " ".join(line.split()) and line for line in found.text.split("\n")) or not found.text


@pytest.mark.parametrize("opening", ["<div>", "<b>", "<table><tr><td>", "<ul><li>", "<p><font>", "<", "<!-"])
def test_deep_nesting_ends(opening):
    extract(opening.encode() * 20_000, None)


def test_a_capture_that_is_there_as_a_page_and_as_text_gives_the_same_lines():
    folder = SHARED / "commoncrawl" / "warc" / "cc-whirlwind"
    if not folder.is_dir():
        pytest.skip(f"no SHARED data: {folder} is absent")

    def content(name, kind):
        with (folder / name).open("rb") as stream:
            records = [each for each in read(stream, name, Bounds()) if isinstance(each, Record) and each.type == kind]
        return records[0].content or b""

    response = parse(content("whirlwind.warc.gz", "response"))
    found = extract(response.body, response.charset)  # type: ignore[union-attr]
    theirs = content("whirlwind.warc.wet.gz", "conversion").decode().rstrip("\n").split("\n")
    assert found.title == theirs[0]
    ours = found.text.split("\n")
    assert len(set(ours) - set(theirs)) <= 1  # a row of table headings, which are lines of their own there
    assert len(set(ours)) > 0.9 * len(set(theirs))
    assert found.notes == ()
