"""docs/paper.md names functions and tests that exist."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = re.findall(r"^\| (.+?) \| `([\w.]+)` \| `([\w/.:]+)` \|$", (ROOT / "docs" / "paper.md").read_text(), re.M)


def test_every_source_has_clauses():
    assert len(ROWS) > 25
    lines = [line for line in (ROOT / "docs" / "paper.md").read_text().splitlines() if line.startswith("| ") and "---" not in line]
    assert len(lines) - sum("| function |" in line for line in lines) == len(ROWS), "a row of a table has another form"


@pytest.mark.parametrize(("clause", "function", "test"), ROWS)
def test_what_a_clause_names_exists(clause, function, test):
    module, _, name = function.rpartition(".")
    assert hasattr(importlib.import_module(module), name), f"{clause}: there is no {function}"
    path, _, case = test.partition("::")
    assert (ROOT / path).is_file(), f"{clause}: there is no {path}"
    assert not case or f"def {case}(" in (ROOT / path).read_text(), f"{clause}: there is no {test}"
