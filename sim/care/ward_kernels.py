"""The compiled loop that finds each emergency its ward. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]


@compiled
def assign(
    rows: Array,
    cause: Array,
    uniform: Array,
    share: Array,
    needs: tuple[int, Array, Array],
    children: tuple[int, int],
    residents: tuple[Array, Array],
    ward: Array,
) -> None:
    """The ward (its position) of each admission of residents at `rows`, into `ward` (int64).

    cause: of each; uniform: float32, a draw of each; share: float64[causes, wards], of the causes' patients. needs: for
    which cause the wards of some take only residents who have any of their conditions; whether a ward does so (bool);
    and those conditions (uint64, bits of the state). children: born after which month they go to which ward, whatever
    the draw. residents: columns born, state.
    """
    special, particular, conditions = needs
    born_after, for_children = children
    born, state = residents
    last = share.shape[1] - 1
    upto = np.empty(share.shape[1])
    for i in range(rows.size):
        row, total, found = rows[i], 0.0, 0
        for w in range(upto.size):
            not_taken = cause[i] == special and particular[w] and (state[row] & conditions[w]) == 0
            total += 0.0 if not_taken else share[cause[i], w]
            upto[w] = total
        for w in range(last):
            found += uniform[i] * total >= upto[w]
        ward[i] = for_children if born[row] > born_after else found
