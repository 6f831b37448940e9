"""States as bits, and the compiled loop that moves lagged exposures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import UserError
from sim.life import states as parts
from sim.life.life_kernels import advance_lags, advance_lags_numpy
from sim.life.states import BEHAVIOURS, FIRST_CONDITION, LEVELS, States, byte_values, patterns

pytestmark = pytest.mark.unit


def test_packing_and_asking_agree() -> None:
    states = States(("diabetes", "copd"))
    who = {"smoker": np.array([True, False, True]), "copd": np.array([False, True, True])}
    packed = states.pack(3, who.items())
    for name, expected in who.items():
        assert np.array_equal(states.has(packed, name), expected)
    assert not states.has(packed, "diabetes").any()


def test_conditions_follow_behaviours() -> None:
    states = States(("diabetes", "copd"))
    assert states.first_condition == FIRST_CONDITION > len(BEHAVIOURS)
    assert packed_pattern(states, ["diabetes", "copd"]) == 3


def packed_pattern(states: States, names: list[str]) -> int:
    packed = states.pack(1, ((name, np.array([True])) for name in names))
    return int(packed[0] >> np.uint64(states.first_condition))


def test_an_unknown_state_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        States(("copd",)).mask("gout")


def test_more_states_than_bits_are_refused() -> None:
    with pytest.raises(UserError, match="room for 16"):
        States(tuple(f"condition_{i}" for i in range(40)))


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.sampled_from(LEVELS), st.integers(0, 3))
def test_a_level_is_written_and_read_and_touches_nothing_else(word: int, name: str, value: int) -> None:
    before = np.array([word], np.uint64)
    after = parts.with_level(before, name, np.array([value]))
    assert parts.level(after, name)[0] == value
    for other in LEVELS:
        if other != name:
            assert parts.level(after, other)[0] == parts.level(before, other)[0]
    states = States(("diabetes", "copd"))
    for state in states.names:
        assert states.has(after, state)[0] == states.has(before, state)[0]


def test_patterns_spell_their_row() -> None:
    assert np.array_equal(patterns(3) @ np.array([1, 2, 4]), np.arange(8))
    assert byte_values().shape == (256, 8)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(0.01, 1), st.floats(0.01, 1))
def test_lags_agree_with_numpy(seed: int, people: int, rise: float, fall: float) -> None:
    chance = np.random.default_rng(seed)
    state = chance.integers(0, 4, people).astype(np.uint64)
    lagged = chance.integers(0, 2**16, (people, 2)).astype(np.uint16)
    rows = np.sort(chance.permutation(people)[: people // 2 + 1])
    mask = np.array([1, 2], np.uint64)
    steps = np.full(2, rise, np.float32), np.full(2, fall, np.float32)
    loop, twin = lagged.copy(), lagged.copy()
    advance_lags(loop, state, rows, mask, *steps)
    advance_lags_numpy(twin, state, rows, mask, *steps)
    np.testing.assert_array_equal(loop, twin)
    untouched = np.setdiff1d(np.arange(people), rows)
    assert np.array_equal(loop[untouched], lagged[untouched])
    on = (state[rows, None] & mask) != 0
    assert (np.where(on, loop[rows] >= lagged[rows], loop[rows] <= lagged[rows])).all()
