"""Posts.xml of a site's 7z archive, which holds the other tables too: a folder without it is not expanded, and nothing behind it is."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from pipeline import sevenzip
from pipeline.members import EXCERPT, Piece, Unreadable
from pipeline.records import Broken, Skipped

TABLES = {
    name.lower(): f"{name}.xml"
    for name in ("Badges", "Comments", "PostHistory", "PostLinks", "PostTags", "Sites", "Tags", "TagSynonyms", "Users", "Votes")
}
"""The other tables of a dump, by their root element. Source: spec, "StackExchange", Dump layout; ours: Sites and those that only some dumps have."""
OTHER_FILE = "another file of the archive"
NO_POSTS = "7z archive without Posts.xml"
SECOND = "7z archive with a second Posts.xml"

_POSTS = re.compile(r"(?:\A|[/\\]|-)posts\.xml\Z", re.IGNORECASE)
_TABLE = re.compile(r"(?:\A|[/\\]|-)(\w+)\.xml\Z")


def posts(stream: BinaryIO, size: int) -> tuple[Iterator[Piece | Unreadable] | None, list[Broken | Skipped]]:
    """The pieces of Posts.xml, None where there is none, and what became of the other files. Errors of the stream are raised."""
    import py7zr

    try:
        archive = py7zr.SevenZipFile(cast(io.IOBase, stream))
        folders = sevenzip.folders_of(archive)
    except (
        sevenzip.unsound()
    ):  # the same comes again from `pieces`, which names what is wrong with the archive, and raises the stream's own
        stream.seek(0)
        return sevenzip.pieces(stream, size), []
    names = [file.filename for file in archive.files if not file.is_directory]
    wanted = [name for name in names if _POSTS.search(name)]
    found: list[Broken | Skipped] = [Skipped(_type(name)) for name in names if name not in wanted]
    if wanted:
        second: list[Broken | Skipped] = [Broken(0, 0, 0, SECOND, name.encode()[:EXCERPT]) for name in wanted[1:]]
        return _file(stream, folders, wanted[0]), [*second, *found]
    if not names or Skipped(OTHER_FILE) in found:
        return None, [Broken(0, 0, size, NO_POSTS, " ".join(names).encode()[:EXCERPT]), *found]
    return None, found


def _type(name: str) -> str:
    table = _TABLE.search(name)
    return TABLES.get(table[1].lower(), OTHER_FILE) if table else OTHER_FILE


def _file(stream: BinaryIO, folders: list[tuple[int, int, list[Any]]], name: str) -> Iterator[Piece | Unreadable]:
    """The pieces of one file; what lies before it in its folder is expanded and left."""
    for offset, packed, files in folders:
        at = next((at for at, file in enumerate(files) if file.filename == name), None)
        if at is None:
            continue
        before = sum(file.uncompressed for file in files[:at])
        for piece in sevenzip.folder_pieces(stream, offset, packed, files[: at + 1]):
            if isinstance(piece, Piece) and before:
                before -= len(piece.data)
            else:
                yield piece
