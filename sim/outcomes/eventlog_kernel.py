"""Entering what happened to residents into the event log, those who are followed only: compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]
KIND_BITS, MONTH_BITS, HOW_BITS = 8, 16, 2
"""What is queued is one number. From its lowest bit on: whether each has a beginning of its own (1 bit), what details
there are, the kind of event, the month, and how many residents."""
ONE, EACH, SOME = range(3)
"""A number for all; one a resident; one a resident, and only what is above nought happened."""


@compiled
def enter(
    queued: Array,
    numbers: Array,
    rows: Array,
    details: Array,
    sinces: Array,
    followed: Array,
    identity: Array,
    book: Array,
) -> int:
    """Write an entry for everyone followed whom something happened to, in order, as far as there is room in `book`.

    queued    int64[n], as above; numbers: float64[n], the detail where it is one for all
    rows      int64: residents of everything queued, one thing after another; details and sinces: float64, of those
              things that have one a resident
    followed, identity   columns of residents; book: entries (`sim.outcomes.eventlog.EVENT`)
    Returns how many entries there are, even those there was no room for. Details are rounded, months cut off.
    """
    count, first, first_detail, first_since = 0, 0, 0, 0
    for q in range(queued.size):
        packed = queued[q]
        since_each, how = (packed & 1) != 0, (packed >> 1) & ((1 << HOW_BITS) - 1)
        kind = (packed >> (1 + HOW_BITS)) & ((1 << KIND_BITS) - 1)
        month = (packed >> (1 + HOW_BITS + KIND_BITS)) & ((1 << MONTH_BITS) - 1)
        length = packed >> (1 + HOW_BITS + KIND_BITS + MONTH_BITS)
        for k in range(length):
            row = rows[first + k]
            if followed[row] == 0:
                continue
            detail = numbers[q] if how == ONE else details[first_detail + k]
            if how == SOME and not detail > 0.0:
                continue
            if count < book.size:
                entry = book[count]
                entry.client = identity[row]
                entry.kind = np.uint8(kind)
                entry.month = np.int16(month)
                entry.since = np.int16(np.floor(sinces[first_since + k]) if since_each else month)
                entry.detail = np.int16(np.rint(detail))
            count += 1
        first += length
        if how != ONE:
            first_detail += length
        if since_each:
            first_since += length
    return count
