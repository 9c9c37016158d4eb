"""Where the real files lie that tests may read: beside the project, or where CRIA_SHARED_DATA says. Tests skip, and say so, when they are absent."""

import os
from pathlib import Path

SHARED = Path(os.environ.get("CRIA_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
