"""The kinds of step that a recipe is made of. A step says what is done; pipeline/stage.py does it, and counts.

Rewrite, Measure and Keep look at one batch. DropDuplicates needs the whole corpus: the plan cuts the recipe into stages there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.documents import Batch

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Keys = np.ndarray[Any, np.dtype[np.uint64]]


@dataclass(frozen=True)
class Rewrite:
    """Gives every document another text."""

    label: str
    rewrite: Callable[[Batch], pa.StringArray]


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
        policy: `remove_all` (every copy goes, the first too) or `keep_first` (in unit order, then in the order of the file).
    """

    label: str
    by: Callable[[Batch], Keys]
    of: Literal["lines", "documents"]
    scope: str
    shards: int
    policy: Literal["remove_all", "keep_first"]


Step = Rewrite | Measure | Keep | DropDuplicates
Recipe = Sequence[Step]


def stages(recipe: Recipe) -> list[list[Step]]:
    """The recipe cut after each step that needs the whole corpus; every stage but the first begins by applying the cut's verdicts. At least two."""
    cut: list[list[Step]] = [[]]
    for step in recipe:
        cut[-1].append(step)
        if isinstance(step, DropDuplicates):
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
