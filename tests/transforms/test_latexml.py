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
SILENT = "tags tag toctitle toccaption resource XMath creator date navigation rdf classification pagination keywords ERROR".split()
INLINE = "text emph ref sup sub cite bibref bibrefphrase inline-block inline-para acronym".split()

MATH = "equation|displaymath|math|eqnarray|align"
HELD = re.compile(
    rf"\\begin\{{(?P<e>{MATH})(?P<s>\*?)\}}(?P<a>.*?)\\end\{{(?P=e)(?P=s)\}}"
    r"|\\\[(?P<b>.*?)\\\]|\$\$(?P<c>[^$]+)\$\$|\$(?P<d>(?:[^$]|\\fbox\{\$[^$]*\$\})+)\$|\\\((?P<f>.*?)\\\)"
    r"|\\verb(?P<star>\*?)[ ]?(?P<v>[^\w\s])(?P<verb>.*?)(?P=v)|\\begin\{verbatim(?P<stars>\*?)\}(?P<verbatim>.*?)\\end\{verbatim(?P=stars)\}"
    r"|\\(?:url|path)\s*(?:\{(?P<url>(?:[^{}]|\{[^{}]*\})*)\}|(?P<u>[|%$#])(?P<address>.*?)(?P=u))|\\texttt\{(?P<typewriter>[^{}]*)\}",
    re.DOTALL,
)
SILENT_COMMANDS = re.compile(
    r"\\(?:label|ref|autoref|pagestyle|thispagestyle|date|author|title|hspace|vspace|cline|theoremstyle|numberwithin|bibliographystyle|bibliography|putbib|"
    r"defaultbibliographystyle|setlist|lxDeclare|address|curraddr|email|thanks|subjclass|keywords|dedicatory|bibitem|captionof(?=\{\w+\}\{))"
    r"\*?(?:\[[^]]*\])*\{(?:[^{}]|\{[^{}]*\})*\}|\\(?:setlength|newlist\{\w+\}|usepackage|newcounter)\{[^{}]*\}\{[^{}]*\}"
)
COLUMNS = r"\\begin\{(?:tabular|minipage|thebibliography|multicols)\*?\}(?:\[[^]]*\])?\{[^{}]*\}|\\begin\{\w+\*?\}\s*\[[^]]*\]|\\(?:begin|end)\{\w+\*?\}"
PRINTED = {
    **{"LaTeX": "LaTeX", "TeX": "TeX", "ldots": "…", "quad": " ", "par": " ", "newline": " ", "cite": "[]", "listoftables": "List of Tables"},
    **{"listoffigures": "List of Figures", "~n": "ñ", "S": "§"},
    **{character: character for character in "&%_#${}"},
}
LIGATURES = {"---": "—", "--": "–", "``": "“", "''": "”", "?`": "¿", "!`": "¡", "...": "…", "`": "‘", "'": "’"}


def formula(text: str) -> str:
    """A formula without blanks, braces, labels and commands that only space it or name LaTeXML's own nodes."""
    text = re.sub(r"\\label\s*\{[^{}]*\}|%\n|\\lx@ApplyFunction", "", text)
    text = text.replace("{array}[]", "{array}")
    text = re.sub(r"\\[,;!]|\\(?:limits|displaystyle)(?![A-Za-z])", "", text)
    return re.sub(r"\s|[{}]", "", text)


def text_of_xml(path: Path) -> str:
    """The text of LaTeXML's XML, formulas by their `tex`; blocks are set apart by blanks, numbers, authors, dates and keywords are left out."""
    pieces: list[str] = []

    def read(element: ElementTree.Element) -> None:
        name = element.tag.removeprefix(NAMESPACE)
        if name not in SILENT:
            gap = "" if name in INLINE else " "
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

    return re.sub(r"\\input(?:\{([\w.-]+)\}| *[\w\\.-]+)", lambda found: read(found) if found[1] else "", re.sub(r"\\input ([\w-]+\.tex)", r"\\input{\1}", source))


def text_of_tex(path: Path) -> str:
    """The text of what ours makes of a file: formulas and verbatim text are held, commands that print nothing go, those that print words print them."""
    source = remove(inlined(path.read_text(encoding="utf-8"), path.parent), join_lines=True).text
    known = r"\newif\iflatexml\latexmltrue" if r"\usepackage{latexml}" in source else ""
    text = expand(source, known, environments=True).text
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        group = found.lastgroup or ""
        for name in ("verb", "verbatim", "url", "address", "typewriter"):
            if found[name] is not None:
                kept = found[name].replace(" ", "␣") if found["star"] or found["stars"] else found[name]
                held.append("".join(kept.split()) if name in ("url", "address") else kept.replace("\\ldots", "…"))
                return f"\x01{len(held) - 1}\x02" if "\n" not in kept else f" \x01{len(held) - 1}\x02 "
        held.append(formula(next(found[name] for name in "abcdf" if found[name] is not None)))
        script = re.fullmatch(r"[_^](\w)", held[-1])
        if script and group == "d":
            return script[1]
        return f" \x01{len(held) - 1}\x02 "

    before, begun, body = text.partition("\\begin{document}")
    title = re.search(r"\\title\{((?:[^{}]|\{[^{}]*\})*)\}", text)
    hooks = re.findall(r"\\At(Begin|End)Document\{([^{}]*)\}", before)
    body = (body if begun else text).partition("\\end{document}")[0]
    text = " ".join([title[1] if title else "", *(hook for at, hook in hooks if at == "Begin"), body, *(hook for at, hook in hooks if at == "End")])
    text = re.sub(r"\\(?:footnote|thanks|caption|section|subsection|chapter)(?![a-z])", r" \g<0>", HELD.sub(hold, text))
    text = re.sub(r"\\cite\*?\{[^{}]*\}", "[]", text)
    text = re.sub(COLUMNS, " ", SILENT_COMMANDS.sub("", text))
    text = re.sub(r"\\\\(?:\[[^]]*\])?|(?<!\\)[&~]|\\[ ,;!/]|(?<=\})(?=\{)", " ", text)
    text = re.sub(r"\\(~n|[A-Za-z]+|.)\*?[ \t]*\n?", lambda found: PRINTED.get(found[1], ""), text)
    for typed, printed in LIGATURES.items():
        text = text.replace(typed, printed)
    text = re.sub(r"(?<!\\)[{}]", "", text)
    return " ".join(re.sub("\x01(\\d+)\x02", lambda found: held[int(found[1])], text).split())
