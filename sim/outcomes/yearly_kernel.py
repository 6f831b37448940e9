"""Counting everyone once a year, by neighbourhood and age group, and by fifth, sex and five-year band: compiled, with
plain NumPy twins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled
from sim.outcomes.census_kernel import AGE_GROUP_OF, BAND_OF, MONTHS, N_AGES, N_BANDS, ages
from sim.outcomes.measure import N_FIFTHS

Array = NDArray[Any]

#: age group and band of an age in whole months: no division for each resident
_GROUP_OF_MONTHS: Array = np.repeat(AGE_GROUP_OF, MONTHS)
_BAND_OF_MONTHS: Array = np.repeat(BAND_OF, MONTHS)


@compiled
def _cells_of(unique_id, born, lsoa, size, month, group_of, n_ages, nowhere, out):  # type: ignore[no-untyped-def]
    oldest = len(group_of) - 1
    for i in range(size):
        age = min(max(month - np.int64(born[i]), 0), oldest)
        out[i] = nowhere if unique_id[i] == 0 else np.int32(lsoa[i] * n_ages + group_of[age])


def cells_of(unique_id: Array, born: Array, lsoa: Array, size: int, month: int, n_areas: int) -> Array:
    """The cell (neighbourhood × age group) in which each row is counted, int32[size]; the last is for the departed."""
    out = np.empty(int(size), np.int32)
    nowhere = np.int32(n_areas * N_AGES)
    _cells_of(unique_id, born, lsoa, int(size), int(month), _GROUP_OF_MONTHS, N_AGES, nowhere, out)
    return np.asarray(out)


@compiled
def _count_unknown(cells, state, undiagnosed, first, counts):  # type: ignore[no-untyped-def]
    for i in range(cells.size):
        u = undiagnosed[i]
        if u != 0:
            u &= np.uint32(state[i] >> first)
            for b in range(counts.shape[1]):
                counts[cells[i], b] += np.int32((u >> np.uint32(b)) & np.uint32(1))


def count_unknown(cells: Array, state: Array, undiagnosed: Array, first: int, n_areas: int, n: int) -> Array:
    """Counts by neighbourhood and age group of those who have a condition and do not know: int32[n, n_areas, 6].

    cells as of `cells_of`; bit j of `undiagnosed` (uint32) is that of bit `first` + j of `state`, j < n.
    """
    counts = np.zeros((n_areas * N_AGES + 1, n), np.int32)
    _count_unknown(cells, state, undiagnosed, np.uint64(first), counts)
    return np.ascontiguousarray(counts[:-1].T).reshape(n, n_areas, N_AGES)


def count_unknown_numpy(cells: Array, state: Array, undiagnosed: Array, first: int, n_areas: int, n: int) -> Array:
    """The same as `count_unknown`, plainly."""
    alive = cells < n_areas * N_AGES
    both = (state[: cells.size] >> np.uint64(first)) & undiagnosed[: cells.size].astype(np.uint64)
    has = [alive & (both >> np.uint64(b) & np.uint64(1)).astype(bool) for b in range(n)]
    flat = [np.bincount(cells[k], minlength=n_areas * N_AGES) for k in has]
    return np.stack(flat).reshape(n, n_areas, N_AGES)


@compiled
def _bands(unique_id, born, male, fifth, utility, size, month, above, band_of, people, well, total):  # type: ignore[no-untyped-def]
    oldest = len(band_of) - 1
    for i in range(size):
        if unique_id[i] != 0:
            f, m = fifth[i], male[i]
            band = band_of[min(max(month - np.int64(born[i]), 0), oldest)]
            people[f, m, band] += 1
            well[f, m, band] += utility[i] >= above
            total[f, m, band] += utility[i]


def count_bands(
    unique_id: Array, born: Array, male: Array, fifth: Array, utility: Array, size: int, month: int, above: float
) -> tuple[Array, Array, Array]:
    """The living by fifth, sex (0 female, 1 male) and five-year band: all, those in good health (utility of at least
    `above`), and the sum of utilities; int64, int64 and float64[5, 2, 19]."""
    shape = (N_FIFTHS, 2, N_BANDS)
    people, well, total = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape)
    _bands(
        *(unique_id, born, male, fifth, utility, int(size), int(month), np.float32(above), _BAND_OF_MONTHS),
        *(people, well, total),
    )
    return people, well, total


def count_bands_numpy(
    unique_id: Array, born: Array, male: Array, fifth: Array, utility: Array, size: int, month: int, above: float
) -> tuple[Array, Array, Array]:
    """The same as `count_bands`, plainly."""
    alive = np.flatnonzero(unique_id[:size] != 0)
    good = alive[utility[alive] >= np.float32(above)]
    cell = (fifth[alive].astype(np.int64) * 2 + male[alive]) * N_BANDS + BAND_OF[ages(born[alive], month)]
    total = np.bincount(cell, weights=utility[alive].astype(np.float64), minlength=N_FIFTHS * 2 * N_BANDS)
    people, well = (bands_of(born[who], male[who], fifth[who], month) for who in (alive, good))
    return people, well, total.reshape(N_FIFTHS, 2, N_BANDS)


def bands_of(born: Array, male: Array, fifth: Array, month: int) -> Array:
    """Counts of some people by fifth, sex and five-year band, int64[5, 2, 19], plainly (deaths are few)."""
    cell = (fifth.astype(np.int64) * 2 + male.astype(np.int64)) * N_BANDS + BAND_OF[ages(born, month)]
    return np.bincount(cell, minlength=N_FIFTHS * 2 * N_BANDS).reshape(N_FIFTHS, 2, N_BANDS)
