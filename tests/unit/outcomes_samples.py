"""Small invented places and people for the tests of outcomes: arrays, and records made by the real recorder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.outcomes.record import RunRecord
from sim.outcomes.recorder import Recorder

CONDITIONS = {"diabetes": "type 2 diabetes", "copd": "COPD", "depression": "depression or anxiety"}
BITS = {"smoker": 0, "ex_smoker": 1, "obese": 2, "inactive": 3, "lonely": 4, "offline": 5} | {
    name: 6 + k for k, name in enumerate(CONDITIONS)
}


@dataclass
class SmallPlace:
    """What the recorder asks of a place, with `n` neighbourhoods in order of deprivation."""

    n: int = 10
    name: str = "small"
    label: str = "Smalltown"
    activity_share_simulated: float = 0.8

    def __post_init__(self) -> None:
        self.lsoas = pd.DataFrame(
            {"code": [f"E{k:02d}" for k in range(self.n)], "imd_rank": np.arange(self.n) * 1000 + 500}
        )
        self.local_fifth = (np.arange(self.n) * 5 // self.n + 1).astype(np.uint8)


def people(n: int, place: SmallPlace, seed: int = 0, month: int = 69) -> dict[str, Any]:
    """Columns of `n` invented residents of whom about a tenth have departed."""
    rng = np.random.default_rng(seed)
    lsoa = rng.integers(0, place.n, n).astype(np.int16)
    return {
        "unique_id": np.where(rng.random(n) < 0.1, 0, np.arange(1, n + 1)).astype(np.int64),
        "born": (month - rng.integers(0, 100 * 12, n)).astype(np.int16),
        "male": rng.integers(0, 2, n).astype(np.uint8),
        "lsoa": lsoa,
        "fifth": (place.local_fifth[lsoa] - 1).astype(np.uint8),
        "state": rng.integers(0, 2**9, n).astype(np.uint64),
    }


def record(
    scenario: str = "baseline",
    draw: int = 0,
    seed: int = 0,
    *,
    years: int = 3,
    shift: float = 0.0,
    n: int = 400,
    place: SmallPlace | None = None,
    lever_cost: float = 0.0,
    weight: float = 10.0,
) -> RunRecord:
    """A record of some years from April 2025, in which A&E attendances and deaths are `shift` (a share) fewer."""
    place = place or SmallPlace()
    first = 57
    rec = Recorder(place, CONDITIONS, first, 12 * years, weight=weight)
    rng = np.random.default_rng(1000 * draw + seed)
    columns = people(n, place, seed=seed, month=first)
    alive = np.flatnonzero(columns["unique_id"])
    satisfaction = np.full(n, 7.0 + 2 * shift, np.float32)
    utility = np.full(n, 0.85 + shift / 10, np.float32)
    for month in range(first, first + 12 * years):
        rec.begin(month)
        changed = 1 - shift if month >= 69 else 1.0
        attending = alive[rng.random(len(alive)) < 0.05]
        rec.add_rows("residents_ed_attendances", columns, attending, weights=np.full(len(attending), changed))
        rec.add("ed_attendances", columns["fifth"][attending], weights=np.full(len(attending), changed))
        rec.add_rows("deaths", columns, alive[rng.random(len(alive)) < 0.002 * changed])
        rec.add("gp_need", columns["fifth"][alive], weights=np.full(len(alive), 0.5 * changed))
        rec.add("gp_appointments", columns["fifth"][alive], weights=np.full(len(alive), 0.45))
        rec.add("bed_days", amount=100.0 * changed)
        rec.add("emergency_admissions", columns["fifth"][alive[:20]])
        rec.add_rows("residents_emergency_admissions", columns, alive[:30])
        rec.add("beds_open", amount=4.0)
        rec.add("beds_occupied", amount=3.6 * changed)
        rec.add("waiting_list", columns["fifth"][alive[:50]])
        rec.census(columns, n, month, BITS, sums={"life_satisfaction_sum": satisfaction, "qalys": utility})
        rec.money("general_practice", 1000.0)
        if month >= 69 and lever_cost:
            rec.lever_money("link_workers", lever_cost)
    return rec.finish(scenario=scenario, draw=draw, seed=seed)
