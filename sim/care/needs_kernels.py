"""Compiled loops of the needs that leave the practice. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import LOW, MIX_1, MIX_2, S27, S30, S31, TO_UNIT, compiled

Array = NDArray[Any]
FULL = 255


@compiled
def scramble(z):  # type: ignore[no-untyped-def]
    """The hash of `sim.kernels` (compiled functions call only functions of their own file)."""
    z = (z ^ (z >> S30)) * MIX_1
    z = (z ^ (z >> S27)) * MIX_2
    return z ^ (z >> S31)


@compiled
def leave_practice(
    key: Array, served: Array, kinds_of: Array, offset: Array, shift: Array, bound: Array,
    rows: Array, kinds: Array, uniforms: Array,
) -> int:  # fmt: skip
    """Which served contacts may go on to another team; returns how many places were filled.

    served: uint8[n] pattern of slots a row; kinds_of: int8[256, 6] how many kinds a pattern has, and which; offset,
    shift: of each kind's draw (`draws.uniforms`); bound: a word (uint32, as uint64) below it may go on. Fills rows,
    kinds and uniforms, by row, a kind at most once.
    """
    filled = 0
    for i in range(served.size):
        pattern = served[i]
        if pattern == 0:
            continue
        for k in range(kinds_of[pattern, 0]):
            kind = kinds_of[pattern, k + 1]
            word = (scramble(key[i] + offset[kind]) >> shift[kind]) & LOW
            rows[filled] = i
            kinds[filled] = kind
            uniforms[filled] = np.float32(np.uint32(word)) * TO_UNIT
            filled += word < bound[kind]
    return filled


@compiled
def raise_managed(
    key: Array, served: Array, slots: int, offset: np.uint64, shift: np.uint64, rise: float, managed: Array
) -> None:
    """Raise a level (uint8, 1/255) of the rows with a served contact in any of `slots`, rounded by a draw each."""
    for i in range(served.size):
        if served[i] & slots:
            word = np.uint32((scramble(key[i] + offset) >> shift) & LOW)
            step = int(rise * FULL + np.float32(word) * TO_UNIT)
            managed[i] = min(int(managed[i]) + step, FULL)


@compiled
def add_up_to_most(column: Array, rows: Array, amount: Array) -> None:
    """Add whole numbers to uint8 entries of a column (rows may recur), up to 255."""
    for i in range(rows.size):
        column[rows[i]] = min(int(column[rows[i]]) + int(amount[i]), FULL)


@compiled
def set_bits(column: Array, rows: Array, bits: Array) -> None:
    """Set bits of uint8 entries of a column (rows may recur)."""
    for i in range(rows.size):
        column[rows[i]] |= bits[i]


@compiled
def take_away(pattern: Array, rows: Array, lost: Array, out: Array) -> None:
    """A copy of the patterns in `out`, less the contacts that were not offered: the highest slots of a row go first,
    so that acute contacts (the lowest) are served first."""
    out[:] = pattern
    for i in range(rows.size):
        left = out[rows[i]]
        for _ in range(lost[i]):
            highest = 128
            while highest > 0 and left & highest == 0:
                highest >>= 1
            left &= 255 - highest
        out[rows[i]] = left


def kinds_by_pattern(kind_of_slot: Array) -> Array:
    """How many kinds a pattern of slots has, and which, in order: int8[256, 9]. Slots of kind −1 count for nothing."""
    table = np.zeros((256, 9), np.int8)
    for pattern in range(256):
        kinds = sorted({int(kind) for slot, kind in enumerate(kind_of_slot) if pattern >> slot & 1 and kind >= 0})
        table[pattern, 0] = len(kinds)
        table[pattern, 1 : 1 + len(kinds)] = kinds
    return table
