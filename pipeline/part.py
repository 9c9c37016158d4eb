"""What a source's reader is given: one unit's input, a whole file or a range of one."""

from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Part:
    """A unit's share of an input.

    Attributes:
        stream: the whole file as stored (nothing is unpacked), seekable, positioned at 0; for a folder, empty.
        path: where it lies, as `files.open_read` takes it; it never reaches the output.
        name: relative to the inputs' common folder; what `origin_file` says.
        size: bytes of the whole file; of a folder, of all files in it.
        companion: path of another input that is read beside this one; empty: none.
        start, end: the share: what begins in [start, end) is the unit's. A whole file has 0 and its size.
    """

    stream: BinaryIO
    path: str
    name: str
    size: int
    start: int
    end: int
    companion: str = ""

    @property
    def whole(self) -> bool:
        """Whether the unit is the whole file."""
        return self.start == 0 and self.end >= self.size
