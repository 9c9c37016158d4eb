"""explain --token: every token of a small source leads to its document, its place there and the text around it."""

import json

import made_clean
import made_tokenizer
import pytest
import sentencepiece

from pipeline import explain, pool, tokenize

SHARDS = [["The young llama walks.", "", "羊驼 在 山 上 走 🦙"], ["In 1957 there were 12,345 llamas."]]


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    made_clean.write(folder / "out", "c4", SHARDS)
    (folder / "model").write_bytes(made_tokenizer.model())
    line = [f"--output={folder / 'out'}", f"--tokenizer={folder / 'model'}", "--workers=1", "--set", "shard_bytes=1"]
    assert tokenize.main(line) == 0
    pool.close()
    return folder / "out"


def ask(output, capsys, *flags, expect=0):
    capsys.readouterr()
    assert explain.main([*flags, f"--output={output}"]) == expect
    return capsys.readouterr()


def test_each_token_is_found_in_its_document(output, capsys):
    model = sentencepiece.SentencePieceProcessor(model_proto=made_tokenizer.model())
    position = 0
    for number, shard in enumerate(SHARDS):
        for place, text in enumerate(shard):
            ids = [1, *model.encode(text), 2]
            for token, own in enumerate(ids):
                told = json.loads(ask(output, capsys, f"--token=c4:{position}", "--json").out)
                found = told["token"]
                assert (found["token"], found["document"], found["number"], found["of"]) == (own, f"c4/{number}-{place}", token, len(ids))
                assert found["piece"] == model.id_to_piece(own)
                assert found["character"] == len(model.decode(ids[:token]))
                assert text.startswith(found["before"].rstrip("�")) or token > 24
                assert (told["matches"][0]["id"], told["matches"][0]["origin_offset"]) == (f"c4/{number}-{place}", place)
                position += 1


def test_in_words_with_the_text_on_both_sides(output, capsys):
    said = ask(output, capsys, "--token=c4:4").out
    assert "token 4 of c4 is" in said
    assert "c4/0-0" in said
    assert "stored in row 0 of tokens/c4/00000.arrow" in said
    assert "made.txt, offset 0" in said


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--token=c4"], "takes SOURCE:POSITION"),
        (["--token=c4:-1"], "takes SOURCE:POSITION"),
        (["--token=c5:1"], "did you mean c4"),
        (["--token=books:1"], "pipeline.tokenize"),
        (["--token=c4:99999"], "there is no token 99,999"),
    ],
)
def test_what_is_wrong_is_said(output, capsys, flags, words):
    assert words in ask(output, capsys, *flags, expect=2).err


@pytest.mark.parametrize("flags", [[], ["c4/0-0", "--token=c4:1"]])
def test_either_a_page_or_a_token_is_asked_for(flags):
    with pytest.raises(SystemExit) as ended:
        explain.main(flags)
    assert ended.value.code == 2
