"""Compiled loops over the reference population; see `sim.life.reference`. Compiled code calls only its own file.

Sums go person after person in double precision, as NumPy's `bincount` does.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]


@compiled
def add_up(cell: Array, values: Array, weight: Array, total: Array) -> None:
    """Add values × weight of each person to the total of their cell."""
    for i in range(cell.size):
        total[cell[i]] += values[i] * weight[i]


@compiled
def add_some(rows: Array, cell: Array, values: Array, total: Array) -> None:
    """Add the values of the persons in `rows` to the totals of their cells."""
    for i in rows:
        total[cell[i]] += values[i]


@compiled
def bounded(
    cell: Array, share: Array, multiplier: Array, norm: Array, most: float, weight: Array, total: Array
) -> bool:
    """Add everyone's chance share × multiplier ÷ norm of the cell, at most `most`, times weight, to the total of the
    cell; returns whether anybody's is above `most`."""
    beyond = False
    for i in range(cell.size):
        chance = share[i] * multiplier[i] / norm[cell[i]]
        beyond |= not chance <= most
        total[cell[i]] += min(chance, most) * weight[i]
    return beyond
