"""Results: the runs of some scenarios, set against the first of them under the same draws and seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.errors import UserError
from sim.outcomes.change import Change, less, relative
from sim.outcomes.ledgers import Ledgers, ledgers
from sim.outcomes.measures import Measures
from sim.outcomes.record import RunRecord
from sim.outcomes.summary import Interval, noise_share, of_each

if TYPE_CHECKING:
    import pandas as pd

    from sim.compose import Plan

Array = NDArray[Any]
POLICY_START = clock.month_of("2026-04")


class Results:
    """What came out of a comparison (or of a single scenario).

    records   one for each scenario, draw and seed; the first one's scenario is what the others are compared with
    Only (draw, seed) pairs that every scenario has are used. Raises `UserError` when there is none, or when records are
    of different places, months or conditions.

    ``scenarios, baseline, place, place_label, scale, measures, pairs`` (draw, seed), ``years`` (complete financial
    years, 2026 = April 2026 – March 2027), ``horizon`` (the last of them), ``policy_start`` (month), ``reported_from``
    (the financial year in which reporting starts; earlier years are kept, for back-casts).
    """

    def __init__(self, records: Iterable[RunRecord]) -> None:
        self.records = list(records)
        if not self.records:
            raise UserError("There are no runs to show.")
        first = self.records[0]
        for r in self.records:
            if (r.place, r.first_month, r.n_months, r.conditions) != (
                *(first.place, first.first_month, first.n_months, first.conditions),
            ):
                raise UserError("These runs are of different places, months or conditions; they cannot be compared.")
        self.scenarios: tuple[str, ...] = tuple(dict.fromkeys(r.scenario for r in self.records))
        self.baseline = self.scenarios[0]
        self._by_key = {(r.scenario, r.draw, r.seed): r for r in self.records}
        every = dict.fromkeys((r.draw, r.seed) for r in self.records)
        self.pairs = [p for p in every if all((s, *p) in self._by_key for s in self.scenarios)]
        if not self.pairs:
            raise UserError("No evidence draw and seed was run for every scenario; nothing can be compared.")
        self.place, self.place_label, self.scale = first.place, first.place_label, first.scale
        self.measures: Measures = first.measures
        self.grouped = {name for name, m in self.measures.items() if m.kind != "computed" or m.by_fifth}
        self.years = first.complete_years
        self.policy_start = int(first.meta.get("policy_start", POLICY_START))
        self.reported_from = clock.fin_year(int(first.meta.get("start", first.first_month)))
        self.plan: Plan | None = None  # what was asked for, where it is known (`sim.compare`, `sim.run`)
        self.unjudged: Results | None = None  # one run of each scenario with all judged benefits off
        self.explored: Results | None = None  # more and less of the first compared scenario (`sim.studies.dose`)
        self.events_file: Path | None = None  # where `events` was written, of results that were read from a folder
        self._events: pd.DataFrame | None = None
        self._panel: pd.DataFrame | None = None
        self._cache: dict[tuple[str, str, int], Array] = {}

    # ---------------------------------------------------------------------------------------------- reading
    @property
    def horizon(self) -> int:
        """The last complete financial year. Raises `UserError` when no year was run whole."""
        if not self.years:
            raise UserError("No financial year was run whole; let it run for longer.")
        return self.years[-1]

    @property
    def policy_years(self) -> int:
        """How many years the policies ran."""
        first = self.records[0]
        return round((first.first_month + first.n_months - self.policy_start) / clock.MONTHS_A_YEAR)

    @property
    def runs(self) -> int:
        """Runs of each scenario that are compared."""
        return len(self.pairs)

    @property
    def others(self) -> tuple[str, ...]:
        """The scenarios but for the baseline."""
        return self.scenarios[1:]

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """Names of the measures that there is something to show of: optional ones only where a run recorded them."""
        return tuple(name for name in self.measures if any(r.has(name) for r in self.records))

    def label(self, scenario: str) -> str:
        """A scenario's name for people."""
        self._known(scenario)
        label = self._by_key[(scenario, *self.pairs[0])].meta.get("label")
        return str(label) if label else scenario.replace("_", " ").capitalize()

    def _known(self, scenario: str) -> None:
        if scenario not in self.scenarios:
            raise UserError(f"'{scenario}' is not among these results; they hold {', '.join(self.scenarios)}.")

    def record(self, scenario: str, pair: tuple[int, int] | None = None) -> RunRecord:
        """The record of a scenario under a (draw, seed) pair, by default the first."""
        self._known(scenario)
        return self._by_key[(scenario, *(pair or self.pairs[0]))]

    def values(self, name: str, scenario: str, group: int = 0) -> Array:
        """A measure by run and year, float64[runs, years]; group 0 = all, 1–5 = local deprivation fifth.

        Computed measures that are not worked out by fifth (inequality, money) are given for all.
        """
        key = (name, scenario, group if name in self.grouped else 0)
        if key not in self._cache:
            runs = [self.record(scenario, pair).years(name, key[2]) for pair in self.pairs]
            self._cache[key] = np.stack(runs)
        return self._cache[key]

    def months(self, name: str, scenario: str, group: int = 0) -> Array:
        """A recorded or derived measure by run and month, float64[runs, months]."""
        return np.stack([self.record(scenario, pair).months(name, group) for pair in self.pairs])

    def changes(self, name: str, scenario: str, group: int = 0) -> Array:
        """Paired differences to the baseline by run and year, float64[runs, years]."""
        return less(self.values(name, scenario, group), self.values(name, self.baseline, group))

    def by_area(self, name: str, scenario: str, year: int | None = None) -> Array:
        """A measure by run and neighbourhood in a year (default: the horizon), float64[runs, areas]."""
        year = self.horizon if year is None else year
        return np.stack([self.record(scenario, pair).by_area(name, year) for pair in self.pairs])

    def by_age(self, name: str, scenario: str, year: int | None = None) -> Array:
        """A measure by run and age group in a year (default: the horizon), float64[runs, 6]."""
        year = self.horizon if year is None else year
        return np.stack([self.record(scenario, pair).by_age(name, year) for pair in self.pairs])

    def change(self, name: str, scenario: str, year: int | None = None, group: int = 0) -> Change:
        """A scenario's change of one measure against the baseline in a year (default: the horizon)."""
        year = self.horizon if year is None else year
        if year not in self.years:
            raise UserError(f"The financial year {clock.fin_year_label(year)} was not run whole.")
        k = self.years.index(year)
        base = self.values(name, self.baseline, group)[:, k]
        value = self.values(name, scenario, group)[:, k]
        difference = less(value, base)
        b, v, d = of_each([base, value, difference])
        mean, low, high = (100 * float(x[0]) for x in relative(difference[:, None], base[:, None]))
        p = Interval(mean, low, high, d.runs)
        return Change(scenario, self.measures[name], year, b, v, d, p, float(self.noise(difference)))

    def noise(self, values: Array) -> Array:
        """Share of chance in the variance over runs, [runs, ...] to [...]."""
        return noise_share([d for d, _ in self.pairs], [s for _, s in self.pairs], values)

    def ledgers(self, scenario: str) -> list[Ledgers]:
        """The three ledgers of a scenario, one for each run (see `sim.outcomes.ledgers`)."""
        self._known(scenario)
        pairs = ((self.record(scenario, p), self.record(self.baseline, p)) for p in self.pairs)
        return [ledgers(run, base, self.policy_start) for run, base in pairs]

    # ---------------------------------------------------------------------------------------------- tables
    def summary(self, measures: Sequence[str] | None = None, years: Sequence[int] | None = None) -> pd.DataFrame:
        """One row for each scenario, measure and complete financial year from the setting `start` on (or of `years`).

        Columns: scenario, measure, label, unit, year, runs, value, low, high (level: mean and 90 % of runs), change,
        change_low, change_high (paired with the baseline; 0 for itself), noise_share (of the change).
        """
        from sim.outcomes import frames

        return frames.summary(self, measures, years)

    def to_frame(self, monthly: bool = False) -> pd.DataFrame:
        """Every run, tidy: scenario, draw, seed, measure, fifth (0 = all), year (or month as YYYY-MM), value."""
        from sim.outcomes import frames

        return frames.every_run(self, monthly)

    def money(self) -> pd.DataFrame:
        """The three ledgers over the horizon, discounted: for each scenario and item the mean and 90 % of runs."""
        from sim.outcomes.value import money_table

        return money_table(self)

    @cached_property
    def headline(self) -> str:
        """The finding in one sentence."""
        from sim.outcomes.sentences import headline

        return headline(self)

    # ---------------------------------------------------------------------------------------------- single lives
    def events(self) -> pd.DataFrame:
        """What happened to a sample of residents in each scenario, under its first (draw, seed) pair only.

        One row an event or spell; columns and dates as in `sim.outcomes.lives`. Empty when the runs kept no events.
        """
        import pandas as pd

        from sim.outcomes import lives

        if self._events is None and self.events_file is not None and self.events_file.is_file():
            self._events = pd.read_parquet(self.events_file)
            self._events.attrs = {"format": lives.FORMAT, "about": lives.ABOUT}
        if self._events is None:
            tables = [lives.table(self.record(scenario)) for scenario in self.scenarios]
            self._events = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
            self._events["Event_ID"] = np.arange(1, len(self._events) + 1)
            self._events.attrs = {"format": lives.FORMAT, "about": lives.ABOUT}
        return self._events.copy()

    def panel(self) -> pd.DataFrame:
        """What is written of the consultation panel in each scenario, a row a member and year of age, under the first
        (draw, seed) pair only; columns as in `sim.outcomes.stories`. Empty when the runs kept no panel."""
        from sim.outcomes import stories

        if self._panel is None:
            self._panel = stories.panel(self)
        return self._panel.copy()

    def theograph(self, client: int | None = None, scenario: str | None = None) -> Any:
        """A figure of one resident's life: `client` a Client_ID, or 17 for the 17th followed; by default an eventful
        one. scenario: by default the first. Raises `UserError` when there is no such resident."""
        from sim.report.theograph import theograph

        return theograph(self, client, scenario)

    def plot(self, name: str = "difference", **more: Any) -> Any:
        """A figure by name: a measure's (``emergency_admissions``), one of the report's (``difference``), or
        ``theograph``; `more` goes to the figure's function (``client=17``)."""
        from sim.report import figures

        return figures.plot(self, name, **more)

    def figures(self) -> dict[str, Any]:
        """Every figure that these results can fill, by name, in the report's order; each has `finding` and `alt`."""
        from sim.report import figures

        return figures.draw_all(self)

    def explore(self, more: list[RunRecord]) -> None:
        """Set `explored`: the runs with more or less of a scenario, beside the baseline of the same draws and seeds."""
        pairs = {(one.draw, one.seed) for one in more}
        base = [self.record(self.baseline, pair) for pair in self.pairs if pair in pairs]
        self.explored = Results([*base, *more]) if more else None

    def __repr__(self) -> str:
        from sim.outcomes.table import render

        return render(self)

    def _repr_html_(self) -> str:
        from sim.outcomes.table import render_html

        return render_html(self)

    # ---------------------------------------------------------------------------------------------- file
    def save(self, folder: str | Path | None = None) -> Path:
        """Write records/, summary.csv, series.parquet, tables/ (by group, courses, money), events.parquet,
        stories.md and tables/panel.csv (where the runs kept events and a panel) and, last of all, results.json into a
        folder; returns it.

        Then comes metadata.json (versions, hashes, draws, seeds) and, for results of `sim.compare` and `sim.run`,
        config.yaml, so that ``headwater rerun`` repeats them and ``headwater report`` makes the report and pictures.
        Without a folder, a new one under ``results/`` named by the time. A folder without results.json is not a whole
        one. Raises `EnvironmentFault` when the disk refuses.
        """
        from sim.outcomes import folder as files

        return files.save(self, folder)

    @classmethod
    def load(cls, folder: str | Path) -> Results:
        """Read what `save` wrote; ``results/latest`` (a text file that names a folder beside it) works too.

        Raises `UserError` when it is no whole results folder, or of a newer format.
        """
        from sim.outcomes import folder as files

        return files.load(folder)
