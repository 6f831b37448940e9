"""More and less of the first scenario that is compared: the small sweep behind the report's explorer.

All its levers whose amounts are shares of the budget are taken at some multiples, under the first pairs of evidence
draw and seed of the comparison. Few runs show a shape, and how large things are; they do not say how sure it is.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.compose import Plan
from sim.errors import UserError
from sim.outcomes.summary import FEWEST_RUNS

MULTIPLES = (0.5, 2.0)
PAIRS = 2


def variants(plan: Plan) -> dict[str, dict[str, Any]]:
    """Whole configurations by name; none where it is not asked for, where there are too few runs to claim anything, or
    where no lever's amount is a share of the budget."""
    s = plan.settings
    if plan.command != "compare" or not s.explorer or s.runs < FEWEST_RUNS or len(plan.scenarios) < 2:
        return {}
    scenario = list(plan.scenarios)[1]
    made = {name_of(scenario, times): _times(plan, scenario, times) for times in MULTIPLES}
    return {name: given for name, given in made.items() if given and _possible(plan, name, given)}


def name_of(scenario: str, times: float) -> str:
    """``health_creation_at_50``: half of health creation."""
    return f"{scenario}_at_{100 * times:.0f}"


def pairs(plan: Plan) -> list[tuple[int, int]]:
    """The pairs of evidence draw and seed under which variants are run."""
    return plan.settings.layout()[:PAIRS]


def times_of(name: str) -> float:
    """What was multiplied by: the opposite of `name_of`."""
    return float(name.rpartition("_at_")[2]) / 100


def _times(plan: Plan, scenario: str, times: float) -> dict[str, Any]:
    from sim.policy.levers import PERCENT, load

    folders = tuple(Path(folder) for folder in plan.own)
    given = plan.scenarios[scenario]
    levers: dict[str, Any] = {}
    scaled = False
    for lever, use in (given.get("levers") or {}).items():
        amount = use.get("amount") if isinstance(use, dict) else use
        if amount is None or load(lever, folders).unit != PERCENT:
            levers[lever] = use
            continue
        scaled = True
        levers[lever] = {**use, "amount": amount * times} if isinstance(use, dict) else amount * times
    return {**given, "levers": levers} if scaled else {}


def _possible(plan: Plan, name: str, given: dict[str, Any]) -> bool:
    """Whether lines can pay for it in every month."""
    from sim import own, places
    from sim.precheck import check_policy, check_scenarios

    one = replace(plan, scenarios={name: given}, typed=())
    try:
        with own.using(plan.own):
            check_policy(one, check_scenarios(one), places.load(plan.settings.place))
    except UserError:
        return False
    return True
