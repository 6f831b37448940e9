"""Practices over the years: staff that leave under pressure, continuity that follows, and neither without a cause."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from sim.care.indices import FROZEN_FROM
from sim.clock import MONTHS_A_YEAR
from sim.policy.scenario import scenario_from_mapping
from sim.system import CareSystem
from tests.care_town import Town
from tests.model.test_care import branch

pytestmark = pytest.mark.model
PEOPLE = 20_000
IN_POST = ("gps_in_post", "nurses_in_post", "others_in_post")


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(PEOPLE).run(FROZEN_FROM)


def of(town: Town | CareSystem, name: str) -> np.ndarray:
    return np.asarray(town.practices.columns[name][: town.practices.size])


def test_staff_are_those_that_the_served_appointments_take(town: Town) -> None:
    served = town.care.ledger.mean("gp_served", FROZEN_FROM - 12, FROZEN_FROM - 1)
    work = town.care.workforce
    fte = np.array([of(town, name).sum() for name in ("gps", "nurses", "others")])
    # three standard errors of the year's appointments, and the season of the last month taken out
    allowed = 3 / sqrt(12 * served) + 0.01
    assert fte * work.productivity == pytest.approx(served * work.share, rel=allowed)
    assert of(town, "staff") == pytest.approx(sum(of(town, name) for name in ("gps", "nurses", "others")))


def test_nobody_is_lost_while_activity_is_observed(town: Town) -> None:
    assert all((of(town, name) == 1.0).all() for name in IN_POST)
    assert (of(town, "leavers") > 0).all()  # they leave and are replaced


def test_pressure_drives_staff_away_a_month_later_and_capacity_follows(town: Town) -> None:
    before, after = branch(town), branch(town)
    for each in (before, after):
        each.run(1)
    after.commissioner.levels["general_practice"] = 0.8
    for each in (before, after):
        each.run(1)
    assert of(after, "pressure").mean() > of(before, "pressure").mean() + 0.05
    here = [of(each, "capacity") / each.commissioner.level("general_practice") for each in (before, after)]
    assert here[1] == pytest.approx(here[0], rel=1e-9)  # this month's pressure acts on next month's staff
    for each in (before, after):
        each.run(36)
    for name in IN_POST:
        assert (of(after, name) < of(before, name)).all()
    assert (of(after, "turnover") > of(before, "turnover")).all()
    here = [of(each, "capacity") / each.commissioner.level("general_practice") for each in (before, after)]
    assert (here[1] < here[0]).all()


def test_a_branch_keeps_staff_and_pressure(town: Town) -> None:
    one, other = branch(town).run(5), branch(town).run(5)
    for name in (*IN_POST, "felt_pressure", "usual_pressure"):
        assert np.array_equal(of(one, name), of(other, name))


def continuity(m: CareSystem) -> np.ndarray:
    r, size = m.residents.columns, m.residents.size
    return np.asarray(r["continuity"][:size][r["unique_id"][:size] != 0] / 255)


def test_continuity_stays_at_its_practices_means_through_the_shared_history(history: CareSystem) -> None:
    r, size = history.residents.columns, history.residents.size
    alive = r["unique_id"][:size] != 0
    usual = history.care.continuity.mean(history.place.practices["list_size"].to_numpy())
    found = continuity(history)
    error = found.std() / sqrt(found.size)
    # it may fall with the pressure that has grown since the last observed year, never rise
    strain = (of(history, "felt_pressure") - of(history, "usual_pressure")).max() / 0.1
    fall = -history.care.continuity.by_pressure * max(strain, 0.0)
    must_be = usual[r["practice"][:size][alive]].mean()
    assert must_be - fall - 4 * error < found.mean() < must_be + 4 * error


def test_a_continuity_scheme_raises_continuity(history: CareSystem) -> None:
    def run(levers: Any, months: int) -> CareSystem:
        m = CareSystem(
            history.place, history.evidence, scale=history.scale, seed=history.seed, months=history.month + 60,
            resume=history.history(),
        )  # fmt: skip
        text = {"label": "A", "description": "A test.", "levers": levers}
        m.adopt(scenario_from_mapping(text, "a.yaml"), history.month)
        for _ in range(months):
            m.step()
        return m

    amount = {"amount": 2.0, "from": "new"}
    years = 2 * MONTHS_A_YEAR
    none, scheme = (continuity(run(levers, years)) for levers in ({}, {"continuity_scheme": amount}))
    assert scheme.mean() > none.mean() + 4 * none.std() / sqrt(none.size)
