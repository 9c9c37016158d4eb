"""The grouping of keys, against a dict of lists."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.repeats import NONE, Distinct, distinct

hashes = st.integers(0, 6) | st.sampled_from([0, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)


def run(lines: list[tuple[int, int]]) -> Distinct:
    keys, documents = zip(*lines, strict=True) if lines else ((), ())
    return distinct(np.array(keys, np.uint64), np.array(documents, np.uint32))


@given(
    st.lists(st.tuples(hashes, st.integers(0, 5) | st.just(NONE - 1)), max_size=60).map(
        lambda lines: sorted(lines, key=lambda line: line[1])
    )
)
def test_each_hash_names_its_first_two_documents(lines: list[tuple[int, int]]) -> None:
    holders: dict[int, list[int]] = {}
    for key, document in lines:
        holders.setdefault(key, []).append(document)
    found = run(lines)
    assert found.hashes.tolist() == sorted(holders)
    assert found.first.tolist() == [holders[key][0] for key in sorted(holders)]
    others = {key: [document for document in held if document != held[0]] for key, held in holders.items()}
    assert found.second.tolist() == [min(others[key], default=NONE) for key in sorted(holders)]
    assert [sorted(holders)[row] for row in found.rows.tolist()] == [key for key, _ in lines]
    assert found.repeated.tolist() == [line in lines[:number] for number, line in enumerate(lines)]
    dtypes = [column.dtype for column in (found.hashes, found.first, found.second, found.rows, found.repeated)]
    assert dtypes == [np.uint64, np.uint32, np.uint32, np.uint32, np.bool_]


def test_one_hash_of_a_million_lines_is_not_dear() -> None:
    documents = np.repeat(np.arange(500_000, dtype=np.uint32), 2)
    started = time.perf_counter()
    found = distinct(np.full(len(documents), 7, np.uint64), documents)
    assert time.perf_counter() - started < 5  # 0.1 s when linear, hours when not
    assert (found.first.tolist(), found.second.tolist()) == ([0], [1])
    assert (found.repeated == np.tile([False, True], 500_000)).all()


@pytest.mark.parametrize(
    ("keys", "documents", "message"),
    [
        (np.zeros(2, np.uint64), np.zeros(1, np.uint32), "found 1 for 2"),
        (np.zeros(2, np.int64), np.zeros(2, np.uint32), "found int64 and uint32"),
        (np.zeros(2, np.uint64), np.array([1, 0], np.uint32), "ascending order"),
        (np.zeros(1, np.uint64), np.array([NONE], np.uint32), "below 4294967295"),
    ],
)
def test_input_that_cannot_be_grouped_is_refused(keys: np.ndarray, documents: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        distinct(keys, documents)
