"""What several tests of commands ask for."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "control"
    folder.mkdir()
    monkeypatch.setenv("TINY_SWEEP", str(folder))
    return folder
