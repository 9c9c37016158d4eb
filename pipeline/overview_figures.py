"""The overview's figures, as SVG: pairs of marks on a logarithmic axis, and the lengths of documents source by source.

The two marks of a pair differ in shape and in being filled, so that neither colour nor a screen is needed to tell them apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.report_figures import figure
from pipeline.report_markup import Markup, escaped, fold, isolated, number, share, table

LEFT, RIGHT = 126, 500
"""Where a plot begins and ends; names stand before it and numbers after it. ours."""
ROW, STRIP = 24, 44
"""Heights of a row of marks and of bars. ours."""
NAME = 17
"""Characters of a source's name that fit before a plot. ours: the longest of Table 1 has 13."""
TICKS = 8
"""Labels that fit on an axis. ours."""

HOLLOW = "fill:var(--paper);stroke:var(--dropped);stroke-width:2"


@dataclass(frozen=True)
class Pair:
    """Two values of a source, of which either may be missing or zero (no mark is drawn), and what stands beside them."""

    name: str
    filled: float | None
    hollow: float | None
    words: str


@dataclass(frozen=True)
class Axis:
    """What a figure of pairs is read by: the names of its marks, how a value is written, what heads the words, and a value at which a line stands."""

    filled: str
    hollow: str
    written: Callable[[float], str]
    head: str
    line: float | None = None


def compact(value: float) -> str:
    """A number in few characters: 1.4k, 20M, 878B, 1.21T; a B is a billion, as papers count tokens."""
    for suffix, unit in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= unit * 0.9995:
            return f"{value / unit:.3g}{suffix}"
    return f"{value:.3g}"


def pairs(title: str, words: str, axis: Axis, rows: Sequence[Pair]) -> Markup:
    """A row a source: two marks on one logarithmic axis, joined by a line, with their numbers beside them."""
    found = [value for pair in rows for value in (pair.filled, pair.hollow) if value]
    ticks = _ticks([*found, *([axis.line] if axis.line and found else [])] or [1.0])
    base = 30 + ROW * len(rows)
    drawing = [_legend(axis), _scale(ticks, base, axis)]
    for place, pair in enumerate(rows):
        y = 30 + ROW * place + ROW // 2
        drawing.append(_name(pair.name, y))
        drawing += _marks(pair, y, ticks, axis)
        drawing.append(f'<text x="{RIGHT + 16}" y="{y + 4}">{escaped(pair.words)}</text>')
    cells = [(isolated(pair.name), *(_cell(value, axis) for value in (pair.hollow, pair.filled)), pair.words) for pair in rows]
    numbers = fold("the numbers", table(title, ("source", axis.hollow, axis.filled, axis.head), cells), kind="numbers")
    return figure(title, words, base + 26, "".join(drawing), numbers)


def _cell(value: float | None, axis: Axis) -> str:
    return "–" if value is None else axis.written(value)


def _name(name: str, y: float) -> str:
    shown = name if len(name) <= NAME else name[: NAME - 1] + "…"
    return f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escaped(shown)}<title>{escaped(name)}</title></text>'


def _legend(axis: Axis) -> str:
    second = LEFT + 40 + 6.5 * len(axis.hollow)
    return (
        f'{_diamond(LEFT + 6, 10)}<text x="{LEFT + 17}" y="14">{escaped(axis.hollow)}</text>'
        f'{_circle(second, 10)}<text x="{second + 11}" y="14">{escaped(axis.filled)}</text>'
        f'<text class="soft" x="{RIGHT + 16}" y="14">{escaped(axis.head)}</text>'
    )


def _circle(x: float, y: float, words: str = "") -> str:
    return f'<circle class="bar" cx="{x:.2f}" cy="{y}" r="5">{_hint(words)}</circle>'


def _diamond(x: float, y: float, words: str = "") -> str:
    return f'<path style="{HOLLOW}" d="M{x - 6.5:.2f} {y}l6.5 -6.5l6.5 6.5l-6.5 6.5z">{_hint(words)}</path>'


def _hint(words: str) -> str:
    return f"<title>{escaped(words)}</title>" if words else ""


def _marks(pair: Pair, y: float, ticks: Sequence[float], axis: Axis) -> list[str]:
    """The line between two marks, then the marks: the hollow one first, so that the filled one shows within it where they meet."""
    drawn = []
    if pair.filled and pair.hollow:
        ends = (_place(value, ticks) for value in (pair.hollow, pair.filled))
        drawn.append('<line class="axis" x1="{:.2f}" x2="{:.2f}" y1="{y}" y2="{y}"/>'.format(*ends, y=y))
    if pair.hollow:
        drawn.append(_diamond(_place(pair.hollow, ticks), y, f"{axis.hollow}: {axis.written(pair.hollow)}"))
    if pair.filled:
        drawn.append(_circle(_place(pair.filled, ticks), y, f"{axis.filled}: {axis.written(pair.filled)}"))
    return drawn


def _place(value: float, ticks: Sequence[float]) -> float:
    """Where a value lies between the first and the last tick."""
    first, last = math.log10(ticks[0]), math.log10(ticks[-1])
    return LEFT + (RIGHT - LEFT) * (math.log10(value) - first) / (last - first)


def _scale(ticks: Sequence[float], base: float, axis: Axis) -> str:
    drawn = [f'<line class="axis" x1="{LEFT}" x2="{RIGHT}" y1="{base}" y2="{base}"/>']
    for tick in ticks:
        x = _place(tick, ticks)
        drawn.append(f'<line class="grid" x1="{x:.2f}" x2="{x:.2f}" y1="26" y2="{base}"/>')
        drawn.append(f'<text class="soft" x="{x:.2f}" y="{base + 16}" text-anchor="middle">{escaped(axis.written(tick))}</text>')
    if axis.line and ticks[0] <= axis.line <= ticks[-1]:
        x = _place(axis.line, ticks)
        drawn.append(f'<line class="threshold" x1="{x:.2f}" x2="{x:.2f}" y1="26" y2="{base}"/>')
    return "".join(drawn)


def _ticks(values: Sequence[float]) -> list[float]:
    """Ticks around all values, two or more: 1, 2 and 5 in each decade, or powers of ten where those are too many."""
    low, high = min(values), max(values)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    fine = [float(f"{digit}e{power}") for power in range(first - 1, last + 2) for digit in (1, 2, 5)]
    start = max(place for place, tick in enumerate(fine) if tick <= low)
    end = min(place for place, tick in enumerate(fine) if tick >= high)
    near = fine[start : max(end, start + 1) + 1]
    if len(near) <= TICKS:
        return near
    step = -(-(last - first) // (TICKS - 1))
    return [float(f"1e{power}") for power in range(first, last + step, step)]


def strips(title: str, words: str, rows: Sequence[tuple[str, Sequence[tuple[int, int]]]]) -> Markup:
    """A row of bars a source: the share of its documents that have a length, by powers of two; one axis and one scale for all sources.

    Each row is a name with (fewest tokens, documents), ascending.
    """
    bins = [(name, _bins(counts)) for name, counts in rows]
    first = min(min(counts) for _, counts in bins)
    end = max(max(counts) for _, counts in bins) + 1
    most = max(count / sum(counts.values()) for _, counts in bins for count in counts.values())
    step = (RIGHT - LEFT) / (end - first)
    drawing = [f'<text class="soft" x="{RIGHT + 16}" y="14">documents, and the middle one</text>']
    for place, (name, counts) in enumerate(bins):
        base = 20 + STRIP * (place + 1)
        drawing.append(_name(name, base - 12))
        drawing.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{base}" y2="{base}"/>')
        drawing += [_bar(LEFT + step * (at - first), step, base, most, at, count, sum(counts.values())) for at, count in counts.items()]
        drawing.append(f'<text x="{RIGHT + 16}" y="{base - 8}">{compact(sum(counts.values()))}: {_range(_middle(counts))} tokens</text>')
    base = 20 + STRIP * len(bins)
    every = -(-(end - first) // 10)
    for at in range(first, end + 1, every):
        x = LEFT + step * (at - first)
        drawing.append(f'<text class="soft" x="{x:.2f}" y="{base + 16}" text-anchor="middle">{_power(_edge(at))}</text>')
    cells = [(isolated(name), _range(at), n, share(n, sum(counts.values()))) for name, counts in bins for at, n in counts.items()]
    numbers = fold("the numbers", table(title, ("source", "tokens", "documents", "share"), cells), kind="numbers")
    return figure(title, words, base + 26, "".join(drawing), numbers)


def _bins(counts: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Number of the power of two to the documents; 0: no token at all."""
    found: dict[int, int] = {}
    for edge, count in counts:
        found[edge.bit_length()] = found.get(edge.bit_length(), 0) + count
    return found


def _middle(counts: dict[int, int]) -> int:
    """The bin of the middle document by length."""
    left = (sum(counts.values()) + 1) // 2
    for at, count in counts.items():
        left -= count
        if left <= 0:
            return at
    raise AssertionError("the counts add up to their sum")


def _edge(at: int) -> int:
    return 2 ** (at - 1) if at else 0


def _power(value: int) -> str:
    """A power of two in few characters: 512, 16Ki, 1Mi."""
    for suffix, unit in (("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
        if value >= unit:
            return f"{value // unit}{suffix}"
    return str(value)


def _range(at: int) -> str:
    low, high = _edge(at), _edge(at + 1) - 1
    return number(low) if high <= low else f"{number(low)}–{number(high)}"


def _bar(x: float, step: float, base: float, most: float, at: int, count: int, whole: int) -> str:
    tall = max((STRIP - 8) * count / whole / most, 1 if count else 0)
    words = f"{_range(at)} tokens: {number(count)} ({share(count, whole)})"
    return (
        f'<rect class="bar" x="{x + 1:.2f}" y="{base - tall:.2f}" width="{max(step - 2, 1):.2f}" height="{tall:.2f}">'
        f"<title>{escaped(words)}</title></rect>"
    )
