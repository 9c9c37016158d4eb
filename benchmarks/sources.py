"""Whole sources, one process and one thread: MB of text a second of CPU, beside the sum of what the recipe itself calls on the same bytes.

    python -m benchmarks.sources c4|github|wikipedia [FOLDER] [--only=VARIANT] [--groups=3] [--profile=PATH]

FOLDER is a corpus of `python -m benchmarks.corpus`; `benchmarks.source_inputs` packs the inputs there and says what they are. The sum has the raw
libraries' reading (`source_readers`), every function of the recipe on the very batches that the run gave it, and pyarrow writing the same rows
(`steps_alone`); goal: the run takes at most 1.25 times that. langdetect stands apart: both without it. Wikipedia also runs beside mwparserfromhell
(goal: at least 5 times as fast). CPU time is this process's. The files are taken in groups, and in each group everything is measured in turn, so that
other work on the machine falls on all alike. A text counts as many bytes as it has when it is read.
"""

from __future__ import annotations

import argparse
import cProfile
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from benchmarks import in_process, source_inputs, steps_alone
from benchmarks.in_process import Times
from benchmarks.source_readers import READERS
from pipeline import files, models, plan, setup
from pipeline.part import Part
from pipeline.plan import Job, Unit
from pipeline.records import Document, Read, Row

VARIANTS = {"c4": ("released", "crawl"), "github": ("archives", "rows", "tables"), "wikipedia": ("multistream", "xml")}
APART = ("language",)
"""Steps whose cost is a library's, which the goal leaves out."""


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
    groups = source_inputs.groups(source, variant, flags.folder, flags.groups)
    config = _config(source, variant)
    found = models.find(config, str(flags.folder / "models"))
    with tempfile.TemporaryDirectory(dir=flags.folder) as scratch:
        measure = _Bench(source, config, found, Path(scratch), READERS[variant][1])
        measure.run(groups[0], Times())  # loads models and compiled kernels
        if flags.profile:
            profiler = cProfile.Profile(time.process_time)
            profiler.runcall(measure.run, [path for group in groups for path in group], Times())
            profiler.dump_stats(flags.profile)
            return
        measured = Measured()
        for number, paths in enumerate(groups):
            measure(paths, measured)
            print(f"{source} {variant}: group {number + 1} of {len(groups)}, {measured.text / 1e6:.0f} MB so far", file=sys.stderr)
    show(f"{source} {variant}", READERS[variant][0], measured)


def _config(source: str, variant: str) -> Any:
    config = plan.source_module(source).LLAMA
    if variant != "crawl":
        return config
    words = source_inputs.shared("wordlists") / "ldnoobw" / "en"
    return replace(config, origin="crawl", bad_words=str(words))


@dataclass
class _Bench:
    source: str
    config: Any
    models: Any
    scratch: Path
    raw: Any

    def __call__(self, paths: list[Path], measured: Measured) -> None:
        """Everything once on these files, in turn."""
        with steps_alone.recorded() as calls:
            job, units = self.run(paths, Times(), calls)
        self.run(paths, measured.run)
        with measured.raw("read"):
            for path in paths:
                self.raw(path)
        with measured.ours("read"):
            for unit in units:
                for _ in _read(job, unit):
                    pass
        steps_alone.replay(calls, job.module.CLEAN, measured.alone)
        measured.stored += sum(unit.size for unit in units)
        for text in (text for unit in units for text in _texts(job, unit)):
            measured.text += len(text.encode())
            measured.documents += 1

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


def _texts(job: Job, unit: Unit) -> Iterator[str]:
    for record in _read(job, unit):
        if isinstance(record, Document) and record.text:
            yield record.text
        elif isinstance(record, Row) and record.columns.get("content"):
            yield cast(str, record.columns["content"])


def show(name: str, library: str, measured: Measured) -> None:
    """Prints the table of a variant."""
    text = measured.text / 1e6
    apart = sum(measured.alone.seconds.get(step, 0.0) for step in APART)
    total = measured.raw.total + measured.alone.total
    print(f"\n{name}: {text:.1f} MB of text in {measured.documents:,} documents, {measured.stored / 1e6:.1f} MB as stored; one process, CPU time\n")
    rows = [(f"read: {library}", measured.raw.total), *measured.alone.seconds.items()]
    for label, seconds in rows:
        print(f"  {label[:64]:64}{1000 * seconds / text:9.2f} ms per MB" + (" (apart)" if label in APART else ""))
    print(f"  {'sum':64}{1000 * total / text:9.2f} ms per MB")
    print(f"  {'the run':64}{1000 * measured.run.total / text:9.2f} ms per MB   {text / measured.run.total:.1f} MB/s")
    print("  of it: " + ", ".join(f"{part} {1000 * seconds / text:.2f}" for part, seconds in measured.run.seconds.items()))
    print(f"  our reader alone: {1000 * measured.ours.total / text:.2f} ms per MB; with it in the sum: {1000 * (total - measured.raw.total + measured.ours.total) / text:.2f}")
    print(f"  the run / sum: {measured.run.total / total:.3f} (goal: at most 1.25)", end="")
    print(f"; both without langdetect: {(measured.run.total - apart) / (total - apart):.3f}" if apart else "")


if __name__ == "__main__":
    sys.exit(main())
