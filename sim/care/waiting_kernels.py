"""Compiled loops over the entries of the waiting lists. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import LOW, S32, TO_UNIT, compiled, inlined, scramble

Array = NDArray[Any]
MONTHS_A_YEAR = 12
MOST_CONTACTS = 255
ONE, ZERO = np.uint64(1), np.uint64(0)
KEPT, ENDS, LEFT_HOME, ENDS_HOME = range(4)
STAYS, REMOVED, ENDED_ELSEWHERE = range(3)


@inlined
def unit(z, shift):  # type: ignore[no-untyped-def]
    """The low (shift 0) or high (shift 32) half of a hash in [0, 1): float32."""
    return np.float32(np.uint32((z >> shift) & LOW)) * TO_UNIT


@compiled
def wait_a_month(
    entries: Any,
    unique_id: Array,
    listed: Array,
    contacts: Array,
    elsewhere: int,
    offset: np.uint64,
    worsens: Any,
    asks: Any,
    kept: Array,
    ends: Array,
    number: Array,
) -> None:
    """What waiting does to entries (columns identity, row, key, group), by one pair of draws each.

    worsens, asks: chances (float32) to end as an emergency, and to ask the practice once more (added to contacts).
    unique_id, listed (one less for whoever worsens): columns of the residents. Fills kept and ends with entries in
    order, and number (int64[4]): how many are kept, end, have left with their residents, and end, the last two of those
    in groups below `elsewhere` only.
    """
    identity, row, key, group = entries
    for e in range(row.size):
        i = row[e]
        if unique_id[i] != identity[e]:
            number[LEFT_HOME] += group[e] < elsewhere
            continue
        z = scramble(key[e] + offset)
        if unit(z, S32) < asks and contacts[i] < MOST_CONTACTS:
            contacts[i] += 1
        if unit(z, ZERO) < worsens:
            ends[number[ENDS]] = e
            number[ENDS] += 1
            number[ENDS_HOME] += group[e] < elsewhere
            listed[i] -= 1
        else:
            kept[number[KEPT]] = e
            number[KEPT] += 1


@compiled
def end_untreated(
    key: Array,
    group: Array,
    began: Array,
    elsewhere: int,
    month: int,
    offset: np.uint64,
    shift: np.uint64,
    chances: Any,
    fate: Array,
    stock: Array,
    fresh: Array,
) -> None:
    """Which entries are removed, or (in groups from `elsewhere` on) end at the other trust: into fate (uint8[n]).

    Nobody who began this month. chances: float32 of the two. Adds to stock (int64[groups]) who stays, and to fresh
    (int64[groups]) who began this month.
    """
    removed, ended = chances
    for e in range(group.size):
        g, new = group[e], began[e] >= month
        uniform = unit(scramble(key[e] + offset), shift)
        if g < elsewhere:
            ends = uniform < removed and not new
            fate[e] = REMOVED if ends else STAYS
            stock[g] += not ends
            fresh[g] += new
        else:
            fate[e] = ENDED_ELSEWHERE if uniform < ended and not new else STAYS


@compiled
def serve(
    group: Array, row: Array, left: Array, fate: Array, listed: Array, kept: Array, treated: Array
) -> tuple[int, int]:
    """The first of each group that stay are treated while there are places left (int64[256]; used up); returns how many
    entries are kept and treated, which fill `kept` and `treated` in order. Whoever ends is `listed` once less."""
    keeps, treats = 0, 0
    for e in range(group.size):
        g = group[e]
        if fate[e] == STAYS and left[g] <= 0:
            kept[keeps] = e
            keeps += 1
            continue
        listed[row[e]] -= 1
        if fate[e] == STAYS:
            left[g] -= 1
            treated[treats] = e
            treats += 1
    return keeps, treats


@compiled
def draw_referrals(
    rows: Array,
    key: Array,
    male: Array,
    by_sex: Array,
    priorities: Array,
    month: int,
    offset: Array,
    shift: Array,
    specialty: Array,
    priority: Array,
    began: Array,
) -> None:
    """Specialty (cumulative shares by sex), priority (cumulative shares) and beginning (months) of new entries of
    residents at `rows`, each by a draw; offset, shift: of these, in this order."""
    for i in range(rows.size):
        k, sex = key[rows[i]], male[rows[i]]
        first = unit(scramble(k + offset[0]), shift[0])
        second = unit(scramble(k + offset[1]), shift[1])
        third = unit(scramble(k + offset[2]), shift[2])
        specialty[i], priority[i] = 0, 0
        for s in range(by_sex.shape[1] - 1):
            specialty[i] += first >= by_sex[sex, s]
        for p in range(priorities.size - 1):
            priority[i] += second >= priorities[p]
        began[i] = month + np.float64(third)


@compiled
def enter(
    rows: Array,
    specialty: Array,
    priority: Array,
    priorities: int,
    elsewhere: int,
    residents: Any,
    salts: Any,
    identity: Array,
    key: Array,
    group: Array,
) -> int:
    """Identity, key (see `sim.care.entries`) and group of new entries; returns how many are of the modelled trust.

    residents: columns unique_id, home_trust (1: the modelled trust, others are `elsewhere` in `group`), listed (one
    more for each entry).
    """
    unique_id, home, listed = residents
    birth, gamma, first_ordinal, salt = salts
    at_home = 0
    for i in range(rows.size):
        row = rows[i]
        identity[i] = unique_id[row]
        word = scramble(np.uint64(identity[i]) + birth)
        word = scramble(word + (first_ordinal + np.uint64(specialty[i])) * gamma)
        key[i] = scramble(scramble(max(word >> ONE, ONE) + salt) + salt)
        here = home[row] == 1
        group[i] = specialty[i] * priorities + priority[i] + (0 if here else elsewhere)
        listed[row] += 1
        at_home += here
    return at_home


@compiled
def pick(uniform: Array, cumulative: Array, which: Array, out: Array) -> None:
    """out[i] = how many of the cumulative shares of row which[i], but the last, are not above uniform[i]."""
    most = cumulative.shape[1] - 1
    for i in range(uniform.size):
        place, row = 0, which[i]
        for k in range(most):
            place += uniform[i] >= cumulative[row, k]
        out[i] = place


@compiled
def count_waits(
    group: Array,
    row: Array,
    began: Array,
    fifth: Array,
    elsewhere: int,
    now: float,
    limits: Array,
    by_fifth: Array,
    stock: Array,
) -> None:
    """Count entries of groups below `elsewhere`, by fifth of their residents and by group.

    Adds to by_fifth (int64[limits, 5]) those that have waited longer than each limit (months), and to stock
    (int64[elsewhere]).
    """
    for e in range(group.size):
        g = group[e]
        if g < elsewhere:
            stock[g] += 1
            waited, f = now - began[e], fifth[row[e]]
            for k in range(limits.size):
                by_fifth[k, f] += waited > limits[k]


@compiled
def count_ages(
    group: Array,
    row: Array,
    born: Array,
    state: Array,
    elsewhere: int,
    month: int,
    frail: int,
    category: Array,
    number: Array,
) -> None:
    """Add entries of groups below `elsewhere` to number (int64), by their residents' category of frailty (see
    `care_kernels.chance_by_age`) and age in years, the last and all older together."""
    oldest = number.shape[1] - 1
    for e in range(group.size):
        if group[e] < elsewhere:
            i = row[e]
            which = category[np.int64(state[i] >> np.uint64(frail)) & 7]
            number[which, min(max((month - born[i]) // MONTHS_A_YEAR, 0), oldest)] += 1


@compiled
def line_up(kept: Array, before: Any, order: Array, new: Any, after: Any) -> None:
    """The entries that are kept, then new ones in some order: into the columns after.

    Columns, of those before, the new ones and those after: identity, row, key, began, group.
    """
    identity, row, key, began, group = before
    new_identity, new_row, new_key, new_began, new_group = new
    identity_, row_, key_, began_, group_ = after
    for e in range(kept.size):
        k = kept[e]
        identity_[e], row_[e], key_[e], began_[e], group_[e] = identity[k], row[k], key[k], began[k], group[k]
    for n in range(order.size):
        e, k = kept.size + n, order[n]
        identity_[e], row_[e], key_[e] = new_identity[k], new_row[k], new_key[k]
        began_[e], group_[e] = new_began[k], new_group[k]
