"""A small town that is just large enough for policy: residents with states and chances, neighbourhoods, one budget."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from sim import draws
from sim.agents.commissioner import Commissioner
from sim.agents.neighbourhoods import Neighbourhood, open_neighbourhoods
from sim.agents.practices import GPPractice
from sim.agents.residents import Resident
from sim.care.pathways import Pathways
from sim.columns import ColumnarModel
from sim.evidence import load
from sim.life import community
from sim.life.states import States
from sim.policy.effects import apply_levers
from sim.policy.scenario import POLICY_START, Scenario
from sim.policy.targets import processes

AREAS, EACH, PRACTICES = 10, 200, 2
PROCESSES = processes()
QUIT_A_MONTH = 328 / 2**16  # every process has this chance: half a per cent
CONDITIONS = ("ndh", "hypertension", "heart_failure", "depression", "chronic_pain")
# every n-th resident has the state, beginning with this one
HELD = {
    "smoker": (5, 0), "lonely": (10, 1), "obese": (4, 2), "inactive": (4, 1), "drinker": (5, 3), "offline": (10, 4),
    "cold_home": (10, 5), "low_income": (10, 6), "frail_moderate": (20, 7), "ndh": (10, 8), "hypertension": (5, 4),
    "heart_failure": (20, 9), "depression": (10, 3), "chronic_pain": (10, 0),
}  # fmt: skip


class Town(ColumnarModel):
    """Ten neighbourhoods of deciles 1 to 10 and two practices; every fifth resident smokes, every tenth is lonely, and
    so on (`HELD`). Every sixth is two years old, the others thirty, forty or eighty."""

    def __init__(self, scenario: Scenario | None = None, *, scale: float = 0.1, evidence: Any = None) -> None:
        super().__init__()
        self.scale, self.month, self.seed = scale, POLICY_START, 1
        self.evidence = evidence or load().draw(0)
        self.states = States(CONDITIONS)
        self.decile = np.arange(1, AREAS + 1, dtype=np.uint8)
        self.fifth = ((self.decile - 1) // 2).astype(np.uint8)
        self.rates = SimpleNamespace(index={name: i for i, name in enumerate(PROCESSES)})
        self.drawn = len(PROCESSES)
        self.area_factor = np.ones((AREAS, len(PROCESSES)), np.float32)
        self.area_shift = {"life_satisfaction": np.zeros(AREAS, np.float32)}
        self.place = SimpleNamespace(
            counts=np.full((AREAS, 2, 19), round(EACH / scale / 38), np.int32),
            lsoas=pd.DataFrame({"hhft_share": np.full(AREAS, 0.7)}),
            urban=np.ones(AREAS, bool),
            neighbours=(np.zeros(AREAS + 1, np.int32), np.empty(0, np.int32)),
            practices=pd.DataFrame({"code": ["P1", "P2"]}),
        )
        self.care = SimpleNamespace(
            share=0.9,
            beds_base=20.0,
            hospital=SimpleNamespace(discharge_wait=0.2, occupancy=0.9),
            pathways=Pathways.of(self.evidence),
        )
        self.residents, self.practices = self.table_of(Resident), self.table_of(GPPractice)
        count = AREAS * EACH
        rows = np.arange(count)
        state = self.states.pack(count, [(name, rows % every == first) for name, (every, first) in HELD.items()])
        lsoa = rows // EACH
        age = np.where(rows % 6 == 5, 2, np.array([30, 40, 80])[rows % 3])
        GPPractice.create_agents(self, PRACTICES, list_size=1000.0, list_simulated=1000.0)
        Resident.create_agents(
            self, count, born=self.month - 12 * age,
            lsoa=lsoa, decile=self.decile[lsoa], fifth=self.fifth[lsoa], practice=lsoa % PRACTICES, male=rows % 2,
            state=state,
        )  # fmt: skip
        self.residents.columns["key"][:count] = draws.make_keys(1, rows)
        self.residents.extend("chance", np.uint16, width=len(PROCESSES), default=round(QUIT_A_MONTH * 2**16))
        open_neighbourhoods(self)
        self.neighbourhoods = self.table_of(Neighbourhood)
        self.commissioner = Commissioner(self)  # type: ignore[arg-type]
        if scenario is not None:
            self.commissioner.adopt(scenario, POLICY_START)

    def go(self, months: int) -> Town:
        """Run policy alone for some months."""
        for _ in range(months):
            community.advance(self)  # type: ignore[arg-type]
            self.commissioner.advance()
            apply_levers(self, self.commissioner.adopted)
            self.month += 1
        return self


def scenario(levers: Mapping[str, Any]) -> Scenario:
    """A scenario of those levers."""
    from sim.policy.scenario import scenario_from_mapping

    return scenario_from_mapping({"label": "A", "description": "A test.", "levers": levers}, "a.yaml")
