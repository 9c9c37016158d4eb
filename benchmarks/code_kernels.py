"""The kernels of the GitHub source, against plain Python and `spdx-lookup`: `python -m benchmarks.code_kernels [FOLDER OR TAR ...]`.

The texts are the files of the given trees, by default those of the shared data; ratios hold between machines, megabytes a second do not.
"""

from __future__ import annotations

import re
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import spdx

from transforms import licence_headers, licences, source_code
from transforms.texts import Texts

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "github"
ROUNDS = 5
CURVE = {
    "a code file": lambda size: "// Copyright X\n\n" + "int a = 1;\n" * (size // 11),
    "// all over": lambda size: "// Copyright\n" * (size // 13),
    "// without a word": lambda size: "// comment\n" * (size // 11),
    "/* never closed": lambda size: "/* Copyright " * (size // 13),
    "/* closed": lambda size: "/* Copyright */\n\n" * (size // 17),
    "/* kept": lambda size: "/* a */\n\n" * (size // 9),
    "/****": lambda size: "/" + "*" * size + " Copyright */",
}


def files(places: list[Path]) -> Iterator[tuple[str, str]]:
    """Path and text of every file in folders and tar archives."""
    for place in places:
        if place.is_dir():
            for path in sorted(place.rglob("*")):
                if path.is_file():
                    yield str(path.relative_to(place)), path.read_bytes().decode("utf-8", "replace")
        else:
            with tarfile.open(place) as archive:
                for member in archive:
                    content = archive.extractfile(member) if member.isfile() else None
                    if content is not None:
                        yield member.name, content.read().decode("utf-8", "replace")


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The best of some rounds, after one that warms up."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def plain_measures(texts: list[str]) -> list[tuple[int, int, float, float, int]]:
    """What RedPajama and CodeParrot compute, a document at a time."""
    out = []
    for text in texts:
        lengths = [len(line) for line in text.splitlines()]
        alphanumeric = sum(map(str.isalnum, text))
        mean = sum(lengths) / max(len(lengths), 1)
        out.append((len(lengths), max(lengths, default=0), mean, alphanumeric / max(len(text), 1), sum(map(str.isalpha, text))))
    return out


_COMMENT = re.compile(r"/\*.*?\*/", re.S)


def plain_headers(texts: list[str]) -> list[str]:
    """A header remover of a few lines, such as RedPajama's (spec 5.3): what it costs, not what it should give."""
    out = []
    for text in texts:
        comment = _COMMENT.search(text)
        if comment:
            out.append(text[: comment.start()] + text[comment.end() :] if "copyright" in comment.group().lower() else text)
            continue
        lines = text.split("\n")
        first = next((number for number, line in enumerate(lines) if line and not line.startswith(("//", "#", "--"))), len(lines))
        out.append("\n".join(lines[first:]))
    return out


def columns(paths: list[str], texts: list[str]) -> None:
    """Megabytes a second on all files, and the ratio to plain Python."""
    column = Texts(pa.array(texts))
    size = len(column.buffer) / 1e6
    measured = source_code.measures(column)
    print(f"{len(texts)} files, {size:.1f} MB")
    plain = seconds(lambda: plain_measures(texts), 1)
    ours = seconds(lambda: source_code.measures(column))
    print(f"measures          {size / ours:8.0f} MB/s   plain Python {size / plain:6.1f} MB/s   x{plain / ours:.1f}")
    plain = seconds(lambda: plain_headers(texts))
    ours = seconds(lambda: licence_headers.remove_all(column, paths))
    print(f"licence headers   {size / ours:8.0f} MB/s   RedPajama-like {size / plain:4.0f} MB/s   x{plain / ours:.1f}")
    for name, work in (
        ("binary", lambda: source_code.binary(column, measured)),
        ("generated", lambda: source_code.generated(column, paths)),
        ("minified", lambda: source_code.minified(paths, measured)),
    ):
        print(f"{name:17} {size / seconds(work):8.0f} MB/s")


def identification() -> None:
    """Milliseconds a licence text."""
    texts = {
        name: spdx.License(next(record for record in spdx._licenses if record["id"] == name)).template
        for name in ("MIT", "Apache-2.0", "GPL-3.0")
    }
    for name, text in texts.items():
        own = seconds(lambda text=text: licences.expression(text))  # type: ignore[misc]
        line = f"licence {name:11} {1000 * own:6.2f} ms"
        try:
            import spdx_lookup
        except ImportError:
            print(line)
            continue
        other = seconds(lambda text=text: spdx_lookup.match(text), 1)  # type: ignore[misc]
        print(f"{line}   spdx-lookup {1000 * other:6.0f} ms   x{other / own:.0f}")


def curve() -> None:
    """Microseconds for removing the header of one text of 10 KB to 10 MB: linear, or bounded by what is looked at."""
    print("remove, us        " + "".join(f"{size:>12}" for size in (10_000, 100_000, 1_000_000, 10_000_000)))
    for name, make in CURVE.items():
        cells = []
        for size in (10_000, 100_000, 1_000_000, 10_000_000):
            column = Texts(pa.array([make(size)]))
            cells.append(seconds(lambda column=column: licence_headers.remove_all(column, ["a.c"]), 3))  # type: ignore[misc]
        print(f"{name:18}" + "".join(f"{1e6 * cell:12.0f}" for cell in cells))


def main() -> None:
    places = [Path(argument) for argument in sys.argv[1:]] or sorted(SHARED.glob("*.tar.gz"))
    if not places:
        sys.exit(f"expected folders or tar archives of source code, found none given and none in {SHARED.name}/ beside the checkout")
    paths, texts = map(list, zip(*files(places), strict=True))
    columns(paths, texts)
    identification()
    curve()


if __name__ == "__main__":
    main()
