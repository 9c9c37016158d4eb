"""Rows that feed documents by key, against a plain reference: a dict from key to rows, over units, runs, hash ranges, pieces and chunks."""

import random
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import attach, deliver, files, gather
from pipeline.documents import Batch
from pipeline.exchange import CUTS
from pipeline.recipe import Gather, Merged
from pipeline.records import Row

ROWS = {"answer": pa.schema([("value", pa.string()), ("place", pa.int64()), ("raw", pa.binary())])}
HASHES = {"a": 0, "b": 1 << 40, "c": 1 << 40, "d": (1 << 40) + 1, "e": 2**63, "f": 2**63, "g": 2**64 - 1}
"""b and c have one hash, and so have e and f; a to d lie in one of the CUTS ranges."""
BOUNDS = {"RUN_BYTES": [1, 20, 10**6], "RUN_ROWS": [1, 3, 10**6], "CHUNK_BYTES": [1, 60, 10**6]}
PIECES = {"PIECE_BYTES": [1, 100, 10**6], "PIECE_KEYS": [1, 3, 10**6], "CHUNK_BYTES": [1, 60, 10**6]}

keys = st.sampled_from(sorted(HASHES))
rows = st.lists(st.tuples(keys, st.sampled_from(["", "v", "é" * 40, None])), max_size=8)
batches = st.lists(st.lists(st.one_of(st.none(), keys), min_size=1, max_size=6), max_size=4)
corpora = st.lists(st.tuples(rows, batches), min_size=1, max_size=4)


def job_in(folder):
    passed = lambda stage, unit, what: str(folder / f"{stage}-{unit}.{what}")  # noqa: E731
    return SimpleNamespace(passed=passed, module=SimpleNamespace(ROWS=ROWS))


def send(job, corpus, partitions):
    """Writes what every unit sends; gives the claims of each range, the runs of keys of each unit, and the batches of each unit."""
    by_range, runs, arriving = {}, [], []
    for unit, (mine, asking) in enumerate(corpus):
        with gather.RowSenders(job, unit) as senders:
            for place, (key, value) in enumerate(mine):
                raw = None if value is None else value.encode()
                senders.add(Row("answer", key, {"value": value, "place": 1000 * unit + place, "raw": raw}))
        path, first, batches_of_unit = job.passed(1, unit, "gather-0"), 0, []
        with files.replacing(path) as stream:
            sender = gather.KeySender(stream)
            for keys_of_batch in asking:
                numbers = np.arange(first, first + 2 * len(keys_of_batch), 2, dtype=np.uint32)  # some numbers are of dropped documents
                batch = Batch({"document": pa.array(numbers), "key": pa.array(keys_of_batch, pa.string())})
                sender.add(batch["key"], numbers)
                batches_of_unit.append(batch)
                first += 2 * len(keys_of_batch)
            runs.append(sender.close())
        arriving.append(batches_of_unit)
        sent = [(job.passed(0, unit, name), found) for name, found in senders.runs.items()] + [(path, runs[-1])]
        for file, found in sent:
            for partition, claim in gather.claims(file, unit, found, partitions):
                by_range.setdefault(partition, []).append(claim)
    return by_range, runs, arriving


def exchange(job, by_range, partitions, most, seed=0):
    """unit -> its Deliveries and Fates; the claims of a range arrive in any order."""
    given_out = {}
    width = CUTS // partitions
    for partition, claims in by_range.items():
        random.Random(seed).shuffle(claims)
        path = job.passed(9, partition, "delivered")
        cuts = (partition * width, (partition + 1) * width)
        for unit, claim in deliver.deliver(claims, path, gather.rows_schema(job, "answer"), most, cuts):
            given_out.setdefault(unit, []).append(claim)
    return given_out


def take_all(job, most, runs, arriving, claims, batch_bytes):
    """(document, places of the rows that it got) of every document of a unit, and the parts that they came in."""
    said, parts = [], []

    def merge(part, gathered):
        places = gathered.rows.column("place").to_pylist()
        values, raw = gathered.rows.column("value").to_pylist(), gathered.rows.column("raw").to_pylist()
        assert [None if value is None else value.encode() for value in values] == raw
        firsts = gathered.first("place").to_pylist()
        for i, number in enumerate(part.numbers.tolist()):
            mine = places[gathered.offsets[i] : gathered.offsets[i + 1]]
            said.append((number, mine))
            assert firsts[i] == (mine[0] if mine else None)
        parts.append((len(part), sum(len((value or "").encode()) for value in values)))
        return Merged({"got": pa.array(np.diff(gathered.offsets))})

    step = Gather("gather", "answer", lambda batch: batch["key"], merge, most)
    deliveries = [claim for claim in claims if isinstance(claim, deliver.Delivery)]
    random.Random(1).shuffle(deliveries)
    out = list(attach.attach(step, arriving, runs, deliveries, gather.rows_schema(job, "answer"), batch_bytes))
    assert [n for part in out for n in part["got"].to_pylist()] == [len(mine) for _, mine in said]
    return said, parts


def spoiled(patch, data, bounds, module):
    for name, some in bounds.items():
        patch.setattr(module, name, data.draw(st.sampled_from(some), label=name))


def made_hashes(keys_):
    return np.array([HASHES[key] for key in keys_], np.uint64)


@settings(max_examples=80, deadline=None)
@given(corpus=corpora, data=st.data())
def test_every_document_gets_the_rows_of_its_key(tmp_path_factory, corpus, data):
    job = job_in(tmp_path_factory.mktemp("gather"))
    most, partitions = data.draw(st.sampled_from([None, 1, 2])), data.draw(st.sampled_from([1, 2, 16]))
    with pytest.MonkeyPatch.context() as patch:
        spoiled(patch, data, BOUNDS, gather)
        patch.setattr(gather, "RUN_KEYS", data.draw(st.sampled_from([1, 4, 10**6])))
        spoiled(patch, data, PIECES, deliver)
        patch.setattr(gather, "key_hashes", made_hashes)
        by_range, runs, arriving = send(job, corpus, partitions)
        given_out = exchange(job, by_range, partitions, most, data.draw(st.integers(0, 2)))
        batch_bytes = data.draw(st.sampled_from([1, 100, 10**6]))
        said = [take_all(job, most, runs[u], arriving[u], given_out.get(u, []), batch_bytes)[0] for u in range(len(corpus))]
    of_key = {}
    for unit, (mine, _) in enumerate(corpus):
        for place, (key, _) in enumerate(mine):
            of_key.setdefault(key, []).append(1000 * unit + place)
    for unit, (_, asking) in enumerate(corpus):
        wanted = [key for keys_of_batch in asking for key in keys_of_batch]
        assert said[unit] == [(2 * i, of_key.get(key, [])[:most]) for i, key in enumerate(wanted)]
    check_fates(corpus, given_out, most)


def check_fates(corpus, given_out, most):
    """What a unit's rows came to; by hash, so that a row whose key only looks asked for counts as used."""
    asked = {HASHES[key] for _, asking in corpus for keys_of_batch in asking for key in keys_of_batch if key is not None}
    before = {}
    for unit, (mine, _) in enumerate(corpus):
        expected = [0, 0, 0]
        for key, _ in mine:
            before[key] = before.get(key, 0) + 1
            expected[1 if HASHES[key] not in asked else 2 if most is not None and before[key] > most else 0] += 1
        fates = [claim for claim in given_out.get(unit, []) if isinstance(claim, deliver.Fate)]
        assert [sum(getattr(fate, name) for fate in fates) for name in ("used", "orphans", "repeated")] == expected
        assert sum(expected) == len(mine)


CORPUS = [
    ([("a", "one"), ("e", "two"), ("e", "three")], [["a", "e", None], ["g", "e"]]),
    ([], [["e", "a"], [None, None]]),
    ([("a", "four"), ("g", "six"), ("d", "five")], []),
    ([], []),
]


def digests(folder, corpus, partitions=2, most=None):
    folder.mkdir()
    job = job_in(folder)
    by_range, _, _ = send(job, corpus, partitions)
    given_out = exchange(job, by_range, partitions, most)
    return {unit: sorted((claim.run, claim.digest) for claim in claims) for unit, claims in given_out.items()}


@pytest.mark.parametrize(
    ("unit", "rows_", "changed"),
    [
        (0, [("a", "ONE"), ("e", "two"), ("e", "three")], {0, 1}),  # a text: those who asked, and the unit itself asks too
        (0, [("a", "one"), ("e", "two, and a longer text")], {0, 1}),  # fewer rows
        (2, [("a", "four"), ("g", "other"), ("d", "five")], {0}),  # only unit 0 asks for g
        (2, [("a", "four"), ("g", "six"), ("d", "a text that nobody asks for")], set()),
        (2, [("a", "four"), ("g", "six")], {2}),  # its own rows came to something else
    ],
)
def test_a_digest_changes_with_what_is_delivered_and_with_nothing_else(tmp_path, unit, rows_, changed):
    """A unit whose digests stand is not done again, so they change with every row; and where they change, the unit is, so with nothing else."""
    before = digests(tmp_path / "before", CORPUS)
    other = [(rows_ if number == unit else mine, asking) for number, (mine, asking) in enumerate(CORPUS)]
    after = digests(tmp_path / "after", other)
    assert {number for number in before if before[number] != after[number]} == changed


def test_another_asker_changes_no_other_digest(tmp_path):
    """The rows lie elsewhere in the file that all share; that is nobody's business."""
    before = digests(tmp_path / "before", [([], [["e"] * 5]), *CORPUS], partitions=1)
    after = digests(tmp_path / "after", [([], [["e", "a"] * 5]), *CORPUS], partitions=1)
    assert {unit for unit in before if before[unit] != after[unit]} == {0}


def test_rows_larger_than_a_chunk_and_many_askers_come_in_bounded_batches(tmp_path):
    """One row for 300 documents, another for each of them: batches are cut by the text of the rows."""
    job = job_in(tmp_path)
    large = "x" * 200_000
    corpus = [([("a", large)], [["a"] * 100, ["a"] * 200])]
    by_range, runs, arriving = send(job, corpus, 1)
    given_out = exchange(job, by_range, 1, 1)
    said, parts = take_all(job, 1, runs[0], arriving[0], given_out[0], 1_000_000)
    assert said == [(2 * i, [0]) for i in range(300)]
    assert len(parts) >= 60
    assert all(size <= 1_000_000 for _, size in parts)


def test_a_range_of_many_rows_is_gone_through_in_pieces(tmp_path, monkeypatch):
    """Also where all of them lie between two of the CUTS; only the rows of one hash stay together."""
    monkeypatch.setattr(gather, "key_hashes", lambda keys_: np.array([int(key) << 40 for key in keys_], np.uint64))
    monkeypatch.setattr(deliver, "PIECE_BYTES", 2000)
    held = []
    piece = deliver._piece
    monkeypatch.setattr(deliver, "_piece", lambda *arguments: held.append(piece(*arguments)) or held[-1])
    job = job_in(tmp_path)
    corpus = [([(str(key), "v" * 50) for key in range(unit, 4096, 2)], [[str(key) for key in range(4096)]]) for unit in (0, 1)]
    by_range, runs, arriving = send(job, corpus, 8)
    assert list(by_range) == [0]
    given_out = exchange(job, by_range, 8, None)
    assert max(one.sizes.sum() for one in held) < 3 * 2000
    for unit in (0, 1):
        said, _ = take_all(job, None, runs[unit], arriving[unit], given_out[unit], 10**6)
        assert said == [(2 * key, [1000 * (key % 2) + key // 2]) for key in range(4096)]


def test_many_rows_for_many_documents_are_given_in_bounded_portions(tmp_path, monkeypatch):
    """30 rows for each of 40 documents are 1,200 to hand out; 100 are held at once."""
    monkeypatch.setattr(deliver, "PIECE_KEYS", 100)
    held = []
    write = deliver._write
    monkeypatch.setattr(deliver, "_write", lambda *arguments: held.append(len(arguments[-1])) or write(*arguments))
    job = job_in(tmp_path)
    by_range, runs, arriving = send(job, [([("a", "v")] * 30, [["a"] * 40])], 1)
    given_out = exchange(job, by_range, 1, None)
    assert sum(held) == 1200
    assert max(held) <= 100
    assert take_all(job, None, runs[0], arriving[0], given_out[0], 10**6)[0] == [(2 * i, list(range(30))) for i in range(40)]


def test_a_cut_file_is_an_error(tmp_path):
    job = job_in(tmp_path)
    by_range, _, _ = send(job, CORPUS, 1)
    with open(job.passed(0, 0, "rows-answer"), "r+b") as stream:
        stream.truncate(30)
    with pytest.raises(EOFError, match="ends"):
        exchange(job, by_range, 1, None)


def test_a_reader_that_fails_leaves_no_file_of_rows(tmp_path):
    held = []  # so that nothing is tidied up only because nobody has it any more

    def fail(error):
        with gather.RowSenders(job_in(tmp_path), 0) as senders:
            held.append(senders)
            senders.add(Row("answer", "a", {"value": "v" if error else 7}))  # 7 is no string: found where the run is written
            if error:
                raise error

    with pytest.raises(KeyError, match="reader"):
        fail(KeyError("reader"))
    with pytest.raises((TypeError, pa.ArrowInvalid)):
        fail(None)
    assert list(tmp_path.iterdir()) == []


def seconds_of(work):
    started = time.process_time()
    work()
    return time.process_time() - started


def test_handing_out_takes_time_in_proportion_to_the_keys():
    """Many units, each with a few keys: none goes through the keys or the rows of the others."""

    def work(units):
        hashes = np.arange(4 * units, dtype=np.uint64)
        numbers = np.zeros(4 * units, np.uint32)
        piece = deliver._Piece(None, hashes, hashes, hashes, hashes, numbers, np.arange(0, 4 * units + 1, 4))
        claims = [gather.KeyClaim("", unit, 0, 0, 4, 0, 4) for unit in range(units)]
        return lambda: [None for _ in deliver._wanted(claims, piece, np.arange(4 * units))]

    few, many = (min(seconds_of(work(units)) for _ in range(3)) for units in (2000, 16000))
    assert many < 28 * few  # 8 where linear, 64 where each unit goes through all keys


def test_attaching_takes_time_in_proportion_to_the_documents(tmp_path, monkeypatch):
    """Many batches of one run: none goes through the index of the others."""
    touched = []
    cumsum = np.cumsum
    monkeypatch.setattr(attach.np, "cumsum", lambda array, **options: touched.append(len(array)) or cumsum(array, **options))
    for count in (10, 80):
        job = job_in(tmp_path / str(count))
        by_range, runs, arriving = send(job, [([("a", "v")], [["a"] * 5] * count)], 1)
        given_out = exchange(job, by_range, 1, 1)
        touched.clear()
        take_all(job, 1, runs[0], arriving[0], given_out[0], 10**6)
        assert sum(touched) < 30 * count


FAN_OUT = """
import resource, sys
from pathlib import Path
import numpy as np, pyarrow as pa
sys.path[:0] = sys.argv[1:3]
import test_gather as test
from pipeline.records import Row
folder = Path(sys.argv[3])
job = test.job_in(folder)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
warm = test.job_in(folder / "warm")
def work(job, size, documents):
    by_range, runs, arriving = test.send(job, [([("a", "x" * size)], [["a"] * 500] * (documents // 500))], 1)
    given_out = test.exchange(job, by_range, 1, 1)
    schema = test.gather.rows_schema(job, "answer")
    step = test.Gather("gather", "answer", lambda batch: batch["key"], lambda part, got: test.Merged({"value": got.first("value")}), 1)
    return sum(len(part) for part in test.attach.attach(step, arriving[0], runs[0], given_out[0][1:], schema, 4 * 2**20))
work(warm, 10, 500)
before = peak()
assert work(job, 2**20, 3000) == 3000
print(peak() - before)
"""


@pytest.mark.slow
def test_a_row_of_1_mb_for_3000_documents_takes_little_memory(tmp_path):
    here = Path(__file__).resolve()
    words = [sys.executable, "-c", FAN_OUT, str(here.parents[2]), str(here.parent), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, cwd=here.parents[2])
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100 * 2**20
