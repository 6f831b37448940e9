"""Graduation of norms: taking the noise of a sample out of a table that is known to be smooth.

A norm is worked out cell by cell on a few hundred people, but what lies behind it changes evenly from one deprivation
decile to the next, and the shape over deciles changes evenly with age. Every sex and band keeps its own level; only the
shape over deciles is graduated: a cubic in the logarithm, whose coefficients follow age by Whittaker and Henderson's
method, as actuaries graduate life tables.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sim.life.grid import BANDS, DECILES, Array

DEGREE = 3
"""Of the curve over deciles; straight lines and parabolas leave a bias at the ends (docs/decisions/norms.md)."""
STIFFNESS = 10.0
"""Weight of the squared second differences over age bands against that of the squared distance from the sample."""
LEAST = 1e-12


def graduate(norm: Array, number: Array) -> Array:
    """A positive table (sex, band, decile) with its shape over deciles graduated.

    number: cases or deaths there are in each cell when divided by `norm`, ≥ 0; their sum over the deciles of a sex and
    band stays what it was.
    """
    raw = np.log(np.maximum(norm, LEAST))
    level = raw.mean(2, keepdims=True)
    shape = np.einsum("ab,sbk->sak", _over_ages(), (raw - level) @ _curves()) @ _curves().T
    found = np.exp(level + shape)
    wanted = number.sum(2, keepdims=True)
    now = (number * norm / found).sum(2, keepdims=True)
    return np.asarray(found * np.where(wanted > 0, now / np.maximum(wanted, LEAST), 1.0))


@cache
def _curves() -> Array:
    """Orthonormal curves over deciles that have mean nought (decile, degree)."""
    powers = np.vander(np.linspace(-1, 1, DECILES), DEGREE + 1, increasing=True)
    return np.asarray(np.linalg.qr(powers)[0][:, 1:])


@cache
def _over_ages() -> Array:
    """What makes a graduated column out of one over bands (band, band)."""
    bend = np.diff(np.eye(BANDS), 2, axis=0)
    return np.asarray(np.linalg.inv(np.eye(BANDS) + STIFFNESS * bend.T @ bend))
