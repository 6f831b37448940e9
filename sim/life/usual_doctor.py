"""Seeing one's usual doctor: what continuity does to how often people ask for help.

Rates see four levels of a resident's continuity, at 0, ⅓, ⅔ and 1; between two of them a person stands at one or the
other by a draw for life, so that the mean effect is the straight line between them. It acts on contacts that nobody
planned: A&E, and acute and mental-health contacts with the practice (the next visit comes later after one's own doctor
was seen). Published ratios are raised to the causal share of an association, `managed.continuity_causal`, and are 1 at
the usual continuity. Avoidable admissions follow continuity through the managed level only (`sim.life.managed`), or it
would count twice; lower mortality, found in cohorts, is compared and never applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim import draws
from sim.life import usual_doctor_kernels as kernels
from sim.life.managed import ALWAYS, NODES
from sim.life.states import level_shift
from sim.purposes import Purpose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.evidence import Evidence
    from sim.system import CareSystem

LEVEL = "continuity"
SHIFT = np.uint64(level_shift(LEVEL))
OF_LEVEL = draws.offset(ALWAYS, Purpose.CONTINUITY_LEVEL >> 1)
RATIO = {"gp_acute": "usual_doctor.contacts", "gp_mental": "usual_doctor.contacts", "ed": "usual_doctor.ed"}
"""Kinds of need that continuity changes, and the row with the ratio of always to never seeing the usual doctor."""


def by_level(evidence: Evidence) -> dict[str, dict[str, tuple[float, ...]]]:
    """Process → level → multiplier at each of its four values; 1 on average at the usual continuity."""
    usual = evidence["managed.usual_continuity"]
    found = {}
    for process, row in RATIO.items():
        ratio = evidence[row] ** evidence["managed.continuity_causal"]
        value = ratio**NODES
        found[process] = {LEVEL: tuple((value / np.interp(usual, NODES, value)).tolist())}
    return found


def set_levels(m: CareSystem, rows: NDArray[np.int64]) -> None:
    """Bring the level in the states of these residents up to date with their continuity."""
    r = m.residents.columns
    kernels.set_levels(rows, r["continuity"], r["key"], r["state"], SHIFT, OF_LEVEL)


def at_usual(evidence: Evidence, key: NDArray[np.uint64], state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """States (uint64, n) of people of whom only the usual continuity is known, each at one of the levels beside it."""
    value = np.full(key.size, round(255 * evidence["managed.usual_continuity"]), np.uint8)
    out = state.copy()
    kernels.set_levels(np.arange(key.size), value, key, out, SHIFT, OF_LEVEL)
    return out
