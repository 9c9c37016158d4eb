"""Peak memory of `python -m pipeline.run`, all its processes, at 50, 200 and 800 MB of text.

    python -m benchmarks.memory FOLDER [--sizes=50,200,800] [--workers=2]

FOLDER is a corpus of `python -m benchmarks.corpus`. As in the black-box check of the project's contract the texts are made of the corpus's
words: lines of 14, of which three in ten are drawn from 10,000 that all pages share, so that the lines that are kept grow with the size; ten
megabytes a file. Proportional set sizes, so that pages which processes share count once. All steps are on, and all that is measured is kept.
Goal: at 800 MB at most 10 per cent and 50 MB more than at 200, and at most 1 GB a worker.
"""

from __future__ import annotations

import argparse
import gzip
import random
import shutil
import sys
import tempfile
from itertools import islice
from pathlib import Path

from benchmarks import corpus, models, whole_runs
from pipeline.sources import commoncrawl

FILE_BYTES = 10**7
SHARED_LINES = 10_000
OPEN = [
    "--set",
    "languages=any",
    "--set",
    "buckets=any",
    "--set",
    "measure_perplexity=true",
    "--set",
    "min_language_score=0",
    "--set",
    "min_reference=0",
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", default="50,200,800")
    parser.add_argument("--workers", type=int, default=2)
    flags = parser.parse_args()
    models.prepare(flags.folder, commoncrawl.LLAMA)
    words = [word for page in islice(models.pages(corpus.paths(flags.folder), commoncrawl.LLAMA), 200) for word in page.text.split()]
    peaks: dict[int, int] = {}
    for size in map(int, flags.sizes.split(",")):
        with tempfile.TemporaryDirectory(dir=flags.folder) as name:
            paths = make(Path(name), words, size)
            outcome = whole_runs.run(paths, flags.folder / "models", Path(name) / "run", flags.workers, OPEN)
            shutil.rmtree(name, ignore_errors=True)
            Path(name).mkdir()
        peaks[size] = outcome.peak
        print(
            f"{size:4} MB: peak {outcome.peak / 1e6:.0f} MB with {flags.workers} workers, {outcome.wall:.0f} s, {outcome.summary}",
            flush=True,
        )
    sizes = list(peaks)
    if len(sizes) > 1:
        first, last = sizes[-2:]
        print(
            f"{last} MB / {first} MB: {peaks[last] / peaks[first]:.3f}, {(peaks[last] - peaks[first]) / 1e6:+.0f} MB (goal: 1.1 and 50 MB)"
        )
    return 0


def make(folder: Path, words: list[str], megabytes: int) -> list[Path]:
    """Files of ten megabytes of text."""
    shared = [" ".join(random.Random(i).choices(words, k=14)) for i in range(SHARED_LINES)]
    made = []
    for number in range(megabytes * 10**6 // FILE_BYTES):
        dice, total = random.Random(f"{megabytes}/{number}"), 0
        made.append(folder / f"{number:03}.warc.wet.gz")
        with gzip.open(made[-1], "wb", compresslevel=1) as file:
            while total < FILE_BYTES:
                text = "\n".join(dice.choice(shared) if dice.random() < 0.3 else " ".join(dice.choices(words, k=14)) for _ in range(40))
                file.write(corpus.record(f"http://made.example/{number}/{total}", f"Title\n{text}\n".encode()))
                total += len(text.encode())
    return made


if __name__ == "__main__":
    sys.exit(main())
