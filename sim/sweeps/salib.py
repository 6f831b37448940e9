"""SALib's analyses behind guards: on the unit cube, without its side effects, without intervals that mislead.

Its traps stay here. The problem is new for every call, as SALib changes it, and names nothing by the user's names (some
endings are forbidden). Seeds are never 0, which SALib takes for none. Analyses that set NumPy's global generator, or
the filters of warnings, leave both as they were.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.sweeps import samples

if TYPE_CHECKING:
    from sim.sweeps.designs import Design

Floats = NDArray[np.float64]
Found = dict[str, tuple[Floats, Floats, Floats]]
Z = 1.959963984540054


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of SALib's, and the global generator and the filters of warnings as they were afterwards."""
    state, formatter = np.random.get_state(), warnings.formatwarning  # noqa: NPY002 - SALib seeds it
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
        warnings.formatwarning = formatter


def sobol(design: Design, y: Floats, seed: int, resamples: int) -> Found:
    """Total and first order."""
    s = _sobol(design, y, seed, resamples)
    return {"total": _around(s["ST"], s["ST_conf"]), "first": _around(s["S1"], s["S1_conf"])}


def sobol_second(
    design: Design, y: Floats, seed: int, resamples: int
) -> dict[tuple[int, int], tuple[float, float, float]]:
    """Second order, of a design that has it: (i, j) → value, low, high."""
    s = _sobol(design, y, seed, resamples)
    value, half = s["S2"], s["S2_conf"]
    low, high = value - half, value + half
    return {(i, j): (value[i, j], low[i, j], high[i, j]) for i, j in combinations(range(len(design.groups)), 2)}


def _sobol(design: Design, y: Floats, seed: int, resamples: int) -> Any:
    with quiet():
        analyser = _analyser("sobol")
        return analyser.analyze(_problem(design), y, design.second_order, max(resamples, 2), seed=seed + 1)


def morris(design: Design, y: Floats, seed: int, resamples: int) -> Found:
    """Mean size, mean and spread of elementary effects; a group has only the first (its members move both ways)."""
    analyser = _analyser("morris")
    low, high = np.array([factor.ends for factor in design.factors]).T
    level = (design.full_rows() - low) / (high - low)  # quantiles of tails are finite here; values would not be
    with quiet():
        s = analyser.analyze(_problem(design), level, y, resamples, num_levels=samples.MORRIS_LEVELS, seed=seed + 1)
    star = np.asarray(s["mu_star"], np.float64)
    found = {"mu_star": _around(star, np.asarray(s["mu_star_conf"], np.float64))}
    if design.grouped:
        return found
    sigma, n = np.asarray(s["sigma"], np.float64), design.n
    mu, none = np.asarray(s["mu"], np.float64), np.full(len(star), np.nan)
    return found | {"mu": _around(mu, Z * sigma / np.sqrt(n)), "sigma": (sigma, none, none)}


def fast(design: Design, y: Floats, seed: int, resamples: int) -> Found:
    """Total and first order; SALib's intervals are left out as unreliable (its issue 649)."""
    analyser = _analyser("fast")
    with quiet():
        s = analyser.analyze(_problem(design), y, M=samples.FAST_HARMONICS, num_resamples=2, seed=seed + 1)
    none = np.full(design.k, np.nan)
    return {name: (np.asarray(s[key], np.float64), none, none) for name, key in (("total", "ST"), ("first", "S1"))}


def dgsm(design: Design, y: Floats, seed: int, resamples: int) -> Found:
    """Upper bound of the total share, from mean squares of finite differences. SALib's interval is of the mean square
    itself, on another scale than the bound; it is brought to that of the bound here."""
    analyser = _analyser("dgsm")
    with quiet():
        s = analyser.analyze(_problem(design), design.full_rows(), y, max(resamples, 2), seed=seed + 1)
    scale = np.divide(s["dgsm"], s["vi"], out=np.zeros(design.k), where=s["vi"] > 0)
    return {"dgsm": _around(s["dgsm"], s["dgsm_conf"] * scale)}


def shapley(design: Design, y: Floats, seed: int, resamples: int) -> Found:
    """Shapley effects as shares of variance."""
    analyser = _analyser("shapley")
    with quiet():
        s = analyser.analyze(_problem(design), design.full_rows(), y)
    return {"shapley": _around(s["shapley_normalized"], s["shapley_normalized_conf"])}


def factorial(design: Design, y: Floats, seed: int, resamples: int) -> Found:
    """Effects of going from the lower to the upper end (SALib gives half of it), with intervals by Lenth's pseudo
    standard error, of all contrasts and the dummy ones (Technometrics 1989;31:469)."""
    from scipy.stats import t

    analyser = _analyser("ff")
    with quiet():
        contrasts = 2 * np.asarray(analyser.analyze(_problem(design), design.full_rows(), y)["ME"], np.float64)
    size = np.abs(contrasts)
    error = 1.5 * np.median(size)
    small = size[size < 2.5 * error] if error > 0 else np.zeros(1)
    error = 1.5 * float(np.median(small))
    half = np.full(design.k, float(t.ppf(0.975, max(len(size) / 3, 1))) * error)
    return {"effect": _around(contrasts[: design.k], half)}


def rbd_fast(u: Floats, y: Floats, seed: int, resamples: int) -> Found:
    """First order of given rows: u float64 (rows, k)."""
    analyser = _analyser("rbd_fast")
    with quiet():
        s = analyser.analyze(_plain(u), u, y, num_resamples=max(resamples, 2), seed=seed + 1)
    return {"first": _around(np.array(s["S1"], np.float64), np.array(s["S1_conf"], np.float64))}


def _analyser(name: str) -> Any:
    """A module of SALib's, imported only where it is used: it takes matplotlib and more with it."""
    return import_module(f"SALib.analyze.{name}")


def _problem(design: Design) -> dict[str, Any]:
    groups = [design.groups[i] for i in design.member]
    return samples.problem([f"x{i}" for i in range(design.k)], groups if design.grouped else None)


def _plain(u: Floats) -> dict[str, Any]:
    return samples.problem([f"x{i}" for i in range(u.shape[1])])


def _around(value: Any, half: Any) -> tuple[Floats, Floats, Floats]:
    value, half = np.asarray(value, np.float64), np.asarray(half, np.float64)
    return value, value - half, value + half
