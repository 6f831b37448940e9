"""Giving health in NumPy, one state at a time for everyone: what the compiled loops must equal to the last bit."""

from __future__ import annotations

import numpy as np

from sim.draws import uniforms
from sim.life import frailty
from sim.life.behaviours import BEHAVIOURS
from sim.life.epidemiology import Effects, Epidemiology
from sim.life.grid import Array, band_of
from sim.life.health import MOST_SHARE, Health, People
from sim.life.health_tables import ALWAYS, EX_SMOKING
from sim.life.managed import FULL
from sim.life.states import FRAILTY, with_level
from sim.purposes import Purpose


def weight(effects: Effects, epi: Epidemiology, state: Array, lagged: Array) -> Array:
    """Product of all multipliers, one a person."""
    product = np.ones(state.size)
    for column in np.flatnonzero(effects.excess):
        product *= 1 + lagged[:, column] * effects.excess[column]
    for shift, table in effects.by_byte(epi.states):
        product *= table[(state >> shift).astype(np.uint8)]
    return product


def give(people: People, epi: Epidemiology) -> Health:
    """As `sim.life.health.give`, once norms are set."""
    state, years = behave(people, epi)
    lagged = epi.exposures.at_start(state, years)
    undiagnosed = np.zeros(state.size, np.uint32)
    decile = people.decile - 1
    cell = (people.male, band_of(people.age), decile)
    for number, name in enumerate(epi.names):
        each = weight(epi.effects[name], epi, state, lagged)
        expected = np.minimum(epi.prevalence[name][people.male, people.age] * epi.gradient[name][decile], MOST_SHARE)
        share = expected * each / epi.share_norm[name][cell]
        has = uniforms(people.key, ALWAYS, Purpose.CONDITIONS + number) < np.minimum(share, MOST_SHARE)
        state[has] |= epi.states.mask(name)
        draw = uniforms(people.key, ALWAYS, Purpose.UNDIAGNOSED + number)
        undiagnosed[has & (draw < epi.undiagnosed[name])] |= np.uint32(1 << number)
    each = weight(epi.effects[frailty.BEGIN], epi, state, lagged)
    at_least = epi.frailty_by_decile[::-1].cumsum(0)[2::-1, people.age, decile]
    draw = uniforms(people.key, ALWAYS, Purpose.FRAILTY)
    category = np.zeros(state.size, np.int64)
    for name, chance in zip(FRAILTY, at_least, strict=True):
        category += draw < np.minimum(chance * each / epi.share_norm[name][cell], MOST_SHARE)
    for number, name in enumerate(FRAILTY, 1):
        state[category == number] |= epi.states.mask(name)
    return Health(state, lagged, undiagnosed, manage(people, epi, state, undiagnosed))


def behave(people: People, epi: Epidemiology) -> tuple[Array, Array]:
    """States of behaviours and circumstances, and years since former smokers quit."""
    at = (people.male, people.age, people.decile - 1)
    state = np.zeros(people.age.size, np.uint64)
    for number, behaviour in enumerate(BEHAVIOURS):
        share = epi.risk[behaviour.risk][at]
        if behaviour.risk in people.ratios:
            share = np.minimum(share * people.ratios[behaviour.risk], MOST_SHARE)
        state[uniforms(people.key, ALWAYS, Purpose.BEHAVIOURS + number) < share] |= epi.states.mask(behaviour.state)
    draw = uniforms(people.key, ALWAYS, Purpose.BEHAVIOURS + EX_SMOKING)
    former = epi.ex_smokers[at] / np.maximum(1 - epi.risk["smoking"][at], 0.03)
    ex = ~epi.states.has(state, "smoker") & (draw < former)
    state[ex] |= epi.states.mask("ex_smoker")
    youngest = epi.evidence["behaviours.youngest_quit_age"]
    draw = uniforms(people.key, ALWAYS, Purpose.BEHAVIOURS + EX_SMOKING + 1)
    years = np.where(ex, 1 + draw * np.maximum(people.age - youngest, 1), np.inf)
    return state, years.astype(np.float32)


def manage(people: People, epi: Epidemiology, state: Array, undiagnosed: Array) -> Array:
    """Managed level; the level in `state` is written in place."""
    tables = epi.managed
    held = (state >> np.uint64(epi.states.first_condition)).astype(np.uint32) & tables.conditions
    own = uniforms(people.key, ALWAYS, Purpose.MANAGED)
    value = tables.number[0] + tables.number[1] * (2 * own - 1)
    value = np.where(held == 0, tables.number[0], np.where(held & ~undiagnosed == 0, np.float32(0), value))
    column = np.rint(np.clip(value, 0, 1) * FULL).astype(np.uint8)
    lift = np.minimum(uniforms(people.key, ALWAYS, Purpose.MANAGED_LEVEL | 1), np.float32(0.99999))
    at = column.astype(np.float32) / np.float32(FULL) * np.float32(3) + lift
    state[:] = with_level(state, "managed", np.minimum(np.floor(at), 3).astype(np.int64))
    return column
