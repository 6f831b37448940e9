"""Conditions are configuration: one file each in configs/conditions, numbers in the evidence registry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sim import own
from sim.errors import UserError
from sim.life import condition_checks, diagnosis
from sim.paths import configs
from sim.yaml_file import read_yaml


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
    where = f"conditions/{file.name}"
    given = read_yaml(file, where)
    if wrong := condition_checks.of_file(given, where, Condition):
        raise UserError("\n".join(wrong))
    if not file.stem.isidentifier() or file.stem != file.stem.lower():
        raise UserError(f"{where}: a condition's name is made of small letters, digits and _: it becomes a state.")
    if given.get("undiagnosed", diagnosis.NONE) not in diagnosis.WAYS:
        ways = ", ".join(diagnosis.WAYS)
        raise UserError(f"{where}: undiagnosed: is '{given['undiagnosed']}'; it must be one of {ways}.")
    if given.get("replaces") == file.stem:
        raise UserError(f"{where}: replaces: names the condition itself: a condition cannot depend on itself.")
    return Condition(name=file.stem, **given)


def in_order(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Conditions in the order in which they are drawn. Raises `UserError` where one replaces what is not there, or
    what is drawn before it (nobody may have both, so the later stage is drawn first)."""
    found = tuple(sorted(conditions, key=lambda condition: (condition.order, condition.name)))
    place = {condition.name: position for position, condition in enumerate(found)}
    if circles := condition_checks.in_a_circle({condition.name: condition.replaces for condition in found}):
        raise UserError("\n".join(circles))
    for condition in found:
        earlier, where = condition.replaces, f"conditions/{condition.name}.yaml"
        if earlier and earlier not in place:
            raise UserError(f"{where}: replaces: names '{earlier}', which is no condition.")
        if earlier and place[earlier] < place[condition.name]:
            raise UserError(f"{where}: replaces: {earlier} must have a higher order, because nobody may have both.")
    return found


@own.remembered
def shipped() -> tuple[Condition, ...]:
    """The conditions of the model, the user's own among them, in the order in which they are drawn.

    Raises `UserError` for a name that stands twice.
    """
    files = [*sorted((configs() / "conditions").glob("*.yaml")), *own.files("conditions", "*.yaml")]
    names = [file.stem for file in files]
    for file in files:
        if names.count(file.stem) > 1:
            raise UserError(f"conditions/{file.name}: there is a condition of this name already; give yours another.")
    return in_order(read(file) for file in files)


def risks() -> frozenset[str]:
    """Names of the conditions that end when another begins: each is a risk, no long-term condition."""
    return frozenset(condition.replaces for condition in shipped() if condition.replaces)
