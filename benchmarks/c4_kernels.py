"""C4's kernels beside what they replace, on the same texts in one process: `python -m benchmarks.c4_kernels BAD_WORDS FOLDER...`.

BAD_WORDS is a list of one entry a line, such as LDNOOBW's `en`; a FOLDER holds plain text or JSON lines with a `text` (.txt, .jsonl, and their .gz).
Long texts are cut into pages of about PAGE_CHARACTERS at blank lines. What is slow is measured on the first pages. CPU seconds of one process,
the better of two rounds. The second table is one page of 10 KB to 10 MB: nanoseconds a byte, which a linear kernel keeps.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from langdetect import detector_factory
from langdetect.lang_detect_exception import LangDetectException
from nltk.tokenize.punkt import PunktSentenceTokenizer, load_punkt_params

from pipeline import setup
from transforms import addresses
from transforms.bad_words import BadWords
from transforms.detection import Detector
from transforms.line_rules import LineRules, judge
from transforms.sentences import Sentences
from transforms.texts import Texts

PAGE_CHARACTERS = 3000
"""ours: about the mean of a C4 page."""
SLOW_BYTES = 10**6
SIZES = (10**4, 10**5, 10**6, 10**7)
CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
Kernel = tuple[str, str, Callable[[Texts], object], Callable[[list[str]], object]]


class Folder(str):
    """What NLTK asks of a path."""

    def join(self, name: str) -> Path:  # type: ignore[override]
        return Path(self) / name


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.c4_kernels", description=__doc__.split("\n")[0])
    parser.add_argument("bad_words", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--models", type=Path, help="a folder with punkt_tab/english; fetched where there is none")
    flags = parser.parse_args()
    pages = [page for folder in flags.folders for page in read(folder)]
    if not pages:
        print("benchmarks.c4_kernels: no page in these folders", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        tried = kernels(str(setup.obtain_punkt(flags.models or scratch)), flags.bad_words.read_text("utf-8"))
    texts, few = Texts(pa.array(pages)), first(pages)
    size, few_size = len(texts.buffer), sum(len(page.encode()) for page in few)
    print(f"{len(pages):,} pages, {size / 1e6:.1f} MB; what they replace on {few_size / 1e6:.1f} MB")
    for name, replaced, kernel, plain in tried:
        kernel(texts)
        ours, theirs = size / best(lambda: kernel(texts)) / 1e6, few_size / best(lambda: plain(few)) / 1e6  # noqa: B023
        print(f"{name:22} {ours:8.1f} MB/s   {replaced:42} {theirs:8.2f} MB/s   {ours / theirs:6.1f} times")
    whole = "\n".join(pages)
    print("one page of        " + "".join(f"{length:>14,}" for length in SIZES) + "   ns a byte")
    for name, _, kernel, _ in tried:
        spent = []
        for length in SIZES:
            page = Texts(pa.array([(whole * (1 + length // len(whole)))[:length]]))
            spent.append(1e9 * best(lambda: kernel(page)) / len(page.buffer))  # noqa: B023
        print(f"{name:19}" + "".join(f"{nanoseconds:14.1f}" for nanoseconds in spent))
    return 0


def read(folder: Path) -> list[str]:
    """The pages of a folder's files."""
    pages: list[str] = []
    for path in sorted(folder.rglob("*")):
        name = path.name.removesuffix(".gz")
        if path.is_file() and name.endswith((".txt", ".jsonl", ".json")):
            data = path.read_bytes()
            text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode(errors="replace")
            if name.endswith(".txt"):
                pages += cut(text)
            else:
                pages += [row["text"] for row in map(json.loads, filter(None, text.split("\n"))) if "text" in row]
    return pages


def cut(text: str) -> list[str]:
    """Pages of about PAGE_CHARACTERS."""
    pages = [""]
    for paragraph in re.split(r"\n\s*\n", text):
        if len(pages[-1]) > PAGE_CHARACTERS:
            pages.append("")
        pages[-1] += paragraph + "\n"
    return pages


def first(pages: list[str]) -> list[str]:
    """Pages spread over all of them, SLOW_BYTES together."""
    size = sum(map(len, pages))
    return pages[:: max(1, size // SLOW_BYTES)]


def best(call: Callable[[], object]) -> float:
    """CPU seconds of the better of two rounds."""
    rounds = []
    for _ in range(2):
        started = time.process_time()
        call()
        rounds.append(time.process_time() - started)
    return min(rounds)


def kernels(punkt: str, listed: str) -> list[Kernel]:
    """Name, what it replaces, ours on a column, that on strings."""
    sentences, words, detector, rules = Sentences(punkt), BadWords(listed, "en"), Detector(), LineRules()
    tokenizer = PunktSentenceTokenizer(load_punkt_params(Folder(punkt)))
    pattern = re.compile(rf"(?:\W|^)({'|'.join(map(re.escape, words.entries))})(?:\W|$)")
    return [
        (
            "sentences of lines",
            "nltk PunktSentenceTokenizer, a line",
            lambda texts: line_counts(sentences, texts),
            lambda pages: sentence_lines(tokenizer, pages),
        ),
        (
            "sentences of pages",
            "nltk PunktSentenceTokenizer, a page",
            sentences.counts,
            lambda pages: [tokenizer.tokenize(page) for page in pages],
        ),
        (
            "line rules",
            "str methods and re, a line",
            lambda texts: judge(texts, rules),
            lambda pages: [clean(page, rules) for page in pages],
        ),
        ("bad words", "re, a page", words.hits, lambda pages: [pattern.search(page.lower()) for page in pages]),
        ("language", "langdetect, a page", detector.detect, lambda pages: list(map(languages, pages))),
        (
            "normal form, as if URL",
            "re, an address",
            lambda texts: addresses.normal_form(texts.array),
            lambda pages: list(map(normal, pages)),
        ),
    ]


def line_counts(sentences: Sentences, texts: Texts) -> object:
    return sentences.counts_between(texts.buffer, texts.lines.starts, texts.lines.ends)


def sentence_lines(tokenizer: PunktSentenceTokenizer, pages: list[str]) -> list[int]:
    return [sum(len(tokenizer.tokenize(line)) for line in page.split("\n")) for page in pages]


def clean(page: str, rules: LineRules) -> str:
    """The rules as C4's code has them, one line after the other."""
    kept = []
    for line in page.splitlines():
        line = line.strip()
        if any(len(word) > 1000 for word in line.split()):
            continue
        line = CITATION.sub("", line)
        if not line.endswith(rules.end_marks) or line.endswith(rules.ellipses) or len(line.split()) < rules.min_words:
            continue
        lowered = line.lower()
        if "lorem ipsum" in lowered:
            return ""
        if "javascript" in lowered:
            continue
        if "{" in line:
            return ""
        if not any(policy in lowered for policy in rules.policies):
            kept.append(line)
    return "\n".join(kept).strip()


def languages(page: str) -> object:
    detector_factory.DetectorFactory.seed = 0
    try:
        return detector_factory.detect_langs(page)
    except LangDetectException:
        return None


def normal(url: str) -> str:
    return re.sub(r"\?(utm_|ref|feed).*", "", re.sub(r"https?://(www\.)?", "", url)).rstrip("/")


if __name__ == "__main__":
    sys.exit(main())
