"""The accounts of the norms: a fresh sample of England's people of 2020 has England's rates.

Norms are set once per evidence draw on a fixed sample of England. Here another sample, with keys of its own, is given
health and its rates are looked up in the tables that residents use: whatever its conditions and circumstances, the
means must be the published ones. A place may differ from England only through its residents.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.care.identity import STANDARD_ERRORS, TOLERANCE, Identity, Year
from sim.clock import MONTHS_A_YEAR
from sim.draws import make_keys, uniforms
from sim.life import diagnosis, usual_doctor
from sim.life.contacts import TABLE_KIND, of_service
from sim.life.epidemiology import Epidemiology
from sim.life.exposures import as_kept
from sim.life.grid import cell
from sim.life.health import People, give
from sim.life.processes import DEATH
from sim.life.reference import Reference
from sim.life.states import with_level
from sim.life.three_cs import CS, level_shares
from sim.purposes import Purpose

Array = NDArray[Any]
FRESH_SEED = 2021
"""Another than that of the sample on which norms are set."""
WORDS = {
    "gp_contact": "contacts with practices",
    "ed": "A&E attendances",
    "emergency": "emergency admissions",
    "referral": "first outpatient attendances",
}


def norms(year: Year) -> list[Identity]:
    """England's contacts, deaths and conditions a person, as the rate tables give them and as published."""
    m: Any = year.m
    epi: Epidemiology | None = getattr(m, "epidemiology", None)
    if epi is None:  # rates set by hand
        return []
    reference = Reference(epi)
    people = reference.people
    fresh = People(make_keys(FRESH_SEED, np.arange(1, people.age.size + 1)), people.age, people.male, people.decile)
    health = give(fresh, epi)
    rows = np.arange(people.age.size)
    cells = np.asarray(cell(people.age, people.male, people.decile), np.int32)
    nowhere = np.zeros(rows.size, np.int16), np.ones((1, m.rates.width), np.float32)
    state = usual_doctor.at_usual(m.evidence, fresh.key, _with_three_cs(epi, fresh.key, health.state))
    rates = MONTHS_A_YEAR * m.rates.of(rows, cells, state, as_kept(health.lagged), *nowhere)
    rates[:, m.rates.index[diagnosis.REVIEW]] *= epi.reviews_left[health.undiagnosed]
    served = 1.0 - m.evidence["care.gp_unmet_share"]
    level = {"gp_contact": 1.0 / served, "referral": m.evidence["care.clock_start_share"]}
    found = []
    for service in TABLE_KIND:
        kinds = of_service(epi, service)
        each = rates[:, [m.rates.index[name] for name in kinds]].sum(axis=1) / level.get(service, 1.0)
        published = sum((epi.kinds[name].rate * epi.people).sum() for name in kinds) / epi.people.sum()
        found.append(_account(WORDS[service], each, reference.weight, published))
    deaths = (epi.deaths * epi.england).sum() / epi.england.sum()
    death = m.rates.index[DEATH]
    bound = MONTHS_A_YEAR * m.rates.base[cells, death] * m.hazard_cap  # nobody's hazard ratio passes it
    found.append(_account("deaths", np.minimum(rates[:, death], bound), reference.weight, deaths))
    held = sum(epi.states.has(health.state, name).astype(float) for name in epi.names)
    prevalence = sum((epi.prevalence[name] * epi.people).sum() for name in epi.names) / epi.people.sum()
    found.append(_account("long-term conditions", np.asarray(held), reference.weight, prevalence))
    return found


def _with_three_cs(epi: Epidemiology, key: NDArray[np.uint64], state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The same states with levels of the three Cs as common as in the evidence."""
    for number, name in enumerate(CS):
        shares = level_shares(epi.evidence, name)
        draw = uniforms(key, 0, Purpose.THREE_CS + number)
        level = np.searchsorted(np.cumsum(shares / shares.sum())[:-1], draw, side="right")
        state = with_level(state, name, level)
    return state


def _account(words: str, each: Array, weight: Array, published: float) -> Identity:
    """The weighted mean of one number a person beside its published mean, per 1,000."""
    mean = float(np.average(each, weights=weight))
    error = sqrt(float((weight**2 * (each - mean) ** 2).sum())) / float(weight.sum()) / mean
    return Identity(
        "England 2020", f"{words} a 1,000", 1000 * mean, 1000 * float(published), "a year",
        allowed=max(TOLERANCE, STANDARD_ERRORS * error),
    )  # fmt: skip
