"""Compiled loops of the managed level; see `sim.life.managed`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import LOW, S32, TO_UNIT, compiled
from sim.kernels import scramble as mix

Array = NDArray[Any]
THREE = np.uint64(3)
FULL, UNIT = np.float32(255), np.float32(2.0**-32)
BELOW_ONE = np.float32(0.99999)
ZERO, HALF, ONE, TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
STEPS = 3


@compiled
def level_of(value, lift):  # type: ignore[no-untyped-def]
    """Level 0–3 of a byte: the node below it, or with the chance of its distance from there (lift, 0–1) the next."""
    at = np.float32(value) / FULL * np.float32(STEPS)
    return np.uint64(min(np.floor(at + lift), np.float32(STEPS)))


@compiled
def begin(
    key: Array,
    undiagnosed: Array,
    first: int,
    conditions: int,
    number: Array,
    shift: int,
    offsets: Array,
    state: Array,
    managed: Array,
) -> None:
    """Managed level of new people (uint8) and, in their states, the level it stands at; see `move`.

    first: bit of the first condition.
    """
    for i in range(key.size):
        held = np.uint32(state[i] >> first) & np.uint32(conditions)
        if held == 0:
            value = number[0]
        elif held & ~undiagnosed[i] == 0:
            value = ZERO
        else:
            own = np.float32(np.uint32(mix(key[i] + offsets[0]) & LOW)) * TO_UNIT
            value = number[0] + number[1] * (TWO * own - ONE)
        managed[i] = np.uint8(np.rint(min(max(value, ZERO), ONE) * FULL))
        chance = np.float32(mix(key[i] + offsets[1]) >> S32) * UNIT
        state[i] = (state[i] & ~(THREE << shift)) | (level_of(managed[i], min(chance, BELOW_ONE)) << shift)


@compiled
def move(
    rows: Array,
    key: Array,
    state: Array,
    undiagnosed: Array,
    unmet: Array,
    continuity: Array,
    area: Array,
    managed: Array,
    conditions: int,
    number: Array,
    confidence: Array,
    lift: Array,
    confidence_shift: int,
    shift: int,
    offsets: Array,
) -> None:
    """Close a share of the gap between the managed level of `rows` and its target; number: see `Managed`.

    conditions: pattern of the conditions that are managed; offsets: added to a key for the lasting difference and the
    level's draw for life; lift: what levers add in each neighbourhood; area: of each resident.
    """
    for i in rows:
        held = np.uint32(state[i] >> S32) & np.uint32(conditions)
        if held == 0:
            value = number[0] * FULL
        elif held & ~undiagnosed[i] == 0:
            value = ZERO
        else:
            own = np.float32(mix(key[i] + offsets[0]) & np.uint64(0xFFFFFFFF)) * UNIT
            goal = number[0] + number[1] * (TWO * own - ONE) + lift[area[i]]
            goal += confidence[(state[i] >> confidence_shift) & THREE]
            if continuity[i] > 0:  # 0: nothing known of it yet
                goal += number[2] * (np.float32(continuity[i]) / FULL - number[3])
            if unmet[i] > 0:
                goal -= number[4]
            goal = min(max(goal, ZERO), ONE) * FULL
            value = np.float32(managed[i]) + (goal - np.float32(managed[i])) * number[5]
        managed[i] = np.uint8(value + HALF)
        chance = np.float32(mix(key[i] + offsets[1]) >> S32) * UNIT
        state[i] = (state[i] & ~(THREE << shift)) | (level_of(managed[i], min(chance, BELOW_ONE)) << shift)
