"""How the samples' files are written: the same bytes and the same time at each packing, so that a second run reuses its units."""

import os
import struct
import zlib
from pathlib import Path

FILE_TIME = 1556668800  # ours: a fixed time, 2019-05-01T00:00:00Z, after the crawl that C4 was made of
COMPRESSION_LEVEL = 9


def write(path: Path, content: bytes, time: int = FILE_TIME) -> Path:
    """Writes the file where its bytes differ, and sets its time; the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        unfinished = path.with_name(path.name + ".unfinished")
        unfinished.write_bytes(content)
        unfinished.replace(path)
    os.utime(path, (time, time))
    return path


def gzip_member(content: bytes) -> bytes:
    """One gzip member (RFC 1952), framed here: the standard library's operating system byte differs between Python versions."""
    compressor = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = compressor.compress(content) + compressor.flush()
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + deflated + struct.pack("<II", zlib.crc32(content), len(content))
