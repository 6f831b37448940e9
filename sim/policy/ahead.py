"""What levers do to rates, carried ahead to the middle of the time for which a resident's chances are kept.

Chances are worked out once a year, so what is kept in a month stands, on average, for half a year later. A lever that
comes in over years would be felt half a year late; its factor is therefore carried on by half of what it changed in the
year before. Without levers every factor is one, and stays so to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.life.life_kernels import REVIEW_MONTHS
from sim.policy import policy_kernels as kernels

Factors = NDArray[np.float32]
MOST = 2.0  # times that a factor is carried on at most, up or down


class Ahead:
    """The factors of the last months (neighbourhoods × processes), oldest first; empty while no lever has acted."""

    def __init__(self, least: Factors) -> None:
        """least: the smallest factor of each process that levers together may reach."""
        self.least = least
        self.past: list[Factors] = []

    def carry(self, factors: Factors) -> Factors:
        """This month's factors as they will be, at their present pace, in the middle of the year to come."""
        if not self.past and np.all(factors == 1):
            return factors
        before = self.past[0] if len(self.past) >= REVIEW_MONTHS else np.ones_like(factors)
        self.past = [*self.past[-(REVIEW_MONTHS - 1) :], factors.copy()]
        carried = np.empty_like(factors)
        kernels.carry(factors, before, self.least, np.float32(1 / MOST), np.float32(MOST), carried)
        return carried

    def snapshot(self) -> list[Any]:
        """The factors of the last months; they are never written again."""
        return list(self.past)

    def restore(self, held: list[Any]) -> None:
        """Continue from a snapshot."""
        self.past = list(held)
