"""The compiled functions of `sim.draws`, said in NumPy: slower, plain to read, and equal to the last bit.

They are the specification that the tests hold the compiled loops to. Arguments and results as in `sim.draws`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws, kernels


def scramble(words: draws.Keys) -> draws.Keys:
    """Twin of `sim.draws.scramble`."""
    z = words.copy()
    z ^= z >> np.uint64(30)
    z *= kernels.MIX_1
    z ^= z >> np.uint64(27)
    z *= kernels.MIX_2
    z ^= z >> np.uint64(31)
    return z


def words(keys: draws.Keys, month: int, purpose: int) -> NDArray[np.uint32]:
    """The 32 random bits of each key for a month and a purpose: uint32[n]."""
    hashed = scramble(keys + draws.offset(month, purpose >> 1))
    return (hashed >> np.uint64(32 * (purpose & 1))).astype(np.uint32)


def uniforms(keys: draws.Keys, month: int, purpose: int) -> NDArray[np.float32]:
    """Twin of `sim.draws.uniforms`."""
    return _unit(words(keys, month, purpose))


def uniforms2(keys: draws.Keys, month: int, purpose: int) -> NDArray[np.float32]:
    """Twin of `sim.draws.uniforms2`."""
    hashed = scramble(keys + draws.offset(month, draws.PAIRED + purpose))
    halves = np.stack([hashed & kernels.LOW, hashed >> kernels.S32]).astype(np.uint32)
    return _unit(halves)


def _unit(words: NDArray[np.uint32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = words.astype(np.float32)
    unit *= kernels.TO_UNIT
    return unit


def events(
    keys: draws.Keys, alive: NDArray[Any], thresholds: NDArray[np.uint32], scale: Any, month: int, purpose0: int
) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """Twin of `sim.draws.events`."""
    fixed = np.rint(np.asarray(scale, np.float64) * 2.0 ** int(kernels.SCALE_BITS)).astype(np.uint64)
    hit = np.zeros(thresholds.shape, np.bool_)
    for k in range(thresholds.shape[1]):
        drawn = words(keys, month, purpose0 + k).astype(np.uint64) << kernels.SCALE_BITS
        hit[:, k] = (drawn < thresholds[:, k].astype(np.uint64) * fixed[k]) & (np.asarray(alive) != 0)
    rows, kinds = np.nonzero(hit)
    return rows, kinds.astype(np.int16)


def survival(rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twin of the kernels' exp(−rate)."""
    rate = np.clip(rate, 0.0, kernels.EXP_TOP)
    step = (rate * kernels.EXP_STEPS).astype(np.int64)
    f = rate - step / kernels.EXP_STEPS
    tail = 1.0 - f * (1.0 - f * (0.5 - f * (1.0 / 6.0 - f * (1.0 / 24.0 - f * (1.0 / 120.0)))))
    result: NDArray[np.float64] = kernels.exponentials()[step] * tail
    return result


def chances(rates: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Twin of `sim.draws.chances`."""
    r = np.clip(rates, np.float32(0), kernels.SMALL_RATE).astype(np.float64)
    small = r * (1.0 - r * (0.5 - r * (1.0 / 6.0 - r * (1.0 / 24.0 - r * (1.0 / 120.0)))))
    large = 1.0 - survival(rates.astype(np.float64))
    p = np.where(rates > kernels.SMALL_RATE, large, small) * 2.0**32 + 0.5
    return np.minimum(p, 2.0**32 - 1).astype(np.uint32)


def poisson_counts(
    keys: draws.Keys,
    alive: NDArray[Any],
    rate: NDArray[np.float32],
    scale: NDArray[np.float32],
    group: NDArray[np.int16],
    month: int,
    purpose: int,
) -> NDArray[np.uint8]:
    """Twin of `sim.draws.poisson_counts`."""
    mean = rate.astype(np.float64) * scale.astype(np.float64)[group]
    u = words(keys, month, purpose) * 2.0**-32
    count = np.zeros(keys.size, np.uint8)
    none = 1.0 - mean * (1.0 - mean * (0.5 - mean * (1.0 / 6.0)))
    left = np.flatnonzero((np.asarray(alive) != 0) & (u >= none))
    p = survival(mean[left])
    total = p.copy()
    for k in range(1, kernels.MOST_CONTACTS + 1):
        more = u[left] >= total
        left, p, total = left[more], p[more], total[more]
        count[left] = k
        p = p * mean[left] / k
        total = total + p
    return count


def hazards(
    rows: NDArray[np.int64],
    cell: NDArray[np.int32],
    state: NDArray[np.uint32],
    exposure: NDArray[np.float32],
    area: NDArray[np.int16],
    base: NDArray[np.float32],
    excess: NDArray[np.float32],
    factors: NDArray[np.float32],
    area_factor: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Twin of `sim.draws.hazards`."""
    rate = base[cell[rows]] * area_factor[area[rows]]
    for b, factor in enumerate(factors):
        rate *= factor[(state[rows] >> np.uint32(8 * b)) & np.uint32(255)]
    for e in range(excess.shape[1]):
        rate *= np.float32(1) + excess[:, e] * exposure[rows, e, None]
    return rate
