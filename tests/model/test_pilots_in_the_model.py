"""Pilots in the whole model: nothing differs before one begins, and the record tells decision, estimate and truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from sim.policy.scenario import Scenario, scenario_from_mapping
from sim.policy.verdict import error_shares, verdicts
from sim.settings import RunSettings
from sim.system import CareSystem, run_history, run_scenario

pytestmark = pytest.mark.model
START = 57  # an April: decisions after whole years can be judged by March's census
PILOT = {
    "units": 2, "before": 6, "months": 18, "extend": 0, "leading": "lonely", "lagging": "emergency", "sample": 400,
    "comparators": 2, "worthwhile": 0.0, "scale_above": 0.6, "stop_below": 0.6, "from": "new",
}  # fmt: skip


@pytest.fixture(scope="module")
def history() -> CareSystem:
    return run_history(RunSettings(place="toy", scale=0.4, start=0, policy_start=START), draw=0, seed=1)


def test_a_pilot_is_decided_recorded_and_judged(history: CareSystem, tmp_path: Path) -> None:
    (tmp_path / "rollout").mkdir()
    text = yaml.safe_dump({"label": "T", "spread": "everywhere", "pilot": PILOT})
    (tmp_path / "rollout" / "mine.yaml").write_text(text, "utf-8")
    strong = {"levers.community_building.loneliness_change": -0.6, "levers.community_building.onset_months": 0.0,
              "levers.community_building.half_life_months": 2.0}  # fmt: skip
    history.evidence = history.evidence.replaced(strong)
    levers = {"community_building": {"amount": 2, "from": "acute", "rollout": "mine"}}
    given = {"label": "A", "description": "A test.", "levers": levers}
    moved = run_scenario(history, scenario_from_mapping(given, "a.yaml", [tmp_path]), 3)
    baseline = run_scenario(history, Scenario.load("baseline"), 3)
    begun = START + PILOT["before"]
    same = np.array_equal(moved.monthly[:begun], baseline.monthly[:begun], equal_nan=True)
    assert same
    assert not np.array_equal(moved.monthly, baseline.monthly, equal_nan=True)
    (found,) = verdicts(moved, baseline)
    assert (found.lever, found.month) == ("community_building", "2027-04")
    assert found.decision in ("scale", "stop")
    assert found.truth > 0
    assert found.error > 0
    assert found.right == (found.decision == "scale")
    assert sum(error_shares([found]).values()) == 1
    assert verdicts(baseline, baseline) == []
    assert error_shares([]) == {}
    assert moved.lever_spend["community_building"][START] > 0  # the first survey
    assert moved.lever_spend["community_building"][START + 1] == 0
