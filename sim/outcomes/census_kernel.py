"""Counting everyone once a month, by local deprivation fifth: compiled, with plain NumPy twins.

First everybody is put into a group (fifth, child or adult, departed), one byte each; then one pass counts everything.
States are kept as bits of one 64-bit word. Testing every bit of everybody is slow; instead the words of sixteen
residents are added bit by bit, all 64 at once, with a few logical operations each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled, inlined
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
SHORT_WORDS, SMALL, LARGE = 3, 6, 2
"""In one pass: 64-bit numbers of four sums; columns of bytes; of floats."""
BLOCK, HELD, PLANES, FULL_TURNS = 512, 16, 4, 15
"""Rows worked on together; states of a group that are held back; words of what they come to; how often, until sums of
16 bits may be full."""


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


@inlined
def add_three(a, b, c):  # type: ignore[no-untyped-def]
    """Three words added bit by bit: the bits of the sums that stand for one, and those that stand for two."""
    either = a ^ b
    return either ^ c, (a & b) | (either & c)


@compiled
def _count(
    groups: Array,
    state: Array,
    managed: Array,
    undiagnosed: Array,
    small: tuple[Array, Array, Array, Array, Array, Array],
    large: tuple[Array, Array],
    several: Any,
    among: Any,
    spread: Array,
    bits: Array,
    people: Array,
    shorts: Array,
    floats: Array,
) -> None:
    """See `count_groups`. Adds to bits (int64[groups, 8, 8]), people, shorts (int64[groups, 3, 4]) and floats.

    Rows go in blocks: first what is added of each row is put into three words of four sums side by side (16 bits), all
    rows alike; then each row's words are added to its group's. The states of sixteen rows of a group are held back and
    then added bit by bit, as in a circuit: what the sums hold of ones to eights stays in four words, sixteens are
    spread out to bytes. Sums are emptied after 240 rows of a group, before one could run into the next.
    """
    every, n = people.size, groups.size
    # of one dimension, so that where a group's begin is a shift and not a product
    held, planes = np.empty(every * HELD, np.uint64), np.zeros(every * PLANES, np.uint64)
    sixteens, sums = np.zeros(every * 8, np.uint64), np.zeros(every * PLANES, np.uint64)
    turns, so_far, floating = np.zeros(every, np.int64), np.zeros(every, np.uint64), floats.reshape(-1)
    first, second, third = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)
    byte, short, nought = np.uint64(255), np.uint64(0xFFFF), np.uint64(0)
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    at_16, at_32, at_48 = np.uint64(16), np.uint64(32), np.uint64(48)
    lanes, in_held, groups_of_lane = np.uint64(floats.shape[0] - 1), np.uint64(HELD - 1), np.uint64(every)
    pair, four, eight, sixteen = np.uint64(LARGE), np.uint64(PLANES), np.uint64(8), np.uint64(HELD)
    x, y = large
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        states, well, unsaid = state[start:stop], managed[start:stop], undiagnosed[start:stop]
        a, b, c = small[0][start:stop], small[1][start:stop], small[2][start:stop]
        d, e, f = small[3][start:stop], small[4][start:stop], small[5][start:stop]
        for j in range(stop - start):
            rest = states[j] & several
            ill = np.uint64(rest != nought)
            many = np.uint64((rest & (rest - one)) != nought)
            u = np.uint64(unsaid[j] & among)  # how many of its lower 16 bits are on
            u = u - ((u >> one) & np.uint64(0x5555))
            u = (u & np.uint64(0x3333)) + ((u >> np.uint64(2)) & np.uint64(0x3333))
            u = (u + (u >> np.uint64(4))) & np.uint64(0x0F0F)
            u = ((u + (u >> np.uint64(8))) & np.uint64(0x1F)) & (nought - ill)
            of_ill = np.uint64(well[j]) & (nought - ill)
            first[j] = ill | (many << at_16) | (of_ill << at_32) | (u << at_48)
            second[j] = np.uint64(a[j]) | (np.uint64(b[j]) << at_16) | (np.uint64(c[j]) << at_32)
            second[j] |= np.uint64(d[j]) << at_48
            third[j] = np.uint64(e[j]) | (np.uint64(f[j]) << at_16)
        for j in range(stop - start):
            i = np.uint64(start + j)
            g = np.uint64(groups[i])
            h, p = g * sixteen, g * four
            sums[p] += first[j]
            sums[p + one] += second[j]
            sums[p + two] += third[j]
            lane = ((i & lanes) * groups_of_lane + g) * pair  # in turn, so that no addition waits for the last
            floating[lane] += x[i]
            floating[lane + one] += y[i]
            at = so_far[g]
            held[h + (at & in_held)] = states[j]
            so_far[g] = at + one
            if (at & in_held) != in_held:
                continue
            ones, twos, fours, eights = planes[p], planes[p + one], planes[p + two], planes[p + three]
            ones, two_a = add_three(ones, held[h + np.uint64(0)], held[h + np.uint64(1)])
            ones, two_b = add_three(ones, held[h + np.uint64(2)], held[h + np.uint64(3)])
            twos, four_a = add_three(twos, two_a, two_b)
            ones, two_a = add_three(ones, held[h + np.uint64(4)], held[h + np.uint64(5)])
            ones, two_b = add_three(ones, held[h + np.uint64(6)], held[h + np.uint64(7)])
            twos, four_b = add_three(twos, two_a, two_b)
            fours, eight_a = add_three(fours, four_a, four_b)
            ones, two_a = add_three(ones, held[h + np.uint64(8)], held[h + np.uint64(9)])
            ones, two_b = add_three(ones, held[h + np.uint64(10)], held[h + np.uint64(11)])
            twos, four_a = add_three(twos, two_a, two_b)
            ones, two_a = add_three(ones, held[h + np.uint64(12)], held[h + np.uint64(13)])
            ones, two_b = add_three(ones, held[h + np.uint64(14)], held[h + np.uint64(15)])
            twos, four_b = add_three(twos, two_a, two_b)
            fours, eight_b = add_three(fours, four_a, four_b)
            eights, full = add_three(eights, eight_a, eight_b)
            planes[p], planes[p + one], planes[p + two], planes[p + three] = ones, twos, fours, eights
            for w in range(8):
                sixteens[g * eight + np.uint64(w)] += spread[(full >> np.uint64(8 * w)) & byte]
            turns[g] += 1
            if turns[g] == FULL_TURNS:
                turns[g] = 0
                for w in range(8):
                    eight_sums = sixteens[g * eight + np.uint64(w)]
                    for k in range(8):
                        bits[g, w, k] += HELD * np.int64((eight_sums >> np.uint64(8 * k)) & byte)
                    sixteens[g * eight + np.uint64(w)] = nought
                for w in range(SHORT_WORDS):
                    for k in range(4):
                        shorts[g, w, k] += np.int64((sums[p + np.uint64(w)] >> np.uint64(16 * k)) & short)
                    sums[p + np.uint64(w)] = nought
    for group in range(every):
        people[group] += np.int64(so_far[group])
        for w in range(8):
            for k in range(8):
                bit = np.uint64(8 * w + k)
                total = np.int64((sixteens[8 * group + w] >> np.uint64(8 * k)) & byte) * HELD
                for digit in range(PLANES):
                    total += np.int64((planes[PLANES * group + digit] >> bit) & one) << digit
                for word in range(np.int64(so_far[group] & in_held)):
                    total += np.int64((held[HELD * group + word] >> bit) & one)
                bits[group, w, k] += total
        for w in range(SHORT_WORDS):
            for k in range(4):
                shorts[group, w, k] += np.int64((sums[PLANES * group + w] >> np.uint64(16 * k)) & short)


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
    several: int = 0,
    known: tuple[Array, Array, int] | None = None,
    columns: Sequence[Array] = (),
    lanes: int = 8,
) -> Counted:
    """Everything that is counted of the residents, by group, in one pass over them (more where there is much to count).

    groups     uint8 or int32[n], 0 to `n_groups`; the last stands for the departed, who are not counted
    state      uint64 (≥ as long); several: a bit mask
    known      how well conditions are managed (uint8), which are not known (bits of uint32, lower 16), and a mask of
               those bits that count; None: not counted
    columns    to be summed: uint8, or others in float64 (each row in turn to one of `lanes`, a power of two, and these
               in order)
    """
    n, every = groups.size, n_groups + 1
    small = [k for k, column in enumerate(columns) if column.dtype == np.uint8]
    large = [k for k, column in enumerate(columns) if column.dtype != np.uint8]
    managed, undiagnosed, among = known or (np.zeros(n, np.uint8), np.zeros(n, np.uint32), 0)
    sums = np.zeros((len(columns), n_groups))
    passes = max(-(-len(small) // SMALL), -(-len(large) // LARGE), 1)
    for turn in range(passes):
        bytes_, floats_ = small[SMALL * turn : SMALL * (turn + 1)], large[LARGE * turn : LARGE * (turn + 1)]
        found, people = np.zeros((every, N_BITS // 8, 8), np.int64), np.zeros(every, np.int64)
        shorts, floats = np.zeros((every, SHORT_WORDS, 4), np.int64), np.zeros((lanes, every, LARGE))
        some = [columns[k] for k in bytes_] or [managed]
        others = [columns[k] for k in floats_] or [np.zeros(n, np.float32)]
        _count(
            groups, state, managed, undiagnosed, tuple(some + [some[0]] * (SMALL - len(some))),
            tuple(others + [others[0]] * (LARGE - len(others))), np.uint64(several), np.uint32(among), _SPREAD, found,
            people, shorts, floats,
        )  # fmt: skip
        if bytes_:
            sums[bytes_] = shorts[:-1].reshape(n_groups, -1)[:, 4 : 4 + len(bytes_)].T
        if floats_:
            sums[floats_] = floats.sum(axis=0)[:-1, : len(floats_)].T
        if turn == 0:
            ill, many, well, unknown = shorts[:-1, 0].T
            everybody, bits = people[:-1], found[:-1].reshape(n_groups, N_BITS)
    return Counted(everybody, bits, ill, many, well, unknown, sums)


def count_groups_numpy(
    groups: Array,
    n_groups: int,
    state: Array,
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
    for b in range(N_BITS):
        bits[:, b] = total(has[:, b])
    each = (np.ones(len(g)), ill, of_several > 1, ill * managed[here].astype(float),
            ill * np.bitwise_count(undiagnosed[here] & np.uint32(among)).astype(float))  # fmt: skip
    people, ill_, many, well, unknown = (total(one).astype(np.int64) for one in each)
    sums = np.array([total(column[here].astype(np.float64)) for column in columns]).reshape(len(columns), n_groups)
    return Counted(people, bits, ill_, many, well, unknown, sums)
