"""Who is in good health, and how well people are, by fifth, sex and five-year band: once a year, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.outcomes.census_kernel import BAND_OF, N_BANDS, ages
from sim.outcomes.measure import N_FIFTHS

Array = NDArray[Any]


@njit(cache=True, nogil=True)
def _sum_bands(unique_id, born, male, fifth, utility, size, month, above, band_of, n_fifths, n_bands):  # type: ignore[no-untyped-def]
    well = np.zeros((n_fifths, 2, n_bands), np.int64)
    total = np.zeros((n_fifths, 2, n_bands), np.float64)
    oldest = len(band_of) - 1
    for i in range(size):
        if unique_id[i] != 0:
            band = band_of[min(max((month - np.int64(born[i])) // 12, 0), oldest)]
            well[fifth[i], male[i], band] += utility[i] >= above
            total[fifth[i], male[i], band] += utility[i]
    return well, total


def sum_bands(
    unique_id: Array, born: Array, male: Array, fifth: Array, utility: Array, size: int, month: int, above: float
) -> tuple[Array, Array]:
    """Those in good health (utility of at least `above`) and the sum of utilities: int64 and float64[5, 2, 19]."""
    return _sum_bands(  # type: ignore[no-any-return]
        unique_id, born, male, fifth, utility, int(size), int(month), np.float32(above), BAND_OF, N_FIFTHS, N_BANDS
    )


def sum_bands_numpy(
    unique_id: Array, born: Array, male: Array, fifth: Array, utility: Array, size: int, month: int, above: float
) -> tuple[Array, Array]:
    """The same as `sum_bands`, plainly (its oracle in the tests)."""
    alive = unique_id[:size] != 0
    cell = (fifth[:size].astype(np.int64) * 2 + male[:size]) * N_BANDS + BAND_OF[ages(born[:size], month)]
    cell, values = cell[alive], utility[:size][alive]
    shape, n = (N_FIFTHS, 2, N_BANDS), N_FIFTHS * 2 * N_BANDS
    well = np.bincount(cell[values >= np.float32(above)], minlength=n).reshape(shape)
    return well, np.bincount(cell, weights=values.astype(np.float64), minlength=n).reshape(shape)
