"""One unit of `pipeline.tokenize`: the documents of a clean shard, or of some of its row groups, become one token shard."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mixtures import token_shards
from pipeline import files, receipts, settings
from pipeline.progress import Heartbeat
from pipeline.token_job import TokenJob, TokenUnit
from transforms.tokenizer import Encoded, Tokenizer

SPACES = "U+2581 read as a space"
"""The note for characters that the model cannot tell from a space."""
IN_TEXT, BOS, EOS = "in text", "BOS", "EOS"
"""What tokens are, in the books."""


def run_unit(job: TokenJob, element: tuple[TokenUnit]) -> list[Any]:
    """Does a unit of the graph, or finds it done. Nothing follows in the graph: the receipt stands in the work folder."""
    perform(job, element[0])
    return []


def perform(job: TokenJob, unit: TokenUnit) -> receipts.Receipt:
    """Makes the token shard of a unit, or finds that it stands; gives its receipt. Raises ValueError for a shard that is not what its manifest says."""
    shaped = settings.fingerprint(
        job.fingerprint, [unit.number, job.units, [(piece.name, piece.tag, piece.group) for piece in unit.pieces]]
    )
    standing = receipts.standing(job.receipt(unit.number), shaped)
    if standing:
        files.write_bytes(files.join(job.work, "reused", f"{unit.number:05d}"), b"")
        return standing
    started = time.monotonic()
    receipt = receipts.Receipt(unit.number, 0, shaped, unit.name, unit.size)
    tokenizer = loaded(job.model, job.model_digest)
    path = job.shard(unit.number)
    with Heartbeat(job.work, 0, unit.number, unit.size) as heartbeat:
        schema = token_shards.schema(tokenizer.dtype, _footer(job, tokenizer))
        with files.replacing(path) as out, pa.ipc.new_file(out, schema) as writer:
            batches = _Batches(writer, schema, job.config.batch_tokens)
            for done, table in _documents(unit):
                encoded = tokenizer.encode(_one_chunk(table["text"]), bos=job.config.bos, eos=job.config.eos)
                batches.add(_one_chunk(table["id"]), encoded)
                _count(receipt, table, encoded, job)
                heartbeat.beat(receipt.documents, done)
            batches.flush()
    receipt.kept = receipt.documents
    receipt.files = {path: files.size(path)}
    receipt.digests = {path: files.sha256(path)}
    receipt.seconds = round(time.monotonic() - started, 3)
    receipt.write(job.receipt(unit.number))
    return receipt


@lru_cache(maxsize=1)
def loaded(path: str, digest: str) -> Tokenizer:
    """The model, loaded once a process. Raises RuntimeError where it is no longer the one that the job names."""
    model = files.read_bytes(path)
    if hashlib.sha256(model).hexdigest() != digest:
        raise RuntimeError(f"{path}: the tokenizer has changed since this run began: run the same line again")
    return Tokenizer(model)


def _footer(job: TokenJob, tokenizer: Tokenizer) -> dict[str, str]:
    return {
        "cria.format": token_shards.FORMAT,
        "cria.source": job.source,
        "cria.config": job.fingerprint,
        "cria.tokenizer": job.model_digest,
        "cria.vocabulary": str(tokenizer.vocabulary),
    }


def _documents(unit: TokenUnit) -> Iterator[tuple[int, pa.Table]]:
    """(bytes of clean shards done with it, ids and texts) of each row group of a unit."""
    done = 0
    for piece in unit.pieces:
        if not piece.group and files.sha256(piece.path) != piece.tag:  # once a shard: its other row groups may be other units
            raise ValueError(
                f"{piece.name}: its bytes are not those that the manifest of its run names: run pipeline.run again for this source"
            )
        with files.open_read(piece.path) as stream:
            shard = pq.ParquetFile(stream)
            groups = range(shard.num_row_groups) if piece.group is None else [piece.group]
            for number in groups:
                table = shard.read_row_group(number, columns=["id", "text"])
                if table["text"].null_count or table["id"].null_count:
                    raise ValueError(f"{piece.name}: expected an id and a text in every row, found a row of row group {number} without")
                yield done, table
        done += piece.size


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _count(receipt: receipts.Receipt, table: pa.Table, encoded: Encoded, job: TokenJob) -> None:
    documents = len(table)
    marks = {BOS: documents * job.config.bos, EOS: documents * job.config.eos}
    tokens = {IN_TEXT: len(encoded.tokens) - sum(marks.values()), **marks}
    receipt.documents += documents
    receipt.text_bytes += pc.sum(pc.binary_length(table["text"])).as_py() or 0
    receipt.tokens = dict(Counter(receipt.tokens) + Counter(tokens))
    if encoded.spaces:
        receipt.noted[SPACES] = receipt.noted.get(SPACES, 0) + encoded.spaces
    lengths = receipt.histograms.setdefault("tokens", {})
    for edge, count in _lengths(np.diff(encoded.offsets)).items():
        lengths[edge] = lengths.get(edge, 0) + count


def _lengths(lengths: Any) -> dict[str, int]:
    """How many documents have from 2^k to 2^(k+1) - 1 tokens; the key is the lower edge, 0 for no token."""
    edges = np.where(lengths > 0, np.int64(1) << np.int64(np.log2(np.maximum(lengths, 1))), 0)
    return {str(edge): int(count) for edge, count in zip(*np.unique(edges, return_counts=True), strict=True)}


class _Batches:
    """Record batches of a token shard, cut where the documents themselves say, never where they happened to arrive together."""

    def __init__(self, writer: Any, schema: pa.Schema, most: int) -> None:
        self._writer, self._schema, self._most = writer, schema, most
        self._ids: list[pa.Array] = []
        self._tokens: list[Any] = []
        self._lengths: list[Any] = []
        self._held = 0

    def add(self, ids: pa.Array, encoded: Encoded) -> None:
        """Adds documents; a batch ends with the document that fills it."""
        start = 0
        while start < len(ids):
            ends = encoded.offsets[start + 1 :] - encoded.offsets[start]
            end = start + 1 + int(np.searchsorted(ends, self._most - self._held))
            self._hold(ids, encoded, start, min(end, len(ids)))
            if self._held >= self._most:
                self.flush()
            start = end

    def _hold(self, ids: pa.Array, encoded: Encoded, start: int, end: int) -> None:
        first, last = encoded.offsets[start], encoded.offsets[end]
        self._ids.append(ids.slice(start, end - start))
        self._tokens.append(encoded.tokens[first:last])
        self._lengths.append(np.diff(encoded.offsets[start : end + 1]))
        self._held += int(last - first)

    def flush(self) -> None:
        """Writes what is held as one record batch."""
        if not self._ids:
            return
        lengths = np.concatenate(self._lengths)
        offsets = np.zeros(len(lengths) + 1, np.int32)
        np.cumsum(lengths, out=offsets[1:])
        values = pa.array(np.concatenate(self._tokens))
        tokens = pa.ListArray.from_arrays(pa.array(offsets), values, type=self._schema.field("tokens").type)
        self._writer.write_batch(pa.record_batch([pa.concat_arrays(self._ids), tokens], schema=self._schema))
        self._ids, self._tokens, self._lengths, self._held = [], [], [], 0
