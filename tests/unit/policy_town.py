"""A small town that is just large enough for policy: residents with states and chances, neighbourhoods, one budget."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from sim.agents.commissioner import Commissioner
from sim.agents.neighbourhoods import open_neighbourhoods
from sim.agents.residents import Resident
from sim.columns import ColumnarModel
from sim.evidence import load
from sim.life.conditions import shipped
from sim.life.states import States
from sim.policy.effects import apply_levers
from sim.policy.levers import PROCESSES
from sim.policy.scenario import POLICY_START, Scenario

AREAS, EACH = 10, 200
QUIT_A_MONTH = 0.005


class Town(ColumnarModel):
    """Ten neighbourhoods of deciles 1 to 10; every fifth resident smokes, every tenth is lonely."""

    def __init__(self, scenario: Scenario | None = None, *, scale: float = 0.1, evidence: Any = None) -> None:
        super().__init__()
        self.scale, self.month = scale, POLICY_START
        self.evidence = evidence or load().draw(0)
        self.states = States(tuple(condition.name for condition in shipped()))
        self.decile = np.arange(1, AREAS + 1, dtype=np.uint8)
        self.fifth = ((self.decile - 1) // 2).astype(np.uint8)
        self.rates = SimpleNamespace(index={name: i for i, name in enumerate(PROCESSES)})
        self.area_factor = np.ones((AREAS, len(PROCESSES)), np.float32)
        self.area_shift = {"life_satisfaction": np.zeros(AREAS, np.float32)}
        self.place = SimpleNamespace(
            counts=np.full((AREAS, 2, 19), round(EACH / scale / 38), np.int32),
            lsoas=pd.DataFrame({"hhft_share": np.full(AREAS, 0.7)}),
        )
        self.care = SimpleNamespace(share=0.9)
        self.residents = self.table_of(Resident)
        count = AREAS * EACH
        rows = np.arange(count)
        state = self.states.pack(count, [("smoker", rows % 5 == 0), ("lonely", rows % 10 == 1)])
        lsoa = rows // EACH
        Resident.create_agents(self, count, born=-30 * 12, lsoa=lsoa, decile=self.decile[lsoa], state=state)
        self.residents.extend("chance", np.uint16, width=len(PROCESSES), default=round(QUIT_A_MONTH * 2**16))
        open_neighbourhoods(self)
        self.commissioner = Commissioner(self)  # type: ignore[arg-type]
        if scenario is not None:
            self.commissioner.adopt(scenario, POLICY_START)

    def go(self, months: int) -> Town:
        """Run policy alone for some months."""
        for _ in range(months):
            self.commissioner.advance()
            apply_levers(self, self.commissioner.adopted)
            self.month += 1
        return self


def scenario(levers: Mapping[str, Any]) -> Scenario:
    """A scenario of those levers."""
    from sim.policy.scenario import scenario_from_mapping

    return scenario_from_mapping({"label": "A", "description": "A test.", "levers": levers}, "a.yaml")
