"""Small made-up results for the tests of the report: levels, effects and noise are chosen, nothing is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim import clock
from sim.outcomes.measures import AGE_GROUPS, Measures
from sim.outcomes.record import RunRecord
from sim.outcomes.results import Results

FIRST, START = clock.month_of("2024-04"), clock.month_of("2026-04")
CONDITIONS = {"type2_diabetes": "type 2 diabetes", "chd": "coronary heart disease"}
# Level a month in the first month, and growth a year.
LEVELS: dict[str, tuple[float, float]] = {
    "residents": (550_000, 0.007), "adults": (440_000, 0.008), "births": (430, 0.0), "deaths": (420, 0.012),
    "arrivals": (2000, 0.0), "departures": (1700, 0.0), "gp_need": (290_000, 0.012),
    "gp_appointments": (265_000, 0.008), "gp_waiting": (40_000, 0.03), "gp_given_up": (9_000, 0.03),
    "gp_to_ed": (900, 0.03), "unmet_need": (26_000, 0.02), "ed_attendances": (12_600, 0.012),
    "ed_over_4h": (4_100, 0.02), "emergency_admissions": (4_900, 0.014), "bed_days": (23_000, 0.015),
    "beds_open": (811, 0.0), "beds_occupied": (764, 0.003), "elective_referrals": (10_900, 0.01),
    "elective_completed": (9_700, 0.008), "elective_removed": (1_100, 0.01), "waiting_list": (55_000, 0.02),
    "waiting_over_18w": (23_000, 0.025), "waiting_over_52w": (2_300, 0.04),
    "residents_ed_attendances": (16_000, 0.012), "residents_emergency_admissions": (5_400, 0.014),
    "smokers": (47_000, -0.03), "obese": (118_000, 0.006), "inactive": (105_000, 0.003), "lonely": (31_000, 0.005),
    "multimorbid": (92_000, 0.016), "life_satisfaction_sum": (440_000 * 7.6, 0.0079), "qalys": (39_000, 0.006),
    "type2_diabetes": (35_000, 0.017), "chd": (18_000, 0.012), "type2_diabetes_new": (190, 0.01), "chd_new": (95, 0.01),
}  # fmt: skip
Effects = Mapping[str, float]
"""Measure → relative change reached at the end; ``measure@1`` overrides it in a local fifth (1 = most deprived)."""


def record(
    scenario: str, draw: int, seed: int, effects: Effects | None = None, *, years: int = 6, areas: int = 20,
    noise: float = 0.004, label: str | None = None, place: str = "nowhere", codes: Sequence[str] | None = None,
) -> RunRecord:  # fmt: skip
    """A record with exact levels and effects; noise is shared by the scenarios of a pair, save for a part of it."""
    effects = effects or {}
    measures = Measures(CONDITIONS)
    months = START - FIRST + 12 * years
    shared, own = np.random.default_rng([draw, seed]), np.random.default_rng([draw, seed, sum(scenario.encode())])
    strength = 1 + 0.3 * np.random.default_rng([draw]).standard_normal()
    time = np.arange(months)
    on = np.clip((time - (START - FIRST)) / (months - (START - FIRST)), 0, 1)
    monthly = np.zeros((months, len(measures.recorded), 6))
    weight = np.array([1.15, 1.07, 1.0, 0.93, 0.85]) / 5
    for k, name in enumerate(measures.recorded):
        level, growth = LEVELS.get(name, (0.0, 0.0))
        wobble = 1 + noise * shared.standard_normal() + noise * 0.2 * (own.standard_normal() if effects else 0.0) * on
        people = name in ("residents", "adults", "life_satisfaction_sum", "qalys")
        for fifth in range(5):
            effect = effects.get(f"{name}@{fifth + 1}", effects.get(name, 0.0)) * strength
            share = 0.2 if people else weight[fifth]
            monthly[:, k, fifth + 1] = level * share * (1 + growth) ** (time / 12) * (1 + effect * on) * wobble
        monthly[:, k, 0] = monthly[:, k, 1:].sum(axis=1)
    n_years = clock.fin_year(FIRST + months - 1) - clock.fin_year(FIRST) + 1
    fifth_of = np.arange(areas) * 5 // areas
    local = 1 + 0.1 * np.random.default_rng(3).standard_normal(areas)
    yearly = {
        name: (monthly[:, k].reshape(n_years, 12, 6).sum(axis=1) if measures[name].kind == "flow"
               else monthly[11::12, k])
        for k, name in enumerate(measures.recorded)
    }  # fmt: skip
    by_area = np.zeros((n_years, len(measures.by_area), areas), np.float32)
    for j, name in enumerate(measures.by_area):
        here = np.ones(areas) if name in ("residents", "adults") else local
        part = here / np.bincount(fifth_of, here, minlength=5)[fifth_of]
        jitter = 1 + 0.01 * own.standard_normal((n_years, areas)) * (name not in ("residents", "adults")) * bool(
            effects
        )
        by_area[:, j] = yearly[name][:, 1:][:, fifth_of] * part * jitter
    ages = np.array([0.2, 0.25, 0.33, 0.11, 0.08, 0.03])
    cells = by_area[:, [measures.by_area.index(name) for name in measures.by_cell]][..., None] * ages
    bands = np.full((n_years, 6, 2, 19), 1000.0)
    return RunRecord(
        scenario=scenario, draw=draw, seed=seed, place=place, place_label="Nowhere", scale=0.1, first_month=FIRST,
        conditions=CONDITIONS, monthly=monthly,
        yearly_age=np.zeros((n_years, len(measures.recorded), len(AGE_GROUPS))), yearly_area=by_area,
        yearly_cell=cells.astype(np.float32), population_bands=bands, death_bands=bands * 0.01,
        area_code=np.array(codes if codes is not None else [f"X{k:03d}" for k in range(areas)]),
        area_rank=np.arange(1, areas + 1), area_fifth=fifth_of + 1,
        spend=_spend(scenario, time, on, effects), lever_spend=_levers(scenario, on, effects),
        meta={"policy_start": START, "label": label or scenario.replace("_", " ").capitalize(), "judged": True},
        kept=sorted(LEVELS),
    )  # fmt: skip


def _spend(scenario: str, time: Any, on: Any, effects: Effects) -> dict[str, Any]:
    moved = 2e6 * (on > 0) * bool(effects)
    sign = -1 if scenario == "empty_the_bath" else 1
    lines = {"acute_emergency": 20e6, "acute_elective": 12e6, "general_practice": 8e6, "health_creation": 1e6}
    share = {"acute_emergency": -0.6 * sign, "acute_elective": -0.4 * sign, "health_creation": 1.0 * sign}
    return {line: amount * 1.01 ** (time / 12) + moved * share.get(line, 0.0) for line, amount in lines.items()}


def _levers(scenario: str, on: Any, effects: Effects) -> dict[str, Any]:
    return {"community_building": 2e6 * (on > 0)} if effects else {}


GAIN: Effects = {
    "emergency_admissions": -0.02, "residents_emergency_admissions": -0.02, "residents_emergency_admissions@1": -0.05,
    "lonely": -0.08, "lonely@1": -0.14, "smokers": -0.05, "multimorbid": -0.006, "unmet_need": -0.04,
    "life_satisfaction_sum": 0.004, "deaths": -0.004, "bed_days": -0.02, "type2_diabetes_new": -0.02,
    "waiting_list": 0.05,
}  # fmt: skip
HARM: Effects = {
    "emergency_admissions": 0.03, "residents_emergency_admissions": 0.03, "waiting_list": -0.2, "unmet_need": 0.12,
    "life_satisfaction_sum": -0.003, "deaths": 0.01, "lonely": 0.02, "multimorbid": 0.004, "bed_days": 0.02,
    "waiting_over_52w": -0.6,
}  # fmt: skip
NULL: Effects = {}


def results(effects: Mapping[str, Effects] | None = None, draws: int = 4, seeds: int = 2, **more: Any) -> Results:
    """Baseline and some scenarios (by default one that helps, one that harms, one that does nothing)."""
    scenarios: dict[str, Effects] = {"baseline": {}}
    scenarios |= (
        effects if effects is not None else {"health_creation": GAIN, "empty_the_bath": HARM, "new_hospital": NULL}
    )
    pairs = [(d, s) for d in range(1, draws + 1) for s in range(1, seeds + 1)]
    return Results([record(name, d, s, e, **more) for name, e in scenarios.items() for d, s in pairs])
