"""A fast stand-in for the model: a Gaussian process through the rows of a sweep, with its skill on unseen rows shown.

A Matérn 5/2 process with a length for each factor and a nugget for chance (Rasmussen & Williams, Gaussian Processes for
Machine Learning, 2006, §2 and §5.4; Kennedy & O'Hagan 2001). Its skill, Q², is the share of variance predicted in rows
that neither the surface nor its lengths had seen (five-fold). Below .9 it is not used in the model's place: `fit`
refuses. `regress` does not, for uses in which noise is expected, and says whether anything is explained at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from sim.errors import UserError
from sim.sweeps import resample

Array = NDArray[Any]
LEAST_Q2 = 0.9
FOLDS = 5
MOST_FACTORS = 12  # with a length of their own; of more, those that go with the outcome most
MOST_FITTED = 1000  # rows the surface goes through
MOST_ROWS = 160  # by which lengths are found
LEAST_ROWS = 10
WITHIN = 0.9  # of unseen rows
CLEARLY = 2.33  # standard errors: one in a hundred by chance
STEPS, FEW_STEPS = 40, 12  # of the search: from afar, from near
STARTS = ((0.5, 0.1), (3.0, 0.6))  # length, nugget
LENGTHS, SIGNALS, NUGGETS = (0.05, 30.0), (0.05, 20.0), (1e-6, 2.0)
PRIOR_WIDTH = 1.5  # of the logarithm of a length, around one
ROOT5 = np.sqrt(5.0)


@dataclass(frozen=True)
class Surface:
    """A fitted process: the columns it uses, and everything needed to predict (outcome standardised)."""

    columns: Array
    x: Array
    log_lengths: Array
    signal: float
    nugget: float
    weights: Array
    factor: Any
    mean: float
    scale: float

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the outcome (without chance) at x, float64[m, factors]."""
        across = _kernel(np.asarray(x, np.float64)[:, self.columns], self.x, self.log_lengths, self.signal)
        held = (across * cho_solve(self.factor, across.T).T).sum(axis=1)
        spread = np.sqrt(np.maximum(self.signal - held, 0.0))
        return self.mean + self.scale * (across @ self.weights), self.scale * spread


@dataclass(frozen=True)
class Emulator:
    """A surface and its skill. q2: share of variance predicted in unseen rows (below 0: worse than the mean); explains:
    whether it predicts them clearly better than the mean does; n: rows it was made from; error: how far nine in ten
    unseen rows lay from what was predicted, at most."""

    surface: Surface
    q2: float
    explains: bool
    n: int
    error: float

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Mean and standard deviation at x, float64[m, factors] of positions 0–1."""
        return self.surface.predict(x)

    @cached_property
    def fitted(self) -> Array:
        """The surface at the rows it was made from, float64[n]."""
        one = self.surface
        return np.asarray(one.mean + one.scale * (self._own @ one.weights))

    @cached_property
    def root(self) -> Array:
        """A root of the covariance of what is not known of the surface at those rows, float64[n, n]."""
        own = self._own
        left = own - own @ cho_solve(self.surface.factor, own)
        size, vectors = np.linalg.eigh((left + left.T) / 2)
        return np.asarray(self.surface.scale * vectors * np.sqrt(np.maximum(size, 0.0)))

    @cached_property
    def _own(self) -> Array:
        one = self.surface
        return _kernel(one.x, one.x, one.log_lengths, one.signal)


def fit(x: Array, y: Array, least: float = LEAST_Q2) -> Emulator:
    """An emulator that may stand in for the model.

    x   where each factor lies in its distribution (0–1), float64[rows, factors];  y: the outcome, float64[rows]
    Raises `UserError` when it predicts less than `least` of the variance of unseen rows, or rows are too few.
    """
    made = regress(x, y)
    if made.q2 < least:
        raise UserError(
            f"An emulator of these {made.n} runs predicts {max(made.q2, 0):.2f} of the variance of runs it has not "
            f"seen; at least {least:.2f} is needed. Run more rows, or more seeds a row."
        )
    return made


def regress(x: Array, y: Array) -> Emulator:
    """The same without a least skill: for regressions in which chance is expected. Of more than a thousand rows the
    first thousand are used."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.ndim != 2 or len(x) != len(y) or len(y) < LEAST_ROWS:
        raise UserError(f"An emulator needs at least {LEAST_ROWS} rows of factors and as many outcomes.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UserError("Some rows have no value; run them again or drop them.")
    if y.std() <= 1e-12 * max(1.0, abs(float(y.mean()))):
        raise UserError("The outcome is the same in every row: there is nothing to emulate.")
    x, y = x[:MOST_FITTED], y[:MOST_FITTED]
    whole = _fit(x, y)
    better, total, missed = np.empty(len(y)), np.empty(len(y)), np.empty(len(y))
    fold = np.empty(len(y), np.int64)
    fold[resample.order(1, len(y))] = np.arange(len(y)) % FOLDS
    for k in range(FOLDS):
        out = fold == k
        surface = _fit(x[~out], y[~out], whole)
        total[out] = (y[out] - y[~out].mean()) ** 2
        missed[out] = y[out] - surface.predict(x[out])[0]
        better[out] = total[out] - missed[out] ** 2
    q2 = float(better.sum() / total.sum())
    clearly = better.mean() > CLEARLY * better.std(ddof=1) / np.sqrt(len(y))
    return Emulator(whole, q2, bool(clearly), len(y), float(np.quantile(np.abs(missed), WITHIN)))


def _fit(x: Array, y: Array, near: Surface | None = None) -> Surface:
    """A surface through some rows; near: one to begin the search at."""
    columns = _foremost(x, y)
    starts = [np.log([*[length] * len(columns), 1.0, nugget]) for length, nugget in STARTS]
    steps = STEPS
    if near is not None and (near.columns == columns).all():
        starts, steps = [np.array([*near.log_lengths, np.log(near.signal), np.log(near.nugget)])], FEW_STEPS
    x, mean, scale = x[:, columns], float(y.mean()), float(y.std()) or 1.0
    z = (y - mean) / scale
    rows = resample.order(2, len(z))[:MOST_ROWS]
    best = min((_search(x[rows], z[rows], start, steps) for start in starts), key=lambda found: float(found.fun))
    lengths, signal, nugget = best.x[:-2], float(np.exp(best.x[-2])), float(np.exp(best.x[-1]))
    factor = cho_factor(_kernel(x, x, lengths, signal) + nugget * np.eye(len(z)), lower=True)
    return Surface(columns, x, lengths, signal, nugget, cho_solve(factor, z), factor, mean, scale)


def _foremost(x: Array, y: Array) -> Array:
    """Columns that get a length: all, or those that go with the outcome most, straight or bent."""
    if x.shape[1] <= MOST_FACTORS:
        return np.arange(x.shape[1])
    z = y - y.mean()
    score = np.zeros(x.shape[1])
    for shape in (x - x.mean(axis=0), (x - 0.5) ** 2 - ((x - 0.5) ** 2).mean(axis=0)):
        size = np.sqrt((shape**2).sum(axis=0))
        score = np.maximum(score, np.abs(z @ shape) / np.where(size > 0, size, np.inf))
    return np.sort(np.argsort(-score, kind="stable")[:MOST_FACTORS])


def _search(x: Array, z: Array, start: Array, steps: int) -> Any:
    """The most likely lengths, signal and nugget (logarithms) from one start."""
    k = x.shape[1]
    squares = ((x[:, None, :] - x[None, :, :]) ** 2).reshape(-1, k)
    bounds = [tuple(np.log(b)) for b in [*[LENGTHS] * k, SIGNALS, NUGGETS]]
    return minimize(_loss, start, (squares, z), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps})


def _loss(theta: Array, squares: Array, z: Array) -> tuple[float, Array]:
    """Minus log likelihood with a weak prior on the lengths, and its gradient. squares: float64[n × n, factors]."""
    lengths, signal, nugget = theta[:-2], np.exp(theta[-2]), np.exp(theta[-1])
    n = len(z)
    r = np.sqrt(squares @ np.exp(-2 * lengths)).reshape(n, n)
    fall = np.exp(-ROOT5 * r)
    own = signal * (1 + ROOT5 * r + 5 * r**2 / 3) * fall
    factor = cho_factor(own + nugget * np.eye(n), lower=True)
    inverse = cho_solve(factor, np.eye(n))
    weights = inverse @ z
    lost = 0.5 * z @ weights + np.log(np.diag(factor[0])).sum() + 0.5 * ((lengths / PRIOR_WIDTH) ** 2).sum()
    pull = inverse - np.outer(weights, weights)
    slope = 0.5 * pull * (signal * 5 / 3 * (1 + ROOT5 * r) * fall)
    by_length = (slope.ravel() @ squares) * np.exp(-2 * lengths) + lengths / PRIOR_WIDTH**2
    return float(lost), np.concatenate([by_length, [0.5 * (pull * own).sum(), 0.5 * nugget * np.trace(pull)]])


def _kernel(a: Array, b: Array, log_lengths: Array, signal: float) -> Array:
    """Covariance of the process between rows of a and of b."""
    a, b = a * np.exp(-log_lengths), b * np.exp(-log_lengths)
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T
    r = np.sqrt(np.maximum(square, 0.0))
    return np.asarray(signal * (1 + ROOT5 * r + 5 * r**2 / 3) * np.exp(-ROOT5 * r))
