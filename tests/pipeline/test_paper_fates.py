"""ArXiv's embedded sample: each paper, each of its files and each member meets the fate that its own text names, and every rule and state has a case."""

import ast
import inspect
import posixpath
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import made_run
import pytest
from made_samples import Ran, run_files, run_sample

from pipeline import submission_paper, submissions
from pipeline.recipe import DropDuplicates, Keep
from pipeline.samples import paper_packing
from pipeline.samples.case_files import Case, Fate, read
from pipeline.sources.arxiv import LLAMA
from transforms.latex import main_file

KEEP, BOUND, CUT = "without_sections=kept", "max_document_bytes=2000", "appendices=cut"
CASES = paper_packing.cases()
PAPERS = [case for case in CASES if paper_packing.file_of(case) is None]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ran]:
    """Runs the sample, each configuration once."""

    @cache
    def run(*changes: str) -> Ran:
        return run_sample("arxiv", tmp_path_factory.mktemp("arxiv"), *changes)

    return run


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("broken")
    return run_files("arxiv", paper_packing.pack_broken(folder / "packed"), folder, expect=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The run over the paper that is a folder."""
    place = tmp_path_factory.mktemp("folder")
    paper_packing.pack_folder(place / "packed")
    outcome = made_run.run("arxiv", [place / "packed"], place, LLAMA, place / "models")
    return Ran(outcome.books, [], *(made_run.rows(place, "arxiv", kind) for kind in ("clean", "rejected", "broken")))


def key(row: dict[str, object]) -> str:
    return str(row["id"]).removeprefix("arxiv/")


def fates(cases: list[Case], changes: tuple[str, ...] = ()) -> dict[str, tuple[Fate, str | None]]:
    """What the cases say of those that are documents, under the names that papers have."""
    wanted: dict[str, tuple[Fate, str | None]] = {}
    for case in cases:
        fate = case.fate(*changes)
        if paper_packing.file_of(case) is None and fate.word in ("kept", "dropped"):
            cut = changes == (CUT,) and "kept without appendices" in case.sections
            text = case.section("kept without appendices" if cut else "kept").decode().strip() if fate.word == "kept" else None
            wanted[case.name] = (fate, text)
    return wanted


# ---- each case


@pytest.mark.parametrize("changes", [(), (KEEP,), (BOUND,), (CUT,)], ids=str)
def test_papers_meet_their_fates(ran: Callable[..., Ran], changes: tuple[str, ...]) -> None:
    found = ran(*changes)
    assert found.fates(key) == fates(CASES, changes)
    assert found.books["skipped"] == Counter(case.fate().label for case in PAPERS if case.fate().word == "skipped")
    assert found.books["broken"] == {}


def test_what_was_counted_and_noted_of_a_paper(ran: Callable[..., Ran], folder: Ran) -> None:
    rows = {key(row): row for row in ran().clean + folder.clean}
    for case in [*PAPERS, *read(paper_packing.LOOSE)]:
        if paper_packing.file_of(case) is None and case.fate().word == "kept":
            row = rows[case.name]
            counts = {name: int(case.values[name]) for name in ("comments", "macros") if name in case.values}
            assert {name: row[name] for name in counts} == counts, case.name
            assert " ".join(row["unexpanded"]) == case.values.get("left", ""), case.name
            assert row["notes"] == [note for note in case.values.get("notes", "").split(", ") if note], case.name
            assert row["main"] == case.values.get("main", row["main"])
            paper, version, url = row["paper"], row["version"], row["url"]
            assert case.name == (f"{paper}v{version}" if version else paper)
            assert url == f"https://arxiv.org/abs/{case.name}"


@pytest.mark.parametrize("text", [*paper_packing.PAPERS, paper_packing.LOOSE], ids=lambda path: path.stem)
def test_files_are_used_or_refused_by_name(ran: Callable[..., Ran], folder: Ran, text: Path) -> None:
    """As many .tex files go into a paper as are used; it names those that are refused, then what its text reads and does not find."""
    rows = {key(row): row for row in ran().clean + folder.clean}
    cases = read(text)
    for paper in (case for case in cases if paper_packing.file_of(case) is None and case.name in rows):
        files = [(found[1], case.fate()) for case in cases if (found := paper_packing.file_of(case)) and found[0] == paper.name]
        used = {posixpath.normpath(path) for path, fate in files if fate.word == "used" and path.endswith(".tex")}
        assert rows[paper.name]["files"] == max(1, len(used)), paper.name
        refused = [f"{fate.label}: {path}" for path, fate in files if fate.label and fate.word == "unused"]
        lost = [item for item in paper.values.get("not read", "").split("; ") if item]
        assert (rows[paper.name]["refused"] or "").split("\n") == (refused + lost or [""]), paper.name


def test_a_dropped_paper_says_what_it_is(ran: Callable[..., Ran]) -> None:
    for changes in ((), (BOUND,)):
        rows = {key(row): row for row in ran(*changes).rejected}
        for case in PAPERS:
            fate = case.fate(*changes)
            if fate.word == "dropped" and "state" in case.values:
                assert rows[case.name]["value"] == case.values["state"], case.name
        partners = {case.name: case.value("partner") for case in PAPERS if fate_is_older(case)}
        assert {name: row["partner"] for name, row in rows.items() if row["partner"]} == {
            name: f"arxiv/{partner}" for name, partner in partners.items()
        }
        assert len(partners) > 1


def fate_is_older(case: Case) -> bool:
    return case.fate().label == "the newest version of a paper"


def test_a_paper_in_a_folder_is_read(folder: Ran) -> None:
    assert folder.fates(key) == fates(read(paper_packing.LOOSE))


def test_what_cannot_be_read_is_broken_for_its_reason(broken: Ran) -> None:
    cases = [case for case in read(paper_packing.BROKEN) if paper_packing.file_of(case) is None]
    assert broken.fates(key) == fates(cases)
    lost = [case for case in cases if case.fate().word == "broken"]
    assert len(broken.broken) == len(lost)
    for case in lost:
        (row,) = (row for row in broken.broken if case.name in row["excerpt"])
        assert row["reason"] == case.fate().label


# ---- every rule and every state has a case


def refused() -> set[str]:
    """The labels under which the reader refuses a member."""
    calls = ast.walk(ast.parse(inspect.getsource(submissions)))
    found = [call.args[0] for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "refuse"]
    return {ast.literal_eval(label) for label in found}


def states() -> set[str]:
    """The states that the reader's code names: what it gives for one, returns as one, or makes a choice with."""
    found = {state for state, _ in submission_paper.SIGNS} | {submission_paper.LATEX}
    for module, functions in ((submissions, {"without_text"}), (submission_paper, {"_finished"}), (main_file, {"Choice"})):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.FunctionDef) and node.name in ("_state", "_without_main", "stub"):
                found |= words(each.value for each in ast.walk(node) if isinstance(each, ast.Return))
            elif isinstance(node, ast.Assign) and any(isinstance(each, ast.Name) and each.id in ("state", "kind") for each in node.targets):
                found |= words([node.value])
            elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in functions:
                found |= words(node.args)
    return found


def words(expressions: object) -> set[str]:
    """The constants of words in expressions, but for those that are only compared or looked into."""
    found: set[str] = set()
    for expression in expressions:  # type: ignore[attr-defined]
        if isinstance(expression, ast.Constant) and isinstance(expression.value, str) and expression.value:
            found.add(expression.value)
        elif isinstance(expression, ast.IfExp):
            found |= words([expression.body, expression.orelse])
        elif isinstance(expression, ast.BoolOp):
            found |= words(expression.values)
    return found


def test_every_label_has_a_case(ran: Callable[..., Ran]) -> None:
    done = [ran(*changes) for changes in ((), (KEEP,), (BOUND,))]
    steps = {step.label for each in done for step in each.recipe if isinstance(step, Keep | DropDuplicates)}
    met = {label for each in done for label, count in each.books["dropped"].items() if count}
    assert met == steps | refused()
    assert refused() == {"unsafe path", "not a regular file"}


def test_every_state_has_a_case(ran: Callable[..., Ran]) -> None:
    met = {row["value"] for changes in ((), (BOUND,)) for row in ran(*changes).rejected if "state" in row["reason"]}
    assert met | {submission_paper.LATEX} == states()
    assert len(states()) > 10
