"""Chance that belongs to a resident, a month and a purpose: the same in every scenario, on any number of cores.

A draw is a pure function of (seed, identity, month, purpose). Nobody else's draw, no order of evaluation and no number
of threads enters, so adding a resident, a process or a scenario changes no other draw.

Construction. A resident's key is a 64-bit hash of seed and identity. The word for a month and a purpose is a half of
``scramble(key + month·γ₁ + (purpose // 2)·γ₂)``: the low 32 bits for an even purpose, the high 32 bits for an odd one;
`scramble` is SplitMix64's finaliser (Steele, Lea and Flood, OOPSLA 2014). `uniforms2` takes both halves of a hash of
its own, so that it shares nothing with `uniforms` of the same or the next purpose. Processes of the life course
(`events`) and contacts (`patterns`) need 16 bits each, a quarter of a hash of theirs: their bounds carry the precision.

The loops are compiled (`sim.kernels`); `sim.draws_numpy` holds their twins in NumPy, equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import kernels

Keys = NDArray[np.uint64]
MASK = 2**64 - 1
LANES = kernels.LANES

PAIRED = 1 << 40
"""Hash numbers of `uniforms2` start here, above every purpose."""

SHORT, FINE, PATTERN, DITHER, DITHER_COUNTS = (k << 41 for k in range(1, 6))
"""Where the hash numbers start of: 16-bit draws, the bits below them, contact patterns, and the rounding of bounds."""

SHORTS = 4
"""16-bit draws in a hash."""

BYTES = 6
"""How many bytes of a state rates may depend on."""

MOST_SCALE = 15

ONE = 2**16
"""A bound of this would be a probability of one."""

BIRTH, ARRIVAL, SEED = 0x42697274, 0x41727269, 0x53656564
"""Salts that keep newborns', in-migrants' and seeds' hashes apart."""

_EXPONENTIALS = kernels.exponentials()
_MONTH, _NUMBER = int(kernels.GAMMA_MONTH), int(kernels.GAMMA_PURPOSE)
_HALVES = np.uint64(0), np.uint64(32)
"""How far a word is shifted for the draw of an even purpose, and of an odd one."""


@lru_cache(maxsize=1 << 15)
def offset(month: int, number: int) -> np.uint64:
    """What is added to a key before hashing: month·γ₁ + number·γ₂ modulo 2⁶⁴. Kept, as run after run asks the same."""
    return np.uint64((int(month) * _MONTH + int(number) * _NUMBER) & MASK)


def scramble(words: Any) -> Keys:
    """SplitMix64's finaliser of one or more 64-bit words: uint64[n] (a new array)."""
    words = _contiguous(np.atleast_1d(words), np.uint64)
    out = np.empty(words.size, np.uint64)
    kernels.scramble_all(words, out)
    return out


def make_keys(seed: int, identities: Any) -> Keys:
    """One 64-bit key an identity: uint64[n] from integers[n]. Distinct identities have distinct keys."""
    added = salt(seed)
    return _scramble_twice(_as_words(identities), added[0], added)


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
    kernels.words(keys, offset(month, purpose >> 1), _HALVES[purpose & 1], out)
    return out


def uniforms2(keys: Keys, month: int, purpose: int) -> NDArray[np.float32]:
    """Two independent uniforms in [0, 1) a key: float32[2, n], independent of `uniforms` of any purpose."""
    keys = _contiguous(keys, np.uint64)
    out = np.empty((2, keys.size), np.float32)
    kernels.word_pairs(keys, offset(month, PAIRED + purpose), out)
    return out


def threshold(p: Any) -> NDArray[np.uint16]:
    """A probability as the 16-bit bound a draw is compared with, to the nearest: at most 65535/65536; any shape."""
    return np.clip(np.rint(np.asarray(p, np.float64) * ONE), 0, ONE - 1).astype(np.uint16)


def probability(rate: Any) -> Any:
    """Chance of at least one event in a month at a rate per month: 1 − exp(−rate); any shape."""
    return -np.expm1(-np.asarray(rate))


def keep_chances(rates: NDArray[np.float32], rows: NDArray[np.int64], keys: Keys, out: NDArray[np.uint16]) -> None:
    """Write the chance ``probability(rates)`` of the first processes of `rates` (float32[m, K]) into the rows `rows`
    (int64[m]) of `out` (uint16[n, at most K]) as bounds of 16-bit draws.

    A bound is rounded up or down by a draw of the resident and the process that never changes (keys: uint64[n]), so
    that over residents the chance is right, and two scenarios round alike. The highest chance is 65535/65536.
    Raises ValueError when `out` has more processes than `rates`, or not a row of rates for each of `rows`.
    """
    if out.shape[1] > rates.shape[1] or len(rates) != len(rows):
        raise ValueError("keep_chances: rates, rows and out disagree in shape")
    rates, rows = _contiguous(rates, np.float32), _contiguous(rows, np.int64)
    kernels.keep_chances(rates, rows, keys, _dithers(DITHER, out.shape[1]), _EXPONENTIALS, out)


def keep_counts(
    rates: NDArray[np.float32], rows: NDArray[np.int64], keys: Keys, slots: NDArray[np.int64], out: NDArray[np.uint16]
) -> None:
    """Write expected counts a month into the rows `rows` of `out` (uint16[n, 8]) as bounds of the draws of `patterns`.

    slots: which column of `rates` (float32[m, K]) each of the eight stands for. A process with s slots happens up to s
    times a month: a binomial count with the mean of its rate, as long as that is below s.
    """
    rates, rows = _contiguous(rates, np.float32), _contiguous(rows, np.int64)
    dither = _dithers(DITHER_COUNTS, slots.size)
    kernels.keep_counts(rates, rows, keys, dither, slots, _parts(slots.tobytes()), out)


def keep(
    rows: NDArray[np.int64],
    columns: Mapping[str, NDArray[Any]],
    tables: tuple[NDArray[Any], ...],
    area_factor: NDArray[np.float32],
    cap: tuple[int, float],
    drawn: int,
    slots: NDArray[np.int64],
) -> None:
    """`hazards`, `keep_chances` and `keep_counts` in one pass, for the residents in `rows`.

    columns: key, cell, state, lagged, lsoa as `hazards` wants them, and what is written: chance (uint16[n, K']), ask
    (uint16[n, 8]) and gp_rate (float32[n]: expected contacts). tables: base, excess, factors, shifts; cap: the process
    whose rate is kept within so many times its base rate; drawn: the first so many processes have a chance; slots:
    see `keep_counts`.
    """
    r = columns
    kernels.keep(
        rows, r["key"], r["cell"], r["state"], r["lagged"], r["lsoa"], tables, area_factor,
        (cap[0], np.float32(cap[1])), (_dithers(DITHER, drawn), _dithers(DITHER_COUNTS, slots.size)), drawn,
        (slots, _parts(slots.tobytes())), _EXPONENTIALS, (r["chance"], r["ask"], r["gp_rate"]),
    )  # fmt: skip


def events(
    keys: Keys,
    alive: NDArray[Any],
    thresholds: NDArray[np.uint16],
    scale: NDArray[np.float32],
    month: int,
    purpose0: int,
) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """What happens this month, one draw a process.

    Process k happens to row i when the row is alive and its 16-bit draw for purpose ``purpose0 + k`` is below
    ``thresholds[i, k] · scale[k]``. Whether it does depends on no other process and no other row.

    keys: uint64[n]; alive: n values, zero for empty rows; thresholds: uint16[n, K] (see `keep_chances`), with columns
    of nought after K that make whole vectors of eight (see `padded`; without them the table is copied); scale:
    float[K], this month's multiplier of each probability, 0 ≤ scale < 15, kept to 2⁻²⁴ (quickest where those that are
    not one come first); purpose0 a multiple of four.
    Returns the rows (int64[m]) and processes (int16[m]) of the events, by row, then by process.
    Raises ValueError when shapes disagree, or scale or purpose0 is out of range.
    """
    keys = _contiguous(keys, np.uint64)
    thresholds = _contiguous(thresholds, np.uint16)
    alive = _mask(alive)
    processes = np.size(scale)
    if len(thresholds) != keys.size or alive.size != keys.size or not 0 <= thresholds.shape[1] - processes < LANES:
        raise ValueError("events: keys, alive, thresholds and scale disagree in shape")
    if thresholds.shape[1] % LANES:
        thresholds = np.pad(thresholds, ((0, 0), (0, -thresholds.shape[1] % LANES)))
    if purpose0 % SHORTS:
        raise ValueError("events: the first purpose is not a multiple of four")
    scales = np.empty(thresholds.shape[1])
    scales[:processes], scales[processes:] = scale, 1.0
    fixed, screen, scaled = fixed_point(scales.tobytes())
    whole = -(-thresholds.shape[1] // (SHORTS * SHORTS)) * SHORTS * SHORTS  # a vector is four hashes
    offsets = _hashes(month, SHORT + purpose0 // SHORTS, whole)
    fine = offset(month, FINE + purpose0) + _numbers(fixed.size)
    room = keys.size // 4 + 64
    while True:  # at most twice: an event for every fourth row is seldom exceeded
        rows, kinds = np.empty(room, np.int64), np.empty(room, np.int16)
        count = kernels.events(keys, alive, thresholds, fixed, screen, scaled, offsets, fine, processes, rows, kinds)
        if count <= room:
            return rows[:count], kinds[:count]
        room = count


def patterns(
    keys: Keys, alive: NDArray[Any], thresholds: NDArray[np.uint16], scale: Any, month: int, purpose: int
) -> NDArray[np.uint8]:
    """Eight draws a row as the bits of a byte: bit b is on when slot b's 16-bit draw is below its bound × scale.

    keys: uint64[n]; alive: n values, zero for empty rows; thresholds: uint16[n, 8] (see `keep_counts`); scale:
    float[8], 0 ≤ scale < 15. The number of bits that are on is the number of contacts. Raises ValueError when shapes
    disagree.
    """
    keys, alive = _contiguous(keys, np.uint64), _mask(alive)
    thresholds = _contiguous(thresholds, np.uint16)
    if thresholds.shape != (keys.size, 8) or alive.size != keys.size or np.size(scale) != 8:
        raise ValueError("patterns: keys, alive, thresholds and scale disagree in shape")
    fixed, *_ = fixed_point(np.asarray(scale, np.float64).tobytes())
    out = np.empty(keys.size, np.uint8)
    kernels.patterns(keys, alive, thresholds, fixed, _hashes(month, PATTERN + 2 * purpose, 8), out)
    return out


def padded(processes: int) -> int:
    """How many columns a table of so many processes has when it is made of whole vectors of eight."""
    return -(-processes // LANES) * LANES


def _hashes(month: int, number: int, shorts: int) -> Keys:
    """Offsets of the hashes that hold so many 16-bit draws, four each: uint64."""
    return np.asarray(offset(month, number) + _numbers(-(-shorts // SHORTS)))


@lru_cache(maxsize=64)
def _numbers(count: int) -> Keys:
    """What so many purposes in a row add to the first one's offset. Shared: nobody writes it, nor what follows."""
    return np.asarray(np.arange(count, dtype=np.uint64) * kernels.GAMMA_PURPOSE)


@lru_cache(maxsize=64)
def _dithers(number: int, shorts: int) -> Keys:
    """`_hashes` of the draws for life that round bounds."""
    return _hashes(0, number, shorts)


@lru_cache(maxsize=64)
def _parts(slots: bytes) -> NDArray[np.float32]:
    """What part of its process each slot (int64, as bytes) stands for."""
    of = np.frombuffer(slots, np.int64)
    return np.asarray((1.0 / np.bincount(of)[of]).astype(np.float32))


@lru_cache(maxsize=1024)
def fixed_point(scale: bytes) -> tuple[NDArray[np.uint64], NDArray[np.uint32], int]:
    """Scales (float64, as bytes) in fixed point, the same in fewer bits rounded up, and in how many, from the first and
    in whole vectors, stands every scale that is not one. The arrays are shared: nobody writes them."""
    scales = np.frombuffer(scale)
    if not ((scales >= 0) & (scales < MOST_SCALE)).all():
        raise ValueError(f"events: a scale is outside 0 ≤ scale < {MOST_SCALE}")
    fixed = np.rint(scales * 2.0 ** int(kernels.SCALE_BITS)).astype(np.uint64)
    screen = np.ceil(scales * 2.0 ** int(kernels.SCREEN_BITS)).astype(np.uint32)
    other = (fixed != kernels.UNSCALED).nonzero()[0]
    return fixed, np.minimum(screen, np.uint32(ONE - 1)), padded(int(other[-1]) + 1 if other.size else 0)


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
    number, shift = offset(month, purpose >> 1), _HALVES[purpose & 1]
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
    state: NDArray[np.uint64],
    exposure: NDArray[np.uint16],
    area: NDArray[np.int16],
    base: NDArray[np.float32],
    excess: NDArray[np.float32],
    factors: NDArray[np.float32],
    area_factor: NDArray[np.float32],
    shifts: NDArray[np.uint64] | None = None,
) -> NDArray[np.float32]:
    """Rates per month of every process for the residents in `rows`: float32[m, K].

    For resident i in cell c (age, sex, deprivation …) of area a:
    ``base[c, k] · area_factor[a, k] · Π_b factors[b, byte b of state[i], k] · Π_e (1 + excess[e, k]·x[i, e])``,
    x = exposure ÷ 65535,
    multiplied in this order in float32.

    rows: int64[m]; cell: int32[n]; state: uint64[n]; exposure: uint16[n, E], 65535 standing for 1; area: int16[n];
    base: float32[C, K]; excess: float32[E, K]; factors: float32[6, 256, K]; area_factor: float32[A, K]; shifts:
    uint64[6], how far the byte of each of the factors stands from the lowest bit (by default byte after byte).
    The columns of n are those of all residents and are read at `rows` only.
    Raises ValueError when the tables disagree about K or E.
    """
    processes = base.shape[1]
    if excess.shape != (exposure.shape[1], processes) or factors.shape[1:] != (256, processes):
        raise ValueError("hazards: base, excess, factors and exposure disagree in shape")
    if shifts is None:
        shifts = np.arange(BYTES, dtype=np.uint64) * np.uint64(8)
    if area_factor.shape[1] != processes or factors.shape[0] != BYTES or shifts.shape != (BYTES,) or shifts.max() > 56:
        raise ValueError("hazards: area_factor or factors has the wrong shape")
    rows = _contiguous(rows, np.int64)
    out = np.empty((rows.size, processes), np.float32)
    kernels.hazards(
        rows,
        _contiguous(cell, np.int32),
        _contiguous(state, np.uint64),
        _contiguous(exposure, np.uint16),
        _contiguous(area, np.int16),
        _contiguous(base, np.float32),
        _contiguous(excess, np.float32),
        _contiguous(factors, np.float32),
        _contiguous(shifts, np.uint64),
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
    state, factors = np.zeros(2, np.uint64), np.ones((BYTES, 256, 2), np.float32)
    rows, cell = np.arange(2), np.zeros(2, np.int32)
    rates = hazards(rows, cell, state, np.ones((2, 1), np.uint16), group, table, table, factors, table)
    keep_chances(rates, rows, keys, np.zeros((2, 2), np.uint16))
    bounds = np.zeros((2, 8), np.uint16)
    keep_counts(rates, rows, keys, np.zeros(8, np.int64), bounds)
    kept: dict[str, Any] = {
        "key": keys,
        "cell": cell,
        "state": state,
        "lagged": np.ones((2, 1), np.uint16),
        "lsoa": group,
        "ask": bounds,
    }
    kept |= {"chance": np.zeros((2, 2), np.uint16), "gp_rate": np.zeros(2, np.float32)}
    shifts = np.arange(BYTES, dtype=np.uint64)
    keep(rows, kept, (table, table, factors, shifts), table, (0, 1.0), 2, np.zeros(8, np.int64))
    patterns(keys, alive, bounds, np.ones(8), 0, 0)


@lru_cache(maxsize=64)
def salt(seed: int) -> Keys:
    """What tells seeds apart, added to identities before hashing: uint64[1], which nobody writes."""
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
    if isinstance(alive, np.ndarray) and alive.dtype == np.bool_:
        return alive if alive.flags.c_contiguous else np.ascontiguousarray(alive)
    return np.ascontiguousarray(np.asarray(alive) != 0)
