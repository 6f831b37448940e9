"""Outcomes by group as tables: life expectancies by fifth, inequality, practices and teams, age groups, LSOAs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.outcomes.computed import EXPECTANCIES, SLOPES, expectancy, of_year
from sim.outcomes.summary import interval, intervals

if TYPE_CHECKING:
    import pandas as pd

    from sim.outcomes.results import Results

Array = NDArray[Any]
INDICES = ("slope", "ratio", "concentration", "mean")
Z = 1.96  # of a 95 % interval of chance


def _late(results: Results) -> list[int]:
    """The years that are reported."""
    return [year for year in results.years if year >= results.reported_from]


def life(results: Results) -> pd.DataFrame:
    """Life expectancies by local deprivation fifth (0 = all; fifths pool three years) and financial year.

    Columns: scenario, measure, fifth, year, value, low, high (mean and 90 % of runs), chance_low, chance_high: the 95 %
    interval that a place of the size simulated would have by chance alone in one run (Chiang; Sullivan), change,
    change_low, change_high against the baseline.
    """
    import pandas as pd

    rows = []
    years = _late(results)
    columns = [results.years.index(year) for year in years]
    labels = [clock.fin_year_label(year) for year in years]
    for measure in (name for name in EXPECTANCIES if name in results.shown):
        for scenario in results.scenarios:
            for fifth in range(6):
                every = results.values(measure, scenario, fifth)[:, columns]
                changes = results.changes(measure, scenario, fifth)[:, columns]
                error = np.mean([expectancy(measure, results.record(scenario, p), fifth)[1] for p in results.pairs], 0)
                level, low, high, _ = intervals(every)
                change, change_low, change_high, _ = intervals(changes)
                chance = Z * error[columns]
                rows.append({
                    "scenario": scenario, "measure": measure, "fifth": fifth, "year": labels, "value": level,
                    "low": low, "high": high, "chance_low": level - chance, "chance_high": level + chance,
                    "change": change, "change_low": change_low, "change_high": change_high,
                })  # fmt: skip
    return pd.concat(map(pd.DataFrame, rows), ignore_index=True) if rows else pd.DataFrame()


def inequality(results: Results, year: int | None = None) -> pd.DataFrame:
    """Slope index, relative index and concentration index of each outcome in a year (default: the horizon).

    Age-standardised (European Standard Population 2013) over neighbourhoods by local rank; a slope above zero and an
    index below zero mean more in the most deprived. Columns: scenario, measure, index, year, value, low, high, change,
    change_low, change_high.
    """
    import pandas as pd

    year = results.horizon if year is None else year
    rows = []
    for measure in (name for name in SLOPES if name in results.shown):
        found: dict[str, Array] = {}
        for scenario in results.scenarios:
            each = [of_year(results.record(scenario, pair), measure, year) for pair in results.pairs]
            found[scenario] = np.array([[getattr(one, index) for index in INDICES] for one in each])
        for scenario, values in found.items():
            for k, index in enumerate(INDICES):
                level = interval(values[:, k])
                change = interval(values[:, k] - found[results.baseline][:, k])
                rows.append({
                    "scenario": scenario, "measure": measure, "index": index, "year": clock.fin_year_label(year),
                    "value": level.mean, "low": level.low, "high": level.high, "change": change.mean,
                    "change_low": change.low, "change_high": change.high,
                })  # fmt: skip
    return pd.DataFrame(rows)


def teams(results: Results) -> pd.DataFrame:
    """What each practice and team did by financial year, means over runs.

    Columns: scenario, kind, team, measure, label, unit, year, value, change (against the baseline). A practice to which
    one evidence draw sends residents and another none counts in the runs that have it.
    """
    import pandas as pd

    from sim.outcomes.teams import MEASURES

    about = {measure.name: measure for measure in MEASURES}
    first, frames = results.records[0], []
    for kind, known in first.teams.items():
        means = {scenario: _TeamMeans(results, scenario, kind) for scenario in results.scenarios}
        for name in known.measures:
            for year in _late(results):
                base = means[results.baseline].of(name, year)
                for scenario, mean in means.items():
                    value = base if scenario == results.baseline else mean.of(name, year)
                    frames.append({
                        "scenario": scenario, "kind": known.label, "team": mean.units, "measure": name,
                        "label": about[name].label, "unit": about[name].unit, "year": clock.fin_year_label(year),
                        "value": value, "change": value - base,
                    })  # fmt: skip
    if not frames:
        return pd.DataFrame()
    sizes = [len(frame["team"]) for frame in frames]
    each = ("team", "value", "change")  # one a team; the others are one a frame
    return pd.DataFrame({
        key: np.concatenate([frame[key] for frame in frames])
        if key in each
        else np.repeat(np.array([frame[key] for frame in frames], object), sizes)
        for key in frames[0]
    })  # fmt: skip


class _TeamMeans:
    """Means over runs of what the teams of one kind did in a scenario. `units`: names of all that any run has."""

    def __init__(self, results: Results, scenario: str, kind: str) -> None:
        self.kind, self.records = kind, [results.record(scenario, pair) for pair in results.pairs]
        known = [record.teams[kind].units for record in self.records]
        at = {unit: k for k, unit in enumerate(dict.fromkeys(unit for units in known for unit in units))}
        self.units = np.array(list(at), object)
        self.places = [np.array([at[unit] for unit in units], np.int64) for units in known]

    def of(self, name: str, year: int) -> Array:
        """float64[units]; nan where no run has a number."""
        runs = np.full((len(self.records), len(self.units)), np.nan)
        for run, record, place in zip(runs, self.records, self.places, strict=True):
            run[place] = record.by_team(self.kind, name, year)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.nansum(runs, axis=0) / np.sum(~np.isnan(runs), axis=0))


def ages(results: Results) -> pd.DataFrame:
    """Every recorded measure by age group in the horizon's year, means over runs.

    Columns: scenario, measure, age, value, change. Only measures recorded with the age of those they happen to.
    """
    import pandas as pd

    from sim.outcomes.measures import AGE_GROUPS

    rows = []
    for name in (n for n in results.shown if results.measures[n].recorded):
        base = results.by_age(name, results.baseline).mean(axis=0)
        if not base.any():
            continue
        for scenario in results.scenarios:
            value = results.by_age(name, scenario).mean(axis=0)
            for k, age in enumerate(AGE_GROUPS):
                rows.append({"scenario": scenario, "measure": name, "age": age, "value": value[k],
                             "change": value[k] - base[k]})  # fmt: skip
    return pd.DataFrame(rows)


def neighbourhoods(results: Results) -> pd.DataFrame:
    """Every measure kept by neighbourhood in the horizon's year, means over runs.

    Columns: scenario, measure, lsoa, value, change.
    """
    import pandas as pd

    frames = []
    codes = results.records[0].area_code
    for name in (n for n in results.measures.by_area if n in results.shown):
        base = results.by_area(name, results.baseline).mean(axis=0)
        for scenario in results.scenarios:
            value = results.by_area(name, scenario).mean(axis=0)
            frames.append(pd.DataFrame({"scenario": scenario, "measure": name, "lsoa": codes, "value": value,
                                        "change": value - base}))  # fmt: skip
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """All of them by file name."""
    return {
        "life.csv": life(results), "inequality.csv": inequality(results), "teams.csv": teams(results),
        "ages.csv": ages(results), "neighbourhoods.csv": neighbourhoods(results),
    }  # fmt: skip
