"""Holding everybody in a model at the best attainable level of some kinds of determinants, month after month."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.life.review import refresh
from sim.life.states import LEVEL_VALUES, level_shift
from sim.studies.determinants import Best, shipped

if TYPE_CHECKING:
    from sim.system import CareSystem

TOP_BYTE = {"confidence": 200}
"""The highest value of a resident's column, where it is not 255: patient activation is kept twice, 0–100."""
WAYS_IN = {
    "smoker": "start_smoking", "obese": "become_obese", "inactive": "become_inactive", "drinker": "start_drinking",
    "lonely": "become_lonely", "offline": "go_offline", "cold_home": "enter_cold_home", "low_income": "lose_income",
}  # fmt: skip


class Hold:
    """Keeps a model at its best for some kinds (names in configs/lens.yaml), from when it is made.

    Call it before each month's `step`. Nobody enters a state that nobody has (its rate is nought); who arrives with one
    loses it, and with it its lagged exposures, as if it had never been.
    """

    def __init__(self, m: CareSystem, kinds: tuple[str, ...]) -> None:
        self.m = m
        bests = [shipped().kinds[kind].best for kind in kinds]
        self.bests = bests
        self._clear(bests)
        for best in bests:
            for state in best.nobody:
                if WAYS_IN.get(state) in m.rates.index:
                    m.area_factor[:, m.rates.index[WAYS_IN[state]]] = 0.0
                    m.area[:, m.rates.index[WAYS_IN[state]]] = 0.0  # for those who are put right before the month
            if best.needs_met:
                m.wellbeing = copy.copy(m.wellbeing)  # the table is shared by all models of this evidence
                m.wellbeing.of_waiting = np.zeros_like(m.wellbeing.of_waiting)
        self._first = True

    def _clear(self, bests: list[Best]) -> None:
        """Bits to take away and to set, and the lagged exposures that follow from the states nobody has."""
        m = self.m
        self.off = np.uint64(0)
        self.on = np.uint64(0)
        for best in bests:
            for state in best.nobody:
                if state in m.states.bits:
                    self.off |= m.states.mask(state)
            for name in best.highest:
                self.on |= np.uint64(LEVEL_VALUES - 1) << np.uint64(level_shift(name))
        mask = np.asarray(m.epidemiology.exposures.mask).astype(np.uint64)
        self.lagged = np.flatnonzero(mask & self.off)

    def __call__(self) -> None:
        """Put right whoever is not at the best: everybody the first time, then newcomers and whoever drifted."""
        r, size = self.m.residents.columns, self.m.residents.size
        state = r["state"][:size]
        wrong = ((state & self.off) != 0) | ((state & self.on) != self.on)
        deciles = [best.decile for best in self.bests if best.decile is not None]
        for decile in deciles:
            wrong |= r["decile"][:size] != decile
        if any(best.diagnosed for best in self.bests):
            wrong |= r["undiagnosed"][:size] != 0
            r["undiagnosed"][:size] = 0
        if self._first:
            wrong[:] = True
        wrong &= r["unique_id"][:size] != 0
        rows = np.flatnonzero(wrong)
        self._first = False
        self._put_right(rows, deciles)
        if any(best.needs_met for best in self.bests):
            r["unmet"][:size] = 0

    def _put_right(self, rows: NDArray[np.int64], deciles: list[int]) -> None:
        r = self.m.residents.columns
        r["state"][rows] = (r["state"][rows] & ~self.off) | self.on
        r["lagged"][np.ix_(rows, self.lagged)] = 0
        for best in self.bests:
            for name in best.highest:
                if name in r:
                    r[name][rows] = TOP_BYTE.get(name, np.iinfo(r[name].dtype).max)
        for decile in deciles:
            r["decile"][rows] = decile
        refresh(self.m, rows)
