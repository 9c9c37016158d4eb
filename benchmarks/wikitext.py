"""The wikitext stripper beside mwparserfromhell's strip_code, on the same pages, and over the length of a document.

    python -m benchmarks.wikitext FOLDER [--pages=200] [--longest=10]

FOLDER holds dumps (`*wiki*.xml`, `.xml.bz2` or `.xml.gz`, in any depth), each named after its language; articles are drawn from all of them by a printed seed.
CPU time of one process, the two in turns, page by page; a page on which mwparserfromhell takes over 20 s is left out of both and said. Goal: at least 5 times.
The curve: real articles joined to documents of 10 KB to --longest MB, and the same of openers that nothing closes; MB/s must not fall with the length.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mwparserfromhell

from transforms.wikitext import Wiki, is_redirect, strip, wiki_of

SEED = 20_260_101
PATIENCE = 20
"""ours: seconds for mwparserfromhell on one page; it is quadratic on what is not closed."""
BROKEN = ("{{a|", "[[a|", "<ref>", "\n{|", "<b>", "'''", "<!--", "{{nowrap|")
OPENERS: dict[str, Any] = {".xml": open, ".bz2": bz2.open, ".gz": gzip.open}
MEGABYTE = 1_000_000


def articles(folder: Path) -> Iterator[tuple[Wiki, str]]:
    """Wiki and source of each article of the dumps that is no redirect."""
    for path in sorted(path for path in folder.rglob("*wiki*.xml*") if path.suffix in OPENERS):
        language = re.match(r"([a-z]{2,3})wiki", path.name)
        wiki = wiki_of(language[1] if language else "en")
        try:
            yield from ((wiki, text) for text in texts(path) if not is_redirect(text, wiki))
        except ElementTree.ParseError as error:
            print(f"{path.name} is read up to here: {error}", file=sys.stderr)


def texts(path: Path) -> Iterator[str]:
    """Sources of the pages of namespace 0. Raises ParseError where the file is cut."""
    namespace = "0"
    with OPENERS[path.suffix](path, "rb") as file:
        for _, element in ElementTree.iterparse(file):
            tag = element.tag.rpartition("}")[2]
            if tag == "ns":
                namespace = element.text or ""
            elif tag == "text" and namespace == "0" and element.text:
                yield element.text


def cpu(work: Callable[[], Any]) -> float:
    """CPU seconds of a call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def beside_the_peer(pages: list[tuple[Wiki, str]]) -> None:
    """MB/s of both on the same pages, in turns, and the ratio."""

    def give_up(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, give_up)
    ours = theirs = megabytes = 0.0
    for wiki, page in pages:
        signal.alarm(PATIENCE)
        try:
            peer = cpu(lambda page=page: mwparserfromhell.parse(page).strip_code())  # type: ignore[misc]
        except TimeoutError:
            print(f"left out, mwparserfromhell took over {PATIENCE} s: a page of {len(page):,} characters")
            continue
        finally:
            signal.alarm(0)
        theirs += peer
        ours += cpu(lambda page=page, wiki=wiki: strip(page, wiki))  # type: ignore[misc]
        megabytes += len(page.encode()) / MEGABYTE
    print(
        f"{len(pages)} pages, {megabytes:.1f} MB: ours {megabytes / ours:.1f} MB/s, mwparserfromhell {megabytes / theirs:.2f} MB/s, {theirs / ours:.1f} times"
    )


def curve(pages: list[tuple[Wiki, str]], longest: int) -> None:
    """MB/s over a document's length."""
    english = wiki_of("en")
    joined, size = [], 0
    while size < longest * MEGABYTE:
        for _, page in pages:
            joined.append(page)
            size += len(page)
    real = "\n".join(joined)
    lengths = [length for length in (10_000, 100_000, MEGABYTE, 10 * MEGABYTE) if length <= longest * MEGABYTE]
    print("characters".ljust(20), *(f"{length:>12,}" for length in lengths))
    for name, source in [("real articles", real), *((repr(opener), opener) for opener in BROKEN)]:
        speeds = []
        for length in lengths:
            document = (source * (length // len(source) + 1))[:length]
            rounds = max(1, 200_000 // length)
            seconds = cpu(lambda document=document, rounds=rounds: [strip(document, english) for _ in range(rounds)])  # type: ignore[misc]
            speeds.append(len(document.encode()) * rounds / MEGABYTE / seconds)
        print(name.ljust(20), *(f"{speed:>7.1f} MB/s" for speed in speeds))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wikitext", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=200, help="pages drawn")
    parser.add_argument("--longest", type=int, default=10, help="MB of the longest document")
    flags = parser.parse_args()
    every = list(articles(flags.folder))
    if not every:
        print(f"no article in the dumps of {flags.folder}: expected files *wiki*.xml, .xml.bz2 or .xml.gz", file=sys.stderr)
        return 2
    pages = random.Random(SEED).sample(every, min(flags.pages, len(every)))
    print(f"seed {SEED}: {len(pages)} of {len(every)} articles")
    strip(pages[0][1], pages[0][0])  # patterns are compiled at the first call
    beside_the_peer(pages)
    curve(pages, flags.longest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
