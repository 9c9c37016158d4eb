"""The records of a WARC, WET or WAT file, and what in it cannot be read, each named with its place.

Rules: ISO 28500 (WARC 1.1) for what a record is; rulings, "Reading WET and WARC", for what ends one and where reading goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Literal

from pipeline.members import pieces
from pipeline.warc_length import LengthReader
from pipeline.warc_lines import LineReader
from pipeline.warc_records import Bounds, Broken, Record
from pipeline.window import Window

__all__ = ["Bounds", "Broken", "Record", "key", "read"]


def key(record: Record) -> str | None:
    """The uuid of its WARC-Record-ID; None where it has none."""
    return record.headers.get("warc-record-id", "").strip("<> ").removeprefix("urn:uuid:") or None


def read(stream: BinaryIO, name: str, bounds: Bounds, record_end: Literal["length", "line"] = "length") -> Iterator[Record | Broken]:
    """Records and broken ones in file order; each fault gives one Broken. Reads forward alone, in bounded memory and linear time.

    `name` tells the compression where the content does not. `record_end`: a record ends where its Content-Length says, checked; or, as
    CCNet reads, before the next line `WARC/1.0`, unchecked. Errors of the stream itself (OSError) are raised.
    """
    window = Window(pieces(stream, name, bounds.member_bytes))
    reader = LengthReader(window, bounds) if record_end == "length" else LineReader(window, bounds)
    anything = False
    while not window.finished:
        window.reopen()
        for item in reader.segment():
            anything = True
            yield item
    if not anything:
        yield Broken(0, 0, 0, "no WARC record" if window.anything else "empty file", b"")
