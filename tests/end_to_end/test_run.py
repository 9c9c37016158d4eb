"""The command as a black box: faults of the network, of workers and of people end well, and the bytes are the same."""

import gzip
import json
import os
import signal
import time

import command
import made_crawl
import pytest
from faulty_server import serving

NUMBERS = ["first", "second", "third", "fourth", "fifth"]
PAGES = [
    [
        (f"p{unit}-{n}", ["ABCDEFGHXYZ"[(unit + n) % 11], f"This is the {NUMBERS[n]} page of the {NUMBERS[unit]} file in the crawl. " * 5])
        for n in range(5)
    ]
    for unit in range(4)
]
"""Four files of five pages: a line that some pages share, and one that no other page has."""


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    return made_crawl.crawl(tmp_path_factory.mktemp("crawl"), PAGES)


@pytest.fixture(scope="module")
def whole(crawl, tmp_path_factory):
    """The output of an unbroken run, and its digest."""
    output = tmp_path_factory.mktemp("whole") / "out"
    summary, _, _ = command.run(command.words(crawl, output))
    assert (summary["in"], summary["reused"]) == (20, 0)
    return output, command.digest(output)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_same_bytes_at_any_worker_count_and_order(crawl, whole, tmp_path):
    command.run(command.words(crawl[::-1], tmp_path / "one", "--workers=1"))
    _, _, said = command.run(command.words([*crawl, crawl[0]], tmp_path / "seven", "--workers=7"))
    assert "listed more than once" in said
    assert command.digest(tmp_path / "one") == command.digest(tmp_path / "seven") == whole[1]


def test_the_same_line_again_does_nothing(crawl, whole):
    output, digest = whole
    stamps = [path.stat().st_mtime_ns for path in sorted(output.glob("commoncrawl/clean/*"))]
    summary, _, _ = command.run(command.words(crawl, output))
    assert summary["reused"] == 4
    assert [path.stat().st_mtime_ns for path in sorted(output.glob("commoncrawl/clean/*"))] == stamps
    assert command.digest(output) == digest


def test_shards_open_in_duckdb_and_polars(whole):
    import duckdb
    import polars

    files = f"{whole[0]}/commoncrawl/clean/*.parquet"
    kept = json.loads((whole[0] / "commoncrawl" / "books.json").read_text())["kept"]
    assert duckdb.sql(f"select count(*), count(distinct id) from '{files}'").fetchall() == [(kept, kept)]
    assert kept == 20
    assert polars.read_parquet(files).height == kept


def test_other_inputs_are_refused_and_overwrite_clears(crawl, tmp_path):
    command.run(command.words(crawl[:1], tmp_path / "out"))
    _, _, said = command.run(command.words(crawl[:2], tmp_path / "out"), expect=2)
    assert "other inputs" in said
    summary, _, _ = command.run(command.words(crawl[:2], tmp_path / "out", "--overwrite"))
    assert summary["in"] == 10


def test_dump_over_a_bad_network(crawl, whole, tmp_path):
    """503, a cut connection and a halt on the way, each got over: the same bytes as from disk."""
    names = [f"crawl-data/CC-MAIN-2019-09/segments/1/wet/{path.name}" for path in crawl]
    with serving() as server:
        server.put("crawl-data/CC-MAIN-2019-09/wet.paths.gz", gzip.compress("\n".join([*names, "never-read"]).encode() + b"\n"))
        faults = [
            {"refusals": 1, "retry_after": "0"},
            {"cuts": 1, "cut_after": 300},
            {"stalls": 1, "stall_at": 200, "stall_seconds": 2},
            {},
        ]
        for name, path, fault in zip(names, crawl, faults, strict=True):
            server.put(name, path.read_bytes(), **fault)
        line = command.words([], tmp_path / "out", "--dump=CC-MAIN-2019-09", "--files=4", f"--dump-base={server.url}")
        summary, _, _ = command.run(line)
    assert summary["in"] == 20
    assert command.digest(tmp_path / "out") == whole[1]


def halting(server, crawl):
    """The crawl on a server whose second file never ends."""
    urls = [server.put(path.name, path.read_bytes()) for path in crawl]
    server.put(crawl[1].name, crawl[1].read_bytes(), stall_at=200, stall_seconds=50, stalls=1 << 30)
    return urls


def test_a_unit_that_kills_its_workers_is_quarantined_and_tried_again(crawl, whole, tmp_path):
    with serving() as server:
        line = command.words(halting(server, crawl), tmp_path / "out", "--workers=1")
        process = command.start(line)
        beat = tmp_path / "out/work/commoncrawl/heartbeats/0-00001.json"
        for _ in range(3):
            wait_for(beat.exists)
            (worker,) = command.workers(process)
            os.kill(worker, signal.SIGKILL)
            wait_for(lambda worker=worker: worker not in command.workers(process))
            beat.unlink(missing_ok=True)
        _out, err = process.communicate(timeout=60)
        assert process.returncode == 1, err
        assert f"{crawl[1].name} was quarantined: its worker was killed by SIGKILL, 3 times over" in err
        books = json.loads((tmp_path / "out/commoncrawl/books.json").read_text())
        assert books["closed"]
        assert books["in"] == 15
        server.put(crawl[1].name, crawl[1].read_bytes())
        summary, _, _ = command.run(line)
    assert (summary["in"], summary["reused"]) == (20, 3)
    assert command.digest(tmp_path / "out") == whole[1]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on_where_it_was(crawl, whole, tmp_path, how):
    with serving() as server:
        line = command.words(halting(server, crawl), tmp_path / "out", "--workers=1")
        process = command.start(line)
        wait_for((tmp_path / "out/work/commoncrawl/heartbeats/0-00001.json").exists)
        children = command.workers(process)
        process.send_signal(how)
        _, err = process.communicate(timeout=30)
        wait_for(lambda: not any(os.path.exists(f"/proc/{child}") for child in children), 10)
        if how == signal.SIGINT:
            assert process.returncode == 1
            assert "interrupted. Run the same line again" in err
            assert "Traceback" not in err
        server.put(crawl[1].name, crawl[1].read_bytes())
        summary, _, _ = command.run(line)
    assert summary["reused"] >= 1
    assert command.digest(tmp_path / "out") == whole[1]


def test_exit_4_names_what_is_over_the_budget(crawl, tmp_path):
    bad = tmp_path / "bad.warc.wet.gz"
    bad.write_bytes(crawl[0].read_bytes()[:-30])
    _, _, said = command.run(command.words([bad], tmp_path / "out"), expect=4)
    assert "1 of 5 records could not be read (20.00%)" in said
    assert (tmp_path / "out/commoncrawl/manifest.json").exists()
    command.run(command.words([bad], tmp_path / "out", "--error-budget=0.5"))


def test_missing_models_are_refused_with_the_command_that_makes_them(crawl, tmp_path):
    line = [word for word in command.words(crawl, tmp_path / "out") if not word.startswith("--models")]
    _, _, said = command.run([*line, f"--models={tmp_path}/none"], expect=2)
    assert "python -m pipeline.setup" in said
    _, _, said = command.run([*command.words(crawl, tmp_path / "out"), "--set", "min_reference=0.5"], expect=2)
    assert "python -m pipeline.train_references" in said
    _, _, said = command.run([*command.words(crawl, tmp_path / "out"), "--set", "buckets=head", "--set", "languages=en"], expect=2)
    assert "python -m pipeline.train_lm" in said
    assert not (tmp_path / "out").exists()


def test_dry_run_writes_nothing(crawl, tmp_path):
    process = command.start(command.words(crawl, tmp_path / "out", "--dry-run"))
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "plan: 4 units" in out
    assert "disk: " in out
    assert not (tmp_path / "out").exists()
