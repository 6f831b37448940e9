"""What may stand in a lever's file, and what is wrong when something else does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sim.errors import UserError
from sim.evidence.registry import COLUMNS, Parameter, parameter_from_row
from sim.policy import targets
from sim.policy.budget import NAMES
from sim.policy.clauses import clauses
from sim.policy.expression import Expression, parse
from sim.policy.levers import PERCENT, PLAN, Act, Lever, nearest

KEYS = {
    "label", "description", "domain", "line", "unit", "who", "uptake", "uptake_by", "cost", "acts_on",
    "onset_months", "ramp_months", "half_life_months", "staff", "checks", "numbers",
}  # fmt: skip
NEEDED = {"label", "description", "domain", "line", "cost", "acts_on"}
COSTS = {
    "per_person", "per_resident_year", "per_slot", "per_bed_year", "most_beds_per_100k", "per_package", "capital",
    "capital_months", "running_per_bed_year", "none",
}  # fmt: skip
UPTAKE_BY = {"deprivation", "offline", "contact", "confidence", "control"}
STAFF = {"team", "months", "dip"}
ACTS: dict[str, set[str]] = {
    "rate": {"ratio", "add_probability"},
    "prevalence": {"into", "out_of", "relative_change", "of", "split", "saturation"},
    "shift": {"points"},
    "capacity": set(),
    "slots": {"per_month_of_one", "of"},
    "beds": set(),
    "bed_days": {"freed"},
    "discharge": {"days", "most"},
    "pathway": {"step", "what", "ratio"},
    "digital": {"share", "gain", "barrier"},
    "adoption": {"speed"},
}
"""Kinds of act, and the keys beside the target. docs/decisions/levers.md says what each does."""
NO_EFFECT = {
    "ratio": 1, "add_probability": 0, "relative_change": 0, "points": 0, "gain": 0, "days": 0, "freed": 0, "speed": 0,
}  # fmt: skip
"""Keys of an act that say how large an effect is, with the value that means none. All others say of what, at most how
much, or (`barrier`) what it does harm."""
_NEEDS_ALL = ("prevalence", "shift", "bed_days", "discharge", "pathway", "digital", "adoption")
ASPECTS = ("share", "delay_months", "lost", "passed_on")
"""Numbers of a step of a pathway that can be scaled."""
NOT_EVENTS = "gp_"


def lever_from_mapping(name: str, given: Mapping[str, Any], file: str) -> Lever:
    """A lever from what its file says. Raises `UserError` naming file and key."""

    def wrong(key: str, sentence: str) -> UserError:
        return UserError(f"{file}: {key}: {sentence}")

    for key in given:
        if key not in KEYS:
            raise wrong(str(key), nearest(str(key), KEYS, "key"))
    for key in sorted(NEEDED - set(given)):
        raise wrong(key, "is missing.")
    if given["line"] not in NAMES:
        raise wrong("line", nearest(given["line"], NAMES, "budget line"))
    unit = given.get("unit", PERCENT)
    if unit not in (PERCENT, PLAN):
        raise wrong("unit", f"must be {PERCENT} or {PLAN}, not '{unit}'.")
    cost = _mapping(given["cost"], "cost", file, COSTS, "kind of cost")
    who = _who(given.get("who"), file)
    if "per_person" in cost and (who is None or not given.get("uptake")):
        raise wrong("who", "a lever with a cost per person must say who it is for and with what uptake.")
    staff = _mapping(given.get("staff") or {}, "staff", file, STAFF, "key here")
    for key in sorted(STAFF - set(staff)) if staff else ():
        raise wrong(f"staff.{key}", "is missing.")
    if staff and staff["team"] not in NAMES:
        raise wrong("staff.team", nearest(staff["team"], NAMES, "budget line"))
    if not isinstance(given["acts_on"], list) or not given["acts_on"]:
        raise wrong("acts_on", "must be a list of what the lever acts on.")
    checks = given.get("checks") or []
    if not isinstance(checks, list):
        raise wrong("checks", "must be a list of names of parameters.")
    lever = Lever(
        name=name,
        label=str(given["label"]),
        description=str(given["description"]).strip(),
        domain=str(given["domain"]),
        line=given["line"],
        unit=unit,
        who=who,
        uptake_by=_mapping(given.get("uptake_by") or {}, "uptake_by", file, UPTAKE_BY, "key here"),
        cost={key: value for key, value in cost.items() if key != "none"},
        acts_on=tuple(_act(one, f"acts_on[{i}]", file) for i, one in enumerate(given["acts_on"])),
        staff=staff,
        checks=tuple(checks),
        file=file,
        own=_numbers(name, given.get("numbers") or {}, file),
        **{key: given.get(key) for key in ("uptake", "onset_months", "ramp_months", "half_life_months")},
    )
    for parameter in (*lever.parameters, *lever.checks):
        if not isinstance(parameter, str):
            raise wrong(str(parameter), "numbers belong in the evidence registry; give the name of a parameter.")
    return lever


def _mapping(given: Any, key: str, file: str, known: Collection[str], what: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise UserError(f"{file}: {key}: must be a mapping with one of {', '.join(sorted(known))}.")
    for entry in given:
        if entry not in known:
            raise UserError(f"{file}: {key}.{entry}: " + nearest(str(entry), known, what))
    return dict(given)


def _numbers(lever: str, given: Any, file: str) -> dict[str, Parameter]:
    """Numbers that the file brings along: each with the columns of a parameter file, in words of YAML."""
    if not isinstance(given, dict):
        raise UserError(f"{file}: numbers: must be a mapping of names to their value, unit, source ….")
    found = {}
    for short, row in given.items():
        key, name = f"numbers.{short}", f"levers.{lever}.{short}"
        if isinstance(row, dict):  # null without quotation marks is not the word for YAML
            row = {"null" if column is None else column: value for column, value in row.items()}
        row = _mapping(row, key, file, set(COLUMNS) - {"name"}, "column of the evidence")
        filled = {column: "" if row.get(column) is None else str(row[column]) for column in COLUMNS}
        try:
            parameter = parameter_from_row({**filled, "name": name}, Path(file))
        except UserError as fault:
            raise UserError(f"{file}: {key}: {str(fault).removeprefix(f'{file}: ')}") from None
        if faults := parameter.faults():
            raise UserError(f"{file}: {key}: {faults[0].removeprefix(f'{name}: ')}.")
        found[name] = parameter
    return found


def judged_without_null(lever: Lever, registry: Mapping[str, Parameter]) -> str:
    """What is wrong with an effect of a lever that rests on judgement alone and could not be switched off; or nothing.

    lever: one whose parameters are all known.
    """
    for i, act in enumerate(lever.acts_on):
        for key in (key for key in act.values if key in NO_EFFECT):
            name, null = act.values[key], NO_EFFECT[key]
            number = lever.own.get(name) or registry[name]
            if number.grade == "judgement" and number.null is None:
                where = f"{null} in the column null of {number.file.name}"
                if name in lever.own:
                    where = f'"null": {null} under numbers.{name.rpartition(".")[2]}'
                return (
                    f"{lever.file}: acts_on[{i}].{key}: {name} is judged and has no null, the value that means no "
                    f"effect, so that evidence.judged=false would not leave it out; write {where}."
                )
    return ""


def _who(text: Any, file: str) -> Expression | None:
    if not text:
        return None
    try:
        who = parse(text)
        who.check(targets.states())
        clauses(who)
    except UserError as fault:
        raise UserError(f"{file}: who: {fault}") from None
    return who


def _act(given: Any, key: str, file: str) -> Act:
    if not isinstance(given, dict):
        raise UserError(f"{file}: {key}: must be a mapping.")
    kinds = [kind for kind in ACTS if kind in given]
    if len(kinds) != 1:
        raise UserError(f"{file}: {key}: must name exactly one of {', '.join(ACTS)}.")
    kind = kinds[0]
    values = {k: v for k, v in given.items() if k != kind}
    for other in values:
        if other not in ACTS[kind]:
            raise UserError(f"{file}: {key}.{other}: " + nearest(other, ACTS[kind], "key here"))
    known: dict[str, tuple[Collection[str], str]] = {
        "rate": (targets.processes(), "process"), "prevalence": (targets.states(), "state"),
        "capacity": (NAMES, "budget line"), "slots": (("elective",), "kind of slot"),
        "shift": (targets.SHIFTS, "state to shift"), "bed_days": (("home",), "place to move bed days to"),
        "discharge": (("wait",), "part of discharge"), "digital": (("contacts",), "thing to make digital"),
        "adoption": (("staff",), "thing to adopt"),
    }  # fmt: skip
    if kind == "pathway":
        known[kind] = targets.steps(), "kind of need"
    if kind in known and given[kind] not in known[kind][0]:
        raise UserError(f"{file}: {key}.{kind}: " + nearest(given[kind], *known[kind]))
    for other in sorted(ACTS[kind] - set(values)) if kind in _NEEDS_ALL else ():
        raise UserError(f"{file}: {key}.{other}: is missing.")
    for side in ("into", "out_of"):
        if side in values and values[side] not in targets.processes():
            raise UserError(f"{file}: {key}.{side}: " + nearest(values[side], targets.processes(), "process"))
    if kind == "pathway" and values["step"] not in targets.steps()[given[kind]]:
        raise UserError(f"{file}: {key}.step: " + nearest(values["step"], targets.steps()[given[kind]], "step"))
    if "what" in values and values["what"] not in ASPECTS:
        raise UserError(f"{file}: {key}.what: " + nearest(values["what"], ASPECTS, "aspect of a step"))
    if kind == "rate" and len(values) != 1:
        raise UserError(f"{file}: {key}: a rate needs either ratio or add_probability.")
    if "add_probability" in values and str(given[kind]).startswith(NOT_EVENTS):
        raise UserError(f"{file}: {key}.add_probability: {given[kind]} is a count, not an event; give it a ratio.")
    return Act(kind, given[kind], values)
