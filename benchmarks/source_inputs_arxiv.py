"""Papers for `benchmarks.sources`: bulk archives as arXiv has them, of the real papers of shared/data/arxiv under many ids.

    bulk  arXiv_src_YYMM_NNN.tar with YYMM/YYMM.NNNNN.gz, each a gzipped tar of a paper's files, or a gzip of its one file

The step that remembers papers goes by their ids. The expander holds what local style files define, for the next paper that brings the same ones; so in each
copy these begin with a definition of their own, as if no two papers shared a class. One paper has its figures, the others are as the shared data has them.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.source_inputs_shared import shared

ARCHIVES, ROUNDS = 6, 6
LEVEL = 6
MODIFIED = 1_600_000_000


def bulk(to: Path, folder: Path) -> None:
    for number in range(ARCHIVES):
        month = f"21{number + 1:02}"
        packed = (data for edition in range(ROUNDS) for data in papers(number * ROUNDS + edition))
        write(to / f"arXiv_src_{month}_001.tar", month, packed)


def write(path: Path, month: str, packed: Iterable[bytes]) -> None:
    """A bulk archive of submissions, which are numbered."""
    with tarfile.open(path, "w") as archive:
        for place, data in enumerate(packed):
            _add(archive, f"{month}/{month}.{place + 1:05}.gz", data)


def papers(edition: int = 0) -> Iterator[bytes]:
    """The real submissions, each packed as arXiv stores it; an edition's style files differ from those of others by a definition."""
    root = shared("arxiv")
    yield (root / "eprints" / "1911.02782.gz").read_bytes()
    for paper in sorted(root.glob("papers/*")):
        files = sorted(path for path in paper.rglob("*") if path.is_file())
        if len(files) == 1:
            yield gzip.compress(files[0].read_bytes(), LEVEL, mtime=MODIFIED)
            continue
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w") as archive:
            for path in files:
                own = b"\\def\\edition{%d}\n" % edition if path.suffix in (".sty", ".cls") else b""
                _add(archive, str(path.relative_to(paper)), own + path.read_bytes())
        yield gzip.compress(held.getvalue(), LEVEL, mtime=MODIFIED)


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(data), MODIFIED
    archive.addfile(member, io.BytesIO(data))
