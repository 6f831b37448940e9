"""How many residents of a place are expected to use the modelled trust as the place grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.places.migration import declared_size

if TYPE_CHECKING:
    from sim.places.place import Place


def expected_users(place: Place, month: float) -> float:
    """Residents expected at the trust in a month up to mid-2024 (0 = July 2020), at 1:1: those of July 2020, grown as
    is declared for their authority."""
    growth = np.asarray(place.lsoas["growth"], np.float64)
    users = np.asarray(place.counts).sum(axis=(1, 2)) * np.asarray(place.lsoas["hhft_share"], np.float64)
    return float(users @ declared_size(growth, month))
