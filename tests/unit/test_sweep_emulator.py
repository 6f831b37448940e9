"""The Gaussian process against functions that are known, against refitting without a row, and against pure noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.stats import qmc

from sim.errors import UserError
from sim.sweeps import emulator, resample

pytestmark = pytest.mark.unit


def ishigami(u: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * u - 1)
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def points(n: int, k: int) -> np.ndarray:
    return np.asarray(qmc.Sobol(k, scramble=False).random_base2(n.bit_length())[1 : n + 1])


def test_it_predicts_ishigami_where_it_has_not_been_and_knows_its_skill() -> None:
    made = emulator.fit(points(200, 3), ishigami(points(200, 3)))
    new = resample.uniforms(5, 1000, 3)
    truth = ishigami(new)
    mean, sd = made.predict(new)
    unseen = 1 - ((truth - mean) ** 2).mean() / truth.var()
    assert unseen > 0.95
    assert abs(unseen - made.q2) < 0.05  # five-fold with four fifths of the rows: a little worse
    assert made.explains
    inside = (np.abs(truth - mean) <= 2 * sd + 1e-9).mean()
    assert inside > 0.85  # two standard deviations should hold 95 %


def test_noise_is_refused_and_not_explained() -> None:
    x, y = resample.uniforms(1, 120, 4), resample.normals(2, 120)
    made = emulator.regress(x, y)
    assert made.q2 < 0.15
    assert not made.explains
    with pytest.raises(UserError, match=r"at least 0\.90 is needed"):
        emulator.fit(x, y)


def test_noise_of_half_the_variance_leaves_half_to_explain() -> None:
    x = resample.uniforms(3, 400, 3)
    signal = ishigami(x)
    made = emulator.regress(x, signal + signal.std() * resample.normals(4, 400))
    assert made.explains
    assert 0.25 < made.q2 < 0.5  # at most a half, less what 400 rows do not yet show
    assert np.corrcoef(made.fitted, signal)[0, 1] > 0.8 > np.sqrt(0.5)  # the outcome itself has √½


def test_of_many_factors_the_one_that_matters_is_found() -> None:
    x = resample.uniforms(6, 150, 40)
    made = emulator.regress(x, (x[:, 31] - 0.5) ** 2 + 0.01 * resample.normals(7, 150))
    assert 31 in made.surface.columns
    assert made.q2 > 0.8


def test_the_gradient_is_that_of_the_loss() -> None:
    x, z = points(30, 3), ishigami(points(30, 3))
    z = (z - z.mean()) / z.std()
    squares = ((x[:, None, :] - x[None, :, :]) ** 2).reshape(-1, 3)
    for theta in (np.log([0.5, 0.8, 2.0, 1.3, 0.1]), np.log([2.0, 0.3, 5.0, 0.5, 0.01])):
        error = check_grad(
            lambda t: emulator._loss(t, squares, z)[0], lambda t: emulator._loss(t, squares, z)[1], theta
        )
        assert error < 1e-3 * np.linalg.norm(emulator._loss(theta, squares, z)[1])


def test_a_value_missing_or_too_few_rows_or_a_flat_outcome_is_said() -> None:
    x = points(20, 2)
    with pytest.raises(UserError, match="no value"):
        emulator.regress(x, np.where(np.arange(20) == 3, np.nan, x[:, 0]))
    with pytest.raises(UserError, match="at least 10 rows"):
        emulator.regress(x[:5], x[:5, 0])
    with pytest.raises(UserError, match="same in every row"):
        emulator.regress(x, np.full(20, 3.0))
