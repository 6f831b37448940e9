"""Measures of rows that need no special design: rank correlation, first order, Borgonovo's delta, and PAWN.

Delta and PAWN give what SALib gives, tens of times faster (it loops over kernel density estimates and exact tests), so
that they can have intervals; SALib's delta also takes its own value from a resample.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.sweeps import resample

Floats = NDArray[np.float64]
Ends = tuple[Floats, Floats, Floats]
SLICES = 10
POLYNOMIALS = 10  # as many as the harmonics of RBD-FAST
GRID = 100
DELTA_RESAMPLES = 30
MOST_CLASSES = 48
Z = 1.959963984540054
CENTRAL = (0.025, 0.975)


def rank_correlation(u: Floats, y: Floats) -> Ends:
    """Spearman's correlation of each factor with the outcome, with its sign; intervals by Fisher's transformation with
    the variance of Bonett & Wright (Psychometrika 2000;65:23). u: float64 (rows, k); y: float64 (rows,)."""
    from scipy.stats import rankdata

    ranks = np.column_stack([rankdata(column) for column in (*u.T, y)])
    ranks -= ranks.mean(axis=0)
    size = np.sqrt((ranks**2).sum(axis=0))
    across = ranks[:, :-1].T @ ranks[:, -1]
    rho = np.divide(across, size[:-1] * size[-1], out=np.zeros(u.shape[1]), where=size[:-1] * size[-1] > 0)
    if len(y) < 5:
        return rho, np.full_like(rho, -1.0), np.full_like(rho, 1.0)
    half = Z * np.sqrt((1 + rho**2 / 2) / (len(y) - 3))
    z = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
    return rho, np.tanh(z - half), np.tanh(z + half)


def first(u: Floats, y: Floats, levels: NDArray[np.int64], seed: int, resamples: int) -> Ends:
    """Share of variance that each factor explains alone, by regression on polynomials of it (on its levels when it has
    few), corrected for their number (adjusted R²); intervals by bootstrap.

    u: float64 (rows, k); y: float64 (rows,); levels: int (k,), 0 for continuous factors.
    """
    bases = [_columns(u[:, j], int(levels[j])) for j in range(u.shape[1])]
    value = np.array([_adjusted(basis, y) for basis in bases])
    each = np.array(
        [
            [_adjusted(basis[rows], y[rows]) for basis in bases]
            for rows in resample.bootstrap(seed, len(y), max(resamples, 2))
        ]
    )
    return _spread(value, each)


def _columns(u: Floats, levels: int) -> Floats:
    if 0 < levels <= POLYNOMIALS:
        step = np.minimum((u * levels).astype(int), levels - 1)
        return np.asarray((step[:, None] == np.arange(1, levels)).astype(np.float64))
    return np.asarray(np.polynomial.legendre.legvander(2 * u - 1, POLYNOMIALS)[:, 1:])


def _adjusted(basis: Floats, y: Floats) -> float:
    whole = np.column_stack([np.ones(len(y)), basis])
    found, _, rank, _ = np.linalg.lstsq(whole, y, rcond=None)
    total = float(((y - y.mean()) ** 2).sum()) / (len(y) - 1)
    left = float(((y - whole @ found) ** 2).sum()) / (len(y) - int(rank))
    return 1 - left / total if total > 0 else 0.0


def delta(u: Floats, y: Floats, seed: int, resamples: int) -> dict[str, Ends]:
    """Borgonovo's delta: half the mean area between the outcome's density and that within a class of a factor
    (Plischke, Borgonovo & Smith, European Journal of Operational Research 2013;226:536), bias reduced by bootstrap.

    Classes are few with few rows, so that what a factor does in waves is smoothed away.
    """
    grid = np.linspace(y.min(), y.max(), GRID)
    value = distribution_shift(u, y, grid)
    times = max(2, min(resamples, DELTA_RESAMPLES))
    each = np.array([distribution_shift(u[rows], y[rows], grid) for rows in resample.bootstrap(seed, len(y), times)])
    better = 2 * value - each.mean(axis=0)
    half = Z * each.std(axis=0, ddof=1)
    return {"delta": (better, better - half, better + half)}


def distribution_shift(u: Floats, y: Floats, grid: Floats) -> Floats:
    """Delta without correction of its bias: float64 (k,)."""
    n = len(y)
    power = 2.0 / (7.0 + np.tanh((1500.0 - n) / 500.0))
    edges = np.linspace(0, n, int(np.round(min(int(np.ceil(n**power)), MOST_CLASSES))) + 1)
    distance = (grid[:, None] - y[None, :]) ** 2
    whole = _density(distance, y)
    found = np.zeros(u.shape[1])
    for j in range(u.shape[1]):
        rank = np.empty(n)
        rank[np.argsort(u[:, j], kind="stable")] = np.arange(1, n + 1)
        for low, high in pairwise(edges):
            inside = np.flatnonzero((rank > low) & (rank <= high))
            if inside.size > 1 and np.ptp(y[inside]) > 0:
                apart = np.abs(whole - _density(distance[:, inside], y[inside]))
                found[j] += inside.size / (2 * n) * np.trapezoid(apart, grid)
    return found


def _density(distance: Floats, y: Floats) -> Floats:
    """A Gaussian kernel density on the grid, Silverman's bandwidth. distance: squared, float64 (grid, len(y))."""
    width = y.std(ddof=1) * (len(y) * 0.75) ** -0.2
    return np.asarray(np.exp(distance / (-2 * width**2)).mean(axis=1) / (width * np.sqrt(2 * np.pi)))


def pawn(u: Floats, y: Floats, seed: int, resamples: int) -> dict[str, Ends]:
    """PAWN: median and maximum, over ten slices of a factor, of the Kolmogorov-Smirnov distance between the outcome's
    distribution in the slice and in all rows (Pianosi & Wagener 2015). Equal to SALib's; intervals by bootstrap.

    A factor that does not matter is not at 0 but at about the distance of one slice of random rows.
    """
    seen = _distances(u, y)
    each = [_distances(u[rows], y[rows]) for rows in resample.bootstrap(seed, len(y), max(resamples, 2))]
    found = {}
    for measure, of in (("median", np.nanmedian), ("maximum", np.nanmax)):
        value, others = of(seen, axis=0), np.array([of(one, axis=0) for one in each])
        found[measure] = _spread(value, others)
    return found


def _spread(value: Floats, resampled: Floats) -> Ends:
    """An interval as wide as resamples spread around their mean; their ties move that mean, so it is left out."""
    low, high = np.quantile(resampled - resampled.mean(axis=0), CENTRAL, axis=0)
    return value, value - high, value - low


def _distances(u: Floats, y: Floats) -> Floats:
    """Kolmogorov-Smirnov distances: float64 (slices, k), nan for an empty slice."""
    n = len(y)
    order = np.argsort(y, kind="stable")
    ranked, u = y[order], u[order]
    last = np.append(ranked[1:] != ranked[:-1], True)  # distributions are compared after ties
    whole = np.arange(1, n + 1) / n
    edges = np.quantile(u, np.arange(0, 1 + 1 / SLICES, 1 / SLICES), axis=0)
    found = np.full((SLICES, u.shape[1]), np.nan)
    for i in range(SLICES):
        inside = (u >= edges[i]) & (u < edges[i + 1])
        count = inside.sum(axis=0)
        apart = np.abs(np.cumsum(inside, axis=0) / np.maximum(count, 1) - whole[:, None])
        found[i] = np.where(count > 0, apart[last].max(axis=0), np.nan)
    return found
