"""Bytes that come through a faulty server are the file's, and a fault that never ends is named soon."""

from __future__ import annotations

import email.utils
import io
import socket
import ssl
import time
import tracemalloc
import urllib.error
from collections.abc import Callable

import pytest
from faulty_server import FOR_EVER, Served, Server, serving
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import https
from pipeline.https import RangeReader, stat
from pipeline.transfer import SourceChanged, SourceMissing, SourceUnavailable, Transfer

BODY = bytes(value * value % 251 for value in range(300_000))
QUICK = Transfer(
    timeout_seconds=0.2, attempts=4, first_wait_seconds=0.001, longest_wait_seconds=0.004, progress_bytes=1000, buffer_bytes=4096
)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were asked for; none is made."""
    asked: list[float] = []
    monkeypatch.setattr(time, "sleep", asked.append)
    return asked


def read(url: str, transfer: Transfer = QUICK) -> bytes:
    with io.BufferedReader(RangeReader(url, transfer), transfer.buffer_bytes) as file:
        return file.read()


def test_a_sound_file_is_read_by_one_request(server: Server) -> None:
    assert read(server.put("a", BODY)) == BODY
    assert server.ranges() == [None]


@pytest.mark.parametrize(
    ("faults", "requests"),
    [
        ({"refusals": 3}, 4),
        ({"refusals": 3, "status": 500}, 4),
        ({"refusals": 1, "status": 429, "retry_after": "0"}, 2),
        ({"stalls": 2, "stall_at": 150_001, "stall_seconds": 30.0}, 3),
        ({"stalls": 1, "stall_at": 0, "stall_seconds": 30.0}, 2),
        ({"cuts": 2, "cut_after": 77_777}, 3),
        ({"cuts": 1, "cut_after": 0}, 2),
        ({"cuts": 2, "cut_after": 77_777, "etag": None}, 3),
        ({"cuts": 2, "cut_after": 77_777, "etag": 'W/"weak"'}, 3),
        ({"cuts": 2, "cut_after": 77_777, "chunked": True}, 3),
        ({"cuts": 2, "cut_after": 77_777, "ranges": False}, 3),
        ({"cuts": 3, "cut_after": 77_777, "stalls": 1, "stall_at": 200_000, "stall_seconds": 30.0, "refusals": 2}, 6),
        ({"length": False}, 1),
        ({"chunked": True}, 1),
    ],
)
def test_the_bytes_through_a_fault_are_the_files(server: Server, faults: dict[str, object], requests: int) -> None:
    url = server.put("a", BODY, **faults)
    started = time.monotonic()
    assert read(url) == BODY
    assert len(server.requests) == requests
    assert time.monotonic() - started < 5


def test_a_cut_transfer_goes_on_at_the_byte_reached(server: Server) -> None:
    read(server.put("a", BODY, cuts=2, cut_after=100_000))
    assert server.ranges() == [None, "bytes=100000-", "bytes=200000-"]
    assert server.conditions == [None, '"one"', '"one"']


@pytest.mark.parametrize("etag", ['W/"weak"', None])
def test_only_a_strong_etag_stands_in_a_condition(server: Server, etag: str | None) -> None:
    read(server.put("a", BODY, cuts=1, cut_after=100_000, etag=etag))
    assert server.conditions == [None, None]


def test_more_cuts_than_attempts_are_no_trouble_while_bytes_come(server: Server) -> None:
    assert read(server.put("a", BODY, cuts=FOR_EVER, cut_after=20_000)) == BODY
    assert len(server.requests) == 15


@pytest.mark.parametrize(
    ("faults", "offset", "cause"),
    [
        ({"refusals": FOR_EVER}, 0, "HTTP 503"),
        ({"stalls": FOR_EVER, "stall_at": 123_456, "stall_seconds": 30.0}, 123_456, "timed out"),
        ({"cuts": FOR_EVER, "cut_after": 0}, 0, "cut at byte 0 of 300000"),
        ({"cuts": FOR_EVER, "cut_after": 10}, 40, "cut at byte 40 of 300000"),
        ({"cuts": FOR_EVER, "cut_after": 50_000, "ranges": False}, 50_000, "cut at byte 50000 of 300000"),
        ({"cuts": FOR_EVER, "cut_after": 50, "chunked": True, "ranges": False}, 50, "IncompleteRead"),
    ],
)
def test_a_fault_without_end_is_named(server: Server, faults: dict[str, object], offset: int, cause: str) -> None:
    url = server.put("a", BODY, **faults)
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match=cause) as raised, RangeReader(url, QUICK) as file:
        file.readall()
    assert f"{url}: not readable at byte {offset} after 4 attempts" in str(raised.value)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(("status", "kind"), [(404, SourceMissing), (410, SourceMissing), (403, OSError), (401, OSError)])
def test_what_will_not_pass_is_not_repeated(server: Server, status: int, kind: type[OSError]) -> None:
    url = server.put("a", BODY, refusals=FOR_EVER, status=status)
    with pytest.raises(kind, match=f"HTTP {status}"):
        read(url)
    assert len(server.requests) == 1
    assert issubclass(SourceMissing, FileNotFoundError)
    assert not issubclass(SourceUnavailable, FileNotFoundError)


def test_a_bad_certificate_is_not_tried_again(waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise urllib.error.URLError(ssl.SSLCertVerificationError("certificate verify failed: self-signed"))

    monkeypatch.setattr(https, "send", refuse)
    with pytest.raises(SourceUnavailable, match=r"byte 0 after 1 attempt: SSLCertVerificationError.*self-signed"):
        read("https://127.0.0.1/a")
    assert waits == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_refused_connection_is_named(running: Server, waits: list[float]) -> None:
    with pytest.raises(SourceUnavailable, match="Connection refused"):
        read(f"http://127.0.0.1:{free_port()}/a")
    assert len(waits) == QUICK.attempts - 1


def test_a_server_that_comes_up_late_is_waited_for(running: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    running_late = serving(port)

    def start(seconds: float) -> None:
        running_late.__enter__().put("a", BODY)

    monkeypatch.setattr(time, "sleep", start)
    try:
        assert read(f"http://127.0.0.1:{port}/a") == BODY
    finally:
        running_late.__exit__(None, None, None)


def test_waits_double_up_to_a_limit_and_are_the_same_in_every_run(server: Server, waits: list[float]) -> None:
    url = server.put("a", BODY, refusals=FOR_EVER)
    slow = Transfer(timeout_seconds=1, attempts=6, first_wait_seconds=1, longest_wait_seconds=4)
    for _ in range(2):
        with pytest.raises(SourceUnavailable):
            read(url, slow)
    first, second = waits[:5], waits[5:]
    assert first == second
    assert all(full / 2 <= wait <= full for wait, full in zip(first, [1, 2, 4, 4, 4], strict=True))
    assert len(set(first)) == 5


def test_retry_after_is_obeyed_in_seconds_and_as_a_date(server: Server, waits: list[float]) -> None:
    read(server.put("a", BODY, refusals=1, retry_after="7"))
    read(server.put("a", BODY, refusals=1, retry_after=email.utils.formatdate(time.time() + 100, usegmt=True)))
    read(server.put("a", BODY, refusals=1, retry_after="soon"))
    assert waits[0] == 7
    assert 95 < waits[1] <= 100
    assert waits[2] < 0.01


def test_a_retry_after_beyond_patience_is_named_at_once(server: Server, waits: list[float]) -> None:
    with pytest.raises(SourceUnavailable, match="asks to wait 86400 s"):
        read(server.put("a", BODY, refusals=1, retry_after="86400"))
    assert waits == []


@pytest.mark.parametrize(
    ("after", "what"),
    [
        (Served(BODY[::-1], etag='"two"'), "etag"),
        (Served(BODY + b"more", etag='"one"'), "size"),
        (Served(BODY[::-1], etag='"two"', ranges=False), "etag"),
    ],
)
def test_a_file_that_changes_while_it_is_read_is_named(server: Server, after: Served, what: str) -> None:
    url = server.put("a", BODY, cuts=1, cut_after=100_000, then=after)
    with pytest.raises(SourceChanged, match=f"{url}: the file changed while it was read: its {what}"):
        read(url)


def test_a_server_without_ranges_is_read_through_and_noted(server: Server) -> None:
    with RangeReader(server.put("a", BODY, ranges=False), QUICK) as file:
        file.seek(250_000)
        assert file.read(10) == BODY[250_000:250_010]
        file.seek(290_000)  # onwards in the same answer
        assert file.read(10) == BODY[290_000:290_010]
        assert file.ignored_ranges == 1
    assert len(server.requests) == 1


def test_a_seek_before_the_first_read_asks_only_for_the_rest(server: Server) -> None:
    with RangeReader(server.put("a", BODY), QUICK) as file:
        file.seek(299_990)
        assert file.read() == BODY[-10:]
        assert (file.size, file.tag) == (len(BODY), '"one"')
    assert server.ranges() == ["bytes=299990-"]


def test_the_end_is_the_end(server: Server) -> None:
    with RangeReader(server.put("a", BODY), QUICK) as file:
        file.seek(len(BODY) + 5)
        assert file.read(1) == b""
        assert file.seek(-3, io.SEEK_END) == len(BODY) - 3
        assert file.read() == BODY[-3:]
        with pytest.raises(ValueError, match="negative"):
            file.seek(-1)
    assert read(server.put("empty", b"")) == b""


STEPS = st.lists(
    st.tuples(st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END]), st.integers(-310_000, 310_000), st.integers(0, 20_000)), max_size=6
)
FAULTS = st.fixed_dictionaries(
    {"cuts": st.integers(0, 2), "cut_after": st.integers(1, 50_000), "refusals": st.integers(0, 1), "ranges": st.booleans()}
)


@settings(max_examples=30, deadline=None)
@given(steps=STEPS, faults=FAULTS, buffered=st.booleans())
def test_seeks_and_reads_are_those_of_a_local_file(
    running: Server, steps: list[tuple[int, int, int]], faults: dict[str, int], buffered: bool
) -> None:
    url = running.put("a", BODY, **faults)
    local = io.BytesIO(BODY)
    raw = RangeReader(url, QUICK)
    with io.BufferedReader(raw, 4096) if buffered else raw as file:
        for whence, offset, count in steps:
            start = {io.SEEK_SET: 0, io.SEEK_CUR: local.tell(), io.SEEK_END: len(BODY)}[whence]
            if start + offset < 0:
                continue
            assert file.seek(offset, whence) == local.seek(offset, whence)
            assert exactly(file.read, count) == local.read(count)
            assert file.tell() == local.tell()


def exactly(read: Callable[[int], bytes | None], count: int) -> bytes:
    """A raw read may give less than was asked for."""
    data = b""
    while part := read(count - len(data)):
        data += part
    return data


def test_memory_is_bounded(server: Server) -> None:
    with RangeReader(server.put("a", bytes(20 << 20), ranges=False), QUICK) as file:
        tracemalloc.start()
        try:
            file.seek(10 << 20)
            while file.read(5000):
                pass
            assert tracemalloc.get_traced_memory()[1] < 1 << 20
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("faults", [{}, {"head": False}, {"refusals": 2}, {"chunked": True}, {"refusals": 1, "status": 403}])
def test_size_and_tag_without_reading_the_file(server: Server, faults: dict[str, object]) -> None:
    assert stat(server.put("a", BODY, **faults), QUICK) == (len(BODY), '"one"')


def test_a_size_that_the_server_does_not_tell_is_named(server: Server) -> None:
    with pytest.raises(SourceUnavailable, match="does not say how long"):
        stat(server.put("a", BODY, length=False, ranges=False), QUICK)
    with pytest.raises(SourceMissing):
        stat(server.url + "none", QUICK)


def test_redirects_are_followed(server: Server) -> None:
    target = server.put("b", BODY)
    url = server.put("a", b"", redirect=target)
    assert stat(url, QUICK) == (len(BODY), '"one"')
    with RangeReader(url, QUICK) as file:
        file.seek(299_000)
        assert file.read() == BODY[299_000:]


def test_letters_beyond_ascii_and_spaces_are_quoted(server: Server) -> None:
    server.put("caf%C3%A9%20au%20lait", BODY)
    assert read(server.url + "café au lait") == BODY


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("http:///a", "names no server"),
        ("https://", "names no server"),
        ("http://[::1/a", "Invalid IPv6"),
        ("http://127.0.0.1:x/a", "nonnumeric port"),
    ],
)
def test_an_address_that_is_none_is_named(url: str, cause: str, waits: list[float]) -> None:
    with pytest.raises(SourceUnavailable, match=cause):
        read(url)
    assert waits == []


@pytest.mark.parametrize("field", ["timeout_seconds", "attempts", "progress_bytes", "buffer_bytes"])
def test_settings_that_cannot_be_are_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} must be above 0"):
        Transfer(**{field: 0})
