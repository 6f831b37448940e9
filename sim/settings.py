"""The settings of a run: one table that gives each its type, range, unit, help and source.

The table (the fields of `Settings`) feeds the checks (`sim.checks`), the help text and the table in the documentation,
so that they cannot disagree. Imports nothing heavy: mistakes are answered before the model is loaded.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from sim import clock, vocabulary

PlaceGiven = str | dict[str, Any]
"""A shipped place by name, the path of one's own, or a whole configuration with its name in it."""
PLACE_KEYS = vocabulary.names_after(vocabulary.PLACE)
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
        "the scenarios to compare; differences are taken to the first (unless given, attribute takes the first two of "
        "these, and sweep those of the experiment)",
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
