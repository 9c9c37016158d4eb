"""What the cuts stop at: headings, definitions (a heading in one heads nothing), and where a bibliography, an appendix or the document begins and ends.

Patterns are of what stands behind a command's backslash; each can be tried at every place, in time that a few nested levels bound.
"""

from __future__ import annotations

import re

_BETWEEN = r"(?:\s++|%[^\r\n]*+)*+"
_OPTIONS = r"(?:\[(?:[^\[\]]++|\[[^\[\]]*+\])*+\])?+"
_NAME = r"(?:\{[^{}]*+\}|\\(?:[A-Za-z@]++|[^A-Za-z@]))"
_DEPTH = 8  # ours: nested braces of a definition's body; one with more is read as text


def _balanced(depth: int) -> str:
    inner = rf"|{_balanced(depth - 1)}" if depth else ""
    return rf"\{{(?:[^{{}}\\%]++|\\[\s\S]|%[^\r\n]*+{inner})*+\}}"


_BODY = rf"[^{{}}\\\r\n]*+\s*+{_balanced(_DEPTH)}"

DEFINITION = (
    rf"(?P<definition>(?:(?:(?:re)?newcommand|providecommand|DeclareRobustCommand|[egx]?def)(?![A-Za-z@])\*?+\s*+(?:{_NAME}(?:{_BODY})?+)?+"
    rf"|(?:(?:re)?newenvironment|(?:New|Renew|Provide|Declare)Document(?:Command|Environment))(?![A-Za-z@])\*?+\s*+(?:{_NAME}(?:{_BODY}\s*+{_balanced(_DEPTH)})?+)?+"
    rf"|let(?![A-Za-z@])\s*+{_NAME}\s*+=?\s*+{_NAME}|(?:titleformat|titlespacing|patchcmd|pretocmd|apptocmd|expandafter|noexpand|string)(?![A-Za-z@])\*?+\s*+{_NAME}))"
)
"""A definition with its body, or a command that only names the one behind it."""

MAJOR = ("part", "chapter", "section", "subsection")
MINOR = ("subsubsection", "paragraph", "subparagraph")
HEADING = rf"(?P<heading>(?P<level>part|chapter|(?:sub){{0,2}}section|(?:sub)?paragraph)\*?+{_BETWEEN}{_OPTIONS}{_BETWEEN}\{{)"
"""A heading up to its title's brace; \\sectionmark and {\\section} are none."""

BIBLIOGRAPHIES = r"thebibliography|references|REFERENCES|References|bibdiv|biblist"
"""Environments: LaTeX's; REVTeX's and AASTeX's of old, as RedPajama has them; amsrefs' two."""
BIBLIOGRAPHY = (
    rf"(?P<bibliography>begin\{{(?P<opened>{BIBLIOGRAPHIES})\}}|end\{{(?P<closed>{BIBLIOGRAPHIES})\}}"
    rf"|(?P<reader>bibliography[A-Za-z]*+|nobibliography)\*?+{_BETWEEN}\{{[^{{}}]*+\}}"  # multibib: \bibliographysecondary{{...}}
    rf"|(?P<printer>print(?:bibliography|bibheading|shorthands)|putbib)(?![A-Za-z@])[ \t]*+{_OPTIONS}|(?P<item>bibitem)(?![A-Za-z@])"
    r"|(?P<entry>addcontentsline)\{toc\}\{[a-z]*+\}\{(?:References|Bibliography|\\(?:ref|bib)name)\})"
)
APPENDIX = r"(?P<appendix>append(?:ix|ices)(?![A-Za-z@])|begin\{(?:appendix|appendices|subappendices)\})"
FLOAT = r"(?P<float>begin\{(?:figure|table|deluxetable|sidewaystable|sidewaysfigure)\*?\})"
END = r"(?P<end>end\{document\})"
BEGIN = r"begin\{document\}"

_TITLE = re.compile(r"(?:[^{}\\]++|\\[\s\S]|\{(?:[^{}\\]++|\\[\s\S]|\{[^{}]*+\})*+\})*+")
_SILENT = re.compile(r"\\(?:label|hypertarget|addcontentsline|phantomsection)(?:\{[^{}]*+\})*+")
_COMMAND = re.compile(r"\\(?:refname|bibname)(?![A-Za-z])|\\[A-Za-z@]++\*?|[^A-Za-z\\]++|\\")
_LONGEST_TITLE = 300  # ours: characters of a title that are looked at
REFERENCES = frozenset(
    (
        "references",
        "reference",
        "bibliography",
        "references and notes",
        "references cited",
        "cited references",
        "literature cited",
        "works cited",
    )
)
ACKNOWLEDGEMENTS = frozenset(("acknowledgements", "acknowledgments", "acknowledgement", "acknowledgment"))


def title(text: str, start: int) -> str:
    """The words of the title that begins behind a brace, in small letters, without commands, numbers and marks."""
    written = _TITLE.match(text, start, start + _LONGEST_TITLE)
    assert written is not None  # it matches the empty title too
    words = _COMMAND.sub(lambda found: " references " if found[0] in ("\\refname", "\\bibname") else " ", _SILENT.sub(" ", written[0]))
    return " ".join(words.lower().split())
