"""How many pathways the trust can finish in a month, and which parts of its lists they are kept for.

While flows are observed (to March 2024) the list grows, relative to its starts, as the system's list did; the slots
that this takes in the last year are what each later calendar month has, times what the budget makes of it. In observed
months slots go to priorities so that each keeps its share of the list; the division of the last year is kept
afterwards, but the urgent who began before this month come first, and what one priority leaves the next may use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.care import capacity_kernels as kernels
from sim.care.beds import cancelled_share
from sim.care.indices import FROZEN_FROM
from sim.clock import MONTHS_A_YEAR, calendar_month, iso, month_of
from sim.evidence.reads import remembered

if TYPE_CHECKING:
    from sim.evidence import Evidence
    from sim.system import CareSystem

Array = NDArray[Any]
OPENING, LAST = "2020-06", "2024-03"
URGENT = 0
HALVINGS, LEAST_STRETCH = 60, 1e-3


class Slots:
    """The trust's slots: observed outflow, then a frozen year. Whole-trust amounts unless said otherwise."""

    def __init__(self, evidence: Evidence, specialties: int, stock_of_priority: NDArray[np.float64]) -> None:
        flow = {name: _series(evidence, "waiting_flow", name) for name in ("new", "completed", "incomplete")}
        new, completed, listed = flow.values()
        size = evidence["care.waiting_list"]
        per_listed = size / listed[LAST]
        self.opening_size = listed[OPENING] * per_listed
        self.opening_over_18w = _series(evidence, "waiting_shares", "over_18w")[OPENING]
        self.outflow = {
            month_of(month): 1.0 - (listed[month] - listed[iso(month_of(month) - 1)]) / new[month]
            for month in new if month > OPENING
        }  # fmt: skip
        year = [iso(FROZEN_FROM - MONTHS_A_YEAR + k) for k in range(MONTHS_A_YEAR)]
        self.usual_starts = sum(new[month] for month in year) / MONTHS_A_YEAR * per_listed
        self.completed = sum(completed[month] for month in year) / MONTHS_A_YEAR * per_listed
        ended = sum(new[month] * self.outflow[month_of(month)] for month in year) / MONTHS_A_YEAR * per_listed
        self.usual_ends = ended
        self.usual_stops = ended / (1.0 + evidence["care.removal_share"])
        """Pathways begun (`usual_starts`), published as completed, ended in any way (`usual_ends`), and finished here
        once removals are taken from all that ended: of a mean month of the base year, whole trust."""
        self.removal_chance = evidence["care.removal_share"] * self.usual_stops / size
        self.ends_elsewhere = self.usual_starts / size
        self.bed_dependent = evidence["care.outcome_day_case"] + evidence["care.outcome_ordinary"]
        self.stock_of_priority = stock_of_priority
        self.of_month = np.zeros(MONTHS_A_YEAR)  # slots of the frozen year, by calendar month, simulated
        self.of_priority = np.zeros(len(stock_of_priority))  # slots of the frozen year, by priority
        self.carried = np.zeros((specialties, len(stock_of_priority)))
        self.by_specialty = np.zeros(specialties)
        self.offered = self.cancelled = self.expected = 0.0

    def this_month(
        self, m: CareSystem, stock: Array, fresh: Array, ended: int, starts: int, expected: float
    ) -> NDArray[np.int64]:
        """Places of each group (specialty × priority, flat) this month.

        stock, fresh: entries on the list, and those of them that began this month (specialties, priorities); ended:
        entries that have ended untreated this month; starts, expected: referrals, come and expected. Simulated.
        """
        self.expected = expected
        total = self._total(m, starts, expected, ended)
        share = cancelled_share(m.care.hospital, m.care.pressure)
        self.cancelled = total * self.bed_dependent * share if m.month >= FROZEN_FROM else 0.0
        self.offered = total - self.cancelled
        self.by_specialty = self.offered * m.care.waiting.mix
        if m.month < FROZEN_FROM:
            given = self._keep_shares(stock)
            if m.month >= FROZEN_FROM - MONTHS_A_YEAR:
                self.of_priority = self.of_priority + given.sum(axis=0)
        else:
            given = np.empty(stock.shape)
            kernels.divide(stock, fresh, self.by_specialty, self.of_priority, URGENT, given)
        places = np.empty(stock.shape, np.int64)
        kernels.whole(given, stock, self.carried, places)
        return places.reshape(-1)

    def _total(self, m: CareSystem, starts: int, expected: float, ended: int) -> float:
        """Slots of this month before cancellations, simulated."""
        calendar = calendar_month(m.month) - 1
        if m.month < FROZEN_FROM:
            out = self.outflow[m.month]
            if m.month >= FROZEN_FROM - MONTHS_A_YEAR:
                self.of_month[calendar] = max(expected * out - ended, 0.0)  # without the chance in this year's starts
            return float(max(starts * out - ended, 0.0))
        care = self.bed_dependent * m.commissioner.capacity("acute_elective")
        clinic = (1.0 - self.bed_dependent) * m.commissioner.capacity("outpatient")
        return float(self.of_month[calendar] * (care + clinic) + m.commissioner.extra_slots * m.care.unit)

    def _keep_shares(self, stock: Array) -> NDArray[np.float64]:
        """Slots by specialty and priority that leave every priority its share of its specialty's list."""
        closing = np.maximum(stock.sum(axis=1) - self.by_specialty, 0.0)
        given = np.maximum(stock - closing[:, None] * self.stock_of_priority, 0.0)
        total = given.sum(axis=1)
        return np.asarray(
            given * np.divide(self.by_specialty, total, out=np.zeros_like(total), where=total > 0)[:, None]
        )

    def snapshot(self) -> dict[str, Any]:
        """What changes from month to month."""
        return {name: getattr(self, name).copy() for name in ("of_month", "of_priority", "carried")}

    def restore(self, held: dict[str, Any]) -> None:
        """Continue from a snapshot."""
        for name, values in held.items():
            setattr(self, name, values.copy())


@remembered(16)
def _series(evidence: Evidence, table: str, name: str) -> dict[str, float]:
    """One series of a table by month (YYYY-MM), not to be changed."""
    rows = evidence.frame(table)
    key = "series" if "series" in rows else "measure"
    rows = rows[rows[key] == name]
    return dict(zip(rows["month"].astype(str), rows["value"].astype(float), strict=True))


def stretch(stock: NDArray[np.float64], months: NDArray[np.float64], over: float, threshold: float) -> float:
    """The factor on every priority's longest wait at which a share `over` of the stock has waited beyond `threshold`.

    stock: share of the list by priority; months: longest wait; within a priority waits are even from 0 to it.
    """
    least, most = LEAST_STRETCH, 1 / LEAST_STRETCH
    for _ in range(HALVINGS):
        middle = float(np.sqrt(least * most))
        beyond = float((stock * np.maximum(1 - threshold / (months * middle), 0.0)).sum())
        least, most = (least, middle) if beyond > over else (middle, most)
    return float(np.sqrt(least * most))
