"""The registry: every number the model uses, with unit, distribution, source and grade; and evidence drawn from it.

Parameters stand in `parameters/<group>.csv`, one row each; stratified ones in `tables/` (see `stratified.py`). The
model never reads these files: it asks ``load().draw(i)`` and gets `Evidence`, in which a name gives one number.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import own
from sim.errors import UserError
from sim.evidence import joint as joints
from sim.evidence.distributions import KINDS, Distribution, fit, uniform
from sim.evidence.joint import Joint
from sim.evidence.stratified import GRADES, Table, with_own_rows
from sim.evidence.stratified import load as load_tables

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).parent / "parameters"
COLUMNS = (
    "name", "value", "unit", "low", "high", "distribution", "null", "direction", "source", "grade", "transfer", "note",
)  # fmt: skip


class UnknownName(UserError, KeyError):
    """A name that the registry does not have."""

    __str__ = Exception.__str__


@dataclass(frozen=True)
class Parameter:
    """One number of the model and all that is known of it.

    `low`, `high`: 95 % interval (the range for uniform and triangular); `null`: the value that means "no effect", given
    for judged benefits, which can be switched off; `direction`: what a higher value does; `grade`: read (seen in the
    source), recalled (from memory of the literature, to be verified) or judgement (a choice); `transfer`: what weakens
    its use here (another country, year or population); `file`: where it stands.
    """

    name: str
    value: float
    unit: str
    low: float | None
    high: float | None
    distribution: str
    null: float | None
    direction: str
    source: str
    grade: str
    transfer: str
    note: str
    group: str
    file: Path = field(compare=False)

    @property
    def fitted(self) -> Distribution:
        """Its distribution, fitted to value, low and high."""
        try:
            return fit(self.distribution, self.value, self.low, self.high)
        except UserError as fault:
            raise UserError(f"Parameter {self.name} ({self.file.name}): {fault}") from None

    def drawn(self, draw: int) -> float:
        """Its value in evidence draw `draw`; draw 0 is the central value."""
        return self.value if draw == 0 else self.fitted.quantile(uniform(draw, self.name))

    @property
    def used_by(self) -> list[str]:
        """Files of the model and its configuration that name it."""
        from sim.evidence.usage import users

        return users(self.name)

    def faults(self) -> list[str]:
        """What is missing or impossible in this row; empty when it is complete."""
        found = [f"has no {what}" for what in ("unit", "source", "grade") if not getattr(self, what)]
        if self.grade and self.grade not in GRADES:
            found.append(f"has the grade '{self.grade}', not one of {', '.join(GRADES)}")
        if self.distribution not in KINDS:
            found.append(f"has the distribution '{self.distribution}', not one of {', '.join(KINDS)}")
        else:
            try:
                fit(self.distribution, self.value, self.low, self.high).quantile(0.5)
            except UserError as fault:
                found.append(str(fault).removesuffix("."))
        if self.distribution == "fixed" and self.low is not None and self.low != self.high:
            found.append("is fixed but has an interval")
        return [f"{self.name}: {fault}" for fault in found]


class Registry(Mapping[str, Parameter]):
    """All parameters by name, the tables, and draws of some of them together. Iterating gives names in file order."""

    def __init__(
        self, parameters: Mapping[str, Parameter], tables: Mapping[str, Table], joint: Joint | None = None
    ) -> None:
        self._parameters = dict(parameters)
        self.tables = dict(tables)
        self.joint = joint

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._parameters[name]
        except KeyError:
            raise unknown(name, [*self._parameters, *self.tables]) from None

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __contains__(self, name: object) -> bool:
        return name in self._parameters

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def has_strata(self, name: str) -> bool:
        """Whether `name` is a table with intervals (`relative_risk`) or a stratum of one (`relative_risk:smoking:chd`);
        False for a parameter. Raises `UserError` for a table without intervals and for a stratum that is not there."""
        table, _, stratum = name.partition(":")
        if name in self._parameters or table not in self.tables:
            return False
        if not self.tables[table].uncertain:
            raise UserError(f"The table {table} has no intervals: there is nothing to vary.")
        if stratum and stratum not in self.tables[table].strata:
            raise unknown(name, [f"{table}:{each}" for each in self.tables[table].strata] or [table])
        return True

    def draw(self, number: int) -> Evidence:
        """Evidence draw `number`: one value for every parameter and table; draw 0 is the central values."""
        if number < 0:
            raise UserError(f"Evidence draws are numbered from 0, not {number}.")
        return Evidence(self, number)

    def faults(self) -> list[str]:
        """Everything incomplete or impossible in parameters and tables, a sentence each."""
        found = [fault for parameter in self._parameters.values() for fault in parameter.faults()]
        for table in self.tables.values():
            found += table.faults()
        return found


class Evidence(Mapping[str, float]):
    """One draw of the evidence: ``evidence["dotted.name"]`` is a number, ``evidence.table("name")`` a DataFrame."""

    def __init__(
        self,
        registry: Registry,
        number: int,
        judgements: bool = True,
        replacements: Mapping[str, float] | None = None,
    ) -> None:
        self.registry, self.number, self.judgements = registry, number, judgements
        self._replacements = dict(replacements or {})
        self._together = registry.joint.row(number) if registry.joint is not None else {}
        self._values: dict[str, float] = {}
        self._tables: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> float:
        if name not in self._values:
            parameter = self.registry[name]
            if name in self._replacements:
                value = self._replacements[name]
            elif not self.judgements and parameter.grade == "judgement" and parameter.null is not None:
                value = parameter.null
            elif name in self._together:
                value = self._together[name]
            else:
                value = parameter.drawn(self.number)
            self._values[name] = value
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """As of any mapping; for a name that is not there no nearest one is looked for, which takes a tenth of a
        second."""
        if name not in self:
            return default
        return self[name]

    @property
    def replacements(self) -> dict[str, float]:
        """What was set by hand, by name (`replaced`)."""
        return dict(self._replacements)

    def _identity(self) -> tuple[object, ...]:
        return self.registry, self.number, self.judgements, tuple(sorted(self._replacements.items()))

    def __eq__(self, other: object) -> bool:
        """Two are equal when they give the same values: same registry, draw, judgements and replacements."""
        return isinstance(other, Evidence) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __contains__(self, name: object) -> bool:
        return name in self.registry

    def __iter__(self) -> Iterator[str]:
        return iter(self.registry)

    def __len__(self) -> int:
        return len(self.registry)

    def table(self, name: str) -> pd.DataFrame:
        """A stratified parameter: key columns and `value`, as drawn. The frame is the caller's own copy."""
        return self.frame(name).copy()

    def frame(self, name: str) -> pd.DataFrame:
        """As `table`, but not to be changed: the one that is kept."""
        if name not in self._tables:
            if name not in self.registry.tables:
                raise unknown(name, self.registry.tables)
            quantiles = {}
            for given, quantile in {**self._together, **self._replacements}.items():
                of, _, stratum = given.partition(":")
                if of == name:
                    quantiles[stratum] = quantile
            table = self.registry.tables[name]
            if not quantiles and (self.number == 0 or not table.uncertain):  # one for all evidence that leaves it
                self._tables[name] = table.central(self.judgements)
            else:
                self._tables[name] = table.drawn(self.number, self.judgements, quantiles)
        return self._tables[name]

    def judged(self, on: bool) -> Evidence:
        """The same draw with judged benefits on, or off: then each takes its null value."""
        return Evidence(self.registry, self.number, on, self._replacements)

    def replaced(self, values: Mapping[str, float]) -> Evidence:
        """The same draw with some values set by hand (sensitivity, calibration, tests).

        A parameter takes its value. A table (`relative_risk`), or a stratum of it (`relative_risk:smoking:chd`), takes
        the quantile of its distribution at which it stands, between 0 and 1. Raises `UserError` for a name that the
        evidence does not have, a table without intervals, and a quantile outside 0 to 1.
        """
        for name, value in values.items():
            if not self.registry.has_strata(name):
                self.registry[name]
            elif not 0 < value < 1:
                raise UserError(f"{name} takes a quantile between 0 and 1, not {value:g}.")
        return Evidence(self.registry, self.number, self.judgements, {**self._replacements, **values})


def unknown(name: str, names: object) -> UnknownName:
    """What to tell somebody who asked for a name that is not in the registry."""
    near = get_close_matches(name, list(names), n=3, cutoff=0.4)  # type: ignore[call-overload]
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    return UnknownName(f"The evidence has no '{name}'{hint}")


def read_parameters(path: Path) -> list[Parameter]:
    """The rows of one parameter file. Raises `UserError` on a wrong header or a number that is none."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise UserError(f"{path.name} must have the columns {','.join(COLUMNS)}.")
        return [parameter_from_row(row, path) for row in rows]


def parameter_from_row(row: dict[str, str], path: Path) -> Parameter:
    """One parameter from the cells of its row; path names its file in messages. Raises `UserError` for a cell that is
    missing or no number."""
    if None in row.values() or None in row:
        raise UserError(f"{path.name}: the row of '{row['name']}' has not {len(COLUMNS)} cells.")

    def number(column: str) -> float | None:
        text = row[column].strip()
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            raise UserError(f"{path.name}: {column} of '{row['name']}' is '{text}', not a number.") from None
        if not math.isfinite(value):
            raise UserError(f"{path.name}: {column} of '{row['name']}' is not finite.")
        return value

    value = number("value")
    if value is None:
        raise UserError(f"{path.name}: '{row['name']}' has no value.")
    words = {key: row[key].strip() for key in COLUMNS if key not in ("value", "low", "high", "null")}
    return Parameter(
        value=value, low=number("low"), high=number("high"), null=number("null"), group=path.stem, file=path, **words
    )  # fmt: skip


@own.remembered
def load(parameters: Path | None = None, tables: Path | None = None) -> Registry:
    """The shipped registry with the user's own rows, or one read from other folders.

    Raises `UserError` when a name stands twice, or an own row is not complete.
    """
    found: dict[str, Parameter] = {}
    mine = [] if parameters else own.files("evidence/parameters", "*.csv")
    for path in [*sorted((parameters or FOLDER).glob("*.csv")), *mine]:
        for parameter in read_parameters(path):
            if parameter.name in found:
                other = found[parameter.name].group
                raise UserError(f"The parameter '{parameter.name}' stands twice: in {other}.csv and {path.name}.")
            found[parameter.name] = parameter
            if path in mine and (faults := parameter.faults()):
                raise UserError(f"{path.name}: {faults[0]}.")
    if parameters is not None or tables is not None:
        return Registry(found, load_tables(tables))
    strata = with_own_rows(load_tables())
    drawn = joints.in_force()
    return Registry(found, strata, None if drawn is None else joints.read(drawn, found))
