"""How far each factor alone moves an outcome: its mean when the factor lies in the lowest and the highest fifth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]
FIFTH = 0.2
BY_CHANCE = 0.05  # that any of the factors is called clear though none does anything
FEWEST = 5  # rows at an end


def sure_of_all(factors: int) -> float:
    """Standard errors to each side that hold for so many factors at once with 95 % (Bonferroni)."""
    return float(-ndtri(BY_CHANCE / 2 / max(factors, 1)))


def swings(u: Array, y: Array, names: Sequence[str]) -> pd.DataFrame:
    """Columns factor, low_end, high_end, error, clear: a row a factor.

    u   where each factor lies in its distribution (0–1), float64[rows, factors];  y: the outcome, float64[rows]
    The ends are means of the outcome in the rows whose factor lies in its lowest and highest fifth, less the mean of
    all rows; `error` is the standard error of their difference. Factors with fewer than five rows at an end have nan.
    Raises `UserError` for values that are missing.
    """
    import pandas as pd

    u, y = np.asarray(u, np.float64), np.asarray(y, np.float64)
    if u.ndim != 2 or u.shape != (len(y), len(names)) or not np.isfinite(y).all():
        raise UserError("Swings need every factor's place and a value of the outcome in every row.")
    found, clearly = [], sure_of_all(len(names))
    for k, name in enumerate(names):
        low, high = y[u[:, k] <= FIFTH], y[u[:, k] >= 1 - FIFTH]
        if min(len(low), len(high)) < FEWEST:
            found.append((name, np.nan, np.nan, np.nan, False))
            continue
        error = float(np.sqrt(low.var(ddof=1) / len(low) + high.var(ddof=1) / len(high)))
        ends = float(low.mean() - y.mean()), float(high.mean() - y.mean())
        found.append((name, *ends, error, abs(ends[1] - ends[0]) > clearly * error))
    return pd.DataFrame(found, columns=["factor", "low_end", "high_end", "error", "clear"])
