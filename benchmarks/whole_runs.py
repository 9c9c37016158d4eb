"""`python -m pipeline.run` as a user starts it, watched from outside: wall time, CPU time, peak memory of all its processes, digest of its output."""

from __future__ import annotations

import hashlib
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WATCH_SECONDS = 0.2
"""ours: as the black-box check of the project's contract; reading the sizes costs the run under one per cent."""
PSS = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What a run took. `peak`: largest sum of the proportional set sizes of its processes, bytes. `digest`: of all shards and the books."""

    wall: float
    cpu: float
    peak: int
    digest: str
    summary: str


def run(paths: Sequence[Path], models: Path, output: Path, workers: int, flags: Sequence[str] = (), source: str = "commoncrawl") -> Outcome:
    """One run into an empty folder, which is removed afterwards. Raises SystemExit where it does not end with 0."""
    shutil.rmtree(output, ignore_errors=True)
    listed = output.with_suffix(".list")
    listed.write_text("".join(f"{path.resolve()}\n" for path in paths))
    command = [sys.executable, "-m", "pipeline.run", f"--source={source}", f"--input=@{listed}", f"--output={output}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started, peak, done = time.monotonic(), [0], threading.Event()
    process = subprocess.Popen(
        [*command, f"--models={models}", f"--workers={workers}", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, done))
    watcher.start()
    said, errors = process.communicate()
    wall = time.monotonic() - started
    done.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {errors.decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    outcome = Outcome(wall, cpu, peak[0], _digest(output / source), said.decode().splitlines()[-1])
    shutil.rmtree(output)
    listed.unlink()
    return outcome


def _watch(leader: int, peak: list[int], done: threading.Event) -> None:
    while not done.wait(WATCH_SECONDS):
        peak[0] = max(peak[0], sum(map(_size, _session(leader))))


def _session(leader: int) -> list[int]:
    """The processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):  # gone since it was listed
            if int(stat.read_text().rsplit(")", 1)[1].split()[3]) == leader:
                found.append(int(stat.parent.name))
    return found


def _size(process: int) -> int:
    with suppress(OSError):
        found = PSS.search(Path(f"/proc/{process}/smaps_rollup").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0


def _digest(output: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(output.rglob("*")):
        if path.suffix == ".parquet" or path.name == "books.json":
            total.update(f"{path.relative_to(output)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]
