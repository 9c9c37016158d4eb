"""Which file of a LaTeX project is the main one, and whether a text is the notice of a withdrawal (spec, arXiv, "Proposed"; arXiv's own help)."""

from __future__ import annotations

import functools
import json
import posixpath
import re
from collections.abc import Iterable
from typing import NamedTuple

from transforms.latex.project import Project
from transforms.latex.structure import BEGIN, CLASSES, ends_as_plain_tex, sections

TEX_NAME = re.compile(r"(?i)\.(?:tex|ltx|latex)$")
SUPPORT_NAME = re.compile(
    r"(?i)\.(?:sty|cls|clo|def|cfg|bbl|bib|bst|aux|log|out|toc|lof|lot|idx|ind|ist|fd|tfm|mf|dat|csv|bak)$|~$|_$|(?:^|/)00readme[^/]*$"
)
"""Files that are never a main file, whatever they hold."""
NAMED = ("main", "ms", "paper")  # spec
PARTIAL = ("subfiles", "standalone")  # classes of files that belong to another document
EXAMINED = 64  # ours: files that are weighed against each other; the rest come behind them by name
AUTO_IGNORE = re.compile(r"(?i)\A[\s\ufeff]*%+[ \t]*auto-ignore")
"""code: arXiv's TeX system leaves a file that begins so alone, and asks that the notice of a withdrawal does."""
WITHDRAWN = re.compile(
    r"(?i)\b(?:paper|article|manuscript|submission|preprint|e-?print)\b[^.]{0,120}?\b(?:withdrawn|withdrew|removed|retracted|superseded)\b"
    r"|\b(?:it|this)\b[^.]{0,60}?\b(?:withdrawn|retracted)\b"
    r"|\bwithdr(?:awn|ew|aw)\b[^.]{0,120}?\b(?:paper|article|manuscript|submission|preprint)\b"
)
LONGEST_NOTICE = 1500  # ours: characters of a notice's body; an abstract has as many, a paper never so few
MARKUP = re.compile(r"%[^\n]*|\\[A-Za-z@]+\*?|[{}\\$&~^_\[\]]")
PDF_PAGES = re.compile(r"\\includepdf(?:merge)?\b")
DIRECTIVE = re.compile(r"\s(toplevelfile|ignore)\Z")


class Readme(NamedTuple):
    """What arXiv's 00README says of files: those that are main ones, and those to leave alone."""

    toplevel: frozenset[str]
    ignored: frozenset[str]


NO_README = Readme(frozenset(), frozenset())


class Choice(NamedTuple):
    """`main`: None where there is none, and `state` says why: withdrawn, plain text, no main file. `others`: further main files."""

    main: str | None
    state: str
    others: int


def read_readme(name: str, text: str) -> Readme | None:
    """arXiv's 00README.XXX (`file toplevelfile`, `file ignore`) or 00README.json (`sources` with `usage`); None: it cannot be read."""
    if not name.casefold().endswith((".json", ".jsn")):
        lines = [line.strip() for line in text.splitlines()]
        found = [(line[: what.start()].rstrip(), what[1]) for line in lines if (what := DIRECTIVE.search(line, max(0, len(line) - 13)))]
        return Readme(*(frozenset(file for file, what in found if what == wanted) for wanted in ("toplevelfile", "ignore")))
    try:
        sources = json.loads(text)["sources"]
        usages = [(str(source["filename"]), str(source.get("usage", ""))) for source in sources]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Readme(*(frozenset(file for file, usage in usages if usage == wanted) for wanted in ("toplevel", "ignore")))


def choose(project: Project, paper: str, readme: Readme = NO_README) -> Choice:
    """The main file: has a \\documentclass or \\documentstyle and a \\begin{document}, itself or in what it reads.

    Of several: what 00README names; what no other reads; no file of subfiles or standalone; the topmost; named main, ms, paper or as the
    paper; the most headings with all it reads; the first by name. Without LaTeX: a file that ends as plain TeX or AmS-TeX must.
    """
    files = sorted(path for path in project.files if not SUPPORT_NAME.search(path))
    files = [path for path in files if TEX_NAME.search(path)] or files
    ignored = [path for path in files if AUTO_IGNORE.match(project.files[path])]
    open_files = [path for path in files if path not in readme.ignored and path not in ignored]
    candidates = _candidates(project, open_files) or [path for path in open_files if ends_as_plain_tex(project.files[path])]
    if not candidates:
        return Choice(None, _without_main(project, files, ignored), 0)
    if len(candidates) == 1:
        return Choice(candidates[0], "latex", 0)
    headings = functools.cache(lambda path: sections(project.files[path]))
    reached = {path: project.reached(path) for path in candidates[:EXAMINED]}
    below = {path for main, found in reached.items() for path in found if path != main and main not in reached.get(path, ())}

    def rank(path: str) -> tuple[bool, bool, bool, int, bool, int, str]:
        count = sum(headings(inner) for inner in reached.get(path, ()))
        return (
            path not in readme.toplevel,
            path in below,
            _partial(project, path),
            path.count("/"),
            not _named(path, paper),
            -count,
            path,
        )

    ranked = sorted(candidates, key=rank)
    rivals = [path for path in ranked if path not in below and not _partial(project, path)]
    return Choice(ranked[0], "latex", max(0, len(rivals) - 1))


def stub(text: str) -> str | None:
    """What a main file is that holds no paper: "withdrawn" (a notice), "pdf only" (it shows the pages of a PDF); else None."""
    begin, end = text.find("\\begin{document}"), text.rfind("\\end{document}")
    body = text[begin + 16 if begin >= 0 else 0 : end if end >= 0 else len(text)]
    if len(body) > 4 * LONGEST_NOTICE:
        return None
    words = MARKUP.sub(" ", body)
    if len(words.strip()) <= LONGEST_NOTICE and is_notice(words):
        return "withdrawn"
    return "pdf only" if PDF_PAGES.search(body) and "\\section" not in body and len(words.split()) <= 50 else None


def is_notice(text: str) -> bool:
    """Whether a short text says that a paper was withdrawn."""
    return len(text) <= LONGEST_NOTICE and WITHDRAWN.search(text) is not None


def _candidates(project: Project, files: Iterable[str]) -> list[str]:
    """In order of depth and name, so that the first of very many are the likely ones."""
    found, examined = [], 0
    for path in sorted(files, key=lambda path: (path.count("/"), path)):
        own = project.structure(path)
        if own.has(*CLASSES) and own.has(BEGIN):
            found.append(path)
        elif (own.has(*CLASSES) or own.has(BEGIN)) and examined < EXAMINED:
            examined += 1
            inner = [project.structure(read) for read in project.reached(path)]
            if any(item.has(*CLASSES) for item in inner) and any(item.has(BEGIN) for item in inner):
                found.append(path)
    return found


def _partial(project: Project, path: str) -> bool:
    return any(set(command.argument.split(",")) & set(PARTIAL) for command in project.structure(path).named(*CLASSES))


def _named(path: str, paper: str) -> bool:
    stem = posixpath.splitext(posixpath.basename(path))[0].casefold()
    return stem in NAMED or stem in (paper.casefold(), paper.casefold().replace("/", ""), paper.casefold().rpartition("/")[2])


def _without_main(project: Project, files: list[str], ignored: list[str]) -> str:
    texts = [project.files[path] for path in files]
    if any(is_notice(text) for text in texts) or (ignored and len(files) == 1):
        return "withdrawn"
    if not any(text.strip() for text in texts):
        return "empty" if texts else "no main file"
    marked = any(
        project.structure(path).commands or "\\begin{" in project.files[path] or "\\section" in project.files[path] for path in files
    )
    return "no main file" if marked or len(files) > 1 else "plain text"
