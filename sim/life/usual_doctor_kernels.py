"""The compiled loop of the level of continuity; see `sim.life.usual_doctor`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled
from sim.kernels import scramble as mix

Array = NDArray[Any]
S32 = np.uint64(32)
THREE = np.uint64(3)
FULL, STEPS = np.uint64(255), np.uint64(3)


@compiled
def set_levels(rows: Array, value: Array, key: Array, state: Array, shift: int, offset: int) -> None:
    """Write the level (0–3, in the two bits from `shift`) of the bytes `value` of some rows into their states.

    A value between two nodes stands at the upper with the chance of its distance from the lower, by a draw for life
    (offset: added to the key): the whole part of value × 3 / 255 + draw.
    """
    for i in rows:
        draw = mix(key[i] + offset) >> S32  # of 2³²
        at = (np.uint64(value[i]) * STEPS << S32) + draw * FULL
        state[i] = (state[i] & ~(THREE << shift)) | (min(at // (FULL << S32), STEPS) << shift)
