"""Counting everyone, once a month, by local deprivation fifth: compiled, each with a plain NumPy twin.

States are kept as bits of one 64-bit word. Testing sixteen bits of everybody is slow; instead each resident adds one to
a histogram per byte of the word (four additions), and the 256 possible bytes are taken apart into bits afterwards.
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

Array = NDArray[Any]

_years = np.arange(OLDEST)
#: age group (0–5) and five-year band (0–18) of an age in whole years
AGE_GROUP_OF: Array = (np.searchsorted(AGE_GROUP_STARTS, _years, side="right") - 1).astype(np.int64)
BAND_OF: Array = np.minimum(_years // BAND_YEARS, N_BANDS - 1).astype(np.int64)
#: which bits each byte has
_BITS_OF_BYTE: Array = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.int64)


def ages(born: Array, month: int) -> Array:
    """Ages in whole years (int64) at a month, of birth months; nobody is younger than 0 or older than 199."""
    return np.clip((month - born.astype(np.int64)) // MONTHS, 0, OLDEST - 1)


@njit(cache=True, nogil=True)
def _histograms(unique_id, born, fifth, state, size, shifts, youngest_adult, several, n_fifths):  # type: ignore[no-untyped-def]
    # two histograms, taken in turn: neighbouring rows often count into the same place, and would wait for each other
    n_bytes = shifts.size
    bytes_ = np.zeros((2, n_fifths, n_bytes, 256), np.int32)
    people = np.zeros((2, n_fifths, 3), np.int64)
    for i in range(size):
        if unique_id[i] == 0:
            continue
        turn, f, s = i & 1, fifth[i], state[i]
        people[turn, f, 0] += 1
        people[turn, f, 1] += born[i] <= youngest_adult
        rest = s & several
        people[turn, f, 2] += (rest & (rest - np.uint64(1))) != np.uint64(0)
        for b in range(n_bytes):
            bytes_[turn, f, b, (s >> shifts[b]) & np.uint64(255)] += 1
    return bytes_[0] + bytes_[1], people[0] + people[1]


def count_states(
    unique_id: Array,
    born: Array,
    fifth: Array,
    state: Array,
    size: int,
    month: int,
    several: int = 0,
    used: Sequence[int] | None = None,
) -> tuple[Array, Array]:
    """Counts of the living by fifth: of each state bit, and of all, adults, and those with two or more of `several`.

    Shapes: columns (≥ size,); `fifth` 0–4; `state` uint64; `several` a bit mask; `used` the bits that are wanted (all,
    unless said; bytes without any are skipped). Returns bits int64[5, 64] and people int64[5, 3] (residents, adults,
    two or more of `several`). Rows whose `unique_id` is 0 count as nobody.
    """
    wanted = sorted({bit // 8 for bit in (range(N_BITS) if used is None else used)})
    shifts = np.array(wanted, np.uint64) * np.uint64(8)
    bytes_, people = _histograms(
        *(unique_id, born, fifth, state, int(size)), shifts, int(month) - ADULT_MONTHS, np.uint64(several), N_FIFTHS
    )
    bits = np.zeros((N_FIFTHS, N_BITS // 8, 8), np.int64)
    bits[:, wanted] = bytes_.astype(np.int64) @ _BITS_OF_BYTE
    return bits.reshape(N_FIFTHS, N_BITS), people


def count_states_numpy(
    unique_id: Array, born: Array, fifth: Array, state: Array, size: int, month: int, several: int = 0
) -> tuple[Array, Array]:
    """The same as `count_states`, plainly (its oracle in the tests)."""
    alive = unique_id[:size] != 0
    f, s = fifth[:size][alive].astype(np.int64), state[:size][alive]
    has = (s[:, None] >> np.arange(N_BITS, dtype=np.uint64) & np.uint64(1)).astype(bool)
    bits = np.stack([np.bincount(f[has[:, b]], minlength=N_FIFTHS) for b in range(N_BITS)], axis=1)
    adult = month - born[:size][alive].astype(np.int64) >= ADULT_MONTHS
    two = has[:, [b for b in range(N_BITS) if several >> b & 1]].sum(axis=1) >= 2
    keeps = (np.ones(len(f), bool), adult, two)
    people = np.stack([np.bincount(f[keep], minlength=N_FIFTHS) for keep in keeps], axis=1)
    return bits, people


@njit(cache=True, nogil=True)
def _sums(unique_id, born, fifth, values, size, youngest, n_fifths):  # type: ignore[no-untyped-def]
    total = np.zeros((4, n_fifths), np.float64)  # four sums, taken in turn, so that no addition waits for the last
    for i in range(size):
        if unique_id[i] != 0 and born[i] <= youngest:
            total[i & 3, fifth[i]] += values[i]
    return total[0] + total[1] + total[2] + total[3]


def sum_values(
    unique_id: Array, born: Array, fifth: Array, values: Array, size: int, month: int, adults_only: bool = False
) -> Array:
    """Sum of a column over the living (or the adults) by fifth, float64[5]."""
    youngest = int(month) - ADULT_MONTHS if adults_only else 2**31 - 1
    return np.asarray(_sums(unique_id, born, fifth, values, int(size), youngest, N_FIFTHS))


def sum_values_numpy(
    unique_id: Array, born: Array, fifth: Array, values: Array, size: int, month: int, adults_only: bool = False
) -> Array:
    """The same as `sum_values`, plainly."""
    keep = unique_id[:size] != 0
    if adults_only:
        keep &= month - born[:size].astype(np.int64) >= ADULT_MONTHS
    return np.bincount(fifth[:size][keep], weights=values[:size][keep].astype(np.float64), minlength=N_FIFTHS)


@njit(cache=True, nogil=True)
def _cells(unique_id, born, lsoa, state, size, month, several, group_of, n_areas, n_ages, used):  # type: ignore[no-untyped-def]
    n_bits = used.size
    counts = np.zeros((n_bits + 2, n_areas * n_ages), np.int32)
    oldest = len(group_of) - 1
    for i in range(size):
        if unique_id[i] == 0:
            continue
        age = min(max((month - np.int64(born[i])) // 12, 0), oldest)
        c = lsoa[i] * n_ages + group_of[age]
        s = state[i]
        counts[n_bits, c] += 1
        rest = s & several
        counts[n_bits + 1, c] += (rest & (rest - np.uint64(1))) != np.uint64(0)
        for b in range(n_bits):
            counts[b, c] += np.int32((s >> used[b]) & np.uint64(1))
    return counts


def count_cells(
    unique_id: Array,
    born: Array,
    lsoa: Array,
    state: Array,
    size: int,
    month: int,
    several: int,
    n_areas: int,
    used: Sequence[int],
) -> Array:
    """Counts of the living by neighbourhood and age group, once a year: int32[bits + 2, n_areas, 6].

    The first axis is the state bits in `used`, then everybody, then those with two or more of `several`.
    """
    counts = _cells(
        *(unique_id, born, lsoa, state, int(size), int(month)),
        *(np.uint64(several), AGE_GROUP_OF, int(n_areas), N_AGES, np.array(used, np.uint64)),
    )
    return np.asarray(counts).reshape(len(used) + 2, n_areas, N_AGES)


def count_cells_numpy(
    unique_id: Array,
    born: Array,
    lsoa: Array,
    state: Array,
    size: int,
    month: int,
    several: int,
    n_areas: int,
    used: Sequence[int],
) -> Array:
    """The same as `count_cells`, plainly."""
    alive = unique_id[:size] != 0
    cell = lsoa[:size][alive].astype(np.int64) * N_AGES + AGE_GROUP_OF[ages(born[:size][alive], month)]
    s = state[:size][alive]
    has = (s[:, None] >> np.arange(N_BITS, dtype=np.uint64) & np.uint64(1)).astype(bool)
    two = has[:, [b for b in range(N_BITS) if several >> b & 1]].sum(axis=1) >= 2
    keeps = [*has.T[list(used)], np.ones(len(s), bool), two]
    flat = np.stack([np.bincount(cell[k], minlength=n_areas * N_AGES) for k in keeps])
    return flat.reshape(len(used) + 2, n_areas, N_AGES)


@njit(cache=True, nogil=True)
def _bands(unique_id, born, male, fifth, size, month, band_of, n_fifths, n_bands):  # type: ignore[no-untyped-def]
    counts = np.zeros((n_fifths, 2, n_bands), np.int64)
    oldest = len(band_of) - 1
    for i in range(size):
        if unique_id[i] != 0:
            age = min(max((month - np.int64(born[i])) // 12, 0), oldest)
            counts[fifth[i], male[i], band_of[age]] += 1
    return counts


def count_bands(unique_id: Array, born: Array, male: Array, fifth: Array, size: int, month: int) -> Array:
    """The living by fifth, sex (0 female, 1 male) and five-year band, once a year: int64[5, 2, 19]."""
    return np.asarray(_bands(unique_id, born, male, fifth, int(size), int(month), BAND_OF, N_FIFTHS, N_BANDS))


def bands_of(born: Array, male: Array, fifth: Array, month: int) -> Array:
    """Counts of some people by fifth, sex and five-year band, int64[5, 2, 19], plainly (deaths are few)."""
    cell = (fifth.astype(np.int64) * 2 + male.astype(np.int64)) * N_BANDS + BAND_OF[ages(born, month)]
    return np.bincount(cell, minlength=N_FIFTHS * 2 * N_BANDS).reshape(N_FIFTHS, 2, N_BANDS)
