"""A sweep of runs that take no time: what the driver costs beside the model, and what it holds in memory.

It stands alone so that the process that is measured loads what `headwater sweep` loads, and nothing of the benchmark's.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.studies.stopwatch import Laps
    from sim.sweeps.base import Base, Job
    from sim.sweeps.experiment import Experiment

FACTORS = ("ties.near_share", "ties.age_spread", "ties.lost_a_year", "peers.friend_quits_ratio", "peers.activity_ratio",
           "three_cs.contact_mean", "three_cs.contact_years", "three_cs.control_mean", "three_cs.control_years",
           "three_cs.confidence_years", "wellbeing.loneliness_effect", "wellbeing.unmet_effect")  # fmt: skip
SCENARIOS, OUTCOMES = ["baseline", "health_creation"], ["net_benefit", "emergency_admissions"]
TOY = 5_000  # residents of the toy town
TASK, TIMED = "sim.studies.bench_driver:nothing", "sim.studies.bench_driver:timed"
LAPS = "HEADWATER_BENCH_LAPS"
"""Environment variable: the folder into which the processes of a study write how long their runs took."""


@dataclass(frozen=True)
class Driver:
    """What driving so many runs took: seconds on the clock, seconds of the driver's own core, and the driver's peak
    memory in MB while they ran and after the page was written."""

    runs: int
    seconds: float
    core: float
    memory: float
    finished: float


def experiment(root: Path, factors: int, n: int, seeds: int, years: int, residents: int) -> Experiment:
    """A Sobol study of evidence in the toy town."""
    from sim import compose
    from sim.sweeps.experiment import from_plan

    plan = compose.plan(
        "sweep", ["place=toy"], scenarios=SCENARIOS, years=years, scale=residents / TOY, results=str(root)
    )
    given = {
        "name": "bench", "about": "A study to measure", "design": "sobol", "n": n, "seeds": seeds,
        "factors": {"evidence": list(FACTORS[:factors])}, "scenarios": SCENARIOS, "outcomes": OUTCOMES,
    }  # fmt: skip
    return from_plan(plan, given)


def shipped(root: Path, n: int, seeds: int, years: int, residents: int) -> Experiment:
    """The Sobol study that is shipped, of eight assumptions behind health creation, in the toy town."""
    from sim import compose
    from sim.sweeps.experiment import from_plan, read

    given = read("sobol")
    words = ["place=toy", "experiment=sobol", f"n={n}", f"seeds={seeds}"]
    plan = compose.plan(
        "sweep", words, scenarios=list(given["scenarios"]), years=years, scale=residents / TOY, results=str(root)
    )
    return from_plan(plan, given)


def timed(base: Base, job: Job) -> Any:
    """A run of the model, with a lap of a `Stopwatch` written into the folder that LAPS names."""
    import json

    from sim.studies.stopwatch import Stopwatch
    from sim.sweeps.simulate import run_row

    watch = Stopwatch()
    values = run_row(base, job)
    watch.lap()
    took, loop = watch.laps()
    with open(Path(os.environ[LAPS]) / f"{os.getpid()}.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps([took[0], loop[0]]) + "\n")
    return values


def laps(folder: Path) -> list[Laps]:
    """What `timed` wrote, a process each."""
    import json

    from sim.studies.stopwatch import Laps

    written = [[json.loads(line) for line in file.read_text().splitlines()] for file in sorted(folder.glob("*.jsonl"))]
    return [Laps([took for took, _ in each], [loop for _, loop in each]) for each in written]


def nothing(base: Base, job: Job) -> Any:
    """A run that takes no time: numbers that follow from its factors."""
    import numpy as np

    value = sum(float(each) for each in job.values.values())
    return np.full((len(base.scenarios), len(base.outcomes), base.settings.years - 1), value) * np.arange(
        1.0, len(base.scenarios) + 1
    ).reshape(-1, 1, 1)


def drive(root: str, n: int, finish: bool = True) -> Driver:
    """Run a sweep of 12 factors and n base samples the whole way: configuration, processes, store and, if wanted,
    results and page."""
    from sim.studies.bench import peak_memory_gb
    from sim.studies.progress import Silence
    from sim.sweeps import folder, results, run
    from sim.sweeps.engines import Choice
    from sim.sweeps.experiment import check

    given = experiment(Path(root), len(FACTORS), n, 1, 10, 100)
    check(given)
    began, core = time.perf_counter(), time.process_time()
    it = run.Sweep(given, task=TASK)
    engine = Choice("process", workers=2)
    run.announcement(it, engine)
    path, _ = folder.open_folder(given, it.store)
    run.run_missing(it, path, Silence(), engine)
    seconds, core, memory = time.perf_counter() - began, time.process_time() - core, 1e3 * peak_memory_gb()
    if finish:
        results.gather(it, path).write()
    return Driver(it.total, seconds, core, memory, 1e3 * peak_memory_gb())
