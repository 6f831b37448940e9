"""Roll-outs as files: a spread by name, or a file in configs/rollout that may add pilot, measurement and decision.

What a pilot is and how it decides are choices of whoever writes the policy, so they stand in its file as figures; what
is known about measuring (survey costs, noise) stands in the evidence registry.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim import paths
from sim.errors import UserError
from sim.policy import targets
from sim.policy.levers import nearest
from sim.policy.payers import read_payers
from sim.policy.rollout import BY_NEED, EVERYWHERE, SPREADS, WHERE_ENERGY
from sim.yaml_file import read_yaml

AT_RANDOM = "at_random"
CHOSEN = (BY_NEED, WHERE_ENERGY, AT_RANDOM)
MEANS = ("life_satisfaction", "contact", "confidence", "control")
"""Leading indicators that are a mean, and better when higher; any state is one too, as a share, better when lower."""
LAGGING = ("emergency",)
_KEYS = {"label", "description", "spread", "pilot"}
LEAST_UNITS = 2
_WHOLE = {"before": 1, "months": 1, "extend": 0, "sample": 1, "comparators": 1}
_SHARES = ("scale_above", "stop_below")


@dataclass(frozen=True)
class Pilot:
    """How a lever is tried.

    units: neighbourhoods (below 1: as a share of the place's, at least two); chosen: by what; before: months of
    measurement before it begins; months: how long it runs before it is judged; extend: how much longer, once, when that
    is unclear; leading: what is asked of `sample` adults in each neighbourhood; lagging: what registers show;
    comparators: k; worthwhile: d*, in the indicator's unit, in the good direction; scale_above, stop_below: p1 and p2;
    payers: who pays for pilot and measurement (None: who pays for the lever).
    """

    units: float
    before: int
    months: int
    extend: int
    sample: int
    comparators: int
    worthwhile: float
    scale_above: float
    stop_below: float
    leading: str
    lagging: str
    chosen: str = BY_NEED
    payers: tuple[tuple[str, float | None], ...] | None = None

    def wanted(self, areas: int) -> int:
        """How many neighbourhoods of a place with so many."""
        return round(self.units) if self.units >= 1 else max(LEAST_UNITS, round(self.units * areas))


@dataclass(frozen=True)
class Rollout:
    """A way to roll a lever out: how money is spread, and a pilot first or none."""

    name: str = EVERYWHERE
    spread: str = EVERYWHERE
    pilot: Pilot | None = None
    description: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.name


def load(name: Any, own: tuple[Path, ...] = ()) -> Rollout:
    """A roll-out by name: a spread, or a file in a folder `rollout` of configuration.

    Raises `UserError` with the end of a sentence for an unknown name, or naming file and key for a wrong file.
    """
    if name in SPREADS:
        return Rollout(name, name)
    known = [*SPREADS, *paths.names("rollout", own)]
    file = paths.config_file("rollout", str(name), own) if isinstance(name, str) and name in known else None
    if file is None:
        raise UserError(nearest(str(name), known, "roll-out"))
    return rollout_from_mapping(file.stem, read_yaml(file), file.name)


def rollout_from_mapping(name: str, given: Mapping[str, Any], file: str) -> Rollout:
    """A roll-out from what its file says. Raises `UserError` naming file and key."""
    for key in given:
        if key not in _KEYS:
            raise UserError(f"{file}: {nearest(str(key), _KEYS, 'key')}")
    spread = given.get("spread", EVERYWHERE)
    if spread not in SPREADS:
        raise UserError(f"{file}: spread: {nearest(str(spread), SPREADS, 'spread')}")
    pilot = given.get("pilot")
    text = str(given.get("description", "")).strip()
    return Rollout(name, spread, None if pilot is None else _pilot(pilot, file), text)


def _pilot(given: Any, file: str) -> Pilot:
    if not isinstance(given, dict):
        raise UserError(f"{file}: pilot: must be a mapping with units, months, leading ….")
    known = (set(Pilot.__dataclass_fields__) - {"payers"}) | {"from"}
    for key in given:
        if key not in known:
            raise UserError(f"{file}: pilot.{key}: {nearest(str(key), known, 'key')}")
    for key in sorted(known - {"chosen", "from"} - set(given)):
        raise UserError(f"{file}: pilot.{key}: is missing.")
    for key, least in _WHOLE.items():
        value = _number(given[key], key, file)
        if value != int(value) or value < least:
            raise UserError(f"{file}: pilot.{key}: must be a whole number of at least {least}, not {given[key]}.")
    units = _number(given["units"], "units", file)
    if units <= 0 or (units > 1 and units != int(units)):
        raise UserError(f"{file}: pilot.units: must be a whole number, or a share below 1, not {given['units']}.")
    for key in _SHARES:
        if not 0 <= _number(given[key], key, file) <= 1:
            raise UserError(f"{file}: pilot.{key}: must be from 0 to 1, not {given[key]}.")
    if given["stop_below"] > given["scale_above"]:
        raise UserError(f"{file}: pilot.stop_below: must not be above scale_above.")
    if _number(given["worthwhile"], "worthwhile", file) < 0:
        raise UserError(f"{file}: pilot.worthwhile: must not be negative; it counts in the good direction.")
    choices = {"leading": (*MEANS, *targets.states()), "lagging": LAGGING, "chosen": CHOSEN}
    for key, allowed in choices.items():
        if key in given and given[key] not in allowed:
            raise UserError(f"{file}: pilot.{key}: {nearest(str(given[key]), allowed, 'choice')}")
    whole = {key: int(given[key]) for key in _WHOLE}
    paying = read_payers(given["from"], "pilot.from", file) if "from" in given else None
    return Pilot(**{**{key: value for key, value in given.items() if key != "from"}, **whole}, payers=paying)


def _number(given: Any, key: str, file: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise UserError(f"{file}: pilot.{key}: is not a number: {given!r}.")
    return float(given)
