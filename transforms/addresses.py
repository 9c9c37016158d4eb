"""The normal form of a page's address, and what its MD5 decides: which copy of a line stays, which split a page falls into (C4; spec 4.3, steps 4, 7 and 10).

All patterns are case-sensitive, and stand for what they match anywhere in the address, as in the reference.
"""

import hashlib
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SCHEME = r"https?://(www\.)?"  # code: c4_utils.normalize_url; deleted wherever it stands, so also in an address within the address
TRACKING = r"\?(utm_|ref|feed).*"  # code: c4_utils.normalize_url; to the end of the address (`.` is no newline)
VALIDATION_ONE_IN = 1000  # code: c4.py, validation where md5 % 1000 == 0

Mask = npt.NDArray[np.bool_]


def normal_form(urls: pa.StringArray) -> pa.StringArray:
    """[pages] The address without scheme, `www.`, tracking parameters and the slashes at its end; null where it is null."""
    bare = pc.replace_substring_regex(urls, pattern=SCHEME, replacement="")
    return pc.utf8_rtrim(pc.replace_substring_regex(bare, pattern=TRACKING, replacement=""), characters="/")


def digests(normal: pa.StringArray) -> npt.NDArray[np.uint8]:
    """[pages, 16] MD5 of each normal form, the most significant byte first: rows order as the reference's hexadecimal strings do.

    ValueError for nulls.
    """
    if normal.null_count:
        raise ValueError(f"expected an address for every page, found {normal.null_count} nulls among {len(normal)}")
    joined = b"".join(hashlib.md5(url.encode(), usedforsecurity=False).digest() for url in cast(list[str], normal.to_pylist()))
    return np.frombuffer(joined, np.uint8).reshape(-1, 16)


def is_validation(digests: npt.NDArray[np.uint8], one_in: int = VALIDATION_ONE_IN) -> Mask:
    """[pages] Whether a page belongs to the validation split: its MD5 as an integer is a multiple of `one_in`."""
    return np.array([int.from_bytes(digest.tobytes(), "big") % one_in == 0 for digest in digests], bool)


def is_exempt(digests: npt.NDArray[np.uint8], filter_fraction: float) -> Mask:
    """[pages] Whether a page with a bad word stays all the same, as 1 - `filter_fraction` of them do.

    code: c4_utils.get_badwords_filter_fn takes the fraction as the exact ratio of two integers that the float is; mC4 has 0.999, C4 has 1.
    ValueError where the fraction is not between 0 and 1.
    """
    if not 0 <= filter_fraction <= 1:
        raise ValueError(f"expected a fraction of pages to filter between 0 and 1, found {filter_fraction}")
    least, modulus = float(filter_fraction).as_integer_ratio()
    return np.array([int.from_bytes(digest.tobytes(), "big") % modulus >= least for digest in digests], bool)
