"""How often people need care: contact rates by age and sex, multiplied by their conditions and circumstances.

Multipliers are normalised on the reference population by age and sex, so that England's use is kept and a lever that
prevents illness prevents its contacts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.life.epidemiology import Effects, Epidemiology, spread
from sim.life.grid import DECILES, Array, steps

if TYPE_CHECKING:
    from sim.life.health import Health
    from sim.life.reference import Reference

KINDS = ("gp_contact", "ed", "emergency", "referral")
TABLE_KIND = {"gp_contact": "gp", "ed": "ed", "emergency": "emergency", "referral": "first_outpatient"}
STATE_OF_FACTOR = {"smoking": "smoker", "obesity": "obese", "inactivity": "inactive", "isolation": "lonely"}


def effects(epi: Epidemiology, kind: str) -> Effects:
    """Multipliers of one kind of contact, from the table `contact_multiplier`."""
    table = epi.evidence.table("contact_multiplier")
    rows = table[table["kind"] == TABLE_KIND[kind]]
    names = (STATE_OF_FACTOR.get(factor, factor) for factor in rows["factor"])
    ratios = {name: float(v) for name, v in zip(names, rows["value"], strict=True) if name in epi.states.bits}
    return Effects(np.zeros(len(epi.exposures.names)), ratios)


def normalise(epi: Epidemiology, reference: Reference, health: Health) -> None:
    """Set the base rate (per person-year; sex, age, decile) of every kind of contact."""
    rates = epi.evidence.table("contact_rate")
    for kind in KINDS:
        rows = rates[rates["kind"] == TABLE_KIND[kind]]
        base = steps(rows)  # as banded: use jumps at school age and retirement, and the bands are the data
        epi.effects[kind] = effects(epi, kind)
        weight = reference.mean(epi.effects[kind].weight(health.state, health.lagged, epi.states))
        residual = decile_residual(epi, kind)
        norm = reference.over_deciles(weight * residual)
        epi.contact_base[kind] = base[:, :, None] * residual / spread(norm)


def decile_residual(epi: Epidemiology, kind: str) -> Array:
    """What deprivation adds beyond health, as a ratio a decile (1 at the middle): emergency departments only."""
    if kind != "ed":
        return np.ones(DECILES)
    ratio = epi.evidence["contacts.ed_decile_ratio"]
    steps_from_middle = (DECILES - 1) / 2 - np.arange(DECILES)
    return np.asarray(ratio ** (steps_from_middle / (DECILES - 1)))
