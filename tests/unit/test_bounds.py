"""Scenarios are set beside what was published, and beside what the model itself makes of the same experiment."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import UserError
from sim.evidence import load
from sim.outcomes import bounds
from sim.outcomes.bounds import Own
from sim.outcomes.summary import Interval
from sim.report import sections
from sim.report.numbers import Numbers
from sim.validation import bounding
from tests.unit import report_samples

pytestmark = pytest.mark.unit


def test_the_shipped_experiments_are_those_that_can_be_made_anew() -> None:
    shipped = bounds.own()
    assert set(shipped) == {bounding.RISKS, bounding.CARE}
    for one in shipped.values():
        measure, years, _, _ = bounds.BOUNDS[one.bound]
        assert (one.measure, one.years) == (measure, years)
        assert one.change.runs >= 5
        assert one.made.startswith("headwater ")
    risks, care = shipped[bounding.RISKS].change, shipped[bounding.CARE].change
    published = load().draw(0)[bounding.RISKS]
    assert published < risks.low < risks.high < 0, "fewer risks make people healthier, no more than was published"
    assert care.low < 0 < care.high, "integrated care shows no fall of admissions in two years, as none was found"


def test_a_report_sets_a_scenario_beside_the_models_own_experiment() -> None:
    numbers = Numbers(report_samples.results({"reform": report_samples.GAIN}))
    (table,) = sections.beside(numbers)
    said = {row[0].split(" (")[0]: row for row in table.rows}
    own = bounds.own()[bounding.CARE]
    row = said["Residents' emergency admissions, all trusts"]
    assert f"tried in this model (North Mid Hampshire, 1 resident in {1 / own.scale:g}): " in row[1]
    assert bounds.figure(own.change) in row[1]
    assert len(row) == 3
    assert row[2]
    assert "tried in this model" in " ".join(bounds.render(numbers.results)).replace("\n   ", "")
    assert not any("tried" in row[1] for name, row in said.items() if "Life expectancy" in name)


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "bounds.csv"
    one = Own(bounding.RISKS, "multimorbidity", "pp", 20, Interval(-0.2, -0.3, -0.1, 8), "toy", 0.5, "headwater, today")
    bounds.save([one], file)
    assert bounds.own(file) == {bounding.RISKS: one}
    assert bounds.own(tmp_path / "none.csv") == {}
    file.write_text("bound,mean\nx,much\n")
    with pytest.raises(UserError, match="no table of bounding experiments"):
        bounds.own(file)
