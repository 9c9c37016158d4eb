"""`python -m pipeline.run` on the corpus with one worker process and with two: wall time, and the same bytes.

    python -m benchmarks.workers FOLDER [--files=24] [--times=2]

FOLDER is a corpus of `python -m benchmarks.corpus`. Goal: two workers are 1.8 times as fast as one. Whole runs are compared, start-up,
loading of models and report included; and what the second half of the files adds to the first, which is what a long run tends to. The runs
take turns, and the fastest of each counts. A machine of two cores must have both for itself, or the wall times say little.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from itertools import product
from pathlib import Path

from benchmarks import corpus, models, whole_runs
from pipeline.sources import commoncrawl


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=10**6)
    parser.add_argument("--times", type=int, default=2)
    flags = parser.parse_args()
    models.prepare(flags.folder, commoncrawl.LLAMA)
    paths = corpus.paths(flags.folder)[: flags.files]
    fastest: dict[tuple[int, int], float] = {}
    digests: dict[int, set[str]] = {}
    with tempfile.TemporaryDirectory(dir=flags.folder) as scratch:
        for _, files, workers in product(range(flags.times), (len(paths) // 2, len(paths)), (1, 2)):
            outcome = whole_runs.run(paths[:files], flags.folder / "models", Path(scratch) / "run", workers)
            fastest[files, workers] = min(outcome.wall, fastest.get((files, workers), outcome.wall))
            digests.setdefault(files, set()).add(outcome.digest)
            print(
                f"{files:3} files, {workers} worker(s): {outcome.wall:5.1f} s, CPU {outcome.cpu:5.1f} s, "
                f"peak {outcome.peak / 1e6:.0f} MB, digest {outcome.digest}",
                flush=True,
            )
    whole = fastest[len(paths), 1] / fastest[len(paths), 2]
    added = [fastest[len(paths), workers] - fastest[len(paths) // 2, workers] for workers in (1, 2)]
    same = all(len(found) == 1 for found in digests.values())
    print(
        f"two workers are {whole:.2f} times as fast as one on the whole, {added[0] / added[1]:.2f} times on what the second half adds (goal: 1.8)"
    )
    print(f"bytes {'the same' if same else 'DIFFER'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
