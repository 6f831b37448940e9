"""What needs that were given up do next month: ask again, go to A&E, end by themselves, or stay open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.care import care_kernels as kernels
from sim.care.hashes import Hashes
from sim.outcomes.eventlog import Kind
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

MOST = 255
DRAWS = Hashes(Purpose.UNMET, pairs=[Purpose.UNMET])


def reappear(m: CareSystem, contacts: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Move unmet needs on by a month, before the practices open.

    contacts: uint8, one a row: needs that ask the practice again are added to it, and noted in ``care.asked_again``
    (their kinds come back in `Needs.see`). Returns the rows of those who go to
    A&E (a row may recur). Every need is counted once: before = asked again + A&E + ended + still open.
    """
    r, size, gp = m.residents.columns, m.residents.size, m.care.gp
    ends = gp.unmet_to_ed + gp.resolves
    chance = np.array([gp.returns, ends / (1 - gp.returns), gp.unmet_to_ed / max(ends, 1e-12)])
    by_practice, total = np.zeros(m.practices.size, np.int64), np.zeros(6, np.int64)
    rows, again = np.empty((2, size), np.int64)
    asked, sent = kernels.reappear(
        r["unique_id"][:size], r["key"][:size], r["home_trust"][:size], r["practice"][:size], contacts,
        r["unmet"][:size], r["unmet_age"][:size], DRAWS.offset(m.month), DRAWS.shift, chance, MOST, by_practice, total,
        rows, again,
    )  # fmt: skip
    m.care.asked_again = rows[:asked], again[:asked]
    m.events.add_counts(rows[:asked], {Kind.GP_ASKS_AGAIN: again[:asked]})
    m.care.again = by_practice.astype(np.float64)
    names = ("unmet_in", "unmet_again", "unmet_to_ed", "unmet_to_ed_home", "unmet_ended", "unmet_still")
    m.care.ledger.add(m.month, **dict(zip(names, total.tolist(), strict=True)))
    return np.asarray(sent)
