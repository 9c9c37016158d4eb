"""Batches: equal to the plain rule written out, at any world size, any number of workers and any amount read ahead; every token its share of times."""

import json
import multiprocessing
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tokens import made_documents, write_source
from plain_loader import counts_of, plain_batches

from mixtures.loader import Loader
from mixtures.mixture import Mixture
from mixtures.token_source import Located

SHARDS = st.lists(st.lists(st.integers(0, 12), max_size=5), min_size=1, max_size=4).filter(lambda shards: any(map(any, shards)))
NAMES = ("commoncrawl", "books", "arxiv")


def write(folder, lengths, **options):
    """Sources of documents of these lengths by shard; each token is its position and tells it."""
    made = {}
    for source, shards in lengths.items():
        held, first = [], 0
        for documents in shards:
            held.append(made_documents(documents, first))
            first += sum(documents)
        made[source] = write_source(folder, source, held, **options)
    return made


def mixed(names, parts):
    return Mixture("made", {name: Fraction(part, sum(parts)) for name, part in zip(names, parts, strict=True)}, 1000, "ours: made")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return lambda: str(tmp_path_factory.mktemp("made"))


THREE = {"commoncrawl": [[40, 30, 0, 60], [1, 9, 50], [40]], "books": [[61]], "arxiv": [[2, 3], [], [2]]}
"""Three sources of several shards and record batches: 230, 61 and 7 tokens."""


def located(source):
    """What the tokens of one of the THREE should be told to be, in their order."""
    for shard, lengths in enumerate(THREE[source]):
        for row, length in enumerate(lengths):
            yield from (Located(f"{shard:05d}.arrow", row, f"{source}/{shard}-{row}", token, length) for token in range(length))


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    output = str(tmp_path_factory.mktemp("three"))
    made = write(output, THREE)
    return output, mixed(NAMES, [4, 2, 1]), {source: held.documents for source, held in made.items()}


@settings(max_examples=60)
@given(
    st.lists(SHARDS, min_size=1, max_size=3),
    st.lists(st.integers(1, 5), min_size=3, max_size=3),
    st.integers(1, 17),
    st.integers(1, 7),
    st.integers(0, 99),
)
def test_batches_are_those_of_the_plain_rule(folder, lengths, parts, length, sequences, seed):
    output, names = folder(), NAMES[: len(lengths)]
    made = write(output, dict(zip(names, lengths, strict=True)), batch=2)
    mixture = mixed(names, parts[: len(names)])
    loader = Loader(output, mixture, sequence_length=length, sequences=sequences, seed=seed, boundaries=True)
    documents = {source: held.documents for source, held in made.items()}
    expected = plain_batches(documents, mixture.weights, 12, length=length, sequences=sequences, seed=seed)
    for step, (tokens, sources, numbers) in enumerate(expected):
        batch = loader.batch(step)
        assert (batch.tokens.tolist(), batch.sources.tolist(), batch.documents.tolist()) == (tokens, sources, numbers)
        assert (batch.tokens.dtype, batch.sources.dtype, batch.documents.dtype) == (np.int64, np.int64, np.int32)


def test_several_epochs_of_a_mixture_are_those_of_the_plain_rule(three):
    output, mixture, documents = three
    loader = Loader(output, mixture, sequence_length=8, sequences=6, boundaries=True)
    expected = plain_batches(documents, mixture.weights, 200, length=8, sequences=6)
    for step, (tokens, sources, numbers) in enumerate(expected):
        batch = loader.batch(step)
        assert (batch.tokens.tolist(), batch.sources.tolist(), batch.documents.tolist()) == (tokens, sources, numbers)
    assert loader.where(199, 0).epoch > 10


@settings(max_examples=25)
@given(st.lists(SHARDS, min_size=2, max_size=3), st.lists(st.integers(1, 5), min_size=3, max_size=3), st.integers(1, 9), st.integers(1, 5))
def test_at_every_step_every_token_was_seen_its_share_of_times(folder, lengths, parts, length, sequences):
    output, names = folder(), NAMES[: len(lengths)]
    made = write(output, dict(zip(names, lengths, strict=True)), batch=2)
    loader = Loader(output, mixed(names, parts[: len(names)]), sequence_length=length, sequences=sequences)
    seen = {name: np.zeros(len(made[name].tokens), int) for name in names}
    for step in range(1, 15):
        batch = loader.batch(step - 1)
        for source, row in zip(batch.sources.tolist(), batch.tokens, strict=True):
            np.add.at(seen[names[source]], row[1:], 1)
        for name, drawn in loader.tokens_drawn(step).items():
            unique = loader.unique[name]
            assert seen[name].sum() == drawn
            assert drawn // unique <= seen[name].min() <= seen[name].max() <= -(-drawn // unique)


def test_what_was_drawn_is_counted_as_drawn(three):
    output, mixture, documents = three
    loader = Loader(output, mixture, sequence_length=8, sequences=6)
    windows = {name: [] for name in NAMES}
    for step in range(40):
        for row in range(6):
            place = loader.where(step, row)
            windows[place.source].append(place.window)
    for name, drawn in loader.tokens_drawn(40).items():
        assert sum(counts_of(windows[name], loader.unique[name], 8)) == drawn
        assert loader.unique[name] == sum(map(len, documents[name]))


def test_a_row_is_where_it_is_said_to_be(three):
    output, mixture, _ = three
    whereabouts = {source: list(located(source)) for source in mixture.weights}
    loader = Loader(output, mixture, sequence_length=20, sequences=6, boundaries=True)
    for step in range(30):
        batch = loader.batch(step)
        for row in range(6):
            place = loader.where(step, row)
            assert place.source == loader.sources[batch.sources[row]]
            assert place.position == batch.tokens[row, 0] == place.window * 20 % loader.unique[place.source]
            assert len(place.documents) == batch.documents[row, -1] + 1
            first = place.documents[0]
            assert sum(document.tokens for document in place.documents) - first.token >= 21
            assert first == whereabouts[place.source][place.position]

    # Behind the last token that is not held out comes the first.
    held_out = Loader(output, mixture.only(["commoncrawl"]), sequence_length=20, sequences=6, held_out=21)
    assert held_out.unique == {"commoncrawl": 190}
    around = next(place for place in (held_out.where(step, row) for step in range(9) for row in range(6)) if place.position > 170)
    assert [document.document for document in around.documents] == ["commoncrawl/1-2", "commoncrawl/0-0"]
    for row in (-1, 6):
        with pytest.raises(ValueError, match="expected a row from 0 to 5"):
            loader.where(0, row)


@pytest.mark.parametrize("world", [1, 2, 3, 4, 6, 12])
def test_ranks_of_any_world_are_slices_of_one_global_batch(three, world):
    output, mixture, _ = three
    loader = Loader(output, mixture, sequence_length=8, sequences=12, boundaries=True)
    for step in (0, 1, 17, 10_000_000):
        whole = loader.batch(step)
        parts = [loader.batch(step, rank, world) for rank in range(world)]
        for field in ("tokens", "sources", "documents"):
            assert (np.concatenate([getattr(part, field) for part in parts]) == getattr(whole, field)).all()


@pytest.mark.parametrize(("rank", "world"), [(0, 5), (2, 2), (-1, 2), (0, 0), (0, 24)])
def test_ranks_that_cannot_share_a_batch_are_refused(three, rank, world):
    output, mixture, _ = three
    with pytest.raises(ValueError, match="divides the 12 sequences"):
        Loader(output, mixture, sequence_length=8, sequences=12).batch(0, rank, world)


def batch_digest(loader, step):
    """In a worker process."""
    return loader.batch(step).tokens.tobytes()


def test_workers_give_the_batches_that_one_process_gives(three):
    output, mixture, _ = three
    loader = Loader(output, mixture, sequence_length=8, sequences=12)
    steps = [(loader, step) for step in range(40)]
    expected = [batch_digest(*step) for step in steps]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.starmap(batch_digest, steps, chunksize=3) == expected
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(batch_digest, *zip(*steps, strict=True))) == expected


@pytest.mark.parametrize("ahead", [0, 1, 2, 7])
def test_what_is_read_ahead_changes_no_batch_and_no_state(three, ahead):
    output, mixture, _ = three
    loader = Loader(output, mixture, sequence_length=8, sequences=12)
    reading = loader.batches(3, 1, 2, ahead)
    for step in range(3, 20):
        assert (next(reading).tokens == loader.batch(step, 1, 2).tokens).all()
        state = json.loads(json.dumps(loader.state(step + 1)))
        again = Loader(output, mixture, sequence_length=8, sequences=12)
        assert (next(again.batches(again.resume(state), 1, 2, ahead)).tokens == loader.batch(step + 1, 1, 2).tokens).all()
    reading.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loader")]


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_no_more_is_read_ahead_than_was_asked_for(three, ahead, monkeypatch):
    output, mixture, _ = three
    loader, asked = Loader(output, mixture, sequence_length=8, sequences=12), []
    monkeypatch.setattr(loader, "batch", lambda step, rank, world: asked.append(step))
    reading = loader.batches(5, ahead=ahead)
    for number in range(3):
        next(reading)
        until = time.monotonic() + 5
        while len(asked) < number + ahead + 1 and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(0.02)
        assert asked == list(range(5, 5 + number + ahead + 1))


def test_closing_waits_for_nothing_that_is_not_begun(three, monkeypatch):
    output, mixture, _ = three
    loader, asked = Loader(output, mixture, sequence_length=8, sequences=12), []
    monkeypatch.setattr(loader, "batch", lambda step, rank, world: (asked.append(step), time.sleep(0.01)))
    reading = loader.batches(0, ahead=100)
    next(reading)
    reading.close()
    assert len(asked) < 50


def test_what_goes_wrong_ahead_is_told_to_whoever_reads(three):
    output, mixture, _ = three
    reading = Loader(output, mixture, sequence_length=8, sequences=12).batches(0, 0, 5)
    with pytest.raises(ValueError, match="divides the 12 sequences"):
        next(reading)


def test_a_loader_that_travelled_gives_the_same_batches(three):
    output, mixture, _ = three
    loader = Loader(output, mixture, sequence_length=8, sequences=6, seed=3, boundaries=True)
    again = pickle.loads(pickle.dumps(loader))
    assert again.fingerprint == loader.fingerprint
    assert (again.batch(33).tokens == loader.batch(33).tokens).all()
    assert (again.batch(33).documents == loader.batch(33).documents).all()


def test_another_seed_draws_the_same_tokens_in_another_order(three):
    output, mixture, _ = three
    one, other = (Loader(output, mixture, sequence_length=8, sequences=6, seed=seed) for seed in (0, 1))
    assert any((one.batch(step).tokens != other.batch(step).tokens).any() for step in range(5))
    assert one.tokens_drawn(5) == other.tokens_drawn(5)


@pytest.mark.parametrize(("tokens", "length"), [(1, 1), (1, 9), (5, 9), (9, 9), (18, 9), (100, 9)])
def test_one_document_is_enough(tmp_path, tokens, length):
    write(tmp_path, {"books": [[tokens]]})
    loader = Loader(str(tmp_path), mixed(["books"], [1]), sequence_length=length, sequences=2, boundaries=True)
    expected = plain_batches({"books": made_documents([tokens])}, {"books": Fraction(1)}, 20, length=length, sequences=2)
    assert [loader.batch(step).tokens.tolist() for step in range(20)] == [held[0] for held in expected]
    assert [loader.batch(step).documents.tolist() for step in range(20)] == [held[2] for held in expected]
