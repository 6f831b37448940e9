"""The bath and the tap: what flows in each year above, what has collected below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from sim.report import alternative, findings, style, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

BATHS = (
    ("elective_referrals", "waiting_list", "Waiting for planned hospital care"),
    ("new_conditions", "multimorbid", "Living with two or more long-term conditions"),
)


def bath_and_tap(results: Results | Numbers, scenarios: Sequence[str] | None = None) -> style.Picture:
    """Two baths side by side: the tap (a year's inflow) over the bath (how many are in it), all scenarios together."""
    numbers = Numbers.of(results)
    baths = [one for one in BATHS if len(numbers.known(one[:2])) == 2]
    extra = list(scenarios or numbers.compared)[: style.MAX_SERIES - 1]  # the baseline is the fourth series
    shown = [*extra, numbers.base]
    with style.drawing():
        picture = style.Picture(height=5.9)
        finding = findings.bath(numbers, baths, extra)
        bands = f"Bands: {words.BAND}." if numbers.runs > 1 else "Lines: one run."
        note = f"Top: the tap, people flowing in each year. Bottom: the bath, people in it. {bands}"
        top = style.headline(picture, finding, note + words.left_out(numbers, shown, scenarios))
        axes = picture.subplots(2, len(baths), squeeze=False)
        picture.subplots_adjust(left=0.085, right=0.865, top=top - 0.06, bottom=0.06, hspace=0.36, wspace=0.62)
        for column, (tap, bath, name) in enumerate(baths):
            _panel(axes[0, column], numbers, tap, shown, name, f"The tap: {numbers.unit(tap)}")
            _panel(axes[1, column], numbers, bath, shown, "", f"The bath: {numbers.unit(bath)}")
        picture.alt = alternative.trend(numbers, [m for tap, bath, _ in baths for m in (tap, bath)], shown)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _panel(axes: Axes, numbers: Numbers, measure: str, scenarios: Sequence[str], title: str, note: str) -> None:
    ends, highest = [], 0.0
    for name in scenarios:
        look, line = numbers.looks[name], numbers.level(measure, name)
        axes.fill_between(line.years, line.low, line.high, color=look.colour, alpha=0.1, linewidth=0)
        axes.plot(line.years, line.mid, color=look.colour, linewidth=look.width, linestyle=look.dash)
        ends.append((style.wrap(numbers.label(name), 16), float(line.mid[-1]), look))
        highest = max(highest, float(np.nanmax(line.high)))
    years = numbers.years
    axes.set_ylim(0, highest * 1.08 or 1.0)
    axes.set_xlim(float(years[0]), float(years[-1]) if len(years) > 1 else float(years[0]) + 1)
    style.panel_title(axes, title, note)
    axes.yaxis.set_major_locator(words.few_ticks())
    axes.yaxis.set_major_formatter(words.tick_format)
    words.year_axis(axes, years)
    style.end_labels(axes, float(years[-1]), ends, size=8)
