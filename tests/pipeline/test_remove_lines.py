"""A made-up source with every kind of step, run whole: rows gathered twice, copies by an order, lines removed twice; books, resume, Beam."""

import hashlib
import random
from pathlib import Path

import made_rows
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import deliver, exchange, gather, reading, stage, verdicts

LINES = ["# a comment", "import this", "x = 1", "", "y", "# y", "only here 1", "only here 2", "only here 3"]
PATHS = [f"{repository}/{name}" for repository in ("r", "s", "t") for name in ("a", "b", "c", "dd")] + ["x"]
licence = st.builds(
    lambda key, value: {"kind": "licence", "key": key, "licence": value}, st.sampled_from("rst"), st.sampled_from(["mit", "apache", "none"])
)
blob = st.builds(
    lambda key, lines: {"kind": "blob", "key": key, "content": "\n".join(lines)},
    st.sampled_from("1234"),
    st.lists(st.sampled_from(LINES), max_size=5),
)
other = st.sampled_from([{"kind": "broken"}, {"kind": "refused"}])


@st.composite
def corpora(draw):
    """Units of records; no path stands twice, since a repeated id would get a suffix."""
    paths = iter(draw(st.permutations(PATHS)))
    document = st.builds(lambda key: {"kind": "document", "blob": key}, st.one_of(st.none(), st.sampled_from("12345")))
    units = draw(st.lists(st.lists(st.one_of(document, document, document, blob, licence, other), max_size=9), min_size=1, max_size=3))
    for records in units:
        for i, record in enumerate(records):
            if record["kind"] == "document":
                path = next(paths, None)
                records[i] = {"kind": "refused"} if path is None else {**record, "path": path, "repository": path[0]}
    return units


def small(patch, size):
    """Every bound of the exchange so small that a few records exceed it."""
    for module, names in {
        gather: ("RUN_BYTES", "RUN_ROWS", "RUN_KEYS", "CHUNK_BYTES"),
        deliver: ("PIECE_BYTES", "PIECE_KEYS", "CHUNK_BYTES"),
        exchange: ("RUN_KEYS",),
        verdicts: ("VERDICT_ROWS",),
        reading: ("BATCH_DOCUMENTS",),
        stage: ("BATCH_BYTES",),
    }.items():
        for name in names:
            patch.setattr(module, name, size)


def count(corpus, kind):
    return sum(record["kind"] == kind for records in corpus for record in records)


@settings(max_examples=40, deadline=None)
@given(corpus=corpora(), size=st.sampled_from([1, 3, 10**6]), partitions=st.sampled_from([1, 4]), letters=st.sampled_from([0, 2]))
def test_a_whole_run_equals_a_plain_reference_and_its_books_close(tmp_path_factory, corpus, size, partitions, letters):
    """With letters=0, texts that a step emptied come to the next one that removes lines."""
    job, units = made_rows.made_job(tmp_path_factory.mktemp("run"), corpus, partitions, letters)
    with pytest.MonkeyPatch.context() as patch:
        small(patch, size)
        made_rows.drive(job, units)
    assert made_rows.clean(job) == made_rows.expected(corpus, letters)
    books = made_rows.books_of(job)
    assert books["closed"], books["errors"]
    assert books["in"] == sum(count(corpus, kind) for kind in ("document", "refused", "broken"))
    for kind in ("licence", "blob"):
        assert books.get("inputs", {}).get(kind, {"read": 0})["read"] == count(corpus, kind)
    assert all(n >= 0 for n in books["lines"]["dropped"].values())
    assert books["lines"]["kept"] >= sum(len(text.split("\n")) for text, _, _ in made_rows.clean(job).values())


CORPUS = [
    [
        {"kind": "licence", "key": "r", "licence": "mit"},
        {"kind": "blob", "key": "1", "content": "# said\nonly 1\nshared"},
        {"kind": "document", "path": "s/z", "repository": "s", "blob": "1"},
    ],
    [
        {"kind": "document", "path": "r/1", "repository": "r", "blob": "1"},
        {"kind": "document", "path": "s/2", "repository": "s", "blob": "2"},
        {"kind": "document", "path": "s/3", "repository": "s", "blob": "3"},
        {"kind": "blob", "key": "2", "content": "shared\nonly 2"},
        {"kind": "blob", "key": "9", "content": "nobody asks"},
        {"kind": "broken"},
    ],
    [
        {"kind": "licence", "key": "s", "licence": "apache"},
        {"kind": "licence", "key": "s", "licence": "none"},
        {"kind": "blob", "key": "3", "content": "# one\n#\n:"},
        {"kind": "document", "path": "r/2", "repository": "r", "blob": "2"},
        {"kind": "document", "path": "q", "repository": "r", "blob": None},
    ],
]


def test_books_say_what_became_of_rows_and_lines(tmp_path):
    job, units = made_rows.made_job(tmp_path, CORPUS)
    made_rows.drive(job, units)
    books = made_rows.books_of(job)
    assert made_rows.clean(job) == made_rows.expected(CORPUS) == {"made/r/1": ("only 1", "mit", 3), "made/r/2": ("only 2", "mit", 2)}
    assert books["closed"]
    assert books["inputs"] == {
        "blob": {"read": 4, "used": 3, "unused": {"orphan": 1}},
        "licence": {"read": 3, "used": 2, "unused": {"repeated key": 1}},
    }
    assert books["lines"] == {
        "in": 8,  # of blobs 1, 2 and 3, each for the smallest of its paths
        "kept": 2,
        "dropped": {"a comment": 3, "in another document": 2, "repeated within": 0, "with its page": 1},
    }


def test_an_emptied_text_has_no_line_in_the_books(tmp_path):
    corpus = [[*CORPUS[0][:1], {"kind": "blob", "key": "1", "content": "# all\n# gone"}, CORPUS[1][0]]]
    job, units = made_rows.made_job(tmp_path, corpus, min_letters=0)
    made_rows.drive(job, units)
    books = made_rows.books_of(job)
    assert books["closed"]
    assert {name: n for name, n in books["lines"]["dropped"].items() if n} == {"a comment": 2}
    assert books["dropped"]["equal lines"] == 1


def digest(shards):
    return {name: hashlib.sha256(data).hexdigest() for name, data in shards.items()}


def test_a_run_goes_on_after_receipts_are_lost(tmp_path):
    """What stands is not done again, what is gone is, and the bytes are the same."""
    job, units = made_rows.made_job(tmp_path, CORPUS)
    made_rows.drive(job, units)
    before, books = made_rows.shards(job), made_rows.books_of(job)
    receipts = sorted(Path(job.work, "receipts").iterdir())
    for seed in range(4):
        for path in random.Random(seed).sample(receipts, 5):
            path.unlink()
        made_rows.drive(job, units)
        assert made_rows.shards(job) == before
        assert made_rows.books_of(job) == books


@pytest.mark.parametrize("late", [0, 1, 2])
def test_a_unit_that_comes_later_changes_what_hangs_on_it(tmp_path, late):
    """Quarantined in the first run, done in the second: its rows and copies change what others came to, stages further on too."""
    job, units = made_rows.made_job(tmp_path / "late", CORPUS)
    made_rows.drive(job, [unit for unit in units if unit.number != late])
    made_rows.drive(job, units)
    fresh, same_units = made_rows.made_job(tmp_path / "fresh", CORPUS)
    made_rows.drive(fresh, same_units)
    assert digest(made_rows.shards(job)) == digest(made_rows.shards(fresh))
    assert made_rows.books_of(job) == made_rows.books_of(fresh)


@pytest.mark.slow
def test_beam_gives_the_same_bytes_at_any_number_of_workers(tmp_path):
    from pipeline import graph, pool, progress, runners

    job, units = made_rows.made_job(tmp_path / "plain", CORPUS)
    made_rows.drive(job, units)
    for workers in (1, 2):
        pool.close()
        beam_job, beam_units = made_rows.made_job(tmp_path / str(workers), CORPUS)
        with progress.Progress(beam_job.work, [unit.size for unit in units], len(job.stages)) as shown:
            build = lambda pipeline, count: graph.build(pipeline, beam_job, beam_units, count)  # noqa: B023, E731
            runners.run(build, workers, None, shown, 60, "a test")
        assert not Path(beam_job.work, "quarantine").exists()
        assert digest(made_rows.shards(beam_job)) == digest(made_rows.shards(job))
        assert made_rows.books_of(beam_job) == made_rows.books_of(job)
    pool.close()
