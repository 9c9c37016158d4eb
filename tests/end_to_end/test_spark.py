"""The same bytes on Beam's official Spark runner as in one process, by the command line that a user types; and no wait for ever.

The first run fetches 299 MB of jars by Maven; each test is skipped, with the reason, where Spark cannot be had.
"""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import made_clean
import made_tokenizer
import pytest
import spark_cluster

from pipeline.samples import book_packing, post_packing, table_files

SOURCE = "commoncrawl"
LIMIT_SECONDS = 300
PATIENCE_SECONDS = 200  # given to workers that can start: the first of a cluster compile kernels, and other tests may share the cores
START_SECONDS = 15  # given to workers that cannot start; 6 to 25 s are what good ones take on two busy cores

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def summary(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.out.strip().splitlines()[-1])
        return found


def run(output: Path, *flags: str, source: str = SOURCE, module: str = "pipeline.run") -> Done:
    """`python -m pipeline.run`, on the embedded sample where no input is among the flags; everything it started has ended when this returns."""
    command = [sys.executable, "-m", module, f"--source={source}", f"--output={output}", *flags]
    started = time.monotonic()
    out, err = output.with_suffix(".out"), output.with_suffix(".err")
    with out.open("w") as out_file, err.open("w") as err_file:
        process = subprocess.Popen(command, stdout=out_file, stderr=err_file, env=spark_cluster.environment(), start_new_session=True)
        try:
            code = process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{' '.join(command)} was not done after {LIMIT_SECONDS} s; standard error ends with\n{err.read_text()[-2000:]}")
        finally:
            spark_cluster.stop(process)
    return Done(code, out.read_text(), err.read_text(), time.monotonic() - started)


def digests(output: Path, source: str = SOURCE) -> dict[str, str]:
    """Every file of the result that must not depend on the runner -> SHA-256 of its bytes."""
    kinds = ("books.json", "clean/*", "rejected/*", "broken/*", "partners/*")
    found = sorted(path for kind in kinds for path in (output / source).glob(kind))
    return {str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture(scope="module")
def home() -> Path:
    try:
        return spark_cluster.assembled()
    except spark_cluster.Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What one process gives."""
    output = tmp_path_factory.mktemp("local") / "out"
    done = run(output, "--workers=1")
    assert done.code == 0, done.err
    found = digests(output)
    assert f"{SOURCE}/books.json" in found
    assert any(name.startswith(f"{SOURCE}/clean/") for name in found)
    return found


@pytest.fixture(scope="module")
def master(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with spark_cluster.standalone_cluster(home, tmp_path_factory.mktemp("spark")) as url:
        yield url


def spark_flags(home: Path, master: str, *more: str) -> list[str]:
    jar = spark_cluster.job_server_jar(home)
    return ["--runner=SparkRunner", f"--spark_master_url={master}", f"--spark_job_server_jar={jar}", *more]


def external(pool: spark_cluster.Pool) -> list[str]:
    return ["--environment_type=EXTERNAL", f"--environment_config={pool.address}"]


def test_spark_in_one_jvm_gives_the_same_bytes(home: Path, local: dict[str, str], tmp_path: Path) -> None:
    done = run(tmp_path / "out", *spark_flags(home, "local[2]", "--environment_type=LOOPBACK"))
    assert done.code == 0, done.err
    assert digests(tmp_path / "out") == local


def test_a_standalone_cluster_gives_the_same_bytes(home: Path, local: dict[str, str], master: str, tmp_path: Path) -> None:
    with spark_cluster.python_worker_pool(tmp_path / "pool") as pool:
        done = run(tmp_path / "out", *spark_flags(home, master, *external(pool)), f"--start-timeout={PATIENCE_SECONDS}")
    assert done.code == 0, done.err
    assert digests(tmp_path / "out") == local
    assert len(pool.processes()) >= 2, "one Python worker for each of the two executors"
    assert done.summary["reused"] == 0, "all of it was done on the cluster"


def test_workers_that_cannot_start_are_an_error_and_not_a_wait(home: Path, master: str, tmp_path: Path) -> None:
    with spark_cluster.python_worker_pool(tmp_path / "pool", python="false") as pool:
        done = run(tmp_path / "out", *spark_flags(home, master, *external(pool)), f"--start-timeout={START_SECONDS}")
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "worker" in done.err.splitlines()[-1]
    assert done.seconds < START_SECONDS + 45, "the job server's start-up included"


def test_rows_meet_documents_on_spark_as_here(home: Path, tmp_path: Path) -> None:
    """GitHub's three tables: keys and rows go through the runner's own shuffle, and the same deliveries come back."""
    tables = [f"--input={path}" for path in table_files.pack_tables(tmp_path / "tables")]
    here = run(tmp_path / "here", "--workers=2", *tables, source="github")
    there = run(tmp_path / "there", *spark_flags(home, "local[2]", "--environment_type=LOOPBACK"), *tables, source="github")
    assert (here.code, there.code) == (0, 0), here.err + there.err
    assert digests(tmp_path / "here", "github") == digests(tmp_path / "there", "github")
    assert json.loads((tmp_path / "there" / "github" / "books.json").read_text())["inputs"]["contents"]["used"] > 0


def test_books_and_sites_are_compared_on_spark_as_here(home: Path, tmp_path: Path) -> None:
    """Candidates, full sets and their decision, and a survey of whole inputs: two sources, one line, the runner's own shuffle."""
    packed = [f"--input=books:{path}" for path in book_packing.pack(tmp_path / "books")]
    packed += [f"--input=stackexchange:{path}" for path in post_packing.pack(tmp_path / "posts")]
    here = run(tmp_path / "here", "--workers=2", *packed, source="books,stackexchange")
    there = run(tmp_path / "there", *spark_flags(home, "local[2]", "--environment_type=LOOPBACK"), *packed, source="books,stackexchange")
    assert (here.code, there.code) == (0, 0), here.err + there.err
    for source in ("books", "stackexchange"):
        assert digests(tmp_path / "here", source) == digests(tmp_path / "there", source)
    books = json.loads((tmp_path / "there" / "books" / "books.json").read_text())
    assert books["dropped"]["more than 90% content overlap"] > 0


def test_tokens_are_made_on_spark_as_here(home: Path, tmp_path: Path) -> None:
    """`pipeline.tokenize`: each unit runs in the SDK's worker, and the shards are the same to the byte."""
    found = []
    for place, flags in [("here", ["--workers=2"]), ("there", spark_flags(home, "local[2]", "--environment_type=LOOPBACK"))]:
        output = tmp_path / place
        made_clean.write(output, "c4", [[f"{number} {line}" for line in made_tokenizer.TEXT] for number in range(6)])
        (tmp_path / "model").write_bytes(made_tokenizer.model())
        cuts = ["--set", "shard_bytes=1", f"--tokenizer={tmp_path / 'model'}"]
        done = run(output, *flags, *cuts, source="c4", module="pipeline.tokenize")
        assert done.code == 0, done.err
        assert done.summary["kept"] == 6 * len(made_tokenizer.TEXT)
        found.append({path.name: path.read_bytes() for path in (output / "tokens" / "c4").iterdir()})
    assert found[0] == found[1]
    assert len(found[0]) > 12
