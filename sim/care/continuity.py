"""Continuity: which share of their contacts residents have with the clinician they usually see.

A resident's share moves, at each review, toward what their practice can give: less in a larger practice (Barker 2017),
less when more contacts cannot be offered than in the last observed year, more where a policy supports it
(``area_shift["continuity"]`` of the model). When the usual doctor leaves, which happens to as many patients as doctors
leave, a part of it is lost at once. What practices can give is set so that, with the usual number of leavers, the mean
is the published one: nothing drifts without a cause. What it does is in `sim.life.usual_doctor` (help that nobody
planned) and `sim.life.managed` (how well conditions are managed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.care import care_kernels as kernels
from sim.care.staff import STEP
from sim.clock import MONTHS_A_YEAR
from sim.life import usual_doctor
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Floats = NDArray[np.float64]
FULL = 255.0


@dataclass(frozen=True)
class Continuity:
    """usual: mean share of the registry at a list of `at_list` patients; by_size: change for a list e times as long;
    by_pressure: change for a tenth more contacts not offered; loss: part lost when the usual doctor leaves; months:
    mean time in which a resident's share follows what the practice gives."""

    usual: float
    at_list: float
    by_size: float
    by_pressure: float
    loss: float
    months: float

    @classmethod
    def read(cls, evidence: Mapping[str, float]) -> Continuity:
        """From the registry."""
        return cls(
            usual=evidence["managed.usual_continuity"],
            at_list=evidence["care.continuity_at_list"],
            by_size=evidence["care.continuity_by_size"],
            by_pressure=evidence["care.continuity_by_pressure"],
            loss=evidence["care.continuity_lost_with_leaver"],
            months=evidence["care.continuity_months"],
        )

    def mean(self, list_size: Any) -> Floats:
        """Mean share of the patients of practices with these lists, when pressed as usual: float64, 0–1."""
        lists = np.maximum(np.asarray(list_size, np.float64), 1.0)
        return np.clip(self.usual + self.by_size * np.log(lists / self.at_list), 0.0, 1.0)

    def pace(self, months: int) -> float:
        """Part of the gap to what the practice gives that is closed in so many months."""
        return float(1.0 - np.exp(-months / self.months))

    def given(self, list_size: Any, leaving: Any, months: int) -> Floats:
        """What a practice must give so that its patients' mean is `mean` when the usual doctor of a share `leaving` of
        them leaves between two reviews `months` apart."""
        kept = 1.0 - np.asarray(leaving, np.float64) * self.loss
        pace = self.pace(months)
        return np.asarray(self.mean(list_size) * (1.0 / kept - 1.0 + pace) / pace)


def welcome(m: CareSystem, rows: NDArray[np.int64]) -> None:
    """New residents (and newborns) begin with the mean of their practice, and the level that goes with it."""
    r = m.residents.columns
    r["continuity"][rows] = m.care.usual_continuity[r["practice"][rows]]
    usual_doctor.set_levels(m, rows)


def review(m: CareSystem, rows: NDArray[np.int64], months: int) -> NDArray[np.int64]:
    """Move the continuity of the residents in review, last reviewed `months` ago; returns their rows.

    Writes their `continuity`, its level in their `state` (who calls this works their rates out anew afterwards), and
    their practices' column of that name (mean of those in review; unchanged where nobody is).
    """
    care, r, p, n = m.care, m.residents.columns, m.practices.columns, m.practices.size
    now = 1.0 - (1.0 - p["turnover"][:n]) ** (months / MONTHS_A_YEAR)
    if months not in care.usually_given:
        usual = 1.0 - (1.0 - care.usual_leaving[0]) ** months
        care.usually_given[months] = care.continuity.given(p["list_size"][:n], usual, months)
    strain = (p["felt_pressure"][:n] - p["usual_pressure"][:n]) / STEP
    given = care.usually_given[months] + care.continuity.by_pressure * strain
    kernels.move_continuity(
        rows, r["key"], r["practice"], r["lsoa"], given, m.area_shift["continuity"], now,
        care.continuity.pace(months), care.continuity.loss, draws.offset(m.month, Purpose.CONTINUITY), r["continuity"],
        p["continuity"][:n],
    )  # fmt: skip
    usual_doctor.set_levels(m, rows)
    return rows
