"""How often people need care: contact rates by age and sex, multiplied by their conditions and circumstances.

Each kind of need (`sim.life.kinds`) is a process of its own. Multipliers are normalised on the reference population
by age and sex, so that England's use is kept, kind by kind and in all, and a lever that prevents illness prevents its
contacts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.life import circumstances, diagnosis, frailty, kinds
from sim.life.behaviours import BEHAVIOURS
from sim.life.epidemiology import Effects, Epidemiology, spread
from sim.life.grid import DECILES, Array

if TYPE_CHECKING:
    from sim.life.health import Health
    from sim.life.reference import Reference

KINDS = (*kinds.HOSPITAL, *kinds.PRACTICE)
TABLE_KIND = {"ed": "ed", "emergency": "emergency", "referral": "first_outpatient", "gp_contact": "gp"}
"""Services whose use is counted, and the name of their total in the evidence."""
STATE_OF_FACTOR = {behaviour.risk: behaviour.state for behaviour in BEHAVIOURS}


def of_service(epi: Epidemiology, service: str) -> tuple[str, ...]:
    """Kinds of need that a service sees, in order."""
    return tuple(kind.name for kind in epi.kinds.values() if kind.total == TABLE_KIND[service])


def effects(epi: Epidemiology) -> dict[str, Effects]:
    """Multipliers of every kind of need: conditions and behaviours, frailty, circumstances, how well managed."""
    table = epi.evidence.table("contact_multiplier")
    ratios = {total: dict(of) for total, of in frailty.contact_ratios(epi.evidence).items()}
    for kind, factor, value in zip(table["kind"], table["factor"], table["value"].astype(float), strict=True):
        state = STATE_OF_FACTOR.get(factor, factor)
        if state in epi.states.bits:
            ratios.setdefault(str(kind), {})[state] = value
    found = {}
    for name, of_states in kinds.multipliers(epi.evidence, epi.kinds, ratios).items():
        levels = {"managed": epi.levels[name]} if name in epi.levels else {}
        found[name] = Effects(epi.nothing, of_states | circumstances.ratios(epi.evidence, name), levels)
    return found


def normalise(epi: Epidemiology, reference: Reference, health: Health) -> None:
    """Set the base rate (per person-year; sex, age, decile) of every kind of need."""
    epi.effects |= effects(epi)
    epi.reviews_left = diagnosis.reviews_left(epi.effects[diagnosis.REVIEW].ratios, epi.names)
    for name, kind in epi.kinds.items():
        of_each = epi.effects[name].weight(health.state, health.lagged, epi.states)
        if name == diagnosis.REVIEW:
            of_each = of_each * epi.reviews_left[health.undiagnosed]
        weight = reference.mean(of_each)
        residual = decile_residual(epi, kind.total)
        norm = reference.over_deciles(weight * residual)
        epi.contact_base[name] = kind.rate[:, :, None] * residual / spread(norm)


def decile_residual(epi: Epidemiology, total: str) -> Array:
    """What deprivation adds beyond health, as a ratio a decile (1 at the middle): emergency departments only."""
    if total != "ed":
        return np.ones(DECILES)
    ratio = epi.evidence["contacts.ed_decile_ratio"]
    steps_from_middle = (DECILES - 1) / 2 - np.arange(DECILES)
    return np.asarray(ratio ** (steps_from_middle / (DECILES - 1)))
