"""The views of a batch, against plain Python on its strings."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.texts import Texts

documents = st.lists(st.text(st.sampled_from("ab \n\r\t\0\x85\u2028é日𐐀") | st.characters(codec="utf-8"), max_size=30), max_size=12)


def lines_of(texts: Texts) -> list[tuple[int, str]]:
    """(document, line) as the line view says."""
    lines = texts.lines
    places = zip(lines.documents.tolist(), lines.starts.tolist(), lines.ends.tolist(), strict=True)
    return [(document, bytes(texts.buffer[start:end]).decode()) for document, start, end in places]


@given(documents)
def test_lines_and_characters_are_those_of_the_strings(strings: list[str]) -> None:
    texts = Texts(pa.array(strings, pa.string()))
    assert lines_of(texts) == [(number, line) for number, text in enumerate(strings) for line in text.split("\n")]
    counts = [text.count("\n") + 1 for text in strings]
    assert texts.lines.offsets.tolist() == [sum(counts[:number]) for number in range(len(strings) + 1)]
    assert texts.characters.tolist() == [len(text) for text in strings]
    assert len(texts) == len(strings)


@given(documents, st.data())
def test_a_slice_is_read_from_its_own_first_byte(strings: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(strings)))
    count = data.draw(st.integers(0, len(strings) - first))
    texts = Texts(pa.array(strings, pa.string()).slice(first, count))
    part = strings[first : first + count]
    assert bytes(texts.buffer) == "".join(part).encode()
    assert texts.offsets.tolist() == [len("".join(part[:number]).encode()) for number in range(count + 1)]
    assert lines_of(texts) == [(number, line) for number, text in enumerate(part) for line in text.split("\n")]


def test_the_view_of_the_bytes_is_no_copy() -> None:
    array = pa.array(["one", "two\n", "three"])
    assert Texts(array[1:]).buffer.ctypes.data == array.buffers()[2].address + 3


@pytest.mark.parametrize(
    "array",
    [
        pa.chunked_array([["a\nb"], [], ["c"]], pa.string()),
        pa.chunked_array([], pa.string()),
        pa.array(["a\nb", "c"], pa.large_string()),
        pa.array(["a\nb", "c"], pa.string_view()),
    ],
)
def test_other_string_columns_become_one_plain_array(array: pa.Array) -> None:
    texts = Texts(array)
    assert texts.array.type == pa.string()
    assert texts.array.to_pylist() == array.to_pylist()
    assert len(texts.lines) == (3 if len(array) else 0)


def test_nulls_are_refused_with_their_number() -> None:
    with pytest.raises(ValueError, match="found 1 nulls among 2"):
        Texts(pa.array(["a", None]))


@pytest.mark.parametrize("broken", [b"\xff", b"caf\xc3", b"\xed\xa0\x80"])
def test_bytes_that_are_not_utf8_are_refused(broken: bytes) -> None:
    offsets = pa.py_buffer(bytes(4) + len(broken).to_bytes(4, "little"))
    with pytest.raises(pa.ArrowInvalid, match="UTF8"):
        Texts(pa.StringArray.from_buffers(1, offsets, pa.py_buffer(broken)))
