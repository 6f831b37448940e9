"""Descriptions in words of what each picture shows, for who cannot see it: the numbers that are drawn, all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim import clock
from sim.outcomes.summary import FEWEST_RUNS
from sim.report.findings import few_runs, of_last_year
from sim.report.numbers import Numbers
from sim.report.style import MOST_DECIMALS, NBSP, number, signed_percent, significant
from sim.report.words import VERDICTS, change, relative, span

TOO_FEW = "too few runs to say"
NINETY = f"90{NBSP}% of runs"
CLEAR = tuple(VERDICTS[name] for name in ("better", "worse", "more", "less"))


def trend(numbers: Numbers, measures: Sequence[str], scenarios: Sequence[str]) -> str:
    """First and last value, with the range of the last, of every line drawn."""
    names = [numbers.base, *(name for name in scenarios if name != numbers.base)]
    parts = []
    for measure in measures:
        each = []
        for name in names:
            line = numbers.level(measure, name)
            first, last, low, high = (
                numbers.shown(measure, float(v)) for v in (line.mid[0], line.mid[-1], line.low[-1], line.high[-1])
            )
            ends = f" ({NINETY} {low} to {high})" if line.runs > 1 else ""
            each.append(f"{numbers.label(name)} from {first} to {last}{ends}")
        parts.append(f"{numbers.info(measure).label} ({numbers.unit(measure)}): {'; '.join(each)}.")
    return f"Line charts by financial year, {span(numbers.years)}. " + " ".join(parts)


def difference(numbers: Numbers, measures: Sequence[str], scenarios: Sequence[str]) -> str:
    """The difference to the baseline in the last year, with its range, of every scenario and measure."""
    parts = []
    for measure in measures:
        each = []
        for name in scenarios:
            line = numbers.change(measure, name)
            ends = float(line.low[-1]), float(line.high[-1])
            said = _changed(numbers, float(line.mid[-1]), *ends, numbers.least(measure))
            each.append(f"{numbers.label(name)} {said}")
        parts.append(f"{numbers.info(measure).label} ({numbers.change_unit(measure)}): {'; '.join(each)}.")
    last = clock.fin_year_label(numbers.years[-1])
    return f"Difference to {numbers.label(numbers.base)} in {last}, {_what(numbers)}. " + " ".join(parts)


def _changed(numbers: Numbers, mid: float, low: float, high: float, least: float = 0.0) -> str:
    """A difference with its range; of a single run there is none."""
    said = change(mid, low, high, least)
    return said if numbers.runs > 1 else said.partition(" (")[0]


def _what(numbers: Numbers) -> str:
    """What a number with its range is; of a single run there is none."""
    return f"mean and where {NINETY} lie" if numbers.runs > 1 else "one run"


def percentages(numbers: Numbers, measures: Sequence[str], scenarios: Sequence[str]) -> str:
    """The change in per cent in the last year, with its range, of every scenario and measure."""
    parts = []
    for name in scenarios:
        each = []
        for measure in measures:
            line = numbers.share_change(measure, name)
            mid, low, high = (float(x[-1]) for x in (line.mid, line.low, line.high))
            found = of_last_year(numbers, measure, name)
            said = VERDICTS[found] if line.runs >= FEWEST_RUNS or found == "same" else TOO_FEW
            ends = f"{relative(low, high, said in CLEAR)}; " if line.runs > 1 else ""
            each.append(f"{numbers.name(measure)} {_middle(mid, low, high)} ({ends}{said})")
        parts.append(f"{numbers.label(name)}: {'; '.join(each)}.")
    last = clock.fin_year_label(numbers.years[-1])
    start = f"Change from {numbers.label(numbers.base)} in {last}, {_what(numbers)}, per cent"
    return f"{start}, each run against its own {numbers.label(numbers.base)}. " + " ".join(parts)


def _middle(mid: float, low: float, high: float) -> str:
    """A mean change in per cent, to as many decimals as keep it between the ends of its range."""
    decimals = 1
    within = low < high and low <= mid <= high
    while within and decimals < MOST_DECIMALS and not low <= round(mid, decimals + 2) <= high:
        decimals += 1
    return signed_percent(mid, decimals)


def gradient(numbers: Numbers, measures: Sequence[str], scenarios: Sequence[str]) -> str:
    """The change in each fifth, most deprived first."""
    parts = []
    for measure in measures:
        for name in scenarios:
            low, mid, high = numbers.fifth_change(measure, name)
            each = "; ".join(
                _changed(numbers, float(m), float(a), float(b)) for a, m, b in zip(low, mid, high, strict=True)
            )
            what = f"{numbers.info(measure).label} ({numbers.head_unit(measure)})"
            parts.append(f"{what}, {numbers.label(name)}: {each}.")
    start = (
        f"Change from {numbers.label(numbers.base)} in each local deprivation fifth, the most deprived first, "
        f"{_what(numbers)}"
    )
    return f"{start}, {numbers.late_span()}. " + " ".join(parts)


def neighbourhoods(numbers: Numbers, measure: str, scenarios: Sequence[str]) -> str:
    """The range of levels, and how many neighbourhoods change clearly."""
    level = numbers.area_level(measure)
    decimals = significant(float(np.nanmedian(level)))
    low, high, middle = (number(float(f(level)), decimals) for f in (np.nanmin, np.nanmax, np.nanmedian))
    what = f"{numbers.info(measure).label} ({numbers.head_unit(measure)}), {numbers.late_span()}"
    most = numbers.area_names()[int(np.nanargmax(level))]
    text = (
        f"Map of {len(level)} neighbourhoods. {what}, {numbers.label(numbers.base)}: from {low} to {high}, middle one "
        f"{middle}; highest in {most}."
    )
    if numbers.runs < FEWEST_RUNS:
        return text + (f" {few_runs(numbers)}." if scenarios else "")
    for name in scenarios:
        counts = numbers.area_change(measure, name).counts()
        text += (
            f" {numbers.label(name)}: clearly better in {counts['better']}, clearly worse in {counts['worse']}, no "
            f"clear change in {counts['unclear']}."
        )
    return text
