"""Hands the graph to a Beam runner and waits. The local one uses the pool; a cluster brings workers of its own."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from pipeline import pool
from pipeline.progress import Progress

POLL_SECONDS = 1.0
"""ours: between two looks at a cluster's state."""


Build = Callable[[Any, int], Any]
"""(Beam's pipeline, worker processes of the shared pool or 0 on a cluster) -> puts a graph into the pipeline. Called once Beam is imported."""


class RunFailed(RuntimeError):
    """The runner gave up, or no worker ever started."""


def run(build: Build, workers: int, options: Any, progress: Progress, start_timeout: float, command: str) -> None:
    """Runs one graph to its end; `command` is what a person called. Raises RunFailed."""
    local = options is None or options.view_as(_standard_options()).runner == "FnApiRunner"
    if local:
        pool.shared(workers)  # its processes start while Beam is imported
    import_beam()
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    if options is None:
        options = PipelineOptions([], runner="FnApiRunner")
    with _interruptible(command) if local else contextlib.nullcontext():
        pipeline = beam.Pipeline(options=options)
        build(pipeline, workers if local else 0)
        result = pipeline.run()
        if local:
            result.wait_until_finish()
        else:
            _watch(result, progress, start_timeout)


def _standard_options() -> Any:
    import_beam()
    from apache_beam.options.pipeline_options import StandardOptions

    return StandardOptions


def import_beam() -> None:
    """Imports Beam without its warnings about cloud clients that nobody asked for."""
    logging.getLogger().setLevel(logging.ERROR)
    import apache_beam  # noqa: F401


@contextlib.contextmanager
def _interruptible(command: str) -> Iterator[None]:
    """Ctrl-C ends the run at once: Beam would log a KeyboardInterrupt as the failure of a step, and its threads would wait for the bundle."""

    def leave(number: int, frame: FrameType | None) -> None:
        pool.close()
        print(f"\n{command}: interrupted. Run the same line again: finished units are not done again.", file=sys.stderr, flush=True)
        os._exit(1)

    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _watch(result: Any, progress: Progress, start_timeout: float) -> None:
    """Waits for a cluster: a worker that cannot start leaves no sign of life, and the runner would wait for ever without a word."""
    from apache_beam.runners.runner import PipelineState

    started = time.monotonic()
    try:
        while not PipelineState.is_terminal(result.state):
            if not progress.seen.is_set() and time.monotonic() - started > start_timeout:
                result.cancel()
                raise RunFailed(
                    f"no worker showed a sign of life within {start_timeout:g} s. Is `pipeline` importable by the workers' Python, do they see "
                    "the output folder, and is the environment (--environment_type, --environment_config) the one that runs? "
                    "--start-timeout gives them longer"
                )
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        result.cancel()
        raise
    try:
        result.wait_until_finish()  # at once: the state is terminal
    except RuntimeError as error:
        raise RunFailed(str(error).partition("\n")[0]) from None
    if result.state != PipelineState.DONE:
        raise RunFailed(f"the runner ended in state {result.state}; its log says why")
