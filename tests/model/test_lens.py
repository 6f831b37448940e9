"""Holding everybody at the best of a kind of determinant: it holds, it changes nothing else, and its parts add up."""

from __future__ import annotations

import numpy as np
import pytest

from sim import compose
from sim.outcomes.results import Results
from sim.settings import RunSettings
from sim.studies import lens
from sim.studies.best import WAYS_IN, Hold
from sim.studies.determinants import shipped
from sim.system import CareSystem, run_history, run_scenario
from tests.unit.outcomes_samples import record

pytestmark = pytest.mark.model

START = 46  # months from July 2020: policy may start


@pytest.fixture(scope="module")
def history() -> CareSystem:
    return run_history(RunSettings("toy", scale=0.5, years=1, policy_start=START), 0, 1)


def branch(history: CareSystem) -> CareSystem:
    return CareSystem(history.place, history.evidence, scale=history.scale, seed=history.seed, months=START + 12,
                      resume=history.history())  # fmt: skip


def alive(m: CareSystem) -> np.ndarray:
    r, size = m.residents.columns, m.residents.size
    return np.flatnonzero(r["unique_id"][:size] != 0)


def test_nobody_is_left_below_the_best_and_newcomers_are_put_right(history: CareSystem) -> None:
    m = branch(history)
    before = int(m.states.has(m.residents.columns["state"][alive(m)], "smoker").sum())
    assert before > 50
    hold = Hold(m, tuple(shipped().kinds))
    for _ in range(4):
        hold()
        m.step()
    hold()
    r, rows = m.residents.columns, alive(m)
    for kind in shipped().kinds.values():
        for state in kind.best.nobody:
            assert not m.states.has(r["state"][rows], state).any(), state
    assert (r["decile"][rows] == 10).all()
    assert (r["unmet"][rows] == 0).all()
    smoking = [k for k, (name, _) in enumerate(m.epidemiology.exposures.names) if name == "smoking"]
    assert not r["lagged"][rows][:, smoking].any()
    assert history.wellbeing.of_waiting.any(), "the evidence's own tables are left alone"


def test_every_state_that_nobody_may_have_can_be_kept_out() -> None:
    held = {state for kind in shipped().kinds.values() for state in kind.best.nobody}
    assert held - {"ex_smoker"} == set(WAYS_IN), "ex-smokers come from smokers; every other state has its way in"


def test_a_run_held_at_nothing_is_the_run_itself_and_better_exposures_give_more_health(history: CareSystem) -> None:
    from sim.policy.scenario import NO_POLICY

    plain, again = (run_scenario(history, NO_POLICY, 1, best=best) for best in ((), ()))
    np.testing.assert_array_equal(plain.monthly, again.monthly)
    social = run_scenario(history, NO_POLICY, 1, best=("social",))
    np.testing.assert_array_equal(social.monthly[:START], plain.monthly[:START])
    year = plain.complete_years.index(2024)
    assert social.years("lonely")[year] == 0 < plain.years("lonely")[year]
    assert social.years("life_satisfaction")[year] > plain.years("life_satisfaction")[year]
    assert social.years("qalys")[year] > plain.years("qalys")[year]


def test_shares_of_the_loss_add_up_and_stand_beside_the_literature() -> None:
    given = compose.plan("attribute", ["place=toy", "lens=true", "runs=2"])
    planned, looked = lens.plan(given)
    assert len(planned.scenarios) == 16
    assert all("lens" in one for name, one in planned.scenarios.items() if name != looked.base)
    gains = {"clinical": 1.0, "behaviours": 2.0, "social": 4.0, "environment": 0.5}

    def health(chosen: frozenset[str]) -> float:
        return sum(gains[kind] for kind in chosen) - (0.5 if {"social", "behaviours"} <= chosen else 0.0)

    records = []
    for chosen, name in looked.name_of.items():
        for seed in (1, 2):
            one = record(name, 0, seed, years=2, weight=1.0)
            bands = np.full((one.population_bands.shape), 1000.0)
            one.population_bands, one.death_bands = bands, bands * 0.0125  # everybody lives 80 years
            one.healthy_bands = bands * (62 + health(chosen)) / 80
            one.utility_bands = bands * (70 + health(chosen)) / 80
            one.kept = [*(one.kept or []), "healthy"]
            records.append(one)
    results = Results(records)
    found = {(one.measure, one.what): one for one in lens.shares(results, looked)}
    ideal = lens.ideal_years(0)
    for measure, base in (("healthy_life_expectancy", 62.0), ("quality_adjusted_life_expectancy", 70.0)):
        level = results.values(measure, looked.base)[0, -1]
        assert level == pytest.approx(base, rel=0.01)
        together = found[measure, "together"].part
        assert together == pytest.approx(100 * 7.0 * level / base / (ideal - level), rel=1e-6)
        assert sum(found[measure, kind].part for kind in gains) == pytest.approx(together)
        assert found[measure, "social"].part < found[measure, "social"].alone
        assert found[measure, "interaction"].part < 0
    weights = [found["healthy_life_expectancy", kind].literature for kind in gains]
    assert weights == [20, 30, 40, 10]
    said = lens.render(results, looked)
    assert "Interaction" in said
    assert max(map(len, said.splitlines())) <= 100
