"""Whether what was given for the settings is right: each alone, then together; and the settings made of it.

Imports nothing heavy: mistakes are answered before the model is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sim import clock
from sim.errors import UserError
from sim.nearest import not_known
from sim.settings import PLACE_KEYS, Row, Settings, rows


def problem(row: Row, value: Any) -> str | None:
    """What is wrong with one value, as a sentence, or None."""
    if value is None:
        return None if row.empty else f"{row.key} is empty."
    shown = f"'{value}'" if isinstance(value, str) else str(value)
    if row.kind in ("whole number", "number"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{row.key} is not a number: {shown}."
        if row.kind == "whole number" and value == value and abs(value) != math.inf and value != int(value):
            return f"{row.key} must be a whole number, not {shown}."
        outside = row.low is not None and row.high is not None and not row.low <= value <= row.high
        if outside or value != value or (row.above and value == row.low):
            return f"{row.key} must be {row.range_text}, not {shown}."
    elif row.kind == "yes or no":
        if not isinstance(value, bool):
            return f"{row.key} must be true or false, not {shown}."
    elif row.kind == "month":
        try:
            month = clock.month_of(str(value))
        except UserError as error:
            return f"{row.key}: {error}"
        if row.low is not None and row.high is not None and not row.low <= month <= row.high:
            first, last = clock.iso(int(row.low)), clock.iso(int(row.high))
            return f"{row.key} must be from {first} to {last}, not {value}."
    elif row.kind == "names":
        if not isinstance(value, list | tuple) or not value or not all(isinstance(name, str) for name in value):
            example = row.default or ("deaths", "emergency_admissions")
            return f"{row.key} must be a list of names, for example {row.key}=[{','.join(example[:2])}]."
        twice = sorted({name for name in value if list(value).count(name) > 1})
        if twice:
            return f"{row.key} names {' and '.join(twice)} twice."
    elif row.kind == "place" and isinstance(value, dict):
        strange = [key for key in value if key not in (*PLACE_KEYS, "name")]
        return not_known("key of a place", strange[0], PLACE_KEYS) if strange else None
    elif not isinstance(value, str) or not value.strip():
        return f"{row.key} must be {'a name' if row.kind == 'name' else 'text'}, not {shown}."
    return None


def problems_together(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with settings that are each right: ``values`` by attribute name, all of them valid alone."""
    found = []
    runs, seeds = values.get("runs"), values.get("seeds")
    if runs is not None and seeds is not None and runs % seeds:
        found.append(f"runs={runs} cannot be shared out among seeds={seeds}; runs must be a multiple of seeds.")
    if "start" in values and "policy_start" in values:
        start, policy = clock.month_of(values["start"]), clock.month_of(values["policy_start"])
        end = policy + clock.MONTHS_A_YEAR * values.get("years", 1)
        if start >= end:
            last = clock.iso(end - 1)
            found.append(f"start={values['start']} is after the end: the last month of the run is {last}.")
        elif start > policy:
            found.append(
                f"start={values['start']} is after policy_start={values['policy_start']}; it must not be later."
            )
    return found


def check(values: Mapping[str, Any], command: str) -> list[str]:
    """Everything that is wrong with the settings of a command; ``values`` by key (``evidence.judged``)."""
    found = []
    right: dict[str, Any] = {}
    for row in rows(command):
        value = values.get(row.key, row.default)
        wrong = problem(row, value)
        if wrong:
            found.append(wrong)
        else:
            right[row.name] = value
    needed = {"start", "policy_start", "years", "runs"}
    if needed & {row.name for row in rows(command)} <= right.keys():
        found += problems_together(right)
    return found


def build(values: Mapping[str, Any], command: str) -> Settings:
    """`Settings` from checked values by key. Raises `UserError` that lists everything wrong."""
    found = check(values, command)
    if found:
        raise UserError("\n".join(found))
    known = {row.key: row for row in rows(command)}
    chosen: dict[str, Any] = {}
    for key, row in known.items():
        value = values.get(key, row.default)
        if row.kind == "whole number" and value is not None:
            value = int(value)
        elif row.kind == "number":
            value = float(value)
        elif row.kind == "names" and value is not None:
            value = tuple(value)
        elif row.kind == "month":
            value = str(value)
        chosen[row.name] = value
    return Settings(**chosen)
