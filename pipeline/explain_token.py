"""Which document a token comes from: `python -m pipeline.explain --token=SOURCE:POSITION --output=DIR`."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np

from mixtures.token_manifest import TokenManifest, command
from mixtures.token_source import TokenSource
from pipeline import files, settings
from pipeline.plan import SOURCES
from pipeline.token_closing import MODEL
from pipeline.visible import visible
from transforms.tokenizer import Tokenizer

AROUND = 24
"""Tokens shown on each side. ours: a line or two of text."""


class NoToken(Exception):
    """There is no such token: says what was expected, what was found, and what to do."""


def find(name: str, output: str) -> dict[str, Any]:
    """A token by `SOURCE:POSITION`: its document, its place there, and the text around it. Raises NoToken, SettingError, TokensError."""
    source, colon, digits = name.partition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,19}", digits):
        raise NoToken(f"--token takes SOURCE:POSITION such as c4:123456, found {name[:80]!r}")
    settings.one_of("--token", source, SOURCES)
    directory = files.join(output, "tokens", source)
    tokens, position = TokenSource.open(directory), int(digits)
    if position >= tokens.tokens:
        raise NoToken(f"{source} has {tokens.tokens:,} tokens, from 0 on; there is no token {position:,}")
    return _found(source, position, directory, tokens)


def _found(source: str, position: int, directory: str, tokens: TokenSource) -> dict[str, Any]:
    place = tokens.locate(position)
    tokenizer = _tokenizer(directory, tokens.manifest)

    def read(start: int, end: int) -> Any:
        """Tokens of the document by their number in it."""
        start, end = max(start, 0), min(end, place.tokens)
        out = np.empty(end - start, tokens.dtype)
        tokens.read(position - place.token + start, end - start, out)
        if len(out) and out.max() >= tokens.manifest.tokenizer["vocabulary"]:
            raise NoToken(
                f"{files.join(directory, place.shard)}: expected tokens below {tokens.manifest.tokenizer['vocabulary']:,}, found {out.max():,}, "
                f"so the shard is damaged: put it back, or run {command(directory)} --overwrite"
            )
        return out

    own = int(read(place.token, place.token + 1)[0])
    return {
        "source": source,
        "position": position,
        "token": own,
        "piece": tokenizer.piece(own),
        "shard": f"tokens/{source}/{place.shard}",
        "row": place.row,
        "document": place.document,
        "number": place.token,
        "of": place.tokens,
        "character": len(tokenizer.decode(read(0, place.token))),
        "before": tokenizer.decode(read(place.token - AROUND, place.token)),
        "after": tokenizer.decode(read(place.token + 1, place.token + 1 + AROUND)),
    }


def _tokenizer(directory: str, manifest: TokenManifest) -> Tokenizer:
    """The model beside the shards. Raises NoToken where it is not the one that they were made with."""
    path = files.join(directory, MODEL)
    again = f"put it back, or run {command(directory)} --overwrite"
    if not files.exists(path):
        raise NoToken(f"{path}: expected the tokenizer of these shards, found no file: {again}")
    model = files.read_bytes(path)
    digest = hashlib.sha256(model).hexdigest()
    if digest != manifest.tokenizer["sha256"]:
        raise NoToken(f"{path}: expected the tokenizer {manifest.tokenizer['sha256'][:12]} of these shards, found {digest[:12]}: {again}")
    return Tokenizer(model)


def tell(found: dict[str, Any]) -> str:
    """The token in words."""
    return "\n".join(
        [
            f"token {found['position']:,} of {found['source']} is {found['token']}, {visible(found['piece'])}",
            f"  number {found['number']:,} (from 0) of the {found['of']:,} tokens of {visible(found['document'])}",
            f"  the text before it has {found['character']:,} characters",
            f"  stored in row {found['row']:,} of {found['shard']}",
            f"  before it: {visible(found['before'])}",
            f"  after it:  {visible(found['after'])}",
        ]
    )
