"""What the name of a file or of an archive's member says: whether it is a book, is safe, and which number of Project Gutenberg it is."""

from __future__ import annotations

import re

from pipeline.member_names import ABSOLUTE, UPWARDS, storable

COMPRESSED = re.compile(r"(?i)\.(?:gz|bz2|xz|zst)$")
BOOK = re.compile(r"(?i)\.(?:txt|text|asc)(?:\.utf-?8)?$")
"""Gutenberg serves `11.txt.utf-8` too. code: RedPajama reads *.epub.txt of Books3 alone, which is all that it has."""
ARCHIVE = re.compile(r"(?i)\.(?:zip|tar|tgz|tbz2?|txz|tzst|7z|rar|gz|bz2|xz|zst|iso|cab|lzh|arj|jar|[zZ])$")
TAR = re.compile(r"(?i)\.(?:tar|tgz|tbz2?|txz|tzst)$")
ZIP = re.compile(r"(?i)\.zip$")
ROWS = re.compile(r"(?i)\.(?:jsonl?|ndjson|parquet|avro)$")
NOT_TEXT = re.compile(
    r"(?i)\.(?:x?html?|xml|xsl|css|js|ya?ml|toml|csv|tsv|rdf|opf|ncx|pdf|epub\d?|mobi|azw\d?|prc|lit|rtf|docx?|odt|tex|ps|eps|djvu?"
    r"|jpe?g|png|gif|tiff?|bmp|svg|webp|ico|mp3|mp4|ogg|wav|midi?|mid|ly|py|sh|md|rst|log|sqlite|db|exe|dll|bin|7z|rar|iso)$"
)
"""Of files given as input, which may have any name: those that say they are something else."""
NUMBERED = re.compile(r"(?i)(?:^|/)(?:pg(?P<pg>\d{1,6})(?:-images)?|(?P<dashed>\d{1,6})-[08])\.(?:txt|text)")
PLAIN_NUMBER = re.compile(r"(?i)(?:^|/)(?P<number>\d{1,6})\.(?:txt|text)(?:\.utf-?8)?$")


def stem(name: str) -> str:
    """The name without the suffix of its compression."""
    return COMPRESSED.sub("", name)


def unsafe(name: str) -> str | None:
    """Why a member's path would leave the archive's folder; None: it does not. Nothing is unpacked: it is named all the same."""
    path = name.replace("\\", "/")
    if path.startswith("/") or re.match(r"[A-Za-z]:/", path):
        return ABSOLUTE
    return UPWARDS if ".." in path.split("/") else None


def key(name: str) -> str:
    """A member's path without `.` components and repeated slashes."""
    return "/".join(part for part in storable(name).split("/") if part not in ("", "."))


def number(name: str, gutenberg: bool) -> str | None:
    """The number in a name such as 11-0.txt, pg11.txt, 11.txt under a folder 11; a bare 11.txt elsewhere only of a text that is Gutenberg's."""
    found = NUMBERED.search(name)
    if found:
        return found["pg"] or found["dashed"]
    plain = PLAIN_NUMBER.search(name)
    if plain and (gutenberg or f"/{name}".endswith(f"/{plain['number']}{plain[0] if plain[0][0] == '/' else '/' + plain[0]}")):
        return plain["number"]
    return None


def title(name: str) -> str | None:
    """The title in a name of Books3, `<title>.epub.txt`; None of others. code: the HF loader cuts at the first dot, `Dr. No` to `Dr`."""
    base = name.rpartition("/")[2]
    return base[: -len(".epub.txt")] if base.lower().endswith(".epub.txt") and len(base) > len(".epub.txt") else None
