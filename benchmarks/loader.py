"""`python -m benchmarks.loader FOLDER`: batches from token shards beside a plain memory map of the same windows, resuming, and opening many shards.

What is read lies in the page cache, so that the loader's own work is what is seen. Times are CPU seconds of this process, all its threads,
interleaved; the least of several rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mixtures import token_shards
from mixtures.llama import LLAMA
from mixtures.loader import Loader
from mixtures.token_source import Maps, TokenSource

LENGTH, SEQUENCES = 2048, 32
"""code: LLaMA's model.py, max_seq_len 2048; 32 sequences are what one GPU takes at a time."""
TOKENIZER = {"sha256": "0" * 64, "vocabulary": 32_000, "bos_id": 1, "eos_id": 2}
ROUNDS, STEPS = 7, 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loader", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="some 900 MB are written to a folder in it, and deleted")
    parser.add_argument("--open", metavar="DIR", help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.open:
        return opened(flags.open)
    flags.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=flags.folder) as name:
        scratch = Path(name)
        for source in LLAMA.weights:
            write(scratch / "large" / "tokens" / source, shards=4, documents=5_000, tokens=1_000)
        batches(scratch)
        resuming(scratch)
        write(scratch / "many" / "tokens" / "books", shards=10_000, documents=40, tokens=100)
        opening(scratch)
        random_reads(scratch)
    return 0


def write(directory: Path, shards: int, documents: int, tokens: int) -> None:
    """A source of random tokens, in documents of `tokens` on average; beside it the same as one plain file, `plain.bin`."""
    directory.mkdir(parents=True)
    random = np.random.default_rng(1)
    schema, named = token_shards.schema(np.dtype(np.uint16)), dict[str, dict[str, Any]]()
    with (directory / "plain.bin").open("wb") as plain:
        for number in range(shards):
            cuts = np.sort(random.integers(0, documents * tokens, documents - 1))
            offsets = np.concatenate([[0], cuts, [documents * tokens]]).astype(np.int32)
            values = random.integers(3, 32_000, documents * tokens).astype(np.uint16)
            held = pa.ListArray.from_arrays(pa.array(offsets), pa.array(values), type=schema.field("tokens").type)
            path = directory / token_shards.shard_name(number)
            with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, schema) as writer:
                writer.write_batch(pa.record_batch([pa.array([f"{number}/{row}" for row in range(documents)]), held], schema=schema))
            plain.write(values.tobytes())
            os.utime(path, (0, 0))
            data = path.read_bytes()
            named[path.name] = {
                "bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "documents": documents,
                "tokens": len(values),
            }
    sums = {field: sum(shard[field] for shard in named.values()) for field in ("documents", "tokens")}
    policies = {name: {"value": True, "origin": "ours: as pipeline.tokenize"} for name in ("bos", "eos")}
    manifest = {
        "source": directory.name,
        "complete": True,
        "dtype": "uint16",
        "tokenizer": TOKENIZER,
        "settings": policies,
        **sums,
        "shards": named,
    }
    (directory / token_shards.MANIFEST).write_text(json.dumps(manifest))


def least(works: dict[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """CPU seconds of each work, the least of several interleaved rounds."""
    seconds = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            started = time.process_time()
            work()
            seconds[name] = min(seconds[name], time.process_time() - started)
    return seconds


def batches(scratch: Path) -> None:
    """Batches of the seven sources beside reads of the same windows from plain memory maps, whose places are given."""
    output = str(scratch / "large")
    alone, bounded = (Loader(output, LLAMA, sequence_length=LENGTH, sequences=SEQUENCES, boundaries=kind) for kind in (False, True))
    maps = [np.memmap(scratch / "large" / "tokens" / source / "plain.bin", np.uint16, "r") for source in LLAMA.weights]
    places = []
    for step in range(STEPS):
        held = [alone.where(step, row) for row in range(SEQUENCES)]
        places.append([(alone.sources.index(place.source), place.position) for place in held])

    def plain() -> None:
        for rows in places:
            out = np.empty((SEQUENCES, LENGTH + 1), np.int64)
            for row, (source, position) in enumerate(rows):
                copy(maps[source], position, out[row])

    def loaded(loader: Loader) -> None:
        for step in range(STEPS):
            loader.batch(step)

    plain()
    seconds = least({"plain memory map": plain, "loader": lambda: loaded(alone), "loader, boundaries": lambda: loaded(bounded)})
    print(f"batches of {SEQUENCES} x {LENGTH + 1:,} tokens from {len(maps)} sources")
    for name, spent in seconds.items():
        each = spent / STEPS
        print(
            f"  {name}: {SEQUENCES * LENGTH / each / 1e6:.0f} M tokens a CPU second, {each * 1e3:.3f} ms a batch, "
            f"{(spent - seconds['plain memory map']) / STEPS * 1e3:.3f} ms over the plain one ({spent / seconds['plain memory map']:.2f} times)"
        )


def copy(tokens: npt.NDArray[np.uint16], position: int, out: npt.NDArray[np.int64]) -> None:
    """A window; behind the last token comes the first."""
    held = tokens[position : position + len(out)]
    out[: len(held)] = held
    out[len(held) :] = tokens[: len(out) - len(held)]


def resuming(scratch: Path) -> None:
    """Going on at a step: the state is compared and the first batch read."""
    loader = Loader(str(scratch / "large"), LLAMA, sequence_length=LENGTH, sequences=SEQUENCES)
    states = {step: json.loads(json.dumps(loader.state(step))) for step in (10, 10_000_000)}

    def resumed(step: int) -> Callable[[], Any]:
        """A later step of the state each time, so that nothing is kept from the time before."""
        later = count(step, 10_000)
        return lambda: loader.batch(loader.resume({**states[step], "step": next(later)}))

    seconds = least({str(step): resumed(step) for step in states}, 50)
    print("to resume, with the first batch: " + ", ".join(f"at step {int(step):,} {spent * 1e3:.2f} ms" for step, spent in seconds.items()))


def opening(scratch: Path) -> None:
    """Opening 10,000 shards in a process of its own: first with hashing, then by their note."""
    command = [sys.executable, "-m", "benchmarks.loader", str(scratch), "--open", str(scratch / "many")]
    time.sleep(3)  # Shards written a moment ago are not noted.
    for name in ("hashing", "noted"):
        print(f"opening 10,000 shards, {name}: {subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()}")


def opened(output: str) -> int:
    """Opens a mixture and prints what it took."""
    before, started, spent = peak(), time.perf_counter(), time.process_time()
    loader = Loader(output, LLAMA.only(["books"]), sequence_length=LENGTH, sequences=SEQUENCES)
    wall, cpu = time.perf_counter() - started, time.process_time() - spent
    memory = peak() - before
    started = time.process_time()
    loader.batch(0)
    print(
        f"{wall:.2f} s ({cpu:.2f} CPU), {memory:.0f} MB over {before:.0f}; the first batch {(time.process_time() - started) * 1e3:.1f} ms"
    )
    return 0


def peak() -> float:
    """MB that this process has held at most (getrusage would begin with what the process that started it held)."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1e3


def random_reads(scratch: Path) -> None:
    """A window anywhere, with all shards mapped, with fewer maps than shards, and from a plain map."""
    directory = scratch / "many" / "tokens" / "books"
    plain = np.memmap(directory / "plain.bin", np.uint16, "r")
    sources = {most: TokenSource.open(str(directory), Maps(most)) for most in (10_000, 1_000, 1)}
    positions = np.random.default_rng(2).integers(0, len(plain) - LENGTH - 1, 20_000).tolist()
    out = np.empty(LENGTH + 1, np.int64)

    def read(source: TokenSource) -> None:
        for position in positions:
            source.read(position, LENGTH + 1, out)

    def plainly() -> None:
        for position in positions:
            copy(plain, position, out)

    works: dict[str, Callable[[], Any]] = {f"{most:,} maps": partial(read, source) for most, source in sources.items()}
    works["a plain map"] = plainly
    seconds = least(works, 3)
    print(
        "random windows over 10,000 shards: "
        + ", ".join(f"{name} {spent / len(positions) * 1e6:.1f} us" for name, spent in seconds.items())
    )


if __name__ == "__main__":
    sys.exit(main())
