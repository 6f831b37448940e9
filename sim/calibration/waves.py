"""History matching: waves of runs that rule out what cannot be, until the emulators are sure enough.

A first wave fills the whole box of the free parameters. Gaussian processes stand in for the model; where the second
largest implausibility of all aims is three or more (one aim may be missed, where there are many) a point is ruled out.
The next wave fills what is left, and so on. What remains are runs that were really made and are not implausible: a
set, not a best point. Aims that the free parameters do not move, or cannot bring near anywhere in the box, do not
judge: they are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.calibration.aims import Aim
from sim.calibration.implausible import CUT, DEVIATIONS, Surface, nth_largest, surfaces
from sim.sweeps import samples

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Simulate = Callable[[Floats, int], Floats]
"""Runs the model at points of the unit cube, float64[points, parameters], whose first is the given number; returns
what they say, float64[points, aims]."""
SECOND, MANY = 2, 5
"""The second largest implausibility rules out where so many aims judge; of fewer, the largest."""
SURE = 0.25
"""Emulators are sure enough when their variance is below this share of the tolerance's, at the least sure aim."""
CANDIDATES = 2**14
MOST_ZOOMS = 4
ENOUGH, TWICE = 128, 2  # candidates left for a wave: so many, and twice its points
MARGIN = 0.05  # of the cube, around a box that is zoomed into
BEST = 32  # points to zoom around when nothing is left


@dataclass(frozen=True)
class Wave:
    """What was known after a wave. runs: in all; left: share of the box not ruled out; unsure: variance of the
    emulator over that of the tolerance, median over what is left, at the least sure aim; allowed: which largest
    implausibility counts."""

    number: int
    runs: int
    left: float
    unsure: float
    least_sure: str
    allowed: int


@dataclass
class Found:
    """What came out. x, y: all runs; kept: which of them are not implausible; over_box: implausibility of each aim at
    points all over the box; judging: which aims rule out."""

    aims: list[Aim]
    x: Floats
    y: Floats
    waves: list[Wave]
    surfaces: list[Surface]
    judging: Flags
    kept: Flags
    box: Floats
    over_box: Floats
    first: int
    enough: bool = False
    central: int | None = field(default=None)
    """The run of the set that lies nearest to all others (its medoid)."""

    @property
    def allowed(self) -> int:
        """Which largest implausibility rules out."""
        return self.waves[-1].allowed


def search(
    simulate: Simulate, aims: Sequence[Aim], parameters: int, points: int, waves: int, seed: int,
    chance_share: float = 0.0, first: int | None = None, said: Callable[[str], None] = lambda line: None,
) -> Found:  # fmt: skip
    """Search the unit cube in at most `waves` waves of `points` runs each, the first of `first` runs if given."""
    first = first or points
    x = samples.sobol_points(samples.power_of_two(first), parameters, seed)[:first]
    y = simulate(x, 0)
    whole = samples.sobol_points(CANDIDATES, parameters, seed + 1)
    told: list[Wave] = []
    while True:
        good = np.isfinite(y).all(axis=1)
        made = surfaces(aims, x[good], y[good])
        over_box = np.stack([one.implausibility(whole, chance_share) for one in made], axis=1)
        judging = np.array([one.moved for one in made]) & (over_box.min(axis=0) < CUT)
        judges = [one for one, yes in zip(made, judging, strict=True) if yes]
        allowed = usual(len(judges))
        left, pool = _left(judges, whole, over_box[:, judging], allowed, points, seed, chance_share)
        if not left:
            allowed += 1
            left, pool = _left(judges, whole, over_box[:, judging], allowed, points, seed, chance_share)
        unsure, least_sure = _unsure(judges, pool)
        told.append(Wave(len(told) + 1, len(x), left, unsure, least_sure, allowed))
        said(
            f"Wave {len(told)}: {len(x)} runs; {100 * left:.2g} % of the box is left; the emulators' variance is "
            f"{unsure:.2f} of the tolerance's at the least sure aim."
        )
        enough = unsure < SURE
        if len(told) == waves or (enough and len(told) > 1):
            break
        x = np.concatenate([x, pool[:points]])
        y = np.concatenate([y, simulate(pool[:points], len(y))])
    kept = good & _kept(made, judging, x, y, allowed, chance_share)
    found = Found(list(aims), x, y, told, made, judging, kept, whole, over_box, first, enough)
    if kept.any():
        found.central = medoid(x, kept)
    return found


def usual(judges: int) -> int:
    """Which largest implausibility rules out, with so many aims that judge."""
    return SECOND if judges >= MANY else 1


def _left(
    judges: Sequence[Surface], whole: Floats, over: Floats, allowed: int, points: int, seed: int, chance: float
) -> tuple[float, Floats]:
    """The share of the box that is not ruled out, and points of it for the next wave (the least implausible ones where
    nothing is left). Where few points of the box are left, it zooms into the smaller box around them."""
    low, high, share = np.zeros(whole.shape[1]), np.ones(whole.shape[1]), 1.0
    x, worst = whole, nth_largest(over, allowed)
    left = float((worst < CUT).mean())
    needed = max(ENOUGH, TWICE * points)
    for zoom in range(1, MOST_ZOOMS + 1):
        if (worst < CUT).sum() >= needed:
            break
        near = x[worst < CUT] if (worst < CUT).any() else x[np.argsort(worst, kind="stable")[:BEST]]
        low, high = np.maximum(near.min(axis=0) - MARGIN, 0.0), np.minimum(near.max(axis=0) + MARGIN, 1.0)
        share = float((high - low).prod())
        x = low + samples.sobol_points(CANDIDATES, x.shape[1], seed + 1 + zoom) * (high - low)
        worst = nth_largest(np.stack([one.implausibility(x, chance) for one in judges], axis=1), allowed)
        left = share * float((worst < CUT).mean())
    inside = x[worst < CUT]
    return left, inside if len(inside) >= points else x[np.argsort(worst, kind="stable")[:needed]]


def _unsure(judges: Sequence[Surface], x: Floats) -> tuple[float, str]:
    """Variance of the emulator over that of the tolerance, median over points, at the least sure aim, and its name."""
    worst, name = 0.0, ""
    for one in judges:
        mean, variance = one.predict(x)
        side = np.where(mean > one.aim.value, one.aim.above, one.aim.below) / DEVIATIONS
        share = float(np.median(variance / np.maximum(side**2, np.finfo(float).tiny)))
        if share >= worst:
            worst, name = share, one.aim.name
    return worst, name


def _kept(made: Sequence[Surface], judging: Flags, x: Floats, y: Floats, allowed: int, chance: float) -> Flags:
    """Which runs are not implausible: neither what the emulators expect there, nor what the run itself said."""
    judges = [(one, i) for i, (one, yes) in enumerate(zip(made, judging, strict=True)) if yes]
    if not judges:
        return np.ones(len(x), bool)
    expected = np.stack([one.implausibility(x, chance) for one, _ in judges], axis=1)
    said = np.stack([one.of_runs(y[:, i]) for one, i in judges], axis=1)
    return np.asarray((nth_largest(expected, allowed) < CUT) & (nth_largest(said, allowed) < CUT))


def medoid(x: Floats, among: Flags) -> int:
    """Of some points, the one with the smallest sum of distances to the others: its number in x."""
    some = np.flatnonzero(among)
    apart = np.sqrt(((x[some][:, None, :] - x[some][None, :, :]) ** 2).sum(axis=2)).sum(axis=1)
    return int(some[np.argmin(apart)])
