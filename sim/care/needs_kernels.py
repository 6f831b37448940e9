"""Compiled loops of the needs that leave the practice. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import MIX_1, MIX_2, S27, S30, S31, S32, compiled

Array = NDArray[Any]
FULL = 255
SHORT = np.uint64(0xFFFF)
S16, S48 = np.uint64(16), np.uint64(48)


@compiled
def scramble(z):  # type: ignore[no-untyped-def]
    """The hash of `sim.kernels` (compiled functions call only functions of their own file)."""
    z = (z ^ (z >> S30)) * MIX_1
    z = (z ^ (z >> S27)) * MIX_2
    return z ^ (z >> S31)


@compiled
def may_leave(key: Array, offset: np.uint64, bound: Array, out: Array) -> None:
    """Bit k of out[i] is on when row i's 16-bit draw of kind k is below bound[k] (uint64[5]).

    Kinds 0 to 3 have the four parts of one hash; kind 4 shares the draw of kind 0. Without branches, so that the
    machine does several rows at once.
    """
    b0, b1, b2, b3, b4 = bound[0], bound[1], bound[2], bound[3], bound[4]
    for i in range(key.size):
        z = scramble(key[i] + offset)
        first = z & SHORT
        out[i] = (
            np.uint8(first < b0)
            | np.uint8((z >> S16) & SHORT < b1) << 1
            | np.uint8((z >> S32) & SHORT < b2) << 2
            | np.uint8(z >> S48 < b3) << 3
            | np.uint8(first < b4) << 4
        )


@compiled
def those_with(served: Array, kinds_of: Array, may: Array, rows: Array) -> int:
    """Keep in `may` the kinds that each row's served pattern has (kinds_of: uint8[256]); fills `rows` with those that
    keep any and returns how many they are."""
    filled = 0
    for i in range(served.size):
        kept = may[i] & kinds_of[served[i]]
        may[i] = kept
        rows[filled] = i
        filled += kept != 0
    return filled


@compiled
def raise_where(served: Array, slots: int, step: int, level: Array) -> None:
    """Add `step` to a level (uint8), up to 255, of the rows with a served contact in any of `slots`."""
    for i in range(served.size):
        raised = min(int(level[i]) + step, FULL)
        level[i] = raised if served[i] & slots else level[i]


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
