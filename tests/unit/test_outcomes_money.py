"""The three ledgers, payback and cost per QALY, against sums by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import UserError
from sim.outcomes.ledgers import Ledgers, Values, icer, ledgers
from sim.outcomes.results import Results
from sim.outcomes.value import money_table, worth
from tests.unit.outcomes_samples import record

pytestmark = pytest.mark.unit
VALUES = Values.of_draw(0)
FLAT = dataclasses.replace(VALUES, discount_rate=0.0)


def book(cost: list[float], cash: list[float], capacity: float = 0.0, values: Values = FLAT) -> Ledgers:
    n = len(cost)
    zero = np.zeros(n)
    return Ledgers(
        *("s", 0, 0, values, np.array(cost, float), zero, np.array(cash, float), np.full(n, capacity), zero, zero)
    )


def test_payback_is_the_first_month_from_which_it_stays_repaid() -> None:
    assert book([10, 0, 0, 0], [0, 5, 5, 5]).payback_month() == 3
    assert book([10, 0, 10, 0, 0], [10, 5, 0, 5, 5]).payback_month() == 4  # repaid at first, then not, then again
    assert book([10, 10], [20, 0]).payback_month() == 1
    assert book([10, 0], [5, 4]).payback_month() is None
    assert book([0, 0], [5, 5]).payback_month() is None  # nothing was spent
    assert book([10, 0], [0, 0], capacity=5).payback_month() is None
    assert book([10, 0], [0, 0], capacity=5).payback_month(with_capacity=True) == 2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-50, 100)), min_size=1, max_size=60), st.floats(0, 0.1))
def test_payback_by_walking_through_the_months(flows: list[tuple[float, float]], rate: float) -> None:
    one = book(*map(list, zip(*flows, strict=True)), values=dataclasses.replace(VALUES, discount_rate=rate))
    found = one.payback_month()
    worth_now = [(back - cost) * (1 + rate) ** (-t / 12) for t, (cost, back) in enumerate(flows)]
    balance = [sum(worth_now[: k + 1]) for k in range(len(flows))]
    if not any(c for c, _ in flows):
        assert found is None
    elif found is None:
        assert balance[-1] < 1e-6
    else:
        assert all(x >= -1e-6 for x in balance[found - 1 :])
        assert found == 1 or balance[found - 2] < 1e-6


def test_no_cash_is_saved_while_the_hospital_is_full() -> None:
    base, run = record(), record("s", shift=0.02)
    full = ledgers(run, base, 69, dataclasses.replace(FLAT, safe_occupancy=0.1))
    roomy = ledgers(run, base, 69, dataclasses.replace(FLAT, safe_occupancy=0.999))
    np.testing.assert_allclose(full.capacity, roomy.capacity)
    practice = (base.months("gp_need") - run.months("gp_need"))[12:] * VALUES.gp_contact
    share = np.where(np.arange(24) < 12, 0.3, 0.3 + 0.4 * (np.arange(24) / 12 - 1) / 4)
    np.testing.assert_allclose(full.cash, practice * share * VALUES.closed_share)
    assert roomy.cash.sum() > full.cash.sum()


def test_the_ledgers_are_by_hand() -> None:
    base, run = record(), record("s", shift=0.1, lever_cost=50.0)
    one = ledgers(run, base, 69, FLAT)
    assert one.cost.tolist() == [50.0] * 24
    # residents' admissions at all trusts for each admission at this one (hospital figures: ÷ the share simulated)
    residents = base.months("residents_emergency_admissions")[0] / base.months("emergency_admissions")[0]
    beds = (base.months("bed_days") - run.months("bed_days"))[12:].sum() * residents
    ed = (base.months("residents_ed_attendances") - run.months("residents_ed_attendances"))[12:].sum()
    gp = (base.months("gp_need") - run.months("gp_need"))[12:].sum()
    by_hand = beds * VALUES.bed_day + ed * VALUES.ed_attendance + gp * VALUES.gp_contact
    assert one.total("capacity") == pytest.approx(by_hand)
    gained = (run.months("qalys") - base.months("qalys"))[12:].sum()
    assert one.social_value == pytest.approx(gained * VALUES.qaly)
    points = (run.months("life_satisfaction_sum") - base.months("life_satisfaction_sum"))[12:].sum() / 12
    assert one.wellbeing_value == pytest.approx(points * VALUES.wellby)


def test_care_that_is_cut_releases_nothing() -> None:
    """Where emergency bed-days are told apart, fewer planned stays and beds that are not there are no capacity."""
    base, run = record(), record("s")
    at = base.measures.recorded.index("emergency_bed_days")
    for one, needed, filled in ((base, 60.0, 100.0), (run, 60.0, 70.0)):
        one.kept = [*(one.kept or []), "emergency_bed_days"]
        one.monthly[:, at, 0] = needed
        one.monthly[12:, one.measures.recorded.index("bed_days"), 0] = filled
    assert ledgers(run, base, 69, FLAT).total("capacity") == 0
    run.monthly[12:, at, 0] = 50.0
    residents = base.months("residents_emergency_admissions")[0] / base.months("emergency_admissions")[0]
    assert ledgers(run, base, 69, FLAT).total("capacity") == pytest.approx(24 * 10 * residents * VALUES.bed_day)


def test_money_that_is_moved_is_seen_where_it_was_taken() -> None:
    base, run = record(), record("s", lever_cost=40.0)
    run.spend["general_practice"][12:] -= 40.0
    run.spend["voluntary"] = np.where(np.arange(36) >= 12, 40.0, 0.0)
    one = ledgers(run, base, 69, FLAT)
    assert one.total("taken") == pytest.approx(24 * 40)
    assert one.qalys_displaced == pytest.approx(24 * 40 / VALUES.nhs_cost_per_qaly)
    assert one.total("cash") == 0  # moving money saves none


def test_moved_money_counts_as_spent_and_beside_it_only_new_money_does() -> None:
    both = dataclasses.replace(
        book([100, 50], [10, 0]), taken=np.array([70.0, 50.0]), qalys=np.array([0.0, 0.002]),
        values=dataclasses.replace(FLAT, nhs_cost_per_qaly=10_000.0, worth_paying=25_000.0),
    )  # fmt: skip
    assert (both.net_cost, both.net_cost_of_new_money) == (140.0, 20.0)
    assert both.net_health_benefit == pytest.approx(0.002 - 0.014)
    assert both.net_health_benefit_of_new_money == pytest.approx(0.002 - 0.002)
    assert both.net_benefit == pytest.approx(50 - 140)
    assert both.net_benefit_of_new_money == pytest.approx(50 - 20)


def test_without_moved_money_both_sides_are_the_same() -> None:
    new = book([100, 50], [10, 0])
    assert new.net_benefit == new.net_benefit_of_new_money
    assert new.net_health_benefit == new.net_health_benefit_of_new_money


def test_discounting_counts_years_from_the_start_of_the_policy() -> None:
    one = book([0.0] * 12 + [100.0], [0.0] * 13, values=VALUES)
    assert one.total("cost") == pytest.approx(100 / 1.035)


def test_a_cost_per_qaly_is_a_ratio_of_means_and_is_not_given_without_meaning() -> None:
    zero = np.zeros(2)
    runs = [Ledgers("s", 0, k, FLAT, zero + 50, zero, zero, zero, zero + q, zero) for k, q in enumerate((0.01, 0.03))]
    assert icer(runs) == pytest.approx(50 / 0.02)
    harmful = [dataclasses.replace(one, qalys=-one.qalys) for one in runs]
    assert icer(harmful) is None


def test_runs_of_different_chance_are_not_set_against_each_other() -> None:
    with pytest.raises(UserError, match="same draw, seed"):
        ledgers(record("s", seed=1), record(seed=2), 69)
    with pytest.raises(UserError, match="outside"):
        ledgers(record("s"), record(), 400)


def test_worth_over_runs_and_its_table() -> None:
    grid = [(d, s) for d in (1, 2) for s in (1, 2)]
    r = Results(record(n, d, s, shift=x, lever_cost=c) for d, s in grid for n, x, c in (("b", 0, 0), ("s", 0.05, 30)))
    one = worth(r, "s")
    assert (one.runs, one.years, one.spends) == (4, 2, True)
    assert 0 <= len(one.payback) <= len(one.payback_with_capacity) <= 4
    table = money_table(r)
    assert set(table.scenario) == {"s"}
    assert table.set_index("item").loc["cost", "mean"] == pytest.approx(one.items["cost"].mean)


def test_judged_savings_can_be_switched_off() -> None:
    assert Values.of_draw(0, judged=False).closed_share == 0
    assert Values.of_draw(3) == Values.of_draw(3)
    assert Values.of_draw(3) != VALUES
