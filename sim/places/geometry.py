"""Distances between points of longitude and latitude, good to a fraction of a per cent over a county."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
KM_PER_DEGREE = 111.195


def distances(a: Floats, b: Floats) -> Floats:
    """Kilometres between every point of a[n, 2] and of b[m, 2] (longitude, latitude in degrees): float64[n, m]."""
    a, b = np.asarray(a, np.float64).reshape(-1, 2), np.asarray(b, np.float64).reshape(-1, 2)
    east = (a[:, None, 0] - b[None, :, 0]) * np.cos(np.radians((a[:, None, 1] + b[None, :, 1]) / 2))
    north = a[:, None, 1] - b[None, :, 1]
    return np.asarray(KM_PER_DEGREE * np.hypot(east, north), np.float64)
