"""Where the compiled loops of care find the draws of a month: what they add to a key, and which half of the hash."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim import draws

Words = NDArray[np.uint64]


class Hashes:
    """The draws of some purposes, in this order, then pairs of draws: as `draws.uniforms` and `draws.uniforms2` say.

    shift: of the half of the hash that each draw is (0 or 32; of a pair both are used), uint64[n].
    """

    def __init__(self, *purposes: int, pairs: Sequence[int] = ()) -> None:
        numbers = [purpose >> 1 for purpose in purposes] + [draws.PAIRED + pair for pair in pairs]
        self._first: Words = np.array([draws.offset(0, number) for number in numbers], np.uint64)
        self.shift: Words = np.array([32 * (purpose & 1) for purpose in purposes] + [0] * len(pairs), np.uint64)

    def offset(self, month: int) -> Words:
        """What is added to a key in a month: uint64[n]."""
        added: Words = self._first + draws.offset(month, 0)
        return added
