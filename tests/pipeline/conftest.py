"""The two places that files may lie in: the disk and a store that Beam reaches."""

from __future__ import annotations

from pathlib import Path

import folder_store
import pytest


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRIA_TEST_STORE", str(tmp_path))
    return tmp_path


@pytest.fixture(params=["disk", "store"])
def root(request: pytest.FixtureRequest, store: Path) -> str:
    """A local folder, and one of the Beam filesystem."""
    return str(store / "in") if request.param == "disk" else folder_store.SCHEME + "in"
