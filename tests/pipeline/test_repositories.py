"""Repositories: tars of every dialect and in every compression, folders, and what is no source file by name."""

import gzip
import io
import os
import tarfile

import pytest
from made_archives import CODE, COMPRESSED, EXPECTED, FILES, archive, part, read, texts
from shared_data import SHARED

from pipeline import repositories
from pipeline.part import Part
from pipeline.records import Broken, Refused, Skipped
from pipeline.repositories import Bounds, SourceFile


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("ending", COMPRESSED)
def test_every_dialect_and_compression_gives_every_file(format, ending):
    found = read(COMPRESSED[ending](archive(FILES, format)[0]))
    assert texts(found) == EXPECTED
    assert len(found) == len(FILES)


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_links_and_odd_characters(format):
    long = "repo/" + "folder/" * 40 + "ü" * 120 + ".py"
    data, offsets = archive([(long, CODE), ("repo/link", tarfile.SYMTYPE, {"linkname": "x" * 200}), ("repo/ü.c", CODE)], format)
    found = read(data)
    assert [(item.repository, item.path) for item in (found[0], found[2])] == [("repo", long[5:]), ("repo", "ü.c")]
    assert [item.offset for item in found] == offsets
    assert (found[1].label, found[1].reason, found[1].value) == ("not a regular file", "symbolic link", "x" * 200)


def test_how_a_path_names_its_repository():
    data, _ = archive([("./owner__repo/a", CODE), ("repo/b/c", CODE), ("__init__/d", CODE), ("a__b__c//e", CODE), ("top", CODE)])
    assert list(texts(read(data))) == ["owner/repo/a", "repo/b/c", "__init__/d", "a/b__c/e"]
    assert list(texts(read(data, depth=2))) == ["repo/b/c"]
    assert next(item for item in read(data, depth=2) if isinstance(item, SourceFile))[:2] == ("repo/b", "c")
    refused = [item for item in read(data) if isinstance(item, Refused)]
    assert [(item.key, item.label) for item in refused] == [("top", "no repository")]


def test_what_is_no_file_is_an_outcome_by_name():
    data, offsets = archive(
        [
            ("repo", tarfile.DIRTYPE),
            ("repo/symbolic", tarfile.SYMTYPE, {"linkname": "/etc/passwd"}),
            ("repo/hard", tarfile.LNKTYPE, {"linkname": "repo/good"}),
            ("repo/character", tarfile.CHRTYPE),
            ("repo/block", tarfile.BLKTYPE),
            ("repo/fifo", tarfile.FIFOTYPE),
            ("/repo/absolute", CODE),
            ("repo/../../up", CODE),
            ("repo/.git/config", CODE),
            ("repo/binary", b"\x7fELF\0\0"),
            ("repo/large", b"x" * 1001),
            ("repo/empty", b""),
            ("repo/inner.tar.gz", gzip.compress(archive(FILES)[0])),
        ]
    )
    found = read(data, file_bytes=1000)
    labels = [item.label if isinstance(item, Refused) else item for item in found]
    assert labels[0] == Skipped("directory")
    assert labels[1:6] == ["not a regular file"] * 5
    assert [item.reason for item in found[1:6]] == ["symbolic link", "hard link", "device", "device", "fifo"]
    assert [item.value for item in found[1:3]] == ["/etc/passwd", "repo/good"]
    assert [(item.label, item.reason, item.value) for item in found[6:8]] == [
        ("unsafe path", "absolute path", "/repo/absolute"),
        ("unsafe path", "path with ..", "repo/../../up"),
    ]
    assert found[8] == Skipped("file of git's own")
    assert (found[9].label, found[9].key, found[9].columns) == ("binary file", "repo/binary", {"repository": "repo", "path": "binary"})
    assert (found[10].label, found[10].value) == ("over-size file", "1001")
    assert found[11] == SourceFile("repo", "empty", "", 0, 0o644, offsets[11], 0, ())
    assert found[12].label == "binary file"


def test_sparse_files_are_refused_and_what_follows_is_read():
    head = bytearray(archive([("repo/sparse", b"x" * 512)])[0][:512])
    head[156:157] = b"S"
    head[482:483] = b"\1"  # one more block of its map
    head[148:156] = b"%06o\0 " % (sum(head[:148]) + 8 * 32 + sum(head[156:512]))
    data = bytes(head) + bytes(512) + b"x" * 512 + archive(FILES)[0]
    found = read(data)
    assert (found[0].label, found[0].reason) == ("not a regular file", "sparse file")
    assert texts(found) == EXPECTED
    assert not [item for item in found if isinstance(item, Broken)]
    pax, _ = archive([("repo/s", CODE, {"pax_headers": {"GNU.sparse.major": "1", "GNU.sparse.name": "repo/real"}})], tarfile.PAX_FORMAT)
    assert [(item.key, item.reason) for item in read(pax)] == [("repo/real", "sparse file")]


@pytest.mark.parametrize(
    ("data", "text", "notes"),
    [
        ("naïve\n".encode(), "naïve\n", ()),
        (b"\xef\xbb\xbfint x;", "int x;", ("byte order mark removed",)),
        ("int x; // é".encode("utf-16"), "int x; // é", ("UTF-16", "byte order mark removed")),
        (b"\xfe\xff\0a\0b", "ab", ("UTF-16", "byte order mark removed")),
        (b"# -*- coding: iso-8859-1 -*-\nname = 'caf\xe9'\n", "# -*- coding: iso-8859-1 -*-\nname = 'café'\n", ("not UTF-8",)),
        (b"# vim: set fileencoding=koi8-r :\n# \xf0\xf2\xe9\n", "# vim: set fileencoding=koi8-r :\n# ПРИ\n", ("not UTF-8",)),
        (b"x" * 8000 + b"\0", "x" * 8000 + "\0", ("NUL bytes",)),
        (b"a\fb\x1b[0m\n", "a\fb\x1b[0m\n", ()),
        (b"x" * 7999 + b"\0", None, ()),
        (b"\x89\x01\x02\x80", None, ()),
        (b"\xff\xfe\0\0a\0\0\0", None, ()),
    ],
)
def test_decoding(data, text, notes):
    item = read(archive([("repo/file", data)])[0])[0]
    if text is None:
        assert item.label == "binary file"
    else:
        assert (item.text, item.notes) == (text, notes)


def test_repeated_names_are_each_an_entry():
    data, offsets = archive([("repo/a", b"one"), ("repo/a", b"two")])
    assert [(item.text, item.offset) for item in read(data)] == [("one", offsets[0]), ("two", offsets[1])]


def test_a_name_that_is_no_utf8_is_replaced_and_noted():
    data, _ = archive([("repo/caf\udce9.c", CODE)])
    item = read(data)[0]
    assert (item.path, item.notes) == ("caf\ufffd.c", ("name that is no UTF-8 replaced",))


def licence(path):
    return path.rpartition("/")[2] in ("LICENSE", "COPYING")


def test_licences_are_found_wherever_they_stand():
    data, _ = archive(
        [
            ("one__repo/a.c", CODE),
            ("one__repo/sub/LICENSE", b"inner"),
            ("one__repo/LICENSE", b"outer"),
            ("one__repo/COPYING", b"more"),
            ("two/LICENSE", b"\0binary"),
            ("two/x/COPYING", b"two's"),
        ]
    )
    expected = {
        ("one/repo", "sub"): [("sub/LICENSE", "inner")],
        ("one/repo", ""): [("LICENSE", "outer"), ("COPYING", "more")],
        ("two", "x"): [("x/COPYING", "two's")],
    }
    for squeeze in COMPRESSED.values():
        whole = part(squeeze(data))
        assert repositories.licence_texts(whole, licence) == expected
        assert len(texts(repositories.read(whole))) == 5  # the stream is read twice


def folder(tmp_path, name="owner__repo"):
    root = tmp_path / name
    (root / "src").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_bytes(b"ref")
    (root / "b.c").write_bytes(CODE)
    (root / "LICENSE").write_bytes(b"free")
    (root / "src" / "a.c").write_bytes(CODE * 2)
    (root / "large").write_bytes(b"x" * 2000)
    (root / "out").symlink_to("/")
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe")
    return root


def folder_part(root, name=None):
    size, _ = repositories.describe(str(root))
    return Part(io.BytesIO(), str(root), name or root.name, size, 0, size)


def test_a_folder_is_a_repository(tmp_path):
    root = folder(tmp_path)
    found = list(repositories.read(folder_part(root), Bounds(file_bytes=1000)))
    assert texts(found) == {"owner/repo/LICENSE": b"free", "owner/repo/b.c": CODE, "owner/repo/src/a.c": CODE * 2}
    assert [(item.key, item.reason) for item in found if isinstance(item, Refused)] == [
        ("owner/repo/large", "more than 1000 bytes"),
        ("owner/repo/loop", "symbolic link"),
        ("owner/repo/out", "symbolic link"),
        ("owner/repo/pipe", "fifo"),
    ]
    assert [item.offset for item in found if isinstance(item, SourceFile)] == [0, 4, 2004 + len(CODE)]
    assert repositories.licence_texts(folder_part(root), licence) == {("owner/repo", ""): [("LICENSE", "free")]}
    below = list(repositories.read(folder_part(root, "x/owner/repo"), depth=2))
    assert below[0].repository == "owner/repo"


def test_a_file_of_a_folder_that_cannot_be_read_is_broken(tmp_path, monkeypatch):
    root = folder(tmp_path)
    real = open

    def refusing(path, *rest, **named):
        if str(path).endswith("b.c"):
            raise PermissionError(path)
        return real(path, *rest, **named)

    monkeypatch.setattr("builtins.open", refusing)
    found = list(repositories.read(folder_part(root)))
    assert [item for item in found if isinstance(item, Broken)] == [
        Broken(4, 0, len(CODE), "file cannot be read: PermissionError", b"owner__repo/b.c")
    ]


def test_the_tag_of_a_folder_changes_with_its_files(tmp_path):
    root = folder(tmp_path)
    size, tag = repositories.describe(str(root))
    assert size == 4 + 3 * len(CODE) + 2000
    (root / ".git" / "HEAD").write_bytes(b"elsewhere")
    assert repositories.describe(str(root)) == (size, tag)
    os.utime(root / "b.c", (1, 1))
    changed = repositories.describe(str(root))[1]
    assert changed != tag
    (root / "b.c").rename(root / "c.c")
    assert repositories.describe(str(root))[1] not in (tag, changed)


@pytest.mark.parametrize(
    ("name", "entries", "binaries"),
    [("BurntSushi__xsv", 72, 0), ("apache__commons-cli", 169, 2), ("madler__zlib", 296, 3), ("select2__select2", 759, 0)],
)
def test_real_trees_give_what_tarfile_gives(name, entries, binaries, tmp_path):
    path = SHARED / "github" / f"{name}.tar.gz"
    if not path.exists():
        pytest.skip(f"needs {name}.tar.gz of the shared data")
    data = path.read_bytes()
    found = read(data, file_bytes=4 << 20)
    with tarfile.open(path) as tar:
        members = tar.getmembers()
        content = {member.name: tar.extractfile(member).read() for member in members if member.isreg()}
        tar.extractall(tmp_path, filter="data")
    assert len(found) == len(members) == entries
    assert sum(isinstance(item, Refused) for item in found) == binaries
    assert all(item.label == "binary file" for item in found if isinstance(item, Refused))
    files = [item for item in found if isinstance(item, SourceFile)]
    assert len(files) + binaries == len(content)
    for item in files:
        raw = content[f"{name}/{item.path}"]
        assert item.repository == name.replace("__", "/")
        assert item.size == len(raw)
        if not item.notes:
            assert item.text.encode() == raw
    unpacked = repositories.read(folder_part(tmp_path / name), Bounds(file_bytes=4 << 20))
    assert texts(unpacked) == texts(found)


def test_latin_1_of_a_real_file_is_read_as_such():
    path = SHARED / "github" / "madler__zlib.tar.gz"
    if not path.exists():
        pytest.skip("needs madler__zlib.tar.gz of the shared data")
    found = {item.path: item for item in read(path.read_bytes()) if isinstance(item, SourceFile)}
    item = found["contrib/dotzlib/DotZLib/DotZLib.cs"]
    assert "© Copyright Henrik Ravn 2004" in item.text
    assert item.notes == ("not UTF-8", "charset guessed")
