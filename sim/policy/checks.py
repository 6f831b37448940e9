"""What can be said against a scenario before anything runs: its dates, who pays, and whether a line has the money.

Pure functions of the scenario, the budget of the place and the months of the run. Each answers with sentences that
begin with the key they are about (``levers.link_workers.from: …``); callers put the file before them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.clock import MONTHS_A_YEAR, iso
from sim.policy.budget import INERT, LINES, NAMES, NEW, PENCE, Budget
from sim.policy.levers import PERCENT
from sim.policy.scenario import Scenario, Use

Floats = NDArray[np.float64]
A_POUND = 100.0  # pence: what rounding may add up to
_NHS = [line.nhs for line in LINES]


def of_scenario(
    scenario: Scenario, months: range, budgets: Sequence[Budget], numbers: Mapping[str, float], of_trust: float = 1.0
) -> list[str]:
    """Everything that can be said against a scenario.

    months: of the policy, the first to the last; budgets: of the place, one for each evidence draw; numbers: the
    parameters (central values); of_trust: the place's share of the trust's activity.
    """
    wrong = [*dates(scenario, months), *payers(scenario), *counted_twice(scenario)]
    if not wrong:
        for budget in budgets:
            wrong += overdrawn(scenario, months, budget, numbers, of_trust)
            if wrong:
                break
    return wrong


def dates(scenario: Scenario, months: range) -> list[str]:
    """Levers that begin, or end, before the policy does."""
    wrong = []
    first = iso(months[0])
    for use in scenario.uses:
        if use.start is not None and use.start < months[0]:
            wrong.append(
                f"levers.{use.name}.start: {iso(use.start)} is before the policy starts (policy_start={first})."
            )
        elif use.stop is not None and use.stop <= months[0]:
            wrong.append(
                f"levers.{use.name}.stop: {iso(use.stop)} is not after the start of the policy (policy_start={first})."
            )
    return wrong


def too_late(scenario: Scenario, months: range) -> list[str]:
    """Levers that begin after the last month of the run."""
    return [
        f"levers.{use.name}.start: {iso(use.start)} is after the last month of the run, {iso(months[-1])}."
        for use in scenario.active
        if use.start is not None and use.start > months[-1]
    ]


def pilots(scenario: Scenario, areas: int) -> list[str]:
    """Pilots that want more neighbourhoods than the place has."""
    return [
        f"levers.{use.name}.rollout ({use.rollout.name}.yaml, pilot.units): {design.wanted(areas)} neighbourhoods and "
        f"{design.comparators} to compare each with are more than the {areas} of the place."
        for use in scenario.active
        if (design := use.rollout.pilot) is not None and design.wanted(areas) + design.comparators > areas
    ]


def undecided(scenario: Scenario, months: range) -> list[str]:
    """Pilots that cannot be decided before the run ends."""
    return [
        f"levers.{use.name}.rollout: the pilot is not decided before {iso(months[-1])}, when the run ends."
        for use in scenario.active
        if (design := use.rollout.pilot) is not None
        and use.first_month(months[0]) + design.before + design.months > months[-1]
    ]


def payers(scenario: Scenario) -> list[str]:
    """Lines that may not pay, for levers or for pilots."""
    return [
        f"levers.{use.name}.from: {line} cannot pay: no service of the model depends on it, "
        "so that its loss would look free."
        for use in scenario.active
        for line, _ in (*use.payers, *((use.rollout.pilot.payers or ()) if use.rollout.pilot else ()))
        if line in INERT
    ]


def counted_twice(scenario: Scenario) -> list[str]:
    """Two plans of one scenario that would spend the same declared sum."""
    seen: dict[str, str] = {}
    wrong = []
    for use in scenario.active:
        capital = use.lever.cost.get("capital")
        if capital is None:
            continue
        if capital in seen:
            wrong.append(f"levers.{use.name}: money spent twice: {seen[capital]} spends {capital} already.")
        seen.setdefault(capital, use.name)
    return wrong


def overdrawn(
    scenario: Scenario, months: range, budget: Budget, numbers: Mapping[str, float], of_trust: float = 1.0
) -> list[str]:
    """The first month in which a lever, or all together, ask a line for more than it has; empty when none does.

    What a lever wants is counted, also where fewer people could be reached than it could pay for.
    """
    before = lines_of(budget, months)
    total = before[:, _NHS].sum(axis=1)
    service = before.copy()
    asked: dict[str, list[str]] = {}
    for use in scenario.active:
        wanted = wanted_of(use, months, total, numbers, of_trust)
        for name, part in parts_of(use, wanted, before).items():
            if name == NEW:
                continue
            at = NAMES.index(name)
            short = np.flatnonzero(part > before[:, at] + A_POUND)
            if short.size:
                first = short[0]
                key = f"levers.{use.name}.from"
                return [_sentence(key, name, months[first], part[first], before[first, at])]
            service[:, at] -= part
            if part.any():
                asked.setdefault(name, []).append(use.name)
        for act in use.lever.of_kind("capacity"):
            if act.target in NAMES:
                service[:, NAMES.index(act.target)] += wanted
    for name, levers in asked.items():
        at = NAMES.index(name)
        short = np.flatnonzero(service[:, at] < -A_POUND)
        if short.size:
            month, has = months[short[0]], before[short[0], at]
            return [_sentence("levers", name, month, has - service[short[0], at], has, levers)]
    return []


def _sentence(key: str, line: str, month: int, asked: float, has: float, levers: Sequence[str] = ()) -> str:
    who = f"{', '.join(levers[:-1])} and {levers[-1]} together ask" if len(levers) > 1 else "asks"
    return (
        f"{key}: {who} {line} for £{asked / PENCE:,.0f} in {iso(month)}, which has £{has / PENCE:,.0f} a month; "
        "lower the amount or let other lines pay too."
    )


def lines_of(budget: Budget, months: range) -> Floats:
    """Pence of each line in each month before any policy, [months, lines]."""
    yearly = np.array([budget.pence[name] for name in NAMES], np.float64)
    growth = np.array([[budget.growth(name, month) for name in NAMES] for month in (months[0], months[-1])])
    span = max(len(months) - 1, 1)
    step = (growth[1] / growth[0]) ** (np.arange(len(months))[:, None] / span)
    return np.asarray(yearly * growth[0] * step / MONTHS_A_YEAR)


def wanted_of(use: Use, months: range, nhs: Floats, numbers: Mapping[str, float], of_trust: float) -> Floats:
    """Pence that a lever would spend in each month if nothing but its amount limited it."""
    first = months[0]
    if use.lever.unit == PERCENT:
        return np.array([use.amount_in(month, first) for month in months]) * nhs / 100
    numbers = {name: use.lever.value(numbers, name) for name in use.lever.parameters}
    cost, opening = use.lever.cost, use.first_month(first)
    built = max(round(_number(cost.get("capital_months"), numbers, 1.0)), 1)
    begin = max(first, opening - built)
    built = max(opening - begin, 1)
    capital = _number(cost.get("capital"), numbers, 0.0) * use.amount / built
    beds = sum(_number(act.target, numbers, 0.0) for act in use.lever.of_kind("beds")) * use.amount
    running = beds * _number(cost.get("running_per_bed_year"), numbers, 0.0) / MONTHS_A_YEAR
    last = months[-1] + 1 if use.stop is None else use.stop
    pounds = [
        capital * (begin <= month < begin + built and month < last) + running * (opening <= month < last)
        for month in months
    ]
    return np.array(pounds) * of_trust * PENCE


def _number(name: str | None, numbers: Mapping[str, float], default: float) -> float:
    return default if name is None else float(numbers[name])


def parts_of(use: Use, wanted: Floats, before: Floats) -> dict[str, Floats]:
    """What each payer would pay in each month."""
    names = [name for name, _ in use.payers]
    if any(part is not None for _, part in use.payers):
        whole = sum(part or 0.0 for _, part in use.payers)
        return {name: wanted * ((part or 0.0) / whole) for name, part in use.payers}
    columns = [before[:, NAMES.index(name)] if name in NAMES else np.ones(len(wanted)) for name in names]
    shares = np.column_stack(columns) / np.sum(columns, axis=0)[:, None]
    return {name: wanted * shares[:, i] for i, name in enumerate(names)}
