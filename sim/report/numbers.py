"""What the pictures need of `Results`, looked up once: lines by year, changes by fifth and by neighbourhood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.life import conditions
from sim.outcomes.change import relative
from sim.outcomes.measures import Measure
from sim.outcomes.rounding import level
from sim.outcomes.summary import FEWEST_RUNS, intervals
from sim.report import style
from sim.report.areas import AreaChange, area_change
from sim.report.facts import Facts

if TYPE_CHECKING:
    from sim.outcomes.ledgers import Ledgers
    from sim.outcomes.results import Results
    from sim.report.lives import Chosen

Floats = NDArray[np.float64]
FIFTHS = 5
LATE_YEARS = 5  # small groups are noisy: their changes are means over the last years
WHOSE = {"hospital": "hospital trust", "residents": "residents"}


NEW_CONDITIONS = Measure("new_conditions", "new long-term conditions", "new cases a year", "flow", -1, topic="illness")


@dataclass(frozen=True)
class Line:
    """A measure over the financial years: mean of the runs, and the two ends between which 90 % of runs lie."""

    years: tuple[int, ...]
    mid: Floats
    low: Floats
    high: Floats
    runs: int

    def same(self, k: int = -1) -> bool:
        """Whether no run differs at all in a year (of a line of differences)."""
        return bool(self.low[k] == self.mid[k] == self.high[k] == 0)

    def clear(self, k: int = -1) -> bool:
        """Whether the difference in a year has a clear direction (enough runs, the range on one side of zero)."""
        return clear(self.low[k], self.high[k], self.runs)


def clear(low: Any, high: Any, runs: int) -> bool:
    """The rule for a clear direction, the same as in the tables."""
    return bool(runs >= FEWEST_RUNS and (low > 0 or high < 0))


class Numbers:
    """A view of some results for drawing. `Numbers.of` takes either and returns the view."""

    def __init__(self, results: Results, facts: Facts | None = None) -> None:
        self.results = results
        self._facts = facts
        self.scenarios = list(results.scenarios)
        self.base: str = results.baseline
        self.compared = list(results.others)
        self.alone = not self.compared
        self.looks = style.looks(self.scenarios, None if self.alone and self.base != "baseline" else self.base)
        self.columns = [k for k, year in enumerate(results.years) if year >= results.reported_from]
        self.years = tuple(results.years[k] for k in self.columns)
        self._lines: dict[tuple[str, str, str], Line] = {}
        self._areas: dict[tuple[str, str], AreaChange] = {}
        self._infos: dict[str, Measure] = {}
        self.lives: tuple[list[Chosen], str] | None = None  # those that are told, and by which rule they were chosen
        self.told: dict[Chosen, str] = {}  # their stories, once they are written
        self._ledgers: dict[str, list[Ledgers]] = {}

    @property
    def facts(self) -> Facts:
        """What the run says of itself."""
        if self._facts is None:
            self._facts = Facts.here()
        return self._facts

    @classmethod
    def of(cls, source: Results | Numbers) -> Numbers:
        """The view of some results; a view is returned as it is."""
        return source if isinstance(source, Numbers) else cls(source)

    # ---------------------------------------------------------------------------------------------- names
    def info(self, measure: str) -> Measure:
        """The measure with its label as a sentence begins."""
        if measure not in self._infos:
            found = NEW_CONDITIONS if measure == NEW_CONDITIONS.name else self.results.measures[measure]
            self._infos[measure] = replace(found, label=found.label[:1].upper() + found.label[1:])
        return self._infos[measure]

    def known(self, measures: Sequence[str]) -> list[str]:
        """Those of the measures that these results have."""
        made = {NEW_CONDITIONS.name} if set(self.results.measures.conditions) - conditions.risks() else set()
        return [name for name in measures if name in self.results.shown or name in made]

    def label(self, scenario: str) -> str:
        """A scenario's name for people."""
        return str(self.facts.scenarios.get(scenario, {}).get("label") or self.results.label(scenario))

    def name(self, measure: str) -> str:
        """The measure's label within a sentence."""
        return NEW_CONDITIONS.label if measure == NEW_CONDITIONS.name else str(self.results.measures[measure].label)

    def unit(self, measure: str) -> str:
        """Its unit and whose figure it is: ``admissions a year, hospital trust``."""
        found = self.info(measure)
        return f"{found.unit}, {WHOSE.get(found.scope, found.scope)}"

    def change_unit(self, measure: str) -> str:
        """The unit of a difference: percentages differ by percentage points."""
        unit = self.unit(measure)
        return "percentage points" + unit[1:] if unit.startswith("%") else unit

    # ---------------------------------------------------------------------------------------------- by year
    def level(self, measure: str, scenario: str) -> Line:
        """Levels by year."""
        return self._line("level", measure, scenario)

    def change(self, measure: str, scenario: str) -> Line:
        """Paired differences to the baseline by year, in the measure's unit."""
        return self._line("change", measure, scenario)

    def share_change(self, measure: str, scenario: str) -> Line:
        """Paired differences as shares of the baseline (0.01 is one per cent): see `relative`."""
        return self._line("share", measure, scenario)

    def _line(self, kind: str, measure: str, scenario: str) -> Line:
        key = (kind, measure, scenario)
        if key not in self._lines:
            runs = (self._values if kind == "level" else self._changes)(measure, scenario)[:, self.columns]
            mid, low, high, counted = intervals(runs)
            if kind == "share":
                mid, low, high = relative(runs, self.runs_of(measure, self.base))
            self._lines[key] = Line(self.years, mid, low, high, int(counted.min(initial=len(runs))))
        return self._lines[key]

    def _values(self, measure: str, scenario: str) -> Floats:
        """By run and year: a measure, or all new cases of long-term conditions together (not of what is a risk)."""
        if measure == NEW_CONDITIONS.name:
            lasting = [name for name in self.results.measures.conditions if name not in conditions.risks()]
            every = [self.results.values(f"{name}_new", scenario) for name in lasting]
            return np.asarray(np.sum(every, axis=0))
        return np.asarray(self.results.values(measure, scenario))

    def _changes(self, measure: str, scenario: str) -> Floats:
        if measure == NEW_CONDITIONS.name:
            return self._values(measure, scenario) - self._values(measure, self.base)
        return np.asarray(self.results.changes(measure, scenario))

    def least(self, measure: str) -> float:
        """The finest step worth showing of a difference in it."""
        return float(10.0 ** -(self.info(measure).decimals + (self.info(measure).decimals > 0)))

    def shown(self, measure: str, value: float) -> str:
        """A level as people read it: large ones to three figures."""
        return level(value, self.info(measure).decimals)

    def noise_at_end(self, measure: str, scenario: str) -> float:
        """Share of chance in the variance of a change in the last year; nan where it cannot be told."""
        change = self._changes(measure, scenario)[:, self.columns[-1]]
        return float(self.results.noise(change)) if change.any() else float("nan")

    def ledgers(self, scenario: str) -> list[Ledgers]:
        """The money of a scenario, one for each run, worked out once."""
        if scenario not in self._ledgers:
            self._ledgers[scenario] = self.results.ledgers(scenario)
        return self._ledgers[scenario]

    def runs_of(self, measure: str, scenario: str) -> Floats:
        """Levels by run and reported year, float64[runs, years]."""
        return self._values(measure, scenario)[:, self.columns]

    # ---------------------------------------------------------------------------------------------- by fifth
    @cached_property
    def late(self) -> list[int]:
        """The last years with the policy, over which small groups are averaged."""
        first = clock.fin_year(self.results.policy_start)
        with_policy = [year for year in self.results.years if year >= first] or list(self.results.years)
        return with_policy[-LATE_YEARS:]

    def late_span(self) -> str:
        """Those years in words: ``mean of 2041/42 to 2045/46``."""
        first, last = clock.fin_year_label(self.late[0]), clock.fin_year_label(self.late[-1])
        return first if first == last else f"mean of {first} to {last}"

    def _per_head(self, measure: str) -> tuple[str, float]:
        """What a group's figure is divided by, and times what: counts per 1,000 people; ratios stay as they are."""
        found = self.info(measure)
        return ("residents", 1000.0) if found.kind in ("flow", "stock") else ("", 1.0)

    def head_unit(self, measure: str) -> str:
        """The unit of a fifth's or a neighbourhood's figure."""
        unit = self.info(measure).unit
        if not self._per_head(measure)[0]:
            return "percentage points" if unit == "%" else unit
        thing = unit.removesuffix(" a year")
        return f"{thing} per 1,000 residents" + (" a year" if thing != unit else "")

    def _fifth_runs(self, measure: str, scenario: str) -> Floats:
        """Change per head by run and fifth, float64[runs, 5], mean over the late years."""
        columns = [self.results.years.index(year) for year in self.late]
        under, times = self._per_head(measure)
        parts = []
        for group in range(1, FIFTHS + 1):
            levels = []
            for name in (scenario, self.base):
                value = self.results.values(measure, name, group)[:, columns]
                if under:
                    people = self.results.values(under, name, group)[:, columns]
                    value = times * np.divide(value, people, out=np.full_like(value, np.nan), where=people > 0)
                levels.append(value.mean(axis=1))
            parts.append(levels[0] - levels[1])
        return np.stack(parts, axis=1)

    def fifth_change(self, measure: str, scenario: str) -> tuple[Floats, Floats, Floats]:
        """Low, mean and high of the change per head in each local fifth (the most deprived first)."""
        mid, low, high, _ = intervals(self._fifth_runs(measure, scenario))
        return low, mid, high

    def gap_change(self, measure: str, scenario: str) -> tuple[float, float, float]:
        """Low, mean and high of (change in the most deprived fifth − change in the least deprived fifth)."""
        runs = self._fifth_runs(measure, scenario)
        mid, low, high, _ = intervals(runs[:, :1] - runs[:, 4:])
        return float(low[0]), float(mid[0]), float(high[0])

    @property
    def one_draw(self) -> bool:
        """Whether all runs share one draw of the evidence, so that what differs between them is chance."""
        return len({draw for draw, _ in self.results.pairs}) == 1

    @property
    def central(self) -> bool:
        """Whether that one draw is none, but the central values of the evidence."""
        return self.one_draw and self.results.pairs[0][0] == 0

    @property
    def runs(self) -> int:
        """Runs of each scenario."""
        return int(self.results.runs)

    # ---------------------------------------------------------------------------------------------- by area
    def has_areas(self, measure: str) -> bool:
        """Whether the measure was kept by neighbourhood."""
        return measure in self.results.measures and measure in self.results.measures.by_area

    def _area_runs(self, measure: str, scenario: str) -> Floats:
        """Per 1,000 people by run and neighbourhood, mean over the late years, float64[runs, areas]."""
        under, times = self._per_head(measure)
        total: Any = 0.0
        for year in self.late:
            value = self.results.by_area(measure, scenario, year)
            if under:
                people = self.results.by_area(under, scenario, year)
                value = times * np.divide(value, people, out=np.full_like(value, np.nan), where=people > 0)
            total = total + value
        return np.asarray(total / len(self.late))

    def area_counts(self, measure: str, scenario: str) -> Floats:
        """A measure kept by neighbourhood, mean of runs and late years, float64[areas]."""
        years = [self.results.by_area(measure, scenario, year).mean(axis=0) for year in self.late]
        return np.asarray(np.mean(years, axis=0))

    def area_level(self, measure: str) -> Floats:
        """The baseline's level by neighbourhood, mean of the runs."""
        return np.asarray(self._area_runs(measure, self.base).mean(axis=0))

    def area_change(self, measure: str, scenario: str) -> AreaChange:
        """The paired change by neighbourhood, and where it is beyond chance."""
        key = (measure, scenario)
        if key not in self._areas:
            runs = self._area_runs(measure, scenario) - self._area_runs(measure, self.base)
            self._areas[key] = area_change(runs, self.info(measure).good or -1)
        return self._areas[key]

    @cached_property
    def place(self) -> Any:
        """The place, when it can still be loaded and is the one that was run; else None."""
        from sim.errors import UserError
        from sim.places import load

        try:
            place = load(self.results.place)
        except (UserError, OSError):
            return None
        codes = list(map(str, self.results.record(self.base).area_code))
        return place if list(map(str, place.lsoas["code"])) == codes else None

    def area_names(self) -> list[str]:
        """Names of the neighbourhoods, or their codes when the place cannot be loaded."""
        if self.place is not None:
            return [str(name) for name in self.place.lsoas["name"]]
        return [str(code) for code in self.results.record(self.base).area_code]
