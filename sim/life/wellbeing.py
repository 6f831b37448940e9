"""How well life goes: life satisfaction (0–10) and health-related quality of life (EQ-5D utility).

Both are an age norm plus the person's own deviation from what people of that age and sex have on average in the
reference population, so that average illness, which the norms already contain, is not counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.life import life_kernels, three_cs
from sim.life.epidemiology import Epidemiology, spread
from sim.life.grid import DECILES, Array, keyed, steps, to_cells
from sim.life.states import BYTE, FRAILTY, level, patterns

if TYPE_CHECKING:
    from sim.life.health import Health
    from sim.life.reference import Reference

BEST_SATISFACTION = 10.0
TIE = 1e-5  # utilities are kept in single precision: equal ones must not fall on both sides of a threshold


class Wellbeing:
    """Tables that turn a resident's age, sex and state into life satisfaction and utility.

    decrement: utility lost by each pattern of conditions (2**conditions). The tables that `feel` looks up are float32
    with two rows, satisfaction and utility: norms by cell of the rate tables (the age norm less the reference mean of
    the deviation), by_byte (what each byte of the state adds, but for the utility that conditions cost),
    of_waiting (on a hospital list, unmet need). good_health: utility from which on health counts as good, such that
    the share of the reference population that the Census found in good health has it.
    """

    def __init__(self, epi: Epidemiology, reference: Reference, health: Health) -> None:
        self.states, self.first_condition = epi.states, np.uint64(epi.states.first_condition)
        self.decrement = _decrements(epi)
        evidence = epi.evidence
        self.lonely = evidence["wellbeing.loneliness_effect"]
        self.depressed = evidence["wellbeing.depression_effect"]
        self.pain = evidence["wellbeing.pain_effect"]
        self.frail = keyed(evidence.table("frailty_utility"), "category", FRAILTY)
        points = three_cs.satisfaction_by_level(evidence)
        self.of_control = np.array(points) - points[0]
        people = reference.cells.sum(2)
        lost = reference.mean(self._decrement_of(health.state))
        lower = reference.mean(self._deviation_of(health.state))
        mean_lost = spread(lost * reference.cells).sum(2) / spread(people[:, :, None]).sum(2)
        mean_lower = spread(lower * reference.cells).sum(2) / spread(people[:, :, None]).sum(2)
        utility = steps(evidence.table("utility_norm")) + mean_lost
        satisfaction = steps(evidence.table("life_satisfaction")) - mean_lower + points[0]
        self.norms = _single(to_cells(_all_deciles(satisfaction)), to_cells(_all_deciles(utility)))
        self.shifts, self.by_byte = self._by_byte()
        self.by_pattern = np.ascontiguousarray(-self.decrement, np.float32)
        self.of_waiting = _single(
            [evidence["wellbeing.waiting_effect"], evidence["wellbeing.unmet_effect"]],
            [evidence["wellbeing.waiting_utility"], evidence["wellbeing.unmet_utility"]],
        )
        self.bounds = np.array([evidence["wellbeing.utility_floor"], BEST_SATISFACTION], np.float32)
        of_each = utility[reference.people.male, reference.people.age] - self._decrement_of(health.state)
        self.good_health = threshold(of_each, reference.weight, evidence["outcomes.good_health_share"])

    def _decrement_of(self, state: NDArray[np.uint64]) -> Array:
        of_conditions = self.decrement[state >> self.first_condition]
        return np.asarray(of_conditions + self._of_frailty(state), float)

    def _of_frailty(self, state: NDArray[np.uint64]) -> Array:
        """Utility lost by being frail."""
        lost = (self.states.has(state, name) * each for name, each in zip(FRAILTY, self.frail, strict=True))
        return np.asarray(sum(lost), float)

    def _deviation_of(self, state: NDArray[np.uint64]) -> Array:
        of = {"lonely": self.lonely, "depression": self.depressed, "chronic_pain": self.pain}
        lower = (self.states.has(state, name) * effect for name, effect in of.items() if name in self.states.bits)
        return np.asarray(sum(lower) + self.of_control[level(state, "control")], float)

    def _by_byte(self) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """Where the bytes stand that matter, and what each value of them adds to satisfaction and utility."""
        shifts = np.arange(0, BYTE * self.states.bytes, BYTE, dtype=np.uint64)
        alone = np.arange(256, dtype=np.uint64)
        table = np.stack(
            [np.stack([self._deviation_of(alone << shift), -self._of_frailty(alone << shift)]) for shift in shifts],
            axis=1,
        )
        used = np.flatnonzero((table != 0).any(axis=(0, 2)))
        return shifts[used], np.ascontiguousarray(table[:, used], np.float32)

    def feel(self, r: Mapping[str, NDArray[Any]], rows: NDArray[np.int64], shift: NDArray[np.float32]) -> None:
        """Write `satisfaction` and `utility` of the residents in `rows` into their columns `r`.

        shift: points of satisfaction that levers add, one a neighbourhood. Whoever is on a hospital list, or has given
        up a need that is still open, has less of both.
        """
        life_kernels.feel(
            rows, r["cell"], r["state"], r["listed"], r["unmet"], r["lsoa"],
            self.norms, self.by_byte, self.shifts, self.by_pattern, self.first_condition,
            self.of_waiting, shift, self.bounds, r["satisfaction"], r["utility"],
        )  # fmt: skip


def threshold(utility: Array, weight: Array, share: float) -> float:
    """The utility that the best `share` of people have at least: the rule of good health, solved on the reference.

    utility, weight: float (n,), a person's utility and how many people it stands for.
    """
    order = np.argsort(-utility, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    last = min(int(np.searchsorted(reached, share)), utility.size - 1)
    return float(utility[order][last]) - TIE


def _all_deciles(grid: Array) -> Array:
    return np.broadcast_to(grid[:, :, None], (*grid.shape, DECILES))


def _single(first: ArrayLike, second: ArrayLike) -> NDArray[np.float32]:
    """Two rows as one contiguous float32 table."""
    return np.ascontiguousarray(np.stack([np.asarray(first), np.asarray(second)]), np.float32)


def _decrements(epi: Epidemiology) -> NDArray[np.float32]:
    """Utility lost by each pattern of conditions: the sum of their decrements plus the published adjustment for how
    many there are (Sullivan 2011), never negative."""
    has = patterns(len(epi.names))
    table = epi.evidence.table("utility_decrement")
    each = dict(zip(table["condition"], table["value"].astype(float), strict=True))
    total = has @ np.array([each.get(name, 0.0) for name in epi.names])  # a stage before illness costs nothing
    count = has.sum(1)
    adjustment = epi.evidence.table("utility_ncc")
    by_count = dict(zip(adjustment["conditions"].astype(int), adjustment["value"].astype(float), strict=True))
    most = max(by_count)
    total -= np.array([by_count.get(min(int(n), most), 0.0) for n in count])
    return np.asarray(np.clip(total, 0, None), np.float32)
