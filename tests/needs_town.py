"""The care town with contacts by kind, so that needs leave the practice for other teams; nothing falls ill in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sim import draws
from sim.care.pathways import KINDS
from sim.life import epidemiology
from tests.care_town import Town

PER_MONTH = {"minor": 0.23, "review": 0.12, "mental_health": 0.043, "social": 0.038, "child": 0.048,
             "exacerbation": 0.002, "frailty_crisis": 0.001, "injury": 0.008}  # fmt: skip
SLOTS = ("gp_acute", "gp_acute", "gp_acute", "gp_review", "gp_review", "gp_mental", "gp_social", "gp_child")
ASKED = 3000


class NeedsTown(Town):
    """Half of the residents are depressed, a fifth is lonely; contacts and emergencies come at fixed rates."""

    def __init__(self, n: int = 20_000, networks: int = 2, **more: Any) -> None:
        self.networks = networks
        super().__init__(n, **more)
        self.states: Any = epidemiology.of(self.evidence).states
        r, size = self.residents.columns, self.residents.size
        r["state"][: size // 2] |= self.states.mask("depression")
        self.care.needs.read_slots(SLOTS)
        self.last: dict[str, Any] = {}

    def table_of(self, kind: Any) -> Any:
        """Give the place its networks and authorities before anybody asks for teams."""
        place = self.__dict__.get("place")
        if place is not None and "lad_code" not in place.lsoas:
            place.lsoas["lad_code"] = list("xxyyy")
            place.practices["pcn"] = [f"n{k % self.networks}" for k in range(len(place.practices))]
            place.practices = pd.DataFrame(place.practices)
        return super().table_of(kind)

    def asks(self, kind: str) -> Any:
        """Rows of those who have a need of this kind this month."""
        r, size = self.residents.columns, self.residents.size
        uniform = draws.uniforms(r["key"][:size], self.month, ASKED + KINDS.index(kind))
        return np.flatnonzero((uniform < PER_MONTH[kind]) & (r["unique_id"][:size] != 0))

    def served(self) -> Any:
        """This month's contacts, all served: a pattern a row, one slot a kind."""
        pattern = np.zeros(self.residents.size, np.uint8)
        for slot, kind in ((0, "minor"), (3, "review"), (5, "mental_health"), (6, "social"), (7, "child")):
            pattern[self.asks(kind)] |= np.uint8(1 << slot)
        return pattern

    def step(self) -> None:
        needs = self.care.needs
        self.recorder.begin(self.month)
        needs.refer_from_practice(self.served())
        to_ed, crises = needs.advance()
        of_frailty = np.concatenate([self.asks("frailty_crisis"), crises])
        events = {k: self.asks(k) for k in ("exacerbation", "injury")}
        needs.refer_from_hospital({**events, "frailty_crisis": of_frailty})
        self.last = {"to_ed": to_ed, "crises": crises}
        needs.close_month()
        self.month += 1
