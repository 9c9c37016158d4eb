"""Which file of a LaTeX project is the main one, by each rule in turn; arXiv's 00README; what is a notice of a withdrawal."""

import pytest

from transforms.latex.main_file import Choice, Readme, choose, read_readme, stub
from transforms.latex.project import Project

DOCUMENT = "\\documentclass{article}\n\\begin{document}\ntext\n\\end{document}\n"
LONG = DOCUMENT.replace("text", "\\section{A}\n\\section{B}")


def chosen(files, paper="2302.13971", readme=None):
    return choose(Project(files), paper, *([readme] if readme else []))


@pytest.mark.parametrize(
    ("files", "main"),
    [
        ({"a.tex": "\\section{x}", "b.tex": DOCUMENT, "c.tex": "% \\documentclass{x} \\begin{document}"}, "b.tex"),
        ({"a.tex": "\\verb|\\documentclass{x}\\begin{document}|", "b.tex": DOCUMENT}, "b.tex"),
        ({"a.tex": "\\documentstyle[12pt]{article}\\begin{document}\\end{document}"}, "a.tex"),
        ({"a.tex": "\\documentclass{x}\\input{b}", "b.tex": "\\begin{document}\\end{document}"}, "a.tex"),
        ({"a.tex": "\\input{b}\\begin{document}\\end{document}", "b.tex": "\\documentclass{x}"}, "a.tex"),
        ({"a.tex": DOCUMENT, "main.tex": DOCUMENT, "b.tex": LONG}, "main.tex"),
        ({"a.tex": DOCUMENT, "MS.tex": DOCUMENT}, "MS.tex"),
        ({"a.tex": DOCUMENT, "paper.tex": DOCUMENT}, "paper.tex"),
        ({"a.tex": DOCUMENT, "2302.13971.tex": DOCUMENT}, "2302.13971.tex"),
        ({"a.tex": DOCUMENT, "b.tex": LONG}, "b.tex"),
        ({"a.tex": DOCUMENT, "b.tex": DOCUMENT.replace("text", "\\input{c}"), "c.tex": "\\section{x}"}, "b.tex"),
        ({"a.tex": DOCUMENT, "b.tex": DOCUMENT}, "a.tex"),
        ({"old/main.tex": LONG, "draft.tex": DOCUMENT}, "draft.tex"),
        ({"src/main.tex": LONG, "src/draft.tex": DOCUMENT}, "src/main.tex"),
        ({"a.tex": LONG, "b.tex": DOCUMENT.replace("text", "\\subfile{a}")}, "b.tex"),
        ({"main.tex": LONG.replace("{article}", "[b]{subfiles}"), "b.tex": DOCUMENT}, "b.tex"),
        ({"main.tex": LONG.replace("{article}", "[tikz]{standalone}"), "b.tex": DOCUMENT}, "b.tex"),
        ({"main.tex": LONG.replace("{article}", "[tikz]{standalone}")}, "main.tex"),
        ({"main.tex": "%auto-ignore\n" + LONG, "b.tex": DOCUMENT}, "b.tex"),
        ({"paper.TEX": DOCUMENT}, "paper.TEX"),
        ({"paper.ltx": DOCUMENT, "paper.sty": DOCUMENT}, "paper.ltx"),
        ({"paper": DOCUMENT, "notes.txt": "text"}, "paper"),
        ({"paper.tex": "\\magnification=1200\ntext\n\\bye\n"}, "paper.tex"),
        ({"paper.tex": "\\input harvmac\ntext \\vfill\\eject\\end\n"}, "paper.tex"),
        ({"paper.tex": "\\input amstex\n\\documentstyle{amsppt}\n\\document\ntext\n\\enddocument\n"}, "paper.tex"),
        ({"a.tex": "text\\bye", "paper.tex": DOCUMENT}, "paper.tex"),
    ],
)
def test_the_main_file_of_a_project(files, main):
    found = chosen(files)
    assert (found.main, found.state) == (main, "latex")
    assert chosen(dict(reversed(files.items()))) == found


def test_the_identifier_of_an_old_paper_names_its_file():
    for name in ("9901001.tex", "hep-th9901001.tex"):
        assert chosen({"a.tex": DOCUMENT, name: DOCUMENT}, "hep-th/9901001").main == name


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({"a.tex": "\\section{x} text", "b.tex": "more"}, "no main file"),
        ({"a.tex": "\\begin{thebibliography}{1}\n\\end{thebibliography}"}, "no main file"),
        ({"a.tex": "\\documentclass{x} and no more"}, "no main file"),
        ({"a.tex": "Words alone, 5\\% of them. In the end. bye"}, "plain text"),
        ({"a.tex": "% \\bye\n% \\documentclass{x}\nwords"}, "plain text"),
        ({"a.tex": "\n \n"}, "empty"),
        ({"a.sty": DOCUMENT, "00README.XXX": DOCUMENT, "a.tex~": DOCUMENT, "a.tex_": DOCUMENT, "a.tex.bak": DOCUMENT}, "no main file"),
        ({}, "no main file"),
        ({"a.tex": "%auto-ignore\nThis paper has been withdrawn by the author(s),\ndue a crucial sign error in Eqn. 1.\n"}, "withdrawn"),
        ({"a.tex": "%auto-ignore\nSee the journal.\n"}, "withdrawn"),
        ({"a.tex": "This submission has been withdrawn.\n"}, "withdrawn"),
        ({"a.tex": "The author has withdrawn this article: Lemma 2 is false.\n"}, "withdrawn"),
        ({"a.tex": "Troops were withdrawn from the paper mill.\n" * 100}, "plain text"),
    ],
)
def test_why_there_is_no_main_file(files, state):
    assert chosen(files) == Choice(None, state, 0)


def test_other_main_files_are_counted():
    files = {
        "main.tex": DOCUMENT.replace("text", "\\input{part}"),
        "part.tex": DOCUMENT,
        "figure.tex": DOCUMENT.replace("{article}", "{standalone}"),
    }
    assert chosen(files) == Choice("main.tex", "latex", 0)
    assert chosen({**files, "supplement.tex": DOCUMENT}) == Choice("main.tex", "latex", 1)


def test_00readme_is_honoured():
    files = {"main.tex": DOCUMENT, "b.tex": DOCUMENT, "c.tex": DOCUMENT}
    old = read_readme("00README.XXX", "nohypertex\n b.tex  toplevelfile \nmain.tex ignore\nfig one.eps ignore\nx.dvi landscape\n")
    assert old == Readme(frozenset(["b.tex"]), frozenset(["main.tex", "fig one.eps"]))
    assert chosen(files, readme=old).main == "b.tex"
    new = read_readme("00README.json", '{"process": {}, "sources": [{"filename": "c.tex", "usage": "toplevel"}, {"filename": "x"}]}')
    assert new == Readme(frozenset(["c.tex"]), frozenset())
    assert chosen(files, readme=new).main == "c.tex"
    assert chosen(files, readme=Readme(frozenset(["none.tex"]), frozenset())).main == "main.tex"
    for broken in ("", "[]", "{", '{"sources": 5}', '{"sources": [5]}', "[" * 100_000):
        assert read_readme("00README.json", broken) is None


@pytest.mark.parametrize(
    ("inside", "state"),
    [
        ("This paper has been withdrawn by the authors due to an error.", "withdrawn"),
        ("\\maketitle % comment\n\\textbf{The manuscript was {\\em withdrawn}}", "withdrawn"),
        ("\\includepdf[pages=1-last]{paper.pdf}", "pdf only"),
        ("\\includepdf[pages=-]{paper.pdf} \\section{Erratum} text", None),
        ("\\includepdf{paper.pdf} " + "word " * 60, None),
        ("Troops have withdrawn. " + "word " * 400, None),
        ("text", None),
    ],
)
def test_a_main_file_that_holds_no_paper(inside, state):
    assert stub(DOCUMENT.replace("text", inside)) == state


def test_very_many_documents_are_chosen_from_in_time():
    files = {
        f"{number:05d}.tex": LONG.replace("\\section{A}", "".join(f"\\input{{{other:05d}}}" for other in range(50)))
        for number in range(2000)
    }
    assert chosen(files).main is not None
