"""Paired differences to the baseline: over the years, and all measures side by side in the last year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator

from sim import clock
from sim.report import alternative, findings, style, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

OVER_TIME = (
    "emergency_admissions", "waiting_list", "unmet_need", "multimorbidity", "life_satisfaction", "deaths",
)  # fmt: skip
AT_END = (
    "gp_need", "gp_appointments", "unmet_need", "ed_attendances", "emergency_admissions", "bed_occupancy",
    "waiting_list", "waiting_over_52w", "multimorbid", "smokers", "lonely", "life_satisfaction", "deaths", "qalys",
)  # fmt: skip

NAME_INCHES = 2.1  # room for a measure's name beside a row
ROOM = 2.35  # where the figures beside the dots end, in half-widths of the axis
ROOM_OF_FOUR = 2.95  # of four narrow panels: the figures are as wide, the axis is not


def over_time(
    results: Results | Numbers, measures: Sequence[str] = OVER_TIME, scenarios: Sequence[str] | None = None
) -> style.Picture:
    """A panel a measure: each scenario minus the baseline of the same run, with 90 % bands around no difference."""
    numbers = Numbers.of(results)
    rows = numbers.known(measures)
    shown = list(scenarios or numbers.compared)[: style.MAX_SERIES]
    across = 2 if len(rows) > 1 else 1
    down = -(-len(rows) // across)
    with style.drawing():
        picture = style.Picture(height=1.2 + 2.15 * down)
        finding = findings.clear_count(numbers, rows, shown)
        note = (
            f"Each run minus {numbers.label(numbers.base)} (dashed) under the same chance and evidence. "
            f"{f'Bands: {words.BAND}.' if numbers.runs > 1 else 'Lines: one run.'}"
        )
        top = style.headline(picture, finding, note + words.left_out(numbers, shown, scenarios))
        height = picture.get_figheight()
        axes = picture.subplots(down, across, squeeze=False)
        picture.subplots_adjust(
            left=0.075, right=0.865, top=top - 0.36 / height, bottom=0.32 / height, hspace=0.52, wspace=0.62
        )
        for position, measure in enumerate(rows):
            _panel(axes[divmod(position, across)], numbers, measure, shown)
        for position in range(len(rows), down * across):
            axes[divmod(position, across)].set_visible(False)
        picture.alt = alternative.difference(numbers, rows, shown)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _panel(axes: Axes, numbers: Numbers, measure: str, scenarios: Sequence[str]) -> None:
    info = numbers.info(measure)
    ends = []
    reach = 0.0
    for name in scenarios:
        look, line = numbers.looks[name], numbers.change(measure, name)
        axes.fill_between(line.years, line.low, line.high, color=look.colour, alpha=0.13, linewidth=0)
        axes.plot(line.years, line.mid, color=look.colour, linewidth=look.width, linestyle=look.dash)
        ends.append((style.wrap(numbers.label(name), 16), float(line.mid[-1]), look))
        reach = max(reach, float(np.nanmax(np.abs([line.low, line.high]))))
    axes.axhline(0, color=style.INK, linewidth=1.2, linestyle=style.BASELINE_DASH, zorder=1.5)
    style.panel_title(axes, info.label, numbers.change_unit(measure))
    flat = reach == 0
    if flat:
        axes.set_ylim(-1, 1)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, -0.12 * high), max(high, -0.12 * low))
    years = numbers.years
    axes.set_xlim(float(years[0]), float(years[-1]) if len(years) > 1 else float(years[0]) + 1)
    axes.yaxis.set_major_locator(FixedLocator([0]) if flat else words.few_ticks())
    axes.yaxis.set_major_formatter(lambda value, _: words.signed_tick(value))
    words.year_axis(axes, years)
    if info.good:
        style.note_right(axes, "above is better" if info.good > 0 else "below is better")
    style.end_labels(axes, float(years[-1]), ends, size=8)


def at_end(
    results: Results | Numbers, measures: Sequence[str] = AT_END, scenarios: Sequence[str] | None = None
) -> style.Picture:
    """Some measures in the last year: change in per cent of the baseline, one column a scenario, with 90 % ranges."""
    numbers = Numbers.of(results)
    rows = drawn(numbers, measures)
    shown = list(scenarios or numbers.compared)[: style.MAX_SERIES]
    year = clock.fin_year_label(int(numbers.years[-1]))
    with style.drawing():
        picture = style.Picture(height=1.5 + 0.31 * len(rows))
        note = (
            f"Change from {numbers.label(numbers.base)} in {year}, in per cent. Dot: the change of the means; bar: "
            f"{words.BAND}, each set against its own {numbers.label(numbers.base)}. Filled: a clear change. ▲ better, "
            "▼ worse."
        )
        finding = findings.balance(numbers, rows, shown)
        height = picture.get_figheight()
        top = style.headline(picture, finding, note + words.left_out(numbers, shown, scenarios))
        axes = picture.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        picture.subplots_adjust(left=0.235, right=0.985, top=top - 0.3 / height, bottom=0.3 / height, wspace=0.08)
        # One measure that moves wildly must not flatten all others: beyond the limit an arrow stands for the dot.
        limit = row_limit([float(numbers.share_change(m, name).mid[-1]) for m in rows for name in shown])
        for axis, name in zip(axes, shown, strict=True):
            _column(axis, numbers, rows, name, limit)
            _finish(axis, numbers, rows, name, limit, ROOM_OF_FOUR if len(shown) == style.MAX_SERIES else ROOM)
        axes[0].set_yticks(range(len(rows)), [row_name(numbers, m) for m in rows])
        axes[0].tick_params(axis="y", labelsize=9, labelcolor=style.INK)
        axes[0].set_ylim(len(rows) - 0.4, -0.6)
        picture.alt = alternative.percentages(numbers, rows, shown)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def drawn(numbers: Numbers, measures: Sequence[str] = AT_END) -> list[str]:
    """Those of the measures that have a level to change from."""
    return [m for m in numbers.known(measures) if abs(float(numbers.level(m, numbers.base).mid[-1])) > 0]


def row_name(numbers: Numbers, measure: str) -> str:
    """The measure, and whose it is where that is not the residents."""
    info = numbers.info(measure)
    named = info.scope == "residents" or "hospital" in info.label.lower()
    return style.fit(info.label if named else f"{info.label}, hospital", NAME_INCHES, 9)


def _column(axes: Axes, numbers: Numbers, rows: Sequence[str], scenario: str, limit: float) -> None:
    look = numbers.looks[scenario]
    for y, measure in enumerate(rows):
        share = numbers.share_change(measure, scenario)
        low, mid, high = (100 * float(x[-1]) for x in (share.low, share.mid, share.high))
        if not np.isfinite(mid):
            continue
        ends = np.clip([low, high], -limit, limit)
        beyond = abs(mid) > limit
        axes.plot(ends, [y, y], color=look.colour, linewidth=2.2, solid_capstyle="butt", zorder=2)
        axes.plot(
            [np.clip(mid, -limit, limit)], [y], marker=(">" if mid > 0 else "<") if beyond else look.marker,
            markersize=6.5, markeredgecolor=look.colour, markeredgewidth=1.5, linestyle="none", zorder=3, clip_on=False,
            markerfacecolor=look.colour if numbers.change(measure, scenario).clear() else style.PAPER,
        )  # fmt: skip


def row_limit(changes: Sequence[float]) -> float:
    """Half-width of the axis in per cent: holds all dots, or all but the few that are far beyond the others."""
    sizes = 100 * np.abs([value for value in changes if np.isfinite(value) and value != 0])
    if not sizes.size:
        return 1.0
    return float(min(1.3 * sizes.max(), 3 * np.quantile(sizes, 0.6)))


def about_nought(axes: Axes, title: str, limit: float, room: float) -> None:
    """A panel of changes to either side of none: scale from −limit to limit, with room for figures at its right.

    room: where the panel ends at the right, in units of the limit.
    """
    axes.set_xlim(-limit * 1.12, limit * room)
    axes.axvline(0, color=style.INK, linewidth=1.1, linestyle=style.BASELINE_DASH, zorder=1)
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_title(title, pad=8)
    ticks = [t for t in words.few_ticks().tick_values(-limit, limit) if abs(t) <= limit]
    axes.set_xticks(ticks, [words.signed_tick(t) for t in ticks])


def _finish(axes: Axes, numbers: Numbers, rows: Sequence[str], scenario: str, limit: float, room: float) -> None:
    about_nought(axes, numbers.label(scenario), limit, room)
    for y, measure in enumerate(rows):
        share = numbers.share_change(measure, scenario)
        mark = {"better": " ▲", "worse": " ▼"}.get(findings.of_last_year(numbers, measure, scenario), "")
        said = "no change" if share.same() else style.signed_percent(float(share.mid[-1]))
        bold = "bold" if numbers.change(measure, scenario).clear() else "normal"
        axes.text(
            limit * room, y, said + (mark or "   "), ha="right", va="center", fontsize=8.3,
            fontweight=bold, color=style.INK,
        )  # fmt: skip
