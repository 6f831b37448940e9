"""Pilots in the report: decisions of all runs, their estimates, and how often they were right."""

from __future__ import annotations

import numpy as np
import pytest

from sim.outcomes.results import Results
from sim.policy.verdict import error_shares, verdicts
from sim.report.numbers import Numbers
from sim.report.pilots import pilots
from tests.unit.report_samples import record

pytestmark = pytest.mark.unit


def test_a_table_of_what_was_decided_and_how_often_rightly() -> None:
    runs = []
    for draw in range(3):
        baseline, moved = record("baseline", draw, 1), record("learn", draw, 1, {"lonely": 0.0})
        year, lonely = 3, moved.measures.by_area.index("lonely")
        moved.yearly_area[:] = baseline.yearly_area
        adults = baseline.yearly_area[year, moved.measures.by_area.index("adults")]
        moved.yearly_area[year, lonely, :2] -= 0.02 * adults[:2]  # true in the two pilots: two points fewer
        decision = "scale" if draw else "stop"
        moved.meta["decisions"] = [
            {"lever": "link_workers", "month": "2028-04", "decision": decision, "leading": "lonely", "estimate": 0.03,
             "error": 0.01, "chance": 0.9, "worthwhile": 0.01, "areas": [0, 1]}
        ]  # fmt: skip
        runs += [baseline, moved]
        (found,) = verdicts(moved, baseline)
        assert found.truth == pytest.approx(0.02, rel=1e-4)
        assert found.right == (decision == "scale")
    (table,) = pilots(Numbers.of(Results(runs)))
    assert table.rows == [["Learn: link workers", "2", "1", "0.030", "0.010", "0.020", "2 of 3"]]
    assert error_shares(verdicts(runs[1], runs[0])) == {
        "rightly scaled": 0.0, "wrongly scaled": 0.0, "rightly stopped": 0.0, "wrongly stopped": 1.0,
    }  # fmt: skip


def test_what_is_not_measured_has_no_truth_and_no_pilots_no_table() -> None:
    baseline, moved = record("baseline", 0, 1), record("learn", 0, 1, {"lonely": 0.0})
    assert pilots(Numbers.of(Results([baseline, moved]))) == []
    moved.meta["decisions"] = [
        {"lever": "a", "month": "2028-06", "decision": "scale", "leading": "frail_mild", "estimate": 0.0, "error": 0.0,
         "chance": 1.0, "worthwhile": 0.0, "areas": [0]}
    ]  # fmt: skip
    (found,) = verdicts(moved, baseline)
    assert np.isnan(found.truth)
    assert found.right is None
