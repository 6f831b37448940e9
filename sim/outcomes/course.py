"""Whether things get worse before they get better: in which years a measure is clearly worse, and how deep it fell.

A year counts as worse or better only when its paired differences to the baseline are clear (at least five runs, the
range that holds 90 % of them excludes zero), so that chance alone makes no dip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim import clock
from sim.outcomes.sentences import HEADLINES
from sim.outcomes.summary import FEWEST_RUNS, interval, intervals

if TYPE_CHECKING:
    import pandas as pd

    from sim.outcomes.results import Results

UNCLEAR, BETTER, WORSE = "no clear change", "better", "worse"
WORSE_FIRST, BETTER_FIRST = "worse before better", "better before worse"


@dataclass(frozen=True)
class Course:
    """How one measure goes under one scenario, against the baseline.

    kind       no clear change, better, worse, worse before better, better before worse
    depth      mean difference of the deepest clearly worse year (nan: none), in units of the measure; depth_low,
               depth_high hold 90 % of runs; depth_year: that financial year
    months     of clearly worse years from the start of policy (12 a year)
    better_from   first financial year from which on it is clearly better to the end; None: never
    """

    scenario: str
    measure: str
    kind: str
    depth: float
    depth_low: float
    depth_high: float
    depth_year: int | None
    months: int
    better_from: int | None


def course(results: Results, name: str, scenario: str) -> Course:
    """The course of a measure that has a good direction."""
    good = results.measures[name].good
    first = clock.fin_year(results.policy_start)
    years = [year for year in results.years if year >= first]
    changes = results.changes(name, scenario)[:, [results.years.index(year) for year in years]]
    mean, low, high, runs = intervals(changes)
    enough = runs >= FEWEST_RUNS
    up, down = enough & (low > 0), enough & (high < 0)
    better, worse = (up, down) if good > 0 else (down, up)
    at_worst = np.where(worse, mean * good, np.inf)
    deepest = int(np.argmin(at_worst)) if worse.any() else None
    later = next((k for k in range(len(years)) if better[k:].all()), None)
    kind = UNCLEAR
    if better.any() and worse.any():
        kind = WORSE_FIRST if int(np.argmax(worse)) < int(np.argmax(better)) else BETTER_FIRST
    elif better.any() or worse.any():
        kind = BETTER if better.any() else WORSE
    dip = interval(changes[:, deepest]) if deepest is not None else interval([])
    return Course(
        *(scenario, name, kind, dip.mean, dip.low, dip.high),
        depth_year=None if deepest is None else years[deepest],
        months=clock.MONTHS_A_YEAR * int(worse.sum()),
        better_from=None if later is None else years[later],
    )


def courses(results: Results) -> list[Course]:
    """The courses of all headline measures that have a good direction, by scenario."""
    names = [name for group in HEADLINES.values() for name in group if name in results.shown]
    names = [name for name in names if results.measures[name].good]
    return [course(results, name, scenario) for scenario in results.others for name in names]


def table(results: Results) -> pd.DataFrame:
    """`courses` as a table, one row each."""
    import pandas as pd

    return pd.DataFrame([vars(one) for one in courses(results)], columns=list(Course.__dataclass_fields__))
