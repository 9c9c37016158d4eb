"""Wikipedia end to end on made dumps: which pages stay, in what words, from which ranges of a file."""

import bz2
from dataclasses import replace

import made_mediawiki
import made_run
import pytest

from pipeline import files, plan
from pipeline.sources import wikipedia
from pipeline.sources.wikipedia import LLAMA

PROSE = "'''{0}''' is a [[town]] in the [[north|far north]].<ref>A book.</ref> Its area is {{{{convert|12|km2}}}}.\n\n== Sights ==\nThe ''old'' mill."


def run(tmp_path, paths, config=LLAMA, **more):
    return made_run.run("wikipedia", paths, tmp_path / "out", config, tmp_path, **more).books


def clean(tmp_path):
    return {row["title"]: row for row in made_run.rows(tmp_path / "out", "wikipedia", "clean")}


def fates(tmp_path):
    rows = made_run.rows(tmp_path / "out", "wikipedia", "rejected")
    return {row["id"].rpartition("/")[2]: (row["step"], row["value"]) for row in rows}


def dump(path, pages, **more):
    path.write_bytes(made_mediawiki.dump(pages, made_mediawiki.head(**more).replace(b'xml:lang="ll"', b'xml:lang="de"')))
    return path


def test_pages_that_are_no_articles_are_named(tmp_path):
    pages = [
        made_mediawiki.page(1, PROSE.format("Aby")),
        made_mediawiki.page(2, "#REDIRECT [[Aby]]"),
        made_mediawiki.page(3, "#WEITERLEITUNG [[Aby]]"),
        made_mediawiki.page(4, "Aby", inside=b'<redirect title="Aby" />'),
        made_mediawiki.page(5, "A talk.", ns=1),
        made_mediawiki.page(6, "  \n"),
        made_mediawiki.page(7, "{{stub}}"),
    ]
    books = run(tmp_path, [dump(tmp_path / "dewiki.xml", pages, dbname="dewiki")], replace(LLAMA, languages=None))
    assert set(clean(tmp_path)) == {made_mediawiki_title(1)}
    steps = {number: step for number, (step, _) in fates(tmp_path).items()}
    assert steps == {"2": "redirect", "3": "redirect", "4": "redirect", "5": "other namespace", "6": "no text", "7": "something is left"}
    assert books["inputs"]["revisions"]["used"] == 7


def made_mediawiki_title(number):
    return made_mediawiki.page(number, "").split(b"<title>")[1].split(b"</title>")[0].decode()


def test_the_text_is_plain_and_says_what_the_page_says(tmp_path):
    run(tmp_path, [dump(tmp_path / "enwiki.xml", [made_mediawiki.page(1, PROSE.format("Aby"))])], replace(LLAMA, languages=None))
    (row,) = clean(tmp_path).values()
    assert row["text"] == "Aby is a town in the far north. Its area is 12\N{NO-BREAK SPACE}km².\n\nSights\nThe old mill."
    assert (row["original_characters"], row["holes"]) == (len(PROSE.format("Aby")), 0)


def test_the_title_can_be_the_first_line(tmp_path):
    run(tmp_path, [dump(tmp_path / "enwiki.xml", [made_mediawiki.page(1, "A text.")])], replace(LLAMA, languages=None, title_in_text=True))
    ((title, row),) = clean(tmp_path).items()
    assert row["text"] == f"{title}\n\nA text."


def test_a_wiki_in_another_language_is_dropped_page_by_page(tmp_path):
    run(
        tmp_path,
        [dump(tmp_path / "x.xml", [made_mediawiki.page(1, "A text."), made_mediawiki.page(2, "Another.")])],
        replace(LLAMA, languages=("fr",)),
    )
    assert {step for step, _ in fates(tmp_path).values()} == {"languages"}


@pytest.mark.parametrize("part_bytes", [400, 1500, 10**9])
def test_ranges_of_a_multistream_dump_give_its_pages_once(tmp_path, monkeypatch, part_bytes):
    pages = [made_mediawiki.page(number, f"Page {number} of a dump. " * 20) for number in range(1, 20)]
    data, index = made_mediawiki.multistream(pages)[:2]
    path = tmp_path / "llwiki-20240101-pages-articles-multistream.xml.bz2"
    path.write_bytes(data)
    (tmp_path / "llwiki-20240101-pages-articles-multistream-index.txt.bz2").write_bytes(
        bz2.compress(index) if not index.startswith(b"BZh") else index
    )
    monkeypatch.setattr(wikipedia, "PART_BYTES", part_bytes)
    listing, _ = files.expand([str(tmp_path / "*.bz2")])
    units = plan.units("wikipedia", listing)
    assert len(units) == max(1, -(-len(data) // part_bytes))
    assert all(unit.companion.endswith("index.txt.bz2") for unit in units)
    books = run(tmp_path, [tmp_path / "*.bz2"], replace(LLAMA, languages=None))
    assert (books["in"], books["kept"], books["broken"]) == (19, 19, {})
    texts = [row["text"] for row in made_run.rows(tmp_path / "out", "wikipedia", "clean")]
    assert texts == [f"Page {number} of a dump. " * 19 + f"Page {number} of a dump." for number in range(1, 20)]


def test_a_dump_whose_name_is_another_wiki_s_than_its_siteinfo_is_that_of_its_name(tmp_path):
    path = tmp_path / "frwiki-20220620-pages-articles.xml"
    path.write_bytes(
        made_mediawiki.dump(
            [made_mediawiki.page(1, "Un texte. [[Fichier:A.jpg|vignette|Une image]]")], made_mediawiki.head(dbname="enwiki")
        )
    )
    books = run(tmp_path, [path])
    (row,) = clean(tmp_path).values()
    assert (row["id"], row["language"], row["text"]) == ("wikipedia/frwiki/1", "fr", "Un texte.")
    assert row["url"].startswith("https://fr.wikipedia.org/wiki/")
    assert books["noted"] == {wikipedia.DISPUTED: 1}


def test_a_file_name_that_is_no_wiki_s_disputes_nothing(tmp_path):
    path = tmp_path / "smallwiki-pages-articles.xml"
    path.write_bytes(made_mediawiki.dump([made_mediawiki.page(1, "A text.")], made_mediawiki.head(dbname="enwiki")))
    books = run(tmp_path, [path], replace(LLAMA, languages=None))
    assert set(books["noted"]) == set()
    assert [row["wiki"] for row in clean(tmp_path).values()] == ["enwiki"]
