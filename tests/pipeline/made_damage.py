"""Sound content in every format a source reads, and what makes it unsound: cuts, flipped bytes, bombs, archives in archives, paths that lead out."""

import bz2
import gzip
import io
import lzma
import os
import random
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass

import made_run
import zstandard
from made_submissions import tar

from pipeline import plan

PACKED = {
    ".gz": lambda data: gzip.compress(data, 6, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lambda data: lzma.compress(data, preset=1),
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}
gz = PACKED[".gz"]


# ---- content


def words(seed, count=400):
    """Prose of made words, other for each seed; it is neither repeated nor compressed to nothing."""
    dice = random.Random(seed)
    syllables = [a + b for a in "bdfghklmnprstvz" for b in "aeiou"]
    made = ["".join(dice.choices(syllables, k=dice.randint(1, 4))) for _ in range(count)]
    return "\n".join(" ".join(made[at : at + 10]) for at in range(0, count, 10))


# ---- damage


def cut(data, share=0.6):
    return data[: int(len(data) * share)]


def flipped(data, at=0.5, size=1):
    """Bytes turned over, from a share of the data on."""
    begin = int(len(data) * at)
    return data[:begin] + bytes(byte ^ 0xFF for byte in data[begin : begin + size]) + data[begin + size :]


def with_wrong_checksum(data):
    """A gzip file of one member whose CRC-32 does not hold."""
    return data[:-8] + bytes(byte ^ 0xFF for byte in data[-8:-4]) + data[-4:]


def zeros(megabytes):
    """A gzip member of zero bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def spaces(megabytes, byte=b" "):
    """A gzip member of one byte over and over: text, as far as its first bytes tell."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(byte * (1 << 20)) for _ in range(megabytes)) + packer.flush()


def sparse(path, size=2 << 30):
    """A file of zero bytes that takes no room on the disk."""
    with open(path, "wb") as file:
        file.truncate(size)
    return path


# ---- archives


def zipped(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def streamed(entries):
    """A zip as written to a pipe: no header says how long its entry is."""

    class Pipe(io.BytesIO):
        def seek(self, *place):
            raise io.UnsupportedOperation

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def hostile(ending, content=b"this must not be read"):
    """(entries that lead out of an archive or are no files, with that ending; how many there are)."""
    named = [f"../out{ending}", f"/etc/absolute{ending}", f"a/b/../../../out{ending}", f"C:\\drive{ending}", f"\\\\server\\share{ending}"]
    kinds = {
        "soft": (tarfile.SYMTYPE, "/etc/passwd"),
        "hard": (tarfile.LNKTYPE, f"../out{ending}"),
        "disk": (tarfile.BLKTYPE, ""),
        "terminal": (tarfile.CHRTYPE, ""),
        "pipe": (tarfile.FIFOTYPE, ""),
    }
    return [*((name, content) for name in named), *((name + ending, kind) for name, kind in kinds.items())]


def nested(content, name, depth):
    """A tar.gz in a tar.gz, that deep, each beside nine others of its kind: 10 ** depth files for a reader that opens them all."""
    for level in range(depth):
        packed = gz(content)
        content = tar([(name if level == 0 else "deeper.tar.gz", packed), *((f"{number}.tar.gz", packed) for number in range(9))])
    return gz(content)


def deep(content, depth):
    """Gzip in gzip, that deep."""
    for _ in range(depth):
        content = gz(content)
    return content


# ---- runs


@dataclass
class Found:
    """What came of a run over files in a folder: its outcome, and the rows of each kind by the name of the file."""

    outcome: object
    clean: dict[str, list[dict[str, object]]]
    rejected: dict[str, list[dict[str, object]]]
    broken: dict[str, list[dict[str, object]]]

    def fates(self, name):
        """(reason, offset) of what is broken in a file, (label, reason) of what was refused, ids of what was kept."""
        return (
            [(row["reason"], row["offset"]) for row in self.broken.get(name, [])],
            [(row["step"], row["reason"]) for row in self.rejected.get(name, [])],
            [row["id"].partition("/")[2] for row in self.clean.get(name, [])],
        )


def written(folder, files):
    """Writes {name: bytes}; gives the paths."""
    paths = []
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        paths.append(path)
    return paths


def run(source, paths, output, config, expect=0, budget=1.0):
    """One run over all of the files; the books must close and agree with the rows on the disk."""
    outcome = made_run.run(source, paths, output, config, output, expect, budget)
    books = outcome.books
    assert books["closed"]
    kinds = {kind: made_run.rows(output, source, kind) for kind in ("clean", "rejected", "broken")}
    assert [len(kinds[kind]) for kind in kinds] == [books["kept"], sum(books["dropped"].values()), sum(books["broken"].values())]
    by_file = {kind: {} for kind in kinds}
    for kind, rows in kinds.items():
        for row in rows:
            by_file[kind].setdefault(row["file" if kind == "broken" else "origin_file"], []).append(row)
    for row in kinds["broken"]:
        assert row["reason"], row
        assert min(row["offset"], row["bytes"]) >= 0, row
    assert all(row["step"] and row["reason"] for row in kinds["rejected"])
    return Found(outcome, **by_file)


def shrinking(monkeypatch, path, share=0.5):
    """Cuts a file between its listing and its reading."""
    units, size = plan.units, int(path.stat().st_size * share)

    def cutting(source, listing):
        planned = units(source, listing)
        os.truncate(path, size)
        return planned

    monkeypatch.setattr(plan, "units", cutting)


@contextmanager
def without_rights(path):
    """A file that this process may not read, though it be root's."""
    mode, user = path.stat().st_mode, os.geteuid()
    path.chmod(0)
    if user == 0:
        os.seteuid(65534)
    try:
        yield path
    finally:
        if user == 0:
            os.seteuid(user)
        path.chmod(mode)
