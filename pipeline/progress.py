"""Live progress, read from the work folder alone, so that it is the same on one machine and on a cluster.

A worker leaves a heartbeat, a small file, while it does a stage of a unit, and a receipt when it is done.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from types import TracebackType
from typing import Any, TextIO

from pipeline import files

BEAT_SECONDS = 1.0
"""ours: often enough for a person to see movement, rare enough to cost nothing."""
LINE_SECONDS = 60.0
"""Between two lines where there is no terminal. ours: a log of a day stays readable."""
COST = (0.35, 0.65)
"""Share of the first stage and of all later ones in the work. ours: as measured on web text; only the time left is drawn from it."""


class Heartbeat:
    """A file that says how far a stage of a unit is; it goes when the context ends. Failing to write it is no failure of the unit."""

    def __init__(self, work: str, stage: int, unit: int, size: int) -> None:
        self._path = files.join(work, "heartbeats", f"{stage}-{unit:05d}.json")
        self._size = max(size, 1)
        self._next = 0.0

    def __enter__(self) -> Heartbeat:
        self.beat(0, 0)
        return self

    def beat(self, documents: int, offset: int) -> None:
        """Writes documents and the share of the file that is done, at most once in BEAT_SECONDS."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + BEAT_SECONDS
        with contextlib.suppress(OSError):
            files.write_bytes(self._path, json.dumps({"documents": documents, "done": min(1.0, offset / self._size)}).encode())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            files.delete(self._path)


class Progress:
    """A thread that prints how far the run is: units of each stage, documents, MB/s and the time left."""

    def __init__(self, work: str, sizes: list[int], stages: int, out: TextIO | None = None) -> None:
        self._work, self._sizes, self._stages = work, sizes, stages
        self._out = out or sys.stderr
        self._done: dict[str, dict[str, Any]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._started = time.monotonic()
        self._at_start: float | None = None
        self._before = set(files.names(files.join(work, "receipts")))
        self.seen = threading.Event()
        """Set once any worker has left a sign of life."""

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(timeout=5)
        if self._out.isatty():
            self._out.write("\r\x1b[K")

    def _watch(self) -> None:
        terminal = self._out.isatty()
        next_line = time.monotonic() + LINE_SECONDS
        while not self._stop.wait(BEAT_SECONDS):
            with contextlib.suppress(OSError):  # a folder that another process is just clearing
                line = self.line()
                if terminal:
                    self._out.write(f"\r\x1b[K{line}")
                    self._out.flush()
                elif time.monotonic() >= next_line:
                    next_line += LINE_SECONDS
                    print(line, file=self._out, flush=True)

    def line(self) -> str:
        """One line: `stage 1 of 2 · 12 of 80 units · 48,210 documents · 21.3 MB/s · 0:03:10 left`."""
        done, documents, stage, running = self._look()
        if self._at_start is None:
            self._at_start = done
        elapsed = time.monotonic() - self._started
        gained = done - self._at_start
        left = _clock(elapsed * (1 - done) / gained) + " left" if gained > 0 else "time left not known yet"
        rate = gained * sum(self._sizes) / elapsed / 1e6 if elapsed > 0 else 0.0
        finished = sum(key.startswith(f"{stage}-") for key in self._done)
        return (
            f"stage {stage + 1} of {self._stages} · {finished:,} of {len(self._sizes):,} units, {running} running · "
            f"{documents:,} documents · {rate:.1f} MB/s of input · {left}"
        )

    def _look(self) -> tuple[float, int, int, int]:
        """(share of the whole work done, documents read, stage reached, units running)."""
        for name in files.names(files.join(self._work, "receipts")):
            key = name.removesuffix(".json")
            if name.endswith(".json") and key not in self._done:
                with contextlib.suppress(OSError, ValueError, RecursionError):  # one that a power cut left is no receipt
                    held = json.loads(files.read_bytes(files.join(self._work, "receipts", name)))
                    if isinstance(held, dict) and "documents" in held:
                        self._done[key] = held
        beats = {}
        for name in files.names(files.join(self._work, "heartbeats")):
            with contextlib.suppress(OSError, ValueError):  # gone since it was listed, or on its way
                beats[name.removesuffix(".json")] = json.loads(files.read_bytes(files.join(self._work, "heartbeats", name)))
        new = set(files.names(files.join(self._work, "receipts"))) - self._before
        if new or beats or files.names(files.join(self._work, "reused")):
            self.seen.set()
        share, documents, stage = 0.0, 0, 0
        for key, part, read in [(k, 1.0, r["documents"]) for k, r in self._done.items()] + [
            (k, b["done"], b["documents"]) for k, b in beats.items()
        ]:
            number, _, unit = key.partition("-")
            weight = 1.0 if self._stages == 1 else COST[0] if number == "0" else COST[1] / (self._stages - 1)
            share += weight * part * self._sizes[int(unit)] / max(sum(self._sizes), 1)
            documents += read if number == "0" else 0
            stage = max(stage, int(number))
        return share, documents, stage, len(beats)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
