"""mwparserfromhell's strip_code on pages, in a process of its own: the tokenizer is C code that no signal interrupts, and on some pages it takes minutes."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection

PATIENCE = 20.0
"""ours: seconds for one page; it is quadratic on what is not closed."""


def _serve(pipe: Connection) -> None:
    import mwparserfromhell

    mwparserfromhell.parse("''warm''").strip_code()
    while (text := pipe.recv()) is not None:
        started = time.process_time()
        mwparserfromhell.parse(text).strip_code()
        pipe.send(time.process_time() - started)


class Peer:
    """CPU seconds and bytes of the pages that it came through with; `given_up` counts the others, which are left out of both."""

    def __init__(self) -> None:
        self.seconds, self.size, self.given_up = 0.0, 0, 0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other,), daemon=True)
        self._process.start()

    def strip(self, text: str) -> None:
        """One page."""
        self._pipe.send(text)
        if self._pipe.poll(PATIENCE):
            self.seconds += self._pipe.recv()
            self.size += len(text.encode())
        else:
            self.given_up += 1
            self.close()
            self._start()

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.join()
