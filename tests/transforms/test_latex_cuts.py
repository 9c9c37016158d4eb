"""From the first section to before the bibliography: RedPajama's vectors, TeX's ways of writing both, what holds of any text, and real papers."""

import pytest
from cpu_time import fastest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import SHARED

from transforms.latex.comments import remove
from transforms.latex.cuts import Cut, from_first_section, without_bibliography

PAPERS = SHARED / "arxiv" / "papers"


def cut(text, appendices=True):
    """A file's text as a paper is made of it, but for macros, which have tests of their own."""
    body = from_first_section(remove(text).text)
    return None if body is None else without_bibliography(body, appendices).text


REFERENCE = [  # spec 8.3: input, the reference's output, ours; macros are not expanded here
    (
        "\\documentclass{a}\n\\section{Intro}\nLet $x$. % note\n% gone\n50\\% done\n\\bibliography{refs}\n\\end{document}\n",
        "\\section{Intro}\nLet $x$.\n50\\% done\n",
        "\\section{Intro}\nLet $x$.\n50\\% done\n",
    ),
    ("no section here", "", None),  # named, and for the caller to decide
    (
        "% \\section{fake}\nx\n\\section{Real}\ny\n",
        "\\section{fake}\nx\n\\section{Real}\ny\n",
        "\\section{Real}\ny\n",
    ),  # theirs sees what is commented out
    ("\\section{X}\na%\nb\nfoo % c\n", "\\section{X}\na%\nb\nfoo\n", "\\section{X}\na\nb\nfoo\n"),  # theirs leaves a bare %
    (
        "\\section{A}\nx\\\\% c\ny 5\\% z\n",
        "\\section{A}\nx\\\\% c\ny 5\\% z\n",
        "\\section{A}\nx\\\\\ny 5\\% z\n",
    ),  # a line break is no escape
    ("\\newcommand\\foo{bar}\\section{S}\n\\foo x\n", "\\section{S}\n\\foo x\n", "\\section{S}\n\\foo x\n"),
    ("\\newcommand{\\v}[1]{\\mathbf{#1}}\n\\section{S}\n\\v{a}\n", "\\section{S}\n\\v{a}\n", "\\section{S}\n\\v{a}\n"),
    ("\\paragraph{P}\nx\n", "", "\\paragraph{P}\nx\n"),  # a | is missing in their pattern: such a paper vanishes
]


@pytest.mark.parametrize(("text", "reference", "ours"), REFERENCE)
def test_reference_vectors(text, reference, ours):
    assert cut(text) == ours
    assert (ours == reference) == (text.startswith(("\\documentclass", "\\newcommand")))  # where they differ, the vector says why


def test_the_reference_s_appendix_goes_by_option():
    text = "\\section*{A}\ntext\n\\appendix\n\\section{B}\nmore\n"
    assert cut(text, appendices=False) == "\\section*{A}\ntext\n"  # as the reference
    assert cut(text) == text  # LLaMA says the bibliography


def test_the_reference_s_two_files():
    text = "\\section{A}\n\\bibliography{r}\n\n\\section{B}\nlater\n"
    assert cut(text) == "\\section{A}\n\n\\section{B}\nlater\n"  # as the reference, which cuts each file alone


FIRST = [  # text, where the paper begins in it
    ("x \\section{A}", "\\section{A}"),
    ("x \\section*{A}", "\\section*{A}"),
    ("x \\part{A} \\chapter{B}", "\\part{A}"),
    ("x \\subsection[s [t]]{A}", "\\subsection[s [t]]{A}"),
    ("x \\section\n  {A}", "\\section\n"),
    ("x \\section%\n{A}", "\\section%"),
    ("x \\\\\\section{A}", "\\section{A}"),
    ("\\\\section{x} \\section{A}", "\\section{A}"),
    ("\\sectionmark{x} \\section\\label{y} \\section A \\section{B}", "\\section{B}"),
    ("\\verb|\\section{x}| % \\section{y}\n\\url{\\section{z}} \\section{A}", "\\section{A}"),
    ("\\begin{verbatim}\\section{x}\\end{verbatim} \\section{A}", "\\section{A}"),
    ("\\begin{verbatim}\\section{A}", "\\section{A}"),  # an environment without its end is none
    ("\\newcommand{\\foo}[1]{\\section{#1}\\label{#1}} \\foo{x} \\section{A}", "\\section{A}"),
    ("\\def\\foo#1{{\\section{#1}}} \\section{A}", "\\section{A}"),
    ("\\renewcommand{\\section}{x} \\renewcommand\\section{\\@startsection{section}} \\section{A}", "\\section{A}"),
    ("\\renewcommand\\section\n{x{} \\section{A}", "\\section{A}"),  # a body without its end is text
    ("\\newenvironment{x}[1]{\\section*{#1}}{\\section{y}} \\section{A}", "\\section{A}"),
    ("\\NewDocumentCommand\\foo{m}{\\section{#1}} \\section{A}", "\\section{A}"),
    ("\\titleformat{\\section}{x}{y} \\titlespacing*\\section{0pt} \\let\\old\\section {x} \\section{A}", "\\section{A}"),
    ("\\section{x} \\begin{document} \\subsection{A}", "\\subsection{A}"),
    ("% \\begin{document}\n\\section{A}", "\\section{A}"),
    ("\\subsubsection{x} \\section{A}", "\\section{A}"),
    ("x \\paragraph{A} \\appendix \\section{B}", "\\paragraph{A}"),
    ("x \\appendix \\section{B} \\paragraph{C}", "\\section{B}"),
    ("x \\subsubsection*{A} \\paragraph{B}", "\\subsubsection*{A}"),
    ("x \\section*{Acknowledgements} y \\section*{References} z", None),
    ("x \\section*{\\sc References} \\section{A}", "\\section{A}"),
    ("x \\end{document} \\section{A}", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "start"), FIRST)
def test_the_first_section(text, start):
    assert from_first_section(text) == (None if start is None else text[text.rindex(start) :])


BIBLIOGRAPHIES = [  # text, what stays
    ("a\n\\begin{thebibliography}{9}\n\\bibitem{b} c\n\n\\end{thebibliography}\nd", "a\nd"),
    ("a\n\\begin{references}\n\\reference b\n\\end{references} c", "a\n c"),
    ("a\n\\begin{bibdiv}\\begin{biblist}\\bib{x}{}\\end{biblist}\\end{bibdiv}\nb", "a\nb"),
    ("a\n\\bibliographystyle{b}\n\\bibliography{c,\nd}\ne", "a\ne"),
    ("{\\small\\bibliography{b}} c", "{\\small} c"),
    ("a\n\\bibliographysecondary{b}\n\\nobibliography*{b}\n\\putbib\n", "a\n"),
    ("a\n  \\printbibliography[title={b}]  \nc", "a\nc"),
    ("a\n\\addcontentsline{toc}{section}{References}\n\\bibliography{b}\n", "a\n"),
    ("a\n\\section*{References}\n[1] b\n\n[2] c\n\\section{D}", "a\n\\section{D}"),
    ("a\n\\subsection{\\bf REFERENCES AND NOTES\\label{x}}\nb\n\\appendix\nc", "a\n\\appendix\nc"),
    ("a\n\\section{\\refname}\nb\n\\begin{figure}c", "a\n\\begin{figure}c"),
    ("a\n\\section{References}\n\\begin{thebibliography}{9}b\\end{thebibliography}\nc", "a\nc"),
    ("a\n\\section{References}\n\\bibitem{b} c\n\nd", "a\n\nd"),
    ("a\n\\section{References}\n\\def\\b{\\section{c}}\n[1] d", "a\n"),  # a definition ends nothing
    ("\\section{References and citations}\na", "\\section{References and citations}\na"),
    ("a\n\\bibitem{b} c\n  d\n\n\\bibitem{e} f\n\ng", "a\n\ng"),
    ("a\n\\begin{thebibliography}{9}\n\\bibitem{b} c\n\nd\\section{E}", "a\n\nd\\section{E}"),  # without its end: to the paragraph's
    ("a\n\\bibitem{b} c\\end{thebibliography} d", "a\n d"),  # without its beginning
    ("a\n\\end{document}\nb", "a\n"),
    ("\\verb|\\bibliography{a}| %\\bibliography{b}\n\\newcommand{\\c}{\\bibliography{d}}", None),
    ("\\begin{verbatim}\n\\begin{thebibliography}\n\\end{verbatim}\n\\\\bibitem \\bibitemsep", None),
    ("\\begin{lstlisting}\n\\end{document}\n\\end{lstlisting}", None),
]


@pytest.mark.parametrize(("text", "stays"), BIBLIOGRAPHIES)
def test_the_bibliography_goes(text, stays):
    result = without_bibliography(text)
    assert result.text == (text if stays is None else stays)
    assert sum(result.cut.values()) == len(text) - len(result.text)
    assert without_bibliography(result.text) == Cut(result.text, {})


def test_what_was_cut_is_named():
    text = "a\n\\bibliographystyle{b}\n\\bibliography{c}\n\\section*{References}\nd\n\\bibitem e\n\\end{document}"
    assert without_bibliography(text).cut == {
        "\\bibliographystyle": 22,
        "\\bibliography": 17,
        "\\section{references}": 35,
        "\\end{document}": 14,
    }


@pytest.mark.parametrize(
    "appendix", ["\\appendix", "\\begin{appendices}", "\\begin{appendix}", "\\appendices", "\\section*{Appendix A: B}"]
)
def test_appendices(appendix):
    text = f"a\n\\bibliography{{b}}\n{appendix}\nc\n\\bibliography{{d}}\ne\n\\end{{document}}\n"
    assert without_bibliography(text).text == f"a\n{appendix}\nc\ne\n"
    assert without_bibliography(text, appendices=False).text == "a\n"
    assert "appendix" in without_bibliography(text, appendices=False).cut


MARKUP = r"""\section{A} \section*{References} \section{ \paragraph{B} \begin{thebibliography} \end{thebibliography} \begin{references}
\end{references} \bibitem \bibliography{c} \printbibliography \appendix \begin{figure} \end{document} \begin{document} \newcommand{\a}{ \def\a#1{ \let
\verb|x| \verb| \begin{verbatim} \end{verbatim} % { } [ ] \ a"""
LATEX = st.lists(st.sampled_from([*MARKUP.split(), " ", "\n", "\n\n"]) | st.text(max_size=3), max_size=40).map("".join)


@given(LATEX, st.booleans())
@settings(max_examples=300)
def test_what_stays_is_of_the_text_and_in_its_order(text, appendices):
    result = without_bibliography(text, appendices)
    assert sum(result.cut.values()) == len(text) - len(result.text)
    letters = iter(text)
    assert all(letter in letters for letter in result.text)
    body = from_first_section(text)
    assert body is None or text.replace("}", "").endswith(body.replace("}", ""))  # braces of groups begun before go


@given(st.lists(st.sampled_from(["a", "\n", "\\b{c}", "\\section{d}", "\\verb|\\appendix|", "\\begin{figure}"])).map("".join))
def test_text_without_a_bibliography_stays(text):
    assert without_bibliography(text) == Cut(text, {})


OPENERS = [
    *(
        "\\verb|",
        "\\begin{thebibliography}",
        "\\end{thebibliography} ",
        "\\begin{document}",
        "\\section{",
        "\\section{{",
        "\\section[",
        "\\section ",
    ),
    *(
        "\\section\n",
        "\\section*{References}",
        "\\section{References\n",
        "\\paragraph{",
        "\\bibitem ",
        "\\bibitem\n\n",
        "\\bibliography{",
        "\\bibliography{a}",
    ),
    *(
        "\\bibliography{a",
        "\\printbibliography[",
        "\\newcommand{\\a}{",
        "\\newcommand{\\a}{{}",
        "\\newcommand",
        "\\def\\a",
        "\\def\\a#1{",
        "\\let\\a",
    ),
    *("\\newenvironment{a}{", "\\bibitem\\begin{figure}", "\\section*{References}\\begin{references}", "\\begin{verbatim}", "\\", "%", "{"),
]


@pytest.mark.parametrize("opener", OPENERS)
def test_the_work_grows_with_the_length(opener):
    """Eight times the text takes some eight times as long; were it squared, sixty-four times, and seconds."""
    short, long = (opener * (length // len(opener)) for length in (20_000, 160_000))
    for function in (without_bibliography, from_first_section):
        assert fastest(function, long) < 24 * fastest(function, short) + 0.1


def test_real_papers():
    paths = sorted(PAPERS.glob("**/*.tex"))
    if not paths:
        pytest.skip(f"needs the papers of {PAPERS}")
    whole, characters = 0, {}
    for path in paths:
        text = remove(path.read_text(encoding="latin-1")).text
        body = from_first_section(text)
        whole += body is not None
        result = without_bibliography(text if body is None else body)
        for opener, count in result.cut.items():
            characters[opener] = characters.get(opener, 0) + count
        assert without_bibliography(result.text).text == result.text, path
    assert whole == 118
    assert sorted(characters, key=lambda opener: -characters[opener])[0] == "\\begin{thebibliography}"
    assert 24_000 < characters["\\begin{thebibliography}"] < 26_000


def test_a_group_begun_before_the_first_section_leaves_no_brace():
    r"""As pandoc writes headings, \hypertarget{..}{\section{..}\label{..}}; braces in code and escaped ones stay."""
    text = "\\begin{document}\n\\hypertarget{a}{%\n\\section{A}\\label{a}}\n\n$\\}$ \\verb|}| {b} \\begin{verbatim}\n}\n\\end{verbatim}\n{\\em c}}\n"
    assert from_first_section(text) == "\\section{A}\\label{a}\n\n$\\}$ \\verb|}| {b} \\begin{verbatim}\n}\n\\end{verbatim}\n{\\em c}\n"
