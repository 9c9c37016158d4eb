"""From the files of a submission to the paper's record: its LaTeX as one text, or the state that says why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from pipeline.book_text import is_binary
from pipeline.members import EXCERPT
from pipeline.records import Broken, Document
from pipeline.source_text import UTF16
from pipeline.submission_files import MANY, OVER, Submission
from pipeline.submission_names import Name
from pipeline.submission_text import Texts
from transforms.latex import main_file
from transforms.latex.assembly import Assembled, Limits, assemble
from transforms.latex.main_file import NO_README, TEX_NAME, Readme
from transforms.latex.project import Project

LATEX = "latex"
MOST_REFUSED = 4096  # ours: characters of the column that names what was refused
LONGEST_NAME = 200  # ours: characters of one name in it
README = re.compile(r"(?i)(?:^|/)00readme(?:\.[^/]*)?$")
SIGNS = (
    ("pdf only", re.compile(rb"\s*%PDF-")),
    ("postscript", re.compile(rb"[\x04\s]*(?:%!PS|\x1b%-12345X|\xc5\xd0\xd3\xc6)")),
    (
        "html",
        re.compile(
            rb"(?i)(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|title|body)\b",
            re.DOTALL,
        ),
    ),
    ("docx", re.compile(rb"(?s)PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|word/|docProps/)")),
    ("archive in archive", re.compile(rb"PK\x03\x04|\x1f\x8b\x08|BZh[1-9]|\xfd7zXZ\0|\x28\xb5\x2f\xfd|7z\xbc\xaf|Rar!")),
    ("unix compress", re.compile(rb"\x1f\x9d")),
)
"""(state, how a single file of this kind begins); arXiv's help, "Submission types"."""
ATTACHED = (("pdf", "pdf only"), ("ps", "postscript"), ("html", "html"), ("docx", "docx"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paper lies in the input, how many bytes it has there, and when it was last changed (seconds; 0: unknown)."""

    offset: int
    inner: int
    size: int
    modified: int


def kind_of(head: bytes) -> str | None:
    """What a single file is that holds no LaTeX, by its first bytes; None: it may be text."""
    return next((state for state, sign in SIGNS if sign.match(head)), None)


def without_text(named: Name, place: Place, state: str) -> Document:
    """The record of a paper that has no LaTeX."""
    return Document(named.key, "", place.offset, place.inner, _columns(named, place, state))


def broken(named: Name, place: Place, reason: str, excerpt: bytes) -> Broken:
    """The record of a paper that could not be read; its name leads the excerpt."""
    return Broken(place.offset, place.inner, place.size, reason, (named.key.encode("utf-8", "replace") + b": " + excerpt)[:EXCERPT])


def record(submission: Submission, named: Name, place: Place, document_bytes: int) -> Document | Broken:
    """The paper of a submission: what its main file reads is one text; if the main file is lost with what is damaged, it is broken.

    It was last changed when arXiv says (`place`), or else with its newest file.
    """
    place = replace(place, modified=place.modified or submission.modified)
    texts = Texts(submission.files)
    project = Project(texts)
    choice = main_file.choose(project, named.paper, _readme(submission, texts))
    if choice.main is None:
        if submission.damage is not None:
            return broken(named, place, submission.damage.reason, submission.damage.excerpt)
        return _finished(named, place, _state(submission, choice.state), submission, {}, "", None)
    assembled = assemble(project, choice.main, Limits(characters=document_bytes))
    notes = dict.fromkeys(note for path in sorted(texts.notes) for note in texts.notes[path] if path in assembled.files)
    notes.update(dict.fromkeys(assembled.notes))
    if choice.others:
        notes["several main files"] = None
    if any(TEX_NAME.search(path) and path not in assembled.files for path in submission.files):
        notes["leftover .tex files"] = None
    state = "over-size" if assembled.over else main_file.stub(assembled.text) or LATEX
    return _finished(named, place, state, submission, notes, choice.main, assembled)


def _finished(
    named: Name, place: Place, state: str, submission: Submission, notes: dict[str, None], main: str, assembled: Assembled | None
) -> Document:
    refused = [*submission.refused, *(assembled.refused if assembled else ())]
    columns = _columns(named, place, state)
    columns["refused"] = "\n".join(name[:LONGEST_NAME] for name in refused)[:MOST_REFUSED] or None
    text = ""
    if assembled:
        columns.update(main=main, files=len(assembled.files), definitions=assembled.definitions)
        text = assembled.text if state == LATEX else ""
    return Document(named.key, text, place.offset, place.inner, columns, tuple({**submission.notes, **notes}))


def _columns(named: Name, place: Place, state: str) -> dict[str, Any]:
    return {
        "url": named.url,
        "paper": named.paper,
        "version": named.version,
        "modified": place.modified,
        "state": state,
        "main": None,
        "files": 0,
        "definitions": "",
        "refused": None,
    }


def _readme(submission: Submission, texts: Texts) -> Readme:
    """arXiv's 00README at the top, of which the JSON one counts before the older; one that cannot be read is noted."""
    for path in sorted(
        (path for path in submission.files if README.search(path)), key=lambda path: (path.count("/"), path.lower()[-4:] == ".xxx", path)
    ):
        found = main_file.read_readme(path, texts[path])
        if found is not None:
            folder = path[: path.rfind("/") + 1]
            return Readme(*(frozenset(folder + name.removeprefix("./") for name in names) for names in found))
        submission.notes["00README not read"] = None
    return NO_README


def _is_binary(data: bytes) -> bool:
    return not data.startswith(tuple(mark for mark, _ in UTF16)) and is_binary(data)


def _state(submission: Submission, state: str) -> str:
    """Why a submission has no LaTeX: what a file said, or of what kind the files are that are not held."""
    if state == "withdrawn":
        return state
    if not any(TEX_NAME.search(path) for path in submission.files):
        for kind, named in ATTACHED:
            if submission.kinds[kind] or (kind == "html" and any(path.lower().endswith((".htm", ".html")) for path in submission.files)):
                return named
    if set(submission.kinds) == {"archive"} and not submission.files and not submission.refused:
        return "archive in archive"
    if state in ("plain text", "no main file") and submission.files and all(map(_is_binary, submission.files.values())):
        return "binary"
    if not submission.kinds and not submission.refused and not any(data.strip(b"\0\t\n\r ") for data in submission.files.values()):
        return "empty"
    return (
        "over-size" if any(name.startswith((OVER, MANY)) for name in submission.refused) else state if state != "empty" else "no main file"
    )
