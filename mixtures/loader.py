"""From token shards to the batches that a trainer eats: every batch is a pure function of (shards, mixture, seed, step).

    step n, row r  ->  position n B + r of the run
                   ->  source, and its place m among that source's draws (interleave.py: one period of Tijdeman's rule)
                   ->  epoch, and the window drawn m-th (sequences.py: a keyed permutation of each epoch)
                   ->  L + 1 tokens from the memory map (stream.py, token_source.py)

Each arrow is arithmetic in constant time, so any step is found at once, whatever came before: the state of a loader is one integer. Ranks take slices of one
global batch, so their number changes nothing. What is read ahead is part of no state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from mixtures import changed, opening
from mixtures.changed import ShardsChanged
from mixtures.interleave import MOST_POSITIONS, Interleaving
from mixtures.llama import LLAMA
from mixtures.mixture import MOST_TOKENS, Mixture, shown
from mixtures.opening import Check
from mixtures.permutation import key_of
from mixtures.sequences import windows as draws
from mixtures.stream import Stream
from mixtures.token_source import Located

Integers = npt.NDArray[np.int64]

ORDER = 1
"""Raised by hand where the same shards, mixture, settings and step give another batch than before: it is in every fingerprint."""

DRAWN_AT_ONCE = 1024
"""ours: sequences whose places are worked out together, and kept until others are asked for; nothing depends on it but time."""


@dataclass(frozen=True)
class Batch:
    """Sequences of one step, or of one rank's part of it.

    Attributes:
        tokens: [B, L + 1] int64: inputs are [:, :-1], targets [:, 1:]. int64 as embeddings and cross entropy take it; the shards' own type would only be
            widened by the trainer, and a batch is small.
        sources: [B] int64, the number of each sequence's source in `Loader.sources`.
        documents: [B, L + 1] int32, for each token the number of its document in the sequence, from 0, for a mask between documents; BOS and EOS belong to
            their document. None unless asked for.
    """

    tokens: Integers
    sources: Integers
    documents: npt.NDArray[np.int32] | None


@dataclass(frozen=True)
class Place:
    """Where a sequence comes from: `position` is that of its first token in the source; `documents` say where each document, or piece, in it begins."""

    source: str
    epoch: int
    window: int
    position: int
    documents: tuple[Located, ...]


class Loader:
    """The batches of a training run.

    Attributes:
        sources: names, in the order of the mixture: what `Batch.sources` counts.
        unique: tokens of each source that are drawn from, without those held out: an epoch.
        vocabulary: ids are below it.
        tokenizer: SHA-256 of the tokenizer's model.
    """

    def __init__(
        self,
        output: str,
        mixture: Mixture = LLAMA,
        *,
        sequence_length: int,
        sequences: int,
        seed: int = 0,
        boundaries: bool = False,
        held_out: int = 0,
        check: Check = "content",
    ) -> None:
        """Opens the tokens of a mixture's sources in `output`, the --output of `pipeline.tokenize`.

        Arguments:
            sequence_length: tokens predicted in a sequence, L; a sequence holds one more.
            sequences: how many make a global batch, over all ranks.
            boundaries: whether batches number the documents.
            held_out: at the end of each source, as few documents as have this many tokens are never drawn, but serve for
                validation; 0 for none.
            check: "content" hashes shards that were touched since they were last hashed (changed.py), "size" looks at sizes
                alone: for the ranks after the first.

        Raises TokensError where tokens are missing, empty, all held out or do not belong together, ShardsChanged (a TokensError)
        where shards are not those that their manifest names, MixtureError for a mixture that cannot be, ValueError for other
        arguments.
        """
        _check_arguments(mixture, sequence_length, sequences, held_out, seed)
        self._arguments = {
            "output": output,
            "mixture": mixture,
            "sequence_length": sequence_length,
            "sequences": sequences,
            "seed": seed,
            "boundaries": boundaries,
            "held_out": held_out,
        }
        self._length, self._sequences, self._boundaries, self._seed = sequence_length, sequences, boundaries, seed
        self._interleaving = Interleaving(list(mixture.weights.values()))
        opened = opening.open_sources(output, mixture, check)
        self._streams = [opening.split(source, held_out) for source in opened]
        self._whole = [Stream(source, source.tokens) for source in opened]
        self.sources = tuple(mixture.weights)
        self._steps = min(MOST_POSITIONS, MOST_TOKENS // sequence_length) // sequences
        # Two, as a thread that reads ahead may be in the next one.
        self._chunk = lru_cache(maxsize=2)(self._draw_chunk)
        self.unique = {name: stream.tokens for name, stream in zip(self.sources, self._streams, strict=True)}
        tokenizer = opened[0].manifest.tokenizer
        self.vocabulary: int = tokenizer["vocabulary"]
        self.tokenizer: str = tokenizer["sha256"]
        settings = {
            "order": ORDER,
            "weights": {source: str(share) for source, share in mixture.weights.items()},
            "seed": seed,
            "sequence_length": sequence_length,
            "sequences": sequences,
            "held_out": held_out,
            "tokenizer": self.tokenizer,
        }
        self.fingerprint = changed.fingerprint(settings, [source.manifest for source in opened])

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self._arguments, self.fingerprint["loader"])

    def batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """A rank's rows of the global batch of a step, both from 0. Raises ValueError where `world` does not divide the sequences of a batch."""
        if not 0 <= index(rank) < index(world) or self._sequences % world:
            raise ValueError(
                f"expected a rank below a number of ranks that divides the {self._sequences} sequences of a batch, found rank {rank} of {world}"
            )
        rows = self._sequences // world
        chunk, number = divmod(self._checked(step), max(1, DRAWN_AT_ONCE // rows))
        sources, positions = (values[number] for values in self._chunk(chunk, rank, rows))
        return self._read(self._streams, sources, positions)

    def batches(self, start: int, rank: int = 0, world: int = 1, ahead: int = 2) -> Iterator[Batch]:
        """The batches from step `start` on, without end; a thread reads up to `ahead` of them before they are asked for."""
        with ThreadPoolExecutor(1, "loader") as pool:
            waiting = deque[Future[Batch]]()
            try:
                for step in count(start):
                    waiting.append(pool.submit(self.batch, step, rank, world))
                    if len(waiting) > ahead:
                        yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def state(self, step: int) -> dict[str, Any]:
        """What a checkpoint must hold for the run to go on with batch `step`: that number, and a fingerprint of all that decides the order. JSON."""
        self._checked(step)
        return {"step": step, "fingerprint": self.fingerprint}

    def resume(self, state: Mapping[str, Any]) -> int:
        """The step to go on with. Raises ShardsChanged with the shards and settings that are not those of the checkpoint, ValueError for what is no state."""
        try:
            changed.compare(state["fingerprint"], self.fingerprint)
            self._checked(state["step"])
        except (KeyError, TypeError, AttributeError):
            raise ValueError(f"expected the state of a loader, with step and fingerprint, found {str(state)[:200]}") from None
        return int(state["step"])

    def where(self, step: int, row: int) -> Place:
        """Where a row of the global batch of a step comes from."""
        if not 0 <= index(row) < self._sequences:
            raise ValueError(f"expected a row from 0 to {self._sequences - 1}, found {row}")
        (source,), (epoch,), (window,) = (
            values.tolist() for values in self._drawn(np.array([self._checked(step) * self._sequences + row]))
        )
        stream, position = self._streams[source], window * self._length
        documents = tuple(stream.documents(position, self._length + 1))
        return Place(self.sources[source], epoch, window, position % stream.tokens, documents)

    def tokens_drawn(self, step: int) -> dict[str, int]:
        """Tokens drawn from each source before a step, each counted as often as it was predicted."""
        drawn = self._interleaving.drawn(self._checked(step) * self._sequences)
        return {source: sequences * self._length for source, sequences in zip(self.sources, drawn.tolist(), strict=True)}

    def validation_windows(self, source: str) -> int:
        """How many whole windows the held-out tokens of a source hold; a rest shorter than a window is not among them."""
        stream = self._stream(source)
        return max(0, stream.source.tokens - stream.tokens - 1) // self._length

    def validation(self, source: str, first: int = 0, windows: int | None = None) -> Batch:
        """So many windows, by default all, of the held-out tokens of a source from window `first` on, in their order: each token is predicted once at most."""
        stream, most = self._stream(source), self.validation_windows(source)
        behind = most if windows is None else first + windows
        if not 0 <= first <= behind <= most:
            raise ValueError(f"expected windows from 0 to {most} of the tokens of {source} held out, found {first} to {behind}")
        numbers = np.arange(first, behind, dtype=np.int64)
        sources = np.full(len(numbers), self.sources.index(source), np.int64)
        return self._read(self._whole, sources, stream.tokens + numbers * self._length)

    def _stream(self, source: str) -> Stream:
        if source not in self.sources:
            raise ValueError(f"expected one of the sources {', '.join(self.sources)}, found {source!r}")
        return self._streams[self.sources.index(source)]

    def _checked(self, step: int) -> int:
        if not 0 <= index(step) < self._steps:
            raise ValueError(f"expected a step from 0 to {self._steps - 1}, found {step}")
        return index(step)

    def _draw_chunk(self, chunk: int, rank: int, rows: int) -> tuple[Integers, Integers]:
        """[steps, rows] sources and first positions of a rank's rows, for some steps at once: the permutation costs the same for one and for hundreds."""
        steps = max(1, DRAWN_AT_ONCE // rows)
        first = np.arange(chunk * steps, min((chunk + 1) * steps, self._steps)) * self._sequences + rank * rows
        sources, _, windows = self._drawn((first[:, None] + np.arange(rows)).ravel())
        return sources.reshape(-1, rows), (windows * self._length).reshape(-1, rows)

    def _drawn(self, positions: Integers) -> tuple[Integers, Integers, Integers]:
        """[n] positions in the run -> [n] sources, [n] epochs, [n] windows."""
        sources, places = self._interleaving.sources(positions), self._interleaving.places(positions)
        epochs, windows = np.empty_like(places), np.empty_like(places)
        for source in np.unique(sources).tolist():
            rows = np.flatnonzero(sources == source)
            key = partial(key_of, self._seed, self.sources[source])
            epochs[rows], windows[rows] = draws(places[rows], self._streams[source].tokens, self._length, key)
        return sources, epochs, windows

    def _read(self, streams: list[Stream], sources: Integers, positions: Integers) -> Batch:
        """The sequences that begin at [n] positions of the streams of [n] sources."""
        tokens = np.empty((len(sources), self._length + 1), np.int64)
        documents = np.zeros(tokens.shape, np.int32) if self._boundaries else None
        for row, (source, position) in enumerate(zip(sources.tolist(), positions.tolist(), strict=True)):
            streams[source].read(position, tokens[row])
            if documents is not None:
                streams[source].mark_starts(position, documents[row])
        if documents is not None:
            documents[:, 0] = 0
            np.cumsum(documents, axis=1, out=documents)
        return Batch(tokens, sources, documents)


def _check_arguments(mixture: Any, sequence_length: Any, sequences: Any, held_out: Any, seed: Any) -> None:
    if not isinstance(mixture, Mixture):
        raise ValueError(f"expected a Mixture, such as mixtures.named.find('llama'), found {shown(mixture)}")
    for name, value in (("sequence_length", sequence_length), ("sequences", sequences), ("held_out", held_out), ("seed", seed)):
        if type(value) is not int:
            raise ValueError(f"expected a whole number as {name}, found {shown(value)}")
    for name, value in (("sequence_length", sequence_length), ("sequences", sequences)):
        if value < 1:
            raise ValueError(f"expected a {name} of 1 or more, found {value}")
    if sequence_length * sequences > MOST_TOKENS:
        raise ValueError(f"expected batches of 2^62 tokens at most, found {sequences:,} sequences of {sequence_length:,}")
    if held_out and held_out <= sequence_length:
        raise ValueError(f"expected a held_out of 0, or of one sequence at least ({sequence_length + 1} tokens), found {held_out}")


def _reopen(arguments: dict[str, Any], fingerprint: str) -> Loader:
    """A loader as another process had it, which has looked at the shards' content. Raises ShardsChanged where they are not the same now."""
    loader = Loader(**arguments, check="size")
    if loader.fingerprint["loader"] != fingerprint:
        raise ShardsChanged(
            f"{arguments['output']}: its token shards were written anew between the start of this process and of the one before it"
        )
    return loader
