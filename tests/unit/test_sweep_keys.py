"""Many keys in little memory find their places, those that stand twice too."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest

from sim.sweeps.base import KEY_BYTES
from sim.sweeps.keys import KeyIndex, joined

pytestmark = pytest.mark.unit


def key(number: int) -> bytes:
    return sha256(b"%d" % number).digest()[:KEY_BYTES]


def test_each_key_is_found_at_all_its_places() -> None:
    numbers = [5, 3, 8, 3, 1, 5, 5]
    index = KeyIndex(joined([key(n) for n in numbers]))
    asked = [3, 7, 5, 1]
    which, places = index.find(joined([key(n) for n in asked]))
    found = {n: sorted(places[which == i].tolist()) for i, n in enumerate(asked)}
    assert found == {3: [1, 3], 7: [], 5: [0, 5, 6], 1: [4]}
    assert index.twins().tolist() == [3, 5, 6], "all but the first of each"


def test_keys_that_share_a_half_are_told_apart() -> None:
    first, second = b"a" * 8 + b"b" * 8, b"a" * 8 + b"c" * 8
    index = KeyIndex(joined([first, second]))
    which, places = index.find(joined([second, b"a" * 16, first]))
    assert sorted(zip(which.tolist(), places.tolist(), strict=True)) == [(0, 1), (2, 0)]
    assert index.twins().size == 0


def test_nothing_is_found_in_nothing() -> None:
    which, places = KeyIndex(np.empty((0, KEY_BYTES), np.uint8)).find(joined([key(1)]))
    assert which.size == places.size == 0
