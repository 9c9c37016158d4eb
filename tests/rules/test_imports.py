"""Imports run one way: transforms, mixtures <- pipeline; workers start without Beam; curation never loads torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {
    "transforms": {"transforms"},
    "pipeline": {"transforms", "mixtures", "pipeline"},
    "mixtures": {"mixtures"},
    "model": {"model"},
    "train": {"train", "mixtures", "model", "transforms"},
}
"""Room -> the rooms of ours that it may import: mixtures defines the token shards that pipeline writes, so that whoever reads them needs no pipeline."""
BEAM = {"pipeline/graph.py", "pipeline/runners.py", "pipeline/beam_flags.py", "pipeline/stores.py", "pipeline/token_graph.py"}
"""Files that may name apache_beam at all."""


def imported(path):
    """(module, at the top of the file) of every import in a file."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        yield from names


def sources():
    return sorted(path for room in ALLOWED for path in (ROOT / room).rglob("*.py"))


def test_there_is_something_to_check():
    assert len(sources()) > 20


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_import_one_way(path):
    room = path.relative_to(ROOT).parts[0]
    foreign = {name for name in imported(path) if name.split(".")[0] in ALLOWED} - {
        name for name in imported(path) if name.split(".")[0] in ALLOWED[room]
    }
    assert not foreign, f"{room} may import {ALLOWED[room]} of our rooms"
    if "apache_beam" in {name.split(".")[0] for name in imported(path)}:
        assert str(path.relative_to(ROOT)) in BEAM


def test_a_worker_starts_without_beam_and_without_torch():
    code = (
        "import sys, pipeline.run, pipeline.work, pipeline.sources.commoncrawl;"
        "print([m for m in ('apache_beam', 'torch', 'pandas') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert out.stdout.strip() == "[]", out.stdout + out.stderr
