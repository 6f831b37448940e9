"""Levers: what can be bought. Each is a file in configs/levers; every number in it is the name of a parameter.

A lever never acts on an outcome. It changes the rate of a process, the community capacity of a neighbourhood, the money
of a service line, elective slots, beds, or a state; what follows for admissions or visits is the model's business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sim import paths
from sim.errors import UserError
from sim.policy.budget import NAMES
from sim.policy.expression import Expression, parse

PROCESSES = (
    "quit_smoking", "start_smoking", "become_lonely", "recover_lonely", "become_inactive", "become_active",
    "become_obese", "lose_obesity", "gp_contact",
)  # fmt: skip
CONTACT = "gp_contact"
SHIFTS = ("life_satisfaction",)
PERCENT, PLAN = "percent", "plan"
_KEYS = {
    "label", "description", "domain", "line", "unit", "who", "uptake", "deprivation_ratio", "cost", "acts_on",
    "onset_months", "ramp_months", "half_life_months", "adoption",
}  # fmt: skip
_NEEDED = {"label", "description", "domain", "line", "cost", "acts_on"}
_COSTS = {
    "per_person", "per_resident_year", "per_slot", "capital", "capital_months", "running_per_bed_year", "none",
}  # fmt: skip
_ACTS: dict[str, set[str]] = {
    "rate": {"ratio", "add_probability"},
    "prevalence": {"into", "out_of", "relative_change", "of", "split", "saturation"},
    "capacity": set(),
    "slots": {"per_month_of_one", "of"},
    "beds": set(),
    "shift": {"points"},
}


@dataclass(frozen=True)
class Act:
    """One thing that a lever acts on. kind: rate, prevalence, capacity, slots, beds or shift; target: the process,
    state, line or parameter; values: the names of its parameters (and, for prevalence, of its two processes)."""

    kind: str
    target: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lever:
    """One lever as its file says. Everything that is a number is the name of a parameter in the evidence registry."""

    name: str
    label: str
    description: str
    domain: str
    line: str
    unit: str
    who: Expression | None
    uptake: str | None
    deprivation_ratio: str | None
    cost: Mapping[str, str]
    acts_on: tuple[Act, ...]
    onset_months: str | None
    ramp_months: str | None
    half_life_months: str | None
    adoption: str | None
    file: str

    @property
    def parameters(self) -> list[str]:
        """Names of all the parameters it uses."""
        found = [self.uptake, self.deprivation_ratio, self.onset_months, self.ramp_months, self.half_life_months]
        found += [self.adoption, *self.cost.values()]
        for act in self.acts_on:
            found += [value for key, value in act.values.items() if key not in ("into", "out_of")]
            found += [act.target] if act.kind in ("beds", "slots") and "." in act.target else []
        return [name for name in found if name]

    def of_kind(self, kind: str) -> Iterator[Act]:
        """The acts of one kind."""
        return (act for act in self.acts_on if act.kind == kind)

    @property
    def reaches_people(self) -> bool:
        """Whether money becomes persons reached (else it is spent on a neighbourhood or a service)."""
        return "per_person" in self.cost


def nearest(word: str, known: Collection[str], what: str) -> str:
    """The end of a sentence about a word that is not known: the nearest right one, or all of them."""
    near = get_close_matches(str(word), sorted(known), n=1, cutoff=0.5)
    return f"there is no {what} called '{word}'; " + (
        f"did you mean {near[0]}?" if near else f"choose from {', '.join(sorted(known))}."
    )


def read_yaml(file: Path) -> dict[str, Any]:
    """A YAML file as a mapping. Raises `UserError` with file, line and column when it is not one."""
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError:
        raise UserError(f"{file} cannot be read.") from None
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UserError(f"{file.name}{where}: {getattr(fault, 'problem', None) or 'not valid YAML'}.") from None
    except UnicodeDecodeError:
        raise UserError(f"{file.name} is not a text file in UTF-8.") from None
    if not isinstance(given, dict):
        raise UserError(f"{file.name} must be a mapping of keys to values.")
    return given


def lever_from_mapping(name: str, given: Mapping[str, Any], file: str, states: Collection[str]) -> Lever:
    """A lever from what its file says. Raises `UserError` naming file and key."""

    def wrong(key: str, sentence: str) -> UserError:
        return UserError(f"{file}: {key}: {sentence}")

    for key in given:
        if key not in _KEYS:
            raise wrong(str(key), nearest(str(key), _KEYS, "key"))
    for key in sorted(_NEEDED - set(given)):
        raise wrong(key, "is missing.")
    if given["line"] not in NAMES:
        raise wrong("line", nearest(given["line"], NAMES, "budget line"))
    unit = given.get("unit", PERCENT)
    if unit not in (PERCENT, PLAN):
        raise wrong("unit", f"must be {PERCENT} or {PLAN}, not '{unit}'.")
    cost = given["cost"]
    if not isinstance(cost, dict):
        raise wrong("cost", f"must be a mapping with one of {', '.join(sorted(_COSTS))}.")
    for key in cost:
        if key not in _COSTS:
            raise wrong(f"cost.{key}", nearest(key, _COSTS, "kind of cost"))
    who = None
    if given.get("who"):
        try:
            who = parse(given["who"])
            who.check(states)
        except UserError as fault:
            raise wrong("who", str(fault)) from None
    if "per_person" in cost and (who is None or not given.get("uptake")):
        raise wrong("who", "a lever with a cost per person must say who it is for and with what uptake.")
    if not isinstance(given["acts_on"], list) or not given["acts_on"]:
        raise wrong("acts_on", "must be a list of what the lever acts on.")
    acts = tuple(_act(one, f"acts_on[{i}]", file, states) for i, one in enumerate(given["acts_on"]))
    lever = Lever(
        name=name,
        label=str(given["label"]),
        description=str(given["description"]).strip(),
        domain=str(given["domain"]),
        line=given["line"],
        unit=unit,
        who=who,
        cost={key: value for key, value in cost.items() if key != "none"},
        acts_on=acts,
        file=file,
        **{key: given.get(key) for key in ("uptake", "deprivation_ratio", "onset_months", "ramp_months",
                                           "half_life_months", "adoption")},
    )  # fmt: skip
    for parameter in lever.parameters:
        if not isinstance(parameter, str):
            raise wrong(str(parameter), "numbers belong in the evidence registry; give the name of a parameter.")
    return lever


def _act(given: Any, key: str, file: str, states: Collection[str]) -> Act:
    if not isinstance(given, dict):
        raise UserError(f"{file}: {key}: must be a mapping.")
    kinds = [kind for kind in _ACTS if kind in given]
    if len(kinds) != 1:
        raise UserError(f"{file}: {key}: must name exactly one of {', '.join(_ACTS)}.")
    kind = kinds[0]
    values = {k: v for k, v in given.items() if k != kind}
    for other in values:
        if other not in _ACTS[kind]:
            raise UserError(f"{file}: {key}.{other}: " + nearest(other, _ACTS[kind], "key here"))
    known: dict[str, tuple[Collection[str], str]] = {
        "rate": (PROCESSES, "process"), "prevalence": (states, "state"), "capacity": (NAMES, "budget line"),
        "slots": (("elective",), "kind of slot"), "shift": (SHIFTS, "state to shift"),
    }  # fmt: skip
    if kind in known and given[kind] not in known[kind][0]:
        raise UserError(f"{file}: {key}.{kind}: " + nearest(given[kind], *known[kind]))
    for side in ("into", "out_of"):
        if side in values and values[side] not in PROCESSES:
            raise UserError(f"{file}: {key}.{side}: " + nearest(values[side], PROCESSES, "process"))
    needed = {"prevalence": _ACTS["prevalence"], "shift": _ACTS["shift"]}.get(kind, set())
    for other in sorted(needed - set(values)):
        raise UserError(f"{file}: {key}.{other}: is missing.")
    if kind == "rate" and len(values) != 1:
        raise UserError(f"{file}: {key}: a rate needs either ratio or add_probability.")
    if "add_probability" in values and given[kind] == CONTACT:
        raise UserError(f"{file}: {key}.add_probability: {CONTACT} is a count, not an event; give it a ratio.")
    return Act(kind, given[kind], values)


@cache
def known_states() -> tuple[str, ...]:
    """Names of a resident's yes-or-no states: behaviours and the configured conditions."""
    from sim.life.conditions import shipped
    from sim.life.states import BEHAVIOURS

    return BEHAVIOURS + tuple(condition.name for condition in shipped())


@cache
def load(name: str, own: tuple[Path, ...] = ()) -> Lever:
    """A lever by name; `own` are the user's folders of configuration, searched first.

    Raises `UserError` naming the nearest right one, or what is wrong in its file.
    """
    file = paths.config_file("levers", name, own)
    if file is None:
        sentence = nearest(name, paths.names("levers", own), "lever")
        raise UserError(sentence[0].upper() + sentence[1:])
    lever = lever_from_mapping(name, read_yaml(file), file.name, known_states())
    from sim.evidence import load as registry

    numbers = registry()
    for parameter in lever.parameters:
        if parameter not in numbers:
            raise UserError(f"{lever.file}: " + nearest(parameter, list(numbers), "parameter in the evidence"))
    return lever
