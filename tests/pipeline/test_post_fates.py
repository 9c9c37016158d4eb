"""Stack Exchange's embedded sample: each post meets the fate that its own text names, and every rule has a case."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from made_samples import Ran, run_files, run_sample

from pipeline import mediawiki_page, plan, posts_fields, settings
from pipeline.recipe import Keep
from pipeline.samples import post_packing
from pipeline.samples.case_files import Case, Fate, read
from pipeline.sources import stackexchange
from transforms.post_html import NOTES
from transforms.wet import INVALID

GARDENS = 3
"""The first dumps: two of one site, and of the meta site that belongs to it."""
CHANGES = ("sites=garden.example", "min_question_score=1", "unanswered=dropped", "meta_sites=kept")
OTHER_TABLES = Counter(f"{name}.xml" for name in post_packing.TABLES)
SCORED = "max_answers=2"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The run of the whole sample."""
    return run_sample("stackexchange", tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def gardens(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ran]:
    """Runs over the dumps about gardens alone, with one field of the configuration changed, each once."""

    @cache
    def run(change: str) -> Ran:
        folder = tmp_path_factory.mktemp("gardens")
        config = settings.change(plan.source_module("stackexchange").PRESETS["llama"], [change])
        return run_files("stackexchange", post_packing.pack(folder / "packed")[:GARDENS], folder, config)

    return run


def dumps() -> Iterator[tuple[str, list[Case]]]:
    """(file, its posts) of all dumps of the sample."""
    yield from ((dump.name, dump.cases) for dump in post_packing.DUMPS)
    yield from ((post_packing.small_name(site), post_packing.posts_of(site)) for site in post_packing.sites())


def fates(held: Iterable[tuple[str, list[Case]]], setting: str = "") -> dict[str, tuple[Fate, str | None]]:
    """What the cases say of questions, by file and number."""
    found = {f"{file}#{case.values['id']}": (case.fate(setting), case) for file, cases in held for case in cases if "id" in case.values}
    return {
        name: (fate, case.section("kept").decode() if fate.word == "kept" else None)
        for name, (fate, case) in found.items()
        if fate.word in ("kept", "dropped")
    }


def place(row: dict[str, Any]) -> str:
    """File and number: two dumps of one site share ids, and one of the two gets a suffix."""
    return f"{row['origin_file']}#{re.sub('~.*', '', row['id'].rpartition('/')[2])}"


def met(found: Ran) -> dict[str, tuple[Fate, str | None]]:
    """What became of questions, by file and number."""
    return found.fates(place)


def counted(held: Iterable[tuple[str, list[Case]]], word: str) -> Counter[str]:
    return Counter(case.fate().label for _, cases in held for case in cases if case.fate().word == word)


def test_questions_meet_their_fates(sample: Ran) -> None:
    assert met(sample) == fates(dumps())
    assert sample.books["skipped"] == counted(dumps(), "skipped") + OTHER_TABLES
    assert sample.books["broken"] == {}


@pytest.mark.parametrize("change", CHANGES)
def test_questions_meet_their_fates_in_other_configurations(gardens: Callable[[str], Ran], change: str) -> None:
    assert met(gardens(change)) == fates(list(dumps())[:GARDENS], change)


def test_answers_feed_questions_or_say_why_not(sample: Ran) -> None:
    used = counted(dumps(), "used").total()
    unused = counted(dumps(), "unused")
    assert sample.books["inputs"] == {"answers": {"read": used + unused.total(), "used": used, "unused": dict(unused)}}


def test_answers_come_by_score_and_all_columns_are_the_post_s(sample: Ran) -> None:
    cases = {f"{file}#{case.values['id']}": case for file, posts in dumps() for case in posts if case.fate().word == "kept"}
    for row in sample.clean:
        case = cases[place(row)]
        if "scores" in case.values:
            assert row["answer_scores"] == [int(score) for score in case.value("scores").split()]
        assert row["answers"] == len(row["answer_scores"])
        assert row["score"] == (0 if case.value("score") == "none" else int(case.value("score")))
        assert row["tags"] == case.values.get("tags", "").split()
        assert row["title"] == case.values.get("title", case.name).removeprefix("none")
        assert row["notes"] == [note for note in case.values.get("notes", "").split(", ") if note]


def test_the_best_answers_are_kept_where_few_are_asked_for(gardens: Callable[[str], Ran]) -> None:
    cases = {f"{file}#{case.values['id']}": case for file, posts in list(dumps())[:GARDENS] for case in posts}
    for row in gardens(SCORED).clean:
        case = cases[place(row)]
        assert row["answer_scores"] == [int(score) for score in case.values.get("scores", "").split()][:2]


def test_sites_have_their_places_by_size_then_name(sample: Ran) -> None:
    places = {row["site"]: row["site_rank"] for row in sample.clean}
    wanted = {site.name: int(site.value("rank")) for site in post_packing.sites()}
    assert places == {
        "garden.example": 1,
        "kitchen.example": 2,
        "numbers.example": 3,
        **{name: rank for name, rank in wanted.items() if rank <= stackexchange.LLAMA.largest},
    }
    assert sorted(wanted.values()) == list(range(4, 32))
    beyond = {row["id"].split("/")[1]: int(row["value"]) for row in sample.rejected if row["step"] == "28 largest websites"}
    assert beyond == {name: rank for name, rank in wanted.items() if rank > stackexchange.LLAMA.largest}


def test_the_older_dump_names_the_newer(sample: Ran) -> None:
    older, newer = post_packing.DUMPS[1].name, post_packing.DUMPS[0].name
    left = {row["value"] for row in sample.rejected if row["origin_file"] == older}
    assert left == {f"older than {newer}"}


def test_rows_that_cannot_be_read_are_broken_for_their_reasons(tmp_path: Path) -> None:
    found = run_files("stackexchange", post_packing.pack_broken(tmp_path / "packed"), tmp_path, expect=4)
    cases = read(post_packing.BROKEN)
    assert found.fates(lambda row: f"x#{row['id'].rpartition('/')[2]}") == fates([("x", cases)])
    assert found.books["broken"] == counted([("x", cases)], "broken")
    assert found.books["skipped"] == counted([("x", cases)], "skipped")
    excerpts = {row["reason"]: row["excerpt"] for row in found.broken}
    for case in cases:
        if "row" in case.sections:
            assert excerpts[case.fate().label].startswith(case.section("row").decode().strip())


# ---- every rule has a case


def malformed() -> set[str]:
    """Why the reader of a row's fields refuses it: what is raised as Malformed there, with the name of a field that is a number."""
    raised: set[str] = set()
    for call in ast.walk(ast.parse(inspect.getsource(posts_fields))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Malformed":
            label = call.args[0]
            if isinstance(label, ast.Constant):
                raised.add(label.value)
            elif isinstance(label, ast.Name):
                raised.add(getattr(posts_fields, label.id))
            else:
                assert isinstance(label, ast.JoinedStr), ast.unparse(label)
                raised.add("".join(part.value if isinstance(part, ast.Constant) else "Score" for part in label.values))
    return raised


def test_every_label_has_a_case(sample: Ran, gardens: Callable[[str], Ran]) -> None:
    done = [sample, *(gardens(change) for change in CHANGES)]
    steps = {step.label for each in done for step in each.recipe if isinstance(step, Keep)}
    assert {label for each in done for label, count in each.books["dropped"].items() if count} == steps
    assert len(steps) == 7


def test_every_reason_for_which_a_row_is_malformed_has_a_case() -> None:
    assert len(malformed()) > 6
    assert malformed() <= counted([("x", read(post_packing.BROKEN))], "broken").keys()


def test_every_note_has_a_case(sample: Ran) -> None:
    wanted = {*NOTES.values(), posts_fields.NO_SCORE, posts_fields.NO_TITLE, INVALID, mediawiki_page.CONTROL}
    assert wanted <= sample.books["noted"].keys()
