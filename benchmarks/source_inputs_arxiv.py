"""Papers for `benchmarks.sources`: bulk archives as arXiv has them, of the real papers of shared/data/arxiv under many ids.

    bulk  arXiv_src_YYMM_NNN.tar with YYMM/YYMM.NNNNN.gz, each a gzipped tar of a paper's files, or a gzip of its one file

Repetition does no harm: the only step that remembers papers goes by their ids. One paper has its figures, the others are as the shared data has them.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.source_inputs_shared import shared

ARCHIVES, ROUNDS = 6, 6
MODIFIED = 1_600_000_000


def bulk(to: Path, folder: Path) -> None:
    packed = list(papers())
    for number in range(ARCHIVES):
        month = f"21{number + 1:02}"
        write(to / f"arXiv_src_{month}_001.tar", month, packed * ROUNDS)


def write(path: Path, month: str, packed: Iterable[bytes]) -> None:
    """A bulk archive of submissions, which are numbered."""
    with tarfile.open(path, "w") as archive:
        for place, data in enumerate(packed):
            _add(archive, f"{month}/{month}.{place + 1:05}.gz", data)


def papers() -> Iterator[bytes]:
    """The real submissions, each packed as arXiv stores it."""
    root = shared("arxiv")
    yield (root / "eprints" / "1911.02782.gz").read_bytes()
    for paper in sorted(root.glob("papers/*")):
        files = sorted(path for path in paper.rglob("*") if path.is_file())
        if len(files) == 1:
            yield gzip.compress(files[0].read_bytes(), 9, mtime=MODIFIED)
            continue
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w") as archive:
            for path in files:
                _add(archive, str(path.relative_to(paper)), path.read_bytes())
        yield gzip.compress(held.getvalue(), 9, mtime=MODIFIED)


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(data), MODIFIED
    archive.addfile(member, io.BytesIO(data))
