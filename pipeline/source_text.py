"""The text of a source file, or that it is binary."""

from __future__ import annotations

import codecs
import re

from transforms.wet import NUL

GIT_HEAD = 8000  # code: git's buffer_is_binary looks for a NUL in so many bytes
MARK = "byte order mark removed"
UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
DECLARED = re.compile(rb"coding[:=][ \t]*([-\w.]+)")  # PEP 263, which Emacs, Vim and Ruby share: in the first two lines
CONTROLS = bytes(byte for byte in range(32) if byte not in b"\a\b\t\n\v\f\r\x1b") + b"\x7f"
"""code: file(1) takes bytes of 8-bit character sets for text where none of these controls is among them."""


def text_of(data: bytes) -> tuple[str, tuple[str, ...]] | None:
    """The text and what is worth knowing of it; None: the file is binary.

    Ours: binary as git says (a NUL in the first 8000 bytes), unless a UTF-16 mark comes first. Then UTF-8, its byte order mark removed and noted.
    Else, if a control character stands in it that no text has, binary; else the charset it declares, or one that is guessed, noted.
    """
    for mark, charset in UTF16:
        if data.startswith(mark):
            try:
                text = data[2:].decode(charset)
            except UnicodeDecodeError:
                return None
            return None if "\0" in text[:GIT_HEAD] else (text, ("UTF-16", MARK))
    if b"\0" in data[:GIT_HEAD]:
        return None
    notes: tuple[str, ...] = (NUL,) if b"\0" in data else ()
    if data.startswith(codecs.BOM_UTF8):
        data, notes = data[3:], (MARK, *notes)
    try:
        return data.decode(), notes
    except UnicodeDecodeError:
        pass
    if data.translate(None, CONTROLS) != data:
        return None
    from transforms import html  # loads resiliparse: few files need it

    declared = DECLARED.search(b"\n".join(data.split(b"\n", 2)[:2]))
    text, guessed = html.decode(data, declared[1].decode("ascii", "replace") if declared else None)
    return text, (*notes, "not UTF-8", *guessed)
