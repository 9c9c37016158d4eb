"""pipeline.tokenize on clean shards made by hand: the ids are SentencePiece's, the bytes are the same however they are made, the books close."""

import hashlib
import json
import shutil
from pathlib import Path

import made_clean
import made_tokenizer
import pyarrow as pa
import pytest
import sentencepiece

from pipeline import pool, tokenize

SHARDS = [
    ["The young llama walks.", "  two spaces\n\n\tand a tab 12345", "", "▁low line▁"],
    ["羊驼 在 山 上 走", "🦙 e\u0301 \u200b\x00 end", "x" * 3000],
    [],
    ["El río baja de la montaña " * 200],
]


@pytest.fixture(autouse=True)
def _no_pool_left():
    yield
    pool.close()


@pytest.fixture
def output(tmp_path):
    made_clean.write(tmp_path / "out", "c4", SHARDS)
    (tmp_path / "model").write_bytes(made_tokenizer.model())
    return tmp_path / "out"


def run(output, *flags, expect=0, workers=1):
    model = [] if any(flag.startswith("--tokenizer") for flag in flags) else [f"--tokenizer={output.parent / 'model'}"]
    cuts = [] if any("shard_bytes" in flag for flag in flags) else ["--set", "shard_bytes=1"]
    code = tokenize.main([f"--output={output}", *model, *cuts, f"--workers={workers}", *flags])
    assert code == expect
    return output / "tokens"


def rows(tokens, source="c4"):
    """(id, tokens) of all shards, by pyarrow alone."""
    found = []
    for path in sorted((tokens / source).glob("*.arrow")):
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        found += zip(table["id"].to_pylist(), table["tokens"].to_pylist(), strict=True)
    return found


def digests(tokens):
    names = [path for path in sorted(tokens.rglob("*")) if path.is_file()]
    return {str(path.relative_to(tokens)): hashlib.sha256(path.read_bytes()).hexdigest() for path in names}


def manifest(tokens, name="manifest"):
    return json.loads((tokens / "c4" / f"{name}.json").read_text())


def expected(bos=True, eos=True):
    model = sentencepiece.SentencePieceProcessor(model_proto=made_tokenizer.model())
    texts = [(f"c4/{number}-{place}", text) for number, shard in enumerate(SHARDS) for place, text in enumerate(shard)]
    return [(name, [1] * bos + model.encode(text) + [2] * eos) for name, text in texts]


def test_the_ids_are_those_of_sentencepiece_with_bos_and_eos(output, capsys):
    tokens = run(output)
    assert rows(tokens) == expected()
    books, held = manifest(tokens, "books"), manifest(tokens)
    all_tokens = sum(len(ids) for _, ids in expected())
    assert books["closed"]
    assert books["in"] == books["kept"] == held["documents"] == 8
    assert books["tokens"] == {"in text": all_tokens - 16, "BOS": 8, "EOS": 8, "all": all_tokens}
    assert books["noted"] == {"U+2581 read as a space": 2}
    assert held["tokens"] == all_tokens == sum(shard["tokens"] for shard in held["shards"].values())
    assert held["dtype"] == "uint16"
    assert held["complete"]
    assert sum(held["lengths"].values()) == 8
    assert (tokens / "c4" / "tokenizer.model").read_bytes() == made_tokenizer.model()
    summary = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert (summary["in"], summary["kept"], summary["tokens"], summary["reused"]) == (8, 8, all_tokens, 0)


def test_text_comes_back_but_for_the_low_line(output):
    model = sentencepiece.SentencePieceProcessor(model_proto=made_tokenizer.model())
    texts = [text for shard in SHARDS for text in shard]
    assert [model.decode(ids[1:-1]) for _, ids in rows(run(output))] == [text.replace("▁", " ") for text in texts]


@pytest.mark.parametrize(("bos", "eos"), [(False, False), (True, False), (False, True)])
def test_bos_and_eos_are_fields(output, bos, eos):
    tokens = run(output, "--set", f"bos={bos}", "--set", f"eos={eos}")
    assert rows(tokens) == expected(bos, eos)
    assert manifest(tokens, "books")["closed"]


@pytest.mark.slow
def test_the_bytes_are_the_same_at_any_number_of_workers_and_after_a_second_run(output, tmp_path, capsys):
    one = digests(run(output))
    assert one == digests(run(output))
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["reused"] == 6
    other = tmp_path / "other" / "out"
    shutil.copytree(output / "c4", other / "c4")
    shutil.copy(output.parent / "model", other.parent / "model")
    assert digests(run(other, workers=3)) == one


def test_batches_and_shards_are_cut_by_the_documents_alone(output, tmp_path):
    whole = rows(run(output))
    for shard_bytes, batch_tokens in [(1, 1), (3000, 7), (10**9, 100)]:
        tokens = run(output, "--overwrite", "--set", f"shard_bytes={shard_bytes}", "--set", f"batch_tokens={batch_tokens}")
        assert rows(tokens) == whole
        held = manifest(tokens)["shards"]
        assert len(held) == {1: 6, 3000: 4, 10**9: 1}[shard_bytes]
        for name in held:
            batches = pa.ipc.open_file(pa.memory_map(str(tokens / "c4" / name)))
            lengths = [[len(row) for row in batches.get_batch(i)["tokens"]] for i in range(batches.num_record_batches)]
            assert all(sum(batch) >= batch_tokens for batch in lengths[:-1])
            assert all(sum(batch[:-1]) < batch_tokens for batch in lengths)


def test_a_killed_run_goes_on_with_what_stands(output, capsys):
    whole = digests(run(output))
    work = output / "work" / "tokens" / "c4"
    assert not (work / "receipts").exists()
    shutil.rmtree(output / "tokens")
    shutil.rmtree(work)
    from pipeline import state, token_job, token_unit

    clean = token_job.clean_shards(str(output), "c4")
    config = token_job.Tokenization(shard_bytes=1)
    units = token_job.units(clean, config.shard_bytes)
    job = token_job.make_job(clean, config, str(output), str(output.parent / "model"), len(units))
    with state.claimed(job, clean.listing, overwrite=False):
        for unit in units[:2]:
            token_unit.perform(job, unit)
    Path(job.shard(1)).write_bytes(b"torn")
    (output / "tokens" / "c4" / ".partial-9-9").write_bytes(b"half")
    capsys.readouterr()
    assert digests(run(output)) == whole
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["reused"] == 1


def test_a_large_vocabulary_takes_four_bytes(output):
    large = output.parent / "large"
    large.write_bytes(made_tokenizer.with_pieces(made_tokenizer.model(), 2**16 + 1 - 400))
    tokens = run(output, f"--tokenizer={large}")
    table = pa.ipc.open_file(pa.memory_map(str(tokens / "c4" / "00000.arrow"))).read_all()
    assert table.schema.field("tokens").type.value_type == pa.uint32()
    assert manifest(tokens)["dtype"] == "uint32"
    assert rows(tokens) == expected()


def test_a_shard_that_is_not_what_it_was_is_named_and_done_when_it_is_back(output, capsys):
    path = output / "c4" / "clean" / "00001.parquet"
    good = path.read_bytes()
    path.write_bytes(good[:40] + bytes([good[40] ^ 1]) + good[41:])
    tokens = run(output, expect=1)
    said = capsys.readouterr().err
    assert "c4/clean/00001.parquet was quarantined" in said
    assert "not those that the manifest" in said
    assert not manifest(tokens)["complete"]
    assert not (tokens / "c4" / "00002.arrow").exists()
    path.write_bytes(good)
    assert rows(run(output)) == expected()
    path.write_bytes(good[:-1])
    assert "00001.parquet" in refused(output, capsys)


def test_books_that_do_not_close_are_exit_3(tmp_path, capsys):
    made_clean.write(tmp_path / "out", "c4", SHARDS, kept=9)
    (tmp_path / "model").write_bytes(made_tokenizer.model())
    run(tmp_path / "out", expect=3)
    assert "say that 9 documents were kept, but 8 became tokens" in capsys.readouterr().err


def refused(output, capsys, *flags):
    before = digests(output)
    run(output, *flags, expect=2)
    assert digests(output) == before
    return capsys.readouterr().err


def test_what_is_wrong_with_a_line_is_said_before_anything_is_written(output, tmp_path, capsys):
    assert "train_tokenizer" in refused(output, capsys, f"--tokenizer={tmp_path / 'none'}")
    (tmp_path / "unigram").write_bytes(made_tokenizer.model(120, model_type="unigram", byte_fallback=False, hard_vocab_limit=False))
    assert "unigram" in refused(output, capsys, f"--tokenizer={tmp_path / 'unigram'}").lower()
    (tmp_path / "no-eos").write_bytes(made_tokenizer.model(eos_id=-1))
    assert "--set eos=false" in refused(output, capsys, f"--tokenizer={tmp_path / 'no-eos'}")
    assert "did you mean c4" in refused(output, capsys, "--source=c5")
    assert "pipeline.run --source=books" in refused(output, capsys, "--source=books")
    assert "--workers takes" in refused(output, capsys, "--workers=-1")
    assert "batch_tokens is 1 or more" in refused(output, capsys, "--set", "batch_tokens=0")
    assert "--wrokers is no flag" in refused(output, capsys, "--wrokers=2")
    empty = tmp_path / "empty"
    empty.mkdir()
    run(empty, f"--tokenizer={output.parent / 'model'}", expect=2)
    assert "holds no finished run" in capsys.readouterr().err
    made_clean.write(tmp_path / "half", "c4", [["text"]], complete=False)
    run(tmp_path / "half", f"--tokenizer={output.parent / 'model'}", expect=2)
    assert "lost.txt could not be done" in capsys.readouterr().err


def test_results_of_another_tokenizer_are_not_mixed(output, capsys):
    run(output)
    other = output.parent / "other"
    other.write_bytes(made_tokenizer.model(380))
    assert "--overwrite" in refused(output, capsys, f"--tokenizer={other}")
    assert "--overwrite" in refused(output, capsys, "--set", "bos=false")
    tokens = run(output, f"--tokenizer={other}", "--overwrite")
    assert manifest(tokens)["tokenizer"]["sha256"] == hashlib.sha256(made_tokenizer.model(380)).hexdigest()


def test_every_field_is_listed_with_its_origin(capsys):
    assert tokenize.main(["--list-fields"]) == 0
    printed = capsys.readouterr().out
    assert "bos=True\n    ours:" in printed
    assert "shard_bytes=67108864\n    ours:" in printed
