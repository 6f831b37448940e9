"""A sweep on a real Slurm of one node: a job ended by Slurm is noticed, the driver may leave, nothing is lost, and the
numbers are those of one process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.slurm import PARTITION

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.needs_slurm, pytest.mark.usefixtures("slurm")]
STUDY = "experiment=screen place=toy scale=0.02 years=1 n=16 seeds=2 factors.evidence=[ties,wellbeing]"
ENGINE = f"engine=submitit engine.slurm_partition={PARTITION} engine.timeout_min=30 workers=1"


def start(cwd: Path, words: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "sim.cli", "sweep", *words.split()]
    return subprocess.Popen(line, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end(driver: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = driver.communicate(timeout=300)
    assert "Traceback" not in said
    return driver.returncode, said


def queue(*words: str) -> list[str]:
    done = subprocess.run(["squeue", "-h", "-r", "-o", "%i", *words], capture_output=True, text=True, check=True)
    return sorted(done.stdout.split())


def kill(job: str) -> None:
    """End a job's processes at once, as the kernel does for want of memory. ``scancel`` asks first and gives Slurm's
    KillWait, in which a quick job finishes."""
    number = subprocess.run(["squeue", "-h", "-o", "%A", "-j", job], capture_output=True, text=True, check=True).stdout
    found: list[int] = []

    def step_is_there() -> bool:
        lines = subprocess.run(["scontrol", "listpids", number.strip()], capture_output=True, text=True).stdout
        rows = [line.split() for line in lines.splitlines()[1:]]
        found[:] = [int(pid) for pid, _, step, *_ in rows if step == "0"]
        return bool(found)

    wait_until(step_is_there)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):  # the first may take the others along
            os.kill(pid, signal.SIGKILL)


def wait_until(true: Callable[[], object]) -> None:
    limit = time.monotonic() + 300
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.1)


def events(root: Path) -> list[str]:
    return [json.loads(line)["event"] for file in root.glob("results/*/log.jsonl") for line in open(file)]


def digest(root: Path) -> str:
    (about,) = root.glob("results/*/metadata.json")
    return str(json.loads(about.read_text())["digest"])


def test_a_killed_job_and_a_driver_that_leaves_lose_nothing(tmp_path: Path) -> None:
    driver = start(tmp_path, f"{STUDY} {ENGINE} engine.jobs=2")
    wait_until(lambda: "started" in events(tmp_path) or driver.poll() is not None)
    (job,) = [one for one in queue("--states=RUNNING") if one.endswith("_1")]
    kill(job)
    code, said = end(driver)
    assert code == 1, said
    assert f"1 of 2 jobs were lost: Slurm ended job {job}" in said
    assert "runs are finished and kept; go on: headwater sweep resume" in said
    (folder,) = tmp_path.glob("results/*-sweep-*")

    before = events(tmp_path).count("started")
    driver = start(tmp_path, f"resume {folder} {ENGINE} engine.jobs=1")
    wait_until(lambda: events(tmp_path).count("started") > before or driver.poll() is not None)
    (job,) = queue()
    driver.send_signal(signal.SIGINT)
    code, said = end(driver)
    assert code == 130, said
    assert f"The jobs go on without this program (scancel {job.partition('_')[0]} ends them)" in said
    wait_until(lambda: not queue())

    code, said = end(start(tmp_path, f"resume {folder} {ENGINE}"))
    assert code == 0, said
    assert "submitted" not in said, "all is there: no job is needed to put it together"
    alone = tmp_path / "alone"
    alone.mkdir()
    code, said = end(start(alone, f"{STUDY} engine=serial"))
    assert code == 0, said
    assert digest(tmp_path) == digest(alone)


def test_what_sbatch_refuses_is_said_in_a_sentence(tmp_path: Path) -> None:
    code, said = end(start(tmp_path, f"{STUDY} {ENGINE.replace(PARTITION, 'nonsense')}"))
    assert code == 2
    assert "engine=submitit: sbatch: error: invalid partition specified: nonsense" in said
    assert list(tmp_path.iterdir()) == [], "nothing is left of a study that never began"
