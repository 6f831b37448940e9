"""How well life goes: life satisfaction (0–10) and health-related quality of life (EQ-5D utility).

Both are an age norm plus the person's own deviation from what people of that age and sex have on average in the
reference population, so that average illness, which the norms already contain, is not counted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.life.epidemiology import Epidemiology, spread
from sim.life.grid import AGES, Array, steps
from sim.life.states import patterns

if TYPE_CHECKING:
    from sim.life.health import Health
    from sim.life.reference import Reference

BEST_SATISFACTION = 10.0


class Wellbeing:
    """Tables that turn a resident's age, sex and state into life satisfaction and utility.

    decrement: utility lost by each pattern of conditions (2**conditions); utility_norm and satisfaction_norm: norm
    plus the reference mean of the deviation, (sex, age).
    """

    def __init__(self, epi: Epidemiology, reference: Reference, health: Health) -> None:
        self.states = epi.states
        self.decrement = _decrements(epi)
        evidence = epi.evidence
        self.lonely = evidence["wellbeing.loneliness_effect"]
        self.depressed = evidence["wellbeing.depression_effect"]
        self.waiting = evidence["wellbeing.waiting_effect"]
        self.unmet = evidence["wellbeing.unmet_effect"]
        self.waiting_utility = evidence["wellbeing.waiting_utility"]
        self.unmet_utility = evidence["wellbeing.unmet_utility"]
        self.floor = evidence["wellbeing.utility_floor"]
        people = reference.cells.sum(2)
        lost = reference.mean(self._decrement_of(health.state))
        lower = reference.mean(self._deviation_of(health.state))
        mean_lost = spread(lost * reference.cells).sum(2) / spread(people[:, :, None]).sum(2)
        mean_lower = spread(lower * reference.cells).sum(2) / spread(people[:, :, None]).sum(2)
        self.utility_norm = (steps(evidence.table("utility_norm")) + mean_lost).astype(np.float32)
        self.satisfaction_norm = (steps(evidence.table("life_satisfaction")) - mean_lower).astype(np.float32)

    def _decrement_of(self, state: NDArray[np.uint32]) -> Array:
        return np.asarray(self.decrement[state >> np.uint32(self.states.first_condition)], float)

    def _deviation_of(self, state: NDArray[np.uint32]) -> Array:
        return self.states.has(state, "lonely") * self.lonely + self.states.has(state, "depression") * self.depressed

    def of(
        self,
        age: NDArray[np.integer],
        male: NDArray[np.integer],
        state: NDArray[np.uint32],
        waiting: NDArray[np.bool_],
        unmet: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Life satisfaction and utility of each resident (float32). waiting: on a hospital list; unmet: has given up
        a need that is still open."""
        age = np.minimum(age, AGES - 1)
        utility = self.utility_norm[male, age] - self.decrement[state >> np.uint32(self.states.first_condition)]
        utility = utility + waiting * self.waiting_utility + unmet * self.unmet_utility
        satisfaction = self.satisfaction_norm[male, age] + self._deviation_of(state)
        satisfaction = satisfaction + waiting * self.waiting + unmet * self.unmet
        return (
            np.clip(satisfaction, 0, BEST_SATISFACTION).astype(np.float32),
            np.clip(utility, self.floor, 1.0).astype(np.float32),
        )


def _decrements(epi: Epidemiology) -> NDArray[np.float32]:
    """Utility lost by each pattern of conditions: the sum of their decrements plus the published adjustment for how
    many there are (Sullivan 2011), never negative."""
    has = patterns(len(epi.names))
    table = epi.evidence.table("utility_decrement")
    each = dict(zip(table["condition"], table["value"].astype(float), strict=True))
    total = has @ np.array([each[name] for name in epi.names])
    count = has.sum(1)
    adjustment = epi.evidence.table("utility_ncc")
    by_count = dict(zip(adjustment["conditions"].astype(int), adjustment["value"].astype(float), strict=True))
    most = max(by_count)
    total -= np.array([by_count.get(min(int(n), most), 0.0) for n in count])
    return np.asarray(np.clip(total, 0, None), np.float32)
