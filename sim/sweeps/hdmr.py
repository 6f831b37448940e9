"""High-dimensional model representation: the outcome as a sum of functions of one and of two factors.

The functions are orthonormal Legendre polynomials of the factors' quantiles (polynomial chaos; Sudret, Reliability
Engineering & System Safety 2008;93:964), so shares of variance are sums of squared coefficients. Degrees and pairs are
chosen by Q², the share of variance predicted in rows left out one at a time (exact for least squares). Below .9 the
emulator is refused: SALib's, by default, gives a total share of .08 where .44 is true, and no such warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError

Floats = NDArray[np.float64]
Ends = tuple[Floats, Floats, Floats]
LEAST_Q2 = 0.9
DEGREES = (1, 2, 3, 4, 6, 8, 10)
PAIR_DEGREES = (1, 2, 3, 4, 5)
ROWS_A_TERM = 2.5  # fewer rows for each term and the emulator learns chance by heart
Z = 1.959963984540054

Term = tuple[tuple[int, int], ...]
"""The (factor, degree) pairs whose polynomials are multiplied; one or two."""


@dataclass(frozen=True)
class Emulator:
    """A fitted sum. terms: what each coefficient belongs to; coefficients: float64 (terms,); covariance: of their
    errors; mean, variance: of the outcome over the cube; k: factors; q2: skill on rows left out."""

    terms: tuple[Term, ...]
    coefficients: Floats
    covariance: Floats
    mean: float
    variance: float
    k: int
    q2: float

    def predict(self, u: Floats) -> Floats:
        """The outcome at u, float64 (rows, k): float64 (rows,)."""
        return np.asarray(self.mean + _basis(np.asarray(u, np.float64), self.terms) @ self.coefficients)

    def first(self) -> Ends:
        """Share of variance of each factor alone: value, low, high, each float64 (k,)."""
        return self._shares([[len(term) == 1 and term[0][0] == j for term in self.terms] for j in range(self.k)])

    def total(self) -> Ends:
        """Share of variance of each factor alone and in pairs."""
        return self._shares([[any(j == of for of, _ in term) for term in self.terms] for j in range(self.k)])

    def second(self) -> dict[tuple[int, int], tuple[float, float, float]]:
        """Share of variance of each pair that was kept, beyond that of its factors: (i, j) → value, low, high."""
        of = [tuple(j for j, _ in term) for term in self.terms]
        pairs = sorted({each for each in of if len(each) == 2})
        value, low, high = self._shares([[each == pair for each in of] for pair in pairs])
        return {(p[0], p[1]): (float(value[i]), float(low[i]), float(high[i])) for i, p in enumerate(pairs)}

    def _shares(self, masks: list[list[bool]]) -> Ends:
        found = np.zeros((len(masks), 2))
        for i, mask in enumerate(np.array(masks, bool).reshape(len(masks), len(self.terms))):
            c, cov = self.coefficients[mask], self.covariance[np.ix_(mask, mask)]
            # a squared estimate is too large by its variance; of c'c the variance is 4 c'Σc + 2 tr ΣΣ
            found[i] = (c @ c - np.trace(cov), np.sqrt(4 * c @ cov @ c + 2 * (cov**2).sum()))
        value, half = found[:, 0] / self.variance, Z * found[:, 1] / self.variance
        return value, value - half, value + half


def fit(u: Floats, y: Floats, least: float = LEAST_Q2) -> Emulator:
    """An emulator of the outcome at given rows: u float64 (rows, k) uniform on the cube, y float64 (rows,).

    Raises `UserError` when it predicts less than ``least`` of the variance of rows left out.
    """
    u, y = np.asarray(u, np.float64), np.asarray(y, np.float64)
    k = u.shape[1]
    room = int(len(y) / ROWS_A_TERM)
    singles = _best([(_singles(k, degree), ()) for degree in DEGREES], u, y, room)
    best = singles
    for degree in PAIR_DEGREES:
        ranked = _ranked(u, y, singles[1], degree)
        tried = [(singles[1], _pairs(ranked[:count], degree)) for count in _counts(len(ranked))]
        best = max(best, _best(tried, u, y, room), key=lambda found: found[0])
    pairs = tuple(term for term in best[1] if len(term) == 2)
    q2, terms = max(best, _best([(_singles(k, d), pairs) for d in DEGREES], u, y, room), key=lambda found: found[0])
    if q2 < least:
        raise UserError(
            f"The emulator of hdmr predicts {max(q2, 0):.2f} of the variance of rows it has not seen, and at least "
            f"{least:.2f} is needed: run more rows, more seeds, or another method."
        )
    basis, z = _basis(u, terms), y - y.mean()
    whole = np.column_stack([np.ones(len(y)), basis])
    coefficients, *_ = np.linalg.lstsq(whole, z, rcond=None)
    error = float(((z - whole @ coefficients) ** 2).sum()) / (len(y) - whole.shape[1])
    covariance = error * np.linalg.pinv(whole.T @ whole)
    mean, found, covariance = float(y.mean() + coefficients[0]), coefficients[1:], covariance[1:, 1:]
    variance = float(found @ found - np.trace(covariance)) + error  # over the whole cube, not the rows alone
    return Emulator(terms, found, covariance, mean, variance, k, q2)


def _best(
    tried: list[tuple[tuple[Term, ...], tuple[Term, ...]]], u: Floats, y: Floats, room: int
) -> tuple[float, tuple[Term, ...]]:
    """The set of terms with the highest Q², among those that are not too many."""
    found: tuple[float, tuple[Term, ...]] = (-np.inf, ())
    for singles, pairs in tried:
        terms = (*singles, *pairs)
        if len(terms) <= room:
            found = max(found, (_skill(_basis(u, terms), y), terms), key=lambda each: each[0])
    return found


def _skill(basis: Floats, y: Floats) -> float:
    """Q² over rows left out one at a time, from one fit (Allen's PRESS)."""
    q, r = np.linalg.qr(np.column_stack([np.ones(len(y)), basis]))
    if np.abs(np.diag(r)).min() < 1e-9 * np.abs(np.diag(r)).max():
        return float(-np.inf)
    left = (y - q @ (q.T @ y)) / np.maximum(1 - (q**2).sum(axis=1), 1e-9)
    out = (y - y.mean()) * len(y) / (len(y) - 1)
    return float(1 - (left**2).sum() / (out**2).sum())


def _ranked(u: Floats, y: Floats, singles: tuple[Term, ...], degree: int) -> list[tuple[int, int]]:
    """Pairs of factors, those first whose products explain most of what single factors leave."""
    whole = np.column_stack([np.ones(len(y)), _basis(u, singles)])
    left = y - whole @ np.linalg.lstsq(whole, y, rcond=None)[0]
    energy = {
        pair: float(((_basis(u, _pairs([pair], degree)).T @ left) ** 2).sum())
        for pair in combinations(range(u.shape[1]), 2)
    }
    return sorted(energy, key=lambda pair: -energy[pair])


def _counts(most: int) -> list[int]:
    counts = [c for c in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64) if c < most]
    return [*counts, most] if most else []


def _singles(k: int, degree: int) -> tuple[Term, ...]:
    return tuple(((j, d),) for j in range(k) for d in range(1, degree + 1))


def _pairs(pairs: list[tuple[int, int]], degree: int) -> tuple[Term, ...]:
    each = range(1, degree + 1)
    return tuple(((i, a), (j, b)) for i, j in pairs for a in each for b in each)


def _basis(u: Floats, terms: tuple[Term, ...]) -> Floats:
    """float64 (rows, terms): orthonormal shifted Legendre polynomials and their products."""
    highest = max((d for term in terms for _, d in term), default=0)
    x = 2 * u - 1
    powers = [np.ones_like(x), x]
    for d in range(1, highest):
        powers.append(((2 * d + 1) * x * powers[d] - d * powers[d - 1]) / (d + 1))
    scaled = [np.sqrt(2 * d + 1) * power for d, power in enumerate(powers)]
    basis = np.ones((len(u), len(terms)))
    for i, term in enumerate(terms):
        for j, d in term:
            basis[:, i] *= scaled[d][:, j]
    return basis
