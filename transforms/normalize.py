"""CCNet's normal form of a text for its language models (spec: Perplexity); the one for line hashes is in `transforms.lines`."""

import re
import sys
import unicodedata
from functools import cache, lru_cache

# code: cc_net text_normalizer, UNICODE_PUNCT. U+FF11 is in it by mistake, and is never seen: digits have become 0 before.
MARKS = {
    "\uff0c": ",",
    "\u3002": ".",
    "\u3001": ",",
    "\u201e": '"',
    "\u201d": '"',
    "\u201c": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\uff11": '"',
    "\u300d": '"',
    "\u300c": '"',
    "\u300a": '"',
    "\u300b": '"',
    "\u00b4": "'",
    "\u2236": ":",
    "\uff1a": ":",
    "\uff1f": "?",
    "\uff01": "!",
    "\uff08": "(",
    "\uff09": ")",
    "\uff1b": ";",
    "\u2013": "-",
    "\u2014": " - ",
    "\uff0e": ". ",
    "\uff5e": "~",
    "\u2019": "'",
    "\u2026": "...",
    "\u2501": "-",
    "\u3008": "<",
    "\u3009": ">",
    "\u3010": "[",
    "\u3011": "]",
    "\uff05": "%",
    "\u25ba": "-",
}

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_CONTROLS = bytes([*range(0x20), 0x7F])  # code: cc_net text_normalizer, NON_PRINTING_CHARS_RE; the newline is among them
# ours: a run of characters is kept when it is about a word; 65,536 of them are some 15 MB.
_RUNS, _RUN_CHARACTERS = 65_536, 32


def for_language_model(text: str) -> str:
    """Stripped, in lower case, without accents (decomposed, marks dropped), digits as 0, punctuation as ASCII, no control characters.

    A newline is a control character, so lines are glued without a space. All but ASCII is rewritten in runs between ASCII characters: these
    begin a new character wherever they stand, so decomposing run by run gives the same as decomposing the whole.
    """
    lower = text.strip().lower()
    if not lower.isascii():
        lower = _BEYOND_ASCII.sub(_rewritten, lower)
    return lower.encode().translate(_DIGITS_TO_ZERO, _CONTROLS).decode()


def _rewritten(found: re.Match[str]) -> str:
    run = found[0]
    return _short_run(run) if len(run) <= _RUN_CHARACTERS else _run(run)


def _run(run: str) -> str:
    return unicodedata.normalize("NFD", run).translate(_rewriting())


_short_run = lru_cache(_RUNS)(_run)


@cache
def _rewriting() -> dict[int, str | None]:
    """What becomes of a character after it is decomposed; None where it is dropped. Digits are those of `\\d`, category Nd."""
    table: dict[int, str | None] = {ord(mark): ascii for mark, ascii in MARKS.items()}
    table |= dict.fromkeys(range(0x80, 0xA0))
    for code in range(0x80, sys.maxunicode + 1):
        kind = unicodedata.category(chr(code))
        if kind == "Mn":
            table[code] = None
        elif kind == "Nd":
            table[code] = "0"
    return table
