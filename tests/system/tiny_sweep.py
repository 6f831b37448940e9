"""A row's task that does in microseconds what the model's does in seconds: published functions of the factors.

Files in the folder that the environment variable TINY_SWEEP names change its behaviour: ``wait`` (seconds a run),
``hold`` (lines of the log after which runs wait till the file is gone), ``die`` (row whose process is killed), ``fail``
(row that raises), ``log`` (each run adds a line: what was really run).
"""

from __future__ import annotations

import math
import os
import signal
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.sweeps.base import Base, Job

TASK = "tests.system.tiny_sweep:ishigami"


def ishigami(base: Base, job: Job) -> NDArray[np.float64]:
    """Baseline 1, and 1 plus Ishigami's function of the first three factors (a = 7, b = 0.1) plus a little luck."""
    folder = Path(os.environ["TINY_SWEEP"])
    asked = {file.name: file.read_text() for file in folder.iterdir() if file.name in ("wait", "die", "fail")}
    time.sleep(float(asked.get("wait", 0)))
    while _held(folder):
        time.sleep(0.02)
    with open(folder / "log", "a", encoding="utf-8") as file:
        file.write(f"{job.row} {job.seed}\n")
    if asked.get("die") == str(job.row):
        os.kill(os.getpid(), signal.SIGKILL)
    if asked.get("fail") == str(job.row):
        raise ZeroDivisionError("a fault in the code")
    x, y, z = (float(value) for value in list(job.values.values())[:3])
    found = math.sin(x) + 7 * math.sin(y) ** 2 + 0.1 * z**4 * math.sin(x) + 1e-6 * job.seed
    shape = (len(base.outcomes), base.settings.years)
    return np.stack([np.ones(shape), np.full(shape, 1 + found)])


def _held(folder: Path) -> bool:
    try:
        return (folder / "log").read_text().count("\n") >= int((folder / "hold").read_text())
    except (FileNotFoundError, ValueError):  # no hold, no log yet, or just being written
        return False
