"""Distributions of parameters, fitted from a central value and an interval, and sampled by inverse.

An interval (low, high) is the central 95 % of a distribution, except for `uniform` and `triangular`, where it is the
whole range. What each kind reproduces exactly:

=============  =========================================================  ==================
distribution   reproduces                                                 the value is the
=============  =========================================================  ==================
fixed          the value                                                  value
normal         the value; width of the interval (it must be symmetric)    mean
lognormal      the value; ratio high / low                                median
beta           the value; width of the interval; stays within 0–1         mean
gamma          the value; width of the interval; stays above 0            mean
split_normal   the value, low and high (two half normals, one each side)  median
uniform        the range                                                  (any point)
triangular     the value and the range                                    mode
=============  =========================================================  ==================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist

from sim.errors import UserError

KINDS = ("fixed", "normal", "lognormal", "beta", "gamma", "uniform", "triangular", "split_normal")
_Z = NormalDist().inv_cdf(0.975)
_MASK = (1 << 64) - 1


def uniform(draw: int, name: str) -> float:
    """The uniform number in (0, 1) that belongs to evidence draw `draw` of the parameter `name`.

    A pure function of its two arguments, so that adding or removing a parameter changes no other parameter's draws.
    """
    z = (int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") + draw * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    z ^= z >> 31
    return ((z >> 11) + 0.5) / (1 << 53)


@dataclass(frozen=True)
class Distribution:
    """A fitted distribution: its inverse cumulative function, mean and kind."""

    kind: str
    quantile: Callable[[float], float]
    mean: float


@lru_cache(maxsize=4096)
def fit(kind: str, value: float, low: float | None, high: float | None) -> Distribution:
    """The distribution of a kind with this central value and interval; see the table at the top of this file.

    Raises `UserError` for an unknown kind or numbers that the kind cannot have (a beta outside 0–1, low above high).
    """
    if kind not in KINDS:
        raise UserError(f"'{kind}' is not a distribution; choose one of {', '.join(KINDS)}.")
    if kind == "fixed":
        return Distribution(kind, lambda u: value, value)
    if low is None or high is None:
        raise UserError(f"A {kind} distribution needs both low and high.")
    if not low <= value <= high:
        raise UserError(f"The value {value:g} is outside its own interval {low:g} to {high:g}.")
    if low == high:
        return Distribution(kind, lambda u: value, value)
    return _FITS[kind](value, low, high)


def _normal(value: float, low: float, high: float) -> Distribution:
    width = high - low
    if abs((low + high) / 2 - value) > 0.05 * width:
        raise UserError(f"{value:g} ({low:g} to {high:g}) is not symmetric: a normal cannot have it; use split_normal.")
    normal = NormalDist(value, width / (2 * _Z))
    return Distribution("normal", normal.inv_cdf, value)


def _lognormal(value: float, low: float, high: float) -> Distribution:
    if low <= 0:
        raise UserError(f"A lognormal needs an interval above 0, not {low:g} to {high:g}.")
    sigma = math.log(high / low) / (2 * _Z)
    normal = NormalDist(math.log(value), sigma)
    return Distribution("lognormal", lambda u: math.exp(normal.inv_cdf(u)), value * math.exp(sigma**2 / 2))


def _split_normal(value: float, low: float, high: float) -> Distribution:
    standard, down, up = NormalDist(), (value - low) / _Z, (high - value) / _Z

    def quantile(u: float) -> float:
        z = standard.inv_cdf(u)
        return value + z * (down if z < 0 else up)

    return Distribution("split_normal", quantile, value + (up - down) / math.sqrt(2 * math.pi))


def _uniform(value: float, low: float, high: float) -> Distribution:
    return Distribution("uniform", lambda u: low + u * (high - low), (low + high) / 2)


def _triangular(value: float, low: float, high: float) -> Distribution:
    width, below = high - low, (value - low) / (high - low)

    def quantile(u: float) -> float:
        if u < below:
            return low + math.sqrt(u * width * (value - low))
        return high - math.sqrt((1 - u) * width * (high - value))

    return Distribution("triangular", quantile, (low + value + high) / 3)


def _beta(value: float, low: float, high: float) -> Distribution:
    if low < 0 or high > 1 or not 0 < value < 1:
        raise UserError(f"A beta lives between 0 and 1, not at {value:g} ({low:g} to {high:g}).")
    from scipy.special import betaincinv

    def inverse(size: float, u: float) -> float:
        return float(betaincinv(value * size, (1 - value) * size, u))

    size = _by_width(inverse, high - low)
    return Distribution("beta", lambda u: inverse(size, u), value)


def _gamma(value: float, low: float, high: float) -> Distribution:
    if low < 0:
        raise UserError(f"A gamma lives above 0, not at {low:g} to {high:g}.")
    from scipy.special import gammaincinv

    def inverse(size: float, u: float) -> float:
        return float(gammaincinv(size, u)) * value / size

    size = _by_width(inverse, high - low)
    return Distribution("gamma", lambda u: inverse(size, u), value)


def _by_width(inverse: Callable[[float, float], float], width: float) -> float:
    """The concentration at which the central 95 % is `width` wide (the width falls as concentration rises)."""
    least, most = math.log(0.5), math.log(1e9)
    for _ in range(80):
        middle = (least + most) / 2
        size = math.exp(middle)
        if inverse(size, 0.975) - inverse(size, 0.025) > width:
            least = middle
        else:
            most = middle
    return math.exp((least + most) / 2)


_FITS: dict[str, Callable[[float, float, float], Distribution]] = {
    "normal": _normal,
    "lognormal": _lognormal,
    "split_normal": _split_normal,
    "uniform": _uniform,
    "triangular": _triangular,
    "beta": _beta,
    "gamma": _gamma,
}
