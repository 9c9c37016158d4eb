import pytest

from pipeline import books
from pipeline.receipts import Receipt, StepCount


def receipts():
    first = Receipt(0, 0, "f", "a", 10, documents=10, refused={"not an HTML page": 2}, broken={"record is cut": 1}, kept=5)
    first.steps = [StepCount("long enough", 8, 5, 3)]
    last = Receipt(0, 1, "f", "a", 10, kept=4, lines={"in": 9, "kept": 6, "in another document": 3})
    last.steps = [StepCount("deduplicate", 5, 4, 1)]
    return [first, last]


def test_books_close():
    closed = books.close("x", receipts(), 2, ["long enough", "deduplicate"])
    assert closed["closed"]
    assert closed["in"] == 11 == closed["kept"] + sum(closed["dropped"].values()) + sum(closed["broken"].values())
    assert closed["dropped"] == {"not an HTML page": 2, "long enough": 3, "deduplicate": 1}
    assert [step["label"] for step in closed["steps"]] == [books.READ, "long enough", "deduplicate"]
    assert closed["lines"] == {"in": 9, "kept": 6, "dropped": {"in another document": 3}}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda first, last: setattr(first, "documents", 11), "in is 12"),
        (lambda first, last: setattr(last, "kept", 3), "the last step kept 4, but 3"),
        (lambda first, last: setattr(last.steps[0], "read", 6), "took 6 documents, but the step before kept 5"),
        (lambda first, last: setattr(first.steps[0], "dropped", 2), "took 8, but kept 5 and dropped 2"),
        (lambda first, last: last.lines.update(kept=7), "9 lines came in"),
    ],
)
def test_books_that_do_not_close_say_where(spoil, said):
    pair = receipts()
    spoil(*pair)
    closed = books.close("x", pair, 2, ["long enough", "deduplicate"])
    assert not closed["closed"]
    assert any(said in error for error in closed["errors"])


def test_budget_is_of_records_and_of_bytes():
    closed = books.close("x", receipts(), 2, ["long enough", "deduplicate"])
    assert books.over_budget(closed, 0, 100, 0.1) is None
    assert "1 of 11 records" in books.over_budget(closed, 0, 100, 0.05)
    assert "20 of 100 bytes" in books.over_budget(closed, 20, 100, 0.1)
    assert books.over_budget({"in": 0, "broken": {}}, 0, 0, 0.0) is None
    assert "bytes" in books.over_budget({"in": 0, "broken": {}}, 1, 0, 0.5)
