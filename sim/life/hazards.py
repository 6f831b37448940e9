"""How much a condition, or frailty, itself raises the risk of death, so that the published ratios come out in all.

A published ratio compares people who have a condition with people of the same age and sex who do not. The former also
have more of every other condition, are frailer, and smoke more. Multiplying published ratios would count that many
times over. So each direct ratio is solved on the reference population: with all of them at work, deaths of those who
have a condition over what they would be at the death rates of those without it, by sex and age band, are the
published ratio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.life import reference_kernels as kernels
from sim.life.epidemiology import Effects, Epidemiology
from sim.life.grid import BANDS, Array
from sim.life.states import FRAILTY

if TYPE_CHECKING:
    from sim.life.health import Health
    from sim.life.reference import Reference

Rows = NDArray[np.int64]
ROUNDS = 8
STEP = 0.8  # of the gap in logarithms closed in a round
LEAST, MOST = 1.0, 20.0


def direct(epi: Epidemiology, reference: Reference, health: Health, published: dict[str, float]) -> Effects:
    """Effects on death whose direct ratios of `published`'s states give its values in all; others stay as they are."""
    people, states = reference.people, health.state
    deaths = epi.deaths[people.male, people.age, people.decile - 1] * reference.weight
    cell = people.male * BANDS + reference.at[1]
    frail = (states & np.bitwise_or.reduce([epi.states.mask(name) for name in FRAILTY])) != 0
    groups = {}
    for name in published:
        has = epi.states.has(states, name)
        groups[name] = np.flatnonzero(has), np.flatnonzero(~frail if name in FRAILTY else ~has)
    usual = {name: np.bincount(cell[without], deaths[without], cell.max() + 1) for name, (_, without) in groups.items()}
    effects = Effects(epi.effects["death"].excess, dict(epi.effects["death"].ratios))
    for _ in range(ROUNDS):
        hazard = deaths * _relative(epi, reference, health, effects, deaths)
        for name, wanted in published.items():
            found = _ratio(hazard, deaths, cell, groups[name], usual[name])
            effects.ratios[name] = float(np.clip(effects.ratios[name] * (wanted / found) ** STEP, LEAST, MOST))
        for later in epi.conditions:
            if later.replaces:  # going on to the later stage makes nobody safer
                earlier = min(effects.ratios[later.replaces], effects.ratios[later.name])
                effects.ratios[later.replaces] = earlier
    return effects


def in_all(epi: Epidemiology, reference: Reference, health: Health, name: str) -> float:
    """Ratio of deaths of those with a state to those of the same age and sex without, everything at work."""
    people = reference.people
    deaths = epi.deaths[people.male, people.age, people.decile - 1] * reference.weight
    cell = people.male * BANDS + reference.at[1]
    has = epi.states.has(health.state, name)
    frail = (health.state & np.bitwise_or.reduce([epi.states.mask(each) for each in FRAILTY])) != 0
    group = np.flatnonzero(has), np.flatnonzero(~frail if name in FRAILTY else ~has)
    hazard = deaths * _relative(epi, reference, health, epi.effects["death"], deaths)
    return _ratio(hazard, deaths, cell, group, np.bincount(cell[group[1]], deaths[group[1]], cell.max() + 1))


def _relative(epi: Epidemiology, reference: Reference, health: Health, effects: Effects, deaths: Array) -> Array:
    """Everyone's multiplier, over the mean of their sex, band and decile."""
    weight = effects.weight(health.state, health.lagged, epi.states)
    weight = np.minimum(weight, epi.evidence["mortality.hr_cap"])
    return np.asarray(weight / reference.mean(weight, deaths / reference.weight).reshape(-1)[reference.flat])


def _ratio(hazard: Array, deaths: Array, cell: Rows, group: tuple[Rows, Rows], usual: NDArray[Any]) -> float:
    """Deaths of the first of two groups over what they are at the second's rates; usual: the second's base deaths."""
    have, without = group
    rate = np.zeros(usual.size)
    kernels.add_some(without, cell, hazard, rate)
    rate /= np.maximum(usual, 1e-300)
    return float(hazard[have].sum() / (deaths[have] * rate[cell[have]]).sum())
