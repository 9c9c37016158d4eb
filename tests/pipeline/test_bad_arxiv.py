"""Broken and hostile submissions to arXiv, in one run: each is named, located and counted, and what its format lets one reach is kept."""

import os
import random
import resource
import tarfile
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import made_run
import made_submissions
import pytest
from made_damage import (
    PACKED,
    cut,
    deep,
    flipped,
    gz,
    hostile,
    nested,
    run,
    shrinking,
    spaces,
    sparse,
    tar,
    without_rights,
    words,
    written,
    zeros,
    zipped,
)

from pipeline import files
from pipeline.records import Broken
from pipeline.sources.arxiv import LLAMA
from transforms.latex import comments, expansion, macros

NOISE = random.Random(1).randbytes(30_000)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PDF, WITHDRAWN, NOT_LATEX = "not a PDF alone", "not withdrawn", "Latex files"


def paper(seed, body="", preamble=""):
    return f"\\documentclass{{article}}\n{preamble}\\begin{{document}}\nAbstract.\n\\section{{One}}\n{words(seed, 200)}{body}\n\\end{{document}}\n".encode()


def month(members):
    """A bulk archive of (number, bytes), or (name, bytes or type)."""
    return tar(
        [("0704", (tarfile.DIRTYPE, "")), *((name if isinstance(name, str) else f"0704/0704.{name:04}.gz", data) for name, data in members)]
    )


def bomb(times):
    lines = [f"\\newcommand{{\\x{a}}}{{" + f"\\x{b}" * times + "}" for a, b in pairwise(LETTERS)]
    return "\n".join([*lines, "\\def\\xz{boom}", ""])


INPUTS = [(f"{a}.tex", f"{a} \\input{{{b}}}\\input{{{b}}}\\input{{{b}}}".encode()) for a, b in pairwise(LETTERS)]

MONTH = {
    1: (gz(paper(1)), "kept"),
    2: (b"", "empty file"),
    3: (cut(gz(paper(3))), "gzip member is cut"),
    4: (flipped(gz(paper(4)), 0.5, 4), "gzip member is corrupt"),
    5: (gz(tar([("main.tex", paper(5)), *hostile(".tex")])), "kept"),
    7: (gz(b"%auto-ignore\nThis paper has been withdrawn.\n"), (WITHDRAWN, "withdrawn")),
    8: (gz(b"%!PS-Adobe\n"), (NOT_LATEX, "postscript")),
    9: (gz(b""), (NOT_LATEX, "empty")),
    10: (deep(paper(10), 100), (NOT_LATEX, "archive in archive")),
    11: (nested(paper(11), "in.tar.gz", 3), (NOT_LATEX, "archive in archive")),
    12: (cut(gz(tar([("main.tex", paper(12)), ("figure.png", NOISE)]))), "kept"),
    13: (cut(gz(tar([("figure.png", NOISE), ("main.tex", paper(13))]))), "gzip member is cut"),
    15: (gz(paper(15, "caf\xe9").decode().encode("latin-1")), "kept"),
    16: (gz(paper(16).decode().encode("utf-16")), "kept"),
    17: (gz(paper(17, "@").replace(b"@", b"\xff\xfe\x80")), "kept"),
    18: (gz(paper(18, "\0")), "kept"),
    20: (gz(b"<html>no</html>"), (NOT_LATEX, "html")),
    22: (b"<html>403</html>", (NOT_LATEX, "html")),
    23: (paper(23), "kept"),
    32: (gz(paper(32))[:12], "gzip member is cut"),
    33: (gz(b"\\section{No class} words"), (NOT_LATEX, "no main file")),
    35: (spaces(32), (NOT_LATEX, "over-size")),
    36: (gz(tar([("main.tex", paper(36, "\\input{big}")), ("big.tex", b"x " * (5 << 20))])), "kept"),
    38: (gz(tar([("readme.txt", b"x"), ("paper.pdf", b"%PDF-1")])), (PDF, "pdf only")),
    41: (gz(paper(41, "\\xa", bomb(4))), "kept"),
    42: (gz(paper(42, "\\loop", "\\def\\loop{\\loop x}\n")), "kept"),
    43: (gz(paper(43, "\\pa", "\\def\\pa{\\pb}\\def\\pb{\\pa}\n")), "kept"),
    44: (gz(tar([("main.tex", paper(44, "\\input{main}"))])), "kept"),
    45: (gz(tar([("main.tex", paper(45, "\\input{a}")), ("a.tex", b"A \\input{b}"), ("b.tex", b"B \\input{a}")])), "kept"),
    46: (gz(tar([("main.tex", paper(46, "\\input{a}")), *INPUTS, ("z.tex", b"boom " * 100)])), (NOT_LATEX, "over-size")),
    47: (gz(paper(47, "{" * 50_000)), "kept"),
    48: (gz(paper(48, "\\z", "\\def\\z{\\def\\z{\\z\\z}\\z}\n")), "kept"),
    49: (gz(paper(49, "\\a{x}", "\\def\\a#1{\\b{#1#1}}\\def\\b#1{\\a{#1#1}}\n")), "kept"),
    99: (gz(paper(99)), "kept"),
}  # fmt: skip
"""number: (a member of a bulk archive, what becomes of it)."""


def three(seed):
    """A bulk archive of three papers, of which the second is long."""
    return month(
        [(seed, gz(paper(seed))), (seed + 1, gz(tar([("f.png", NOISE), ("m.tex", paper(seed + 1))]))), (seed + 2, gz(paper(seed + 2)))]
    )


CUT_AT, BAD_HEADER = three(201), three(211)
SECOND = BAD_HEADER.index(b"0704/0704.0212")
LAST = CUT_AT.index(b"0704/0704.0202")

FILES = {
    "bulk.tar": (month([(n, data) for n, (data, _) in MONTH.items()]), None),
    "names.tar": (
        month(
            [
                (101, gz(paper(101))),
                ("0704/../../0704.0102.gz", gz(paper(102))),
                ("/0704/0704.0103.gz", gz(paper(103))),
                ("0704/0704.0104.gz", (tarfile.SYMTYPE, "/etc/passwd")),
                ("0704/0704.0105.gz", (tarfile.LNKTYPE, "0704/0704.0101.gz")),
                ("0704/0704.0106.gz", (tarfile.CHRTYPE, "")),
                ("0704/0704.0107.pdf", b"%PDF-1.4"),
                ("arXiv_src_0704_002.tar", month([(108, gz(paper(108)))])),
                (109, gz(paper(109))),
            ]
        ),
        (
            [],
            [
                ("unsafe path", "path with .."),
                ("unsafe path", "absolute path"),
                ("not a regular file", "symbolic link"),
                ("not a regular file", "hard link"),
                ("not a regular file", "device"),
                (PDF, "state is pdf only"),
                (NOT_LATEX, "state not latex"),
            ],
            ["0704.0101", "0704.0109"],
        ),
    ),
    "cut.tar": (CUT_AT[: LAST + 9000], ([("tar is cut in a file", LAST)], [], ["0704.0201"])),
    "header.tar": (
        BAD_HEADER[:SECOND] + b"\xff" * 100 + BAD_HEADER[SECOND + 100 :],
        ([("tar header is corrupt", SECOND)], [], ["0704.0211", "0704.0213"]),
    ),
    "2302.00001.gz": (b"", ([("empty file", 0)], [], [])),
    "2302.00002.tar.gz": (cut(gz(tar([("a.tex", paper(302))]))), ([("gzip member is cut", 0)], [], [])),
    "2302.00003.xz": (cut(PACKED[".xz"](paper(303))), ([("xz stream is cut", 0)], [], [])),
    "2302.00004.zst": (flipped(PACKED[".zst"](paper(304))), ([("zstd frame is corrupt", 0)], [], [])),
    "2302.00005.tex": (b"", ([("empty file", 0)], [], [])),
    "2302.00006.pdf": (b"%PDF-1.4", ([], [(PDF, "state is pdf only")], [])),
    "2302.00007.gz": (b"not gzip", ([], [(NOT_LATEX, "state not latex")], [])),
    "2302.00008.zip": (cut(zipped([("m.tex", paper(308))]), 0.4), ([("zip without its directory: it is cut", 0)], [], [])),
    "2302.00009.zip": (zipped([("../m.tex", b"x"), ("/x.tex", b"x"), ("ok.tex", paper(309))]), ([], [], ["2302.00009"])),
    "2302.00010.gz": (gz(paper(310)[:200]) + gz(paper(310)[200:]), ([], [], ["2302.00010"])),
    "2302.00011.gz": (zeros(32), ([], [(NOT_LATEX, "state not latex")], [])),
    "2302.00012.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(90), ([], [(NOT_LATEX, "state not latex")], [])),
    "2302.00013.gz": (PACKED[".zst"](paper(313)), ([], [], ["2302.00013"])),
    "a/2302.00014.gz": (gz(paper(314)), ([], [], ["2302.00014"])),
    "b/2302.00014.gz": (gz(paper(315)), ([], [("the newest version of a paper", "another document is equal")], [])),
    "notes.txt": (b"hello", ([], [(NOT_LATEX, "state not latex")], [])),
    "odd \n (x).tex": (paper(316), ([], [], ["odd \n (x).tex"])),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """(what a run over all files found, its arguments)."""
    folder = tmp_path_factory.mktemp("bad")
    paths = written(folder / "in", {name: data for name, (data, _) in FILES.items()})
    (main, *_) = written(
        folder / "in/papers/2302.80001", {"main.tex": paper(401, "\\input{link}\\input{pipe}\\input{big}"), "zero.tex": b""}
    )
    (main.parent / "link.tex").symlink_to("/etc/passwd")
    (main.parent / "loop").symlink_to(main.parent)
    os.mkfifo(main.parent / "pipe.tex")
    sparse(main.parent / "big.tex")
    (main.parents[1] / "2302.80002").mkdir()
    arguments = "arxiv", [*paths, main.parents[1]], folder / "out", LLAMA
    return run(*arguments), arguments


@pytest.mark.parametrize("number", MONTH)
def test_each_member_of_a_bulk_archive_has_its_fate(ran, number):
    name, fate, found = f"0704.{number:04}", MONTH[number][1], ran[0]
    offset = FILES["bulk.tar"][0].index(f"0704/{name}.gz".encode())
    kept = [row for row in found.clean["bulk.tar"] if row["id"] == f"arxiv/{name}"]
    refused = [(row["step"], row["value"], row["origin_offset"]) for row in found.rejected["bulk.tar"] if row["id"] == f"arxiv/{name}"]
    broken = [(row["reason"], row["excerpt"].partition(":")[0]) for row in found.broken["bulk.tar"] if row["offset"] == offset]
    assert bool(kept) == (fate == "kept")
    assert refused == ([(*fate, offset)] if isinstance(fate, tuple) else [])
    assert broken == ([(fate, name)] if isinstance(fate, str) and fate != "kept" else [])


@pytest.mark.parametrize("name", [name for name, (_, fates) in FILES.items() if fates])
def test_each_file_has_its_fate(ran, name):
    assert ran[0].fates(name) == FILES[name][1]


def test_papers_that_are_kept_are_whole_and_hold_nothing_from_outside(ran):
    texts = {row["paper"]: row["text"] for row in made_run.rows(ran[1][2], "arxiv", "clean")}
    for name, seed in (("0704.0001", 1), ("0704.0012", 12), ("0704.0023", 23), ("0704.0211", 211), ("0704.0213", 213), ("2302.00010", 310)):
        assert texts[name].startswith(f"\\section{{One}}\n{words(seed, 200)}"), name
    assert not [name for name, text in texts.items() if "this must not be read" in text or "root:" in text]
    assert max(map(len, texts.values())) < 100_000


def test_what_was_left_out_of_a_paper_is_noted_and_named(ran):
    rows = {row["paper"]: row for row in made_run.rows(ran[1][2], "arxiv", "clean")}
    ways = ["path with ..", "absolute path", "symbolic link", "hard link", "device", "fifo"]
    assert rows["0704.0005"]["notes"] == [f"{way} refused" for way in ways]
    assert rows["0704.0005"]["refused"].splitlines()[:2] == ["path with .. refused: ../out.tex", "absolute path refused: /etc/absolute.tex"]
    assert rows["0704.0012"]["notes"] == ["archive is cut"]
    assert rows["0704.0018"]["notes"] == ["NUL bytes"]
    assert rows["0704.0036"]["refused"] == "over-size file: big.tex\ninput file missing: big"
    assert [rows[f"0704.00{number}"]["refused"] for number in (44, 45)] == ["input cycle: main.tex", "input cycle: a.tex"]
    assert all(rows[f"0704.00{number}"]["macros_left"] > 0 for number in (41, 42, 43, 48, 49))


def test_a_folder_gives_no_link_pipe_or_giant_to_its_paper(ran):
    (row,) = ran[0].clean["papers/2302.80001"]
    refused = row["refused"].splitlines()
    assert {"over-size file: big.tex", "symbolic link refused: link.tex", "symbolic link refused: loop", "device refused: pipe.tex"} <= {
        *refused
    }
    assert ran[0].fates("papers/2302.80002") == ([], [(NOT_LATEX, "state not latex")], [])


def test_what_is_broken_is_too_much_for_the_usual_budget(ran):
    outcome = made_run.run(*ran[1], ran[1][2], budget=0.01)
    assert outcome.code == 4
    assert "the error budget is 1.00%; what is broken is listed in " in outcome.said[-1]


@pytest.mark.parametrize(
    ("name", "said"), [("pipe.tex", "expected a regular file"), ("none.tex", "has no 'none.tex'"), ("other", "found 1 files and 0 folders")]
)
def test_what_is_no_paper_is_refused_before_the_run(tmp_path, name, said):
    os.mkfifo(tmp_path / "pipe.tex")
    written(tmp_path / "other", {"image.png": b"x"})
    with pytest.raises(files.InputError, match=said):
        run("arxiv", [tmp_path / name], tmp_path / "out", LLAMA)
    assert not (tmp_path / "out" / "arxiv").exists()


def test_a_file_of_a_folder_that_may_not_be_read_is_named():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        _, mine = written(Path(folder), {"p/main.tex": paper(1, "\\input{mine}"), "p/mine.tex": b"x"})
        with without_rights(mine):
            (record,) = made_submissions.submissions.read(made_submissions.folder_part(mine.parent))
    assert record.columns["refused"].splitlines() == ["file cannot be read: mine.tex", "input file missing: mine"]


def test_two_gigabytes_of_zeros_are_refused_in_little_memory(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    paths = [
        sparse(tmp_path / "2302.00001.tex"),
        sparse(tmp_path / "2302.00002.gz", 64 << 20),
        sparse(tmp_path / "2302.00003.tar", 64 << 20),
    ]
    found = run("arxiv", paths, tmp_path / "out", LLAMA)
    assert [row["value"] for rows in found.rejected.values() for row in rows] == ["over-size"] * 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


# ---- at the edges


@pytest.mark.parametrize("behind", [bytes(500), b"garbage"])
def test_a_whole_file_with_bytes_behind_it_is_kept_and_noted(behind):
    record = made_submissions.one(gz(paper(1)) + behind)
    assert not isinstance(record, Broken)
    assert record.columns["state"] == "latex"
    assert record.notes


def test_a_zip_without_its_directory_gives_its_whole_files():
    record = made_submissions.one(zipped([("m.tex", paper(1)), ("z.png", NOISE)])[:-40], "2302.00001.zip")
    assert not isinstance(record, Broken)


def test_a_corrupt_entry_of_a_zip_is_named():
    record = made_submissions.one(flipped(zipped([("main.tex", paper(1))]), 0.3, 4), "2302.00001.zip")
    assert b"main.tex" in record.excerpt
    assert "error" not in record.reason


def test_a_file_too_many_is_no_over_size_file():
    files = {"m.tex": paper(1), **{f"{number}.tex": b"x" for number in range(10_001)}}
    assert "over-size file" not in made_submissions.one(gz(made_submissions.tar(files))).notes


def test_a_paper_that_shrinks_before_it_is_read_is_named(tmp_path, monkeypatch):
    (path,) = written(tmp_path, {"2302.00001.tex": paper(1)})
    shrinking(monkeypatch, path)
    try:
        named = bool(run("arxiv", [path], tmp_path / "out", LLAMA).broken)
    except (OSError, AssertionError) as error:  # a unit that is quarantined
        named = "2302.00001" in str(error)
    assert named


def seconds(work, size):
    before = time.process_time()
    work(size)
    return time.process_time() - before


def names(count):
    return ["".join(LETTERS[number // 26**place % 26] for place in range(4)) for number in range(count)]


@pytest.mark.parametrize(
    "work",
    [
        lambda size: expansion.expand("\\section{A}\n" + "\\csname x" * (size // 9), "", macros.Bounds(), False),
        lambda size: expansion.expand("\\section{A}\n" + "\\ifcsname x" * (size // 11), "", macros.Bounds(), False),
        lambda size: comments.remove("".join(f"\\excludecomment{{{name}}}\\begin{{{name}}}" for name in names(size // 32))),
    ],
    ids=["csname without an end", "ifcsname without an end", "environments that are left out, without an end"],
)
def test_work_on_hostile_latex_is_linear(work):
    """Eight times the text takes eight times as long; 24 leaves room for a busy machine."""
    work(1000)
    small = min(seconds(work, 120_000) for _ in range(3))
    assert min(seconds(work, 960_000) for _ in range(2)) < 24 * small
