"""Chance that belongs to a resident, a month and a purpose: the same in every scenario, on any number of cores.

A draw is a pure function of (seed, identity, month, purpose). Nobody else's draw, no order of evaluation and no number
of threads enters, so adding a resident, a process or a scenario changes no other draw.

Construction. A resident's key is a 64-bit hash of seed and identity. The word for a month and a purpose is a half of
``scramble(key + month·γ₁ + (purpose // 2)·γ₂)``: the low 32 bits for an even purpose, the high 32 bits for an odd one;
`scramble` is SplitMix64's finaliser (Steele, Lea and Flood, OOPSLA 2014). `uniforms2` takes both halves of a hash of
its own, so that it shares nothing with `uniforms` of the same or the next purpose.

The loops are compiled (`sim.kernels`); `sim.draws_numpy` holds their twins in NumPy, equal to the last bit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import kernels

Keys = NDArray[np.uint64]
MASK = 2**64 - 1
PAIRED = 1 << 40
"""Hash numbers of `uniforms2` start here, above every purpose."""

BIRTH, ARRIVAL, SEED = 0x42697274, 0x41727269, 0x53656564
"""Salts that keep newborns', in-migrants' and seeds' hashes apart."""

_EXPONENTIALS = kernels.exponentials()


def offset(month: int, number: int) -> np.uint64:
    """What is added to a key before hashing: month·γ₁ + number·γ₂ modulo 2⁶⁴."""
    return np.uint64((int(month) * int(kernels.GAMMA_MONTH) + int(number) * int(kernels.GAMMA_PURPOSE)) & MASK)


def scramble(words: Any) -> Keys:
    """SplitMix64's finaliser of one or more 64-bit words: uint64[n] (a new array)."""
    words = _contiguous(np.atleast_1d(words), np.uint64)
    out = np.empty(words.size, np.uint64)
    kernels.scramble_all(words, out)
    return out


def make_keys(seed: int, identities: Any) -> Keys:
    """One 64-bit key an identity: uint64[n] from integers[n]. Distinct identities have distinct keys."""
    salt = _salt(seed)
    return _scramble_twice(_as_words(identities), salt[0], salt)


def child_identity(parent: Any, month: int, ordinal: Any = 0) -> NDArray[np.int64]:
    """Identities of newborns: a positive 63-bit hash of the parent's identity, the month and the ordinal of the birth.

    parent: int64[n]; ordinal: a number or integers[n] (0, 1 … for twins). Returns int64[n].
    """
    after = np.atleast_1d(_as_words(ordinal)) * kernels.GAMMA_PURPOSE
    return _positive(_scramble_twice(_as_words(parent), offset(month, BIRTH), after))


def arrival_identity(place_index: Any, month: int, ordinal: Any) -> NDArray[np.int64]:
    """Identities of in-migrants: a positive 63-bit hash of the area's number, the month and their ordinal in it.

    place_index, ordinal: integers[n] (or a number each). Returns int64[n].
    """
    # Hashed before the month is added: numbers in a row plus months in a row would give the same sums again and again.
    areas = scramble(np.atleast_1d(_as_words(place_index)))
    after = np.atleast_1d(_as_words(ordinal)) * kernels.GAMMA_PURPOSE
    return _positive(_scramble_twice(areas, offset(month, ARRIVAL), after))


def uniforms(keys: Keys, month: int, purpose: int) -> NDArray[np.float32]:
    """One uniform in [0, 1) a key: float32[n] with 32 random bits (24 would be too coarse for rates of 10⁻⁶)."""
    keys = _contiguous(keys, np.uint64)
    out = np.empty(keys.size, np.float32)
    kernels.words(keys, offset(month, purpose >> 1), np.uint64(32 * (purpose & 1)), out)
    return out


def uniforms2(keys: Keys, month: int, purpose: int) -> NDArray[np.float32]:
    """Two independent uniforms in [0, 1) a key: float32[2, n], independent of `uniforms` of any purpose."""
    keys = _contiguous(keys, np.uint64)
    out = np.empty((2, keys.size), np.float32)
    kernels.word_pairs(keys, offset(month, PAIRED + purpose), out)
    return out


def threshold(p: Any) -> NDArray[np.uint32]:
    """A probability as the 32-bit bound a draw is compared with: min(2³² − 1, round(p·2³²)); any shape."""
    scaled = np.rint(np.asarray(p, np.float64) * 2.0**32)
    return np.clip(scaled, 0, 2.0**32 - 1).astype(np.uint32)


def probability(rate: Any) -> Any:
    """Chance of at least one event in a month at a rate per month: 1 − exp(−rate); any shape."""
    return -np.expm1(-np.asarray(rate))


def chances(rates: NDArray[np.float32]) -> NDArray[np.uint32]:
    """``threshold(probability(rates))`` in one pass (within 1 part in 10⁹): uint32 of the shape of `rates`."""
    rates = _contiguous(rates, np.float32)
    out = np.empty(rates.shape, np.uint32)
    kernels.chances(rates.reshape(-1), _EXPONENTIALS, out.reshape(-1))
    return out


def keep_chances(rates: NDArray[np.float32], rows: NDArray[np.int64], out: NDArray[np.uint32]) -> None:
    """Write `chances` of the first processes of `rates` (float32[m, K]) into the rows `rows` (int64[m]) of `out`
    (uint32[n, at most K]), without a table in between.

    Raises ValueError when `out` has more processes than `rates`, or not a row of rates for each of `rows`.
    """
    if out.shape[1] > rates.shape[1] or len(rates) != len(rows):
        raise ValueError("keep_chances: rates, rows and out disagree in shape")
    kernels.keep_chances(_contiguous(rates, np.float32), _contiguous(rows, np.int64), _EXPONENTIALS, out)


def events(
    keys: Keys,
    alive: NDArray[Any],
    thresholds: NDArray[np.uint32],
    scale: NDArray[np.float32],
    month: int,
    purpose0: int,
) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """What happens this month, one draw a process.

    Process k happens to row i when the row is alive and its word for purpose ``purpose0 + k`` is below
    ``thresholds[i, k] · scale[k]``. Whether it does depends on no other process and no other row.

    keys: uint64[n]; alive: n values, zero for empty rows; thresholds: uint32[n, K] (see `threshold`);
    scale: float[K], this month's multiplier of each probability, 0 ≤ scale < 256, kept to 2⁻²⁴.
    Returns the rows (int64[m]) and processes (int16[m]) of the events, by row, then by process.
    Raises ValueError when shapes disagree or a scale is out of range.
    """
    keys = _contiguous(keys, np.uint64)
    thresholds = _contiguous(thresholds, np.uint32)
    alive = _mask(alive)
    if thresholds.shape != (keys.size, np.size(scale)) or alive.size != keys.size:
        raise ValueError("events: keys, alive, thresholds and scale disagree in shape")
    head = purpose0 & 1
    low, high, unscaled = fixed_point(np.asarray(scale, np.float64).tobytes(), head)
    offsets = offset(month, purpose0 >> 1) + np.arange(low.size, dtype=np.uint64) * kernels.GAMMA_PURPOSE
    hashes = low, high, offsets, bool(head)
    found = np.empty(keys.size + 1, np.int64)
    found = found[: kernels.rows_with_events(keys, alive, thresholds, *hashes, unscaled, found)]
    room = 2 * found.size
    while True:  # at most twice: two events a row are seldom exceeded
        rows, kinds = np.empty(room, np.int64), np.empty(room, np.int16)
        count = kernels.name_events(keys, thresholds, *hashes, found, rows, kinds)
        if count <= room:
            return rows[:count], kinds[:count]
        room = count


@lru_cache(maxsize=256)
def fixed_point(scale: bytes, head: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64], bool]:
    """Scales (float64, as bytes) of the low and of the high word of each hash, and whether all are one.

    head is 1 when the first process uses a high word. The arrays are shared: nobody writes them.
    """
    scales = np.frombuffer(scale)
    if not np.all((scales >= 0) & (scales < 256)):
        raise ValueError("events: a scale is outside 0 ≤ scale < 256")
    fixed = np.zeros(2 * ((head + scales.size + 1) // 2), np.uint64)
    fixed[head : head + scales.size] = np.rint(scales * 2.0 ** int(kernels.SCALE_BITS)).astype(np.uint64)
    return fixed[0::2].copy(), fixed[1::2].copy(), bool(np.all(scales == 1))


def poisson_counts(
    keys: Keys,
    alive: NDArray[Any],
    rate: NDArray[np.float32],
    scale: NDArray[np.float32],
    group: NDArray[np.int16],
    month: int,
    purpose: int,
) -> NDArray[np.uint8]:
    """Poisson counts with mean ``rate[i] · scale[group[i]]``, by inversion of one draw a row; 0 in empty rows.

    keys: uint64[n]; alive: n values, zero for empty rows; rate: float32[n] a month; scale: float32[groups];
    group: integers[n]. Returns uint8[n], at most 99 (so keep means below about 50). Means above 64 count as 64.
    Raises ValueError when shapes disagree.
    """
    keys = _contiguous(keys, np.uint64)
    alive, rate = _mask(alive), _contiguous(rate, np.float32)
    group, scale = _contiguous(group, np.int16), _contiguous(scale, np.float32)
    if not keys.size == alive.size == rate.size == group.size:
        raise ValueError("poisson_counts: keys, alive, rate and group disagree in length")
    out = np.empty(keys.size, np.uint8)
    number, shift = offset(month, purpose >> 1), np.uint64(32 * (purpose & 1))
    kernels.counts(keys, alive, rate, scale, group, number, shift, _EXPONENTIALS, out)
    return out


def sums_by(group: NDArray[np.int16], counts: NDArray[np.uint8], groups: int) -> NDArray[np.int64]:
    """Contacts added up by group (practice, area): int64[groups], in whole numbers, so in any order the same.

    group: integers[n], each below `groups`; counts: uint8[n]. Raises ValueError when the lengths differ.
    """
    group, counts = _contiguous(group, np.int16), _contiguous(counts, np.uint8)
    if group.size != counts.size:
        raise ValueError("sums_by: group and counts disagree in length")
    out = np.zeros(groups, np.int64)
    kernels.sums_by(group, counts, out)
    return out


def hazards(
    rows: NDArray[np.int64],
    cell: NDArray[np.int32],
    state: NDArray[np.uint32],
    exposure: NDArray[np.float32],
    area: NDArray[np.int16],
    base: NDArray[np.float32],
    excess: NDArray[np.float32],
    factors: NDArray[np.float32],
    area_factor: NDArray[np.float32],
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Rates per month of every process for the residents in `rows`: float32[m, K].

    For resident i in cell c (age, sex, deprivation …) of area a:
    ``base[c, k] · area_factor[a, k] · Π_b factors[b, byte b of state[i], k] · Π_e (1 + excess[k, e]·exposure[i, e])``,
    multiplied in this order in float32.

    rows: int64[m]; cell: int32[n]; state: uint32[n]; exposure: float32[n, E]; area: int16[n];
    base: float32[C, K]; excess: float32[K, E]; factors: float32[B, 256, K], B ≤ 4; area_factor: float32[A, K].
    The columns of n are those of all residents and are read at `rows` only. `out`, if given, is filled and returned.
    Raises ValueError when the tables disagree about K or E.
    """
    processes = base.shape[1]
    if excess.shape != (processes, exposure.shape[1]) or factors.shape[1:] != (256, processes):
        raise ValueError("hazards: base, excess, factors and exposure disagree in shape")
    if area_factor.shape[1] != processes or factors.shape[0] > 4:
        raise ValueError("hazards: area_factor or factors has the wrong shape")
    rows = _contiguous(rows, np.int64)
    if out is None:
        out = np.empty((rows.size, processes), np.float32)
    kernels.hazards(
        rows,
        _contiguous(cell, np.int32),
        _contiguous(state, np.uint32),
        _contiguous(exposure, np.float32),
        _contiguous(area, np.int16),
        _contiguous(base, np.float32),
        _contiguous(excess, np.float32),
        _contiguous(factors, np.float32),
        _contiguous(area_factor, np.float32),
        out,
    )
    return out


def rehearse() -> None:
    """Call every compiled function once on tiny inputs, so that none is compiled in the middle of a run."""
    keys = make_keys(1, np.arange(1, 3))
    alive, ones = np.ones(2, np.bool_), np.ones(2, np.float32)
    group = np.zeros(2, np.int16)
    uniforms(keys, 0, 0)
    uniforms2(keys, 0, 0)
    events(keys, alive, threshold(np.full((2, 2), 0.5)), ones, 0, 0)
    sums_by(group, poisson_counts(keys, alive, ones, ones, group, 0, 0), 1)
    table = np.ones((1, 2), np.float32)
    state, factors = np.zeros(2, np.uint32), np.ones((1, 256, 2), np.float32)
    rows, cell = np.arange(2), np.zeros(2, np.int32)
    keep_chances(np.ones((2, 2), np.float32), rows, np.zeros((2, 2), np.uint32))
    chances(hazards(rows, cell, state, np.ones((2, 1), np.float32), group, table, table.T.copy(), factors, table))


@lru_cache(maxsize=64)
def _salt(seed: int) -> Keys:
    """What tells seeds apart: uint64[1]."""
    return scramble(offset(seed, SEED))


def _scramble_twice(words: Any, before: np.uint64, after: Keys) -> Keys:
    """Hash of (hash of (words + before) + after); words and after are of one length, or one of them is single."""
    words = _contiguous(np.atleast_1d(words), np.uint64)
    if words.size == 1 and after.size != 1:
        words = np.full(after.size, words[0])
    if after.size not in (1, words.size):
        raise ValueError("identities and ordinals disagree in length")
    out = np.empty(words.size, np.uint64)
    kernels.scramble_twice(words, before, after, out)
    return out


def _as_words(values: Any) -> Keys:
    """Integers (negative ones wrap) as 64-bit words."""
    return np.asarray(values, np.int64).astype(np.uint64) if not _is_words(values) else np.asarray(values)


def _is_words(values: Any) -> bool:
    return getattr(values, "dtype", None) == np.uint64


def _positive(words: Keys) -> NDArray[np.int64]:
    """63 bits of each word, never 0 (0 marks an empty row)."""
    kept: NDArray[np.int64] = np.maximum(words >> np.uint64(1), np.uint64(1)).astype(np.int64)
    return kept


def _contiguous(array: Any, dtype: Any) -> Any:
    """The array as the kernels were compiled for it: C order, this dtype, writable; copied only if it is not so."""
    if isinstance(array, np.ndarray) and array.dtype == dtype and array.flags.carray:
        return array
    array = np.ascontiguousarray(array, dtype)
    return array if array.flags.writeable else array.copy()


def _mask(alive: Any) -> NDArray[np.bool_]:
    """A mask of living rows as booleans."""
    return np.ascontiguousarray(alive if getattr(alive, "dtype", None) == np.bool_ else np.asarray(alive) != 0)
