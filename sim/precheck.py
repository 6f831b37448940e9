"""Everything that can be found wrong before long work starts: scenarios, place, money, and the folder of results.

Nothing here simulates, and nothing is left behind. The faults of a kind are listed together; a later kind is looked at
only when the earlier ones are right.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim import disk, files, own
from sim.clock import MONTHS_A_YEAR
from sim.compose import Plan
from sim.errors import UserError

if TYPE_CHECKING:
    from sim.places import Place
    from sim.policy.scenario import Scenario


def check(plan: Plan) -> list[str]:
    """Raise `UserError` (or, for the folder of results, `EnvironmentFault`) when a plan cannot be run to its end.

    Returns what should be said although it is not wrong.
    """
    with own.using(plan.own):
        scenarios = check_files(plan)
        place = check_place(plan)
        notes = check_policy(plan, scenarios, place)
    disk.check_writable(Path(plan.settings.results).expanduser())
    return notes


def check_files(plan: Plan) -> list[Scenario]:
    """All that a plan reads of the user's own files, and its scenarios. Raises `UserError` naming file and key."""
    with own.using(plan.own):
        check_conditions()
        check_pathways()
        return check_scenarios(plan)


def check_conditions() -> None:
    """The user's own conditions and evidence in force. Raises `UserError` naming file and key."""
    if not (own.files("conditions", "*.yaml") or own.files("evidence", "**/*.csv")):
        return
    from sim.evidence import load
    from sim.evidence.stratified import read
    from sim.life import condition_checks, conditions

    mine = [file.stem for file in own.files("conditions", "*.yaml")]
    tables = {name: table.rows for name, table in load().tables.items()}
    added = {file.stem: read(file).rows for file in own.files("evidence/tables", "*.csv")}
    _refuse(condition_checks.of_evidence(conditions.shipped(), tables, mine, added))


def check_pathways() -> None:
    """The user's own pathways in force, with the evidence they name. Raises `UserError` naming file and key."""
    mine = own.files("pathways", "*.yaml")
    if not mine:
        return
    from sim.care import pathways
    from sim.evidence import load

    central = load().draw(0)
    wrong = []
    for file in mine:
        try:
            pathways.Pathways.of(central, [pathways.read(file)])
        except UserError as fault:
            wrong.append(str(fault))
    _refuse(wrong)


def check_scenarios(plan: Plan) -> list[Scenario]:
    """The scenarios of a plan. Raises `UserError` with file, line and key, or the word that was typed."""
    from sim.policy.scenario import scenario_from_mapping
    from sim.studies import lens

    folders = [Path(folder) for folder in plan.own]
    found, wrong = [], []
    for name, given in plan.scenarios.items():
        try:
            found.append(scenario_from_mapping(lens.split(given)[0], f"{name}.yaml", folders))
        except UserError as fault:
            wrong.append(files.with_line(str(fault), name, folders, plan.typed))
    _refuse(wrong)
    return found


def check_place(plan: Plan) -> Place:
    """The place of a plan, whole and with somebody in it. Raises `UserError`."""
    from sim import places

    place = places.load(plan.settings.place)
    people = place.counts.sum() * plan.settings.scale
    if people < 1:
        raise UserError(
            f"Nobody lives in {place.label} at scale={plan.settings.scale:g}; it has {place.counts.sum():,} residents: "
            "choose a larger scale."
        )
    return place


def check_policy(plan: Plan, scenarios: list[Scenario], place: Place) -> list[str]:
    """Whether the levers' dates and payers are possible in every month. Raises `UserError`; returns notes."""
    from sim.evidence import load
    from sim.policy import checks
    from sim.policy.budget import Budget

    run = plan.settings.for_model()
    months = range(run.policy_start, run.policy_start + MONTHS_A_YEAR * run.years)
    people = int(place.counts.sum())
    drawn = [load().draw(draw).judged(run.judged) for draw in sorted({draw for draw, _ in plan.settings.layout()})]
    budgets: list[Budget] = []
    for evidence in drawn:
        budget = Budget.from_evidence(evidence, people)
        budgets += [budget] if budget not in budgets else []
    folders = [Path(folder) for folder in plan.own]
    wrong, notes = [], []
    for scenario in scenarios:
        said = checks.of_scenario(scenario, months, budgets, drawn[0], float(place.activity_share_simulated))
        said = said or checks.pilots(scenario, len(place.lsoas))
        late = checks.too_late(scenario, months)
        typed = [it for it in late if files.typed_about(it.partition(": ")[0], scenario.name, plan.typed)]
        sentences = [f"{scenario.name}.yaml: {it}" for it in said + typed]
        wrong += [files.with_line(it, scenario.name, folders, plan.typed) for it in sentences]
        late = [it for it in late if it not in typed] + checks.undecided(scenario, months)
        notes += [f"Note: {scenario.name}: {it}" for it in late]
    _refuse(wrong)
    return notes


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise UserError("\n".join(wrong))
