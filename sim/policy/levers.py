"""Levers: what can be bought. Each is a file in configs/levers; every number in it is the name of a parameter.

A lever never acts on an outcome. It changes the rate of a process, the community capacity of a neighbourhood, a state,
a step of a pathway, the way contacts are made, or the money, slots, beds or staff of a service; what follows for
admissions or visits is the model's business. `sim.policy.grammar` reads the files; docs/decisions/levers.md explains.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sim import own, paths
from sim.errors import UserError
from sim.policy.expression import Expression
from sim.yaml_file import read_yaml

if TYPE_CHECKING:
    from sim.evidence.registry import Parameter

PERCENT, PLAN = "percent", "plan"
WORDS = ("into", "out_of", "step", "what")
"""Keys of an act that hold a word; all others hold the name of a parameter."""


@dataclass(frozen=True)
class Act:
    """One thing that a lever acts on. kind: one of `sim.policy.grammar.ACTS`; target: the process, state, line, kind of
    need or parameter; values: the names of its parameters (and words: see `WORDS`)."""

    kind: str
    target: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lever:
    """One lever as its file says. Everything that is a number is the name of a parameter in the evidence registry.

    who: who is eligible (None: everybody). uptake: share of them a year who can be reached, and uptake_by: its ratios
    (most to least deprived fifth; offline to online; highest to lowest level of contact, confidence, control). staff:
    the line whose team must work in a new way, months until half of it does, largest fall of its productivity
    meanwhile. checks: published effects on outcomes, which are compared with the model's and never applied. own:
    numbers that the file itself brings, by name, with all that the registry asks of a number.
    """

    name: str
    label: str
    description: str
    domain: str
    line: str
    unit: str
    who: Expression | None
    uptake: str | None
    uptake_by: Mapping[str, str]
    cost: Mapping[str, str]
    acts_on: tuple[Act, ...]
    onset_months: str | None
    ramp_months: str | None
    half_life_months: str | None
    staff: Mapping[str, str]
    checks: tuple[str, ...]
    file: str
    own: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def parameters(self) -> list[str]:
        """Names of all the parameters it uses (not of those it is only compared with)."""
        found = [self.uptake, *self.uptake_by.values(), self.onset_months, self.ramp_months, self.half_life_months]
        found += [*self.cost.values(), *(value for key, value in self.staff.items() if key != "team")]
        for act in self.acts_on:
            found += [value for key, value in act.values.items() if key not in WORDS]
            found += [act.target] if act.kind == "beds" else []
        return [name for name in found if name]

    def value(self, evidence: Mapping[str, float], name: str) -> float:
        """One of its parameters as drawn: from its own numbers, or from the registry."""
        mine = self.own.get(name)
        if mine is None:
            return float(evidence[name])
        if mine.grade == "judgement" and mine.null is not None and not getattr(evidence, "judgements", True):
            return mine.null
        return mine.drawn(getattr(evidence, "number", 0))

    def of_kind(self, kind: str) -> Sequence[Act]:
        """The acts of one kind."""
        return self._by_kind.get(kind, ())

    @cached_property
    def _by_kind(self) -> dict[str, list[Act]]:
        found: dict[str, list[Act]] = {}
        for act in self.acts_on:
            found.setdefault(act.kind, []).append(act)
        return found

    @cached_property
    def reaches_people(self) -> bool:
        """Whether money becomes persons reached (else it is spent on a neighbourhood or a service)."""
        return "per_person" in self.cost

    @cached_property
    def by_dose(self) -> bool:
        """Whether money becomes a dose for each resident of a neighbourhood."""
        return "per_resident_year" in self.cost

    @property
    def looks_around(self) -> bool:
        """Whether it must know who is eligible where."""
        return self.reaches_people or self.by_dose


def nearest(word: str, known: Collection[str], what: str) -> str:
    """The end of a sentence about a word that is not known: the nearest right one, or all of them."""
    near = get_close_matches(str(word), sorted(known), n=1, cutoff=0.5)
    return f"there is no {what} called '{word}'; " + (
        f"did you mean {near[0]}?" if near else f"choose from {', '.join(sorted(known))}."
    )


def load(name: str, folders: tuple[Path, ...] = ()) -> Lever:
    """A lever by name; folders: the user's own, searched first (by default those in force).

    Raises `UserError` naming the nearest right one, or what is wrong in its file.
    """
    with own.using(folders or own.folders()):
        return _load(name)


@own.remembered
def _load(name: str) -> Lever:
    from sim.evidence import load as registry
    from sim.policy.grammar import judged_without_null, lever_from_mapping

    file = paths.config_file("levers", name, own.folders())
    if file is None:
        sentence = nearest(name, paths.names("levers", own.folders()), "lever")
        raise UserError(sentence[0].upper() + sentence[1:])
    lever = lever_from_mapping(name, read_yaml(file), file.name)
    known = {*registry(), *lever.own}
    for parameter in (*lever.parameters, *lever.checks):
        if parameter not in known:
            raise UserError(f"{lever.file}: " + nearest(parameter, known, "parameter in the evidence"))
    for parameter in lever.own:
        if parameter in registry():
            raise UserError(f"{lever.file}: numbers: {parameter} stands in the evidence already; give it another name.")
        if parameter not in (*lever.parameters, *lever.checks):
            raise UserError(f"{lever.file}: numbers: nothing in the file uses {parameter}.")
    if sentence := judged_without_null(lever, registry()):
        raise UserError(sentence)
    return lever
