"""Books of which too much lies in a kept one: a made-up source, its graph by hand, beside a plain reading of the rule on full sets."""

import dataclasses
import json
import re
import types
from pathlib import Path

import made_rows
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import candidates, exchange, gather, overlap, reading, receipts, verdicts
from pipeline.recipe import DropContained, Keep, Measure, at_least
from pipeline.records import Document, Refused

CLEAN = pa.schema([("id", pa.string()), ("source", pa.string()), ("text", pa.string()), ("url", pa.string())])
PASSED = pa.schema([("document", pa.uint32()), *CLEAN, ("length", pa.int64()), *reading.PLACE])


@dataclasses.dataclass(frozen=True)
class Made:
    n: int = 3
    threshold: float = 0.9
    rejected_text: bool = True


def read(part, config):
    for place, line in enumerate(part.stream.read().splitlines()):
        name, text = json.loads(line)
        yield Document(name, text, place, 0, {"url": name}) if text is not None else Refused(name, "no book", "said so", "", place, 0)


def recipe(config, models):
    return [
        DropContained("overlap", config.n, config.threshold),
        Measure("length", lambda batch: {"length": pa.array(batch.texts.characters)}),
        Keep("some text", "length", at_least(1)),
    ]


class ContainedJob(made_rows.Job):
    @property
    def module(self):
        return types.SimpleNamespace(read=read, recipe=recipe, READ=pa.schema([("url", pa.string())]), PASSED=PASSED, CLEAN=CLEAN, ROWS={})


def job_of(folder, corpus, config, partitions):
    units = []
    (folder / "in").mkdir(parents=True)
    for number, books in enumerate(corpus):
        path = folder / "in" / f"{number}.jsonl"
        path.write_text("".join(json.dumps(book) + "\n" for book in books))
        size = path.stat().st_size
        units.append(made_rows.Unit(number, str(path), path.name, size, "t", 0, size, size))
    models = types.SimpleNamespace(fingerprints={})
    return ContainedJob("made", config, models, str(folder / "out"), len(units), partitions, "f"), units


def ngrams(text, n):
    words = re.findall(r"[^\W_]+", text.lower())
    return {tuple(words[i : i + n]) for i in range(max(len(words) - n, 0) + 1)} if words else set()


def expected(corpus, config):
    """{dropped id: (kept id, share)} by the rule itself: every book against every kept one, the longest first."""
    sets = {f"made/{name}": ngrams(text, config.n) for books in corpus for name, text in books if text is not None}
    kept, gone = [], {}
    for name in sorted(sets, key=lambda name: (-len(sets[name]), name)):
        mine = sets[name]
        shares = [(len(mine & sets[other]) / len(mine), -place, other) for place, other in enumerate(kept) if mine]
        best = max(shares, default=(0, 0, ""))
        if best[0] > config.threshold:
            gone[name] = (best[2], best[0])
        else:
            kept.append(name)
    return gone


def dropped(job):
    rows = [row for path in sorted(Path(job.directory, "rejected").glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    return {row["id"]: (row["partner"], float(row["value"])) for row in rows if row["step"] == "overlap"}


def small(patch, size):
    for module, name in ((gather, "RUN_KEYS"), (exchange, "RUN_KEYS"), (candidates, "PIECE_ROWS"), (candidates, "CHUNK_ROWS")):
        patch.setattr(module, name, size)
    patch.setattr(overlap, "READ", max(1, size // 3))
    patch.setattr(reading, "BATCH_DOCUMENTS", size)


words = st.sampled_from([f"w{i}" for i in range(60)])
passage = st.lists(words, min_size=1, max_size=60)


@st.composite
def corpora(draw):
    """Books put together from a few passages, so that they share much; copies, parts, empty ones, one of a single word."""
    passages = draw(st.lists(passage, min_size=1, max_size=6))
    book = st.lists(st.sampled_from(passages), max_size=5).map(lambda parts: " ".join(" ".join(part) for part in parts))
    texts = draw(st.lists(st.one_of(book, book, book, st.none()), min_size=1, max_size=12))
    names = iter(draw(st.permutations([f"b{i:02d}" for i in range(12)])))
    cuts = sorted(draw(st.lists(st.integers(0, len(texts)), min_size=2, max_size=2)))
    books = [(next(names), text) for text in texts]
    return [books[: cuts[0]], books[cuts[0] : cuts[1]], books[cuts[1] :]]


@settings(max_examples=60, deadline=None)
@given(corpora(), st.sampled_from([1, 3]), st.sampled_from([0.5, 0.8, 0.9]), st.sampled_from([1, 7, 10**6]), st.sampled_from([1, 8]))
def test_a_run_drops_what_the_rule_drops(tmp_path_factory, corpus, n, threshold, size, partitions):
    """Every text here is so short that it sends all of its n-grams: no candidate is missed."""
    config = Made(n, threshold)
    job, units = job_of(tmp_path_factory.mktemp("run"), corpus, config, partitions)
    with pytest.MonkeyPatch.context() as patch:
        small(patch, size)
        patch.setattr("transforms.shingles.all_below", lambda n, threshold: 10**9)
        made_rows.drive(job, units)
    assert dropped(job) == expected(corpus, config)
    books = made_rows.books_of(job)
    assert books["closed"], books["errors"]
    assert books["in"] == sum(len(books) for books in corpus)
    assert books["dropped"]["overlap"] == len(dropped(job))


def test_a_chain_of_books_leaves_every_second_link(tmp_path):
    """Each shares 94 % with the next: not one component of which one book stays, as rulings say."""
    line = [f"w{i}" for i in range(4000)]
    chain = [[(f"b{i:02d}", " ".join(line[60 * i : 60 * i + 1000]))] for i in range(20)]
    job, units = job_of(tmp_path, chain, Made(), 16)  # so that what two books share lies in many pieces
    made_rows.drive(job, units)
    found = dropped(job)
    assert found == expected(chain, Made())
    assert sorted(found) == [f"made/b{i:02d}" for i in range(1, 20, 2)]


def test_a_dropped_book_drops_no_other(tmp_path):
    """B lies in A; C lies in B to 91 %, but in A only to 85 %: C stays, as B does not stand for it."""
    line = [f"w{i}" for i in range(2000)]
    a = line[:1500]
    b = [*line[150:1480], *(f"b{i}" for i in range(100))]
    c = [*line[300:1450], *(f"b{i}" for i in range(80)), *(f"c{i}" for i in range(90))]
    corpus = [[("a", " ".join(a)), ("b", " ".join(b)), ("c", " ".join(c))]]
    job, units = job_of(tmp_path, corpus, Made(), 1)
    made_rows.drive(job, units)
    shares = {
        x + y: len(ngrams(" ".join(x_), 3) & ngrams(" ".join(y_), 3)) / len(ngrams(" ".join(x_), 3))
        for x, x_, y, y_ in [("b", b, "a", a), ("c", c, "b", b), ("c", c, "a", a)]
    }
    assert shares["ca"] < 0.9 < min(shares["ba"], shares["cb"])
    assert set(dropped(job)) == {"made/b"}


def test_exactly_the_threshold_stays(tmp_path):
    """Nine tenths of the n-grams, to the last one: more than 90 % is over it."""
    line = [f"w{i}" for i in range(3000)]
    longer, at = line[:2000], [*line[:902], *(f"x{i}" for i in range(100))]
    over = [*line[1000:1903], *(f"y{i}" for i in range(99))]
    assert len(ngrams(" ".join(at), 3)) == len(ngrams(" ".join(over), 3)) == 1000
    job, units = job_of(tmp_path, [[("long", " ".join(longer)), ("at", " ".join(at)), ("over", " ".join(over))]], Made(), 2)
    made_rows.drive(job, units)
    assert dropped(job) == {"made/over": ("made/long", 0.901)}


def test_many_copies_cost_few_pairs(tmp_path, monkeypatch):
    """A fingerprint that 300 books hold pairs each with MOST others, not with all: linear in the bucket."""
    text = " ".join(f"w{i}" for i in range(500))
    copies = [[(f"b{i:03d}", text) for i in range(part, 300, 3)] for part in range(3)]
    job, units = job_of(tmp_path, copies, Made(), 1)
    pairs = []
    pair = candidates.pair
    monkeypatch.setattr(candidates, "pair", lambda *words: pairs.extend(pair(*words)) or pairs)
    made_rows.drive(job, units)
    assert sum(claim.records for _, claim in pairs) <= 300 * candidates.MOST
    assert dropped(job) == {f"made/b{i:03d}": ("made/b000", 1.0) for i in range(1, 300)}


def test_fingerprints_spread_over_the_ranges_of_the_exchange(tmp_path):
    """They are minima of hashes: unspread, the lowest range would get nearly all of them."""
    job, units = job_of(tmp_path, [[("a", " ".join(f"w{i}" for i in range(20000)))]], Made(n=13), 8)
    made_rows.drive(job, units)
    runs = receipts.read(job.receipt(0, 0)).runs["candidates-0"]
    rows = [
        claim["high"] - claim["low"]
        for _, claim in gather.claims(job.passed(0, 0, "candidates-0"), 0, [gather.KeyRun(**run) for run in runs], 8)
    ]
    assert len(rows) == 8
    assert max(rows) < 1.5 * sum(rows) / 8


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2**32 - 1)), max_size=20))
def test_pairs_go_unit_by_unit(pairs):
    """Once through the pairs, whatever the number of units: a run of books has a unit a file."""
    pairs = sorted(set(pairs))
    keys = np.array([unit << 32 | document for unit, document in pairs], np.uint64)
    found = [(unit, keys[span].tolist(), documents.tolist()) for unit, span, documents in verdicts.by_unit(keys)]
    units = sorted({unit for unit, _ in pairs})
    assert [unit for unit, _, _ in found] == units
    assert [key for _, mine, _ in found for key in mine] == keys.tolist()
    assert [documents for _, _, documents in found] == [[document for unit, document in pairs if unit == one] for one in units]
