"""Deaths: England's rates by sex, age and deprivation, the calendar, and what multiplies them for one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.clock import year_and_month
from sim.life.grid import AGES, DECILES, SEXES, Array

if TYPE_CHECKING:
    from sim.evidence import Evidence


def base(evidence: Evidence) -> Array:
    """Deaths per person-year in the base year as (sex, age, decile)."""
    table = evidence.table("mortality_base")
    grid = np.zeros((SEXES, AGES, DECILES))
    grid[table["sex"], np.minimum(table["age"], AGES - 1), table["decile"] - 1] = table["value"]
    return grid


class Calendar:
    """Mortality of each year relative to the base year: observed through the pandemic, then a steady improvement."""

    def __init__(self, evidence: Evidence) -> None:
        table = evidence.table("mortality_year")
        self.observed = dict(zip(table["year"].astype(int), table["value"].astype(float), strict=True))
        self.improvement = evidence["mortality.improvement_per_year"]

    def ratio(self, month: int) -> float:
        """Ratio to the base year in a month number."""
        year, _ = year_and_month(month)
        last = max(self.observed)
        if year <= last:
            return self.observed[max(year, min(self.observed))]
        return self.observed[last] * (1 - self.improvement) ** (year - last)
