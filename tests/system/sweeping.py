"""A sweep of a task of microseconds (`tests.system.tiny_sweep`) for tests, and how to hold it still."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

from sim import compose
from sim.sweeps import run
from sim.sweeps.engines import Choice
from sim.sweeps.experiment import Experiment, from_plan
from sim.sweeps.results import SweepResults
from tests.system.tiny_sweep import TASK

SERIAL, TWO = Choice("serial"), Choice("process", workers=2)
GIVEN = {
    "name": "tiny", "about": "Ishigami's function", "design": "sobol", "n": 16, "seeds": 2,
    "factors": {"settings": {f"health_creation.levers.{lever}.amount": [-math.pi, math.pi]
                             for lever in ("link_workers", "community_building", "warm_homes")}},
    "scenarios": ["baseline", "health_creation"], "outcomes": ["deaths", "births"],
}  # fmt: skip


def experiment(root: Path, **changes: object) -> Experiment:
    plan = compose.plan(
        "sweep", ["place=toy"], scenarios=["baseline", "health_creation"], years=2, results=str(root / "results")
    )
    return from_plan(plan, {**GIVEN, **changes})


def sweep(root: Path, engine: Choice = SERIAL, **changes: object) -> SweepResults:
    found = run.sweep(experiment(root, **changes), engine=engine, task=TASK)
    assert found is not None
    return found


def ran(control: Path) -> list[str]:
    log = control / "log"
    return log.read_text().splitlines() if log.exists() else []


def wait_until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def hold(control: Path, lines: int) -> None:
    (control / "half").write_text(str(lines))
    (control / "half").replace(control / "hold")
