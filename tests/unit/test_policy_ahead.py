"""Factors of levers carried ahead to the middle of the year for which chances are kept."""

from __future__ import annotations

import numpy as np
import pytest

from sim.life.life_kernels import REVIEW_MONTHS
from sim.policy.ahead import MOST, Ahead

pytestmark = pytest.mark.unit

NO_LEAST = np.zeros(1, np.float32)


def felt(course: list[float]) -> list[float]:
    """Mean factor that residents feel each month when a twelfth of them is reviewed a month."""
    ahead, kept, means = Ahead(NO_LEAST), np.ones(REVIEW_MONTHS), []
    for month, factor in enumerate(course):
        kept[month % REVIEW_MONTHS] = ahead.carry(np.full((1, 1), factor, np.float32))[0, 0]
        means.append(float(kept.mean()))
    return means


def test_without_levers_nothing_is_carried() -> None:
    ahead, ones = Ahead(NO_LEAST), np.ones((3, 2), np.float32)
    for _ in range(30):
        assert ahead.carry(ones) is ones
    assert ahead.snapshot() == []


def test_what_comes_in_over_years_is_felt_when_it_is_there() -> None:
    years = 20
    course = [0.5 ** (month / (years * 12)) for month in range(years * 12)]
    late = np.array(felt(course)) / course
    assert abs(late[3 * REVIEW_MONTHS :] - 1).max() < 0.003, "uncarried it would be felt 1.6 % short"


def test_what_stays_is_felt_as_it_is() -> None:
    means = felt([0.8] * 40)
    assert means[-1] == pytest.approx(0.8, rel=1e-6)
    assert means[12 + 11] == pytest.approx(0.8, rel=0.11)


def test_a_jump_is_carried_by_no_more_than_its_bound() -> None:
    assert Ahead(NO_LEAST).carry(np.full((1, 1), 1e-6, np.float32))[0, 0] == pytest.approx(1e-6 / MOST)


def test_a_branch_goes_on_as_the_whole_does() -> None:
    whole, branch = Ahead(NO_LEAST), Ahead(NO_LEAST)
    for month in range(20):
        factors = np.full((2, 2), 1 + month / 50, np.float32)
        if month == 9:
            branch.restore(whole.snapshot())
        carried = whole.carry(factors)
        if month >= 9:
            np.testing.assert_array_equal(branch.carry(factors), carried)


def test_no_factor_is_carried_beyond_its_least() -> None:
    ahead = Ahead(np.array([0.5, 0.0], np.float32))
    carried = ahead.carry(np.array([[0.55, 0.55]], np.float32))
    assert carried[0, 0] == np.float32(0.5)
    assert carried[0, 1] < 0.5


def test_what_is_nought_stays_nought() -> None:
    ahead = Ahead(NO_LEAST)
    for _ in range(2 * REVIEW_MONTHS):
        assert ahead.carry(np.zeros((1, 1), np.float32))[0, 0] == 0
