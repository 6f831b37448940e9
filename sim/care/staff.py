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

from sim.care import practice_kernels as kernels
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
        usual = self.usual_leaving(decile)
        strain = np.broadcast_to(np.asarray(strain, np.float64), usual.shape[1:])
        return np.asarray(self.moved(np.ones(usual.shape), usual, strain / STEP)[2])

    def move(self, in_post: Floats, decile: Any, strain: Any) -> Floats:
        """A month on: staff in post and leavers, relative to the base year's staff, and the chance to leave: (kinds, P)
        each."""
        return self.moved(in_post, self.usual_leaving(decile), np.asarray(strain, np.float64) / STEP)

    def moved(self, in_post: Floats, usual: Floats, steps: Floats) -> Floats:
        """The same from the usual chance to leave, and strain in units of `STEP`: float64[3, kinds, P]."""
        out = np.empty((3, *in_post.shape))
        kernels.move(in_post, usual, self.fill, self.per_pressure**steps, (LEAST, MOST), out)
        return out


def capacity_factor(m: CareSystem) -> Floats:
    """Appointments of each practice relative to those with the base year's staff: float64[P]."""
    p, count = m.practices.columns, m.practices.size
    change = np.array([p[name][:count] for name in IN_POST]) - 1.0  # exactly 0 until somebody leaves for a reason
    return np.asarray(1.0 + m.care.workforce.share @ change)


def offer(m: CareSystem, factor: Floats, index: float) -> Floats:
    """Write what practices can offer this month, and the full-time equivalents of each kind that this takes (season
    taken out, at 1:1 of the residents simulated); returns usable appointments, less those that new supply induces.

    factor: see `capacity_factor`; index: of the season.
    """
    p, n, work, money = m.practices.columns, m.practices.size, m.care.workforce, m.commissioner
    in_post, full_time, out = (
        tuple([p[name][:n] for name in names])
        for names in (IN_POST, FULL_TIME, ("induced", "capacity", "offered", "staff"))
    )
    kernels.offer(
        p["base_capacity"], factor, money.capacity("general_practice"), index, money.effects.appointments,
        # what growth without policy buys serves need as before; only what policy adds to it induces demand
        money.level("general_practice"), (m.care.gp.induced, m.care.gp.utilisation), (work.share, work.productivity),
        in_post, full_time, out,
    )  # fmt: skip
    return np.array(p["capacity"][:n])


def feel(m: CareSystem, pressure: Floats) -> None:
    """The end of the month: pressure (expected share not offered, (P,)) is remembered, staff leave and are replaced.

    While activity is observed nobody is lost: capacity is what was served.
    """
    p, n, work, observed = m.practices.columns, m.practices.size, m.care.workforce, m.month < FROZEN_FROM
    steps = np.empty(n)
    kernels.remember(pressure, work.memory, observed, p["felt_pressure"][:n], p["usual_pressure"][:n], STEP, steps)
    in_post = np.array([p[name][:n] for name in IN_POST])
    moved, leave, chance = work.moved(in_post, m.care.usual_leaving, steps)
    kernels.leave(tuple([p[name][:n] for name in FULL_TIME]), leave, in_post, p["leavers"][:n])
    p["turnover"][:n] = 1.0 - (1.0 - chance[0]) ** MONTHS_A_YEAR
    if not observed:
        for name, values in zip(IN_POST, moved, strict=True):
            p[name][:n] = values
