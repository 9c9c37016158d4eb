"""A real Spark cluster on this machine: Spark's own daemons and Beam's official runner, out of jars that Maven fetches once.

    jars (Maven, once) -> master + two workers (a JVM each) -> an executor JVM each -> Python workers of a pool

Everything listens on 127.0.0.1 and ends with its context, whatever happened in it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
POM = Path(__file__).resolve().parent / "spark" / "pom.xml"
DRIVER = "org.apache.beam.runners.spark.SparkJobServerDriver"
JAVA_VERSIONS = {11, 17}  # what Spark 3.5 runs on, less 8, which does not know --add-opens
FETCH_SECONDS = 900  # 299 MB; 78 s when all of it came over the network
START_SECONDS = 90  # a daemon is up in 3 to 8 s on two busy cores
STOP_SECONDS = 10

# What Spark reaches into on Java 9 and newer (its own launch scripts give the same).
OPENED = [
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util", "java.util.concurrent"),
    *("java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
]


class Unavailable(Exception):
    """Spark cannot be had on this machine; the message is the reason for which a test is skipped."""


class ClusterFailed(Exception):
    """A daemon ended or did not come up; the message has the end of its log."""


# ---- the jars


def assembled() -> Path:
    """The folder that holds `jars/` and `job-server.jar` (so it is a SPARK_HOME), fetched by Maven the first time. Raises Unavailable.

    It lies in `.spark` of the checkout, or where CRIA_SPARK_JARS says, under the pom's digest.
    """
    _check_java()
    cache = Path(os.environ.get("CRIA_SPARK_JARS") or CHECKOUT / ".spark")
    home = cache / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    if home.exists():
        return home
    if shutil.which("mvn") is None:
        raise Unavailable(f"no Maven on PATH to fetch Spark's jars, and none are in {home}")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="new-") as new:
        made = Path(new, "home")
        _fetch(made / "jars")
        _write_job_server(made)
        if not home.exists():  # another run may have been faster
            made.rename(home)
    return home


def _check_java() -> None:
    if shutil.which("java") is None:
        raise Unavailable("no Java on PATH: Spark 3.5 runs on Java 11 or 17")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None or int(version[1]) not in JAVA_VERSIONS:
        raise Unavailable(f"Spark 3.5 runs on Java 11 or 17, found {said.splitlines()[0] if said else 'none that starts'}")


def _fetch(folder: Path) -> None:
    command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"Spark's jars cannot be fetched: Maven was not done after {FETCH_SECONDS} s") from None
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if line.startswith("[ERROR]")] or [f"exit code {done.returncode}"]
        raise Unavailable(f"Spark's jars cannot be fetched: Maven said {errors[0]}")


def _write_job_server(home: Path) -> None:
    """One jar that is a manifest alone, naming all others: what `--spark_job_server_jar` takes."""
    jars = " ".join(f"jars/{jar.name}" for jar in sorted((home / "jars").glob("*.jar")))
    manifest = "".join(_folded(line) for line in ("Manifest-Version: 1.0", f"Main-Class: {DRIVER}", f"Class-Path: {jars}"))
    with zipfile.ZipFile(job_server_jar(home), "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest + "\r\n")


def _folded(line: str) -> str:
    """A manifest's line: at most 72 bytes, what is longer goes on after a space (the JAR specification)."""
    rest = [line[at : at + 71] for at in range(72, len(line), 71)]
    return "\r\n ".join([line[:72], *rest]) + "\r\n"


def job_server_jar(home: Path) -> Path:
    """The file for `--spark_job_server_jar`."""
    return home / "job-server.jar"


# ---- processes


def environment(**more: str) -> dict[str, str]:
    """This process's environment for whatever takes part in the cluster: Spark binds to 127.0.0.1, `pipeline` can be imported."""
    paths = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": os.pathsep.join(paths), **more}


@contextmanager
def running(command: Sequence[str], log: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, its output in `log`; at the end it is stopped with all that it started."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env, start_new_session=True)
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that leads its session, and everything in it: asked first, killed after STOP_SECONDS."""
    _signal(process, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal(process, signal.SIGKILL)  # what outlived its leader, too
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _await(what: str, process: subprocess.Popen[bytes], log: Path, pattern: str, count: int = 1) -> list[str]:
    """Matches of `pattern` in a log, once there are `count`. Raises ClusterFailed with the log's end."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        ended = process.poll() is not None
        text = log.read_text(errors="replace")
        found = re.findall(pattern, text)
        if len(found) >= count:
            return found
        if ended:
            raise ClusterFailed(f"{what} ended with {process.returncode}:\n{text[-2000:]}")
        time.sleep(0.1)
    raise ClusterFailed(f"{what} did not come up within {START_SECONDS} s:\n{log.read_text(errors='replace')[-2000:]}")


def _daemon(home: Path, name: str, *arguments: str) -> list[str]:
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    listening = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
    return ["java", "-Xmx256m", *opened, "-cp", f"{home}/jars/*", f"org.apache.spark.deploy.{name}", *listening, *arguments]


@contextmanager
def standalone_cluster(home: Path, logs: Path) -> Iterator[str]:
    """A master and two workers of a core and 1 GB each; gives the master's URL once both are registered. Raises ClusterFailed.

    Logs are master.log, worker-0.log and worker-1.log in `logs`, those of the executors under worker-0/ and worker-1/.
    """
    env = environment(SPARK_HOME=str(home), SPARK_SCALA_VERSION="2.12")
    with ExitStack() as stack:
        log = logs / "master.log"
        master = stack.enter_context(running(_daemon(home, "master.Master"), log, env))
        url = _await("the Spark master", master, log, r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")[0]
        for number in range(2):
            place = logs / f"worker-{number}"
            command = _daemon(home, "worker.Worker", "--cores", "1", "--memory", "1g", "--work-dir", str(place), url)
            stack.enter_context(running(command, place.with_suffix(".log"), env))
        _await("a pair of Spark workers", master, log, r"Registering worker", count=2)
        yield url


# ---- Python workers


@dataclass(frozen=True)
class Pool:
    """Beam's pool of Python workers: `address` for `--environment_config`."""

    address: str
    started: Path

    def processes(self) -> set[int]:
        """Ids of all Python worker processes that it has started."""
        return {int(line) for line in self.started.read_text().split()}


@contextmanager
def python_worker_pool(logs: Path, python: str = sys.executable) -> Iterator[Pool]:
    """The pool that every executor asks for a Python worker, each a process of its own that runs `python`.

    One pool serves both executors: `--environment_config` is one address for all, so a second pool is for a second machine. Its workers are
    named by the executor that asks, and two executors use the same names: `--environment_cache_millis` must keep workers for the whole job,
    or one executor's "stop worker 2" ends the other's.
    """
    commands = logs / "commands"
    commands.mkdir(parents=True)
    started = logs / "python-workers.pids"
    started.touch()
    starter = commands / "python"  # the pool starts workers with the first `python` on PATH
    starter.write_text(f'#!/bin/sh\necho $$ >> "{started}"\nexec "{python}" "$@"\n')
    starter.chmod(0o755)
    port = _free_port()
    command = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"]
    env = environment(PATH=f"{commands}{os.pathsep}{os.environ['PATH']}")
    log = logs / "python-workers.log"
    with running(command, log, env) as pool:
        _await("the pool of Python workers", pool, log, r"Started worker pool servicer")
        yield Pool(f"localhost:{port}", started)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
