"""A folder of books given as input: what in it is a book, and what is said of the rest."""

import os

import pytest
from made_books import gutenberg

from pipeline import book_files
from pipeline.files import InputError, expand

BOOK = gutenberg().encode()


def test_a_folder_gives_its_books(tmp_path):
    for name in (
        "b/2.txt",
        "a.txt.gz",
        "c.tar.xz",
        "d.zip",
        "e.jsonl.zst",
        "f.parquet",
        ".hidden.txt",
        "x.htm",
        "metadata.yaml.gz",
        ".git/g.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(BOOK)
    found = [os.path.relpath(path, tmp_path) for path, _ in book_files.folders(str(tmp_path))]
    assert sorted(found) == ["a.txt.gz", "b/2.txt", "c.tar.xz", "d.zip", "e.jsonl.zst", "f.parquet"]
    listing, _ = expand([str(tmp_path)], folders=book_files.folders)
    assert [(file.name, file.size) for file in listing] == [(name, len(BOOK)) for name in sorted(found)]


def test_a_folder_without_books_and_what_only_looks_like_one_is_said(tmp_path, capsys):
    (tmp_path / "x.htm").write_bytes(b"x")
    with pytest.raises(InputError, match="found none among 1 files"):
        book_files.folders(str(tmp_path))
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.txt").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    with pytest.raises(InputError, match="found none among 4 files"):
        book_files.folders(str(tmp_path))
    (tmp_path / "a.txt").write_bytes(b"x")
    assert [path for path, _ in book_files.folders(str(tmp_path))] == [str(tmp_path / "a.txt")]
    said = capsys.readouterr().err
    assert said.startswith(f"pipeline.run: {tmp_path}: no books and left out are 4 files; ")
    for reason in (
        "its name ends in .htm: 1, such as x.htm",
        "pipe, socket or device: 1, such as pipe.txt",
        "link to nothing",
        "link to a folder",
    ):
        assert reason in said


def test_only_the_commonest_reasons_are_said(tmp_path, capsys):
    (tmp_path / "a.txt").write_bytes(BOOK)
    for number in range(40):
        (tmp_path / f"x.{number}").write_bytes(b"")
    book_files.folders(str(tmp_path))
    said = capsys.readouterr().err
    assert "left out are 40 files" in said
    assert said.count("such as") == 12


def test_a_folder_of_books_alone_is_taken_without_a_word(tmp_path, capsys):
    (tmp_path / "a.txt").write_bytes(BOOK)
    assert len(book_files.folders(str(tmp_path))) == 1
    assert not capsys.readouterr().err


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes(BOOK)
    (tmp_path / "shut").mkdir()
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(InputError, match="shut: expected a folder that can be listed: Permission denied"):
        book_files.folders(str(tmp_path))
