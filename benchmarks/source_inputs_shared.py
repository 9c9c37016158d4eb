"""Where the benchmarks find the shared data."""

from __future__ import annotations

import os
from pathlib import Path


def shared(name: str) -> Path:
    """A folder of the shared data. Raises SystemExit where it is absent."""
    data = os.environ.get("CRIA_SHARED_DATA")
    found = (Path(data) if data else Path(__file__).resolve().parents[1] / "../shared/data") / name
    if not found.is_dir():
        raise SystemExit(f"expected shared/data/{name} beside the checkout or under CRIA_SHARED_DATA, found none")
    return found
