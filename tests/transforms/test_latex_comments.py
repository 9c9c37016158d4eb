"""Comments of LaTeX sources, and what is verbatim in them: TeX's rules case by case, what holds of any text, and real papers."""

import re

import pytest
from cpu_time import fastest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import SHARED

from transforms.latex import verbatim
from transforms.latex.comments import Removed, remove

PAPERS = SHARED / "arxiv" / "papers"

REFERENCE = [  # spec 8.3: input, what RedPajama's cleaner makes of the comments in it, what ours does and why
    ("a. % note\n% gone\n50\\% done\n", "a.\n50\\% done\n", "a.\n50\\% done\n"),  # as theirs
    ("a%\nb\nfoo % c\n", "a%\nb\nfoo\n", "a\nb\nfoo\n"),  # theirs leaves a % with nothing behind it
    ("foo% c\n", "fo\n", "foo\n"),  # theirs eats the character before the %
    (
        "x\\\\% c\ny 5\\% z\n",
        "x\\\\% c\ny 5\\% z\n",
        "x\\\\\ny 5\\% z\n",
    ),  # theirs takes the second backslash of a line break for an escape
    ("\\verb|%x| \\url{a%b}\n", "\\verb\n", "\\verb|%x| \\url{a%b}\n"),  # theirs cuts code and addresses
    ("  % indented\nx\n", " \nx\n", "x\n"),  # theirs leaves a blank line: a paragraph that was none
]


@pytest.mark.parametrize(("text", "reference", "ours"), REFERENCE)
def test_reference_vectors(text, reference, ours):
    full_line = re.sub(r"(?m)^%.*\n?", "", text)  # the reference, as the spec describes it: lines that begin with %, then the rest of lines
    assert re.sub(r"(?m)[^\\]%.+$", "", full_line) == reference
    assert remove(text).text == ours


CASES = [  # text, without comments, the same with lines joined as TeX joins them
    ("a%c\nb", "a\nb", "ab"),
    ("a %c\n  b", "a\n  b", "a b"),
    ("a%c\n\nb", "a\n\nb", "a\n\nb"),  # a blank line is a paragraph's end, comment or not
    ("a\n%c\nb", "a\nb", "a\nb"),
    ("a\n\t %c\n%d\n\nb", "a\n\nb", "a\n\nb"),
    ("a%\n%c\n b", "a\n b", "ab"),
    ("a\n%c", "a\n", "a\n"),
    ("%", "", ""),
    ("\\foo%\nbar", "\\foo\nbar", "\\foo bar"),  # \foobar would be another command
    ("\\\\foo%\nbar", "\\\\foo\nbar", "\\\\foobar"),
    ("a\\ %c\nb", "a\\ \nb", "a\\ b"),  # the blank belongs to the backslash
    ("\\\\\\%a %b", "\\\\\\%a", "\\\\\\%a"),
    ("a %b\r\nc\rd", "a\nc\nd", "a c\nd"),
    ("\\href{a%b}{c%d\n}", "\\href{a%b}{c\n}", "\\href{a%b}{c}"),
    (
        "\\href[pdfnewwindow]{a%b}{c} \\path{%a} \\nolinkurl{%} \\url|%|",
        *2 * ("\\href[pdfnewwindow]{a%b}{c} \\path{%a} \\nolinkurl{%} \\url|%|",),
    ),
    ("\\url{%\na}", "\\url{\na}", "\\url{a}"),  # no address goes over lines: the % joins two
    ("\\begin{alltt}%\n\\foo\\end{alltt}%x", *2 * ("\\begin{alltt}%\n\\foo\\end{alltt}",)),
    ("\\newminted{cpp}{}\n\\begin{cppcode}\na%b\n\\end{cppcode}", *2 * ("\\newminted{cpp}{}\n\\begin{cppcode}\na%b\n\\end{cppcode}",)),
]


@pytest.mark.parametrize(("text", "plain", "joined"), CASES)
def test_percent(text, plain, joined):
    assert remove(text).text == plain
    assert remove(text, join_lines=True).text == joined


ENVIRONMENTS = [
    ("a\n\\begin{comment}\nb\n\\end{comment}\nc", "a\nc", 1),
    ("a\\begin{comment}b\\end{comment} c", "a c", 1),
    ("\\foo\\begin{comment}b\\end{comment}c", "\\foo c", 1),
    ("a\n\\begin{comment}\n% \\end{comment}\nb\n\\end{comment}\nc", "a\nc", 1),  # package comment: an end stands at no line's %
    ("a\n\\begin{comment}\n%\\end{comment}\nc", "a\nc", 1),
    ("\\begin{comment}\n%\\end{comment}\na\n\\begin{comment}\n%\\end{comment}\nb", "a\nb", 2),
    ("%\\begin{comment}\na\n%\\end{comment}\nb", "a\nb", 2),
    ("\\excludecomment{draft}\n\\begin{draft}\nx\n\\end{draft}\ny", "\\excludecomment{draft}\ny", 1),
    (
        "\\newtheorem{comment}{Comment}\n\\begin{comment}x\\end{comment}",
        "\\newtheorem{comment}{Comment}\n\\begin{comment}x\\end{comment}",
        0,
    ),
    ("\\\\begin{comment}x\\end{comment}", "\\\\begin{comment}x\\end{comment}", 0),
    ("\\begin{verbatim}\n\\begin{comment}%\n\\end{verbatim}%x", "\\begin{verbatim}\n\\begin{comment}%\n\\end{verbatim}", 1),
]


@pytest.mark.parametrize(("text", "expected", "comments"), ENVIRONMENTS)
def test_environments(text, expected, comments):
    removed = remove(text)
    assert (removed.text, removed.comments, removed.notes) == (expected, comments, ())


CONDITIONALS = [
    ("a\n\\iffalse\nb\n\\fi\nc", "a\nc"),
    ("a \\iffalse b\\fi c", "a c"),
    ("\\iffalse a \\else b \\fi c", "b c"),
    ("a\n\\iffalse\nb\n\\else\nc\n\\fi\nd", "a\nc\nd"),
    ("\\iffalse a \\ifx b \\else c \\fi \\else d \\fi", "d"),  # the \else of a conditional within is not its own
    ("\\iffalse a \\iff b \\ifthenelse{c}{d}{e} \\fi f", "f"),  # neither has a \fi
    ("\\iffalse a \\iff \\fi b \\fi", "b \\fi"),
    ("\\iffalse \\iffalt \\fi a", "a"),  # no such word, and one \fi: it is no conditional
    ("\\iffalse \\newif\\ifdraft \\fi a", "a"),
    ("\\iffalse a % \\fi\n b\\fi c", "c"),
    ("\\iffalse \\verb|\\fi| a", "| a"),  # TeX skips token by token: \verb means nothing to it there
    ("\\if 0 a\\fi\\if0\na\\fi \\if false a\\fi b", "b"),
    ("\\iftrue a \\else b \\fi c\\iftrue d\\fi e", "a cde"),
    ("\\iffalse\\else a\\iffalse b\\else c\\fi d\\fi e", "acde"),
    ("\\let\\ifdraft\\iffalse a \\let\\ifx=\\iffalse \\fi", "\\let\\ifdraft\\iffalse a \\let\\ifx=\\iffalse \\fi"),
    ("\\newcommand{\\hide}{\\iffalse} \\newcommand{\\unhide}{\\fi}", "\\newcommand{\\hide}{\\iffalse} \\newcommand{\\unhide}{\\fi}"),
    ("\\ifdraft a \\else b \\fi \\iffalsehood", "\\ifdraft a \\else b \\fi \\iffalsehood"),
    ("\\\\\\iffalse a\\fi b \\\\iffalse c\\fi", "\\\\b \\\\iffalse c\\fi"),
]


@pytest.mark.parametrize(("text", "expected"), CONDITIONALS)
def test_conditionals(text, expected):
    removed = remove(text)
    assert (removed.text, removed.notes) == (expected, ())


def test_what_has_no_end_is_left_and_noted():
    for opener in ("\\begin{comment}", "\\iffalse", "\\if 0", "\\iftrue"):
        removed = remove(f"ab {opener} c {opener} d% e")
        assert removed.text == f"ab {opener} c {opener} d"
        assert removed.comments == 1
        assert removed.notes == (f"{opener} has no end, and is left as text: 2 times, first at character 3",)


VERBATIM = [
    ("a \\verb|b| \\verb*+c+ d", ["\\verb|b|", "\\verb*+c+"]),
    ("\\verb |a b| \\verb{c{d}e}", ["\\verb |a b|", "\\verb{c{d}e}"]),
    ("\\verb|a\n|b|", ["\\verb|a"]),  # TeX stops at the line's end
    ("\\\\verb|a| \\\\\\verb|b| \\verbose|c| \\verb a", ["\\verb|b|"]),
    ("% \\verb|a\n\\verb|b|", ["\\verb|b|"]),
    ("\\url{a%b} \\verb|c|", ["\\verb|c|"]),
    ("\\lstinline!a! \\lstinline[language=C]{a{b}c}", ["\\lstinline!a!", "\\lstinline[language=C]{a{b}c}"]),
    ("\\mintinline{c}|d| \\mint[x]{c}{e} \\Verb[x]+f+ \\lstinline{g", ["\\mintinline{c}|d|", "\\mint[x]{c}{e}", "\\Verb[x]+f+"]),
    ("\\begin{verbatim}\n%\\end{Verbatim}\n\\end{verbatim} x", ["\\begin{verbatim}\n%\\end{Verbatim}\n\\end{verbatim}"]),
    ("\\begin{verbatim} a \\verb|b|", ["\\verb|b|"]),  # without its end an environment is none
    ("% \\begin{verbatim}\n a \\end{verbatim}", []),
    ("\\begin{alltt}\\verb|a|\\end{alltt}\\begin{lstlisting}\\end{lstlisting}", ["\\verb|a|", "\\begin{lstlisting}\\end{lstlisting}"]),
    ("\\lstnewenvironment{code}{}{}\\begin{code}a\\end{code}", ["\\begin{code}a\\end{code}"]),
]


@pytest.mark.parametrize(("text", "expected"), VERBATIM)
def test_regions(text, expected):
    assert [text[start:end] for start, end in verbatim.regions(text)] == expected


def first(text, name, start=0):
    """Where \\name is first read as a command; -1 where it is not."""
    found = verbatim.Scan(text, rf"{name}(?![A-Za-z@])").after(start)
    return -1 if found is None else found.start("command") - 1


def test_a_command_is_found_where_tex_reads_it():
    text = "% \\end\n\\verb|\\end| \\\\end \\ending \\end"
    assert first(text, "end") == text.rindex("\\end")
    assert first(text, "begin") == -1
    assert first("\\a\\a", "a", 1) == 2


MARKUP = r"""\verb|x| \verb| | % \% \\ \ \begin{verbatim} \end{verbatim} \begin{comment} \end{comment} \iffalse \iftrue \else \fi \ifx \iff
\url{a%b} \url{ \href{ } { \foo \lstinline!a! a b"""
PIECES = st.sampled_from([*MARKUP.split(), " ", "\n", "\n\n", "  ", "\t", "%\n"])
LATEX = st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join)
UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*%")
ADDRESS = re.compile(r"\\(?:url|href)\{[^{}\n]*\}")


def unprotected(text):
    """The text without what is verbatim, and then without addresses."""
    kept, position = [], 0
    for start, end in verbatim.regions(text):
        kept.append(text[position:start])
        position = end
    return ADDRESS.sub(" ", "".join([*kept, text[position:]]))


@given(LATEX, st.booleans())
@settings(max_examples=500)
def test_no_comment_is_left_and_a_second_time_changes_nothing(text, join_lines):
    removed = remove(text, join_lines)
    assert not UNESCAPED.search(unprotected(removed.text))
    if not removed.notes:
        assert remove(removed.text, join_lines) == Removed(removed.text, 0, ())


@given(LATEX)
def test_text_without_comments_stays(text):
    text = re.sub(r"%|\r|\\begin\{comment\}|\\if\w*", "", text)
    if not re.search(r"\\begin\{comment\}|\\if", text):
        assert remove(text).text is text


@given(st.lists(st.sampled_from(["a", "b%c", "%d", " %e", "", "\\%f"]), max_size=20))
def test_paragraphs_stay(lines):
    """Lines that are blank after, and were not before, would be new paragraphs."""
    blank = sum(not line.strip() for line in lines)
    text = "".join(f"{line}\n" for line in lines)
    assert sum(not line.strip() for line in remove(text).text.split("\n")[:-1]) == blank


@given(LATEX)
def test_regions_are_in_order_and_apart(text):
    position = 0
    for start, end in verbatim.regions(text):
        assert position <= start < end <= len(text)
        assert text[start] == "\\"
        position = end


OPENERS = [
    *("\\verb|", "\\verb1\\verb2", "\\lstinline{", "\\lstinline[", "\\mint{", "\\url{", "\\url|", "\\begin{verbatim}", "\\begin{", "{"),
    *("\\", "\\\\%", "%", "a %\n", "\\ %\n", "\\begin{comment}", "\\begin{comment}\n%\\end{comment}\n", "\\begin{comment}x\\end{comment}"),
    *("\\iffalse ", "\\iffalse\\else ", "\\iftrue\\else ", "\\iffalse x\\else y\\fi", "\\let\\a\\iffalse"),
]


@pytest.mark.parametrize("opener", OPENERS)
def test_the_work_grows_with_the_length(opener):
    """Eight times the text takes some eight times as long; were it squared, sixty-four times, and seconds."""
    short, long = (opener * (length // len(opener)) for length in (20_000, 160_000))
    for function in (remove, verbatim.regions):
        assert fastest(function, long) < 24 * fastest(function, short) + 0.1


def test_conditionals_nested_in_what_stays_are_gone_through_once():
    def nested(count):
        return "\\iffalse x\\else y " * count + "\\fi " * count + "filler " * count + "%"

    assert remove(nested(100)).text == ("y " * 100 + "filler " * 100).rstrip()
    assert fastest(remove, nested(8_000)) < 24 * fastest(remove, nested(1_000)) + 0.1


def test_real_papers():
    paths = sorted(PAPERS.glob("**/*.tex"))
    if not paths:
        pytest.skip(f"needs the papers of {PAPERS}")
    comments = 0
    for path in paths:
        text = path.read_text(encoding="latin-1")
        removed = remove(text)
        comments += removed.comments
        assert not removed.notes, path
        assert not UNESCAPED.search(unprotected(removed.text)), path
        assert remove(removed.text).text == removed.text, path
        assert remove(text, join_lines=True).comments == removed.comments, path
    assert (len(paths), comments) == (229, 5465)


def test_comment_package():
    """LaTeXML's test of the package: what \\excludecomment names goes, what \\includecomment names stays, and no end counts in a line of its own comment."""
    path = SHARED / "arxiv" / "latexml-tests" / "tokenize" / "comment.tex"
    if not path.exists():
        pytest.skip(f"needs {path}")
    text = remove(path.read_text().split("\\end{document}")[0]).text
    assert "Inside Comment" not in text
    assert "Inside Excluded" not in text
    assert "not allowed" not in text
    assert text.count("Inside Included") == 4
    assert re.findall(r"After (?:Comment|Excluded)", text) == ["After Comment"] + ["After Excluded"] * 2
