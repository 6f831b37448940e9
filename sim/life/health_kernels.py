"""Compiled loops that give people health; see `sim.life.health`.

All arithmetic is in double precision and in the order of the formulas, so that it equals NumPy's to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import LOW, TO_UNIT, compiled
from sim.kernels import scramble as mix

Array = NDArray[Any]
BYTE, ONE = np.uint64(255), np.uint64(1)
NONE: Any = np.uint64(0)
BAND, BANDS = 5, 20
LEAST_NEVER = 0.03
"""Of a group in which nearly everyone smokes, at least so many are taken not to."""


@compiled
def unit(key, offset, shift):  # type: ignore[no-untyped-def]
    """The uniform of a key that `sim.draws.uniforms` gives: one half of a hash."""
    return np.float32(np.uint32((mix(key + offset) >> shift) & LOW)) * TO_UNIT


@compiled
def behave(
    key: Array,
    male: Array,
    age: Array,
    decile: Array,
    ratios: Array,
    which: Array,
    share: Array,
    smoking: int,
    former: Array,
    masks: Array,
    draws: tuple[Array, Array],
    bounds: tuple[float, float],
    state: Array,
    years: Array,
) -> None:
    """States of behaviours and circumstances (uint64, n), and the years since former smokers quit (float32, n).

    share (behaviours, sex, age, decile); ratios (risks, n), `which` of them each behaviour has (-1: none); smoking: the
    number of smoking; former: share of former smokers; masks: bit of each behaviour, then of former smoking; draws:
    offsets and shifts of each behaviour's draw, then of former smoking and of the time since; bounds: most share,
    age of quitting youngest.
    """
    most, youngest = bounds
    offsets, shifts = draws
    number = share.shape[0]
    for i in range(key.size):
        sex, old, ten = male[i], age[i], decile[i] - 1
        held = NONE
        for b in range(number):
            chance = share[b, sex, old, ten]
            if which[b] >= 0:
                chance = min(chance * ratios[which[b], i], most)
            if np.float64(unit(key[i], offsets[b], shifts[b])) < chance:
                held |= masks[b]
        years[i] = np.inf
        if held & masks[smoking] == 0:
            never = max(1 - share[smoking, sex, old, ten], LEAST_NEVER)
            if np.float64(unit(key[i], offsets[number], shifts[number])) < former[sex, old, ten] / never:
                held |= masks[number]
                since = np.float64(unit(key[i], offsets[number + 1], shifts[number + 1]))
                years[i] = 1 + since * max(old - youngest, 1.0)
        state[i] = held


@compiled
def weight_of(i, outcome, state, lagged, weights):  # type: ignore[no-untyped-def]
    """Product of all that multiplies the hazard of one outcome for person i; weights: see `weigh`."""
    first_column, column, excess, first_byte, shift, table = weights
    product = 1.0
    for e in range(first_column[outcome], first_column[outcome + 1]):
        product *= 1 + np.float64(lagged[i, column[e]]) * excess[e]
    for b in range(first_byte[outcome], first_byte[outcome + 1]):
        product *= table[b, (state[i] >> shift[b]) & BYTE]
    return product


@compiled
def weigh(state: Array, lagged: Array, outcome: int, weights: tuple[Array, ...], out: Array) -> None:
    """Everyone's multiplier of one outcome (float64, n).

    weights: first_column, column, excess: the lagged exposures that matter and their relative risk − 1, outcome after
    outcome; first_byte, shift, table: likewise the bytes of the state that matter and what their values multiply by.
    """
    first_column, column, excess, first_byte, shift, table = weights
    out[:] = 1.0  # factor by factor, so that people go by in vectors; for each the same product as `weight_of`
    for e in range(first_column[outcome], first_column[outcome + 1]):
        risk, c = excess[e], column[e]
        for i in range(state.size):
            out[i] *= 1 + np.float64(lagged[i, c]) * risk
    for b in range(first_byte[outcome], first_byte[outcome + 1]):
        by_value, at = table[b], shift[b]
        for i in range(state.size):
            out[i] *= by_value[(state[i] >> at) & BYTE]


@compiled
def fall_ill(
    key: Array,
    male: Array,
    age: Array,
    decile: Array,
    lagged: Array,
    weights: tuple[Array, ...],
    prevalence: Array,
    gradient: Array,
    norm: Array,
    most: float,
    unknown: Array,
    masks: Array,
    draws: tuple[Array, Array],
    first: int,
    last: int,
    known: Array,
    state: Array,
    undiagnosed: Array,
) -> None:
    """Give people the conditions `first` to before `last`, one after the other, and say which they do not know of.

    prevalence (conditions, sex, age); gradient (conditions, decile); norm (conditions, sex, band, decile): what a
    chance is divided by; most: the highest chance; unknown (float32): share undiagnosed; masks: bit of each; draws:
    offsets and shifts (2, conditions) of who has it, and of who knows. known: everyone's multiplier where it is worked
    out already (one condition only), else empty.
    """
    offsets, shifts = draws
    for i in range(key.size):
        sex, old, ten = male[i], age[i], decile[i] - 1
        band = min(old // BAND, BANDS - 1)
        for c in range(first, last):
            expected = min(prevalence[c, sex, old] * gradient[c, ten], most)
            weight = known[i] if known.size else weight_of(i, c, state, lagged, weights)
            chance = expected * weight / norm[c, sex, band, ten]
            if np.float64(unit(key[i], offsets[0, c], shifts[0, c])) < min(chance, most):
                state[i] |= masks[c]
                if unknown[c] > 0 and unit(key[i], offsets[1, c], shifts[1, c]) < unknown[c]:
                    undiagnosed[i] |= np.uint32(ONE << np.uint64(c))


@compiled
def grow_frail(
    key: Array,
    male: Array,
    age: Array,
    decile: Array,
    lagged: Array,
    weights: tuple[Array, ...],
    outcome: int,
    at_least: Array,
    norm: Array,
    most: float,
    masks: Array,
    offset: int,
    shift: int,
    state: Array,
) -> None:
    """Give people a category of frailty by one draw.

    at_least (3, age, decile): share that has each category or a worse one; norm (3, sex, band, decile); outcome: the
    number of becoming frail in `weights`; masks: bit of each category.
    """
    for i in range(key.size):
        sex, old, ten = male[i], age[i], decile[i] - 1
        band = min(old // BAND, BANDS - 1)
        weight = weight_of(i, outcome, state, lagged, weights)
        draw = np.float64(unit(key[i], offset, shift))
        category = 0
        for f in range(masks.size):
            if draw < min(at_least[f, old, ten] * weight / norm[f, sex, band, ten], most):
                category += 1
        if category > 0:
            state[i] |= masks[category - 1]


@compiled
def lived(state: Array, mask: Array, left: Array, first: int, lagged: Array) -> None:
    """Lagged exposures (float32[n, columns]) of people who have long lived so: 1 where the state has the mask of the
    column, and in the columns from `first` on at least what is `left` (float32[n, some]) of an earlier exposure."""
    for i in range(state.size):
        for k in range(mask.size):
            lagged[i, k] = np.float32(1) if state[i] & mask[k] else np.float32(0)
        for k in range(left.shape[1]):
            lagged[i, first + k] = max(lagged[i, first + k], left[i, k])


@compiled
def as_kept(lagged: Array, full: np.float32, kept: Array) -> None:
    """kept (uint16) = lagged (0 to 1) in parts of `full`, to the nearest; both (n, columns)."""
    for i in range(lagged.shape[0]):
        for k in range(lagged.shape[1]):
            kept[i, k] = np.uint16(np.rint(lagged[i, k] * full))
