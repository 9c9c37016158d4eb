"""Stack Exchange whole: the largest sites, the newest dump of each, answers in their order, templates, books."""

import gzip
from xml.sax.saxutils import quoteattr

import made_run
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import SettingError
from pipeline.sources import stackexchange
from pipeline.sources.stackexchange import LLAMA, StackExchange

DAY = "2020-01-01T00:00:00.000"


def question(number, title="Why?", body="<p>Body</p>", score=0, day=DAY, **more):
    return {"Id": number, "PostTypeId": 1, "Score": score, "Title": title, "Body": body, "CreationDate": day, **more}


def answer(number, of, score=0, body=None, day=DAY, **more):
    return {
        "Id": number,
        "PostTypeId": 2,
        "ParentId": of,
        "Score": score,
        "Body": body or f"<p>answer {number}</p>",
        "CreationDate": day,
        **more,
    }


def dump(folder, site, rows, packed=True):
    """A dump of a site; gives its path."""
    lines = ["<row " + " ".join(f"{name}={quoteattr(str(value))}" for name, value in row.items()) + " />" for row in rows]
    xml = "\n".join(['<?xml version="1.0" encoding="utf-8"?>', "<posts>", *lines, "</posts>"]).encode()
    path = folder / site / ("Posts.xml.gz" if packed else "Posts.xml")
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(xml) if packed else xml)
    return path


def run(paths, tmp_path, config=LLAMA, **more):
    outcome = made_run.run("stackexchange", paths, tmp_path / "out", config, tmp_path, **more)
    return outcome, {row["id"].removeprefix("stackexchange/"): row for row in made_run.rows(tmp_path / "out", "stackexchange", "clean")}


def test_answers_stand_by_score_as_a_number_and_equal_ones_by_id(tmp_path):
    """The spec's vector: RedPajama sorts 10, 9, -1, -2, 0, 100 as strings, which gives 9, 100, 10, 0, -2, -1."""
    scores = {1: 10, 2: 9, 3: -1, 4: -2, 5: 0, 6: 100, 8: 9}
    rows = [answer(number, 7, score) for number, score in sorted(scores.items(), reverse=True)]
    _, kept = run([dump(tmp_path, "a.example", [*rows[:3], question(7), *rows[3:]])], tmp_path)
    assert sorted(scores.values(), key=str, reverse=True) == [9, 9, 100, 10, 0, -2, -1]
    row = kept["a.example/7"]
    assert row["text"] == "Q: Why?\n\nBody" + "".join(f"\nA: answer {n}" for n in (6, 1, 2, 8, 5, 3, 4))
    assert row["answer_scores"] == [100, 10, 9, 9, 0, -1, -2]
    assert (row["answers"], row["url"], row["site"]) == (7, "https://a.example/questions/7", "a.example")


def test_the_books_close_over_answers_too(tmp_path):
    rows = [
        question(1),
        answer(2, 1),
        answer(3, 99),
        question(4),
        {"Id": 5, "PostTypeId": 4, "Score": 0, "Body": "wiki", "CreationDate": DAY},
    ]
    outcome, kept = run([dump(tmp_path, "a.example", rows)], tmp_path)
    assert outcome.books["inputs"] == {"answers": {"read": 2, "used": 1, "unused": {"orphan": 1}}}
    assert (outcome.books["in"], outcome.books["kept"]) == (2, 2)
    assert sum(outcome.books["skipped"].values()) == 1
    assert kept["a.example/4"]["text"] == "Q: Why?\n\nBody"


def test_the_largest_sites_stay_by_questions_and_answers(tmp_path):
    """Three answers weigh as much as three questions; of equals, the first name; the survey is in the manifest and said."""
    sites = {"c.example": [question(1)], "b.example": [question(1), answer(2, 1), answer(3, 1), answer(4, 1)]}
    sites |= {"a.example": [question(1)], "d.example": [question(n) for n in range(1, 4)]}
    paths = [dump(tmp_path, site, rows) for site, rows in sites.items()]
    outcome, kept = run(paths, tmp_path, StackExchange(largest=3))
    assert sorted(kept) == ["a.example/1", "b.example/1", "d.example/1", "d.example/2", "d.example/3"]
    assert {row["site"]: row["site_rank"] for row in kept.values()} == {"b.example": 1, "d.example": 2, "a.example": 3}
    assert outcome.books["dropped"]["3 largest websites"] == 1
    assert outcome.said[:2] == ["what each site comes to:", "  1. b.example: 4 posts"]
    rejected = made_run.rows(tmp_path / "out", "stackexchange", "rejected")
    assert [(row["id"], row["value"]) for row in rejected] == [("stackexchange/c.example/1", "4")]


def test_of_two_dumps_of_a_site_the_newer_wins_and_is_named(tmp_path):
    old = dump(tmp_path / "z", "a.example", [question(1, "Old"), answer(2, 1), question(3)])
    new = dump(tmp_path / "b", "a.example", [question(1, "New"), answer(5, 1, day="2021-01-01T00:00:00.000")])
    outcome, kept = run([old, new], tmp_path)
    assert {key: row["text"] for key, row in kept.items()} == {"a.example/1": "Q: New\n\nBody\nA: answer 5"}
    assert outcome.books["dropped"]["newest dump of a site"] == 2
    assert "z/a.example/Posts.xml.gz: left out, older than b/a.example/Posts.xml.gz" in outcome.said
    values = {row["value"] for row in made_run.rows(tmp_path / "out", "stackexchange", "rejected")}
    assert values == {"older than b/a.example/Posts.xml.gz"}


def test_ranges_of_a_dump_are_one_dump(tmp_path, monkeypatch):
    rows = [row for n in range(1, 400, 2) for row in (question(n), answer(n + 1, 401 - n - 1))]
    path = dump(tmp_path / "x", "a.example", rows, packed=False)
    whole, kept = run([path], tmp_path / "whole")
    monkeypatch.setattr(
        "pipeline.sources.stackexchange.splits", lambda name, size: [(i, min(i + 5000, size)) for i in range(0, size, 5000)]
    )
    parts, ranged = run([path], tmp_path / "parts")
    assert len(made_run.rows(tmp_path / "parts" / "out", "stackexchange", "clean", ["id"])) == 200
    assert {key: row["text"] for key, row in ranged.items()} == {key: row["text"] for key, row in kept.items()}
    assert parts.books["inputs"] == whole.books["inputs"]
    assert {row["site_rank"] for row in ranged.values()} == {1}


def test_meta_sites_are_no_websites(tmp_path):
    paths = [dump(tmp_path, site, [question(1)]) for site in ("meta.stackexchange.com", "a.meta.stackexchange.com", "a.stackexchange.com")]
    outcome, kept = run(paths, tmp_path, StackExchange(largest=1))
    assert sorted(kept) == ["a.stackexchange.com/1"]
    assert outcome.books["dropped"]["no meta sites"] == 2
    _, kept = run(paths, tmp_path / "kept", StackExchange(meta_sites="kept"))
    assert len(kept) == 3


def test_fields_choose_questions_and_answers(tmp_path):
    rows = [question(1, score=5), answer(2, 1, 3), answer(3, 1, 2), answer(4, 1, 1), question(5, score=5), question(6, score=1)]
    rows += [question(7, score=5, DeletionDate=DAY), answer(8, 7, 9), answer(9, 1, 9, DeletionDate=DAY)]
    path = dump(tmp_path, "a.example", rows)
    config = StackExchange(
        min_question_score=2, min_answer_score=2, max_answers=1, unanswered="dropped", question="<{title}|{body}>", answer="\\n\\n* {body}"
    )
    outcome, kept = run([path], tmp_path, config)
    assert {key: row["text"] for key, row in kept.items()} == {"a.example/1": "<Why?|Body>\n\n* answer 2"}
    assert {label: n for label, n in outcome.books["dropped"].items() if n} == {
        "no deleted questions": 1,
        "least score of a question": 1,
        "has an answer": 1,
    }
    assert outcome.books["inputs"]["answers"] == {"read": 5, "used": 2, "unused": {"below the least score": 1, "deleted": 1, "orphan": 1}}
    _, kept = run([path], tmp_path / "all", StackExchange(deleted="kept", sites=("a.example",)))
    assert len(kept) == 4
    _, kept = run([path], tmp_path / "none", StackExchange(sites=("b.example",)))
    assert not kept


@pytest.mark.parametrize(
    "change", [{"question": "no body"}, {"answer": "{body} {title}"}, {"answer": "{"}, {"largest": 0}, {"max_answers": 0}]
)
def test_settings_that_make_no_sense_are_refused(change):
    with pytest.raises(SettingError):
        StackExchange(**change)


def test_html_of_question_and_answers_goes_and_code_stays(tmp_path):
    rows = [
        question(1, "a < b & c", "<p>x</p><p>y &amp;amp; z</p>"),
        answer(2, 1, body="<pre><code>if a &lt; b:\n    c {d}\n</code></pre>"),
    ]
    _, kept = run([dump(tmp_path, "a.example", rows)], tmp_path)
    assert kept["a.example/1"]["text"] == "Q: a < b & c\n\nx\n\ny &amp; z\nA: if a < b:\n    c {d}"


totals = st.lists(
    st.fixed_dictionaries(
        {
            "site": st.sampled_from("abcd"),
            "posts": st.integers(0, 9),
            "newest": st.sampled_from(["", "2019", "2020"]),
            "file": st.integers(0, 2),
        }
    ),
    max_size=12,
)


@given(totals, st.randoms())
def test_the_survey_does_not_hang_on_the_order_of_units(drawn, random):
    """Each site has one newest dump; ranks are 1 to the number of sites, by size."""
    rows = [{**total, "unit": unit, "input": f"{total['site']}{total['file']}"} for unit, total in enumerate(drawn)]
    found = stackexchange.survey(LLAMA, rows)
    mixed = list(rows)
    random.shuffle(mixed)
    assert stackexchange.survey(LLAMA, mixed) == found
    newest = {
        row["site"]: {r["input"] for r in rows if r["site"] == row["site"] and found[r["unit"]]["snapshot"] == "newest"} for row in rows
    }
    assert all(len(inputs) == 1 for inputs in newest.values())
    ranks = {row["site"]: found[row["unit"]]["site_rank"] for row in rows if row["input"] in newest[row["site"]]}
    assert sorted(ranks.values()) == list(range(1, len(ranks) + 1))
    posts = {site: sum(row["posts"] for row in rows if row["input"] in inputs) for site, inputs in newest.items()}
    assert sorted(posts, key=lambda site: (-posts[site], site)) == sorted(ranks, key=ranks.__getitem__)
