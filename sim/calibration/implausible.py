"""How implausible a point is: its distance from what was observed, in standard deviations of all that is not known.

I = |model − observed| ÷ √(variance of the emulator + of chance + of the tolerance) (Craig et al. 1997; Vernon,
Goldstein & Bower 2010, Bayesian Analysis 5:619; Andrianakis et al. 2015, PLoS Comput Biol 11:e1003968). A tolerance is
read as three standard deviations, so that, where nothing else is uncertain, I = 3 is the edge of what counts as met.
Chance is that of what was observed when a surface is judged (next to none for England, which has three hundred times
the residents), and that of a run when a single run is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.calibration.aims import Aim
from sim.errors import UserError
from sim.sweeps import emulator
from sim.sweeps.emulator import WITHIN, Emulator

Floats = NDArray[np.float64]
CUT = 3.0
"""Implausibility from which a point is ruled out (Pukelsheim's three-sigma rule: 95 % of any unimodal distribution)."""
DEVIATIONS = 3.0
"""Standard deviations that a tolerance is taken for."""
FEW = 2
"""Runs a term, at least, for lines to be bent."""
RARE = 0.01
"""Chance at which nothing is taken for something."""
LEAST = 1e-9
"""Least standard deviation, as a share of the value: a tolerance of nothing would rule everything out."""


@dataclass(frozen=True)
class Surface:
    """What stands in for the model for one aim. emulator: None where no free parameter moves it clearly; then `mean` is
    that of all runs. chance: variance of single runs around the surface; missed: how far unseen runs lay off (90 %)."""

    aim: Aim
    emulator: Emulator | None
    mean: float
    chance: float
    q2: float
    missed: float

    @property
    def moved(self) -> bool:
        """Whether the free parameters move it clearly."""
        return self.emulator is not None

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Mean and variance of the emulator at points of the unit cube: float64[points] each."""
        if self.emulator is None:
            return np.full(len(x), self.mean), np.zeros(len(x))
        mean, sd = self.emulator.predict(x)
        return np.asarray(mean, np.float64), np.asarray(sd, np.float64) ** 2

    def implausibility(self, x: Floats, chance_share: float = 0.0) -> Floats:
        """At points of the unit cube. chance_share: chance of what was observed, as a share of that of a run."""
        mean, variance = self.predict(x)
        return implausibility(self.aim, mean, variance + chance_share * self.chance)

    def of_runs(self, y: Floats) -> Floats:
        """Of single runs, from what they said: float64[runs]."""
        return implausibility(self.aim, y, np.full(len(y), self.chance))


def implausibility(aim: Aim, mean: Floats, variance: Floats) -> Floats:
    """|mean − observed| ÷ √(variance + that of the tolerance), the tolerance of the side on which the mean lies."""
    off = mean - aim.value
    side = np.where(off > 0, aim.above, aim.below) / DEVIATIONS
    least = LEAST * max(abs(aim.value), LEAST)
    return np.asarray(np.abs(off) / np.sqrt(variance + np.maximum(side, least) ** 2))


def surfaces(aims: Sequence[Aim], x: Floats, y: Floats) -> list[Surface]:
    """A surface for each aim through runs at x, float64[runs, parameters], that said y, float64[runs, aims]."""
    return [_surface(aim, x, np.asarray(values, np.float64)) for aim, values in zip(aims, y.T, strict=True)]


def goes_with(x: Floats, y: Floats) -> bool:
    """Whether a sum of straight and bent lines through the parameters explains y more than chance would (F test): a
    look that costs nothing, before a surface is made."""
    centred = x - x.mean(axis=0)
    terms = (
        [np.ones((len(x), 1)), centred, centred**2]
        if len(x) > FEW * 2 * x.shape[1]
        else [np.ones((len(x), 1)), centred]
    )
    design = np.concatenate(terms, axis=1)
    free = len(y) - design.shape[1]
    if free < 1:
        return True
    left = float(((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2).sum())
    all_of_it = float(((y - y.mean()) ** 2).sum())
    if left <= 0 or all_of_it <= 0:
        return all_of_it > 0
    more = design.shape[1] - 1
    return bool(stats.f.sf((all_of_it - left) / more / (left / free), more, free) < RARE)


def _surface(aim: Aim, x: Floats, y: Floats) -> Surface:
    mean, variance = float(y.mean()), float(y.var(ddof=1))
    if not goes_with(x, y):
        return Surface(aim, None, mean, variance, 0.0, float(np.quantile(np.abs(y - mean), WITHIN)))
    try:
        found = emulator.regress(x, y)
    except UserError:  # the same in every run
        return Surface(aim, None, mean, 0.0, 0.0, 0.0)
    if not found.explains:
        return Surface(aim, None, mean, variance, found.q2, found.error)
    chance = found.surface.nugget * found.surface.scale**2
    return Surface(aim, found, mean, float(chance), found.q2, found.error)


def nth_largest(values: Floats, n: int) -> Floats:
    """The n-th largest of each row of float64[points, aims]; 0 where there are fewer."""
    if values.shape[1] < n:
        return np.zeros(len(values))
    return np.asarray(np.partition(values, -n, axis=1)[:, -n])
