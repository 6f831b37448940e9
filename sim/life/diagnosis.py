"""Who has a condition and does not know: the share undiagnosed, and how fast it is found.

Registers count the diagnosed. With u the share undiagnosed, everyone who has a condition is register ÷ (1 − u), or,
where the prevalence of the evidence counts them already, u lies within it. Onsets are the register's new cases ÷ (1 −
u). Of those who will ever be diagnosed, a share is so at once, at onset; the others are found later, at the rate δ =
(rest of the register's new cases) ÷ (people undiagnosed). Then both the register and the undiagnosed keep their level
and trend: whatever balances the one balances the other, u/(1 − u) times as large.

Nobody is asked to a review of what nobody knows of: a condition raises planned reviews in the practice (`REVIEW`) only
once it is diagnosed. All other needs follow from having it. Published use is that of registers, and the level of
reviews is normalised on the reference population as it is known there: England's contacts stay what was counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.life import diagnosis_kernels as kernels
from sim.life.grid import Array

if TYPE_CHECKING:
    from sim.evidence import Evidence
    from sim.system import CareSystem

NONE, BEYOND, WITHIN = "none", "beyond", "within"
WAYS = (NONE, BEYOND, WITHIN)
FEWEST = 1e-7  # people undiagnosed per person below which nobody is left to find
MOST_SHARE = 0.95
REVIEW = "gp_review"
"""The kind of contact that only known conditions bring."""


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


def reviews_left(ratios: Mapping[str, float], conditions: Sequence[str]) -> NDArray[np.float32]:
    """What unknown conditions leave of the rate of reviews, over that with all known: one a pattern of them (2**n).

    ratios: what each condition multiplies the rate of reviews by when it is known; conditions: in the order of bits.
    """
    left = np.ones(1)
    for name in conditions:  # the last is the highest bit
        ratio = ratios.get(name, 1.0)
        left = np.concatenate([left, left / ratio if ratio > 0 else left])
    return left.astype(np.float32)


def forgo_reviews(m: CareSystem, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take from what these residents are cached to ask of their practice the reviews of conditions nobody knows of.

    Returns the rows of those, very few, whose rate is too high for that and must be worked out.
    """
    r, full = m.residents.columns, np.empty(rows.size, np.int64)
    slots, left = _slots_of(m.slots.tobytes(), m.rates.index[REVIEW]), m.epidemiology.reviews_left
    return full[: kernels.forgo(rows, r["undiagnosed"], left, slots, r["ask"], r["gp_rate"], full)]


@lru_cache(maxsize=4)
def _slots_of(slots: bytes, process: int) -> NDArray[np.int64]:
    """Which slots (int64, as bytes) stand for a process."""
    return np.asarray((np.frombuffer(slots, np.int64) == process).nonzero()[0])
