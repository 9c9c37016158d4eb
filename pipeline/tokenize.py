"""`python -m pipeline.tokenize --output=DIR`: the clean shards of an output become token shards, which a trainer maps into memory.

    OUT/SOURCE/clean/*.parquet -> units -> Beam graph -> OUT/tokens/SOURCE/*.arrow -> receipts -> books, manifest

Nothing is written before the line is known to make sense. Worker processes import this module too: it loads little on import.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any

from pipeline import command_line, files, plan, settings, token_job
from pipeline.command_line import UsageError
from pipeline.run import beam_options, finish

EPILOG = """
examples
  python -m pipeline.tokenize                                    all sources that ./out holds, with ./out/tokenizer/tokenizer.model
  python -m pipeline.tokenize --output=out --source=c4,books --tokenizer=llama/tokenizer.model

Run the same line again after Ctrl-C or a crash: finished units are not done again, and the bytes are the same.

exit codes
  0  done, and the books close: every clean document became tokens
  2  bad usage: nothing was written
  3  the books do not close
  1  anything else, a quarantined unit among it
The last line on standard output is one line of JSON: in, kept, tokens, reused (units), seconds, output.

Beam's own flags (--runner=SparkRunner, ...) may follow; unknown ones are refused.
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs one line; gives its exit code."""
    started = time.monotonic()

    def line() -> int:
        flags, rest = _parse(sys.argv[1:] if arguments is None else arguments)
        config = settings.change(token_job.Tokenization(), flags.set)
        if flags.list_fields:
            command_line.print_fields(config)
            return 0
        return run(flags, config, rest, started)

    return command_line.answer("pipeline.tokenize", line)


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = command_line.Parser(
        prog="python -m pipeline.tokenize",
        description="Makes token shards of the clean documents that pipeline.run left.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--output", default="out", metavar="DIR", help="the --output of pipeline.run; tokens go to DIR/tokens (default: out)")
    add("--source", metavar="NAMES", help="these sources, with commas between (default: all that DIR holds)")
    add(
        "--tokenizer",
        metavar="PATH",
        help="a SentencePiece BPE model (default: DIR/tokenizer/tokenizer.model, which train_tokenizer writes)",
    )
    add("--workers", type=int, default=0, metavar="N", help="worker processes (default: one a core)")
    add("--set", action="append", default=[], metavar="FIELD=VALUE", help="changes a field (--list-fields shows all)")
    add("--list-fields", action="store_true", help="prints every field with its value and where the value comes from, then ends")
    add("--overwrite", action="store_true", help="clears the tokens that DIR holds of these sources first")
    add(
        "--start-timeout",
        type=float,
        default=45.0,
        metavar="S",
        help="on a cluster: seconds within which a worker must start (default: 45)",
    )
    flags, rest = parser.parse_known_args(arguments)
    if rest and not rest[0].startswith("-"):
        raise UsageError(f"{rest[0]!r} is no flag; the output is given with --output=DIR")
    flags.workers = command_line.workers(flags.workers)
    for name in flags.source.split(",") if flags.source is not None else []:
        settings.one_of("--source", name, plan.SOURCES)
    return flags, rest


def run(flags: argparse.Namespace, config: token_job.Tokenization, rest: list[str], started: float) -> int:
    """A line whose flags make sense: refuses what else is wrong with it, then does it, source by source."""
    model = _model(flags)
    sources = flags.source.split(",") if flags.source is not None else token_job.finished(flags.output, plan.SOURCES)
    if not sources:
        raise UsageError(f"{flags.output} holds no finished run: run python -m pipeline.run --source=NAME --output={flags.output} first")
    options = beam_options(rest)
    planned = []
    for source in dict.fromkeys(sources):
        clean = token_job.clean_shards(flags.output, source)
        units = token_job.units(clean, config.shard_bytes)
        planned.append((token_job.make_job(clean, config, flags.output, model, len(units)), clean, units))
    _check_model(planned[0][0])
    outcomes = [_run_source(job, clean, units, flags, options) for job, clean, units in planned]
    from pipeline import overview

    print(f"all sources: {overview.write(flags.output)}")
    return finish(outcomes, started, flags.output, tokens=sum(outcome.books["tokens"]["all"] for outcome in outcomes))


def _check_model(job: token_job.TokenJob) -> None:
    """Raises UsageError for a model that cannot do what the job asks for."""
    from pipeline.token_unit import loaded

    try:
        tokenizer = loaded(job.model, job.model_digest)
    except ValueError as error:
        raise UsageError(f"{job.model}: {error}") from None
    for name, wanted, number in (("bos", job.config.bos, tokenizer.bos_id), ("eos", job.config.eos, tokenizer.eos_id)):
        if wanted and number < 0:
            raise UsageError(f"{job.model}: the model has no {name.upper()}: give --set {name}=false")


def _model(flags: argparse.Namespace) -> str:
    """The path of the model. Raises UsageError where there is none."""
    path: str = flags.tokenizer or files.join(flags.output, "tokenizer", "tokenizer.model")
    if not files.exists(path):
        hint = f"train one with python -m pipeline.train_tokenizer --output={flags.output}, or give another with --tokenizer=PATH"
        raise UsageError(f"{path}: expected a SentencePiece model, found no file: {hint}")
    if "://" not in path and not os.path.isfile(path):  # it is read by every worker
        raise UsageError(f"{path}: expected a SentencePiece model, found a folder, a pipe or a device: name a file")
    return path


def _run_source(
    job: token_job.TokenJob, clean: token_job.CleanShards, units: list[token_job.TokenUnit], flags: argparse.Namespace, options: Any
) -> Any:
    """Makes one source's tokens, or finds them made; prints what they came to, and gives the outcome."""
    from pipeline import state, token_closing

    with state.claimed(job, clean.listing, flags.overwrite) as before:
        if before is not None:
            outcome = token_closing.again(job, before)
        else:
            _execute(job, units, flags, options)
            outcome = token_closing.close(job, clean)
    print(outcome.funnel)
    for line in outcome.said:
        print(f"pipeline.tokenize: {line}", file=sys.stderr)
    return outcome


def _execute(job: token_job.TokenJob, units: list[token_job.TokenUnit], flags: argparse.Namespace, options: Any) -> None:
    """Runs the graph, with live progress; returns when all units are done or quarantined."""
    from pipeline import progress, runners

    def build(pipeline: Any, workers: int) -> None:
        from pipeline import token_graph  # imports Beam

        token_graph.build(pipeline, job, units, workers)

    with progress.Progress(job.work, [unit.size for unit in units], 1) as shown:
        runners.run(build, flags.workers, options, shown, flags.start_timeout, "pipeline.tokenize")


if __name__ == "__main__":
    sys.exit(main())
