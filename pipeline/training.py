"""What the commands that train a model share: how inputs are named in a manifest, how a model takes its place, and how a command ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.files import InputError, Listed

Say = Callable[[str], None]
"""Takes lines of progress."""


class TrainingError(ValueError):
    """A model that cannot be trained from these files: what was expected, what was found, what to do."""


def described(listing: Sequence[Listed]) -> list[dict[str, Any]]:
    """The inputs as a manifest names them: base name, size and SHA-256, nothing of where they lie."""
    return [{"name": os.path.basename(file.name), "size": file.size, "sha256": files.sha256(file.path)} for file in listing]


def put_in_place(result: Path, place: Path, former: Path) -> None:
    """Puts a whole folder in the place of another, which is moved to `former`."""
    if place.exists():
        place.rename(former)
    result.rename(place)


def run(train: Callable[[Say], Path | str]) -> int:
    """Trains and prints where the model lies. Exit codes: 0 trained, 1 something else went wrong, 2 the settings or files cannot be used."""
    try:
        path = train(lambda line: print(line, file=sys.stderr, flush=True))
    except (InputError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(path)
    return 0
