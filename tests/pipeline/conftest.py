"""Where files may lie: the disk, a store that Beam reaches, a web server with faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import folder_store
import pytest
from faulty_server import Server, serving


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRIA_TEST_STORE", str(tmp_path))
    return tmp_path


@pytest.fixture(params=["disk", "store"])
def root(request: pytest.FixtureRequest, store: Path) -> str:
    """A local folder, and one of the Beam filesystem."""
    return str(store / "in") if request.param == "disk" else folder_store.SCHEME + "in"


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    """One server for a file of tests."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("no_proxy", "127.0.0.1")
        with serving() as server:
            yield server


@pytest.fixture
def server(running: Server) -> Server:
    """The server, with nothing on it and nothing asked of it."""
    running.files.clear()
    running.requests.clear()
    running.conditions.clear()
    return running
