"""Peers: whether those one is close to smoke, or are active, and what that does to one's own behaviour.

The shares of live ties who smoke and who are active, as they were at the end of last month, stand as levels in the
state of those in review. Published contagion is an association between people who have chosen each other; a stated
share of it is taken to be cause.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.life.states import LEVEL_VALUES
from sim.life.ties import shares_of

if TYPE_CHECKING:
    from sim.evidence import Evidence

NODES = np.linspace(0.0, 1.0, LEVEL_VALUES)
"""Share of ties at which each level stands."""


def by_level(evidence: Evidence) -> dict[str, dict[str, tuple[float, ...]]]:
    """Process → level → multiplier at each of its four values; the mean over people with national shares is 1."""
    smoke, active = evidence["peers.smoking_share"], evidence["peers.active_share"]
    number = shares_of(evidence)
    usual = float(number[1:] @ np.arange(1, number.size) / number[1:].sum())
    # one friend of `usual` is 1/usual of the ties; the odds of smoking split evenly into starting and stopping
    log_odds = -math.log(evidence["peers.friend_quits_ratio"]) * usual * evidence["peers.smoking_causal_share"]
    of_smoking, of_active = expected(number, smoke), expected(number, active)
    return {
        "start_smoking": {"peers_smoking": spaced(math.exp(log_odds / 2), of_smoking)},
        "quit_smoking": {"peers_smoking": spaced(math.exp(-log_odds / 2), of_smoking)},
        "become_active": {"peers_active": spaced(evidence["peers.activity_ratio"], of_active)},
    }


def spaced(ratio: float, share: NDArray[np.float64]) -> tuple[float, ...]:
    """Multipliers of the four values of a level, evenly spaced in logarithms, whose highest over lowest is `ratio` and
    whose mean over `share` of people is 1."""
    value = ratio**NODES
    return tuple((value / (share @ value)).tolist())


def expected(number: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Share of people at each of the four levels when each tie has a trait with chance `share`, independently.

    number: share of people with 0, 1, 2 … ties. Who has none is taken to stand at `share`.
    """
    levels = number[0] * weights(share)
    for ties in range(1, number.size):
        for with_it in range(ties + 1):
            chance = math.comb(ties, with_it) * share**with_it * (1 - share) ** (ties - with_it)
            levels += number[ties] * chance * weights(with_it / ties)
    return np.asarray(levels)


def weights(value: float) -> NDArray[np.float64]:
    """How likely a share of ties is to be shown as each level: its distances to the nodes about it."""
    return np.maximum(1.0 - np.abs(value - NODES) * (LEVEL_VALUES - 1), 0.0)
