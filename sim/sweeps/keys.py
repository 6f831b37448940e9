"""Many run keys in little memory: 16 bytes each, and finding their places without a Python object for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.sweeps.base import KEY_BYTES

Keys = NDArray[np.uint8]
"""Keys as rows of bytes: uint8[keys, 16]."""
Places = NDArray[np.int64]


def joined(keys: list[bytes]) -> Keys:
    """Keys as an array: uint8[keys, 16]."""
    return np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), KEY_BYTES)


class KeyIndex:
    """At which places of a list each key stands. keys: uint8[n, 16]; one that stands twice has two places."""

    def __init__(self, keys: Keys) -> None:
        first, second = _halves(keys)
        self._order = np.lexsort((second, first))
        self._first, self._second = first[self._order], second[self._order]

    def find(self, keys: Keys) -> tuple[Places, Places]:
        """Which of the given keys stand in the list, and where: (number of the key, place in the list), int64 each. A
        key with two places comes twice; one that is not there, not at all."""
        first, second = _halves(keys)
        start, stop = (np.searchsorted(self._first, first, side) for side in ("left", "right"))
        numbers, places = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for step in range(int((stop - start).max(initial=0))):  # nearly always one: half a key is rarely shared
            at = np.flatnonzero(start + step < stop)
            at = at[self._second[start[at] + step] == second[at]]
            numbers.append(at)
            places.append(self._order[start[at] + step])
        return np.concatenate(numbers), np.concatenate(places)

    def twins(self) -> Places:
        """Places of keys that stand at an earlier place already, in order."""
        same = (self._first[1:] == self._first[:-1]) & (self._second[1:] == self._second[:-1])
        return np.asarray(np.sort(self._order[1:][same]))  # lexsort is stable: the earliest place comes first


def _halves(keys: Keys) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    words = np.ascontiguousarray(keys).view(np.uint64)
    return words[:, 0], words[:, 1]
