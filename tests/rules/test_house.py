"""The house rules that a machine can check: lint, types, sizes of files, names, and nothing of a machine in what is committed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sorted(path for room in ("mixtures", "pipeline", "transforms", "tests", "benchmarks") for path in (ROOT / room).rglob("*.py"))
MOST_LINES = 340
FORBIDDEN_NAMES = re.compile(r"(^|_)(utils?|helpers?|base|manager|misc|common)(_|\.|$)")


def command(*words):
    return subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, timeout=600)


def test_ruff_finds_nothing():
    for words in (["ruff", "check", "."], ["ruff", "format", "--check", "."]):
        done = command(*words)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_mypy_finds_nothing():
    done = command("mypy")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_small_and_named_in_the_field_s_words(path):
    assert len(path.read_text().splitlines()) <= MOST_LINES
    assert not FORBIDDEN_NAMES.search(path.name.removesuffix(".py"))


def test_nothing_of_a_machine_is_committed():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout: the list of committed files is not to be had")
    for name in listed.stdout.split("\n"):
        path = ROOT / name
        if name and path.suffix in (".py", ".md", ".toml", ".sh", ".xml", "") and path.is_file():
            found = re.findall(r"/(?:work/main|work/shared|root|home/\w+)/[\w./-]*", path.read_text(errors="replace"))
            assert not found, f"{name} names {found}"
