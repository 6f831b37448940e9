"""The runs of a calibration: those that are there are read, the others made by an engine of the sweeps and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.calibration import free as frees
from sim.calibration import simulate
from sim.calibration.free import Free
from sim.errors import EnvironmentFault
from sim.studies.compare import Interrupted
from sim.studies.progress import Progress
from sim.sweeps.base import Base, Job
from sim.sweeps.engines import Choice
from sim.sweeps.keys import KeyIndex, joined
from sim.sweeps.store import RunStore

Floats = NDArray[np.float64]
MOST_FAILED = 0.1
"""Share of the runs of a wave that may fail before it is given up."""


@dataclass
class Runs:
    """Makes or finds runs. Called with points of the unit cube and the number of the first; every run has chance of its
    own: seed + number."""

    base: Base
    free: Sequence[Free]
    seed: int
    store: RunStore
    engine: Choice
    progress: Progress
    most: int
    made: int = field(default=0, init=False)

    def __call__(self, points: Floats, first: int) -> Floats:
        """What the model says at each point: float64[points, aims]; not-a-number where a run failed.

        Raises `Interrupted` (what is finished is kept) and `EnvironmentFault` when more than a tenth fail.
        """
        jobs = [
            simulate.job(self.base, first + i, frees.values(self.free, point), self.seed + first + i)
            for i, point in enumerate(points)
        ]
        self._do(jobs, first)
        out = np.full((len(jobs), 1, 1), np.nan)
        index, found = KeyIndex(joined([job.key for job in jobs])), []
        for name in self.base.outcomes:
            out[:] = np.nan
            self.store.column(name, index, out)
            found.append(out[:, 0, 0].copy())
        return np.stack(found, axis=1)

    def _do(self, jobs: list[Job], first: int) -> None:
        self.store.refresh()
        left = [job for job in jobs if job.key not in self.store.ok]
        if not left:
            return
        there = first + len(jobs) - len(left)
        self.progress.begin(self.most, there, f"{there} of at most {self.most} runs done; loading the model")
        failed: list[str] = []
        try:
            for record in self.engine.open().run(self.base, _one_by_one(left)):
                if record is not None:
                    self.store.add(record)
                    self.made += 1
                    there += 1
                    if record.status != "ok":
                        failed.append(record.error.strip())
                self.store.flush(now=False)
                self.progress.at(there, f"{there} of at most {self.most} runs done")
        except KeyboardInterrupt:
            raise Interrupted(f"{there} runs are finished and kept. To go on, the same command again:") from None
        finally:
            self.progress.end()
            self.store.flush()
        if len(failed) > MOST_FAILED * len(jobs):
            raise EnvironmentFault(f"{len(failed)} of {len(jobs)} runs failed; the first: {failed[0].splitlines()[-1]}")


def _one_by_one(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    yield from ([job] for job in jobs)
