"""Line deduplication, ours beside datatrove's three-stage sentence deduplication (n_sentences=1, split at newlines), on the same files.

    python -m benchmarks.line_deduplication FOLDER [--files=24]

FOLDER is a corpus of `python -m benchmarks.corpus`. Its pages are first written as Parquet, which both read, and both write what is left as
Parquet: one process each, CPU time. Ours: hash every line, exchange the keys by hash range, remove; the first copy stays, as in datatrove.
The parts alone are the runs less reading and writing, measured with the same readers and writers. datatrove goes into a virtual environment
of its own, FOLDER/datatrove-environment (its extras name no spaCy, which its English tokenizer asks for as soon as it is made).

The keys differ: datatrove's normal form also drops ASCII punctuation and joins white space, and it leaves blank lines alone; its positions
are 16 bits, so that lines beyond the 65,536th of a page are beyond it. Goal: at least 30 times datatrove's speed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import corpus, models, peer_environment
from benchmarks.in_process import Times
from pipeline import exchange, verdicts
from pipeline.sources import commoncrawl
from transforms import lines
from transforms.removal import keep_lines
from transforms.texts import Texts

DATATROVE = ("datatrove[io,processing]==0.10.1", "spacy==3.8.18")
PARTITIONS = 8
BATCH = 1024
"""ours: pages of a batch, some 4 MB."""
SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string())])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.line_deduplication", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=10**6)
    flags = parser.parse_args()
    pa.set_cpu_count(1)
    python = peer_environment.python_of(flags.folder / "datatrove-environment", DATATROVE)
    with tempfile.TemporaryDirectory(dir=flags.folder) as name:
        scratch = Path(name)
        inputs, megabytes = convert(corpus.paths(flags.folder)[: flags.files], scratch / "input")
        times = Times()
        deduplicate(inputs[:1], scratch / "warm", Times())
        copy(inputs, scratch / "copied", times)
        left = deduplicate(inputs, scratch / "ours", times)
        command = [str(python), str(Path(__file__).with_name("datatrove_lines.py")), name, str(len(inputs))]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"datatrove ended with {done.returncode}: {done.stderr[-2000:]}")
        peer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        theirs = sum(count_lines(path) for path in sorted((scratch / "datatrove" / "left").glob("*.parquet")))
    show(megabytes, times, peer, left, theirs)
    return 0


def convert(paths: list[Path], folder: Path) -> tuple[list[Path], float]:
    """The corpus as Parquet files of id and text; their paths, and MB of text."""
    folder.mkdir()
    written: list[Path] = []
    size = 0
    for path in paths:
        found = models.pages([path], commoncrawl.LLAMA)
        target = folder / f"{len(written):05d}.parquet"
        with pq.ParquetWriter(target, SCHEMA, compression="zstd") as writer:
            while pages := list(islice(found, BATCH)):
                texts = pa.array([page.text for page in pages], pa.string())
                size += len(Texts(texts).buffer)
                writer.write_batch(pa.RecordBatch.from_arrays([pa.array([str(page.key) for page in pages]), texts], schema=SCHEMA))
        written.append(target)
    return written, size / 1e6


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The pages of a file."""
    yield from pq.ParquetFile(path).iter_batches(BATCH)


def copy(inputs: list[Path], folder: Path, times: Times) -> None:
    """Reads alone, and reads and writes, for the parts to be told apart."""
    folder.mkdir()
    with times("read"):
        for path in inputs:
            for _ in batches(path):
                pass
    with times("read, write"):
        for path in inputs:
            with pq.ParquetWriter(folder / path.name, SCHEMA, compression="zstd") as writer:
                for batch in batches(path):
                    writer.write_batch(batch)


def deduplicate(inputs: list[Path], folder: Path, times: Times) -> int:
    """Our three parts on all files as one group; gives the lines that are left."""
    folder.mkdir()
    with times("hash"):
        sent = [hash_file(path, folder / f"{path.name}.keys") for path in inputs]
    with times("exchange"):
        given = compare(sent, folder)
    with times("remove"):
        return sum(remove(path, folder / path.name, sent[unit], given.get(unit, []), unit) for unit, path in enumerate(inputs))


def hash_file(path: Path, keys: Path) -> tuple[Path, list[exchange.Run]]:
    """The keys of a file's lines, in runs."""
    document = 0
    with keys.open("wb") as stream:
        sender = exchange.Sender(stream)
        for batch in batches(path):
            texts = Texts(batch.column("text"))
            sender.add(lines.hashes(texts), (document + texts.lines.documents).astype(np.uint32))
            document += len(texts)
        return keys, sender.close()


def compare(sent: list[tuple[Path, list[exchange.Run]]], folder: Path) -> dict[int, list[verdicts.VerdictClaim]]:
    """The verdicts for each file."""
    ranges: dict[int, list[exchange.Claim]] = {}
    for unit, (keys, runs) in enumerate(sent):
        for partition, claim in exchange.claims(str(keys), unit, runs, PARTITIONS):
            ranges.setdefault(partition, []).append(exchange.Claim(**claim))
    given: dict[int, list[verdicts.VerdictClaim]] = {}
    names: Callable[[int, exchange.Array], list[str]] = lambda unit, documents: [f"{unit}/{number}" for number in documents.tolist()]  # noqa: E731
    for partition, claims in ranges.items():
        for unit, verdict in verdicts.decide(claims, str(folder / f"{partition}.verdicts"), names):
            given.setdefault(unit, []).append(verdict)
    return given


def remove(path: Path, target: Path, sent: tuple[Path, list[exchange.Run]], given: list[verdicts.VerdictClaim], unit: int) -> int:
    """Writes a file's pages without the lines that an earlier page or the page itself had before; gives the lines left."""
    keys, runs = sent
    rows, document, current, left = exchange.Rows(str(keys), runs), 0, -1, 0
    with pq.ParquetWriter(target, SCHEMA, compression="zstd") as writer:
        for batch in batches(path):
            texts = Texts(batch.column("text"))
            run, row, repeated = rows.next(len(texts.lines))
            if run != current:
                current, found = run, verdicts.read_verdicts([claim for claim in given if claim.run == run], runs[run].distinct)
            record = found.place[row]
            known = np.flatnonzero(record >= 0)
            kept = ~repeated
            kept[known] &= found.records["holder"][record[known]] == document + texts.lines.documents[known]
            left += int(kept.sum())
            document += len(texts)
            writer.write_batch(pa.RecordBatch.from_arrays([batch.column("id"), keep_lines(texts, kept)], schema=SCHEMA))
    rows.close()
    return left


def count_lines(path: Path) -> int:
    """Lines of a file's pages."""
    return sum(len(Texts(batch.column("text")).lines) for batch in batches(path))


def show(megabytes: float, times: Times, peer: dict[str, float], left: int, theirs: int) -> None:
    """Prints both, whole and in parts."""
    ours = times.seconds
    whole = ours["hash"] + ours["exchange"] + ours["remove"]
    parts = whole - ours["read"] - ours["read, write"]
    peer_whole = peer["signatures"] + peer["find"] + peer["filter"]
    peer_parts = peer_whole - peer["read"] - peer["read, write"]
    print(f"{megabytes:.1f} MB of text, one process each, CPU seconds")
    print("ours:      " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in ours.items()) + f"; {left:,} lines left")
    print("datatrove: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in peer.items()) + f"; {theirs:,} lines left")
    for name, mine, other in (("with reading and writing", whole, peer_whole), ("deduplication alone", parts, peer_parts)):
        print(f"{name}: ours {megabytes / mine:.1f} MB/s, datatrove {megabytes / other:.2f} MB/s: {other / mine:.1f} times (goal: 30)")


if __name__ == "__main__":
    sys.exit(main())
