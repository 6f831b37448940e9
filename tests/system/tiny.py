"""A worker's task that does what the model's does (stages, months, one part), in milliseconds.

Files in the place's folder change its behaviour: ``wait`` (seconds a month), ``die`` (draw in which the process is
killed), ``mistake`` (draw in which a user's mistake is found), ``fault`` (draw in which the code fails).
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from sim.errors import UserError
from sim.studies.compare import Job
from sim.studies.pool import Tick
from sim.studies.store import part

MONTHS = 12


def task(job: Job, tick: Tick) -> float:
    asked = {file.name: file.read_text() for file in Path(job.settings.place).iterdir()}
    if asked.get("mistake") == str(job.draw):
        raise UserError("This will not do.")
    if asked.get("fault") == str(job.draw):
        raise ZeroDivisionError("a fault in the code")
    with part(Path(job.folder)) as folder:
        for stage, name in enumerate(job.scenarios):
            for month in range(MONTHS):
                time.sleep(float(asked.get("wait", 0)))
                tick(stage, stage * MONTHS + month + 1)
            if asked.get("die") == str(job.draw):
                os.kill(os.getpid(), signal.SIGKILL)
            with open(folder / f"{name}.npz", "wb") as file:
                np.savez(file, numbers=np.arange(MONTHS) * job.draw + job.seed)
    return 0.5
