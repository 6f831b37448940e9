"""Sharing out a difference among the things that made it, so that the parts add up to the whole exactly.

Players are switched on in sets; each set was run. With few players every set is run and a part is the Shapley value:
the mean, over all orders in which players could have joined, of what each adds. With more, only *each alone* and *all
but one* are run: a part is the mean of what a player adds when it comes first and when it comes last, and what these
leave over stands beside them, not shared out.

Source: Shapley, A value for n-person games (1953). The mean of first and last is the Shapley value for up to two
players, and for more wherever no more than two of them interact at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Players = frozenset[str]
EXACT_UP_TO = 4
"""Players up to which every set of them is run (16 sets)."""


@dataclass(frozen=True)
class Parts:
    """What each player did, each value float64[runs].

    alone        with it and nothing else, less nothing at all; last: with all, less with all but it
    part         its share of the whole; `rest` what is not shared out (0 when `exact`)
    together     with all, less with none; interaction: together less the sum of each alone
    """

    players: tuple[str, ...]
    alone: dict[str, Array]
    last: dict[str, Array]
    part: dict[str, Array]
    rest: Array
    together: Array
    exact: bool

    @property
    def interaction(self) -> Array:
        """What they do together beyond the sum of each alone."""
        return np.asarray(self.together - sum(self.alone.values(), np.zeros_like(self.together)))


def sets_needed(players: Sequence[str]) -> list[Players]:
    """The sets of players that must be run, from none to all, without repetition."""
    n = len(players)
    if n <= EXACT_UP_TO:
        sizes = range(n + 1)
        return [frozenset(chosen) for size in sizes for chosen in combinations(players, size)]
    everyone = frozenset(players)
    alone = [frozenset({one}) for one in players]
    return [frozenset(), *alone, *(everyone - {one} for one in players), everyone]


def share_out(players: Sequence[str], values: Mapping[Players, Array]) -> Parts:
    """The parts of each player. values: outcome of each set of `sets_needed`, float64[runs]."""
    players = tuple(players)
    everyone, nobody = frozenset(players), frozenset[str]()
    together = np.asarray(values[everyone] - values[nobody], np.float64)
    alone = {one: np.asarray(values[frozenset({one})] - values[nobody], np.float64) for one in players}
    last = {one: np.asarray(values[everyone] - values[everyone - {one}], np.float64) for one in players}
    exact = len(players) <= EXACT_UP_TO
    if exact:
        part = {one: _shapley(one, players, values) for one in players}
    else:
        part = {one: (alone[one] + last[one]) / 2 for one in players}
    rest = together - sum(part.values(), np.zeros_like(together))
    if exact:
        rest = np.zeros_like(together)  # but for rounding there is none
    return Parts(players, alone, last, part, rest, together, exact)


def _shapley(one: str, players: tuple[str, ...], values: Mapping[Players, Array]) -> Array:
    """Mean over all orders of joining of what one player adds."""
    others, n = [p for p in players if p != one], len(players)
    total: Any = 0.0
    for size in range(n):
        weight = factorial(size) * factorial(n - size - 1) / factorial(n)
        for chosen in combinations(others, size):
            before = frozenset(chosen)
            total = total + weight * (values[before | {one}] - values[before])
    return np.asarray(total, np.float64)
