"""What better evidence would be worth: the expected value of perfect information, about everything or a part.

With perfect information the best option would be chosen in every draw; without it, one for all draws. The mean
difference in net benefit is EVPI (Claxton 1999). For a part of the evidence (EVPPI), net benefit is regressed on that
part's values and the fitted values take the place of the draws (Strong, Oakley & Brennan, Medical Decision Making
2014;34:311). Chance in the runs looks like uncertainty and would make both too large: draws are first drawn together
until they spread as the evidence alone makes them spread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as fdist
from scipy.stats import norm

from sim.errors import UserError
from sim.outcomes.summary import HIGH, LOW
from sim.sweeps import emulator, resample

Array = NDArray[Any]
RESAMPLES = 400
FEWEST_DRAWS = 20
PLAINLY_NOTHING = 0.2


@dataclass(frozen=True)
class Value:
    """£ (or the unit of net benefit) that perfect knowledge of `what` is worth, with where 90 % of resamples lie.

    explained: share (0–1) of the variance of net benefit that the part explains (of the option that varies most), in
    runs that were not used to fit it; 1 for all evidence. counts: whether it clearly explains anything.
    """

    what: str
    value: float
    low: float
    high: float
    explained: float
    counts: bool


def evpi(benefit: Array, seed: int = 1) -> Value:
    """The value of knowing all evidence perfectly.

    benefit   net benefit against the baseline, float64[draws, seeds, options]; the first option is the baseline
              (zeros).
    """
    values = evidence_alone(benefit)
    each = [_gain(values[rows]) for rows in resample.bootstrap(seed, len(values), RESAMPLES)]
    low, high = np.quantile(each, (LOW, HIGH))
    return Value("all evidence", _gain(values), float(low), float(high), 1.0, bool(values.var(axis=0).max() > 0))


def evppi(benefit: Array, parts: Mapping[str, Array], seed: int = 1) -> list[Value]:
    """The value of knowing each part of the evidence perfectly, largest first.

    benefit   as for `evpi`
    parts     name → where that part's parameters lie in their distributions (0–1), float64[draws, parameters]
    A part that explains nothing is worth nothing. Raises `UserError` with fewer than 20 draws;
    of more than a thousand, the first thousand are used.
    """
    values = np.asarray(benefit, np.float64).mean(axis=1)[: emulator.MOST_FITTED]
    if len(values) < FEWEST_DRAWS:
        raise UserError(f"The value of a part of the evidence needs at least {FEWEST_DRAWS} draws, not {len(values)}.")
    whole = _gain(evidence_alone(benefit))
    found = [
        _part(name, values, np.asarray(x, np.float64)[: len(values)], whole, seed + k)
        for k, (name, x) in enumerate(parts.items())
    ]
    return sorted(found, key=lambda one: -one.value)


def _part(name: str, values: Array, x: Array, whole: float, seed: int) -> Value:
    """Regress each option on the part's parameters; simulate the fitted surface to see how sure its value is."""
    n, options = values.shape
    fitted = np.zeros_like(values)
    surfaces = np.zeros((RESAMPLES, n, options))
    explained, counts = 0.0, False
    variance = values.var(axis=0)
    for k in np.flatnonzero(variance > 0):
        if not _goes_with(x, values[:, k]):
            fitted[:, k], surfaces[:, :, k] = values[:, k].mean(), values[:, k].mean()
            continue
        model = emulator.regress(x, values[:, k])
        q2 = max(model.q2, 0.0)
        if variance[k] == variance.max():
            explained = q2
        mean = np.full(n, values[:, k].mean())
        if not model.explains:
            fitted[:, k], surfaces[:, :, k] = mean, mean
            continue
        counts = True
        fitted[:, k] = model.fitted
        surfaces[:, :, k] = model.fitted + resample.normals(seed * options + int(k), RESAMPLES, n) @ model.root.T
    value = min(_gain(fitted), whole)
    each = [min(_gain(surface), whole) for surface in surfaces]
    low, high = np.quantile(each, (LOW, HIGH))
    return Value(name, value, min(float(low), value), max(float(high), value), explained, counts)


def _goes_with(x: Array, y: Array) -> bool:
    """A cheap look, to spare the fit where there is plainly nothing: whether any parameter goes with the outcome,
    straight or bent, or all of them together do."""
    n, k = x.shape
    z = (y - y.mean()) / y.std()
    best = 0.0
    for shape in (x, (x - 0.5) ** 2):
        centred = shape - shape.mean(axis=0)
        size = np.sqrt((centred**2).sum(axis=0))
        best = max(best, float(np.max(np.abs(z @ centred) / np.where(size > 0, size, np.inf))))
    if 2 * k * 2 * norm.sf(best) < PLAINLY_NOTHING:
        return True
    if k >= n // 3:
        return False
    line = np.column_stack([np.ones(n), x])
    left = float(((z - line @ np.linalg.lstsq(line, z, rcond=None)[0]) ** 2).sum())
    return bool(fdist.sf((n - left) / k / (left / (n - k - 1)), k, n - k - 1) < PLAINLY_NOTHING)


def _gain(benefit: Array) -> float:
    """Mean of the best less the best of the means, float64[draws, options]."""
    return float(max(benefit.max(axis=1).mean() - benefit.mean(axis=0).max(), 0.0))


def evidence_alone(benefit: Array) -> Array:
    """The mean of each draw with chance taken out: float64[draws, options] from float64[draws, seeds, options].

    Deviations from the mean are multiplied by the matrix that turns the covariance of the means into that of the
    evidence: what the means have less what chance would give them. With one seed chance cannot be told apart and the
    draws are taken as they are.
    """
    benefit = np.asarray(benefit, np.float64)
    if benefit.ndim != 3 or len(benefit) < 2:
        raise UserError("Net benefit must be a table of draws × seeds × options with at least two draws.")
    if not np.isfinite(benefit).all():
        raise UserError("Some runs have no net benefit; run them again or drop them.")
    draws, seeds, _ = benefit.shape
    means = benefit.mean(axis=1)
    if seeds < 2:
        return np.asarray(means)
    centre = means.mean(axis=0)
    left = benefit - means[:, None] - benefit.mean(axis=0)[None] + centre
    chance = np.einsum("dso,dsp->op", left, left) / ((draws - 1) * (seeds - 1)) / seeds
    spread = np.atleast_2d(np.cov(means, rowvar=False))
    evidence = _root(spread - chance)
    return np.asarray(centre + (means - centre) @ _root(spread, inverse=True) @ evidence)


def _root(matrix: Array, inverse: bool = False) -> Array:
    """The symmetric square root (or its pseudo-inverse) of a covariance; negative parts are set to nought."""
    size, vectors = np.linalg.eigh(matrix)
    size = np.maximum(size, 0.0)
    small = size <= 1e-12 * max(float(size.max(initial=0.0)), 1e-300)
    roots = np.where(small, 0.0, np.sqrt(size))
    if inverse:
        roots = np.where(small, 0.0, 1.0 / np.where(small, 1.0, roots))
    return np.asarray((vectors * roots) @ vectors.T)
