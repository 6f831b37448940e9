"""The outcome of a sweep against each factor, row by row, with its trend."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.report import style, words
from sim.report.sweep_figures import BAR, DOTS, SECOND, unit_ticks
from sim.report.sweep_words import Outcome, capital, figures

Array = NDArray[Any]
BINS = 8


def scatter(values: Mapping[str, Array], y: Array, outcome: Outcome, units: Mapping[str, str] | None = None,
            most: int = 6) -> style.Picture:  # fmt: skip
    """The outcome against each factor, with the mean of each eighth of the rows.

    values: factor → its value in each row (numbers), most important first;  y: the outcome (mean over seeds).
    """
    names = list(values)[:most]
    units = units or {}
    trends = {name: _trend(values[name], y) for name in names}
    ups = [n for n in names if trends[n][2] > 0]
    downs = [n for n in names if trends[n][2] < 0]
    said = [f"rises with {words.join([outcome.factor(n) for n in ups[:2]])}"] if ups else []
    said += [f"falls with {words.join([outcome.factor(n) for n in downs[:2]])}"] if downs else []
    finding = capital(f"the change in {outcome.label} {' and '.join(said)}" if said else
                      f"the change in {outcome.label} shows no trend with any of these factors")  # fmt: skip
    across = min(3, max(len(names), 1))
    down = -(-len(names) // across)
    with style.drawing():
        picture = style.Picture(height=1.3 + 2.3 * down)
        note = (
            f"{outcome.where}. A dot is a row of the design (mean over seeds); the line joins means of {BINS} groups."
        )
        top = style.headline(picture, finding, note)
        height = picture.get_figheight()
        axes = picture.subplots(down, across, squeeze=False, sharey=True)
        picture.subplots_adjust(left=0.085, right=0.985, top=top - 0.42 / height, bottom=0.35 / height, hspace=0.75)
        for axis, name in zip(axes.flat, names, strict=False):
            x, mean, _ = trends[name]
            axis.plot(
                values[name][:DOTS],
                y[:DOTS],
                "o",
                color=SECOND,
                markersize=2.6,
                alpha=0.7,
                markeredgewidth=0,
                rasterized=False,
            )
            axis.plot(x, mean, color=BAR, linewidth=2, marker="o", markersize=3.5)
            style.panel_title(
                axis, style.wrap(outcome.factor(name), 34), textwrap.shorten(units.get(name, ""), 44, placeholder=" …")
            )
            axis.xaxis.set_major_locator(words.few_ticks())
            axis.xaxis.set_major_formatter(lambda v, _: words.tick_format(v))
            unit_ticks(axis.yaxis, outcome)
        for axis in axes.flat[len(names) :]:
            axis.set_visible(False)
        parts = []
        for name in names:
            x, mean, way = trends[name]
            ends = f"{outcome.amount(float(mean[0]))} at {figures(x[0])}, {outcome.amount(float(mean[-1]))} at"
            parts.append(f"{outcome.factor(name)}: {ends} {figures(x[-1])}{'' if way else ' (no clear trend)'}")
        picture.alt = f"Scatter plots. {outcome.where}. Mean {outcome.label} ({outcome.unit}): {'; '.join(parts)}."
    return picture


def _trend(x: Array, y: Array) -> tuple[Array, Array, int]:
    """Means of groups of equal size by x, and the direction of a clear rank correlation (+1, −1, or 0)."""
    from scipy.stats import spearmanr

    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    groups = np.array_split(np.argsort(x, kind="stable"), min(BINS, len(x)))
    means = np.array([x[g].mean() for g in groups]), np.array([y[g].mean() for g in groups])
    if np.ptp(x) == 0 or np.ptp(y) == 0 or len(x) < 3:
        return (*means, 0)
    found = spearmanr(x, y)
    return (*means, int(np.sign(found.statistic)) if found.pvalue < 0.01 else 0)
