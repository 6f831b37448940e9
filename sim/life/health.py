"""Giving people health: behaviours, circumstances, lagged exposures, conditions and frailty for those who arrive.

Used for the residents at the start, for in-migrants and for the reference population, so that all three come from the
same tables. Chance is the person's own: the draw for a state depends on the key and the state alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.life import frailty
from sim.life import health_kernels as kernels
from sim.life.behaviours import BEHAVIOURS
from sim.life.epidemiology import Epidemiology
from sim.life.grid import Array
from sim.life.health_tables import Tables
from sim.life.states import FRAILTY

MOST_SHARE = 0.97


@dataclass
class People:
    """Who is to be given health. age in years; male 0 or 1; decile 1–10; ratios: by risk, how common it is in the
    neighbourhood relative to what age, sex and deprivation explain (1 = as expected). All arrays of one length n."""

    key: NDArray[np.uint64]
    age: NDArray[np.int64]
    male: NDArray[np.int64]
    decile: NDArray[np.int64]
    ratios: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.age = self.age.astype(np.int64, copy=False)  # for each type that comes the loops are compiled once more


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
    """Behaviours first, then each condition given behaviours and the conditions before it, then frailty.

    observe: called with the name of each condition and category of frailty, with everyone's chance by age, sex and
    deprivation and their multiplier, before it is drawn; the reference population uses it to set the norm.
    """
    tables = epi.giving() if observe is None else Tables(epi)
    who = people.key, people.male, people.age, people.decile
    state, lagged = _behave(people, epi, tables)
    undiagnosed = np.zeros(state.size, np.uint32)

    def draw(first: int, last: int, known: Array) -> None:
        kernels.fall_ill(
            *who, lagged, tables.weights, tables.prevalence, tables.gradient, tables.norm, MOST_SHARE,
            tables.unknown, tables.masks, tables.draws, first, last, known, state, undiagnosed,
        )  # fmt: skip

    if observe is None:
        draw(0, len(epi.names), np.empty(0))
    else:
        for number, name in enumerate(epi.names):
            by_age = epi.prevalence[name][people.male, people.age] * epi.gradient[name][people.decile - 1]
            weight = epi.effects[name].weight(state, lagged, epi.states)
            observe(name, np.minimum(by_age, MOST_SHARE), weight)
            tables.norm[number] = epi.share_norm[name]
            draw(number, number + 1, weight)
        weight = epi.effects[frailty.BEGIN].weight(state, lagged, epi.states)
        for number, name in enumerate(FRAILTY):
            observe(name, tables.at_least[number, people.age, people.decile - 1], weight)
            tables.frailty_norm[number] = epi.share_norm[name]
    kernels.grow_frail(
        *who, lagged, tables.weights, len(epi.names), tables.at_least, tables.frailty_norm, MOST_SHARE,
        tables.frailty_masks, tables.frailty_offset, tables.frailty_shift, state,
    )  # fmt: skip
    kept = epi.managed.begin(people.key, state, undiagnosed, epi.states.first_condition)
    return Health(state, lagged, undiagnosed, kept)


def _behave(people: People, epi: Epidemiology, tables: Tables) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """States of behaviours and circumstances, and lagged exposures of people who have long lived so."""
    size = people.key.size
    state, years = np.empty(size, np.uint64), np.empty(size, np.float32)
    risks = list(people.ratios)
    ratios = np.array([people.ratios[risk] for risk in risks], np.float64).reshape(len(risks), size)
    kernels.behave(
        people.key, people.male, people.age, people.decile, ratios, _positions(*risks), tables.risk, tables.smoking,
        tables.former, tables.behaviour_masks, tables.behaviour_draws, (MOST_SHARE, tables.youngest), state, years,
    )  # fmt: skip
    return state, epi.exposures.at_start(state, years)


@lru_cache(maxsize=8)
def _positions(*risks: str) -> NDArray[np.int64]:
    """Where the risk of each behaviour stands among these, -1 where it does not."""
    return np.array([risks.index(one.risk) if one.risk in risks else -1 for one in BEHAVIOURS], np.int64)
