"""`python -m mixtures.batch --step=N`: which documents a batch holds, for a step at which something happened.

A row's position leads on: `python -m pipeline.explain --token=SOURCE:POSITION` says what became of its document, and which file it came from.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from mixtures.loader import Loader, Place
from mixtures.mixture import MixtureError
from mixtures.named import NAMED, find
from mixtures.plan import SEQUENCE_LENGTH
from mixtures.token_manifest import TokensError

SHOWN = 3
"""Documents named in a row; --json names all. ours: a line of a terminal."""


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 shown, 2 bad usage or no tokens."""
    flags = _parser().parse_args(arguments)
    try:
        mixture = find(flags.mixture)
        loader = Loader(
            flags.output,
            mixture.only(flags.only.split(",")) if flags.only else mixture,
            sequence_length=flags.sequence_length,
            sequences=flags.sequences,
            seed=flags.seed,
            held_out=flags.held_out,
            check="size",
        )
        places = [loader.where(flags.step, row) for row in range(flags.sequences)]
    except (MixtureError, TokensError, ValueError) as error:
        print(f"mixtures.batch: {error}", file=sys.stderr)
        return 2
    rows = [_told(row, place) for row, place in enumerate(places)]
    print(
        json.dumps({"step": flags.step, "fingerprint": loader.fingerprint["loader"], "rows": rows}, indent=1)
        if flags.json
        else _lines(rows)
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mixtures.batch",
        description="Says which documents the batch of a step holds. The flags must be those of the run.",
        epilog="exit codes: 0 shown, 2 bad usage or no tokens",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--step", type=int, required=True, metavar="N", help="the step, from 0")
    add("--output", default="out", metavar="DIR", help="the --output of pipeline.tokenize (default: out)")
    add("--mixture", default="llama", metavar="NAME", help=f"{', '.join(NAMED)}, or a file .toml or .py (default: llama)")
    add("--only", metavar="NAMES", help="these sources of the mixture alone, with commas between")
    add("--sequence-length", type=int, default=SEQUENCE_LENGTH, metavar="N", help=f"tokens of a sequence (default: {SEQUENCE_LENGTH})")
    add("--sequences", type=int, default=8, metavar="N", help="sequences of a global batch (default: 8)")
    add("--seed", type=int, default=0, metavar="N", help="the run's seed (default: 0)")
    add("--held-out", type=int, default=0, metavar="N", help="tokens held out of each source (default: 0)")
    add("--json", action="store_true", help="prints one JSON object, with all documents")
    return parser


def _told(row: int, place: Place) -> dict[str, Any]:
    documents = [{"id": held.document, "shard": held.shard, "row": held.row, "from_token": held.token} for held in place.documents]
    return {
        "row": row,
        "source": place.source,
        "epoch": place.epoch,
        "window": place.window,
        "position": place.position,
        "documents": documents,
    }


def _lines(rows: list[dict[str, Any]]) -> str:
    """A row a sequence: where its first token lies, and the first of its documents."""
    cells = [("row", "epoch", "first token", "documents")]
    for row in rows:
        names = [document["id"] for document in row["documents"]]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        cells.append((str(row["row"]), str(row["epoch"]), f"{row['source']}:{row['position']}", ", ".join(names[:SHOWN]) + more))
    wide = [max(len(row[column]) for row in cells) for column in range(3)]
    return "\n".join(f"{a:>{wide[0]}}  {b:>{wide[1]}}  {c:<{wide[2]}}  {d}" for a, b, c, d in cells)


if __name__ == "__main__":
    sys.exit(main())
