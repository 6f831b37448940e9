"""More and less of the first compared scenario: which runs are made beside a comparison, and that they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import compose
from sim.outcomes.results import Results
from sim.studies import dose
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit
TOY = ("place=toy",)


def test_every_share_of_the_budget_is_multiplied_and_nothing_else() -> None:
    plan = compose.plan("compare", TOY, (), ["baseline", "health_creation"], runs=8)
    made = dose.variants(plan)
    assert list(made) == ["health_creation_at_50", "health_creation_at_200"]
    assert [dose.times_of(name) for name in made] == [0.5, 2.0]
    asked = plan.scenarios["health_creation"]["levers"]
    for name, given in made.items():
        assert given["label"] == "Health creation"
        for lever, use in given["levers"].items():
            assert use == {**asked[lever], "amount": asked[lever]["amount"] * dose.times_of(name)}
    assert dose.pairs(plan) == plan.settings.layout()[:2]


@pytest.mark.parametrize(
    ("scenarios", "settings"),
    [
        (["baseline", "health_creation"], {"runs": 4}),  # too few runs to claim anything
        (["baseline", "health_creation"], {"runs": 8, "explorer": False}),
        (["baseline", "new_hospital"], {"runs": 8}),  # its amount is a plan's
        (["baseline"], {"runs": 8}),
    ],
)
def test_nothing_is_run_beside_where_it_would_say_nothing(scenarios: list[str], settings: dict[str, object]) -> None:
    assert dose.variants(compose.plan("compare", TOY, (), scenarios, **settings)) == {}


def test_an_amount_that_no_line_can_pay_is_left_out() -> None:
    words = (*TOY, "levers.more_beds.amount=40", "levers.more_beds.from=out_of_hospital")
    found = dose.variants(compose.plan("compare", words, (), ["baseline", "empty_the_bath"], runs=8))
    assert "empty_the_bath_at_200" not in found


def test_they_are_kept_in_the_folder_of_the_run(tmp_path: Path) -> None:
    made = samples.results({"reform": samples.GAIN}, years=2)
    pairs = made.pairs[:2]
    made.explore([samples.record("reform_at_50", *pair, {"lonely": -0.01}, years=2) for pair in pairs])
    again = Results.load(made.save(tmp_path / "run"))
    assert again.explored is not None
    assert again.explored.scenarios == ("baseline", "reform_at_50")
    assert again.explored.pairs == pairs
    assert again.scenarios == made.scenarios, "what was run beside is no scenario of the comparison"
