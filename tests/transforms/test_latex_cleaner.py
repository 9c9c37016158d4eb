"""Against arxiv-latex-cleaner's own test: its input, and the output that it expects, as far as comments go."""

import re

import pytest
from shared_data import SHARED

from transforms.latex.comments import remove

CLEANER = SHARED / "arxiv" / "latex-cleaner"
BRACED = r"\{((?:[^{}]|\{[^{}]*\})*)\}"


def lines(text):
    """Lines that are not blank. The cleaner leaves a bare % where an inline comment was, and blank lines where an environment was: both are no comments,
    and what blank lines are worth is the concern of test_latex_comments."""
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def without_other_rules(text):
    """What the cleaner does beside comments, as its test configures it: it takes two kinds of notes out (\\mytodo, mynote) and a colour off its text (\\red),
    puts a picture for the drawing that it is given one of, and drops what is behind \\end{document}. Files that nothing includes it does not copy."""
    text = re.sub(rf"\\mytodo{BRACED}", "", text)
    text = re.sub(r"\\begin\{mynote\}.*?\\end\{mynote\}", "", text, flags=re.S)
    text = re.sub(rf"\\red{BRACED}", r"\1", re.sub(rf"\\red{BRACED}", r"\1", text))
    drawing = r"\\tikzsetnextfilename\{test1\}\s*\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}"
    text = re.sub(drawing, r"\\includegraphics{ext_tikz/test1.pdf}", text, flags=re.S)
    return text.split("\\end{document}")[0] + "\\end{document}"


def cleaner(name):
    path = CLEANER / "tex" / name
    if not path.exists():
        pytest.skip(f"needs {path}")
    return path.read_text(), (CLEANER / "tex_arXiv_true" / name).read_text()


def test_the_main_file():
    text, expected = cleaner("main.tex")
    removed = remove(text)
    assert lines(without_other_rules(removed.text)) == lines(remove(expected).text)
    assert removed.notes == ()
    behind_text, environments, conditionals = 4, 1, 4  # \if false, \iffalse twice, \iftrue
    assert removed.comments == text.count("\n%") + behind_text + environments + conditionals


def test_a_file_that_it_includes():
    text, expected = cleaner("figures/figure_included.tex")
    assert lines(remove(text).text) == lines(remove(expected).text)


def test_its_output_has_bare_percents_alone():
    _, expected = cleaner("main.tex")
    assert set(re.findall(r"(?<!\\)%.*", expected)) == {"%"}
