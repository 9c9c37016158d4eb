"""Memory that depends on settings, and work that is linear, on dumps made to be dear."""

import io
import time
import tracemalloc

import pytest
from made_posts import FOOT, HEAD, dump, part, rows

from pipeline.part import Part
from pipeline.posts import Bounds, read
from pipeline.posts_rows import LONG
from pipeline.records import Broken

ROWS = rows(6)


class Endless(io.RawIOBase):
    """A dump with a stretch of `size` bytes that is never there as a whole."""

    def __init__(self, head, foot, size):
        self.head, self.foot, self.begin, self.end = head, foot, len(head), len(head) + size
        self.at, self.size = 0, len(head) + size + len(foot)

    def seek(self, offset, whence=0):
        self.at = offset
        return offset

    def read(self, size=-1):
        begin, self.at = self.at, min(self.at + size, self.size)
        middle = max(0, min(self.at, self.end) - max(begin, self.begin))
        return self.head[begin : self.at] + b"x" * middle + self.foot[max(0, begin - self.end) : max(0, self.at - self.end)]


def peak(head, foot, size):
    """(peak of memory, items) of reading a dump with such a stretch."""
    stream = Endless(head, foot, size)
    tracemalloc.start()
    found = list(read(Part(stream, "Posts.xml", "Posts.xml", stream.size, 0, stream.size), Bounds(1 << 20)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, found


@pytest.mark.parametrize(
    ("before", "behind", "reason"), [(b'  <row Id="9" Body="', b'" />\n', LONG), (b"<!-- ", b" -->", "bytes that belong to no row")]
)
def test_memory_does_not_grow_with_a_row_or_what_is_none(before, behind, reason):
    peaks = []
    for size in (30 << 20, 90 << 20):
        most, found = peak(dump(ROWS[:3], foot=before), behind + b"".join(ROWS[3:]) + FOOT, size)
        peaks.append(most)
        assert [item.reason for item in found if isinstance(item, Broken)] == [reason]
        assert len(found) == 8
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[0] < 24 << 20


DEAR = {
    "comments without an end": b"<row/><!-- ",
    "instructions without an end": b"<row/><? ",
    "document types without an end": b"<row/><!DOCTYPE [ ",
    "rows without an end": b"<row ",
    "attributes without an end": b'<row a="b" a="c',
    "rows in odd quotes": b"<row Id='1' PostTypeId='1' Body='' Title='t'/>",
    "ampersands": b'<row Id="1" PostTypeId="1" Body="&&&&&&&&&&"/>',
    "blanks": b"         ",
    "root": b"<posts",
    "ends": b"</posts></posts   ",
    "attributes": b' a="b"',
    "references": b"&#x41;",
}
BEGIN = {"attributes": b"<row", "references": b'<row Id="1" PostTypeId="1" Title="t" Body="\x01'}


def seconds(name, size, tail=b""):
    data = HEAD + BEGIN.get(name, b"") + DEAR[name] * (size // len(DEAR[name])) + tail + b'"/>' + FOOT
    begin = time.process_time()
    for _ in read(part(data), Bounds()):
        pass
    return time.process_time() - begin


@pytest.mark.parametrize("name", DEAR)
def test_work_is_linear_in_the_file(name):
    """Four times the bytes take at most some four times as long, or next to nothing: what is quadratic takes sixteen."""
    seconds(name, 1_000)
    short = min(seconds(name, 20_000), seconds(name, 20_000))
    long = min(seconds(name, 80_000), seconds(name, 80_000))
    assert long < 9 * max(short, 0.02), f"{long / short:.1f} times"


@pytest.mark.parametrize("name", [name for name in DEAR if name.endswith("without an end")])
def test_an_end_that_is_not_there_is_sought_once(name):
    tail = b"x" * 900_000
    short = min(seconds(name, 9_000), seconds(name, 9_000)) + seconds("blanks", 0, tail)
    long = min(seconds(name, 9_000, tail), seconds(name, 9_000, tail))
    assert long < 4 * max(short, 0.02), f"{long / short:.1f} times"
