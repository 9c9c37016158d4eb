"""A mixture: which share of the tokens drawn comes from which source."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction


class MixtureError(ValueError):
    """A mixture that cannot be: what was expected, what was found, what to do."""


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""ours: a source's name is also that of its folder."""


@dataclass(frozen=True)
class Mixture:
    """Shares of the tokens drawn.

    Attributes:
        weights: source to its share, exact, in the order of the table; they sum to 1.
        tokens: the budget: tokens drawn in a whole training run.
        origin: `paper:`, `code:` or `ours:`, and where the shares stand.

    Raises MixtureError where a share is not above 0 or no exact fraction, where they do not sum to exactly 1, or where a source's name is no name.
    """

    name: str
    weights: Mapping[str, Fraction]
    tokens: int
    origin: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", dict(self.weights))
        for source, weight in self.weights.items():
            if not NAME.fullmatch(source):
                raise MixtureError(f"mixture {self.name}: a source's name is letters, digits, '_', '-' and '.', found {source!r}")
            if not isinstance(weight, Fraction):
                raise MixtureError(
                    f"mixture {self.name}: the share of {source} is an exact Fraction, found {weight!r}: say Fraction('0.67')"
                )
            if weight <= 0:
                raise MixtureError(
                    f"mixture {self.name}: the share of {source} is above 0, found {weight}: leave out what is not drawn from"
                )
        total = sum(self.weights.values())
        if total != 1:
            raise MixtureError(f"mixture {self.name}: the shares sum to exactly 1, found {written(Fraction(total))}")
        if self.tokens <= 0:
            raise MixtureError(f"mixture {self.name}: the tokens drawn are 1 or more, found {self.tokens}")

    def only(self, sources: Collection[str]) -> Mixture:
        """These sources alone, in the order of the table and in the same proportions to one another.

        The budget is their part of the whole (rounded down), so each source has about as many epochs as before. Raises MixtureError
        for a source that the mixture does not have, and for none.
        """
        for source in sources:
            if source not in self.weights:
                raise MixtureError(f"mixture {self.name} has no source {source!r}{nearest(source, self.weights)}")
        kept = [source for source in self.weights if source in sources]
        if not kept:
            raise MixtureError(f"expected one source of mixture {self.name} at least ({', '.join(self.weights)}), found none")
        if len(kept) == len(self.weights):
            return self
        share = sum((self.weights[source] for source in kept), Fraction())
        weights = {source: self.weights[source] / share for source in kept}
        return Mixture(f"{self.name}, only {', '.join(kept)}", weights, max(1, int(self.tokens * share)), self.origin)


def shares(given: Mapping[str, str | int | Decimal | Fraction]) -> dict[str, Fraction]:
    """Exact shares from what a person writes: all of them as shares that sum to 1, or all as per cent that sum to 100.

    A value is a whole number, a decimal or a fraction ("0.67", 67, "2/3"). MixtureError for any other, and for any other sum: nothing is scaled in silence.
    """
    exact = {}
    for source, value in given.items():
        try:
            if isinstance(value, bool | float):
                raise ValueError
            exact[source] = Fraction(value)
        except (ValueError, TypeError, ArithmeticError):
            raise MixtureError(f"the share of {source} is a number such as '0.67', 67 or '2/3', found {value!r}") from None
    total = sum(exact.values(), Fraction())
    if total not in (1, 100):
        raise MixtureError(f"shares sum to exactly 1, or to 100 as per cent, found {written(total)} over {len(exact)} sources")
    return {source: value / total for source, value in exact.items()}


def nearest(word: str, names: Iterable[str]) -> str:
    """The end of a sentence that names what the word may have meant: `: did you mean github?`, or else all names."""
    names = list(names)
    found = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f": did you mean {found[0]}?" if found else f": expected one of {', '.join(names)}"


def written(number: Fraction) -> str:
    """A fraction as a person reads it: a decimal where it ends within ten digits, else also the exact fraction."""
    decimal = f"{float(number):.10f}".rstrip("0").rstrip(".")
    return decimal if Fraction(decimal) == number else f"{number} (about {float(number):.6g})"
