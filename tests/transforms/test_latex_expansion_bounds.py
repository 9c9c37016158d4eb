"""Bombs end soon and stay as written; work grows with the text and no faster; nothing raises, whatever the text."""

import string
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.latex.expansion import expand
from transforms.latex.macros import Bounds


class Counted:
    """Counts the function calls of a run: work that a busy machine does not change."""

    def __enter__(self) -> "Counted":
        self.calls = 0
        sys.setprofile(self._count)
        return self

    def _count(self, frame: object, event: str, argument: object) -> None:
        self.calls += event in ("call", "c_call")

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)


def doubling(levels: int) -> str:
    names = string.ascii_lowercase[: levels + 1]
    return "".join(rf"\def\{name}{{\{after}\{after}}}" for name, after in pairwise(names)) + rf"\def\{names[-1]}{{x}}"


BOMBS = {
    "itself": (r"\def\a{\a}", "a"),
    "itself with more behind": (r"\def\a{\a x}", "a"),
    "itself with more before": (r"\def\a{x\a}", "a"),
    "each other": (r"\def\a{\b}\def\b{\a}", "a"),
    "doubling": (doubling(24), "a"),
    "doubling arguments": (r"\def\a#1{\a{#1#1}}", "a"),
    "growing by definition": (r"\def\c{x}\def\a{\edef\c{\c\c}\a}", "a"),
    "in a name": (r"\def\a{\csname\a\endcsname}", "a"),
    "by conditionals": (r"\def\a{\iftrue\a\else\fi}", "a"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_stays_as_written(name: str) -> None:
    definitions, macro = BOMBS[name]
    with Counted() as work:
        found = expand(definitions + rf"before \{macro}{{z}} between \{macro}{{z}} after")
    assert found.text.endswith(rf"before \{macro}{{z}} between \{macro}{{z}} after")
    assert found.left[macro] == 2
    assert len(found.notes) == 1
    assert work.calls < 1_200_000


def test_a_bomb_harms_nothing_else() -> None:
    found = expand(r"\def\a{\a\a}\def\b{ok}{\def\b{no}\a}\b")
    assert found.text == r"{\a}ok"


def test_what_a_bomb_defined_is_undone() -> None:
    assert expand(r"\def\b{1}\def\a{\gdef\b{2}\a\a}\a \b").text == r"\a 1"


def test_a_bomb_defined_anew_works() -> None:
    assert expand(r"\def\a{\a\a}\a\def\a{x}\a").text == r"\a x"


def test_growth_is_bounded() -> None:
    bounds = Bounds(growth=2, floor=1000)
    source = r"\newcommand{\a}[1]{#1#1#1#1#1#1#1#1#1#1}\a{\a{\a{x}}}"
    found = expand(source, bounds=bounds)
    assert len(found.text) <= bounds.growth * len(source) + bounds.floor + len(source)
    assert found.left
    assert len(expand(source).text) == 1000


def test_output_and_expansions_have_bounds_of_their_own() -> None:
    source = r"\newcommand{\a}[1]{#1#1#1#1#1#1#1#1#1#1}\a{\a{\a{x}}} \a{y}"
    loud = expand(source, bounds=Bounds(growth=0, floor=500, effort=1000))
    assert any("characters of output" in note for note in loud.notes)
    many = expand(source, bounds=Bounds(uses=50))
    assert many.notes == (r"\a: more than 50 expansions for one use",)
    assert many.text.endswith(r"\a{\a{\a{x}}} \a{y}")
    assert expand(source, bounds=Bounds(uses=111)).text.endswith("x " + "y" * 10)


def test_depth_is_bounded() -> None:
    source = (
        "".join(rf"\expandafter\def\csname m{n}\endcsname{{\csname m{n + 1}\endcsname.}}" for n in range(300))
        + r"\def\a{\csname m0\endcsname}"
    )
    assert expand(source + r"\a").text.endswith(r"\a")
    assert expand(source + r"\a", bounds=Bounds(depth=400)).text.endswith("." * 300)


LINEAR = {
    "uses": ((r"\def\a{xy}\newcommand{\f}[1]{<#1>}"), r"\a{} and \f{z} or \f \a, "),
    "definitions": ("", r"\def\a{xy}\a "),
    "local definitions": ("", r"{\def\a{xy}\a}"),
    "unclosed groups": ("", r"{\def\a{x}\a "),
    "unclosed arguments": (r"\newcommand{\f}[1]{<#1>}", r"\f{ "),
    "missing delimiters": (r"\long\def\f#1.{<#1>}", r"\f "),
    "conditionals without end": ("", r"\iffalse "),
    "optional arguments without end": (r"\newcommand{\f}[2][x]{<#1#2>}", r"\f[ "),
    "nested arguments": (r"\newcommand{\f}[1]{<#1>}", r"\f{"),
    "bombs": ("", r"\def\a{\a\a}\a "),
    "unmatched names": ("", r"\csname a"),
    "empty lines": (r"\def\a{}", " \\a \n"),
    "verbatim": (r"\def\a{x}", r"\verb|\a| \a "),
    "at": (r"\def\a{x}", r"\makeatletter\a\makeatother"),
}


@pytest.mark.parametrize("name", LINEAR)
def test_work_is_linear(name: str) -> None:
    head, unit = LINEAR[name]
    calls = []
    for count in (250, 2_000):
        with Counted() as work:
            expand(head + unit * count)
        calls.append(work.calls)
    assert calls[1] < 12 * calls[0] + 500_000


def test_deep_groups() -> None:
    deep = "{" * 100_000 + "x" + "}" * 100_000
    assert expand(rf"\newcommand{{\f}}[1]{{<#1>}}\f{deep}").text == f"<{deep[1:-1]}>"
    assert expand(r"{\def\a{x}" + deep + r"\a}\a").text == "{" + deep + r"x}\a"


WORDS = (
    r"\def \newcommand \renewcommand \let \a \b \f {\a} {\b} { } [ ] [1] # #1 ##1 \if \ifx \iftrue \iffalse \else \fi \newif \ifd \dtrue \csname "
    r"\endcsname \expandafter \noexpand \edef \gdef \global \long \begin{q} \end{q} \begingroup \endgroup \makeatletter \makeatother \xspace "
    r"\verb|x| \@for \do := \futurelet \DeclareMathOperator \DeclarePairedDelimiter \NewDocumentCommand {smo} \newenvironment {q} \@ifnextchar \@ifstar "
    r"\romannumeral 3 < > \ifnum \ifthenelse {\equal{a}{b}} \newtoggle \iftoggle \AtBeginDocument \protect \string \unexpanded \url{\a} \newlength"
)
OTHERS = [" ", "\n", "\n\n", "\ufdd0", "\ufdd00\ufdd0", "\ufdd1", "\\", "\\ ", "é", "x"]
pieces = st.lists(st.sampled_from([*WORDS.split(), *OTHERS]), max_size=40).map("".join)


@settings(max_examples=600, deadline=None)
@given(pieces, pieces, st.booleans())
def test_never_raises_and_its_size_is_bounded(text: str, package: str, environments: bool) -> None:
    found = expand(text, package, environments=environments)
    assert len(found.text) <= 4 * (len(text) + len(package)) + (1 << 20) + len(text)


@settings(max_examples=150, deadline=None)
@given(st.text(), st.text())
def test_any_text(text: str, package: str) -> None:
    expand(text, package)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(blacklist_characters="\\")), st.booleans())
def test_without_backslash_nothing_changes(text: str, environments: bool) -> None:
    assert expand(text, r"\newcommand{\a}{x}", environments=environments).text == text


plain = st.lists(
    st.sampled_from([*"abc {}[]$&#~^_\n", r"\alpha ", r"\emph{x}", r"\begin{q}", r"\end{q}", r"\\", r"\ ", r"\ifmmode ", r"\fi "])
).map("".join)


@settings(max_examples=200, deadline=None)
@given(plain)
def test_text_without_macros_is_equal(text: str) -> None:
    assert expand(text, r"\newcommand{\own}[1]{<#1>}").text == text


balanced = st.recursive(
    st.sampled_from(
        [r"\a ", r"\b", r"\f{\a}", r"\f x", r"\o[\b]{x}", r"\o{y}", "x", "\n", " ", r"\alpha", r"\def\a{z}", r"\let\b\a ", r"\t a.", "$x$"]
    ),
    lambda inner: (
        st.lists(inner, max_size=6).map("".join)
        | inner.map("{{{}}}".format)
        | inner.map(r"\f{{{}}}".format)
        | inner.map(r"\o[x]{{{}}}".format)
    ),
)
HEAD = r"\def\a{y}\newcommand{\b}{\beta}\newcommand{\f}[1]{\bf#1}\newcommand{\o}[2][d]{(#1,{#2})}\def\t#1.{[#1]}"


@settings(max_examples=250, deadline=None)
@given(balanced)
def test_braces_stay_balanced_and_a_second_run_changes_nothing(body: str) -> None:
    found = expand(f"{HEAD}{body}.")
    assert found.text.count("{") == found.text.count("}")
    assert expand(found.text).text == found.text
