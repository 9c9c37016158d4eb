"""`pipeline.tokenize` as a Beam graph: no unit needs another."""

from __future__ import annotations

from typing import Any

import apache_beam as beam

from pipeline.graph import Pooled
from pipeline.token_job import TokenJob, TokenUnit
from pipeline.token_unit import run_unit


def build(pipeline: beam.Pipeline, job: TokenJob, units: list[TokenUnit], workers: int) -> Any:
    """The graph that makes tokens of one source's clean shards."""
    shards = pipeline | f"{job.source}: clean shards" >> beam.Create([(unit,) for unit in units], reshuffle=False)
    return shards | f"{job.source}: tokens" >> beam.ParDo(Pooled(run_unit, job, workers))
