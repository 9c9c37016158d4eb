"""Which document a token comes from: `python -m pipeline.explain --token=SOURCE:POSITION --output=DIR`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from mixtures import token_shards
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
    """A token by `SOURCE:POSITION`: its document, its place there, and the text around it. Raises NoToken, SettingError."""
    source, colon, digits = name.partition(":")
    if not colon or not digits.isdecimal():
        raise NoToken(f"--token takes SOURCE:POSITION such as c4:123456, found {name!r}")
    settings.one_of("--token", source, SOURCES)
    directory = files.join(output, "tokens", source)
    if not files.exists(files.join(directory, token_shards.MANIFEST)):
        raise NoToken(f"{directory} holds no tokens: run python -m pipeline.tokenize --output={output} --source={source}")
    manifest = json.loads(files.read_bytes(files.join(directory, token_shards.MANIFEST)))
    position = int(digits)
    if position >= manifest["tokens"]:
        raise NoToken(f"{source} has {manifest['tokens']:,} tokens, from 0 on; there is no token {position:,}")
    return _found(source, position, directory)


def _found(source: str, position: int, directory: str) -> dict[str, Any]:
    tokens = TokenSource.open(directory)
    place = tokens.locate(position)
    tokenizer = Tokenizer(files.read_bytes(files.join(directory, MODEL)))

    def read(start: int, end: int) -> Any:
        """Tokens of the document by their number in it."""
        start, end = max(start, 0), min(end, place.tokens)
        out = np.empty(end - start, tokens.dtype)
        tokens.read(position - place.token + start, end - start, out)
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
