"""Several sources in one line, dumps that are checked, and what is wrong with such lines, as a user meets them."""

import bz2
import gzip
import hashlib
import json
import sys

import command
import made_crawl
import made_mediawiki
import pytest
from faulty_server import serving

from pipeline.plan import SOURCES

ROWS = [
    {"text": f"Row {number} of a made-up shard.", "url": f"https://made.example/{number}", "timestamp": "2019-04-25T12:57:54Z"}
    for number in range(30)
]
CODE = {"repo_name": "a/b", "path": "a.py", "license": "mit", "content": "print('one line')\n"}


def packed(rows):
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0)


def words(*flags):
    return [sys.executable, "-m", "pipeline.run", *map(str, flags)]


@pytest.fixture
def inputs(tmp_path):
    """A shard of C4, a table of GitHub, a dump of Wikipedia."""
    (tmp_path / "c4.json.gz").write_bytes(packed(ROWS))
    (tmp_path / "github.json.gz").write_bytes(packed([CODE]))
    pages = made_mediawiki.dump(
        [made_mediawiki.page(1, "A page.")], made_mediawiki.head(dbname="enwiki").replace(b'xml:lang="ll"', b'xml:lang="en"')
    )
    (tmp_path / "enwiki.xml.bz2").write_bytes(bz2.compress(pages))
    return tmp_path


def test_several_sources_go_into_one_output_each_with_its_own_books(inputs, tmp_path):
    out = tmp_path / "out"
    line = words(
        "--source=c4,github,wikipedia",
        f"--output={out}",
        f"--input=c4:{inputs / 'c4.json.gz'}",
        f"--input=github:{inputs / 'github.json.gz'}",
        f"--input=wikipedia:{inputs / 'enwiki.xml.bz2'}",
        "--set",
        "rejected_text=true",
        "--set",
        "wikipedia.title_in_text=true",
    )
    summary, _, _ = command.run(line)
    assert (summary["in"], summary["kept"], summary["reused"]) == (32, 32, 0)
    counts = {name: json.loads((out / name / "books.json").read_text())["in"] for name in ("c4", "github", "wikipedia")}
    assert counts == {"c4": 30, "github": 1, "wikipedia": 1}
    again, _, _ = command.run(line)
    assert (again["in"], again["reused"]) == (32, 3)
    alone, _, _ = command.run(
        words("--source=c4", f"--output={tmp_path / 'alone'}", f"--input={inputs / 'c4.json.gz'}", "--set", "rejected_text=true")
    )
    assert alone["in"] == 30
    assert command.digest(tmp_path / "alone", "c4") == command.digest(out, "c4")


@pytest.mark.slow
def test_all_seven_run_from_their_samples_and_again_do_nothing(tmp_path):
    """`--source=all` alone: one output, one report, books that close; the models' folder is named, as the identifier of the tests lies elsewhere."""
    line = words("--source=all", f"--output={tmp_path / 'out'}", f"--models={made_crawl.identifier()}")
    summary, _, _ = command.run(line)
    books = {name: json.loads((tmp_path / "out" / name / "books.json").read_text()) for name in SOURCES}
    assert all(book["closed"] and book["kept"] for book in books.values())
    assert (summary["in"], summary["kept"]) == tuple(sum(book[name] for book in books.values()) for name in ("in", "kept"))
    report = (tmp_path / "out" / "report.html").read_text()
    assert all(f'href="{name}/report.html"' in report for name in SOURCES)
    before = {name: command.digest(tmp_path / "out", name) for name in SOURCES}
    again, _, _ = command.run([*line, "--workers=1"])
    assert (again["in"], again["kept"]) == (summary["in"], summary["kept"])
    assert again["reused"] > 0
    assert {name: command.digest(tmp_path / "out", name) for name in SOURCES} == before


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--source=all,c4", "--input=c4:{c4}"], "all names every source"),
        (["--source=al"], "all"),
        (["--source=c4,github", "--input=c4:{c4}"], "no input for github"),
        (["--source=c4,github", "--input={c4}"], "say whose it is: c4:"),
        (["--source=c4", "--input=github:{c4}"], "github is not among the sources"),
        (["--source=c4,githb", "--input=c4:{c4}"], "did you mean github?"),
        (["--source=c4,github", "--input=c4:{c4}", "--dump=c4:en", "--input=github:{c4}"], "exclude each other"),
        (["--source=c4,github", "--set", "max_lin=3"], "did you mean max_line"),
        (["--source=c4", "--set", "origin=crawl", "--input={c4}"], "Get it: python -m pipeline.setup"),
        (["--source=github", "--dump=2022"], "docs/github-bigquery.md"),
    ],
)
def test_lines_that_make_no_sense_write_nothing(flags, said, inputs, tmp_path):
    out = tmp_path / "out"
    _, _, err = command.run(words(f"--output={out}", *(flag.format(c4=inputs / "c4.json.gz") for flag in flags)), expect=2)
    assert said in err
    assert not out.exists()


def test_one_source_that_fails_its_budget_does_not_stop_the_next(inputs, tmp_path):
    (inputs / "c4.json.gz").write_bytes(packed(ROWS)[:-60])
    out = tmp_path / "out"
    line = words(
        "--source=c4,github", f"--output={out}", f"--input=c4:{inputs / 'c4.json.gz'}", f"--input=github:{inputs / 'github.json.gz'}"
    )
    summary, _, err = command.run(line, expect=4)
    assert "the error budget is" in err
    assert json.loads((out / "github" / "books.json").read_text())["kept"] == 1
    assert summary["kept"] >= 1


def test_a_dump_is_brought_and_checked_whatever_the_network_does(tmp_path):
    good = packed(ROWS)
    with serving() as server:
        faults = {"stalls": 1, "stall_at": 200, "stall_seconds": 0.2, "refusals": 1, "retry_after": "0", "cuts": 1, "cut_after": 300}
        server.put("c4-train.00000-of-00001.json.gz", good, **faults)
        listing = server.put("SHA256SUMS", f"{hashlib.sha256(good).hexdigest()}  c4-train.00000-of-00001.json.gz\n".encode())
        line = words("--source=c4", f"--dump=@{listing}", f"--dumps={tmp_path / 'dumps'}", f"--output={tmp_path / 'out'}")
        summary, _, _ = command.run(line)
        assert summary["kept"] == 30
        asked = len(server.requests)
        again, _, _ = command.run(line)
        assert again["reused"] == 1
        assert not [one for one in server.requests[asked:] if "c4-train" in one[1] and one[0] == "GET"], "a finished run fetches nothing"
    manifest = json.loads((tmp_path / "out" / "c4" / "manifest.json").read_text())
    assert manifest["inputs"][0]["tag"] == f"sha256:{hashlib.sha256(good).hexdigest()}"


def test_a_dump_that_is_not_what_its_publisher_says_is_refused(tmp_path):
    with serving() as server:
        server.put("c4-train.00000-of-00001.json.gz", packed(ROWS))
        listing = server.put("SHA256SUMS", f"{'0' * 64}  c4-train.00000-of-00001.json.gz\n".encode())
        line = words("--source=c4", f"--dump=@{listing}", f"--dumps={tmp_path / 'dumps'}", f"--output={tmp_path / 'out'}")
        _, _, err = command.run(line, expect=1)
    assert "c4-train.00000-of-00001.json.gz" in err
    assert "sha256" in err
    assert not (tmp_path / "out" / "c4" / "books.json").exists()
