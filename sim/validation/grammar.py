"""Targets as rows of a CSV file: reading them, and saying row by row what cannot be read.

The grammar is documented in docs/validation.md; `COLUMNS` is the same in code. The shipped table is in it, too.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from sim.errors import UserError
from sim.validation import amounts, filters, measures, periods
from sim.validation.amounts import Tolerance, Unit
from sim.validation.filters import Who
from sim.validation.measures import Catalogue, Named
from sim.validation.periods import Period

SHIPPED = Path(__file__).parent / "targets.csv"
AUTHORITIES = Path(__file__).parent / "authorities.csv"
"""Rows by local authority of the default place, shown and not counted."""
NEEDED = ("name", "measure", "value", "unit", "tolerance", "source")
OPTIONAL = (
    "group", "who", "statistic", "against", "place", "year", "against_year", "confidence", "estimand", "role",
    "by_construction", "trend", "dated", "note",
)  # fmt: skip
COLUMNS = (*NEEDED, *OPTIONAL)
STATISTICS = ("level", "rate", "ratio", "difference", "share of total", "standardised ratio")
ESTIMANDS = ("true", "registered", "coded")
ROLES = ("fit", "check", "input")
GRADES = ("read", "recalled", "judgement")
LOCAL, ENGLAND = "local", "england"
YES, NO = ("yes", "true", "1"), ("no", "false", "0", "")
MOST_MESSAGES = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """One row: what is measured, of whom, where, when, and what was observed.

    measure: one, or two to divide. against, against_period: the second group and time of a ratio or difference.
    place: `england`, `local` (the place of the command) or a shipped place. trend: change a year after `period`, in
    the value's unit. row: its row in the file, the header being row 1. measured: False for what the model lacks.
    """

    row: int
    name: str
    group: str
    measure: tuple[Named, ...]
    who: Who
    statistic: str
    against: Who
    place: str
    period: Period
    against_period: Period
    value: float
    unit: Unit
    tolerance: Tolerance
    source: str
    confidence: str
    estimand: str
    role: str
    by_construction: bool
    trend: float
    note: str
    cells: Mapping[str, str]

    @property
    def measured(self) -> bool:
        """Whether the model has it at all."""
        return bool(self.measure)

    @property
    def kind(self) -> str:
        """The kind of its (first) measure."""
        return self.measure[0].kind if self.measure else ""

    @property
    def drifts(self) -> bool:
        """Whether it is tested again after some years: by construction, of people, at the model's beginning."""
        return self.by_construction and self.kind in (*measures.OF_PEOPLE, measures.TABLE)


def read(path: Path, catalogue: Catalogue, places: Sequence[str]) -> list[Target]:
    """The targets in a file. Raises `UserError`: one sentence for each row (and column) that cannot be read."""
    rows = _rows(path)
    found: list[Target] = []
    wrong: list[str] = []
    names: dict[str, int] = {}
    for number, cells in rows:
        target, faults = target_of(number, cells, catalogue, places)
        wrong += [f"{path.name} row {number}, {fault}" for fault in faults]
        if target is None:
            continue
        if target.name in names:
            wrong.append(f"{path.name} row {number}, name: '{target.name}' stands in row {names[target.name]} already.")
        names.setdefault(target.name, number)
        found.append(target)
    hidden = len(wrong) - MOST_MESSAGES
    if hidden > 0:
        wrong = [*wrong[:MOST_MESSAGES], f"… and {hidden} more of the same kind."]
    if wrong:
        raise UserError("\n".join(wrong))
    return found


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Cells by column of every row that is not empty, with its number."""
    name = path.name
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            lines = list(csv.reader(text, strict=True))
    except FileNotFoundError:
        raise UserError(f"There is no file '{path}'.") from None
    except UnicodeDecodeError:
        raise UserError(f"{name} is not UTF-8 text; save it as CSV UTF-8.") from None
    except csv.Error as fault:
        raise UserError(f"{name} cannot be read as CSV: {fault}.") from None
    except OSError as fault:
        raise UserError(f"{path} cannot be read: {fault.strerror}.") from None
    if not lines:
        raise UserError(f"{name} is empty; its first row must name the columns {', '.join(NEEDED)}.")
    header = [cell.strip() for cell in lines[0]]
    wrong = [f"{name} row 1: {fault}" for fault in _header(header)]
    rows = []
    for number, line in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) > len(header) and any(cell.strip() for cell in line[len(header) :]):
            wrong.append(
                f"{name} row {number}: it has {len(line)} cells and not {len(header)}; "
                "put text that holds a comma in quotation marks."
            )
        rows.append((number, dict(zip(header, [*(cell.strip() for cell in line), *[""] * len(header)], strict=False))))
    if wrong:
        raise UserError("\n".join(wrong[:MOST_MESSAGES]))
    if not rows:
        raise UserError(f"{name} has no rows.")
    return rows


def _header(header: list[str]) -> list[str]:
    found = [f"the column {column} is missing." for column in NEEDED if column not in header]
    for column in dict.fromkeys(header):
        if header.count(column) > 1:
            found.append(f"the column {column} stands there twice.")
        if column not in COLUMNS:
            near = get_close_matches(column, COLUMNS, 1)
            meant = f" Did you mean {near[0]}?" if near else f" The columns are {', '.join(COLUMNS)}."
            found.append(f"there is no column called '{column}'.{meant}")
    return found


def target_of(
    row: int, cells: Mapping[str, str], catalogue: Catalogue, places: Sequence[str]
) -> tuple[Target | None, list[str]]:
    """The target of one row and what is wrong with it, each fault as ``column: sentence``. One of the two is empty."""
    wrong: list[str] = []

    def cell(column: str) -> str:
        return cells.get(column, "").strip()

    def get(column: str, parse: Callable[[str], T], otherwise: T) -> T:
        try:
            return parse(cell(column))
        except ValueError as fault:
            wrong.append(f"{column}: {fault}")
            return otherwise

    wrong += [f"{column}: is empty." for column in NEEDED if not cell(column) and column != "measure"]
    absent = cell("measure") in ("", "none")
    if not cell("measure"):
        wrong.append("measure: is empty; where the model has nothing of the kind write none.")
    elif absent and cell("role") not in ("", "check"):
        wrong.append(f"role: is {cell('role')}, but the measure is none; it can only be a check.")
    none: tuple[Named, ...] = ()
    measure = none if absent else get("measure", catalogue.find, none)
    states = [*catalogue.states, *measures.TOGETHER]
    who = get("who", lambda text: filters.read(text, states), filters.EVERYONE)
    against = get("against", lambda text: filters.read(text, states), filters.EVERYONE)
    period = get("year", lambda text: periods.read(text or "start"), periods.START)
    later = get("against_year", lambda text: periods.read(text) if text else period, period)
    value = get("value", amounts.number, 0.0) if cell("value") else 0.0
    unit = get("unit", amounts.unit, amounts.UNITS["share"]) if cell("unit") else amounts.UNITS["share"]
    within = get("tolerance", lambda text: amounts.tolerance(text or "0", value), Tolerance(0, 0))
    built = get("by_construction", _yes_or_no, False)
    target = Target(
        row=row,
        name=cell("name"),
        group=cell("group") or "targets",
        measure=measure,
        who=who,
        statistic=get("statistic", lambda text: _one_of(text or "level", STATISTICS), "level"),
        against=against,
        place=get("place", lambda text: _one_of(text or LOCAL, (LOCAL, *places)), LOCAL),
        period=period,
        against_period=later,
        value=value,
        unit=unit,
        tolerance=within,
        source=cell("source"),
        confidence=get("confidence", lambda text: _one_of(text or "read", GRADES), "read"),
        estimand=get("estimand", lambda text: _one_of(text or "true", ESTIMANDS), "true"),
        role=get("role", lambda text: _one_of(text or "check", ROLES), "check"),
        by_construction=built,
        trend=get("trend", lambda text: amounts.trend(text, value), 0.0),
        note=cell("note"),
        cells={column: cell(column) for column in COLUMNS},
    )
    if not wrong and measure:
        wrong = together(target, catalogue)
    return (None, wrong) if wrong else (target, [])


def together(target: Target, catalogue: Catalogue) -> list[str]:
    """What is wrong between the cells of a row, each of them right."""
    kinds = [each.kind for each in target.measure]
    first = target.measure[0]
    given = {column for column in ("against", "against_year") if target.cells[column]}
    found = []
    if target.statistic in ("level", "rate") and given:
        found.append(f"statistic: is {target.statistic}, but {min(given)} is given; it needs ratio or difference.")
    if target.statistic in ("ratio", "difference", "standardised ratio") and not given:
        found.append(f"statistic: is {target.statistic}, so against (a group) or against_year must be given.")
    if target.statistic == "rate" and target.unit.counted:
        found.append(f"unit: is {target.unit.name}; a rate needs a unit such as per 1000.")
    if target.statistic == "standardised ratio" and not set(kinds) <= set(measures.OF_PEOPLE):
        found.append("statistic: a standardised ratio is of states, means and processes of residents only.")
    if target.statistic == "share of total" and kinds[0] in (measures.TABLE, measures.NUMBER, measures.AREA):
        found.append(f"statistic: there is no total of {first.name} that a group could have a share of.")
    if target.estimand != "true" and not all(each.condition for each in target.measure):
        found.append(f"estimand: is {target.estimand}, but {first.name} is on no register; it must be true.")
    if len(kinds) == 2 and {measures.TABLE, measures.NUMBER, measures.AREA} & set(kinds):
        found.append("measure: only counted things can be divided by one another, not tables or inputs.")
    if measures.TABLE in kinds and target.who.ages:
        found.append(f"who: {first.name} is worked out over all ages; it takes no age.")
    both = (("who", target.who), ("against", target.against))
    for column, who in both if given else both[:1]:
        if kinds[0] == measures.NUMBER and who.text:
            found.append(f"{column}: a number of the evidence is of nobody in particular; leave it empty.")
        if kinds[0] == measures.AREA and (who.of_state or who.ages):
            found.append(f"{column}: a column of the neighbourhoods takes decile, fifth, local_fifth and area only.")
        if kinds[0] == measures.UNFITTED and who.text:
            found.append(f"{column}: {first.name} is of the whole trust; leave it empty.")
        when = target.period if column == "who" else target.against_period
        for each in target.measure:
            if each.kind == measures.OUTCOME:
                found += [f"{column}: {fault}" for fault in _recorded(each.name, who, when, catalogue)]
    if {measures.OUTCOME, measures.UNFITTED} & set(kinds) and (target.period.plain or target.against_period.plain):
        found.append(f"year: is {target.period.text}; {first.name} is counted over time: give a year or a month.")
    return list(dict.fromkeys(found))


def _recorded(name: str, who: Who, when: Period, catalogue: Catalogue) -> list[str]:
    """What the recorder does not keep of an outcome."""
    from sim.outcomes.measure import AGE_GROUP_STARTS

    if name in catalogue.computed:
        if who.text or not when.financial:
            return [f"{name} is worked out for everybody and a financial year (2022/23) only."]
        return []
    if who.text and name in catalogue.of_trust:
        near = f"residents_{name}"
        meant = f" Use {near}." if near in catalogue.outcomes else ""
        return [f"{name} is of the hospital trust, whoever its patients are; leave it empty.{meant}"]
    if who.of_state:
        return [f"{name} is recorded by age group, neighbourhood and local_fifth, not by sex or state."]
    ends = (*AGE_GROUP_STARTS, filters.OLDEST + 1)
    if who.ages and not (who.ages[0] in ends and who.ages[1] + 1 in ends):
        return [f"{name} is recorded by the ages 0-17, 18-39, 40-64, 65-74, 75-84 and 85+ and their sums."]
    by_area = bool(who.area or who.deciles or (who.ages and who.local_fifths))
    if by_area and name not in (catalogue.by_cell if who.ages else catalogue.by_area):
        return [f"{name} is not recorded by neighbourhood{' and age' if who.ages else ''}."]
    if (by_area or who.ages) and not when.financial:
        return [f"{name} is recorded by age and neighbourhood in financial years (2022/23) only, not {when.text}."]
    return []


def _one_of(text: str, known: Sequence[str]) -> str:
    cell = text.strip().replace("_", " ") if text.strip() not in known else text.strip()
    if cell in known:
        return cell
    near = get_close_matches(text, known, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise ValueError(f"is '{text}'.{meant} It must be one of {', '.join(known)}.")


def _yes_or_no(text: str) -> bool:
    if text.strip().lower() in YES:
        return True
    if text.strip().lower() in NO:
        return False
    raise ValueError(f"is '{text}'; it must be yes or no.")
