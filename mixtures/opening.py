"""The sources of a mixture, opened together: all there, all whole, all of one tokenizer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, Literal

from mixtures import changed, token_manifest, token_shards
from mixtures.mixture import Mixture
from mixtures.stream import Stream
from mixtures.token_manifest import TokenManifest, TokensError
from mixtures.token_source import Maps, TokenSource

Check = Literal["content", "size"]


def open_sources(output: str, mixture: Mixture, check: Check) -> list[TokenSource]:
    """The token sources of a mixture, in its order.

    Raises TokensError, with the names, where one has no tokens or they are not all of one tokenizer; ShardsChanged where shards are not those
    that their manifest names, by size alone or by content.
    """
    if check not in ("content", "size"):
        raise ValueError(f"check is content or size, not {check!r}")
    directories = {source: os.path.join(output, "tokens", source) for source in mixture.weights}
    _all_there(directories, mixture)
    manifests = [token_manifest.read(directory) for directory in directories.values()]
    for source, manifest in zip(directories, manifests, strict=True):
        if manifest.source != source:
            raise TokensError(
                f"{manifest.directory}: expected the tokens of {source}, found those of {manifest.source}: move them to a folder of that name"
            )
    _agree(manifests)
    _none_empty(manifests, mixture)
    for manifest in manifests:
        if check == "content":
            changed.check_contents(manifest)
        else:
            changed.check_sizes(manifest)
    maps = Maps()
    return [TokenSource(manifest, maps) for manifest in manifests]


def split(source: TokenSource, held_out: int) -> Stream:
    """The stream of what is not held out: all but the last documents, as few as have `held_out` tokens. Raises TokensError where they are all."""
    if not held_out:
        return Stream(source, source.tokens)
    first = source.tokens - held_out
    kept = first - source.locate(first).token if first > 0 else 0
    if kept < 1:
        raise TokensError(
            f"{source.manifest.source}: expected documents to draw beside those held out, found none: it has {source.tokens:,} tokens in "
            f"{source.documents:,} documents, of which the last that have {held_out:,} are held out: hold out fewer tokens, "
            "or leave the source out with mixture.only(...)"
        )
    return Stream(source, kept)


def _all_there(directories: dict[str, str], mixture: Mixture) -> None:
    missing = {source: path for source, path in directories.items() if not os.path.exists(os.path.join(path, token_shards.MANIFEST))}
    if missing:
        raise TokensError(
            f"expected the tokens of the mixture {mixture.name}, found none of {', '.join(missing)}: run "
            f"{token_manifest.command(*missing.values())}, or leave out what has none: {_without(directories, list(missing))}"
        )


def _none_empty(manifests: list[TokenManifest], mixture: Mixture) -> None:
    empty = {manifest.source: manifest.directory for manifest in manifests if not manifest.tokens}
    if empty:
        raise TokensError(
            f"expected tokens of every source of the mixture {mixture.name}, found no token of {', '.join(empty)}: give documents to "
            f"{token_manifest.command(*empty.values())}, or leave out what has none: "
            f"{_without([manifest.source for manifest in manifests], list(empty))}"
        )


def _without(sources: Iterable[str], missing: list[str]) -> str:
    rest = [source for source in sources if source not in missing]
    return f"mixture.only({rest})" if rest else "there is no other source"


def _agree(manifests: list[TokenManifest]) -> None:
    """Tokens of two vocabularies do not mix, nor documents with a beginning and such without."""
    parts: dict[str, Callable[[TokenManifest], Any]] = {
        "one tokenizer": lambda manifest: dict(manifest.tokenizer),
        "one type of tokens": lambda manifest: manifest.dtype,
        "one policy of BOS and EOS": lambda manifest: dict(manifest.policies),
    }
    for what, part in parts.items():
        found: dict[str, list[str]] = {}
        for manifest in manifests:
            found.setdefault(str(part(manifest)), []).append(manifest.source)
        if len(found) > 1:
            held = "; ".join(f"{value} in {', '.join(sources)}" for value, sources in found.items())
            raise TokensError(
                f"expected {what} for all sources of a mixture, found {held}: run python -m pipeline.tokenize again for those that differ"
            )
