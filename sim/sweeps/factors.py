"""What a sweep varies: uncertain evidence from the registry, and settings of a run.

A factor turns a uniform number into a value by its own inverse distribution function, so a design is drawn on the unit
cube whatever it varies. Nobody types bounds that the registry already knows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from sim.errors import UserError
from sim.evidence.distributions import fit
from sim.evidence.registry import Parameter, Registry
from sim.settings import rows

Value = float | int | str | bool
TAIL = 0.001
"""How far into a tail a design may reach: normal and other infinite tails would give infinities at 0 and 1."""
INTERVAL = (0.025, 0.975)
BOUNDED = ("uniform", "triangular")
FORMS = "[low, high], {choices: [...]} or {value, low, high, distribution}"


@dataclass(frozen=True)
class Factor:
    """One thing that varies.

    `name`: what the registry or the configuration calls it; `group`: the group with which it moves, empty when it moves
    alone; `kind`: *evidence* or *setting*. What it can be is one of `choices`, a whole number (`whole`: lowest and
    highest), a distribution (its kind, value, low, high) or, for tables of evidence, a quantile (no such field).
    """

    name: str
    label: str
    group: str
    unit: str
    source: str
    kind: str
    choices: tuple[Value, ...] = ()
    whole: tuple[int, int] | None = None
    distribution: tuple[str, float, float | None, float | None] | None = None

    @cached_property
    def levels(self) -> int | None:
        """How many values it can take; None when it is continuous."""
        if self.whole is not None:
            return self.whole[1] - self.whole[0] + 1
        return len(self.choices) or None

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The quantiles that stand for its lowest and highest value where a design goes from end to end (Morris,
        factorial): the whole range when it is bounded, else the 95 % interval."""
        bounded = self.levels is not None or (self.distribution is not None and self.distribution[0] in BOUNDED)
        return (0.0, 1.0) if bounded else INTERVAL

    def at(self, u: float) -> Value:
        """Its value at the uniform number `u`; 0 and 1 themselves are the ends. Raises `ValueError` outside."""
        if not 0 <= u <= 1:
            raise ValueError(f"{self.name}: {u} is not between 0 and 1")
        if self.levels is not None:
            step = min(int(u * self.levels), self.levels - 1)
            return self.choices[step] if self.whole is None else self.whole[0] + step
        if self.ends != (0.0, 1.0):
            u = min(max(u, TAIL), 1 - TAIL)
        return u if self.distribution is None else fit(*self.distribution).quantile(u)

    def moving_with(self, group: str) -> Factor:
        """The same factor, moving together with a group."""
        return replace(self, group=group)


def values(factors: Sequence[Factor], u: Iterable[float]) -> dict[str, Value]:
    """The values of all factors at one row of a design, by name."""
    return {factor.name: factor.at(float(each)) for factor, each in zip(factors, u, strict=True)}


def of_evidence(
    registry: Registry, wanted: str | Sequence[str] | Mapping[str, Sequence[str]] = "all", grouped: bool = False
) -> list[Factor]:
    """Factors of uncertain evidence, in the registry's order: parameters, then tables.

    wanted: ``all``; or names, prefixes (`life.*`), groups (the registry's files: `mortality`), tables
    (`relative_risk`, which moves as one), strata of tables (`relative_risk:smoking:chd`); or groups of one's own, each
    with such a list. ``grouped`` lets factors move together by subject: the first word of the name (levers: the first
    two). Raises `UserError` for a name that is not there (with the nearest ones), one without an interval, one that
    stands twice, or a factor in two groups.
    """
    if isinstance(wanted, Mapping):
        return _own_groups(registry, wanted)
    given = [wanted] if isinstance(wanted, str) else list(wanted)
    if not given:
        raise UserError("No evidence is named: give all, or a list of names, prefixes such as life.*, or groups.")
    _no_twice(given, "The evidence to vary")
    names: set[str] = set()
    for word in given:
        names.update(_meant(registry, str(word)))
    order = {name: i for i, name in enumerate([*registry, *registry.tables])}
    chosen = sorted(names, key=lambda name: (order.get(name, order.get(name.partition(":")[0], 0)), name))
    found = [_evidence_factor(registry, name) for name in chosen]
    for factor in found:
        whole, colon, _ = factor.name.partition(":")
        if colon and whole in names:
            raise UserError(f"The evidence to vary names {factor.name} and its whole table {whole}; choose one.")
    return [each.moving_with(subject(each.name)) for each in found] if grouped else found


def of_settings(settings: Mapping[str, Any]) -> list[Factor]:
    """Factors of a run's settings: each key with ``[low, high]`` (a range of numbers; whole ones for settings that are
    whole numbers, such as years), ``{choices: [...]}``, or ``{value, low, high, distribution}``.

    Raises `UserError` for bounds that are reversed or equal, fewer than two choices, or another form.
    """
    return [_setting_factor(str(key), given) for key, given in settings.items()]


def together(*lots: Sequence[Factor]) -> list[Factor]:
    """All factors of a sweep. Raises `UserError` when there is none, or one stands twice."""
    found = [factor for lot in lots for factor in lot]
    if not found:
        raise UserError("The experiment varies nothing: name evidence or settings under factors.")
    _no_twice([factor.name for factor in found], "The factors")
    return found


def subject(name: str) -> str:
    """The subject of a piece of evidence: the first word of its name, for levers and their checks the first two; a
    table is a subject of its own."""
    words = name.partition(":")[0].split(".")
    return ".".join(words[:2]) if words[0] in ("levers", "checks") and len(words) > 2 else words[0]


def uncertain(parameter: Parameter) -> bool:
    """Whether a parameter has an interval, so that its draws differ."""
    return parameter.distribution != "fixed" and parameter.low != parameter.high


def _meant(registry: Registry, word: str) -> list[str]:
    """The uncertain names that one word of the experiment stands for."""
    alone = [name for name, parameter in registry.items() if uncertain(parameter)]
    tables = [name for name, table in registry.tables.items() if table.uncertain]
    if word == "all":
        return [*alone, *tables]
    if word in registry:
        if not uncertain(registry[word]):
            raise UserError(f"{word} has no interval: there is nothing to vary.")
        return [word]
    if any(sign in word for sign in "*?["):
        strata = [f"{table}:{each}" for table in tables for each in registry.tables[table].strata]
        matched = [name for name in [*alone, *tables] if fnmatchcase(name, word)]
        matched += [name for name in strata if ":" in word and fnmatchcase(name, word)]
    elif registry.has_strata(word):
        return [word]
    else:
        prefixed = [name for name in alone if name.startswith(f"{word}.")]
        matched = prefixed or [name for name in alone if registry[name].group == word]
    if matched:
        return matched
    known = [*registry, *registry.tables, *{parameter.group for parameter in registry.values()}]
    known += list({name.rpartition(".")[0] for name in registry})
    near = list(dict.fromkeys(get_close_matches(word, known, n=6, cutoff=0.5)))[:3]
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    raise UserError(f"The evidence has nothing uncertain called '{word}'{hint}")


def _evidence_factor(registry: Registry, name: str) -> Factor:
    if name in registry:
        it = registry[name]
        law = (it.distribution, it.value, it.low, it.high)
        return Factor(name, _label(name), "", it.unit, it.source, "evidence", distribution=law)
    table, _, stratum = name.partition(":")
    about = registry.tables[table].about
    label = about.get("title", _label(table)) + (f": {_label(stratum)}" if stratum else "")
    return Factor(name, label, "", "quantile", about.get("source", ""), "evidence")


def _own_groups(registry: Registry, groups: Mapping[str, Sequence[str]]) -> list[Factor]:
    found: list[Factor] = []
    for group, members in groups.items():
        listed = [members] if isinstance(members, str) else list(members)
        _no_twice(listed, f"The group {group}")
        for factor in of_evidence(registry, listed):
            twice = next((each for each in found if each.name == factor.name), None)
            if twice is not None:
                raise UserError(f"{factor.name} is in two groups: {twice.group} and {group}.")
            found.append(factor.moving_with(str(group)))
    return found


def _setting_factor(key: str, given: Any) -> Factor:
    whole = key.rpartition(".")[2] in {row.name for row in rows() if row.kind == "whole number"}
    unit = next((row.unit for row in rows() if row.key == key), "")

    def factor(**what: Any) -> Factor:
        return Factor(key, _label(key), "", unit, "configuration", "setting", **what)

    if isinstance(given, Mapping):
        if set(given) == {"choices"}:
            return factor(choices=_choices(key, given["choices"]))
        if set(given) == {"value", "low", "high", "distribution"}:
            numbers = [_number(key, given[part]) for part in ("value", "low", "high")]
            law = (str(given["distribution"]), *numbers)
            try:
                fit(*law)
            except UserError as fault:
                raise UserError(f"factors.settings.{key}: {fault}") from None
            return factor(distribution=law)
    elif isinstance(given, Sequence) and not isinstance(given, str):
        if len(given) != 2 or not all(isinstance(end, int | float) and not isinstance(end, bool) for end in given):
            raise UserError(f"factors.settings.{key}: [low, high] are two numbers; write a list as {{choices: [...]}}.")
        low, high = (_number(key, end) for end in given)
        if low >= high:
            which = "reversed" if low > high else "equal"
            raise UserError(f"factors.settings.{key}: the bounds {low:g} and {high:g} are {which}.")
        if whole and low == int(low) and high == int(high):
            return factor(whole=(int(low), int(high)))
        if whole:
            raise UserError(f"factors.settings.{key} takes whole numbers, not {low:g} to {high:g}.")
        return factor(distribution=("uniform", (low + high) / 2, low, high))
    raise UserError(f"factors.settings.{key} must be {FORMS}, not '{given}'.")


def _choices(key: str, given: Any) -> tuple[Value, ...]:
    listed = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []
    if len(listed) < 2 or not all(isinstance(each, str | int | float | bool) for each in listed):
        raise UserError(f"factors.settings.{key}: choices is a list of two or more words or numbers.")
    _no_twice([repr(each) for each in listed], f"factors.settings.{key}")
    return tuple(listed)


def _number(key: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise UserError(f"factors.settings.{key}: '{given}' is not a finite number.")
    return float(given)


def _no_twice(names: Sequence[str], where: str) -> None:
    twice = sorted({str(name) for name in names if list(names).count(name) > 1})
    if twice:
        raise UserError(f"{where} {'name' if where.endswith('factors') else 'names'} {' and '.join(twice)} twice.")


def _label(name: str) -> str:
    return name.replace("_", " ").replace(".", ": ").replace(":", ": ").replace(":  ", ": ")
