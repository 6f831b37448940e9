"""Compiled loops of the needs that leave the practice. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import LOW, MIX_1, MIX_2, S27, S30, S31, S32, TO_UNIT, compiled

Array = NDArray[Any]
FULL = 255
SHORT = np.uint64(0xFFFF)
S16, S48 = np.uint64(16), np.uint64(48)
ONE, TWO, THREE = np.uint64(1), np.uint64(2), np.uint64(3)


@compiled
def scramble(z):  # type: ignore[no-untyped-def]
    """The hash of `sim.kernels` (compiled functions call only functions of their own file)."""
    z = (z ^ (z >> S30)) * MIX_1
    z = (z ^ (z >> S27)) * MIX_2
    return z ^ (z >> S31)


@compiled
def leave_practice(
    key: Array, served: Array, has: Array, offset: Array, bound: Array, rows: Array, kinds: Array, shorts: Array
) -> int:
    """Which served contacts may go on to another team; returns how many places were filled.

    served: uint8[n] pattern of slots a row; has: uint8[256] the kinds of a pattern, a bit each (kinds 0 to 7); offset:
    of the hashes that hold the 16-bit draws of kinds 0–3 and 4–7; bound: uint64[8], a draw below it may go on. Fills
    rows, kinds and draws, by row, a kind at most once.
    """
    filled = 0
    for i in range(served.size):
        if served[i] == 0:
            continue
        kind_bits = has[served[i]]
        for half in range(2):
            mine = kind_bits >> (4 * half) & 15
            if half == 1 and mine == 0:
                break
            z = scramble(key[i] + offset[half])
            first = 4 * half
            hit = np.uint64(z & SHORT < bound[first])
            hit |= np.uint64(z >> S16 & SHORT < bound[first + 1]) << ONE
            hit |= np.uint64(z >> S32 & SHORT < bound[first + 2]) << TWO
            hit |= np.uint64(z >> S48 < bound[first + 3]) << THREE
            hit &= np.uint64(mine)
            if hit == 0:  # nearly always
                continue
            for k in range(4):
                if hit >> np.uint64(k) & ONE:
                    rows[filled] = i
                    kinds[filled] = first + k
                    shorts[filled] = z >> np.uint64(16 * k) & SHORT
                    filled += 1
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
def take_away(pattern: Array, asks_later: Array, waiting: Array, rows: Array, lost: Array, out: Array) -> None:
    """Patterns of the contacts that were served, in `out`: new ones and those that waited, less what was not offered.

    asks_later: uint8[n] pattern of contacts that wait, brought up to date; waiting: how many of each row wait now;
    rows, lost: who was not offered how many. The highest slots of a row go first, so that acute contacts (the lowest)
    are served first.
    """
    for i in range(pattern.size):
        out[i] = pattern[i] | asks_later[i]
        asks_later[i] = 0
    for i in range(rows.size):
        row = rows[i]
        left = out[row]
        for _ in range(lost[i]):
            highest = 128
            while highest > 0 and left & highest == 0:
                highest >>= 1
            left &= 255 - highest
        gone = out[row] & (255 - left)
        for _ in range(waiting[row]):
            lowest = gone & -gone
            asks_later[row] |= lowest
            gone &= 255 - lowest
        out[row] = left


def kinds_by_pattern(kind_of_slot: Array) -> Array:
    """The kinds of a pattern of slots as bits: uint8[256]. Slots of kind −1 count for nothing."""
    table = np.zeros(256, np.uint8)
    for pattern in range(256):
        for slot, kind in enumerate(kind_of_slot):
            if pattern >> slot & 1 and kind >= 0:
                table[pattern] |= 1 << kind
    return table
