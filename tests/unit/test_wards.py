"""Wards of emergencies: the compiled loop against a plain twin in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from sim import draws
from sim.care import ward_kernels
from sim.care.hashes import Hashes
from sim.life import frailty

pytestmark = pytest.mark.unit

N, WARDS, CAUSES, SPECIAL, CHILDREN, BORN_AFTER = 3000, 5, 3, 1, 4, -200


def test_everybody_goes_to_the_ward_that_cause_conditions_age_and_draw_say() -> None:
    key = draws.make_keys(5, np.arange(1, N + 1))
    u = [draws.uniforms(key, 0, purpose) for purpose in range(1, 6)]
    rows = np.argsort(u[0])[: N // 2]
    cause = (u[1] * CAUSES).astype(np.int8)[: rows.size]
    born, state = (-u[2] * 1000).astype(np.int16), (u[3] * 8).astype(np.uint64)
    share = np.arange(1.0, CAUSES * WARDS + 1).reshape(CAUSES, WARDS)
    share /= share.sum(axis=1, keepdims=True)
    particular = np.array([True, False, True, False, True])
    conditions = np.array([1, 0, 6, 0, 0], np.uint64)
    ward, uniform = np.empty(rows.size, np.int64), u[4][: rows.size]
    ward_kernels.assign(
        rows, cause, uniform, share, (SPECIAL, particular, conditions), (BORN_AFTER, CHILDREN), (born, state), ward
    )
    weight = share[cause]
    for each in np.flatnonzero(particular):
        weight[:, each] *= (cause != SPECIAL) | ((state[rows] & conditions[each]) != 0)
    upto = np.cumsum(weight, axis=1)
    twin = (uniform[:, None] * upto[:, -1:] >= upto[:, :-1]).sum(axis=1)
    twin = np.where(born[rows] > BORN_AFTER, CHILDREN, twin)
    assert np.array_equal(ward, twin)
    assert set(ward.tolist()) == set(range(WARDS))
    assert (ward[(cause == SPECIAL) & (born[rows] <= BORN_AFTER)] != CHILDREN).all()


def test_admissions_stay_and_come_as_their_draws_say() -> None:
    key = draws.make_keys(5, np.arange(1, N + 1))
    u = [draws.uniforms(key, 0, purpose) for purpose in range(1, 6)]
    rows, month = np.argsort(u[0])[: N // 2], 11
    home, site = (u[1] * 3).astype(np.uint8), (u[2] * 2).astype(np.int8)
    born = (-u[3] * 1300).astype(np.int16)
    state = (u[4] * 3).astype(np.uint64) << np.uint64(frailty.SHIFT)
    days, n = np.arange(4.0 * 91).reshape(4, 91), len(rows)
    (here, elsewhere, nights), number = np.empty((3, n), np.int64), np.zeros(5, np.int64)
    overnight, stay, uniform = np.empty(n, np.bool_), np.empty(n), np.empty(n, np.float32)
    hashes = Hashes(100, 101, 103)
    ward_kernels.admit(
        rows, (home, key, state, born), (np.float32(0.3), np.float32(0.6)), days,
        (np.uint64(frailty.SHIFT), frailty.CATEGORY_OF), month, hashes.offset(month), hashes.shift,
        (here, elsewhere, overnight, nights, stay, uniform), number,
    )  # fmt: skip
    many, away, several, via_ed, via_ed_overnight = number.tolist()
    assert np.array_equal(here[:many], np.flatnonzero(home[rows] == 1))
    assert np.array_equal(elsewhere[:away], np.flatnonzero(home[rows] != 1))
    ours = rows[here[:many]]
    at_night = draws.uniforms(key[ours], month, 100) >= np.float32(0.3)
    by_ed = draws.uniforms(key[ours], month, 101) < np.float32(0.6)
    assert np.array_equal(overnight[:many], at_night)
    assert np.array_equal(nights[:several], np.flatnonzero(at_night))
    assert (via_ed, via_ed_overnight) == (by_ed.sum(), (by_ed & at_night).sum())
    assert np.array_equal(uniform[:many], draws.uniforms(key[ours], month, 103))
    age = np.clip((month - born[ours[at_night]].astype(int)) // 12, 0, 90)
    assert np.array_equal(stay[:several], days[frailty.category(state[ours[at_night]]), age])
    ward, by_ward, admitted = (uniform[:many] * WARDS).astype(np.int64), np.zeros(WARDS), np.zeros((WARDS, 2), np.int64)
    ward_kernels.count(ward, ours, site, nights[:several], stay[:several], by_ward, admitted)
    assert np.array_equal(by_ward, np.bincount(ward[at_night], stay[:several], WARDS))
    assert np.array_equal(admitted.ravel(), np.bincount(ward * 2 + site[ours], minlength=2 * WARDS))


@pytest.mark.parametrize("base", [np.array([1.0, 3.0]), np.zeros(2)])
def test_beds_are_divided_by_the_base_years_days_and_load_by_todays(base: np.ndarray) -> None:
    columns = tuple(np.zeros((3, 5)))
    wards, site, kind = np.array([1, 2, 4]), np.array([0, 0, 1]), np.array([0, 1, 1])
    ward_kernels.fill(
        wards, site, kind, np.array([0.75, 0.25]), (base, np.array([4.0, 6.0])), 100.0, 80.0, 90.0, columns
    )
    of_base = np.array([0.25, 0.75]) if base.any() else np.full(2, 0.5)
    beds, occupied, expected = columns
    part = np.array([0.75, 0.75, 0.25])
    assert beds[wards] == pytest.approx(100 * part * of_base[kind])
    assert occupied[wards] == pytest.approx(80 * part * np.array([0.4, 0.6, 0.6]))
    assert expected[wards] == pytest.approx(90 * part * np.array([0.4, 0.6, 0.6]))
    assert beds[[0, 3]].tolist() == [0, 0]
