"""Every lever in the whole model: exaggerated, it moves its own target as declared, and is paid for."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from sim import paths
from sim.evidence import load
from sim.outcomes.record import RunRecord
from sim.policy import levers
from sim.policy.levers import PERCENT
from sim.policy.scenario import Scenario, scenario_from_mapping
from sim.settings import RunSettings
from sim.system import CareSystem, run_history, run_scenario

pytestmark = pytest.mark.model
START, YEARS = 57, 2

TARGETS = {
    "advice_guidance": ("elective_referrals", -1),
    "alcohol_advice": ("drinkers", -1),
    "bp_optimisation": ("undiagnosed_sum", -1),
    "community_building": ("lonely", -1),
    "continuity_scheme": ("continuity_sum", 1),
    "diabetes_prevention": ("type2_diabetes_new", -1),
    "digital_front_door": ("gp_capacity", 1),
    "digital_inclusion": ("offline", -1),
    "elective_recovery": ("waiting_list", -1),
    "family_hubs": ("contact_sum", 1),
    "faster_discharge": ("beds_occupied", -1),
    "gp_placements": ("elective_referrals", -1),
    "health_coaching": ("confidence_sum", 1),
    "hospital_at_home": ("beds_open", 1),
    "income_advice": ("low_income", -1),
    "integrated_team": ("managed_sum", 1),
    "link_workers": ("lonely", -1),
    "more_beds": ("beds_open", 1),
    "more_gps": ("gp_capacity", 1),
    "new_hospital": ("beds_open", 1),
    "paediatric_clinics": ("elective_referrals", -1),
    "physical_activity": ("inactive", -1),
    "remote_monitoring": ("managed_sum", 1),
    "stop_smoking": ("smokers", -1),
    "talking_therapies": ("depression", -1),
    "virtual_wards": ("beds_open", 1),
    "warm_homes": ("cold_home", -1),
    "weight_management": ("obese", -1),
}
ALONE = "staff_education"  # acts on other levers' staff, and on nothing else
STRONG = {
    "uptake": 0.95, "onset_months": 0.0, "ramp_months": 1.0, "adoption_months": 1.0, "dip": 0.001,
    "extra_loss": 0.8, "extra_active": 0.8, "extra_stop": 0.8, "extra_quit": 0.8, "extra_recovery": 0.8,
    "leave_cold": 0.95, "leave_low_income": 0.8, "get_online": 0.8, "onset_ratio": 0.05, "referral_ratio": 0.2,
    "diagnosis_ratio": 20.0, "confidence": 30.0, "contact": 0.6, "control": 0.5, "managed": 0.5, "continuity": 0.3,
    "gain": 0.5, "share": 0.5, "beds_freed": 1.0, "days": 20.0, "most": 0.8, "loneliness_change": -0.8,
    "recover_ratio": 4.0, "half_life_months": 6.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def history() -> CareSystem:
    """A shared history whose levers are all far stronger than anything believed."""
    found = run_history(RunSettings(place="toy", scale=0.6, start=0, policy_start=START), draw=0, seed=1)
    names = {name for one in paths.names("levers") for name in levers.load(one).parameters}
    strong = copy.copy(found)
    strong.evidence = found.evidence.replaced(
        {name: STRONG[name.split(".")[-1]] for name in names if name.split(".")[-1] in STRONG}
    )
    return strong


@pytest.fixture(scope="module")
def baseline(history: CareSystem) -> RunRecord:
    return run_scenario(history, Scenario.load("baseline"), YEARS)


def with_lever(history: CareSystem, name: str) -> RunRecord:
    plan = {"amount": 8, "from": "new"} if levers.load(name).unit == PERCENT else {"amount": 1, "start": "2025-07"}
    given = {"label": "A", "description": "A test.", "levers": {name: plan}}
    return run_scenario(history, scenario_from_mapping(given, "a.yaml"), YEARS)


def test_every_lever_has_a_target() -> None:
    assert set(TARGETS) | {ALONE} == set(paths.names("levers"))
    assert {name.split(".")[-1] for name in load()} >= set(STRONG)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_each_lever_moves_its_own_target(history: CareSystem, baseline: RunRecord, name: str) -> None:
    measure, direction = TARGETS[name]
    moved = with_lever(history, name)
    before, after = (run.months(measure)[START:] for run in (baseline, moved))
    change = after[6:].sum() - before[6:].sum()
    assert np.sign(change) == direction
    assert abs(change) > 0.002 * before[6:].sum()
    paid = moved.lever_spend[name]
    assert paid[:START].sum() == 0
    assert paid[START:].sum() > 0


def test_education_alone_changes_nothing_but_money(history: CareSystem, baseline: RunRecord) -> None:
    moved = with_lever(history, ALONE)
    assert np.array_equal(moved.monthly, baseline.monthly, equal_nan=True)
    assert moved.lever_spend[ALONE][START:].all()
