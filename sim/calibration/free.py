"""The free parameters: few, named, each with bounds and the reason why it may move (free.csv)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.evidence.joint import CENTRE

SHIPPED = Path(__file__).parent / "free.csv"
COLUMNS = ("name", "low", "high", "stands_for", "reason")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Free:
    """One parameter of the evidence that calibration may move between low and high. stands_for: a stratum of a table
    whose uncertainty it stands for, which keeps its centre meanwhile (or nothing)."""

    name: str
    low: float
    high: float
    stands_for: str
    reason: str

    def at(self, position: float) -> float:
        """The value at a position between 0 and 1."""
        return self.low + position * (self.high - self.low)


def read(path: Path = SHIPPED) -> list[Free]:
    """The free parameters in a file. Raises `UserError` for a wrong header or bounds that are none."""
    with path.open(encoding="utf-8", newline="") as text:
        rows = csv.DictReader(text)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise UserError(f"{path.name} must have the columns {','.join(COLUMNS)}.")
        return [_of(row, path) for row in rows]


def _of(row: dict[str, str], path: Path) -> Free:
    try:
        low, high = float(row["low"]), float(row["high"])
    except ValueError:
        raise UserError(f"{path.name}: the bounds of '{row['name']}' are not numbers.") from None
    if not low < high:
        raise UserError(f"{path.name}: the bounds of '{row['name']}' must rise, not {low:g} to {high:g}.")
    return Free(row["name"], low, high, row["stands_for"], row["reason"])


def values(free: Sequence[Free], point: Floats) -> dict[str, float]:
    """Values by name at a point of the unit cube, float64[parameters]."""
    return {one.name: one.at(float(x)) for one, x in zip(free, point, strict=True)}


def held(free: Sequence[Free]) -> dict[str, float]:
    """Strata that keep their centre, with the quantile at which they stand."""
    return {one.stands_for: CENTRE for one in free if one.stands_for}


def positions(free: Sequence[Free], points: Sequence[dict[str, float]]) -> Floats:
    """Points of the unit cube from values by name: float64[points, parameters]."""
    return np.array([[(p[one.name] - one.low) / (one.high - one.low) for one in free] for p in points])
