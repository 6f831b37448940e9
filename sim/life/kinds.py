"""Kinds of need: how contacts with practices, A&E, emergency admissions and referrals split into what they are for.

Each total (by age and sex, from the evidence) is the sum of its kinds at every age. A condition multiplies the whole
total by its published ratio; the pattern of the condition says on which kinds the excess falls, rescaled so that over
all ages the kinds' multipliers add up to that ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import UserError
from sim.life.grid import Array, steps
from sim.life.states import CIRCUMSTANCES, FRAILTY

if TYPE_CHECKING:
    from sim.evidence import Evidence

HOSPITAL = ("ed", "injury", "emergency", "exacerbation", "frailty_crisis", "referral")
PRACTICE = ("gp_acute", "gp_review", "gp_mental", "gp_social", "gp_child")
MENTAL = ("depression",)
Ratios = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Kind:
    """One kind of need. name; total: which total of the evidence it is part of; rate: per person-year (sex, age);
    share: of the total over all ages."""

    name: str
    total: str
    rate: Array
    share: float


def split(evidence: Evidence, people: Array) -> dict[str, Kind]:
    """Every kind by name, hospital kinds first, in order; people: England as (sex, age)."""
    rates, shares = evidence.table("contact_rate"), evidence.table("need_share")
    found = {}
    for total, rows in shares.groupby("total", sort=False):
        whole = steps(rates[rates["kind"] == total])  # as banded: use jumps at school age and retirement
        parts = {str(kind): steps(part) for kind, part in rows.groupby("kind", sort=False)}
        added = np.sum(list(parts.values()), axis=0)
        for name, part in parts.items():
            rate = whole * part / added
            found[name] = Kind(name, str(total), rate, float((rate * people).sum() / (whole * people).sum()))
    missing = [name for name in (*HOSPITAL, *PRACTICE) if name not in found]
    if missing:
        raise UserError(f"The table need_share.csv has no rows of the kind '{missing[0]}'.")
    return {name: found[name] for name in (*HOSPITAL, *PRACTICE)}


def multipliers(evidence: Evidence, kinds: dict[str, Kind], ratios: Ratios) -> Ratios:
    """Kind → state → multiplier, from the multipliers of totals (total → state → ratio), never below zero."""
    table = evidence.table("need_pattern")
    keys = zip(table["pattern"].astype(str), table["kind"].astype(str), strict=True)
    weight = dict(zip(keys, table["value"].astype(float), strict=True))
    found: Ratios = {name: {} for name in kinds}
    for total, of_states in ratios.items():
        parts = [kind for kind in kinds.values() if kind.total == total]
        for state, ratio in of_states.items():
            pattern = pattern_of(state)
            mean = sum(kind.share * weight[pattern, kind.name] for kind in parts)
            for kind in parts:
                found[kind.name][state] = max(1 + (ratio - 1) * weight[pattern, kind.name] / mean, 0.0)
    return found


def pattern_of(state: str) -> str:
    """Which pattern of the table `need_pattern` a state follows."""
    if state in MENTAL:
        return "mental"
    if state in FRAILTY:
        return "frailty"
    behaviours = ("smoker", "ex_smoker", "obese", "inactive", "drinker", "lonely", "offline")
    return "circumstance" if state in (*behaviours, *CIRCUMSTANCES) else "physical"
