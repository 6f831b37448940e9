"""The compiled loops of the engine: every function that Numba turns into machine code is in this file.

Numba's cache is keyed on this file and on the types of the arguments, not on globals or on functions of other
modules. Hence two rules: every parameter is passed as an argument, and compiled functions call only functions of this
file. `sim.draws` holds the public functions with their documentation; `sim.draws_numpy` says the same in NumPy, and
the two agree to the last bit (no fused multiply-add, no library ``exp``).

Error behaviour: none of these functions checks its arguments; `sim.draws` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.core.errors import NumbaError

GAMMA_MONTH = np.uint64(0x9E3779B97F4A7C15)
GAMMA_PURPOSE = np.uint64(0xD1342543DE82EF95)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
LOW = np.uint64(0xFFFFFFFF)
S27, S30, S31, S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)
BYTE = np.uint32(255)

HIGHEST_BIT = np.uint64(1 << 63)

SCALE_BITS = np.uint64(24)
"""Fixed-point bits of the multiplier of a threshold: scales are kept to 2⁻²⁴ and below 2⁸."""

TO_UNIT = np.nextafter(np.float32(2.0**-32), np.float32(0))
"""Turns a 32-bit word into [0, 1). Plain 2⁻³² gives exactly 1 for the 128 largest words, which float32 rounds up."""

EXP_STEPS = 16
"""Steps of the table of exp(−k/16) a unit of rate; the rest of the exponent is a short polynomial."""

EXP_TOP = 64.0
"""Rates above this count as this: exp(−64) is far below one 32-bit word."""

MOST_CONTACTS = 99
"""A Poisson count stops here, whatever the draw: float arithmetic need not reach the last word's quantile."""

BLOCK = 512
"""Rows a Poisson loop looks at before it goes into detail: few enough to stay in the nearest cache."""

SMALL_RATE = np.float32(0.0625)
"""Up to this rate 1 - exp(-rate) is a polynomial."""

_uncached: list[str] = []


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with Numba, keeping the machine code on disk where there is a writable place for it."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)  # type: ignore[no-any-return]
    except (RuntimeError, OSError, NumbaError):  # no writable cache folder
        _uncached.append(function.__name__)
        return numba.njit(**options)(function)  # type: ignore[no-any-return]


@compiled
def scramble(z):  # type: ignore[no-untyped-def]
    """SplitMix64's finaliser of one 64-bit word (Steele, Lea and Flood 2014, constants of Stafford's variant 13)."""
    z = (z ^ (z >> S30)) * MIX_1
    z = (z ^ (z >> S27)) * MIX_2
    return z ^ (z >> S31)


@compiled
def scramble_all(words, out):  # type: ignore[no-untyped-def]
    """out[i] = hash of words[i]."""
    for i in range(words.size):
        out[i] = scramble(words[i])


@compiled
def scramble_twice(words, before, after, out):  # type: ignore[no-untyped-def]
    """out[i] = hash of (hash of (words[i] + before) + after[i]); `after` has one element, or one a word."""
    step = 0 if after.size == 1 else 1
    for i in range(words.size):
        out[i] = scramble(scramble(words[i] + before) + after[i * step])


@compiled
def words(keys, offset, shift, out):  # type: ignore[no-untyped-def]
    """out[i] = the low (shift 0) or high (shift 32) word of the hash of keys[i] + offset, as a unit float32."""
    for i in range(keys.size):
        out[i] = np.float32(np.uint32((scramble(keys[i] + offset) >> shift) & LOW)) * TO_UNIT


@compiled
def word_pairs(keys, offset, out):  # type: ignore[no-untyped-def]
    """out[0, i], out[1, i] = both words of the hash of keys[i] + offset, as unit float32."""
    for i in range(keys.size):
        z = scramble(keys[i] + offset)
        out[0, i] = np.float32(np.uint32(z & LOW)) * TO_UNIT
        out[1, i] = np.float32(np.uint32(z >> S32)) * TO_UNIT


@compiled
def rows_with_events(keys, alive, thresholds, low_scale, high_scale, offsets, first_is_high, unscaled, found):  # type: ignore[no-untyped-def]
    """Which rows have at least one event; returns how many of `found` (int64[n]) were filled.

    Hash h of a row serves two neighbouring purposes, its low word the even one, its high word the odd one. When the
    first process is odd the first hash lends only its high word; processes then are counted from one place earlier.
    `unscaled` says that every scale is one.
    """
    n, processes = keys.size, thresholds.shape[1]
    head = 1 if first_is_high else 0
    pairs = (processes - head) // 2
    tail = head + 2 * pairs < processes
    filled = 0
    for i in range(n):
        key = keys[i]
        hit = False
        if head:
            z = scramble(key + offsets[0])
            hit |= ((z >> S32) << SCALE_BITS) < np.uint64(thresholds[i, 0]) * high_scale[0]
        if unscaled:  # the usual month; a difference of 32-bit words below zero has its highest bit set
            below = np.uint64(0)
            for pair in range(pairs):
                k = head + 2 * pair
                z = scramble(key + offsets[pair + head])
                below |= ((z & LOW) - np.uint64(thresholds[i, k])) | ((z >> S32) - np.uint64(thresholds[i, k + 1]))
            hit |= bool(below >= HIGHEST_BIT)
        else:
            for pair in range(pairs):
                h = pair + head
                k = head + 2 * pair
                z = scramble(key + offsets[h])
                low = np.uint64(thresholds[i, k]) * low_scale[h]
                high = np.uint64(thresholds[i, k + 1]) * high_scale[h]
                hit |= (((z & LOW) << SCALE_BITS) < low) | (((z >> S32) << SCALE_BITS) < high)
        if tail:
            h = head + pairs
            z = scramble(key + offsets[h])
            hit |= ((z & LOW) << SCALE_BITS) < np.uint64(thresholds[i, processes - 1]) * low_scale[h]
        found[filled] = i
        filled += int(hit & (alive[i] != 0))
    return filled


@compiled
def name_events(keys, thresholds, low_scale, high_scale, offsets, first_is_high, found, rows, kinds):  # type: ignore[no-untyped-def]
    """The events of the rows in `found`, in row order, then process order; returns their number.

    Fills `rows` and `kinds` as far as there is room in them.
    """
    processes = thresholds.shape[1]
    head = 1 if first_is_high else 0
    count = 0
    for j in range(found.size):
        i = found[j]
        for k in range(processes):
            h = (k + head) // 2
            z = scramble(keys[i] + offsets[h])
            if (k + head) % 2 == 0:
                word, scale = z & LOW, low_scale[h]
            else:
                word, scale = z >> S32, high_scale[h]
            if (word << SCALE_BITS) < np.uint64(thresholds[i, k]) * scale:
                if count < rows.size:
                    rows[count] = i
                    kinds[count] = k
                count += 1
    return count


@compiled
def survival(rate, table):  # type: ignore[no-untyped-def]
    """exp(−rate) in float64 from a table of exp(−k/16) and a polynomial of degree five (error below 10⁻¹⁰)."""
    rate = min(max(rate, 0.0), EXP_TOP)
    step = int(rate * EXP_STEPS)
    f = rate - step / EXP_STEPS
    tail = 1.0 - f * (1.0 - f * (0.5 - f * (1.0 / 6.0 - f * (1.0 / 24.0 - f * (1.0 / 120.0)))))
    return table[step] * tail


@compiled
def counts(keys, alive, rate, scale, group, offset, shift, table, out):  # type: ignore[no-untyped-def]
    """Poisson counts by inversion of one word a row; out is uint8[n], zero where the row is empty.

    Rows go in blocks: first who may have a contact at all, without a branch, then how many those have.
    """
    n = keys.size
    rows, draws, means = np.empty(BLOCK, np.int64), np.empty(BLOCK), np.empty(BLOCK)
    for start in range(0, n, BLOCK):
        filled = 0
        for i in range(start, min(start + BLOCK, n)):
            out[i] = 0
            m = np.float64(rate[i]) * np.float64(scale[group[i]])
            u = np.float64((scramble(keys[i] + offset) >> shift) & LOW) * 2.0**-32
            rows[filled], draws[filled], means[filled] = i, u, m
            none = 1.0 - m * (1.0 - m * (0.5 - m * (1.0 / 6.0)))  # at most exp(-m), and close to it
            filled += int((u >= none) & alive[i])
        for c in range(filled):
            m, u = means[c], draws[c]
            p = survival(m, table)
            total = p
            k = 0
            while u >= total and k < MOST_CONTACTS:
                k += 1
                p = p * m / k
                total = total + p
            out[rows[c]] = k


@compiled
def sums_by(group, counts, out):  # type: ignore[no-untyped-def]
    """out[g] = sum of the counts of the rows of group g."""
    for i in range(group.size):
        out[group[i]] += counts[i]


@compiled
def hazards(rows, cell, state, exposure, area, base, excess, factors, area_factor, out):  # type: ignore[no-untyped-def]
    """Rates of the given rows; see `sim.draws.hazards`. Exposures of zero and processes without excess are skipped."""
    processes, exposures, state_bytes = base.shape[1], excess.shape[1], factors.shape[0]
    first = np.zeros(exposures + 1, np.int64)  # exposure e acts on acted[first[e]:first[e + 1]]
    acted = np.empty(exposures * processes, np.int64)
    size = np.empty(exposures * processes, np.float32)
    filled = 0
    for e in range(exposures):
        for k in range(processes):
            if excess[k, e] != 0:
                acted[filled], size[filled] = k, excess[k, e]
                filled += 1
        first[e + 1] = filled
    rate = np.empty(processes, np.float32)
    for j in range(rows.size):
        i = rows[j]
        c, a, s = cell[i], area[i], state[i]
        v0, v1 = s & BYTE, (s >> np.uint32(8)) & BYTE
        v2, v3 = (s >> np.uint32(16)) & BYTE, s >> np.uint32(24)
        if state_bytes == 1:  # one loop each: a loop over bytes inside takes a third longer
            for k in range(processes):
                rate[k] = base[c, k] * area_factor[a, k] * factors[0, v0, k]
        elif state_bytes == 2:
            for k in range(processes):
                rate[k] = base[c, k] * area_factor[a, k] * factors[0, v0, k] * factors[1, v1, k]
        elif state_bytes == 3:
            for k in range(processes):
                rate[k] = base[c, k] * area_factor[a, k] * factors[0, v0, k] * factors[1, v1, k] * factors[2, v2, k]
        else:
            for k in range(processes):
                rate[k] = base[c, k] * area_factor[a, k] * factors[0, v0, k] * factors[1, v1, k] * factors[2, v2, k]
                rate[k] *= factors[3, v3, k]
        for e in range(exposures):
            x = exposure[i, e]
            if x != 0:
                for f in range(first[e], first[e + 1]):
                    rate[acted[f]] *= np.float32(1) + size[f] * x
        for k in range(processes):
            out[j, k] = rate[k]


@compiled
def chances(rates, table, out):  # type: ignore[no-untyped-def]
    """out = round((1 - exp(-rate))·2³²) as uint32, at most 2³² - 1; arrays of one dimension."""
    for i in range(rates.size):  # small rates, nearly all of them, in one vector loop
        r = np.float64(min(max(rates[i], np.float32(0)), SMALL_RATE))
        p = r * (1.0 - r * (0.5 - r * (1.0 / 6.0 - r * (1.0 / 24.0 - r * (1.0 / 120.0)))))
        out[i] = np.uint32(np.int64(p * 4294967296.0 + 0.5))
    for i in range(rates.size):
        if rates[i] > SMALL_RATE:
            p = (1.0 - survival(np.float64(rates[i]), table)) * 4294967296.0 + 0.5
            out[i] = np.uint32(np.int64(min(p, 4294967295.0)))


@compiled
def keep_chances(rates, rows, table, out):  # type: ignore[no-untyped-def]
    """The same, written for the first processes of `rates` (m, K) into the rows `rows` of `out` (n, at most K)."""
    width = out.shape[1]
    for j in range(rows.size):
        i = rows[j]
        large = False
        for k in range(width):
            rate = rates[j, k]
            large |= rate > SMALL_RATE
            r = np.float64(min(max(rate, np.float32(0)), SMALL_RATE))
            p = r * (1.0 - r * (0.5 - r * (1.0 / 6.0 - r * (1.0 / 24.0 - r * (1.0 / 120.0)))))
            out[i, k] = np.uint32(np.int64(p * 4294967296.0 + 0.5))
        if large:
            for k in range(width):
                if rates[j, k] > SMALL_RATE:
                    p = (1.0 - survival(np.float64(rates[j, k]), table)) * 4294967296.0 + 0.5
                    out[i, k] = np.uint32(np.int64(min(p, 4294967295.0)))


def exponentials() -> np.ndarray[Any, np.dtype[np.float64]]:
    """The table that `survival` wants: exp(−k/16) for k = 0 … 1024."""
    return np.exp(-np.arange(int(EXP_TOP) * EXP_STEPS + 1) / EXP_STEPS)


def warm_up(report: Callable[[str], None] | None = None) -> None:
    """Compile every kernel on tiny inputs (about ten seconds the first time, then read from Numba's cache).

    `report` receives one line before a compilation that takes time, and one when the machine code cannot be kept.
    """
    from sim import draws

    if report is not None and _uncached:
        report("Numba has no writable cache folder, so the loops are compiled anew each time (set NUMBA_CACHE_DIR).")
    elif report is not None and not _cached_before():
        report("First use on this machine: compiling the inner loops (about ten seconds, once).")
    draws.rehearse()


def _cached_before() -> bool:
    """Whether Numba has machine code for the kernels on disk."""
    cache = getattr(hazards, "_cache", None)
    index = getattr(getattr(cache, "_cache_file", None), "_index_path", None)
    if index is None:
        return False
    from pathlib import Path

    return Path(index).exists()
