"""A fan: one measure over the years, each scenario with where half and where 90 % of its runs lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.report import alternative, findings, style, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

HALF = (25, 75)


def fan(
    results: Results | Numbers, measure: str = "emergency_admissions", scenarios: Sequence[str] | None = None
) -> style.Picture:
    """One column a scenario, the baseline first: mean, the middle half of the runs (dark), 90 % of them (pale)."""
    numbers = Numbers.of(results)
    shown = [numbers.base, *(scenarios or numbers.compared)][: style.MAX_SERIES]
    with style.drawing():
        picture = style.Picture(height=3.5)
        note = f"Line: mean of {numbers.runs} runs. Dark: half of the runs lie inside; pale: {words.BAND}."
        if numbers.runs == 1:
            note = "Line: one run, so that there is no range around it."
        top = style.headline(
            picture, findings.trend(numbers, measure, shown), note + words.left_out(numbers, shown, scenarios)
        )
        height = picture.get_figheight()
        row = picture.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        picture.subplots_adjust(left=0.185, right=0.94, top=top - 0.3 / height, bottom=0.36 / height, wspace=0.35)
        for axes, name in zip(row, shown, strict=True):
            line, look = numbers.level(measure, name), numbers.looks[name]
            inner = np.percentile(numbers.runs_of(measure, name), HALF, axis=0)
            axes.fill_between(line.years, line.low, line.high, color=look.colour, alpha=0.16, linewidth=0)
            axes.fill_between(line.years, *inner, color=look.colour, alpha=0.28, linewidth=0)
            axes.plot(line.years, line.mid, color=look.colour, linewidth=look.width, linestyle=look.dash)
            axes.set_title(numbers.label(name), pad=8)
            axes.set_xlim(float(line.years[0]), float(line.years[-1]) + (len(line.years) == 1))
            axes.yaxis.set_major_locator(words.few_ticks())
            axes.yaxis.set_major_formatter(words.tick_format)
            words.year_axis(axes, line.years)
            end = float(line.mid[-1])
            style.end_labels(axes, float(line.years[-1]), [(numbers.shown(measure, end), end, look)], size=8)
        style.row_label(picture, row[0], numbers.info(measure).label, numbers.unit(measure))
        picture.alt = alternative.trend(numbers, [measure], shown)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture
