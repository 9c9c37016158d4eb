"""The exchange against a plain reference: who holds a key, over units, runs, hash ranges and pieces."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import exchange, files, recipe, verdicts
from transforms.repeats import NONE

# A corpus: units, each with batches, each a list of documents, each a list of keys out of few, spread over the range of the hash.
KEYS = [int(k) << 56 | k for k in (0, 1, 15, 16, 127, 128, 200, 255)]
corpora = st.lists(
    st.lists(st.lists(st.lists(st.sampled_from(KEYS), max_size=4), min_size=1, max_size=3), max_size=3), min_size=1, max_size=4
)


def send(folder, corpus, run_keys, monkeypatch):
    """Writes the keys of every unit; gives (unit, path, runs) and, per unit, the (document, key) pairs in order."""
    monkeypatch.setattr(exchange, "RUN_KEYS", run_keys)
    sent, pairs = [], []
    for unit, batches in enumerate(corpus):
        path, document, mine = str(folder / f"{unit}.keys"), 0, []
        with files.replacing(path) as stream:
            sender = exchange.Sender(stream)
            for batch in batches:
                held = [(document + i, key) for i, keys in enumerate(batch) for key in keys]
                document += len(batch)
                sender.add(np.array([k for _, k in held], np.uint64), np.array([d for d, _ in held], np.uint32))
                mine += held
            sent.append((unit, path, sender.close()))
        pairs.append(mine)
    return sent, pairs


def judge(folder, sent, partitions):
    """All verdicts: (unit, run) -> (place by row, [(holder, first, second) ids])."""
    by_range = {}
    for unit, path, runs in sent:
        for partition, claim in exchange.claims(path, unit, runs, partitions):
            by_range.setdefault(partition, []).append(exchange.Claim(**claim))
    given_out = {}
    for partition, claims in by_range.items():
        claims = claims[::-1]  # the order of arrival does not matter
        for unit, claim in verdicts.decide(
            claims, str(folder / f"{partition}.verdicts"), lambda u, docs: [f"{u}/{d}" for d in docs.tolist()]
        ):
            given_out.setdefault((unit, claim.run), []).append(claim)
    return given_out


@settings(max_examples=60, deadline=None)
@given(corpus=corpora, run_keys=st.sampled_from([1, 3, 1000]), partitions=st.sampled_from([2, 16]), rows=st.sampled_from([1, 4, 1000]))
def test_verdicts_equal_a_plain_reference(tmp_path_factory, corpus, run_keys, partitions, rows):
    folder = tmp_path_factory.mktemp("exchange")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdicts, "VERDICT_ROWS", rows)
        sent, pairs = send(folder, corpus, run_keys, patch)
        given_out = judge(folder, sent, partitions)
    holders = {}
    for unit, mine in enumerate(pairs):
        for document, key in mine:
            known = holders.setdefault(key, [])
            if (unit, document) not in known:
                known.append((unit, document))
    for (unit, path, runs), mine in zip(sent, pairs, strict=True):
        reader, at = exchange.Rows(path, runs), 0
        for number, run in enumerate(runs):
            found = verdicts.read_verdicts(given_out.get((unit, number), []), run.distinct)
            _, place, repeated = reader.next(run.keys)
            seen = set()
            for (document, key), row, again in zip(mine[at : at + run.keys], place.tolist(), repeated.tolist(), strict=True):
                assert again == ((document, key) in seen)
                seen.add((document, key))
                record = found.place[row]
                if len(holders[key]) < 2:
                    assert record == -1
                    continue
                (first_unit, first), second = holders[key][0], holders[key][1]
                holder, first_id, second_id = (found.records[record][name] for name in ("holder", "first", "second"))
                assert holder == (first if first_unit == unit else NONE)
                assert found.ids[int(first_id)].as_py() == f"{first_unit}/{first}"
                assert found.ids[int(second_id)].as_py() == f"{second[0]}/{second[1]}"
            at += run.keys
        reader.close()


def test_verdicts_do_not_depend_on_ranges_or_pieces(tmp_path, monkeypatch):
    """The digests that reach a unit may differ by range; what they say may not."""
    corpus = [[[[k] for k in KEYS]], [[[KEYS[1], KEYS[3]], [KEYS[3]]]], [[[KEYS[7], KEYS[7]]]]]
    said = []
    for partitions, rows in itertools.product((2, 64), (1, 1000)):
        folder = tmp_path / f"{partitions}-{rows}"
        folder.mkdir()
        monkeypatch.setattr(verdicts, "VERDICT_ROWS", rows)
        sent, _ = send(folder, corpus, 1000, monkeypatch)
        given_out = judge(folder, sent, partitions)
        found = {key: verdicts.read_verdicts(claims, 8) for key, claims in given_out.items()}
        said.append(
            {
                key: [
                    (row, v.ids[int(v.records[p]["first"])].as_py(), v.ids[int(v.records[p]["second"])].as_py())
                    for row, p in enumerate(v.place)
                    if p >= 0
                ]
                for key, v in found.items()
            }
        )
    assert all(one == said[0] for one in said)
    assert said[0]


def test_a_cut_keys_file_is_an_error(tmp_path, monkeypatch):
    sent, _ = send(tmp_path, [[[[KEYS[0]], [KEYS[0]]]]], 1000, monkeypatch)
    unit, path, runs = sent[0]
    with open(path, "r+b") as stream:
        stream.truncate(20)
    with pytest.raises(EOFError, match="keys file ends"):
        list(exchange.claims(path, unit, runs, 2))


def test_a_recipe_gathers_a_kind_of_row_once():
    step = recipe.Gather("answers", "answer", None, None, 1)
    assert [len(steps) for steps in recipe.stages([step, dataclasses.replace(step, kind="licence")])] == [1, 1, 0]
    with pytest.raises(ValueError, match="one Gather step for each kind of row"):
        recipe.stages([step, dataclasses.replace(step, label="again")])
