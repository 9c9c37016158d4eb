"""Makes volume: 200 MB and more of real text as WET files, one gzip member a record, the same bytes from the same packages.

    python -m benchmarks.corpus FOLDER [--files=24]

What it is: the HTML pages of some ninety Debian documentation packages (manuals, references, tutorials, handbooks and help texts of
languages, databases, compilers, desktops, mathematics and music; English mostly, with German, French, Spanish, Italian, Portuguese,
Polish, Russian, Japanese, Korean and Chinese ones, and an installation guide in twenty languages) and, where the folder `shared/data` is
there (beside the checkout, or CRIA_SHARED_DATA), its pages of the open web. A page becomes a record through `transforms.html.extract`.
At most PACKAGE_BYTES of a package's text are taken, spread over its pages, and the records of all packages are mixed, as in a crawl.

What it is not: a crawl. Manuals repeat their navigation and licences, so about as many lines are duplicates as CCNet reports for 50
shards of a crawl; they hold more code and tables, and less bad text. apt-get must reach Debian's packages (after `apt-get update`); about
three minutes on 2 cores, and 6 GB in FOLDER/packages, which may be deleted afterwards.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from transforms import html

PACKAGES = """
    ant-doc apache2-doc bash-doc bind9-doc cargo-doc cinder-doc cmake-doc cppreference-doc-en-html db5.3-doc debian-faq debian-handbook
    debian-policy debian-reference-de debian-reference-en debian-reference-fr debian-reference-it debian-reference-ja debian-reference-pt
    debian-reference-zh-cn derby-doc developers-reference developers-reference-de developers-reference-fr developers-reference-it
    developers-reference-ja developers-reference-ru erlang-doc exim4-doc-html ffmpeg-doc fp-docs-3.2.2 fwupd-doc gap-doc
    ghc-doc glance-doc gradle-doc groonga-doc groovy-doc heat-doc imagemagick-6-doc installation-guide-amd64
    keystone-doc libboost1.74-doc libreoffice-help-de libreoffice-help-en-us libreoffice-help-es libreoffice-help-fr libreoffice-help-it
    libreoffice-help-ja libreoffice-help-ko libreoffice-help-pl libreoffice-help-pt-br libreoffice-help-ru libreoffice-help-zh-cn
    libstdc++-12-doc lilypond-doc-html lilypond-doc-html-de lilypond-doc-html-es lilypond-doc-html-fr lilypond-doc-html-ja linux-doc-6.1
    llvm-16-doc maint-guide maxima-doc neutron-doc nim-doc nova-doc octave-doc octavia-doc openjdk-17-doc pike8.0-doc
    postgresql-doc-15 pylint-doc python-django-doc python-mdanalysis-doc python-pandas-doc python-scipy-doc
    python-sqlalchemy-doc python-sympy-doc python3.11-doc qtbase5-doc-html r-doc-html racket-doc rust-doc
    rust-web-doc sbcl-doc scala-doc singular-doc sqlite3-doc swi-prolog-doc twisted-doc uima-doc weechat-doc zsh-doc
""".split()  # noqa: SIM905
"""ours: what Debian 12 has of much text that people wrote, no more than one API listing of a kind; one that apt does not know is named and left out."""

PACKAGE_BYTES = 4 * 10**6
"""ours: text of one package, so that none is more than some per cent of the whole."""
PAGE_BYTES = 2 * 10**6
"""ours: larger pages are indexes."""
LEAST_BYTES = 200 * 10**6
"""The issue's volume."""
WORKERS = 2
DATE = "2026-01-01T00:00:00Z"


class Page(NamedTuple):
    """One page; the title and the text are lines as WET has them."""

    url: str
    title: str
    text: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description="Makes 200 MB of real text as WET files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=24)
    flags = parser.parse_args()
    started = time.monotonic()
    written = make(flags.folder, flags.files)
    digest = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in paths(flags.folder))).hexdigest()
    print(f"{written / 1e6:.1f} MB of text in {flags.files} files, sha256 {digest[:16]}, {time.monotonic() - started:.0f} s")
    if written < LEAST_BYTES:
        print(f"benchmarks.corpus: {LEAST_BYTES / 1e6:.0f} MB are wanted: are the packages above missing?", file=sys.stderr)
        return 1
    return 0


def paths(folder: Path) -> list[Path]:
    """The WET files of a corpus. Raises SystemExit where there are none."""
    found = sorted((folder / "wet").glob("*.warc.wet.gz"))
    if not found:
        raise SystemExit(f"{folder} holds no corpus: python -m benchmarks.corpus {folder}")
    return found


def make(folder: Path, files: int) -> int:
    """Writes the corpus to `folder`/wet; gives the bytes of text."""
    pages: list[Page] = []
    with ProcessPoolExecutor(WORKERS) as pool:
        for name, found in zip(PACKAGES, pool.map(package_pages, [folder] * len(PACKAGES), PACKAGES), strict=True):
            print(f"{name:28} {len(found):6} pages {sum(len(page.text.encode()) for page in found) / 1e6:6.1f} MB", flush=True)
            pages.extend(found)
        web = shared_pages()
        print(f"{'shared/data/html':28} {len(web):6} pages {sum(len(page.text.encode()) for page in web) / 1e6:6.1f} MB", flush=True)
        pages.extend(web)
        pages.sort(key=lambda page: hashlib.sha256(page.url.encode()).digest())
        (folder / "wet").mkdir(exist_ok=True)
        targets = [folder / "wet" / f"{number:05d}.warc.wet.gz" for number in range(files)]
        return sum(pool.map(write, targets, [pages[number::files] for number in range(files)]))


def package_pages(folder: Path, name: str) -> list[Page]:
    """Some of the pages of a package, by the hash of their names, up to PACKAGE_BYTES of text; none where apt does not have it."""
    unpacked = folder / "packages" / name
    if not unpacked.exists() and not unpack(unpacked, name):
        return []
    found = [path for path in unpacked.rglob("*") if is_page(path)]
    return taken([(str(path.relative_to(unpacked)), path) for path in found], f"http://{name}.debian.example")


def is_page(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith((".html", ".htm", ".xhtml")) and path.is_file() and not path.is_symlink()


def unpack(to: Path, name: str) -> bool:
    """Downloads a package and unpacks it. Raises CalledProcessError where it does not unpack."""
    to.parent.mkdir(parents=True, exist_ok=True)
    begun = to.with_suffix(".part")
    begun.mkdir(exist_ok=True)
    if subprocess.run(["apt-get", "download", "-q", name], cwd=begun, capture_output=True).returncode:
        return False
    (package,) = begun.glob("*.deb")
    subprocess.run(["dpkg", "-x", str(package), str(begun)], check=True)
    package.unlink()
    for path in begun.rglob("*"):
        if (path.is_file() or path.is_symlink()) and not is_page(path):
            path.unlink()
    begun.rename(to)
    return True


def shared_pages() -> list[Page]:
    """The pages of the open web in the shared data; none where it is absent."""
    data = os.environ.get("CRIA_SHARED_DATA")
    root = (Path(data) if data else Path(__file__).resolve().parents[1] / "../shared/data") / "html"
    chosen = [
        path
        for path in root.rglob("*.html.gz")
        if "debian" not in str(path.relative_to(root)) and "libreoffice" not in str(path.relative_to(root))
    ]
    return taken([(str(path.relative_to(root)), path) for path in chosen], "http://web.example")


def taken(found: list[tuple[str, Path]], host: str) -> list[Page]:
    """Pages in the order of their names' hashes, until the bound is reached."""
    pages, held = [], 0
    for name, path in sorted(found, key=lambda entry: hashlib.sha256(entry[0].encode()).digest()):
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        if len(data) > PAGE_BYTES:
            continue
        page = html.extract(data, None)
        if page.text:
            pages.append(Page(f"{host}/{name.removesuffix('.gz')}", page.title, page.text))
            held += len(page.text.encode())
        if held >= PACKAGE_BYTES:
            break
    return pages


def write(path: Path, pages: list[Page]) -> int:
    """Writes a WET file; gives the bytes of its texts."""
    with path.open("wb") as file:
        for data in records(pages):
            file.write(gzip.compress(data, 6, mtime=0))
    return sum(len(page.text.encode()) for page in pages)


def records(pages: list[Page]) -> Iterator[bytes]:
    """The records of a WET file, the warcinfo first."""
    information = b"Software-Info: cria benchmarks.corpus\r\n"
    yield b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Type: application/warc-fields\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (
        len(information),
        information,
    )
    for page in pages:
        yield record(page.url, f"{page.title}\n{page.text}\n".encode())


def record(url: str, block: bytes) -> bytes:
    """One conversion record, with the headers that CommonCrawl gives it."""
    digest = base64.b32encode(hashlib.sha1(block).digest()).decode()
    name = uuid.uuid5(uuid.NAMESPACE_URL, url)
    return (
        (
            "WARC/1.0\r\nWARC-Type: conversion\r\n"
            f"WARC-Target-URI: {url}\r\nWARC-Date: {DATE}\r\nWARC-Record-ID: <urn:uuid:{name}>\r\nWARC-Block-Digest: sha1:{digest}\r\n"
            f"Content-Type: text/plain\r\nContent-Length: {len(block)}\r\n\r\n"
        ).encode()
        + block
        + b"\r\n\r\n"
    )


if __name__ == "__main__":
    sys.exit(main())
