"""What a source's token shards are said to hold: `OUT/tokens/SOURCE/manifest.json`, read and checked."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mixtures import token_shards
from mixtures.json_fields import Fields, WrongField

DTYPES = ("uint16", "uint32")
SHARD = re.compile(r"[0-9]{5,}\.arrow")
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
        tokenizer: `sha256`, `vocabulary`, `bos_id`, `eos_id`; a model without BOS or EOS says -1.
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
    return f"python -m pipeline.tokenize --output={shlex.quote(os.path.dirname(tokens))} --source={shlex.quote(sources)}"


def read(directory: str) -> TokenManifest:
    """The manifest of a folder of token shards.

    Raises TokensError where there is none, it cannot be read, it is not complete, a field is not what it must be, or its sums do not agree.
    """
    path = os.path.join(directory, token_shards.MANIFEST)
    if not os.path.exists(path):
        raise TokensError(f"{directory}: expected token shards, found no {token_shards.MANIFEST}: run {command(directory)}")
    try:
        if not os.path.isfile(path):  # reading a pipe would wait for ever
            raise TokensError(f"{path}: expected a file, found none: move it away, and run {command(directory)} --overwrite")
        with open(path, "rb") as stream:
            made = _parsed(directory, Fields.of(path, stream.read()))
    except WrongField as error:
        raise TokensError(f"{error}: this is not the manifest that was written: run {command(directory)} --overwrite") from None
    except OSError as error:
        raise TokensError(f"{path}: expected a manifest that can be read: {error.strerror}; check its permissions") from None
    for field in ("documents", "tokens"):
        summed = sum(getattr(shard, field) for shard in made.shards.values())
        if summed != getattr(made, field):
            raise TokensError(
                f"{path}: expected {getattr(made, field):,} {field}, but its shards hold {summed:,}: run {command(directory)} --overwrite"
            )
    return made


def _parsed(directory: str, held: Fields) -> TokenManifest:
    if not held.flag("complete"):
        path = os.path.join(directory, token_shards.MANIFEST)
        raise TokensError(f"{path}: expected complete token shards, but some could not be made: run {command(directory)} again")
    shards = held.each("shards")
    return TokenManifest(
        directory=directory,
        source=held.text("source"),
        dtype=_one_of(held, "dtype", DTYPES),
        tokenizer=_tokenizer(held.inside("tokenizer")),
        policies={name: held.inside("settings").inside(name).flag("value") for name in POLICIES},
        shards={_shard_name(held, name): _shard(shards[name]) for name in sorted(shards)},
        documents=held.count("documents"),
        tokens=held.count("tokens"),
    )


def _tokenizer(held: Fields) -> dict[str, Any]:
    marks = {name: held.count(name, least=-1) for name in ("bos_id", "eos_id")}
    return {"sha256": held.sha256("sha256"), "vocabulary": held.count("vocabulary", least=1), **marks}


def _shard(held: Fields) -> Shard:
    return Shard(held.count("bytes"), held.sha256("sha256"), held.count("documents"), held.count("tokens"))


def _one_of(held: Fields, name: str, known: tuple[str, ...]) -> str:
    value = held.text(name)
    if value not in known:
        raise held.wrong(name, " or ".join(known), value)
    return value


def _shard_name(held: Fields, name: str) -> str:
    """A name that lies in the folder itself."""
    if not SHARD.fullmatch(name):
        raise held.wrong("shards", "named as 00000.arrow", name)
    return name
