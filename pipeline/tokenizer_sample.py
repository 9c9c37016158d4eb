"""Which documents a tokenizer is trained on: of each source as many bytes of text as its share of the mixture, the same ones at every run.

Which ones follows from the hash of a document's id: neither the order of the shards nor that of their rows has a part in it. A source that has less than
its share gives its documents several times: their lines count so often, in SentencePiece's `tsv`. That gives the same pieces as repeating them
(tested), and for 20 MB eight times takes 0.34 of the time and 0.43 of the memory (measured).

Of a corpus far larger than its sample not everything is read: row groups are chosen by the hash of their place, by the sizes in the footers,
until they hold READ times the bytes that are wanted; documents are then chosen among theirs. Only then do shards and row groups have a part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mixtures.mixture import Mixture
from mixtures.quotas import largest_remainder
from pipeline import files, parquet_footer, token_job, training_texts
from pipeline.files import InputError, Listed
from pipeline.training import TrainingError

READ = 8
"""Bytes of text that are read for one that is taken. ours: documents then come from eight times as many row groups as they would fill,
and 8 GiB are read, not 3 TB, for a sample of 1 GiB."""
READ_ALL = 2**28
"""Bytes of text of a source that are all read, whatever the sample. ours: a second or two."""
BATCH = 1024
"""Documents of an input file that are held at once. ours: of a crawl, some megabytes."""
PERSON = b"cria tokenizer"
"""Sets these hashes apart from any other choice by the ids of documents (a held-out part)."""


class Group(NamedTuple):
    """Documents that are read together: a row group of a shard, or a file. `text_bytes`: about; 0: not known before it is read."""

    file: Listed
    number: int
    text_bytes: int


class Batch(NamedTuple):
    """Documents of a group: their ids and texts ([documents], without nulls)."""

    ids: list[str]
    texts: pa.StringArray


class Source(Protocol):
    """Documents of one source."""

    @property
    def name(self) -> str: ...

    @property
    def text_bytes(self) -> int | None:
        """UTF-8 bytes of all texts; None: not known before they are read."""

    @property
    def groups(self) -> Sequence[Group]: ...

    def batches(self, group: Group) -> Iterator[Batch]:
        """The documents of a group, in order. Raises InputError where it cannot be read."""
        ...


class CleanSource:
    """The clean shards of a finished run. Raises InputError where it is not complete, or its shards are not what they were."""

    def __init__(self, output: str, name: str) -> None:
        self.name = name
        clean = token_job.clean_shards(output, name)
        self.listing, self.text_bytes = clean.listing, clean.text_bytes
        self.groups = [group for file in self.listing for group in _row_groups(file)]
        self._sound: set[str] = set()

    def batches(self, group: Group) -> Iterator[Batch]:
        try:
            if group.file.name not in self._sound and files.sha256(group.file.path) != group.file.tag:
                raise ValueError("its content is not what the manifest names")  # a changed byte may give other text, without an error
            self._sound.add(group.file.name)
            with files.open_read(group.file.path) as stream:
                table = pq.ParquetFile(stream).read_row_group(group.number, columns=["id", "text"])
            found = [Batch(batch["id"].to_pylist(), pc.fill_null(batch["text"], "")) for batch in table.to_batches()]
        except (OSError, ValueError, KeyError) as error:
            raise _damaged(group.file, error) from error
        yield from found


def _row_groups(file: Listed) -> Iterator[Group]:
    try:
        with files.open_read(file.path) as stream:
            groups = parquet_footer.groups(stream, file.size)
    except (OSError, ValueError) as error:
        raise _damaged(file, error) from error
    for number, group in enumerate(groups):
        yield Group(file, number, sum(chunk.expanded for chunk in group.chunks if chunk.column == "text"))


def _damaged(file: Listed, error: Exception) -> InputError:
    found = " ".join(str(error).split())
    return InputError(f"{file.path}: expected a sound clean shard: {found}; delete it and run python -m pipeline.run again for its source")


class FileSource:
    """Files of texts, as `training_texts.documents` takes them; a document has no line end at its end."""

    def __init__(self, name: str, listing: Sequence[Listed], column: str) -> None:
        self.name, self._column = name, column
        self.text_bytes = None
        self.groups = [Group(file, 0, 0) for file in listing]

    def batches(self, group: Group) -> Iterator[Batch]:
        texts = training_texts.documents(group.file, self._column)
        first = 0
        while batch := list(islice(texts, BATCH)):
            ids = [f"{group.file.name}#{number}" for number in range(first, first + len(batch))]
            yield Batch(ids, pa.array([text.removesuffix("\n") for text in batch], pa.string()))
            first += len(batch)


def quotas(sources: Sequence[Source], mixture: Mixture, sample_bytes: int) -> dict[str, int]:
    """UTF-8 bytes of text that each source is to give: its share of `sample_bytes`, or of all text there is where that is less.

    They sum to exactly that; what rounding leaves goes to the largest remainders. `mixture` has these sources alone.
    """
    total = min(sample_bytes, sum(source.text_bytes or 0 for source in sources))
    names = [source.name for source in sources]
    return dict(zip(names, largest_remainder([mixture.weights[name] for name in names], total), strict=True))


@dataclass
class Drawn:
    """What was taken of a source, counted while it is taken. Bytes are UTF-8 bytes of text; `bytes` counts each time that a document was given."""

    wanted: int = 0
    documents: int = 0
    repeats: int = 0
    bytes: int = 0
    read_documents: int = 0
    read_bytes: int = 0
    by_file: dict[str, dict[str, int]] = field(default_factory=dict)


def draw(source: Source, wanted: int, drawn: Drawn) -> Iterator[tuple[str, int]]:
    """(text, how often it is given) of each document that is taken, in the order of the groups; `drawn` is complete when all were.

    Copies differ by one at most: those with the lowest hashes have one more, as many as come nearest to the bytes wanted. Of files whose text was
    not measured before, nothing is repeated. Raises InputError for what cannot be read.
    """
    groups = _chosen(source.groups, wanted)
    hashes, sizes = _measured(source, groups)
    drawn.read_documents, drawn.read_bytes = len(sizes), int(sizes.sum())
    if len(groups) == len(source.groups) and source.text_bytes not in (None, drawn.read_bytes):
        raise InputError(
            f"{source.name}: expected the {source.text_bytes} bytes of text that its manifest names, found {drawn.read_bytes} in its clean "
            "shards: one of them is damaged, run python -m pipeline.run again for it with --overwrite"
        )
    if not drawn.read_bytes:
        raise TrainingError(f"{source.name}: expected documents with text, found {len(sizes)} documents without any")
    if source.text_bytes is None:
        wanted = min(wanted, drawn.read_bytes)
    drawn.wanted = wanted
    copies = _copies(hashes, sizes, wanted)
    place = 0
    for group in groups:
        taken = drawn.by_file.setdefault(group.file.name, {"documents": 0, "text_bytes": 0})
        for batch in source.batches(group):
            often = copies[place : place + len(batch.ids)]
            rows = np.flatnonzero(often)
            given = int(often @ sizes[place : place + len(batch.ids)])
            place += len(batch.ids)
            drawn.documents += len(rows)
            drawn.repeats += int(often.sum()) - len(rows)
            drawn.bytes += given
            taken["documents"] += len(rows)
            taken["text_bytes"] += given
            yield from zip(batch.texts.take(pa.array(rows)).to_pylist(), often[rows].tolist(), strict=True)


def _chosen(groups: Sequence[Group], wanted: int) -> list[Group]:
    """All groups, or where they hold more than READ times the bytes wanted, so many by the hash of their place; in the given order."""
    if sum(group.text_bytes for group in groups) <= max(READ * wanted, READ_ALL):
        return list(groups)
    order = sorted(range(len(groups)), key=lambda place: _hash(f"{groups[place].file.name} {groups[place].number}"))
    held, chosen = 0, []
    for place in order:
        if held >= max(READ * wanted, READ_ALL):
            break
        chosen.append(place)
        held += groups[place].text_bytes
    return [groups[place] for place in sorted(chosen)]


def _measured(source: Source, groups: Sequence[Group]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """([documents] hash of the id, [documents] UTF-8 bytes of the text)"""
    hashes, sizes = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for group in groups:
        for batch in source.batches(group):
            hashes.append(np.fromiter(map(_hash, batch.ids), np.uint64, len(batch.ids)))
            sizes.append(pc.binary_length(batch.texts).to_numpy(zero_copy_only=False).astype(np.int64))
    return np.concatenate(hashes), np.concatenate(sizes)


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8, person=PERSON).digest(), "big")


def _copies(hashes: npt.NDArray[np.uint64], sizes: npt.NDArray[np.int64], wanted: int) -> npt.NDArray[np.int64]:
    """[documents] How often each is given; one at least is."""
    often, rest = divmod(wanted, int(sizes.sum()))
    copies = np.full(len(sizes), often, np.int64)
    order = np.argsort(hashes, kind="stable")
    order = order[sizes[order] > 0]
    ends = np.cumsum(sizes[order])
    more = int(np.searchsorted(ends, rest, "right"))
    if more < len(ends) and ends[more] - rest < rest - (ends[more - 1] if more else 0):
        more += 1
    copies[order[: max(more, not often)]] += 1
    copies[sizes == 0] = 0
    return copies


def shares(mixture: Mixture, drawn: Mapping[str, Drawn]) -> dict[str, dict[str, Any]]:
    """For the manifest: each source's share of the mixture, and of the bytes that were given."""
    total = sum(one.bytes for one in drawn.values())
    return {
        name: {
            "share_wanted": str(mixture.weights[name]),
            "share_got": float(Fraction(one.bytes, total)),
            "bytes_wanted": one.wanted,
            "bytes": one.bytes,
            "documents": one.documents,
            "repeats": one.repeats,
            "read_documents": one.read_documents,
            "read_bytes": one.read_bytes,
        }
        for name, one in drawn.items()
    }
