"""Who has a condition and does not know: the share undiagnosed, and how fast it is found.

Registers count the diagnosed. With u the share undiagnosed, everyone who has a condition is register ÷ (1 − u), or,
where the prevalence of the evidence counts them already, u lies within it. Onsets are the register's new cases ÷ (1 −
u). Of those who will ever be diagnosed, a share is so at once, at onset; the others are found later, at the rate δ =
(rest of the register's new cases) ÷ (people undiagnosed). Then both the register and the undiagnosed keep their level
and trend: whatever balances the one balances the other, u/(1 − u) times as large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.errors import UserError
from sim.life.grid import Array

if TYPE_CHECKING:
    from sim.evidence import Evidence

NONE, BEYOND, WITHIN = "none", "beyond", "within"
WAYS = (NONE, BEYOND, WITHIN)
FEWEST = 1e-7  # people undiagnosed per person below which nobody is left to find
MOST_SHARE = 0.95


def share(evidence: Evidence, condition: str, way: str) -> float:
    """Share of those who have the condition that is undiagnosed; 0 for a condition that is always known."""
    if way not in WAYS:
        raise UserError(f"configs/conditions/{condition}.yaml: 'undiagnosed' is '{way}'; it must be one of {WAYS}.")
    return 0.0 if way == NONE else evidence[f"diagnosis.undiagnosed_{condition}"]


def everyone(counted: Array, undiagnosed: float, way: str) -> Array:
    """Share of people who have the condition, from the share that the evidence counts (any shape)."""
    return np.asarray(np.minimum(counted / (1 - undiagnosed), MOST_SHARE)) if way == BEYOND else counted


def at_once(evidence: Evidence, undiagnosed: float) -> float:
    """Share of those in whom the condition begins who are diagnosed in the same month."""
    return evidence["diagnosis.at_onset"] * (1 - undiagnosed)


def rate(evidence: Evidence, new: Array, prevalence: Array, undiagnosed: float) -> Array:
    """Diagnoses per person-year among the undiagnosed, of the shape of `prevalence`.

    new: onsets per person-year among those without the condition; prevalence: everyone who has it.
    """
    found = (1 - undiagnosed - at_once(evidence, undiagnosed)) * new * (1 - prevalence)
    per_year = found / np.maximum(undiagnosed * prevalence, FEWEST)
    return np.asarray(np.minimum(per_year, evidence["diagnosis.most_per_year"]))
