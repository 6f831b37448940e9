"""Conditions that come before another: hyperglycaemia before type 2 diabetes.

The later condition ends the earlier one; nobody has both. How much faster the later begins in people who have the
earlier is solved, so that a published yearly conversion comes out when the later keeps its own incidence at every
age.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.life.grid import Array

if TYPE_CHECKING:
    from sim.evidence import Evidence

MOST_RATIO = 1e5
HALVINGS = 60


@dataclass(frozen=True)
class Conversion:
    """ratio: rate of the later condition in people with the earlier over that in people with neither; per_year: that
    rate in people with the earlier (sex, age); share: of new cases of the later that come through the earlier."""

    ratio: float
    per_year: Array
    share: float


def conversion(evidence: Evidence, earlier: str, before: Array, after: Array, new: Array, people: Array) -> Conversion:
    """Solve one pair. before, after: share with the earlier and the later (sex, age); new: onsets of the later among
    all without it; people: England (sex, age)."""
    free = np.maximum(1 - after, 1e-9)
    part = np.minimum(before / free, 1.0)  # of those without the later, who has the earlier
    holders = float((before * people).sum())
    cases = float((new * free * people).sum())
    wanted = min(evidence[f"conversion.{earlier}"], evidence["conversion.most_share"] * cases / holders)

    def in_holders(ratio: float) -> Array:
        return np.asarray(ratio * new / (1 + (ratio - 1) * part))

    low, high = 0.0, np.log(MOST_RATIO)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if (in_holders(np.exp(middle)) * before * people).sum() < wanted * holders:
            low = middle
        else:
            high = middle
    per_year = in_holders(float(np.exp(high)))
    return Conversion(float(np.exp(high)), per_year, float((per_year * before * people).sum() / cases))
