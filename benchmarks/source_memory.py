"""Peak memory of `python -m pipeline.run` over books, arXiv and Stack Exchange, all its processes, as their inputs grow.

    python -m benchmarks.source_memory books|arxiv|stackexchange FOLDER [--sizes=...] [--workers=2]

The inputs are made in FOLDER and go again. Sizes and what should not matter:

    books          words of a book, in thousands (200, 2000, 10000), of a tar that holds ten million words in all: books of words drawn from real novels
    arxiv          MB of LaTeX (50, 200): the real papers of `benchmarks.source_inputs_arxiv` under many ids, a bulk archive for each 25 MB
    stackexchange  MB of Posts.xml (50, 200, 600): one file, all answers before the first question, three to each

Proportional set sizes, so that pages which processes share count once.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import sys
import tarfile
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from benchmarks import source_inputs_arxiv, whole_runs
from benchmarks.source_inputs_books import novels

ALL_WORDS = 10_000_000
ROUND_BYTES = 1_800_000
"""LaTeX in one round of the real papers."""
ARCHIVE_ROUNDS = 14
ANSWERS = 3
SENTENCES = 10_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.source_memory", description=__doc__.split("\n")[0])
    parser.add_argument("source", choices=sorted(MAKERS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes")
    parser.add_argument("--workers", type=int, default=2)
    flags = parser.parse_args()
    sizes, make = MAKERS[flags.source]
    peaks: dict[int, int] = {}
    for size in map(int, (flags.sizes or sizes).split(",")):
        with tempfile.TemporaryDirectory(dir=flags.folder) as name:
            paths = make(Path(name), size)
            outcome = whole_runs.run(paths, Path(name), Path(name) / "run", flags.workers, source=flags.source)
        peaks[size] = outcome.peak
        print(
            f"{size:6}: peak {outcome.peak / 1e6:.0f} MB with {flags.workers} workers, {outcome.wall:.0f} s, {outcome.summary}", flush=True
        )
    first, last = next(iter(peaks)), list(peaks)[-1]
    print(f"{last} / {first}: {peaks[last] / peaks[first]:.3f}, {(peaks[last] - peaks[first]) / 1e6:+.0f} MB")
    return 0


def books(folder: Path, thousands: int) -> list[Path]:
    words, dice = _words(), random.Random(thousands)
    path = folder / "books.tar"
    with tarfile.open(path, "w") as archive:
        for number in range(ALL_WORDS // (1000 * thousands)):
            text = " ".join(dice.choices(words, k=1000 * thousands))
            member = tarfile.TarInfo(f"{number:05}.txt")
            data = re.sub("((?:[^ ]+ ){12})", r"\1\n", text).encode()
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return [path]


def arxiv(folder: Path, megabytes: int) -> list[Path]:
    packed, made = list(source_inputs_arxiv.papers()), []
    rounds = max(megabytes * 10**6 // ROUND_BYTES, 1)
    for number in range(-(-rounds // ARCHIVE_ROUNDS)):
        month = f"{10 + number // 12:02}{1 + number % 12:02}"
        made.append(folder / f"arXiv_src_{month}_001.tar")
        source_inputs_arxiv.write(made[-1], month, packed * min(ARCHIVE_ROUNDS, rounds - number * ARCHIVE_ROUNDS))
    return made


def stackexchange(folder: Path, megabytes: int) -> list[Path]:
    words, dice = _words(), random.Random(megabytes)
    sentences = [f"&lt;p&gt;{' '.join(dice.choices(words, k=14))}&lt;/p&gt;&#xA;" for _ in range(SENTENCES)]
    path, questions = folder / "made.stackexchange.com.xml", megabytes * 10**6 // (4 * 1000)
    with path.open("w") as out:
        out.write('<?xml version="1.0" encoding="utf-8"?>\n<posts>\n')
        for number in range(questions * ANSWERS):
            body = "".join(dice.choices(sentences, k=7))
            parent = dice.randrange(questions) + 1
            out.write(
                f'  <row Id="{questions + number + 1}" PostTypeId="2" ParentId="{parent}" CreationDate="2020-01-01T00:00:00.000" '
                f'Score="{number % 50}" Body="{body}" LastActivityDate="2020-01-02T00:00:00.000" ContentLicense="CC BY-SA 4.0" />\n'
            )
        for number in range(questions):
            body = "".join(dice.choices(sentences, k=7))
            out.write(
                f'  <row Id="{number + 1}" PostTypeId="1" CreationDate="2020-01-01T00:00:00.000" Score="1" Body="{body}" Title="A title" '
                'Tags="&lt;one&gt;&lt;two&gt;" LastActivityDate="2020-01-02T00:00:00.000" ContentLicense="CC BY-SA 4.0" />\n'
            )
        out.write("</posts>\n")
    return [path]


def _words() -> list[str]:
    return [word for book in islice(novels(), 3) for word in re.findall("[a-z]+", book.text)]


MAKERS: dict[str, tuple[str, Callable[[Path, int], list[Path]]]] = {
    "books": ("200,2000,10000", books),
    "arxiv": ("50,200", arxiv),
    "stackexchange": ("50,200,600", stackexchange),
}


if __name__ == "__main__":
    sys.exit(main())
