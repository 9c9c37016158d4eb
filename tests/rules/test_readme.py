"""What README says is what there is: its commands, its flags, its tree."""

import re
import shlex
from pathlib import Path

import pytest

from pipeline import command_line

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def block(name):
    """The shell block that follows the mark `<!-- command: NAME -->`."""
    found = re.search(rf"<!-- command: {name} -->\s*```sh\n(.*?)```", README, re.S)
    assert found, f"README has no block for {name}"
    return found[1]


def test_the_two_commands_are_there_and_ci_runs_the_second():
    assert "-m pipeline.run --source=commoncrawl" in block("run")
    assert "pytest" in block("test")
    assert "README.md" in (ROOT / ".ci" / "run").read_text()


def commands():
    return sorted(set(re.findall(r"python -m (\w+\.\w+)((?: +(?:--set \S+=\S+|--?[\w-]+(?:=\S+)?|[A-Z_]+))*)", README)))


@pytest.mark.parametrize(("module", "flags"), commands())
def test_every_command_exists(module, flags):
    path = ROOT / (module.replace(".", "/") + ".py")
    assert path.exists(), f"README names {module}"
    if module == "pipeline.run":
        command_line.parse(
            [flag for flag in shlex.split(flags) if flag.startswith("--") or "=" in flag]
            + ([] if "--source" in flags else ["--source=commoncrawl"])
        )
    else:
        for flag in re.findall(r"--[\w-]+", flags):
            assert flag in path.read_text(), f"{module} has no {flag}"


def test_the_tree_names_what_there_is():
    tree = re.search(r"## The tree\s+```text\n(.*?)```", README, re.S)
    assert tree
    for line in tree[1].splitlines():
        found = re.match(r"(\s*)([\w./-]+)", line)
        if found and not found[1]:
            assert (ROOT / found[2]).exists(), f"README's tree names {found[2]}"
