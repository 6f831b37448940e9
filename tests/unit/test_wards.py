"""Wards of emergencies: the compiled loop against a plain twin in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from sim import draws
from sim.care import ward_kernels

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
