"""Tokens by position, from shards of any cut: what is read, where documents begin, and to which document a token belongs."""

import os

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_tokens import described, made_documents, write_manifest, write_shard, write_source

from mixtures import token_shards
from mixtures.changed import ShardsChanged
from mixtures.token_manifest import TokensError
from mixtures.token_source import Maps, TokenSource

LENGTHS = st.lists(st.lists(st.integers(0, 9), max_size=7), min_size=1, max_size=5)


def made(folder, lengths, **options):
    shards, first = [], 0
    for held in lengths:
        shards.append(made_documents(held, first))
        first += sum(held)
    return write_source(folder, "books", shards, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A new folder at each call: Hypothesis calls a test many times."""
    return lambda: tmp_path_factory.mktemp("made")


@given(LENGTHS, st.integers(1, 4), st.data())
def test_tokens_read_are_those_written(folder, lengths, batch, data):
    plain = made(folder(), lengths, batch=batch)
    source = TokenSource.open(str(plain.directory))
    assert (source.tokens, source.documents, source.dtype) == (len(plain.tokens), len(plain.documents), np.uint16)
    start = data.draw(st.integers(0, source.tokens))
    count = data.draw(st.integers(0, source.tokens - start))
    out = np.full(count + 2, -1)
    source.read(start, count, out)
    assert out.tolist() == [*plain.tokens[start : start + count], -1, -1]
    begins = np.cumsum([0, *map(len, plain.documents)])[:-1][[bool(document) for document in plain.documents]]
    marks = np.zeros(count + 2, bool)
    source.mark_starts(start, count, marks)
    assert np.flatnonzero(marks).tolist() == [begin - start for begin in begins.tolist() if start <= begin < start + count]


@given(LENGTHS, st.integers(1, 4))
def test_a_token_is_located_in_its_document(folder, lengths, batch):
    plain = made(folder(), lengths, batch=batch)
    source = TokenSource.open(str(plain.directory))
    position = 0
    for number, documents in enumerate(plain.shards):
        for row, document in enumerate(documents):
            for token in range(len(document)):
                expected = (token_shards.shard_name(number), row, f"books/{number}-{row}", token, len(document))
                assert source.locate(position) == expected
                position += 1
    for outside in (-1, position):
        with pytest.raises(IndexError, match=r"books: expected positions from 0"):
            source.locate(outside)


def test_reading_behind_the_end_is_refused(tmp_path):
    source = TokenSource.open(str(made(tmp_path, [[4], [3]]).directory))
    with pytest.raises(IndexError, match="from 0 to 6, found 7"):
        source.read(5, 3, np.zeros(3, np.int64))


def test_wide_tokens_are_read_whole(tmp_path):
    plain = write_source(tmp_path, "books", [[[70_000, 2**32 - 1], [5]]], dtype="uint32")
    out = np.zeros(3, np.int64)
    TokenSource.open(str(plain.directory)).read(0, 3, out)
    assert out.tolist() == plain.tokens


def test_the_shard_unused_for_longest_gives_way_and_no_file_stays_open(tmp_path):
    plain = made(tmp_path, [[3]] * 12)
    maps, opened = Maps(4), len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    source = TokenSource.open(str(plain.directory), maps)
    out = np.zeros(1, np.int64)
    for position in (0, 35, 3, 0, 20, 10, 0, 34, 1, 17):
        source.read(position, 1, out)
        assert out[0] == plain.tokens[position]
        assert 1 <= maps.held <= 4
    assert maps.held == 4
    held = maps.get(source.manifest, "00000.arrow")
    for position in (0, 30, 0, 27, 0, 24, 0, 21, 0, 18):
        source.read(position, 1, out)
    assert maps.get(source.manifest, "00000.arrow") is held
    if opened:
        assert len(os.listdir("/proc/self/fd")) == opened


def test_maps_stand_for_sources_of_equal_shard_names(tmp_path):
    maps = Maps()
    sources = [write_source(tmp_path, name, [[[token]]]) for name, token in (("books", 5), ("c4", 6))]
    out = np.zeros(2, np.int64)
    for number, plain in enumerate(sources):
        TokenSource.open(str(plain.directory), maps).read(0, 1, out[number:])
    assert out.tolist() == [5, 6]


def replaced(folder, write):
    """A source whose second shard is another file, which the manifest names as it is."""
    plain = made(folder, [[3], [4]])
    path = plain.directory / "00001.arrow"
    write(path)
    shards = {f"0000{number}.arrow": described(plain.directory / f"0000{number}.arrow", plain.shards[number]) for number in range(2)}
    write_manifest(plain.directory, shards)
    return TokenSource.open(str(plain.directory))


def other_columns(path, columns, schema, metadata=None):
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, schema.with_metadata(metadata)) as writer:
        writer.write_batch(pa.record_batch(columns, schema=schema))


def nullable(path):
    schema = pa.schema([("id", pa.string()), ("tokens", pa.list_(pa.uint16()))])
    other_columns(path, [pa.array(["a"]), pa.array([[1, None, 3, 4]], schema.field("tokens").type)], schema)


def cut(path):
    path.write_bytes(path.read_bytes()[:-30])


def with_empty_record_batches(path):
    schema = token_shards.schema(np.dtype("uint16"))
    kind = schema.field("tokens").type
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, schema) as writer:
        for tokens in ([], [[1, 2]], [], [[]], [], [[3, 4]], []):
            writer.write_batch(pa.record_batch([pa.array(["a"] * len(tokens), pa.string()), pa.array(tokens, kind)], schema=schema))


def test_empty_record_batches_are_no_matter(tmp_path):
    plain = write_source(tmp_path, "books", [[[1, 2], [], [3, 4]]])
    with_empty_record_batches(plain.directory / "00000.arrow")
    write_manifest(plain.directory, {"00000.arrow": described(plain.directory / "00000.arrow", plain.documents)})
    source, out = TokenSource.open(str(plain.directory)), np.zeros(4, np.int64)
    source.read(0, 4, out)
    assert out.tolist() == [1, 2, 3, 4]
    assert [source.locate(position).row for position in range(4)] == [0, 0, 2, 2]


def test_a_shard_of_another_size_is_found_on_opening(tmp_path):
    plain = made(tmp_path, [[3], [4]])
    cut(plain.directory / "00001.arrow")
    with pytest.raises(ShardsChanged, match=r"00001.arrow has .* bytes where the manifest says"):
        TokenSource.open(str(plain.directory))


def of_another_version(path):
    schema = token_shards.schema(np.dtype("uint16"))
    other_columns(path, [pa.array(["a"]), pa.array([[1, 2, 3, 4]], schema.field("tokens").type)], schema, {"cria.format": "99"})


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: write_shard(path, "books", 1, made_documents([400]), compression="zstd"), "found a compressed one"),
        (lambda path: write_shard(path, "books", 1, made_documents([400]), compression="lz4"), "found a compressed one"),
        (
            lambda path: write_shard(path, "books", 1, made_documents([5])),
            "expected 1 documents of 4 tokens, as the manifest says, found 1 of 5",
        ),
        (lambda path: write_shard(path, "books", 1, made_documents([2, 2])), "found 2 of 4"),
        (lambda path: write_shard(path, "books", 1, made_documents([4]), dtype="uint32"), "expected the columns id"),
        (lambda path: path.write_bytes(b"no shard at all"), "an Arrow IPC file"),
        (nullable, "expected the columns id: string not null"),
        (cut, "an Arrow IPC file"),
        (of_another_version, "expected version 1 of the format, found 99"),
    ],
)
def test_another_file_in_a_shards_place_is_named(tmp_path, write, said):
    source = replaced(tmp_path, write)
    out = np.zeros(3, np.int64)
    source.read(0, 3, out)
    with pytest.raises(TokensError, match=said) as error:
        source.read(3, 1, out)
    assert "00001.arrow" in str(error.value)
    assert "pipeline.tokenize" in str(error.value)


def test_a_folder_without_a_manifest_is_named_with_the_command(tmp_path):
    with pytest.raises(TokensError, match=r"found no manifest.json: run python -m pipeline.tokenize --output=.* --source=books"):
        TokenSource.open(str(tmp_path / "tokens" / "books"))


def test_shards_that_are_not_complete_are_refused(tmp_path):
    plain = made(tmp_path, [[3]])
    write_manifest(plain.directory, {"00000.arrow": described(plain.directory / "00000.arrow", plain.shards[0])}, complete=False)
    with pytest.raises(TokensError, match="expected complete token shards"):
        TokenSource.open(str(plain.directory))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"shards": {"00000.arrow": 5}}'])
def test_a_manifest_that_is_none_is_named(tmp_path, text):
    plain = made(tmp_path, [[3]])
    (plain.directory / "manifest.json").write_text(text)
    with pytest.raises(TokensError, match=r"manifest.json: expected .* this is not the manifest that was written"):
        TokenSource.open(str(plain.directory))


def test_a_manifest_whose_sums_do_not_agree_is_named(tmp_path):
    plain = made(tmp_path, [[3]])
    path = plain.directory / "manifest.json"
    path.write_text(path.read_text().replace('"tokens": 3, "text_bytes"', '"tokens": 4, "text_bytes"'))
    with pytest.raises(TokensError, match="expected 4 tokens, but its shards hold 3"):
        TokenSource.open(str(plain.directory))
