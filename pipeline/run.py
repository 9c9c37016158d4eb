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

from pipeline import command_line, files, plan, settings
from pipeline.command_line import UsageError, refuse


def main(arguments: list[str] | None = None) -> int:
    """Runs one line; gives its exit code."""
    started = time.monotonic()
    try:
        flags, rest = command_line.parse(sys.argv[1:] if arguments is None else arguments)
        if flags.list_fields:
            return list_fields(flags)
        return run(flags, rest, started)
    except (UsageError, settings.SettingError, files.InputError) as error:
        return refuse(str(error))
    except (RuntimeError, OSError) as error:
        print(f"pipeline.run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\npipeline.run: interrupted. Run the same line again: finished units are not done again.", file=sys.stderr)
        return 1


def configure(flags: argparse.Namespace) -> Any:
    """The source's configuration: the preset with --set applied. Raises SettingError."""
    module = plan.source_module(flags.source)
    settings.one_of("--preset", flags.preset, list(module.PRESETS))
    return settings.change(module.PRESETS[flags.preset], flags.set)


def list_fields(flags: argparse.Namespace) -> int:
    """Prints every field of the configuration with its value and its origin."""
    for name, value, origin in settings.fields(configure(flags)):
        shown = ",".join(value) if isinstance(value, tuple) else value
        print(f"{name}={shown}\n    {origin}")
    return 0


def run(flags: argparse.Namespace, rest: list[str], started: float) -> int:
    """A line whose flags make sense: refuses what else is wrong with it, then does it."""
    config = configure(flags)
    options = beam_options(rest)
    from pipeline import inputs

    given = inputs.gather(flags, config)
    for path in given.twice:
        print(f"pipeline.run: {path} is listed more than once; it is read once", file=sys.stderr)
    job = plan.make_job(flags.source, config, given.models, flags.output, given.listing)
    if flags.dry_run:
        from pipeline import estimate

        return estimate.show(job, plan.units(given.listing), flags.workers)
    from pipeline import closing, state

    with state.claimed(job, given.listing, flags.overwrite) as before:
        if before is not None:
            return finish(closing.again(job, before, flags.error_budget), started, flags)
        execute(job, plan.units(given.listing), flags, options)
        return finish(closing.close(job, given, flags.error_budget), started, flags)


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

    with progress.Progress(job.work, [unit.size for unit in units], len(job.stages)) as shown:
        runners.run(job, units, flags.workers, options, shown, flags.start_timeout)


def finish(outcome: Any, started: float, flags: argparse.Namespace) -> int:
    """Prints the funnel, what went wrong, and the summary line; gives the exit code."""
    print(outcome.funnel)
    for line in outcome.said:
        print(f"pipeline.run: {line}", file=sys.stderr)
    summary = {
        "in": outcome.books["in"],
        "kept": outcome.books["kept"],
        "reused": outcome.reused,
        "seconds": round(time.monotonic() - started, 1),
        "output": flags.output,
    }
    print(json.dumps(summary), flush=True)
    return int(outcome.code)


if __name__ == "__main__":
    sys.exit(main())
