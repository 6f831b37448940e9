"""Sums of columns of bytes over the living, six columns in one pass: compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled
from sim.outcomes.census_kernel import N_GROUPS
from sim.outcomes.measures import N_FIFTHS

Array = NDArray[Any]
TOGETHER, LANES = 6, 8
ROWS = 1 << 13  # 255 times so many fit into 21 bits
S21, S42, LOW = np.uint64(21), np.uint64(42), np.uint64((1 << 21) - 1)


@compiled
def _sums(groups: Array, a: Array, b: Array, c: Array, d: Array, e: Array, f: Array, rows: int, total: Array) -> None:
    """Add six columns (uint8) by group to total (int64[groups, 6]); three sums stand in each 64-bit number, and eight
    lanes take turns, so that no addition waits for the last."""
    lanes = np.zeros((LANES * total.shape[0], 2), np.uint64)
    for first in range(0, groups.size, rows):
        lanes[:] = 0
        for i in range(first, min(first + rows, groups.size)):
            at = np.uint64(groups[i]) * np.uint64(LANES) + np.uint64(i & (LANES - 1))
            lanes[at, 0] += np.uint64(a[i]) | (np.uint64(b[i]) << S21) | (np.uint64(c[i]) << S42)
            lanes[at, 1] += np.uint64(d[i]) | (np.uint64(e[i]) << S21) | (np.uint64(f[i]) << S42)
        for lane in range(lanes.shape[0]):
            g = lane // LANES
            for half in range(2):
                word = lanes[lane, half]
                total[g, 3 * half] += np.int64(word & LOW)
                total[g, 3 * half + 1] += np.int64((word >> S21) & LOW)
                total[g, 3 * half + 2] += np.int64(word >> S42)


def sum_bytes(groups: Array, columns: Sequence[Array]) -> Array:
    """Sum of each column (uint8) over the children and adults of each fifth: float64[columns, 2, 5].

    groups: as of `sim.outcomes.census_kernel.groups_of`.
    """
    found = []
    for first in range(0, len(columns), TOGETHER):
        some = columns[first : first + TOGETHER]
        total = np.zeros((N_GROUPS, TOGETHER), np.int64)
        _sums(groups, *some, *[some[0]] * (TOGETHER - len(some)), ROWS, total)
        found.append(total[:-1, : len(some)].T.reshape(-1, 2, N_FIFTHS))
    return np.concatenate(found).astype(np.float64) if found else np.empty((0, 2, N_FIFTHS))
