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


def shorts(keys: draws.Keys, month: int, number: int, count: int) -> NDArray[np.uint16]:
    """The 16-bit draws that begin with hash `number`, four a hash: uint16[n, count]."""
    columns = [
        scramble(keys + draws.offset(month, number + k // draws.SHORTS)) >> np.uint64(16 * (k % draws.SHORTS))
        for k in range(count)
    ]
    return np.asarray(np.stack(columns, axis=1) if columns else np.empty((keys.size, 0))).astype(np.uint16)


def events(
    keys: draws.Keys, alive: NDArray[Any], thresholds: NDArray[np.uint16], scale: Any, month: int, purpose0: int
) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """Twin of `sim.draws.events`."""
    bits = int(kernels.SCALE_BITS)
    fixed = np.rint(np.asarray(scale, np.float64) * 2.0**bits).astype(np.uint64)
    drawn = shorts(keys, month, draws.SHORT + purpose0 // draws.SHORTS, fixed.size).astype(np.uint64)
    below = [scramble(keys + draws.offset(month, draws.FINE + purpose0 + k)) for k in range(fixed.size)]
    fine = np.stack(below, axis=1) & np.uint64(2**bits - 1) if below else np.zeros_like(drawn)
    fine[:, fixed == 2**bits] = 0
    hit = (drawn << np.uint64(bits)) + fine < thresholds.astype(np.uint64) * fixed
    rows, kinds = np.nonzero(hit & (np.asarray(alive) != 0)[:, None])
    return rows, kinds.astype(np.int16)


def patterns(
    keys: draws.Keys, alive: NDArray[Any], thresholds: NDArray[np.uint16], scale: Any, month: int, purpose: int
) -> NDArray[np.uint8]:
    """Twin of `sim.draws.patterns`."""
    bits = int(kernels.SCALE_BITS)
    fixed = np.rint(np.asarray(scale, np.float64) * 2.0**bits).astype(np.uint64)
    bound = (thresholds.astype(np.uint64) * fixed + np.uint64(2 ** (bits - 1))) >> np.uint64(bits)
    hit = shorts(keys, month, draws.PATTERN + 2 * purpose, 8) < bound
    return np.asarray(np.packbits(hit, axis=1, bitorder="little")[:, 0] * (np.asarray(alive) != 0)).astype(np.uint8)


def survival(rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twin of the kernels' exp(−rate)."""
    rate = np.clip(rate, 0.0, kernels.EXP_TOP)
    step = (rate * kernels.EXP_STEPS).astype(np.int64)
    f = rate - step / kernels.EXP_STEPS
    tail = 1.0 - f * (1.0 - f * (0.5 - f * (1.0 / 6.0 - f * (1.0 / 24.0 - f * (1.0 / 120.0)))))
    result: NDArray[np.float64] = kernels.exponentials()[step] * tail
    return result


def chances(rates: NDArray[np.float32], keys: draws.Keys) -> NDArray[np.uint16]:
    """What `sim.draws.keep_chances` writes for these rates, one row a key: uint16 of the shape of `rates`."""
    one, half, third, quarter = (np.float32(x) for x in (1, 0.5, 1 / 6, 1 / 24))
    r = np.clip(rates, np.float32(0), kernels.SMALL_RATE)
    small = r * (one - r * (half - r * (third - r * quarter)))
    large = (1.0 - survival(rates.astype(np.float64))).astype(np.float32)
    p = np.where(rates > kernels.SMALL_RATE, large, small)
    return _bounds(p, shorts(keys, 0, draws.DITHER, rates.shape[1]))


def counts(rates: NDArray[np.float32], keys: draws.Keys, slots: NDArray[np.int64]) -> NDArray[np.uint16]:
    """What `sim.draws.keep_counts` writes for these rates, one row a key: uint16 (n, slots)."""
    share = (1.0 / np.bincount(slots)[slots]).astype(np.float32)
    mean = np.minimum(rates[:, slots] * share, np.float32(1))
    return _bounds(mean, shorts(keys, 0, draws.DITHER_COUNTS, slots.size))


def _bounds(p: NDArray[np.float32], dither: NDArray[np.uint16]) -> NDArray[np.uint16]:
    exact = p * kernels.UNIT_16 + dither.astype(np.float32) * kernels.TO_UNIT_16
    return np.minimum(exact.astype(np.int32), draws.ONE - 1).astype(np.uint16)


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
    state: NDArray[np.uint64],
    exposure: NDArray[np.uint16],
    area: NDArray[np.int16],
    base: NDArray[np.float32],
    excess: NDArray[np.float32],
    factors: NDArray[np.float32],
    area_factor: NDArray[np.float32],
    shifts: NDArray[np.uint64],
) -> NDArray[np.float32]:
    """Twin of `sim.draws.hazards`."""
    rate = base[cell[rows]] * area_factor[area[rows]]
    for shift, factor in zip(shifts, factors, strict=True):
        rate *= factor[(state[rows] >> shift) & np.uint64(255)]
    for e in range(excess.shape[0]):
        rate *= np.float32(1) + excess[e] * (exposure[rows, e, None].astype(np.float32) * kernels.TO_SHARE)
    return rate
