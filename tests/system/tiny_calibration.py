"""A run of a calibration that takes microseconds: every aim is a line through the first two free parameters.

The folder that the environment variable TINY_CALIBRATION names gets a line in its file ``log`` for each run.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.sweeps import resample
from sim.sweeps.base import Base, Job

TASK = "tests.system.tiny_calibration:lines"


def lines(base: Base, job: Job) -> NDArray[np.float64]:
    """0.1 times the first parameter plus ever more of the second, and a little luck."""
    with open(Path(os.environ["TINY_CALIBRATION"]) / "log", "a", encoding="utf-8") as file:
        file.write(f"{job.row} {job.seed}\n")
    first, second = list(job.values.values())[:2]
    n = len(base.outcomes)
    said = 0.1 * float(first) + 0.05 * np.arange(n) * float(second) + 0.001 * resample.normals(job.seed, n)
    return said[None, :, None]
