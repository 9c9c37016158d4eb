"""The header of a WARC record, and the digests that it gives."""

from __future__ import annotations

import re
from typing import NamedTuple

# The types that stand for a capture, so that they have an address (WARC 1.1, section 6)
OF_AN_ADDRESS = frozenset(["conversion", "response", "resource", "revisit"])
# The names as they are nearly always written: looking them up takes a third of the time of stripping and lowering
USUAL = {
    name: name.lower()
    for name in (
        "Content-Length",
        "Content-Type",
        "WARC-Block-Digest",
        "WARC-Concurrent-To",
        "WARC-Date",
        "WARC-IP-Address",
        "WARC-Identified-Content-Language",
        "WARC-Identified-Payload-Type",
        "WARC-Payload-Digest",
        "WARC-Record-ID",
        "WARC-Refers-To",
        "WARC-Target-URI",
        "WARC-Type",
        "WARC-Warcinfo-ID",
    )
}
DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)?)?)?\Z")  # WARC 1.1, section 5.4
BASE_32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")  # RFC 4648's digits to those of int()
MALFORMED = "malformed header"
MISSING = "missing header"


class Header(NamedTuple):
    """`type` in lower case, "" where there is none; `length`: the Content-Length, or why there is none; `fields`: by lower-case name."""

    type: str
    length: int | str
    fields: dict[str, str]
    notes: tuple[str, ...]


def parse_header(block: bytes) -> Header:
    """Reads a header from its version line to its blank line. Only WARC-Type and Content-Length are needed; other oddities are noted."""
    try:
        text, malformed = block.decode(), False
    except UnicodeDecodeError:
        text, malformed = block.decode("utf-8", "replace"), True
    fields: dict[str, str] = {}
    name = ""
    for line in text.split("\n")[1:]:
        key, colon, value = line.partition(":")
        if known := USUAL.get(key):
            name = known
            fields.setdefault(name, value.strip())
            continue
        if line[:1] in (" ", "\t"):
            malformed = True  # folded: allowed by WARC 1.0, no longer by 1.1
            if name:
                fields[name] = (fields[name] + " " + line.strip()).lstrip()
            continue
        key = key.strip().lower()
        if colon and key:
            name = key
            fields.setdefault(key, value.strip())
        elif line and line != "\r":
            malformed = True
    kind = fields.get("warc-type", "").lower()
    date = fields.get("warc-date")
    notes = []
    if malformed or (date is not None and not DATE.match(date)):
        notes.append(MALFORMED)
    if date is None or "warc-record-id" not in fields or (kind in OF_AN_ADDRESS and "warc-target-uri" not in fields):
        notes.append(MISSING)
    return Header(kind, _length(fields.get("content-length")), fields, tuple(notes))


def _length(value: str | None) -> int | str:
    if not value:
        return "no Content-Length"
    if value.isascii() and value.isdigit() and len(value) < 19:  # below 2**63
        return int(value)
    return "malformed Content-Length"


def sha1_digests(header: Header) -> list[str]:
    """The SHA-1 values that the block must have: of the block; of the payload where that is the block."""
    names = ("warc-block-digest", "warc-payload-digest") if header.type == "conversion" else ("warc-block-digest",)
    values = [header.fields[name] for name in names if name in header.fields]
    return [value[5:] for value in values if value[:5].lower() == "sha1:"]


def is_sha1(value: str, digest: bytes) -> bool:
    """Whether the value, in base 32 or in hexadecimal, is the digest."""
    try:
        number = int(value, 16) if len(value) == 40 else int(value.upper().translate(BASE_32), 32)
    except ValueError:
        return False
    return number == int.from_bytes(digest, "big")
