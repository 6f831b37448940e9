"""The review: once a year, in the month of a resident's birthday, lagged exposures move and cached chances follow.

Whoever changes something that a rate depends on calls `refresh` for those residents; nothing else may write the
cached columns. Age is therefore always up to date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.columns.rows import distinct
from sim.life import diagnosis, life_kernels, managed, three_cs

if TYPE_CHECKING:
    from sim.system import CareSystem

Rows = NDArray[np.int64]
NOBODY = np.empty(0, np.int64)


def due(m: CareSystem) -> Rows:
    """Rows of the residents whose review falls in this month, in order."""
    r, size = m.residents.columns, m.residents.size
    rows = np.empty(size + 1, np.int64)
    count = life_kernels.due(r["born"][:size], r["unique_id"][:size], m.month, rows)
    return rows[:count]


def review(m: CareSystem, rows: Rows, new: Rows = NOBODY) -> None:
    """Move the lagged exposures, the three Cs and the managed level of those due by a year, then refresh them, and with
    them those who are `new`."""
    r = m.residents.columns
    exposures = m.epidemiology.exposures
    life_kernels.advance_lags(r["lagged"], r["state"], rows, exposures.mask, exposures.rise, exposures.fall)
    three_cs.review(m, rows)
    managed.review(m, rows)
    refresh(m, distinct(np.concatenate([rows, new])) if new.size else rows)


def refresh(m: CareSystem, rows: Rows) -> None:
    """Recompute everything cached for these residents (each at most once): chances, expected contacts, wellbeing."""
    if rows.size == 0:
        return
    r = m.residents.columns
    life_kernels.find_cells(rows, r["born"], r["male"], r["decile"], m.month, r["cell"])
    m.rates.keep(rows, r, m.area, (m.rates.index["death"], m.hazard_cap), m.drawn, m.slots)
    if (full := diagnosis.forgo_reviews(m, rows)).size:
        found = rates(m, full)
        draws.keep_counts(found, full, r["key"], m.slots, r["ask"])
        r["gp_rate"][full] = np.minimum(found[:, m.slots] / np.bincount(m.slots)[m.slots], 1.0).sum(axis=1)
    m.wellbeing.feel(r, rows, m.area_shift["life_satisfaction"])


def rates(m: CareSystem, rows: Rows) -> NDArray[np.float32]:
    """Rates per month of these residents as they are now: float32 (rows, processes). Their `cell` is brought up to
    date on the way."""
    r = m.residents.columns
    life_kernels.find_cells(rows, r["born"], r["male"], r["decile"], m.month, r["cell"])
    found = m.rates.of(rows, r["cell"], r["state"], r["lagged"], r["lsoa"], m.area)
    life_kernels.cap_hazard(rows, r["cell"], m.rates.base, m.rates.index["death"], m.hazard_cap, found)
    found[:, m.rates.index[diagnosis.REVIEW]] *= m.epidemiology.reviews_left[r["undiagnosed"][rows]]
    return found
