"""Counting everyone, once a month, by local deprivation fifth: compiled, each with a plain NumPy twin.

First everybody is put into a group (fifth, child or adult, departed), one byte each; every count then reads that byte
and what it counts. States are kept as bits of one 64-bit word. Testing every bit of everybody is slow; instead each
resident adds one to a histogram per byte of the word, and the 256 possible bytes are taken apart into bits afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.outcomes.measures import ADULT_AGE, AGE_GROUP_STARTS, AGE_GROUPS, N_FIFTHS

MONTHS = 12
ADULT_MONTHS = ADULT_AGE * MONTHS
N_BITS = 64
N_AGES = len(AGE_GROUPS)
BAND_YEARS, N_BANDS = 5, 19  # 0–4 … 85–89, 90+
OLDEST = 200
N_GROUPS = 2 * N_FIFTHS + 1

Array = NDArray[Any]

_years = np.arange(OLDEST)
#: age group (0–5) and five-year band (0–18) of an age in whole years
AGE_GROUP_OF: Array = (np.searchsorted(AGE_GROUP_STARTS, _years, side="right") - 1).astype(np.int64)
BAND_OF: Array = np.minimum(_years // BAND_YEARS, N_BANDS - 1).astype(np.int64)
#: which bits each byte has
_BITS_OF_BYTE: Array = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.int64)

_ONES_OF_BYTE: Array = _BITS_OF_BYTE.sum(axis=1).astype(np.uint64)
AT_A_TIME = 1 << 16


def ages(born: Array, month: int) -> Array:
    """Ages in whole years (int64) at a month, of birth months; nobody is younger than 0 or older than 199."""
    return np.clip((month - born.astype(np.int64)) // MONTHS, 0, OLDEST - 1)


@njit(cache=True, nogil=True)
def _groups(unique_id, born, fifth, size, youngest_adult, n_fifths, out):  # type: ignore[no-untyped-def]
    nobody, adult = np.uint8(2 * n_fifths), np.uint8(n_fifths)
    for i in range(size):
        group = np.uint8(fifth[i] + (adult if born[i] <= youngest_adult else np.uint8(0)))
        out[i] = nobody if unique_id[i] == 0 else group


def groups_of(unique_id: Array, born: Array, fifth: Array, size: int, month: int) -> Array:
    """The group in which each row is counted, uint8[size]: children 0–4 by fifth, adults 5–9, the departed 10.

    Worked out once a month, so that every count needs one byte a resident more than what it counts.
    """
    out = np.empty(int(size), np.uint8)
    _groups(unique_id, born, fifth, int(size), int(month) - ADULT_MONTHS, N_FIFTHS, out)
    return out


@njit(cache=True, nogil=True)
def _histograms(groups, state, shifts, several, n_groups):  # type: ignore[no-untyped-def]
    n_bytes = shifts.size
    bytes_ = np.zeros((n_groups, n_bytes, 256), np.int32)
    many = np.zeros((4, n_groups), np.int64)  # four counts, taken in turn, so that none waits for the last
    for i in range(groups.size):
        g, s = groups[i], state[i]
        rest = s & several
        many[i & 3, g] += (rest & (rest - np.uint64(1))) != np.uint64(0)
        for b in range(n_bytes):
            bytes_[g, b, (s >> shifts[b]) & np.uint64(255)] += 1
    return bytes_, many[0] + many[1] + many[2] + many[3]


def count_states(
    groups: Array, state: Array, several: int = 0, used: Sequence[int] | None = None
) -> tuple[Array, Array]:
    """Counts of the living by fifth: of each state bit, and of all, adults, and those with two or more of `several`.

    Shapes: `groups` as of `groups_of`; `state` uint64 (≥ as long); `several` a bit mask; `used` the bits that are
    wanted (all, unless said; bytes without any are skipped). Returns bits int64[5, 64] and people int64[5, 3]
    (residents, adults, two or more of `several`).
    """
    wanted = sorted({bit // 8 for bit in (range(N_BITS) if used is None else used)}) or [0]
    shifts = np.array(wanted, np.uint64) * np.uint64(8)
    bytes_, many = _histograms(groups, state, shifts, np.uint64(several), N_GROUPS)
    by_bit = bytes_[:-1].astype(np.int64) @ _BITS_OF_BYTE  # the departed are left out
    bits = np.zeros((N_FIFTHS, N_BITS // 8, 8), np.int64)
    bits[:, wanted] = by_bit[:N_FIFTHS] + by_bit[N_FIFTHS:]
    everybody = bytes_[:-1, 0].sum(axis=1).astype(np.int64)
    people = [_over_ages(everybody), everybody[N_FIFTHS:], _over_ages(many[:-1])]
    return bits.reshape(N_FIFTHS, N_BITS), np.stack(people, axis=1)


def _over_ages(by_group: Array) -> Array:
    """Children and adults of each fifth together."""
    return np.asarray(by_group[:N_FIFTHS] + by_group[N_FIFTHS:])


def count_states_numpy(groups: Array, state: Array, several: int = 0) -> tuple[Array, Array]:
    """The same as `count_states`, plainly (its oracle in the tests)."""
    alive = groups < 2 * N_FIFTHS
    f, s = groups[alive].astype(np.int64) % N_FIFTHS, state[: groups.size][alive]
    has = (s[:, None] >> np.arange(N_BITS, dtype=np.uint64) & np.uint64(1)).astype(bool)
    bits = np.stack([np.bincount(f[has[:, b]], minlength=N_FIFTHS) for b in range(N_BITS)], axis=1)
    two = has[:, [b for b in range(N_BITS) if several >> b & 1]].sum(axis=1) >= 2
    keeps = (np.ones(len(f), bool), groups[alive] >= N_FIFTHS, two)
    people = np.stack([np.bincount(f[keep], minlength=N_FIFTHS) for keep in keeps], axis=1)
    return bits, people


@njit(cache=True, nogil=True)
def _sums(groups, values, total):  # type: ignore[no-untyped-def]
    for i in range(groups.size):
        total[i & 7, groups[i]] += values[i]


def sum_values(groups: Array, values: Array, adults_only: bool = False) -> Array:
    """Sum of a column over the living (or the adults) by fifth, float64[5]; whole numbers are summed as such."""
    kind = np.float64 if np.issubdtype(values.dtype, np.floating) else np.int64
    lanes = np.zeros((8, N_GROUPS), kind)  # eight sums, taken in turn, so that no addition waits for the last
    _sums(groups, values, lanes)
    total = lanes.sum(axis=0)[:-1].astype(np.float64)
    return np.asarray(total[N_FIFTHS:]) if adults_only else _over_ages(total)


def sum_values_numpy(groups: Array, values: Array, adults_only: bool = False) -> Array:
    """The same as `sum_values`, plainly."""
    keep = (groups < 2 * N_FIFTHS) & ((groups >= N_FIFTHS) | (not adults_only))
    weights = values[: groups.size][keep].astype(np.float64)
    return np.bincount(groups[keep] % N_FIFTHS, weights=weights, minlength=N_FIFTHS)


@njit(cache=True, nogil=True)
def _known(groups, state, conditions, among, managed, undiagnosed, ones, first, last, total):  # type: ignore[no-untyped-def]
    # three sums in one 64-bit number: up to 2**14 rows a lane fit without running into one another
    lanes = np.zeros((4, total.shape[0]), np.uint64)
    for i in range(first, last):
        ill = np.uint64((state[i] & conditions) != np.uint64(0))
        u = undiagnosed[i] & among
        unknown = ones[u & np.uint32(255)] + ones[(u >> np.uint32(8)) & np.uint32(255)]
        lanes[i & 3, groups[i]] += (
            ill | (np.uint64(managed[i]) * ill) << np.uint64(16) | (unknown * ill) << np.uint64(40)
        )
    for lane in lanes:
        for g in range(total.shape[0]):
            total[g, 0] += np.int64(lane[g] & np.uint64(0xFFFF))
            total[g, 1] += np.int64((lane[g] >> np.uint64(16)) & np.uint64(0xFFFFFF))
            total[g, 2] += np.int64(lane[g] >> np.uint64(40))


def count_known(groups: Array, state: Array, conditions: int, among: int, managed: Array, undiagnosed: Array) -> Array:
    """Of the living by fifth, int64[5, 3]: those with any of `conditions` (a bit mask), the sum of how well they are
    managed (uint8), and their conditions that are not known (bits of uint32 in `among`, lower 16)."""
    total = np.zeros((N_GROUPS, 3), np.int64)
    for first in range(0, groups.size, AT_A_TIME):
        last = min(first + AT_A_TIME, groups.size)
        masks = np.uint64(conditions), np.uint32(among)
        _known(groups, state, *masks, managed, undiagnosed, _ONES_OF_BYTE, first, last, total)
    return _over_ages(total[:-1])


def count_known_numpy(
    groups: Array, state: Array, conditions: int, among: int, managed: Array, undiagnosed: Array
) -> Array:
    """The same as `count_known`, plainly."""
    n = groups.size
    ill = (groups < 2 * N_FIFTHS) & ((state[:n] & np.uint64(conditions)) != 0)
    each = (np.ones(n), managed[:n].astype(float), np.bitwise_count(undiagnosed[:n] & np.uint32(among)).astype(float))
    f = groups[ill] % N_FIFTHS
    return np.stack([np.bincount(f, weights=one[ill], minlength=N_FIFTHS) for one in each], axis=1).astype(np.int64)
