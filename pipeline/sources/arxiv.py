"""ArXiv, 2.5 % of the mixture. LLaMA section 2.1, ArXiv.

"We process arXiv Latex files to add scientific data to our dataset. Following Lewkowycz et al. (2022), we removed everything before the first section,
as well as the bibliography. We also removed the comments from the .tex files, and inline-expanded definitions and macros written by users to increase
consistency across papers."
"""

from __future__ import annotations

import functools
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import settings, submissions
from pipeline.documents import Batch
from pipeline.exchange import hashed
from pipeline.part import Part
from pipeline.reading import PLACE
from pipeline.recipe import DropDuplicates, Keep, Measure, Recipe, Rewrite, Rewritten, Step, Test, at_least, one_of
from pipeline.records import Read
from pipeline.settings import setting
from transforms.latex import comments, cuts, expansion, macros

NAME = "arxiv"
READ_AS = "read the submission as a paper"


@dataclass(frozen=True)
class Arxiv:
    """What LLaMA did to arXiv's papers; where it follows Minerva and does less, Minerva's is a preset."""

    appendices: Literal["kept", "cut"] = setting("kept", "paper: the bibliography goes, nothing is said of appendices; cut: as Minerva")
    without_sections: Literal["dropped", "kept"] = setting(
        "dropped", "code: Minerva drops papers without a section; kept: they begin at \\begin{document}"
    )
    remove_comments: bool = setting(True, "paper: removed the comments from the .tex files")
    join_lines: bool = setting(False, "ours: a comment's line end stays, as RedPajama has it; true: it goes with it, as in TeX")
    expand_macros: bool = setting(True, "paper: inline-expanded definitions and macros written by users")
    expand_environments: bool = setting(False, "ours: \\newenvironment is a definition too, but what it holds is mostly layout")
    max_expansion: int = setting(4, "ours: size of an expanded paper in sizes of what was read, at which macros are a bomb")
    min_characters: int = setting(1, "ours: a paper of which nothing is left is none")
    max_document_bytes: int = setting(8 * 2**20, "ours: LaTeX of a paper that is held; the longest have a few MB")
    max_submission_bytes: int = setting(64 * 2**20, "ours: files of a submission that may hold LaTeX, all in all; figures are not held")
    max_packed_bytes: int = setting(
        256 * 2**20, "ours: a submission in a bulk archive, as stored; arXiv takes 50 MB and has a few larger ones"
    )
    max_member_bytes: int = setting(64 * 2**30, "ours: expanded size at which a compressed member is a bomb; a bulk archive has 500 MB")
    rejected_text: bool = setting(False, "ours: rejects name the paper; its text is in the input")

    def __post_init__(self) -> None:
        for name in ("max_document_bytes", "max_submission_bytes", "max_packed_bytes", "max_member_bytes", "max_expansion"):
            if getattr(self, name) < 1:
                raise settings.SettingError(f"{name} is at least 1, not {getattr(self, name)}")


LLAMA = Arxiv()
MINERVA = Arxiv(appendices="cut", expand_macros=False)
PRESETS = {"llama": LLAMA, "minerva": MINERVA}

READ = pa.schema(
    [
        ("url", pa.string()),
        ("paper", pa.string()),
        ("version", pa.int64()),
        ("modified", pa.int64()),
        ("state", pa.string()),
        ("main", pa.string()),
        ("files", pa.int64()),
        ("definitions", pa.string()),
        ("refused", pa.string()),
    ]
)
"""The columns that the reader gives beside id, source, text, notes and origin. `state`: latex, or why there is none; `definitions`: local style files."""

CLEAN = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("paper", pa.string()),
        ("version", pa.int64()),
        ("text", pa.string()),
        ("characters", pa.int64()),
        ("original_characters", pa.int64()),
        ("main", pa.string()),
        ("files", pa.int64()),
        ("comments", pa.int64()),
        ("macros", pa.int64()),
        ("macros_left", pa.int64()),
        ("unexpanded", pa.list_(pa.string())),
        ("refused", pa.string()),
        *PLACE,
    ]
)
"""A paper. `macros`: uses that were expanded, `macros_left`: those that could not be, `unexpanded`: their names; `refused`: files not read, and why."""

NAMED_MACROS = 50
"""ours: names of macros that stay, of one paper; the count has all."""

PASSED = pa.schema([("document", pa.uint32()), ("state", pa.string()), ("modified", pa.int64()), ("definitions", pa.string()), *CLEAN])

MEASURES = (("characters", "min_characters", "at least"),)
"""(column of a clean shard, setting that bounds it, how), for `explain`."""

folders = submissions.folders


def read(part: Part, config: Arxiv) -> Iterator[Read]:
    """Every submission of an archive, as one text."""
    bounds = submissions.Bounds(
        document_bytes=config.max_document_bytes,
        submission_bytes=config.max_submission_bytes,
        packed_bytes=config.max_packed_bytes,
        member_bytes=config.max_member_bytes,
    )
    return submissions.read(part, bounds)


# ---- the recipe


def recipe(config: Arxiv, models: object) -> Recipe:
    """LLaMA section 2.1, the ArXiv paragraph, clause by clause; macros before the cuts, since they may hold the first section."""
    steps: list[Step | None] = [
        DropDuplicates(
            "the newest version of a paper", lambda batch: hashed(batch["paper"]), "documents", "corpus", 1, "keep_first", _newest
        ),
        Keep("not withdrawn", "state", _not("withdrawn")),
        Keep("not a PDF alone", "state", _not("pdf only")),
        Keep("Latex files", "state", one_of(("latex",))),
        Measure("Latex", lambda batch: {"original_characters": pa.array(batch.texts.characters)}),
        Rewrite("removed the comments from the .tex files", functools.partial(_without_comments, config))
        if config.remove_comments
        else None,
        Rewrite("inline-expanded definitions and macros written by users", functools.partial(_expanded, config))
        if config.expand_macros
        else None,
        Rewrite("removed everything before the first section", _from_first_section),
        Keep("a first section", "sections", one_of(("some",))) if config.without_sections == "dropped" else None,
        Rewrite("as well as the bibliography", functools.partial(_without_bibliography, config)),
        Measure("what is left", lambda batch: {"characters": pa.array(batch.texts.characters)}),
        Keep("something is left", "characters", at_least(config.min_characters)),
    ]
    return [step for step in steps if step is not None]


LAST = 2**64 - 1
"""What a version and a time are taken from, so that the newest comes first."""


def _newest(batch: Batch) -> pa.BinaryArray:
    """The highest version comes first, then the newest file; without a number it is version 0. Strings of bytes: the smallest first."""
    pairs = zip(batch["version"].to_pylist(), batch["modified"].to_pylist(), strict=True)
    return pa.array([struct.pack(">QQ", LAST - (version or 0), LAST - max(0, modified or 0)) for version, modified in pairs], pa.binary())


def _not(state: str) -> Test:
    """A paper that is not in this state."""
    return Test(f"is {state}", lambda column: ~np.asarray(pc.equal(column, state).to_numpy(zero_copy_only=False), bool))


def _without_comments(config: Arxiv, batch: Batch) -> Rewritten:
    removed = [comments.remove(text, config.join_lines) for text in batch["text"].to_pylist()]
    counts = pa.array([paper.comments for paper in removed], pa.int64())
    notes = (note for paper in removed for note in paper.notes)
    noted = Counter(f"comment {note.partition(': ')[0].partition(' ')[2]}" for note in notes)  # names and places have no end
    return Rewritten(pa.array([paper.text for paper in removed], pa.string()), {"comments": counts}, noted)


def _expanded(config: Arxiv, batch: Batch) -> Rewritten:
    """Why a use stays is noted by the reason alone, since names have no end; which they are stands with the paper."""
    bounds = macros.Bounds(growth=config.max_expansion)
    texts, counts, left, names, noted = [], [], [], [], Counter[str]()
    for text, definitions in zip(batch["text"].to_pylist(), batch["definitions"].to_pylist(), strict=True):
        local = _local(definitions or "")
        paper = expansion.expand(text, local, bounds, config.expand_environments)
        texts.append(paper.text)
        counts.append(paper.expanded)
        left.append(sum(paper.left.values()))
        names.append(sorted(paper.left)[:NAMED_MACROS])
        noted.update({f"macro left: {note.partition(': ')[2]}" for note in paper.notes})
    columns = {
        "macros": pa.array(counts, pa.int64()),
        "macros_left": pa.array(left, pa.int64()),
        "unexpanded": pa.array(names, pa.list_(pa.string())),
    }
    return Rewritten(pa.array(texts, pa.string()), columns, noted)


@functools.lru_cache(maxsize=16)
def _local(definitions: str) -> str:
    """Local style files without comments; a publisher's class comes with many papers."""
    return comments.remove(definitions, join_lines=True).text


def _from_first_section(batch: Batch) -> Rewritten:
    """A paper without one stays whole from \\begin{document} on: whether it stays at all is for the next step."""
    texts, found = [], []
    for text in batch["text"].to_pylist():
        cut = cuts.from_first_section(text)
        found.append("none" if cut is None else "some")
        texts.append(text.partition("\\begin{document}")[2] or text if cut is None else cut)
    return Rewritten(pa.array(texts, pa.string()), {"sections": pa.array(found, pa.string())})


def _without_bibliography(config: Arxiv, batch: Batch) -> Rewritten:
    left = [cuts.without_bibliography(text, config.appendices == "kept").text.strip() for text in batch["text"].to_pylist()]
    return Rewritten(pa.array(left, pa.string()))
