"""What can be said against a condition before anything runs: its file, its rows of evidence, what it depends on.

Pure functions of what the files say; each answers with sentences that name file and key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from sim.nearest import nearest

if TYPE_CHECKING:
    import pandas as pd

    from sim.life.conditions import Condition

KINDS: dict[str, tuple[type, str]] = {
    "str": (str, "text"), "int": (int, "a whole number"), "bool": (bool, "true or false"),
}  # fmt: skip
MAY_BE_LEFT_OUT = ("relative_risk",)
"""Tables in which every shipped condition happens to have rows and another need not."""
PAIRS = "relative_risk_condition"
"""The table by which one condition raises the risk of another: from, to."""
COLUMNS, DEATH = ("condition", "condition_from", "condition_to"), "death"


def of_file(given: Any, file: str, kind: type[Condition]) -> list[str]:
    """What is wrong with the mapping of a condition's file: keys, and what their values must be."""
    if not isinstance(given, Mapping):
        return [f"{file}: must be a mapping of keys to values, label: …, order: … and so on."]
    wanted = {field.name: field for field in fields(kind) if field.name != "name"}
    found = []
    for key in given:
        if key not in wanted:
            near = nearest(str(key), list(wanted))
            found.append(f"{file}: there is no key called '{key}'; " + (
                f"did you mean {near}?" if near else f"choose from {', '.join(wanted)}."
            ))  # fmt: skip
    for key, field in wanted.items():
        if key not in given:
            found += [f"{file}: {key}: is missing."] if field.default is MISSING else []
            continue
        what, words = KINDS.get(str(field.type), (object, ""))
        value = given[key]
        if not isinstance(value, what) or (what is int and isinstance(value, bool)):
            found.append(f"{file}: {key}: must be {words}, not {value!r}.")
        elif isinstance(value, int) and value < 0:
            found.append(f"{file}: {key}: must not be negative, but is {value}.")
    return found


def of_evidence(
    conditions: Sequence[Condition],
    tables: Mapping[str, pd.DataFrame],
    own: Sequence[str] = (),
    added: Mapping[str, pd.DataFrame] | None = None,
) -> list[str]:
    """What is wrong with the rows of evidence of conditions.

    tables: all of the registry, by name. own: names of the user's own conditions, whose rows may be forgotten (those of
    shipped ones are tested with the program); added: the rows that own files add to tables.
    """
    names = [condition.name for condition in conditions]
    found = on_itself(tables[PAIRS]) if PAIRS in tables else []
    for table, frame in (added or {}).items():
        found += _unknown(names, table, frame)
    shipped = [name for name in names if name not in own]
    for name in own:
        for table, frame in tables.items():
            found += _forgotten(name, table, frame, shipped)
    return found


def on_itself(pairs: pd.DataFrame) -> list[str]:
    """Conditions whose onset would depend on their own presence."""
    same = pairs.loc[pairs["condition_from"] == pairs["condition_to"], "condition_to"]
    return [
        f"{PAIRS}.csv: {name} raises the risk of {name}: a condition cannot depend on itself."
        for name in same.unique().tolist()
    ]


def in_a_circle(replaces: Mapping[str, str]) -> list[str]:
    """Conditions that would end one another in a circle. replaces: for each the one that it ends, or empty."""
    found, done = [], set[str]()
    for start in replaces:
        path = [start]
        while (then := replaces.get(path[-1], "")) and then not in path:
            path.append(then)
        if then and not done & set(path):
            circle = [*path[path.index(then) :], then]
            done |= set(path)
            way = " replaces ".join(circle)
            found.append(f"conditions/{then}.yaml: replaces: {way}: a condition cannot depend on itself.")
    return found


def _unknown(names: Sequence[str], table: str, frame: pd.DataFrame) -> list[str]:
    """Rows about conditions that do not exist."""
    found = []
    for column in COLUMNS:
        for word in sorted(set(map(str, frame[column])) - {*names, DEATH}) if column in frame else ():
            near = nearest(word, list(names))
            hint = f"did you mean {near}?" if near else f"choose from {', '.join(names)}."
            found.append(f"{table}.csv: {column}: there is no condition called '{word}'; {hint}")
    return found


def _forgotten(name: str, table: str, frame: pd.DataFrame, shipped: Sequence[str]) -> list[str]:
    """A table in which every shipped condition has rows and this one has none, or fewer."""
    if "condition" not in frame or table in MAY_BE_LEFT_OUT:
        return []
    counts = frame["condition"].value_counts()
    if not min((int(counts.get(other, 0)) for other in shipped), default=0):
        return []
    if not int(counts.get(name, 0)):
        return [f"evidence/tables/{table}.csv: the condition {name} has no row; every condition needs one there."]
    for column in ("decile", "sex"):
        if column in frame:
            missing = sorted(set(frame[column]) - set(frame.loc[frame["condition"] == name, column]))
            if missing:
                return [f"evidence/tables/{table}.csv: the condition {name} has no row for {column} {missing[0]}."]
    return []
