"""The CommonCrawl stage on the corpus, one process and one thread: MB of text a second of CPU, by step and in total.

    python -m benchmarks.commoncrawl FOLDER [--files=24] [--groups=3] [--profile=PATH]

FOLDER is a corpus of `python -m benchmarks.corpus`. Beside each step stands the raw library on the same text; beside the total the sum of
our kernels alone on the same text (goal: at most 1.25 times that), and CCNet's own sequence of calls (goal: 4 times as fast, and the same
pages and lines left after every step). CPU time is this process's. The files are taken in groups, and in each group everything is measured
in turn, so that other work on the machine falls on all alike. Lines are compared within a group.
"""

from __future__ import annotations

import argparse
import cProfile
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from benchmarks import alone, ccnet, corpus, in_process, models
from benchmarks.in_process import Times
from benchmarks.raw_libraries import CALLS, Libraries
from pipeline import receipts
from pipeline.plan import Job
from pipeline.sources import commoncrawl

CONFIG = commoncrawl.LLAMA
DEDUPLICATED, ENGLISH, BUCKET = "deduplicate at the line level", "remove non-English pages", "filter low-quality content"


@dataclass
class Measured:
    """Sums over the groups."""

    text: float = 0.0
    run: Times = field(default_factory=Times)
    unreferenced: Times = field(default_factory=Times)
    alone: Times = field(default_factory=Times)
    raw: Times = field(default_factory=Times)
    ccnet: Times = field(default_factory=Times)
    given: Counter[str] = field(default_factory=Counter)
    ours: Counter[str] = field(default_factory=Counter)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commoncrawl", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=10**6)
    parser.add_argument("--groups", type=int, default=3)
    parser.add_argument("--profile", help="write a cProfile of the run there, and measure nothing else")
    flags = parser.parse_args()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    found = models.prepare(flags.folder, CONFIG)
    paths = corpus.paths(flags.folder)[: flags.files]
    with tempfile.TemporaryDirectory(dir=flags.folder) as scratch:
        _run(paths[:1], CONFIG, found, Path(scratch), Times())  # loads the models and the compiled kernels
        if flags.profile:
            profiler = cProfile.Profile()
            profiler.runcall(_run, paths, CONFIG, found, Path(scratch), Times())
            profiler.dump_stats(flags.profile)
            return 0
        measured, libraries, miner = Measured(), Libraries(found), ccnet.Mine(found)
        for group in range(flags.groups):
            _measure(paths[group :: flags.groups], found, Path(scratch), measured, libraries, miner)
            print(f"group {group + 1} of {flags.groups}: {measured.text:.0f} MB so far", file=sys.stderr)
    show(measured, miner)
    return 0


def _measure(
    paths: list[Path], found: commoncrawl.Models, scratch: Path, measured: Measured, libraries: Libraries, miner: ccnet.Mine
) -> None:
    with alone.recorded() as calls:
        job = _run(paths, CONFIG, found, scratch, Times())
    measured.text += calls.megabytes(alone.HASH)
    for kernel in alone.KERNELS:
        measured.given[kernel] += round(calls.megabytes(kernel) * 1e6)
    measured.ours.update(_counts(job))
    _run(paths, CONFIG, found, scratch, measured.run)
    alone.replay(calls, paths, CONFIG, measured.alone)
    libraries.replay(calls, paths, measured.raw)
    _run(paths, replace(CONFIG, min_reference=None), found, scratch, measured.unreferenced)
    miner.run(paths, measured.ccnet)


def _run(paths: list[Path], config: commoncrawl.CommonCrawl, found: commoncrawl.Models, scratch: Path, times: Times) -> Job:
    """A run into an empty folder."""
    shutil.rmtree(scratch / "run", ignore_errors=True)
    job, units = in_process.job_of("commoncrawl", paths, config, found, scratch / "run")
    in_process.run(job, units, times)
    return job


def _counts(job: Job) -> Counter[str]:
    """What is left after each step, as CCNet's miner counts it."""
    counts: Counter[str] = Counter()
    names = {"at least 300 characters": "pages", DEDUPLICATED: "pages with a line", ENGLISH: "English", BUCKET: "head and middle"}
    for number in range(len(job.stages)):
        for unit in range(job.units):
            receipt = receipts.read(job.receipt(number, unit))
            assert receipt is not None
            counts.update({names[step.label]: step.kept for step in receipt.steps if step.label in names})
            counts["lines"] += receipt.lines.get(DEDUPLICATED, {}).get("kept", 0)
    return counts


def show(measured: Measured, miner: ccnet.Mine) -> None:
    """Prints the tables."""
    text = measured.text
    print(f"\n{text:.1f} MB of text (pages of 300 characters and more), one process, CPU time\n")
    print(f"{'step':16}{'MB in':>8}{'kernel MB/s':>13}{'raw MB/s':>10}{'x':>6}{'ms per MB of corpus':>21}   raw library")
    for kernel in alone.KERNELS:
        given, ours, raw = measured.given[kernel] / 1e6, measured.alone.seconds[kernel], measured.raw.seconds[kernel]
        ratio = f"{raw / ours:.2f}"
        print(f"{kernel:16}{given:8.1f}{given / ours:13.1f}{given / raw:10.1f}{ratio:>6}{1000 * ours / text:21.1f}   {CALLS[kernel]}")
    print()
    for name, times in (("the run", measured.run), ("kernels alone", measured.alone), ("raw libraries", measured.raw)):
        print(f"{name:16}{text / times.total:8.2f} MB/s  {1000 * times.total / text:7.1f} ms per MB")
    print("of the run: " + ", ".join(f"{name} {1000 * seconds / text:.1f}" for name, seconds in measured.run.seconds.items()))
    print(f"the run / kernels alone: {measured.run.total / measured.alone.total:.3f} (goal: at most 1.25)")
    print("\nCCNet's sequence of calls, ms per MB: " + ", ".join(f"{k} {1000 * v / text:.1f}" for k, v in measured.ccnet.seconds.items()))
    once = measured.ccnet.total - measured.ccnet.seconds[ccnet.WRITE]
    twice = measured.ccnet.total + measured.ccnet.seconds[ccnet.READ] + measured.ccnet.seconds[ccnet.HASH]
    for name, seconds in (("read and hashed once, nothing written", once), ("as CCNet does it: read and hashed twice, written", twice)):
        print(
            f"{name}: {text / seconds:.2f} MB/s; ours {seconds / measured.unreferenced.total:.2f} times that, "
            f"with the reference classifier {seconds / measured.run.total:.2f} times (goal: 4)"
        )
    for name, count in miner.counts.items():
        same = "same" if count == measured.ours[name] else f"DIFFERS: ours {measured.ours[name]:,}"
        print(f"{name:20}{count:>12,}  {same}")


if __name__ == "__main__":
    sys.exit(main())
