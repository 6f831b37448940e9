"""A run as the dashboard starts it: a process watched through files, no browser."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.dashboard import jobs
from sim.dashboard.idea import Idea, amounts_of
from sim.outcomes.results import Results
from sim.studies import store

pytestmark = [pytest.mark.system, pytest.mark.slow]
PATIENCE = 150.0  # seconds: nothing here measures speed


def begun(root: Path) -> str:
    idea = Idea("empty_the_bath", "Mine", amounts_of("empty_the_bath"))
    identity = jobs.new()
    jobs.start(root, identity, idea.request("toy", 1, "glance"))
    return identity


def until(root: Path, identity: str, there: Callable[[jobs.Status], bool]) -> jobs.Status:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        status = jobs.status(root, identity)
        if there(status):
            return status
        assert not status.ended, status
        time.sleep(0.02)
    raise AssertionError(status)


def test_the_answer_is_said_while_the_report_is_written(tmp_path: Path) -> None:
    identity = begun(tmp_path)
    early = until(tmp_path, identity, lambda status: bool(status.answer))
    assert early.state == jobs.RUNNING
    assert not store.newest(tmp_path)
    done = until(tmp_path, identity, lambda status: status.state == jobs.DONE)
    assert early.answer == done.answer == Results.load(tmp_path / done.folder).headline


@pytest.mark.parametrize("point", ["runs", "report"])
def test_a_run_is_stopped_wherever_it_is_and_leaves_nothing(tmp_path: Path, point: str) -> None:
    identity = begun(tmp_path)
    until(tmp_path, identity, lambda status: status.share > 0 if point == "runs" else bool(status.answer))
    jobs.stop(tmp_path, identity)
    stopped = until(tmp_path, identity, lambda status: status.state == jobs.STOPPED)
    assert not stopped.folder
    assert [one.name for one in tmp_path.iterdir()] == [jobs.HOME]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nothing is forked")
def test_who_watches_for_the_stop_keeps_nobody_from_drawing_on_all_cores(tmp_path: Path) -> None:
    look = (
        "import sys; from pathlib import Path; from sim import forked; from sim.dashboard import worker;"
        "before = forked.possible(); worker._watch(Path(sys.argv[1])); sys.exit(forked.possible() is not before)"
    )
    assert subprocess.run([sys.executable, "-c", look, str(tmp_path / "stop")]).returncode == 0
