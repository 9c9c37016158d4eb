import pytest

from pipeline import books
from pipeline.receipts import Receipt, StepCount

READ = "read the record as a page"


def receipts():
    first = Receipt(0, 0, "f", "a", 10, documents=10, refused={"not an HTML page": 2}, broken={"record is cut": 1}, kept=5)
    first.steps = [StepCount("long enough", 8, 5, 3)]
    last = Receipt(0, 1, "f", "a", 10, kept=4, lines={"deduplicate": {"in": 9, "kept": 6, "in another document": 3}})
    last.steps = [StepCount("deduplicate", 5, 4, 1)]
    return [first, last]


def test_books_close():
    closed = books.close("x", receipts(), 2, ["long enough", "deduplicate"], READ)
    assert closed["closed"]
    assert closed["in"] == 11 == closed["kept"] + sum(closed["dropped"].values()) + sum(closed["broken"].values())
    assert closed["dropped"] == {"not an HTML page": 2, "long enough": 3, "deduplicate": 1}
    assert [step["label"] for step in closed["steps"]] == [READ, "long enough", "deduplicate"]
    assert closed["lines"] == {"in": 9, "kept": 6, "dropped": {"in another document": 3}}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda first, last: setattr(first, "documents", 11), "in is 12"),
        (lambda first, last: setattr(last, "kept", 3), "the last step kept 4, but 3"),
        (lambda first, last: setattr(last.steps[0], "read", 6), "took 6 documents, but the step before kept 5"),
        (lambda first, last: setattr(first.steps[0], "dropped", 2), "took 8, but kept 5 and dropped 2"),
        (lambda first, last: last.lines["deduplicate"].update(kept=7), "9 lines came in"),
    ],
)
def test_books_that_do_not_close_say_where(spoil, said):
    pair = receipts()
    spoil(*pair)
    closed = books.close("x", pair, 2, ["long enough", "deduplicate"], READ)
    assert not closed["closed"]
    assert any(said in error for error in closed["errors"])


def test_budget_is_of_records_and_of_bytes():
    closed = books.close("x", receipts(), 2, ["long enough", "deduplicate"], READ)
    assert books.over_budget(closed, 0, 100, 0.1) is None
    assert "1 of 11 records" in books.over_budget(closed, 0, 100, 0.05)
    assert "20 of 100 bytes" in books.over_budget(closed, 20, 100, 0.1)
    assert books.over_budget({"in": 0, "broken": {}}, 0, 0, 0.0) is None
    assert "bytes" in books.over_budget({"in": 0, "broken": {}}, 1, 0, 0.5)


BETWEEN = {"in": 20, "kept": 12, "a comment": 8}


def test_lines_of_pages_dropped_between_two_steps_go_with_their_page():
    first, last = receipts()
    first.lines = {"comments": dict(BETWEEN)}
    closed = books.close("x", [first, last], 2, ["long enough", "deduplicate"], READ)
    assert closed["closed"]
    assert closed["lines"] == {"in": 20, "kept": 6, "dropped": {"a comment": 8, "in another document": 3, books.WITH_PAGE: 3}}
    assert first.lines == {"comments": BETWEEN}


def test_lines_from_nowhere_do_not_close():
    first, last = receipts()
    first.lines = {"comments": {"in": 10, "kept": 2, "a comment": 8}}
    closed = books.close("x", [first, last], 2, ["long enough", "deduplicate"], READ)
    assert closed["errors"] == ["7 lines more came to steps that remove lines than those before them had kept"]


def test_rows_close_over_stages():
    first, last = receipts()
    first.inputs = {"answer": {"read": 10, "used": 0}, "revision": {"read": 3, "used": 1, "older revision": 2}}
    last.inputs = {"answer": {"read": 0, "used": 4, "orphan": 5, "repeated key": 1, "broken": 0}}
    closed = books.close("x", [first, last], 2, ["long enough", "deduplicate"], READ)
    assert closed["closed"]
    assert closed["inputs"] == {
        "answer": {"read": 10, "used": 4, "unused": {"orphan": 5, "repeated key": 1}},
        "revision": {"read": 3, "used": 1, "unused": {"older revision": 2}},
    }
    last.inputs["answer"]["orphan"] = 4
    closed = books.close("x", [first, last], 2, ["long enough", "deduplicate"], READ)
    assert any("10 rows of 'answer' were read" in error for error in closed["errors"])
    assert "inputs" not in books.close("x", receipts(), 2, ["long enough", "deduplicate"], READ)
