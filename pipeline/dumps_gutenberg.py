"""The books of Project Gutenberg in a list: an ebook's number, or the name of one of its files, becomes an address on a mirror.

A mirror has each text in UTF-8 as `cache/epub/11/pg11.txt`, and the files as they were contributed in folders by the digits of the number,
`1/11/11-0.txt` (UTF-8; `11-8.txt` is of 8 bits, `11.txt` is ASCII). Gutenberg publishes no digests of them.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from pipeline.files import InputError, join
from pipeline.stores import HTTP, scheme

_NUMBER = re.compile(r"[1-9]\d{0,6}", re.ASCII)
_FILE = re.compile(r"([1-9]\d{0,6})(-0|-8)?\.txt", re.ASCII)
_FOR_READERS = ("gutenberg.org", "www.gutenberg.org", "m.gutenberg.org")


def address(line: str, base: str | None) -> str | None:
    """Where the ebook of a line lies below a mirror, a folder or a server; None for a line that names no ebook.

    Raises InputError where the mirror is not named, or is the site that its terms keep for readers.

    >>> address("11", "https://mirror.example/"), address("2229-8.txt", "https://mirror.example/")
    ('https://mirror.example/cache/epub/11/pg11.txt', 'https://mirror.example/2/2/2/2229/2229-8.txt')
    """
    file = _FILE.fullmatch(line)
    if file is None and not _NUMBER.fullmatch(line):
        return None
    if base is None or (scheme(base) in HTTP and urlsplit(base).hostname in _FOR_READERS):
        raise InputError(
            f"ebook {line}: expected --dump-base=MIRROR, found {base or 'none'}. Project Gutenberg blocks programs that read www.gutenberg.org:"
            " take a mirror of https://www.gutenberg.org/MIRRORS.ALL that has the folder cache/epub, or a folder that rsync filled from one"
        )
    below = f"cache/epub/{line}/pg{line}.txt" if file is None else f"{'/'.join(file[1][:-1]) or '0'}/{file[1]}/{line}"
    return join(base if scheme(base) else os.path.abspath(base), below)
