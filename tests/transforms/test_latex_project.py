"""LaTeX projects: what a file reads is put in its place, whatever leads elsewhere is named; definitions of packages; bounds; linear time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.latex.assembly import Limits, assemble
from transforms.latex.project import Project
from transforms.latex.structure import structure

HEAD, FOOT = "\\documentclass{article}\n\\begin{document}\n", "\\end{document}\n"


def assembled(body, limits=None, main="main.tex", **files):
    names = {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}
    return assemble(Project({main: HEAD + body + FOOT, **names}), main, limits)


def body(body, **files):
    found = assembled(body, **files)
    assert found.text.startswith(HEAD)
    assert found.text.endswith(FOOT.rstrip())
    return found.text[len(HEAD) : -len(FOOT.rstrip())], found.notes, found.refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\\input{b}\nc\n", "a\nB\nc\n"),
        ("a\n\\input{b.tex}\nc\n", "a\nB\nc\n"),
        ("a\n\\input b\nc\n", "a\nB\nc\n"),
        ("a \\input b.tex c\n", "a B\n c\n"),
        ('a\n\\input{"b"}\n', "a\nB\n"),
        ('a\n\\input "b"\n', "a\nB\n"),
        ("a\n\\input{ ./b }\n", "a\nB\n"),
        ("a\n\\input{\n  b%\n}\n", "a\nB\n"),
        ("a\n\\input{s/x}\n", "a\nX\n"),
        ("a\n\\input{s/../b}\n", "a\nB\n"),
        ("{\\input{b}}\n", "{B\n}\n"),
        ("a\n\\include{b}\nc\n", "a\n\n\nB\n\n\nc\n"),
        ("\\import{s}{x}\n", "X\n"),
        ("\\import{s/}{y}\n", "Y X\n"),
        ("\\subimport{s/}{x}\n", "X\n"),
        ("\\import*{s}{x}\n", "X\n"),
        ("\\subfile{s/own}\n", "own X\n"),
        ("\\input{s/own.tex}\n", "own X\n"),
        ("\\input{\\jobname-more}\n", "more\n"),
        ("% \\input{b}\n", "% \\input{b}\n"),
        ("5\\% \\input{b}\n", "5\\% B\n"),
        ("\\\\input{b}\n", "\\\\input{b}\n"),
        ("\\\\\\input{b}\n", "\\\\B\n"),
        ("\\verb|\\input{b}|\n", "\\verb|\\input{b}|\n"),
        ("\\begin{verbatim}\n\\input{b}\n\\end{verbatim}\n", "\\begin{verbatim}\n\\input{b}\n\\end{verbatim}\n"),
        ("\\begin{comment}\n\\input{b}\n\\end{comment}\n\\input b\n", "\\begin{comment}\n\\input{b}\n\\end{comment}\nB\n"),
        ("\\inputs{b}\n", "\\inputs{b}\n"),
        ("\\newcommand{\\read}[2]{\\input{#1}}\n", "\\newcommand{\\read}[2]{\\input{#1}}\n"),
        ("\\input{figure.eps}\n", "\\input{figure.eps}\n"),
        ("\\input epsf\n", "\\input epsf\n"),
        ("\\input{\\folder/b}\n", "\\input{\\folder/b}\n"),
        ("\\input\n", "\\input\n"),
    ],
)
def test_what_is_read_stands_in_its_place(text, expected):
    own = "\\documentclass[../main]{subfiles}\n\\begin{document}\nown \\input{x}\n\\end{document}\nbehind\n"
    files = {"b_tex": "B\n", "s__x_tex": "X\n", "s__y_tex": "Y \\input{x}", "s__own_tex": own, "main-more_tex": "more"}
    assert body(text, **files) == (expected, (), ())


def test_a_comment_at_a_file_s_end_swallows_nothing():
    assert body("{\\input{b}}\n", b_tex="B % end")[0] == "{B % end\n}\n"


def test_what_cannot_be_read_is_named_and_goes():
    found = body(
        "a\n\\input{none}\nb \\input{../up} c\n\\input{/etc/passwd}\n\\input{C:/x}\n\\input{~/y}\n\\include{../../z}\n\\input{B}\nd\n",
        b_tex="b\n",
    )
    assert found[0] == "a\nb  c\nb\nd\n"
    assert found[1] == ("input file missing", "input outside the archive", "input found in another case")
    assert found[2] == (
        "input file missing: none",
        "input outside the archive: ../up",
        "input outside the archive: /etc/passwd",
        "input outside the archive: C:/x",
        "input outside the archive: ~/y",
        "input outside the archive: ../../z",
        "input found in another case: B",
    )


def test_cycles_end_where_they_close():
    text, notes, refused = body("\\input{a}\n", a_tex="A\n\\input{b}\nA\n", b_tex="B\n\\input{a}\n\\input{main}\nB\n")
    assert text == "A\nB\nB\nA\n"
    assert (notes, refused) == (("input cycle",), ("input cycle: a.tex", "input cycle: main.tex"))


def test_names_are_looked_for_beside_the_main_file_then_at_the_top_then_beside_the_file():
    files = {
        "src/main.tex": HEAD + "\\input{a}\\input{b}\\input{sub/c}" + FOOT,
        "src/a.tex": "src-a ",
        "a.tex": "top-a ",
        "b.tex": "top-b ",
    }
    files |= {"src/sub/c.tex": "c \\input{d} \\input{../../b}", "src/sub/d.tex": "sub-d"}
    found = assemble(Project(files), "src/main.tex")
    assert " ".join(found.text[len(HEAD) :].split()) == "src-a top-b c sub-d top-b \\end{document}"
    assert found.files == ("src/main.tex", "src/a.tex", "b.tex", "src/sub/c.tex", "src/sub/d.tex")


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("before \\endinput after\nnot", "before  after\n"),
        ("before\n\\endinput\nnot", "before\n"),
        ("before\\endinput", "before"),
        ("\\ifx\\a\\b\\else\\endinput\\fi\nyes\n", "\\ifx\\a\\b\\else\\endinput\\fi\nyes\n"),
        ("before % \\endinput\nyes\n", "before % \\endinput\nyes\n"),
    ],
)
def test_endinput(inner, expected):
    assert body("[\\input{b}]\n", b_tex=inner)[0] == "[" + expected + ("" if expected.endswith("\n") else "\n") + "]\n"


def test_what_follows_the_end_of_the_document_is_off():
    assert assembled("a\n\\input{b}\nc\n", b_tex="B\n\\end{document}\nnot\n").text == HEAD + "a\nB\n\\end{document}"
    commented = assembled("% \\end{document}\n\\verb|\\end{document}| a\n")
    assert commented.text.count("\\end{document}") == 3


def test_includeonly_is_honoured():
    head = "\\documentclass{book}\n\\includeonly{a, s/b}\n\\begin{document}\n"
    files = {"main.tex": head + "\\include{a}\\include{c}\\include{s/b}" + FOOT, "a.tex": "A", "c.tex": "C", "s/b.tex": "B"}
    found = assemble(Project(files), "main.tex")
    assert found.text[len(head) :].split() == ["A", "B", "\\end{document}"]
    assert found.refused == ("file left out by \\includeonly: c",)


@pytest.mark.parametrize(
    "definition",
    [
        "\\newcommand{\\chap}[1]{\\ifdefined\\x \\input{../#1} \\else \\input{#1} \\fi}",
        "\\newcommand\\chap[1]{\\clearpage\\input{#1.tex}}",
        "\\def\\chap#1{\\include{#1}}",
        "\\renewcommand*{\\chap}[1]{\\input{./#1}}",
    ],
)
def test_a_macro_of_the_paper_that_reads_files_is_followed(definition):
    found = assemble(
        Project({"main.tex": f"{definition}\n{HEAD}\\chap{{b}}\n\\chap {{c}}{FOOT}", "b.tex": "B\n", "c.tex": "C\n"}), "main.tex"
    )
    assert found.text == f"{definition}\n{HEAD}B\nC\n\\end{{document}}"
    assert not found.notes


def test_definitions_are_those_of_local_packages_in_the_order_in_which_they_are_read():
    files = {
        "main.tex": "\\documentclass[a,b]{own}\n\\usepackage[x]{amsmath,mine, %\n  other}\n% \\usepackage{not}\n\\begin{document}\n\\input{c}"
        + FOOT,
        "own.cls": "own-1\n\\LoadClass{deep}\n\\RequirePackage[y]{mine}\nown-2\n",
        "deep.cls": "deep \\end{document} in a definition\n",
        "mine.sty": "mine \\input{mine.def} \\RequirePackage{own,mine,third}\n\\endinput\nmanual",
        "mine.def": "def\n",
        "other.sty": "other\\ifx\\a\\b\\endinput\\fi\n",
        "third.sty": "third\n",
        "not.sty": "not",
        "c.tex": "\\usepackage{fourth}",
        "fourth.sty": "fourth",
    }
    found = assemble(Project(files), "main.tex")
    expected = "own-1 deep \\end{document} in a definition mine def third own-2 other\\ifx\\a\\b\\endinput\\fi fourth"
    assert found.definitions.split() == expected.split()
    assert found.files == ("main.tex", "c.tex")
    assert "\\usepackage{fourth}" in found.text


def test_the_packages_of_latex_209_are_the_options_of_documentstyle():
    files = {"main.tex": "\\documentstyle[12pt,mine]{own}\n\\begin{document}" + FOOT, "own.sty": "own", "mine.sty": "mine"}
    assert assemble(Project(files), "main.tex").definitions == "mineown"


def test_files_that_read_others_twice_end_at_their_bound():
    files = {
        "main.tex": HEAD + "\\input{f0}" + FOOT,
        **{f"f{n}.tex": f"\\input{{f{n + 1}}}\\input{{f{n + 1}}}x" for n in range(13)},
        "f13.tex": "",
    }
    for characters in (1000, 1 << 20):
        found = assemble(Project(files), "main.tex", Limits(inputs=2000, characters=characters))
        assert found.over
        assert len(found.text) <= characters
    wide = {"main.tex": HEAD + "\\input{f}" * 500 + FOOT, "f.tex": "\\input{g}" * 500, "g.tex": ""}
    begun = time.process_time()
    assert assemble(Project(wide), "main.tex").over
    assert time.process_time() - begun < 5


def test_inputs_that_are_too_deep_are_named():
    files = {"main.tex": HEAD + "\\input{f0}" + FOOT, **{f"f{n}.tex": f"{n} \\input{{f{n + 1}}}" for n in range(40)}}
    found = assemble(Project(files), "main.tex")
    assert found.text[len(HEAD) :].split() == [*map(str, range(14)), "\\end{document}"]
    assert found.refused == ("inputs too deep: f14.tex",)


def test_definitions_end_at_their_bound_and_the_text_stays():
    files = {"main.tex": "\\documentclass{a}\\usepackage{b}\n\\begin{document}" + FOOT, "a.cls": "a" * 100, "b.sty": "b" * 1000}
    found = assemble(Project(files), "main.tex", Limits(characters=500))
    assert (found.definitions, found.over, found.refused) == ("a" * 100, False, ("definitions over their bound: b.sty",))


HOSTILE = {
    "inputs on one line": "\\input{a}",
    "openers": "\\input{",
    "options": "\\usepackage[",
    "backslashes": "\\\\",
    "comments": "% \\input{a}",
    "inline code": "\\verb|",
    "lines": "x \\section y\n",
    "headings in a line": "\\section ",
    "definitions": "\\newcommand{\\a}[1]{",
    "wrapped": "\\def\\a#1{\\input{#1",
    "verbatim": "\\begin{verbatim}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_linear_in_a_file(name):
    def work(size):
        text = HOSTILE[name] * (size // len(HOSTILE[name]))
        best = 1e9
        for _ in range(3):
            begun = time.process_time()
            Project({"main.tex": text, "a.tex": ""}).reached("main.tex")
            structure(text)
            best = min(best, time.process_time() - begun)
        return best

    assert work(160_000) < 8 * 4 * work(20_000) + 0.05


def test_commands_that_are_held_are_bounded():
    project = Project({"a.tex": "\\input{x}" * 200_000, "b.tex": "\\input{x}"})
    assert len(project.structure("a.tex").commands) == 100_000
    assert not project.structure("b.tex").commands


LINES = st.lists(st.sampled_from(["a", "", "% c", "\\section{x} y", "\\verb|%| z", "5\\% of", "  \\\\ end"]), max_size=12)


@settings(deadline=None)
@given(st.recursive(LINES, lambda inner: st.lists(LINES | inner.map(tuple), max_size=4).map(lambda parts: [*parts]), max_leaves=12))
def test_a_text_cut_into_files_is_put_together_again(tree):
    """Any text, cut at line ends into files that read each other, comes out as it was."""
    files = {}

    def write(node):
        lines, whole = [], []
        for part in node:
            if isinstance(part, str):
                lines.append(part)
                whole.append(part)
            else:
                inner, text = write(part)
                name = f"f{len(files)}"
                files[f"{name}.tex"] = inner
                lines.append(f"\\input{{{name}}}")
                whole += text
        return "".join(line + "\n" for line in lines), whole

    source, whole = write(tree)
    files["main.tex"] = HEAD + source + FOOT
    found = assemble(Project(files), "main.tex")
    assert found.text == HEAD + "".join(line + "\n" for line in whole) + FOOT.rstrip()
    assert not found.notes
