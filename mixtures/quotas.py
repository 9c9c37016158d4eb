"""How many tokens a run draws of each source, and how often it goes through the source for that.

A share is of the tokens drawn (LLaMA, Table 1), so epochs = share x budget / unique tokens. A quota is a whole number of tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mixtures.mixture import Mixture, MixtureError

MOST_EPOCHS = 4
"""ours: Muennighoff et al. 2023 (arXiv 2305.16264): up to 4 epochs are worth nearly as much as fresh tokens, later ones ever less. LLaMA's most is 2.45."""


@dataclass(frozen=True)
class Quota:
    """What a run draws of a source: `tokens` of its `unique` ones."""

    source: str
    unique: int
    tokens: int

    @property
    def epochs(self) -> Fraction:
        """How often the source is gone through, exact: epochs x unique = tokens."""
        return Fraction(self.tokens, self.unique)

    @property
    def passes(self) -> int:
        """Times that the source is gone through whole."""
        return self.tokens // self.unique

    @property
    def rest(self) -> int:
        """Tokens drawn beyond the whole passes."""
        return self.tokens % self.unique

    @property
    def unseen(self) -> Fraction:
        """Share of the unique tokens that is never drawn."""
        return max(Fraction(), 1 - self.epochs)


def quotas(mixture: Mixture, unique: Mapping[str, int], budget: int) -> list[Quota]:
    """The quota of each source of the mixture, in its order; their tokens sum to the budget, and each is within one of its exact share.

    `unique`: tokens that there are of each source. Raises MixtureError where a source has none, or the budget is none.
    """
    if budget <= 0:
        raise MixtureError(f"the tokens drawn are 1 or more, found {budget}")
    _check(mixture, unique)
    drawn = largest_remainder(list(mixture.weights.values()), budget)
    return [Quota(source, unique[source], tokens) for source, tokens in zip(mixture.weights, drawn, strict=True)]


def largest_remainder(weights: Sequence[Fraction], total: int) -> list[int]:
    """`total` in whole parts by these weights, which sum to 1: each rounded down, then one more for the largest remainders, ties by order."""
    exact = [weight * total for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: parts[i] - exact[i])
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def once(mixture: Mixture, unique: Mapping[str, int]) -> int:
    """The largest budget at which no source's share is more than its unique tokens: nothing is repeated. Raises MixtureError as `quotas`."""
    _check(mixture, unique)
    return min(int(unique[source] / weight) for source, weight in mixture.weights.items())


def _check(mixture: Mixture, unique: Mapping[str, int]) -> None:
    for source in mixture.weights:
        if unique.get(source, 0) <= 0:
            raise MixtureError(f"{source} has no tokens: mixture {mixture.name} draws from it; make them, or leave the source out")
