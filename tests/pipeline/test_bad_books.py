"""Broken and hostile files of books, in one run: each is named, located and counted, and what its format lets one reach is kept."""

import dataclasses
import os
import re
import resource
import tarfile
import time

import made_run
import pytest
from made_books import books3_name, json_lines, parquet
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
    with_wrong_checksum,
    without_rights,
    words,
    written,
    zeros,
    zipped,
)

from pipeline import files
from pipeline.sources.books import LLAMA
from transforms import gutenberg

BOUND = 200_000
CONFIG = dataclasses.replace(LLAMA, max_document_bytes=BOUND)
OVER_SIZE = ("over-size file", f"more than {BOUND} bytes")
NESTED = ("archive in an archive", "archives in archives are not opened")
BINARY = ("binary file", "a NUL byte, or control characters that no text has")
WAYS_OUT = [
    *[("unsafe path", reason) for reason in ("path with ..", "absolute path", "path with ..", "absolute path", "absolute path")],
    *[("not a regular file", kind) for kind in ("symbolic link", "hard link", "device", "device", "fifo")],
]
PARTS = {".gz": "gzip member", ".bz2": "bzip2 stream", ".xz": "xz stream", ".zst": "zstd frame"}
THREE = [("one.txt", 1), ("two.txt", 2), ("three.txt", 3)]


def book(seed, count=400):
    return words(seed, count).encode()


def three(seed):
    return [(f"{seed}/{name}", book(seed + number)) for name, number in THREE]


def rows(seed):
    return [
        {"title": f"T{seed + number}", "text": words(seed + number), "url": f"https://a.example/{seed + number}"} for number in range(3)
    ]


def broken(*found):
    return list(found), [], []


def refused(*found):
    return [], list(found), []


def kept(*ids):
    return [], [], list(ids)


def offset_of(data, name):
    return data.index(name.encode())


def texts():
    """name: (bytes, (broken, refused, kept)) of files that are one text, packed or not."""
    made = {"good.txt": (book(1), kept("good.txt")), "good again/good.txt": (book(2), kept("good again/good.txt"))}
    for number, (ending, pack) in enumerate(PACKED.items()):
        data, part = pack(book(10 + number)), PARTS[ending]
        made[f"cut.txt{ending}"] = cut(data), broken((f"{part} is cut", 0))
        made[f"cut at its end.txt{ending}"] = data[:-3], broken((f"{part} is cut", 0))
        made[f"cut in its head.txt{ending}"] = data[:12], broken((f"{part} is cut", 0))
        made[f"corrupt.txt{ending}"] = flipped(data, 0.5, 4), broken((f"{part} is corrupt", 0))
        made[f"parts{number}.txt{ending}"] = pack(book(20 + number)) + pack(book(30 + number)), kept(f"parts{number}.txt")
        made[f"not packed{number}.txt{ending}"] = book(40 + number), kept(f"not packed{number}.txt")
        made[f"nothing in it.txt{ending}"] = pack(b""), broken(("empty file", 0))
    made |= {
        "checksum.txt.gz": (with_wrong_checksum(gz(book(50))), broken(("gzip member is corrupt", 0))),
        "empty.txt": (b"", broken(("empty file", 0))),
        "empty.txt.gz": (b"", broken(("empty file", 0))),
        "blank.txt": (b" \n\r\n", refused(("something is left", "words below 1"))),
        "packed and not named so.txt": (gz(book(51)), kept("packed and not named so.txt")),
        "image.txt": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, refused(BINARY)),
        "nul.txt": (book(52) + b"\0\0\0", refused(BINARY)),
        "book.rar": (b"Rar!\x1a\x07\0" + bytes(90), refused(("not a text file", "its name ends in .rar"))),
        "book.epub": (zipped([("mimetype", b"application/epub+zip")]), refused(("not a text file", "its name ends in .epub"))),
        "seven.txt": (b"7z\xbc\xaf\x27\x1c" + b"x" * 90, refused(NESTED)),
        "deep.txt.gz": (deep(book(53), 200), refused(NESTED)),
        "bomb.txt.gz": (spaces(64), refused(OVER_SIZE)),
        "bomb of nul.txt.gz": (zeros(64), refused(OVER_SIZE)),
        "too long.txt": (book(54, 60_000), refused(OVER_SIZE)),
        "too long.txt.gz": (gz(book(55, 60_000)), refused(OVER_SIZE)),
        "latin.txt": (("caf\xe9 cr\xe8me " * 30 + words(56)).encode("latin-1"), kept("latin.txt")),
        "utf16.txt": (("\ufeff" + words(57)).encode("utf-16-le")[:-1], kept("utf16.txt")),
        "bad utf8.txt": (("\xe9" * 40 + words(58)).encode() + b"\xff\xfe", kept("bad utf8.txt")),
        "odd \n name; $(x) \u202e\U0001f600.txt": (book(59), kept("odd \n name; $(x) \u202e\U0001f600.txt")),
    }
    return made


def archives():
    """The same of archives and tables."""
    whole, plain, packed = tar(three(100)), tar(three(110)), gz(tar(three(120)))
    shut, torn = zipped(three(130)), zipped(three(140))
    torn_at = offset_of(torn, "140/two.txt") - 30
    header = offset_of(plain, "110/two.txt")
    lies = [("a.txt.gz", gz(book(150))), ("b.zip", zipped([("a.txt", book(151))])), ("c.txt", gz(book(152))), ("d.jpg", b"\xff\xd8\xff")]
    table = json_lines(rows(200))
    lines = b'{"text": "cut\n{"title": "no text"}\n[1]\n{"text": ""}\n{"text": 7}\n'
    damaged = json_lines(rows(210)[:1]) + lines + json_lines(rows(210)[1:2])
    begins = [damaged.index(line) for line in lines.splitlines()]
    reasons = [
        "row is not JSON: Unterminated string starting at",
        "row lacks column text",
        "row is no object: array",
        "empty text",
        "column text: expected text, found integer",
    ]
    second = offset_of(whole, "100/two.txt")
    return {
        "cut.tar": (whole[: second + 1500], ([("tar is cut in a file", second)], [], ["100/one.txt"])),
        "header.tar": (
            plain[:header] + b"\xff" * 100 + plain[header + 100 :],
            ([("tar header is corrupt", header)], [], ["110/one.txt", "110/three.txt"]),
        ),
        "cut.tar.gz": (cut(packed, 0.55), ([("gzip member is cut", 0)], [], ["120/one.txt"])),
        "corrupt.tar.gz": (flipped(gz(tar(three(160))), 0.62, 20), ([("gzip member is corrupt", 0)], [], ["160/one.txt"])),
        "no end.tar": (
            tar([("170.txt", book(170))])[:3072],
            ([("tar without its end: it may be cut between two files", 3072)], [], ["170.txt"]),
        ),
        "ways out.tar": (tar([("171.txt", book(171)), *hostile(".txt"), ("172.txt", book(172))]), ([], WAYS_OUT, ["171.txt", "172.txt"])),
        "ways out.tar.gz": (
            gz(tar([("173.txt", book(173)), *hostile(".txt"), ("174.txt", book(174))], tarfile.PAX_FORMAT)),
            ([], WAYS_OUT, ["173.txt", "174.txt"]),
        ),
        "empty one.tar": (tar([("175.txt", book(175)), ("zero.txt", b""), ("176.txt", book(176))]), (
            [("empty file", 3072)], [], ["175.txt", "176.txt"])),
        "endless.tar.gz": (nested(book(177), "a.txt", 3), refused(*[NESTED] * 10)),
        "archives.tar": (
            tar([*lies, ("178.txt", book(178))]),
            ([], [NESTED, NESTED, NESTED, ("not a text file", "its name ends in .jpg")], ["178.txt"]),
        ),
        "too long.tar": (
            tar([("179.txt", book(179)), ("long.txt", book(180, 60_000)), ("181.txt", book(181))]),
            ([], [OVER_SIZE], ["179.txt", "181.txt"]),
        ),
        "books3.tar": (tar([(books3_name("Zoo"), book(182))]), kept(books3_name("Zoo"))),
        "text.tar": (book(183), broken(("tar header is corrupt", 0))),
        "cut.zip": (
            cut(torn, 0.6),
            ([("zip without its directory: it is cut", 0), ("zip is cut in an entry", torn_at)], [], ["140/one.txt"]),
        ),
        "no directory.zip": (
            shut[:-30],
            ([("zip without its directory: it is cut", 0)], [], ["130/one.txt", "130/three.txt", "130/two.txt"]),
        ),
        "ways out.zip": (
            zipped([("../x.txt", b"x"), ("/abs.txt", b"x"), ("190.txt", book(190))]),
            ([], [("unsafe path", "path with .."), ("unsafe path", "absolute path")], ["190.txt"]),
        ),
        "bomb.zip": (
            zipped([("191.txt", book(191)), ("bomb.txt", b"x" * (50 << 20)), ("192.txt", book(192))]),
            ([], [OVER_SIZE], ["191.txt", "192.txt"]),
        ),
        "text.zip": (book(193), kept("text.zip")),
        "cut.jsonl": (table[:-100], ([("row is cut: the file ends in it", table.index(b'{"title": "T202"'))], [], [
            "https://a.example/200", "https://a.example/201"])),
        "bad.jsonl": (damaged, (list(zip(reasons, begins, strict=True)), [], ["https://a.example/210", "https://a.example/211"])),
        "long.jsonl": (
            json_lines([{"text": words(220)}, {"text": words(221, 60_000)}, {"text": words(222)}]),
            ([], [OVER_SIZE], ["long.jsonl@0", f"long.jsonl@{len(json_lines([{'text': words(220)}, {'text': words(221, 60_000)}]))}"]),
        ),
        "cut.parquet": (cut(parquet(rows(230))), broken(("Parquet file is cut or its footer is corrupt", 0))),
        "other.parquet": (parquet([{"a": 1}]), broken(("another table: it lacks text; expected text (text); found a", 0))),
    }  # fmt: skip


CASES = {**texts(), **archives()}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """(what a run over all cases found, its arguments)."""
    folder = tmp_path_factory.mktemp("bad")
    paths = written(folder / "in", {name: data for name, (data, _) in CASES.items()})
    named = os.fsencode(folder / "in" / "not utf8 ") + b"\xe9.txt"
    with open(named, "wb") as file:
        file.write(book(999))
    arguments = "books", [*paths, os.fsdecode(named)], folder / "out", CONFIG
    return run(*arguments), arguments


@pytest.mark.parametrize("name", CASES)
def test_each_file_has_its_fate(ran, name):
    found = ran[0].fates(name)
    assert [found[0], found[1], sorted(found[2])] == [*CASES[name][1][:2], sorted(CASES[name][1][2])]


def test_texts_that_are_kept_are_whole(ran):
    texts = {row["id"]: row["text"] for row in made_run.rows(ran[1][2], "books", "clean")}
    assert texts["books/good.txt"] == words(1)
    assert texts["books/100/one.txt"] == words(101)
    assert texts["books/parts0.txt"] == words(20) + words(30)
    assert texts["books/https://a.example/201"] == words(201)
    assert "this must not be read" not in "".join(texts.values())


def test_what_is_odd_and_read_all_the_same_is_noted(ran):
    notes = {name: row["notes"] for name, (row, *_) in ran[0].clean.items() if row["notes"]}
    assert notes["latin.txt"] == ["not UTF-8", "charset guessed"]
    assert notes["utf16.txt"] == ["byte order mark removed", "invalid bytes replaced"]
    assert notes["bad utf8.txt"] == ["invalid UTF-8 replaced"]


def test_a_name_that_is_no_utf8_is_stored_and_named(ran):
    assert ran[0].fates("not utf8 \\xe9.txt") == kept("not utf8 \\xe9.txt")


def test_what_is_broken_is_too_much_for_the_usual_budget(ran):
    outcome = made_run.run(*ran[1], ran[1][2])
    assert outcome.code == 0
    outcome = made_run.run(*ran[1], ran[1][2], budget=0.01)
    assert outcome.code == 4
    assert re.search(
        r"of [\d,]+ records could not be read \(.*\); the error budget is 1.00%; what is broken is listed in ", outcome.said[-1]
    )


def test_reasons_are_words(tmp_path):
    data = zipped(three(300))
    paths = written(tmp_path / "in", {"a.zip": flipped(data, 0.5, 4), "b.zip": flipped(zipped(three(310)), 0.2, 4)})
    reasons = {row["reason"] for rows in run("books", paths, tmp_path / "out", CONFIG).broken.values() for row in rows}
    assert reasons
    assert not [reason for reason in reasons if re.search(r"[a-z][A-Z]|\berror\b", reason)]


@pytest.mark.parametrize(
    ("name", "said"), [("pipe.txt", "expected a regular file"), ("none.txt", "has no 'none.txt'"), ("other", "none among 1 files")]
)
def test_what_is_no_file_is_refused_before_the_run(tmp_path, name, said):
    os.mkfifo(tmp_path / "pipe.txt")
    written(tmp_path / "other", {"image.png": b"x"})
    with pytest.raises(files.InputError, match=said):
        run("books", [tmp_path / name], tmp_path / "out", CONFIG)
    assert not (tmp_path / "out" / "books").exists()


def test_a_file_that_may_not_be_read_is_refused_before_the_run(tmp_path):
    (path,) = written(tmp_path, {"mine.txt": book(1)})
    with without_rights(path), pytest.raises(files.InputError, match="check its permissions"):
        files.expand([str(path)])


def test_two_gigabytes_of_zeros_are_refused_in_little_memory(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    paths = [sparse(tmp_path / "zeros.txt.gz"), sparse(tmp_path / "zeros.txt", 64 << 20)]
    found = run("books", paths, tmp_path / "out", CONFIG)
    assert found.fates("zeros.txt.gz") == broken(("bytes that are no gzip member", 0))
    assert found.fates("zeros.txt") == refused(OVER_SIZE)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


# ---- at the edges


@pytest.mark.parametrize("behind", [bytes(500), b"garbage"])
def test_a_whole_text_with_bytes_behind_it_is_kept_and_noted(tmp_path, behind):
    (path,) = written(tmp_path, {"a.txt.gz": gz(book(1)) + behind})
    (row,) = run("books", [path], tmp_path / "out", CONFIG).clean["a.txt.gz"]
    assert row["text"] == words(1)
    assert row["notes"]


@pytest.mark.parametrize("name", ["zeros.tar", "none.zip"])
def test_an_archive_of_nothing_is_named(tmp_path, name):
    (path,) = written(tmp_path, {name: bytes(1 << 20) if name == "zeros.tar" else zipped([])})
    assert run("books", [path], tmp_path / "out", CONFIG).outcome.books["in"] == 1


@pytest.mark.parametrize("ending", [".bz2", ".xz", ".zst"])
def test_the_first_bytes_of_a_packed_file_are_no_book(tmp_path, ending):
    (path,) = written(tmp_path, {"a.txt" + ending: PACKED[ending](book(1))[:1]})
    assert not run("books", [path], tmp_path / "out", CONFIG).clean


def test_the_error_budget_of_a_packed_file_is_that_of_the_plain_one(tmp_path):
    table = json_lines([{"text": words(number)} for number in range(300)] + [{"none": words(number)} for number in (300, 301)])
    paths = written(tmp_path, {"a.jsonl": table, "b.jsonl.gz": gz(table)})
    for path in paths:
        run("books", [path], tmp_path / "out" / path.name, CONFIG, expect=0, budget=0.01)


def test_a_text_that_shrinks_before_it_is_read_is_named(tmp_path, monkeypatch):
    (path,) = written(tmp_path, {"a.txt": book(1)})
    shrinking(monkeypatch, path)
    try:
        named = bool(run("books", [path], tmp_path / "out", CONFIG).broken)
    except (OSError, AssertionError) as error:  # a unit that is quarantined
        named = "a.txt" in str(error)
    assert named


def test_a_head_full_of_markers_takes_no_seconds():
    before = time.process_time()
    gutenberg.strip("*END*THE SMALL PRINT\n" * 3000)
    assert time.process_time() - before < 1
