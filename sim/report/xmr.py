"""Individuals charts (XmR) by the rules and colours of NHS England's Making Data Count: limits, signals, drawing.

Limits lie 2.66 mean moving ranges off the mean; moving ranges beyond 3.267 times their mean are left out of it. Special
cause is a point outside the limits, seven in a row on one side of the mean, seven in a row rising or falling, or two of
three near a limit, all three on one side: the rules of the NHS-R community's package NHSRplotthedots 0.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim.report import style

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
LIMIT, SCREEN = 2.66, 3.267  # of mean moving ranges
NEAR = 2 / 3  # of the way to a limit
IN_A_ROW, OF_THREE = 7, 2
COMMON, IMPROVES, CONCERNS, NEUTRAL = "common cause", "improvement", "concern", "special cause"
COLOURS = {COMMON: "#768692", IMPROVES: "#41B6E6", CONCERNS: "#ED8B00", NEUTRAL: "#490092"}
MARKERS = {0: "o", 1: "s", -1: "D"}


@dataclass(frozen=True)
class Chart:
    """A process. signals: special cause above the mean +1, below it −1, common cause (and unknown) 0: int64[points]."""

    values: Floats
    mean: float
    low: float
    high: float
    signals: NDArray[np.int64]

    @property
    def special(self) -> Flags:
        """Which points are special cause."""
        return np.asarray(self.signals != 0)

    def kind(self, k: int, good: int) -> str:
        """What a point is; with special cause, a good or a bad side of the mean (good: +1 more is better, −1, 0)."""
        if not self.signals[k]:
            return COMMON
        if not good:
            return NEUTRAL
        return IMPROVES if self.signals[k] == good else CONCERNS


def chart(values: NDArray[Any], before: int | None = None) -> Chart:
    """The process of some points; limits are those of the first `before` (of all, unless given).

    Points that are nan are left out, and no moving range is taken across one. Without any the limits are nan.
    """
    values = np.asarray(values, np.float64)
    ranges = np.abs(np.diff(values[:before]))
    ranges = ranges[np.isfinite(ranges)]
    ranges = ranges[ranges <= SCREEN * ranges.mean()] if len(ranges) else ranges
    found = values[:before][np.isfinite(values[:before])]
    mean = float(found.mean()) if len(found) else float("nan")
    reach = LIMIT * float(ranges.mean()) if len(ranges) else 0.0
    known = np.isfinite(values)
    signals = np.zeros(len(values), np.int64)
    seen = values[known]
    away, side = np.abs(seen - mean), np.sign(seen - mean)
    near = (away > NEAR * reach) & (away <= reach)
    special = (away > reach) | _runs(side) | _trends(seen) | _two_of_three(near, side)
    signals[known] = special * np.where(side > 0, 1, -1)
    return Chart(values, mean, mean - reach, mean + reach, signals)


def _runs(side: Floats) -> Flags:
    """Points that are part of seven in a row on one side."""
    found = np.zeros(len(side), bool)
    for k in range(len(side) - IN_A_ROW + 1):
        if side[k] and (side[k : k + IN_A_ROW] == side[k]).all():
            found[k : k + IN_A_ROW] = True
    return found


def _trends(values: Floats) -> Flags:
    """Points that are part of seven in a row that rise, or fall, without a pause."""
    found = np.zeros(len(values), bool)
    steps = np.sign(np.diff(values))
    for k in range(len(values) - IN_A_ROW + 1):
        if steps[k] and (steps[k : k + IN_A_ROW - 1] == steps[k]).all():
            found[k : k + IN_A_ROW] = True
    return found


def _two_of_three(near: Flags, side: Floats) -> Flags:
    """Points near a limit that are among two such of three, all three on one side."""
    found = np.zeros(len(near), bool)
    for k in range(len(near) - 2):
        three = slice(k, k + 3)
        if abs(side[three].sum()) == 3 and near[three].sum() >= OF_THREE:
            found[three] |= near[three]
    return found


def draw(axes: Axes, x: NDArray[Any], one: Chart, good: int = 0, left_out: Floats | None = None) -> None:
    """Mean, limits, and points by what they signal: in Making Data Count's colours, squares above the mean and diamonds
    below it where they are special cause.

    good: +1 where more is better, −1 where less is, 0 where neither. left_out: values known to be faulty, drawn hollow
    and not counted (they are nan in the chart).
    """
    axes.axhline(one.mean, color=style.INK, linewidth=0.9)
    for limit in (one.low, one.high):
        axes.axhline(limit, color=style.INK, linewidth=0.9, linestyle=style.BASELINE_DASH)
    axes.plot(x, one.values, color=COLOURS[COMMON], linewidth=0.8, zorder=2)
    kinds = np.array([one.kind(k, good) for k in range(len(one.values))])
    for sign, marker in MARKERS.items():
        for kind in np.unique(kinds[one.signals == sign]):
            here = (one.signals == sign) & (kinds == kind)
            axes.plot(x[here], one.values[here], marker, color=COLOURS[kind], markersize=3.4, zorder=3)
    if left_out is not None:
        axes.plot(x, left_out, "o", markerfacecolor=style.PAPER, markeredgecolor=style.INK, markersize=3.6, zorder=4)
