"""WARC records and files made of a few words, in every layout in which crawls come."""

import base64
import bz2
import gzip
import hashlib
import io

import pytest
import zstandard
from shared_data import SHARED

from pipeline.warc import Bounds, Broken, Record, read

BOUNDS = Bounds()
CR_LF = b"\r\n"


def crawl():
    """The folder of real crawl files; skips where it is not there."""
    if not (SHARED / "commoncrawl").is_dir():
        pytest.skip(f"no shared data: {SHARED}/commoncrawl is absent")
    return SHARED / "commoncrawl"


def text(number):
    """The text of a page: some 2 KB, other for every number, hard to compress, with the odd character beyond ASCII."""
    lines = (hashlib.sha256(b"%d %d" % (number, line)).hexdigest().encode() + " café".encode() for line in range(30))
    return b"Title %d\n" % number + b"\n".join(lines) + b"\n"


def record(number, content=None, length=None, kind=b"conversion", digest=True, newline=CR_LF, drop=(), add=()):
    """The bytes of a record; `length`: the Content-Length to claim; `drop`, `add`: header names to leave out, header lines to add."""
    content = text(number) if content is None else content
    headers = {
        b"WARC-Type": kind,
        b"WARC-Target-URI": b"http://made.example/%d" % number,
        b"WARC-Date": b"2019-02-15T20:03:40Z",
        b"WARC-Record-ID": b"<urn:uuid:00000000-0000-0000-0000-%012d>" % number,
        b"WARC-Identified-Content-Language": b"eng",
        b"WARC-Block-Digest": b"sha1:" + base64.b32encode(hashlib.sha1(content).digest()) if digest else b"",
        b"Content-Type": b"text/plain",
        b"Content-Length": b"%d" % (len(content) if length is None else length),
    }
    lines = [b"WARC/1.0", *(name + b": " + value for name, value in headers.items() if value and name not in drop), *add]
    return newline.join([*lines, b"", b""]) + content + newline * 2


def squeeze(record):
    return gzip.compress(record, mtime=0)


LAYOUTS = {
    "members": ("x.warc.wet.gz", lambda records: b"".join(map(squeeze, records))),
    "one member": ("x.warc.wet.gz", lambda records: squeeze(b"".join(records))),
    "not compressed": ("x.warc.wet", b"".join),
    "zstd frames": ("x.warc.zst", lambda records: b"".join(map(zstandard.ZstdCompressor().compress, records))),
    "bzip2 streams": ("x.warc.bz2", lambda records: b"".join(map(bz2.compress, records))),
}


class Trickle(io.RawIOBase):
    """A stream that can not be sought in, and gives what it likes to."""

    def __init__(self, data, step):
        self.data, self.step, self.at = data, step, 0

    def seekable(self):
        return False

    def read(self, size=-1):
        piece = self.data[self.at : self.at + min(self.step, size)]
        self.at += len(piece)
        return piece


def outcome(data, name, bounds=BOUNDS, record_end="length"):
    """Records and broken ones."""
    found = list(read(io.BytesIO(data), name, bounds, record_end))
    return [item for item in found if isinstance(item, Record)], [item for item in found if isinstance(item, Broken)]


def numbers(records):
    """The numbers of the pages, in order."""
    return [int(each.headers["warc-target-uri"].rpartition("/")[2]) for each in records]


PAGES = [record(number) for number in range(9)]
MIDDLE = 4
OTHERS = [0, 1, 2, 3, 5, 6, 7, 8]


def built(layout, middle):
    """A file of nine pages whose middle record is another, and its name."""
    name, build = LAYOUTS[layout]
    return build([*PAGES[:MIDDLE], middle, *PAGES[MIDDLE + 1 :]]), name
