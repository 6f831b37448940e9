"""Pilot, measure, scale: the estimator is right on average, its error is honest, and decisions can be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import UserError
from sim.policy import pilot
from sim.policy.evaluation import Estimate, asked, counted, estimate, nearest_neighbours
from sim.policy.trial import MEASURING, SCALED, STOPPED, TRYING
from tests.unit.policy_town import AREAS, Town

pytestmark = pytest.mark.unit

DESIGN: dict[str, Any] = {
    "units": 3, "chosen": "by_need", "before": 3, "months": 6, "extend": 3, "leading": "lonely",
    "lagging": "emergency", "sample": 100, "comparators": 2, "worthwhile": 0.0, "scale_above": 0.8, "stop_below": 0.2,
    "from": "new",
}  # fmt: skip


def town(tmp_path: Path, levers: dict[str, Any] | None = None, **changed: Any) -> Town:
    """A town whose link workers are piloted."""
    import yaml

    from sim.policy.scenario import scenario_from_mapping

    (tmp_path / "rollout").mkdir(exist_ok=True)
    text = yaml.safe_dump({"label": "T", "spread": "by_need", "pilot": {**DESIGN, **changed}})
    (tmp_path / "rollout" / "mine.yaml").write_text(text, "utf-8")
    use = levers or {"link_workers": {"amount": 0.1, "from": "acute", "rollout": "mine"}}
    return Town(scenario_from_mapping({"label": "A", "description": "B", "levers": use}, "a.yaml", [tmp_path]))


def lonely(one: Town, share: float, areas: np.ndarray) -> None:
    """Make that share of the residents of some neighbourhoods lonely, nobody else's state changed."""
    r, size = one.residents.columns, one.residents.size
    here = np.isin(r["lsoa"][:size], areas)
    mask = one.states.mask("lonely")
    rows = np.flatnonzero(here)
    r["state"][rows] = r["state"][rows] & ~mask
    r["state"][rows[: round(share * len(rows))]] |= mask


def phases(one: Town, months: int) -> list[str]:
    found = []
    for _ in range(months):
        one.go(1)
        found.append(one.commissioner.programmes["link_workers"].trial.phase)
    return found


def test_the_timetable_and_where_money_goes(tmp_path: Path) -> None:
    one = town(tmp_path, stop_below=0.0, scale_above=1.0)
    assert phases(one, 3) == [MEASURING] * 3
    programme = one.commissioner.programmes["link_workers"]
    assert programme.trial.pilots.tolist() == [0, 1, 2]
    assert programme.stock.sum() == 0
    assert phases(one, 6) == [TRYING] * 6
    assert (programme.stock[:3] > 0).all()
    assert (programme.stock[3:] == 0).all()
    column = one.rates.index["recover_lonely"]
    assert (one.area_factor[:3, column] > 1).all()
    assert (one.area_factor[3:, column] == 1).all()
    assert phases(one, 1) == [TRYING]  # nothing is certain enough for these rules: it goes on once
    assert phases(one, 3)[-1] in (SCALED, STOPPED)
    assert one.commissioner.decisions[0]["decision"] == "extend"
    assert len(one.commissioner.decisions) == 2


def test_who_pays_for_the_pilot_is_who_the_file_says(tmp_path: Path) -> None:
    one = town(tmp_path)
    one.go(13)
    book = one.commissioner.spend(one.month - 13, 13)
    trial = one.commissioner.programmes["link_workers"].trial
    asked_in = len(np.union1d(trial.pilots, trial.matched.ravel()))
    wave = asked_in * DESIGN["sample"] * one.evidence["rollout.cost_per_response"]
    assert book["new.link_workers"][0] == pytest.approx(wave, abs=0.01)
    assert book["lever.link_workers"][1] == 0
    assert book["new.link_workers"][:9].sum() == pytest.approx(book["lever.link_workers"][:9].sum(), abs=0.01)
    assert "from.outpatient.link_workers" not in book or book["from.outpatient.link_workers"][:9].sum() == 0


@pytest.mark.parametrize(("share", "decision"), [(0.0, "scale"), (0.5, "stop")])
def test_a_plain_effect_is_found_and_decided_on(tmp_path: Path, share: float, decision: str) -> None:
    one = town(tmp_path, worthwhile=0.02)
    one.go(9)
    lonely(one, share, np.arange(3))
    one.go(1)
    (made,) = one.commissioner.decisions
    assert made["decision"] == decision
    assert made["areas"] == [0, 1, 2]
    assert np.sign(made["estimate"]) == np.sign(made["asking_everybody"]) == (1 if decision == "scale" else -1)
    column = one.rates.index["recover_lonely"]
    one.go(30)
    everywhere = one.area_factor[:, column]
    assert (everywhere > 1).all() if decision == "scale" else (everywhere[3:] == 1).all()
    spent = one.commissioner.spend(one.month - 1, 1)["lever.link_workers"][0]
    assert (spent > 0) == (decision == "scale")


def test_noise_alone_can_decide_wrongly_either_way() -> None:
    """With no effect at all and d* = 0, a rule at 0.8 scales in a fifth of pilots, whatever their size."""
    rng = np.random.default_rng(3)
    pilots, matched = np.arange(12), np.arange(12, 48).reshape(12, 3)
    chances = []
    for _ in range(400):
        truth, spread = np.full(48, 0.07), np.full(48, 0.25)
        waves = [asked(truth, spread, 200, rng.standard_normal(48)) for _ in range(3)]
        found = estimate(*(wave[0] for wave in waves), pilots, matched, waves[0][1], 2.0)
        chances.append(found.chance_above(0.0))
    scaled = np.mean(np.array(chances) > 0.8)
    assert scaled == pytest.approx(0.2, abs=0.08)
    assert np.mean(np.array(chances) < 0.2) == pytest.approx(0.2, abs=0.08)


def test_the_estimate_is_unbiased_and_its_error_is_honest() -> None:
    rng = np.random.default_rng(4)
    pilots, matched = np.arange(12), np.arange(12, 48).reshape(12, 3)
    effects, errors = [], []
    for _ in range(400):
        level = rng.uniform(0.03, 0.15, 48)
        spread = np.full(48, 0.25)
        after = level + np.where(np.arange(48) < 12, -0.02, 0.0) + 0.01  # everybody gets worse, the pilots less
        series = [-asked(one, spread, 300, rng.standard_normal(48))[0] for one in (level, level, after)]
        found = estimate(*series, pilots, matched, spread**2 / 300, 2.0)
        effects.append(found.effect)
        errors.append(found.error)
    assert np.mean(effects) == pytest.approx(0.02, abs=4 * np.std(effects) / 20)
    assert np.mean(errors) == pytest.approx(np.std(effects), rel=0.25)


def test_an_earlier_trend_is_taken_off_when_it_is_more_than_noise() -> None:
    rng = np.random.default_rng(5)
    pilots, matched = np.arange(12), np.arange(12, 48).reshape(12, 3)
    slope = np.where(np.arange(48) < 12, rng.uniform(0.0, 0.2, 48), 0.0)
    waves = [np.full(48, 0.3) + slope * time for time in (0, 1, 3)]
    found = estimate(*waves, pilots, matched, np.full(48, 1e-8), 2.0)
    assert found.trend_share > 0.99
    assert found.effect == pytest.approx(0.0, abs=1e-3)


def test_neighbours_are_the_nearest_others() -> None:
    place = np.array([[0.0], [10.0], [1.0], [2.0], [9.0], [30.0]])
    assert nearest_neighbours(place, np.array([0, 1]), 2).tolist() == [[2, 3], [4, 3]]
    with pytest.raises(ValueError, match="4 neighbourhoods are left"):
        nearest_neighbours(place, np.array([0, 1]), 5)


def test_registers_vary_with_their_overdispersion() -> None:
    normal = np.random.default_rng(6).standard_normal(4_000)
    rate, variance = counted(np.full(4_000, 100.0), np.full(4_000, 1_000.0), 1.7, normal, 1_000.0)
    assert rate.std() == pytest.approx(np.sqrt(170), rel=0.05)
    assert variance[0] == pytest.approx(170)


def test_certainty_and_ignorance() -> None:
    assert Estimate(0.1, 0.0, 0.0).chance_above(0.05) == 1
    assert Estimate(0.0, 1.0, 0.0).chance_above(0.0) == 0.5


def test_a_pilot_changes_no_other_draw_and_branches(tmp_path: Path) -> None:
    one = town(tmp_path).go(5)
    kept = one.commissioner.snapshot()
    month = one.month
    first = one.go(8).area_factor.copy()
    one.month = month
    one.commissioner.restore(kept)
    assert np.array_equal(one.go(8).area_factor, first)


def test_a_pilot_larger_than_the_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"wants 9 neighbourhoods and 2 others .* the place has 10"):
        town(tmp_path, units=AREAS - 1).go(1)


def test_it_is_refused_before_anything_runs(tmp_path: Path) -> None:
    from sim.policy import checks

    found = town(tmp_path, units=5).commissioner.adopted
    assert checks.pilots(found, AREAS) == checks.undecided(found, range(69, 189)) == []
    (large,) = checks.pilots(found, 6)
    assert "levers.link_workers.rollout (mine.yaml, pilot.units): 5 neighbourhoods" in large
    (late,) = checks.undecided(found, range(69, 75))
    assert "the pilot is not decided before 2026-09" in late


def test_a_service_cannot_be_piloted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a\.yaml: levers\.more_gps\.rollout: .* cannot be piloted"):
        town(tmp_path, {"more_gps": {"amount": 1, "from": "new", "rollout": "mine"}})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"units": 0}, r"pilot\.units: must be a whole number, or a share"),
        ({"units": 2.5}, r"pilot\.units: must be a whole number, or a share"),
        ({"sample": 0}, r"pilot\.sample: must be a whole number of at least 1"),
        ({"months": 2.5}, r"pilot\.months: must be a whole number"),
        ({"leading": "lonly"}, r"pilot\.leading: .* did you mean lonely"),
        ({"chosen": "by_luck"}, r"pilot\.chosen"),
        ({"scale_above": 1.2}, r"pilot\.scale_above: must be from 0 to 1"),
        ({"scale_above": 0.1}, r"pilot\.stop_below: must not be above"),
        ({"worthwhile": -1}, r"pilot\.worthwhile: must not be negative"),
        ({"sample": "all"}, r"pilot\.sample: is not a number"),
        ({"unit": 3}, r"pilot\.unit: .* did you mean units"),
        ({"from": "acut"}, r"pilot\.from: .* did you mean acute"),
    ],
)
def test_mistakes_in_a_pilot(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as fault:
        pilot.rollout_from_mapping("mine", {"label": "T", "pilot": {**DESIGN, **changed}}, "mine.yaml")
    assert str(fault.value).startswith("mine.yaml: ")


def test_mistakes_round_a_pilot() -> None:
    given = {key: value for key, value in DESIGN.items() if key != "units"}
    with pytest.raises(UserError, match=r"mine\.yaml: pilot\.units: is missing"):
        pilot.rollout_from_mapping("mine", {"pilot": given}, "mine.yaml")
    with pytest.raises(UserError, match="spread"):
        pilot.rollout_from_mapping("mine", {"spread": "by_needs"}, "mine.yaml")
    with pytest.raises(UserError, match="did you mean by_need"):
        pilot.load("by_needs")
    assert pilot.load("learn").pilot is not None
