"""`python -m mixtures.plan --tokens=1.4T`: what a training run draws of each source and how often it repeats it, before anything is trained.

The unique tokens of a source are those of its token shards, or what --unique says.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from mixtures import token_manifest, token_shards
from mixtures.interleave import period_of
from mixtures.llama import LLAMA, TABLE_1
from mixtures.mixture import MOST_TOKENS, Mixture, MixtureError, nearest, shown
from mixtures.named import NAMED, find
from mixtures.quotas import MOST_EPOCHS, Quota, once, quotas

SEQUENCE_LENGTH = 2048
"""code: LLaMA's model.py, max_seq_len."""
BATCH_TOKENS = 4_000_000
"""paper: LLaMA, Table 2: 4M tokens. ours: read as 4 x 10^6, with which 1.4T tokens are 350,000 steps."""
UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
IN_BILLIONS = 10**9
"""ours: a column is written in billions, to the million, where all of it is at least one."""

EPILOG = """
examples
  python -m mixtures.plan                                        LLaMA's Table 1 over the tokens that ./out/tokens holds
  python -m mixtures.plan --tokens=once --only=arxiv,books       these two alone, as long as nothing repeats
  python -m mixtures.plan --unique commoncrawl=878B c4=175B github=59B wikipedia=24B books=26B arxiv=28B stackexchange=20B

exit codes: 0 planned, 2 bad usage or no tokens
"""


@dataclass(frozen=True)
class Plan:
    """What a run draws: the quotas, in the order of the mixture, and how many sequences and steps they make."""

    mixture: Mixture
    quotas: list[Quota]
    tokens: int
    sequence_length: int
    batch: int

    @property
    def sequences(self) -> int:
        """Whole sequences of the budget."""
        return self.tokens // self.sequence_length


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 planned, 2 bad usage or no tokens."""
    flags = _parser().parse_args(arguments)
    try:
        plan = _plan(flags)
    except MixtureError as error:
        print(f"mixtures.plan: {error}", file=sys.stderr)
        return 2
    warnings, notes = _warnings(plan, flags.most_epochs), _notes(plan)
    print(json.dumps(_told(plan) | {"warnings": warnings, "notes": notes}, indent=1) if flags.json else "\n".join(_lines(plan)))
    for kind, lines in (("warning", warnings), ("note", notes)):
        for line in lines:
            print(f"{kind}: {line}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mixtures.plan",
        description="Says what a training run draws of each source, and how often it goes through it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    named = ", ".join(NAMED)
    add(
        "--tokens",
        metavar="N",
        help="tokens drawn: 1.4T, 300B, 12M, 500k, 1400000000000; once: as many as repeat no source (default: the mixture's)",
    )
    add("--mixture", default=LLAMA.name, metavar="NAME", help=f"{named}, or a file .toml or .py (default: {LLAMA.name})")
    add("--only", metavar="SOURCES", help="these sources of the mixture, with commas between, in the same proportions to one another")
    add("--output", default="out", metavar="DIR", help="the --output of pipeline.tokenize (default: out)")
    unique = "unique tokens of a source, instead of what DIR holds"
    add("--unique", action="extend", nargs="+", default=[], metavar="SOURCE=N", help=unique)
    most = f"warns where a source is gone through more often (default: {MOST_EPOCHS})"
    add("--most-epochs", type=float, default=MOST_EPOCHS, metavar="N", help=most)
    add("--sequence-length", type=int, default=SEQUENCE_LENGTH, metavar="N", help=f"tokens of a sequence (default: {SEQUENCE_LENGTH})")
    add("--batch-tokens", default="4M", metavar="N", help="tokens of a step, rounded down to whole sequences (default: 4M)")
    add("--json", action="store_true", help="prints one JSON object instead of the table")
    return parser


def _plan(flags: argparse.Namespace) -> Plan:
    mixture = find(flags.mixture)
    if not flags.most_epochs > 0:
        raise MixtureError(f"--most-epochs is above 0, found {flags.most_epochs:g}")
    if flags.only is not None:
        mixture = mixture.only([name for name in flags.only.split(",") if name])
    period_of(list(mixture.weights.values()))  # what cannot be interleaved cannot be drawn
    unique = _unique(mixture, flags.output, flags.unique)
    tokens = (
        mixture.tokens if flags.tokens is None else once(mixture, unique) if flags.tokens == "once" else amount("--tokens", flags.tokens)
    )
    length = flags.sequence_length
    if length < 1:
        raise MixtureError(f"--sequence-length is 1 or more, found {length}")
    batch = amount("--batch-tokens", flags.batch_tokens) // length
    if not batch:
        raise MixtureError(f"--batch-tokens={flags.batch_tokens} is less than one sequence of --sequence-length={length}")
    return Plan(mixture, quotas(mixture, unique, tokens), tokens, length, batch)


def amount(flag: str, text: str) -> int:
    """A number of tokens as written: 1400000000000, 1.4T, 300B, 12M, 500k. Raises MixtureError for what is no whole number above 0."""
    matched = re.fullmatch(r"(\d{1,30}(?:\.\d{1,30})?)([kmbt]?)", text.strip(), re.ASCII | re.IGNORECASE)
    number = Fraction(matched[1]) * UNITS[matched[2].lower()] if matched else Fraction()
    if not 0 < number <= MOST_TOKENS or number.denominator != 1:
        raise MixtureError(
            f"{flag} takes a whole number of tokens such as 1400000000000, 1.4T, 300B, 12M or 500k, up to 2^62, found {shown(text)}"
        )
    return int(number)


def _unique(mixture: Mixture, output: str, given: Sequence[str]) -> dict[str, int]:
    """Unique tokens of each source of the mixture: as given, else as its token shards hold."""
    unique: dict[str, int] = {}
    for word in given:
        source, _, number = word.partition("=")
        if source not in mixture.weights:
            raise MixtureError(f"--unique {word}: mixture {mixture.name} has no source {source!r}{nearest(source, mixture.weights)}")
        if source in unique:
            raise MixtureError(f"--unique {word}: {source} was given before, as {unique[source]:,}: give each source once")
        unique[source] = amount(f"--unique {source}", number)
    missing = {}
    for source in mixture.weights:
        if source not in unique:
            held = _held(Path(output), source)
            if isinstance(held, int):
                unique[source] = held
            else:
                missing[source] = held
    if missing:
        raise MixtureError(_told_missing(missing, [source for source in mixture.weights if source in unique], output))
    return unique


def _held(output: Path, source: str) -> int | str:
    """The tokens that the manifest of a source counts, or what is wrong with it: nothing to say where there is none."""
    directory = output / "tokens" / source
    if not (directory / token_shards.MANIFEST).exists():
        return ""
    try:
        return token_manifest.read(str(directory)).tokens or f"{directory} holds no tokens"
    except (OSError, ValueError) as error:
        return str(error)


def _told_missing(missing: dict[str, str], held: list[str], output: str) -> str:
    wrong = "".join(f"; {what}" for what in missing.values() if what)
    lines = [
        f"{Path(output) / 'tokens'} has no tokens of {', '.join(missing)}{wrong}",
        f"  to make them:                python -m pipeline.tokenize --output={output} --source={','.join(missing)}",
        f"  to say how many there are:   --unique {' '.join(f'{source}=N' for source in missing)}",
    ]
    return "\n".join(lines + ([f"  to leave them out:           --only={','.join(held)}"] if held else []))


def _warnings(plan: Plan, most: float) -> list[str]:
    over = [quota for quota in plan.quotas if quota.epochs > most]
    lines = [f"{quota.source} is gone through {_times(quota.epochs)} times, more than --most-epochs={most:g}" for quota in over]
    if lines:
        lines.append(
            "up to 4 epochs are worth nearly as much as fresh tokens, later ones ever less (Muennighoff et al. 2023, arXiv 2305.16264): "
            "draw fewer --tokens, make more of the source, or give it a smaller share"
        )
    return lines


def _notes(plan: Plan) -> list[str]:
    lines = [f"{quota.source}: {_part(quota.unseen)} of its tokens are never drawn" for quota in plan.quotas if quota.unseen]
    return lines + ([] if plan.sequences else ["the tokens drawn are less than one sequence"])


def _part(share: Fraction) -> str:
    """A share, of which neither nothing nor all is said where it is not so."""
    tenths = min(round(share * 1000), 1000 if share == 1 else 999)
    return f"{tenths / 10:.1f}%" if tenths else "under 0.1%"


def _told(plan: Plan) -> dict[str, Any]:
    """The plan as JSON. `epochs` is rounded; tokens / unique is exact."""
    rows = []
    for quota in plan.quotas:
        share = float(plan.mixture.weights[quota.source])
        row = {"source": quota.source, "unique": quota.unique, "share": share, "tokens": quota.tokens, "epochs": float(quota.epochs)}
        rows.append({**row, "passes": quota.passes, "rest": quota.rest})
    steps, over = divmod(plan.sequences, plan.batch)
    return {
        "mixture": plan.mixture.name,
        "origin": plan.mixture.origin,
        "tokens": plan.tokens,
        "unique": sum(quota.unique for quota in plan.quotas),
        "sources": rows,
        "sequence_length": plan.sequence_length,
        "sequences": plan.sequences,
        "batch_sequences": plan.batch,
        "steps": steps,
        "sequences_over": over,
    }


def _lines(plan: Plan) -> list[str]:
    """The table, with the paper's epochs where the plan is the paper's, and a line on sequences and steps."""
    unique, drawn = [quota.unique for quota in plan.quotas], [quota.tokens for quota in plan.quotas]
    columns = [
        ["source", *(quota.source for quota in plan.quotas), "total"],
        ["unique tokens", *_numbers([*unique, sum(unique)])],
        ["proportion", *(f"{float(weight):.2%}" for weight in plan.mixture.weights.values()), "100.00%"],
        ["tokens drawn", *_numbers([*drawn, sum(drawn)])],
        ["epochs", *(_times(quota.epochs) for quota in plan.quotas), _times(Fraction(plan.tokens, sum(unique)))],
    ]
    if plan.mixture == LLAMA and plan.tokens == LLAMA.tokens:
        columns.append(["paper", *(f"{TABLE_1[quota.source].epochs:.2f}" for quota in plan.quotas), ""])
    widths = [max(map(len, column)) for column in columns]
    rows = [
        [cell.rjust(width) if number else cell.ljust(width) for number, (cell, width) in enumerate(zip(row, widths, strict=True))]
        for row in zip(*columns, strict=True)
    ]
    steps, over = divmod(plan.sequences, plan.batch)
    return [
        f"{plan.mixture.name} ({plan.mixture.origin})",
        *("  ".join(row).rstrip() for row in rows),
        f"{plan.sequences:,} sequences of {plan.sequence_length:,} tokens: {steps:,} steps of {plan.batch:,} sequences "
        f"({plan.batch * plan.sequence_length:,} tokens), {over:,} over",
    ]


def _numbers(column: list[int]) -> list[str]:
    return [f"{number / 1e9:,.3f}B" for number in column] if min(column) >= IN_BILLIONS else [f"{number:,}" for number in column]


def _times(epochs: Fraction) -> str:
    return f"{float(epochs):,.2f}" if epochs >= Fraction(1, 100) else f"{float(epochs):.1e}"


if __name__ == "__main__":
    sys.exit(main())
