"""What the calendar does to the use of services: observed months, then their seasons for ever.

The shared history carries an exogenous monthly index per service (the pandemic and its wake, strikes, recoding,
seasons), estimated from observed series and frozen at the seasonal pattern of its last year. It multiplies contact
rates, never need states. For hospital services the index of an observed month is what makes the expected events of the
trust's residents the observed count, so every evidence draw enters policy from the same observed level; what the model
would have said without it is kept beside it (``unfitted_…`` of the ledger, times the final level). Matching a fitted
series is no validation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.clock import MONTHS_A_YEAR, calendar_month, month_of
from sim.evidence.reads import remembered

if TYPE_CHECKING:
    from sim.evidence import Evidence

HOSPITAL = ("ed", "emergency", "referral")
SERVICES = ("gp_contact", *HOSPITAL)
PROCESSES = {
    "ed": ("ed", "injury"),
    "emergency": ("emergency", "exacerbation", "frailty_crisis"),
    "referral": ("referral",),
}
"""The processes of the rate tables whose events a hospital service counts together."""
FROZEN_FROM = month_of("2024-04")
"""First month without observed activity: from here seasons repeat and capacities follow the budget."""
BASE_FIRST = FROZEN_FROM - MONTHS_A_YEAR
"""First month of the base year 2023/24."""


@remembered(2)
def _tables(evidence: Evidence) -> tuple[dict[str, dict[int, float]], dict[str, list[float]]]:
    """Each service's observed months, and its twelve seasons; not to be changed."""
    rows = evidence.frame("service_index")
    observed: dict[str, dict[int, float]] = {service: {} for service in SERVICES}
    season: dict[str, list[float]] = {service: [1.0] * MONTHS_A_YEAR for service in SERVICES}
    for service, role, text, value in rows[["service", "role", "month", "value"]].itertuples(index=False):
        month = month_of(text)
        if role == "season":
            season[service][calendar_month(month) - 1] = float(value)
        else:
            observed[service][month] = float(value)
    return observed, season


class ServiceIndex:
    """Each service's multiplier of contact rates by month.

    expected: what gives the events of a hospital service expected this month at multiplier 1; wanted: service → events
    of a mean month of the base year (both simulated). Until they are set, hospital services follow the table alone.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.observed, self.season = _tables(evidence)
        self.expected: Callable[[str], float] | None = None
        self.wanted: dict[str, float] = {}
        self.level = dict.fromkeys(SERVICES, 1.0)
        """Multiplier of a mean month after the observed ones, solved over the base year."""
        self._sums = {service: [0.0, 0.0] for service in HOSPITAL}
        self._now: dict[str, tuple[int, float]] = {}
        self.plain: dict[str, float] = {}
        """Events expected at multiplier 1 in the last observed month, by hospital service."""

    def shape(self, service: str, month: int) -> float:
        """Activity of a month relative to the mean month of the base year: observed, later seasonal."""
        found = self.observed[service].get(month)
        return self.season[service][calendar_month(month) - 1] if found is None else found

    def of(self, service: str, month: int) -> float:
        """What contact rates of `service` are multiplied by in `month` (solved when first asked for in it)."""
        held = self._now.get(service)
        if held is not None and held[0] == month:
            return held[1]
        shape = self.shape(service, month)
        if self.expected is None or service not in self.wanted:
            return shape
        if month >= FROZEN_FROM:
            self.plain.pop(service, None)
            value = shape * self.level[service]
        else:
            value = self._solve(service, month, shape)
        self._now[service] = (month, value)
        return value

    def _solve(self, service: str, month: int, shape: float) -> float:
        plain = self.expected(service) if self.expected is not None else 0.0
        self.plain[service] = plain
        if plain <= 0:
            return shape
        if month >= BASE_FIRST:
            sums = self._sums[service]
            sums[0] += self.wanted[service] * shape
            sums[1] += plain * self.season[service][calendar_month(month) - 1]
            self.level[service] = sums[0] / sums[1]
        return self.wanted[service] * shape / plain

    def snapshot(self) -> dict[str, Any]:
        """What is solved as the months go by."""
        return {
            "level": dict(self.level),
            "wanted": dict(self.wanted),
            "sums": {service: list(sums) for service, sums in self._sums.items()},
            "now": dict(self._now),
        }

    def restore(self, held: dict[str, Any]) -> None:
        """Continue from a snapshot."""
        self.level, self.wanted, self._now = dict(held["level"]), dict(held["wanted"]), dict(held["now"])
        self._sums = {service: list(sums) for service, sums in held["sums"].items()}
