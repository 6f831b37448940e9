"""What a sweep costs beside its runs, what a large one would take, and whether it can be stopped and go on."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sim import compose
from sim.studies.bench import Line, part, peak_memory_gb
from sim.studies.bench_scale import _alone
from sim.sweeps.base import Base, Job

MOST_OVERHEAD_MS, MOST_MEMORY_MB = 2.0, 300.0
SOBOL_MINUTES, TWO_AT_LEAST = 20.0, 1.4
FACTORS = ("ties.near_share", "ties.age_spread", "ties.lost_a_year", "peers.friend_quits_ratio", "peers.activity_ratio",
           "three_cs.contact_mean", "three_cs.contact_years", "three_cs.control_mean", "three_cs.control_years",
           "three_cs.confidence_years", "wellbeing.loneliness_effect", "wellbeing.unmet_effect")  # fmt: skip
LARGE = {"factors": 12, "n": 1024, "seeds": 4, "years": 20, "residents": 20_000}


def nothing(base: Base, job: Job) -> Any:
    """A run that takes no time."""
    return np.full((len(base.scenarios), len(base.outcomes), base.settings.years), float(job.row))


@part("Sweeps: overhead")
def overhead(quick: bool) -> list[Line]:
    """Milliseconds a run beside the model, and the driver's memory, over 100,000 rows of 20 outcome-years."""
    n = 2**9 if quick else 2**13
    rows, seconds, memory = _alone(_nothing, n)
    return [
        Line("rows", float(rows), "rows"),
        Line("beside the model, a run", 1e3 * seconds / rows, "ms", MOST_OVERHEAD_MS, at_least=False),
        Line("the driver's memory", memory, "MB", MOST_MEMORY_MB, at_least=False),
    ]


@part("Sweeps: a Sobol study")
def sobol(quick: bool) -> list[Line]:
    """8 factors × 64 base samples × 2 seeds of ten years at 5,000 residents on two cores, from a part of it: the rest
    is more of the same. Then the large one: started, stopped, gone on with, and its whole carried on from the parts."""
    seconds, two, bytes_a_run = _timed(1 if quick else 10, 5_000, 1 if quick else 4)
    runs = 64 * (8 + 2) * 2
    large_runs = LARGE["n"] * (LARGE["factors"] + 2) * LARGE["seeds"]
    large_each, _, _ = _timed(1 if quick else LARGE["years"], LARGE["residents"], 1 if quick else 2)
    return [
        Line("a run of ten years at 5,000 residents", seconds, "s"),
        Line("two processes against one", two, "times", TWO_AT_LEAST),
        Line("the study on two cores, carried on", runs * seconds / two / 60, "minutes", SOBOL_MINUTES, at_least=False),
        Line("a run of 20 years at 20,000 residents", large_each, "s"),
        Line("the large study", float(large_runs), "runs"),
        Line("the large study, carried on", large_runs * large_each / 3600, "core-hours"),
        Line("the large study on two cores, carried on", large_runs * large_each / two / 3600, "hours"),
        Line("the large study's disk, carried on", large_runs * bytes_a_run / 1e6, "MB"),
    ]


def _experiment(root: Path, factors: int, n: int, seeds: int, years: int, residents: int) -> Any:
    from sim.sweeps.experiment import from_plan

    scale = min(residents / 5_800, 1.0) if residents <= 5_800 else residents / 580_000
    place = "toy" if residents <= 5_800 else "north_mid_hampshire"
    plan = compose.plan(
        "sweep",
        [f"place={place}"],
        scenarios=["baseline", "health_creation"],
        years=years,
        scale=scale,
        results=str(root),
    )
    given = {
        "name": "bench", "about": "A study to measure", "design": "sobol", "n": n, "seeds": seeds,
        "factors": {"evidence": list(FACTORS[:factors])}, "scenarios": ["baseline", "health_creation"],
        "outcomes": ["net_benefit", "emergency_admissions"],
    }  # fmt: skip
    return from_plan(plan, given)


def _nothing(n: int) -> tuple[int, float, float]:
    """Rows, seconds and the driver's megabytes of a sweep whose runs take no time."""
    from sim.studies.progress import Silence
    from sim.sweeps import folder, run
    from sim.sweeps.engines import Choice

    with tempfile.TemporaryDirectory() as root:
        began = time.perf_counter()
        it = run.Sweep(_experiment(Path(root), 12, n, 1, 10, 100), task="sim.studies.bench_sweeps:nothing")
        path, _ = folder.open_folder(it.experiment, it.store)
        run.run_missing(it, path, Silence(), Choice("process", workers=2))
        return it.total, time.perf_counter() - began, 1e3 * peak_memory_gb()


def _timed(years: int, residents: int, rows: int) -> tuple[float, float, float]:
    """Seconds a run in one process, how much faster two are, bytes a run. The two are stopped half way and go on."""
    from sim.studies.progress import Silence
    from sim.sweeps import folder, run
    from sim.sweeps.engines import Choice

    walls, size = {}, 0.0
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as root:
            given = _experiment(Path(root), 2, 8, workers, years, residents)
            it = run.Sweep(replace(given, n=8))
            path, _ = folder.open_folder(it.experiment, it.store)
            engine = Choice("process", workers=workers).open()
            jobs = [it.job(row, seed) for row in range(workers * (rows + 1)) for seed in it.seeds[:1]]
            stream = engine.run(it.base, iter([[job] for job in jobs]))
            began = 0.0
            for i, record in enumerate(one for one in stream if one is not None):
                if i == workers - 1:
                    began = time.perf_counter()  # each process has compiled and loaded
                it.store.add(record)
            walls[workers] = (time.perf_counter() - began) / (len(jobs) - workers)
            it.store.flush()
            size = it.store.bytes_on_disk / len(jobs)
            del path, Silence
    return walls[1], walls[1] / walls[2], size
