"""Beam's flags are refused where Beam itself would drop them with a warning."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from apache_beam.options.pipeline_options import PortableOptions, StandardOptions
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
from hypothesis import given
from hypothesis import strategies as st

from pipeline import beam_flags
from pipeline.beam_flags import FlagError, UnknownFlag, parse

KNOWN = sorted(flag for flag in beam_flags._flags(beam_flags._parser()) if flag.startswith("--"))


def runner_of(*arguments: str) -> str:
    return str(parse(arguments).view_as(StandardOptions).runner)


def cache_millis(*arguments: str) -> Any:
    return parse(arguments).view_as(PortableOptions).environment_cache_millis


class JobService(beam_job_api_pb2_grpc.JobServiceServicer):  # type: ignore[misc]
    """A job server that knows two flags, as a Java one would."""

    def DescribePipelineOptions(self, request: Any, context: Any) -> Any:
        kind = beam_job_api_pb2.PipelineOptionType
        descriptors = [("bundle_size", kind.INTEGER), ("cache_disabled", kind.BOOLEAN), ("runner", kind.STRING)]
        options = [beam_job_api_pb2.PipelineOptionDescriptor(name=name, type=type_) for name, type_ in descriptors]
        return beam_job_api_pb2.DescribePipelineOptionsResponse(options=options)


@pytest.fixture(scope="module")
def job_endpoint() -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(1))
    beam_job_api_pb2_grpc.add_JobServiceServicer_to_server(JobService(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


def test_the_runner_is_named_by_default() -> None:
    assert runner_of() == "FnApiRunner"


@pytest.mark.parametrize("spelling", ["SparkRunner", "sparkrunner", "spark", "Spark"])
def test_beams_spellings_of_a_runner(spelling: str) -> None:
    assert runner_of(f"--runner={spelling}") == "SparkRunner"
    assert runner_of("--runner", spelling) == "SparkRunner"


@pytest.mark.parametrize(
    ("given", "meant"), [("SparkRuner", "SparkRunner"), ("FlinkRuner", "FlinkRunner"), ("FnApi-Runner", "FnApiRunner"), ("zzz", None)]
)
def test_an_unknown_runner_is_refused(given: str, meant: str | None) -> None:
    with pytest.raises(UnknownFlag) as caught:
        parse([f"--runner={given}"])
    assert caught.value.flag == f"--runner={given}"
    assert caught.value.did_you_mean == (meant and f"--runner={meant}")
    assert meant is None or f"did you mean --runner={meant}?" in str(caught.value)


def test_a_runner_that_is_not_installed_is_refused() -> None:
    with pytest.raises(FlagError, match="no_such_module"):
        parse(["--runner=no_such_module.Runner"])


@pytest.mark.parametrize(
    ("arguments", "flag", "meant"),
    [
        (["--runer=FnApiRunner"], "--runer", "--runner"),
        (["--enviroment_type=LOOPBACK"], "--enviroment_type", "--environment_type"),
        (["--enviroment_type", "LOOPBACK"], "--enviroment_type", "--environment_type"),
        (["--direct_num_workers=2", "--zzz"], "--zzz", None),
        (["stray"], "stray", None),
    ],
)
def test_an_unknown_flag_is_refused_with_the_nearest(arguments: list[str], flag: str, meant: str | None) -> None:
    with pytest.raises(UnknownFlag) as caught:
        parse(arguments)
    assert (caught.value.flag, caught.value.did_you_mean) == (flag, meant)
    assert caught.value.hint == (f"; did you mean {meant}?" if meant else "")


@given(st.sampled_from(KNOWN), st.data())
def test_no_flag_less_a_letter_is_accepted(flag: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(2, len(flag) - 1))
    misspelt = flag[:place] + flag[place + 1 :]
    if misspelt in KNOWN:
        return
    with pytest.raises(UnknownFlag) as caught:
        parse([f"{misspelt}=1"])
    assert caught.value.flag == misspelt
    assert caught.value.did_you_mean is not None or len(flag) < 7


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--direct_num_workers=many"], "invalid int value"),
        (["--direct_num_workers"], "expected one argument"),
        (["--direct_running_mode=fast"], "invalid choice"),
        (["--runner=PortableRunner"], "--job_endpoint"),
        (["--runner=SparkRunner", "--spark_master_url=spark://h:7077"], "--environment_type=EXTERNAL"),
        (["--runner=SparkRunner", "--environment_type=EXTERNAL"], "external_service_address"),
    ],
)
def test_a_value_that_beam_refuses_is_an_error_and_no_exit(arguments: list[str], said: str) -> None:
    with pytest.raises(FlagError, match=said) as caught:
        parse(arguments)
    assert not isinstance(caught.value, UnknownFlag)


def test_python_workers_are_kept_between_stages_unless_told_otherwise() -> None:
    external = ["--runner=SparkRunner", "--environment_type=EXTERNAL", "--environment_config=localhost:50000"]
    assert cache_millis(*external) == beam_flags.WORKER_CACHE_MILLIS
    assert cache_millis(*external, "--environment_cache_millis=0") == "0"
    assert cache_millis("--runner=SparkRunner", "--environment_type=LOOPBACK") == 0  # threads of this process
    assert cache_millis() == 0


def test_flags_of_the_job_server_are_known(job_endpoint: str) -> None:
    portable = ["--runner=PortableRunner", f"--job_endpoint={job_endpoint}"]
    assert runner_of(*portable, "--bundle_size=3", "--cache_disabled") == "PortableRunner"
    with pytest.raises(UnknownFlag) as caught:
        parse([*portable, "--bundel_size=3"])
    assert (caught.value.flag, caught.value.did_you_mean) == ("--bundel_size", "--bundle_size")
    with pytest.raises(UnknownFlag):  # FnApiRunner has no job server to know it
        parse(["--bundle_size=3"])


def test_a_job_server_that_does_not_answer_is_told() -> None:
    with pytest.raises(UnknownFlag, match="could not be asked"):
        parse(["--runner=PortableRunner", "--job_endpoint=127.0.0.1:1", "--job_server_timeout=1", "--bundle_size=3"])


def test_importing_the_module_loads_no_beam() -> None:
    code = "import sys, pipeline.beam_flags; sys.exit('apache_beam' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
