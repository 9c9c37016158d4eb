"""A virtual environment of its own for a peer, whose packages do not go with ours."""

from __future__ import annotations

import shutil
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path


def python_of(folder: Path, packages: Sequence[str]) -> Path:
    """The Python of the environment in `folder`, made with these packages where it is not there yet. Raises CalledProcessError."""
    python = folder / "bin" / "python"
    if not python.exists():
        made = folder.with_suffix(".part")
        shutil.rmtree(made, ignore_errors=True)
        venv.create(made, with_pip=True)
        subprocess.run([str(made / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages], check=True)
        made.rename(folder)
    return python
