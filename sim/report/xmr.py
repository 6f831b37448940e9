"""Individuals charts (XmR) after NHS England's Making Data Count: limits, special causes, and how a point is drawn.

Limits lie 2.66 mean moving ranges off the mean. Special causes are a point beyond a limit, seven in a row on one side
of the mean, seven in a row that rise or fall, and two of three consecutive points in the outer third on one side.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim.report import style

TO_LIMITS = 2.66
RUN = 7
OUTER = 2 / 3
CONCERN, IMPROVEMENT, NEUTRAL, COMMON = "#F46A25", "#005EB8", "#5C3D99", "#768692"
"""Orange, blue, purple (special cause of a measure that is neither good nor bad), grey."""
Array = NDArray[Any]


def limits(values: Array) -> tuple[float, float, float]:
    """Mean and natural process limits (lower, upper); nan is left out, and no range is taken across it."""
    known = values[np.isfinite(values)]
    if not known.size:
        return float("nan"), float("nan"), float("nan")
    ranges = np.abs(np.diff(values))
    ranges = ranges[np.isfinite(ranges)]
    reach = TO_LIMITS * float(ranges.mean()) if ranges.size else 0.0
    mean = float(known.mean())
    return mean, mean - reach, mean + reach


def signals(values: Array) -> NDArray[np.int64]:
    """Special causes: +1 where a point is one towards more, −1 towards less, 0 common cause (and where unknown)."""
    mean, low, high = limits(values)
    found = np.zeros(values.size, np.int64)
    known = np.flatnonzero(np.isfinite(values))
    seen = values[known]
    side = np.sign(seen - mean).astype(int)
    step = np.sign(np.diff(seen)).astype(int)
    for sign in (1, -1):
        special = seen > high if sign > 0 else seen < low
        special |= _runs(side == sign, RUN)
        special |= _touched(_runs(step == sign, RUN - 1), seen.size)
        outer = sign * (seen - mean) > OUTER * (high - mean)
        for k in range(seen.size - 2):
            if outer[k : k + 3].sum() >= 2 and high > mean:
                special[k : k + 3] |= outer[k : k + 3]
        found[known[special & (found[known] == 0)]] = sign
    return found


def _runs(on: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """Which entries belong to a run of at least so many."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(int), [0]])))
    out = np.zeros(on.size, bool)
    for first, last in edges.reshape(-1, 2):
        if last - first >= least:
            out[first:last] = True
    return out


def _touched(steps: NDArray[np.bool_], points: int) -> NDArray[np.bool_]:
    """Which points lie at either end of one of the steps."""
    out = np.zeros(points, bool)
    out[:-1] |= steps
    out[1:] |= steps
    return out


def draw(axes: Axes, x: Array, values: Array, better: int = 0, left_out: Array | None = None) -> None:
    """An individuals chart: mean, limits, and points coloured by what they signal.

    better: +1 where more is better, −1 where less is, 0 where neither. left_out: values known to be faulty, drawn
    hollow and not counted (`values` is nan there).
    """
    for level, dash in zip(limits(values), ("solid", (0, (4, 2)), (0, (4, 2))), strict=True):
        axes.axhline(level, color=style.GHOST, linewidth=1.0, linestyle=dash)
    axes.plot(x, values, color=COMMON, linewidth=0.7, zorder=3)
    colours = {0: COMMON}
    for sign in (1, -1):
        colours[sign] = NEUTRAL if better == 0 else IMPROVEMENT if sign == better else CONCERN
    found = signals(values)
    for sign, colour in colours.items():
        here = found == sign
        axes.plot(x[here], values[here], "o" if sign == 0 else "s" if sign > 0 else "D", color=colour, markersize=3.4,
                  zorder=4)  # fmt: skip
    if left_out is not None:
        axes.plot(x, left_out, "o", markerfacecolor=style.PAPER, markeredgecolor=style.INK, markersize=3.6, zorder=4)
