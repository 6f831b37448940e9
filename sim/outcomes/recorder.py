"""The recorder: what happened, counted month by month by local deprivation fifth, and yearly by place and age.

How the model uses it, each month::

    rec.begin(month)                                       # what is added is queued, and added up by `settle`
    rec.add_rows("deaths", columns, rows)                  # flows of residents: fifth, neighbourhood, age, sex
    rec.add("ed_attendances", fifths)                      # flows of which only the fifth is known
    rec.add("beds_open", amount=811.0)                     # no fifth at all
    rec.census(columns, size, month, bits, sums={...})     # stocks of the living, at the month's end
    rec.money("outpatient", pounds)
    record = rec.finish(scenario="baseline", draw=0, seed=1)

It only reads the model. Counts are multiplied by `weight` (1/scale), so all figures are those of the whole place;
those of the hospital trust are further divided by the share of its activity whose patients are simulated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.errors import UserError
from sim.life.conditions import risks
from sim.outcomes import census_kernel as kernel
from sim.outcomes.census import Plan, count_everyone
from sim.outcomes.measures import AGE_GROUPS, N_FIFTHS, Conditions, Measures
from sim.outcomes.record import RunRecord
from sim.outcomes.tally import Tally
from sim.outcomes.tally_kernel import OF_CELLS, OF_FIFTHS, OF_ROWS
from sim.outcomes.teams import TeamBooks

if TYPE_CHECKING:
    from sim.outcomes.panel import Panel
    from sim.system import CareSystem

Array = NDArray[Any]
Columns = Mapping[str, Array]

MARCH = 3
_FIFTHS: Array = np.arange(N_FIFTHS)


class Areas(Protocol):
    """What the recorder needs of a place."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def local_fifth(self) -> Any:
        """uint8[L], 1 = most deprived."""

    @property
    def lsoas(self) -> Any:
        """DataFrame with `code` and `imd_rank` (1 = most deprived in England)."""

    @property
    def activity_share_simulated(self) -> float: ...


class Recorder:
    """Counts of one run.

    place        a Place (see `Areas`): its neighbourhoods, their local fifths, the hospital's share that is simulated
    conditions   condition names (or name → label) in configuration order
    first_month  first month that is kept; earlier months are let pass silently
    n_months     how many months are kept
    weight       1/scale: what one simulated resident stands for
    """

    def __init__(
        self, place: Areas, conditions: Conditions, first_month: int, n_months: int, weight: float = 1.0
    ) -> None:
        if n_months < 1:
            raise UserError("There is no month to record: the end of the run lies before its start.")
        if not weight > 0:
            raise UserError("The weight of a resident must be above zero.")
        self.place = place
        self.measures = Measures.of(conditions)
        self.first_month, self.weight = int(first_month), float(weight)
        self._hospital_factor = 1.0 / float(place.activity_share_simulated)
        only_risks = risks()
        self.long_term = tuple(name for name in self.measures.conditions if name not in only_risks)
        self._found: dict[str, tuple[int, float]] = {}
        self.row = {name: k for k, name in enumerate(self.measures.recorded)}
        self._area_row = {name: k for k, name in enumerate(self.measures.by_area)}
        self._cell_row = {name: k for k, name in enumerate(self.measures.by_cell)}
        self._fifth_of_area = np.asarray(place.local_fifth).astype(np.int64) - 1
        self.n_areas = len(self._fifth_of_area)
        self.spend: dict[str, Array] = {}
        self.lever_spend: dict[str, Array] = {}
        self.touched: set[str] = set()
        self.teams = TeamBooks(0)
        self.plan: Plan | None = None  # of the census, once it was taken
        self._shown = b""  # which of its measures the last one touched
        self._panel: Panel | None = None
        self._arrays: dict[str, Array] = {}
        self._tally = Tally(self.measures, self._fifth_of_area)
        self._make_room(int(n_months))
        self._now = -1  # row of the current month, −1 when it is not kept
        self.month = self.first_month - 1
        self.recorded_months = 0

    def _make_room(self, n_months: int) -> None:
        """Arrays for `n_months`, keeping what is there."""
        self.n_months = n_months
        self.first_year = clock.fin_year(self.first_month)
        years = clock.fin_year(self.first_month + n_months - 1) - self.first_year + 1
        m, ages = self.measures, len(AGE_GROUPS)
        shapes = {
            "monthly": (n_months, len(m.recorded), 1 + N_FIFTHS),
            "yearly_age": (years, len(m.recorded), ages),
            "yearly_area": (years, len(m.by_area), self.n_areas),
            "yearly_cell": (years, len(m.by_cell), self.n_areas, ages),
            "population_bands": (years, 1 + N_FIFTHS, 2, kernel.N_BANDS),
            "death_bands": (years, 1 + N_FIFTHS, 2, kernel.N_BANDS),
            "healthy_bands": (years, 1 + N_FIFTHS, 2, kernel.N_BANDS),
            "utility_bands": (years, 1 + N_FIFTHS, 2, kernel.N_BANDS),
        }
        self.teams.make_room(years)
        for name, shape in shapes.items():
            small = name in ("yearly_area", "yearly_cell")
            new = np.zeros(shape, np.float32 if small else np.float64)
            old = self._arrays.get(name)
            if old is not None:
                new[: len(old)] = old
            self._arrays[name] = new
        for book in (self.spend, self.lever_spend):
            for key, old in book.items():
                book[key] = np.concatenate([old, np.zeros(n_months - len(old))])

    # ---------------------------------------------------------------------------------------------- the month
    def begin(self, month: int) -> None:
        """Start a month. Months come in order; one after the last that fits raises `ValueError`."""
        self.settle()
        if month <= self.month and self.recorded_months:
            raise ValueError(f"Month {month} was recorded already.")
        row = month - self.first_month
        if row >= self.n_months:
            raise ValueError(f"Month {month} lies after the {self.n_months} months to record.")
        self.month, self._now = int(month), row if row >= 0 else -1
        self.recorded_months = max(self.recorded_months, row + 1)
        self._year = clock.fin_year(month) - self.first_year
        self.in_march = clock.calendar_month(month) == MARCH

    @property
    def keeping(self) -> bool:
        """Whether the current month is kept."""
        return self._now >= 0

    def settle(self) -> None:
        """Add up what was queued. Rows that were added must not be given to others before (`begin` settles, too)."""
        if self._tally:
            self._tally.settle(self._arrays, self._now, self._year, self.month, self.in_march, self.weight)

    def _of(self, name: str) -> tuple[int, float]:
        """A recorded measure's row, and what one of its counts stands for."""
        found = self._found.get(name)
        if found is None:
            if name not in self.row:
                raise UserError(f"'{self.measures[name].name}' is not a measure that is recorded.")
            factor = self._hospital_factor if self.measures[name].scope == "hospital" else 1.0
            found = self._found[name] = self.row[name], self.weight * factor
        return found

    def scale_of(self, name: str) -> float:
        """What one count of a recorded measure stands for."""
        return self._of(name)[1]

    def add_stocks(self, plan: Plan, values: Array) -> None:
        """Add the census: values by fifth of all measures of the plan, float64[measures, 5]."""
        shown = plan.always | values.any(axis=1)
        if shown.tobytes() != self._shown:
            self.touched.update(plan.names[shown])
            self._shown = shown.tobytes()
        scaled = np.empty((len(plan.rows), 1 + N_FIFTHS))
        np.multiply(values, plan.scale[:, None], out=scaled[:, 1:])
        np.sum(scaled[:, 1:], axis=1, out=scaled[:, 0])
        self._arrays["monthly"][self._now][plan.rows] += scaled  # nought of what is not shown

    def add(
        self,
        name: str,
        fifths: Array | None = None,
        *,
        weights: Array | None = None,
        amount: float | None = None,
        factor: float | None = None,
    ) -> None:
        """Add to this month's value of a recorded measure.

        fifths   int[n] 0–4 (0 = most deprived) of those it happened to, each counting 1 or its `weights[n]`
        amount   instead: a total of which no fifth is known (goes into the total only)
        factor   overrides the correction of hospital figures (1 ÷ share simulated); 1 for residents' figures

        Stocks are added to in the same way, once a month. Raises `UserError` for an unknown measure.
        """
        row, scale = self._of(name)
        self.touched.add(name)
        if self._now < 0:
            return
        scale = scale if factor is None else self.weight * float(factor)
        if fifths is not None and len(fifths):
            self._tally.add(row, OF_FIFTHS, scale, fifths, weights)
        if amount is not None:
            self._tally.amount(row, amount * scale)

    def add_table(self, names: Sequence[str], counts: Array) -> None:
        """Add counts of several measures that are already by fifth, float[measures, 5] (not to be written after)."""
        self.touched.update(names)
        if self._now >= 0:
            for name, by_fifth in zip(names, counts, strict=True):
                row, scale = self._of(name)
                self._tally.add(row, OF_FIFTHS, scale, _FIFTHS, by_fifth)

    def add_by_fifth(self, name: str, counts: Array, *, factor: float | None = None) -> None:
        """Add counts that are already by fifth, float[5]."""
        self.add(name, _FIFTHS, weights=counts, factor=factor)

    def add_cells(self, name: str, cells: Array) -> None:
        """Add counts that are already by neighbourhood and age group, float[L, 6]."""
        row, scale = self._of(name)
        self.touched.add(name)
        if self._now >= 0:
            self._tally.add(row, OF_CELLS, scale, np.arange(cells.size), cells.reshape(-1))

    def add_rows(
        self,
        name: str,
        columns: Columns,
        rows: Array,
        *,
        weights: Array | None = None,
        factor: float | None = None,
    ) -> None:
        """Add events of residents: month by fifth, and year by age group and (where kept) by neighbourhood.

        columns  the residents' columns (`fifth`, `lsoa`, `born`; for deaths also `male`)
        rows     int[n] rows it happened to, once each or `weights[n]` times. They are read when all that was queued is
                 added up (`settle`): until then those columns keep what they say of them
        """
        row, scale = self._of(name)
        self.touched.add(name)
        if self._now < 0 or len(rows) == 0:
            return
        if self._tally.columns is not columns:
            if self._tally.columns is not None:
                self.settle()
            self._tally.columns = columns
        self._tally.add(row, OF_ROWS, scale if factor is None else self.weight * float(factor), rows, weights)

    def add_bands(self, which: str, by_fifth: Array) -> None:
        into = self._arrays[which][self._year]
        into[1:] += by_fifth * self.weight
        into[0] += by_fifth.sum(axis=0) * self.weight

    def census(
        self,
        columns: Columns,
        size: int,
        month: int,
        bits: Mapping[str, int],
        *,
        sums: Mapping[str, Array] | None = None,
        well_above: float | None = None,
    ) -> None:
        """Count the living at the month's end.

        columns  residents' columns: unique_id (0 = departed), born, male, lsoa, fifth (0–4), state (uint64)
        size     rows in use
        bits     name → bit of `state`; behaviours (smoker, obese, inactive, lonely) and every condition by its name
        sums     measure → column to be summed over the living: ``unmet_need``, ``gp_waiting``;
                 those of `OF_ADULTS` over adults; ``qalys`` takes utilities (0–1), one month of which is 1/12
        well_above   utility from which on health counts as good; None: not counted
        """
        if self.keeping:
            count_everyone(self, columns, size, month, bits, sums or {}, well_above)

    def store_cells(self, names: Sequence[str], cells: Array) -> None:
        """Put this year's counts of measures by neighbourhood × age group, [measures, L, 6], where they belong."""
        scaled = cells * np.array([self._of(name)[1] for name in names])[:, None, None]
        self._arrays["yearly_age"][self._year, [self.row[name] for name in names]] += scaled.sum(axis=1)
        for which, known, values in (
            ("yearly_area", self._area_row, scaled.sum(axis=2)), ("yearly_cell", self._cell_row, scaled)
        ):  # fmt: skip
            kept = [k for k, name in enumerate(names) if name in known]
            self._arrays[which][self._year, [known[names[k]] for k in kept]] += values[kept]

    def store_register(self, name: str, cells: Array, *, shown: bool) -> None:
        """Add this March's count of a register, by neighbourhood × age group, to the month's figures by fifth.

        shown: whether anybody has the condition without knowing; else the register says nothing that is not said.
        """
        by_fifth = np.bincount(self._fifth_of_area, weights=cells.sum(axis=1), minlength=N_FIFTHS)
        row, scale = self._of(name)
        if shown:
            self.touched.add(name)
        if self.keeping:
            self._tally.add(row, OF_FIFTHS, scale, _FIFTHS, by_fifth)

    def count_teams(self, m: CareSystem) -> None:
        """Add this month of every practice and team, from the tables of their agents; once a month, at its end. The
        consultation panel's notes are read when the record is made."""
        self._panel = m.panel if m.detail else None
        if self._now < 0:
            return
        if m.detail:
            self.teams.add(m, self._year, self.in_march, self.weight, self._hospital_factor)
        if "capacity" in m.practices.columns:
            self.add("gp_capacity", amount=float(m.practices.columns["capacity"][: m.practices.size].sum()))

    # ---------------------------------------------------------------------------------------------- money
    def money(self, line: str, amount: float) -> None:
        """Add this month's spending (£ of the whole place, not weighted) on a line of the budget."""
        self._pay(self.spend, line, amount)

    def lever_money(self, lever: str, amount: float) -> None:
        """Add what a lever costs this month (£ of the whole place), whoever pays for it."""
        self._pay(self.lever_spend, lever, amount)

    def _pay(self, book: dict[str, Array], key: str, amount: float) -> None:
        if self._now >= 0:
            if key not in book:
                book[key] = np.zeros(self.n_months)
            book[key][self._now] += float(amount)

    # ---------------------------------------------------------------------------------------------- branching, end
    def __getstate__(self) -> dict[str, Any]:
        self.settle()
        return self.__dict__

    def copy(self, n_months: int | None = None) -> Recorder:
        """An independent recorder that continues from here, with room for `n_months` in all if given."""
        self.settle()
        other = object.__new__(Recorder)
        other.__dict__.update(self.__dict__)
        other._tally = Tally(self.measures, self._fifth_of_area)
        other._arrays = {name: array.copy() for name, array in self._arrays.items()}
        other.spend = {key: array.copy() for key, array in self.spend.items()}
        other.touched, other.teams = set(self.touched), self.teams.copy()
        other.lever_spend = {key: array.copy() for key, array in self.lever_spend.items()}
        if n_months is not None and n_months > self.n_months:
            other._make_room(n_months)
        return other

    def finish(self, *, scenario: str, draw: int, seed: int, meta: Mapping[str, Any] | None = None) -> RunRecord:
        """The record of the months that were begun (a copy; the recorder may go on)."""
        self.settle()
        months = self.recorded_months
        if months == 0:
            raise UserError("There is no month to record: the end of the run lies before its start.")
        years = clock.fin_year(self.first_month + months - 1) - self.first_year + 1
        cut = {name: a[: months if name == "monthly" else years].copy() for name, a in self._arrays.items()}
        return RunRecord(
            scenario=scenario,
            draw=int(draw),
            seed=int(seed),
            place=self.place.name,
            place_label=self.place.label,
            scale=1.0 / self.weight,
            first_month=self.first_month,
            conditions=dict(self.measures.conditions),
            area_code=np.asarray(self.place.lsoas["code"]).astype(str),
            area_rank=np.asarray(self.place.lsoas["imd_rank"]).astype(np.float64),
            area_fifth=self._fifth_of_area + 1,
            spend={key: a[:months].copy() for key, a in self.spend.items()},
            lever_spend={key: a[:months].copy() for key, a in self.lever_spend.items()},
            meta=dict(meta or {}),
            kept=sorted(self.touched),
            panel=self._panel.kept() if self._panel else None,
            teams={k: replace(t, values=t.values[:years].copy()) for k, t in self.teams.tables.items()},
            **cut,
        )
