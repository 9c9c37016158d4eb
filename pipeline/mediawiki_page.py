"""One `<page>` of a MediaWiki export, parsed by expat as its bytes come, in the memory of two revisions.

    page > title, ns, id, redirect@title, revision*;   revision > id, timestamp, model, format, text

Of several revisions the newest counts, by timestamp; of equal ones the last. Nothing is expanded that a page declares: it can declare
nothing, since its document type would have to stand before the first page.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from transforms.wet import INVALID

CONTROL = "characters that XML does not allow replaced"
_NOT_ALLOWED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0, 2.2; surrogates are no UTF-8
_CONTROL = bytes([*range(9), 11, 12, *range(14, 32)])
_BUFFER = 1 << 16  # ours: characters that expat gathers before it hands them over
_PAGE = frozenset(["title", "ns", "id"])
_REVISION = frozenset(["id", "timestamp", "model", "format", "text"])


class Malformed(Exception):
    """A page that cannot be read; the message is a stable label."""


@dataclass(slots=True)
class Revision:
    """The fields that the export gives. `text` None: it has none, for the reason `lacking`."""

    fields: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    lacking: str | None = "no text"


@dataclass(slots=True)
class Fields:
    """What a page holds. `redirect` is the title it leads to, "" where the export does not say; `older`: revisions that were left."""

    page: dict[str, str]
    redirect: str | None
    revision: Revision | None
    older: int
    notes: tuple[str, ...]


def parse(data: bytes, most: int) -> Fields:
    """The fields of a page that is held whole. `most`: bytes of UTF-8 that a revision's text may have.

    Bytes that are no UTF-8 and characters that XML does not allow become U+FFFD, and are noted. Raises Malformed.
    """
    parser = PageParser(most)
    try:
        parser.feed(data)
    except Malformed:
        parser, cleaner = PageParser(most), Cleaner()
        clean = cleaner.clean(data, final=True)
        if not cleaner.notes:
            raise
        parser.feed(clean)
        return parser.close(cleaner.notes)
    return parser.close(())


class Cleaner:
    """Replaces what no XML document may hold, in a page that comes in chunks; `notes` what was replaced."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._replacing = codecs.getincrementaldecoder("utf-8")("replace")
        self._found: dict[str, None] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._found)

    def clean(self, data: bytes, final: bool = False) -> bytes:
        held = self._decoder.getstate()[0]
        try:
            text = self._decoder.decode(data, final)
        except UnicodeDecodeError:
            self._found[INVALID] = None
            self._replacing.setstate(self._decoder.getstate())
            text = self._replacing.decode(data, final)
            self._decoder.setstate(self._replacing.getstate())
        else:
            if not held and not self._decoder.getstate()[0] and _is_allowed(data, text):
                return data  # nearly always; the pattern alone is slower than expat
        text, count = _NOT_ALLOWED.subn("\ufffd", text)
        if count:
            self._found[CONTROL] = None
        return text.encode()


def _is_allowed(data: bytes, text: str) -> bool:
    return len(data.translate(None, _CONTROL)) == len(data) and "\ufffe" not in text and "\uffff" not in text


class PageParser:
    """Fed the bytes from `<page` to `</page>`, in one or many chunks."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._parser = expat.ParserCreate("UTF-8")
        self._parser.buffer_size, self._parser.buffer_text = _BUFFER, True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._held: list[str] = []
        self._parser.CharacterDataHandler = self._held.append
        self._too_long = False
        self._events = 0
        self._path: list[str] = []
        self._page: dict[str, str] = {}
        self._redirect: str | None = None
        self._revision = Revision()
        self._newest: Revision | None = None
        self._revisions = 0

    def feed(self, data: bytes) -> None:
        """Raises Malformed: at what is not well-formed, and where one tag takes up all of a chunk."""
        before = self._events, len(self._held)
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            raise Malformed(f"page is not well-formed: {expat.ErrorString(error.code)}") from None
        if (self._events, len(self._held)) == before:
            raise Malformed("page holds a tag or comment without an end")  # expat would hold it, and scan it again with every chunk
        if sum(map(len, self._held)) > self._most:
            self._too_long = True
            self._held.clear()

    def close(self, notes: tuple[str, ...]) -> Fields:
        if self._path:
            raise Malformed("page is not well-formed: no element found")
        return Fields(self._page, self._redirect, self._newest, max(0, self._revisions - 1), notes)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._events += 1
        self._held.clear()
        path = self._path
        path.append(name)
        depth = len(path)
        if depth == 2:
            if name == "revision":
                self._revision = Revision()
            elif name == "redirect":
                self._redirect = attributes.get("title", "")
        elif depth == 3:
            if name == "text" and path[1] == "revision":
                self._revision.lacking = _lacking(attributes)
        elif depth == 4 and path[2] == "text":
            raise Malformed("page has a tag within its text")

    def _end(self, name: str) -> None:
        self._events += 1
        path = self._path
        path.pop()
        depth = len(path)
        if depth == 2:
            if name in _REVISION and path[1] == "revision":
                self._revision_field(name)
        elif depth == 1:
            if name in _PAGE:
                self._page.setdefault(name, "".join(self._held))
            elif name == "revision":
                self._revisions += 1
                newest = self._newest
                if newest is None or self._revision.fields.get("timestamp", "") >= newest.fields.get("timestamp", ""):
                    self._newest = self._revision
        self._held.clear()
        self._too_long = False

    def _revision_field(self, name: str) -> None:
        value, revision = "".join(self._held), self._revision
        if name != "text":
            revision.fields[name] = value
        elif self._too_long or (4 * len(value) > self._most and len(value.encode()) > self._most):
            revision.lacking = OVER
        elif value or revision.lacking is None:
            revision.text, revision.lacking = value, None


OVER = "over-size"


def _lacking(attributes: dict[str, str]) -> str | None:
    """Why a text without characters is none; None: it is the empty text."""
    if "deleted" in attributes:
        return "text is deleted"
    return None if attributes.get("bytes", "0") == "0" else "text is in another file (a stub)"
