"""Line hashes: two lines are the same line if their normal forms have the same hash.

CCNet's `normalize_for_dedup` (spec 2.2: strip, lower-case, every digit a 0, punctuation and control characters deleted; accents and inner
spaces stay), then the first 8 bytes of SHA-1 as a little-endian integer. The loops are in `transforms.kernels.line_hashes`.
"""

import re
from functools import cache

import numpy as np
import numpy.typing as npt

from transforms.texts import Texts

Table = npt.NDArray[np.uint32]
Kinds = npt.NDArray[np.uint8]

DELETED = (  # code: cc_net text_normalizer, the 34 marks of UNICODE_PUNCT; U+FF11 is a digit, and has become 0 before it could be deleted
    "\uff0c\u3002\u3001\u201e\u201d\u201c\u00ab\u00bb\uff11\u300d\u300c\u300a\u300b\u00b4\u2236\uff1a\uff1f"
    "\uff01\uff08\uff09\uff1b\u2013\u2014\uff0e\uff5e\u2019\u2026\u2501\u3008\u3009\u3010\u3011\uff05\u25ba"
)
CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))  # code: cc_net text_normalizer, NON_PRINTING_CHARS_RE

CODE_POINTS = 0x110000
CAPITAL_SIGMA, FINAL_SIGMA = 0x3A3, 0x3C2


def hashes(texts: Texts) -> npt.NDArray[np.uint64]:
    """[lines] The hash of each line; 957977401221134810 for those that are empty or white space alone."""
    from transforms.kernels.line_hashes import hash_lines

    lines = texts.lines
    out = np.empty(len(lines), np.uint64)
    hash_lines(texts.buffer, lines.starts, lines.ends, *_tables(), out)
    return out


def lowered_hashes(texts: Texts) -> npt.NDArray[np.uint64]:
    """[lines] The hash of each line, stripped and lower-cased and no more: what C4 compares (spec 4.3, step 7). NUL does not count."""
    from transforms.kernels.line_hashes import hash_lines

    lines = texts.lines
    out = np.empty(len(lines), np.uint64)
    hash_lines(texts.buffer, lines.starts, lines.ends, _lowered(), _tables()[1], out)
    return out


@cache
def _lowered() -> Table:
    """Per code point: its lower case in UTF-8, as in `_tables`; nothing becomes another digit, nothing is deleted."""
    codes = np.arange(CODE_POINTS, dtype="<u4")
    codes[0xD800:0xE000] = 0
    codes[0x130] = codes[CAPITAL_SIGMA] = ord("A")
    forms = _utf8(_codes(_string(codes).lower()))
    forms[0x130] = int.from_bytes("\u0130".lower().encode(), "little")
    return forms


@cache
def _tables() -> tuple[Table, Kinds]:
    """Per code point: its normal form, up to 4 bytes of UTF-8 with the first one lowest (0: deleted), and the bits of its kind.

    They are asked of this Python, so both follow its Unicode version. Two characters do not lower-case to one by themselves: U+0130
    becomes two (3 bytes), and U+03A3 hangs on its neighbours, whose kinds the kernel looks at. Surrogates are in no UTF-8.
    """
    from transforms.kernels.line_hashes import CASED, IGNORABLE, WHITESPACE

    codes = np.arange(CODE_POINTS, dtype="<u4")
    codes[0xD800:0xE000] = 0
    codes[0x130] = codes[CAPITAL_SIGMA] = ord("A")
    lower = re.sub(r"\d", "0", _string(codes).lower())
    forms = _utf8(_codes(lower))
    forms[0x130] = int.from_bytes("\u0130".lower().encode(), "little")
    forms[[ord(mark) for mark in DELETED + CONTROLS if not mark.isdigit()]] = 0

    kinds = np.zeros(CODE_POINTS, np.uint8)
    kinds[[match.start() for match in re.finditer(r"\s", _string(codes))]] = WHITESPACE
    cased = _makes_sigma_final(codes, "\n")
    kinds[cased] |= CASED
    kinds[_makes_sigma_final(codes, "A") & ~cased] |= IGNORABLE
    return forms, kinds


def _makes_sigma_final(codes: Table, before: str) -> npt.NDArray[np.bool_]:
    """[code points] Whether a capital sigma at the end of a word that is `before` and then the character becomes a final one."""
    words = np.empty((CODE_POINTS, 4), "<u4")
    words[:] = [ord(before), 0, CAPITAL_SIGMA, ord("\n")]
    words[:, 1] = codes
    final: npt.NDArray[np.bool_] = _codes(_string(words).lower()).reshape(-1, 4)[:, 2] == FINAL_SIGMA
    return final


def _string(codes: Table) -> str:
    return codes.tobytes().decode("utf-32-le")


def _codes(string: str) -> Table:
    return np.frombuffer(string.encode("utf-32-le"), "<u4")


def _utf8(codes: Table) -> Table:
    """The UTF-8 bytes of each code point, the first one lowest."""
    last, middle, high = 0x80 | codes & 63, 0x80 | codes >> 6 & 63, 0x80 | codes >> 12 & 63
    two = (0xC0 | codes >> 6) | last << 8
    three = (0xE0 | codes >> 12) | middle << 8 | last << 16
    four = (0xF0 | codes >> 18) | high << 8 | middle << 16 | last << 24
    return np.select([codes < 0x80, codes < 0x800, codes < 0x10000], [codes, two, three], four).astype(np.uint32)
