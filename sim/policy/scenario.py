"""Scenarios: which levers, how much of each, since when, where, and who pays. Files in configs/scenario.

A scenario is a few lines of configuration; `levers` is a mapping by name, so that ``levers.link_workers.amount=2``
always means the same number. What comes out is plain data that can be pickled and sent to another process.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from sim import paths
from sim.clock import MONTHS_A_YEAR, month_of
from sim.errors import UserError
from sim.policy import levers
from sim.policy import pilot as rollouts
from sim.policy.budget import NEW
from sim.policy.levers import PERCENT, Lever, nearest
from sim.policy.payers import WHOLE, read_number, read_payers
from sim.policy.pilot import Rollout
from sim.policy.rollout import EVERYWHERE
from sim.yaml_file import read_yaml

POLICY_START = month_of("2026-04")
EVERYWHERE_AT_ONCE = Rollout()
_KEYS = {"label", "description", "levers"}
_USE_KEYS = {"amount", "from", "rollout", "start", "stop", "years", "first_share"}


@dataclass(frozen=True)
class Use:
    """One lever in a scenario.

    amount: per cent of the NHS lines' total a year (unit percent), or the share of a plan (unit plan; 1 = the plan).
    payers: (budget line or "new", share in per cent or None); without shares they pay in proportion to their size.
    start, stop: months since July 2020; start None = the scenario's policy start. years, first_share: the amount rises
    in yearly steps from first_share of it in the first year to all of it in year `years`.
    """

    lever: Lever
    amount: float
    payers: tuple[tuple[str, float | None], ...]
    rollout: Rollout = EVERYWHERE_AT_ONCE
    start: int | None = None
    stop: int | None = None
    years: int = 1
    first_share: float = 1.0

    @property
    def name(self) -> str:
        """The lever's name."""
        return self.lever.name

    @property
    def null(self) -> bool:
        """Whether it changes nothing."""
        return self.amount == 0

    def first_month(self, policy_start: int) -> int:
        """The month in which its effect can begin: never before the policy starts."""
        return policy_start if self.start is None else max(self.start, policy_start)

    def running(self, month: int, policy_start: int) -> bool:
        """Whether it is paid for in this month."""
        return self.first_month(policy_start) <= month and (self.stop is None or month < self.stop)

    def amount_in(self, month: int, policy_start: int) -> float:
        """Its amount in a month, in its unit; 0 outside its time."""
        if not self.running(month, policy_start):
            return 0.0
        return self.stepped(month - self.first_month(policy_start))

    def stepped(self, months: int) -> float:
        """Its amount so many months after it began, in its unit."""
        year = months // MONTHS_A_YEAR
        if year >= self.years - 1:
            return self.amount
        return self.amount * (self.first_share + (1.0 - self.first_share) * year / (self.years - 1))


@dataclass(frozen=True)
class Scenario:
    """A named policy: its levers by name (in alphabetical order, so that no result depends on the order of a file)."""

    name: str
    label: str
    description: str
    uses: tuple[Use, ...] = ()
    source_file: str = ""

    @cached_property
    def active(self) -> tuple[Use, ...]:
        """The levers that change something."""
        return tuple(use for use in self.uses if not use.null)

    def use(self, lever: str) -> Use:
        """One of its levers. KeyError when it has no such lever."""
        for use in self.uses:
            if use.name == lever:
                return use
        raise KeyError(lever)

    @classmethod
    def load(cls, name_or_path: str | Path, overrides: Sequence[str] | Mapping[str, Any] = ()) -> Scenario:
        """A scenario by name (shipped) or from a file, with overrides such as ``levers.link_workers.amount=2``.

        Raises `UserError` naming file and key.
        """
        file = _find(str(name_or_path))
        given = read_yaml(file)
        pairs = overrides.items() if isinstance(overrides, Mapping) else [_split(text) for text in overrides]
        given = copy.deepcopy(given)
        for key, value in pairs:
            _put(given, key, value, file.name)
        return scenario_from_mapping(given, file)


NO_POLICY = Scenario("baseline", "Baseline", "Nothing changes.")


def scenario_from_mapping(given: Mapping[str, Any], source_file: str | Path, own: Sequence[Path] = ()) -> Scenario:
    """A scenario from composed configuration.

    given: label, description and levers (mapping by name); source_file names it in messages and gives its name; own:
    the user's folders of configuration, whose levers come first. Raises `UserError` naming file and key for an unknown
    key, lever, line or roll-out, a negative amount, shares that do not make 100 %, or a total above 100 %.
    """
    file = Path(source_file)
    for key in given:
        if key not in _KEYS:
            raise UserError(f"{file.name}: {nearest(str(key), _KEYS, 'key')}")
    for key in ("label", "description"):
        if not isinstance(given.get(key), str) or not str(given[key]).strip():
            raise UserError(f"{file.name}: {key}: is missing; say it in words.")
    chosen = given.get("levers") or {}
    if not isinstance(chosen, Mapping):
        raise UserError(f"{file.name}: levers: must be a mapping of lever names, not a {type(chosen).__name__}.")
    folders = tuple(Path(folder) for folder in own)
    known = paths.names("levers", folders)
    uses = []
    for name in sorted(str(key) for key in chosen):
        if name not in known:
            raise UserError(f"{file.name}: levers: {nearest(name, known, 'lever')}")
        uses.append(_use(levers.load(name, folders), chosen[name], f"levers.{name}", file.name, folders))
    total = sum(use.amount for use in uses if use.lever.unit == PERCENT)
    if total > WHOLE:
        raise UserError(f"{file.name}: levers: their amounts come to {total:g} % of the NHS lines' total, above 100 %.")
    return Scenario(file.stem, given["label"].strip(), given["description"].strip(), tuple(uses), file.name)


def _rollout(given: Any, key: str, file: str, folders: tuple[Path, ...]) -> Rollout:
    try:
        return rollouts.load(given, folders)
    except UserError as fault:
        text = str(fault)
        raise UserError(f"{file}: {key}: {text}" if text.startswith("there is no") else text) from None


def _use(lever: Lever, given: Any, key: str, file: str, folders: tuple[Path, ...]) -> Use:
    if isinstance(given, int | float) and not isinstance(given, bool):
        given = {"amount": given}
    if not isinstance(given, Mapping):
        raise UserError(f"{file}: {key}: must be a mapping with amount, from, rollout ….")
    for entry in given:
        if entry not in _USE_KEYS:
            raise UserError(f"{file}: {key}.{entry}: {nearest(str(entry), _USE_KEYS, 'key')}")
    amount = read_number(given.get("amount"), f"{key}.amount", file)
    if amount > WHOLE and lever.unit == PERCENT:
        raise UserError(f"{file}: {key}.amount: {amount:g} % is above 100 %.")
    rollout = _rollout(given.get("rollout", EVERYWHERE), f"{key}.rollout", file, folders)
    if rollout.pilot is not None and not lever.looks_around:
        raise UserError(f"{file}: {key}.rollout: {lever.name} is not bought for neighbourhoods and cannot be piloted.")
    years = read_number(given.get("years", 1), f"{key}.years", file)
    if years != int(years) or years < 1:
        raise UserError(f"{file}: {key}.years: must be a whole number of at least 1, not {years:g}.")
    first = read_number(given.get("first_share", 1.0), f"{key}.first_share", file)
    if first > 1:
        raise UserError(f"{file}: {key}.first_share: must be from 0 to 1, not {first:g}.")
    start, stop = (_month(given.get(end), f"{key}.{end}", file) for end in ("start", "stop"))
    if start is not None and stop is not None and stop <= start:
        raise UserError(f"{file}: {key}.stop: must be later than start.")
    payers = read_payers(given.get("from", NEW), f"{key}.from", file)
    return Use(lever, amount, payers, rollout, start, stop, int(years), first)


def _month(given: Any, key: str, file: str) -> int | None:
    if given is None:
        return None
    try:
        return month_of(str(given))
    except UserError as fault:
        raise UserError(f"{file}: {key}: {fault}") from None


def _find(name: str) -> Path:
    if name.endswith((".yaml", ".yml")) or paths.is_folder_path(name):
        return Path(name)
    file = paths.config_file("scenario", name)
    if file is None:
        sentence = nearest(name, paths.names("scenario"), "scenario")
        raise UserError(sentence[0].upper() + sentence[1:])
    return file


def _split(text: str) -> tuple[str, Any]:
    key, sign, value = str(text).partition("=")
    if not sign or not key:
        raise UserError(f"'{text}' is not an override; write key=value, for example levers.link_workers.amount=2.")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError:
        raise UserError(f"{key}: '{value}' is not a value.") from None


def _put(tree: dict[str, Any], key: str, value: Any, file: str) -> None:
    *parents, last = key.split(".")
    branch = tree
    for parent in parents:
        if branch.get(parent) is None:
            branch[parent] = {}
        branch = branch[parent]
        if not isinstance(branch, dict):
            raise UserError(f"{file}: {key}: '{parent}' has no settings of its own.")
    branch[last] = value
