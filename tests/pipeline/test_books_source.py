"""Books whole: what 90 % means at n words, editions of real books, headers off before books are compared, books of any language."""

import json
import random

import made_run
import pytest
from shared_data import SHARED

from pipeline import explain
from pipeline.settings import SettingError
from pipeline.sources.books import LLAMA, Books

HEADER = "The Project Gutenberg EBook of {name}\n\nTitle: {name}\n\nLanguage: {language}\n\n*** START OF THIS PROJECT GUTENBERG EBOOK {name} ***\n\n"
FOOTER = "\n\n*** END OF THIS PROJECT GUTENBERG EBOOK {name} ***\n\nThis file should be named {name}.txt or {name}.zip.\n"


def words(seed, count, vocabulary=5000):
    dice = random.Random(seed)
    return [f"w{dice.randrange(vocabulary)}" for _ in range(count)]


def run(texts, tmp_path, config=LLAMA):
    """({name: row} of the kept, {name: (partner, overlap)} of those that lie in others, the outcome) of books of these texts."""
    folder = tmp_path / "in"
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    outcome = made_run.run("books", [folder], tmp_path / "out", config, tmp_path)
    kept, rejected = (made_run.rows(tmp_path / "out", "books", kind) for kind in ("clean", "rejected"))
    overlaps = {short(row["id"]): (short(row["partner"]), float(row["value"])) for row in rejected if row["partner"]}
    return {short(row["id"]): row for row in kept}, overlaps, outcome


def short(name):
    return name.rpartition("/")[2].removesuffix(".txt")


GRID = {
    # what is done to a book of 20,000 random words (the spec's toy, on which Simhash drops an 80 % truncation and keeps 10 % of edits)
    "one": (lambda book: edited(book, 0.01), 0.875, 0.954),
    "three": (lambda book: edited(book, 0.03), 0.67, 0.86),
    "ten": (lambda book: edited(book, 0.10), 0.25, 0.59),
    "cut95": (lambda book: book[: len(book) * 95 // 100], 1.0, 1.0),
    "cut50": (lambda book: book[: len(book) // 2], 1.0, 1.0),
    "mixed": (lambda book: book[: len(book) * 85 // 100] + words(9, len(book) * 15 // 100), 0.85, 0.85),
}


def edited(book, share):
    """The book with this share of its words changed, at random places."""
    dice = random.Random(share)
    return [f"x{i}" if dice.random() < share else word for i, word in enumerate(book)]


@pytest.mark.parametrize(("n", "column"), [(13, 0), (5, 1)])
def test_what_90_per_cent_means_hangs_on_n(tmp_path, n, column):
    """A changed word takes n n-grams with it; a part of a book lies in it whole. An independent book shares nothing."""
    book = words(1, 20_000)
    texts = {"whole": " ".join(book + words(4, 3000)), "other": " ".join(words(2, 19_000))}
    texts |= {name: " ".join(change(book)) for name, (change, *_) in GRID.items()}
    kept, overlaps, _ = run(texts, tmp_path, Books(words=n))
    expected = {name for name, (_, *shares) in GRID.items() if shares[column] > 0.9}
    assert set(overlaps) == expected
    assert set(kept) == set(texts) - expected
    assert all(partner == "whole" for partner, _ in overlaps.values())
    for name, (_, share) in overlaps.items():
        assert share == pytest.approx(GRID[name][1 + column], abs=0.01)


def test_headers_are_off_before_books_are_compared(tmp_path):
    """Short books under one long licence would lie in one another if it counted."""
    licence = " ".join(words(3, 3000))
    texts = {
        name: HEADER.format(name=name, language="French") + " ".join(words(name, 500)) + FOOTER.format(name=name) + licence
        for name in "abc"
    }
    kept, overlaps, _ = run(texts, tmp_path)
    assert not overlaps
    assert {name: (row["title"], row["language"], row["header"], row["footer"]) for name, row in kept.items()} == {
        name: (name, "fr", "marker", "marker") for name in "abc"
    }
    assert all(row["words"] == 500 for row in kept.values())
    _, overlaps, _ = run(texts, tmp_path / "raw", Books(remove_headers=False, max_overlap=0.8))
    assert len(overlaps) == 2, "without it the licence makes them one"


def test_the_spec_s_features_are_words_here(tmp_path):
    """RedPajama makes `itwasa`, `twasax` of it; here it is four words, as it is with other marks and in capitals."""
    kept, overlaps, _ = run({"a": "It was, a X!", "b": "IT -- WAS a\nx.", "c": "It was, a Y!"}, tmp_path)
    assert overlaps == {"b": ("a", 1.0)}
    assert set(kept) == {"a", "c"}


def test_languages_are_kept_unless_some_are_asked_for(tmp_path):
    texts = {
        language: HEADER.format(name=language, language=language) + " ".join(words(language, 300))
        for language in ("English", "German", "Klingon")
    }
    kept, _, _ = run(texts, tmp_path)
    assert set(kept) == set(texts)
    assert json.loads((tmp_path / "out" / "books" / "manifest.json").read_text())["counted"]["language"] == {"de": 1, "en": 1, "none": 1}
    kept, _, outcome = run(texts, tmp_path / "two", Books(languages=("en", "de")))
    assert set(kept) == {"English", "German"}
    assert outcome.books["dropped"]["languages"] == 1


def test_nothing_left_is_a_named_drop(tmp_path):
    kept, _, outcome = run({"a": HEADER.format(name="a", language="English") + FOOTER.format(name="a"), "b": "words"}, tmp_path)
    assert set(kept) == {"b"}
    assert outcome.books["dropped"]["something is left"] == 1


@pytest.mark.parametrize("change", [{"max_overlap": 0.0}, {"max_overlap": 1.0}, {"words": 0}, {"max_document_bytes": 0}])
def test_settings_that_make_no_sense_are_refused(change):
    with pytest.raises(SettingError):
        Books(**change)


def test_editions_of_real_books_are_one(tmp_path):
    """Every edition but one of Huckleberry Finn lies in it; German and French books stay beside English ones."""
    paths = sorted((SHARED / "books" / "gitenberg").glob("*/*.txt.gz")) + sorted((SHARED / "books" / "gitenberg").glob("*/old/*.txt.gz"))
    if not paths:
        pytest.skip("needs books/gitenberg of the shared data")
    made_run.run("books", paths, tmp_path / "out", LLAMA, tmp_path)
    kept = [row["id"] for row in made_run.rows(tmp_path / "out", "books", "clean", ["id"])]
    numbers = [name.split("/")[1] for name in kept]
    assert len(set(numbers)) == 10, "each book stays in one edition or more"
    rejected = made_run.rows(tmp_path / "out", "books", "rejected")
    assert all(row["id"].split("/")[1] == row["partner"].split("/")[1] for row in rejected), "no book lies in another book"
    assert numbers.count("76") == 1
    assert len(kept) + len(rejected) == len(paths)


def test_explain_names_the_book_that_contains_another(tmp_path, capsys):
    book = words(5, 400)
    run({"long": " ".join(book), "short": " ".join(book[20:380])}, tmp_path)
    assert explain.main(["books/short.txt", f"--output={tmp_path / 'out'}"]) == 0
    said = capsys.readouterr().out
    assert "over 0.9 of its distinct 13-grams lie in one kept document (it is 1)" in said
    assert "that is books/long.txt" in said
