"""What was observed and is shown beside the model but not judged: the hospital's months, and the face-validity rows.

Both are compact CSV files written by `sim.validation.prepare_observed` from the publishers' files.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.validation.periods import Period

FOLDER = Path(__file__).parent
MONTHS, FACES = FOLDER / "observed_months.csv", FOLDER / "observed_faces.csv"
FAULT = "data fault"


def months(measure: str, period: Period) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A measure of Hampshire Hospitals in each month of a period, and apart from it the values known to be faulty.

    Nan where nothing was published (and, in the first, where the value is faulty).
    """
    good, faulty = (np.full(len(period.months), np.nan) for _ in range(2))
    at = {month: k for k, month in enumerate(period.months)}
    for row in _rows(MONTHS):
        k = at.get(clock.month_of(row["month"]))
        if row["measure"] == measure and k is not None:
            (faulty if row["note"] == FAULT else good)[k] = float(row["value"])
    return good, faulty


def face(figure: str, series: str) -> dict[float, float]:
    """Observed points of one series of a figure: x → value; empty where the evidence has none."""
    return {
        float(row["x"]): float(row["value"])
        for row in _rows(FACES)
        if row["figure"] == figure and row["series"] == series
    }


@cache
def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))
