"""What a source's reader yields for each record of an input file, and what each of them means for the books.

in = Document (kept, or dropped by a later step) + Refused (dropped at once) + Broken;   Skipped stands outside the sum.
What feeds a document without being one has books of its own, `inputs`: read = used + unused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read. `key` names it within its source; None: it has no name of its own, so its place names it.

    `offset` is where its record begins in the file as stored, `inner` where in the expanded bytes of a compressed member that holds many.
    `columns` are the source's own; `notes` what is worth knowing though it was read.
    """

    key: str | None
    text: str
    offset: int
    inner: int
    columns: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that was read and is no document: dropped under the label, for the reason, with the value that decided."""

    key: str | None
    label: str
    reason: str
    value: str
    offset: int
    inner: int
    columns: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """What could not be read: where, how many bytes, why, and the first bytes of it.

    `expanded`: the bytes are counted as a compressed member gives them, not as the file is stored.
    """

    offset: int
    inner: int
    size: int
    reason: str
    excerpt: bytes
    expanded: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that was never meant to become a document."""

    type: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row that feeds documents without being one: a blob, a licence, an answer. A Gather step hands it to the documents that ask for its key.

    `kind` names the Gather step that takes it. Whether it was used shows there.
    """

    kind: str
    key: str
    columns: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fed:
    """How many rows of a kind were read that the reader itself used for documents, or left for a reason (an older revision, an orphan)."""

    kind: str
    used: int
    unused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Total:
    """What a unit's share of an input comes to (a site, its posts, the newest of them), for a Survey step of this kind."""

    kind: str
    columns: Mapping[str, Any]


Read = Document | Refused | Broken | Skipped | Row | Fed | Total
