"""What is counted in a month, queued as it happens and added up in one compiled pass.

A month has some seventy things to count, most of a few residents each; a call that added each up at once would spend
far more on getting ready than on counting. So `Tally` holds the rows until the figures are wanted. Nothing that is
counted of a resident (fifth, neighbourhood, birth, sex) changes while they stay in the model.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.census_kernel import AGE_GROUP_OF, BAND_OF
from sim.outcomes.measures import Measures
from sim.outcomes.tally_kernel import AMOUNT, MEASURE_BITS, WHAT_BITS, count_entries

Array = NDArray[Any]
Columns = Mapping[str, Array]
PEOPLE = {"fifth": np.uint8, "born": np.int16, "lsoa": np.int16, "male": np.uint8}
"""Columns that are counted by, and how they are handed on: one form, compiled once."""
_MEASURE = 1 + WHAT_BITS
_LENGTH = _MEASURE + MEASURE_BITS


class Tally:
    """What was added since the figures were last settled, in order. measures: of the recorder; fifth_of_area: 0–4."""

    def __init__(self, measures: Measures, fifth_of_area: Array) -> None:
        self.fifth_of_area = fifth_of_area
        areas = {name: k for k, name in enumerate(measures.by_area)}
        cells = {name: k for k, name in enumerate(measures.by_cell)}
        self.known = np.array(
            [
                [measures[name].kind == "flow", areas.get(name, -1), cells.get(name, -1), name == "deaths"]
                for name in measures.recorded
            ],
            np.int64,
        )
        self._clear()

    def _clear(self) -> None:
        self.columns: Columns | None = None
        self._queued, self._scales = array("q"), array("d")
        self._numbers: list[Array] = []
        self._weights: list[Array] = []

    def __bool__(self) -> bool:
        return bool(self._queued)

    def add(self, measure: int, what: int, scale: float, numbers: Array, weights: Array | None) -> None:
        """Some residents or cells, each once or `weights` times.

        measure: its row; what: the numbers are (`OF_ROWS` of `columns`, `OF_FIFTHS`, `OF_CELLS`); scale: of each count.
        """
        if weights is not None and len(weights) != len(numbers):
            raise ValueError(f"There are {len(weights)} weights for {len(numbers)} that are counted.")
        self._queued.append(len(numbers) << _LENGTH | measure << _MEASURE | what << 1 | (weights is not None))
        self._scales.append(scale)
        self._numbers.append(numbers)
        if weights is not None:
            self._weights.append(weights)

    def amount(self, measure: int, amount: float) -> None:
        """So many of whom nothing is known."""
        self._queued.append(measure << _MEASURE | AMOUNT << 1)
        self._scales.append(amount)

    def settle(
        self, arrays: Mapping[str, Array], row: int, year: int, month: int, in_march: bool, weight: float
    ) -> None:
        """Add everything to the recorder's arrays and forget it.

        row, year: of the month and its financial year in the arrays; in_march: stocks are kept by age and area, too;
        weight: what a resident who dies stands for. Raises `ValueError` for a fifth that is not 0–4.
        """
        people = [
            np.zeros(0, kind) if self.columns is None or name not in self.columns
            else np.ascontiguousarray(self.columns[name], kind)
            for name, kind in PEOPLE.items()
        ]  # fmt: skip
        good = count_entries(
            np.frombuffer(self._queued, np.int64), np.frombuffer(self._scales), joined(self._numbers, np.int64),
            joined(self._weights, np.float64), self.known, tuple(people), self.fifth_of_area, month, in_march,
            (AGE_GROUP_OF, BAND_OF), arrays["monthly"][row],
            (arrays["yearly_age"][year], arrays["yearly_area"][year], arrays["yearly_cell"][year],
             arrays["death_bands"][year]),
            weight,
        )  # fmt: skip
        self._clear()
        if not good:
            raise ValueError("Deprivation fifths are 0 to 4.")


def joined(parts: Sequence[Array], kind: type) -> Array:
    """One after another, as one type."""
    return np.concatenate(parts, dtype=kind, casting="unsafe") if parts else np.empty(0, kind)
