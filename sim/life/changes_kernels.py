"""Compiled loop that applies a month's changes to residents; see `sim.life.changes`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import LOW, TO_UNIT, compiled
from sim.kernels import scramble as mix

Array = NDArray[Any]
ONE = np.uint64(1)

BEGIN, STOP, FRAILER, FITTER, ONSET, FOUND, UNKNOWN, END = range(8)
"""What a step does to those to whom its process happens; see `happen`."""


@compiled
def by_process(rows: Array, kinds: Array, begins: Array, out: Array) -> None:
    """Put the rows of events in the order of their processes (`kinds`), and keep their order within each.

    begins: where each process begins in `out`, and where the last ends; written as `out` is.
    """
    begins[:] = 0
    for kind in kinds:
        begins[kind + 1] += 1
    for k in range(1, begins.size):
        begins[k] += begins[k - 1]
    at = begins.copy()
    for j in range(rows.size):
        out[at[kinds[j]]] = rows[j]
        at[kinds[j]] += 1


@compiled
def to_any(rows: Array, kinds: Array, processes: Array, out: Array) -> int:
    """Put the rows of events of some processes (a mask) into `out`, each once; returns how many. `rows` ascends."""
    count = 0
    for j in range(rows.size):
        if processes[kinds[j]] and (count == 0 or out[count - 1] != rows[j]):
            out[count] = rows[j]
            count += 1
    return count


@compiled
def note(log, count, row, kind, detail):  # type: ignore[no-untyped-def]
    """Put down that something of a `kind` happened in `row`; returns how many entries there are now."""
    log[0, count], log[1, count], log[2, count] = row, kind, detail
    return count + 1


@compiled
def change_frailty(rows, up, masks, details, kinds, state, followed, log, count):  # type: ignore[no-untyped-def]
    """One category of frailty more (`up` 1) or less (-1) in `rows`, noted category by category."""
    whole = masks[0] | masks[1] | masks[2]
    now, then = np.zeros(rows.size, np.int64), np.empty(rows.size, np.int64)
    for j in range(rows.size):
        for category in range(masks.size):
            if state[rows[j]] & whole == masks[category]:
                now[j] = category + 1
        then[j] = min(max(now[j] + up, 0), masks.size)
        state[rows[j]] &= ~whole
        if then[j] > 0:
            state[rows[j]] |= masks[then[j] - 1]
    for category in range(masks.size):
        for kind, one, other in ((kinds[1], now, then), (kinds[0], then, now)):
            for j in range(rows.size):
                if one[j] == category + 1 and other[j] != category + 1 and followed[rows[j]]:
                    count = note(log, count, rows[j], kind, details[category])
    return count


@compiled
def happen(
    steps: tuple[Array, Array, Array, Array],
    masks: tuple[Array, Array],
    frail: tuple[Array, Array],
    rows: Array,
    begins: Array,
    kinds: tuple[int, int],
    draws: tuple[Array, Array, Array],
    key: Array,
    fifth: Array,
    followed: Array,
    state: Array,
    undiagnosed: Array,
    new: Array,
    log: Array,
    told: Array,
) -> tuple[np.int64, np.int64]:
    """Do each step to the residents to whom its process happens, one step after the other.

    steps: what (`BEGIN` …), process, bit of the state and condition of each; masks: states it sets, and clears.
    BEGIN and STOP: behaviours. FRAILER, FITTER: one category; frail: masks and bits of the categories. ONSET: of a
    condition, counted in `new` (conditions, fifths). FOUND: it is diagnosed in those who did not know of it, and their
    rows go into `told`. UNKNOWN: of those in whom it has begun, who is not diagnosed at once, by the draws (offsets,
    shifts, share diagnosed at once: one a condition). END: it ends in those who have it.
    rows: by process; begins: where each process begins. What residents who are `followed` live through is noted in
    `log` (3, n): row, kind (`kinds`: begun, ended), bit. Returns how many entries `log` has, and `told`.
    """
    ops, processes, bits, conditions = steps
    sets, clears = masks
    offsets, shifts, at_once = draws
    count = knowing = np.int64(0)  # a plain 0 is a type of its own, for which `change_frailty` is compiled once more
    for k in range(ops.size):
        op, c = ops[k], conditions[k]
        unknown = np.uint32(ONE << np.uint64(c))
        mine = rows[begins[processes[k]] : begins[processes[k] + 1]]
        if op in (FRAILER, FITTER):
            up = 1 if op == FRAILER else -1
            count = change_frailty(mine, up, frail[0], frail[1], kinds, state, followed, log, count)
            continue
        for i in mine:
            if op == FOUND:
                if undiagnosed[i] & unknown != 0:
                    undiagnosed[i] &= ~unknown
                    told[knowing] = i
                    knowing += 1
            elif op == UNKNOWN:
                word = np.uint32((mix(key[i] + offsets[c]) >> shifts[c]) & LOW)
                if np.float32(word) * TO_UNIT >= at_once[c]:
                    undiagnosed[i] |= unknown
            elif op == END:
                if state[i] & clears[k] != 0:
                    state[i] &= ~clears[k]
                    undiagnosed[i] &= ~unknown
                    if followed[i]:
                        count = note(log, count, i, kinds[1], bits[k])
            else:
                state[i] = (state[i] & ~clears[k]) | sets[k]
                if op == ONSET:
                    new[c, fifth[i]] += 1
                if followed[i]:
                    count = note(log, count, i, kinds[1] if op == STOP else kinds[0], bits[k])
    return count, knowing
