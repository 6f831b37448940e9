"""Money: the lines sum to what they should, and no penny is made or lost by moving it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.agents.neighbourhoods import Neighbourhood
from sim.agents.residents import Resident
from sim.clock import month_of
from sim.errors import UserError
from sim.evidence import load
from sim.policy.budget import ACUTE, LINES, NAMES, PENCE, Budget, divide, nhs_total, share
from sim.policy.rollout import fill, weights
from tests.unit.policy_town import Town, scenario

pytestmark = pytest.mark.unit
PEOPLE = 500_000
SERVICES = [name for name in NAMES if name not in ("specialised_other", "buildings")]


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_dividing_is_exact_and_fair(total: int, shares: list[int]) -> None:
    parts = divide(total, shares)
    assert sum(parts) == total
    whole = sum(shares)
    if whole:
        assert all(
            abs(int(part) - total * one / whole) <= 1 + 1e-6 * total for part, one in zip(parts, shares, strict=True)
        )


SHARE = st.floats(0, 100, allow_subnormal=False)  # relative tolerances mean nothing below 10⁻³⁰⁸ of a pound


@given(
    st.floats(0, 1e4, allow_subnormal=False),
    st.lists(st.tuples(SHARE, SHARE), min_size=1, max_size=20),
)
def test_filling_respects_limits_and_spends_what_can_be_spent(amount: float, pairs: list[tuple[float, float]]) -> None:
    shares, limit = np.array(pairs).T
    taken = fill(amount, shares, limit)
    assert (taken >= 0).all()
    assert (taken <= limit * (1 + 1e-12)).all()
    assert taken.sum() == pytest.approx(min(amount, limit[(shares > 0)].sum()), abs=1e-6)


def test_by_need_gives_a_resident_of_decile_1_ten_times_one_of_decile_10() -> None:
    people, decile = np.array([1500, 1500, 3000]), np.array([1, 10, 10])
    found = weights("by_need", people, decile)
    assert found.tolist() == [15_000, 1_500, 3_000]
    assert weights("everywhere", people, decile).tolist() == people.tolist()
    with pytest.raises(UserError, match="did you mean by_need"):
        weights("by_ned", people, decile)


def test_the_lines_sum_to_the_nhs_total_to_the_penny() -> None:
    evidence = load().draw(0)
    budget = Budget.from_evidence(evidence, PEOPLE)
    assert nhs_total(budget.pence) == round(evidence["money.nhs_total"] * PEOPLE * PENCE)
    heads = {name: pence / PENCE / PEOPLE for name, pence in budget.pence.items()}
    assert sum(heads[line] for line in ACUTE) == pytest.approx(1_073)
    assert heads["specialised_other"] == pytest.approx(210)
    assert list(budget.pence) == [line.name for line in LINES]


def test_every_evidence_draw_leaves_something_for_the_rest() -> None:
    for draw in range(200):
        assert Budget.from_evidence(load().draw(draw), PEOPLE).pence["specialised_other"] > 0


def test_named_lines_above_the_total_are_an_error() -> None:
    with pytest.raises(UserError, match="more than the NHS total"):
        Budget.from_evidence(load().draw(0).replaced({"money.nhs_total": 1_000.0}), PEOPLE)
    with pytest.raises(UserError, match="has none"):
        Budget.from_evidence(load().draw(0), 0)


def test_growth_begins_with_the_first_year_that_is_not_observed() -> None:
    budget = Budget.from_evidence(load().draw(0), PEOPLE)
    assert budget.growth("general_practice", month_of("2024-03")) == 1.0
    assert budget.growth("general_practice", month_of("2025-04")) == pytest.approx(1.007)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(0, 3), st.floats(0, 3), st.floats(0, 2), st.integers(1, 6), st.floats(0, 1),
    st.sets(st.sampled_from(["general_practice", "acute_emergency", "community", "mental_health"]), min_size=1),
)  # fmt: skip
def test_every_pound_leaves_a_named_line_or_is_new(
    building: float, recovery: float, doctors: float, years: int, first: float, payers: set[str]
) -> None:
    town = Town(
        scenario({
            "community_building": {"amount": building, "from": "acute", "years": years, "first_share": first},
            "elective_recovery": {"amount": recovery, "from": sorted(payers)},
            "more_gps": {"amount": doctors, "from": {"new": 25, "outpatient": 75}},
        })
    )  # fmt: skip
    for _ in range(15):
        town.go(1)
        month = town.commissioner.month
        before = town.commissioner.budget.month_pence(month)
        book = {key: round(values[0] * PENCE) for key, values in town.commissioner.spend(month, 1).items()}
        new = sum(value for key, value in book.items() if key.startswith("new."))
        assert sum(book[f"line.{name}"] for name in NAMES) == sum(before.values()) + new
        for lever in town.commissioner.programmes:
            paid = sum(value for key, value in book.items() if key.startswith("from.") and key.endswith(f".{lever}"))
            assert paid + book.get(f"new.{lever}", 0) == town.commissioner.paid[lever]


def test_payers_without_shares_pay_in_proportion_to_their_size() -> None:
    pence = {"outpatient": 3_000, "community": 1_000}
    assert share(400, [("outpatient", None), ("community", None)], pence) == {"outpatient": 300, "community": 100}
    assert share(401, [("outpatient", 50.0), ("new", 50.0)], pence) == {"outpatient": 201, "new": 200}
    with pytest.raises(UserError, match="asked to pay"):
        share(1_001, [("community", None)], pence)


def test_levers_that_together_take_too_much_are_refused() -> None:
    town = Town(
        scenario({"more_gps": {"amount": 6, "from": "community"}, "more_beds": {"amount": 6, "from": "community"}})
    )
    with pytest.raises(UserError, match="take more from community"):
        town.go(1)


def test_less_money_means_less_capacity_after_a_lag_and_more_means_less_than_proportionally_more() -> None:
    town = Town(scenario({"more_gps": {"amount": 1, "from": "outpatient"}})).go(1)
    first = town.commissioner.level("outpatient"), town.commissioner.level("general_practice")
    town.go(240)
    last = town.commissioner.level("outpatient"), town.commissioner.level("general_practice")
    cut, gain = 1 - 20.48 / 310, 1 + 20.48 / 180
    assert last[0] == pytest.approx(cut**0.8, rel=2e-3)
    assert last[1] == pytest.approx(gain**0.6, rel=5e-3)
    assert 1 - first[0] == pytest.approx((1 - cut**0.8) / 24, rel=0.01)
    assert town.commissioner.level("community") == 1.0
    assert town.commissioner.capacity("outpatient") == town.commissioner.level(
        "outpatient"
    ) * town.commissioner.budget.growth("outpatient", town.commissioner.month)


def test_elective_recovery_buys_pathways_at_its_unit_cost_times_the_elasticity() -> None:
    town = Town(scenario({"elective_recovery": {"amount": 1, "from": "community"}})).go(1)
    assert town.commissioner.extra_slots == 0.0  # before its onset
    town.go(30)
    pounds = town.commissioner.paid["elective_recovery"] / PENCE
    assert town.commissioner.extra_slots == pytest.approx(pounds * 0.7 / 0.9 / 1_030 * 0.6)
    assert town.commissioner.level("acute_elective") == 1.0


def test_a_new_hospital_is_paid_with_new_money_before_it_opens() -> None:
    town = Town(scenario({"new_hospital": {"amount": 0.5, "start": "2031-04"}}))
    months = 12 * 8
    town.go(months)
    start = town.month - months
    book = town.commissioner.spend(start, months)
    opening = month_of("2031-04") - start
    assert book["new.new_hospital"][:opening].sum() == pytest.approx(0.9e9)
    assert np.count_nonzero(book["new.new_hospital"][:opening]) == 54
    assert town.commissioner.extra_beds == pytest.approx(30)
    assert town.commissioner.extra_slots == pytest.approx(85)
    assert book["new.new_hospital"][-1] == pytest.approx(30 * 215_000 / 12 * 0.9)
    assert not any(key.startswith("from.") for key in book)
    assert all(town.commissioner.level(line) == 1.0 for line in NAMES)


def test_branching_repeats_to_the_bit() -> None:
    plan = scenario(
        {"link_workers": {"amount": 0.1, "from": "acute"}, "community_building": {"amount": 1, "from": "acute"}}
    )
    town = Town(plan).go(5)
    kept, month = town.commissioner.snapshot(), town.month
    tables = {kind: town.table_of(kind).copy_columns() for kind in (Resident, Neighbourhood)}
    first = town.go(7).area_factor.copy(), town.commissioner.level("outpatient")
    for kind, table in tables.items():
        town.table_of(kind).restore(table)
    town.month = month
    town.commissioner.restore(kept)
    again = town.go(7).area_factor, town.commissioner.level("outpatient")
    assert np.array_equal(first[0], again[0])
    assert first[1] == again[1]


def test_a_scenario_that_resumes_a_shared_history_starts_then() -> None:
    shared = Town().go(0)
    shared.month = 10
    shared.go(20)
    plan = scenario({"more_gps": {"amount": 1, "from": "new"}})
    late = Town()
    late.month = 100
    late.commissioner.restore(shared.commissioner.snapshot())
    late.commissioner.adopt(plan, 100)
    assert late.commissioner.spend(10, 20)["line.community"].all()
    late.go(1)
    assert late.commissioner.paid["more_gps"] > 0
