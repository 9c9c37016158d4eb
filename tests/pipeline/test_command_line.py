"""What is wrong with a line is said before anything is written."""

import pytest

from pipeline import command_line, run
from pipeline.command_line import UsageError


def parse(*words):
    return command_line.parse(["--source=commoncrawl", *words])


def test_inputs_may_be_many_and_come_in_any_form():
    flags, rest = parse("--input", "a", "b*", "--output=x", "--input=@c", "--runner=SparkRunner")
    assert flags.input == ["a", "b*", "@c"]
    assert rest == ["--runner=SparkRunner"]


def test_workers_default_to_the_cores():
    assert parse()[0].workers >= 1
    assert parse("--workers=3")[0].workers == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workers=-1"], "--workers takes a number from 1"),
        (["--workers=many"], "invalid int value"),
        (["--error-budget=2"], "share from 0 to 1"),
        (["--dump=CC-MAIN-2019-09", "--input=x"], "exclude each other"),
        (["--files=3"], "together with --dump"),
        (["--dump=CC-MAIN-2019-09", "--files=0"], "at least 1"),
        (["crawl.wet.gz"], "inputs are given with --input"),
    ],
)
def test_refusals(words, said):
    with pytest.raises(UsageError, match=said):
        parse(*words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--source=comoncrawl"], "did you mean commoncrawl"),
        (["--source=commoncrawl", "--ouput=x"], "did you mean --output"),
        (["--source=commoncrawl", "--runer=SparkRunner"], "did you mean --runner"),
        (["--source=commoncrawl", "--preset=lama"], "did you mean llama"),
        (["--source=commoncrawl", "--dump=2019-09"], "CC-MAIN-"),
        ([], "--source"),
    ],
)
def test_main_says_why_and_ends_with_2(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run.main(words) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_fields_are_listed_with_their_origins(capsys):
    assert run.main(["--source=commoncrawl", "--preset=redpajama", "--list-fields", "--set", "min_characters=7"]) == 0
    out = capsys.readouterr().out
    assert "min_characters=7\n    code: CCNet's min_len" in out
    assert "min_reference=0.25\n    paper:" in out
