"""What can be said against a scenario before anything runs agrees with what the commissioner would find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.clock import iso, month_of
from sim.evidence import load
from sim.policy import checks
from sim.policy.budget import NAMES, Budget, nhs_total, share
from sim.policy.levers import load as lever
from sim.policy.scenario import Scenario, Use

pytestmark = pytest.mark.unit

MONTHS = range(month_of("2026-04"), month_of("2046-04"))
NUMBERS = load().draw(0)
BUDGET = Budget.from_evidence(NUMBERS, 500_000)


def scenario(*uses: Use) -> Scenario:
    return Scenario("mine", "Mine", "A test.", uses)


def use(name: str = "link_workers", amount: float = 1.0, payer: str = "health_creation", **more: object) -> Use:
    return replace(Use(lever(name), amount, ((payer, None),)), **more)  # type: ignore[arg-type]


def said(*uses: Use) -> list[str]:
    return checks.of_scenario(scenario(*uses), MONTHS, [BUDGET], NUMBERS)


def test_months_of_the_budget_are_those_of_the_commissioner() -> None:
    lines = checks.lines_of(BUDGET, MONTHS)
    for at in (0, 1, 119, 239):
        month = BUDGET.month_pence(MONTHS[at])
        assert lines[at] == pytest.approx([month[name] for name in NAMES], abs=1)


def test_payers_pay_what_the_commissioner_makes_them_pay() -> None:
    before = checks.lines_of(BUDGET, MONTHS)
    wanted = np.full(len(MONTHS), 1e7)
    for payers in (
        (("acute_emergency", None), ("outpatient", None), ("community", None)),
        (("health_creation", 25.0), ("new", 75.0)),
        (("new", None),),
    ):
        parts = checks.parts_of(replace(use(), payers=payers), wanted, before)
        paid = share(10_000_000, payers, BUDGET.month_pence(MONTHS[0]))
        assert {name: part[0] for name, part in parts.items()} == pytest.approx(paid, abs=1)


def test_the_limit_is_what_the_line_has() -> None:
    month = BUDGET.month_pence(MONTHS[0])
    whole = 100 * month["health_creation"] / nhs_total(month)
    one_year = range(MONTHS[0], MONTHS[0] + 1)
    assert checks.overdrawn(scenario(use(amount=0.999 * whole)), one_year, BUDGET, NUMBERS) == []
    (sentence,) = checks.overdrawn(scenario(use(amount=1.001 * whole)), one_year, BUDGET, NUMBERS)
    assert sentence.startswith("levers.link_workers.from: asks health_creation for £")
    assert "in 2026-04" in sentence


def test_a_rise_is_refused_for_the_month_in_which_it_comes_too_high() -> None:
    month = BUDGET.month_pence(MONTHS[0])
    whole = 100 * month["health_creation"] / nhs_total(month)
    (sentence,) = said(use(amount=1.5 * whole, years=3, first_share=0.1))
    assert "in 2028-04" in sentence


def test_levers_together_may_not_take_more_than_a_line_has() -> None:
    month = BUDGET.month_pence(MONTHS[0])
    most = 100 * month["health_creation"] / nhs_total(month)
    assert said(use(amount=0.3 * most), use("stop_smoking", 0.3 * most)) == []
    (sentence,) = said(use(amount=0.6 * most), use("stop_smoking", 0.6 * most))
    assert sentence.startswith("levers: link_workers and stop_smoking together ask health_creation for £")


@pytest.mark.parametrize(("more", "sentence"), [
    ({"start": MONTHS[0] - 1}, "levers.link_workers.start: 2026-03 is before the policy starts"),
    ({"stop": MONTHS[0]}, "levers.link_workers.stop: 2026-04 is not after the start of the policy"),
])  # fmt: skip
def test_dates(more: dict[str, int], sentence: str) -> None:
    (found,) = said(use(amount=0.1, **more))
    assert found.startswith(sentence)
    assert said(use(amount=0.1, start=MONTHS[0], stop=MONTHS[0] + 1)) == []


def test_a_plan_paid_from_a_line_is_counted_while_it_is_built() -> None:
    plan = use("new_hospital", 1.0, "health_creation", start=month_of("2042-04"))
    (sentence,) = said(plan)
    assert sentence.startswith("levers.new_hospital.from: asks health_creation for £")
    begin = month_of("2042-04") - round(NUMBERS["levers.new_hospital.capital_months"])
    assert f"in {iso(begin)}" in sentence


def test_declared_money_is_not_spent_twice() -> None:
    first = use("new_hospital", 1.0, "new")
    second = replace(first, lever=replace(first.lever, name="second_hospital"))
    (sentence,) = said(first, second)
    assert sentence == (
        "levers.second_hospital: money spent twice: new_hospital spends levers.new_hospital.capital already."
    )


def test_lines_without_a_service_cannot_pay() -> None:
    (sentence,) = said(use(amount=0.1, payer="buildings"))
    assert sentence.startswith("levers.link_workers.from: buildings cannot pay")


def test_too_late() -> None:
    late = scenario(use(amount=0.1, start=MONTHS[-1] + 1))
    assert checks.too_late(late, MONTHS) == [
        "levers.link_workers.start: 2046-04 is after the last month of the run, 2046-03."
    ]
    assert checks.too_late(scenario(use(start=MONTHS[-1])), MONTHS) == []


def test_every_shipped_scenario_is_in_order_under_every_draw() -> None:
    from sim import paths

    budgets = [Budget.from_evidence(load().draw(draw), 500_000) for draw in range(1, 33)]
    for name in paths.names("scenario"):
        assert checks.of_scenario(Scenario.load(name), MONTHS, budgets, NUMBERS) == [], name
