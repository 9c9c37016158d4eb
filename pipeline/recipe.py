"""The kinds of step that a recipe is made of. A step says what is done; pipeline/stage.py does it, and counts.

Rewrite, RemoveLines, Measure and Keep look at one batch. DropDuplicates, DropContained, Gather and Survey need the whole corpus: the plan cuts the
recipe into stages there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.documents import Batch

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Keys = np.ndarray[Any, np.dtype[np.uint64]]


@dataclass(frozen=True)
class Rewritten:
    """The new texts of a batch, columns measured on the way, and what is worth knowing of how many documents."""

    text: pa.StringArray
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Rewrite:
    """Gives every document another text."""

    label: str
    rewrite: Callable[[Batch], Rewritten]


@dataclass(frozen=True)
class Removed:
    """What a RemoveLines step leaves of a batch: the texts, how many lines it kept and how many it removed for each reason, and columns it measured.

    A text with no line left is empty.
    """

    text: pa.StringArray
    kept: int
    removed: Mapping[str, int]
    columns: Mapping[str, pa.Array]


@dataclass(frozen=True)
class RemoveLines:
    """Gives every document its text without the lines that rules of their own remove; the lines are counted."""

    label: str
    remove: Callable[[Batch], Removed]


@dataclass(frozen=True)
class Measure:
    """Adds columns that are computed from the batch. They stay in the clean shards, so that a threshold can be tightened without a rerun."""

    label: str
    measure: Callable[[Batch], Mapping[str, pa.Array]]


@dataclass(frozen=True)
class Test:
    """A yes or no for each value of a column, with its own words for the rejects."""

    words: str
    holds: Callable[[pa.Array], Mask]


@dataclass(frozen=True)
class Keep:
    """Keeps the documents whose column passes the test; the others are dropped under the label."""

    label: str
    column: str
    test: Test


@dataclass(frozen=True)
class DropDuplicates:
    """Drops what another document of the same group holds too: lines of documents, or documents as wholes.

    Attributes:
        by: a key for each line (`of="lines"`) or for each document of a batch; equal keys are duplicates.
        scope: `shard`, `group:K` (K shards) or `corpus`: how far apart duplicates are looked for.
        policy: `remove_all` (every copy goes, the first too) or `keep_first`: in unit order, then in the order of the file.
        order: what `keep_first` goes by instead, for each document: a uint64 or a string of bytes, the smallest first; equal ones in unit order.
    """

    label: str
    by: Callable[[Batch], Keys]
    of: Literal["lines", "documents"]
    scope: str
    shards: int
    policy: Literal["remove_all", "keep_first"]
    order: Callable[[Batch], Keys | pa.BinaryArray] | None = None


@dataclass(frozen=True)
class Gathered:
    """Rows that were gathered for a batch: those of document i are `rows[offsets[i]:offsets[i + 1]]`, in the order in which they were read."""

    offsets: np.ndarray[Any, np.dtype[np.int64]]
    rows: pa.Table

    def first(self, column: str) -> pa.Array:
        """The column's value in the first row of each document; null where it has none."""
        there = self.offsets[1:] > self.offsets[:-1]
        return self.rows.column(column).combine_chunks().take(pa.array(self.offsets[:-1], mask=~there))


@dataclass(frozen=True)
class Merged:
    """Columns made of a batch and the rows gathered for it, and what is worth knowing of how many documents or rows."""

    columns: Mapping[str, pa.Array]
    noted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Gather:
    """Puts rows beside the documents that ask for their key: a repository's licence, a blob's content, the answers to a question.

    Attributes:
        kind: of the rows, as the reader names it.
        by: the key that each document asks for; null: none.
        merge: columns made of a batch and the rows gathered for it.
        most: rows that one document gets at most; those that come later with the same key are counted as left over.
    """

    label: str
    kind: str
    by: Callable[[Batch], pa.StringArray]
    merge: Callable[[Batch, Gathered], Merged]
    most: int | None


@dataclass(frozen=True)
class DropContained:
    """Drops a document of which over `threshold` of the distinct word n-grams lie in one that is kept; the drop names it, and the share.

    The longest document comes first, by distinct n-grams; equal ones by the smallest id. Not by components: a document is dropped for one that
    is kept, never for one that is dropped.

    Attributes:
        n: words of an n-gram; threshold: a share of n-grams, above 0 and below 1.
    """

    label: str
    n: int
    threshold: float


@dataclass(frozen=True)
class Compare:
    """The stage that DropContained needs of itself: candidates are compared by their full sets. `recipe.stages` puts it there."""

    step: DropContained

    @property
    def label(self) -> str:
        """That of the step, which has two exchanges."""
        return self.step.label


@dataclass(frozen=True)
class Survey:
    """Measures documents by what whole inputs hold: which of two dumps is the newer, which sites are the largest.

    Attributes:
        kind: of the totals that the reader gives for each unit, as it names them.
        columns: what is measured: names and types.
        measure: from the totals of all units, each with the number of its `unit`, sorted by it, to the columns' values for each unit.
    """

    label: str
    kind: str
    columns: pa.Schema
    measure: Callable[[Sequence[Mapping[str, Any]]], Mapping[int, Mapping[str, Any]]]


Cut = DropDuplicates | DropContained | Compare | Gather | Survey
"""The steps that need the whole corpus."""

Dropping = Keep | DropDuplicates | DropContained
"""The steps that may drop documents, each under its label."""

Step = Rewrite | RemoveLines | Measure | Keep | Cut
Recipe = Sequence[Step]


def stages(recipe: Recipe) -> list[list[Step]]:
    """The recipe cut after each step that needs the whole corpus; every stage but the first begins by applying the cut's verdicts. At least two.

    Raises ValueError where two Gather steps take the same kind of row: what became of it would be counted twice.
    """
    kinds = [step.kind for step in recipe if isinstance(step, Gather)]
    if len(set(kinds)) < len(kinds):
        raise ValueError(f"expected one Gather step for each kind of row, found {', '.join(kinds)}")
    cut: list[list[Step]] = [[]]
    for step in recipe:
        cut[-1].append(step)
        if isinstance(step, Cut):
            cut.append([])
        if isinstance(step, DropContained):
            cut[-1].append(Compare(step))
            cut.append([])
    return cut if len(cut) > 1 else [*cut, []]  # repeated ids are found in the exchange too, so there is always a stage after it


def at_least(least: float) -> Test:
    """Passes values that are `least` or more; a missing value fails."""
    return Test(f"below {least:g}", lambda column: _mask(pc.greater_equal(column, least)))


def at_most(most: float) -> Test:
    """Passes values that are `most` or less; a missing value fails."""
    return Test(f"above {most:g}", lambda column: _mask(pc.less_equal(column, most)))


def one_of(values: Sequence[str]) -> Test:
    """Passes the values that are listed; a missing value fails."""
    listed = pa.array(list(values), pa.string())
    return Test(f"not {' or '.join(values)}", lambda column: _mask(pc.is_in(column, value_set=listed)))


def _mask(answers: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(answers, False).to_numpy(zero_copy_only=False), dtype=bool)
