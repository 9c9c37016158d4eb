"""When a shard is hashed again, and when its note is believed."""

import json
import os
import shutil
import time

import pytest
from made_tokens import made_documents, write_source

from mixtures import changed, token_manifest
from mixtures.changed import ShardsChanged


@pytest.fixture
def hashed(monkeypatch):
    """The names of the shards that were hashed."""
    names, sha256 = [], changed._sha256

    def counted(path):
        names.append(os.path.basename(path))
        return sha256(path)

    monkeypatch.setattr(changed, "_sha256", counted)
    return names


@pytest.fixture
def directory(tmp_path):
    return write_source(tmp_path, "books", [made_documents([9]), made_documents([8]), made_documents([7])]).directory


@pytest.fixture
def settled(monkeypatch):
    """As if the shards had been written long ago."""
    monkeypatch.setattr(changed, "SETTLED", -(10**18))


def check(directory):
    changed.check_contents(token_manifest.read(str(directory)))


def checked(directory):
    return json.loads((directory / "checked.json").read_text())


def test_a_shard_is_hashed_once(directory, hashed, settled):
    check(directory)
    assert sorted(hashed) == ["00000.arrow", "00001.arrow", "00002.arrow"]
    check(directory)
    assert len(hashed) == 3
    manifest = token_manifest.read(str(directory))
    for name, shard in manifest.shards.items():
        status = (directory / name).stat()
        assert checked(directory)[name] == [shard.bytes, status.st_mtime_ns, status.st_ctime_ns, shard.sha256]


def test_a_shard_that_was_touched_is_hashed_again_and_it_alone(directory, hashed, settled):
    check(directory)
    hashed.clear()
    os.utime(directory / "00001.arrow")
    check(directory)
    assert hashed == ["00001.arrow"]
    check(directory)
    assert hashed == ["00001.arrow"]


@pytest.mark.parametrize("keep_times", [False, True])
def test_a_byte_changed_in_place_is_found_again_and_again(directory, hashed, settled, keep_times):
    check(directory)
    path = directory / "00001.arrow"
    before, data = path.stat(), bytearray(path.read_bytes())
    # Clocks of file systems tick some hundred times a second.
    time.sleep(0.05)
    data[-100] ^= 1
    path.write_bytes(data)
    if keep_times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    hashed.clear()
    for _ in range(2):
        with pytest.raises(ShardsChanged, match=r"the content of 00001.arrow is not what it was"):
            check(directory)
    # Each time: a note that speaks against the manifest is not believed.
    assert hashed == ["00001.arrow"] * 2
    data[-100] ^= 1
    time.sleep(0.05)
    path.write_bytes(data)
    check(directory)


def test_a_copied_corpus_is_hashed_once(directory, hashed, settled, tmp_path):
    check(directory)
    shutil.copytree(directory, tmp_path / "copy" / "tokens" / "books")
    hashed.clear()
    for _ in range(2):
        check(tmp_path / "copy" / "tokens" / "books")
    assert len(hashed) == 3


def test_what_was_written_a_moment_ago_is_not_noted(directory, hashed):
    check(directory)
    assert checked(directory) == {}
    check(directory)
    assert len(hashed) == 6


def test_a_note_that_cannot_be_written_is_no_error(directory, hashed, settled, monkeypatch):
    def refuse(*paths):
        raise PermissionError("read-only")

    monkeypatch.setattr(os, "replace", refuse)
    for _ in range(2):
        check(directory)
    assert len(hashed) == 6
    assert not (directory / "checked.json").exists()
    monkeypatch.undo()


@pytest.mark.parametrize(
    "note", ["{", "[]", "5", '{"00000.arrow": 5}', '{"00000.arrow": [1, 2]}', '{"00000.arrow": ["a", 2, 3, "b"]}', '{"0": null}']
)
def test_a_note_that_cannot_be_read_is_made_anew(directory, hashed, settled, note):
    (directory / "checked.json").write_text(note)
    check(directory)
    assert len(hashed) == 3
    check(directory)
    assert len(hashed) == 3


def test_notes_of_shards_that_went_are_not_kept(directory, hashed, settled):
    check(directory)
    for name in ("00001.arrow", "00002.arrow"):
        (directory / name).unlink()
    write_source(directory.parents[1], "books", [made_documents([9])])
    check(directory)
    assert list(checked(directory)) == ["00000.arrow"]


def test_sizes_alone_hash_nothing(directory, hashed):
    assert list(changed.check_sizes(token_manifest.read(str(directory)))) == ["00000.arrow", "00001.arrow", "00002.arrow"]
    assert hashed == []
    assert not (directory / "checked.json").exists()


def test_a_fingerprint_changes_with_each_of_its_parts(directory, tmp_path):
    manifest = token_manifest.read(str(directory))
    one = changed.fingerprint({"seed": 0, "weights": {"books": "1"}}, [manifest])
    assert one == json.loads(json.dumps(one))
    assert one == changed.fingerprint({"seed": 0, "weights": {"books": "1"}}, [manifest])
    other = write_source(tmp_path / "other", "books", [made_documents([9]), made_documents([8], 1), made_documents([7])])
    others = [
        changed.fingerprint({"seed": 1, "weights": {"books": "1"}}, [manifest]),
        changed.fingerprint({"seed": 0, "weights": {"books": "1"}}, [token_manifest.read(str(other.directory))]),
        changed.fingerprint({"seed": 0, "weights": {"books": "1"}}, []),
    ]
    assert len({held["loader"] for held in [one, *others]}) == 4
    changed.compare(one, one)
    for held in others:
        with pytest.raises(ShardsChanged):
            changed.compare(one, held)
