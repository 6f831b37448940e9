"""What needs that were given up do next month: ask again, go to A&E, end by themselves, or stay open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.care.overflow import binomial
from sim.outcomes.eventlog import Kind
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

MOST = 255


def reappear(m: CareSystem, contacts: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Move unmet needs on by a month, before the practices open.

    contacts: uint8, one a row: needs that ask the practice again are added to it. Returns the rows of those who go to
    A&E (a row may recur). Every need is counted once: before = asked again + A&E + ended + still open.
    """
    r, size, gp = m.residents.columns, m.residents.size, m.care.gp
    rows = np.flatnonzero((r["unmet"][:size] > 0) & (r["unique_id"][:size] != 0))
    open_needs = r["unmet"][rows].astype(np.int64)
    uniform = draws.uniforms2(r["key"][rows], m.month, Purpose.UNMET)
    room = MOST - contacts[rows].astype(np.int64)
    again = np.minimum(binomial(uniform[0], open_needs, gp.returns), room)
    left = open_needs - again
    ended = binomial(uniform[1], left, (gp.unmet_to_ed + gp.resolves) / (1 - gp.returns))
    # of those that end here, a hashed share does so in A&E
    some = np.flatnonzero(ended)
    third = draws.uniforms(r["key"][rows[some]], m.month, Purpose.UNMET)
    to_ed = binomial(third, ended[some], gp.unmet_to_ed / max(gp.unmet_to_ed + gp.resolves, 1e-12))
    still = left - ended
    contacts[rows] = (contacts[rows] + again).astype(np.uint8)
    r["unmet"][rows] = still
    r["unmet_age"][rows] = np.where(still > 0, np.minimum(r["unmet_age"][rows].astype(np.int64) + 1, MOST), 0)
    m.events.add_counts(rows, {Kind.GP_ASKS_AGAIN: again})
    m.care.again = np.bincount(r["practice"][rows], again, m.practices.size)
    m.care.ledger.add(
        m.month, unmet_in=open_needs.sum(), unmet_again=again.sum(), unmet_to_ed=to_ed.sum(),
        unmet_to_ed_home=to_ed[r["home_trust"][rows[some]] == 1].sum(), unmet_ended=ended.sum() - to_ed.sum(),
        unmet_still=still.sum(),
    )  # fmt: skip
    return np.repeat(rows[some], to_ed)
