"""What each practice and each team did: yearly figures read from the tables of their agents, never from residents.

Any kind of team whose agents carry columns of these names is kept (general practices, hospital teams, community teams);
a column that a kind does not have is left out. Counts of simulated people and contacts are weighted to the whole place,
those of the hospital trust to the whole trust, as everywhere in the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError

if TYPE_CHECKING:
    from sim.system import CareSystem

Array = NDArray[Any]
MONTHS_A_YEAR = 12
#: agent type → words for its kind, in the order in which they are shown
KINDS = {"GPPractice": "practice", "HospitalTeam": "hospital team", "CommunityTeam": "community team"}
OF_THE_TRUST = ("HospitalTeam",)


@dataclass(frozen=True)
class TeamMeasure:
    """One column of a table of teams.

    name     the column; label, unit: words for people
    yearly   how twelve months become a year: sum | mean | end (March)
    counts   whether it counts simulated people, contacts or beds and is weighted to the whole (else a share or a mean)
    """

    name: str
    label: str
    unit: str
    yearly: str = "sum"
    counts: bool = True


MEASURES: tuple[TeamMeasure, ...] = (
    TeamMeasure("list_simulated", "registered patients who live in the place", "people", "end", counts=False),
    TeamMeasure("need", "asked for", "contacts a year"),
    TeamMeasure("capacity", "could be offered", "contacts a year"),
    TeamMeasure("served", "served", "contacts a year"),
    TeamMeasure("waiting", "waiting", "at the end of March", "end"),
    TeamMeasure("given_up", "given up", "contacts a year"),
    TeamMeasure("to_ed", "gone to A&E", "contacts a year"),
    TeamMeasure("pressure", "share not offered", "share", "mean", counts=False),
    TeamMeasure("continuity", "continuity with the practice", "share", "mean", counts=False),
    TeamMeasure("staff", "staff", "full-time equivalents", "mean"),
    TeamMeasure("gps", "general practitioners", "full-time equivalents", "mean"),
    TeamMeasure("nurses", "nurses", "full-time equivalents", "mean"),
    TeamMeasure("others", "other clinicians", "full-time equivalents", "mean"),
    TeamMeasure("leavers", "staff who left", "full-time equivalents a year"),
    TeamMeasure("beds", "beds open", "beds", "mean"),
    TeamMeasure("occupied", "beds occupied", "beds", "mean"),
    TeamMeasure("expected_load", "beds that those expected would fill", "beds", "mean"),
    TeamMeasure("clinics", "clinic appointments", "a year"),
    TeamMeasure("theatre", "operations", "a year"),
    TeamMeasure("slots", "could be treated", "people a year"),
    TeamMeasure("cancelled", "cancelled for want of beds", "people a year"),
    TeamMeasure("activity", "activity", "a year"),
    TeamMeasure("referrals", "referred to it", "people a year"),
    TeamMeasure("requests", "requests", "a year"),
    TeamMeasure("started", "taken on", "people a year"),
    TeamMeasure("treated", "finished", "people a year"),
    TeamMeasure("completed", "completed", "people a year"),
    TeamMeasure("caseload", "caseload", "people", "mean"),
    TeamMeasure("discharges", "discharged by it", "people a year"),
    TeamMeasure("withdrawn", "withdrew from its list", "people a year"),
    TeamMeasure("removed", "left its list untreated", "people a year"),
    TeamMeasure("lost", "lost on the way", "people a year"),
    TeamMeasure("handoffs", "handed on", "people a year"),
)
_BY_NAME = {measure.name: measure for measure in MEASURES}


@dataclass(frozen=True)
class TeamTable:
    """Yearly figures of all teams of a kind.

    kind      the agents' type; measures: names of the columns kept; units: names of the teams, by row of the table
    values    float32[years, measures, teams], years counted from the record's first
    """

    kind: str
    measures: tuple[str, ...]
    units: tuple[str, ...]
    values: Array

    @property
    def label(self) -> str:
        """Words for the kind."""
        return KINDS.get(self.kind, self.kind)

    def of(self, name: str, year_index: int) -> Array:
        """One measure of every team in one year, float64[teams]. Raises `UserError` for an unknown measure."""
        if name not in self.measures:
            raise UserError(f"'{name}' is not kept by {self.label}; kept are {', '.join(self.measures)}.")
        return np.asarray(self.values[year_index, self.measures.index(name)], np.float64)

    def about(self) -> dict[str, Any]:
        """Everything but the values, as plain data."""
        return {"kind": self.kind, "measures": list(self.measures), "units": list(self.units)}

    @classmethod
    def read(cls, about: Mapping[str, Any], values: Array) -> TeamTable:
        """The opposite of `about`."""
        return cls(str(about["kind"]), tuple(about["measures"]), tuple(about["units"]), values)


class TeamBooks:
    """The tables of one run as they grow. `years`: how many financial years there is room for."""

    def __init__(self, years: int) -> None:
        self.years = years
        self.tables: dict[str, TeamTable] = {}

    def make_room(self, years: int) -> None:
        """Room for more years, keeping what is there."""
        self.years = max(years, self.years)
        for kind, table in self.tables.items():
            new = np.zeros((self.years, *table.values.shape[1:]), np.float32)
            new[: len(table.values)] = table.values
            self.tables[kind] = replace(table, values=new)

    def copy(self) -> TeamBooks:
        """An independent copy."""
        other = TeamBooks(self.years)
        other.tables = {kind: replace(table, values=table.values.copy()) for kind, table in self.tables.items()}
        return other

    def add(self, m: CareSystem, year: int, in_march: bool, weight: float, trust: float) -> None:
        """Add this month of every team.

        year: index of the financial year; weight: 1/scale; trust: what turns simulated amounts of the trust into all.
        """
        tables: list[tuple[type, Any]] = list(m.agents_by_type.items())
        for agent_type, table in tables:
            kind = agent_type.__name__
            if kind not in KINDS or not table.size:
                continue
            book = self.tables.get(kind)
            if book is None or len(book.units) != table.size:
                book = self._open(m, kind, table)
            scale = weight * (trust if kind in OF_THE_TRUST else 1.0)
            for k, name in enumerate(book.measures):
                measure = _BY_NAME[name]
                values = table.columns[name][: table.size] * (scale if measure.counts else 1.0)
                if measure.yearly == "sum":
                    book.values[year, k] += values
                elif measure.yearly == "mean":
                    book.values[year, k] += values / MONTHS_A_YEAR
                elif in_march:
                    book.values[year, k] = values

    def _open(self, m: CareSystem, kind: str, table: Any) -> TeamTable:
        """A table for the teams of a kind; more of them than before keep their rows."""
        columns = table.columns
        names = tuple(
            measure.name for measure in MEASURES if measure.name in columns and columns[measure.name].ndim == 1
        )
        new = TeamTable(
            kind, names, names_of(m, kind, table), np.zeros((self.years, len(names), table.size), np.float32)
        )
        old = self.tables.get(kind)
        if old is not None and old.measures == names:
            new.values[:, :, : len(old.units)] = old.values
        self.tables[kind] = new
        return new


def names_of(m: CareSystem, kind: str, table: Any) -> tuple[str, ...]:
    """Words for every team of a kind: a practice's name, a hospital team's kind and site or specialty."""
    if kind == "GPPractice":
        practices = m.place.practices
        return _one_each(str(name) for name in practices["name"][: table.size])
    columns = table.columns
    several = {name: columns[name][: table.size] for name in ("kind", "site", "specialty", "area") if name in columns}
    sites = [str(name) for name in m.place.sites["name"]]
    specialties = list(m.care.waiting.specialties)
    words = _kind_words(table)
    out = []
    for row in range(table.size):
        parts = [words[int(several["kind"][row])]] if "kind" in several and words else [KINDS[kind]]
        for name, known in (("site", sites), ("specialty", specialties)):
            if name in several and 0 <= int(several[name][row]) < len(known):
                parts.append(known[int(several[name][row])].replace("_", " "))
        if "area" in several and int(several["area"][row]) >= 0:
            parts.append(str(int(several["area"][row]) + 1))
        out.append(", ".join(parts))
    return _one_each(out)


def _kind_words(table: Any) -> Sequence[str]:
    """The words that the agents' module gives its kinds (`KINDS`), where it has any."""
    import sys

    return tuple(getattr(sys.modules[table.agent_type.__module__], "KINDS", ()))


def _one_each(names: Any) -> tuple[str, ...]:
    """Names in order, those that come again numbered."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(out)
