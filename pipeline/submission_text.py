"""The text of a LaTeX file in whatever encoding: never an error, and what was declared, guessed or replaced is noted."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping

from pipeline.source_text import MARK, UTF16
from transforms.wet import NUL

NOT_UTF8, GUESSED, REPLACED = "not UTF-8", "charset guessed", "invalid bytes replaced"
DECLARED = re.compile(
    rb"(?m)^[^%\n]{0,300}?\\(?:(?:usepackage|RequirePackage)\s{0,20}\[([^\]\n]{1,100})\]\s{0,20}\{[^}]{0,200}?\binputenc\b"
    rb"|inputencoding\s{0,20}\{([^}\n]{1,40})\}|begin\s{0,20}\{CJK\*?\}\s{0,20}(?:\[[^\]\n]{0,40}\])?\s{0,20}\{([^}\n]{1,40})\})"
    rb"|%[ \t]*!TEX[ \t]+encoding[ \t]*=[ \t]*([\w-]+)"
)
"""LaTeX's inputenc and CJK; the comment of TeXShop and others."""
CHARSETS = {
    **dict.fromkeys(("latin1", "ansinew", "cp1252", "isolatin", "isolatin1", "iso-8859-1", "latin-1"), "cp1252"),
    **{
        "latin2": "iso8859-2",
        "latin3": "iso8859-3",
        "latin4": "iso8859-4",
        "latin5": "iso8859-9",
        "latin9": "iso8859-15",
        "latin10": "iso8859-16",
    },
    **{"applemac": "mac-roman", "macce": "mac-latin2", "maccyr": "mac-cyrillic", "macosroman": "mac-roman"},
    **{"gb": "gb18030", "gbk": "gb18030", "bg5": "big5", "big5": "big5", "sjis": "shift_jis", "jis": "euc-jp", "ks": "euc-kr"},
    **{"utf8": "utf-8", "utf8x": "utf-8"},
}
"""Names of inputenc and CJK that Python spells otherwise; latin1 as browsers read it, since its controls are windows-1252's letters."""


class Texts(Mapping[str, str]):
    """The files of a submission as texts: each is decoded when it is asked for, and the notes gather. Lines end in \\n."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._texts: dict[str, str] = {}
        self._fallback: str | None = None
        self._searched = False
        self.notes: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, path: str) -> str:
        if path not in self._texts:
            self._texts[path], self.notes[path] = text_of(self._files[path], self._shared)
        return self._texts[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def _shared(self) -> str | None:
        """The charset of a file that declares none: the one that others declare, if they agree."""
        if not self._searched:
            self._searched = True
            found = {declared(data) for data in self._files.values()} - {None, "utf-8"}
            self._fallback = found.pop() if len(found) == 1 else None
        return self._fallback


def text_of(data: bytes, shared: Callable[[], str | None] = lambda: None) -> tuple[str, tuple[str, ...]]:
    """The characters of a file, and notes. UTF-16 and UTF-8 by their marks, else UTF-8; else the charset it declares, `shared()`, or a guess.

    A guess is Mac Roman where lines end as on old Macs, else what the bytes look like. NUL bytes are removed.
    """
    notes: tuple[str, ...] = ()
    for mark, charset in UTF16:
        if data.startswith(mark):
            text = data[2:].decode(charset, "replace")
            return _lines(text.replace("\0", "")), ("UTF-16", MARK)
    if b"\0" in data:
        data, notes = data.replace(b"\0", b""), (NUL,)
    if data.startswith(codecs.BOM_UTF8):
        data, notes = data[3:], (*notes, MARK)
    try:
        return _lines(data.decode()), notes
    except UnicodeDecodeError:
        text, added = _other(data, shared)
        return _lines(text), (*notes, NOT_UTF8, *added)


def declared(data: bytes) -> str | None:
    """The charset that a file declares, as Python names it; None: none, or one that is not known."""
    if not any(word in data for word in (b"inputenc", b"CJK", b"!TEX")):
        return None
    found = DECLARED.search(data.replace(b"\r", b"\n"))
    if found is None:
        return None
    for name in (found[1] or found[2] or found[3] or found[4]).decode("ascii", "replace").split(","):
        label = name.strip().lower()
        try:
            return codecs.lookup(CHARSETS.get(label, label)).name
        except (LookupError, ValueError):
            continue
    return None


def _other(data: bytes, shared: Callable[[], str | None]) -> tuple[str, tuple[str, ...]]:
    charset, notes = declared(data) or shared(), tuple[str, ...]()
    if charset is None and b"\r" in data and b"\n" not in data:
        charset, notes = "mac-roman", (GUESSED,)
    if charset and charset != "utf-8":
        try:
            text = data.decode(charset, "replace")
        except (LookupError, UnicodeError):  # a codec of Python's that is none of text
            text = data.decode("cp1252", "replace")
        return text, (*notes, REPLACED) if "\ufffd" in text else notes
    from transforms import html  # loads resiliparse: few papers need it

    return html.decode(data, charset)


def _lines(text: str) -> str:
    if "\r" not in text:
        return text
    if "\r\r\n" in text:
        text = re.sub(r"(?<!\r)\r+\n", "\n", text)
    return text.replace("\r\n", "\n").replace("\r", "\n")
