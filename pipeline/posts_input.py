"""The bytes of a dump of posts, whatever it is packed in and written in, and what its first bytes tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from pipeline import posts_archive, sevenzip, tar_members, zip_members
from pipeline.mediawiki_frames import DOCTYPE_END
from pipeline.mediawiki_input import encoding_of, recoded
from pipeline.members import EXCERPT, HEAD, Content, Piece, Unreadable, format_of, pieces_from
from pipeline.part import Part
from pipeline.records import Broken, Skipped

PART_BYTES = 128 << 20
"""ours: bytes of an expanded Posts.xml that are one unit: some 100,000 posts, seconds of work."""

EMPTY = "empty file"
UNLIKE = "not a Stack Exchange dump of posts"
ARCHIVE = "an archive of another kind: give Posts.xml or the site's .7z"
UNKNOWN_ENCODING = "declares an encoding that is not known"

_XML = Content(re.compile(rb"(?:\xef\xbb\xbf)?\s*<|\xff\xfe|\xfe\xff|<\0|\0<"))
_HEAD_BYTES = 1 << 16  # ours: bytes in which a root element or a row must begin; the declaration before it has some 50
_ENDLESS = 1 << 62  # a dump may be one stream that expands to terabytes; what is held does not depend on it
_SPLIT = re.compile(r"\.xml\Z", re.IGNORECASE)
_PROLOG = re.compile(rb"(?:\s++|\xef\xbb\xbf|<!--.*?-->|<\?.*?\?>|<!DOCTYPE" + DOCTYPE_END.pattern + rb")*+", re.DOTALL)
_ROOT = re.compile(rb"<([A-Za-z_][\w.-]{0,63})[\s/>]")
_POST = re.compile(rb"<row\s[^<]*?\s(?:PostTypeId|ParentId|Body)\s*=")


@dataclass(frozen=True)
class Opened:
    """A dump of posts. `root`: the name of its root element, b"" where it begins without; `ranged`: ranges of it can be read."""

    pieces: Iterator[Piece | Unreadable]
    root: bytes
    ranged: bool


def splits(name: str, size: int, part_bytes: int = PART_BYTES) -> list[tuple[int, int]]:
    """Ranges of some `part_bytes` bytes that a file may be read in: of plain `.xml`. Every other file is one range.

    Where the content is not what the name says, the range that begins at 0 gives all of it.
    """
    if size <= part_bytes or not _SPLIT.search(name):
        return [(0, size)]
    return [(start, min(start + part_bytes, size)) for start in range(0, size, part_bytes)]


def opened(part: Part) -> tuple[Opened | None, list[Broken | Skipped]]:
    """The dump of a part, None where there is none to be read, and what was found on the way. Errors of the stream are raised."""
    expanded, ranged, found = _expanded(part)
    if expanded is None:
        return None, found
    head, expanded, damaged = _peeked(expanded)
    if head.startswith(zip_members.MAGICS) or tar_members.is_header(head[: tar_members.BLOCK]):
        return None, [*found, Broken(0, 0, part.size, ARCHIVE, head[:EXCERPT])]
    encoding, unknown = encoding_of(head)
    if encoding is not None:
        ranged = False
        head, expanded, damaged = _peeked(recoded(expanded, encoding))
    root, other = _told(head)
    if isinstance(other, Skipped):
        return None, [*found, other]
    unlike = UNKNOWN_ENCODING if unknown is not None else other
    if unlike is not None and not damaged:  # else the damage tells why, and there may be rows behind it
        return None, [*found, Broken(0, 0, part.size, unlike, head[:EXCERPT])]
    if part.start and ranged:
        part.stream.seek(part.start)
        expanded = pieces_from(part.stream, None, _ENDLESS, _XML, part.start)
    return Opened(expanded, root, ranged), found


def _expanded(part: Part) -> tuple[Iterator[Piece | Unreadable] | None, bool, list[Broken | Skipped]]:
    """(pieces from the file's start, whether it is neither compressed nor an archive, what else an archive holds)."""
    part.stream.seek(0)
    begin = part.stream.read(HEAD)
    part.stream.seek(0)
    if begin.startswith(sevenzip.MAGIC) or (begin and part.name.lower().endswith(".7z") and not _XML.plain.match(begin)):
        expanded, found = posts_archive.posts(part.stream, part.size)
        return expanded, False, found
    format = format_of(begin, part.name, _XML)
    return pieces_from(part.stream, format, _ENDLESS, _XML, 0), format is None, []


def _peeked(expanded: Iterable[Piece | Unreadable]) -> tuple[bytes, Iterator[Piece | Unreadable], bool]:
    """(the first bytes, all pieces, whether the first bytes are only those up to damage)."""
    rest, taken, head = iter(expanded), list[Piece | Unreadable](), bytearray()
    for piece in rest:
        taken.append(piece)
        if isinstance(piece, Unreadable):
            break
        head += piece.data
        if len(head) >= _HEAD_BYTES:
            break
    return bytes(head[:_HEAD_BYTES]), chain(taken, rest), bool(taken) and isinstance(taken[-1], Unreadable)


def _told(head: bytes) -> tuple[bytes, str | Skipped | None]:
    """(root element, what the bytes are, if not those of a dump of posts). Some dumps are written with another root than `posts`."""
    if not head:
        return b"", EMPTY
    prolog = _PROLOG.match(head)
    root = _ROOT.match(head, prolog.end() if prolog else 0)
    name = root[1] if root and root[1] != b"row" else b""
    table = posts_archive.TABLES.get(name.decode().lower())
    if table is not None:
        return name, Skipped(table)
    return name, None if name.lower() == b"posts" or _POST.search(head) else UNLIKE
