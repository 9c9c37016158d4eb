"""The report's figures, drawn as SVG: bars of a few kinds, each with its title, its numbers in words and no colour that alone says something."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.report_markup import Markup, escaped, fold, isolated, number, share, table

WIDTH = 720
"""Units of a figure's width; it is scaled to the page. ours."""


def figure(title: str, words: str, height: int, drawing: str, numbers: str) -> Markup:
    name = f"figure-{title.lower().replace(' ', '-')}"
    return Markup(
        f'<figure><h3>{escaped(title)}</h3><svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img" aria-labelledby="{name}">'
        f'<title id="{name}">{escaped(title)}. {escaped(words)}</title>{drawing}</svg><figcaption>{escaped(words)}</figcaption>{numbers}</figure>'
    )


def flow(part: int, lost: int, whole: int) -> Markup:
    """A bar in a row of the funnel: what was kept, then what was dropped, of all that came in. The numbers stand beside it."""
    scale = 220 / max(whole, 1)
    kept, gone = part * scale, lost * scale
    return Markup(
        f'<svg viewBox="0 0 220 14" width="220" aria-hidden="true"><rect class="kept" width="{kept:.2f}" height="14"/>'
        f'<rect class="dropped" x="{kept:.2f}" width="{gone:.2f}" height="8" y="3"/></svg>'
    )


def bars(title: str, words: str, kind: str, rows: Sequence[tuple[str, int]], whole: int) -> Markup:
    """Horizontal bars, one a name, with count and share; `kind` heads the table of the same numbers."""
    most = max([n for _, n in rows] + [1])
    drawing = []
    for place, (name, n) in enumerate(rows):
        y, length = 20 * place, 440 * n / most
        drawing.append(
            f'<text x="110" y="{y + 14}" text-anchor="end">{escaped(name[:16])}</text><rect class="bar" x="118" y="{y + 3}" width="{length:.2f}" height="14"/>'
            f'<text x="{124 + length:.2f}" y="{y + 14}">{number(n)} <tspan class="soft">{share(n, whole)}</tspan></text>'
        )
    cells = [(isolated(name), n, share(n, whole)) for name, n in rows]
    numbers = fold("the numbers", table(title, (kind, "count", "share"), cells), kind="numbers")
    return figure(title, words, 20 * len(rows) + 6, "".join(drawing), numbers)


def histogram(
    title: str, words: str, edges: Sequence[float], counts: Sequence[int], end: float | None, thresholds: Sequence[float]
) -> Markup:
    """Bars of equal width, one for each pair of edges; `end` is where the last one ends. None: it is open, and empty bins at both ends are left out.

    A threshold is drawn where it lies within its bin.
    """
    bounds = [*edges, end if end is not None else edges[-1] * 2 if edges[-1] else 1.0]
    first, last = _occupied(bounds, counts, thresholds) if end is None else (0, len(counts))
    shown = counts[first:last]
    left, base, high = 58, 190, 160
    step = (WIDTH - left - 16) / len(shown)
    most = max([*shown, 1])
    drawing = [_grid(left, base, high, most)]
    for place, n in enumerate(shown):
        tall = high * n / most
        low, top = number(bounds[first + place]), number(bounds[first + place + 1])
        range_ = f"{low} and more" if end is None and first + place + 1 == len(edges) else f"{low} to {top}"
        drawing.append(
            f'<rect class="bar" x="{left + place * step + 1:.2f}" y="{base - tall:.2f}" width="{max(step - 2, 1):.2f}" height="{tall:.2f}">'
            f"<title>{range_}: {number(n)}</title></rect>"
        )
    every = -(-len(shown) // 10)
    for place in range(0, len(shown) + 1, every):
        drawing.append(f'<text x="{left + place * step:.2f}" y="{base + 18}" text-anchor="middle">{_short(bounds[first + place])}</text>')
    for threshold in thresholds:
        x = left + step * (_place(bounds, threshold) - first)
        anchor, shift = ("end", -5) if x > WIDTH * 0.8 else ("start", 5)
        drawing.append(
            f'<line class="threshold" x1="{x:.2f}" x2="{x:.2f}" y1="6" y2="{base}"/>'
            f'<text class="mark" x="{x + shift:.2f}" y="16" text-anchor="{anchor}">threshold {number(threshold)}</text>'
        )
    rows = [(number(bounds[first + place]), n, share(n, sum(counts))) for place, n in enumerate(shown)]
    caption = f"{title}: each row begins at its bound and ends before the next"
    numbers = fold("the numbers", table(caption, ("from", "count", "share"), rows), kind="numbers")
    return figure(title, words, base + 28, "".join(drawing), numbers)


def _occupied(bounds: Sequence[float], counts: Sequence[int], thresholds: Sequence[float]) -> tuple[int, int]:
    """First bin and the one after the last that are shown: those that hold something or a threshold, and one more at each side."""
    used = [i for i, n in enumerate(counts) if n] + [min(int(_place(bounds, value)), len(counts) - 1) for value in thresholds]
    return (max(min(used) - 1, 0), min(max(used) + 2, len(counts))) if used else (0, len(counts))


def _place(bounds: Sequence[float], value: float) -> float:
    """Where a value lies among the bins: the bin's number, and how far into it."""
    for i in range(len(bounds) - 1):
        if value < bounds[i + 1]:
            return i + max(0.0, (value - bounds[i]) / (bounds[i + 1] - bounds[i]))
    return float(len(bounds) - 1)


def _grid(left: int, base: int, high: int, most: int) -> str:
    lines = [f'<line class="axis" x1="{left}" x2="{WIDTH - 16}" y1="{base}" y2="{base}"/>']
    for part in (most, most // 2) if most > 1 else (most,):
        y = base - high * part / most
        lines.append(f'<line class="grid" x1="{left}" x2="{WIDTH - 16}" y1="{y:.2f}" y2="{y:.2f}"/>')
        lines.append(f'<text class="soft" x="{left - 8}" y="{y + 4:.2f}" text-anchor="end">{_short(part)}</text>')
    return "".join(lines)


def _short(value: float) -> str:
    """A number in few characters: 1.4k, 20M."""
    for suffix, unit in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= unit:
            return f"{value / unit:.3g}{suffix}"
    return f"{value:.3g}"
