"""Each construct that defines or steers, as a paper would write it, and what the text becomes."""

import pytest

from transforms.latex.expansion import expand

CONSTRUCTS = {
    # definitions of LaTeX
    "no argument": (r"\newcommand{\R}{\mathbb{R}}$x\in\R$", r"$x\in\mathbb{R}$"),
    "name without braces": (r"\newcommand\foo{bar}\foo x", "bar x"),
    "star": (r"\newcommand*{\foo}[1]{<#1>}\foo{a}", "<a>"),
    "one argument": (r"\newcommand{\v}[1]{\mathbf{#1}}\v{a} \v b \v\alpha c", r"\mathbf{a} \mathbf{b} \mathbf{\alpha} c"),
    "optional argument": (r"\newcommand{\f}[2][d]{[#1:#2]}\f{a} \f[b]{c} \f [{]}] {c}", "[d:a] [b:c] []:c]"),
    "nine arguments": (r"\newcommand{\f}[9]{#9#8#7#6#5#4#3#2#1}\f123456789", "987654321"),
    "redefinition of a standard command": (r"\vec x \renewcommand{\vec}[1]{\mathbf{#1}}\vec{x}", r"\vec x \mathbf{x}"),
    "provided, not defined": (r"\newcommand{\a}{1}\providecommand{\a}{2}\providecommand{\b}{3}\a\b", "13"),
    "robust": (r"\DeclareRobustCommand{\a}[1]{<#1>}\a x", "<x>"),
    "body of one token": (r"\newcommand\a b\newcommand\f[1]\emph \a\f{x}", r"b\emph"),
    "operators": (
        r"\DeclareMathOperator{\tr}{tr}\DeclareMathOperator*{\am}{arg\,min}$\tr A \am_x$",
        r"$\operatorname{tr} A \operatorname*{arg\,min}_x$",
    ),
    "paired delimiters": (
        r"\DeclarePairedDelimiter{\abs}{\lvert}{\rvert}\abs{x} \abs*{y} \abs[\big]{z}",
        r"\lvert x\rvert \left\lvert y\right\rvert \big\lvert z\big\rvert",
    ),
    "paired delimiters with a body": (
        r"\DeclarePairedDelimiterX{\set}[2]{\{}{\}}{#1\delimsize|#2}\set{a}{b}\set*{a}{b}",
        r"\{a|b\}\left\{a\middle|b\right\}",
    ),
    "document command": (
        r"\NewDocumentCommand{\q}{s m O{k} o}{\IfBooleanTF{#1}{S}{N}#2#3\IfNoValueTF{#4}{-}{#4}}\q*{1} \q{2}[3][4]",
        "S1k- N234",
    ),
    "document command of a kind that is not known": (r"\NewDocumentCommand{\q}{v}{#1}\q|x|", r"\NewDocumentCommand{\q}{v}{#1}\q|x|"),
    # definitions of TeX
    "def": (r"\def\a{x}\def\b{y}\a \b", "x y"),
    "def with arguments": (r"\def\f#1#2{#2#1}\f{a}b", "ba"),
    "def with delimiters": (r"\def\x#1.#2\end{<#1|#2>}\x a b.c{.}d\end e", "< a b|c{.}d>e"),
    "def with a prefix": (r"\def\x[#1]{<#1>}\x[a]", "<a>"),
    "gdef in a group": (r"{\gdef\x{1}}\x", "{}1"),
    "long global def": (r"{\long\global\def\x#1{<#1>}}\x a", "{}<a>"),
    "edef": (r"\def\a{1}\edef\b{\a}\def\a{2}\b", "1"),
    "edef with noexpand": (r"\def\a{1}\edef\b{\noexpand\a}\def\a{2}\b", "2"),
    "let of an own macro": (r"\def\a{1}\let\b\a\def\a{2}\b", "1"),
    "let of a standard command": (r"\let\ov=\vec\renewcommand{\vec}[1]{\ov{\mathbf{#1}}}\vec x", r"\vec{\mathbf{x}}"),
    "let of a definer": (r"\let\nc\newcommand\nc{\foo}[1]{<#1>}\foo{a}", "<a>"),
    "abbreviation of a definer": (r"\newcommand{\nc}{\newcommand}\nc{\foo}{x}\foo", "x"),
    "let to nothing": (r"\def\a{1}\let\a\undefined \a", r"\a"),
    "definition in a replacement": (r"\def\mk#1{\def#1##1{<##1>}}\mk\foo\foo x", "<x>"),
    "names made of characters": (r"\expandafter\def\csname foo1\endcsname{X}\csname foo1\endcsname", "X"),
    "namedef": (r"\makeatletter\@namedef{foo}{x}\@nameuse{foo}\makeatother\foo", r"\makeatletter x\makeatother x"),
    "names with @": (r"\makeatletter\def\a@b{x}\def\c{\a@b}\makeatother\c \a@b", r"\makeatletter\makeatother x \a@b"),
    "other registers take a name": (r"\def\a{x}\newlength{\a}\a", r"\newlength{\a}\a"),
    # order and groups
    "the last definition counts from where it stands": (r"\def\a{1}\a\def\a{2}\a", "12"),
    "a use before the definition": (r"\a\def\a{1}\a", r"\a1"),
    "groups": (r"{\def\x{1}\x{\def\x{2}\x}\x}\x", r"{1{2}1}\x"),
    "groups of environments": ("\\begin{a}\\def\\x{1}\\x\\end{a}\\x", r"\begin{a}1\end{a}\x"),
    "the document is no group": (r"\begin{document}\def\x{1}\end{document}\x", r"\begin{document}\end{document}1"),
    "a group does not end a later global": (r"{\def\x{1}\gdef\x{2}}\x", "{}2"),
    "title and authors are set at maketitle": (
        "\\author{A\\mark{\\one}}\n\\newcommand{\\one}{1}\n\\begin{document}\n\\maketitle \\one",
        "\\author{A\\mark{1}}\n\\begin{document}\n\\maketitle 1",
    ),
    "the standard's own is not replaced there": (
        r"\let\old\vec\renewcommand{\vec}[1]{\old{\b#1}}\title{$\vec x$}\maketitle \vec y",
        r"\title{$\vec{\b x}$}\maketitle \vec{\b y}",
    ),
    # conditionals
    "newif": (r"\newif\ifd\dtrue\ifd A\else B\fi\dfalse\ifd A\else B\fi", "AB"),
    "nested conditionals": (r"\iffalse a\ifx b\else c\fi d\else e\iftrue f\fi\fi g", "efg"),
    "ifx": (r"\def\a{x}\def\b{x}\def\c{y}\ifx\a\b=\else/\fi\ifx\a\c=\else/\fi", "=/"),
    "ifx of names nobody defines": (r"\ifx\q\undefined a\else b\fi", r"\ifx\q\undefined a\else b\fi"),
    "ifnum": (r"\def\n{5}\ifnum\n>3 big\else small\fi", "big"),
    "ifnum of a register": (r"\ifnum\value{x}>3 a\else b\fi", r"\ifnum\value{x}>3 a\else b\fi"),
    "modes stay": (r"\def\a{x}\ifmmode\a\else\relax\fi", r"\ifmmode x\else\relax\fi"),
    "ifthenelse": (r"\newboolean{d}\setboolean{d}{true}\ifthenelse{\boolean{d}}{A}{B}\ifthenelse{\equal{a}{b}}{A}{B}", "AB"),
    "bool and toggle": (r"\newbool{c}\booltrue{c}\ifbool{c}{A}{B}\newtoggle{t}\iftoggle{t}{A}{B}", "AB"),
    "a flag nobody made": (r"\def\a{x}\ifbool{c}{\a}{B}", r"\ifbool{c}{x}{B}"),
    "branch in a macro": (r"\newif\ifd\newcommand{\n}[1]{\ifd[#1]\fi}a\n{b}\dtrue\n{c}", "a[c]"),
    "romannumeral": (r"\romannumeral 2024 \def\n{4}", "mmxxiv"),
    "for": (r"\makeatletter\def\f#1{\@for\@i:=#1\do{<\@i>}}\makeatother\f{a,b}", r"\makeatletter\makeatother<a><b>"),
    # looking ahead
    "star forms": (r"\makeatletter\def\f{\@ifstar\g\h}\def\g#1{G#1}\def\h#1{H#1}\makeatother\f*a\f b", r"\makeatletter\makeatother GaHb"),
    "next character": (
        r"\makeatletter\def\f{\@ifnextchar[{\g}{\g[-]}}\def\g[#1]{<#1>}\makeatother\f[a]\f b",
        r"\makeatletter\makeatother<a><->b",
    ),
    "futurelet": (
        r"\makeatletter\def\dot{\futurelet\@t\@dot}\def\@dot{\ifx\@t.\else.\fi}\def\eg{e.g\dot}\makeatother\eg. \eg a",
        r"\makeatletter\makeatother e.g. e.g. a",
    ),
    "expandafter": (r"\def\a{{x}}\def\f#1{<#1>}\expandafter\f\a", "<x>"),
    # blanks
    "blank kept": (r"\newcommand{\R}{\mathbb{R}}$\R x$", r"$\mathbb{R} x$"),
    "control word before a letter": (
        r"\newcommand{\eps}{\varepsilon}\eps{}x \eps x $\eps$ {\eps}x",
        r"\varepsilon{}x \varepsilon x $\varepsilon$ {\varepsilon}x",
    ),
    "control word before an argument": (r"\newcommand{\e}[1]{\bf#1}\e{hi}", r"\bf hi"),
    "control word as argument": (r"\newcommand{\e}[1]{#1x}\e\alpha", r"\alpha x"),
    "digits end a name": (r"\newcommand{\a}{A1}\a\a \ab \a2", r"A1A1 \ab A12"),
    "braces that end the name": (r"\newcommand{\sys}{Foo}\sys{} is \sys{}ish", "Foo is Fooish"),
    "xspace": (
        r"\newcommand{\ie}{i.e.\xspace}\ie we \ie, we (\ie) \ie{} x \ie ; \ie\cite{a}",
        r"i.e. we i.e., we (i.e.) i.e. x i.e.; i.e. \cite{a}",
    ),
    "xspace in a formula": (r"\newcommand{\R}{\ensuremath{R}\xspace}$\R^n$", r"$\ensuremath{R}^n$"),
    "body over several lines": ("\\newcommand{\\f}[1]{\n  \\emph{#1}\n}see \\f{x}, y", "see \\emph{x}, y"),
    "lines of definitions go": ("a\n\\def\\x{1}\n  \\def\\y{2}\nb\n\nc", "a\nb\n\nc"),
    "empty replacement on its line": ("\\newcommand{\\todo}[1]{}a\n\\todo{x}\nb", "a\nb"),
    "empty replacement in a line": (r"\newcommand{\todo}[1]{}a \todo{x} b\todo{y}, c", "a b, c"),
    # what stays
    "sections keep their name": (r"\renewcommand{\section}[1]{\bf #1}\section{A}", r"\section{A}"),
    "own macro for a section": (r"\newcommand{\s}[1]{\section{#1}}\s{A}", r"\section{A}"),
    "verbatim": (
        "\\def\\a{x}\\verb|\\a| \\a\n\\begin{verbatim}\n\\a\n\\end{verbatim}",
        "\\verb|\\a| x\n\\begin{verbatim}\n\\a\n\\end{verbatim}",
    ),
    "verbatim in an argument": (r"\def\b{y}\newcommand{\f}[1]{<#1>}\f{\verb|}\b| \b}", r"<\verb|}\b| y>"),
    "verbatim in a body": (r"\newcommand{\code}[1]{\lstinline{#1}}\code{x}", r"\lstinline{x}"),
    "verbatim environments in a definition": (r"\newenvironment{c}{\begin{verbatim}}{\end{verbatim}}\def\a{x}\a", "x"),
    "addresses": (r"\def\a{x}\url{http://\a} \a", r"\url{http://\a} x"),
    "string": (r"\def\a{x}\string\a \a", r"\string\a x"),
    "theorems": (r"\newtheorem{t}{T}\begin{t}x\end{t}", r"\newtheorem{t}{T}\begin{t}x\end{t}"),
    "no backslash": ("a b", "a b"),
    "code of a class": (r"\makeatletter\def\f#1{\@startsection{#1}}\makeatother\f{x}", r"\makeatletter\makeatother\f{x}"),
    "stored arguments": (r"\makeatletter\def\f#1{\gdef\@f{#1}}\makeatother\f{x}", r"\makeatletter\makeatother\f{x}"),
    "codes of characters": (r"\def\f{\catcode`\|=13}\f x", r"\f x"),
    "AtBeginDocument": (r"\AtBeginDocument{\def\a{x}\foo}\a", r"\AtBeginDocument{\foo}x"),
    "AtBeginDocument of definitions": (r"\AtBeginDocument{\def\a{x}}\a", "x"),
}


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_construct(name: str) -> None:
    source, wanted = CONSTRUCTS[name]
    assert expand(source).text == wanted


ENVIRONMENTS = {
    "plain": (r"\newenvironment{q}{\begin{quote}Q }{ E\end{quote}}\begin{q}x\end{q}", r"\begin{quote}Q x E\end{quote}"),
    "arguments": (r"\newenvironment{q}[2][d]{<#1#2>}{.}\begin{q}{a}x\end{q}\begin{q}[b]{c}y\end{q}", "<da>x.<bc>y."),
    "nested": (r"\newenvironment{q}{<}{>}\begin{q}a\begin{q}b\end{q}c\end{q}", "<a<b>c>"),
    "last definition": (r"\newenvironment{q}{1}{2}\renewenvironment{q}{3}{4}\begin{q}x\end{q}", "3x4"),
    "own group": (r"\newenvironment{q}{\def\x{1}}{\x}\begin{q}\x\end{q}\x", r"11\x"),
    "document environment": (r"\NewDocumentEnvironment{q}{m}{<#1>}{</#1>}\begin{q}{a}x\end{q}", "<a>x</a>"),
    "made of macros": (r"\def\q{<}\def\endq{>}\begin{q}x\end{q}", "<x>"),
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environment(name: str) -> None:
    source, wanted = ENVIRONMENTS[name]
    assert expand(source, environments=True).text == wanted


def test_environments_stay_unless_asked_for() -> None:
    found = expand(r"\newenvironment{q}{\begin{quote}}{\end{quote}}\begin{q}x\end{q}")
    assert found.text == r"\begin{q}x\end{q}"
    assert found.defined == 1
    assert not found.left


VECTORS = {
    # input: what ours gives; what RedPajama's arxiv_cleaner gives stands beside it where that is another text
    "\\newcommand{\\R}{\\mathbb{R}}\n\\def\\eps{\\varepsilon}\n\\section{Intro}\nLet $x\\in\\R$ and $\\eps>0$.\n": (
        "\\section{Intro}\nLet $x\\in\\mathbb{R}$ and $\\varepsilon>0$.\n"
    ),
    "\\newcommand\\foo{bar}\\section{S}\n\\foo x\n": "\\section{S}\nbar x\n",  # theirs: \foo x, names without braces are not seen
    "\\newcommand{\\v}[1]{\\mathbf{#1}}\n\\section{S}\n\\v{a}\n": "\\section{S}\n\\mathbf{a}\n",  # theirs: \v{a}, no arguments
    "\\newcommand{\\e}{é}\n\\section{S}\nno use\n": "\\section{S}\nno use\n",  # theirs: an exception, the paper is dropped
    "\\def\\a{x}\\def\\b{y}\n\\section{S}\n\\a \\b\n": "\n\\section{S}\nx y\n",  # theirs: x}\def\b{y \b, a body ends at the line's last brace
    "\\newcommand{\\R}{\\mathbb{R}} \n\\section{S}\n$\\R$\n": "\\section{S}\n$\\mathbb{R}$\n",  # theirs: \R, a blank or comment behind hides it
    "\\newcommand{\\a}{A1}\n\\section{S}\n\\a\\a \\ab \\a2\n": "\\section{S}\nA1A1 \\ab A12\n",  # theirs: A1\a \ab \a2, digits extend names
}


@pytest.mark.parametrize("source", VECTORS)
def test_vectors(source: str) -> None:
    assert expand(source).text.lstrip("\n") == VECTORS[source].lstrip("\n")


def test_local_packages() -> None:
    package = r"\newcommand{\R}{\mathbb{R}}\def\my@x{X}\newcommand{\x}{\my@x}\def\title#1{\gdef\@title{#1}}\def\logo{\raise1ex\hbox{L}}text"
    found = expand(r"\title{T} \R \x \logo \R", package)
    assert found.text == r"\title{T} \mathbb{R} X \logo \mathbb{R}"
    assert (found.expanded, dict(found.left), found.notes) == (4, {}, ())


def test_what_is_left_is_named() -> None:
    found = expand(r"\newcommand{\f}[2]{<#1#2>}{\f{a}} \f{b}{c} \def\g#1.{[#1]}\g x" + "\n\n")
    assert found.text == r"{\f{a}} <bc> \g x" + "\n\n"
    assert found.left == {"f": 1, "g": 1}
    assert found.notes == (r"\f: its arguments are not there", r"\g: its arguments are not there")
