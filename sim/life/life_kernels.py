"""Compiled loops of the life course, each beside a NumPy twin that must agree.

Kept apart from the engine's kernels because they know what a lagged exposure is. Numba's cache is keyed on this file
and the signature, so every parameter is an argument.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.life.grid import AGES, DECILES, SEXES

REVIEW_MONTHS = 12
"""Months between a resident's reviews. Written here because Numba keeps its machine code by this file."""

FULL = 65535
"""A lagged exposure of 1 as it is kept."""

REVIEW = np.uint32(REVIEW_MONTHS)
MOST = np.float32(FULL)
FORGOTTEN = np.float32(FULL / 1000)
"""A lagged exposure below this is none: rates skip exposures of zero."""


@njit(cache=True, nogil=True)
def advance_lags(
    lagged: NDArray[np.uint16],
    state: NDArray[np.uint64],
    rows: NDArray[np.int64],
    mask: NDArray[np.uint64],
    rise: NDArray[np.float32],
    fall: NDArray[np.float32],
) -> None:
    """Move each lagged exposure of `rows` toward the real one: by `rise` of the gap where it is on, else by `fall`.

    lagged (residents, columns; 65535 is 1) is changed in place; mask, rise, fall: one a column.
    """
    half = np.float32(0.5)
    for i in rows:
        here = state[i]
        for column in range(mask.size):  # both ways are worked out, so that there is nothing to branch on
            now = np.float32(lagged[i, column])
            left = now - now * fall[column]
            left = left if left > FORGOTTEN else -half
            then = now + (MOST - now) * rise[column] if here & mask[column] else left
            lagged[i, column] = np.uint16(np.int32(then + half))


@njit(cache=True, nogil=True)
def find_cells(
    rows: NDArray[np.int64],
    born: NDArray[np.int16],
    male: NDArray[np.uint8],
    decile: NDArray[np.uint8],
    month: int,
    cell: NDArray[np.int32],
) -> None:
    """Write the row of the rate tables of each resident in `rows`; the same as `sim.life.grid.cell`."""
    for i in rows:
        age = min(max((month - born[i]) // 12, 0), AGES - 1)
        cell[i] = (age * SEXES + male[i]) * DECILES + decile[i] - 1


@njit(cache=True, nogil=True)
def cap_hazard(
    rows: NDArray[np.int64],
    cell: NDArray[np.int32],
    base: NDArray[np.float32],
    process: int,
    most: float,
    rates: NDArray[np.float32],
) -> None:
    """Keep the rate of one process within `most` times its base rate; `rates` holds a row for each of `rows`."""
    for j in range(rows.size):
        top = base[cell[rows[j]], process] * np.float32(most)
        if rates[j, process] > top:
            rates[j, process] = top


@njit(cache=True, nogil=True)
def due(born: NDArray[np.int16], identity: NDArray[np.int64], month: int, out: NDArray[np.int64]) -> int:
    """Put the rows of those whose review falls in `month` into `out`, in order; returns how many there are.

    Written without a branch, and with the months between reviews as a constant, so that nothing is divided or guessed:
    every row is put down, and kept by moving on.
    """
    count = 0
    for i in range(identity.size):
        out[count] = i
        age = np.uint32(month - np.int64(born[i]))
        count += (identity[i] != 0) & (age % REVIEW == 0)
    return count


@njit(cache=True, nogil=True)
def feel(
    rows: NDArray[np.int64],
    cell: NDArray[np.int32],
    state: NDArray[np.uint64],
    listed: NDArray[np.uint8],
    unmet: NDArray[np.uint8],
    area: NDArray[np.int16],
    norms: NDArray[np.float32],
    by_byte: NDArray[np.float32],
    shifts: NDArray[np.uint64],
    by_pattern: NDArray[np.float32],
    first_condition: np.uint64,
    of_waiting: NDArray[np.float32],
    shift: NDArray[np.float32],
    bounds: NDArray[np.float32],
    satisfaction: NDArray[np.float32],
    utility: NDArray[np.float32],
) -> None:
    """Write life satisfaction and utility of the residents in `rows`; see `sim.life.wellbeing`.

    norms (2, cells): norm of satisfaction and of utility; by_byte (2, bytes, 256): what the value of each byte of the
    state (`shifts`: where it stands) adds to each; by_pattern (patterns): what the conditions add to utility;
    of_waiting (2, 2): what being on a list, and an unmet need, add to each; bounds: least utility, most satisfaction.
    """
    for i in rows:
        c, s = cell[i], state[i]
        felt = norms[0, c] + shift[area[i]]
        able = norms[1, c] + by_pattern[s >> first_condition]
        for b in range(shifts.size):
            value = (s >> shifts[b]) & np.uint64(255)
            felt += by_byte[0, b, value]
            able += by_byte[1, b, value]
        if listed[i] > 0:
            felt += of_waiting[0, 0]
            able += of_waiting[1, 0]
        if unmet[i] > 0:
            felt += of_waiting[0, 1]
            able += of_waiting[1, 1]
        satisfaction[i] = min(max(felt, np.float32(0)), bounds[1])
        utility[i] = min(max(able, bounds[0]), np.float32(1))


def advance_lags_numpy(
    lagged: NDArray[np.uint16],
    state: NDArray[np.uint64],
    rows: NDArray[np.int64],
    mask: NDArray[np.uint64],
    rise: NDArray[np.float32],
    fall: NDArray[np.float32],
) -> None:
    """The same in NumPy, to check the compiled loop against."""
    now = lagged[rows].astype(np.float32)
    on = (state[rows, None] & mask) != 0
    left = now - now * fall
    moved = np.where(on, now + (MOST - now) * rise, left) + np.float32(0.5)
    lagged[rows] = np.where(on | (left > FORGOTTEN), moved, 0).astype(np.uint16)
