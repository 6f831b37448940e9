"""The bar that a terminal shows."""

from __future__ import annotations

import io
import threading

import pytest

from sim.studies.progress import Progress

pytestmark = pytest.mark.unit


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_says_what_is_done_and_leaves_no_thread() -> None:
    """A thread would keep the process from being forked to draw while it writes."""
    screen, before = Terminal(), set(threading.enumerate())
    progress = Progress(screen)
    progress.begin(100, 0, "starting")
    progress.at(25, "run 1 of 4")
    assert set(threading.enumerate()) == before
    assert "run 1 of 4 |" in screen.getvalue()
    assert "|  25 % · " in screen.getvalue()
    progress.end()
    assert set(threading.enumerate()) == before
