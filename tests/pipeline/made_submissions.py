"""Submissions for tests, in the forms in which arXiv gives them: packed from real papers, or from a few lines of LaTeX."""

import gzip
import io
import tarfile

import pytest
from shared_data import SHARED

from pipeline import repositories, submissions
from pipeline.part import Part

DOCUMENT = b"\\documentclass{article}\n\\begin{document}\n\\section{A}\ntext\n\\end{document}\n"
TEXT = DOCUMENT.decode().rstrip()
TIME = 1_300_000_000


def part(data, name="2302.13971v2.gz"):
    return Part(io.BytesIO(data), name, name, len(data), 0, len(data))


def folder_part(path, name=None):
    size, _ = repositories.describe(str(path))
    return Part(io.BytesIO(), str(path), name or path.name, size, 0, size)


def read(data, name="2302.13971v2.gz", **bounds):
    return list(submissions.read(part(data, name), submissions.Bounds(**bounds)))


def one(data, name="2302.13971v2.gz", **bounds):
    (record,) = read(data, name, **bounds)
    return record


def tar(files, modified=TIME, format=tarfile.GNU_FORMAT):
    """A tar of {name: bytes | (type, link)}, or of such pairs, whose names may be repeated, and lead anywhere."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            info = tarfile.TarInfo(name)
            info.mtime = modified
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                archive.addfile(info)
    return out.getvalue()


def gz(data, modified=TIME):
    return gzip.compress(data, 6, mtime=modified)


def bulk(members, modified=TIME):
    """A bulk archive of {id: bytes of the member}, as `YYMM/<id>.gz`; an id with an ending keeps it."""
    names = {
        (name if "/" in name else f"0704/{name}") + ("" if name.endswith((".pdf", ".gz", ".docx")) else ".gz"): data
        for name, data in members.items()
    }
    return tar({"0704": (tarfile.DIRTYPE, ""), **names}, modified)


def papers():
    """The real papers that lie as folders: name -> {path: bytes}."""
    root = SHARED / "arxiv" / "papers"
    if not root.is_dir():
        pytest.skip("needs arxiv/papers of the shared data")
    return {
        folder.name: {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        for folder in sorted(root.iterdir())
    }


def submission(name):
    """A real submission, as bytes."""
    path = SHARED / "arxiv" / "submissions" / name
    if not path.exists():
        pytest.skip(f"needs arxiv/submissions/{name} of the shared data")
    return path.read_bytes()
