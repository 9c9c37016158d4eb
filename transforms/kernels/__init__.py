"""Loops compiled by numba. Each file stands alone: numba's cache does not see a change in another file."""

import os
import tempfile

# Where the installed package can not be written to (a container's image, say), numba needs another place for what it compiled, or does not start.
if not os.access(os.path.dirname(__file__), os.W_OK):
    os.environ.setdefault("NUMBA_CACHE_DIR", os.path.join(tempfile.gettempdir(), f"cria-compiled-{os.getuid()}"))
