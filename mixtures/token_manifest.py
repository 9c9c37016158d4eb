"""What a source's token shards are said to hold: `OUT/tokens/SOURCE/manifest.json`, read and checked."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mixtures import token_shards

TOKENIZER = ("sha256", "vocabulary", "bos_id", "eos_id")
POLICIES = ("bos", "eos")
"""Settings that all sources of a mixture must share; the others (where shards and record batches are cut) leave the tokens as they are."""


class TokensError(ValueError):
    """Token shards that cannot be read: what was expected, what was found, what to do."""


@dataclass(frozen=True, slots=True)
class Shard:
    """What the manifest says of one shard."""

    bytes: int
    sha256: str
    documents: int
    tokens: int


@dataclass(frozen=True)
class TokenManifest:
    """A source's token shards.

    Attributes:
        directory: where the shards lie.
        dtype: `uint16` or `uint32`.
        tokenizer: the fields of TOKENIZER, as they stand in the manifest.
        policies: the settings of POLICIES.
        shards: name to shard, in the order of the names, which is the order of the tokens.
    """

    directory: str
    source: str
    dtype: str
    tokenizer: Mapping[str, Any]
    policies: Mapping[str, Any]
    shards: Mapping[str, Shard]
    documents: int
    tokens: int


def command(*directories: str) -> str:
    """The command that makes the token shards of folders `OUT/tokens/SOURCE` of one output."""
    tokens = os.path.dirname(os.path.abspath(directories[0]))
    sources = ",".join(os.path.basename(os.path.abspath(directory)) for directory in directories)
    return f"python -m pipeline.tokenize --output={os.path.dirname(tokens)} --source={sources}"


def read(directory: str) -> TokenManifest:
    """The manifest of a folder of token shards. Raises TokensError where there is none, it is not complete, or its sums do not agree."""
    path = os.path.join(directory, token_shards.MANIFEST)
    try:
        with open(path, "rb") as stream:
            held = json.load(stream)
        made = _parsed(directory, held)
    except FileNotFoundError:
        raise TokensError(f"{directory}: expected token shards, found no {token_shards.MANIFEST}: run {command(directory)}") from None
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise TokensError(
            f"{path}: expected the manifest of token shards, found something else ({type(error).__name__}: {error}): run {command(directory)}"
        ) from None
    if not held["complete"]:
        raise TokensError(f"{path}: expected complete token shards, but some could not be made: run {command(directory)} again")
    for field in ("documents", "tokens"):
        summed = sum(getattr(shard, field) for shard in made.shards.values())
        if summed != getattr(made, field):
            raise TokensError(
                f"{path}: expected {getattr(made, field):,} {field}, but its shards hold {summed:,}: run {command(directory)} again"
            )
    return made


def _parsed(directory: str, held: Any) -> TokenManifest:
    shards = held["shards"]
    return TokenManifest(
        directory=directory,
        source=held["source"],
        dtype=held["dtype"],
        tokenizer={name: held["tokenizer"][name] for name in TOKENIZER},
        policies={name: held["settings"][name]["value"] for name in POLICIES},
        shards={name: Shard(*(shards[name][field] for field in ("bytes", "sha256", "documents", "tokens"))) for name in sorted(shards)},
        documents=held["documents"],
        tokens=held["tokens"],
    )
