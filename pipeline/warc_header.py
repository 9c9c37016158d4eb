"""The header of a WARC record, and the digests that it gives."""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

# The types that stand for a capture, so that they have an address (WARC 1.1, section 6)
OF_AN_ADDRESS = frozenset(["conversion", "response", "resource", "revisit"])
DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)?)?)?\Z")  # WARC 1.1, section 5.4
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
        if line[:1] in (" ", "\t"):
            malformed = True  # folded: allowed by WARC 1.0, no longer by 1.1
            if name:
                fields[name] = (fields[name] + " " + line.strip()).lstrip()
            continue
        key, colon, value = line.partition(":")
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
    found = (header.fields.get(name, "").partition(":") for name in names)
    return [value for algorithm, _, value in found if algorithm.lower() == "sha1"]


def is_digest(value: str, digest: bytes) -> bool:
    """Whether the value, in base 32 or in hexadecimal, is the digest."""
    return value.upper() == base64.b32encode(digest).decode() or value.lower() == digest.hex()
