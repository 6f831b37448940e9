"""Who comes to the hospital unplanned this month: to A&E, and to be admitted, by the kind of need that brings them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.care.pathways import KINDS

if TYPE_CHECKING:
    from sim.life.changes import Happenings

Rows = NDArray[np.int64]
ED, INJURY = "ed", "injury"
OTHER, EXACERBATION, FRAILTY_CRISIS = "emergency", "exacerbation", "frailty_crisis"


def to_ed(happenings: Happenings, *sent: Rows) -> Rows:
    """Rows of those who attend A&E of themselves or injured, and of those `sent` there; a row may recur."""
    return np.concatenate([happenings.of(ED), happenings.of(INJURY), *sent])


def to_beds(happenings: Happenings, worsened: Rows, crises: Rows) -> dict[str, Rows]:
    """Rows of those who need a bed, by kind: with them whoever worsened on a waiting list, or waiting for a team."""
    return {
        OTHER: np.concatenate([happenings.of(OTHER), worsened]),
        EXACERBATION: happenings.of(EXACERBATION),
        FRAILTY_CRISIS: np.concatenate([happenings.of(FRAILTY_CRISIS), crises]),
    }


def with_pathway(happenings: Happenings, admitted: Mapping[str, Rows]) -> dict[str, Rows]:
    """Of all emergencies those of a kind that goes on along a pathway, rows by kind."""
    return {name: rows for name, rows in ({INJURY: happenings.of(INJURY)} | dict(admitted)).items() if name in KINDS}
