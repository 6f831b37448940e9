"""The waterfall of a finished ``headwater attribute`` in the report of a comparison: what each lever moved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import disk
from sim.errors import UserError
from sim.report import waterfall
from sim.report.numbers import Numbers
from sim.report.style import Picture

if TYPE_CHECKING:
    from sim.outcomes.results import Results
    from sim.studies.attribution import Step

FILE = "waterfall.csv"
NAME = "waterfall_by_lever"
MEASURES = ("emergency_admissions", "waiting_list", "unmet_need", "qalys")
SAME = ("place", "evidence")
"""What must be alike in both runs, of the hashes in metadata.json."""
ASKED = {"place": "place", "years": "number of years", "policy_start": "start of the policy",
         "evidence.judged": "choice about judged benefits"}  # fmt: skip
"""What must be alike of the settings in config.yaml, in words."""


def take_over(results: Results, folder: Path, attribution: Path) -> Path:
    """Copy the waterfall of an attribution into the folder of a comparison; returns the file written.

    Raises `UserError` when it is of other scenarios, the same ones with other levers, another place, other evidence,
    another number of years or start of the policy, and `EnvironmentFault` when the disk refuses.
    """
    from sim.studies import store

    other, own = store.metadata(attribution), store.metadata(folder)
    if other.get("command") != "attribute" or not (attribution / FILE).is_file():
        raise UserError(f"'{attribution}' is not the folder of a finished headwater attribute.")
    differ = [what for what in SAME if other["hashes"].get(what) != own["hashes"].get(what)]
    given = [store.read_config(where) for where in (attribution, folder)]
    differ += [
        words for key, words in ASKED.items() if len({_at(one, key) for one in given}) > 1 and words not in differ
    ]
    if differ:
        raise UserError(f"'{attribution}' was run with another {' and another '.join(differ)} than '{folder}'.")
    text = (attribution / FILE).read_text(encoding="utf-8")
    ends = _ends(_steps(text))
    if ends[0] != results.baseline or ends[1] not in results.others:
        raise UserError(
            f"'{attribution}' goes from {ends[0]} to {ends[1]}; the comparison's first scenario is {results.baseline}, "
            f"and beside it it holds {', '.join(results.others) or 'no other'}."
        )
    for name in ends:
        levers = [(one.get("composed") or {}).get(name, {}).get("levers") for one in given]
        if None not in levers and levers[0] != levers[1]:
            raise UserError(f"'{attribution}' was run with other levers of {name} than '{folder}'.")
    with disk.refusals(folder):
        (folder / FILE).write_text(text, encoding="utf-8")
    return folder / FILE


def _at(config: Mapping[str, Any], key: str) -> str:
    """A setting of a configuration by its dotted name, as text."""
    value: Any = config
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return str(value)


def _steps(text: str) -> dict[str, list[Step]]:
    """The steps by lever of each measure."""
    import csv

    from sim.studies.attribute import LEVER
    from sim.studies.attribution import Step

    found: dict[str, list[Step]] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["by"] == LEVER:
            step = Step(row["measure"], LEVER, row["step"], float(row["start"]), float(row["end"]))
            found.setdefault(row["measure"], []).append(step)
    return found


def _ends(steps: dict[str, list[Step]]) -> tuple[str, str]:
    """The two scenarios between which the steps lead."""
    first = next(iter(steps.values()))
    return first[0].step, first[-1].step


def pictures(numbers: Numbers, folder: Path) -> dict[str, Picture]:
    """A waterfall by lever of the first of `MEASURES` that the folder's file has; none where there is no such file."""
    file = folder / FILE
    if not file.is_file():
        return {}
    found = _steps(file.read_text(encoding="utf-8"))
    measure = next((name for name in numbers.known(MEASURES) if name in found), None)
    if measure is None:
        return {}
    steps = found[measure]
    labels = [
        numbers.label(one.step) if one.step in numbers.scenarios else one.step.replace("_", " ").capitalize()
        for one in steps
    ]
    return {NAME: waterfall.figure(steps, labels, numbers.results.measures[measure])}
