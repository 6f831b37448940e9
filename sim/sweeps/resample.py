"""Chance for looking at results, by counter: the same every time, and nothing shared with the draws of the model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim import draws

Array = NDArray[Any]
SALT = 0x5265736D  # keeps these apart from every hash of the model
BITS = 53  # of a double's mantissa


def uniforms(seed: int, *shape: int) -> Array:
    """Uniform numbers strictly between 0 and 1, float64[shape]: a function of the seed and the position alone."""
    size = int(np.prod(shape))
    start = draws.scramble(np.array([seed], np.uint64) + np.uint64(SALT))[0]
    with np.errstate(over="ignore"):
        words = draws.scramble(draws.scramble(np.arange(size, dtype=np.uint64) + start))
    return np.asarray(((words >> np.uint64(64 - BITS)) + 0.5) / 2.0**BITS).reshape(shape)


def normals(seed: int, *shape: int) -> Array:
    """Standard normal numbers, float64[shape]."""
    return np.asarray(ndtri(uniforms(seed, *shape)))


def bootstrap(seed: int, n: int, times: int) -> NDArray[np.int64]:
    """Row numbers of `times` resamples of n rows with replacement: int64[times, n]."""
    return np.asarray((uniforms(seed, times, n) * n).astype(np.int64))


def order(seed: int, n: int) -> NDArray[np.int64]:
    """The numbers 0 … n − 1 in an order by chance: int64[n]."""
    return np.asarray(np.argsort(uniforms(seed, n), kind="stable"))
