"""LLaMA's mixture: Table 1 of the paper as data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from mixtures.mixture import Mixture


@dataclass(frozen=True)
class PaperRow:
    """A row of Table 1: per cent of the tokens drawn, epochs at 1.4 T tokens, bytes on disk."""

    proportion: float
    epochs: float
    disk: float


TABLE_1 = {
    "commoncrawl": PaperRow(67.0, 1.10, 3.3e12),
    "c4": PaperRow(15.0, 1.06, 783e9),
    "github": PaperRow(4.5, 0.64, 328e9),
    "wikipedia": PaperRow(4.5, 2.45, 83e9),
    "books": PaperRow(4.5, 2.23, 85e9),
    "arxiv": PaperRow(2.5, 1.06, 92e9),
    "stackexchange": PaperRow(2.0, 1.03, 78e9),
}
"""paper: Table 1, pre-training data."""

TOKENS = 1_400_000_000_000
"""paper: 1.4 T tokens, of the models of 33B and 65B parameters, for which Table 1 gives the epochs. Those of 7B and 13B saw 1.0 T in the same proportions."""

LLAMA = Mixture(
    name="llama",
    weights={source: Fraction(str(row.proportion)) / 100 for source, row in TABLE_1.items()},
    tokens=TOKENS,
    origin="paper: LLaMA, Table 1, sampling proportions",
)
"""The proportions are of tokens drawn, not of tokens there are."""
