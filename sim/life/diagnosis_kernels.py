"""The compiled loop of reviews that nobody asks for, beside its NumPy twin; see `sim.life.diagnosis`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]
MOST, BOUND = np.float32(65535), np.float32(65536)
CERTAIN = np.uint16(65530)
"""A chance from which on the rate behind it may be above what its slots can hold."""
HALF, ONE = np.float32(0.5), np.float32(1)


@compiled
def forgo(rows: Array, undiagnosed: Array, part: Array, slots: Array, ask: Array, expected: Array, full: Array) -> int:
    """Multiply the chances of some kinds of contact by what the conditions that are unknown leave of them.

    Residents whose chance stands at its bound are left alone: their rows are put into `full`, and how many there are is
    returned.

    rows: of the columns undiagnosed (uint32), ask (uint16[n, 8], bounds of 65,536) and expected (float32, contacts a
    month), of which the last two are changed; part: float32, one a pattern of unknown conditions; slots: columns of
    `ask`.
    """
    count = 0
    for i in rows:
        unknown = undiagnosed[i]
        if unknown != 0 and ask[i, slots[0]] >= CERTAIN:
            full[count] = i
            count += 1
        elif unknown != 0:
            left = part[unknown]
            for slot in slots:
                before = np.float32(ask[i, slot])
                ask[i, slot] = np.uint16(min(before * left + HALF, MOST))
                expected[i] -= before * (ONE - left) / BOUND
    return count


def forgo_numpy(rows: Array, undiagnosed: Array, part: Array, slots: Array, ask: Array, expected: Array) -> Array:
    """The same in NumPy, to check the compiled loop against; returns the rows left alone."""
    full = (undiagnosed[rows] != 0) & (ask[rows, slots[0]] >= CERTAIN)
    rows, alone = rows[~full], rows[full]
    left = part[undiagnosed[rows]][:, None]
    at = np.ix_(rows, slots)
    before = ask[at].astype(np.float32)
    ask[at] = np.minimum(before * left + HALF, MOST).astype(np.uint16)
    expected[rows] -= (before * (ONE - left)).sum(axis=1) / BOUND
    return np.asarray(alone)
