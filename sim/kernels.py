"""The compiled loops of the engine: every function that Numba turns into machine code is in this file.

Numba's cache is keyed on this file and on the types of the arguments, not on globals or on functions of other
modules. Hence two rules, for this file and every other of compiled loops: every parameter is passed as an argument, and
compiled functions call only functions of their own file, and `scramble`, which cannot change. `sim.draws` holds the
public functions with their documentation; `sim.draws_numpy` says the same in NumPy, and the two agree to the last bit
(no fused multiply-add, no library ``exp``).

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
BYTE = np.uint64(255)

SCALE_BITS = np.uint64(24)
"""Fixed-point bits of the multiplier of a bound: scales are kept to 2⁻²⁴ and below 2⁴."""

UNIT_16, TO_UNIT_16 = np.float32(2.0**16), np.float32(2.0**-16)
TO_SHARE = np.float32(1 / 65535)
"""Turns a lagged exposure kept in 16 bits into 0 to 1."""

LANES = 8
"""Tables of processes are padded to whole vectors of so many: the rest of a loop takes longer than its vectors."""

MOST_BOUND = np.int32(65535)
UNSCALED = np.uint64(1 << 24)
SCREEN_BITS = np.uint32(12)

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

AHEAD = 8
"""Rows all over memory are looked at so many at a time before they are worked out."""

SMALL_RATE = np.float32(0.0625)
"""Up to this rate 1 - exp(-rate) is a polynomial."""

_uncached: list[str] = []


def compiled(function: Callable[..., Any], **more: Any) -> Callable[..., Any]:
    """Compile with Numba, keeping the machine code on disk where there is a writable place for it."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"} | more
    try:
        return numba.njit(cache=True, **options)(function)  # type: ignore[no-any-return]
    except (RuntimeError, OSError, NumbaError):  # no writable cache folder
        _uncached.append(function.__name__)
        return numba.njit(**options)(function)  # type: ignore[no-any-return]


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """`compiled`, and written into whoever calls it: a call costs two atomic operations for every array it is given."""
    return compiled(function, inline="always")


@compiled
def scramble(z):  # type: ignore[no-untyped-def]
    """SplitMix64's finaliser of one 64-bit word (Steele, Lea and Flood 2014, constants of Stafford's variant 13).

    The one compiled function that those of other files call: all draws ever made rest on it as it is.
    """
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
def events(keys, alive, thresholds, scale, screen, scaled, offsets, fine, processes, rows, kinds):  # type: ignore[no-untyped-def]
    """The events of all rows, in row order, then process order; returns their number.

    Fills `rows` and `kinds` as far as there is room in them. Hash h of a row serves processes 4h to 4h + 3, 16 bits
    each. Where the scale of a process (fixed point, `SCALE_BITS`) is not one its comparison needs bits below the
    sixteen, which come from a hash of the process's own (`fine`), looked at only where the sixteen tie. A row is first
    screened without a branch: the first `scaled` processes (whole vectors) by scales that are rounded up (`screen`, 12
    bits), the others, whose scales are one, in sixteen bits. Only the few rows that pass are looked at, eight processes
    at a time. The columns after `processes` are bounds of nought that make whole vectors of eight.
    """
    n = len(thresholds)
    words = np.zeros(offsets.size, np.uint64)
    shorts = words.view(np.uint16)
    low_bits = (np.uint64(1) << SCALE_BITS) - np.uint64(1)
    count = 0
    for i in range(n):
        key = keys[i]
        for h in range(offsets.size):
            words[h] = scramble(key + offsets[h])
        hit, narrow = np.uint32(0), np.uint16(0)  # each step says its type: wider ones do not fit as many to a vector
        for k in range(scaled):
            bound32 = np.uint32(np.uint32(np.uint32(thresholds[i, k]) * screen[k]) >> SCREEN_BITS)
            hit = np.uint32(hit | np.uint32(np.uint32(shorts[k]) <= bound32))
        drawn_rest, rest = shorts[scaled:], thresholds[i, scaled:]  # a loop that begins at nought can be made a vector
        for k in range(rest.size):
            narrow = np.uint16(narrow | np.uint16(drawn_rest[k] < rest[k]))
        if (hit == 0 and narrow == 0) or alive[i] == 0:
            continue
        for first in range(0, processes, LANES):
            some = np.uint32(0)
            for k in range(first, first + LANES):
                bound32 = np.uint32(np.uint32(np.uint32(thresholds[i, k]) * screen[k]) >> SCREEN_BITS)
                some = np.uint32(some | np.uint32(np.uint32(shorts[k]) <= bound32))
            if some == 0:
                continue
            for k in range(first, min(first + LANES, processes)):
                drawn, bound = np.uint64(shorts[k]), np.uint64(thresholds[i, k])
                if scale[k] != UNSCALED:
                    exact = bound * scale[k]
                    bound = exact >> SCALE_BITS
                    if drawn == bound:
                        below = scramble(key + fine[k]) & low_bits
                        bound += np.uint64(below < (exact & low_bits))
                if drawn < bound:
                    if count < rows.size:
                        rows[count] = i
                        kinds[count] = k
                    count += 1
    return count


@compiled
def patterns(keys, alive, thresholds, scale, offsets, out):  # type: ignore[no-untyped-def]
    """out[i] = a byte whose bit b says that row i's draw for slot b is below thresholds[i, b]·scale[b], rounded."""
    words = np.empty(2, np.uint64)
    shorts = words.view(np.uint16)
    half = np.uint64(1) << (SCALE_BITS - np.uint64(1))
    for i in range(keys.size):
        words[0] = scramble(keys[i] + offsets[0])
        words[1] = scramble(keys[i] + offsets[1])
        byte = np.uint8(0)
        for b in range(8):
            bound = (np.uint64(thresholds[i, b]) * scale[b] + half) >> SCALE_BITS
            byte |= np.uint8(np.uint64(shorts[b]) < bound) << np.uint8(b)
        out[i] = byte if alive[i] else np.uint8(0)


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


@inlined
def row_rates(i, cell, state, exposure, area, base, excess, factors, shifts, area_factor, rate):  # type: ignore[no-untyped-def]
    """Rates of row i into `rate`; see `sim.draws.hazards`. Exposures of zero are skipped.

    All six bytes in one loop, each as a name of its own: a loop over bytes takes twice the time.
    """
    c, a, s = cell[i], area[i], state[i]
    u, v = (s >> shifts[0]) & BYTE, (s >> shifts[1]) & BYTE
    w, x = (s >> shifts[2]) & BYTE, (s >> shifts[3]) & BYTE
    y, z = (s >> shifts[4]) & BYTE, (s >> shifts[5]) & BYTE
    for k in range(base.shape[1]):
        low = base[c, k] * area_factor[a, k] * factors[0, u, k] * factors[1, v, k]
        rate[k] = low * factors[2, w, k] * factors[3, x, k] * factors[4, y, k] * factors[5, z, k]
    for e in range(excess.shape[0]):
        if exposure[i, e] != 0:
            exposed = np.float32(exposure[i, e]) * TO_SHARE
            for k in range(rate.size):
                rate[k] *= np.float32(1) + excess[e, k] * exposed


@inlined
def row_chances(rate, key, offsets, words, shorts, table, out, i, count):  # type: ignore[no-untyped-def]
    """Chances of the first `count` processes as 16-bit bounds into row i of `out`.

    They are rounded up or down by draws of the row's own. `offsets`: of the hashes of those draws, one for four
    processes; `words` holds as many as there are rates, `shorts` is the same memory. `out` may be wider than `count`.
    """
    one, half, third = np.float32(1), np.float32(0.5), np.float32(1.0 / 6.0)
    quarter = np.float32(1.0 / 24.0)
    for h in range(offsets.size):
        words[h] = scramble(key + offsets[h])
    large = np.uint32(0)
    for k in range(count):
        large = np.uint32(large | np.uint32(rate[k] > SMALL_RATE))
    for k in range(out.shape[1]):  # a loop of its own, of whole vectors, straight into the table: a third faster
        r = rate[k] if rate[k] < SMALL_RATE else SMALL_RATE
        p = r * (one - r * (half - r * (third - r * quarter)))
        out[i, k] = np.uint16(np.int32(p * UNIT_16 + np.float32(shorts[k]) * TO_UNIT_16))
    for k in range(count, out.shape[1]):
        out[i, k] = 0
    if large:
        for k in range(count):
            if rate[k] > SMALL_RATE:
                p = np.float32(1.0 - survival(np.float64(rate[k]), table))
                out[i, k] = np.uint16(min(np.int32(p * UNIT_16 + np.float32(shorts[k]) * TO_UNIT_16), MOST_BOUND))


@inlined
def row_counts(rate, key, offsets, words, shorts, slots, divisor, out, i):  # type: ignore[no-untyped-def]
    """Expected counts, shared over slots, as 16-bit bounds into row i of `out`; rounded likewise.

    What a slot holds above its most (65535) is lost.
    """
    for h in range(offsets.size):
        words[h] = scramble(key + offsets[h])
    for b in range(slots.size):
        mean = min(rate[slots[b]] * divisor[b], np.float32(1))
        out[i, b] = np.uint16(min(np.int32(mean * UNIT_16 + np.float32(shorts[b]) * TO_UNIT_16), MOST_BOUND))


@compiled
def hazards(rows, cell, state, exposure, area, base, excess, factors, shifts, area_factor, out):  # type: ignore[no-untyped-def]
    """Rates of the given rows, one row of `out` each."""
    rate = np.empty(base.shape[1], np.float32)
    for j in range(rows.size):
        row_rates(rows[j], cell, state, exposure, area, base, excess, factors, shifts, area_factor, rate)
        for k in range(rate.size):
            out[j, k] = rate[k]


@compiled
def keep_chances(rates, rows, keys, offsets, table, out):  # type: ignore[no-untyped-def]
    """Chances of the first processes of `rates` (m, K) as bounds in the rows `rows` of `out`."""
    words = np.zeros(rates.shape[1] // 4 + 1, np.uint64)
    shorts = words.view(np.uint16)
    for j in range(rows.size):
        row_chances(rates[j], keys[rows[j]], offsets, words, shorts, table, out, rows[j], out.shape[1])


@compiled
def keep_counts(rates, rows, keys, offsets, slots, divisor, out):  # type: ignore[no-untyped-def]
    """Expected counts of `rates` (m, K), shared over slots, as bounds in the rows `rows` of `out`."""
    words = np.empty(offsets.size, np.uint64)
    shorts = words.view(np.uint16)
    for j in range(rows.size):
        row_counts(rates[j], keys[rows[j]], offsets, words, shorts, slots, divisor, out, rows[j])


@compiled
def keep(  # type: ignore[no-untyped-def]
    rows, keys, cell, state, exposure, area, tables, area_factor, cap, dithers, drawn, share, table, kept
):
    """All that is kept of the rates of the given rows, in one pass: chances, bounds of contacts, expected contacts.

    tables: base, excess, factors, shifts; cap: the process whose rate is kept within so many times its base rate;
    dithers: offsets of the draws that round chances and bounds; drawn: how many processes have a chance;
    share: which process each slot stands for and what part of it; kept: the three columns that are written.

    Where most rows do not stand behind the one before, `AHEAD` are looked at before the first of them is worked out, so
    that the memory fetches them side by side (where they do stand together that costs more than it brings). Returns a
    number without meaning, which keeps the looking from being optimised away.
    """
    base, excess, factors, shifts = tables
    capped, most = cap
    dither, dither_counts = dithers
    chance, ask, mean = kept
    slots, divisor = share
    rate = np.empty(base.shape[1], np.float32)
    words = np.zeros(base.shape[1] // 4 + 2, np.uint64)
    shorts = words.view(np.uint16)
    last = chance.shape[1] - 1
    seen, together = np.uint64(0), 0
    for j in range(1, rows.size):
        together += rows[j] - rows[j - 1] == 1
    ahead = 0 if 2 * together >= rows.size else AHEAD
    for j in range(rows.size):
        if ahead > 0 and j % ahead == 0:
            for later in range(j, min(j + ahead, rows.size)):
                b = rows[later]
                seen ^= keys[b] ^ state[b] ^ np.uint64(cell[b]) ^ np.uint64(area[b]) ^ np.uint64(exposure[b, 0])
                seen ^= np.uint64(chance[b, 0]) ^ np.uint64(chance[b, last]) ^ np.uint64(ask[b, 0])
        i = rows[j]
        row_rates(i, cell, state, exposure, area, base, excess, factors, shifts, area_factor, rate)
        rate[capped] = min(rate[capped], base[cell[i], capped] * most)
        row_chances(rate, keys[i], dither, words, shorts, table, chance, i, drawn)
        row_counts(rate, keys[i], dither_counts, words, shorts, slots, divisor, ask, i)
        expected = np.float32(0)
        for b in range(slots.size):
            expected += min(rate[slots[b]] * divisor[b], np.float32(1))
        mean[i] = expected
    return seen


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
