"""Texts for `benchmarks.tokenizer`: real ones from the shared data (beside the checkout, or CRIA_SHARED_DATA), and made ones in which nothing comes twice."""

from __future__ import annotations

import gzip
import json
import os
import random
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from transforms import html

SHARED = Path(os.environ.get("CRIA_SHARED_DATA") or Path(__file__).resolve().parents[1] / "../shared/data")
MOST = 4_000_000
"""ours: characters of a corpus, so that a round takes seconds."""
LLAMA = SHARED / "models" / "llama-tokenizer.model"


def corpora() -> dict[str, list[str]]:
    """Documents by the name of their corpus. Raises SystemExit where the shared data is absent."""
    if not LLAMA.exists():
        raise SystemExit(f"benchmarks.tokenizer needs the shared data: expected {LLAMA}; set CRIA_SHARED_DATA")
    pages = {name: list(taken(extracted(*folders))) for name, folders in PAGES.items()}
    return {
        "English novels": list(taken(map(read, files("text/english-novels", "*.gz")))),
        "English web (C4)": list(taken(c4())),
        "source code": list(taken(code())),
        "79 languages, sentences": list(taken(map(read, files("langid/lingua-sentences", "*.txt")))),
        "94 languages, one text": list(taken(declarations())),
        **pages,
        "Thai, sentences": [read(SHARED / "langid/lingua-sentences/th.txt")],
        "Amharic, sentences": [read(SHARED / "langid/lingua-sentences/am.txt")],
        **dict(made()),
    }


PAGES = {
    "web pages, any language": ("cleaneval-dev", "CleanPortalEval", "newspaper4k", "trafilatura", "goose3", "readability"),
    "Chinese pages": ("debian-docs/debian-reference-zh-cn", "debian-installation-guide/zh_CN", "libreoffice-help/zh-cn"),
    "Japanese pages": ("debian-docs/debian-reference-ja", "debian-installation-guide/ja"),
    "Korean pages": ("debian-installation-guide/ko",),
    "Russian pages": ("debian-docs/debian-faq-ru", "debian-docs/developers-reference-ru", "libreoffice-help/ru"),
    "Hindi pages": ("libreoffice-help/hi",),
}


def files(folder: str, pattern: str) -> list[Path]:
    return sorted(path for path in (SHARED / folder).rglob(pattern) if path.is_file())


def read(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode(errors="replace")


def taken(texts: Iterator[str]) -> Iterator[str]:
    """Texts until MOST characters are reached."""
    held = 0
    for text in texts:
        if held >= MOST:
            return
        yield text
        held += len(text)


def extracted(*folders: str) -> Iterator[str]:
    """The text of HTML pages."""
    for folder in folders:
        for path in files(f"html/{folder}", "*.html.gz"):
            text = html.extract(gzip.decompress(path.read_bytes()), None).text
            if text:
                yield text


def c4() -> Iterator[str]:
    for path in files("c4", "*"):
        for line in read(path).splitlines():
            row = json.loads(line)
            if "fr" not in path.name:
                yield from (value for value in row.values() if isinstance(value, str) and len(value) > 200)


def code() -> Iterator[str]:
    for path in files("github", "*.tar.gz"):
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() and member.size < 500_000 else None
                if file:
                    yield file.read().decode(errors="replace")


def declarations() -> Iterator[str]:
    with zipfile.ZipFile(SHARED / "langid/nltk-udhr.zip") as archive:
        for name in archive.namelist():
            if "UTF8" in name:
                yield archive.read(name).decode(errors="replace")


def made() -> Iterator[tuple[str, list[str]]]:
    """Texts for which a cache does not help."""
    chance = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    yield "made: all words distinct", [" ".join("".join(chance.choices(letters, k=chance.randint(4, 12))) for _ in range(100_000))]
    yield "made: letters", ["".join(chance.choices(letters, k=500_000))]
    yield "made: base64", ["".join(chance.choices(letters + letters.upper() + "0123456789+/", k=500_000))]
    yield "made: Latin-1 bytes", [bytes(chance.choices(range(256), k=500_000)).decode("latin-1")]
    yield "made: Chinese characters", ["".join(map(chr, chance.choices(range(0x4E00, 0x9FFF), k=300_000)))]
    yield "made: emoji", ["".join(map(chr, chance.choices(range(0x1F300, 0x1F700), k=200_000)))]
    yield "made: one letter", ["a" * 1_000_000]
    yield "made: spaces", [" " * 1_000_000]
