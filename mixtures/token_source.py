"""One source's tokens, by position: read straight from the memory maps of its shards.

Opening reads the manifest and looks at the files' sizes; a shard is mapped when a token of it is asked for. What is read is copied once, from the map to
where it is wanted; nothing else of a shard is held in memory.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from os.path import join
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mixtures import changed, token_manifest, token_shards
from mixtures.token_manifest import TokenManifest, TokensError

MOST_MAPS = 16_384
"""ours: shards mapped at a time. A map holds no open file, so `ulimit -n` is no bound; Linux allows 65,530 maps a process. Some 5 KB each."""


class Located(NamedTuple):
    """Where a token stands: shard and row of its document, the document's id, the token's number within it, and how many tokens it has."""

    shard: str
    row: int
    document: str
    token: int
    tokens: int


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Documents of one record batch, as views of the map.

    Attributes:
        tokens: [n] of all documents, one after the other.
        offsets: [documents + 1] int32, where each begins in `tokens`, and the end.
        ids: the `id` column.
        row: the shard's row at which it begins.
    """

    tokens: npt.NDArray[Any]
    offsets: npt.NDArray[np.int32]
    ids: Any
    row: int


@dataclass(frozen=True, slots=True)
class MappedShard:
    """The record batches of a shard, and the number of the first token of each in the shard."""

    batches: list[RecordBatch]
    starts: list[int]


class Maps:
    """Mapped shards; the one unused for longest gives way when there are `most`. Threads may share it, and sources do."""

    def __init__(self, most: int = MOST_MAPS) -> None:
        self._most = most
        self._held: OrderedDict[tuple[str, str], MappedShard] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """How many shards are mapped."""
        return len(self._held)

    def get(self, manifest: TokenManifest, name: str) -> MappedShard:
        """A shard of a source, mapped now if it is not. Raises TokensError for a file that is not a token shard."""
        key = (manifest.directory, name)
        with self._lock:
            shard = self._held.get(key)
            if shard is None:
                shard = self._held[key] = map_shard(manifest, name)
                if len(self._held) > self._most:
                    self._held.popitem(last=False)
            else:
                self._held.move_to_end(key)
            return shard


class TokenSource:
    """The tokens of one source, numbered through its shards: a token's number is its *position*.

    Attributes:
        manifest: what the shards are said to hold.
        tokens, documents: how many there are.
        dtype: the type of the tokens on disk.
    """

    manifest: TokenManifest
    tokens: int
    documents: int
    dtype: np.dtype[Any]

    def __init__(self, manifest: TokenManifest, maps: Maps) -> None:
        self.manifest = manifest
        self.tokens, self.documents, self.dtype = manifest.tokens, manifest.documents, np.dtype(manifest.dtype)
        self._maps = maps
        self._names = list(manifest.shards)
        # Of shards (and record batches) that start at one position, all but the last are empty; bisect_right finds the last.
        self._starts = list(accumulate((shard.tokens for shard in manifest.shards.values()), initial=0))[:-1]

    @classmethod
    def open(cls, directory: str, maps: Maps | None = None) -> TokenSource:
        """The source whose shards lie in a folder, `OUT/tokens/SOURCE`.

        Raises TokensError where there is no manifest or it is not complete, ShardsChanged where a shard is missing or has another size than it says.
        """
        manifest = token_manifest.read(directory)
        changed.check_sizes(manifest)
        return cls(manifest, Maps() if maps is None else maps)

    def read(self, start: int, count: int, out: npt.NDArray[Any]) -> None:
        """Copies the tokens from position `start` on into out[0:count]. Raises IndexError where there are not so many."""
        for batch, first, length, place in self._pieces(start, count):
            out[place : place + length] = batch.tokens[first : first + length]

    def mark_starts(self, start: int, count: int, out: npt.NDArray[Any]) -> None:
        """Sets out[i] to 1 where a document begins at position `start` + i, for i < count, and leaves the others. Raises IndexError as `read`."""
        for batch, first, length, place in self._pieces(start, count):
            begin, end = batch.offsets.searchsorted((first, first + length))
            out[batch.offsets[begin:end] + (place - first)] = 1

    def locate(self, position: int) -> Located:
        """The document that holds the token at a position. Raises IndexError for a position that is not in the source."""
        shard, batch, first = self._find(position)
        row = int(batch.offsets.searchsorted(first, side="right")) - 1
        begin, end = int(batch.offsets[row]), int(batch.offsets[row + 1])
        return Located(shard, batch.row + row, batch.ids[row].as_py(), first - begin, end - begin)

    def _find(self, position: int) -> tuple[str, RecordBatch, int]:
        """(shard, record batch, number in the batch) of a position."""
        if not 0 <= position < self.tokens:
            raise IndexError(f"{self.manifest.source}: expected positions from 0 to {self.tokens - 1:,}, found {position:,}")
        number = bisect_right(self._starts, position) - 1
        name = self._names[number]
        shard = self._maps.get(self.manifest, name)
        first = position - self._starts[number]
        place = bisect_right(shard.starts, first) - 1
        return name, shard.batches[place], first - shard.starts[place]

    def _pieces(self, start: int, count: int) -> Iterator[tuple[RecordBatch, int, int, int]]:
        """(record batch, its first token that is wanted, how many are, where they go) of the positions from `start` on."""
        done = 0
        while done < count:
            _, batch, first = self._find(start + done)
            length = min(len(batch.tokens) - first, count - done)
            yield batch, first, length, done
            done += length


def map_shard(manifest: TokenManifest, name: str) -> MappedShard:
    """Maps a shard. Raises TokensError, with its path, for a file that is no Arrow IPC file, is compressed, or holds other than the manifest says."""
    path = join(manifest.directory, name)
    expected = _schema(manifest.dtype)
    try:
        with pa.memory_map(path) as file:
            # Views keep the map; the open file is given back.
            whole = file.read_buffer()
        reader = pa.ipc.open_file(whole)
        if not reader.schema.equals(expected):
            raise TokensError(f"{path}: expected the columns {_columns(expected)}, found {_columns(reader.schema)}: {_again(manifest)}")
        version = (reader.schema.metadata or {}).get(b"cria.format", token_shards.FORMAT.encode()).decode()
        if version != token_shards.FORMAT:
            raise TokensError(f"{path}: expected version {token_shards.FORMAT} of the format, found {version}: {_again(manifest)}")
        read = (reader.get_batch(number) for number in range(reader.num_record_batches))
        batches = list(_views(path, whole, read, manifest))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise TokensError(
            f"{path}: expected a token shard (an Arrow IPC file), found one that cannot be read ({error}): {_again(manifest)}"
        ) from None
    _agree(path, batches, manifest, name)
    return MappedShard(batches, list(accumulate((len(batch.tokens) for batch in batches), initial=0))[:-1])


def _views(path: str, whole: Any, read: Iterator[Any], manifest: TokenManifest) -> Iterator[RecordBatch]:
    row = 0
    for number, batch in enumerate(read):
        # A damaged offset would be read through, past the end of the map. Costs a look at ids and offsets, not at tokens.
        batch.validate(full=True)
        column = batch.column("tokens")
        if batch.column("id").null_count or column.null_count or column.values.null_count:
            raise pa.ArrowInvalid(f"a row of record batch {number} has no id or no tokens, or a token is missing")
        values, offsets = column.values.to_numpy(), column.offsets.to_numpy()
        for view in (values, offsets):
            if len(view) and not whole.address <= view.ctypes.data < whole.address + whole.size:
                raise TokensError(
                    f"{path}: expected an uncompressed token shard, found a compressed one: write it as it was, {_again(manifest)}"
                )
        ends = (int(offsets[0]), int(offsets[-1])) if len(offsets) else (0, 0)
        if ends != (0, len(values)):
            raise pa.ArrowInvalid(f"the documents of record batch {number} hold tokens {ends[0]} to {ends[1]} of {len(values)}")
        yield RecordBatch(values, offsets, batch.column("id"), row)
        row += len(batch)


def _agree(path: str, batches: list[RecordBatch], manifest: TokenManifest, name: str) -> None:
    said = manifest.shards[name]
    tokens, documents = (sum(len(view) for view in views) for views in ([b.tokens for b in batches], [b.ids for b in batches]))
    if (tokens, documents) != (said.tokens, said.documents):
        raise TokensError(
            f"{path}: expected {said.documents:,} documents of {said.tokens:,} tokens, as the manifest says, found {documents:,} of {tokens:,}: "
            f"{_again(manifest)}"
        )


@lru_cache
def _schema(dtype: str) -> Any:
    return token_shards.schema(np.dtype(dtype))


def _columns(schema: Any) -> str:
    return ", ".join(f"{field.name}: {field.type}{'' if field.nullable else ' not null'}" for field in schema)


def _again(manifest: TokenManifest) -> str:
    return f"run {token_manifest.command(manifest.directory)} --overwrite"
