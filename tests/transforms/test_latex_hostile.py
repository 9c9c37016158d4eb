"""Texts made to be dear: eight times the text takes some eight times as long, what is repeated inside one command included; nothing grows out of its bound."""

import string
import time

import pytest

from transforms.latex import comments, expansion, main_file
from transforms.latex.assembly import assemble
from transforms.latex.expansion import Bounds, expand
from transforms.latex.project import Project

HEAD = r"\def\a{xy}\newcommand{\f}[1]{<#1>}\newcommand{\o}[2][d]{(#1#2)}\def\t#1.{[#1]}\long\def\u#1\end{[#1]}\newif\ifd\begin{document}\section{A}"


def names(count):
    return ["".join(string.ascii_lowercase[number // 26**place % 26] for place in range(4)) for number in range(count)]


def named(unit):
    """A unit with a new name each time."""
    return lambda size: "".join(unit.replace("NAME", name) for name in names(size // len(unit)))


def repeated(before, unit, after=""):
    return lambda size: before + unit * (size // len(unit)) + after


def two(before, first, between, second, after=""):
    return lambda size: before + first * (size // 2 // len(first)) + between + second * (size // 2 // len(second)) + after


def seconds(function, text):
    start = time.process_time()
    function(text)
    return time.process_time() - start


def check(function, make, fixed=0.05):
    """64 where the work is squared; 24, and what is fixed, leave room for a busy machine."""
    short, long = make(30_000), make(240_000)
    assert seconds(function, long) < 24 * min(seconds(function, short) for _ in range(2)) + fixed


EXPANDED = {
    "names without an end": repeated(HEAD, r"\csname x"),
    "tests of names without an end": repeated(HEAD, r"\ifcsname x"),
    "parameters without a body": repeated(HEAD, r"\def\a#1"),
    "prefixes": repeated(HEAD, r"\long"),
    "prefixes of two kinds": repeated(HEAD, r"\long\global"),
    "lines up to a delimiter": repeated(HEAD, "\\t x.\n"),
    "lines up to a delimiter in an argument": repeated(HEAD + r"\f{", "\\t x.\n", "}"),
    "a delimiter that its group lacks": repeated(HEAD + "{", r"\u ", "}"),
    "brackets that their group lacks": repeated(HEAD + "{", r"\o[ ", "}"),
    "blanks where a delimiter begins with one": repeated(HEAD + r"\long\def\w#1 x{y}\w a", "\n"),
    "blanks of many kinds where a delimiter begins with one": repeated(HEAD + r"\def\w#1 x{y}\w a", "\n\f"),
    "blank replacements": repeated(HEAD + r"\def\a{ }", r"\a "),
    "empty lines in a replacement": repeated(HEAD + r"\def\a{x", "\n", r"x}\a"),
    "a specification without end": repeated(HEAD + r"\NewDocumentCommand{\x}{", "m", r"}{y}\x"),
    "blanks in a flag": repeated(HEAD + r"\ifthenelse{\boolean{", " ", r"\x}}{}{}"),
    "backslashes in an address": repeated(HEAD + r"\url{", r"\x"),
    "blanks before an address's name": repeated(HEAD + r"\url{x}\def", " ", "x"),
    "digits of a comparison": repeated(HEAD + r"\ifnum", "1", r"<2 a\fi"),
    "long code of a class": two(HEAD + r"\makeatletter\def\a{\@x ", "x", "}", r"\a "),
    "a definition that grows": repeated(HEAD, r"\def\a\expandafter{\a x}"),
}


@pytest.mark.parametrize("name", EXPANDED)
def test_expansion_is_linear(name):
    check(expand, EXPANDED[name], 0.5 if name == "long code of a class" else 0.05)  # its uses are dear until they reach their bound
    if name in ("a delimiter that its group lacks", "long code of a class"):
        check(lambda text: expansion._read_package(text, Bounds(), False), EXPANDED[name], 0.5)


def test_environments_are_linear():
    for unit in (" ", "a "):
        check(lambda text: expand(text, environments=True), repeated(HEAD + r"\begin{a", unit, "x"))


COMMENTED = {
    "environments that are left out": named(r"\excludecomment{NAME}\begin{NAME}"),
    "environments that are verbatim": named(r"\lstnewenvironment{NAME}\begin{NAME}"),
}


@pytest.mark.parametrize("name", COMMENTED)
def test_comments_are_linear(name):
    check(comments.remove, COMMENTED[name])


PROJECTS = {
    "ways in which a macro reads files": lambda size: named(r"\def\i#1{\input{#1NAME}}\i{x}")(size // 4),
}


@pytest.mark.parametrize("name", PROJECTS)
def test_projects_are_linear(name):
    def work(text):
        project = Project({"main.tex": text, "a.tex": ""})
        main_file.choose(project, "x")
        assemble(project, "main.tex")

    check(work, PROJECTS[name])


@pytest.mark.parametrize("unit", ["\n", " "])
def test_a_readme_is_linear(unit):
    check(lambda text: main_file.read_readme("00README.XXX", text), repeated("x", unit, "x"))


def test_digits_without_end_are_no_number():
    digits = "1" * 5_000
    for text in (rf"\ifnum{digits}<2 a\fi", rf"\romannumeral{digits} "):
        assert expand(rf"\def\a{{}}{text}").text == text


def test_arguments_do_not_multiply_in_memory():
    text = rf"\newcommand{{\g}}[1]{{{'#1' * 20_000}}}\g{{{'x' * 200_000}}}"  # 4 GB
    found = expand(text)
    assert found.text == rf"\g{{{'x' * 200_000}}}"
    assert found.left == {"g": 1}


@pytest.mark.parametrize("body", ["#1", r"\def\b{#1}"])
def test_verbatim_arguments_do_not_multiply(body):
    argument = rf"\verb|{'x' * 100_000}|"
    text = rf"\newcommand{{\g}}[1]{{{body * 5_000}}}\g{{{argument}}}"  # 500 MB
    assert expand(text).text == rf"\g{{{argument}}}"


def test_a_name_ends_near_or_not_at_all():
    blanks = " " * 1_000
    assert expand(r"\def\a{x}\csname a\endcsname").text == "x"
    assert expand(rf"\def\a{{x}}\csname a{blanks}\endcsname").text == rf"\csname a{blanks}\endcsname"


def test_a_delimiter_does_not_reach_over_an_empty_line():
    text = "\\def\\t#1 x{[#1]}\\t a x, "
    assert expand(text + "\\t a\n\nb x").text == "[ a], \\t a\n\nb x"
    assert expand(text + "\\t a \n\n x").text == "[ a], \\t a \n\n x"
    assert expand(text + "\\t a \n x").text == "[ a], [ a]"
    assert expand("\\long" + text + "\\t a\n\nb x").text == "[ a], [ a\n\nb]"


def test_packages_are_read_once_and_papers_do_not_touch_them():
    package = r"\newcommand{\a}{x}\newif\ifd"
    before = expansion._held_package.cache_info().hits
    assert expand(r"\a\ifd 1\else 2\fi\def\a{y}\dtrue\a", package).text == "x2y"
    assert expand(r"\a\ifd 1\else 2\fi", package).text == "x2"
    assert expansion._held_package.cache_info().hits > before
    assert expand(r"\iffalse", r"\newlength\iffalse").notes == ()  # a name that a package takes is nobody's meaning any more
    assert expand(r"\a", package, Bounds(growth=1)).defined == expand(r"\a", package).defined
