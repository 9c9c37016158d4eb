"""Runs `python -m pipeline.run` as a user does, and looks at what lies on disk."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import made_crawl

ROOT = Path(__file__).resolve().parents[2]
OPEN = ["--set", "languages=any", "--set", "buckets=any", "--set", "min_reference=none"]
SHAPING = ("books.json", "clean/*", "rejected/*", "broken/*", "partners/*")
"""What must be the same to the byte on every machine."""


def words(paths, output, *flags):
    """The command line over these inputs with lid.176.ftz as the only model."""
    models = f"--models={made_crawl.identifier()}"
    return [
        *[sys.executable, "-m", "pipeline.run", "--source=commoncrawl", f"--output={output}", models, *OPEN],
        *[f"--input={path}" for path in paths],
        *flags,
    ]


def start(line):
    """The process of a command, in a session of its own."""
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    return subprocess.Popen(
        line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment
    )


def run(line, expect=0):
    """(summary, standard output, standard error) of a command that must end with `expect`."""
    process = start(line)
    out, err = process.communicate(timeout=300)
    assert process.returncode == expect, f"exit {process.returncode}\n{out}\n{err}"
    assert "Traceback (most recent call last)" not in err, err
    return json.loads(out.strip().splitlines()[-1]) if out.strip() else {}, out, err


def digest(output, source="commoncrawl"):
    """Of the names and bytes of the books and all shards."""
    total = hashlib.sha256()
    for pattern in SHAPING:
        for path in sorted((Path(output) / source).glob(pattern)):
            total.update(path.name.encode() + b"\0" + path.parent.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def workers(process):
    """Process ids of the pool's workers of a run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            line = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == process.pid and b"spawn_main" in line:
            found.append(int(stat.parent.name))
    return found
