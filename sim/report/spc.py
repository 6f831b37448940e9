"""Statistical process control charts by the rules and colours of NHS England's Making Data Count.

An XmR chart of one run's months: the mean and the process limits (2.66 mean moving ranges either side, moving ranges
beyond 3.267 times their mean left out) come from the months before the policy starts. Special cause is a point outside
the limits, seven in a row on one side of the mean, seven in a row rising or falling, or two of three near a limit: the
rules of the NHS-R community's package NHSRplotthedots 0.2, which follows Making Data Count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.report import style, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
LIMIT, SCREEN = 2.66, 3.267  # of mean moving ranges: the constants of an XmR chart
NEAR = 2 / 3  # of the way to a limit
IN_A_ROW, OF_THREE = 7, 2
LEAST_MONTHS = 12
COMMON, IMPROVES, CONCERNS, NEUTRAL = "common cause", "improvement", "concern", "special cause"
COLOURS = {COMMON: "#768692", IMPROVES: "#41B6E6", CONCERNS: "#ED8B00", NEUTRAL: "#490092"}


@dataclass(frozen=True)
class Chart:
    """A process. special: which points are special cause, bool[months]; above: which lie above the mean."""

    values: Floats
    mean: float
    low: float
    high: float
    special: Flags
    above: Flags


def chart(values: Floats, before: int | None = None) -> Chart:
    """The process of some months; limits are those of the first `before` months (of all, unless given)."""
    known = values[:before]
    ranges = np.abs(np.diff(known))
    ranges = ranges[ranges <= SCREEN * ranges.mean()] if len(ranges) else ranges
    mean, reach = float(known.mean()), LIMIT * float(ranges.mean() if len(ranges) else 0.0)
    side = np.sign(values - mean)
    outside = np.abs(values - mean) > reach
    near = ~outside & (np.abs(values - mean) > NEAR * reach)
    special = outside | _runs(side) | _trends(values) | _two_of_three(near, side)
    return Chart(values, mean, mean - reach, mean + reach, special, values > mean)


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


def spc(
    results: Results | Numbers, measure: str = "emergency_admissions", scenarios: Sequence[str] | None = None
) -> style.Picture | None:
    """One panel a scenario, the baseline first: the months of one run, special cause coloured as an improvement or a
    concern. None for a measure without months, or with fewer than twelve before the policy."""
    numbers = Numbers.of(results)
    info = numbers.info(measure)
    found = numbers.results
    first = found.record(numbers.base).first_month
    start, from_month = found.policy_start - first, max(0, clock.month_of("2024-04") - first)
    if info.kind == "computed" or start - from_month < LEAST_MONTHS:
        return None
    shown = [numbers.base, *(scenarios or numbers.compared)][: style.MAX_SERIES]
    draw, seed = found.pairs[0]
    charts = {}
    for name in shown:
        months = np.asarray(found.record(name).months(measure), np.float64)[from_month:]
        if not np.isfinite(months).all():
            return None
        charts[name] = chart(months, start - from_month)
    with style.drawing():
        picture = style.Picture(height=1.15 + 1.55 * len(shown))
        note = (
            f"{info.label} a month ({numbers.unit(measure).replace(' a year', '')}), one run (evidence draw {draw}, "
            f"seed {seed}). Mean and limits (dashed) are those of the months before {clock.label(found.policy_start)}."
        )
        top = style.headline(picture, _finding(numbers, charts, start - from_month), note)
        height = picture.get_figheight()
        column = picture.subplots(len(shown), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        picture.subplots_adjust(left=0.09, right=0.985, top=top - 0.46 / height, bottom=0.3 / height, hspace=0.3)
        for axes, name in zip(column, shown, strict=True):
            one = charts[name]
            at = np.arange(len(one.values)) + first + from_month
            axes.plot(at, one.values, color=COLOURS[COMMON], linewidth=0.8, zorder=2)
            for kind in COLOURS:
                here = np.array([_kind(one, k, info.good) == kind for k in range(len(at))])
                axes.plot(at[here], one.values[here], "o", color=COLOURS[kind], markersize=3.6, zorder=3)
            axes.axhline(one.mean, color=style.INK, linewidth=0.9)
            for limit in (one.low, one.high):
                axes.axhline(limit, color=style.INK, linewidth=0.9, linestyle=style.BASELINE_DASH)
            axes.axvline(found.policy_start - 0.5, color=style.MUTED, linewidth=1)
            axes.text(0, 1, numbers.label(name), transform=style.above(axes, 3), fontsize=9, fontweight="bold")
            axes.yaxis.set_major_locator(words.few_ticks())
            axes.yaxis.set_major_formatter(words.tick_format)
        januaries = [m for m in range(int(at[0]), int(at[-1]) + 1) if clock.calendar_month(m) == 1]
        januaries = januaries[:: max(1, -(-len(januaries) // 10))]
        column[-1].set_xticks(januaries, [str(clock.year_and_month(m)[0]) for m in januaries])
        used = {_kind(one, k, info.good) for one in charts.values() for k in range(len(one.values))}
        style.key(column[0], [(COLOURS[kind], kind) for kind in COLOURS if kind in used], lift=19)
        picture.alt = _alt(numbers, charts, start - from_month, info.good)
    return picture


def _kind(one: Chart, k: int, good: int) -> str:
    """What a point is; with special cause, a good or a bad side of the mean."""
    if not one.special[k]:
        return COMMON
    if not good:
        return NEUTRAL
    return IMPROVES if one.above[k] == (good > 0) else CONCERNS


def _finding(numbers: Numbers, charts: dict[str, Chart], start: int) -> str:
    parts = []
    for name, one in charts.items():
        later = one.special[start:]
        parts.append(f"{numbers.label(name)} {int(later.sum())} of {len(later)}")
    return f"Months with special cause after the policy starts: {'; '.join(parts)}"


def _alt(numbers: Numbers, charts: dict[str, Chart], start: int, good: int) -> str:
    parts = []
    for name, one in charts.items():
        kinds = [_kind(one, k, good) for k in range(start, len(one.values))]
        counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in COLOURS if kind in kinds)
        decimals = style.significant(one.mean)
        mean, low, high, last = (style.number(v, decimals) for v in (one.mean, one.low, one.high, one.values[-1]))
        parts.append(
            f"{numbers.label(name)}: mean {mean}, limits {low} and {high}, last month {last}; points since: {counts}."
        )
    return "Statistical process control charts (XmR) by month. " + " ".join(parts)
