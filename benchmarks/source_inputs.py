"""Inputs of the sources for `benchmarks.sources`: real text in the forms in which each source is published, packed once into FOLDER/sources.

    c4         released: pages of the corpus of `benchmarks.corpus` as rows of text, timestamp and url; crawl: its WET files as they are
    github     archives: the trees of shared/data/github, and for volume the source files of this machine's Python library, Python packages and C
               headers, each folder of them a repository of a made name under a made MIT licence; rows, tables: the same files as BigQuery has them
    wikipedia  multistream, xml: the dumps of shared/data/wikipedia, those in one of LLaMA's languages, their pages five times over with page ids and titles
               of their own
    books, arxiv, stackexchange    source_inputs_books, source_inputs_arxiv, source_inputs_stackexchange

The real dumps are small, so Wikipedia's volume is repetition: a page comes again after all others, and no step of that source remembers pages.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import re
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from fastwarc.warc import ArchiveIterator, WarcRecordType

from benchmarks import corpus, source_inputs_arxiv, source_inputs_books, source_inputs_stackexchange
from benchmarks.source_inputs_shared import shared
from transforms import wikitext

LEVEL = 6
"""gzip's default, which the published files have."""
C4_FILES = 8
"""Of the corpus' 24: some 100 MB of text."""
TREES = (
    (Path(sysconfig.get_path("stdlib")), "library"),
    (Path(sysconfig.get_path("purelib")), "packages"),
    (Path("/usr/include"), "headers"),
)
TREE_BYTES, REPOSITORY_BYTES = 25 * 10**6, 3 * 10**6
"""ours: of each place and of each folder in it, so that none is most of the whole."""
SUFFIXES = frozenset(".py .pyi .pyx .c .h .hpp .cpp .cc .js .ts .css .html .rst .md .txt .toml .cfg .json .sh .ipp .inl".split())  # noqa: SIM905
FILES = 8
COPIES = 5
STREAM_PAGES = 100
"""Pages of one bzip2 stream, as in Wikimedia's multistream dumps."""


def groups(source: str, variant: str, folder: Path, count: int) -> list[list[Path]]:
    """The input files of a variant in `count` groups that are alike, packed where they are not there yet."""
    if variant == "crawl":
        found = corpus.paths(folder)[:C4_FILES]
    else:
        made = folder / "sources" / source / variant
        if not made.is_dir():
            begun = made.with_suffix(".part")
            begun.mkdir(parents=True, exist_ok=True)
            PACKERS[source, variant](begun, folder)
            begun.rename(made)
        found = sorted(made.iterdir())
    if variant == "tables":  # a document's parts lie in all of them
        return [found]
    return [found[number::count] for number in range(count)]


# ---- C4


def _released(to: Path, folder: Path) -> None:
    for number, path in enumerate(corpus.paths(folder)[:C4_FILES]):
        with gzip.open(to / f"c4-train.{number:05d}-of-{C4_FILES:05d}.json.gz", "wt", LEVEL, encoding="utf-8") as out:
            for record in ArchiveIterator(str(path), record_types=WarcRecordType.conversion):
                row = {"text": record.reader.read().decode(), "timestamp": "2019-04-25T12:57:54Z", "url": record.headers["WARC-Target-URI"]}
                out.write(json.dumps(row) + "\n")


# ---- GitHub


class Source(NamedTuple):
    """A file of a repository whose name is owner/name."""

    repository: str
    path: str
    data: bytes
    licence: str


def _made() -> Iterator[Source]:
    """The machine's own source files, and with each repository a licence."""
    for root, owner in TREES:
        held = 0
        for place in sorted(root.iterdir(), key=lambda entry: hashlib.sha256(entry.name.encode()).digest()):
            if not place.is_dir() or place.name.startswith((".", "_")) or place.name == "site-packages" or held >= TREE_BYTES:
                continue
            files = list(_tree(place, f"{owner}/{place.name}"))
            if files:
                yield Source(f"{owner}/{place.name}", "LICENSE", _licence().encode(), "mit")
                yield from files
                held += sum(len(file.data) for file in files)


def _tree(place: Path, repository: str) -> Iterator[Source]:
    held = 0
    for path in sorted(place.rglob("*"), key=lambda path: hashlib.sha256(str(path.relative_to(place)).encode()).digest()):
        if path.suffix in SUFFIXES and path.is_file() and not path.is_symlink() and held < REPOSITORY_BYTES:
            data = path.read_bytes()
            held += len(data)
            yield Source(repository, str(path.relative_to(place)), data, "mit")


def _licence() -> str:
    import spdx

    text: str = spdx.License(next(record for record in spdx._licenses if record["id"] == "MIT")).template
    return re.sub(r"<<.*?(?:original=(.*?))?(?:;match=.*?)?>>", lambda found: found[1] or "", text, flags=re.S)


def _shared_trees() -> Iterator[Source]:
    for path in sorted(shared("github").glob("*.tar.gz")):
        repository = path.name.removesuffix(".tar.gz").replace("__", "/", 1)
        with tarfile.open(path) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None:
                    yield Source(repository, member.name.partition("/")[2], content.read(), "mit")


def _archives(to: Path, folder: Path) -> None:
    for path in shared("github").glob("*.tar.gz"):
        (to / path.name).write_bytes(path.read_bytes())
    repositories: dict[str, list[Source]] = {}
    for source in _made():
        repositories.setdefault(source.repository, []).append(source)
    for number in range(FILES):
        with tarfile.open(to / f"repositories-{number:05d}.tar.gz", "w:gz", compresslevel=LEVEL) as archive:
            for source in (source for held in islice(repositories.values(), number, None, FILES) for source in held):
                member = tarfile.TarInfo(f"{source.repository.replace('/', '__', 1)}/{source.path}")
                member.size = len(source.data)
                archive.addfile(member, io.BytesIO(source.data))


def _texts() -> Iterator[tuple[Source, str, str]]:
    """The text files of all trees, with the text and git's name of it."""
    for source in (*_shared_trees(), *_made()):
        try:
            text = source.data.decode()
        except UnicodeDecodeError:
            continue
        if "\0" not in text and len(source.data) < 2**20:
            yield source, text, hashlib.sha1(b"blob %d\0" % len(source.data) + source.data).hexdigest()


def _rows(to: Path, folder: Path) -> None:
    rows = [
        {
            "id": blob,
            "repo_name": source.repository,
            "ref": "refs/heads/master",
            "path": source.path,
            "license": source.licence,
            "size": str(len(source.data)),
            "content": text,
            "binary": False,
        }
        for source, text, blob in _texts()
    ]
    _write_rows(to, "joined", rows, FILES)


def _tables(to: Path, folder: Path) -> None:
    texts = list(_texts())
    blobs = {blob: {"id": blob, "size": str(len(text)), "content": text, "binary": False, "copies": "1"} for _, text, blob in texts}
    paths = [
        {"repo_name": source.repository, "ref": "refs/heads/master", "path": source.path, "mode": "33188", "id": blob}
        for source, _, blob in texts
    ]
    licences = {source.repository: {"repo_name": source.repository, "license": source.licence} for source, _, _ in texts}
    for name, rows, files in (("contents", blobs.values(), 4), ("files", paths, 2), ("licenses", licences.values(), 1)):
        _write_rows(to, name, rows, files)


def _write_rows(to: Path, name: str, rows: Iterable[dict[str, Any]], files: int) -> None:
    """In the order of a hash, as BigQuery has no order."""
    ordered = sorted((json.dumps(row) for row in rows), key=lambda line: hashlib.sha256(line.encode()).digest())
    for number in range(files):
        with gzip.open(to / f"{name}-{number:012d}.json.gz", "wt", LEVEL, encoding="utf-8") as out:
            out.writelines(f"{line}\n" for line in ordered[number::files])


# ---- Wikipedia


def _dumps() -> Iterator[tuple[str, bytes, list[bytes]]]:
    """Name, head and pages of each dump of one revision a page whose language the recipe keeps."""
    root = shared("wikipedia")
    for path in sorted([*root.glob("*.xml.bz2"), *root.glob("*.xml.gz"), *root.glob("minidumps/*.xml.bz2")]):
        language = re.match("([a-z]+)wiki", path.name)
        if language is None or language[1] not in wikitext.LANGUAGES:
            continue
        data = (bz2 if path.suffix == ".bz2" else gzip).decompress(path.read_bytes())
        first = data.find(b"<page>")
        if first < 0 or b"<siteinfo" not in data[:first]:
            continue  # in UTF-16, or without the names of its namespaces
        yield path.name.split(".")[0], data[:first], [found[0] for found in re.finditer(rb"(?s)<page>.*?</page>\s*", data)]


def _copies(pages: list[bytes]) -> Iterator[bytes]:
    """The pages again and again; a copy's id and title say which it is."""
    for copy in range(COPIES):
        for page in pages:
            if copy:
                page = re.sub(rb"</title>", b" (%d)</title>" % copy, page, count=1)
                page = re.sub(rb"<id>(\d+)</id>", b"<id>%d\\1</id>" % copy, page, count=1)
            yield page


def _multistream(to: Path, folder: Path) -> None:
    for name, head, pages in _dumps():
        with (to / f"{name}-multistream.xml.bz2").open("wb") as out:
            out.write(bz2.compress(head))
            copies = _copies(pages)
            while some := b"".join(islice(copies, STREAM_PAGES)):
                out.write(bz2.compress(some))
            out.write(bz2.compress(b"</mediawiki>\n"))


def _xml(to: Path, folder: Path) -> None:
    for name, head, pages in _dumps():
        (to / f"{name}.xml").write_bytes(head + b"".join(_copies(pages)) + b"</mediawiki>\n")


PACKERS = {
    ("c4", "released"): _released,
    ("github", "archives"): _archives,
    ("github", "rows"): _rows,
    ("github", "tables"): _tables,
    ("wikipedia", "multistream"): _multistream,
    ("wikipedia", "xml"): _xml,
    ("books", "archive"): source_inputs_books.archives,
    ("books", "texts"): source_inputs_books.texts,
    ("arxiv", "bulk"): source_inputs_arxiv.bulk,
    ("stackexchange", "archives7z"): source_inputs_stackexchange.archives,
    ("stackexchange", "gzip"): source_inputs_stackexchange.gzipped,
    ("stackexchange", "posts"): source_inputs_stackexchange.plain,
}
"""(folder to write to, the corpus)."""
