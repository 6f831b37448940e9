"""Face validity: what anybody who knows the field looks at first, worked out from the residents of one look.

Every figure is by group alone: nothing is fitted to it, and where the evidence holds observed points
(`sim.validation.observed`) they are drawn beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.life.grid import BAND, DECILES
from sim.life.processes import DEATH
from sim.outcomes import lifetable
from sim.validation.filters import Who
from sim.validation.measures import PROCESS, STATE, Named
from sim.validation.people import BANDS, Look

Array = NDArray[Any]
Faces = dict[str, Array]
SERVICES = {"GP": "need_gp", "A&E": "need_ed", "emergency admissions": "need_emergency"}
MOST = 4
"""Conditions from which on people are counted together."""
HALF = 0.5
YOUNG = 75 // BAND
ADULT = 18
LEAST_PEOPLE = 30
"""Of an age band in which a share is looked at."""


def of(look: Look) -> Faces:
    """All figures. By name: ``life`` (2 sexes, deciles) and ``life_to_75`` in years; ``half_have`` (first and second
    condition, deciles) the age at which half of the people have it; ``many_by_age`` (all, fifths 1 and 5; bands) the
    share with two or more; ``many_adults`` (1,); ``use`` (people and each service; 0 to 4 or more conditions) shares of
    the total; ``gp_ratio`` (5,) over what is usual at their age and sex, by conditions diagnosed; ``contacts``
    (services, bands) a year."""
    held = _number_of_conditions(look)
    rates = [look.values(Named(name, PROCESS)) for name in SERVICES.values()]
    return {
        **_lives(look),
        **_conditions(look, held),
        "use": _shares(held, [np.ones(held.size), *rates]),
        "gp_ratio": _over_usual(look, _number_diagnosed(look), rates[0]),
        "contacts": np.stack([_by_age(look, rate, np.ones(held.size, bool)) for rate in rates]),
    }


def _number_of_conditions(look: Look) -> Array:
    of_each = [look.m.states.mask(name) for name in look.m.recorder.long_term]
    return np.asarray(np.bitwise_count(look.r["state"] & np.bitwise_or.reduce(of_each)), np.int64)


def _number_diagnosed(look: Look) -> Array:
    """Conditions that records know of, as publications of use by number of conditions count them."""
    known = [look.values(Named(name, STATE, name), "registered") for name in look.m.recorder.long_term]
    return np.asarray(np.sum(known, axis=0, dtype=np.int64))


def _lives(look: Look) -> Faces:
    rate = look.values(Named(DEATH, PROCESS))
    whole, young = np.zeros((2, DECILES)), np.zeros((2, DECILES))
    for sex in range(2):
        for decile in range(DECILES):
            deaths, people = (
                each[sex] for each in look.cells(rate, Who(sex=sex, deciles=(decile + 1, decile + 1)))
            )  # fmt: skip
            whole[sex, decile] = lifetable.life_expectancy(deaths, people)
            yearly = np.divide(deaths, people, out=np.zeros(BANDS), where=people > 0)[:YOUNG]
            alive = np.exp(-BAND * np.concatenate([[0.0], np.cumsum(yearly)]))
            young[sex, decile] = (-np.diff(alive) / np.maximum(yearly, 1e-12)).sum()
    return {"life": whole, "life_to_75": young}


def _conditions(look: Look, held: Array) -> Faces:
    first, second = held >= 1, held >= 2
    decile, everyone = look.r["decile"], np.ones(held.size, bool)
    half = [
        [_age_of_half(_by_age(look, has, decile == which)) for which in range(1, DECILES + 1)]
        for has in (first, second)
    ]
    groups = (everyone, decile <= 2, decile >= DECILES - 1)
    assert look.values(Named("multimorbidity", STATE)).sum() == second.sum()
    return {
        "half_have": np.array(half),
        "many_by_age": np.stack([_by_age(look, second, group) for group in groups]),
        "many_adults": np.array([second[look.age >= ADULT].mean()]),
    }


def _by_age(look: Look, values: Array, chosen: NDArray[np.bool_]) -> Array:
    """Mean of a value by five-year band; nan where there are hardly any people."""
    band = np.minimum(look.age // BAND, BANDS - 1)[chosen]
    people = np.bincount(band, minlength=BANDS)
    total = np.bincount(band, np.asarray(values, np.float64)[chosen], BANDS)
    return np.where(people >= LEAST_PEOPLE, total / np.maximum(people, 1), np.nan)


def _age_of_half(shares: Array) -> float:
    """The age at which a share by band passes one half, between the middles of bands; nan if it never does."""
    middles = BAND * (np.arange(BANDS) + HALF)
    known = np.isfinite(shares)
    rising = np.maximum.accumulate(shares[known])
    if not rising.size or rising[-1] < HALF:
        return float("nan")
    k = int(np.argmax(rising >= HALF))
    if k == 0:
        return float(middles[known][0])
    part = (HALF - rising[k - 1]) / (rising[k] - rising[k - 1])
    return float(middles[known][k - 1] + part * BAND)


def _shares(held: Array, of_each: list[Array]) -> Array:
    number = np.minimum(held, MOST)
    counts = np.stack([np.bincount(number, values, MOST + 1) for values in of_each])
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _over_usual(look: Look, held: Array, rate: Array) -> Array:
    """Contacts by number of conditions over what people of their age and sex have on average."""
    usual = (np.bincount(look.cell, rate) / np.maximum(np.bincount(look.cell), 1))[look.cell]
    number = np.minimum(held, MOST)
    top, bottom = (np.bincount(number, values, MOST + 1) for values in (rate, usual))
    return np.asarray(np.divide(top, bottom, out=np.full(MOST + 1, np.nan), where=bottom > 0))
