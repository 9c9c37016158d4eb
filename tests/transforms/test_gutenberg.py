"""Headers and footers of Project Gutenberg: the pairs of c-w/gutenberg, every form that is known, and the traps of its heuristics."""

import gzip
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from transforms import gutenberg
from transforms.gutenberg import strip
from transforms.gutenberg_header import Header, language_code, parse

BOOKS = SHARED / "books"
BODY = "  CHAPTER I\n\nThe miller had gone home before it rained.\n\n\n  THE END"
LICENCE = """
***** This file should be named 10026.txt or 10026.zip *****
Updated editions will replace the previous one--the old editions
will be renamed.

*** START: FULL LICENSE ***

THE FULL PROJECT GUTENBERG LICENSE
PLEASE READ THIS BEFORE YOU DISTRIBUTE OR USE THIS WORK

*** END: FULL LICENSE ***
"""
FIELDS = """The Project Gutenberg eBook, A Title, by Ann Author

Title: A Title that goes
on and on

Author:  Ann Author

Release Date: October 9, 2003  [eBook #10026]

Language: English

Chatacter set encoding: US-ASCII

"""
SMALL_PRINT = """The Project Gutenberg Etext of The Devil's Dictionary by Bierce
#3 in our series by Ambrose Bierce  [From Wiretap]

July, 1997  [Etext #972]

The Project Gutenberg Etext of The Devil's Dictionary by Bierce
*****This file should be named dvldc10.txt or dvldc10.zip******

***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***
Why is this "Small Print!" statement here?  You know: lawyers.
*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*
"""
HEADERS = {
    "this": (FIELDS + "*** START OF THIS PROJECT GUTENBERG EBOOK A TITLE ***\n", "marker"),
    "the, without a space": (FIELDS + "***START OF THE PROJECT GUTENBERG EBOOK A TITLE***\n", "marker"),
    "small letters": (FIELDS + " *** Start of this Project Gutenberg eBook a title ***\n", "marker"),
    "wrapped": (FIELDS + "***START OF THE PROJECT GUTENBERG EBOOK A TITLE\nTHAT GOES ON,\nAND ON***\n", "marker"),
    "never closed": (FIELDS + "*** START OF THE PROJECT GUTENBERG EBOOK A TITLE\nTHAT GOES ON\n", "marker"),
    "small print": (SMALL_PRINT, "small print"),
    "small print of 2002": (SMALL_PRINT.replace("*END*THE", "*END THE"), "small print"),
    "small print of copyrighted": (SMALL_PRINT.replace("*END*THE SMALL PRINT! FOR", "*SMALL PRINT! Ver.03.17.02 FOR"), "small print"),
    "version of the small print": (SMALL_PRINT.replace("*END*THE SMALL PRINT!", '["Small Print" V.12.08.93]'), "small print"),
    "new over old": (FIELDS + "*** START OF THIS PROJECT GUTENBERG EBOOK A TITLE ***\n\n" + SMALL_PRINT, "marker"),
    "no marker": (FIELDS, "credits"),
    "credits alone, as in PG-19": ("\n\n\nProduced by Ann Other and the Online Distributed\nProofreading Team\n", "credits"),
    "none": ("", "none"),
}
FOOTERS = {
    "this": ("*** END OF THIS PROJECT GUTENBERG EBOOK A TITLE ***\n" + LICENCE, "marker"),
    "the, wrapped": ("***END OF THE PROJECT GUTENBERG EBOOK A TITLE\nTHAT GOES ON***\n" + LICENCE, "marker"),
    "line above": (
        "End of Project Gutenberg's A Title,\nby Ann Author\n\n*** END OF THE PROJECT GUTENBERG EBOOK X ***\n" + LICENCE,
        "marker",
    ),
    "licence cut off": ("*** END OF THE PROJECT GUTENBERG EBOOK A TITLE ***\n", "marker"),
    "copyrighted": ("*** END OF THE COPYRIGHTED PROJECT GUTENBERG EBOOK A TITLE ***\n" + LICENCE, "marker"),
    "two languages": ("Ende dieses Projekt Gutenberg Etextes X\n\nEnd of Project Gutenberg Etext X, von Y\n", "end line"),
    "etext": ("End of The Project Gutenberg Etext of A Title by Author\n", "end line"),
    "german": ('Ende dieses Etextes "X" von Y\n', "end line"),
    "french": ("Fin de Project Gutenberg's X\n", "end line"),
    "french of": ("Fin du Projet Gutenberg EBook de X\n", "end line"),
    "dutch": ("Einde van het Project Gutenberg EBook van X\n" + LICENCE, "end line"),
    "copyrighted etext": ("**This is a COPYRIGHTED Project Gutenberg Etext, Details Above**\n", "end line"),
    "licence alone": (LICENCE.partition("renamed.")[2], "licence"),
    "small print below": (SMALL_PRINT[SMALL_PRINT.index("***START**") :], "licence"),
    "none": ("", "none"),
}


@pytest.mark.parametrize("number", ["10026", "10089", "1013", "33956", "39397"])
def test_the_pairs_of_raw_and_clean_texts_agree(number):
    """Equal character for character but for the ends of lines (LF) and blank lines at both ends, which the clean files keep."""
    raw, clean = (BOOKS / "c-w-gutenberg" / folder / f"{number}.txt.gz" for folder in ("raw", "clean"))
    if not raw.exists():
        pytest.skip("needs shared/data/books/c-w-gutenberg")
    found = strip(gzip.decompress(raw.read_bytes()).decode())
    assert found.text == gzip.decompress(clean.read_bytes()).decode().replace("\r\n", "\n").strip("\n")
    assert (found.header, found.footer, found.number, found.language) == ("marker", "marker", number, "en")


@pytest.mark.parametrize("footer", FOOTERS)
@pytest.mark.parametrize("header", HEADERS)
def test_every_form_of_header_and_footer(header, footer):
    above, how_above = HEADERS[header]
    below, how_below = FOOTERS[footer]
    found = strip(f"{above}\n\n{BODY}\n\n\n{below}".replace("\n", "\r\n"))
    assert (found.text, found.header, found.footer) == (BODY, how_above, how_below)


@pytest.mark.parametrize("credit", [
    "Produced by Julia Miller and the Online Distributed\nProofreading Team at http://www.pgdp.net (This file was\nproduced from images)",
    "E-text prepared by Jonathan Ingram",
    "This Project Gutenberg Etext was prepared by Barry Haworth.",
    "This eBook was Produced by David Widger, [widger@cecomet.net]\nEdition 11 was produced by Ron Burkey",
    "This etext was produced by Michael Pullen",
    "[This etext was prepared by Ann Other]",
    "Transcribed from the 1889 Cassell & Company edition by David Price, email\nccx074@pglaf.org",
    "Scanned and proofed by David Price",
    "HTML version by Al Haines.",
    "Prepared by Sue Asscher asschers@bigpond.com",
    "Note: Project Gutenberg also has an HTML version of this\n      file which includes the original illustration.",
    "Note: Images of the original pages are available through\n      Internet Archive. See\n      http://archive.org/details/x",
    'Dieses Buch wurde uns freundlicherweise vom "Gutenberg Projekt-DE"\nzur Verfuegung gestellt.',
])  # fmt: skip
def test_credits_below_the_header_go(credit):
    assert strip(f"{HEADERS['this'][0]}\n\n\n\n{credit}\n\n\n{BODY}").text == BODY


@pytest.mark.parametrize("first", [
    "Transcriber's Note\n\nObvious typographical errors have been corrected.",
    "PREFACE\n\nThis play was first\nproduced by Mr. Garrick.\n\nProduced by Ann Other",
    "Copyright (C) 2002 David Wyllie.",
    "THE MIRROR OF LITERATURE,\nPRODUCED WEEKLY BY J. LIMBIRD.",
])  # fmt: skip
def test_what_belongs_to_the_book_stays(first):
    """The reference lets the last `Produced by` among the first 600 lines take away all that stands before it, a preface too."""
    assert strip(f"{HEADERS['this'][0]}\nProduced by Ann Other\n\n{first}\n\n{BODY}").text == f"{first}\n\n{BODY}"


def test_a_short_book_loses_its_footer():
    """The reference looks for no footer before line 100: the whole licence stays under a poem."""
    assert strip(HEADERS["this"][0] + "\nA poem." + "\n\n" + FOOTERS["this"][0]).text == "A poem."


@pytest.mark.parametrize("phrase", [
    "The Project Gutenberg Etext of Hamlet was the first that I read.",
    "End of the Project Gutenberg EBook of Hamlet, said the screen.",
    "*** END OF THIS PROJECT GUTENBERG EBOOK HAMLET ***",
    "We need your donations more than ever!",
    "*** START: FULL LICENSE ***?",
])  # fmt: skip
@pytest.mark.parametrize("length", [3_000, 60_000])
@pytest.mark.parametrize("footer", ["this", "etext", "none"])
def test_a_phrase_in_the_body_does_not_end_the_book(phrase, length, footer):
    """The reference ends the book at the first of these, wherever it stands."""
    rest = "More of the book.\n" * (length // 18)
    body = f"{BODY}\n\n{phrase}\n\n{rest}".rstrip()
    found = strip(f"{HEADERS['this'][0]}\n{body}\n\n{FOOTERS[footer][0]}").text
    if footer == "none" and "FULL LICENSE" in phrase and length < gutenberg.TAIL:
        assert found == BODY.rstrip()  # the licence's own title, near the end of a text that has no other mark, is taken for the licence
    else:
        assert found == body


def test_a_licence_far_below_ends_the_book_itself():
    body = f"{BODY}\n\nEnd of the Project Gutenberg EBook of Hamlet, said the screen.\n\n" + "More of the book.\n" * 400
    found = strip(
        HEADERS["this"][0] + "\n" + body + "\n\n*** START: FULL LICENSE ***\n\nTHE FULL PROJECT GUTENBERG LICENSE\n" + "Section 1.\n" * 300
    )
    assert (found.text, found.footer) == (body.rstrip(), "licence")


@pytest.mark.parametrize(
    "first",
    ["Write to the author: ann@example.org", "Scans at The Internet Archive were of help.", "A life of Project Gutenberg's founder"],
)
def test_a_book_that_is_not_gutenberg_s_keeps_its_first_paragraph(first):
    text = f"{first}\n\n{BODY}"
    assert (strip(text).text, strip(text).header) == (text, "none")


def test_the_start_marker_in_a_later_part_of_a_book_is_of_the_book():
    body = BODY + "\n\n*** START OF THIS PROJECT GUTENBERG EBOOK HAMLET ***\n\nMore."
    assert strip(HEADERS["this"][0] + "\n" + body).text == body
    assert strip("A line.\n" * 1000 + body).text == "A line.\n" * 1000 + body


def test_the_licence_within_shakespeare_goes():
    within = "<<THIS ELECTRONIC VERSION OF THE COMPLETE WORKS OF WILLIAM\nSHAKESPEARE IS COPYRIGHT 1990-1993 BY\nSERVICE THAT CHARGES FOR DOWNLOAD\nTIME.>>\n\n"
    assert strip(f"SCENE I\n\n{within}SCENE II\n\n{within}SCENE III").text == "SCENE I\n\nSCENE II\n\nSCENE III"


def test_line_ends_marks_and_form_feeds():
    assert strip("\ufeffa\r\nb\rc\r\r\nd\n\fe\ff\f\ng").text == "a\nb\nc\nd\ne\nf\ng"
    assert strip("\n \n  one\n\n[Pg 12]\n\ntwo  \n\n").text == "  one\n\n[Pg 12]\n\ntwo"
    assert strip("") == gutenberg.Stripped("", "none", "none", Header())


def test_fields_of_every_generation():
    header = parse(FIELDS + "*** START OF THIS PROJECT GUTENBERG EBOOK ***\nTitle: not this")
    assert header == Header("A Title that goes on and on", "Ann Author", "en", "10026", "US-ASCII")
    untitled = "Project Gutenberg\n\n*** START OF THIS PROJECT GUTENBERG EBOOK ***\n\nTitle: not this\n\nLanguage: French\n"
    assert parse(untitled) == Header()
    assert parse("Project Gutenberg\n" + "x\n" * 4500 + "Title: not this\n") == Header()
    assert parse(SMALL_PRINT + BODY) == Header("The Devil's Dictionary", "Bierce", None, "972", None)
    new = FIELDS.replace("[eBook #10026]", "[eBook #10026]\r\n                Most recently updated: May 1, 2021").replace("\n", "\r\n")
    assert parse(new).number == "10026"
    assert parse('Project Gutenberg Etext "Faust: Teil 1", von Goethe\n\nThis Etext is in German\n') == Header(
        "Faust: Teil 1", "Goethe", "de"
    )
    assert parse("Project Gutenberg's Alice, by Lewis Carroll\n").title == "Alice"
    assert parse("Title: A Novel\n\nAuthor: Somebody\n\nLanguage: English\n") == Header()
    stripped = strip(FIELDS + BODY)
    assert (stripped.title, stripped.author, stripped.language, stripped.encoding) == (
        "A Title that goes on and on",
        "Ann Author",
        "en",
        "US-ASCII",
    )


@pytest.mark.parametrize(("name", "code"), [
    ("English", "en"), ("french", "fr"), ("Ancient  Greek", "grc"), ("French and English", "fr"), ("German, Latin", "de"), ("Middle English", "enm"),
    ("English (with Latin)", "en"), ("fr", "fr"), ("Klingon", None), ("", None), ("Scots Gaelic", "gd"),
])  # fmt: skip
def test_languages_by_their_names(name, code):
    assert language_code(name) == code


line = st.text(st.characters(codec="utf-8", exclude_characters="\r\f\ufeff", exclude_categories=["Cs"]), max_size=60)


@given(st.lists(line, min_size=1, max_size=30), st.sampled_from(sorted(HEADERS)), st.sampled_from(sorted(FOOTERS)))
def test_any_body_comes_back(lines, header, footer):
    body = gutenberg._without_blank_ends("x\n" + "\n".join(lines)).replace("*", "+").replace("@", "+")
    assert strip(HEADERS[header][0] + "\n\n" + body + "\n\n\n" + FOOTERS[footer][0]).text == body


@pytest.mark.parametrize("unit", [" ", "*", "\n", "\n ", "\r", "\f", "<<THIS ELECTRONIC VERSION OF ", "*** END OF THE PROJECT GUTENBERG EBOOK X\n",
                                  "Produced by x by\n\n", "Project Gutenberg's x by y, by \n", "*** START OF THIS PROJECT GUTENBERG x\n",
                                  "Title: x\n a\n"])  # fmt: skip
def test_work_grows_with_the_text_alone(unit):
    def cost(text):
        best = 9.0
        for _ in range(3):
            begun = time.process_time()
            strip(text)
            best = min(best, time.process_time() - begun)
        return best

    large = cost("Project Gutenberg\n" + unit * (1_600_000 // len(unit)))
    assert large < 40 * cost("Project Gutenberg\n" + unit * (200_000 // len(unit))) + 0.05
    assert large < 80 * cost("The miller had gone home before it rained.\r\n" * 45_000), "an ordinary book of that size"


REAL = {
    "11/old/alice30": ("                ALICE'S ADVENTURES IN WONDERLAND", "                             THE END", "small print", "none"),
    "2229/2229-8": ("  Faust: Der Tragödie erster Teil", "  Heinrich!  Heinrich!", "marker", "marker"),
    "2229/old/7fau110": ("Faust: Der Tragoedie erster Teil", "Heinrich!  Heinrich!", "small print", "end line"),
    "2229/old/8fau110": ("Faust: Der Tragödie erster Teil", "Heinrich!  Heinrich!", "small print", "end line"),
    "44157/44157-0": ("  Au lecteur.", "               vensterbank.)", "marker", "marker"),
    "76/old/hfinn10": ("  The INTERNET WIRETAP First Electronic Edition of", "                       THE END", "small print", "none"),
    "76/old/hfinn12": ("NOTICE", "and sivilize me, and I can't stand it.  I been there before.", "marker", "marker"),
    "972/old/dvldc10": ("The Internet Wiretap 1st Online Edition of", "", "small print", "end line"),
}


def test_real_editions_lose_all_that_names_the_project():
    paths = sorted(BOOKS.glob("gitenberg/**/*.txt.gz"))
    if not paths:
        pytest.skip("needs shared/data/books/gitenberg")
    for path in paths:
        data = gzip.decompress(path.read_bytes())
        text = data.decode("utf-8-sig" if path.name.endswith("-0.txt.gz") else "cp1252")
        found = strip(text)
        assert "gutenberg" not in found.text.lower(), path
        assert found.header != "none"
        assert 0.85 * len(text.replace("\r\n", "\n")) - 30_000 < len(found.text) < len(text.replace("\r\n", "\n")) - 8_000
        assert strip(found.text).text == found.text
        expected = REAL.get(str(path.relative_to(BOOKS / "gitenberg"))[: -len(".txt.gz")])
        if expected:
            assert found.text.startswith(expected[0] + "\n")
            assert found.text.endswith(expected[1])
            assert (found.header, found.footer) == expected[2:]
