"""Runs a source's whole job in this process, as `pipeline.run` would."""

from pathlib import Path

import pyarrow.parquet as pq


def run(source, paths, output, config, models_directory, expect=0, budget=1.0, found=None):
    """Reads these files into `output`, in this process alone; gives the outcome, whose exit code must be `expect`. `found`: the models, if at hand."""
    from apache_beam import Pipeline
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipeline import closing, files, graph, models, plan, state
    from pipeline.inputs import Inputs

    module = plan.source_module(source)
    listing, twice = files.expand([str(path) for path in paths], folders=getattr(module, "folders", None))
    config = module.resolve(config, listing) if hasattr(module, "resolve") else config
    given = Inputs(source, config, listing, twice, found or models.find(config, str(models_directory)))
    job = plan.make_job(source, config, given.models, str(output), listing)
    with state.claimed(job, listing, overwrite=False) as before:
        if before is not None:
            return closing.again(job, before, budget)
        pipeline = Pipeline(options=PipelineOptions([], runner="FnApiRunner"))
        graph.build(pipeline, job, plan.units(source, listing), 0)
        pipeline.run().wait_until_finish()
        outcome = closing.close(job, given, budget)
    assert outcome.code == expect, outcome.said
    return outcome


def rows(output, source, kind, columns=None):
    """All rows of a kind of shard, in order."""
    found = sorted((Path(output) / source / kind).glob("*.parquet"))
    return [row for path in found for row in pq.ParquetFile(path).read(columns).to_pylist()]
