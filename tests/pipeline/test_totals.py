"""Sums of receipts: equal to the plain sum, in any order, and no larger for many units."""

import itertools
import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from pipeline import totals
from pipeline.receipts import SAMPLES, Receipt, StepCount

counts = st.dictionaries(st.sampled_from("abc"), st.integers(1, 5), max_size=3)
ledgers = st.dictionaries(st.sampled_from("xy"), counts, max_size=2)


@st.composite
def receipts(draw):
    made = []
    for unit in range(draw(st.integers(0, 5))):
        receipt = Receipt(unit, 0, "f", f"{unit}.warc", 10, documents=draw(st.integers(0, 9)), broken=draw(counts))
        receipt.lines, receipt.inputs = draw(ledgers), draw(ledgers)
        receipt.steps = [StepCount(label, n, n, 0) for label, n in draw(counts).items()]
        receipt.histograms = {"characters": draw(counts)}
        receipt.samples = [
            {"step": "s", "fate": "kept", "id": f"{unit}/{rank}", "rank": rank} for rank in draw(st.lists(st.integers(0, 99), max_size=4))
        ]
        made.append(receipt)
    return made


def add_all(made):
    total = totals.of_stage(0)
    for receipt in made:
        total.add(receipt)
    return total


@given(receipts())
def test_a_total_is_the_plain_sum_in_any_order(made):
    total, back = add_all(made), add_all(made[::-1])
    assert total.documents == sum(receipt.documents for receipt in made)
    for name in "abc":
        assert total.broken.get(name, 0) == sum(receipt.broken.get(name, 0) for receipt in made)
        for ledger, label in itertools.product(("lines", "inputs"), "xy"):
            plain = sum(getattr(receipt, ledger).get(label, {}).get(name, 0) for receipt in made)
            assert getattr(total, ledger).get(label, {}).get(name, 0) == plain
        read = sum(step.read for receipt in made for step in receipt.steps if step.label == name)
        assert sum(step.read for step in total.steps if step.label == name) == read
    ranks = sorted((row["rank"], row["id"]) for receipt in made for row in receipt.samples)[:SAMPLES]
    assert [(row["rank"], row["id"]) for row in total.samples] == ranks
    assert (total.broken, total.samples, total.histograms, total.places) == (back.broken, back.samples, back.histograms, back.places)
    assert total.broken_places == sum(len(receipt.broken) for receipt in made)


def test_a_total_does_not_grow_with_the_units():
    def size(units):
        total = totals.of_stage(0)
        for unit in range(units):
            domains = {"kept": {f"{unit:05}-{n:03}.example": 1 for n in range(200)}}
            total.add(Receipt(unit, 0, "f", f"{unit:05}.warc", 10, broken={"cut": 1, "wrong": 2}, domains=domains, seconds=1.0))
        return len(json.dumps(asdict(total)))

    bound = 60 * 2 * totals.MERGED_DOMAINS  # bytes, at some 30 for each domain of each fate
    assert size(400) < bound
    assert size(1200) < bound
