"""Care pathways: which teams a kind of need passes through, as configuration (one file a kind in configs/pathways).

A pathway is a tree of steps. Each step is an arrow to a team: of those at the team before, a `share` go on along it;
the hand-off takes `delay_months`, and with chance `lost` it fails and the need stays unmet; with chance `passed_on` the
team that receives it is not the right one and hands it on once more. Every number is the name of a parameter of the
evidence registry; what a step leaves out it does not have (share: everyone; the others: none, as inside one
organisation).

    label: Mental health need
    description: ...
    asks: gp_mental                       # the contact or event that begins it
    begins_at: practice
    steps:
      - team: mental_health
        share: pathways.mental_health_share
        delay_months: pathways.handoff_delay
        lost: pathways.handoff_lost
        then:                             # what may follow at the end of the care of this team
          - team: vcse
            ...

Levers scale the numbers of a step with `Pathways.scale`; nothing else writes those factors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import own
from sim.care import pathway_kernels as kernels
from sim.errors import UserError
from sim.paths import config_folders
from sim.yaml_file import read_yaml

Array = NDArray[Any]
KINDS = (
    "minor", "review", "mental_health", "social", "child", "elective", "exacerbation", "frailty_crisis", "injury",
)  # fmt: skip
"""Kinds of need, in the order of their numbers: permanent, because tables and files hold them."""
ASKS = (
    "gp_acute", "gp_review", "gp_mental", "gp_social", "gp_child", "referral", "exacerbation", "frailty_crisis",
    "injury",
)  # fmt: skip
"""The process of the rate tables with which each kind of need begins."""
COMMUNITY, MENTAL_HEALTH, SOCIAL_CARE, VCSE = range(4)
OWN_TEAMS = ("community", "mental_health", "social_care", "vcse")
"""Teams whose queue is kept by `sim.care.needs`; the others are practices' and hospitals' own."""
TEAMS = (*OWN_TEAMS, "practice", "emergency_department", "hospital", "outpatients", "theatre")
WHAT = ("share", "delay_months", "lost", "passed_on")
"""The numbers of a step, which a lever may scale."""
NOWHERE = -1
_KEYS = {"label", "description", "asks", "begins_at", "steps"}
_STEP_KEYS = {"team", "name", "then", *WHAT}


@dataclass(frozen=True)
class Step:
    """One arrow of a pathway. name: the team's, unless said; numbers: names of parameters by `WHAT`."""

    name: str
    team: str
    numbers: Mapping[str, str]
    then: tuple[Step, ...] = ()

    def walk(self) -> Iterator[Step]:
        """This step and all that may follow it, parents first."""
        yield self
        for step in self.then:
            yield from step.walk()


@dataclass(frozen=True)
class Pathway:
    """One kind of need and the teams that it may pass through."""

    kind: str
    label: str
    description: str
    asks: str
    begins_at: str
    steps: tuple[Step, ...]
    file: str = ""

    def walk(self) -> Iterator[Step]:
        """All steps, parents first."""
        for step in self.steps:
            yield from step.walk()


def _nearest(word: object, known: Collection[str], what: str) -> str:
    near = get_close_matches(str(word), sorted(known), n=1, cutoff=0.5)
    rest = f"did you mean {near[0]}?" if near else f"choose from {', '.join(sorted(known))}."
    return f"there is no {what} called '{word}'; {rest}"


def read(file: Path) -> Pathway:
    """The pathway of one file. Raises `UserError` naming file and key."""
    called = f"pathways/{file.name}"
    return from_mapping(file.stem, read_yaml(file, called), called)


def from_mapping(kind: str, given: Any, file: str) -> Pathway:
    """A pathway from what its file says. Raises `UserError` naming file and key."""
    if kind not in KINDS:
        raise UserError(f"{file}: {_nearest(kind, KINDS, 'kind of need')}")
    _check_keys(given, _KEYS, _KEYS, file, "")
    for key, known, what in (("asks", ASKS, "contact or event"), ("begins_at", TEAMS, "team")):
        if given[key] not in known:
            raise UserError(f"{file}: {key}: {_nearest(given[key], known, what)}")
    wanted = ASKS[KINDS.index(kind)]
    if given["asks"] != wanted:
        raise UserError(f"{file}: asks: a need of kind {kind} begins with {wanted}, not with {given['asks']}.")
    steps = _steps(given["steps"], file, "steps")
    names: set[str] = set()
    for step in (each for first in steps for each in first.walk()):
        if step.name in names:
            raise UserError(f"{file}: steps: two steps are called '{step.name}'; give one of them a name.")
        names.add(step.name)
    text = {key: str(given[key]).strip() for key in ("label", "description", "asks", "begins_at")}
    return Pathway(kind, steps=steps, file=file, **text)


def _check_keys(given: Any, known: set[str], needed: set[str], file: str, where: str) -> None:
    if not isinstance(given, Mapping):
        raise UserError(f"{file}: {where or 'the file'} must be a mapping of keys to values.")
    dot = f"{where}." if where else ""
    for key in given:
        if key not in known:
            raise UserError(f"{file}: {dot}{key}: {_nearest(key, known, 'key')}")
    for key in sorted(needed - set(given)):
        raise UserError(f"{file}: {dot}{key}: is missing.")


def _steps(given: Any, file: str, where: str) -> tuple[Step, ...]:
    if not isinstance(given, list):
        raise UserError(f"{file}: {where}: must be a list of steps, each with its team.")
    found = []
    for number, each in enumerate(given, 1):
        here = f"{where}.{number}"
        _check_keys(each, _STEP_KEYS, {"team"}, file, here)
        if each["team"] not in TEAMS:
            raise UserError(f"{file}: {here}.team: {_nearest(each['team'], TEAMS, 'team')}")
        numbers = {what: each[what] for what in WHAT if what in each}
        for what, name in numbers.items():
            if not isinstance(name, str):
                raise UserError(f"{file}: {here}.{what}: must be the name of a parameter, not {name!r}.")
        then = _steps(each.get("then") or [], file, f"{here}.then")
        found.append(Step(str(each.get("name", each["team"])), each["team"], numbers, then))
    return tuple(found)


@own.remembered
def shipped() -> tuple[Pathway, ...]:
    """The pathways in the order of `KINDS`; files of the user's own folders stand in for shipped ones.

    Raises `UserError` when a kind has no file.
    """
    files: dict[str, Path] = {}
    for folder in config_folders(own.folders()):
        files.update({file.stem: file for file in sorted((folder / "pathways").glob("*.yaml"))})
    found = {kind: read(file) for kind, file in files.items()}
    for kind in KINDS:
        if kind not in found:
            raise UserError(f"pathways/{kind}.yaml is missing: every kind of need has its pathway.")
    return tuple(found[kind] for kind in KINDS)


@dataclass
class Pathways:
    """All pathways of one evidence draw as arrays, a row a step, and the factors by which levers scale them.

    kind, team, parent, depth: int8[S] numbers of kind (`KINDS`), team (`TEAMS`), the step before (−1: the beginning)
    and the hand-offs up to it; value: float64[S, 4] in the order of `WHAT`. Factors: float32 by practice or by
    neighbourhood; they belong to the month in which levers set them.
    """

    kind: Array
    team: Array
    parent: Array
    depth: Array
    value: Array
    index: dict[tuple[str, str], int]
    label: dict[str, str]
    children: dict[tuple[int, int], Array] = field(default_factory=dict)
    by_practice: dict[tuple[int, str], Array] = field(default_factory=dict)
    by_area: dict[tuple[int, str], Array] = field(default_factory=dict)
    _numbers: tuple[Array, ...] | None = field(default=None, repr=False)
    _most: dict[tuple[int, int], float] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, evidence: Mapping[str, float], pathways: Sequence[Pathway] | None = None) -> Pathways:
        """The pathways (the shipped ones, unless said) with the numbers of one evidence draw.

        Raises `UserError` when the central shares of the ways on from one team come to more than everyone; shares
        of a draw that do are scaled down together.
        """
        rows: list[tuple[int, int, int, int]] = []
        values: list[list[float]] = []
        index: dict[tuple[str, str], int] = {}
        children: dict[tuple[int, int], Array] = {}
        given = shipped() if pathways is None else pathways

        def add(path: Pathway, steps: Sequence[Step], parent: int, depth: int) -> None:
            first = len(rows)
            numbers = [[_number(evidence, path, step, what) for what in WHAT] for step in steps]
            together = sum(each[0] for each in numbers)
            if together > 1.0:
                _refuse_more_than_all(evidence, path, steps)
                for each in numbers:
                    each[0] /= together
            for step, each in zip(steps, numbers, strict=True):
                index[path.kind, step.name] = len(rows)
                rows.append((KINDS.index(path.kind), TEAMS.index(step.team), parent, depth))
                values.append(each)
            if steps:
                children[KINDS.index(path.kind), parent] = np.arange(first, len(rows))
            for step in steps:
                add(path, step.then, index[path.kind, step.name], depth + 1)

        for path in given:
            add(path, path.steps, NOWHERE, 1)
        kind, team, parent, depth = np.ascontiguousarray(np.array(rows, np.int8).reshape(-1, 4).T)
        label = {path.kind: path.label for path in given}
        return cls(kind, team, parent, depth, np.array(values).reshape(-1, len(WHAT)), index, label, children)

    def step(self, kind: str, name: str) -> int:
        """The number of a step by kind of need and name. Raises `UserError` with the nearest right name."""
        if kind not in self.label:
            raise UserError(f"pathways: {_nearest(kind, self.label, 'kind of need')}")
        if (kind, name) not in self.index:
            known = [step for of, step in self.index if of == kind]
            raise UserError(f"pathways: {kind}: {_nearest(name, known, 'step')}")
        return self.index[kind, name]

    def scale(
        self, kind: str, name: str, what: str, *, by_practice: Array | None = None, by_area: Array | None = None
    ) -> None:
        """Multiply a number of a step (`WHAT`) this month, for each practice or neighbourhood; 1 is no change.

        Called again in one month, factors multiply. Raises `UserError` for a step or number that is not there.
        """
        step = self.step(kind, name)
        if what not in WHAT:
            raise UserError(f"pathways: {kind}.{name}: {_nearest(what, WHAT, 'number of a step')}")
        for held, new in ((self.by_practice, by_practice), (self.by_area, by_area)):
            if new is not None:
                held[step, what] = np.asarray(new, np.float32) * held.get((step, what), np.ones(1, np.float32))
        self._numbers, self._most = None, {}

    def clear(self) -> None:
        """Forget the factors: the first thing that levers do in a month."""
        if self.by_practice or self.by_area:
            self.by_practice, self.by_area = {}, {}
            self._numbers, self._most = None, {}

    @cached_property
    def ways(self) -> tuple[Array, Array]:
        """The steps that may follow, as the kernels want them: of each kind from its beginning, and of each step."""
        first, after = np.zeros((len(KINDS), 2), np.int16), np.zeros((len(self.kind), 2), np.int16)
        for (kind, parent), steps in self.children.items():
            (first[kind] if parent == NOWHERE else after[parent])[:] = steps[0], steps[-1] + 1
        return first, after

    @property
    def numbers(self) -> tuple[Array, ...]:
        """All numbers with this month's factors, as the kernels want them (`sim.care.pathway_kernels`)."""
        if self._numbers is None:
            self._numbers = (
                self.value,
                *_table(self.by_practice, len(self.kind)),
                *_table(self.by_area, len(self.kind)),
            )
        return self._numbers

    def number(self, steps: Array, what: str, practice: Array, area: Array) -> Array:
        """A number of each of n steps for residents of these practices and neighbourhoods: float64[n]."""
        found = np.empty(len(steps))
        kernels.numbers_of(self.numbers, steps, WHAT.index(what), practice, area, found)
        return found

    def most_onward(self, kind: int, parent: int) -> float:
        """The largest share of anybody's needs that goes on from a step: what a draw must be below."""
        if (kind, parent) not in self._most:
            total = 0.0
            for step in self.children.get((kind, parent), ()):
                share = self.value[step, 0]
                for held in (self.by_practice, self.by_area):
                    share *= float(np.max(held.get((int(step), "share"), 1.0)))
                total += share
            self._most[kind, parent] = min(total, 1.0)
        return self._most[kind, parent]

    def onward(self, kind: int, parent: int, uniform: Array, practice: Array, area: Array) -> Array:
        """Where n needs go from a step (−1: from the beginning): int8[n] steps, `NOWHERE` where the pathway ends.

        uniform: one draw each; practice, area: where they live, for the factors.
        """
        out = np.empty(len(uniform), np.int8)
        first, last = self.ways[0][kind] if parent == NOWHERE else self.ways[1][parent]
        kernels.ways_on(self.numbers, first, last, uniform, practice, area, out)
        return out


def _table(held: Mapping[tuple[int, str], Array], steps: int) -> tuple[Array, Array]:
    """Which row of factors each number of a step has (int16[steps, 4], −1: none), and the rows (float32), the last of
    which is ones: row −1."""
    row = np.full((steps, len(WHAT)), -1, np.int16)
    for place, (step, what) in enumerate(held):
        row[step, WHAT.index(what)] = place
    if not held:
        return row, np.ones((1, 1), np.float32)
    factors = np.stack(list(held.values()))
    return row, np.concatenate([factors, np.ones_like(factors[:1])])


def _number(evidence: Mapping[str, float], path: Pathway, step: Step, what: str) -> float:
    if what not in step.numbers:
        return 1.0 if what == "share" else 0.0
    name = step.numbers[what]
    if name not in evidence:
        raise UserError(f"{path.file}: {step.name}.{what}: {_nearest(name, list(evidence), 'parameter')}")
    return float(evidence[name])


def _refuse_more_than_all(evidence: Mapping[str, float], path: Pathway, steps: Sequence[Step]) -> None:
    """Central shares over 100 % are a mistake of the file; only a draw from them may exceed it."""
    registry = getattr(evidence, "registry", None)
    central = [
        1.0 if "share" not in step.numbers
        else registry[step.numbers["share"]].value if registry is not None
        else evidence[step.numbers["share"]]
        for step in steps
    ]  # fmt: skip
    if sum(central) > 1.0:
        names = ", ".join(step.name for step in steps)
        raise UserError(f"{path.file}: steps: the shares of {names} come to {sum(central):.0%} of those before them.")
