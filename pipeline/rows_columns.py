"""The columns that a table is expected to have, and how they are taken out of a row, whatever the format it comes in."""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from pipeline.members import EXCERPT
from pipeline.records import Broken
from transforms.wet import INVALID, NUL

SURROGATES = re.compile("[\ud800-\udfff]")
DIGITS = re.compile(r"-?[0-9]{1,19}", re.ASCII)
LONE_SURROGATE = "lone surrogate replaced"


@dataclass(frozen=True)
class Bounds:
    """What one input may ask for; beyond, it is broken by name."""

    member_bytes: int = 64 << 30  # ours: expanded bytes of one compressed member, as for WARC
    row_bytes: int = (
        64 << 20
    )  # ours: a row as stored; BigQuery's contents are under 1 MiB, six times that where JSON escapes each character
    block_bytes: int = 256 << 20  # ours: expanded bytes of one Avro block; writers make them of 16 KiB to some MiB


@dataclass(frozen=True)
class Column:
    """A column that is expected. `names`: what it is called in tables, the first that is there counts; none given: `name` itself.

    integer: a number, or a string of digits (BigQuery exports INT64 so in JSON). boolean: also "true" and "false". timestamp: its text as it
    stands; where a format has a type for it, ISO 8601. A column that is not required and missing or null gives None.
    """

    name: str
    type: Literal["text", "integer", "boolean", "timestamp"] = "text"
    required: bool = True
    names: tuple[str, ...] = ()

    @property
    def called(self) -> tuple[str, ...]:
        """The names that it may have in a table."""
        return self.names or (self.name,)


class Row(NamedTuple):
    """A row: a value for each declared column; where it begins; what is worth knowing though it was read.

    `offset`: its compressed member's in the file, its Avro block's, its Parquet row group's; without compression the row's own. `inner`: bytes
    before it in the expanded member or block; in Parquet, rows before it in the row group.
    """

    values: Mapping[str, Any]
    offset: int
    inner: int
    notes: tuple[str, ...]


class Unfit(NamedTuple):
    """A row that was read and does not fit the columns. `lacking`: the columns that it has not; `found`: those that it has."""

    broken: Broken
    lacking: tuple[str, ...]
    found: tuple[str, ...]


Excerpt = bytes | tuple[Any, ...]
"""Where an excerpt comes from: the row's bytes, or its values where it has none of its own."""


def lacking(names: tuple[str, ...], found: tuple[str, ...], columns: tuple[Column, ...]) -> str:
    """What is said of a table that lacks columns."""
    expected = ", ".join(f"{column.name} ({column.type})" for column in columns if column.required)
    wanted = [called for column in columns if column.name in names for called in column.called]
    nearest = [close for name in wanted for close in difflib.get_close_matches(name.lower(), sorted(found), 1, 0.6)]
    hint = f"; nearest: {nearest[0]}" if nearest else ""
    return f"it lacks {', '.join(names)}; expected {expected}; found {', '.join(sorted(found)) or 'no column'}{hint}"


class Taker:
    """Takes the declared columns out of a row as its format gives it."""

    def __init__(self, columns: tuple[Column, ...], escaped: bool) -> None:
        """`escaped`: a lone surrogate in a text stands for a byte that was no UTF-8, as Python's surrogateescape has it."""
        self.columns = columns
        self._escaped = escaped
        self.names = frozenset(name for column in columns for name in column.called)
        self._wanted = tuple((column.name, column.called, column.type, column.required) for column in columns)
        texts = all(column.type in ("text", "timestamp") and column.called[0] == column.name for column in columns)
        self._texts = operator.itemgetter(*(column.name for column in columns)) if texts and len(columns) > 1 else None

    def missing(self, found: tuple[str, ...]) -> tuple[str, ...]:
        """The required columns that are not among the names."""
        return tuple(column.name for column in self.columns if column.required and not set(column.called) & set(found))

    def take(self, found: Mapping[str, Any], offset: int, inner: int, size: int, notes: tuple[str, ...], raw: Excerpt) -> Row | Unfit:
        """The row, or why it is none; offset, inner and size: its place, as Row has it, and its bytes. `raw`: for the excerpt."""
        if self._texts and len(found) == len(self.columns):  # ordinary rows of texts, as C4's, go by this short way
            try:
                joined = "".join(self._texts(found))
                if "\0" not in joined and (joined.isascii() or joined.encode()):  # lone surrogates have no UTF-8
                    return Row(found, offset, inner, notes)
            except (KeyError, TypeError, UnicodeEncodeError):
                pass
        return self._each(found, offset, inner, size, notes, raw)

    def _each(self, found: Mapping[str, Any], offset: int, inner: int, size: int, notes: tuple[str, ...], raw: Excerpt) -> Row | Unfit:
        values: dict[str, Any] = {}
        for name, called, type_, required in self._wanted:
            value = next((found[other] for other in called if found.get(other) is not None), None)
            if value is None and required:
                null = any(other in found for other in called)
                reason = f"column {name} is null" if null else f"row lacks column {name}"
                return Unfit(Broken(offset, inner, size, reason, _excerpt(raw), True), self.missing(tuple(found)), tuple(found))
            if value is not None:
                try:
                    value = _converted(value, type_)
                except ValueError as error:
                    reason = f"column {name}: expected {type_}, found {error}"
                    return Unfit(Broken(offset, inner, size, reason, _excerpt(raw), True), (), tuple(found))
            if isinstance(value, str) and ("\0" in value or not (value.isascii() or _has_utf8(value))):
                value, notes = _storable(value, notes, self._escaped)
            values[name] = value
        return Row(values, offset, inner, notes)


def _excerpt(raw: Excerpt) -> bytes:
    return raw[:EXCERPT] if isinstance(raw, bytes) else repr(raw)[:EXCERPT].encode("utf-8", "replace")


def _has_utf8(text: str) -> bool:
    """Whether UTF-8 has bytes for the text: it has none for surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _storable(text: str, notes: tuple[str, ...], escaped: bool) -> tuple[str, tuple[str, ...]]:
    """The text without surrogates, which UTF-8 has no bytes for; they and NUL bytes are noted once a row."""
    if "\0" in text and NUL not in notes:
        notes = (*notes, NUL)
    if not SURROGATES.search(text):
        return text, notes
    if escaped:
        text, note = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), INVALID
    else:
        text, note = SURROGATES.sub("\ufffd", text), LONE_SURROGATE
    return text, notes if note in notes else (*notes, note)


TYPES = {bool: "boolean", int: "integer", float: "number", str: "text", bytes: "bytes", list: "array", tuple: "object", dict: "object"}


def _converted(value: object, expected: str) -> object:
    """The value in the column's type; ValueError says what it is instead."""
    found = TYPES.get(type(value), type(value).__name__)
    if expected in ("text", "timestamp"):
        if isinstance(value, str):
            return value
        if isinstance(value, bytes):
            return value.decode("utf-8", "surrogateescape")
        if expected == "timestamp" and isinstance(value, datetime):
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    elif expected == "boolean":
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
    elif isinstance(value, int | str) and not isinstance(value, bool):
        if isinstance(value, str) and not DIGITS.fullmatch(value):
            raise ValueError("text that is no integer")
        number = int(value)
        if -(2**63) <= number < 2**63:
            return number
        raise ValueError("an integer of more than 64 bits")
    raise ValueError(found)
