"""The elective problem on its pathway: what becomes of a referral on its way to a clinic, and how a pathway ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.care import pathway_kernels as kernels
from sim.care.pathways import KINDS
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Array = NDArray[Any]
Rows = NDArray[np.int64]
KIND = KINDS.index("elective")


def arriving(m: CareSystem) -> float:
    """Of elective problems, the share that reaches a clinic's list without policy."""
    pathways = m.care.pathways
    share, _, lost, _ = pathways.value[pathways.step("elective", "outpatients")]
    return float(share * (1.0 - lost))


def referrals_that_arrive(m: CareSystem, rows: Rows) -> Rows:
    """Rows of elective problems that get onto a list; those that are lost on the way become unmet needs."""
    needs, pathways, r = m.care.needs, m.care.pathways, m.residents.columns
    referred, lost = np.empty((2, len(rows)), np.bool_)
    kernels.refer(
        rows, r["key"], pathways.step("elective", "outpatients"), pathways.numbers,
        (r["practice"], r["lsoa"], r["handoffs"]), draws.offset(m.month, draws.PAIRED + Purpose.REFERRAL_LOST),
        referred, lost,
    )  # fmt: skip
    nowhere = rows[lost]
    needs.record("handoffs", rows[referred])
    needs.record("lost_referrals", nowhere)
    needs.unmet(nowhere, np.full(len(nowhere), KIND))
    m.care.ledger.add(m.month, referrals_lost=len(nowhere))
    return np.asarray(rows[referred & ~lost])


def after_clinic(m: CareSystem, rows: Rows, uniform: Array) -> NDArray[np.int64]:
    """How pathways of residents at `rows` end: 0 at the clinic, 1 with a day case, 2 with a stay."""
    pathways, r = m.care.pathways, m.residents.columns
    step = pathways.onward(
        KIND, pathways.step("elective", "outpatients"), uniform, r["practice"][rows], r["lsoa"][rows]
    )
    ends = np.zeros(len(pathways.kind) + 1, np.int64)  # by step; the last is that of nowhere
    for number, name in enumerate(("day_case", "ordinary_stay"), 1):
        ends[pathways.step("elective", name)] = number
    return ends[step]
