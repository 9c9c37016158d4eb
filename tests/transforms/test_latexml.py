"""LaTeXML's own tests of expansion, tokenisation, digestion, structure and formulas: the text of its XML is the text of ours."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from shared_data import SHARED

from transforms.latex.comments import remove
from transforms.latex.expansion import expand

LATEXML = SHARED / "arxiv" / "latexml-tests"
NAMESPACE = "{http://dlmf.nist.gov/LaTeXML}"
SILENT = "tags|tag|toctitle|toccaption|resource|XMath|creator|date|navigation|rdf|classification|pagination|keywords|ERROR"
INLINE = "text|emph|ref|sup|sub|cite|bibref|bibrefphrase|inline-block|inline-para|acronym"

MATH = "equation|displaymath|math|eqnarray|align|gather|multline"
HELD = re.compile(
    rf"\\begin\{{(?P<e>{MATH})(?P<s>\*?)\}}(?P<a>.*?)\\end\{{(?P=e)(?P=s)\}}"
    r"|\\\[(?P<b>.*?)\\\]|\$\$(?P<c>[^$]+)\$\$|\$(?P<d>(?:[^$]|\\fbox\{\$[^$]*\$\})+)\$|\\\((?P<f>.*?)\\\)"
    r"|\\verb(?P<star>\*?)[ ]?(?P<v>[^\w\s])(?P<verb>.*?)(?P=v)|\\begin\{verbatim(?P<stars>\*?)\}(?P<verbatim>.*?)\\end\{verbatim(?P=stars)\}"
    r"|\\(?:url|path)\s*(?:\{(?P<url>(?:[^{}]|\{[^{}]*\})*)\}|(?P<u>[|%$#])(?P<address>.*?)(?P=u))|\\texttt\{(?P<typewriter>[^{}]*)\}",
    re.DOTALL,
)
SILENT_COMMANDS = re.compile(
    r"\\(?:label|ref|autoref|pagestyle|thispagestyle|date|author|title|hspace|vspace|cline|theoremstyle|numberwithin|bibliographystyle|"
    r"defaultbibliographystyle|setlist|lxDeclare|address|curraddr|email|thanks|subjclass|keywords|dedicatory|bibitem|captionof(?=\{\w+\}\{))"
    r"\*?(?:\[[^]]*\])*\{(?:[^{}]|\{[^{}]*\})*\}|\\raisebox\{[^{}]*\}|\\item\s*\[[^]]*\]|\\bibliographyunit\[[^]]*\]|\\(?:setlength|newlist\{\w+\}|usepackage|newcounter)\{[^{}]*\}\{[^{}]*\}"
)
COLUMNS = (
    r"\\parbox\{[^{}]*\}|\\begin\{(?:tabular|minipage|multicols)\*?\}(?:\[[^]]*\])?\{[^{}]*\}"
    r"|\\begin\{\w+\*?\}[ \t]*\[(?:[^][{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\]|\\(?:begin|end)\{\w+\*?\}"
)
PRINTED = {
    **{
        "LaTeX": "LaTeX",
        "TeX": "TeX",
        "ldots": "…",
        "quad": " ",
        "par": " ",
        "newline": " ",
        "cite": "[]",
        "listoftables": " List of Tables ",
    },
    **{"listoffigures": " List of Figures ", "~n": "ñ", " ": " ", ",": " ", "onecolumn": " "},
    **{character: character for character in "&%_#${}"},
}
SAY = r"\\say\{([^{}]*)\}"
LIGATURES = {"---": "—", "--": "–", "``": "“", "''": "”", "?`": "¿", "!`": "¡", "...": "…", "`": "‘", "'": "’"}


def formula(text: str) -> str:
    """A formula without blanks, braces, labels and commands that only space it or name LaTeXML's own nodes."""
    text = re.sub(r"\\label\s*\{[^{}]*\}|%\n|\\lx@ApplyFunction", "", text)
    text = text.replace("{array}[]", "{array}")
    text = (
        text.replace("\\lbrack", "[")
        .replace("\\rbrack", "]")
        .replace("\\lbrace", "\\{")
        .replace("\\rbrace", "\\}")
        .replace("\\fbox", "\\framebox")
    )
    text = re.sub(r"\\delimiter\"([0-9A-F]+)", lambda found: rf"\delimiter{int(found[1], 16)}", text)
    text = text.replace("\\vert", "|").replace("\\Vert", "\\|")
    text = re.sub(r"\\[,;!]|\\(?:limits|displaystyle)(?![A-Za-z])", "", text)
    return re.sub(r"\s|[{}]", "", text)


def text_of_xml(path: Path) -> str:
    """The text of LaTeXML's XML, formulas by their `tex`; blocks are set apart by blanks, numbers, authors, dates and keywords are left out."""
    pieces: list[str] = []

    def read(element: ElementTree.Element) -> None:
        name = element.tag.removeprefix(NAMESPACE)
        if not re.fullmatch(SILENT, name) and element.get("role") not in ("thanks", "dedicatory"):
            gap = "" if re.fullmatch(INLINE, name) or (name == "verbatim" and "\n" not in (element.text or "")) else " "
            pieces.append(f"{gap}{formula(element.get('tex', '')) if name == 'Math' else element.text or ''}")
            for child in element if name != "Math" else ():
                read(child)
            pieces.append(gap)
        pieces.append(element.tail or "")

    read(ElementTree.parse(path).getroot())
    return " ".join("".join(pieces).split())


def inlined(source: str, folder: Path) -> str:
    """The file with those it names by \\input, which are the assembler's to find."""

    def read(found: re.Match[str]) -> str:
        path = folder / found[1]
        path = path if path.suffix else path.with_suffix(".tex")
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    return re.sub(
        r"\\input(?:\{([\w.-]+)\}| *[\w\\.-]+)",
        lambda found: read(found) if found[1] else "",
        re.sub(r"\\input ([\w-]+\.tex)", r"\\input{\1}", source),
    )


def in_typewriter(text: str) -> str:
    return text.replace("\\ldots", "…").replace("`", "‘").replace("'", "’")


def text_of_tex(path: Path) -> str:
    """The text of what ours makes of a file: formulas and verbatim text are held, commands that print nothing go, those that print words print them."""
    source = remove(inlined(path.read_text(encoding="utf-8"), path.parent), join_lines=True).text
    known = r"\newif\iflatexml\latexmltrue" if r"\usepackage{latexml}" in source else ""
    text = expand(source, known, environments=True).text
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        for name in ("verb", "verbatim", "url", "address", "typewriter"):
            if found[name] is not None:
                kept = found[name].replace(" ", "␣") if found["star"] or found["stars"] else found[name]
                held.append(
                    "".join(kept.split()) if name in ("url", "address") else kept if found["typewriter"] is None else in_typewriter(kept)
                )
                return f"\x01{len(held) - 1}\x02" if "\n" not in kept else f" \x01{len(held) - 1}\x02 "
        held.append(formula(next(found[name] for name in "abcdf" if found[name] is not None)))
        script = re.fullmatch(r"[_^](?:(\w)|\{((?:[\w<>,]|\\prime)+)\})", found["d"] or "")
        if script:
            return (script[1] or script[2]).replace("\\prime", "′")
        return f" \x01{len(held) - 1}\x02 "

    before, begun, body = text.partition("\\begin{document}")
    title = re.search(r"\\title\{((?:[^{}]|\{[^{}]*\})*)\}", text)
    hooks = re.findall(r"\\At(Begin|End)Document\{([^{}]*)\}", before)
    body = (body if begun else text).partition("\\end{document}")[0]
    abstract = re.search(r"\\abstract\{([^{}]*)\}", before)
    text = " ".join(
        [
            title[1] if title else "",
            abstract[1] if abstract else "",
            *(hook for at, hook in hooks if at == "Begin"),
            body,
            *(hook for at, hook in hooks if at == "End"),
        ]
    )
    text = re.sub(r"\\(?:footnote|shortstack|caption|section|subsection|chapter)(?![a-z])", r" \g<0>", HELD.sub(hold, text))
    text = re.sub(r"\\subtable\[((?:[^][{}]|\{[^{}]*\})*)\]\{([^{}]*)\}", r" \1 \2 ", text)
    text = re.sub(r"\\subfigure\[((?:[^][{}]|\{[^{}]*\})*)\]\{([^{}]*)\}", r" \2 \1 ", text)
    text = re.sub(r"\\say\{((?:[^{}]|\\say\{[^{}]*\})*)\}", lambda found: f"“{re.sub(SAY, '‘' + chr(92) + '1’', found[1])}”", text)
    text = re.sub(r"\\cite\*?\{[^{}]*\}", "[]", text)
    text = re.sub(r"\\(?:putbib\[[^]]*\]|bibliography\{[^{}]*\}|begin\{thebibliography\}\{[^{}]*\})", " References ", text)
    text = re.sub(r"\\(?:twocolumn|begin\{multicols\}\{2\})\[([^]]*)\]", r" \1 ", text)
    text = re.sub(r"(.*?)(\\begin\{titlepage\}.*?\\end\{titlepage\})", r"\2 \1", text, flags=re.DOTALL)
    text = re.sub(COLUMNS, " ", SILENT_COMMANDS.sub("", text))
    text = re.sub(r"\\\\(?:\[[^]]*\])?|(?<!\\)[&~]|(?<=\})(?=\{)", " ", text)
    text = re.sub(r"\\(~n|[A-Za-z]+)\*?[ \t]*\n?|\\(.)", lambda found: PRINTED.get(found[1] or found[2], ""), text)
    for typed, printed in LIGATURES.items():
        text = text.replace(typed, printed)
    text = re.sub(r"(?<!\\)[{}]", "", text)
    return " ".join(re.sub("\x01(\\d+)\x02", lambda found: held[int(found[1])], text).split())


EQUAL = {
    "digestion": "dollar",
    "expansion": "env environments for parindent romannumeral",
    "parse": "algebraic_terms array_math compose kludge mixedfrac nested_application parens qm scripts sequences_and_lists "
    "standalone_modifiers subordinate_lists terms vertbars",
    "structure": "abstract app apps article authors autoref beforeafter bibsect columns dirtytalk epitest faketitlepage figures para "
    "report svabstract titlepage",
    "tokenize": "ligatures mathtokens newlines",
}
DIFFERENT = {
    "digestion/box": "boxes and registers decide what is printed",
    "digestion/chardefs": "prints what registers and \\chardef hold",
    "digestion/io": "reads and writes files",
    "digestion/rebox": "\\UseBox is the package latexml's, and prints what \\SaveBox kept",
    "digestion/testctr": "prints counters",
    "expansion/endinput": "\\endinput cuts files short: the assembler's",
    "expansion/escapechar": "changes how characters are read",
    "expansion/etoolbox": "prints registers; hooks and patches of the package etoolbox",
    "expansion/keywords": "prints registers",
    "expansion/lettercase": "\\uppercase and \\lowercase with changed codes",
    "expansion/meaning": "prints the meaning of tokens",
    "expansion/noexpand": "an active character, token registers",
    "expansion/noexpand_conditional": "prints tokens with \\detokenize; \\if and \\ifcat of expanded macros",
    "expansion/pdftex_expanded": "\\expanded, \\detokenize, \\the",
    "expansion/testinput": "asks for files by \\jobname, one of which is not there",
    "expansion/testmultido": "loops of the package multido",
    "expansion/toks": "prints token registers",
    "expansion/urls": "an address that goes over a line's end behind a %",
    "expansion/whichcache": "asks which packages are loaded",
    "parse/artefacts": "an own macro of LaTeXML's internal \\@APPLYFUNCTION, which stays as written",
    "structure/amsarticle": "LaTeXML cuts aligned formulas into cells",
    "structure/crazybib": "natbib prints \\bibsection by itself",
    "structure/csquotes": "active quotes of the package csquotes",
    "structure/enum": "the package enumitem prints words of its options",
    "structure/eqnums": "prints equation numbers",
    "structure/fancyhdr": "tests of the package fancyhdr",
    "structure/filelist": "prints the list of loaded files; its class is not there",
    "structure/options": "its class is not there",
    "structure/plainsample": "plain TeX: registers, fonts and headings without braces",
    "tokenize/comment": "\\specialcomment; text behind an opener that a macro hides",
    "tokenize/equality": "changes how characters are read, and prints it",
    "tokenize/par": "changes how characters are read",
    "tokenize/percent": "addresses between characters that are dollars and percent signs elsewhere",
    "tokenize/url": "\\DeclareUrlCommand and \\urldef make commands that print their argument as it is",
    "tokenize/verb": "\\verb behind \\expandafter, its argument a macro",
    "tokenize/verbata": "\\newenvironment around \\verbatim; reads itself",
}
"""What stands in the way of each of the others. All of it is other work than replacing a paper's own macros."""


@pytest.fixture(autouse=True)
def _data() -> None:
    if not LATEXML.is_dir():
        pytest.skip("needs LaTeXML's tests, shared/data/arxiv/latexml-tests")


@pytest.mark.parametrize("name", [f"{folder}/{name}" for folder, names in EQUAL.items() for name in names.split()])
def test_the_text_is_latexmls(name: str) -> None:
    path = LATEXML / name
    assert text_of_tex(path.with_suffix(".tex")) == text_of_xml(path.with_suffix(".xml"))


def test_every_test_is_equal_or_has_a_reason() -> None:
    equal = {f"{folder}/{name}" for folder, names in EQUAL.items() for name in names.split()}
    assert len(equal) >= 40
    assert equal | DIFFERENT.keys() == {path.relative_to(LATEXML).with_suffix("").as_posix() for path in LATEXML.rglob("*.xml")}
    still = {name for name in DIFFERENT if text_of_tex(LATEXML / f"{name}.tex") != text_of_xml(LATEXML / f"{name}.xml")}
    assert still == DIFFERENT.keys()
    assert not still & equal
