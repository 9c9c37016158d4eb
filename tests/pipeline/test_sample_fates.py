"""The embedded samples of C4, GitHub and Wikipedia: each record meets the fate that its own text names, and every rule has a case.

A rule without a case fails here (`test_every_label_has_a_case`), as does a case that another step drops, or whose text comes out otherwise.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from inspect import getsource
from pathlib import Path

import pytest
from made_samples import Ran, run_files, run_sample

from pipeline import github_tables, mediawiki_page, repositories
from pipeline.recipe import DropDuplicates, Keep
from pipeline.samples import c4_files, joined_files, repository_files, table_files, wikipedia_files
from pipeline.samples.case_files import Case, Fate, read
from pipeline.sources import c4, wikipedia
from transforms.line_rules import REASONS

Fates = dict[str, tuple[Fate, str | None]]
RELEASED_BOUND, ARTICLE_BOUND, PAGE_BOUND = "max_document_bytes=2000", "max_document_bytes=4000", "max_document_bytes=195000"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ran]:
    """Runs a sample, each once."""

    @cache
    def run(source: str, *changes: str) -> Ran:
        return run_sample(source, tmp_path_factory.mktemp(source), *changes)

    return run


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("tables")
    return run_files("github", table_files.pack_tables(folder / "packed"), folder)


def expected(cases: Iterable[Case], key: Callable[[Case], str], text: Callable[[Case], bytes], setting: str = "") -> Fates:
    """What the cases say, but for those that are no documents."""
    fates = {key(case): (case.fate(setting), case) for case in cases}
    return {
        name: (fate, text(case).decode() if fate.word == "kept" else None)
        for name, (fate, case) in fates.items()
        if fate.word in ("kept", "dropped")
    }


def skipped(cases: Iterable[Case]) -> Counter[str]:
    return Counter(case.fate().label for case in cases if case.fate().word == "skipped")


# ---- C4


def page(case: Case) -> bytes:
    return case.sections.get("kept") or case.sections.get("page") or case.section("text")


@pytest.mark.parametrize("changes", [(), (RELEASED_BOUND,)])
def test_rows_of_c4_as_released(ran: Callable[..., Ran], changes: tuple[str, ...]) -> None:
    found = ran("c4", *changes)
    without = {row["id"]: "a row without an address" for row in found.clean if row["url"] is None}
    assert found.fates(lambda row: without.get(row["id"], row["url"])) == expected(
        read(c4_files.RELEASED), lambda case: case.name, page, *changes
    )
    files = {case.name: case.value("file") for case in read(c4_files.RELEASED)}
    for row in found.clean:
        file = files[without.get(row["id"], row["url"])]
        assert (row["language"], row["split"]) == ("fr" if file == "fr" else "en", "validation" if file == "validation" else "train")


def test_rows_that_cannot_be_read_are_broken_for_their_reasons(tmp_path: Path) -> None:
    found = run_files("c4", c4_files.pack_broken(tmp_path / "packed"), tmp_path, expect=4)
    cases = read(c4_files.BROKEN)
    assert found.fates(lambda row: row["url"]) == expected(cases, lambda case: case.name, page)
    wanted = [(case.fate(), case.section("row").decode()) for case in cases if case.fate().word == "broken"]
    assert [(Fate("broken", row["reason"]), row["excerpt"]) for row in found.broken] == [(fate, row[:200]) for fate, row in wanted]


def crawled(found: Ran, setting: str = "") -> tuple[Fates, Fates]:
    cases = read(c4_files.CRAWL)
    return found.fates(lambda row: row["id"]), expected(cases, lambda case: f"c4/{c4_files.record_id(case.name)}", kept_page, setting)


def kept_page(case: Case) -> bytes:
    return page(case).decode("utf-8", "replace").encode()


def test_pages_of_a_crawl(ran: Callable[..., Ran]) -> None:
    found = ran("c4", "origin=crawl")
    fates, wanted = crawled(found)
    assert fates == wanted
    assert found.books["skipped"] == skipped(read(c4_files.CRAWL)) + Counter(warcinfo=c4_files.WET_FILES)
    splits = {case.name: case.values.get("split", "train") for case in read(c4_files.CRAWL)}
    assert {row["url"]: row["split"] for row in found.clean}.items() <= splits.items()
    assert "validation" in {row["split"] for row in found.clean}


@pytest.mark.slow
def test_an_over_size_page_of_a_crawl(ran: Callable[..., Ran]) -> None:
    fates, wanted = crawled(ran("c4", "origin=crawl", PAGE_BOUND), PAGE_BOUND)
    assert fates == wanted


def test_every_reason_to_remove_a_line_has_a_case(ran: Callable[..., Ran]) -> None:
    removed = ran("c4", "origin=crawl").books["lines"]["dropped"]
    assert {*REASONS[1:], "in another document", "repeated within"} <= removed.keys()


# ---- GitHub


def file_text(case: Case) -> bytes:
    if "kept" in case.sections:
        return case.sections["kept"] + b"\n"
    return repository_files.content(case)


def file_name(name: str) -> str:
    """OWNER/NAME/PATH: tars join owner and name by two underscores, and ids put a colon before the path."""
    first, slash, rest = name.partition("/")
    return (first.replace("__", "/") + slash + rest).replace(":", "/", 1)


def test_files_of_repositories_and_of_joined_rows(ran: Callable[..., Ran]) -> None:
    found = ran("github")
    cases = read(repository_files.REPOSITORIES) + read(joined_files.JOINED)
    assert found.fates(lambda row: file_name(row["id"].removeprefix("github/"))) == expected(
        cases, lambda case: file_name(case.name), file_text
    )
    assert found.books["skipped"] == skipped(cases)
    licences = {file_name(case.name): case.value("spdx") for case in cases if "spdx" in case.values}
    assert {file_name(row["id"].removeprefix("github/")): row["license"] for row in found.clean}.items() >= licences.items()


def test_files_of_tables(tables: Ran) -> None:
    cases = {case.name: case for case in read(table_files.TABLES)}
    paths = [case for case in cases.values() if case.value("table") == "files"]
    assert tables.fates(lambda row: row["id"].removeprefix("github/")) == expected(
        paths, lambda case: case.name, lambda case: file_text(cases[case.value("blob")])
    )


def test_rows_that_feed_files_are_used_or_say_why_not(tables: Ran) -> None:
    wanted: dict[str, dict[str, object]] = {}
    for kind in ("contents", "licenses"):
        fates = [case.fate() for case in read(table_files.TABLES) if case.value("table") == kind]
        unused = Counter(fate.label for fate in fates if fate.word == "unused")
        wanted[kind] = {"read": len(fates), "used": len(fates) - unused.total(), "unused": dict(unused)}
    assert tables.books["inputs"] == wanted


# ---- Wikipedia


@pytest.mark.parametrize("changes", [(), (ARTICLE_BOUND,)])
def test_pages_of_wikis(ran: Callable[..., Ran], changes: tuple[str, ...]) -> None:
    found = ran("wikipedia", *changes)
    wanted: Fates = {}
    for wiki in wikipedia_files.WIKIS:
        database = f"wikipedia/{wiki.database}"
        wanted |= expected(
            wiki.cases, lambda case, database=database: f"{database}/{case.value('id')}", lambda case: case.section("kept"), *changes
        )
    assert found.fates(lambda row: row["id"]) == wanted
    assert found.books["broken"] == found.books["skipped"] == {}


def test_revisions_are_read_and_the_older_left(ran: Callable[..., Ran]) -> None:
    pages = [case for wiki in wikipedia_files.WIKIS for case in wiki.cases]
    older = sum(int(case.values.get("older", 0)) for case in pages)
    assert older > 1
    revisions = {"read": len(pages) + older, "used": len(pages), "unused": {"older revision": older}}
    assert ran("wikipedia").books["inputs"] == {"revisions": revisions}


# ---- every rule has a case


def labels_of(expression: ast.expr, named: dict[str, set[str]]) -> set[str]:
    """The labels that an expression may give: its constants, and those of the names in it. KeyError for a name that is not known."""
    if isinstance(expression, ast.Constant):
        return {expression.value} if expression.value else set()
    if isinstance(expression, ast.IfExp):
        return labels_of(expression.body, named) | labels_of(expression.orelse, named)
    if isinstance(expression, ast.BoolOp):
        return set().union(*(labels_of(value, named) for value in expression.values))
    return named[ast.unparse(expression)]


def refused(code: str, named: dict[str, set[str]]) -> set[str]:
    """The labels under which a source's file refuses what its reader gives."""
    labels: set[str] = set()
    for call in ast.walk(ast.parse(code)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("refuse", "Refused"):
            label = call.args[0 if call.func.id == "refuse" else 1]
            labels |= labels_of(label, {"label": set(), **named})
    return labels


def lacking() -> set[str]:
    """Why a page of a dump has no text."""
    returned = [each.value for each in ast.walk(ast.parse(getsource(mediawiki_page._lacking))) if isinstance(each, ast.Return)]
    return set().union(*(labels_of(value, {}) for value in returned if value)) | {mediawiki_page.OVER}


REFUSED = {
    "c4": refused(getsource(c4), {}),
    "github": refused(getsource(github_tables), {"state": set(github_tables.STATES), "kind": {"symbolic link", "submodule"}})
    | refused(getsource(repositories), {}),
    "wikipedia": refused(getsource(wikipedia), {"page.lacking": lacking()}),
}
RUNS = {
    "c4": [(), (RELEASED_BOUND,), ("origin=crawl",)],
    "github": [()],
    "wikipedia": [(), (ARTICLE_BOUND,)],
}


@pytest.mark.parametrize("source", RUNS)
def test_every_label_has_a_case(ran: Callable[..., Ran], tables: Ran, source: str) -> None:
    done = [ran(source, *changes) for changes in RUNS[source]] + ([tables] if source == "github" else [])
    steps = {step.label for each in done for step in each.recipe if isinstance(step, Keep | DropDuplicates)}
    met = {label for each in done for label, count in each.books["dropped"].items() if count}
    assert met == steps | REFUSED[source]
    assert len(REFUSED[source]) > 2
