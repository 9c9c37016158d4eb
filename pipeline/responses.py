"""The block of a WARC response record: an HTTP response, its body as the browser would have had it.

CommonCrawl stores bodies without their transfer and content encodings, but often leaves the headers that name them; other crawlers store
bodies as they came. So an encoding is undone only where the body really has it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import zstandard

try:  # comes with fastwarc; without it such pages are refused by name
    import brotli  # type: ignore[import-untyped]
except ImportError:
    brotli = None

BODY_BYTES = 64 << 20  # ours: as Bounds.record_bytes
STEP = 1 << 12  # ours: bytes fed at once: what a bomb expands to in one step is then some MiB
EXCERPT = 200
STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{1,3})[^\r\n]*(\r?\n|\Z)")
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")
LINE_END = re.compile(rb"\r?\n")
CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([^\s"';,]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Response:
    """`headers`: by lower-case name, those of one name joined by ", ". `media_type`: in lower case, "" for none. `notes`: stable labels."""

    status: int
    headers: dict[str, str]
    media_type: str
    charset: str | None
    body: bytes
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A block that gives no body. `reason`: a stable label. `excerpt`: its first bytes, at most 200."""

    reason: str
    excerpt: bytes


def parse(content: bytes, body_bytes: int = BODY_BYTES) -> Response | Refused:
    """Reads a response: status line, headers, body, of which at most `body_bytes` may come out of its encodings."""
    status = STATUS.match(content)
    while status and 100 <= int(status[1]) < 200:  # interim responses come before the one that counts (RFC 9110, 15.2)
        blank = BLANK_LINE.search(content, status.start(2))
        content = content[blank.end() :] if blank else b""
        status = STATUS.match(content)
    if not status:
        return Refused("no HTTP status line", content[:EXCERPT])
    blank = BLANK_LINE.search(content, status.start(2))
    head_end, body_start = (blank.start(), blank.end()) if blank else (len(content), len(content))
    headers = parse_headers(content[status.end() : head_end])
    decoded = _decode(content[body_start:], headers, body_bytes)
    if isinstance(decoded, str):
        return Refused(decoded, content[:EXCERPT])
    body, notes = decoded
    content_type = headers.get("content-type", "")
    charset = CHARSET.search(content_type)
    media_type = content_type.partition(";")[0].partition(",")[0].strip().lower()
    return Response(int(status[1]), headers, media_type, charset[1] if charset else None, body, notes)


def parse_headers(head: bytes) -> dict[str, str]:
    """Header lines by lower-case name; folded lines are joined, lines without a colon passed over (RFC 9112, 5)."""
    headers: dict[str, str] = {}
    name = ""
    for line in head.decode("latin-1").split("\n"):
        if line[:1] in (" ", "\t") and name:
            headers[name] = f"{headers[name]} {line.strip()}".strip()
            continue
        key, colon, value = line.partition(":")
        if colon and key.strip():
            name = key.strip().lower()
            headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return headers


def _codings(headers: dict[str, str], name: str) -> list[str]:
    """Codings in the order in which they were applied."""
    return [coding.strip().lower() for coding in headers.get(name, "").split(",") if coding.strip()]


def _decode(body: bytes, headers: dict[str, str], bound: int) -> tuple[bytes, tuple[str, ...]] | str:
    """The body without its encodings and what is to be noted, or why it cannot be had."""
    notes: tuple[str, ...] = ()
    transfer = _codings(headers, "transfer-encoding")
    if "chunked" in transfer:
        body, whole = unchunk(body)
        notes += () if whole else ("chunked body is cut",)
    for coding in [*_codings(headers, "content-encoding"), *(other for other in transfer if other != "chunked")][::-1]:
        if coding in ("compress", "x-compress") or (coding == "br" and brotli is None):
            return f"content encoding {coding}"
        if coding not in CODINGS:
            continue  # identity, and names of charsets and media types that servers put here
        expanded, whole = _expand(CODINGS[coding](body), bound)
        if len(expanded) > bound:
            return "body expands beyond its bound"
        if expanded:
            body = expanded
            notes += () if whole else ("encoded body is cut",)
    return body, notes


def unchunk(body: bytes) -> tuple[bytes, bool]:
    """The data of a chunked body, and whether it is whole; the body itself where it does not begin with a whole chunk (RFC 9112, 7.1)."""
    chunks: list[bytes] = []
    at, head = 0, CHUNK.match(body)
    while head and int(head[1], 16):
        end = head.end() + int(head[1], 16)
        behind = LINE_END.match(body, end)
        if not chunks and not behind:
            return body, True
        chunks.append(body[head.end() : end])
        if not behind:
            return b"".join(chunks), False
        at = behind.end()
        head = CHUNK.match(body, at)
    if head or chunks:
        return b"".join(chunks), head is not None
    return body, True


class _NotEncoded(Exception):
    """The body has no magic number and does not expand: it is taken as it stands."""


def _expand(steps: Iterator[bytes], bound: int) -> tuple[bytes, bool]:
    """What comes out of an encoding, up to the bound or little more, and whether it was read to its end; nothing: it is not encoded so."""
    expanded = bytearray()
    try:
        for step in steps:
            expanded += step
            if len(expanded) > bound:
                break
    except (EOFError, zlib.error, zstandard.ZstdError):
        return bytes(expanded), False
    except _NotEncoded:
        return b"", True
    return bytes(expanded), True


def _gzip(body: bytes) -> Iterator[bytes]:
    return _inflate(body, 31)


def _deflate(body: bytes) -> Iterator[bytes]:
    """With the zlib header that RFC 9110 asks for, or without, as some servers send it."""
    if len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0:
        yield from _inflate(body, 15)
        return
    try:
        yield from _inflate(body, -15)
    except zlib.error as error:
        raise _NotEncoded from error


def _inflate(body: bytes, window: int) -> Iterator[bytes]:
    member = zlib.decompressobj(window)
    for at in range(0, len(body), STEP):
        yield member.decompress(body[at : at + STEP])
        if member.eof:
            return
    raise EOFError


def _brotli(body: bytes) -> Iterator[bytes]:
    assert brotli is not None
    decompressor = brotli.Decompressor()
    try:
        for at in range(0, len(body), STEP):
            yield decompressor.process(body[at : at + STEP], output_buffer_limit=STEP)
            while more := decompressor.process(b"", output_buffer_limit=STEP):
                yield more
    except brotli.error as error:
        raise _NotEncoded from error
    if not decompressor.is_finished():
        raise EOFError


def _zstd(body: bytes) -> Iterator[bytes]:
    frame, fed = zstandard.ZstdDecompressor().decompressobj(), STEP >> 4  # 4 bytes expand to 128 KiB
    for at in range(0, len(body), fed):
        yield frame.decompress(body[at : at + fed])
        if frame.eof:
            return
    raise EOFError


CODINGS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
