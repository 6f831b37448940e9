"""Experience of care: a score of 0 to 100 a resident, once a year in the month of birth.

    score = 100 · Σ weight · part / Σ weight

    met         half / (half + unmet needs)
    waits       half / (half + months waited for whatever one waits for now, added up)
    continuity  share of contacts with the usual clinician
    hand-offs   half / (half + hand-offs since the last score)

Each `half` is the amount at which its part is halved; weights and halves are judged (evidence: experience.*). The score
is shown; nothing in the model depends on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.care.needs import WAITING
from sim.clock import MONTHS_A_YEAR
from sim.kernels import compiled

if TYPE_CHECKING:
    from sim.system import CareSystem

Array = NDArray[Any]
PARTS = ("met", "waits", "continuity", "handoffs")
FULL = 255


def update(m: CareSystem) -> None:
    """Score those whose month of birth it is, and whoever has no score yet; their hand-offs are counted anew."""
    r, size, evidence = m.residents.columns, m.residents.size, m.evidence
    weight = np.array([evidence[f"experience.weight_{part}"] for part in PARTS])
    half = np.array([evidence[f"experience.half_{part}"] for part in ("needs", "waits", "handoffs")])
    waited = np.zeros(size, np.float32)
    listed, open_needs = m.care.waiting.columns, m.care.needs.columns
    add_waits(waited, listed["row"], m.month + 1 - listed["began"])
    waits = np.flatnonzero(open_needs["until"] == WAITING)
    add_waits(waited, open_needs["row"][waits], (m.month + 1.0) - open_needs["since"][waits])
    columns = (r[name][:size] for name in ("unique_id", "born", "unmet", "gp_wait_months", "continuity", "handoffs"))
    score(*columns, waited, due_by_birth(m.month), weight / weight.sum(), half, r["experience"][:size])


def due_by_birth(month: int) -> NDArray[np.bool_]:
    """Whether those born in each month (as uint16) have their month of birth: bool[65536]."""
    born = np.arange(2**16, dtype=np.uint16).view(np.int16).astype(np.int64)
    return np.asarray((month - born) % MONTHS_A_YEAR == 0)


@compiled
def add_waits(waited: Array, rows: Array, months: Array) -> None:
    """Add the months of entries to their residents' (float32, one a row)."""
    for i in range(rows.size):
        waited[rows[i]] += np.float32(months[i])


@compiled
def score(
    identity: Array, born: Array, unmet: Array, gp_months: Array, continuity: Array, handoffs: Array, waited: Array,
    due: Array, weight: Array, half: Array, experience: Array,
) -> None:  # fmt: skip
    """Write the score (1–100; 0: none yet) of those who are due into `experience`, and set their `handoffs` to 0.

    due: by month of birth (`due_by_birth`); weight: float64[4] in the order of `PARTS`, adding up to 1; half:
    of unmet needs, months, hand-offs.
    """
    for i in range(identity.size):
        if (experience[i] != 0 and not due[np.uint16(born[i])]) or identity[i] == 0:
            continue
        months = np.float64(waited[i]) + gp_months[i]
        part = weight[0] * half[0] / (half[0] + unmet[i])
        part += weight[1] * half[1] / (half[1] + months)
        part += weight[2] * continuity[i] / 255.0
        part += weight[3] * half[2] / (half[2] + handoffs[i])
        experience[i] = max(1, int(100.0 * part + 0.5))
        handoffs[i] = 0
