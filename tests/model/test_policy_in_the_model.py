"""Policy in the whole model: nothing without money or before its time; each lever moves its own target as declared."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from sim.clock import month_of
from sim.outcomes.record import RunRecord
from sim.policy.scenario import Scenario, scenario_from_mapping
from sim.settings import RunSettings
from sim.system import CareSystem, run_history, run_scenario

pytestmark = pytest.mark.model
START, YEARS = 48, 2  # after the last observed month: until then services are what they were


@pytest.fixture(scope="module")
def history() -> CareSystem:
    return run_history(RunSettings(place="toy", scale=0.4, start=0, policy_start=START), draw=0, seed=1)


def after(history: CareSystem, levers: dict[str, Any]) -> RunRecord:
    given = {"label": "A", "description": "A test.", "levers": levers}
    return run_scenario(history, scenario_from_mapping(given, "a.yaml"), YEARS)


@pytest.fixture(scope="module")
def baseline(history: CareSystem) -> RunRecord:
    return run_scenario(history, Scenario.load("baseline"), YEARS)


def same(one: RunRecord, other: RunRecord, months: slice = slice(None)) -> bool:
    return one.measures == other.measures and np.array_equal(
        one.monthly[months], other.monthly[months], equal_nan=True
    )  # fmt: skip


def test_null_levers_are_the_baseline_to_the_bit(history: CareSystem, baseline: RunRecord) -> None:
    names = ("community_building", "link_workers", "stop_smoking", "more_gps", "more_beds", "elective_recovery")
    null = after(history, {name: {"amount": 0, "from": "acute"} for name in names} | {"new_hospital": 0})
    assert same(null, baseline)
    assert np.array_equal(null.spend["acute_emergency"], baseline.spend["acute_emergency"])


def test_nothing_differs_before_a_lever_starts(history: CareSystem, baseline: RunRecord) -> None:
    late = after(history, {"more_gps": {"amount": 3, "from": "outpatient", "start": "2025-07"}})
    begins = START + 12
    assert same(late, baseline, slice(0, begins))
    assert not same(late, baseline)
    assert np.array_equal(late.spend["outpatient"][:begins], baseline.spend["outpatient"][:begins])


@pytest.mark.parametrize(
    ("lever", "measure", "direction"),
    [
        ("community_building", "lonely", -1),
        ("link_workers", "lonely", -1),
        ("more_gps", "gp_waiting", -1),
        ("more_beds", "beds_open", +1),
        ("elective_recovery", "waiting_list", -1),
        ("new_hospital", "beds_open", +1),
    ],
)
def test_each_lever_moves_its_own_target(
    history: CareSystem, baseline: RunRecord, lever: str, measure: str, direction: int
) -> None:
    amount = 1 if lever == "new_hospital" else 10
    moved = after(history, {lever: {"amount": amount, "from": "new"}})
    change = moved.months(measure)[-6:].sum() - baseline.months(measure)[-6:].sum()
    assert np.sign(change) == direction
    assert moved.lever_spend[lever].sum() > 0


def test_stop_smoking_moves_smokers(history: CareSystem) -> None:
    """With its own numbers it moves about one smoker in this small town; exaggerated, its target moves as declared."""
    strong = copy.copy(history)
    numbers = {"levers.stop_smoking.uptake": 0.9, "levers.stop_smoking.extra_quit": 0.5}
    strong.evidence = history.evidence.replaced(numbers)
    without = run_scenario(strong, Scenario.load("baseline"), YEARS)
    moved = after(strong, {"stop_smoking": {"amount": 10, "from": "new"}})
    fewer = without.months("smokers")[-1] - moved.months("smokers")[-1]
    assert fewer > 0.2 * without.months("smokers")[-1]
    assert moved.lever_spend["stop_smoking"].sum() > 0


@pytest.mark.parametrize("start", ["2024-07", "2025-01", "2025-07"])
def test_a_new_hospital_is_paid_for_whenever_it_opens(history: CareSystem, start: str) -> None:
    moved = after(history, {"new_hospital": {"amount": 1, "from": "new", "start": start}})
    capital = history.evidence["levers.new_hospital.capital"] * history.care.share
    assert moved.lever_spend["new_hospital"].sum() > capital
    assert moved.lever_spend["new_hospital"][: month_of(start) + 1].sum() >= capital * 0.999


def test_a_plan_that_stops_gives_and_costs_nothing(history: CareSystem, baseline: RunRecord) -> None:
    moved = after(history, {"new_hospital": {"amount": 1, "from": "new", "start": "2024-07", "stop": "2025-01"}})
    gone = month_of("2025-01") + 1
    assert np.array_equal(moved.months("beds_open")[gone:], baseline.months("beds_open")[gone:])
    assert moved.lever_spend["new_hospital"][gone:].sum() == 0


def test_every_pound_is_accounted_for_in_the_record(history: CareSystem, baseline: RunRecord) -> None:
    moved = after(history, {"link_workers": {"amount": 0.2, "from": "acute"}, "more_gps": {"amount": 1, "from": "new"}})
    total = sum(moved.spend.values()) - sum(baseline.spend.values())
    assert np.allclose(total, moved.lever_spend["more_gps"], atol=0.01)
    paid = baseline.spend["outpatient"] - moved.spend["outpatient"]
    assert 0 < paid.sum() < moved.lever_spend["link_workers"].sum()
