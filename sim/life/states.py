"""A resident's yes-or-no states, kept as bits of one number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BEHAVIOURS = ("smoker", "ex_smoker", "obese", "inactive", "lonely")
MOST_STATES = 32


@dataclass(frozen=True)
class States:
    """Which bit of the `state` column says what. Behaviours come first, then the conditions in their order."""

    conditions: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.names) > MOST_STATES:
            raise ValueError(f"{len(self.names)} states do not fit in {MOST_STATES} bits")

    @property
    def names(self) -> tuple[str, ...]:
        """Every state, in the order of its bit."""
        return BEHAVIOURS + self.conditions

    @property
    def bits(self) -> dict[str, int]:
        """Name of each state → position of its bit."""
        return {name: position for position, name in enumerate(self.names)}

    @property
    def first_condition(self) -> int:
        """Bit of the first condition: ``state >> first_condition`` is the pattern of conditions."""
        return len(BEHAVIOURS)

    def mask(self, name: str) -> np.uint32:
        """The number with only that state's bit set. KeyError for a state that does not exist."""
        return np.uint32(1 << self.bits[name])

    def has(self, state: NDArray[np.uint32], name: str) -> NDArray[np.bool_]:
        """Which of the residents have it (boolean, same shape as `state`)."""
        return np.asarray((state & self.mask(name)) != 0)

    def pack(self, size: int, held: Iterable[tuple[str, NDArray[np.bool_]]]) -> NDArray[np.uint32]:
        """The `state` column of `size` residents from a boolean array per state."""
        state = np.zeros(size, np.uint32)
        for name, who in held:
            state[who] |= self.mask(name)
        return state


def patterns(bits: int) -> NDArray[np.bool_]:
    """Every combination of `bits` conditions: boolean (2**bits, bits), row = the number the bits spell."""
    return (np.arange(2**bits)[:, None] >> np.arange(bits) & 1).astype(bool)


def byte_values() -> NDArray[np.bool_]:
    """Boolean (256, 8): which bits each value of a byte has."""
    return patterns(8)


def names_in_order(items: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    """Names sorted by their stated order, then by name so that equal orders are settled."""
    return tuple(name for _, name in sorted(items))
