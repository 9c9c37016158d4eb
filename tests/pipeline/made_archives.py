"""Archives for the tests of repositories, as bytes."""

import bz2
import gzip
import io
import lzma
import tarfile

import zstandard

from pipeline import repositories
from pipeline.part import Part
from pipeline.repositories import Bounds, SourceFile

CODE = b"int main(void) { return 0; }\n"
COMPRESSED = {
    "": lambda data: data,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


def part(data, name="repositories.tar"):
    return Part(io.BytesIO(data), name, name, len(data), 0, len(data))


def read(data, depth=1, **bounds):
    return list(repositories.read(part(data), Bounds(**bounds), depth))


def archive(entries, format=tarfile.GNU_FORMAT):
    """(tar, offsets of its entries) of (name, bytes | type, fields of TarInfo)."""
    out, offsets = io.BytesIO(), []
    with tarfile.open(fileobj=out, mode="w", format=format) as tar:
        for name, content, *fields in entries:
            info = tarfile.TarInfo(name)
            for key, value in dict(*fields).items():
                setattr(info, key, value)
            offsets.append(tar.offset)
            if isinstance(content, bytes) and content not in TYPES:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.type = content
                tar.addfile(info)
    return out.getvalue(), offsets


TYPES = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
FILES = [(f"owner__repo/src/{number}.c", CODE * (40 * number + 1)) for number in range(8)]


def texts(found):
    return {f"{item.repository}/{item.path}": item.text.encode() for item in found if isinstance(item, SourceFile)}


EXPECTED = {f"owner/repo/src/{number}.c": content for number, (_, content) in enumerate(FILES)}
