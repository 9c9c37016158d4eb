"""Pages of WET records: the vectors of the spec (upstream's parser, run), and a plain reading of the rules beside the fast one."""

from hypothesis import given
from hypothesis import strategies as st

from transforms import wet
from transforms.wet import Page, page


def block(*lines: str) -> bytes:
    return "".join(line + "\n" for line in lines).encode()


def test_lines_are_stripped_and_the_first_is_the_title() -> None:
    assert page(block("Title line", "  para one  ", "", "para two", "", "")) == Page("Title line", "para one\n\npara two", ())


def test_a_title_alone_has_no_text() -> None:
    assert page(block("Only title", "", "")) == Page("Only title", "", ())


def test_one_empty_line_is_an_empty_page() -> None:
    assert page(block("")) == Page("", "", ())
    assert page(b"") == Page("", "", ())


def test_a_block_without_the_lines_that_end_a_record_is_the_same_page() -> None:
    whole = page(block("T", "a", "b", "", ""))
    assert page(block("T", "a", "b")) == whole
    assert page(b"T\na\nb") == whole
    assert page(b"T\na\nb\n\r\n\r\n") == whole


def test_only_two_empty_lines_at_the_end_are_dropped() -> None:
    assert page(block("T", "a", "")).text == "a\n"
    assert page(block("T", "a", " ", "\t", "", "")).text == "a\n\n"


def test_strip_takes_every_white_space_of_unicode_and_lines_end_at_line_feeds_only() -> None:
    assert page("T\u3000\n\u00a0\x1ca\u2028b\u2029\r\n \x85\x0b\x0cc\rd\n".encode()) == Page("T", "a\u2028b\nc\rd", ())


def test_a_line_that_looks_like_a_record_ends_nothing() -> None:
    assert page(block("T", "WARC/1.0", "a")).text == "WARC/1.0\na"


def test_malformed_bytes_are_replaced_and_noted() -> None:
    assert page(b"T\nna\xefve\x00") == Page("T", "na\ufffdve\x00", (wet.INVALID, wet.NUL))
    assert page(b"T\n\x00").notes == (wet.NUL,)
    assert page(b"T\xff").notes == (wet.INVALID,)
    assert page("T\nnaïve".encode()).notes == ()


def plain_page(content: bytes) -> tuple[str, str]:
    """The rules, one after the other, on a list of lines."""
    text = content.decode("utf-8", errors="replace")
    lines = text.split("\n")
    if lines[-1] == "":
        lines = lines[:-1]
    lines = [line.strip() for line in lines]
    if len(lines) >= 2 and lines[-1] == "" and lines[-2] == "":
        lines = lines[:-2]
    return (lines[0], "\n".join(lines[1:])) if lines else ("", "")


@given(st.one_of(st.binary(), st.text(alphabet="ab \n\r\t\x85\u2003é\x00").map(str.encode)))
def test_equals_the_plain_reading(content: bytes) -> None:
    found = page(content)
    assert (found.title, found.text) == plain_page(content)


@given(st.text(alphabet="ab \n\t é\u3000"))
def test_a_page_read_again_is_the_same(text: str) -> None:
    once = page(text.encode())
    again = page(f"{once.title}\n{once.text}\n".encode())
    assert again.title == once.title
    assert again.text.rstrip("\n") == once.text.rstrip("\n")
