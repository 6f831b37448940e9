"""Giving people health: behaviours, loneliness, lagged exposures and conditions for those who arrive with none.

Used for the residents at the start, for in-migrants and for the reference population, so that all three come from the
same tables. Chance is the person's own: the draw for a state depends on the key and the state alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.draws import uniforms
from sim.life.behaviours import BEHAVIOURS
from sim.life.epidemiology import Epidemiology
from sim.life.grid import Array, band_of, fifth_of
from sim.purposes import Purpose

MOST_SHARE = 0.97
ALWAYS = 0  # month of the draws that give health: a person's health on arrival does not depend on when


@dataclass
class People:
    """Who is to be given health. age in years; male 0 or 1; decile 1–10; lonely_ratio: loneliness of the neighbourhood
    relative to what age, sex and deprivation explain (1 = as expected). All arrays of one length n."""

    key: NDArray[np.uint64]
    age: NDArray[np.int64]
    male: NDArray[np.int64]
    decile: NDArray[np.int64]
    lonely_ratio: Array | NDArray[np.float32]


@dataclass
class Health:
    """What was given: state bits (uint64, n) and lagged exposures (float32, n × columns)."""

    state: NDArray[np.uint64]
    lagged: NDArray[np.float32]


Observe = Callable[[str, Array], None]


def give(people: People, epi: Epidemiology, observe: Observe | None = None) -> Health:
    """Behaviours first, then each condition given behaviours and the conditions before it.

    observe: called with each condition's name and everyone's multiplier before the condition is drawn; the reference
    population uses it to set the norm of that condition.
    """
    state, years_since_quit = _behaviours(people, epi)
    lagged = epi.exposures.at_start(state, years_since_quit)
    band, decile = band_of(people.age), people.decile - 1
    for number, name in enumerate(epi.names):
        weight = epi.effects[name].weight(state, lagged, epi.states)
        if observe is not None:
            observe(name, weight)
        expected = epi.prevalence[name][people.male, people.age] * epi.gradient[name][decile]
        share = expected * weight / epi.share_norm[name][people.male, band, decile]
        draw = uniforms(people.key, ALWAYS, Purpose.CONDITIONS + number)
        state[draw < np.minimum(share, MOST_SHARE)] |= epi.states.mask(name)
    return Health(state, lagged)


def _behaviours(people: People, epi: Epidemiology) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    at = (people.male, people.age, fifth_of(people.decile))
    state = np.zeros(people.age.size, np.uint64)
    for number, behaviour in enumerate(BEHAVIOURS):
        share = epi.risk[behaviour.risk][at]
        if behaviour.risk == "isolation":
            share = share * people.lonely_ratio
        draw = uniforms(people.key, ALWAYS, Purpose.BEHAVIOURS + number)
        state[draw < share] |= epi.states.mask(behaviour.state)
    smoker = epi.states.has(state, "smoker")
    draw = uniforms(people.key, ALWAYS, Purpose.BEHAVIOURS + len(BEHAVIOURS))
    now = epi.risk["smoking"][at]
    ex = ~smoker & (draw < epi.ex_smokers[at] / np.maximum(1 - now, 0.03))
    state[ex] |= epi.states.mask("ex_smoker")
    return state, _years_since_quit(people, ex, epi)


def _years_since_quit(people: People, ex: NDArray[np.bool_], epi: Epidemiology) -> NDArray[np.float32]:
    """Evenly spread between one year ago and the usual age of quitting youngest, for ex-smokers; else infinity."""
    youngest = epi.evidence["behaviours.youngest_quit_age"]
    draw = uniforms(people.key, ALWAYS, Purpose.BEHAVIOURS + len(BEHAVIOURS) + 1)
    years = 1 + draw * np.maximum(people.age - youngest, 1)
    return np.where(ex, years, np.inf).astype(np.float32)
