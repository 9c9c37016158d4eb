"""HTTP responses out of WARC records: heads as servers write them, encodings undone only where they are."""

import gzip
import random
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from made_warc import BOUNDS, crawl

from pipeline import responses
from pipeline.responses import Refused, Response, parse, unchunk
from pipeline.warc import Record, read

PAGE = b"<html><title>Page</title>" + b"<p>a line of the page</p>\n" * 40
SIZE = b"%x" % len(PAGE)


def deflated(body):
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(body) + squeezer.flush()


def chunked(body, size=100):
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def response(body, *headers, status=b"HTTP/1.1 200 OK", newline=b"\r\n"):
    return newline.join([status, *headers, b"", b""]) + body


def read_response(*arguments, **named):
    found = parse(response(*arguments, **named))
    assert isinstance(found, Response)
    return found


ENCODED = {
    b"gzip": gzip.compress(PAGE),
    b"x-gzip": gzip.compress(PAGE),
    b"GZip ": gzip.compress(PAGE),
    b"deflate": zlib.compress(PAGE),
    b"deflate, identity": deflated(PAGE),
    b"br": brotli.compress(PAGE),
    b"zstd": zstandard.compress(PAGE),
    b"gzip, br": brotli.compress(gzip.compress(PAGE)),
}


def test_head_and_body():
    found = read_response(PAGE, b'Content-Type: Text/HTML; Charset="ISO-8859-1"', b"X-A: 1", b"x-a: 2", b"X-B: one", b"\ttwo", b"no colon")
    assert found == Response(
        200,
        {"content-type": 'Text/HTML; Charset="ISO-8859-1"', "x-a": "1, 2", "x-b": "one two"},
        "text/html",
        "ISO-8859-1",
        PAGE,
        (),
    )
    assert read_response(PAGE).media_type == ""
    assert read_response(PAGE).charset is None
    assert read_response(PAGE, b"Content-Type: text/html;charset='utf-8' ; x=y").charset == "utf-8"


@pytest.mark.parametrize(
    "status", [b"HTTP/1.1 404 Not Found", b"HTTP/1.0 404", b"HTTP/2 404 ", b"HTTP/1.1 404 ", b"HTTP/1.1  404  caf\xe9"]
)
@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_status_lines_as_servers_write_them(status, newline):
    found = read_response(PAGE, b"A: b", status=status, newline=newline)
    assert (found.status, found.headers, found.body) == (404, {"a": "b"}, PAGE)
    found = read_response(PAGE, status=status, newline=newline)  # no header at all
    assert (found.status, found.headers, found.body) == (404, {}, PAGE)


def test_interim_responses_and_heads_without_a_body():
    assert read_response(response(PAGE, b"A: b"), status=b"HTTP/1.1 100 Continue").body == PAGE
    assert read_response(PAGE, status=b"HTTP/1.1 0 No Content").status == 0  # as browsers' crawlers write a failed one
    found = parse(b"HTTP/1.1 304 Not Modified\r\nA: b")
    assert isinstance(found, Response)
    assert (found.status, found.headers, found.body) == (304, {"a": "b"}, b"")
    for content in (b"", b"example.com. A 1.2.3.4", b"HTTP/1.1 OK\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", PAGE):
        found = parse(content)
        assert isinstance(found, Refused)
        assert found.reason == "no HTTP status line"
        assert len(found.excerpt) <= 200


@pytest.mark.parametrize("coding", ENCODED)
@pytest.mark.parametrize("name", [b"Content-Encoding", b"Transfer-Encoding"])
def test_content_encodings_are_undone_where_the_body_has_them(coding, name):
    if coding.startswith(b"gzip,"):
        assert read_response(ENCODED[coding], name + b": gzip", name + b": br").body == PAGE
    found = read_response(ENCODED[coding], name + b": " + coding)
    assert (found.body, found.notes) == (PAGE, ())
    found = read_response(PAGE, name + b": " + coding)  # as CommonCrawl stores it
    assert (found.body, found.notes) == (PAGE, ())
    assert read_response(b"", name + b": " + coding).body == b""


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd"])
def test_a_body_that_is_cut_gives_what_there_is(coding):
    page = b"".join(b"%032x\n" % random.Random(line).getrandbits(128) for line in range(20_000))
    whole = {
        b"gzip": gzip.compress,
        b"deflate": zlib.compress,
        b"br": lambda body: brotli.compress(body, quality=3),
        b"zstd": zstandard.compress,
    }
    body = whole[coding](page)
    found = read_response(body[: len(body) * 3 // 4], b"Content-Encoding: " + coding)
    assert found.notes == ("encoded body is cut",)
    assert len(page) // 2 < len(found.body) < len(page)
    assert page.startswith(found.body)


def test_chunks_are_undone_where_the_body_has_them():
    header = b"Transfer-Encoding: chunked"
    for size in (1, 7, 100, 100_000):
        assert read_response(chunked(PAGE, size), header).body == PAGE
    assert read_response(chunked(gzip.compress(PAGE)), header, b"Content-Encoding: gzip").body == PAGE
    assert read_response(PAGE, header).body == PAGE
    assert read_response(chunked(PAGE)).body == chunked(PAGE)  # not declared
    extended = SIZE + b" ; a=b\r\n" + PAGE + b"\r\n000\r\nTrailer: x\r\n\r\n"
    assert read_response(extended, header).body == PAGE
    for text in (b"12 apples\r\n", b"abc\r\nabc", b"2\r\nabc\r\n", b"face", b"ffffffff\r\n" + PAGE):
        assert read_response(text, header).body == text  # begins like a chunk and is none
    cut = read_response(chunked(PAGE)[:-300], header)
    assert cut.notes == ("chunked body is cut",)
    assert PAGE.startswith(cut.body)
    assert len(cut.body) > len(PAGE) // 2
    assert unchunk(b"0\r\n\r\n") == (b"", True)


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd"])
def test_a_bomb_is_refused(coding):
    zeros = bytes(30_000_000)
    body = {
        b"gzip": gzip.compress,
        b"deflate": zlib.compress,
        b"br": lambda body: brotli.compress(body, quality=1),
        b"zstd": zstandard.compress,
    }
    content = response(body[coding](zeros), b"Content-Encoding: " + coding)
    tracemalloc.start()
    try:
        found = parse(content, 1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30 << 20
    assert isinstance(found, Refused)
    assert (found.reason, found.excerpt) == ("body expands beyond its bound", content[:200])
    assert len(parse(content, 30_000_000).body) == 30_000_000  # type: ignore[union-attr]


def test_encodings_that_can_not_be_undone_are_refused_by_name(monkeypatch):
    assert parse(response(PAGE, b"Content-Encoding: compress")).reason == "content encoding compress"  # type: ignore[union-attr]
    assert read_response(PAGE, b"Content-Encoding: utf-8").body == PAGE  # no encoding at all
    monkeypatch.setattr(responses, "brotli", None)
    assert parse(response(ENCODED[b"br"], b"Content-Encoding: br")).reason == "content encoding br"  # type: ignore[union-attr]


@given(st.binary(max_size=300), st.sampled_from([*ENCODED, b"chunked"]), st.sampled_from([b"Content-Encoding", b"Transfer-Encoding"]))
def test_any_bytes_give_a_result(body, coding, name):
    assert isinstance(parse(body), Response | Refused)
    assert isinstance(parse(response(body, name + b": " + coding)), Response | Refused)


def test_real_responses_give_their_pages():
    pages = other = 0
    for path in sorted(crawl().rglob("*.warc*")):
        with path.open("rb") as stream:
            for each in read(stream, path.name, BOUNDS):
                if isinstance(each, Record) and each.type == "response":
                    found = parse(each.content or b"")
                    if isinstance(found, Refused):
                        assert found.reason == "no HTTP status line"
                        assert not (each.content or b"").startswith(b"HTTP/")
                        other += 1
                    else:
                        pages += 1
                        if "html" in found.media_type and found.status == 200 and found.body:
                            assert b"<" in found.body[:5000]
    assert pages > 500
    assert other < 60  # dns: and the like
