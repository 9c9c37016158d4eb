"""One report for all that an output holds: the books' numbers, beside the paper's Table 1, whether sources were run together or one by one."""

import json

import made_output
import made_run
import pytest

from mixtures.llama import TABLE_1
from pipeline import overview
from pipeline.sources import books, stackexchange

POST = '<posts>\n<row Id="1" PostTypeId="1" Score="2" Title="T" Body="&lt;p&gt;Body&lt;/p&gt;" CreationDate="2020-01-01T00:00:00.000" />\n</posts>\n'


@pytest.fixture
def output(tmp_path):
    """An output of books (two read, one kept) and of one question."""
    (tmp_path / "in").mkdir()
    for name in "ab":
        (tmp_path / "in" / f"{name}.txt").write_text("the same few words, twice")
    (tmp_path / "a.example").mkdir()
    (tmp_path / "a.example" / "Posts.xml").write_text(POST)
    made_run.run("stackexchange", [tmp_path / "a.example" / "Posts.xml"], tmp_path / "out", stackexchange.LLAMA, tmp_path)
    made_run.run("books", [tmp_path / "in"], tmp_path / "out", books.LLAMA, tmp_path)
    return tmp_path / "out"


def test_each_source_stands_beside_the_papers_row(output):
    path = overview.write(str(output))
    assert path == str(output / "report.html")
    page = (output / "report.html").read_text()
    found = made_output.rows(page, "Pre-training data, here and in the paper")
    text = {name: json.loads((output / name / "manifest.json").read_text())["clean_text_bytes"] for name in ("books", "stackexchange")}
    assert text == {"books": 25, "stackexchange": len("Q: T\n\nBody")}
    assert list(found) == ["books", "stackexchange", "all"], "in the paper's order, not the alphabet's or the runs'"
    assert found["books"] == ["1", "25 bytes", "71.4%", "1.8%", "85.0 GB", "4.5%", "2.23"]
    assert found["stackexchange"] == ["1", "10 bytes", "28.6%", "1.6%", "78.0 GB", "2.0%", "1.03"]
    assert found["all"][:2] == ["2", "35 bytes"]
    assert "more than 90% content overlap" in page
    assert 'href="books/report.html"' in page


def test_what_did_not_end_is_left_out_and_open_books_are_said(output):
    (output / "books" / "manifest.json").unlink()
    closed = output / "stackexchange" / "books.json"
    closed.write_text(json.dumps({**json.loads(closed.read_text()), "closed": False}))
    overview.write(str(output))
    page = (output / "report.html").read_text()
    assert list(made_output.rows(page)) == ["stackexchange", "all"]
    assert "The books of stackexchange do not close." in made_output.text(page)


def test_an_empty_output_has_no_report(tmp_path):
    assert overview.write(str(tmp_path)) is None


def test_the_paper_s_rows_add_up():
    """Proportions to 100 %, disk to the spec's 4.749 TB."""
    assert sum(row.proportion for row in TABLE_1.values()) == 100
    assert round(overview.PAPER_DISK / 1e12, 3) == 4.749
