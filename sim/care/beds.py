"""Beds as bed-days: how many a month's patients need, and what full beds do. Pure functions.

The accounts close by construction at the base year: overnight admissions × length of stay + planned bed-days = beds ×
occupancy × days. Length of stay includes the wait for discharge; the share of emergency admissions without a night is
what makes the sum come out (``docs/decisions/care.md``). Frail people stay longer than fit people of their age; at the
base year the mean stay at every age is that of the tables all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim.care.parameters import Hospital

DAYS_A_YEAR = 365.25
DAYS_A_MONTH = DAYS_A_YEAR / 12
MOST_WAIT, MOST_OVER_4H = 0.9, 0.95
"""Of the days of a stay spent waiting for discharge, and of attendances over four hours, whatever the pressure."""


@dataclass(frozen=True)
class Stay:
    """Length of emergency stays. zero_day: share of admissions without a night; by_age: mean days of the others, by
    category of frailty and single year of age (4, ages), including the wait for discharge; wait: share of those days
    spent waiting for it."""

    zero_day: float
    by_age: NDArray[np.float64]
    wait: float

    def days(self, discharge_capacity: float, elasticity: float, spared: float = 1.0) -> NDArray[np.float64]:
        """Mean days by frailty and age when community and social care have this capacity (1: as in the base year);
        spared: factor on the days of waiting beyond that."""
        if discharge_capacity <= 0:
            ratio = 2.0 if elasticity > 0 else 1.0
        else:
            ratio = min(2.0, discharge_capacity**-elasticity)
        return self.by_age * (1.0 - self.wait + self.wait * ratio * spared)


def by_frailty(
    shape: NDArray[np.float64], ratio: NDArray[np.float64], admissions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Relative length of stay by frailty and age (4, ages); its mean over those admitted is `shape` in each band of it.

    shape: by single year of age, in bands; ratio: of each category of frailty to the fit (4,); admissions: relative
    number by frailty and age.
    """
    band = np.cumsum(np.diff(shape, prepend=shape[0]) != 0)
    number = np.bincount(band, admissions.sum(axis=0))
    longer = np.bincount(band, ratio @ admissions)
    norm = np.where(number > 0, longer / np.maximum(number, 1e-300), 1.0)
    return np.asarray(ratio[:, None] * (shape / norm[band]))


def solve_stay(
    h: Hospital, shape: NDArray[np.float64], admissions: NDArray[np.float64], beds: float, zero_day: tuple[float, float]
) -> Stay:
    """The zero-day share (and, if it leaves its range, the level of length of stay) that closes the bed-days.

    shape: relative length of stay, and admissions: relative number of them, both by frailty and single year of age;
    beds: open in the base year; zero_day: the range of the share. Counts of `h` are a year's, of the whole trust.
    """
    weight = admissions / admissions.sum()
    nights = beds * h.occupancy * DAYS_A_YEAR - h.elective_days
    share = 1.0 - nights / (h.admissions * h.los)
    share = min(max(share, zero_day[0]), zero_day[1])
    los = nights / (h.admissions * (1.0 - share))
    by_age = shape * (los / float((weight * shape).sum()))
    wait = min(h.discharge_wait * beds * h.occupancy * DAYS_A_YEAR / nights, MOST_WAIT)
    return Stay(share, by_age, wait)


def occupied(load: float, beds: float, ceiling: float) -> float:
    """Mean beds occupied: what patients need, up to the highest share of beds that can be filled; the rest board
    elsewhere or are sent home sooner."""
    return min(load, beds * ceiling)


def pressure(load: float, beds: float) -> float:
    """Load over beds; 2 is the most that is told apart (no beds at all is 2)."""
    return min(2.0, load / beds) if beds > 0 else 2.0


def over_4h_share(h: Hospital, last_pressure: float) -> float:
    """Share of A&E attendances over four hours at last month's pressure on beds."""
    return min(max(h.over_4h + h.over_4h_slope * (last_pressure - h.occupancy), 0.0), MOST_OVER_4H)


def cancelled_share(h: Hospital, last_pressure: float) -> float:
    """Share of the planned slots that need a bed which last month's pressure, beyond the base year's, cancels."""
    return min(max(h.cancel_slope * (last_pressure - h.occupancy), 0.0), 1.0)
