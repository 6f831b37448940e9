"""Whose hospital it is: the chance that a resident's home trust is the modelled one, and the default place's areas.

Within an authority the odds of using the trust fall with the extra kilometres to its nearest emergency department over
the nearest other one; the level is solved so that the authority's capture share (from the publishers' catchment and
activity files) is met exactly. An authority that is only partly in the place is taken nearest areas first, with
everybody's home trust the modelled one, until the authority's expected number of users is met.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.places.geometry import distances

Floats = NDArray[np.float64]
TRUST = "RN5"
HALVINGS = 60
CERTAIN = 20
"""Log odds at which a chance is as good as 0 or 1."""


def by_distance(
    areas: pd.DataFrame, residents: Floats, sites: pd.DataFrame, capture: pd.Series[float], slope: float
) -> Floats:
    """Chance of the modelled trust for residents of each area: float64[L].

    areas: lad_code, lon, lat; sites: trust, has_ed, lon, lat; capture: share of each authority (by code); slope: log
    odds per km of extra distance.
    """
    gap = other_distance(areas, sites) - own_distance(areas, sites)
    out = np.zeros(len(areas))
    for code, rows in _rows(areas):
        out[rows] = _level(gap[rows] * slope, residents[rows], float(capture.get(code, 0.0)))
    return out


def own_distance(areas: pd.DataFrame, sites: pd.DataFrame) -> Floats:
    """Kilometres to the modelled trust's nearest emergency department: float64[L]."""
    return _nearest(areas, sites[(sites["trust"] == TRUST) & (sites["has_ed"] == 1)])


def other_distance(areas: pd.DataFrame, sites: pd.DataFrame) -> Floats:
    """Kilometres to the nearest emergency department of another trust: float64[L]."""
    return _nearest(areas, sites[(sites["trust"] != TRUST) & (sites["has_ed"] == 1)])


def nearest_first(
    areas: pd.DataFrame, residents: Floats, sites: pd.DataFrame, capture: pd.Series[float]
) -> pd.Series[float]:
    """Areas of partly simulated authorities, nearest first until the expected users of each are met.

    Returns the chance of the modelled trust by area code: 1, and for the last area of each authority the rest.
    """
    apart = own_distance(areas, sites)
    chosen: dict[str, float] = {}
    codes = areas["code"].to_numpy(str)
    for code, rows in _rows(areas):
        order = rows[np.argsort(apart[rows], kind="stable")]
        users = residents[rows].sum() * float(capture.get(code, 0.0))
        before = np.cumsum(residents[order]) - residents[order]
        for row, people in zip(order[before < users], before[before < users], strict=True):
            chosen[codes[row]] = float(min(1.0, (users - people) / residents[row]))
    return pd.Series(chosen, dtype=float)


def _rows(areas: pd.DataFrame) -> list[tuple[str, NDArray[np.int64]]]:
    """Row numbers of each authority's areas."""
    code = areas["lad_code"].to_numpy(str)
    return [(str(each), np.flatnonzero(code == each)) for each in np.unique(code)]


def _nearest(areas: pd.DataFrame, sites: pd.DataFrame) -> Floats:
    points = areas[["lon", "lat"]].to_numpy(float), sites[["lon", "lat"]].to_numpy(float)
    return np.asarray(distances(*points).min(axis=1), np.float64)


def _level(tilt: Floats, residents: Floats, share: float) -> Floats:
    """Logistic chances whose mean over residents is `share`: the level is found by halving."""
    if share <= 0 or share >= 1:
        return np.full(tilt.shape, float(share))
    reach = float(np.abs(tilt).max()) + CERTAIN
    low, high = -reach, reach
    for _ in range(HALVINGS):
        level = (low + high) / 2
        chance = 1 / (1 + np.exp(-(level + tilt)))
        low, high = (level, high) if np.average(chance, weights=residents) < share else (low, level)
    return chance
