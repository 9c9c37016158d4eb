"""Real papers: none of their own macros is left, as found without the expander: by one pattern over their definitions, and one over the output."""

import re
from pathlib import Path

import pytest
from shared_data import SHARED

from transforms.latex import verbatim
from transforms.latex.comments import remove
from transforms.latex.expansion import expand

PAPERS = SHARED / "arxiv" / "papers"
MAIN = {
    "attention-cn-full": "ms.tex",
    "deblending-starfields": "arxiv.tex",
    "drop-impact-prl": "ms.tex",
    "edo-arxiv": "main.tex",
    "edo-sections": "*",
    "el-logic": "main-arxiv-version.tex",
    "engrafo-1707.08043": "main.tex",
    "engrafo-1708.00137": "main.tex",
    "engrafo-1803.07574": "main.tex",
    "implicit-minimax-mcts": "arxiv.tex",
    "kepler-kinematics": "ms.tex",
    "lagraph-grapl21": "ms.tex",
    "mmtour": "arxiv.tex",
    "mwa-eor": "ms.tex",
    "ophiuchus-stream": "ms.tex",
    "plague-growth": "ms_text.tex",
    "robust-sls-arxiv": "main.tex",
    "robust-sls-updated-arxiv": "main.tex",
    "rsf-symmetry": "ms.tex",
    "strong-laws-frechet": "ms.tex",
    "survey-symbolic-execution": "arxiv.tex",
}
INPUT = re.compile(r"\\(?:input|include|subfile)\s*\{?\s*([^\s{}\\]+)\}?")
PACKAGES = re.compile(r"\\(?:usepackage|documentclass|RequirePackage)(?:\[[^\]]*\])?\{([^}]*)\}")
DEFINED = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|DeclareRobustCommand|[gex]?def|DeclareMathOperator|DeclarePairedDelimiterX?)(?![a-z])\*?\s*\{?\s*\\([A-Za-z]+)(?![A-Za-z@])"
)
STANDARD = {"section", "href"}  # a part of a paper; provided only if no package has it
AS_WRITTEN = {
    "strong-laws-frechet": {"expectarg"},  # makes | an active character, by \currentgrouptype and \lccode
    "mwa-eor": {"affils", "DeclareAffil"},  # a local package's \affils loops over names that \DeclareAffil stored, by internal commands
}


def read(path: Path) -> str:
    return remove(path.read_bytes().decode("utf-8", "replace")).text


def assembled(paper: str) -> tuple[str, str]:
    """A paper's text with what it inputs, by file name, and the local packages that it names."""
    root = PAPERS / paper

    def inlined(path: Path, seen: frozenset[Path]) -> str:
        def inline(found: re.Match[str]) -> str:
            places = (root / found[1], root / f"{found[1]}.tex", path.parent / f"{found[1]}.tex")
            place = next((place for place in places if place.is_file() and place not in seen), None)
            return found[0] if place is None else inlined(place, seen | {place})

        return INPUT.sub(inline, read(path))

    mains = sorted(root.rglob("*.tex")) if MAIN[paper] == "*" else [root / MAIN[paper]]
    text = "\n".join(inlined(main, frozenset([main])) for main in mains)
    names = {name.strip() for found in PACKAGES.finditer(text) for name in found[1].split(",")}
    local = [path for name in sorted(names) for kind in ("sty", "cls") for path in sorted(root.rglob(f"{name}.{kind}"))]
    return text, "\n".join(read(path) for path in local)


@pytest.mark.parametrize("paper", MAIN)
def test_no_own_macro_is_left(paper: str) -> None:
    if not (PAPERS / paper).is_dir():
        pytest.skip(f"needs the paper shared/data/arxiv/papers/{paper}")
    text, packages = assembled(paper)
    found = expand(text, packages)
    spans = verbatim.regions(found.text)
    visible = "".join(found.text[end:start] for (_, end), (start, _) in zip([(0, 0), *spans], [*spans, (len(found.text), 0)], strict=True))
    own = set(DEFINED.findall(text)) - STANDARD - AS_WRITTEN.get(paper, set())
    used = set(re.findall(r"\\([A-Za-z]+)", visible))
    assert own & used == set()
    assert not DEFINED.search(re.sub(r"\\(?:section|title|abstract|author|date|maketitle|caption)\b", "", visible))
    assert own.isdisjoint(found.left)
    assert len(own & set(re.findall(r"\\([A-Za-z]+)", text))) == len(own)


def test_reference_texts_are_not_needed_for_the_count() -> None:
    """The pattern finds own macros in most papers, so that the test above is about something."""
    if not PAPERS.is_dir():
        pytest.skip("needs the papers, shared/data/arxiv/papers")
    assert sum(len(set(DEFINED.findall(assembled(paper)[0]))) > 3 for paper in MAIN) >= 15
