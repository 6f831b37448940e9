"""Statistical process control charts of single runs by month: see `sim.report.xmr` for limits, rules and colours.

The mean and the process limits come from the months before the policy starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim import clock
from sim.report import style, words
from sim.report.numbers import Numbers
from sim.report.xmr import COLOURS, Chart, chart, draw

if TYPE_CHECKING:
    from sim.outcomes.results import Results

LEAST_MONTHS = 12


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
    pair = "evidence draw {}, seed {}".format(*found.pairs[0])
    charts = {}
    for name in shown:
        months = np.asarray(found.record(name).months(measure), np.float64)[from_month:]
        if not np.isfinite(months).all():
            return None
        charts[name] = chart(months, start - from_month)
    with style.drawing():
        picture = style.Picture(height=1.15 + 1.55 * len(shown))
        note = (
            f"{info.label} a month ({numbers.unit(measure).replace(' a year', '')}), one run ({pair}). "
            f"Mean and limits (dashed) are those of the months before {clock.label(found.policy_start)}."
        )
        top = style.headline(
            picture, _finding(numbers, charts, start - from_month), note + words.left_out(numbers, shown, scenarios)
        )
        height = picture.get_figheight()
        column = picture.subplots(len(shown), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        picture.subplots_adjust(left=0.09, right=0.985, top=top - 0.46 / height, bottom=0.3 / height, hspace=0.3)
        for axes, name in zip(column, shown, strict=True):
            one = charts[name]
            at = np.arange(len(one.values)) + first + from_month
            draw(axes, at, one, info.good)
            axes.axvline(found.policy_start - 0.5, color=style.MUTED, linewidth=1)
            axes.text(0, 1, numbers.label(name), transform=style.above(axes, 3), fontsize=9, fontweight="bold")
            axes.yaxis.set_major_locator(words.few_ticks())
            axes.yaxis.set_major_formatter(words.tick_format)
        januaries = [m for m in range(int(at[0]), int(at[-1]) + 1) if clock.calendar_month(m) == 1]
        januaries = januaries[:: max(1, -(-len(januaries) // 10))]
        column[-1].set_xticks(januaries, [str(clock.year_and_month(m)[0]) for m in januaries])
        used = {one.kind(k, info.good) for one in charts.values() for k in range(len(one.values))}
        style.key(column[0], [(COLOURS[kind], kind) for kind in COLOURS if kind in used], lift=19)
        picture.alt = _alt(numbers, charts, start - from_month, info.good)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _finding(numbers: Numbers, charts: dict[str, Chart], start: int) -> str:
    parts = []
    for name, one in charts.items():
        later = one.special[start:]
        parts.append(f"{numbers.label(name)} {int(later.sum())} of {len(later)}")
    return f"Months with special cause after the policy starts: {'; '.join(parts)}"


def _alt(numbers: Numbers, charts: dict[str, Chart], start: int, good: int) -> str:
    parts = []
    for name, one in charts.items():
        kinds = [one.kind(k, good) for k in range(start, len(one.values))]
        counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in COLOURS if kind in kinds)
        decimals = style.significant(one.mean)
        mean, low, high, last = (style.number(v, decimals) for v in (one.mean, one.low, one.high, one.values[-1]))
        parts.append(
            f"{numbers.label(name)}: mean {mean}, limits {low} and {high}, last month {last}; points since: {counts}."
        )
    return "Statistical process control charts (XmR) by month. " + " ".join(parts)
