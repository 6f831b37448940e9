"""What holds for every test: it says what kind it is."""

from __future__ import annotations

import pytest

KINDS = {"unit", "model", "system"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse to run at all while a test is not marked unit, model or system."""
    unmarked = [item.nodeid for item in items if not KINDS & {mark.name for mark in item.iter_markers()}]
    if unmarked:
        raise pytest.UsageError("Mark each test unit, model or system; not marked: " + ", ".join(unmarked))
