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


MOST_TOKENS = 2**62
"""ours: no run draws more, so that positions in it, and sums of two, stay within int64."""
NUMBER = re.compile(r"\s*[+-]?(\d{1,30}/\d{1,30}|(?=\.?\d)\d{0,30}\.?\d{0,30}(e[+-]?\d{1,2})?)\s*", re.ASCII | re.IGNORECASE)
"""ours: what a person writes. An exponent of more digits would be worked out to as many digits as it says."""
LONGEST = 80
"""ours: characters of a value that a message quotes."""

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
        if not (isinstance(self.name, str) and isinstance(self.origin, str) and isinstance(self.weights, Mapping)):
            raise MixtureError(
                "a mixture has a name, weights (a mapping) and an origin, "
                f"found {shown(self.name)}, {shown(self.weights)} and {shown(self.origin)}"
            )
        object.__setattr__(self, "weights", dict(self.weights))
        for source, weight in self.weights.items():
            if not isinstance(source, str) or not NAME.fullmatch(source):
                raise MixtureError(f"mixture {self.name}: a source's name is letters, digits, '_', '-' and '.', found {shown(source)}")
            if not isinstance(weight, Fraction):
                raise MixtureError(
                    f"mixture {self.name}: the share of {source} is an exact Fraction, found {shown(weight)}: say Fraction('0.67')"
                )
            if weight <= 0:
                raise MixtureError(
                    f"mixture {self.name}: the share of {source} is above 0, found {written(weight)}: leave out what is not drawn from"
                )
        total = sum(self.weights.values())
        if total != 1:
            raise MixtureError(f"mixture {self.name}: the shares sum to exactly 1, found {written(Fraction(total))}")
        if type(self.tokens) is not int or not 1 <= self.tokens <= MOST_TOKENS:
            raise MixtureError(f"mixture {self.name}: the tokens drawn are a whole number from 1 to 2^62, found {shown(self.tokens)}")

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
            if isinstance(value, bool | float) or not (isinstance(value, Fraction) or NUMBER.fullmatch(str(value))):
                raise ValueError
            exact[source] = Fraction(value)
        except (ValueError, TypeError, ArithmeticError):
            raise MixtureError(f"the share of {source} is a number such as '0.67', 67 or '2/3', found {shown(value)}") from None
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
    """A fraction as a person reads it: a decimal where it ends within ten digits, else also the exact fraction, where that is no page of digits."""
    decimal = f"{float(number):.10f}".rstrip("0").rstrip(".")
    if number.denominator > MOST_TOKENS:
        return f"about {float(number):.6g}"
    return decimal if Fraction(decimal) == number else f"{number} (about {float(number):.6g})"


def shown(value: object) -> str:
    """Any value as Python writes it, in LONGEST characters at most."""
    try:
        words = repr(value)
    except Exception:  # an integer of thousands of digits, or an object of the user's
        return f"a value of type {type(value).__name__}"
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."
