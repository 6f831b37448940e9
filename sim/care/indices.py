"""What the calendar does to the use of services: observed months, then their seasons for ever.

The shared history carries an exogenous monthly index per service (the pandemic and its wake, strikes, recoding,
seasons), estimated from observed series against a smooth level and frozen at the seasonal pattern of its last year. It
multiplies contact rates, never need states. Matching an observed series with it is no validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.clock import MONTHS_A_YEAR, calendar_month, month_of

if TYPE_CHECKING:
    from sim.evidence import Evidence

BASE = month_of("2023-10")  # middle of the base year 2023/24, where the smooth level is 1
SERVICES = ("gp_contact", "ed", "emergency", "referral")


class ServiceIndex:
    """Each service's index by month; the mean of a seasonal year is 1."""

    def __init__(self, evidence: Evidence) -> None:
        rows = evidence.table("service_index")
        growth = evidence["care.demand_growth"]
        self.observed: dict[str, dict[int, float]] = {service: {} for service in SERVICES}
        self.season: dict[str, list[float]] = {service: [1.0] * MONTHS_A_YEAR for service in SERVICES}
        for service, role, text, value in rows[["service", "role", "month", "value"]].itertuples(index=False):
            month = month_of(text)
            if role == "season":
                self.season[service][calendar_month(month) - 1] = float(value)
            elif service == "gp_contact":
                self.observed[service][month] = float(value)
            else:
                self.observed[service][month] = float(value) / smooth_level(growth, month)
        self.level = dict.fromkeys(SERVICES, 1.0)
        """Local level of use, solved once when the place opens: multiplies every month."""
        self.frozen_from = {service: max(months, default=-1) + 1 for service, months in self.observed.items()}

    def of(self, service: str, month: int) -> float:
        """What contact rates of `service` are multiplied by in `month`."""
        found = self.observed[service].get(month)
        shape = self.season[service][calendar_month(month) - 1] if found is None else found
        return shape * self.level[service]


def smooth_level(growth: float, month: int) -> float:
    """Level of a smoothly growing service in `month` relative to the base year."""
    return float(np.exp(np.log1p(growth) * (month - BASE) / MONTHS_A_YEAR))
