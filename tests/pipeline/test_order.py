"""DropDuplicates with an order, against a plain reference: which copy is kept, over units, runs, hash ranges and pieces."""

import random
import time
from contextlib import nullcontext

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import exchange, files, verdicts
from pipeline.order import Order, joined, order_of, packed, prefixes
from transforms.repeats import NONE

KEYS = [int(k) << 56 | k for k in (0, 1, 15, 16, 127, 128, 200, 255)]
NUMBERS = st.sampled_from([0, 1, 2, 1 << 40, 2**64 - 1])
NAMES = st.sampled_from(
    [b"", b"\0", b"\0\0", b"a", b"common/prefix/1", b"common/prefix/10", b"common/prefix/2", b"common/\xff", b"\xff" * 9]
)
ORDERS = {"numbers": NUMBERS, "names": NAMES}


def corpora(order):
    """Units of batches of documents; each is (what it has in the order, its keys)."""
    document = st.tuples(order, st.lists(st.sampled_from(KEYS), max_size=4))
    return st.lists(st.lists(st.lists(document, min_size=1, max_size=4), max_size=3), min_size=1, max_size=4)


def values_of(documents):
    orders = [order for order, _ in documents]
    return pa.array(orders, pa.binary()) if isinstance(orders[0], bytes) else np.array(orders, np.uint64)


def send(folder, corpus):
    """Writes the keys of every unit; gives (unit, path, runs) and, per unit, the (document, key) pairs as they came."""
    sent, pairs = [], []
    for unit, batches in enumerate(corpus):
        path, first, mine = str(folder / f"{unit}.keys"), 0, []
        with files.replacing(path) as stream:
            sender = exchange.Sender(stream)
            for batch in batches:
                numbers = np.arange(first, first + len(batch), dtype=np.uint32)
                held = [(first + i, key) for i, (_, keys) in enumerate(batch) for key in keys]
                first += len(batch)
                hashes, documents = np.array([k for _, k in held], np.uint64), np.array([d for d, _ in held], np.uint32)
                sender.add(hashes, documents, order_of(numbers, values_of(batch)))
                mine += held
            sent.append((unit, path, sender.close()))
        pairs.append(mine)
    return sent, pairs


def judge(folder, sent, partitions, seed):
    """(unit, run) -> claims of its verdicts; the claims of a range arrive in any order."""
    by_range = {}
    for unit, path, runs in sent:
        for partition, claim in exchange.claims(path, unit, runs, partitions):
            by_range.setdefault(partition, []).append(exchange.Claim(**claim))
    found = {}
    for partition, claims in by_range.items():
        random.Random(seed).shuffle(claims)
        names = lambda unit, documents: [f"{unit}/{d}" for d in documents.tolist()]  # noqa: E731
        for unit, claim in verdicts.decide(claims, str(folder / f"{partition}.verdicts"), names):
            found.setdefault((unit, claim.run), []).append(claim)
    return found


def holders_of(corpus):
    """key -> the (order, unit, document) of all that hold it, the preferred one first."""
    holders = {}
    for unit, batches in enumerate(corpus):
        document = 0
        for batch in batches:
            for order, keys in batch:
                for key in set(keys):
                    holders.setdefault(key, []).append((order, unit, document))
                document += 1
    return {key: sorted(found) for key, found in holders.items()}


@pytest.mark.parametrize("kind", ORDERS)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_the_smallest_in_the_order_is_kept(tmp_path_factory, kind, data):
    corpus = data.draw(corpora(ORDERS[kind]))
    partitions, run_keys, rows = (data.draw(st.sampled_from(some)) for some in ([1, 2, 16], [1, 3, 1000], [1, 4, 1000]))
    folder = tmp_path_factory.mktemp("order")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange, "RUN_KEYS", run_keys)
        patch.setattr(verdicts, "VERDICT_ROWS", rows)
        sent, pairs = send(folder, corpus)
        found = judge(folder, sent, partitions, data.draw(st.integers(0, 3)))
    holders = holders_of(corpus)
    for (unit, path, runs), mine in zip(sent, pairs, strict=True):
        reader, at = exchange.Rows(path, runs), 0
        for number, run in enumerate(runs):
            said = verdicts.read_verdicts(found.get((unit, number), []), run.distinct)
            _, rows_of_run, repeated = reader.next(run.keys)
            seen = set()
            for pair, row, again in zip(mine[at : at + run.keys], rows_of_run.tolist(), repeated.tolist(), strict=True):
                assert again == (pair in seen)  # in the order of the lines, whatever the order of the copies
                seen.add(pair)
                check_verdict(said, said.place[row], unit, holders[pair[1]])
            at += run.keys
        reader.close()


def check_verdict(said, place, unit, holders):
    if len(holders) < 2:
        assert place == -1
        return
    record = said.records[place]
    _, first_unit, first = holders[0]
    assert record["holder"] == (first if first_unit == unit else NONE)
    assert said.ids[int(record["first"])].as_py() == f"{first_unit}/{first}"
    assert said.ids[int(record["second"])].as_py() in {f"{u}/{d}" for _, u, d in holders[1:]}


@settings(max_examples=200, deadline=None)
@given(names=st.lists(st.binary(max_size=12), min_size=1, max_size=8), cut=st.integers(0, 7))
def test_prefixes_never_contradict_the_strings(names, cut):
    whole = pa.array(names, pa.binary())
    array = whole.slice(min(cut, len(names) - 1))
    names, numbers = array.to_pylist(), prefixes(array).tolist()
    for a, b, p, q in zip(names, names[1:], numbers, numbers[1:], strict=False):
        assert (p < q) <= (a < b)
        assert (p > q) <= (a > b)
    assert numbers == [int.from_bytes(name[:8].ljust(8, b"\0"), "big") for name in names]
    offsets, data = packed(array)
    assert [data.tobytes()[i:j] for i, j in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)] == names


def test_equal_ones_are_ranked_by_their_numbers():
    documents = np.arange(4, dtype=np.uint32)
    assert order_of(documents, np.array([5, 1, 5, 1], np.uint64)).ranked().tolist() == [1, 3, 0, 2]
    assert order_of(documents, pa.array([b"b", b"a", b"b", b"a"], pa.binary())).ranked().tolist() == [1, 3, 0, 2]
    assert joined([]) is None


def test_an_order_without_a_value_for_each_document_is_refused():
    documents = np.arange(2, dtype=np.uint32)
    with pytest.raises(ValueError, match="1 null"):
        order_of(documents, pa.array([b"a", None], pa.binary()))
    with pytest.raises(ValueError, match="uint64"):
        order_of(documents, np.array([-1, 2]))
    with pytest.raises(ValueError, match="2 documents"):
        order_of(documents, np.array([1], np.uint64))


def tied_piece(units, each=50):
    """A piece in which every row of every unit has the same prefix, and what its claims give as names."""
    rows = units * each
    sender = np.repeat(np.arange(units, dtype=np.uint32), each)
    hashes = np.tile(np.arange(each, dtype=np.uint64), units)
    zeros = np.zeros(rows, np.uint32)
    row = np.tile(np.arange(each, dtype=np.uint32), units)
    piece = verdicts.Piece(hashes, zeros, zeros, np.zeros(rows, np.uint64), row, sender)
    return piece, [exchange.Claim("", unit, 0, 0, each, each, 2, 0, each) for unit in range(units)]


def test_ties_take_time_in_proportion_to_the_rows(monkeypatch):
    """All copies have one prefix: no claim goes through the rows of the others."""
    monkeypatch.setattr(verdicts.files, "open_read", lambda path: nullcontext())
    monkeypatch.setattr(
        exchange.Claim, "names", lambda self, _, rows: pa.array([b"%09d" % (10**8 - self.unit)] * len(rows), pa.large_binary())
    )

    def seconds(units):
        piece, claims = tied_piece(units)
        started = time.process_time()
        order = verdicts._order(piece, claims)
        assert (piece.sender[order].reshape(50, units) == np.arange(units)[::-1]).all()
        return time.process_time() - started

    seconds(10)
    few, many = (min(seconds(units) for _ in range(3)) for units in (500, 4000))
    assert many < 28 * few  # 8 where linear, 64 where each claim goes through all rows


def test_order_takes_places():
    order = Order(np.array([3, 4], np.uint32), np.array([9, 1], np.uint64), None).take(np.array([1]))
    assert (order.documents.tolist(), order.numbers.tolist(), order.names) == ([4], [1], None)
