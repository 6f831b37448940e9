"""Compiled loops of the life course, each beside a NumPy twin that must agree.

Kept apart from the engine's kernels because they know what a lagged exposure is. Numba's cache is keyed on this file
and the signature, so every parameter is an argument.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def advance_lags(
    lagged: NDArray[np.float32],
    state: NDArray[np.uint32],
    rows: NDArray[np.int64],
    mask: NDArray[np.uint32],
    rise: NDArray[np.float32],
    fall: NDArray[np.float32],
) -> None:
    """Move each lagged exposure of `rows` toward the real one: by `rise` of the gap where it is on, else by `fall`.

    lagged (residents, columns) is changed in place; mask, rise, fall: one a column.
    """
    for i in rows:
        for column in range(mask.size):
            if state[i] & mask[column]:
                lagged[i, column] += (np.float32(1) - lagged[i, column]) * rise[column]
            else:
                lagged[i, column] -= lagged[i, column] * fall[column]


def advance_lags_numpy(
    lagged: NDArray[np.float32],
    state: NDArray[np.uint32],
    rows: NDArray[np.int64],
    mask: NDArray[np.uint32],
    rise: NDArray[np.float32],
    fall: NDArray[np.float32],
) -> None:
    """The same in NumPy, to check the compiled loop against."""
    now = lagged[rows]
    on = (state[rows, None] & mask) != 0
    lagged[rows] = np.where(on, now + (np.float32(1) - now) * rise, now - now * fall)
