"""A run that goes on from a checkpoint is the run that was never broken off, or it is refused with the names of what differs."""

import json
import os
import pickle
import random
import shutil
from fractions import Fraction

import pytest
from made_tokens import TOKENIZER, made_documents, write_source

from mixtures.changed import ShardsChanged
from mixtures.loader import Loader
from mixtures.mixture import Mixture

HALVES = Mixture("made", {"books": Fraction(1, 2), "arxiv": Fraction(1, 2)}, 1000, "ours: made")
LENGTHS = [[20, 30], [45], [7, 8, 9]]


def write(output, first=0, lengths=LENGTHS):
    for source in ("books", "arxiv"):
        write_source(output, source, [made_documents(held, first) for held in lengths])


def opened(output, mixture=HALVES, **options):
    return Loader(str(output), mixture, **{"sequence_length": 8, "sequences": 4, "boundaries": True, **options})


@pytest.fixture
def output(tmp_path):
    write(tmp_path)
    return tmp_path


def test_resumed_at_any_of_a_thousand_steps_the_run_equals_the_unbroken_one(output):
    write(output, lengths=[[ten * 10 for ten in held] for held in LENGTHS])
    whole = [batch.tokens.tobytes() + batch.documents.tobytes() for _, batch in zip(range(1000), opened(output).batches(0), strict=False)]
    states = [json.dumps(opened(output).state(step)) for step in range(1000)]
    steps = list(range(1000))
    random.Random(5).shuffle(steps)
    for step in steps:
        loader = opened(output, check="size")
        batch = loader.batch(loader.resume(json.loads(states[step])))
        assert batch.tokens.tobytes() + batch.documents.tobytes() == whole[step]


def test_a_state_is_one_integer_and_a_fingerprint(output):
    loader = opened(output)
    state = loader.state(17)
    assert state.keys() == {"step", "fingerprint"}
    assert state["step"] == 17
    assert state["fingerprint"] == loader.state(99)["fingerprint"] == json.loads(json.dumps(state["fingerprint"]))
    assert len(state["fingerprint"]["loader"]) == 32
    assert list(state["fingerprint"]["shards"]["books"]) == ["00000.arrow", "00001.arrow", "00002.arrow"]
    assert all(len(digest) == 8 for digest in state["fingerprint"]["shards"]["books"].values())


def shard(output, number=1, source="books"):
    return output / "tokens" / source / f"0000{number}.arrow"


def flipped(path, keep_times=True):
    """Turns one bit of the file in place; its size stays, and its time too if that is asked for."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    with path.open("r+b") as stream:
        stream.write(data)
    if keep_times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda output: flipped(shard(output), keep_times=False), "the content of 00001.arrow is not what it was"),
        (lambda output: flipped(shard(output), keep_times=True), "the content of 00001.arrow is not what it was"),
        (lambda output: os.truncate(shard(output), 100), "00001.arrow has 100 bytes where the manifest says"),
        (lambda output: shard(output).unlink(), "00001.arrow is missing"),
        (lambda output: shutil.copy(shard(output, 0), shard(output, 7)), "00007.arrow is not in the manifest"),
        (lambda output: [shard(output, number).unlink() for number in (0, 2)], "00000.arrow is missing, 00002.arrow is missing"),
    ],
)
def test_shards_that_are_not_those_of_the_manifest_are_refused_by_name(output, change, said):
    opened(output)
    change(output)
    with pytest.raises(ShardsChanged, match=said) as error:
        opened(output)
    assert os.path.join("tokens", "books") in str(error.value)
    assert "python -m pipeline.tokenize" in str(error.value)


def test_the_content_is_looked_at_again_only_where_that_is_asked_for(output):
    flipped(shard(output))
    opened(output, check="size")
    with pytest.raises(ShardsChanged):
        opened(output, check="content")


def test_tokens_made_anew_refuse_to_resume_with_the_shards_that_changed(output):
    state = opened(output).state(5)
    write_source(output, "books", [made_documents([20, 30]), made_documents([45], 1), made_documents([7, 8, 9])])
    with pytest.raises(ShardsChanged, match=r"books: 00001.arrow changed: restore them") as error:
        opened(output).resume(state)
    assert "arxiv" not in str(error.value)
    write(output)
    assert opened(output).resume(state) == 5


def test_shards_that_came_and_went_are_named(output):
    state = opened(output).state(5)
    shutil.rmtree(output / "tokens")
    write(output, lengths=[*LENGTHS, [4]])
    more = opened(output)
    with pytest.raises(ShardsChanged, match=r"books: 00003.arrow new; arxiv: 00003.arrow new"):
        more.resume(state)
    shutil.rmtree(output / "tokens")
    write(output)
    with pytest.raises(ShardsChanged, match=r"books: 00003.arrow gone; arxiv: 00003.arrow gone"):
        opened(output).resume(more.state(5))


def test_many_names_are_counted(output):
    state = opened(output).state(5)
    shutil.rmtree(output / "tokens")
    write(output, lengths=[[12]] * 20)
    with pytest.raises(ShardsChanged, match=r"books: 00003.arrow, .*, 00010.arrow and 9 more new; books: 00000.arrow, .* changed"):
        opened(output).resume(state)


def test_a_shard_whose_digest_only_begins_alike_is_another(output):
    state = opened(output).state(5)
    state["fingerprint"] = {**state["fingerprint"], "loader": "0" * 32}
    with pytest.raises(ShardsChanged, match="a shard whose digest begins alike"):
        opened(output).resume(state)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seed": 1}, "seed was 0 and is 1"),
        ({"sequence_length": 9}, "sequence_length was 8 and is 9"),
        ({"sequences": 8}, "sequences was 4 and is 8"),
        ({"held_out": 9}, "held_out was 0 and is 9"),
        ({"mixture": HALVES.only(["books"])}, r"weights was .*; arxiv: 00000.arrow, 00001.arrow, 00002.arrow gone"),
    ],
)
def test_settings_that_decide_the_order_are_named(output, options, said):
    state = opened(output).state(5)
    with pytest.raises(ShardsChanged, match=said):
        opened(output, **options).resume(state)


def test_another_tokenizer_is_named(output):
    state = opened(output).state(5)
    for source in ("books", "arxiv"):
        write_source(output, source, [made_documents(held) for held in LENGTHS], tokenizer={**TOKENIZER, "sha256": "6" * 64})
    with pytest.raises(ShardsChanged, match=r"tokenizer was .*555.* and is .*666"):
        opened(output).resume(state)


def test_what_does_not_decide_the_order_is_no_matter(output, tmp_path):
    state = opened(output).state(5)
    moved = tmp_path / "elsewhere"
    shutil.copytree(output / "tokens", moved / "tokens")
    assert opened(moved, boundaries=False).resume(state) == 5


@pytest.mark.parametrize("state", [{}, {"step": 3}, [], {"step": 3, "fingerprint": 5}, {"step": 3, "fingerprint": {}}, None])
def test_what_is_no_state_is_refused(output, state):
    with pytest.raises(ValueError, match="expected the state of a loader"):
        opened(output).resume(state)


@pytest.mark.parametrize("step", ["3", None, 2.5])
def test_a_step_that_is_no_number_is_refused(output, step):
    loader = opened(output)
    with pytest.raises(ValueError, match="expected the state of a loader"):
        loader.resume({**loader.state(0), "step": step})


@pytest.mark.parametrize("step", [-1, 2**62])
def test_a_step_out_of_range_is_refused(output, step):
    loader = opened(output)
    for ask in (loader.batch, loader.state, loader.tokens_drawn, lambda step: loader.resume({**loader.state(0), "step": step})):
        with pytest.raises(ValueError, match="expected a step from 0 to"):
            ask(step)


@pytest.mark.parametrize(("mixture", "length"), [(HALVES, 8), (HALVES.only(["books"]), 1)])
def test_the_last_step_there_is_is_as_any_other(output, mixture, length):
    loader = opened(output, mixture, sequence_length=length, sequences=6)
    last = 2**62 // length // 6 - 1
    state = json.loads(json.dumps(loader.state(last)))
    assert loader.batch(loader.resume(state)).tokens.shape == (6, length + 1)
    assert sum(loader.tokens_drawn(last).values()) == last * 6 * length
    with pytest.raises(ValueError, match="expected a step from 0 to"):
        loader.batch(last + 1)


def test_a_loader_that_travelled_finds_its_shards_changed(output):
    packed = pickle.dumps(opened(output))
    write(output, first=1)
    with pytest.raises(ShardsChanged, match="written anew"):
        pickle.loads(packed)
