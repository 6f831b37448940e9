"""Conditions are configuration: one file each in configs/conditions, numbers in the evidence registry."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import yaml

from sim.errors import UserError
from sim.paths import configs


@dataclass(frozen=True)
class Condition:
    """One long-term condition.

    name: as in the registry's tables; label: for people; order: prevalence is drawn in this order; age_from:
    youngest age (years) at which it can begin; recovers: whether people leave it again.
    """

    name: str
    label: str
    description: str
    order: int
    age_from: int
    recovers: bool


def read(file: Path) -> Condition:
    """One condition from its file. Raises `UserError` naming file and key."""
    given = yaml.safe_load(file.read_text(encoding="utf-8"))
    wanted = {field.name for field in fields(Condition)} - {"name"}
    for key in sorted(set(given) ^ wanted):
        raise UserError(f"{file.name}: {'unknown' if key in given else 'missing'} key '{key}'.")
    return Condition(name=file.stem, **given)


@cache
def shipped() -> tuple[Condition, ...]:
    """The conditions of the model in the order in which they are drawn."""
    found = [read(file) for file in sorted((configs() / "conditions").glob("*.yaml"))]
    return tuple(sorted(found, key=lambda condition: (condition.order, condition.name)))
