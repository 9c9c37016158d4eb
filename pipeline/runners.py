"""Hands the graph to a Beam runner and waits. The local one uses the pool; a cluster brings workers of its own."""

from __future__ import annotations

import logging
import time
from typing import Any

from pipeline import pool
from pipeline.plan import Job, Unit
from pipeline.progress import Progress

POLL_SECONDS = 1.0


class RunFailed(RuntimeError):
    """The runner gave up, or no worker ever started."""


def run(job: Job, units: list[Unit], workers: int, options: Any, progress: Progress, start_timeout: float) -> None:
    """Runs one source's graph to its end. Raises RunFailed."""
    local = options is None
    if local:
        pool.shared(workers)  # its processes start while Beam is imported
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns on import of cloud clients that nobody asked for
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipeline import graph

    if local:
        options = PipelineOptions([], runner="FnApiRunner")
    pipeline = beam.Pipeline(options=options)
    graph.build(pipeline, job, units, workers if local else 0)
    result = pipeline.run()
    if local:
        result.wait_until_finish()
        return
    _watch(result, progress, start_timeout)


def _watch(result: Any, progress: Progress, start_timeout: float) -> None:
    """Waits for a cluster: a worker that cannot start leaves no sign of life, and the runner would wait for ever without a word."""
    started = time.monotonic()
    while not result.is_in_terminal_state():
        if not progress.seen.is_set() and time.monotonic() - started > start_timeout:
            result.cancel()
            raise RunFailed(
                f"no worker showed a sign of life within {start_timeout:g} s. Is `pipeline` importable by the workers' Python, do they see the output "
                "folder, and is the environment (--environment_type, --environment_config) the one that runs? --start-timeout gives them longer"
            )
        time.sleep(POLL_SECONDS)
    if result.state != "DONE":
        raise RunFailed(f"the runner ended in state {result.state}; its log says why")
