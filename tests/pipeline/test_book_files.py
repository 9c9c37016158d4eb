"""Books in every form that they come in, in any character set, and everything that is no book by name."""

import bz2
import gzip
import io
import os
import tarfile
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_archives import COMPRESSED, archive
from made_books import BODY, BOOKS, books, books3, books3_name, fates, gutenberg, json_lines, one, parquet, read, real, zipped
from made_damage import streamed

from pipeline import book_files, book_names
from pipeline.records import Broken, Document, Refused, Skipped
from transforms import gutenberg as transform

TEXT = gutenberg()
BOOK = TEXT.encode()
COLUMNS = {
    "url": "https://www.gutenberg.org/ebooks/4711",
    "title": "A Made Book",
    "author": "Ann Author",
    "language": "en",
    "number": "4711",
}
MANY = [(f"books/{number}.txt", (BODY * (number + 1)).encode()) for number in range(6)]


# ---- one text a file


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_text_in_any_compression_is_one_book(ending):
    name = "4711/4711-0.txt" + (f".{ending}" if ending else "")
    assert one(COMPRESSED[ending](BOOK), name) == Document("4711/4711-0.txt", TEXT, 0, 0, COLUMNS)
    assert one(COMPRESSED[ending](BOOK), "4711-0.txt").text == TEXT, "by content, whatever the name says"


def test_a_text_named_as_compressed_is_read():
    assert one(BOOK, "4711-0.txt.gz").text == TEXT


@pytest.mark.parametrize(("name", "number"), [
    ("11-0.txt", "11"), ("a/pg11.txt", "11"), ("pg11-images.txt.utf-8", "11"), ("11/11.txt", "11"), ("x/11/11.txt", "11"), ("2229-8.txt", "2229"),
    ("12/11.txt", None), ("1984.txt", None), ("B/1984.epub.txt", None), ("page11.txt", None), ("11-1.txt", None),
])  # fmt: skip
def test_the_number_that_a_name_gives(name, number):
    """A bare 1984.txt is no number of Project Gutenberg's, unless the text is Gutenberg's."""
    assert one(b"No header.", name).columns["url"] == (f"https://www.gutenberg.org/ebooks/{number}" if number else None)


def test_the_header_counts_before_the_name():
    assert one(BOOK, "11-0.txt").columns["number"] == "4711"
    assert one(b"The Project Gutenberg Etext of X, by Y\n", "1984.txt").columns["number"] == "1984"


# ---- archives


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_tar_in_any_compression_gives_every_book(ending):
    found = read(COMPRESSED[ending](archive(MANY)[0]), f"books.tar.{ending}")
    assert books(found) == {name: content.decode() for name, content in MANY}
    assert len(found) == len(MANY)


def test_books3():
    """The HF loader's title ends at the first dot: `Dr`."""
    found = read(books3({"Dr. No - Ian Writer": BODY, "ünder": BODY}), "books1.tar")
    assert [item.key for item in found] == [books3_name("Dr. No - Ian Writer"), books3_name("ünder")]
    assert [item.columns["title"] for item in found] == ["Dr. No - Ian Writer", "ünder"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_gives_every_book(method):
    found = read(zipped([*MANY, ("folder/", b"")], method), "books.zip")
    assert books(found) == {name: content.decode() for name, content in MANY}
    assert [item for item in found if not isinstance(item, Document)] == [Skipped("directory")]


HOSTILE = [
    ("/etc/absolute.txt", BOOK),
    ("a/../../up.txt", BOOK),
    ("C:\\windows.txt", BOOK),
    ("a/page.htm", b"<html>"),
    ("a/none", BOOK),
    ("a/inner.zip", zipped(MANY)),
    ("a/inner.tar.gz", b"x"),
    ("a/4711-0.txt.gz", gzip.compress(BOOK)),
    ("a/disguised.txt", gzip.compress(BOOK)),
    ("a/binary.txt", b"\x7fELF\0\0"),
    ("a/large.txt", b"x" * 5001),
    ("a/empty.txt", b""),
    ("./a//good.txt", BOOK),
]
FATES = [
    ("etc/absolute.txt", "unsafe path", "absolute path"),
    ("a/../../up.txt", "unsafe path", "path with .."),
    ("C:\\windows.txt", "unsafe path", "absolute path"),
    ("a/page.htm", "not a text file", "its name ends in .htm"),
    ("a/none", "not a text file", "its name has no ending"),
    ("a/inner.zip", "archive in an archive", "archives in archives are not opened"),
    ("a/inner.tar.gz", "archive in an archive", "archives in archives are not opened"),
    ("a/4711-0.txt.gz", "archive in an archive", "archives in archives are not opened"),
    ("a/disguised.txt", "archive in an archive", "archives in archives are not opened"),
    ("a/binary.txt", "binary file", "a NUL byte, or control characters that no text has"),
    ("a/large.txt", "over-size file", "more than 5000 bytes"),
]


def test_hostile_members_of_a_tar_are_outcomes_by_name():
    links = [
        ("a/link.txt", tarfile.SYMTYPE, {"linkname": "/etc/passwd"}),
        ("a/hard.txt", tarfile.LNKTYPE, {"linkname": "a/good.txt"}),
        ("a/device.txt", tarfile.CHRTYPE),
        ("a/fifo.txt", tarfile.FIFOTYPE),
        ("a", tarfile.DIRTYPE),
    ]
    data, offsets = archive(HOSTILE + links)
    found = read(data, "books.tar", document_bytes=5000)
    expected = [*FATES, (offsets[11], "empty file")]
    kinds = ("symbolic link", "hard link", "device", "fifo")
    expected += [
        (f"a/{name}.txt", "not a regular file", kind) for name, kind in zip(("link", "hard", "device", "fifo"), kinds, strict=True)
    ]
    assert fates(found) == expected
    assert books(found) == {"a/good.txt": TEXT}
    assert found[-1] == Skipped("directory")


def test_hostile_entries_of_a_zip_are_outcomes_by_name():
    found = read(zipped(HOSTILE), "books.zip", document_bytes=5000)
    assert [fate for fate in fates(found) if len(fate) == 3] == FATES
    assert [item.reason for item in found if isinstance(item, Broken)] == ["empty file"]
    assert books(found) == {"a/good.txt": TEXT}


def test_an_archive_in_a_compressed_file_is_not_opened():
    for data in (gzip.compress(gzip.compress(BOOK)), bz2.compress(zipped(MANY)), gzip.compress(b"7z\xbc\xaf\x27\x1c" + bytes(40))):
        assert one(data, "x.txt.gz").label == "archive in an archive"


# ---- damage


@pytest.mark.parametrize("ending", [ending for ending in COMPRESSED if ending])
def test_a_cut_text_is_broken_as_a_whole(ending):
    data = COMPRESSED[ending](os.urandom(3000).hex().encode())
    found = one(data[:-40], f"a.txt.{ending}")
    assert isinstance(found, Broken)
    assert (found.offset, found.size) == (0, len(data) - 40)
    assert "cut" in found.reason or "corrupt" in found.reason


def test_empty_and_compressed_empty_files_are_broken():
    for data in (b"", gzip.compress(b"")):
        assert one(data, "a.txt.gz").reason == "empty file"


def test_a_bomb_ends_at_the_bound():
    found = one(gzip.compress(b"a" * (8 << 20)), "bomb.txt.gz", document_bytes=1 << 20)
    assert (found.label, found.reason) == ("over-size file", f"more than {1 << 20} bytes")
    found = read(zipped([("a.txt", b"a" * 4000), ("b.txt", b"b" * 4000), ("c.txt", b"c")]), "bomb.zip", member_bytes=4000)
    assert [type(item) for item in found] == [Document, Broken]
    assert found[1].reason == "zip expands beyond its bound"


def test_entries_whose_checksum_fails_count_for_the_bound_of_a_zip():
    """They are expanded to their last byte: entries that overlap would be expanded without end."""
    data = bytearray(zipped([(f"{number}.txt", b"a" * 4000) for number in range(9)]))
    for info in zipfile.ZipFile(io.BytesIO(data)).infolist():
        data[info.header_offset + 14] ^= 0xFF
    at = 0
    while (at := data.find(b"PK\x01\x02", at) + 1) > 0:
        data[at + 15] ^= 0xFF
    for damaged in (data, data[:-22]):
        reasons = [item.reason for item in read(bytes(damaged), "a.zip", member_bytes=10_000)]
        assert reasons[-3:] == ["zip entry is corrupt: its checksum does not hold"] * 2 + ["zip expands beyond its bound"]


def test_the_bound_of_a_zip_holds_where_entries_do_not_say_how_long_they_are():
    data = streamed([(f"{number}.txt", b"a" * 4000) for number in range(3)])[:-22]
    assert [found[1] for found in fates(read(data, "a.zip", member_bytes=5000))] == [
        "zip without its directory: it is cut",
        "zip entry expands beyond its bound",
        "zip expands beyond its bound",
    ]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.tar", bytes(20480), "archive without a file"),
        ("a.zip", zipped([]), "archive without a file"),
        ("a.jsonl", b" \n\r\n", "no row"),
        ("a.jsonl.gz", gzip.compress(b"\n"), "no row"),
    ],
)
def test_what_holds_nothing_is_one_broken(name, data, reason):
    assert one(data, name) == Broken(0, 0, len(data), reason, name.encode())


def test_a_damaged_tar_gives_what_stands_around_the_damage():
    data, offsets = archive(MANY)
    damaged = bytearray(data)
    damaged[offsets[2] + 150] ^= 0xFF
    found = read(bytes(damaged), "books.tar")
    assert set(books(found)) == {name for name, _ in MANY} - {"books/2.txt"}
    assert fates(found) == [(offsets[2], "tar header is corrupt")]
    assert len(books(read(data[: offsets[4] + 600], "books.tar"))) == 4


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_cut_zip_gives_the_entries_that_are_whole(method):
    data = zipped([(name, os.urandom(400).hex().encode()) for name, _ in MANY], method)
    offsets = [info.header_offset for info in zipfile.ZipFile(io.BytesIO(data)).infolist()]
    found = read(data[: offsets[4] + 100], "books.zip")
    assert list(books(found)) == [name for name, _ in MANY[:4]]
    assert fates(found) == [(0, "zip without its directory: it is cut"), (offsets[4], "zip is cut in an entry")]
    assert found[-1].size == 100
    assert list(books(read(data[: data.index(b"PK\x01\x02") + 9], "books.zip"))) == [name for name, _ in MANY]


def test_a_corrupt_entry_of_a_zip_is_one_broken():
    data = bytearray(zipped(MANY, zipfile.ZIP_STORED))
    info = zipfile.ZipFile(io.BytesIO(bytes(data))).infolist()[2]
    data[info.header_offset + 60] ^= 0xFF
    for found in (read(bytes(data), "books.zip"), read(bytes(data[:-30]), "books.zip")):
        assert set(books(found)) == {name for name, _ in MANY} - {"books/2.txt"}
        assert fates(found)[-1] == (info.header_offset, "zip entry is corrupt: its checksum does not hold")


def test_zips_that_cannot_be_read_are_named():
    encrypted = bytearray(zipped([("a.txt", BOOK)]))
    for at in (6, encrypted.index(b"PK\x01\x02") + 8):
        encrypted[at] |= 1
    assert one(bytes(encrypted), "a.zip").reason == "zip entry is encrypted"
    imploded = bytearray(zipped([("a.txt", BOOK)]))
    for at in (8, imploded.index(b"PK\x01\x02") + 10):
        imploded[at] = 6
    assert one(bytes(imploded), "a.zip").reason == "zip entry's compression is not known: method 6"
    huge = bytearray(zipped([("a.txt", BOOK)]))
    huge[-10:-6] = (2**31).to_bytes(4, "little")
    assert fates(read(bytes(huge), "a.zip"))[0][1] == "zip directory is over its bound"


def test_work_on_a_cut_zip_of_false_headers_is_linear():
    header = zipped([("a.txt", BOOK)])[:35]

    class Counting(io.BytesIO):
        total = 0

        def read(self, size=-1):
            data = super().read(size)
            Counting.total += len(data)
            return data

    def cost(n):
        data = header * n + zlib.compress(os.urandom(30 * n))
        Counting.total = 0
        part = book_files.Part(Counting(data), "a.zip", "a.zip", len(data), 0, len(data))
        list(book_files.read(part))
        return Counting.total

    assert cost(1600) < 12 * cost(200) < 12 * (200 * 4096 + (1 << 18))


# ---- rows


@pytest.mark.parametrize("pack", [json_lines, parquet, lambda rows: gzip.compress(json_lines(rows))])
def test_rows_of_pg19_and_books3(pack):
    rows = [
        {"short_book_title": "Alice", "publication_date": 1865, "url": "http://www.gutenberg.org/ebooks/11", "text": BODY},
        {"short_book_title": "Large", "publication_date": 1900, "url": "http://www.gutenberg.org/ebooks/12", "text": "x" * 5001},
        {"short_book_title": "Empty", "publication_date": 1900, "url": "http://www.gutenberg.org/ebooks/13", "text": ""},
    ]
    found = read(pack(rows), "train.jsonl", document_bytes=5000)
    assert (found[0].key, found[0].text) == ("http://www.gutenberg.org/ebooks/11", BODY)
    assert found[0].columns == {"url": rows[0]["url"], "title": "Alice", "author": None, "language": None, "number": "11"}
    assert (found[1].label, found[1].key) == ("over-size file", rows[1]["url"])
    assert found[2].reason == "empty text"
    (book,) = read(pack([{"title": "Dr. No", "text": BODY}]), "books3.jsonl")
    assert (book.key, book.columns["title"], book.columns["url"]) == (None, "Dr. No", None)


def test_broken_rows_are_named_and_rows_around_them_read():
    good = json_lines([{"title": "A", "text": BODY}])
    found = read(good + b'{"title": "B", "te\n' + json_lines([{"title": "C"}]) + good, "rows.jsonl")
    assert [type(item) for item in found] == [Document, Broken, Broken, Document]
    assert found[2].reason == "row lacks column text"


@given(st.binary(max_size=300), st.sampled_from(["a.txt", "a.txt.gz", "a.zip", "a.tar", "a.jsonl", "a"]))
def test_any_bytes_have_an_outcome(data, name):
    for found in (read(data, name), read(b"PK\x03\x04" + data, name), read(BOOK + data, name), read(gzip.compress(BOOK)[:-9] + data, name)):
        assert found
        assert all(isinstance(item, Document | Refused | Broken) for item in found)
        assert all(item.text.encode() is not None for item in found if isinstance(item, Document))


# ---- real files


def test_every_real_file_is_one_book_with_its_number_and_language():
    files = real("gitenberg/**/*.gz")
    if not files:
        pytest.skip("needs shared/data/books/gitenberg")
    for name, data in files.items():
        found = one(data, name)
        if not book_names.BOOK.search(name):
            assert (found.key, found.label) == (name, "not a text file")
            continue
        number = name.split("/")[1]
        language = {"2229": "de", "44157": "fr"}.get(number, "en")
        assert found.columns["url"] == f"https://www.gutenberg.org/ebooks/{number}"
        assert found.columns["title"]
        assert found.columns["language"] == (None if name.endswith(("alice30.txt", "hfinn10.txt", "dvldc10.txt")) else language)
        assert "\ufffd" not in found.text
        assert set(found.notes) <= {"not UTF-8", "charset guessed", "byte order mark removed"}
    assert "Tragödie" in one(files["gitenberg/2229/old/8fau110.txt"], "old/8fau110.txt").text
    assert "Françaises" in one(files["gitenberg/44157/44157-8.txt"], "44157-8.txt").text


def test_real_books_in_one_tar_and_zip_are_the_books_alone():
    files = real("c-w-gutenberg/raw/*.gz")
    if not files:
        pytest.skip(f"needs {BOOKS.name}/c-w-gutenberg")
    alone = {name: one(data, name).text for name, data in files.items()}
    assert books(read(gzip.compress(archive(files.items())[0]), "raw.tar.gz")) == alone
    assert books(read(zipped(files.items()), "raw.zip")) == alone
    assert all(transform.strip(text).header == "marker" for text in alone.values())
