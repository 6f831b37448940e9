"""Keeping a share of everyone above an age free of the model's risk states: an experiment, which no policy could do.

Who is in the share is drawn once for each person and state. So at every moment each state is that much less common
above the age than it would be, whoever comes and goes; what it did to health wears off as in those who stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.clock import MONTHS_A_YEAR
from sim.draws import uniforms
from sim.life.behaviours import BEHAVIOURS
from sim.life.review import refresh
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

ALWAYS = 0


class Fewer:
    """Takes every risk state from a share of those of at least `age` years. Call it before each month's `step`."""

    def __init__(self, m: CareSystem, share: float, age: int) -> None:
        self.m, self.share, self.age = m, share, age
        self.masks = [m.states.mask(behaviour.state) for behaviour in BEHAVIOURS]

    def __call__(self) -> None:
        """Put right whoever of the share has a state."""
        m = self.m
        r, size = m.residents.columns, m.residents.size
        held = r["state"][:size]
        old = (m.month - r["born"][:size].astype(np.int64)) // MONTHS_A_YEAR >= self.age
        asked = np.flatnonzero(old & (r["unique_id"][:size] != 0) & ((held & np.bitwise_or.reduce(self.masks)) != 0))
        key, state = r["key"][asked], held[asked]
        for number, (behaviour, mask) in enumerate(zip(BEHAVIOURS, self.masks, strict=True)):
            free = ((state & mask) != 0) & (uniforms(key, ALWAYS, Purpose.FEWER + number) < self.share)
            state[free] &= ~mask
            if behaviour.risk == "smoking":
                state[free] |= m.states.mask("ex_smoker")
        changed = state != held[asked]
        r["state"][asked] = state
        refresh(m, asked[changed])
