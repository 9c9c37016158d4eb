"""Beam's own flags, strictly: Beam drops a misspelt one with a warning, here it is refused before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

# ours: named, because Beam's own default (DirectRunner) looks for a Go binary on the network and falls back in silence.
DEFAULT_RUNNER = "FnApiRunner"

# Runners that submit to a job server written in Java, which has flags of its own.
JOB_SERVER_RUNNERS = frozenset({"SparkRunner", "FlinkRunner", "PortableRunner"})

# ours: one hour, where the workers are processes. Beam's default (0) stops and starts them at each stage (measured on a small graph: 12
# starts instead of 2, and each loads its models again), and where executors share a worker pool their workers have equal ids: one's stop
# kills the other's, and the job waits for ever. The price: a worker that is killed fails the job at once, which 0 would survive.
WORKER_CACHE_MILLIS = 3_600_000


class FlagError(ValueError):
    """A flag that cannot be used as given; the message says which, why and what to do."""


class UnknownFlag(FlagError):
    """A flag, or a value of --runner, that Beam does not know.

    `flag` is what was given, `did_you_mean` the nearest known one or None, `hint` the end of a sentence that offers it ("" where None).
    """

    def __init__(self, flag: str, did_you_mean: str | None, note: str = "") -> None:
        self.flag = flag
        self.did_you_mean = did_you_mean
        self.hint = (f"; did you mean {did_you_mean}?" if did_you_mean else "") + note
        super().__init__(f"unknown {'flag' if flag.startswith('-') else 'argument'} {flag}{self.hint}")


def parse(arguments: Sequence[str]) -> PipelineOptions:
    """Options for `beam.Pipeline` from command line arguments, the runner named (default FnApiRunner), all of them known to Beam.

    A flag that is unknown to Beam's Python side is looked up at the job server where the runner has one, which starts the server that the
    run would start anyway.

    Raises UnknownFlag for what nobody knows, FlagError for a value that Beam refuses or a flag that is missing.
    """
    from apache_beam.options.pipeline_options import PipelineOptions

    parser = _parser()
    known, unknown = parser.parse_known_args(list(arguments))
    runner = _runner_name(known.runner)
    overrides: dict[str, Any] = {"runner": runner}
    if _has_worker_processes(runner, known) and known.environment_cache_millis == parser.get_default("environment_cache_millis"):
        overrides["environment_cache_millis"] = WORKER_CACHE_MILLIS
    options = PipelineOptions(list(arguments), **overrides)
    _check_addresses(runner, known)
    if unknown:
        _check_with_job_server(parser, runner, options, arguments, unknown)
    _check_values(runner, options)
    return options


def _parser() -> Any:
    """Argument parser of all options that Beam's Python side knows; it raises FlagError where argparse would print and exit."""
    from apache_beam.options import pipeline_options

    parser = pipeline_options._BeamArgumentParser(allow_abbrev=False, add_help=False)
    for options in pipeline_options.PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)
    parser.error = _refuse
    return parser


def _refuse(message: str) -> None:
    raise FlagError(message)


def _runner_name(given: str | None) -> str:
    """Beam's spelling of a runner's name ("spark" and "sparkrunner" are SparkRunner); a dotted path is Beam's way to name any other one."""
    from apache_beam.options.pipeline_options import StandardOptions

    if given is None:
        return DEFAULT_RUNNER
    if "." in given:
        return given
    spellings = {name.lower(): name for name in StandardOptions.KNOWN_RUNNER_NAMES}
    for spelling in (given.lower(), given.lower() + "runner"):
        if spelling in spellings:
            return str(spellings[spelling])
    raise UnknownFlag(f"--runner={given}", _nearest(given.lower(), spellings, lambda name: f"--runner={spellings[name]}"))


def _nearest(given: str, candidates: Iterable[str], shown: Callable[[str], str] = str) -> str | None:
    found = difflib.get_close_matches(given, list(candidates), n=1)
    return shown(found[0]) if found else None


def _flags(parser: Any) -> list[str]:
    return [flag for action in parser._actions for flag in action.option_strings]


def _check_with_job_server(parser: Any, runner: str, options: PipelineOptions, arguments: Sequence[str], unknown: list[str]) -> None:
    """Raise UnknownFlag unless the job server knows what Beam's Python side does not."""
    note = ""
    if runner in JOB_SERVER_RUNNERS:
        try:
            _add_job_server_flags(parser, runner, options)
        except Exception as error:  # a missing java or jar, a dead endpoint: the flag stays unknown, and the cause is told
            note = f" (the job server could not be asked: {type(error).__name__} {error})"
        unknown = parser.parse_known_args(list(arguments))[1]
    if unknown:
        flag = unknown[0].split("=", 1)[0]
        raise UnknownFlag(flag, _nearest(flag, _flags(parser)), note)


def _add_job_server_flags(parser: Any, runner: str, options: PipelineOptions) -> None:
    from apache_beam.portability.api import beam_job_api_pb2
    from apache_beam.runners.runner import create_runner

    handle = create_runner(runner).create_job_service(options)
    answer = handle.job_service.DescribePipelineOptions(beam_job_api_pb2.DescribePipelineOptionsRequest(), timeout=handle.timeout)
    have = set(_flags(parser))
    for option in answer.options:
        if f"--{option.name}" not in have:
            is_switch = option.type == beam_job_api_pb2.PipelineOptionType.BOOLEAN
            parser.add_argument(f"--{option.name}", action="store_true" if is_switch else "store")


def _has_worker_processes(runner: str, known: Any) -> bool:
    return runner in JOB_SERVER_RUNNERS and (known.environment_type or "LOOPBACK").upper() != "LOOPBACK"


def _check_addresses(runner: str, known: Any) -> None:
    """What a runner on a cluster needs and Beam would miss only when the job is submitted, or on the workers."""
    if runner == "PortableRunner" and not known.job_endpoint:
        raise FlagError("--runner=PortableRunner needs --job_endpoint=HOST:PORT, the job server's address")
    if runner == "SparkRunner" and not known.spark_master_url.startswith("local") and not known.environment_type:
        raise FlagError(
            f"--spark_master_url={known.spark_master_url} needs --environment_type (Beam's default there is Docker): give "
            "--environment_type=EXTERNAL --environment_config=HOST:PORT with a Python worker pool at that address on each worker machine"
        )


def _check_values(runner: str, options: PipelineOptions) -> None:
    """What Beam would refuse when the pipeline is built, and a runner that is not installed."""
    from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
    from apache_beam.runners.runner import create_runner

    try:
        errors = PipelineOptionsValidator(options, create_runner(runner)).validate()
    except (ImportError, AttributeError) as error:
        raise FlagError(f"--runner={runner} cannot be used: {error}") from error
    if errors:
        raise FlagError("; ".join(str(error) for error in errors))
