"""Why demand grows without any policy: the parts of `sim.outcomes.growth` as a table of the page."""

from __future__ import annotations

import numpy as np

from sim import clock
from sim.outcomes.growth import PARTS, Growth, growth
from sim.outcomes.rounding import signed
from sim.outcomes.summary import Interval, interval
from sim.report.numbers import Numbers
from sim.report.parts import Head, Table
from sim.report.reckoning import asked_again
from sim.report.style import NBSP

NAMES = {"ageing": "Ageing, births and moves", "survival": "Longer lives", "incidence": "More illness at a given age",
         "exogenous": "The rest"}  # fmt: skip
ASKED = "gp_need"


def tables(numbers: Numbers) -> list[Table]:
    """Growth of demand in the baseline (in the only scenario of a single run), split into parts that add up; empty
    where nothing was recorded by age, or only one year was run."""
    found = growth(numbers.results)
    if not found:
        return []
    rows = [[one.label[:1].upper() + one.label[1:], _points(one.total), *(_points(one.parts[p]) for p in PARTS)]
            for one in found]  # fmt: skip
    heads = [Head("Service"), Head("Growth", True), *(Head(NAMES[part], True) for part in PARTS)]
    first, last = clock.fin_year_label(found[0].first), clock.fin_year_label(found[0].last)
    note = (
        f"Per cent of the use in {first}: mean, and where 90{NBSP}% of runs lie. The parts add up to the growth. "
        "Longer lives: people who live because death rates fell since. More illness: a larger share with two or more "
        "conditions, newly ill or living longer with it. The rest: use at a given age and illness, which is capacity, "
        "waits, frailty, chance and what is set from outside."
    )
    caption = f"Why demand grows under {numbers.label(numbers.base)}, {first} to {last}"
    return [Table(caption, heads, rows, note, words=_asked(numbers, found))]


def _asked(numbers: Numbers, found: list[Growth]) -> tuple[str, ...]:
    """How much of general practice's growth is unmet needs that ask again, not new need."""
    for one in found:
        if one.measure != ASKED:
            continue
        results = numbers.results
        ends = [results.years.index(one.first), results.years.index(one.last)]
        points = []
        for run in (results.record(numbers.base, pair) for pair in results.pairs):
            again, need = (run.by_year(months)[ends].sum(axis=1) for months in (asked_again(run), run.months(ASKED)))
            points.append(100 * (again[1] - again[0]) / need[0] if need[0] > 0 else np.nan)
        part = interval(points)
        if part.clear:
            way = "practices fall behind" if part.mean > 0 else "practices catch up"
            said = f"unmet needs that ask again are expected to make {_points(part)} of the rest: {way}"
            return (f"In the need for general practice, {said}.",)
    return ()


def _points(one: Interval) -> str:
    """``+11.8 (+7.7 to +14.2)``."""
    ends = f"{signed(one.low, decimals=1)}{NBSP}to{NBSP}{signed(one.high, decimals=1)}"
    return f"{signed(one.mean, decimals=1)} ({ends})"
