"""A WET page out of the block of a `conversion` record (spec: WET parsing, rules 1, 4 and 5 of CCNet's `process_wet_file.py`)."""

from typing import NamedTuple

INVALID = "invalid UTF-8 replaced"
NUL = "NUL bytes"


class Page(NamedTuple):
    """One page: its first line, the rest, and what was noted while it was read."""

    title: str
    text: str
    notes: tuple[str, ...]


def page(content: bytes) -> Page:
    """The page in a record's block.

    code: CCNet strips every line at both ends, drops the last two lines if both are empty (else none), and takes the first line off as
    the title; the rest, joined by a line feed, is the text. Lines end at a line feed alone; the last one need not have it. CCNet reads up
    to the next record, so it sees the two lines that end a record; here they may be part of the block or not.

    Malformed UTF-8 is replaced by U+FFFD and noted; NUL bytes stay and are noted. An empty block gives an empty page (CCNet: IndexError).
    """
    text, notes = decoded(content)
    lines = list(map(str.strip, text.split("\n")))
    if text.endswith("\n"):
        lines.pop()
    if lines[-2:] == ["", ""]:
        del lines[-2:]
    if not lines:
        return Page("", "", notes)
    return Page(lines[0], "\n".join(lines[1:]), notes)


def decoded(content: bytes) -> tuple[str, tuple[str, ...]]:
    """(the text, what was noted): malformed UTF-8 is replaced, NUL bytes stay."""
    notes: tuple[str, ...] = (NUL,) if b"\0" in content else ()
    try:
        return content.decode("utf-8"), notes
    except UnicodeDecodeError:
        return content.decode("utf-8", errors="replace"), (INVALID, *notes)
