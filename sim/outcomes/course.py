"""Whether things get worse before they get better: in which years a measure is clearly worse, and how deep it fell.

A year counts as worse or better only when its paired differences to the baseline are clear (at least five runs, the
range that holds 90 % of them excludes zero), so that chance alone makes no dip. One clear year is still no course: of
20 years and 25 measures a few are clear by chance. `Course.words` says better or worse only of `FEWEST_YEARS` clear
years or of the last one, and "to the end" only where those up to the last year are clear.
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
NO_COURSE = "no clear course"
FEWEST_YEARS = 3
"""Clear years that make a course. With eight runs a year is clear by chance once in 80 times. Were years independent,
one of 20 would be so in every fifth measure, two in one measure of 40, three in one of 500."""


@dataclass(frozen=True)
class Course:
    """How one measure goes under one scenario, against the baseline.

    kind       which clear years there are at all: no clear change, better, worse, worse before better, better before
               worse; `words` says what can be called a course
    depth      mean difference of the deepest clearly worse year (nan: none), in units of the measure; depth_low,
               depth_high hold 90 % of runs; depth_year: that financial year
    months     of clearly worse years from the start of policy (12 a year)
    better_from   first financial year from which on it is clearly better to the end; None: never
    signs      of each year from the start of policy: 1 clearly better, −1 clearly worse, 0 neither
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
    signs: tuple[int, ...]

    def years(self, sign: int) -> int:
        """How many years are clearly better (1) or clearly worse (−1)."""
        return self.signs.count(sign)

    def goes(self, sign: int) -> bool:
        """Whether it can be said to get better (1) or worse (−1): in enough clear years, or in the last one."""
        return self.years(sign) >= self.enough or self.signs[-1:] == (sign,)

    @property
    def enough(self) -> int:
        """Clear years that make a course: all of them in a run of fewer years."""
        return max(1, min(FEWEST_YEARS, len(self.signs)))

    @property
    def words(self) -> str:
        """The course in words, of which the last year's are true to the verdict of that year."""
        went = sorted((sign for sign in SIDES if self.goes(sign)), key=self.signs.index)
        if not went:
            return NO_COURSE if any(self.signs) else UNCLEAR
        last = self.signs[-1]
        before = [sign for sign in went if sign != last]
        all_years = f" of {len(self.signs)} years"
        said = [f"{SIDES[sign]} for {self.years(sign)}{'' if k else all_years}" for k, sign in enumerate(before)]
        return ", ".join([*said[:-1], f"{said[-1]}, then {self._end()}"] if said else [self._end()])

    def _end(self) -> str:
        """What the last year says, and for how long it has been so."""
        last, many = self.signs[-1], len(self.signs)
        if not last:
            return UNCLEAR
        stretch = next((k for k in range(many) if self.signs[-1 - k] != last), many)
        if stretch >= self.enough:
            return f"{SIDES[last]} to the end"
        if stretch == self.years(last):
            return f"{SIDES[last]} in the last {'year' if stretch == 1 else f'{stretch} years'} only"
        return f"{SIDES[last]} in {self.years(last)} of {many} years, the last among them"


SIDES = {1: BETTER, -1: WORSE}
OF_THE_FILE = tuple(name for name in Course.__dataclass_fields__ if name != "signs")
"""Columns of tables/courses.csv."""


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
        signs=tuple((better.astype(int) - worse).tolist()),
    )


def courses(results: Results) -> list[Course]:
    """The courses of all headline measures that have a good direction, by scenario."""
    names = [name for group in HEADLINES.values() for name in group if name in results.shown]
    names = [name for name in names if results.measures[name].good]
    return [course(results, name, scenario) for scenario in results.others for name in names]


def table(results: Results) -> pd.DataFrame:
    """`courses` as a table, one row each."""
    import pandas as pd

    return pd.DataFrame([vars(one) for one in courses(results)], columns=list(OF_THE_FILE))
