"""The settings of a run: one table that gives each its type, range, unit, help and source.

The table (the fields of `Settings`) feeds the checks, the help text and the table in the documentation, so that they
cannot disagree. Imports nothing heavy: mistakes are answered before the model is loaded.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim import clock
from sim.errors import UserError

PlaceGiven = str | dict[str, Any]
"""A shipped place by name, the path of one's own, or a whole configuration with its name in it."""
PLACE_KEYS = ("label", "lads", "lads_in_part", "lsoas", "folder")
WORKING = ("run", "compare", "attribute", "validate", "sweep")
RUNNING = ("run", "compare", "attribute", "sweep")
REPEATING = ("run", "compare", "attribute")
COMPARING = ("compare", "attribute", "sweep")
SWEEPING = ("sweep",)
CALIBRATING = ("calibrate",)
ALL = (*WORKING, *CALIBRATING)


def setting(
    kind: str,
    default: object,
    help: str,
    *,
    key: str | None = None,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    above: bool = False,
    empty: bool = False,
    source: str = "choice of the user",
    commands: tuple[str, ...] = WORKING,
    matters: bool = True,
) -> Any:
    """One row of the table.

    ``kind``: *whole number*, *number*, *yes or no*, *month*, *name*, *names*, *place* or *text*. ``above`` excludes
    the lower end of the range, ``empty`` allows ``null``, ``matters`` tells whether it can change a number of a run.
    """
    metadata = {
        "kind": kind, "help": help, "key": key, "unit": unit, "low": low, "high": high, "above": above,
        "empty": empty, "source": source, "commands": commands, "matters": matters,
    }  # fmt: skip
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """What a run asks for, checked. Months are months since July 2020 only in `RunSettings`; here they are text."""

    place: PlaceGiven = setting(  # noqa: RUF009 - it is a field like the others
        "place",
        "north_mid_hampshire",
        "the place: a shipped one by name, or the folder of your own",
        commands=ALL,
    )
    scenario: str = setting("name", "baseline", "the scenario to run", commands=("run",))
    scenarios: tuple[str, ...] = setting(
        "names",
        ("baseline", "health_creation", "empty_the_bath", "new_hospital"),
        "the scenarios to compare; differences are taken to the first",
        commands=COMPARING,
    )
    years: int = setting("whole number", 20, "how long the policy runs", unit="years", low=1, high=60)
    scale: float = setting(
        "number",
        0.1,
        "share of the residents that is simulated; 1 is everyone",
        low=0,
        high=1,
        above=True,
        commands=ALL,
    )
    runs: int = setting(
        "whole number",
        8,
        "runs a scenario: evidence draws × seeds",
        low=1,
        high=100_000,
        commands=(*REPEATING, "validate"),
    )
    seeds: int | None = setting(
        "whole number",
        None,
        "seeds of each evidence draw (null: 2 if runs is even and at least 4, else 1), or of each row of a sweep",
        low=1,
        high=1000,
        empty=True,
        commands=RUNNING,
    )
    seed: int = setting(
        "whole number",
        1,
        "the first seed of chance; the same seed gives the same run",
        low=0,
        high=2**31,
        commands=ALL,
    )
    start: str = setting("month", "2025-04", "first month that is reported", low=0, high=600)
    policy_start: str = setting(
        "month",
        "2026-04",
        "month in which scenarios begin to differ; until March 2024 services are as observed",
        low=clock.month_of("2024-04"),
        high=600,
    )
    judged: bool = setting(
        "yes or no",
        True,
        "whether benefits that rest on judgement alone count",
        key="evidence.judged",
    )
    without_judged: bool = setting(
        "yes or no",
        True,
        "also run each scenario once with judged benefits off, to show beside (comparisons of five runs or more)",
        key="evidence.without_judged",
        commands=("compare",),
    )
    explorer: bool = setting(
        "yes or no",
        True,
        "also run the first compared scenario with half and twice its money, for the report's explorer (comparisons of "
        "five runs or more)",
        commands=("compare",),
    )
    workers: int | None = setting(
        "whole number",
        None,
        "processes at the same time (null: one a core)",
        low=1,
        high=1024,
        empty=True,
        matters=False,
        commands=ALL,
    )
    results: str = setting(
        "text",
        "results",
        "the folder in which results are kept",
        matters=False,
        commands=ALL,
    )
    books: bool = setting(
        "yes or no",
        False,
        "print the accounts that must close, instead of targets",
        commands=("validate",),
        matters=False,
    )
    bounds: bool = setting(
        "yes or no",
        False,
        "run the two experiments that bound what to expect, instead of targets",
        commands=("validate",),
        matters=False,
    )
    targets: str | None = setting(
        "text",
        None,
        "a table of targets of your own, in the grammar of docs/validation.md (null: the shipped one)",
        empty=True,
        commands=("validate", "calibrate"),
    )
    strict: bool = setting(
        "yes or no",
        False,
        "whether a missed target ends the command with exit code 1",
        commands=("validate",),
        matters=False,
    )
    port: int = setting(
        "whole number",
        8501,
        "the port of this machine on which the dashboard answers",
        low=1024,
        high=65535,
        commands=("dashboard",),
        matters=False,
    )
    lens: bool = setting(
        "yes or no",
        False,
        "instead of levers, set each kind of determinant of health to its best for everyone",
        commands=("attribute",),
    )
    experiment: str | None = setting(
        "name",
        None,
        "the experiment: what is varied, how, and what is looked at",
        empty=True,
        commands=SWEEPING,
    )
    n: int | None = setting(
        "whole number",
        None,
        "size of the design: base samples, trajectories or rows (null: as the experiment says)",
        low=1,
        high=2**20,
        empty=True,
        commands=SWEEPING,
    )
    outcomes: tuple[str, ...] | None = setting(
        "names",
        None,
        "the measures that are kept of each run (null: as the experiment says)",
        empty=True,
        commands=SWEEPING,
    )
    varied: tuple[str, ...] | None = setting(
        "names",
        None,
        "evidence that is varied: names, beginnings such as life.*, groups, or all (null: as the experiment says)",
        key="factors.evidence",
        empty=True,
        commands=SWEEPING,
    )

    england: float = setting(
        "number",
        1.0,
        "share of the 200,000 residents of England in small that a run of a calibration simulates",
        low=0,
        high=1,
        above=True,
        commands=CALIBRATING,
    )
    points: int = setting(
        "whole number",
        64,
        "runs of each wave of a calibration",
        low=16,
        high=4096,
        commands=CALIBRATING,
    )
    first: int | None = setting(
        "whole number",
        None,
        "runs of the first wave of a calibration, which fills the whole box (null: as many as of the others)",
        low=16,
        high=4096,
        empty=True,
        commands=CALIBRATING,
    )
    waves: int = setting(
        "whole number",
        4,
        "waves of a calibration at most",
        low=1,
        high=20,
        commands=CALIBRATING,
    )

    def layout(self) -> list[tuple[int, int]]:
        """The (evidence draw, seed) pair of every run; every scenario meets every pair.

        One draw alone is the central evidence (draw 0); several are draws 1, 2, … so that none is special. Every
        draw has seeds of its own: shared ones would give as many independent lots of chance as one draw has seeds.
        """
        each = self.seeds if self.seeds is not None else 2 if self.runs % 2 == 0 and self.runs >= 4 else 1
        draws = self.runs // each
        first = 0 if draws == 1 else 1
        return [(first + d, self.seed + d * each + i) for d in range(draws) for i in range(each)]

    def for_model(self) -> RunSettings:
        """The part that the model itself reads, months as numbers."""
        return RunSettings(
            place=self.place, scale=self.scale, judged=self.judged, years=self.years,
            start=clock.month_of(self.start), policy_start=clock.month_of(self.policy_start),
        )  # fmt: skip

    def as_tree(self, command: str) -> dict[str, Any]:
        """The settings of a command as they stand in a configuration file."""
        tree: dict[str, Any] = {}
        for row in rows(command):
            value = getattr(self, row.name)
            *parents, last = row.key.split(".")
            branch = tree
            for parent in parents:
                branch = branch.setdefault(parent, {})
            branch[last] = list(value) if isinstance(value, tuple) else value
        return tree


@dataclass(frozen=True)
class RunSettings:
    """What one run of the model needs to know: place (a name, a path, or a composed configuration), share of residents,
    months since July 2020."""

    place: PlaceGiven
    scale: float = 0.1
    judged: bool = True
    years: int = 20
    start: int = clock.month_of("2025-04")
    policy_start: int = clock.month_of("2026-04")

    @property
    def end(self) -> int:
        """The first month that is not simulated."""
        return self.policy_start + clock.MONTHS_A_YEAR * self.years


@dataclass(frozen=True)
class Row:
    """One setting as the checks and the help read it."""

    name: str
    key: str
    kind: str
    default: Any
    help: str
    unit: str
    low: float | None
    high: float | None
    above: bool
    empty: bool
    source: str
    commands: tuple[str, ...]
    matters: bool

    @property
    def range_text(self) -> str:
        """The allowed range in words."""
        if self.low is None or self.high is None or self.kind == "month":
            return ""
        ends = f"above {self.low:g} up to {self.high:g}" if self.above else f"from {self.low:,.0f} to {self.high:,.0f}"
        return f"{ends} {self.unit}".rstrip()


def rows(command: str | None = None) -> list[Row]:
    """The table, or the part of it that a command reads."""
    table = []
    for field in dataclasses.fields(Settings):
        entry = dict(field.metadata)
        entry["key"] = entry["key"] or field.name
        table.append(Row(name=field.name, default=field.default, **entry))
    return [row for row in table if command is None or command in row.commands]


def problem(row: Row, value: Any) -> str | None:
    """What is wrong with one value, as a sentence, or None."""
    if value is None:
        return None if row.empty else f"{row.key} is empty."
    shown = f"'{value}'" if isinstance(value, str) else str(value)
    if row.kind in ("whole number", "number"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{row.key} is not a number: {shown}."
        if row.kind == "whole number" and value == value and abs(value) != math.inf and value != int(value):
            return f"{row.key} must be a whole number, not {shown}."
        outside = row.low is not None and row.high is not None and not row.low <= value <= row.high
        if outside or value != value or (row.above and value == row.low):
            return f"{row.key} must be {row.range_text}, not {shown}."
    elif row.kind == "yes or no":
        if not isinstance(value, bool):
            return f"{row.key} must be true or false, not {shown}."
    elif row.kind == "month":
        try:
            month = clock.month_of(str(value))
        except UserError as error:
            return f"{row.key}: {error}"
        if row.low is not None and row.high is not None and not row.low <= month <= row.high:
            first, last = clock.iso(int(row.low)), clock.iso(int(row.high))
            return f"{row.key} must be from {first} to {last}, not {value}."
    elif row.kind == "names":
        if not isinstance(value, list | tuple) or not value or not all(isinstance(name, str) for name in value):
            example = row.default or ("deaths", "emergency_admissions")
            return f"{row.key} must be a list of names, for example {row.key}=[{','.join(example[:2])}]."
        twice = sorted({name for name in value if list(value).count(name) > 1})
        if twice:
            return f"{row.key} names {' and '.join(twice)} twice."
    elif row.kind == "place" and isinstance(value, dict):
        strange = [key for key in value if key not in (*PLACE_KEYS, "name")]
        return not_known("key of a place", strange[0], PLACE_KEYS) if strange else None
    elif not isinstance(value, str) or not value.strip():
        return f"{row.key} must be {'a name' if row.kind == 'name' else 'text'}, not {shown}."
    return None


def problems_together(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with settings that are each right: ``values`` by attribute name, all of them valid alone."""
    found = []
    runs, seeds = values.get("runs"), values.get("seeds")
    if runs is not None and seeds is not None and runs % seeds:
        found.append(f"runs={runs} cannot be shared out among seeds={seeds}; runs must be a multiple of seeds.")
    if "start" in values and "policy_start" in values:
        start, policy = clock.month_of(values["start"]), clock.month_of(values["policy_start"])
        end = policy + clock.MONTHS_A_YEAR * values.get("years", 1)
        if start >= end:
            last = clock.iso(end - 1)
            found.append(f"start={values['start']} is after the end: the last month of the run is {last}.")
        elif start > policy:
            found.append(
                f"start={values['start']} is after policy_start={values['policy_start']}; it must not be later."
            )
    return found


def check(values: Mapping[str, Any], command: str) -> list[str]:
    """Everything that is wrong with the settings of a command; ``values`` by key (``evidence.judged``)."""
    found = []
    right: dict[str, Any] = {}
    for row in rows(command):
        value = values.get(row.key, row.default)
        wrong = problem(row, value)
        if wrong:
            found.append(wrong)
        else:
            right[row.name] = value
    needed = {"start", "policy_start", "years", "runs"}
    if needed & {row.name for row in rows(command)} <= right.keys():
        found += problems_together(right)
    return found


def build(values: Mapping[str, Any], command: str) -> Settings:
    """`Settings` from checked values by key. Raises `UserError` that lists everything wrong."""
    found = check(values, command)
    if found:
        raise UserError("\n".join(found))
    known = {row.key: row for row in rows(command)}
    chosen: dict[str, Any] = {}
    for key, row in known.items():
        value = values.get(key, row.default)
        if row.kind == "whole number" and value is not None:
            value = int(value)
        elif row.kind == "number":
            value = float(value)
        elif row.kind == "names" and value is not None:
            value = tuple(value)
        elif row.kind == "month":
            value = str(value)
        chosen[row.name] = value
    return Settings(**chosen)


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known name that a mistyped one most likely meant."""
    from difflib import get_close_matches

    close = get_close_matches(word.lower(), [name.lower() for name in known], n=1, cutoff=0.6)
    return next((name for name in known if name.lower() == close[0]), None) if close else None


def not_known(what: str, word: str, known: Sequence[str], choose: bool = True) -> str:
    """The sentence that says a name is not known, with the nearest right one."""
    meant = nearest(word, known)
    parts = [f"There is no {what} called '{word}'."]
    if meant:
        parts.append(f"Did you mean {meant}?")
    if choose and known:
        parts.append(f"Choose from: {', '.join(known)}.")
    return " ".join(parts)
