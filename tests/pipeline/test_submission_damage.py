"""Submissions that are damaged, hostile or over their bounds: named, located, and what can be reached survives."""

import bz2
import gzip
import io
import random
import tarfile
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_damage import streamed
from made_submissions import DOCUMENT, TEXT, TIME, bulk, gz, one, papers, part, read, tar

from pipeline import zip_members
from pipeline.records import Broken, Document, Refused, Skipped

NOISE = random.Random(1).randbytes(30_000)
FIRST = {"main.tex": DOCUMENT, "figure.png": NOISE, "more.tex": b"more"}
LAST = {"figure.png": NOISE, "main.tex": DOCUMENT}


def test_what_is_whole_before_a_cut_is_read():
    for data in (tar(FIRST), gz(tar(FIRST))):
        record = one(data[:20_000])
        assert (record.text, record.columns["state"], record.notes) == (TEXT, "latex", ("archive is cut",))
    for data in (tar(LAST), gz(tar(LAST))):
        record = one(data[:20_000], "2302.13971v2")
        assert isinstance(record, Broken)
        assert (record.size, record.offset, record.excerpt[:14]) == (20_000, 0, b"2302.13971v2: ")
        assert "is cut" in record.reason


def test_corrupt_archives_are_named():
    data = bytearray(tar(FIRST))
    data[10_000] ^= 1  # in a figure, which is not held
    assert one(bytes(data)).notes == ("leftover .tex files",)
    header = bytearray(tar({**FIRST, "last.tex": b"x"}))
    at = header.index(b"more.tex")
    header[at] ^= 1
    assert one(bytes(header)).notes == ("archive is corrupt", "leftover .tex files")
    packed = bytearray(gz(tar(FIRST)))
    packed[15_000:15_030] = bytes(30)
    assert one(bytes(packed)).notes == ("archive is corrupt", "leftover .tex files")
    assert one(tar(FIRST)[: 512 * 64]).notes[0] == "archive without its end"


@pytest.mark.parametrize("cut", [5, 12, 40])
def test_a_single_file_that_is_cut_is_broken(cut):
    data = gz(DOCUMENT)
    record = one(data[:-cut])
    assert isinstance(record, Broken)
    assert (record.reason, record.size) == ("gzip member is cut", len(data) - cut)


def test_empty_and_blank_files():
    assert one(b"") == Broken(0, 0, 0, "empty file", b"2302.13971v2: ")
    for data in (bytes(10240), b"\n \r\n", gz(b""), gz(bytes(5000)), tar({}) + bytes(512), tar({"a.tex": b""}), gz(tar({}))):
        assert one(data).columns["state"] == "empty"


def test_unsafe_entries_are_refused_by_name_and_the_rest_is_read():
    files = {
        "../up.tex": b"up",
        "/etc/absolute.tex": b"absolute",
        "a/../../up2.tex": b"up",
        "C:\\x.tex": b"drive",
        "soft.tex": (tarfile.SYMTYPE, "/etc/passwd"),
        "hard.tex": (tarfile.LNKTYPE, "main.tex"),
        "device.tex": (tarfile.BLKTYPE, ""),
        "pipe.tex": (tarfile.FIFOTYPE, ""),
        "./main.tex": DOCUMENT.replace(b"text", b"\\input{soft}\\input{../up}\\input{/etc/absolute}\ntext"),
    }
    record = one(tar(files))
    assert record.text == TEXT
    assert record.columns["refused"].split("\n") == [
        "path with .. refused: ../up.tex",
        "absolute path refused: /etc/absolute.tex",
        "path with .. refused: a/../../up2.tex",
        "absolute path refused: C:\\x.tex",
        "symbolic link refused: soft.tex",
        "hard link refused: hard.tex",
        "device refused: device.tex",
        "fifo refused: pipe.tex",
        "input file missing: soft",
        "input outside the archive: ../up",
        "input outside the archive: /etc/absolute",
    ]
    assert record.notes[:3] == ("path with .. refused", "absolute path refused", "symbolic link refused")


def test_refused_names_are_bounded():
    record = one(tar({f"/{number}{'x' * 300}": b"" for number in range(300)} | {"main.tex": DOCUMENT}))
    assert len(record.columns["refused"]) <= 4096
    assert record.text == TEXT


def test_a_name_that_is_no_utf8_is_replaced():
    record = one(tar({"caf\udce9.tex": DOCUMENT}, format=tarfile.GNU_FORMAT))
    assert record.columns["main"] == "caf\ufffd.tex"
    record.columns["main"].encode()


def test_archives_in_archives_are_not_opened():
    inner = gz(tar({"main.tex": DOCUMENT}))
    for files in ({"inner.tar.gz": inner, "other.zip": b"PK"}, {"inner.tar.gz": inner}):
        assert one(tar(files)).columns["state"] == "archive in archive"
    for files in ({"fig.ps.gz": b"x"}, {"inner.zip": b"PK", "x.bin": b""}):
        assert one(tar(files)).columns["state"] == "no main file"
    for data in (gz(gz(DOCUMENT)), gz(gz(gz(DOCUMENT))), gz(bz2.compress(DOCUMENT))):
        assert (one(data).text, one(data).columns["state"]) == ("", "archive in archive")
    assert one(bz2.compress(tar({"main.tex": DOCUMENT}))).text == TEXT
    deeper = bulk({"0704.0001": gz(bulk({"0704.0002": gz(DOCUMENT)}))})
    assert [record.columns["state"] for record in read(deeper) if isinstance(record, Document)] == ["archive in archive"]
    twice = bulk({"0704.0001": gz(inner)})
    assert [record.columns["state"] for record in read(twice) if isinstance(record, Document)] == ["archive in archive"]


def test_bounds_are_named():
    large = DOCUMENT.replace(b"text", b"text " * 1000)
    assert one(gz(large), document_bytes=1000).columns["state"] == "over-size"
    record = one(tar({"main.tex": large}), document_bytes=1000)
    assert (record.columns["state"], record.columns["refused"]) == ("over-size", "over-size file: main.tex")
    twice = {"main.tex": DOCUMENT.replace(b"text", b"\\input{a}" * 20), "a.tex": b"a" * 100}
    assert (one(tar(twice), document_bytes=1000).text, one(tar(twice), document_bytes=1000).columns["state"]) == ("", "over-size")
    assert one(tar(twice), document_bytes=3000).columns["state"] == "latex"
    packed = read(bulk({"0704.0001": gz(NOISE), "0704.0002": gz(DOCUMENT)}), packed_bytes=20_000)
    assert [record.columns["state"] for record in packed[1:]] == ["over-size", "latex"]
    held = one(tar({f"{number}.tex": b"x" * 100 for number in range(50)} | {"main.tex": DOCUMENT}), submission_bytes=1000)
    assert held.columns["state"] == "over-size"


def test_bombs_end_at_their_bound_and_figures_are_not_held():
    data = gz(tar({"main.tex": DOCUMENT, "figure.eps": bytes(60 << 20), "data.txt": bytes(60 << 20)}))
    bomb = gz(bytes(2000) + b" " * (60 << 20) + b"x")
    tracemalloc.start()
    try:
        assert one(data).text == TEXT
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
        assert one(bomb).columns["state"] == "over-size"
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()
    assert (
        one(gz(tar({"figure.eps": bytes(9 << 20), "main.tex": DOCUMENT})), member_bytes=1 << 20).reason
        == "gzip member expands beyond its bound"
    )


def zipped(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_zips_are_read_and_what_is_wrong_with_them_is_named():
    data = zipped({"main.tex": DOCUMENT, "../up.tex": b"", "/root.tex": b"", "fig.png": NOISE})
    record = one(data)
    assert (record.text, record.columns["refused"]) == (TEXT, "path with .. refused: ../up.tex\nabsolute path refused: /root.tex")
    cut = one(data[:-50])
    assert (cut.text, cut.columns["refused"], cut.notes[:1]) == (TEXT, record.columns["refused"], ("archive is cut",))
    assert cut.columns["modified"] == record.columns["modified"] > TIME
    for at, reason in ((32, "its header is not the directory's"), (38, "it does not expand")):  # in the name; where its bytes begin
        broken = one(data[:at] + b"\xff" + data[at + 1 :])
        assert (broken.reason, broken.excerpt) == (f"zip entry is corrupt: {reason}", b"2302.13971v2: main.tex")
    crc = data.index(b"PK\x01\x02") + 16
    wrong = data[:crc] + bytes(4) + data[crc + 4 :]
    assert one(wrong).reason == "zip entry is corrupt: its checksum does not hold"
    word = zipped({"[Content_Types].xml": b"x" * 2000, "word/document.xml": b"y"})
    assert one(word).columns["state"] == "docx"
    assert one(gz(word)).columns["state"] == "docx"
    twice = zipped({"main.tex": DOCUMENT, "a.tex": b"a" * 4000, "b.tex": b"b" * 4000})
    for found in (one(twice, member_bytes=4200), one(twice[:-30], member_bytes=4200)):
        assert (found.text, found.notes[-1]) == (TEXT, "leftover .tex files")
        assert {"archive is corrupt", "archive is cut"} & {*found.notes}
    assert one(zipped({"main.tex": DOCUMENT + b" " * 5000}), document_bytes=1000).columns["state"] == "over-size"


def test_a_zip_of_entries_that_do_not_say_how_long_they_are_holds_no_figures():
    """Writers that stream put sizes behind an entry; without the directory its end is found by expanding it."""
    data = streamed(LAST.items())[:-60]
    assert one(data).text == TEXT
    _, figure, main = zip_members.read(part(data), lambda name: name.endswith(".tex"), 1 << 20, 1 << 20)
    assert (figure.size, figure.content, main.content) == (len(NOISE), None, DOCUMENT)


def test_a_binary_file_is_no_plain_text():
    """And a text in UTF-16, whose every other byte is NUL, is."""
    for data, state in (
        (NOISE, "binary"),
        (b"\x7fELF\0\0\1", "binary"),
        ("words".encode("utf-16"), "plain text"),
        (b"words", "plain text"),
    ):
        assert one(gz(data)).columns["state"] == state


def test_a_00readme_that_cannot_be_read_is_noted():
    record = one(tar({"00README.json": b"{", "main.tex": DOCUMENT}))
    assert (record.text, record.notes) == (TEXT, ("00README not read",))
    files = {"00README.XXX": b"b.tex toplevelfile\n", "b.tex": DOCUMENT.replace(b"text", b"b"), "main.tex": DOCUMENT}
    assert one(tar(files)).columns["main"] == "b.tex"
    files["00README.json"] = b'{"sources": [{"filename": "main.tex", "usage": "toplevel"}]}'
    assert one(tar(files)).columns["main"] == "main.tex"
    assert one(tar({f"src/{name}": data for name, data in files.items()})).columns["main"] == "src/main.tex"


def test_random_damage_of_real_papers_gives_outcomes_and_never_an_error():
    files = papers()
    chance = random.Random(5)
    names = ["robust-sls-arxiv", "strong-laws-frechet", "engrafo-1708.00137"]
    archive = bulk({f"0704.000{number}": gz(tar(files[name])) for number, name in enumerate(names)})
    for whole in (archive, gzip.compress(archive), gz(tar(files[names[1]])), tar(files[names[0]]), zipped(files[names[1]])):
        for _ in range(8):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            for record in read(bytes(data[: chance.randrange(1, len(data) + 1)]), "x.tar"):
                assert isinstance(record, Document | Refused | Broken | Skipped)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=12), st.binary(max_size=200) | st.sampled_from([DOCUMENT, b"\\input{a}", b"%auto-ignore"]), max_size=6
    )
)
def test_any_submission_has_one_outcome(files):
    try:
        data = tar(files, format=tarfile.PAX_FORMAT)
    except (UnicodeEncodeError, ValueError):
        return
    record = one(data)
    assert isinstance(record, Document | Broken)
    if isinstance(record, Document):
        assert (record.columns["state"] == "latex") == bool(record.text)
        assert record.columns["main"] or not record.text
        record.text.encode()
