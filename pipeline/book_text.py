"""The text of a book out of bytes in any character set: by mark, as UTF-8, as its header declares it, or as it is detected.

Books of the 1990s come in the code pages of DOS, Windows and the Macintosh, mostly undeclared, or declared as ASCII, which they are not.
"""

from __future__ import annotations

import codecs
import re
from functools import cache
from typing import Any

import numpy as np

from pipeline.source_text import CONTROLS, GIT_HEAD, MARK
from transforms.wet import INVALID, NUL

GUESSED, NOT_UTF8, REPLACED = "charset guessed", "not UTF-8", "invalid bytes replaced"
DECLARED = re.compile(rb"(?im)^cha[rt]acter (?:set )?encoding:[ \t]*([^\r\n]{1,60})")
HEAD = 1 << 14  # ours: bytes in which a header declares its character set; the longest stands some 2 KiB below the first line
EIGHT_BIT = re.compile(r"\d+-8\.txt$|(?:^|/)8\w+\.txt$")  # Gutenberg: 2229-8.txt, and 8fau110.txt before 2003: Latin-1, or as declared
CONTROLS_AT_MOST = 0.01  # ours: a text has single ones (a Ctrl-Z, DOS's paragraph signs), a binary file every tenth byte and more
SAMPLE = 1 << 20  # ours: bytes by which a file is found to be binary, and those beyond ASCII by which a character set is told
ELSEWHERE = 0.3  # ours: with more bytes than that beyond ASCII a text is in no Latin script
DAMAGED, DAMAGED_DECLARED = 0.1, 0.5  # ours: of the characters beyond ASCII that are invalid in a text that is UTF-8 all the same
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
UTF16_HEAD = 128  # ours: bytes that show UTF-16 without a mark; a book in any language begins with a line in Latin letters, or is not known
UTF16_SHARE = 0.7  # ours: of the bytes at even, or at odd places that are NUL where a text of a Latin script is in UTF-16

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
NAMES = (
    (r"utf-?8", "utf-8"),
    (r"8859-?15\b|latin-?9\b", "iso8859-15"),
    (r"8859-?2\b|latin-?2\b", "iso8859-2"),
    (r"8859-?3\b|latin-?3\b", "iso8859-3"),
    (r"8859-?5\b", "iso8859-5"),
    (r"8859-?7\b", "iso8859-7"),
    (r"8859-?8\b", "iso8859-8"),
    (r"8859-?9\b|latin-?5\b", "cp1254"),
    (r"8859-?1\b|latin-?1\b|\b1252\b", "cp1252"),  # HTML standard: what is called Latin-1 is windows-1252, which adds to it
    (r"\b125([0-8])\b", "cp125{}"),
    (r"(?:cp|ibm|page|dos)[ -]?(437|850|852|866)\b", "cp{}"),
    (r"mac", "mac-roman"),
    (r"big-?5", "big5hkscs"),
    (r"gb-?(?:2312|k|18030)|euc-?cn", "gb18030"),
    (r"shift.?jis|sjis", "cp932"),
    (r"euc-?jp", "euc-jp"),
    (r"euc-?kr", "euc-kr"),
    (r"koi8-?r", "koi8-r"),
    (r"koi8-?u", "koi8-u"),
)
"""How Gutenberg's headers write character sets (`ISO Latin-1`, `Codepage 1252`, `IBM850`), and what reads them."""

CANDIDATES = ("cp1252", "mac-roman", "cp850", "cp437")
"""Where nothing is declared; the first wins a tie."""
USUAL = {
    **dict.fromkeys("àáâäãåæçèéêëìíîïñòóôöõøœùúûüß", 4),
    **dict.fromkeys("’“”—–", 5),  # above all letters: as Mac Roman, quotes of Windows are letters
    **dict.fromkeys("ÀÁÂÄÃÅÆÇÈÉÊËÍÎÏÑÓÔÖÕØŒÚÛÜ‘…«»°§£¡¿\xa0\xad½¼", 1),
}
"""ours: what stands beyond ASCII in books in Latin script, small letters oftenest; all else speaks against the character set."""


def decode(data: bytes, name: str) -> tuple[str, tuple[str, ...]] | None:
    """The text and what is worth knowing of it; None: the file is binary. `name`: the file's, whose ending may say `-8`.

    Order: a byte order mark; UTF-16 that shows by its NUL bytes; UTF-8, which no other text looks like; the declared character set, if it has
    all the bytes; `-8` in the name: windows-1252; then the likeliest of windows-1252, Mac Roman and DOS's code pages or, for other scripts,
    what resiliparse detects.
    """
    for mark, charset in MARKS:
        if data.startswith(mark):
            text, replaced = _replacing(data[len(mark) :], charset)
            return None if "\0" in text[:GIT_HEAD] else (text, (MARK, *_notes(text), *replaced))
    data = data.rstrip(b"\x1a")  # DOS: Ctrl-Z ends a text
    wide = _wide(data[:UTF16_HEAD])
    if wide:
        text, replaced = _replacing(data, wide)
        return None if "\0" in text[:GIT_HEAD] else (text, (NOT_UTF8, *_notes(text), *replaced))
    if is_binary(data):
        return None
    notes: tuple[str, ...] = (NUL,) if b"\0" in data else ()
    try:
        return data.decode(), notes
    except UnicodeDecodeError as error:
        around = data[max(0, error.start - SAMPLE // 2) : error.start + SAMPLE // 2]
    text, told = _other(data, name, around)
    return text, (*notes, *told)


def is_binary(data: bytes) -> bool:
    """Code: git's test, a NUL in the first 8000 bytes. Ours: or over one in a hundred bytes is a control character that no text has."""
    sample = data[:SAMPLE]
    return b"\0" in data[:GIT_HEAD] or len(sample) - len(sample.translate(None, CONTROLS)) > CONTROLS_AT_MOST * len(sample)


def declared(data: bytes) -> str | None:
    """The codec of the character set that a header declares; None where it declares none, ASCII, or one that is not known."""
    found = DECLARED.search(data, 0, HEAD)
    if not found:
        return None
    label = found[1].decode("ascii", "replace").lower()
    for pattern, codec in NAMES:
        named = re.search(pattern, label)
        if named:
            return codec.format(*named.groups())
    return None


def _other(data: bytes, name: str, around: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of bytes that are not UTF-8. `around`: those about the first that shows it."""
    codec = declared(data)
    if _damaged_utf8(around, DAMAGED_DECLARED if codec == "utf-8" else DAMAGED):
        return data.decode("utf-8", "replace"), (INVALID,)
    if codec and codec != "utf-8":
        try:
            return data.decode(codec), (NOT_UTF8,)
        except UnicodeDecodeError:
            pass
    eight = EIGHT_BIT.search(name.lower()) is not None
    codec = "cp1252" if eight else _likeliest(data)
    if codec:
        text, replaced = _replacing(data, codec)
        return text, (NOT_UTF8, *(() if eight else (GUESSED,)), *replaced)
    from transforms import html  # loads resiliparse: few files need it

    text, told = html.decode(data, None)
    return text, (NOT_UTF8, *told)


def _damaged_utf8(around: bytes, share: float) -> bool:
    """Whether a text is UTF-8 but for some bytes: in other character sets hardly two bytes together are valid."""
    beyond = BEYOND_ASCII.findall(around.decode("utf-8", "replace"))
    return beyond.count("\ufffd") <= share * len(beyond)


def _likeliest(data: bytes) -> str | None:
    """The best of the candidates; None where the text seems to be in another script."""
    beyond = data.translate(None, bytes(range(128)))
    if len(beyond) > ELSEWHERE * len(data):
        return None
    counts = np.bincount(np.frombuffer(beyond[:SAMPLE], np.uint8), minlength=256)[128:]
    scores = {codec: int((counts * _weights(codec)).sum()) for codec in CANDIDATES}
    best = max(CANDIDATES, key=lambda codec: scores[codec])
    return best if scores[best] > 0 else None


@cache
def _weights(codec: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """What each byte from 128 on says for the codec."""
    return np.array([USUAL.get(bytes([byte]).decode(codec, "replace"), -3) for byte in range(128, 256)], np.int64)


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: nearly every other byte is NUL."""
    size = len(head) // 2
    if size < 2 or b"\0" not in head:
        return None
    for codec, first in (("utf-16-be", 0), ("utf-16-le", 1)):
        if head[first::2].count(0) >= UTF16_SHARE * size and head[1 - first :: 2].count(0) == 0:
            return codec
    return None


def _replacing(data: bytes, codec: str) -> tuple[str, tuple[str, ...]]:
    try:
        return data.decode(codec), ()
    except UnicodeDecodeError:
        return data.decode(codec, "replace"), (INVALID if codec == "utf-8" else REPLACED,)


def _notes(text: str) -> tuple[str, ...]:
    return (NUL,) if "\0" in text else ()
