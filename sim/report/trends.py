"""Small multiples: each scenario on its own, over the baseline as a ghost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from sim.report import alternative, findings, style, words
from sim.report.numbers import Line, Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

HEADLINES = (
    "emergency_admissions", "waiting_list", "unmet_need", "multimorbidity", "life_satisfaction", "deaths",
)  # fmt: skip


def small_multiples(
    results: Results | Numbers, measures: Sequence[str] = HEADLINES, scenarios: Sequence[str] | None = None
) -> style.Picture:
    """One row a measure, one column a scenario (at most four), each over the ghosted baseline with 90 % bands."""
    numbers = Numbers.of(results)
    rows = numbers.known(measures)
    columns = list(scenarios or numbers.compared or numbers.scenarios)[: style.MAX_SERIES]
    with style.drawing():
        picture = style.Picture(height=1.3 + 1.35 * len(rows))
        ghosted = numbers.base not in columns
        lines = f"Lines: mean of the runs; bands: {words.BAND}. " if numbers.runs > 1 else "Lines: one run. "
        note = lines + (
            f"Dashed, behind: {numbers.label(numbers.base)}, the same in each row. " if ghosted else ""
        ) + "Scales do not all start at zero."  # fmt: skip
        top = style.headline(
            picture, findings.trend(numbers, rows[0], columns), note + words.left_out(numbers, columns, scenarios)
        )
        axes = picture.subplots(len(rows), len(columns), sharex=True, sharey="row", squeeze=False)
        height = picture.get_figheight()
        picture.subplots_adjust(
            left=0.2, right=0.93, top=top - 0.3 / height, bottom=0.36 / height, hspace=0.3,
            wspace=0.3 if len(columns) < 3 else 0.42,
        )  # fmt: skip
        for i, measure in enumerate(rows):
            low, high = _limits([numbers.level(measure, name) for name in {*columns, numbers.base}])
            axes[i, 0].set_ylim(low, high)
            style.row_label(picture, axes[i, 0], numbers.info(measure).label, numbers.unit(measure))
            for j, scenario in enumerate(columns):
                _panel(axes[i, j], numbers, measure, scenario, first=i == 0)
        for j in range(len(columns)):
            words.year_axis(axes[-1, j], numbers.years)
        picture.alt = alternative.trend(numbers, rows, columns)
        picture.alt += words.left_out(numbers, columns, scenarios)
    return picture


def _panel(axes: Axes, numbers: Numbers, measure: str, scenario: str, first: bool) -> None:
    look = numbers.looks[scenario]
    line = numbers.level(measure, scenario)
    ends = []
    if scenario != numbers.base:
        ghost = numbers.level(measure, numbers.base)
        axes.fill_between(ghost.years, ghost.low, ghost.high, color=style.GHOST, alpha=0.28, linewidth=0)
        axes.plot(ghost.years, ghost.mid, color=style.INK, linewidth=1.2, linestyle=style.BASELINE_DASH, zorder=3)
        ends.append((numbers.shown(measure, float(ghost.mid[-1])), float(ghost.mid[-1]), style.BASELINE_LOOK))
    axes.fill_between(line.years, line.low, line.high, color=look.colour, alpha=0.2, linewidth=0)
    axes.plot(line.years, line.mid, color=look.colour, linewidth=look.width, linestyle=look.dash, zorder=4)
    ends.append((numbers.shown(measure, float(line.mid[-1])), float(line.mid[-1]), look))
    if ends[0][0] == ends[-1][0]:  # the same to the last digit shown: one label says it
        ends = ends[-1:]
    axes.set_xlim(float(line.years[0]), float(line.years[-1]) if len(line.years) > 1 else float(line.years[0]) + 1)
    axes.yaxis.set_major_locator(words.few_ticks())
    axes.yaxis.set_major_formatter(words.tick_format)
    if first:
        axes.set_title(numbers.label(scenario), pad=8)
    style.end_labels(axes, float(line.years[-1]), ends, size=8)


def _limits(lines: Sequence[Line]) -> tuple[float, float]:
    """A range that holds every band, from zero when the lowest value is within reach of it."""
    low = min(float(np.nanmin(line.low)) for line in lines)
    high = max(float(np.nanmax(line.high)) for line in lines)
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    return (0.0 if 0 <= low < 0.4 * high else low - room), high + room
