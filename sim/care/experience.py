"""Experience of care: a score of 1 to 100 a resident, once a year in March, and as soon as somebody is new.

    score = 100 · Σ weight · part / Σ weight

    met         half / (half + unmet needs)
    waits       half / (half + months waited for whatever one waits for now, added up)
    continuity  share of contacts with the usual clinician
    hand-offs   half / (half + hand-offs since the last score)

Each `half` is the amount at which its part is halved; weights and halves are judged (evidence: experience.*). The score
is shown; nothing in the model depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.clock import calendar_month
from sim.kernels import compiled

if TYPE_CHECKING:
    from sim.system import CareSystem

Array = NDArray[Any]
PARTS = ("met", "waits", "continuity", "handoffs")
MARCH = 3


def update(m: CareSystem) -> None:
    """Score everybody in March, and whoever has no score yet; their hand-offs are counted anew."""
    r, size = m.residents.columns, m.residents.size
    everybody = calendar_month(m.month) == MARCH
    rows = np.arange(size) if everybody else np.flatnonzero(r["experience"][:size] == 0)
    rows = rows[r["unique_id"][rows] != 0]
    if not len(rows):
        return
    waited = np.zeros(size if everybody else 0, np.float32)  # who is new waits for nothing but the practice
    if everybody:
        listed, open_needs = m.care.waiting.columns, m.care.needs.columns
        add_waits(waited, listed["row"], m.month + 1 - listed["began"])
        waits = np.flatnonzero(m.care.needs.waits())
        add_waits(waited, open_needs["row"][waits], (m.month + 1.0) - open_needs["since"][waits])
    columns = (r[name] for name in ("unmet", "gp_wait_months", "continuity", "handoffs"))
    score(rows, *columns, waited, *m.care.worth_of_experience, r["experience"])


def worth(evidence: Mapping[str, float]) -> tuple[Array, Array]:
    """What the parts count (float64[4] in the order of `PARTS`, adding up to 1), and their halves: of unmet needs,
    months, hand-offs."""
    weight = np.array([evidence[f"experience.weight_{part}"] for part in PARTS])
    half = np.array([evidence[f"experience.half_{part}"] for part in ("needs", "waits", "handoffs")])
    return weight / weight.sum(), half


@compiled
def add_waits(waited: Array, rows: Array, months: Array) -> None:
    """Add the months of entries to their residents' (float32, one a row)."""
    for i in range(rows.size):
        waited[rows[i]] += np.float32(months[i])


@compiled
def score(
    rows: Array, unmet: Array, gp_months: Array, continuity: Array, handoffs: Array, waited: Array, weight: Array,
    half: Array, experience: Array,
) -> None:  # fmt: skip
    """Write the score of residents at `rows` into `experience`, and set their `handoffs` to 0.

    waited: months by row (or nobody's: of length 0); weight, half: see `worth`.
    """
    for i in rows:
        months = np.float64(gp_months[i])
        if waited.size > 0:
            months += waited[i]
        part = weight[0] * half[0] / (half[0] + unmet[i])
        part += weight[1] * half[1] / (half[1] + months)
        part += weight[2] * continuity[i] / 255.0
        part += weight[3] * half[2] / (half[2] + handoffs[i])
        experience[i] = max(1, int(100.0 * part + 0.5))
        handoffs[i] = 0
