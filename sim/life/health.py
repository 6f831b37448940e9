"""Giving people health: behaviours, circumstances, lagged exposures, conditions and frailty for those who arrive.

Used for the residents at the start, for in-migrants and for the reference population, so that all three come from the
same tables. Chance is the person's own: the draw for a state depends on the key and the state alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.draws import uniforms
from sim.life import frailty
from sim.life.behaviours import BEHAVIOURS
from sim.life.epidemiology import Epidemiology
from sim.life.grid import Array, band_of, fifth_of
from sim.life.states import FRAILTY
from sim.purposes import Purpose

MOST_SHARE = 0.97
EX_SMOKING = 20
"""Number of the draw for former smoking, beyond every behaviour's."""
ALWAYS = 0  # month of the draws that give health: a person's health on arrival does not depend on when


@dataclass
class People:
    """Who is to be given health. age in years; male 0 or 1; decile 1–10; ratios: by risk, how common it is in the
    neighbourhood relative to what age, sex and deprivation explain (1 = as expected). All arrays of one length n."""

    key: NDArray[np.uint64]
    age: NDArray[np.int64]
    male: NDArray[np.int64]
    decile: NDArray[np.int64]
    ratios: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass
class Health:
    """What was given: states (uint64, n), lagged exposures (float32, n × columns), which conditions are unknown (uint32
    pattern, n) and how well the known ones are managed (uint8 of 255, n)."""

    state: NDArray[np.uint64]
    lagged: NDArray[np.float32]
    undiagnosed: NDArray[np.uint32]
    managed: NDArray[np.uint8]


Observe = Callable[[str, Array, Array], None]


def give(people: People, epi: Epidemiology, observe: Observe | None = None) -> Health:
    """Behaviours first, then each condition given behaviours and the conditions before it.

    observe: called with the name of each condition and category of frailty, with everyone's chance by age, sex and
    deprivation and their multiplier, before it is drawn; the reference population uses it to set the norm.
    """
    state, years_since_quit = _behaviours(people, epi)
    lagged = epi.exposures.at_start(state, years_since_quit)
    undiagnosed = np.zeros(state.size, np.uint32)
    band, decile = band_of(people.age), people.decile - 1
    cell = (people.male, band, decile)
    for number, name in enumerate(epi.names):
        weight = epi.effects[name].weight(state, lagged, epi.states)
        expected = np.minimum(epi.prevalence[name][people.male, people.age] * epi.gradient[name][decile], MOST_SHARE)
        if observe is not None:
            observe(name, expected, weight)
        share = expected * weight / epi.share_norm[name][cell]
        draw = uniforms(people.key, ALWAYS, Purpose.CONDITIONS + number)
        has = draw < np.minimum(share, MOST_SHARE)
        state[has] |= epi.states.mask(name)
        if epi.undiagnosed[name] > 0:
            draw = uniforms(people.key, ALWAYS, Purpose.UNDIAGNOSED + number)
            undiagnosed[has & (draw < epi.undiagnosed[name])] |= np.uint32(1 << number)
    weight = epi.effects[frailty.BEGIN].weight(state, lagged, epi.states)
    at_least = epi.frailty_by_decile[::-1].cumsum(0)[2::-1, people.age, decile]
    draw = uniforms(people.key, ALWAYS, Purpose.FRAILTY)
    category = np.zeros(state.size, np.int64)
    for name, chance in zip(FRAILTY, at_least, strict=True):
        if observe is not None:
            observe(name, chance, weight)
        category += draw < np.minimum(chance * weight / epi.share_norm[name][cell], MOST_SHARE)
    for number, name in enumerate(FRAILTY, 1):
        state[category == number] |= epi.states.mask(name)
    kept, state = epi.managed.begin(people.key, state, undiagnosed, epi.states.first_condition)
    return Health(state, lagged, undiagnosed, kept)


def _behaviours(people: People, epi: Epidemiology) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    at = (people.male, people.age, fifth_of(people.decile))
    state = np.zeros(people.age.size, np.uint64)
    for number, behaviour in enumerate(BEHAVIOURS):
        share = epi.risk[behaviour.risk][at]
        if behaviour.risk in people.ratios:
            share = np.minimum(share * people.ratios[behaviour.risk], MOST_SHARE)
        draw = uniforms(people.key, ALWAYS, Purpose.BEHAVIOURS + number)
        state[draw < share] |= epi.states.mask(behaviour.state)
    smoker = epi.states.has(state, "smoker")
    draw = uniforms(people.key, ALWAYS, Purpose.BEHAVIOURS + EX_SMOKING)
    now = epi.risk["smoking"][at]
    ex = ~smoker & (draw < epi.ex_smokers[at] / np.maximum(1 - now, 0.03))
    state[ex] |= epi.states.mask("ex_smoker")
    return state, _years_since_quit(people, ex, epi)


def _years_since_quit(people: People, ex: NDArray[np.bool_], epi: Epidemiology) -> NDArray[np.float32]:
    """Evenly spread between one year ago and the usual age of quitting youngest, for ex-smokers; else infinity."""
    youngest = epi.evidence["behaviours.youngest_quit_age"]
    draw = uniforms(people.key, ALWAYS, Purpose.BEHAVIOURS + EX_SMOKING + 1)
    years = 1 + draw * np.maximum(people.age - youngest, 1)
    return np.where(ex, years, np.inf).astype(np.float32)
