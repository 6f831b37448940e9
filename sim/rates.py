"""Rates as tables: a process is a row of numbers, and a resident's rate is looked up, never computed by hand.

rate[resident, process] = base[age, sex, deprivation; process]
                          × Π over the bytes of the state   factor[byte, value, process]
                          × Π over lagged exposures         (1 + excess[process, exposure] × x̃)
                          × area[neighbourhood, process]

A condition, a kind of contact or a behaviour is a row (`Process`); a lever scales `area`; the kernel never changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.clock import MONTHS_A_YEAR

Array = NDArray[np.float64]
STATE_BITS = 32


@dataclass(frozen=True)
class Process:
    """One row of the rate tables.

    per_year: base rate per person-year, one a cell (see `sim.life.grid.cell`). if_on, if_off: multiplier where a
    state (by its bit) is on, or off; 0 makes the process impossible. excess: relative risk − 1 of each lagged exposure.
    """

    name: str
    per_year: Array
    if_on: Mapping[int, float] = field(default_factory=dict)
    if_off: Mapping[int, float] = field(default_factory=dict)
    excess: Array | None = None

    def factors(self, state_bytes: int) -> Array:
        """Multiplier of each value of each byte of the state: (bytes, 256)."""
        table = np.ones((state_bytes, 256))
        values = np.arange(256)
        for multipliers, wanted in ((self.if_on, 1), (self.if_off, 0)):
            for position, ratio in multipliers.items():
                byte, bit = divmod(position, 8)
                table[byte] *= np.where((values >> bit & 1) == wanted, ratio, 1.0)
        return table


class RateTables:
    """Every process of the model as arrays; float32, rates per month."""

    def __init__(self, processes: Sequence[Process], exposures: int, states: int = STATE_BITS) -> None:
        """exposures: how many columns of lagged exposures there are; states: how many bits of the state are used."""
        self.names = tuple(process.name for process in processes)
        self.index = {name: position for position, name in enumerate(self.names)}
        monthly = np.stack([process.per_year for process in processes], axis=1) / MONTHS_A_YEAR
        self.base = np.ascontiguousarray(monthly, np.float32)
        by_byte = [process.factors(-(-states // 8)) for process in processes]
        self.factors = np.ascontiguousarray(np.stack(by_byte, axis=2), np.float32)
        nothing = np.zeros(exposures)
        rows = [nothing if process.excess is None else process.excess for process in processes]
        self.excess = np.ascontiguousarray(np.stack(rows), np.float32)

    def of(
        self,
        rows: NDArray[np.int64],
        cell: NDArray[np.int32],
        state: NDArray[np.uint32],
        lagged: NDArray[np.float32],
        area: NDArray[np.int16],
        area_factor: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Rates per month of the residents in `rows`: float32 (rows, processes).

        cell, state, lagged and area are the columns of all residents; area_factor is (areas, processes).
        """
        return draws.hazards(rows, cell, state, lagged, area, self.base, self.excess, self.factors, area_factor)
