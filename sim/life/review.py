"""The review: once a quarter, in their own months, residents' lagged exposures move and their cached chances follow.

Whoever changes something that a rate depends on calls `refresh` for those residents; nothing else may write the
cached columns. Birthdays fall in review months, so that age is always up to date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.life.exposures import REVIEW_MONTHS
from sim.life.grid import cell
from sim.life.life_kernels import advance_lags

if TYPE_CHECKING:
    from sim.system import CareSystem

Rows = NDArray[np.int64]
CHUNK = 16_384  # rows handled at a time: their intermediate tables stay in the processor's cache


def due(m: CareSystem) -> Rows:
    """Rows of the residents whose review falls in this month."""
    r, size = m.residents.columns, m.residents.size
    months = m.month - r["born"][:size].astype(np.int32)
    return np.flatnonzero((months % REVIEW_MONTHS == 0) & (r["unique_id"][:size] != 0))


def review(m: CareSystem) -> None:
    """Move the lagged exposures of those due by a quarter, then refresh them."""
    rows, r = due(m), m.residents.columns
    exposures = m.epidemiology.exposures
    advance_lags(r["lagged"], r["state"], rows, exposures.mask, exposures.rise, exposures.fall)
    refresh(m, rows)


def refresh(m: CareSystem, rows: Rows) -> None:
    """Recompute everything cached for these residents: chances, expected contacts, wellbeing."""
    for first in range(0, rows.size, CHUNK):
        _refresh(m, rows[first : first + CHUNK])


def rates(m: CareSystem, rows: Rows) -> NDArray[np.float32]:
    """Rates per month of these residents as they are now: float32 (rows, processes)."""
    r = m.residents.columns
    age = (m.month - r["born"][rows].astype(np.int32)) // 12
    cells = cell(age, r["male"][rows], r["decile"][rows])
    found = m.rates.of(cells, r["state"][rows], r["lagged"][rows], r["lsoa"][rows], m.area)
    death = m.rates.index["death"]
    np.minimum(found[:, death], m.rates.base[cells, death] * m.hazard_cap, out=found[:, death])
    return found


def _refresh(m: CareSystem, rows: Rows) -> None:
    r = m.residents.columns
    monthly = rates(m, rows)
    r["chance"][rows] = draws.chances(monthly[:, : m.drawn])
    r["gp_rate"][rows] = monthly[:, m.rates.index["gp_contact"]]
    age = (m.month - r["born"][rows].astype(np.int32)) // 12
    satisfaction, r["utility"][rows] = m.wellbeing.of(
        age, r["male"][rows], r["state"][rows], r["listed"][rows] > 0, r["unmet"][rows] > 0
    )
    r["satisfaction"][rows] = satisfaction + m.area_shift["life_satisfaction"][r["lsoa"][rows]]
