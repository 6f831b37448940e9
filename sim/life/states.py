"""A resident's states as parts of one 64-bit number: yes-or-no states, and levels of what is continuous.

Rates are looked up by the bytes of this number. Behaviours and circumstances stand in the lowest bytes, then levels of
two bits each, then (from bit 32) the conditions in their configured order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError

State = NDArray[np.uint64]

BEHAVIOURS = ("smoker", "ex_smoker", "obese", "inactive", "drinker", "lonely", "offline")
CIRCUMSTANCES = ("cold_home", "low_income")
FRAILTY = ("frail_mild", "frail_moderate", "frail_severe")
LEVELS = ("contact", "confidence", "control", "managed", "peers_smoking", "peers_active", "continuity")
LEVEL_BITS, LEVEL_VALUES = 2, 4
FIRST_CIRCUMSTANCE, FIRST_LEVEL, FIRST_CONDITION = 8, 16, 32
BYTE = 8
MOST_CONDITIONS = 16


@dataclass(frozen=True)
class States:
    """Which bit of the `state` column says what.

    conditions: their names in order; at most 16, because wellbeing is looked up by their pattern. Raises `UserError`
    when there are more.
    """

    conditions: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.conditions) > MOST_CONDITIONS:
            raise UserError(
                f"configs/conditions holds {len(self.conditions)} conditions; the model has room for {MOST_CONDITIONS}."
            )

    @cached_property
    def bits(self) -> dict[str, int]:
        """Name of each yes-or-no state → position of its bit."""
        groups = ((0, BEHAVIOURS), (FIRST_CIRCUMSTANCE, CIRCUMSTANCES + FRAILTY), (FIRST_CONDITION, self.conditions))
        return {name: first + k for first, names in groups for k, name in enumerate(names)}

    @property
    def names(self) -> tuple[str, ...]:
        """Every yes-or-no state, in the order of its bit."""
        return tuple(self.bits)

    @property
    def bytes(self) -> int:
        """How many bytes of the number are in use."""
        return -(-(FIRST_CONDITION + len(self.conditions)) // BYTE)

    @property
    def first_condition(self) -> int:
        """Bit of the first condition: ``state >> first_condition`` is the pattern of conditions."""
        return FIRST_CONDITION

    def mask(self, name: str) -> np.uint64:
        """The number with only that state's bit set. KeyError for a state that does not exist."""
        return np.uint64(1 << self.bits[name])

    def has(self, state: State, name: str) -> NDArray[np.bool_]:
        """Which of the residents have it (boolean, same shape as `state`)."""
        return np.asarray((state & self.mask(name)) != 0)

    def pack(self, size: int, held: Iterable[tuple[str, NDArray[np.bool_]]]) -> State:
        """The `state` column of `size` residents from a boolean array per state."""
        state = np.zeros(size, np.uint64)
        for name, who in held:
            state[who] |= self.mask(name)
        return state


def level_shift(name: str) -> int:
    """Lowest bit of a level. ValueError for one that does not exist."""
    return FIRST_LEVEL + LEVEL_BITS * LEVELS.index(name)


def level(state: State, name: str) -> NDArray[np.uint8]:
    """A level of each of the residents, 0 to 3 (uint8, same shape as `state`)."""
    return np.asarray((state >> np.uint64(level_shift(name))) & np.uint64(LEVEL_VALUES - 1)).astype(np.uint8)


def with_level(state: State, name: str, values: NDArray[np.integer]) -> State:
    """The same states with another level (0 to 3, one a resident)."""
    shift = np.uint64(level_shift(name))
    cleared = state & ~(np.uint64(LEVEL_VALUES - 1) << shift)
    return np.asarray(cleared | (np.asarray(values).astype(np.uint64) << shift))


def patterns(bits: int) -> NDArray[np.bool_]:
    """Every combination of `bits` conditions: boolean (2**bits, bits), row = the number the bits spell."""
    return (np.arange(2**bits)[:, None] >> np.arange(bits) & 1).astype(bool)


def byte_values() -> NDArray[np.bool_]:
    """Boolean (256, 8): which bits each value of a byte has."""
    return patterns(BYTE)


def names_in_order(items: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    """Names sorted by their stated order, then by name so that equal orders are settled."""
    return tuple(name for _, name in sorted(items))
