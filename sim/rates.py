"""Rates as tables: a process is a row of numbers, and a resident's rate is looked up, never computed by hand.

rate[resident, process] = base[age, sex, deprivation; process]
                          × Π over the bytes of the state   factor[byte, value, process]   (states and levels)
                          × Π over lagged exposures         (1 + excess[process, exposure] × x̃)
                          × area[neighbourhood, process]

A condition, a kind of contact or a behaviour is a row (`Process`); a lever scales `area`; the kernel never changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.clock import MONTHS_A_YEAR
from sim.life.states import LEVEL_VALUES, level_shift

Array = NDArray[np.float64]
BYTES, BYTE_BITS = 8, 8


@dataclass(frozen=True)
class Process:
    """One row of the rate tables.

    per_year: base rate per person-year, one a cell (see `sim.life.grid.cell`). if_on, if_off: multiplier where a
    state (by its bit) is on, or off; 0 makes the process impossible. by_level: multiplier of each of the four values
    of a level, by the name of the level. only_if: bits of one byte of the state of which one must be on. excess:
    relative risk − 1 of each lagged exposure.
    """

    name: str
    per_year: Array
    if_on: Mapping[int, float] = field(default_factory=dict)
    if_off: Mapping[int, float] = field(default_factory=dict)
    excess: Array | None = None
    by_level: Mapping[str, Sequence[float]] = field(default_factory=dict)
    only_if: Sequence[int] = ()

    def factors(self) -> Array:
        """Multiplier of each value of each byte of the state: (8, 256)."""
        table = np.ones((BYTES, 256))
        values = np.arange(256)
        for byte in {position // BYTE_BITS for position in self.only_if}:
            bits = sum(1 << position % BYTE_BITS for position in self.only_if)
            table[byte] *= (values & bits) != 0
        for name, ratios in self.by_level.items():
            byte, shift = divmod(level_shift(name), BYTE_BITS)
            table[byte] *= np.asarray(ratios)[(values >> shift) % LEVEL_VALUES]
        for multipliers, wanted in ((self.if_on, 1), (self.if_off, 0)):
            for position, ratio in multipliers.items():
                byte, bit = divmod(position, BYTE_BITS)
                table[byte] *= np.where((values >> bit & 1) == wanted, ratio, 1.0)
        return table


class RateTables:
    """Every process of the model as arrays; float32, rates per month. Six bytes of the state are looked up, `shifts`
    says where they stand. Tables are `width` processes wide: those named, and some that never happen."""

    def __init__(self, processes: Sequence[Process], exposures: int) -> None:
        """exposures: how many columns of lagged exposures there are."""
        self.names = tuple(process.name for process in processes)
        self.index = {name: position for position, name in enumerate(self.names)}
        monthly = np.stack([process.per_year for process in processes], axis=1) / MONTHS_A_YEAR
        self.width = draws.padded(len(processes))
        more = ((0, 0), (0, self.width - len(processes)))  # processes that never happen make whole vectors
        self.base = np.ascontiguousarray(np.pad(monthly, more), np.float32)
        by_byte = np.stack([process.factors() for process in processes], axis=2)
        by_byte = np.pad(by_byte, ((0, 0), *more), constant_values=1.0)
        needed = (by_byte != 1).any(axis=(1, 2))
        used = np.sort(np.argsort(~needed, kind="stable")[: draws.BYTES])  # bytes that nothing depends on make six
        if needed.sum() > draws.BYTES:
            raise ValueError(
                f"rates depend on {needed.sum()} bytes of the state; at most {draws.BYTES} can be looked up"
            )
        self.shifts = (used * BYTE_BITS).astype(np.uint64)
        self.factors = np.ascontiguousarray(by_byte[used], np.float32)
        nothing = np.zeros(exposures)
        rows = [nothing if process.excess is None else process.excess for process in processes]
        self.excess = np.ascontiguousarray(np.pad(np.stack(rows, axis=1), more), np.float32)

    def of(
        self,
        rows: NDArray[np.int64],
        cell: NDArray[np.int32],
        state: NDArray[np.uint64],
        lagged: NDArray[np.uint16],
        area: NDArray[np.int16],
        area_factor: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Rates per month of the residents in `rows`: float32 (rows, processes).

        cell, state, lagged and area are the columns of all residents; area_factor is (areas, `width`).
        """
        tables = self.base, self.excess, self.factors, area_factor, self.shifts
        return draws.hazards(rows, cell, state, lagged, area, *tables)[:, : len(self.names)]

    def keep(
        self,
        rows: NDArray[np.int64],
        columns: Mapping[str, NDArray[Any]],
        area_factor: NDArray[np.float32],
        cap: tuple[int, float],
        drawn: int,
        slots: NDArray[np.int64],
    ) -> None:
        """Write what is kept of the rates of the residents in `rows` into their columns; see `sim.draws.keep`."""
        draws.keep(rows, columns, (self.base, self.excess, self.factors, self.shifts), area_factor, cap, drawn, slots)
