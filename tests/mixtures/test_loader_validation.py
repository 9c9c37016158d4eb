"""Tokens held out: at the end of each source, from a document's start, never drawn, each predicted once."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tokens import made_documents, write_source
from plain_loader import PlainSource, plain_batches

from mixtures.loader import Loader
from mixtures.mixture import Mixture

BOOKS = Mixture("made", {"books": Fraction(1)}, 1000, "ours: made")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return lambda: str(tmp_path_factory.mktemp("made"))


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(0, 12), max_size=5), min_size=1, max_size=4), st.integers(1, 8), st.integers(0, 12))
def test_held_out_documents_are_the_last_and_never_drawn(folder, lengths, length, more):
    documents = made_documents([size for shard in lengths for size in shard])
    held_out = length + 1 + more
    kept = PlainSource("books", documents, length, 0, held_out).tokens
    if not kept:
        return
    shards = [[documents.pop(0) for _ in shard] for shard in lengths]
    output = folder()
    made = write_source(output, "books", shards, batch=2)
    loader = Loader(output, BOOKS, sequence_length=length, sequences=3, held_out=held_out, boundaries=True)
    assert loader.unique == {"books": len(kept)}
    assert len(made.tokens) - len(kept) >= held_out
    expected = plain_batches({"books": made.documents}, BOOKS.weights, 10, length=length, sequences=3, held_out=held_out)
    assert [loader.batch(step).tokens.tolist() for step in range(10)] == [batch[0] for batch in expected]
    assert [loader.batch(step).documents.tolist() for step in range(10)] == [batch[2] for batch in expected]
    rest = made.tokens[len(kept) :]
    windows = loader.validation("books")
    assert len(windows.tokens) == loader.validation_windows("books") == (len(rest) - 1) // length
    predicted = windows.tokens[:, 1:].ravel().tolist()
    assert predicted == rest[1 : 1 + len(predicted)]
    assert len(rest) - 1 - len(predicted) < length
    assert windows.tokens[:, 0].tolist() == rest[: len(predicted) : length]


@pytest.fixture
def loader(tmp_path):
    write_source(tmp_path, "books", [made_documents([30, 20, 21, 4])])
    write_source(tmp_path, "arxiv", [made_documents([40, 40])])
    mixture = Mixture("made", {"books": Fraction(1, 2), "arxiv": Fraction(1, 2)}, 1000, "ours: made")
    return Loader(str(tmp_path), mixture, sequence_length=8, sequences=4, held_out=40, boundaries=True)


def test_windows_of_validation_can_be_asked_for_in_parts(loader):
    assert loader.unique == {"books": 30, "arxiv": 40}
    assert [loader.validation_windows(source) for source in loader.sources] == [5, 4]
    whole = loader.validation("books")
    assert whole.sources.tolist() == [0] * 5
    assert loader.validation("arxiv").sources.tolist() == [1] * 4
    for first, windows in ((0, 5), (0, 2), (2, 3), (4, 1), (5, 0), (1, None)):
        part, expected = loader.validation("books", first, windows), slice(first, None if windows is None else first + windows)
        assert part.tokens.tolist() == whole.tokens[expected].tolist()
        assert part.documents.tolist() == whole.documents[expected].tolist()
    assert whole.documents[2].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(("first", "windows"), [(0, 6), (5, 1), (-1, 2), (3, -1), (6, None)])
def test_windows_of_validation_that_are_not_there_are_refused(loader, first, windows):
    with pytest.raises(ValueError, match="expected windows from 0 to 5 of the tokens of books held out"):
        loader.validation("books", first, windows)


def test_without_tokens_held_out_there_is_no_validation(tmp_path):
    write_source(tmp_path, "books", [made_documents([30])])
    loader = Loader(str(tmp_path), BOOKS, sequence_length=8, sequences=4)
    assert loader.validation_windows("books") == 0
    assert loader.validation("books").tokens.shape == (0, 9)
