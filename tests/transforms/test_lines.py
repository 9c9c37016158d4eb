"""Line hashes, against CCNet's rules written out plainly."""

import gzip
import hashlib
import re
from collections.abc import Iterable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from transforms.lines import CODE_POINTS, CONTROLS, DELETED, hashes, lowered_hashes
from transforms.texts import Texts

DIGIT = re.compile(r"\d")
DELETION = re.compile(f"[{DELETED}{re.escape(CONTROLS)}]")

VECTORS = {  # spec: paragraph normalisation for hashing, made by running cc_net itself
    "Hello, World! 123": 1792485646585520422,
    "１２ foo": 8405502279761338299,
    "  Hèllo…  World ": 2370044754131795921,
    "Copyright © 2019–2020": 12989752131017151473,
    "All rights reserved.": 1813493360285846572,
    "": 957977401221134810,
    "a\tb": 980172844625372122,
    "٣ apples": 6818812453203334735,
    "\u200bZero": 232748785011078163,
}


def plain_hash(line: str) -> int:
    normal = DELETION.sub("", DIGIT.sub("0", line.strip().lower()))
    return int.from_bytes(hashlib.sha1(normal.encode()).digest()[:8], "little")


def assert_equal(documents: Iterable[str]) -> None:
    documents = list(documents)
    got = hashes(Texts(pa.array(documents, pa.string()))).tolist()
    lines = [line for text in documents for line in text.split("\n")]
    wrong = [line for line, value in zip(lines, got, strict=True) if value != plain_hash(line)]
    assert not wrong, f"{len(wrong)} of {len(lines)} lines differ, among them {wrong[:5]!r}"


def test_the_list_of_deleted_marks_is_complete() -> None:
    assert len(DELETED) == len(set(DELETED)) == 34
    assert len(CONTROLS) == 65


@pytest.mark.parametrize(("line", "expected"), VECTORS.items())
def test_vectors_of_the_reference(line: str, expected: int) -> None:
    assert plain_hash(line) == expected
    assert hashes(Texts(pa.array([line]))).tolist() == [expected]


CONTEXTS = ["A{}Σ", "AΣ{}b"]
MORE_CONTEXTS = ["{}", "a{}", "{}a", "AΣ{}", "x {}\u00a0", "Σ{}Σ{}"]


@pytest.mark.parametrize("context", [*CONTEXTS, *(pytest.param(context, marks=pytest.mark.slow) for context in MORE_CONTEXTS)])
def test_every_code_point_in_context(context: str) -> None:
    characters = (chr(code) for code in range(CODE_POINTS) if not 0xD800 <= code < 0xE000 and code != 0x0A)
    assert_equal(["\n".join(context.replace("{}", character) for character in characters)])


@pytest.mark.parametrize("length", [*range(50, 70), *range(115, 135), 1000])
def test_lengths_around_the_padding_of_sha1(length: int) -> None:
    assert_equal(["x" * length, "é" * length])


def test_lines_that_grow_when_lower_cased_fit() -> None:
    assert_equal(["\u0130" * length for length in (1, 7, 400)] + ["\u023a" * 400])  # 2 bytes that become 3


@given(st.lists(st.text(st.sampled_from("ΣςσAaİı.'\u0301\u00ad \n\t\0\x1c\x85\u2028１9٣…，K") | st.characters(codec="utf-8"), max_size=40)))
def test_any_text(documents: list[str]) -> None:
    assert_equal(documents)


def test_a_sigma_at_the_edge_of_a_document_sees_no_other_document() -> None:
    assert_equal(["A", "Σ", "A'", "'Σ", "AΣ", "A"])


def test_lines_of_very_different_lengths_share_the_lanes() -> None:
    assert_equal(["\n".join("x" * (k * k * k % 997) for k in range(400)), "y" * 100_000, *"abc"])


def test_a_line_of_sigmas_is_linear() -> None:
    assert_equal(["A" + "Σ" * 300_000, "A" + "'" * 300_000 + "Σ" + "'" * 300_000])


def test_real_text() -> None:
    folder = SHARED / "langid" / "lingua-sentences"
    if not folder.is_dir():
        pytest.skip(f"no real text: {folder} is absent")
    assert_equal(path.read_text("utf-8") for path in sorted(folder.glob("*.txt")))
    assert_equal(gzip.decompress(path.read_bytes()).decode(errors="replace") for path in sorted((SHARED / "html").rglob("*.txt.gz")))


def plain_lowered(line: str) -> int:
    return int.from_bytes(hashlib.sha1(line.strip().lower().replace("\0", "").encode()).digest()[:8], "little")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=8))
def test_lines_that_c4_takes_for_one(documents: list[str]) -> None:
    """Stripped and lower-cased as Python does it, and no more: digits and punctuation count. NUL does not, of which C4 knows nothing."""
    documents += ["A line, 1.", " a LINE, 1. ", "a line, 2.", "a line 1", "ΟΔΟΣ", "\u0130x"]
    got = lowered_hashes(Texts(pa.array(documents, pa.string()))).tolist()
    assert got == [plain_lowered(line) for text in documents for line in text.split("\n")]


def test_c4_takes_every_code_point_in_lower_case() -> None:
    lines = [chr(code) for code in range(1, CODE_POINTS) if not 0xD800 <= code < 0xE000 and chr(code) != "\n"]
    got = lowered_hashes(Texts(pa.array(["\n".join(f"a{one}b" for one in lines)], pa.string()))).tolist()
    assert got == [plain_lowered(f"a{one}b") for one in lines]
