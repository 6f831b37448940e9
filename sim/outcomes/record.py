"""What one run leaves behind: a scenario under one draw of the evidence and one seed."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sim import clock, disk
from sim.errors import UserError
from sim.outcomes.measures import Measures
from sim.outcomes.teams import TeamTable

FORMAT = 2
"""Version of the file format; this one and the previous are read."""

Array = NDArray[Any]
MONTHS_A_YEAR, MARCH = 12, 3
#: array → the list of measures that its second axis follows
LAID_OUT = {
    "monthly": "recorded", "yearly_age": "recorded", "yearly_area": "by_area", "yearly_cell": "by_cell",
}  # fmt: skip


@dataclass
class RunRecord:
    """Figures of one run, of the whole place (already weighted), by month and by financial year (April–March).

    monthly           float64[months, recorded measures, 6]: all, then local fifths 1 (most deprived) to 5
    yearly_age        float64[years, recorded measures, 6 age groups]
    yearly_area       float32[years, measures kept by area, areas]
    yearly_cell       float32[years, measures kept by cell, areas, 6 age groups]
    population_bands, death_bands   float64[years, 6, 2 sexes (female, male), 19 five-year bands]:
                      people at the end of September, deaths of the year; axis 1 as in `monthly`
    healthy_bands, utility_bands   of `population_bands`: those in good health, and the sum of their utilities; None
                      where they were not counted
    kept              names of the recorded measures of which anything was recorded; None: not known, take all
    teams             what each practice and team did by year (`sim.outcomes.teams`), by kind
    spend, lever_spend   £ a month by budget line, and by lever
    events            the event log's entries (`sim.outcomes.eventlog.EVENT`), or None where they are not kept
    panel             the yearly notes of the consultation panel (`sim.outcomes.panel.KEPT`), kept beside the events
    area_code, area_rank (England's IMD rank, 1 = most deprived), area_fifth (1–5)   by area

    The order of measures is that of `measures.recorded`, `.by_area`, `.by_cell`. Stocks by age and area are those of
    March; the first and last year may hold fewer than twelve months (`complete_years` lists the whole ones).
    """

    scenario: str
    draw: int
    seed: int
    place: str
    place_label: str
    scale: float
    first_month: int
    conditions: dict[str, str]
    monthly: Array
    yearly_age: Array
    yearly_area: Array
    yearly_cell: Array
    population_bands: Array
    death_bands: Array
    area_code: Array
    area_rank: Array
    area_fifth: Array
    spend: dict[str, Array] = field(default_factory=dict)
    lever_spend: dict[str, Array] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    events: Array | None = None
    healthy_bands: Array | None = None
    utility_bands: Array | None = None
    kept: list[str] | None = None
    panel: Array | None = None
    teams: dict[str, TeamTable] = field(default_factory=dict)

    @cached_property
    def measures(self) -> Measures:
        """The table of measures of this run's conditions."""
        unknown = [name for name in self.conditions if f"{name}_diagnosed" in (self.kept or ())]
        return Measures.of(self.conditions, unknown)

    @property
    def n_months(self) -> int:
        """How many months were recorded."""
        return len(self.monthly)

    @property
    def first_year(self) -> int:
        """The financial year of the first month (2026 is April 2026 – March 2027)."""
        return clock.fin_year(self.first_month)

    @property
    def _in_march(self) -> Array:
        """Which months are a March, the last of a financial year."""
        months = range(self.first_month, self.first_month + self.n_months)
        return np.array([clock.calendar_month(month) == MARCH for month in months], bool)

    @cached_property
    def complete_years(self) -> tuple[int, ...]:
        """Financial years of which all twelve months were recorded."""
        first, last = self.first_month, self.first_month + self.n_months - 1
        return tuple(
            year
            for year in range(self.first_year, clock.fin_year(last) + 1)
            if april(year) >= first and april(year) + MONTHS_A_YEAR - 1 <= last
        )

    def has(self, name: str) -> bool:
        """Whether there is anything to show of a measure: always, but for optional ones that nothing recorded."""
        measure = self.measures[name]
        if not measure.optional or self.kept is None:
            return not measure.optional
        if measure.recorded:
            return name in self.kept
        if measure.kind == "computed":
            from sim.outcomes.computed import possible

            return possible(name, self)
        return self.has(measure.numerator) and self.has(measure.denominator)

    # ---------------------------------------------------------------------------------------------- reading
    def months(self, name: str, group: int = 0) -> Array:
        """A recorded or derived measure month by month, float64[months]; group 0 = all, 1–5 = local fifth.

        Flows and rates of one month are as they are (a rate per 1,000 a year is annualised). 0/0 is nan, and so is a
        month in which a measure is not counted.
        """
        measure = self.measures[name]
        if measure.recorded:
            values = np.asarray(self.monthly[:, self.measures.recorded.index(name), group])
            return np.where(self._in_march, values, np.nan) if measure.in_march else values
        if measure.kind == "computed":
            raise UserError(f"'{name}' is worked out by the year; it has no monthly figure.")
        top, bottom = self.months(measure.numerator, group), self.months(measure.denominator, group)
        return measure.multiplier * divide(top, bottom)

    def years(self, name: str, group: int = 0) -> Array:
        """A measure by complete financial year, float64[len(complete_years)]; group as in `months`.

        A flow is the sum of its months; a stock is that of March, or the mean where the table of measures says so;
        a ratio is the year's numerator over the year's denominator (sums over months, or March's).
        """
        measure = self.measures[name]
        if measure.kind == "computed":
            from sim.outcomes.computed import compute

            return compute(name, self, group)
        if measure.recorded:
            return self._years(name, group, measure.yearly)
        how = "end" if measure.yearly == "end" else "sum"
        top, bottom = (self._years(part, group, how) for part in (measure.numerator, measure.denominator))
        return measure.multiplier * divide(top, bottom)

    def _years(self, name: str, group: int, how: str) -> Array:
        """A measure's months put together by complete year; not to be written to."""
        measure = self.measures[name]
        if not measure.recorded or (measure.in_march and how != "end"):
            return put_together(self.by_year(self.months(name, group)), how)
        if how not in self._put_together:
            recorded = self.monthly.transpose(1, 2, 0).reshape(-1, self.n_months)
            every = put_together(np.concatenate([self.by_year(one) for one in recorded]), how)
            every.setflags(write=False)
            self._put_together[how] = every.reshape(*self.monthly.shape[1:], len(self.complete_years))
        return np.asarray(self._put_together[how][self.measures.recorded.index(name), group])

    @cached_property
    def _put_together(self) -> dict[str, Array]:
        """Way of putting months together → all recorded measures by complete year, float64[measures, 6, years]: at
        once, as there are a thousand of them and each by itself costs the same."""
        return {}

    def by_year(self, months: Array) -> Array:
        """Monthly values (float64[months]) of the complete years, [years, 12]."""
        if not self.complete_years:
            return np.zeros((0, MONTHS_A_YEAR))
        start = april(self.complete_years[0]) - self.first_month
        return months[start : start + MONTHS_A_YEAR * len(self.complete_years)].reshape(-1, MONTHS_A_YEAR)

    def money_years(self, book: Mapping[str, Array]) -> dict[str, Array]:
        """`spend` or `lever_spend` by complete financial year, £."""
        return {key: self.by_year(values).sum(axis=1) for key, values in book.items()}

    def _year_index(self, year: int) -> int:
        if year not in self.complete_years:
            raise UserError(f"The financial year {clock.fin_year_label(year)} was not run whole.")
        return year - self.first_year

    def by_age(self, name: str, year: int) -> Array:
        """A measure by age group in a complete financial year, float64[6]."""
        return self._by(name, year, self.yearly_age, self.measures.recorded)

    def by_area(self, name: str, year: int) -> Array:
        """A measure by area in a complete financial year, float64[areas]; raises `UserError` where it is not kept."""
        return self._by(name, year, self.yearly_area, self.measures.by_area)

    def by_cell(self, name: str, year: int) -> Array:
        """A recorded measure by area and age group in a complete financial year, float64[areas, 6]."""
        return self._by(name, year, self.yearly_cell, self.measures.by_cell)

    def cells(self, name: str, years: Sequence[int]) -> Array:
        """A count as in `by_cell` of several complete years at once, float64[years, areas, 6]."""
        if name not in self.measures.by_cell:
            return np.stack([self.by_cell(name, year) for year in years])
        rows = [self._year_index(year) for year in years]
        return self.yearly_cell[rows, self.measures.by_cell.index(name)].astype(np.float64)

    def _by(self, name: str, year: int, store: Array, names: tuple[str, ...]) -> Array:
        measure = self.measures[name]
        if measure.kind in ("share", "mean", "rate"):
            top, bottom = (self._by(part, year, store, names) for part in (measure.numerator, measure.denominator))
            over_stock = measure.yearly == "sum" and self.measures[measure.denominator].kind == "stock"
            months = MONTHS_A_YEAR if over_stock else 1  # March's people stand for those of the year's twelve months
            return measure.multiplier / months * divide(top, bottom)
        if name not in names:
            raise UserError(f"'{name}' is not kept in that detail.")
        return np.asarray(store[self._year_index(year), names.index(name)], np.float64)

    def by_team(self, kind: str, name: str, year: int) -> Array:
        """What every team of a kind (``GPPractice``, ``HospitalTeam`` …) did in a complete financial year.

        Raises `UserError` when the kind or the measure is not kept.
        """
        if kind not in self.teams:
            raise UserError(f"There are no figures of '{kind}'; there are those of {', '.join(self.teams) or 'none'}.")
        return self.teams[kind].of(name, self._year_index(year))

    # ---------------------------------------------------------------------------------------------- file
    def save(self, path: str | Path) -> None:
        """Write to one `.npz` file, whole or not at all. Raises `EnvironmentFault` when the disk refuses."""
        path = Path(path)
        names = {which: list(getattr(self.measures, which)) for which in LAID_OUT.values()}
        plain: dict[str, Any] = {"format": FORMAT, "measures": names}
        arrays: dict[str, Array] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, np.ndarray):
                arrays[f.name] = value
            elif f.name in ("spend", "lever_spend"):
                plain[f.name] = list(value)
                for k, key in enumerate(value):
                    arrays[f"{f.name}.{k}"] = value[key]
            elif f.name == "teams":
                plain["teams"] = [table.about() for table in value.values()]
                arrays |= {f"teams.{k}": table.values for k, table in enumerate(value.values())}
            else:
                plain[f.name] = value
        partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
        try:
            with disk.refusals(path.parent):
                path.parent.mkdir(parents=True, exist_ok=True)
                with open(partial, "wb") as file:
                    _write_npz(file, {"about": np.array(json.dumps(plain)), **arrays})
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | Path) -> RunRecord:
        """Read what `save` wrote. Raises `UserError` when it is not there, damaged, or of a newer format."""
        path = Path(path)
        try:
            with np.load(path, allow_pickle=False) as stored:
                plain = json.loads(str(stored["about"]))
                version = int(plain.pop("format"))
                refuse_newer(version, path)
                arrays = {name: stored[name] for name in stored.files if name != "about"}
        except FileNotFoundError:
            raise UserError(f"There is no run record at {path}.") from None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            raise UserError(f"{path} is not a whole run record.") from None
        for book in ("spend", "lever_spend"):
            plain[book] = {key: arrays.pop(f"{book}.{k}") for k, key in enumerate(plain[book])}
        teams = [TeamTable.read(about, arrays.pop(f"teams.{k}")) for k, about in enumerate(plain.pop("teams", []))]
        _lay_out(arrays, Measures(plain["conditions"]), plain.pop("measures", None))
        return cls(**plain, **arrays, teams={table.kind: table for table in teams})


def _lay_out(arrays: dict[str, Array], measures: Measures, stored: Mapping[str, list[str]] | None) -> None:
    """Bring arrays of an older record, which knew other measures, into today's order; what it lacks is zero.

    stored: the names it was written with; None in format 1, which held those that are marked as such.
    """
    for array, which in LAID_OUT.items():
        now = list(getattr(measures, which))
        then = stored[which] if stored else [name for name in now if measures[name].since == 1]
        if then == now:
            continue
        old = arrays[array]
        new = np.zeros((len(old), len(now), *old.shape[2:]), old.dtype)
        for k, name in enumerate(then):
            if name in now:
                new[:, now.index(name)] = old[:, k]
        arrays[array] = new


def _write_npz(file: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """What `numpy.savez_compressed` writes, but faster (level 1) and the same bytes for the same numbers (no dates)."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            text = io.BytesIO()
            np.lib.format.write_array(text, np.asanyarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980, whatever the day
            archive.writestr(entry, text.getbuffer(), zipfile.ZIP_DEFLATED, compresslevel=1)


def april(fin_year: int) -> int:
    """The month number of April of a financial year."""
    return (fin_year - clock.FIRST_YEAR) * MONTHS_A_YEAR + 4 - clock.FIRST_MONTH


def put_together(by_year: Array, how: str) -> Array:
    """Twelve months of each year [years, 12] as one figure: their sum, their mean, or the last."""
    if how == "end":
        return np.asarray(by_year[:, -1])
    return np.asarray(by_year.sum(axis=1) if how == "sum" else by_year.mean(axis=1))


def divide(top: Array, bottom: Array) -> Array:
    """Element-wise ratio, nan where the denominator is zero."""
    out = np.full(np.broadcast(top, bottom).shape, np.nan)
    np.divide(top, bottom, out=out, where=np.asarray(bottom) != 0)
    return out


def refuse_newer(version: int, path: Path) -> None:
    """Raise `UserError` when a file is of a later format than this program knows."""
    if version > FORMAT:
        raise UserError(f"{path} was written by a newer version of headwater; update headwater to read it.")
