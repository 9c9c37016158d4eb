import json
import random
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import made_clean
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtures.mixture import Mixture
from pipeline import files, tokenizer_sample
from pipeline.files import InputError, Listed
from pipeline.tokenizer_sample import READ, Batch, CleanSource, Drawn, FileSource, Group, draw, quotas, shares
from pipeline.training import TrainingError


class Made:
    """Documents in groups, all by hand; notes which groups were read."""

    name = "made"

    def __init__(self, groups: dict[str, dict[str, str]], known: bool = True) -> None:
        self._documents = groups
        total = sum(len(text.encode()) for documents in groups.values() for text in documents.values())
        self.text_bytes = total if known else None
        self.groups = [
            Group(Listed(name, 0, "", name), 0, sum(len(text.encode()) for text in documents.values()))
            for name, documents in groups.items()
        ]
        self.read: Counter[str] = Counter()

    def batches(self, group: Group) -> Iterator[Batch]:
        self.read[group.file.name] += 1
        documents = list(self._documents[group.file.name].items())
        for start in range(0, len(documents), 3):
            names, texts = zip(*documents[start : start + 3], strict=True)
            yield Batch(list(names), pa.array(texts, pa.string()))


def documents(count: int, size: int = 10) -> dict[str, str]:
    return {f"made/{number}": f"{number:0{size}d}" for number in range(count)}


def taken(source: Made, wanted: int) -> tuple[dict[str, int], Drawn]:
    drawn = Drawn()
    found = list(draw(source, wanted, drawn))
    assert len({text for text, _ in found}) == len(found)
    return dict(found), drawn


weights = st.lists(st.integers(1, 1000), min_size=1, max_size=7)


@given(weights, st.integers(0, 10**6), st.data())
def test_quotas_sum_to_the_sample_and_are_within_a_byte_of_their_shares(given: list[int], sample: int, data: st.DataObject) -> None:
    mixture = Mixture("made", {f"s{number}": Fraction(weight, sum(given)) for number, weight in enumerate(given)}, 1, "ours: for a test")
    sources = []
    for name in mixture.weights:
        source = Made({"a": {"x": "x" * data.draw(st.integers(1, 50))}})
        source.name = name
        sources.append(source)
    found = quotas(sources, mixture, sample)
    total = min(sample, sum(source.text_bytes or 0 for source in sources))
    assert sum(found.values()) == total
    assert all(abs(found[name] - weight * total) < 1 for name, weight in mixture.weights.items())


def test_what_rounding_leaves_goes_to_the_largest_remainder() -> None:
    mixture = Mixture("made", {"a": Fraction(11, 30), "made": Fraction(19, 30)}, 1, "ours: for a test")
    large, small = Made({"x": {"1": "xx"}}), Made({"x": {"1": "x"}})
    small.name = "a"
    assert quotas([small, large], mixture, 99) == {"a": 1, "made": 2}


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30).filter(any), st.integers(0, 2000), st.randoms())
def test_the_bytes_wanted_are_got_to_within_half_a_document(sizes: list[int], wanted: int, source: random.Random) -> None:
    hashes = np.array([source.getrandbits(64) for _ in sizes], np.uint64)
    copies = tokenizer_sample._copies(hashes, np.array(sizes), wanted)
    positive = [number for number, size in enumerate(sizes) if size]
    assert all(copies[number] == 0 for number in range(len(sizes)) if number not in positive)
    assert copies[positive].max() - copies[positive].min() <= 1
    assert copies.sum() > 0
    more = copies == copies.max()
    if not more[positive].all():
        assert hashes[[n for n in positive if more[n]]].max() <= hashes[[n for n in positive if not more[n]]].min()
    got = int(copies @ np.array(sizes))
    assert abs(got - wanted) * 2 <= max(sizes) or (copies.sum() == 1 and got > wanted)


def test_a_source_with_less_than_its_share_repeats_its_documents() -> None:
    found, drawn = taken(Made({"a": documents(10)}), 100)
    assert set(found.values()) == {1}
    found, drawn = taken(Made({"a": documents(10)}), 330)
    assert Counter(found.values()) == {3: 7, 4: 3}
    assert (drawn.documents, drawn.repeats, drawn.bytes, drawn.wanted) == (10, 23, 330, 330)
    assert drawn.by_file == {"a": {"documents": 10, "text_bytes": 330}}


def test_which_documents_are_taken_does_not_hang_on_where_they_lie() -> None:
    whole = documents(200)
    expected, _ = taken(Made({"a": whole}), 700)
    assert len(expected) == 70
    assert set(expected) != set(list(whole.values())[:70])
    names = list(whole)
    random.Random(3).shuffle(names)
    parts = {f"p{start}": {name: whole[name] for name in names[start : start + 17]} for start in range(0, 200, 17)}
    found, drawn = taken(Made(parts), 700)
    assert found == expected
    assert sum(one["documents"] for one in drawn.by_file.values()) == 70
    assert min(one["documents"] for one in drawn.by_file.values()) > 0, "spread over the source"


def test_a_larger_sample_has_the_smaller_one_in_it() -> None:
    small, large = (set(taken(Made({"a": documents(100)}), wanted)[0]) for wanted in (200, 300))
    assert small < large


def test_of_a_large_source_some_row_groups_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer_sample, "READ_ALL", 100)
    names = {f"g{number:03d}": {f"{number}/{place}": f"{number:03d}{place:07d}" for place in range(10)} for number in range(100)}
    source = Made(names)
    found, drawn = taken(source, 250)
    assert len(source.read) == READ * 250 // 100
    assert set(source.read.values()) == {2}
    assert (drawn.bytes, drawn.read_bytes) == (250, READ * 250)
    assert list(source.read) == sorted(source.read) != sorted(names)[: len(source.read)]
    assert len({text[:3] for text in found}) > 10, "spread over what was read"
    backwards, _ = taken(Made(dict(reversed(names.items()))), 250)
    assert backwards == found


def test_row_groups_are_all_read_where_the_source_is_small() -> None:
    source = Made({"a": documents(40), "b": {f"b{number}": f"b{number:09d}" for number in range(40)}})
    taken(source, 10)
    assert set(source.read) == {"a", "b"}


def test_documents_without_text() -> None:
    found, drawn = taken(Made({"a": {"x": "", "y": "text"}}), 8)
    assert found == {"text": 2}
    assert (drawn.documents, drawn.read_documents) == (1, 2)
    with pytest.raises(TrainingError, match="made: expected documents with text, found 1 documents without any"):
        list(draw(Made({"a": {"x": ""}}), 8, Drawn()))


def test_a_source_of_unknown_size_repeats_nothing() -> None:
    found, drawn = taken(Made({"a": documents(10)}, known=False), 330)
    assert set(found.values()) == {1}
    assert drawn.wanted == 100
    assert len(taken(Made({"a": documents(10)}, known=False), 30)[0]) == 3


def test_shares_for_the_manifest() -> None:
    mixture = Mixture("made", {"a": Fraction(2, 3), "b": Fraction(1, 3)}, 1, "ours: for a test")
    found = shares(mixture, {"a": Drawn(wanted=20, bytes=30), "b": Drawn(wanted=10, bytes=10)})
    assert [(one["share_wanted"], one["share_got"], one["bytes_wanted"], one["bytes"]) for one in found.values()] == [
        ("2/3", 0.75, 20, 30),
        ("1/3", 0.25, 10, 10),
    ]


def test_clean_shards(tmp_path: Path) -> None:
    made_clean.write(tmp_path, "c4", [["one", "zwei drei", None], ["\u00e9t\u00e9"]])
    source = CleanSource(str(tmp_path), "c4")
    assert source.text_bytes == 17
    assert [(group.file.name, group.number) for group in source.groups] == [
        ("c4/clean/00000.parquet", 0),
        ("c4/clean/00000.parquet", 1),
        ("c4/clean/00001.parquet", 0),
    ]
    assert all(group.text_bytes > 0 for group in source.groups)
    found = [batch for group in source.groups for batch in source.batches(group)]
    assert [name for batch in found for name in batch.ids] == ["c4/0-0", "c4/0-1", "c4/0-2", "c4/1-0"]
    assert [text for batch in found for text in batch.texts.to_pylist()] == ["one", "zwei drei", "", "\u00e9t\u00e9"]
    drawn = Drawn()
    assert dict(draw(source, 17, drawn)) == {"one": 1, "zwei drei": 1, "\u00e9t\u00e9": 1}
    assert drawn.by_file == {
        "c4/clean/00000.parquet": {"documents": 2, "text_bytes": 12},
        "c4/clean/00001.parquet": {"documents": 1, "text_bytes": 5},
    }


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    texts = ["".join(random.Random(number).choices("abcdefgh ", k=2000)) for number in range(9)]
    path = made_clean.write(tmp_path, "c4", [texts], row_group=9) / "clean" / "00000.parquet"
    whole = path.read_bytes()
    named = r"00000.parquet: expected a sound clean shard: .*run again for its source"
    path.write_bytes(whole[:-9] + b"\xff" + whole[-8:])
    with pytest.raises(InputError, match=named):
        CleanSource(str(tmp_path), "c4")
    for start, end in [(4, 60), (4, len(whole) // 2), (len(whole) // 4, len(whole) // 4 + 9)]:
        path.write_bytes(whole[:start] + bytes(end - start) + whole[end:])
        with pytest.raises(InputError, match=named):
            list(draw(CleanSource(str(tmp_path), "c4"), 18_000, Drawn()))
    path.write_bytes(whole[:-1])
    with pytest.raises(InputError, match=r"00000.parquet: expected the shard of .* bytes that the manifest names"):
        CleanSource(str(tmp_path), "c4")


def test_text_that_is_not_what_the_manifest_says(tmp_path: Path) -> None:
    directory = made_clean.write(tmp_path, "c4", [["text"]])
    said = (directory / "manifest.json").read_text()
    (directory / "manifest.json").write_text(said.replace('"clean_text_bytes": 4', '"clean_text_bytes": 5'))
    with pytest.raises(InputError, match="c4: expected the 5 bytes of text that its manifest names, found 4"):
        list(draw(CleanSource(str(tmp_path), "c4"), 4, Drawn()))


def test_a_shard_without_texts_is_named(tmp_path: Path) -> None:
    directory = made_clean.write(tmp_path, "c4", [["text"]])
    path = directory / "clean" / "00000.parquet"
    pq.write_table(pa.table({"id": ["c4/0-0"]}), path)
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["shards"]["c4/clean/00000.parquet"] = {"bytes": path.stat().st_size, "sha256": files.sha256(path)}
    (directory / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"00000.parquet: expected a sound clean shard: .*text"):
        list(draw(CleanSource(str(tmp_path), "c4"), 4, Drawn()))


def test_files_of_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer_sample, "BATCH", 2)
    (tmp_path / "a.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "four\\nfive"}\n', encoding="utf-8")
    listing, _ = files.expand([str(tmp_path / "a.txt"), str(tmp_path / "b.jsonl")])
    source = FileSource("input", listing, "text")
    ids = [name for group in source.groups for batch in source.batches(group) for name in batch.ids]
    assert ids == ["a.txt#0", "a.txt#1", "a.txt#2", "b.jsonl#0"]
    drawn = Drawn()
    assert dict(draw(source, 1000, drawn)) == {"one": 1, "two": 1, "three": 1, "four\nfive": 1}
    assert (drawn.documents, drawn.repeats) == (4, 0)
