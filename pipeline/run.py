"""`python -m pipeline.run --source=NAME`: the main job, from files to clean, accounted, reproducible shards.

    flags -> configuration -> listing -> models -> job -> Beam graph -> receipts -> books, manifest, report

Nothing is written before the line is known to make sense. Worker processes import this module too: it loads little on import.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from pipeline import command_line, plan, settings
from pipeline.command_line import UsageError


def main(arguments: list[str] | None = None) -> int:
    """Runs one line; gives its exit code."""
    started = time.monotonic()

    def line() -> int:
        flags, rest = command_line.parse(sys.argv[1:] if arguments is None else arguments)
        return list_fields(flags) if flags.list_fields else run(flags, rest, started)

    return command_line.answer("pipeline.run", line)


def configure(flags: argparse.Namespace) -> dict[str, Any]:
    """Each source's configuration: the preset with --set applied. Raises SettingError."""
    configs = {}
    for source in flags.sources:
        module = plan.source_module(source)
        settings.one_of("--preset", flags.preset, list(module.PRESETS))
        configs[source] = module.PRESETS[flags.preset]
    for change in flags.set:
        owner, dot, field = change.partition(".")
        named = dot and owner in flags.sources
        takers = [owner] if named else [source for source in flags.sources if settings.has(configs[source], change)]
        if not takers and len(flags.sources) > 1:
            known = sorted({name for config in configs.values() for name, _, _ in settings.fields(config)})
            name = change.partition("=")[0]
            raise settings.SettingError(f"none of {', '.join(flags.sources)} has a field {name!r}{settings.did_you_mean(name, known)}")
        for source in takers or flags.sources:
            configs[source] = settings.change(configs[source], [field if named else change])
    return configs


def list_fields(flags: argparse.Namespace) -> int:
    """Prints every field of the configuration with its value and its origin."""
    for source, config in configure(flags).items():
        command_line.print_fields(config, f"{source}." if len(flags.sources) > 1 else "")
    return 0


def run(flags: argparse.Namespace, rest: list[str], started: float) -> int:
    """A line whose flags make sense: refuses what else is wrong with it, then does it, source by source."""
    configs = configure(flags)
    options = beam_options(rest)
    from pipeline import inputs

    given = [inputs.gather(flags, source, config) for source, config in configs.items()]
    for share in given:
        for path in share.twice:
            print(f"pipeline.run: {path} is listed more than once; it is read once", file=sys.stderr)
    jobs = [plan.make_job(share.source, share.config, share.models, flags.output, share.listing) for share in given]
    if flags.dry_run:
        from pipeline import estimate

        for job, share in zip(jobs, given, strict=True):
            estimate.show(job, plan.units(job.source, share.listing), flags.workers)
        return 0
    outcomes = [run_source(job, share, flags, options) for job, share in zip(jobs, given, strict=True)]
    from pipeline import overview

    print(f"all sources: {overview.write(flags.output)}")
    return finish(outcomes, started, flags.output)


def run_source(job: plan.Job, given: Any, flags: argparse.Namespace, options: Any) -> Any:
    """Does one source's job, or finds it done; prints its funnel and what went wrong, and gives its outcome."""
    from pipeline import closing, inputs, state

    with state.claimed(job, given.listing, flags.overwrite) as before:
        if before is not None:
            outcome = closing.again(job, before, flags.error_budget)
        else:
            execute(job, plan.units(job.source, inputs.fetched(flags, given)), flags, options)
            outcome = closing.close(job, given, flags.error_budget)
    print(outcome.funnel)
    for line in outcome.said:
        print(f"pipeline.run: {line}", file=sys.stderr)
    return outcome


def beam_options(rest: list[str]) -> Any:
    """Beam's options out of what is not ours; None for the local runner. Raises UsageError for a flag that is nobody's."""
    if not rest:
        return None
    from pipeline import beam_flags

    try:
        return beam_flags.parse(rest)
    except beam_flags.UnknownFlag as error:
        known = [*command_line.our_flags(), *([error.did_you_mean] if error.did_you_mean else [])]
        near = settings.did_you_mean(error.flag.partition("=")[0], known)
        raise UsageError(f"{error.flag} is no flag of this command or of Beam{near or error.hint}") from None
    except beam_flags.FlagError as error:
        raise UsageError(str(error)) from None


def execute(job: plan.Job, units: list[plan.Unit], flags: argparse.Namespace, options: Any) -> None:
    """Runs the graph, with live progress; returns when all units are done or quarantined."""
    from pipeline import progress, runners

    def build(pipeline: Any, workers: int) -> None:
        from pipeline import graph  # imports Beam

        graph.build(pipeline, job, units, workers)

    with progress.Progress(job.work, [unit.size for unit in units], len(job.stages)) as shown:
        runners.run(build, flags.workers, options, shown, flags.start_timeout, "pipeline.run")


SEVERITY = (3, 1, 4, 0)
"""Exit codes, the worst first: what several sources come to."""


def finish(outcomes: list[Any], started: float, output: str, **more: int) -> int:
    """Prints the summary line, the sum over the sources, with what else was counted; gives the worst exit code."""
    summary = {
        "in": sum(outcome.books["in"] for outcome in outcomes),
        "kept": sum(outcome.books["kept"] for outcome in outcomes),
        **more,
        "reused": sum(outcome.reused for outcome in outcomes),
        "seconds": round(time.monotonic() - started, 1),
        "output": output,
    }
    print(json.dumps(summary), flush=True)
    codes: list[int] = [outcome.code for outcome in outcomes]
    return min(codes, key=SEVERITY.index)


if __name__ == "__main__":
    sys.exit(main())
