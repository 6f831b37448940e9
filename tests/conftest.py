"""What holds for every test: it says what kind it is."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# Threads of linear algebra wait for each other by spinning: on busy cores small matrices take a hundred times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.browser import Browser

# Times on a shared machine say nothing about code: speed is measured with `headwater bench`, never here.
settings.register_profile("headwater", deadline=None)
settings.load_profile("headwater")

KINDS = {"unit", "model", "system"}
NEEDS = ("needs_browser", "needs_office")  # not Slurm: its daemons cannot be started everywhere


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse to run at all while a test is not marked unit, model or system."""
    unmarked = [item.nodeid for item in items if not KINDS & {mark.name for mark in item.iter_markers()}]
    if unmarked:
        raise pytest.UsageError("Mark each test unit, model or system; not marked: " + ", ".join(unmarked))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Where everything can be installed, a test that needs a tool must not be skipped for the want of it."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and any(map(item.get_closest_marker, NEEDS)):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped although CI installs what it needs"
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests of a process (see tests/browser.py); skips where there is none."""
    from tests.browser import missing, opened

    if lack := missing():
        pytest.skip(lack)
    with opened() as window:
        yield window


@pytest.fixture(scope="session")
def slurm() -> Iterator[Path]:
    """A Slurm of one node (see tests/slurm.py), SLURM_CONF set to its file; skips where it is not installed, or cannot
    be started."""
    from tests.slurm import missing, opened

    if lack := missing():
        pytest.skip(lack)
    with contextlib.ExitStack() as stack:
        try:
            config = stack.enter_context(opened())
        except (OSError, subprocess.SubprocessError) as fault:
            pytest.skip(f"Slurm cannot be started here: {fault}")
        yield config
