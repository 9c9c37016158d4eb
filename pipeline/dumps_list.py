"""Lists of files with digests: in the form of md5sum, sha1sum and sha256sum, and in XML; and the first files of a listing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar
from xml.parsers import expat

from pipeline.dumps_fetch import published
from pipeline.files import InputError, Listed, expand, join, open_read, read_bytes
from pipeline.stores import scheme

if TYPE_CHECKING:
    from pipeline.transfer import Transfer

Item = TypeVar("Item")

_LINE = re.compile(r"([0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})[ \t]+\*?(.+)")
"""sha256sum's, sha1sum's and md5sum's line: digits, two spaces (or a space and `*`), name. Wikimedia's sha1sums.txt are of this form."""
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}

LARGEST_XML = 1 << 26
"""ours: bytes of a listing in XML, ten times those of arXiv's manifest (10,000 archives at half a kilobyte); beyond, it is no listing."""
_DEEPEST = 16
"""ours: elements in elements, of which listings have three."""


def digests(
    path: str, files: int | None = None, transfer: Transfer | None = None, named: Callable[[str], str | None] = lambda line: None
) -> list[Listed]:
    """The first `files` files (all where None) of a list with a digest and a path or URL a line, sorted by name; tags are the digests.

    32 digits are an MD5, 40 a SHA-1, 64 a SHA-256. Paths are relative to the list's folder; blank lines are left out. `named` gives the
    address that a line without a digest stands for, or None; the tags of such files are their store's.
    Raises InputError for a list that cannot be read, a line of another form, a file that is missing or named twice.
    """
    try:
        lines = [line.strip() for line in read_bytes(path, transfer).decode("utf-8-sig").splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(f"@{path}: expected a list of digests and files in UTF-8: {error}") from error
    tags: dict[str, str | None] = {}
    for line in first([line for line in lines if line], files, f"@{path}"):
        where, tag = _entry(path, line, named)
        if where in tags:
            raise InputError(f"@{path}: expected each file once, found {where} twice")
        tags[where] = tag
    found, twice = expand(list(tags), transfer)
    if twice:
        raise InputError(f"@{path}: expected each file once, found {twice[0]} under two names")
    return [replace(file, tag=tags[file.path] or file.tag) for file in found]


def _entry(path: str, line: str, named: Callable[[str], str | None]) -> tuple[str, str | None]:
    """Where the file of a line lies, and its digest as a tag."""
    match = _LINE.fullmatch(line)
    if match is not None:
        digest, name = match.groups()
        return _beside(path, name), published(_ALGORITHMS[len(digest)], digest)
    where = named(line)
    if where is None:
        raise InputError(
            f"@{path}: expected an MD5, SHA-1 or SHA-256 and a file (for books also the number of an ebook), found {line[:100]!r};"
            f" without digests: --input=@{path}"
        )
    return where, None


def _beside(path: str, name: str) -> str:
    """Where a name of the list lies."""
    if scheme(name):
        return name
    if scheme(path):
        return join(path.rsplit("/", 1)[0], name)
    return os.path.abspath(os.path.join(os.path.dirname(path), name))


def first(listed: Sequence[Item], files: int | None, where: str) -> list[Item]:
    """The first `files` of what is listed, all where None. Raises InputError where there are fewer, or none is asked for."""
    if files is not None and files < 1:
        raise InputError(f"expected to read at least 1 file of {where}, found {files}")
    if len(listed) < (files or 1):
        raise InputError(f"{where}: expected {files or 'some'} files, it names {len(listed)}")
    return list(listed[:files])


def described(address: str, root: str, transfer: Transfer | None = None) -> list[dict[str, str]]:
    """Every `<file>` in the root element of an XML listing: its attributes and the texts of its children, by name.

    Raises InputError for XML that is malformed, cut, has another root, declares a document type (with it entities, which may be bombs)
    or is larger than LARGEST_XML; FileNotFoundError where there is none.
    """
    try:
        with open_read(address, transfer) as stream:
            data = stream.read(LARGEST_XML + 1)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{address}: cannot be read: {error}") from error
    if len(data) > LARGEST_XML:
        raise InputError(f"{address}: expected a listing of at most {LARGEST_XML:,} bytes, found more")
    parsing = _Described(root)
    try:
        parsing.parser.Parse(data, True)
    except expat.ExpatError as error:
        found = f"{expat.ErrorString(error.code)} in line {error.lineno} of {len(data):,} bytes"
        raise InputError(f"{address}: expected a listing in well-formed XML, found {found}; get it again") from error
    except ValueError as error:
        raise InputError(f"{address}: expected a listing, XML with <{root}><file>...: {error}") from error
    return parsing.files


class _Described:
    """The `<file>` elements of a listing, as expat tells of them. Raises ValueError for what no listing has."""

    def __init__(self, root: str) -> None:
        self.files: list[dict[str, str]] = []
        self.parser = expat.ParserCreate("UTF-8")  # no other is met, and other codecs raise errors of their own
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._document_type
        self.parser.StartElementHandler = self._start
        self.parser.CharacterDataHandler = self._text
        self.parser.EndElementHandler = self._end
        self._root = root
        self._open: list[str] = []
        self._texts: list[str] = []

    def _document_type(self, name: str, *rest: object) -> None:
        raise ValueError(f"found a document type {name[:100]!r}, whose entities are not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != self._root:
            raise ValueError(f"found <{name[:100]}>")
        if len(self._open) == _DEEPEST:
            raise ValueError(f"found elements in elements, deeper than {_DEEPEST}")
        self._open.append(name)
        self._texts.clear()
        if self._open == [self._root, "file"]:
            self.files.append(dict(attributes))

    def _text(self, text: str) -> None:
        self._texts.append(text)

    def _end(self, name: str) -> None:
        if len(self._open) == 3 and self._open[1] == "file":
            self.files[-1][name] = "".join(self._texts).strip()
        self._open.pop()
        self._texts.clear()


def listed(entry: dict[str, str], algorithm: str, digest: str, where: str, name: str, address: str) -> Listed:
    """A file as a listing in XML describes it: `size`, and `digest` as the tag. Raises InputError where one is no number or no digest."""
    try:
        size, tag = int(entry["size"]), published(algorithm, entry[digest])
        if size < 0:
            raise ValueError(f"size {size}")
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{address}: expected size and {digest} of {name}, found {str(entry)[:300]}: a file that cannot be checked is not read;"
            " get the listing again, or give the file with --input"
        ) from error
    return Listed(where, size, tag, name)


def missing(files: Sequence[Listed]) -> list[Listed]:
    """The local files that are not there. Raises InputError for one that has another size than its listing says."""
    absent = []
    for file in files:
        if scheme(file.path):
            continue
        if not os.path.isfile(file.path):
            absent.append(file)
        elif os.path.getsize(file.path) != file.size:
            raise InputError(
                f"{file.path}: expected {file.size:,} bytes by its listing, found {os.path.getsize(file.path):,}: get it again"
            )
    return absent
