"""Counting everyone once a month, by local deprivation fifth: compiled, with plain NumPy twins.

First everybody is put into a group (fifth, child or adult, departed), one byte each; then one pass counts everything.
States are kept as bits of one 64-bit word. Testing every bit of everybody is slow; instead each byte of the word is
spread out to eight bytes, which count eight states in one addition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled
from sim.outcomes.measures import ADULT_AGE, AGE_GROUP_STARTS, AGE_GROUPS, N_FIFTHS

MONTHS = 12
ADULT_MONTHS = ADULT_AGE * MONTHS
N_BITS = 64
N_AGES = len(AGE_GROUPS)
BAND_YEARS, N_BANDS = 5, 19  # 0–4 … 85–89, 90+
OLDEST = 200
N_GROUPS = 2 * N_FIFTHS + 1

Array = NDArray[Any]

_years = np.arange(OLDEST)
#: age group (0–5) and five-year band (0–18) of an age in whole years
AGE_GROUP_OF: Array = (np.searchsorted(AGE_GROUP_STARTS, _years, side="right") - 1).astype(np.int64)
BAND_OF: Array = np.minimum(_years // BAND_YEARS, N_BANDS - 1).astype(np.int64)
_BITS_OF_BYTE: Array = np.arange(256)[:, None] >> np.arange(8) & 1
_SPREAD: Array = (_BITS_OF_BYTE.astype(np.uint64) << np.arange(0, 64, 8, dtype=np.uint64)).sum(axis=1)
_ONES_OF_BYTE: Array = _BITS_OF_BYTE.sum(axis=1).astype(np.uint64)
WORDS, SHORT_WORDS, LANES, SMALL, LARGE = 4, 3, 8, 6, 2
"""In one pass: bytes of the state; 64-bit numbers of four sums; all numbers of a group; columns of bytes; of floats."""


def ages(born: Array, month: int) -> Array:
    """Ages in whole years (int64) at a month, of birth months; nobody is younger than 0 or older than 199."""
    return np.clip((month - born.astype(np.int64)) // MONTHS, 0, OLDEST - 1)


@compiled
def _groups(unique_id, born, fifth, size, youngest_adult, n_fifths, out):  # type: ignore[no-untyped-def]
    nobody, adult = np.uint8(2 * n_fifths), np.uint8(n_fifths)
    for i in range(size):
        group = np.uint8(fifth[i] + (adult if born[i] <= youngest_adult else np.uint8(0)))
        out[i] = nobody if unique_id[i] == 0 else group


def groups_of(unique_id: Array, born: Array, fifth: Array, size: int, month: int) -> Array:
    """The group in which each row is counted, uint8[size]: children 0–4 by fifth, adults 5–9, the departed 10.

    Worked out once a month, so that every count needs one byte a resident more than what it counts.
    """
    out = np.empty(int(size), np.uint8)
    _groups(unique_id, born, fifth, int(size), int(month) - ADULT_MONTHS, N_FIFTHS, out)
    return out


@compiled
def _count(
    groups: Array,
    state: Array,
    managed: Array,
    undiagnosed: Array,
    small: tuple[Array, Array, Array, Array, Array, Array],
    large: tuple[Array, Array],
    shifts: tuple[Any, Any, Any, Any],
    several: Any,
    among: Any,
    spread: Array,
    ones: Array,
    bits: Array,
    people: Array,
    shorts: Array,
    floats: Array,
) -> None:
    """See `count_groups`. For each group seven 64-bit numbers hold counts side by side, eight of 8 bits or four of 16,
    which are emptied before 256 residents could make one run into the next."""
    held = np.zeros((people.size, LANES), np.uint64)
    first, second, third, fourth = shifts
    a, b, c, d, e, f = small
    x, y = large
    byte, short, one = np.uint64(255), np.uint64(0xFFFF), np.uint64(1)
    at_16, at_32, at_48 = np.uint64(16), np.uint64(32), np.uint64(48)
    lanes = np.uint64(floats.shape[0] - 1)
    last = groups.size - 1
    for i in range(groups.size):
        g, s = np.uint64(groups[i]), state[i]
        held[g, 0] += spread[(s >> first) & byte]
        held[g, 1] += spread[(s >> second) & byte]
        held[g, 2] += spread[(s >> third) & byte]
        held[g, 3] += spread[(s >> fourth) & byte]
        rest = s & several
        ill = np.uint64(rest != np.uint64(0))
        many = np.uint64((rest & (rest - one)) != np.uint64(0))
        u = undiagnosed[i] & among
        unknown = (ones[u & np.uint32(255)] + ones[(u >> np.uint32(8)) & np.uint32(255)]) * ill
        held[g, 4] += ill | (many << at_16) | ((np.uint64(managed[i]) * ill) << at_32) | (unknown << at_48)
        held[g, 5] += (
            np.uint64(a[i]) | (np.uint64(b[i]) << at_16) | (np.uint64(c[i]) << at_32) | (np.uint64(d[i]) << at_48)
        )
        held[g, 6] += np.uint64(e[i]) | (np.uint64(f[i]) << at_16)
        held[g, 7] += one
        lane = np.uint64(i) & lanes  # taken in turn, so that no addition waits for the last
        floats[lane, g, 0] += x[i]
        floats[lane, g, 1] += y[i]
        if held[g, 7] == byte or i == last:
            start, stop = (g, g + one) if i != last else (np.uint64(0), np.uint64(people.size))
            for h in range(start, stop):
                people[h] += np.int64(held[h, 7])
                for w in range(WORDS):
                    for k in range(8):
                        bits[h, w, k] += np.int64((held[h, w] >> np.uint64(8 * k)) & byte)
                for w in range(SHORT_WORDS):
                    for k in range(4):
                        shorts[h, w, k] += np.int64((held[h, WORDS + w] >> np.uint64(16 * k)) & short)
                for w in range(LANES):
                    held[h, w] = np.uint64(0)


@dataclass(frozen=True)
class Counted:
    """What `count_groups` found in each group (without the last, the departed).

    people       int64[groups]; bits: int64[groups, 64], of each state (0 where it was not asked for)
    ill, many    int64[groups]: with any, and with two or more of `several`
    managed, unknown   of those who are ill: the sum of how well they are managed, and of conditions not known
    sums         float64[columns, groups], of each column that was given
    """

    people: Array
    bits: Array
    ill: Array
    many: Array
    managed: Array
    unknown: Array
    sums: Array


def count_groups(
    groups: Array,
    n_groups: int,
    state: Array,
    used: Sequence[int] = (),
    several: int = 0,
    known: tuple[Array, Array, int] | None = None,
    columns: Sequence[Array] = (),
    lanes: int = 8,
) -> Counted:
    """Everything that is counted of the residents, by group, in one pass over them (more where there is much to count).

    groups     uint8 or int32[n], 0 to `n_groups`; the last stands for the departed, who are not counted
    state      uint64 (≥ as long); used: the bits that are wanted; several: a bit mask
    known      how well conditions are managed (uint8), which are not known (bits of uint32, lower 16), and a mask of
               those bits that count; None: not counted
    columns    to be summed: uint8, or others in float64 (each row in turn to one of `lanes`, a power of two, and these
               in order)
    """
    n, every = groups.size, n_groups + 1
    wanted = sorted({bit // 8 for bit in used})
    small = [k for k, column in enumerate(columns) if column.dtype == np.uint8]
    large = [k for k, column in enumerate(columns) if column.dtype != np.uint8]
    managed, undiagnosed, among = known or (np.zeros(n, np.uint8), np.zeros(n, np.uint32), 0)
    bits, sums = np.zeros((n_groups, N_BITS // 8, 8), np.int64), np.zeros((len(columns), n_groups))
    passes = max(-(-len(wanted) // WORDS), -(-len(small) // SMALL), -(-len(large) // LARGE), 1)
    for turn in range(passes):
        words = wanted[WORDS * turn : WORDS * (turn + 1)]
        bytes_, floats_ = small[SMALL * turn : SMALL * (turn + 1)], large[LARGE * turn : LARGE * (turn + 1)]
        found, people = np.zeros((every, WORDS, 8), np.int64), np.zeros(every, np.int64)
        shorts, floats = np.zeros((every, SHORT_WORDS, 4), np.int64), np.zeros((lanes, every, LARGE))
        some = [columns[k] for k in bytes_] or [managed]
        others = [columns[k] for k in floats_] or [np.zeros(n, np.float32)]
        _count(
            groups, state, managed, undiagnosed, tuple(some + [some[0]] * (SMALL - len(some))),
            tuple(others + [others[0]] * (LARGE - len(others))),
            tuple(np.uint64(8 * word) for word in words + [0] * (WORDS - len(words))), np.uint64(several),
            np.uint32(among), _SPREAD, _ONES_OF_BYTE, found, people, shorts, floats,
        )  # fmt: skip
        bits[:, words] = found[:-1, : len(words)]
        if bytes_:
            sums[bytes_] = shorts[:-1].reshape(n_groups, -1)[:, 4 : 4 + len(bytes_)].T
        if floats_:
            sums[floats_] = floats.sum(axis=0)[:-1, : len(floats_)].T
        if turn == 0:
            ill, many, well, unknown = shorts[:-1, 0].T
            everybody = people[:-1]
    return Counted(everybody, bits.reshape(n_groups, N_BITS), ill, many, well, unknown, sums)


def count_groups_numpy(
    groups: Array,
    n_groups: int,
    state: Array,
    used: Sequence[int] = (),
    several: int = 0,
    known: tuple[Array, Array, int] | None = None,
    columns: Sequence[Array] = (),
) -> Counted:
    """The same as `count_groups`, plainly (its oracle in the tests)."""
    here = np.flatnonzero(groups < n_groups)
    g, s = groups[here].astype(np.int64), state[here]

    def total(each: Array) -> Array:
        return np.bincount(g, weights=each, minlength=n_groups)

    has = (s[:, None] >> np.arange(N_BITS, dtype=np.uint64) & np.uint64(1)).astype(np.int64)
    of_several = has[:, [b for b in range(N_BITS) if several >> b & 1]].sum(axis=1)
    ill = of_several > 0
    managed, undiagnosed, among = known or (np.zeros(len(state)), np.zeros(len(state), np.uint32), 0)
    bits = np.zeros((n_groups, N_BITS), np.int64)
    for b in used:
        bits[:, b] = total(has[:, b])
    each = (np.ones(len(g)), ill, of_several > 1, ill * managed[here].astype(float),
            ill * np.bitwise_count(undiagnosed[here] & np.uint32(among)).astype(float))  # fmt: skip
    people, ill_, many, well, unknown = (total(one).astype(np.int64) for one in each)
    sums = np.array([total(column[here].astype(np.float64)) for column in columns]).reshape(len(columns), n_groups)
    return Counted(people, bits, ill_, many, well, unknown, sums)
