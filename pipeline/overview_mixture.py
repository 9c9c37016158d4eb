"""Table 1 of this corpus: what the mixture draws from each source, how often each is read, and the same in the paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mixtures.llama import LLAMA, TABLE_1
from mixtures.mixture import Mixture
from mixtures.quotas import MOST_EPOCHS, largest_remainder, once
from pipeline.overview_figures import Axis, Pair, compact, pairs
from pipeline.overview_held import Held
from pipeline.report_markup import Figure, Markup, number, paragraph, size, table


@dataclass(frozen=True)
class Budget:
    """Tokens drawn in a whole training run, and how the number was chosen; `paper`: it is the mixture's own."""

    tokens: int
    words: str
    paper: bool


@dataclass(frozen=True)
class Share:
    """A source of the mixture that has tokens: its proportion, its unique tokens, what is drawn of them, and how often each is read."""

    proportion: Fraction
    unique: int
    drawn: int

    @property
    def epochs(self) -> float:
        return self.drawn / self.unique


def choose(mixture: Mixture, unique: Mapping[str, int]) -> Budget | None:
    """The mixture's own budget where it reads the tokens MOST_EPOCHS times on average at most, else the one that draws as many tokens as there are.

    None where no source of the mixture has a token.
    """
    there = sum(unique.get(source, 0) for source in mixture.weights)
    weight = sum((share for source, share in mixture.weights.items() if unique.get(source)), Fraction())
    if not there:
        return None
    if weight * mixture.tokens <= MOST_EPOCHS * there:
        return Budget(mixture.tokens, f"at {_trillions(mixture.tokens)} tokens, the paper's budget", True)
    tokens = round(there / weight)
    return Budget(tokens, f"at {number(tokens)} tokens, the budget at which the tokenized sources give as many tokens as they have", False)


def _trillions(tokens: int) -> str:
    return f"{tokens / 1e12:.3g}T"


def shares(mixture: Mixture, unique: Mapping[str, int], budget: int) -> dict[str, Share]:
    """The sources of the mixture that have tokens, at a budget: what is drawn is what `mixtures.quotas` gives, whether or not the others are here."""
    drawn = zip(mixture.weights.items(), largest_remainder(list(mixture.weights.values()), budget), strict=True)
    return {source: Share(weight, unique[source], tokens) for (source, weight), tokens in drawn if unique.get(source)}


def mixed(held: Held, mixture: Mixture = LLAMA) -> Markup:
    """The table, what it is read by, and its figures. Call it where some source is tokenized."""
    unique = {name: tokens.all for name, tokens in held.tokenized.items()}
    budget = choose(mixture, unique)
    if budget is None:
        return paragraph("No source of the mixture has a token yet: there is nothing to draw.", "alarm")
    found = shares(mixture, unique, budget.tokens)
    return Markup(
        _table(held, mixture, budget, found)
        + _words(mixture, budget, unique)
        + _proportions(mixture, found)
        + _epochs(mixture, budget, found)
    )


def _table(held: Held, mixture: Mixture, budget: Budget, found: Mapping[str, Share]) -> Markup:
    at_paper = shares(mixture, {name: share.unique for name, share in found.items()}, mixture.tokens)
    sources = {source.name: source for source in held.sources}
    rows: list[tuple[Any, ...]] = []
    for name in (*mixture.weights, *(name for name in sources if name not in mixture.weights)):
        source, share, row = sources.get(name), found.get(name), TABLE_1.get(name)
        weight = mixture.weights.get(name)
        unique = source.tokens.all if source and source.tokens else None
        ours = (
            _percent(weight),
            _tokens(unique),
            _tokens(share.drawn if share else None),
            _times(share.epochs if share else None),
            *([] if budget.paper else [_times(at_paper[name].epochs if share else None)]),
            size(source.text_bytes) if source else Figure("–"),
        )
        paper = (Figure(f"{row.proportion:.1f}%"), Figure(f"{row.epochs:.2f}"), size(row.disk)) if row else (Figure("–"),) * 3
        rows.append((name, *ours, *paper))
    head = ["source", "prop.", "unique tokens", "drawn", "epochs", "disk"]
    head[5:5] = [] if budget.paper else [f"at {_trillions(mixture.tokens)}"]
    return table(
        f"Pre-training data {budget.words}",
        (*head, "paper: prop.", "paper: epochs", "paper: disk"),
        rows,
        _total(held, mixture, budget, found),
    )


def _total(held: Held, mixture: Mixture, budget: Budget, found: Mapping[str, Share]) -> tuple[Any, ...]:
    unique, drawn = sum(share.unique for share in found.values()), sum(share.drawn for share in found.values())
    weight = sum((share.proportion for share in found.values()), Fraction())
    mean = [_times(drawn / unique)] + ([] if budget.paper else [_times(float(weight * mixture.tokens / unique))])
    disk = size(sum(source.text_bytes for source in held.sources if source.name in mixture.weights))
    paper = (Figure("100.0%"), Figure(""), size(sum(row.disk for row in TABLE_1.values())))
    return ("the mixture", _percent(weight), _tokens(unique), _tokens(drawn), *mean, disk, *paper)


def _tokens(count: int | None) -> Figure:
    """A number of tokens; from ten billion on in billions, as papers write them."""
    return Figure(number(count) if count is None or count < 1e10 else f"{count / 1e9:,.1f}B")


def _percent(part: Fraction | None) -> Figure:
    return Figure("–" if part is None else f"{float(part):.1%}")


def _times(epochs: float | None) -> Figure:
    """Epochs as the paper writes them; large ones without the digits that say nothing."""
    return Figure("–" if epochs is None else f"{epochs:.2f}" if epochs < 100 else f"{epochs:,.0f}" if epochs < 1e4 else compact(epochs))


def _words(mixture: Mixture, budget: Budget, unique: Mapping[str, int]) -> Markup:
    lines = [
        f"Proportions (prop.) are of the tokens drawn: {mixture.origin}. Epochs are tokens drawn by unique tokens, BOS and EOS among them"
        + (". " if budget.paper else f"; at {_trillions(mixture.tokens)}, the paper's budget, in a column of their own. ")
        + "Disk is the size of the clean text; what the paper's is the size of, it does not say."
    ]
    missing = [name for name in mixture.weights if name not in unique]
    empty = [name for name in mixture.weights if unique.get(name) == 0]
    if missing:
        lines.append(f"Not tokenized, so their part of the budget cannot be drawn: {', '.join(missing)}.")
    if empty:
        lines.append(f"Tokenized, but without a token, so that nothing can be drawn: {', '.join(empty)}.")
    if not missing and not empty:
        lines.append(f"Up to {_tokens(once(mixture, unique))} tokens drawn in these proportions, no token is read twice.")
    return Markup("".join(paragraph(line, "soft") for line in lines))


def _proportions(mixture: Mixture, found: Mapping[str, Share]) -> Markup:
    """Share of what is drawn beside the share of what is there, among the tokenized sources."""
    unique, weight = sum(share.unique for share in found.values()), sum((share.proportion for share in found.values()), Fraction())
    rows = []
    for name, share in found.items():
        there, drawn = share.unique / unique, float(share.proportion / weight)
        rows.append(Pair(name, drawn, there, f"{there:.1%} → {drawn:.1%} ({_factor(drawn / there)})"))
    axis = Axis("sampling proportion", "share of the unique tokens", lambda value: f"{value * 100:.4g}%", "there → drawn")
    words = "A mark for what is there and one for what is drawn: to the right of it the mixture upsamples, to the left it downsamples"
    words += "." if len(found) == len(mixture.weights) else "; proportions are among the tokenized sources alone."
    return pairs("What the mixture upsamples and downsamples", words, axis, rows)


def _factor(times: float) -> str:
    return f"×{times:.2g}" if times < 100 else f"×{compact(times)}"


def _epochs(mixture: Mixture, budget: Budget, found: Mapping[str, Share]) -> Markup:
    rows = []
    for name, share in found.items():
        row = TABLE_1.get(name)
        ours, there = _times(share.epochs), f"{row.epochs:.2f}" if row else "–"
        rows.append(Pair(name, share.epochs, row.epochs if row else None, f"{ours}, paper {there}"))
    axis = Axis("here", "in the paper", lambda value: f"{value:.4g}" if value < 1000 else compact(value), "epochs", 1.0)
    words = f"How often each token is read {budget.words}; in the paper at {_trillions(mixture.tokens)}. The dashed line: once."
    return pairs("Epochs", words, axis, rows)
