"""What state and receipts read may be damaged: it is named, --overwrite clears it, and a unit whose receipt is none is done again."""

import made_clean
import made_tokenizer
import pytest

from pipeline import pool, progress, tokenize

GARBAGE = [b"", b"[]", b"null", b"5", b'{"a":', b"\xff\xfe\x00", b"[" * 100_000]


@pytest.fixture
def line(tmp_path):
    made_clean.write(tmp_path / "out", "c4", [["The young llama walks."], ["In 1957 there were 12,345 llamas."]])
    (tmp_path / "model").write_bytes(made_tokenizer.model())
    yield [f"--output={tmp_path / 'out'}", f"--tokenizer={tmp_path / 'model'}", "--workers=1", "--set", "shard_bytes=1"]
    pool.close()


@pytest.mark.parametrize("name", ["tokens/c4/manifest.json", "work/tokens/c4/run.json"])
def test_a_damaged_state_is_named_and_cleared(tmp_path, line, capsys, name):
    assert tokenize.main(line) == 0
    path = tmp_path / "out" / name
    for data in GARBAGE:
        path.write_bytes(data)
        capsys.readouterr()
        assert tokenize.main(line) == 2
        assert f"{path}: expected" in capsys.readouterr().err
    assert tokenize.main([*line, "--overwrite"]) == 0


@pytest.mark.parametrize("data", GARBAGE)
def test_a_unit_whose_receipt_is_none_is_done_again(tmp_path, line, data):
    receipts = tmp_path / "out" / "work" / "tokens" / "c4" / "receipts"
    receipts.mkdir(parents=True)
    (receipts / "0-00000.json").write_bytes(data)
    assert tokenize.main(line) == 0


@pytest.mark.parametrize("data", GARBAGE)
def test_progress_counts_no_receipt_that_is_none(tmp_path, data):
    (tmp_path / "receipts").mkdir()
    (tmp_path / "receipts" / "0-00000.json").write_bytes(data)
    (tmp_path / "receipts" / "0-00001.json").write_bytes(b'{"documents": 7}')
    line = progress.Progress(str(tmp_path), [1, 1], 1).line()
    assert "1 of 2 units" in line
    assert " 7 documents" in line
