"""Conditions are configuration: one file each in configs/conditions, numbers in the evidence registry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path

import yaml

from sim.errors import UserError
from sim.life import diagnosis
from sim.paths import configs


@dataclass(frozen=True)
class Condition:
    """One long-term condition.

    name: as in the registry's tables; label: for people; order: prevalence is drawn in this order; age_from:
    youngest age (years) at which it can begin; recovers: whether people leave it again. undiagnosed: whether people
    can have it unknown, and whether the prevalence of the evidence counts those: `none`, `beyond` (it counts the
    diagnosed only) or `within` (it counts everyone). managed: whether care keeps it under control. replaces: a
    condition that ends when this one begins; nobody has both.
    """

    name: str
    label: str
    description: str
    order: int
    age_from: int
    recovers: bool
    undiagnosed: str = diagnosis.NONE
    managed: bool = True
    replaces: str = ""


def read(file: Path) -> Condition:
    """One condition from its file. Raises `UserError` naming file and key."""
    given = yaml.safe_load(file.read_text(encoding="utf-8"))
    known = {field.name: field.default for field in fields(Condition) if field.name != "name"}
    wanted = {name for name, default in known.items() if default is MISSING}
    for key in sorted((set(given) - set(known)) | (wanted - set(given))):
        raise UserError(f"{file.name}: {'unknown' if key in given else 'missing'} key '{key}'.")
    if given.get("undiagnosed", diagnosis.NONE) not in diagnosis.WAYS:
        ways = ", ".join(diagnosis.WAYS)
        raise UserError(f"{file.name}: 'undiagnosed' is '{given['undiagnosed']}'; it must be one of {ways}.")
    if given.get("replaces") == file.stem:
        raise UserError(f"{file.name}: 'replaces' names the condition itself.")
    return Condition(name=file.stem, **given)


def in_order(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Conditions in the order in which they are drawn. Raises `UserError` where one replaces what is not there, or
    what is drawn before it (nobody may have both, so the later stage is drawn first)."""
    found = tuple(sorted(conditions, key=lambda condition: (condition.order, condition.name)))
    place = {condition.name: position for position, condition in enumerate(found)}
    for condition in found:
        earlier = condition.replaces
        if earlier and earlier not in place:
            raise UserError(f"{condition.name}.yaml: 'replaces' names '{earlier}', which is no condition.")
        if earlier and place[earlier] < place[condition.name]:
            raise UserError(f"{condition.name}.yaml: it replaces '{earlier}', whose 'order' must be higher.")
    return found


@cache
def shipped() -> tuple[Condition, ...]:
    """The conditions of the model in the order in which they are drawn."""
    found = [read(file) for file in sorted((configs() / "conditions").glob("*.yaml"))]
    return in_order(found)
