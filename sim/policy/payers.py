"""Who pays for something, as a file says it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sim.errors import UserError
from sim.policy.budget import GROUPS, NAMES, NEW
from sim.policy.levers import nearest

WHOLE = 100.0


def read_payers(given: Any, key: str, file: str) -> tuple[tuple[str, float | None], ...]:
    """Who pays: a line, a group of lines, "new", a list of those, or a mapping of those to per cent.

    Returns (line or "new", share in per cent or None). Raises `UserError` naming file and key.
    """
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Mapping):
        shares = {str(name): read_number(value, f"{key}.{name}", file) for name, value in given.items()}
        if abs(sum(shares.values()) - WHOLE) > 1e-9:
            raise UserError(f"{file}: {key}: the shares come to {sum(shares.values()):g} %, not 100 %.")
        for name in shares:
            if name not in (*NAMES, NEW):
                raise UserError(f"{file}: {key}: {nearest(name, (*NAMES, NEW), 'budget line')}")
        return tuple(shares.items())
    if not isinstance(given, Sequence) or not given:
        raise UserError(f"{file}: {key}: must name the budget lines that pay, or '{NEW}'.")
    found: dict[str, None] = {}
    for name in given:
        if name not in (*NAMES, *GROUPS, NEW):
            raise UserError(f"{file}: {key}: {nearest(str(name), (*NAMES, *GROUPS, NEW), 'budget line')}")
        for line in GROUPS.get(name, (name,)):
            if line in found:
                part = next((other for other in given if other != line and line in GROUPS.get(other, ())), None)
                raise UserError(f"{file}: {key}: {line} pays twice" + (f": it is part of {part}." if part else "."))
            found[line] = None
    if NEW in found and len(found) > 1:
        raise UserError(f"{file}: {key}: say in per cent how much is {NEW} money and how much each line pays.")
    return tuple((name, None) for name in found)


def read_number(given: Any, key: str, file: str) -> float:
    """A number that is not negative. Raises `UserError` naming file and key."""
    if given is None:
        raise UserError(f"{file}: {key}: is missing.")
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise UserError(f"{file}: {key}: is not a number: {given!r}.")
    if given < 0:
        raise UserError(f"{file}: {key}: must not be negative, but is {given:g}.")
    return float(given)
