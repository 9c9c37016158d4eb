"""A mixture: which share of the tokens drawn comes from which source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


class MixtureError(ValueError):
    """A mixture that cannot be: what was expected, what was found, what to do."""


@dataclass(frozen=True)
class Mixture:
    """Shares of the tokens drawn.

    Attributes:
        weights: source to its share, exact, in the order of the table; they sum to 1.
        tokens: the budget: tokens drawn in a whole training run.
        origin: `paper:`, `code:` or `ours:`, and where the shares stand.
    """

    name: str
    weights: Mapping[str, Fraction]
    tokens: int
    origin: str
