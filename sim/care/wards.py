"""Which ward an emergency goes to, and how the trust's beds divide between wards.

The trust's beds are one pool; a ward has the share of them that its patients' bed-days were in the last observed year
(planned stays are surgery's). Later a ward fills as its patients do, while what full beds do follows the whole trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.hospitals import ACUTE, PAEDIATRICS, SURGERY, WARDS
from sim.care import ward_kernels as kernels
from sim.care.indices import FROZEN_FROM
from sim.clock import MONTHS_A_YEAR
from sim.evidence.reads import remembered

if TYPE_CHECKING:
    from sim.evidence import Evidence
    from sim.system import CareSystem

Array = NDArray[Any]
Rows = NDArray[np.int64]
CAUSES = ("emergency", "exacerbation", "frailty_crisis", "injury")
"""What an emergency admission can be for: processes of the rate tables."""
EXACERBATION = CAUSES.index("exacerbation")
CONDITIONS = {
    "cardiology": ("chd", "heart_failure"),
    "respiratory": ("copd", "asthma"),
    "diabetes": ("type2_diabetes",),
}
"""Conditions whose exacerbations a ward takes."""
NO_NEEDS = EXACERBATION, np.zeros(len(WARDS), np.bool_), np.zeros(len(WARDS), np.uint64)


@remembered(2)
def _shares(evidence: Evidence) -> Array:
    """Share of each ward in the admissions of each cause, float64[causes, wards], not to be written."""
    table = evidence.frame("emergency_ward").pivot(index="cause", columns="ward", values="value").fillna(0.0)
    share = table.reindex(index=list(CAUSES), columns=list(WARDS), fill_value=0.0).to_numpy(np.float64)
    return np.ascontiguousarray(share / share.sum(axis=1, keepdims=True))


class Wards:
    """Shares of wards by cause, and the bed-days of each ward (mean month, smoothed over a year)."""

    def __init__(self, m: CareSystem) -> None:
        self.m = m
        self.share = _shares(m.evidence)
        self.child_months = int(MONTHS_A_YEAR * m.evidence["care.paediatric_age"])
        self.days = np.zeros(len(WARDS))
        self.base = np.zeros(len(WARDS))

    @cached_property
    def needs(self) -> tuple[int, Array, Array]:
        """The cause for which some wards take only certain conditions; which wards do; the bits of the conditions."""
        bits = self.m.states.bits
        conditions = [sum(1 << bits[name] for name in CONDITIONS.get(ward, ()) if name in bits) for ward in WARDS]
        return EXACERBATION, np.array([name in CONDITIONS for name in WARDS]), np.array(conditions, np.uint64)

    def assign(self, rows: Rows, cause: NDArray[np.int8], uniform: NDArray[np.float32]) -> NDArray[np.int64]:
        """The ward (position in `WARDS`) of each admission: children's is paediatrics, others' is drawn by cause."""
        m, r = self.m, self.m.residents.columns
        ward, children = np.empty(len(rows), np.int64), (m.month - self.child_months, PAEDIATRICS - ACUTE)
        needs = self.needs if np.count_nonzero(cause == EXACERBATION) else NO_NEEDS
        kernels.assign(rows, cause, uniform, self.share, needs, children, (r["born"], r["state"]), ward)
        return ward

    def settle(self, month: Array, planned: float) -> None:
        """A month's bed-days: of emergencies by ward (float64), and of planned patients (surgery's)."""
        month[SURGERY - ACUTE] += planned
        self.days = self.days + (month - self.days) / MONTHS_A_YEAR if np.count_nonzero(self.days) else month
        if self.m.month < FROZEN_FROM:
            self.base = self.days

    def snapshot(self) -> dict[str, Array]:
        """What changes (arrays are replaced, never written)."""
        return {"days": self.days, "base": self.base}

    def restore(self, held: Mapping[str, Array]) -> None:
        """Continue from a snapshot."""
        self.days, self.base = held["days"], held["base"]


def together(rows_by_cause: Mapping[str, Rows] | Rows) -> tuple[Rows, NDArray[np.int8]]:
    """Rows of all admissions, and the cause of each (position in `CAUSES`); plain rows are other emergencies."""
    if not isinstance(rows_by_cause, Mapping):
        return rows_by_cause, np.zeros(len(rows_by_cause), np.int8)
    rows = list(rows_by_cause.values())
    cause = np.array([CAUSES.index(name) for name in rows_by_cause], np.int8)
    return np.concatenate(rows), np.repeat(cause, [len(each) for each in rows])
