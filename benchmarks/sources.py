"""Whole sources, one process and one thread: MB of text a second of CPU, beside the sum of what the recipe itself calls on the same bytes.

    python -m benchmarks.sources SOURCE [FOLDER] [--only=VARIANT] [--groups=3] [--profile=PATH]

FOLDER is a corpus of `python -m benchmarks.corpus`; `benchmarks.source_inputs` packs the inputs there and says what they are. The sum has the raw
libraries' reading (`source_readers`), every function of the recipe on the very batches that the run gave it, and pyarrow writing the same rows
(`steps_alone`); goal: the run takes at most 1.25 times that. langdetect stands apart: both without it. The whole run over Wikipedia also stands beside
mwparserfromhell's strip_code alone on every twelfth page (goal: at least 5 times as fast). CPU time is the process's. The files are taken in groups, and in
each group everything is measured in turn, so that other work on the machine falls on all alike. A text counts as many bytes as it has when it is read.
"""

from __future__ import annotations

import argparse
import cProfile
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import in_process, source_inputs, steps_alone
from benchmarks.in_process import Times
from benchmarks.source_inputs_shared import shared
from benchmarks.source_peer import Peer
from benchmarks.source_readers import READERS
from pipeline import files, models, plan, setup
from pipeline.part import Part
from pipeline.plan import Job, Unit
from pipeline.reading import BATCH_BYTES
from pipeline.records import Document, Read, Row

VARIANTS = {
    "c4": ("released", "crawl"),
    "github": ("archives", "rows", "tables"),
    "wikipedia": ("multistream", "xml"),
    "books": ("archive", "texts"),
    "arxiv": ("bulk",),
    "stackexchange": ("archives7z", "gzip", "posts"),
}
APART = "language"
"""The step of C4 that is langdetect's arithmetic, which the goal leaves out."""


PEER_PAGES = 12
"""Of so many pages one goes to mwparserfromhell, which takes a second for each MB."""
RAW, ARROW = "read", "pyarrow.array of what is read"


@dataclass
class Measured:
    """Sums over the groups. `ours`: our reader alone, for what lies between it and the raw libraries."""

    stored: int = 0
    text: int = 0
    documents: int = 0
    run: Times = field(default_factory=Times)
    raw: Times = field(default_factory=Times)
    ours: Times = field(default_factory=Times)
    alone: Times = field(default_factory=Times)
    peer: Peer | None = None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sources", description=__doc__.split("\n")[0])
    parser.add_argument("source", choices=sorted(VARIANTS))
    parser.add_argument("folder", type=Path, nargs="?", default=Path("corpus"))
    parser.add_argument("--only", help="one of the source's variants")
    parser.add_argument("--groups", type=int, default=3)
    parser.add_argument("--profile", help="write a cProfile of a run there, and measure nothing else")
    flags = parser.parse_args()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    for variant in VARIANTS[flags.source]:
        if flags.only in (None, variant):
            _variant(flags.source, variant, flags)
    return 0


def _variant(source: str, variant: str, flags: argparse.Namespace) -> None:
    if variant == "crawl":
        setup.obtain_punkt(flags.folder / "models")
    groups = source_inputs.groups(source, variant, flags.folder, flags.groups)
    config = _config(source, variant)
    found = models.find(config, str(flags.folder / "models"))
    with tempfile.TemporaryDirectory(dir=flags.folder) as scratch:
        bench = _Bench(source, config, found, Path(scratch), READERS[variant][1])
        bench.run(groups[0], Times())  # loads models and compiled kernels
        if flags.profile:
            profiler = cProfile.Profile(time.process_time)
            profiler.runcall(bench.run, [path for group in groups for path in group], Times())
            profiler.dump_stats(flags.profile)
            return
        measured = Measured(peer=Peer() if source == "wikipedia" else None)
        for number, paths in enumerate(groups):
            bench.measure(paths, measured)
            print(f"{source} {variant}: group {number + 1} of {len(groups)}, {measured.text / 1e6:.0f} MB so far", file=sys.stderr)
    show(f"{source} {variant}", READERS[variant][0], measured)
    if measured.peer:
        measured.peer.close()


def _config(source: str, variant: str) -> Any:
    config = plan.source_module(source).LLAMA
    if variant != "crawl":
        return config
    words = shared("wordlists") / "ldnoobw" / "en"
    return replace(config, origin="crawl", bad_words=str(words))


@dataclass
class _Bench:
    """One variant: its job, the folder for its output, and the raw libraries' reader."""

    source: str
    config: Any
    models: Any
    scratch: Path
    raw: Callable[[Path], None]

    def measure(self, paths: list[Path], measured: Measured) -> None:
        """Everything once on these files, in turn."""
        with steps_alone.recorded() as calls:
            job, units = self.run(paths, Times(), calls)
        self.run(paths, measured.run)
        with measured.raw(RAW):
            for path in paths:
                self.raw(path)
        with measured.ours(RAW):
            for unit in units:
                for _ in _read(job, unit):
                    pass
        steps_alone.replay(calls, job.module.CLEAN, measured.alone)
        measured.stored += sum(unit.size for unit in units)
        for unit in units:
            _again(job, unit, measured)

    def run(self, paths: list[Path], times: Times, calls: steps_alone.Calls | None = None) -> tuple[Job, list[Unit]]:
        """A run into an empty folder."""
        shutil.rmtree(self.scratch / "run", ignore_errors=True)
        job, units = in_process.job_of(self.source, paths, self.config, self.models, self.scratch / "run")
        if calls:
            calls.watch(job)
        in_process.run(job, units, times)
        return job, units


def _read(job: Job, unit: Unit) -> Iterator[Read]:
    with files.open_read(unit.path) as stream:
        yield from job.module.read(Part(stream, unit.path, unit.name, unit.file_size, unit.start, unit.end, unit.companion), job.config)


def _again(job: Job, unit: Unit, measured: Measured) -> None:
    """What is read once more: its columns as Arrow arrays in batches as large as the run's, its size, and some of its pages for the peer."""
    columns, held, types = defaultdict[str, list[Any]](list), 0, _types(job)
    for record in _read(job, unit):
        if not isinstance(record, Document | Row):
            continue
        given = {"text": record.text, **record.columns} if isinstance(record, Document) else dict(record.columns)
        for name, value in given.items():
            columns[name].append(value)
        text = given.get("text") or given.get("content") or given.get("body")
        if text:
            measured.text += len(text.encode())
            measured.documents += 1
            held += len(text)
        if measured.peer and isinstance(record, Document) and measured.documents % PEER_PAGES == 0:
            measured.peer.strip(record.text)
        if held >= BATCH_BYTES:
            _arrays(columns, types, measured)
            held = 0
    _arrays(columns, types, measured)


def _types(job: Job) -> dict[str, pa.DataType]:
    """Of the columns that the reader gives, of documents and of rows."""
    rows: dict[str, pa.Schema] = getattr(job.module, "ROWS", {})
    return {field.name: field.type for schema in (*rows.values(), job.module.READ) for field in schema}


def _arrays(columns: dict[str, list[Any]], types: dict[str, pa.DataType], measured: Measured) -> None:
    with measured.raw(ARROW):
        for name, values in columns.items():
            pa.array(values, types.get(name, pa.string()))
    columns.clear()


def show(name: str, library: str, measured: Measured) -> None:
    """Prints the table of a variant."""
    text = measured.text / 1e6
    apart = measured.alone.seconds.get(APART, 0.0) if name == "c4 crawl" else 0.0
    total = measured.raw.total + measured.alone.total
    print(
        f"\n{name}: {text:.1f} MB of text in {measured.documents:,} documents, {measured.stored / 1e6:.1f} MB as stored; one process, CPU time\n"
    )
    parts = {f"read: {library}": measured.raw.seconds[RAW], ARROW: measured.raw.seconds[ARROW], **measured.alone.seconds}
    for label, seconds in {**parts, "sum": total, "the run": measured.run.total}.items():
        if seconds >= 1e-5 * text:
            print(f"  {label[:64]:64}{1000 * seconds / text:9.2f} ms per MB" + (" (apart)" if apart and label == APART else ""))
    print("  of the run: " + ", ".join(f"{part} {1000 * seconds / text:.2f}" for part, seconds in measured.run.seconds.items()))
    ours = total - measured.raw.seconds[RAW] + measured.ours.total
    print(
        f"  our reader alone: {1000 * measured.ours.total / text:.2f} ms per MB; the run / the sum with it: {measured.run.total / ours:.3f}"
    )
    print(f"  the run: {text / measured.run.total:.1f} MB/s; / sum: {measured.run.total / total:.3f} (goal: at most 1.25)")
    if apart:
        print(
            f"  without langdetect: {text / (measured.run.total - apart):.1f} MB/s; / sum: {(measured.run.total - apart) / (total - apart):.3f}"
        )
    if measured.peer:
        _show_peer(measured.peer, measured)


def _show_peer(peer: Peer, measured: Measured) -> None:
    seconds, run = peer.seconds / peer.size * measured.text, measured.run.total
    strip = next(spent for step, spent in measured.alone.seconds.items() if step.startswith("remove hyperlinks"))
    print(
        f"  mwparserfromhell: {measured.text / 1e6 / seconds:.2f} MB/s ({peer.size / 1e6:.1f} MB, {peer.given_up} pages given up); "
        f"our stripper alone {seconds / strip:.1f} times that, the whole run {seconds / run:.1f} times (goal: at least 5), "
        f"{(seconds + measured.raw.seconds[RAW]) / run:.1f} times where the raw libraries read for it"
    )


if __name__ == "__main__":
    sys.exit(main())
