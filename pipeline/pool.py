"""A pool of worker processes that knows which task a dead worker had in hand.

Beam's local runner hands all elements to one DoFn in one bundle; a stage gives them to this pool. The standard library's pool breaks as a whole when
one worker is killed and cannot say on which task; here each worker has a pipe of its own, so only the task in hand is tried again, and is
named when it kills its workers every time.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

ATTEMPTS = 3
"""Times that a task is given to a worker before it is named and left. ours: a worker killed for memory by a neighbour's burst deserves another try."""


@dataclass(frozen=True)
class Failed:
    """A task that gave no result: `why` is one line, `trace` the worker's traceback where it could still say one."""

    why: str
    trace: str = ""


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    task: int | None = None


class Pool:
    """`workers` processes, started by spawn (threads run in the parent, so a fork could copy a held lock)."""

    def __init__(self, workers: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._count = workers
        self._workers = [self._start() for _ in range(workers)]

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, os.getpid()), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def map(self, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]) -> list[Any]:
        """`function(*task)` for every task, in order; Failed in the place of one that gave no result."""
        results: list[Any] = [None] * len(tasks)
        attempts = [0] * len(tasks)
        waiting = deque(range(len(tasks)))
        left = len(tasks)
        while left:
            self._hand_out(function, tasks, waiting, attempts)
            busy = [worker for worker in self._workers if worker.task is not None]
            wait([worker.pipe for worker in busy] + [worker.process.sentinel for worker in busy])
            for worker in busy:
                answer = self._answer(worker)
                if answer is None:
                    continue
                task, worker.task = worker.task, None
                assert task is not None
                if isinstance(answer, Failed) and not answer.trace and attempts[task] < ATTEMPTS:
                    waiting.appendleft(task)
                    continue
                results[task] = answer
                left -= 1
        return results

    def _hand_out(self, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], waiting: deque[int], attempts: list[int]) -> None:
        for place, worker in enumerate(self._workers):
            if worker.task is not None or not waiting:
                continue
            if not worker.process.is_alive():
                self._workers[place] = worker = self._start()
            task = waiting.popleft()
            try:
                worker.pipe.send((function, tasks[task]))
            except OSError:  # it died between two tasks: this one was never in its hands
                waiting.appendleft(task)
                worker.process.join()
                continue
            worker.task = task
            attempts[task] += 1

    def _answer(self, worker: _Worker) -> Any:
        """What the worker says, Failed where it died, None where it is still at work."""
        try:
            if worker.pipe.poll():
                return worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
        if worker.process.is_alive():
            return None
        worker.process.join()
        code = worker.process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return Failed(f"its worker {how}, {ATTEMPTS} times over")

    def close(self) -> None:
        """Ends the workers."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
        self._workers = []


def _serve(pipe: Connection, parent: int) -> None:
    """A worker: does what comes through the pipe until the pipe closes or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = function(*arguments)
        except Exception as error:
            answer = Failed(f"{type(error).__name__}: {error}", traceback.format_exc())
        pipe.send(answer)


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


_shared: Pool | None = None


def shared(workers: int) -> Pool:
    """The process's pool, started at the first call and kept for all stages, so that models are loaded once a worker."""
    global _shared
    if _shared is None:
        _shared = Pool(workers)
        atexit.register(close)
    return _shared


def close() -> None:
    """Ends the shared pool, if there is one."""
    global _shared
    if _shared is not None:
        _shared.close()
        _shared = None
