"""The books' embedded sample: each file, member and row meets the fate that its own text names, and every rule has a case."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from made_samples import Ran, run_files, run_sample

from pipeline import book_files, book_rows
from pipeline.recipe import DropContained, Keep
from pipeline.samples import book_packing
from pipeline.samples.case_files import Case, Fate, read

OVERLAP, BOUND, GERMAN = "max_overlap=0.7", "max_document_bytes=3000", "languages=de"
SAID = ("title", "author", "language", "header", "footer")
CASES = read(book_packing.GUTENBERG) + read(book_packing.COLLECTIONS)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ran]:
    """Runs the sample, each configuration once."""

    @cache
    def run(*changes: str) -> Ran:
        return run_sample("books", tmp_path_factory.mktemp("books"), *changes)

    return run


def key(case: Case) -> str:
    """What a book is called: paths in archives lose a slash at their beginning."""
    return f"books/{case.name.lstrip('/')}"


def fate(case: Case, changes: tuple[str, ...]) -> Fate:
    """As the case says; where German books are asked for, all others that were read as books go."""
    found = case.fate(*changes)
    book = found.word == "kept" or "content overlap" in found.label
    return Fate("dropped", "languages") if changes == (GERMAN,) and book and case.values.get("language") != "de" else found


def fates(cases: list[Case], changes: tuple[str, ...] = ()) -> dict[str, tuple[Fate, str | None]]:
    """What the cases say of those that are documents."""
    found = {key(case): (fate(case, changes), case) for case in cases}
    return {
        name: (met, book_packing.book(case) if met.word == "kept" else None)
        for name, (met, case) in found.items()
        if met.word in ("kept", "dropped")
    }


def overlap(case: Case, other: str) -> float:
    """The plain form of the rule: of the book's distinct 13-grams (of a shorter one its words) the share that the other has."""

    def ngrams(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"[^\W_]+", text.lower())
        return {tuple(words[i : i + 13]) for i in range(max(1, len(words) - 12))}

    (kept,) = (book_packing.book(known) for known in CASES if known.name == other)
    mine = ngrams(book_packing.book(case))
    return len(mine & ngrams(kept)) / len(mine)


@pytest.mark.parametrize("changes", [(), (OVERLAP,), (BOUND,), (GERMAN,)], ids=str)
def test_books_meet_their_fates(ran: Callable[..., Ran], changes: tuple[str, ...]) -> None:
    found = ran(*changes)
    assert found.fates(lambda row: row["id"]) == fates(CASES, changes)
    assert found.books["skipped"] == Counter(case.fate().label for case in CASES if case.fate().word == "skipped")
    assert found.books["broken"] == {}


def test_a_dropped_book_names_the_kept_one_and_how_much_they_share(ran: Callable[..., Ran]) -> None:
    for changes in ((), (OVERLAP,)):
        wanted = {key(case): f"books/{case.value('partner')}" for case in CASES if "content overlap" in case.fate(*changes).label}
        rows = {row["id"]: row for row in ran(*changes).rejected if "content overlap" in row["step"]}
        assert {name: row["partner"] for name, row in rows.items()} == wanted
        for case in CASES:
            if key(case) in wanted:
                share = overlap(case, case.value("partner"))
                assert float(rows[key(case)]["value"]) == pytest.approx(share, abs=1e-12)
                assert f"{share:.2f}".rstrip("0").rstrip(".") == case.value("overlap"), case.name
        assert set(wanted.values()) <= {row["id"] for row in ran(*changes).clean}


def test_what_the_header_says_and_what_was_noted(ran: Callable[..., Ran]) -> None:
    rows = {row["id"]: row for row in ran().clean}
    for case in CASES:
        if case.fate().word == "kept":
            row = rows[key(case)]
            said = {name: case.values[name] for name in SAID if name in case.values}
            assert {name: row[name] for name in said} == said
            assert (row["url"] or "").rpartition("/")[2] == case.values.get("number", "")
            assert row["notes"] == [note for note in case.values.get("notes", "").split(", ") if note], case.name
    assert {row["header"] for row in rows.values()} == {"marker", "small print", "credits", "none"}
    assert {row["footer"] for row in rows.values()} == {"marker", "end line", "licence", "none"}


def test_every_passage_is_in_a_book() -> None:
    used = {name for case in CASES for name in case.values.get("passages", "").split()}
    assert used == {case.name for case in read(book_packing.PASSAGES)}


def test_what_cannot_be_read_is_broken_for_its_reason(tmp_path: Path) -> None:
    found = run_files("books", book_packing.pack_broken(tmp_path / "packed"), tmp_path, expect=4)
    cases = read(book_packing.BROKEN)
    assert found.fates(lambda row: row["id"]) == fates(cases)
    assert found.books["broken"] == Counter(case.fate().label for case in cases if case.fate().word == "broken")


# ---- every rule has a case


def refused() -> set[str]:
    """The labels under which the readers refuse: what their calls of Refused and of its makers name, constants of the module with them."""
    labels: set[str] = set()
    for module, makers in ((book_files, {"_refused": 1, "refuse": 0}), (book_rows, {"Refused": 1})):
        for call in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in makers:
                labels |= named(call.args[makers[call.func.id]], vars(module))
    return labels


def named(label: ast.expr, constants: dict[str, Any]) -> set[str]:
    if isinstance(label, ast.Name):
        return {constants[label.id]} if label.id in constants else set()  # else an argument of a maker, whose calls are seen too
    assert isinstance(label, ast.Constant), ast.unparse(label)
    return {label.value}


def test_every_label_has_a_case(ran: Callable[..., Ran]) -> None:
    done = [ran(*changes) for changes in ((), (OVERLAP,), (BOUND,), (GERMAN,))]
    steps = {step.label for each in done for step in each.recipe if isinstance(step, Keep | DropContained)}
    met = {label for each in done for label, count in each.books["dropped"].items() if count}
    assert met == steps | refused()
    assert len(refused()) > 5
