"""A cold or crowded home harms by the published routes, by no other, and not at all when judged effects are off."""

from __future__ import annotations

import numpy as np
import pytest

from sim.evidence import Evidence
from sim.life import circumstances, frailty, review
from sim.system import CareSystem
from tests.model.conftest import Build

pytestmark = pytest.mark.model

HARMED = {
    "death", "onset_chd", "onset_stroke", "onset_asthma", "onset_copd", "onset_depression", "exacerbation", "emergency",
    "ed", "injury", "gp_acute", "gp_child", "worsen_frailty", "worsen_frailty_further",
}  # fmt: skip
OWN = {"leave_cold_home", "enter_cold_home"}


@pytest.fixture(scope="module")
def opened(build: Build) -> CareSystem:
    return build()


def rates_with(m: CareSystem, rows: np.ndarray, cold: bool) -> np.ndarray:
    r, mask = m.residents.columns, m.states.mask("cold_home")
    held = r["state"][rows].copy()
    r["state"][rows] = held | mask if cold else held & ~mask
    found = review.rates(m, rows).astype(float)
    r["state"][rows] = held
    return found


def test_cold_homes_harm_by_their_routes_and_no_other(opened: CareSystem) -> None:
    m = opened
    rows = m.residents.rows[:1500]
    cold, warm = rates_with(m, rows, True), rates_with(m, rows, False)
    for name, column in m.rates.index.items():
        some = warm[:, column] > 0
        if name in HARMED:
            ratio = (cold[some, column] / warm[some, column]).max()
            assert 1.02 < ratio < 1.2, name
            assert (cold[:, column] >= warm[:, column] * (1 - 1e-6)).all(), name
        elif name not in OWN:
            assert np.array_equal(cold[:, column], warm[:, column]), name


def test_judged_off_a_cold_home_does_nothing(evidence: Evidence) -> None:
    off = evidence.judged(False)
    for name in HARMED:
        outcome = name.removeprefix("onset_")
        assert circumstances.ratios(off, outcome).get("cold_home", 1.0) == 1.0, name
    assert frailty.factors(off)["cold_home"] == 1.0


def test_the_share_of_deaths_is_that_of_fuel_poverty(evidence: Evidence) -> None:
    """What no cold homes would prevent lies between nought and WHO's 30 % of excess winter deaths (1.35 % of all)."""
    share = circumstances.of_deciles(evidence, "cold_home").mean()
    excess = share * (circumstances.ratios(evidence, "death")["cold_home"] - 1)
    assert 0.003 < excess / (1 + excess) < 0.0135
