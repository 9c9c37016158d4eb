"""Broken and hostile dumps of Stack Exchange, in one run: each is named, located and counted, and what its format lets one reach is kept."""

import dataclasses
import os
import resource

import made_run
import pytest
from made_damage import PACKED, cut, deep, flipped, gz, run, shrinking, spaces, sparse, tar, without_rights, written, zipped
from made_posts import FOOT, HEAD, answer, dump, question, row, rows, sevenzip, site_archive

from pipeline import files
from pipeline.sources.stackexchange import LLAMA

CONFIG = dataclasses.replace(LLAMA, max_document_bytes=200_000, largest=1000)
PARTS = {".gz": "gzip member", ".bz2": "bzip2 stream", ".xz": "xz stream", ".zst": "zstd frame"}
FOUR, SIX, MANY = rows(4), rows(6), dump(rows(400))
LOL = b"<!DOCTYPE lolz [" + b"".join(b'<!ENTITY lol%d "%s">' % (n + 1, b"&lol%d;" % n * 10) for n in range(9)) + b"]>"
OUTSIDE_FILE = b'<!DOCTYPE x [<!ENTITY lol8 SYSTEM "file:///etc/passwd">]>'
UNLIKE, EMPTY, SHUT = "not a Stack Exchange dump of posts", "empty file", "7z archive is cut or corrupt"
ARCHIVE = "an archive of another kind: give Posts.xml or the site's .7z"
WITH_ENTITY = row(**question(99)).replace(b"Llama", b"&lol8;")
BAD_ROWS = {
    b"\x00\xff garbage\n": "bytes that belong to no row",
    b'<row Id="90" PostTypeId="1" />\n': "row without Body",
    b'<row Id="91" PostTypeId="1" Body="x" Title="t" Score="many" />\n': "row whose Score is no number",
    b'<row PostTypeId="2" ParentId="1" Body="x"/>\n': "row without Id",
    b'<row Id="93" PostTypeId="2" Body="x"/>\n': "row without ParentId",
    b"<row />\n": "row without PostTypeId",
    b'<row Id="94" PostTypeId="1" Title="a" Body="&nbsp;"/>\n': "row with an entity that is not defined",
    b'<row Id="95" PostTypeId="1" Id="96" Title="a" Body="b"/>\n': "row that names an attribute twice",
    b'<row Id="97" PostTypeId="1" Title="a" Body="<b>"/>\n': "row is not well-formed",
}


def other_charset(charset, said=None):
    """Four rows in a character set, which the declaration says, or says wrong."""
    return dump(FOUR).decode("utf-8-sig").replace("utf-8", said or charset, 1).replace("\u2026", "\xe9").encode(charset)


def sevens():
    """The same of 7z archives: {name: (bytes, questions kept, broken)}."""
    whole = site_archive(dump(FOUR))
    return {
        "cut.example.7z": (cut(whole), 0, [(SHUT, 0)]),
        "head.example.7z": (whole[:40], 0, [(SHUT, 0)]),
        "last.example.7z": (whole[:-1], 0, [(SHUT, 0)]),
        "corrupt.example.7z": (flipped(whole, 0.4, 6), 0, [("7z folder is corrupt", 32)]),
        "nested.example.7z": (sevenzip({"Posts.xml": whole}), 0, [(UNLIKE, 0)]),
        "no posts.example.7z": (sevenzip({"Users.xml": b"<users/>", "a.txt": b"x"}), 0, [("7z archive without Posts.xml", 0)]),
        "nothing.example.7z": (sevenzip({}), 0, [("7z archive without Posts.xml", 0)]),
        "two.example.7z": (sevenzip({"Posts.xml": dump(FOUR), "b/Posts.xml": dump(SIX)}), 2, [("7z archive with a second Posts.xml", 0)]),
        "page.example.7z": (b"<html/>", 0, [(UNLIKE, 0)]),
        "xml.example.7z": (dump(FOUR), 2, []),
        "blanks.example.7z": (sevenzip({"Posts.xml": HEAD + b"".join(FOUR) + b" " * (32 << 20) + FOOT}), 2, []),
    }


def packed():
    """The same of files in gzip, bzip2, xz and zstd."""
    made = {}
    for ending, pack in PACKED.items():
        data, part, site = pack(MANY), PARTS[ending], ending[1:]
        behind = [(f"bytes that are no {part}", len(data))]
        made[f"two {site}.example/Posts.xml{ending}"] = pack(MANY[:9000]) + pack(MANY[9000:]), 200, []
        made[f"garbage {site}.example/Posts.xml{ending}"] = data + b"garbage" * 30, 200, behind
        made[f"zeros {site}.example/Posts.xml{ending}"] = data + bytes(3000), 200, behind
        made[f"tiny {site}.example/Posts.xml{ending}"] = data[:2], 0, [(f"bytes that are no {part}", 0)]
        made[f"none {site}.example/Posts.xml{ending}"] = pack(b""), 0, [(EMPTY, 0)]
        first = pack(HEAD + b"".join(FOUR))
        made[f"cut {site}.example/Posts.xml{ending}"] = first + pack(FOOT)[:-3], 2, [(f"{part} is cut", len(first))]
    first, last = gz(HEAD + b"".join(FOUR)), gz(b"".join(SIX[4:]) + FOOT)
    return made | {
        "middle.example/Posts.xml.gz": (
            first + flipped(gz(MANY[20_000:30_000]), 0.02, 30) + last,
            3,
            [("gzip member is corrupt", len(first))],
        ),
        "blank bomb.example/Posts.xml.gz": (first + spaces(64) + last, 3, []),
        "row bomb.example/Posts.xml.gz": (
            gz(HEAD + b"".join(FOUR) + b'<row Id="7" Body="') + spaces(64) + gz(b'" />' + b"".join(SIX[4:]) + FOOT),
            3,
            [("row is longer than its bound", 0)],
        ),
        "deep.example/Posts.xml.gz": (deep(dump(FOUR), 60), 0, [(UNLIKE, 0)]),
        "pdf.example/Posts.xml.gz": (b"%PDF-1.4", 0, [("bytes that are no gzip member", 0)]),
        "zip.example/Posts.xml.zip": (zipped([("Posts.xml", dump(FOUR))]), 0, [(ARCHIVE, 0)]),
    }


def plain():
    """The same of files that are not packed."""
    mixed = b"".join(bad + good for bad, good in zip(BAD_ROWS, [*SIX, b"", b"", b""], strict=True))
    long = row(**question(99, Body="x" * 300_000))
    begins = len(HEAD) + sum(map(len, FOUR))
    return {
        "good": (dump(FOUR), 2, []),
        "empty": (b"", 0, [(EMPTY, 0)]),
        "cut": (dump(SIX)[: begins + 60], 2, [("dump ends within a row", begins + 2)]),
        "no end": (dump(FOUR, foot=b""), 2, [("dump ends without </posts>", begins)]),
        "rows": (HEAD + mixed + FOOT, 3, [(reason, len(HEAD) + mixed.index(bad)) for bad, reason in BAD_ROWS.items()]),
        "bomb": (
            dump([*FOUR, WITH_ENTITY], HEAD.replace(b"<posts>", LOL + b"<posts>")),
            2,
            [("declares entities", HEAD.index(b"<posts>")), ("row with an entity that is not defined", begins + len(LOL) + 2)],
        ),
        "outside": (
            dump([*FOUR, WITH_ENTITY], HEAD.replace(b"<posts>", OUTSIDE_FILE + b"<posts>")),
            2,
            [("declares entities", HEAD.index(b"<posts>")), ("row with an entity that is not defined", begins + len(OUTSIDE_FILE) + 2)],
        ),
        "too long": (dump([*FOUR, long, *SIX[4:]]), 3, [("row is longer than its bound", begins + 2)]),
        "open": (dump([*FOUR, b'<row Id="99" Body="' + b"x" * 300_000, *SIX[4:]]), 3, [("row is longer than its bound", begins)]),
        "comment": (dump([*FOUR, b"<!-- never ends\n", *SIX[4:]]), 3, [("bytes that belong to no row", begins)]),
        "behind": (dump(FOUR) + b"".join(SIX[4:]) + b"garbage", 3, [("bytes that belong to no row", len(dump(SIX)))]),
        "latin": (other_charset("iso-8859-1"), 2, []),
        "utf16": (other_charset("utf-16"), 2, []),
        "utf16 wrong": (dump(FOUR)[3:].replace(b"utf-8", b"utf-16", 1), 2, []),
        "unknown": (dump(FOUR)[3:].replace(b"utf-8", b"klingon"), 0, [("declares an encoding that is not known", 0)]),
        "undeclared": (other_charset("iso-8859-1", "utf-8"), 2, []),
        "page": (b"<html><body>503</body></html>", 0, [(UNLIKE, 0)]),
        "image": (b"\x89PNG" + bytes(999), 0, [(UNLIKE, 0)]),
        "odd \n (x)": (dump(FOUR), 2, []),
    }


CASES = {**{f"{name}.example/Posts.xml": case for name, case in plain().items()}, **packed(), **sevens()}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """(what a run over all cases found, its arguments)."""
    folder = tmp_path_factory.mktemp("bad")
    paths = written(folder / "in", {name: data for name, (data, *_) in CASES.items()})
    paths += written(folder / "in", {"same.example/Posts.xml": dump(FOUR), "other/same.example/Posts.xml": dump(SIX)})
    named = os.fsencode(folder / "in" / "good.example") + b"/not utf8 \xe9.xml"
    with open(named, "wb") as file:
        file.write(dump(FOUR))
    arguments = "stackexchange", [*paths, os.fsdecode(named)], folder / "out", CONFIG
    return run(*arguments), arguments


@pytest.mark.parametrize("name", CASES)
def test_each_file_has_its_fate(ran, name):
    broken, refused, kept = ran[0].fates(name)
    assert (len(kept), broken, refused) == (CASES[name][1], sorted(CASES[name][2], key=lambda fault: fault[1]), [])


def test_questions_that_are_kept_have_their_answers_and_nothing_from_outside(ran):
    clean = made_run.rows(ran[1][2], "stackexchange", "clean")
    assert len({row["id"] for row in clean}) == len(clean)
    assert not [row["id"] for row in clean if "root:" in row["text"] or "lollol" in row["text"]]
    for name in CASES:
        assert all(row["answers"] == 1 for row in ran[0].clean.get(name, []) if int(row["url"].rpartition("/")[2]) < 5), name


def test_what_is_odd_and_read_all_the_same_is_noted(ran):
    notes = {name: {note for row in rows for note in row["notes"]} for name, rows in ran[0].clean.items()}
    assert notes["undeclared.example/Posts.xml"] == {"invalid UTF-8 replaced"}
    assert notes["latin.example/Posts.xml"] == set()


def test_of_two_dumps_of_one_site_one_is_left_out_by_name(ran):
    assert [len(ran[0].fates(f"{folder}same.example/Posts.xml")[2]) for folder in ("", "other/")] == [0, 3]
    values = {row["value"] for row in ran[0].rejected["same.example/Posts.xml"]}
    assert values == {"older than other/same.example/Posts.xml"}


def test_a_name_that_is_no_utf8_is_stored_and_named(ran):
    rows = ran[0].clean["good.example/not utf8 \\xe9.xml"]
    assert [row["site"] for row in rows] == ["not utf8 \\xe9"] * 2


def test_what_is_broken_is_too_much_for_the_usual_budget(ran):
    outcome = made_run.run(*ran[1], ran[1][2], budget=0.01)
    assert outcome.code == 4
    assert "the error budget is 1.00%; what is broken is listed in " in outcome.said[-1]


@pytest.mark.parametrize(
    ("name", "said"),
    [("Posts.xml", "expected a regular file"), ("none.xml", "has no 'none.xml'"), ("site", "found a directory; give its files")],
)
def test_what_is_no_file_is_refused_before_the_run(tmp_path, name, said):
    os.mkfifo(tmp_path / "Posts.xml")
    written(tmp_path / "site", {"Posts.xml": dump(FOUR)})
    with pytest.raises(files.InputError, match=said):
        run("stackexchange", [tmp_path / name], tmp_path / "out", CONFIG)
    assert not (tmp_path / "out" / "stackexchange").exists()


def test_a_file_that_may_not_be_read_is_refused_before_the_run(tmp_path):
    (path,) = written(tmp_path, {"Posts.xml": dump(FOUR)})
    with without_rights(path), pytest.raises(files.InputError, match="check its permissions"):
        files.expand([str(path)])


def test_two_gigabytes_of_zeros_are_refused_in_little_memory(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    paths = [sparse(tmp_path / "a.xml"), sparse(tmp_path / "b.xml.gz", 64 << 20), sparse(tmp_path / "c.7z", 64 << 20)]
    found = run("stackexchange", paths, tmp_path / "out", CONFIG)
    reasons = {name: [reason for reason, _ in found.fates(name)[0]] for name in ("a.xml", "b.xml.gz", "c.7z")}
    assert reasons == {"a.xml": [UNLIKE], "b.xml.gz": ["bytes that are no gzip member"], "c.7z": [SHUT]}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_a_dump_that_shrinks_before_it_is_read_is_named(tmp_path, monkeypatch):
    (path,) = written(tmp_path, {"a.example/Posts.xml": MANY})
    shrinking(monkeypatch, path)
    with pytest.raises(AssertionError, match=r"Posts.xml was quarantined: OSError: .* listed with [\d,]+ bytes and has [\d,]+"):
        run("stackexchange", [path], tmp_path / "out", CONFIG)


def test_names_in_an_archive_lead_nowhere(tmp_path, monkeypatch):
    monkeypatch.setattr("py7zr.py7zr.check_archive_path", lambda name: True)
    paths = written(
        tmp_path / "in", {"a.example.7z": sevenzip({"../../Posts.xml": dump(FOUR)}), "b.example.7z": sevenzip({"/Posts.xml": dump(SIX)})}
    )
    found = run("stackexchange", paths, tmp_path / "out", CONFIG)
    assert [len(found.fates(path.name)[2]) for path in paths] == [2, 3]
    assert not list(tmp_path.rglob("*.xml"))


# ---- at the edges


def test_rows_of_a_member_whose_checksum_fails_are_counted(tmp_path):
    """Behind a flipped bit a member still expands, to wrong bytes, and only its end shows it: rows of it are kept, and counted as in doubt."""
    whole = dump(rows(4000))
    paths = written(tmp_path, {"a.example/Posts.xml.gz": gz(whole), "b.example/Posts.xml.gz": flipped(gz(whole), 0.8)})
    found = run("stackexchange", paths, tmp_path / "out", CONFIG)
    sound = {row["url"].rpartition("/")[2]: row["text"] for row in found.clean["a.example/Posts.xml.gz"]}
    torn = [row for row in found.clean["b.example/Posts.xml.gz"] if sound.get(row["url"].rpartition("/")[2]) != row["text"]]
    assert torn
    questions = len(found.clean["b.example/Posts.xml.gz"])
    assert found.outcome.books["noted"]["read from a member that proved corrupt"] >= questions


def test_the_error_budget_of_a_packed_dump_is_that_of_the_plain_one(tmp_path):
    data = dump([*rows(2000), *(row(**question(9000 + n)).replace(b" Body=", b" Text=") for n in range(6))])
    for name, content in (("Posts.xml", data), ("Posts.xml.gz", gz(data))):
        (path,) = written(tmp_path / name, {f"a.example/{name}": content})
        run("stackexchange", [path], tmp_path / "out" / name, CONFIG, expect=0, budget=0.01)


def test_an_empty_archive_is_an_empty_file(tmp_path):
    (path,) = written(tmp_path, {"a.example.7z": b""})
    assert run("stackexchange", [path], tmp_path / "out", CONFIG).fates("a.example.7z")[0] == [(EMPTY, 0)]


def test_a_tar_is_no_dump_of_a_site_of_that_name(tmp_path):
    (path,) = written(tmp_path, {"a.example/Posts.xml.tar.gz": gz(tar([("Posts.xml", dump(FOUR)), ("Users.xml", b"<users/>")]))})
    assert run("stackexchange", [path], tmp_path / "out", CONFIG).fates("Posts.xml.tar.gz") == ([(ARCHIVE, 0)], [], [])


def test_answers_of_a_broken_question_are_counted_as_orphans(tmp_path):
    (path,) = written(tmp_path, {"a.example/Posts.xml": dump([b'<row Id="1" PostTypeId="1" />', row(**answer(2, 1)), *SIX[2:]])})
    outcome = run("stackexchange", [path], tmp_path / "out", CONFIG).outcome
    assert outcome.books["inputs"] == {"answers": {"read": 3, "used": 2, "unused": {"orphan": 1}}}
