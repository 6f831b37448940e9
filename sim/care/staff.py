"""Who works in general practice: staff by kind, how many leave, how soon they are replaced.

A practice's appointments are staff × productivity, by kind of staff. Staff at the opening are what its served
appointments take at the registry's productivity, so that baseline appointments are those observed, not a national
productivity times a local head count. From April 2024 staff in post move, a kind at a time:

    in post ← in post − leavers + vacancies filled,    vacancies = posts − in post

Leavers are a share of those in post, higher where more contacts cannot be offered than in the practice's own last
observed year and where patients are more deprived; vacancies are filled at a constant rate. Posts are such that nothing
moves while a practice is pressed as it was: so the baseline does not drift without a cause. Pressure of this month acts
on next month's leavers. Leavers are expected numbers, not draws: a small practice loses a tenth of a doctor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.care.indices import FROZEN_FROM
from sim.clock import MONTHS_A_YEAR

if TYPE_CHECKING:
    from sim.system import CareSystem

Floats = NDArray[np.float64]
KINDS = ("gp", "nurse", "other")
IN_POST = ("gps_in_post", "nurses_in_post", "others_in_post")
"""Columns of `GPPractice`: staff in post by kind, relative to the base year."""
FULL_TIME = ("gps", "nurses", "others")
"""Columns of `GPPractice`: full-time equivalents."""
STEP = 0.1
"""The pressure (share of contacts not offered) to which ``care.leaving_per_pressure`` refers."""
DECILES = 9.0
LEAST, MOST = 0.5, 3.0
"""Leaving stays between half and three times its usual rate, whatever the pressure."""


@dataclass(frozen=True)
class Workforce:
    """What is known of staff, by kind (gp, nurse, other): (3,) arrays.

    share: of appointments served; productivity: appointments a month per full-time equivalent; leave: chance a month;
    fill: chance a month that a vacancy is filled; per_pressure: ratio of leaving for a tenth more contacts not offered;
    deprived: ratio of leaving, most to least deprived decile; memory: months over which pressure is felt.
    """

    share: Floats
    productivity: Floats
    leave: Floats
    fill: Floats
    per_pressure: float
    deprived: float
    memory: float

    @classmethod
    def read(cls, evidence: Mapping[str, float]) -> Workforce:
        """From the registry."""
        gp, nurse = evidence["care.staff_share_gp"], evidence["care.staff_share_nurse"]
        per_year = [evidence[f"care.productivity_{kind}"] for kind in KINDS]
        leave = np.array([evidence[f"care.leaver_rate_{kind}"] for kind in KINDS])
        vacant = np.array([evidence[f"care.vacancy_months_{kind}"] for kind in KINDS])
        return cls(
            share=np.array([gp, nurse, 1.0 - gp - nurse]),
            productivity=np.array(per_year) / MONTHS_A_YEAR,
            leave=1.0 - np.exp(-leave / MONTHS_A_YEAR),
            fill=1.0 - np.exp(-1.0 / vacant),
            per_pressure=evidence["care.leaving_per_pressure"],
            deprived=evidence["care.leaving_deprivation"],
            memory=evidence["care.pressure_memory_months"],
        )

    def usual_leaving(self, decile: Any) -> Floats:
        """Chance a month to leave a practice whose patients live in this mean decile: (kinds, P)."""
        middle = (1.0 + DECILES) / 2.0 + 0.5
        tilt = self.deprived ** ((middle - np.asarray(decile, np.float64)) / DECILES)
        return np.minimum(self.leave[:, None] * tilt, 1.0)

    def leaving(self, decile: Any, strain: Any) -> Floats:
        """The same when contacts not offered are `strain` above the practice's usual share: (kinds, P)."""
        return self._under_strain(self.usual_leaving(decile), strain)

    def _under_strain(self, usual: Floats, strain: Any) -> Floats:
        ratio = self.per_pressure ** (np.asarray(strain, np.float64) / STEP)
        return np.minimum(usual * np.minimum(np.maximum(ratio, LEAST), MOST), 1.0)

    def move(self, in_post: Floats, decile: Any, strain: Any) -> tuple[Floats, Floats, Floats]:
        """A month on: staff in post and leavers, relative to the base year's staff, and the chance to leave: (kinds, P)
        each."""
        usual = self.usual_leaving(decile)
        chance = self._under_strain(usual, strain)
        leave = in_post * chance
        posts = 1.0 + usual / self.fill[:, None]
        filled = self.fill[:, None] * np.maximum(posts - in_post, 0.0)
        return in_post - leave + filled, leave, chance


def capacity_factor(m: CareSystem) -> Floats:
    """Appointments of each practice relative to those with the base year's staff: float64[P]."""
    p, count = m.practices.columns, m.practices.size
    change = np.stack([p[name][:count] - 1.0 for name in IN_POST])  # exactly 0 until somebody leaves for a reason
    return np.asarray(1.0 + m.care.workforce.share @ change)


def count(m: CareSystem, usable: Floats, factor: Floats) -> None:
    """Write full-time equivalents: what a month's usable appointments (season taken out, (P,)) take of each kind, at
    1:1 of the residents simulated. factor: see `capacity_factor`."""
    p, n, work = m.practices.columns, m.practices.size, m.care.workforce
    each = usable / np.maximum(factor, 1e-12)
    for name, in_post, share, productivity in zip(FULL_TIME, IN_POST, work.share, work.productivity, strict=True):
        p[name][:n] = each * p[in_post][:n] * share / productivity
    p["staff"][:n] = sum(p[name][:n] for name in FULL_TIME)


def feel(m: CareSystem, pressure: Floats) -> None:
    """The end of the month: pressure (expected share not offered, (P,)) is remembered, staff leave and are replaced.

    While activity is observed nobody is lost: capacity is what was served.
    """
    p, n, work = m.practices.columns, m.practices.size, m.care.workforce
    felt = p["felt_pressure"][:n]
    felt[:] = np.where(felt > 0, felt + (pressure - felt) / work.memory, pressure)
    observed = m.month < FROZEN_FROM
    if observed:
        p["usual_pressure"][:n] = felt
    strain = felt - p["usual_pressure"][:n]
    in_post = np.stack([p[name][:n] for name in IN_POST])
    decile = p["decile"][:n]
    moved, leave, chance = work.move(in_post, decile, strain)
    fte = np.stack([p[name][:n] for name in FULL_TIME])
    p["leavers"][:n] = (fte * leave / np.maximum(in_post, 1e-12)).sum(axis=0)
    p["turnover"][:n] = 1.0 - (1.0 - chance[0]) ** MONTHS_A_YEAR
    for name, values in zip(IN_POST, in_post if observed else moved, strict=True):
        p[name][:n] = values
