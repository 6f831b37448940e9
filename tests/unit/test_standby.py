"""Workers that stand ready: loaded before they are asked for, and gone with whoever asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are spawned there"),
]

TASK = """
import os, sys, time
def told(job, tick):
    return "sim.system" in sys.modules, os.environ["OMP_NUM_THREADS"], os.getppid(), os.getpid(), job
def waits(job, tick):
    with open(f"{job}.pid", "w") as file:
        file.write(f"{os.getpid()} {os.getppid()}")
    time.sleep(60)
"""
ASK = """
import os, task
from sim.studies import pool, standby
standby.get_ready()
def finished(index, result):
    loaded, threads, parent, own, job = result
    assert job == index and loaded and threads == "1" and parent != os.getpid(), result
    print("loaded", parent)
pool.work(task.told, [0, 1, 2], 2, finished=finished)
"""
WAIT = """
import task
from sim.studies import pool, standby
standby.get_ready()
pool.work(task.waits, ["a", "b"], 2)
"""


def _started(tmp_path: Path, script: str) -> subprocess.Popen[str]:
    (tmp_path / "task.py").write_text(TASK)
    (tmp_path / "ask.py").write_text(script)
    return subprocess.Popen(
        [sys.executable, "ask.py"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_workers_are_forked_from_one_that_has_loaded_the_model(tmp_path: Path) -> None:
    said, wrong = _started(tmp_path, ASK).communicate(timeout=60)
    lines = said.splitlines()
    assert len(lines) == 3, wrong
    assert len(set(lines)) == 1  # one server for all


def test_nobody_is_left_when_the_one_who_asked_is_killed(tmp_path: Path) -> None:
    driver = _started(tmp_path, WAIT)
    files = [tmp_path / "a.pid", tmp_path / "b.pid"]
    until = time.monotonic() + 60
    while not all(file.is_file() and " " in file.read_text() for file in files):
        assert time.monotonic() < until
        assert driver.poll() is None
        time.sleep(0.05)
    others = {int(number) for file in files for number in file.read_text().split()}
    assert len(others) == 3
    assert all(map(_alive, others))
    driver.send_signal(signal.SIGKILL)
    driver.communicate(timeout=30)
    until = time.monotonic() + 30
    while any(map(_alive, others)):
        assert time.monotonic() < until, others
        time.sleep(0.05)
