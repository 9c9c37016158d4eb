"""The flags of `python -m pipeline.run`, and what is wrong with them, in words."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from pipeline import files, plan, settings

EPILOG = """
examples
  python -m pipeline.run --source=commoncrawl                      the embedded sample, models and all, in half a minute
  python -m pipeline.run --source=commoncrawl --input crawl/*.warc.wet.gz --output=out
  python -m pipeline.run --source=commoncrawl --dump=CC-MAIN-2019-09 --files=10
  python -m pipeline.run --source=commoncrawl --input=x.warc.gz --set languages=en,fr --set max_perplexity=800
  python -m pipeline.run --source=commoncrawl --input=@list.txt --dry-run
  python -m pipeline.run --source=wikipedia --dump=latest --set languages=en,fr --files=4
  python -m pipeline.run --source=all                              the seven sources of the paper, each from its embedded sample
  python -m pipeline.run --source=c4,github --input='c4:c4/*.json.gz' --input=github:repositories
  python -m pipeline.explain URL_OR_ID --output=out                what became of a page, and why

Run the same line again after Ctrl-C or a crash: finished units are not done again, and the bytes are the same.

exit codes
  0  done, and the books close: in = kept + dropped + broken
  2  bad usage: nothing was written
  3  the books do not close
  4  more could not be read than --error-budget allows
  1  anything else, a quarantined unit among it
The last line on standard output is one line of JSON: in, kept, reused (units), seconds, output.

Beam's own flags (--runner=SparkRunner, --spark_master_url=..., --environment_type=...) may follow; unknown ones are refused.
"""


ALL = "all"
"""Names every source."""


class UsageError(Exception):
    """A line that cannot be run as it is."""


class Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def parser() -> argparse.ArgumentParser:
    """The flags that are ours; Beam's are what is left."""
    made = Parser(
        prog="python -m pipeline.run",
        description="Takes a public dump to clean, accounted, reproducible shards, as LLaMA's paper says.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "--source", required=True, help=f"{', '.join(plan.SOURCES)}; several, with commas between, or all, go into one output"
    )
    made.add_argument(
        "--input",
        action="extend",
        nargs="+",
        default=[],
        metavar="PATH",
        help="files, globs, URLs or @lists, as often as you like; with several sources SOURCE:PATH",
    )
    made.add_argument(
        "--dump",
        action="append",
        default=[],
        metavar="NAME",
        help="a published dump: CC-MAIN-2019-09 (commoncrawl), a date or latest (wikipedia), en (c4), 2301-2306 (arxiv), stackexchange; "
        "or @LIST (books: of ebook numbers)",
    )
    made.add_argument("--files", type=int, metavar="N", help="with --dump: its first N files (default: all)")
    made.add_argument(
        "--dump-base",
        metavar="URL",
        help="with --dump: where the dumps lie, a server or a folder (default: the publisher's server; for commoncrawl s3://commoncrawl/ too)",
    )
    made.add_argument(
        "--dumps",
        default="dumps",
        metavar="DIR",
        help="where files of --dump with a published digest are kept (default: dumps)",
    )
    made.add_argument("--output", default="out", metavar="DIR", help="where everything is written (default: out)")
    made.add_argument("--models", default="models", metavar="DIR", help="where the models lie (default: models)")
    made.add_argument("--workers", type=int, default=0, metavar="N", help="worker processes (default: one a core)")
    made.add_argument(
        "--preset", default="llama", metavar="NAME", help="llama (default); for commoncrawl also ccnet and redpajama, for arxiv minerva"
    )
    made.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="changes a field of the configuration (--list-fields shows all); with several sources also SOURCE.FIELD",
    )
    made.add_argument(
        "--list-fields", action="store_true", help="prints every field with its value and where the value comes from, then ends"
    )
    made.add_argument(
        "--error-budget", type=float, default=0.01, metavar="SHARE", help="share of records or bytes that may be unreadable (default: 0.01)"
    )
    made.add_argument("--overwrite", action="store_true", help="clears what DIR holds of this source first")
    made.add_argument(
        "--dry-run",
        action="store_true",
        help="prints units and an estimate of time, memory and disk from a quick sample; writes nothing (without inputs: no more than the embedded sample)",
    )
    made.add_argument(
        "--start-timeout",
        type=float,
        default=45.0,
        metavar="S",
        help="on a cluster: seconds within which a worker must start (default: 45)",
    )
    return made


def parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """(our flags, the rest). Raises UsageError for values that make no sense, and SystemExit(0) for --help."""
    known, rest = parser().parse_known_args(arguments)
    strays = [word for word in rest if not word.startswith("-")]
    if rest and not rest[0].startswith("-"):
        raise UsageError(f"{strays[0]!r} is no flag; inputs are given with --input=PATH")
    known.workers = workers(known.workers)
    if not 0 <= known.error_budget <= 1:
        raise UsageError(f"--error-budget is a share from 0 to 1, found {known.error_budget:g}")
    if known.dump and known.input and known.source in plan.SOURCES:
        raise UsageError("--input and --dump exclude each other: give the one or the other")
    if known.files is not None and (not known.dump or known.files < 1):
        raise UsageError("--files takes a number of at least 1, together with --dump")
    known.sources = list(plan.SOURCES) if known.source == ALL else sorted(set(known.source.split(",")), key=known.source.split(",").index)
    for name in known.sources:
        settings.one_of("--source", name, [*plan.SOURCES, ALL])
    if ALL in known.sources:
        raise UsageError(f"--source={known.source}: all names every source, and stands alone")
    return known, rest


def print_fields(config: Any, prefix: str = "") -> None:
    """Prints every field of a configuration with its value and where the value comes from."""
    for name, value, origin in settings.fields(config):
        print(f"{prefix}{name}={settings.shown(value)}\n    {origin}")


def workers(wanted: int) -> int:
    """How many worker processes a line asks for; 0 means one a core. Raises UsageError."""
    if wanted < 0 or wanted > 4096:
        raise UsageError(f"--workers takes a number from 1 to 4096 (0: one a core), found {wanted}")
    return wanted or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def our_flags() -> list[str]:
    """The names of our flags."""
    return [flag for action in parser()._actions for flag in action.option_strings if flag.startswith("--")]


def answer(command: str, line: Callable[[], int]) -> int:
    """Runs a line of a command that can be run again; says what is wrong with it, and gives the exit code."""
    try:
        return line()
    except (UsageError, settings.SettingError, files.InputError) as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 2
    except (RuntimeError, OSError) as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{command}: interrupted. Run the same line again: finished units are not done again.", file=sys.stderr)
        return 1
