"""One row of Posts.xml: from its attributes to a question or an answer. Rules: spec, "StackExchange", Dump layout.

`columns` reads any row, and says why one cannot be read; rows in the usual form come with the same columns from `post_rows`. `post` makes
of columns what the row is. Only the attributes that are wanted are decoded. An attribute's value is normalised as XML 1.0, 3.3.3 says: a
blank for each line end or tab that is written as such; those written as references stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.mediawiki_page import CONTROL
from pipeline.posts_records import Answer, Question
from pipeline.records import Skipped
from transforms.kernels.post_rows import ABSENT, NUMBERS, TEXTS
from transforms.wet import INVALID

NO_SCORE = "no score: taken as 0"
NO_TITLE = "question without a title"
UNDEFINED = "row with an entity that is not defined"
AMPERSAND = "row with an ampersand that begins no entity"
TWICE = "row that names an attribute twice"
QUESTION, ANSWER = 1, 2
TYPES = {
    3: "orphaned tag wiki",
    4: "tag wiki excerpt",
    5: "tag wiki",
    6: "moderator nomination",
    7: "wiki placeholder",
    8: "privilege wiki",
}
"""What posts are that are neither question nor answer, by PostTypeId."""
OTHER_TYPE = "post of another type"

_ATTRIBUTE = re.compile(rb"\s([A-Za-z_:][\w:.-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_WANTED = frozenset(NUMBERS + TEXTS)
_REFERENCE = re.compile(rb"&(?:#x([0-9A-Fa-f]+);|#([0-9]+);|(\w+);)?")
_PREDEFINED = {b"lt": b"<", b"gt": b">", b"amp": b"&", b"quot": b'"', b"apos": b"'"}
_NUMBER = re.compile(rb"\s*([+-]?[0-9]{1,18})\s*")
_NOT_ALLOWED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0, 2.2
_TO_BLANKS = bytes.maketrans(b"\t\n\r", b"   ")


class Malformed(Exception):
    """A row that cannot be read; the message is a stable label."""


def post(
    numbers: Sequence[int], texts: Sequence[str | None], notes: tuple[str, ...], site: str, offset: int, inner: int
) -> Question | Answer | Skipped:
    """What a row is; numbers and texts in the order of NUMBERS and TEXTS, ABSENT or None where it has none. Raises Malformed."""
    kind, number, parent, score, accepted, answers = numbers
    body, title, tags, created, active, deleted, closed, license = texts
    if kind == ABSENT:
        kind = _kind(parent, title)
    if kind != QUESTION and kind != ANSWER:
        return Skipped(TYPES.get(kind, OTHER_TYPE))
    if number == ABSENT:
        raise Malformed("row without Id")
    if body is None:
        raise Malformed("row without Body")
    created, active, deleted, license = created or "", active or "", deleted or None, license or None
    if score == ABSENT:
        score, notes = 0, (*notes, NO_SCORE)
    if kind == ANSWER:
        if parent == ABSENT:
            raise Malformed("row without ParentId")
        return Answer(site, number, parent, score, body, created, active, deleted, license, offset, inner, notes)
    if not title:
        title, notes = "", (*notes, NO_TITLE)
    first, count = _optional(accepted), _optional(answers)
    names = _tags(tags) if tags else []
    return Question(
        site, number, title, body, score, first, count, names, created, active, deleted, closed or None, license, offset, inner, notes
    )  # fmt: skip


def _kind(parent: int, title: str | None) -> int:
    """The type of a post that does not say: an answer has a parent, a question a title. Raises Malformed."""
    if parent != ABSENT:
        return ANSWER
    if title is None:
        raise Malformed("row without PostTypeId")
    return QUESTION


def _optional(number: int) -> int | None:
    return None if number == ABSENT else number


def _tags(text: str) -> list[str]:
    """Of `<a><b>`, and of `|a|b|`, as dumps have them since 2023."""
    return [tag for tag in text.replace("><", "|").strip("<>|").split("|") if tag]


def columns(attributes: bytes) -> tuple[list[int], list[str | None], tuple[str, ...]]:
    """(numbers, texts, notes) of a row, of which these are the attributes as written. Raises Malformed."""
    found = [(name, double or single) for name, double, single in _ATTRIBUTE.findall(attributes) if name in _WANTED]
    fields, notes = dict(found), dict[str, None]()
    if len(fields) != len(found):
        raise Malformed(TWICE)
    numbers = [_number(fields.get(name, b""), name) for name in NUMBERS]
    texts = [None if name not in fields else _decoded(fields[name], notes) for name in TEXTS]
    return numbers, texts, tuple(notes)


def _number(raw: bytes, name: bytes) -> int:
    """An empty one counts as ABSENT. Raises Malformed."""
    found = _NUMBER.fullmatch(raw)
    if found is None and raw:
        raise Malformed(f"row whose {name.decode()} is no number")
    return int(found[1]) if found else ABSENT


def _decoded(raw: bytes, notes: dict[str, None]) -> str:
    """The value of an attribute. Raises Malformed where a reference means nothing; what is no UTF-8 or not allowed becomes U+FFFD, noted."""
    raw = _REFERENCE.sub(_referred, raw.replace(b"\r\n", b"\n").translate(_TO_BLANKS))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace")
        notes[INVALID] = None
    text, count = _NOT_ALLOWED.subn("\ufffd", text)
    if count:
        notes[CONTROL] = None
    return text


def _referred(found: re.Match[bytes]) -> bytes:
    """What a reference stands for. Raises Malformed."""
    hexadecimal, decimal, name = found.groups()
    if name is not None:
        if name not in _PREDEFINED:
            raise Malformed(UNDEFINED)
        return _PREDEFINED[name]
    if hexadecimal is None and decimal is None:
        raise Malformed(AMPERSAND)
    digits, radix = (hexadecimal, 16) if decimal is None else (decimal, 10)
    digits = digits.lstrip(b"0") or b"0"
    code = int(digits, radix) if len(digits) <= 7 else -1
    if 0xD800 <= code < 0xE000 or not 0 <= code <= 0x10FFFF:
        code = 0  # as much a character that is not allowed
    return chr(code).encode()
