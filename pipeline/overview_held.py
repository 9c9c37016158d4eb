"""What an output holds: the books and manifests of its sources, of their tokens, and of the tokenizer. Read only; nothing is counted anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mixtures import token_shards
from mixtures.json_fields import Fields
from pipeline import files
from pipeline.plan import SOURCES

TOKENS, TOKENIZER = "tokens", "tokenizer"
"""Folders beside those of the sources."""


@dataclass(frozen=True)
class Tokens:
    """The tokens of a source.

    Attributes:
        documents, all: documents with tokens, and their tokens with BOS and EOS: what a mixture draws from.
        in_text: tokens without BOS and EOS; text_bytes: bytes of the text they stand for, UTF-8.
        noted: what the encoder noted, such as U+2581 read as a space.
        lengths: (fewest tokens, documents) by powers of two, ascending; empty where the manifest has no histogram.
        tokenizer: SHA-256 of the model file; vocabulary: its pieces.
        closed: whether all documents that came in are accounted for; complete: whether no part was quarantined.
        shards: clean shards that they were made of, with the SHA-256 of each.
    """

    documents: int
    all: int
    in_text: int
    text_bytes: int
    noted: Mapping[str, int]
    lengths: tuple[tuple[int, int], ...]
    tokenizer: str
    vocabulary: int
    closed: bool
    complete: bool
    shards: Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """A source.

    Attributes:
        books: of its run; None: only its tokens are here.
        text: bytes of its clean text; None: not known.
        shards: its clean shards, with the SHA-256 of each.
        tokens: None: it has none.
    """

    name: str
    books: Mapping[str, Any] | None
    text: int | None
    shards: Mapping[str, str]
    tokens: Tokens | None

    @property
    def stale(self) -> bool:
        """Whether its tokens were made of other clean shards than those that are here."""
        return self.books is not None and self.tokens is not None and dict(self.tokens.shards) != dict(self.shards)

    @property
    def documents(self) -> int:
        """Documents kept."""
        if self.books is not None:
            return int(self.books["kept"])
        return self.tokens.documents if self.tokens else 0

    @property
    def text_bytes(self) -> int:
        """Bytes of clean text, as far as known."""
        if self.text is not None:
            return self.text
        return self.tokens.text_bytes if self.tokens else 0


@dataclass(frozen=True)
class Held:
    """An output: its sources in Table 1's order and then any others by name, and the tokenizer's manifest (None: there is none)."""

    sources: tuple[Source, ...]
    tokenizer: Mapping[str, Any] | None

    @property
    def tokenized(self) -> dict[str, Tokens]:
        """The tokens of each source that has a manifest of them."""
        return {source.name: source.tokens for source in self.sources if source.tokens is not None}


def read(output: str) -> Held:
    """All that an output holds. Raises OSError, and WrongField where a file is not what this project writes."""
    beside = {*files.names(output), *files.names(files.join(output, TOKENS))} - {*SOURCES, TOKENS, TOKENIZER}
    sources = (_source(output, name) for name in (*SOURCES, *sorted(beside)))
    found = tuple(source for source in sources if source is not None)
    tokenizer = _json(output, TOKENIZER, token_shards.MANIFEST)
    return Held(found, tokenizer.held if tokenizer else None)


def _json(*path: str) -> Fields | None:
    whole = files.join(*path)
    return Fields.of(whole, files.read_bytes(whole)) if files.exists(whole) else None


def _source(output: str, name: str) -> Source | None:
    books, manifest = _json(output, name, token_shards.BOOKS), _json(output, name, token_shards.MANIFEST)
    tokens = _tokens(output, name)
    if books is not None and manifest is not None:
        shards = {
            path: str(shard.held.get("sha256")) for path, shard in manifest.each("shards").items() if path.startswith(f"{name}/clean/")
        }
        text = manifest.count("clean_text_bytes") if "clean_text_bytes" in manifest.held else None
        return Source(name, _books(books), text, shards, tokens)
    return Source(name, None, None, {}, tokens) if tokens is not None else None


def _books(held: Fields) -> dict[str, Any]:
    """The books of a run, as far as the report shows them."""
    steps = [
        {"label": step.text("label"), **{count: step.count(count) for count in ("in", "kept", "dropped")}} for step in held.listed("steps")
    ]
    counts = {name: held.count(name) for name in ("in", "kept")}
    return {**counts, "broken": held.inside("broken").counts(), "steps": steps, "closed": held.flag("closed")}


def _tokens(output: str, name: str) -> Tokens | None:
    """The tokens of a source whose manifest and books stand; the manifest is written last."""
    books = _json(output, TOKENS, name, token_shards.BOOKS)
    manifest = _json(output, TOKENS, name, token_shards.MANIFEST)
    if books is None or manifest is None:
        return None
    return Tokens(
        documents=manifest.count("documents"),
        all=manifest.count("tokens"),
        in_text=books.inside("tokens").count("in text"),
        text_bytes=manifest.count("text_bytes"),
        noted=books.inside("noted").counts(),
        lengths=tuple(sorted(_lengths(manifest))),
        tokenizer=manifest.inside("tokenizer").sha256("sha256"),
        vocabulary=manifest.inside("tokenizer").count("vocabulary", least=1),
        closed=books.flag("closed"),
        complete=manifest.flag("complete"),
        shards={entry.text("name"): entry.text("sha256") for entry in manifest.listed("inputs")},
    )


def _lengths(manifest: Fields) -> Iterator[tuple[int, int]]:
    for edge, count in manifest.inside("lengths").counts().items() if manifest.held.get("lengths") is not None else ():
        if not edge.isascii() or not edge.isdecimal() or len(edge) > 18:
            raise manifest.wrong("lengths", "documents by their fewest tokens", edge)
        yield int(edge), count
