"""Files that appear only when they are whole: on the disk and in a Beam store."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline import files


def test_a_web_address_is_read_only() -> None:
    with pytest.raises(OSError, match="can only be read"), files.replacing("https://host/a"):
        pass
    for refused in (files.delete, files.delete_tree, files.make_directory, files.names, files.delete_partial):
        with pytest.raises(OSError, match="can only be read"):
            refused("https://host/a")


def test_nothing_is_unpacked(root: str) -> None:
    packed = gzip.compress(b"text")
    files.write_bytes(files.join(root, "a.gz"), packed)
    assert files.read_bytes(files.join(root, "a.gz")) == packed
    assert files.size(files.join(root, "a.gz")) == len(packed)
    with files.open_read(files.join(root, "a.gz")) as file:
        file.seek(3)
        assert file.read(4) == packed[3:7]


def test_a_file_appears_when_it_is_whole(root: str) -> None:
    path = files.join(root, "deep/a")
    with files.replacing(path) as file:
        file.write(b"new")
        assert not files.exists(path)
        assert files.names(files.join(root, "deep")) == []
    assert files.read_bytes(path) == b"new"
    with files.replacing(path) as file:
        file.write(b"newer")
        assert files.read_bytes(path) == b"new"
    assert files.read_bytes(path) == b"newer"
    assert files.names(files.join(root, "deep")) == ["a"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file_and_nothing_else(root: str, error: type[BaseException]) -> None:
    path = files.join(root, "a")
    files.write_bytes(path, b"old")

    def fail() -> None:
        with files.replacing(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert files.read_bytes(path) == b"old"
    assert files.delete_partial(root) == []


def test_a_writer_may_close_the_file_itself(root: str) -> None:
    with files.replacing(files.join(root, "a")) as file:
        file.write(b"x")
        file.close()
    assert files.read_bytes(files.join(root, "a")) == b"x"


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    killed = (
        "import os, sys; from pipeline import files\nwith files.replacing(sys.argv[1]) as f:\n    f.write(b'x' * 99999)\n    os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", killed, str(tmp_path / "a.parquet")], cwd=Path(files.__file__).parents[1]).returncode == 9
    files.write_bytes(str(tmp_path / "b.parquet"), b"")
    (left,) = set(os.listdir(tmp_path)) - {"b.parquet"}
    assert left.startswith(files.PARTIAL)
    assert not left.endswith(".parquet")
    assert [file.name for file in files.expand([f"{tmp_path}/*"])[0]] == files.names(str(tmp_path)) == ["b.parquet"]
    assert files.delete_partial(str(tmp_path)) == [str(tmp_path / left)]
    assert os.listdir(tmp_path) == ["b.parquet"]


def test_folders(root: str) -> None:
    assert files.names(root) == []
    files.make_directory(files.join(root, "d/e"))
    files.make_directory(files.join(root, "d/e"))
    for name in ("d/2", "d/1", "d/f/3"):
        files.write_bytes(files.join(root, name), b"")
    assert [name for name in files.names(files.join(root, "d")) if name != "e"] == [
        "1",
        "2",
        "f",
    ]  # a store may not list what holds no file
    files.delete(files.join(root, "d/1"))
    files.delete(files.join(root, "d/1"))
    assert not files.exists(files.join(root, "d/1"))
    files.delete_tree(files.join(root, "d"))
    files.delete_tree(files.join(root, "d"))
    assert not files.exists(files.join(root, "d"))
    assert files.names(root) == []


def test_a_missing_file_is_an_os_error(root: str) -> None:
    with pytest.raises(OSError, match="none"):
        files.read_bytes(files.join(root, "none"))
    with pytest.raises(FileNotFoundError):
        files.size(files.join(root, "none"))


def test_a_store_deletes_no_glob(store: Path) -> None:
    files.write_bytes("test://out/a", b"")
    with pytest.raises(ValueError, match="would delete other files"):
        files.delete("test://out/*")
    with pytest.raises(ValueError, match="choose another output path"):
        files.write_bytes("test://o[u]t/a", b"")
    assert files.exists("test://out/a")


def test_join() -> None:
    assert files.join("a", "b", "c") == "a/b/c"
    assert files.join("a", "/b") == "/b"
    assert files.join("gs://x/", "/b/", "c") == "gs://x/b/c"
    assert files.join("https://x", "b") == "https://x/b"


def test_local_files_need_neither_beam_nor_the_web_client(tmp_path: Path) -> None:
    code = (
        "import sys; from pipeline import files; files.write_bytes(sys.argv[1], b''); files.expand([sys.argv[1]]);"
        "print([name for name in ('apache_beam', 'http.client', 'ssl') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a")]
    assert subprocess.run(command, cwd=Path(files.__file__).parents[1], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_store_without_its_package_is_said_and_with_it_has_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beam fails an assertion where boto3 is missing, and asks for options that only a pipeline sets."""
    from apache_beam.io.filesystems import FileSystems

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OSError, match="needs boto3"):
        files.exists("s3://bucket/name")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr(FileSystems, "_pipeline_options", None)
    with suppress(Exception):  # how far it goes hangs on what is installed
        files.exists("s3://bucket/name")
    assert FileSystems._pipeline_options is not None
