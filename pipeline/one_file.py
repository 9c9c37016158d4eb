"""The bytes of a file that holds one text, compressed or not: whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.members import EXCERPT, FORMATS, Piece, Unreadable

BEHIND = "bytes behind its end"
"""Note: what follows a compressed member whose checksum holds belongs to none. gzip(1) says so and ignores it: tapes and mirrors pad files."""
FOREIGN = "bytes that are no "
"""How `members` begins the reason of bytes between members."""
MAGICS = {  # of `members.FORMATS`, byte by byte
    ".gz": (b"\x1f\x8b\x08\0",),
    ".zst": (b"\x28\xb5\x2f\xfd",),
    ".xz": (b"\xfd7zXZ\0",),
    ".bz2": tuple(b"BZh%d%s" % (level, block) for level in range(1, 10) for block in (b"1AY&SY", b"\x17rE8P\x90")),
}


@dataclass(frozen=True, slots=True)
class Whole:
    """What was read. `data`: None where it is over its bound; up to its damage where there is some; `fault`: why it is not whole, and first bytes."""

    data: bytes | None
    fault: tuple[str, bytes] | None = None
    notes: tuple[str, ...] = ()


def whole(expanded: Iterator[Piece | Unreadable], bound: int) -> Whole:
    """The file's bytes, at most `bound`. Bytes behind its last member are left out and noted; between members they are damage."""
    held, size, ended = list[bytes](), 0, False
    for piece in expanded:
        if isinstance(piece, Unreadable):
            if ended and piece.reason.startswith(FOREIGN) and next(expanded, None) is None:
                return Whole(b"".join(held), None, (BEHIND,))
            data = b"".join(held)
            return Whole(data, (piece.reason, data[:EXCERPT] or piece.excerpt))
        size += len(piece.data)
        if size > bound:
            return Whole(None)
        held.append(piece.data)
        ended = piece.ends
    return Whole(b"".join(held))


def cut_in_magic(data: bytes, name: str) -> str | None:
    """Why a file is broken that ends within the magic of the format that its name says; None: it does not. `data`: its first bytes, or all."""
    for known in FORMATS:
        if data and name.lower().endswith(known.suffix) and any(magic.startswith(data) and magic != data for magic in MAGICS[known.suffix]):
            return f"{known.part} is cut"
    return None
