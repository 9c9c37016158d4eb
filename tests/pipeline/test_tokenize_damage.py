"""pipeline.tokenize, its report and explain --token, on an output whose files are damaged: a clear refusal, never a traceback."""

import json
import os
import shutil

import made_clean
import made_tokenizer
import pytest

from pipeline import explain, overview, pool, tokenize


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An output with tokens, which tests copy."""
    folder = tmp_path_factory.mktemp("whole")
    made_clean.write(folder / "out", "c4", [["The young llama walks.", "El río baja."], ["In 1957 there were 12,345 llamas."]])
    (folder / "model").write_bytes(made_tokenizer.model())
    assert tokenize.main(line(folder / "out")) == 0
    pool.close()
    return folder


def line(output):
    return [f"--output={output}", f"--tokenizer={output.parent / 'model'}", "--workers=1", "--set", "shard_bytes=1"]


@pytest.fixture
def output(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "copy", copy_function=shutil.copy2)
    yield tmp_path / "copy" / "out"
    pool.close()


def refused(output, capsys, *flags, expect):
    capsys.readouterr()
    assert tokenize.main([*line(output), *flags]) == expect
    return capsys.readouterr().err


GARBAGE = [b"", b"[]", b"null", b"5", b'{"a":', b"\xff\xfe\x00", b"[" * 100_000, b"{}"]


@pytest.mark.parametrize("name", ["manifest.json", "books.json"])
@pytest.mark.parametrize("data", GARBAGE)
def test_what_a_run_left_is_damaged(output, capsys, name, data):
    (output / "c4" / name).write_bytes(data)
    said = refused(output, capsys, expect=2)
    assert f"{output / 'c4' / name}: expected" in said
    assert "run python -m pipeline.run --source=c4" in said


@pytest.mark.parametrize("change", [{"bytes": "12"}, {"bytes": None}, {"sha256": 5}, {"bytes": -1}])
def test_a_clean_shard_that_is_told_of_wrongly(output, capsys, change):
    path = output / "c4" / "manifest.json"
    held = json.loads(path.read_text())
    held["shards"]["c4/clean/00000.parquet"].update(change)
    path.write_text(json.dumps(held))
    assert f"expected shards.c4/clean/00000.parquet.{next(iter(change))} to be" in refused(output, capsys, expect=2)


@pytest.mark.parametrize("data", [*GARBAGE, b'{"in": "3", "kept": 3}', None])
def test_the_books_of_the_tokens_are_damaged(output, capsys, data):
    path = output / "tokens" / "c4" / "books.json"
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    said = refused(output, capsys, expect=1)
    assert str(path) in said
    assert "run the same line with --overwrite" in said
    assert refused(output, capsys, "--overwrite", expect=0) == ""


def test_a_model_that_is_gone_beside_its_shards_is_copied_again(output, capsys):
    path = output / "tokens" / "c4" / "tokenizer.model"
    for damage in (path.unlink, lambda: path.write_bytes(b"other")):
        damage()
        assert explain.main([f"--output={output}", "--token=c4:3"]) == 2
        assert f"{path}: expected the tokenizer" in capsys.readouterr().err
        assert refused(output, capsys, expect=0) == ""
        assert path.read_bytes() == made_tokenizer.model()
        assert explain.main([f"--output={output}", "--token=c4:3"]) == 0


def test_what_a_killed_worker_left_is_gone_in_the_end(output, capsys):
    (output / "tokens" / "c4" / "manifest.json").unlink()
    from pipeline import token_closing

    close, left = token_closing.close, output / "tokens" / "c4" / ".partial-7-abc"

    def after_a_kill(*arguments):
        left.write_bytes(b"half a shard")
        return close(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_closing, "close", after_a_kill)
        assert refused(output, capsys, expect=0) == ""
    assert not left.exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_model_that_is_no_file(output, capsys, make):
    path = output.parent / "pipe"
    make(path)
    assert "found a folder, a pipe or a device" in refused(output, capsys, f"--tokenizer={path}", expect=2)


def test_no_source_is_not_all_of_them(output, capsys):
    assert "--source is one of" in refused(output, capsys, "--source=", expect=2)


@pytest.mark.parametrize(
    "name", ["c4/books.json", "c4/manifest.json", "tokens/c4/books.json", "tokens/c4/manifest.json", "tokenizer/manifest.json"]
)
@pytest.mark.parametrize("data", GARBAGE)
def test_the_report_names_a_damaged_file(output, name, data):
    if name.startswith("tokenizer"):
        if data == b"{}":
            return
        (output / "tokenizer").mkdir()
    (output / name).write_bytes(data)
    with pytest.raises(RuntimeError, match=r"report.html was not written, .* expected .* --overwrite") as error:
        overview.write(str(output))
    assert str(output / name) in str(error.value)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("tokens/c4/manifest.json", "documents", -1),
        ("tokens/c4/manifest.json", "lengths", {"a": 1}),
        ("tokens/c4/manifest.json", "lengths", {"16": None}),
        ("tokens/c4/manifest.json", "tokens", float("nan")),
        ("tokens/c4/manifest.json", "tokenizer", {}),
        ("tokens/c4/books.json", "noted", None),
        ("c4/books.json", "steps", [5]),
        ("c4/books.json", "broken", {"cut": "many"}),
    ],
)
def test_the_report_names_a_wrong_field(output, name, field, value):
    path = output / name
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(RuntimeError, match=f"expected .*{field}"):
        overview.write(str(output))


def test_a_strange_tokenizer_is_shown_as_far_as_it_goes(output):
    (output / "tokenizer").mkdir()
    rows = {"c4": {"share_wanted": "1e999999999", "share_got": float("nan"), "bytes": 10**400}}
    (output / "tokenizer" / "manifest.json").write_text(json.dumps({"sha256": [], "vocabulary": -1, "sources": rows}))
    assert overview.write(str(output)) == str(output / "report.html")


@pytest.mark.parametrize("data", GARBAGE)
def test_explain_names_a_damaged_manifest(output, capsys, data):
    (output / "tokens" / "c4" / "manifest.json").write_bytes(data)
    assert explain.main([f"--output={output}", "--token=c4:3"]) == 2
    assert "manifest.json: expected" in capsys.readouterr().err


@pytest.mark.parametrize("digits", ["１２", "9" * 5000, "", "1_0", "+1"])
def test_explain_takes_plain_digits(output, capsys, digits):
    assert explain.main([f"--output={output}", f"--token=c4:{digits}"]) == 2
    assert "takes SOURCE:POSITION" in capsys.readouterr().err


def test_explain_names_a_shard_with_tokens_that_are_none(output, capsys):
    path = output / "tokens" / "c4" / "00000.arrow"
    data = bytearray(path.read_bytes())
    import pyarrow as pa

    values = pa.ipc.open_file(pa.py_buffer(bytes(data))).get_batch(0).column("tokens").values.to_numpy().tobytes()
    place = bytes(data).index(values)
    data[place + 6 : place + 8] = b"\xff\xff"
    path.write_bytes(data)
    assert explain.main([f"--output={output}", "--token=c4:3"]) == 2
    assert "found 65,535, so the shard is damaged" in capsys.readouterr().err
