"""Numbers of care that are worked out from others."""

from __future__ import annotations

import pytest

from sim.care.parameters import GeneralPractice
from sim.evidence import load

pytestmark = pytest.mark.unit


def test_attendances_for_want_of_an_appointment_settle_at_their_bound() -> None:
    evidence = load().draw(0)
    need, ed = 240_000.0, 11_500.0
    free = GeneralPractice.read(evidence)
    assert free.steady_state(need)["ed"] > 2 * evidence["care.gp_ed_bound"] * ed
    bounded = GeneralPractice.read(evidence, need, ed)
    assert bounded.steady_state(need)["ed"] == pytest.approx(evidence["care.gp_ed_bound"] * ed, rel=1e-6)
    # what the bound does not touch stays as it is
    assert bounded.to_ed / bounded.unmet_to_ed == pytest.approx(free.to_ed / free.unmet_to_ed)
    assert bounded.unmet == free.unmet


def test_a_bound_that_is_not_reached_changes_nothing() -> None:
    evidence = load().draw(0)
    assert GeneralPractice.read(evidence, 240_000.0, 1e6) == GeneralPractice.read(evidence)
