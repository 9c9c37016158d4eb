"""CONTRIBUTING's example of a source is complete: added to a copy of the code, with one name in one other file, it runs, counts and explains itself."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = re.compile(r"<!-- source: (\S+) -->\n```python\n(.*?)```", re.S)


def test_an_eighth_source_is_two_files(tmp_path):
    for room in ("mixtures", "pipeline", "transforms"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.py")}
    path, code = EXAMPLE.search((ROOT / "CONTRIBUTING.md").read_text()).groups()
    (tmp_path / path).write_text(code)
    plan = tmp_path / "pipeline" / "plan.py"
    plan.write_text(re.sub(r"^SOURCES = \((.*)\)$", r'SOURCES = (\1, "letters")', plan.read_text(), flags=re.M))
    touched = [path for path in tmp_path.rglob("*.py") if before.get(path) != path.read_bytes()]
    assert len(touched) == 2

    letters = tmp_path / "letters"
    letters.mkdir()
    words = [f"word{i}" for i in range(200)]
    (letters / "a.txt").write_text("Dear friend, " + " ".join(words))
    (letters / "b.txt").write_text(" ".join(words[5:190]))
    (letters / "c.txt").write_text("Too short.")
    (letters / "d.txt").write_bytes(b"\xff\xfe\xfd")

    def run(module, *words):
        line = [sys.executable, "-m", module, *words]
        return subprocess.run(
            line, cwd=tmp_path, capture_output=True, text=True, timeout=120, env={"PYTHONPATH": str(tmp_path), "PATH": ""}
        )

    done = run("pipeline.run", "--source=letters", "--input", str(letters / "*.txt"), "--error-budget=1", "--workers=1")
    assert done.returncode == 0, done.stderr
    books = json.loads((tmp_path / "out" / "letters" / "books.json").read_text())
    assert books["closed"]
    assert books["dropped"] == {"long enough": 1, "copies": 1}
    assert (books["in"], books["kept"], books["broken"]) == (4, 1, {"not UTF-8": 1})
    assert "letters" in (tmp_path / "out" / "report.html").read_text()
    assert "letters/a.txt" in run("pipeline.explain", "letters/b.txt").stdout
    assert "no embedded sample" in run("pipeline.run", "--source=letters", "--output=other").stderr
