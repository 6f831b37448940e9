"""Cost-effectiveness under uncertainty: the plane, and acceptability curves with their frontier.

Options are compared by net benefit, λ × effect − cost, at each willingness to pay λ (Fenwick, Claxton & Sculpher,
Health Economics 2001;10:779). The curve of an option is the share of draws in which it has the highest net benefit; the
frontier names the option with the highest *mean* net benefit, which need not be the likeliest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError

Array = NDArray[Any]


@dataclass(frozen=True)
class Plane:
    """Shares (0–1) of draws by what an option gives against the baseline, and its ratio.

    dominates    more health, no more cost       trade      more health at more cost
    saves        no more health, less cost       dominated  no more health, at least the same cost
    icer         mean cost ÷ mean effect, £ a unit of effect; None unless both are above 0
    """

    dominates: float
    trade: float
    saves: float
    dominated: float
    icer: float | None


@dataclass(frozen=True)
class Curves:
    """Acceptability. thresholds: £ a unit of effect [k]; chance: float64[k, options], rows add up to 1; best: the
    option with the highest mean net benefit at each threshold, int[k]; mean: net benefit in £, float64[k, options]."""

    thresholds: Array
    chance: Array
    best: Array
    mean: Array

    @property
    def frontier(self) -> Array:
        """The chance that the option which is best on average is also best in a draw, float64[k]."""
        return np.asarray(self.chance[np.arange(len(self.best)), self.best])


def plane(cost: Array, effect: Array) -> Plane:
    """Where the draws of one option lie. cost, effect: against the baseline, float64[draws]."""
    cost, effect = np.asarray(cost, np.float64), np.asarray(effect, np.float64)
    more, dearer = effect > 0, cost > 0
    mean_cost, mean_effect = float(cost.mean()), float(effect.mean())
    return Plane(
        dominates=float((more & ~dearer).mean()),
        trade=float((more & dearer).mean()),
        saves=float((~more & (cost < 0)).mean()),
        dominated=float((~more & (cost >= 0)).mean()),
        icer=mean_cost / mean_effect if mean_cost > 0 and mean_effect > 0 else None,
    )


def ceac(cost: Array, effect: Array, thresholds: Sequence[float] | Array) -> Curves:
    """Acceptability curves of all options.

    cost, effect   float64[draws, options] against the baseline; the first option is the baseline itself (zeros). Give
                   draws with chance averaged or taken out (`psa.without_luck`): noise drives every curve towards an
                   even chance.
    Ties are shared evenly. Raises `UserError` when the shapes differ or a value is missing.
    """
    cost, effect = np.asarray(cost, np.float64), np.asarray(effect, np.float64)
    if cost.shape != effect.shape or cost.ndim != 2:
        raise UserError(f"Costs and effects must be tables of the same shape, not {cost.shape} and {effect.shape}.")
    if not (np.isfinite(cost).all() and np.isfinite(effect).all()):
        raise UserError("Some runs have no cost or effect; run them again or drop them.")
    levels = np.asarray(thresholds, np.float64)
    benefit = levels[:, None, None] * effect - cost  # thresholds × draws × options
    top = benefit == benefit.max(axis=2, keepdims=True)
    chance = (top / top.sum(axis=2, keepdims=True)).mean(axis=1)
    mean = benefit.mean(axis=1)
    return Curves(levels, chance, mean.argmax(axis=1), mean)
