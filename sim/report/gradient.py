"""Who gains: the change in each local deprivation fifth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from sim.report import alternative, findings, style, words
from sim.report.numbers import FIFTHS, Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

MEASURES = ("residents_emergency_admissions", "unmet_need", "lonely", "life_satisfaction")


def gradient(
    results: Results | Numbers, measures: Sequence[str] = MEASURES, scenarios: Sequence[str] | None = None
) -> style.Picture:
    """One row a measure, one column a scenario: change per head in each fifth, from most to least deprived."""
    numbers = Numbers.of(results)
    rows = numbers.known(measures)
    shown = list(scenarios or numbers.compared)[: style.MAX_SERIES]
    with style.drawing():
        picture = style.Picture(height=1.75 + 1.4 * len(rows))
        span = numbers.late_span()
        note = (
            f"Change from {numbers.label(numbers.base)}, {span}, by local fifth of deprivation (1 the most deprived "
            f"fifth of residents, 5 the least). Bars: {words.BAND}; filled dots: clear of zero."
        )
        finding = findings.gradient(numbers, rows, shown)
        height = picture.get_figheight()
        top = style.headline(picture, finding, note + words.left_out(numbers, shown, scenarios))
        axes = picture.subplots(len(rows), len(shown), sharex=True, sharey="row", squeeze=False)
        picture.subplots_adjust(
            left=0.235, right=0.985, top=top - 0.3 / height, bottom=0.55 / height, hspace=0.3, wspace=0.1
        )
        for i, measure in enumerate(rows):
            for j, scenario in enumerate(shown):
                _panel(axes[i, j], numbers, measure, scenario)
            ends = np.array([numbers.fifth_change(measure, scenario)[::2] for scenario in shown])
            reach = float(np.nanmax(np.abs(ends)))
            if reach == 0:
                axes[i, 0].set_yticks([0])
            reach = reach or 1.0
            axes[i, 0].set_ylim(min(-0.15 * reach, 1.12 * np.nanmin(ends)), max(0.15 * reach, 1.12 * np.nanmax(ends)))
            style.row_label(picture, axes[i, 0], numbers.info(measure).label, numbers.head_unit(measure))
        for j, scenario in enumerate(shown):
            axes[0, j].set_title(numbers.label(scenario), pad=8)
            axes[-1, j].set_xticks(range(1, FIFTHS + 1), ["1\nmost\ndeprived", "2", "3", "4", "5\nleast"])
        picture.alt = alternative.gradient(numbers, rows, shown)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _panel(axes: Axes, numbers: Numbers, measure: str, scenario: str) -> None:
    look = numbers.looks[scenario]
    low, mid, high = numbers.fifth_change(measure, scenario)
    places = np.arange(1, FIFTHS + 1)
    axes.axhline(0, color=style.INK, linewidth=1.1, linestyle=style.BASELINE_DASH, zorder=1)
    axes.plot(places, mid, color=look.colour, linewidth=1, linestyle=look.dash, alpha=0.8, zorder=2)
    axes.vlines(places, low, high, color=look.colour, linewidth=2.2, zorder=2)
    for x, lowest, middle, highest in zip(places, low, mid, high, strict=True):
        filled = look.colour if findings.is_clear(lowest, highest, numbers) else style.PAPER
        axes.plot([x], [middle], marker=look.marker, markersize=6.5, markeredgecolor=look.colour, markeredgewidth=1.5,
                  markerfacecolor=filled, zorder=3)  # fmt: skip
    axes.set_xlim(0.5, FIFTHS + 0.5)
    axes.yaxis.set_major_locator(words.few_ticks())
    axes.yaxis.set_major_formatter(lambda value, _: words.signed_tick(value))
