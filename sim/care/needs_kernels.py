"""Compiled loops of the needs that leave the practice. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import LOW, S32, TO_UNIT, compiled, scramble

Array = NDArray[Any]
FULL = 255
SHORT = np.uint64(0xFFFF)
S16, S48 = np.uint64(16), np.uint64(48)
ZERO = np.uint64(0)
MOST_CONTACTS = 8
"""Slots of a pattern."""
KEPT, WORSENED, WITHDRAWN, UNMET, ENDED, TO_ED = range(6)
NONE = np.uint64(0)
LEFT_WAITING, LEFT_CARE = 6, 7
"""What becomes of an entry in a month: rows of the lists and numbers of `live_a_month`."""


@compiled
def unit(z, shift):  # type: ignore[no-untyped-def]
    """The low (shift 0) or high (shift 32) half of a hash in [0, 1): float32."""
    return np.float32(np.uint32((z >> shift) & LOW)) * TO_UNIT


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
def draw_by_kind(rows: Array, may: Array, key: Array, offset: np.uint64, found: Any) -> int:
    """A need for every kind that `may` keeps of the residents at `rows`; returns how many there are.

    Fills found: rows, kinds, and the draw of each (float64: the middle of its 65,536th).
    """
    out_rows, out_kind, out_uniform = found
    filled = 0
    for i in rows:
        z, left, kind = scramble(key[i] + offset), may[i], 0
        while left > 0:
            if left & 1:
                short = (z >> np.uint64(16 * (kind % 4))) & SHORT
                out_rows[filled], out_kind[filled] = i, kind
                out_uniform[filled] = (np.float64(short) + 0.5) / 65536.0
                filled += 1
            left >>= 1
            kind += 1
    return filled


@compiled
def raise_where(served: Array, slots: int, step: int, level: Array) -> None:
    """Add `step` to a level (uint8), up to 255, of the rows with a served contact in any of `slots`."""
    for i in range(served.size):
        raised = min(int(level[i]) + step, FULL)
        level[i] = raised if served[i] & slots else level[i]


@compiled
def raise_by(rows: Array, key: Array, rise: np.float32, offset: Array, shift: Array, level: Array) -> None:
    """Add `rise` to a level (uint8, up to 255) of the residents at `rows`; parts of 1 are rounded by a draw each."""
    for i in rows:
        step = np.int64(np.floor(rise + unit(scramble(key[i] + offset[0]), shift[0])))
        level[i] = min(level[i] + step, FULL)


@compiled
def end_care(
    rows: Array,
    key: Array,
    kind: Array,
    team: Array,
    numbers: tuple[int, int, int, int],
    state: Array,
    depressed: np.uint64,
    chances: Any,
    offset: Array,
    shift: Array,
    found: Any,
    many: Array,
) -> None:
    """Whom care that has ended helps: needs of residents at `rows` (key, kind and team of each).

    numbers: of the mental health, community and voluntary teams, and of the need of frailty. chances (float32): of the
    depressed (bit of the state) to recover, of the frail to be less so; offset, shift: of their draws. Fills found with
    rows, which may recur, of who recovers, is less frail, is helped by volunteers; many (int64[3]): how many.
    """
    mental_health, community, voluntary, crisis = numbers
    recovered, stronger, helped = found
    for j in range(rows.size):
        if team[j] == mental_health:
            if (state[rows[j]] & depressed) != 0 and unit(scramble(key[j] + offset[0]), shift[0]) < chances[0]:
                recovered[many[0]] = rows[j]
                many[0] += 1
        elif team[j] == community:
            if kind[j] == crisis and unit(scramble(key[j] + offset[1]), shift[1]) < chances[1]:
                stronger[many[1]] = rows[j]
                many[1] += 1
        elif team[j] == voluntary:
            helped[many[2]] = rows[j]
            many[2] += 1


@compiled
def leave_unmet(rows: Array, kind: Array, bit: Array, unmet: Array, need_kind: Array) -> None:
    """One more unmet need, up to 255, and the bit of its kind for the residents at `rows` (who may recur)."""
    for i in range(rows.size):
        unmet[rows[i]] = min(int(unmet[rows[i]]) + 1, FULL)
        need_kind[rows[i]] |= bit[kind[i]]


@compiled
def some_of(pattern, n, v):  # type: ignore[no-untyped-def]
    """So many of the slots of a pattern, each as likely as any other; v: a number of [0, 1) that decides which."""
    count = 0
    for bit in range(MOST_CONTACTS):
        count += (pattern >> bit) & 1
    if n >= count:
        return pattern
    found = pattern & 0
    for _ in range(n):
        v *= count
        which = np.int64(v)
        v -= which
        for bit in range(MOST_CONTACTS):
            if ((pattern & ~found) >> bit) & 1:
                if which == 0:
                    found |= 1 << bit
                    break
                which -= 1
        count -= 1
    return found


@compiled
def take_away(
    pattern: Array,
    asks_later: Array,
    given_up: Array,
    waiting: Array,
    unmet: Array,
    back: Array,
    again: Array,
    rows: Array,
    asked_for: Array,
    lost: Array,
    gone: Array,
    key: Array,
    offset: Array,
    out: Array,
) -> None:
    """Patterns of the contacts that were served, in `out`: new ones, those that waited and those that were given up
    once and asked again, less what was not offered.

    asks_later, given_up: uint8[n] patterns of contacts that wait, and of those given up whose needs are still unmet,
    brought up to date; waiting, unmet: how many of each row wait, and needs are unmet, now; back, again: whose unmet
    needs asked again, and how many; rows, asked_for, lost, gone: who asked for how many contacts, was not offered how
    many of them, and gave up how many; key, offset (2): of two pairs of the residents' draws.

    Which of a resident's contacts are not offered, and which of those wait, is chance: no kind goes first, nor those
    without a slot (second ones of a kind, and those of people on waiting lists).
    """
    for i in range(pattern.size):
        out[i] = pattern[i] | asks_later[i]
        asks_later[i] = 0
    for i in range(back.size):
        row = back[i]
        held = np.int64(given_up[row])
        returned = some_of(held, again[i], float(unit(scramble(key[row] + offset[1]), NONE)))
        given_up[row] = held & ~returned
        out[row] |= returned
    for i in range(rows.size):
        row = rows[i]
        asked, slots = np.int64(out[row]), np.int64(0)
        for bit in range(MOST_CONTACTS):
            slots += (asked >> bit) & 1
        z, y = scramble(key[row] + offset[0]), scramble(key[row] + offset[1])
        mean = lost[i] * slots / max(asked_for[i], slots, 1)
        missed = some_of(asked, np.int64(mean + unit(z, NONE)), float(unit(z, S32)))
        later = some_of(missed, np.int64(waiting[row]), float(unit(y, S32)))
        asks_later[row] = later
        open_before = max(np.int64(unmet[row]) - gone[i], 0)  # some needs have ended meanwhile
        before = some_of(np.int64(given_up[row]), open_before, float(unit(y, NONE)))
        given_up[row] = before | some_of(missed & ~later, np.int64(gone[i]), float(unit(y, S32)))
        out[row] = asked & ~missed
    for i in range(given_up.size):
        if given_up[i] != 0:
            v = float(unit(scramble(key[i] + offset[1]), NONE))
            given_up[i] = some_of(np.int64(given_up[i]), np.int64(unmet[i]), v)


@compiled
def kinds_by_pattern(kind_of_slot: Array) -> Array:
    """The kinds of a pattern of slots as bits: uint8[256]. Slots of kind −1 count for nothing."""
    table = np.zeros(256, np.uint8)
    for pattern in range(256):
        for slot, kind in enumerate(kind_of_slot):
            if pattern >> slot & 1 and kind >= 0:
                table[pattern] |= 1 << kind
    return table


@compiled
def live_a_month(
    entries: Any,
    residents: Any,
    old: int,
    frail: np.uint64,
    kind_of_team: Array,
    kind_of_step: Array,
    kinds: Any,
    chances: Any,
    longest: float,
    month: int,
    draws: Any,
    lists: Array,
    number: Array,
) -> None:
    """What a month does to every entry before teams begin new cases.

    entries: columns identity, row, key, since, until (−1: waits), step, team. residents: columns unique_id, born (of
    whoever is `old` months or older, or has a bit of `frail` in state), state. kinds: numbers of the mental health and
    social care teams, and of the need of frailty. chances: to go to A&E and go on waiting, to end in a crisis, to
    withdraw (by kind of team), and that the need of who withdraws stays unmet; who has waited `longest` months
    withdraws so. draws: offset and shift of the draw of waiting, and offset of the pair of withdrawing.
    Fills lists (int64[6, n]) with entries in order: kept, worsened, withdrawn, of these unmet, ended; and rows sent to
    A&E; number (int64[8]): how many of each, and of those whose resident left while waiting, and in care.
    """
    identity, row, key, since, until, step, team = entries
    unique_id, born, state = residents
    mental_health, social_care, frailty = kinds
    to_ed, to_crisis, withdraw, unmet_share = chances
    waiting_offset, waiting_shift, pair_offset = draws
    for e in range(row.size):
        i = row[e]
        if unique_id[i] != identity[e]:
            number[LEFT_WAITING if until[e] < 0 else LEFT_CARE] += 1
            continue
        fate = KEPT
        if until[e] >= 0:
            fate = ENDED if until[e] == month else KEPT
        else:
            kind = kind_of_team[team[e]]
            uniform = unit(scramble(key[e] + waiting_offset), waiting_shift)
            if kind == mental_health and uniform < to_ed:
                lists[TO_ED, number[TO_ED]] = i
                number[TO_ED] += 1
            worse = uniform < to_crisis and (kind == social_care or kind_of_step[step[e]] == frailty)
            if worse and (month - born[i] >= old or (state[i] & frail) != 0):
                fate = WORSENED
            else:
                z = scramble(key[e] + pair_offset)
                too_long = month - since[e] >= longest
                if too_long or unit(z, ZERO) < withdraw[kind]:
                    fate = WITHDRAWN
                    if too_long or unit(z, S32) < unmet_share:
                        lists[UNMET, number[UNMET]] = e
                        number[UNMET] += 1
        lists[fate, number[fate]] = e
        number[fate] += 1


@compiled
def take_on(
    entries: Any,
    from_hospital: Array,
    places: Array,
    months: Array,
    kind_of_team: Array,
    month: int,
    offset: np.uint64,
    shift: np.uint64,
    served: Array,
    started: Array,
) -> int:
    """Teams begin as many cases as they have `places` (int64, by team): needs from the hospital (by step), then others,
    in order of referral; returns how many.

    entries: columns key, ready, until (changed: the month in which the care ends), step, team; months: mean length of
    the care, by kind of team; offset, shift: of the draw of its length. Fills `served` with entries, adds to started by
    team.
    """
    key, ready, until, step, team = entries
    begun = 0
    for later in range(2):
        for e in range(team.size):
            t = team[e]
            if until[e] < 0 and ready[e] < month + 1 and started[t] < places[t] and from_hospital[step[e]] != later:
                length = np.floor(months[kind_of_team[t]] + unit(scramble(key[e] + offset), shift))
                until[e] = month + max(length, 1.0)
                started[t] += 1
                served[begun] = e
                begun += 1
    return begun


@compiled
def queue(kept: Array, here: Array, handed: Any, unique_id: Array, month: int, before: Any, after: Any) -> None:
    """The entries that are kept (of the columns before), then those that have arrived, waiting: into the columns after.

    here: positions, in order of arrival, in handed: rows, key, when each is ready, step, team, hand-offs. Columns:
    identity, row, key, since, ready, until, step, team, handoffs.
    """
    old_identity, old_row, old_key, old_since, old_ready, old_until, old_step, old_team, old_handoffs = before
    identity, row, key, since, ready, until, step, team, handoffs = after
    new_rows, new_key, new_ready, new_step, new_team, new_handoffs = handed
    size = kept.size
    for e in range(size):
        k = kept[e]
        identity[e], row[e], key[e], since[e] = old_identity[k], old_row[k], old_key[k], old_since[k]
        ready[e], until[e], step[e], team[e] = old_ready[k], old_until[k], old_step[k], old_team[k]
        handoffs[e] = old_handoffs[k]
    for n in range(here.size):
        e, j = size + n, here[n]
        identity[e], row[e], key[e] = unique_id[new_rows[j]], new_rows[j], new_key[j]
        since[e], ready[e], until[e] = month, new_ready[j], -1
        step[e], team[e], handoffs[e] = new_step[j], new_team[j], new_handoffs[j]


@compiled
def count_open(
    entries: Any,
    bit_of_step: Array,
    kind_of_team: Array,
    unmet: Array,
    need_kind: Array,
    waiting: Array,
    caseload: Array,
    rows: Array,
    number: Array,
) -> None:
    """The stocks at the month's end. entries: columns row, until, step, team.

    need_kind, unmet: whole columns of the residents; bits of met needs go once nothing is unmet, those of open entries
    stand. Adds to waiting and caseload by team; fills rows (int64[kinds of team, n]) with those who wait for each kind,
    and number (int64[kinds]) with how many they are.
    """
    row, until, step, team = entries
    for i in range(need_kind.size):
        need_kind[i] = need_kind[i] if unmet[i] > 0 else 0
    for e in range(row.size):
        need_kind[row[e]] |= bit_of_step[step[e]]
        if until[e] < 0:
            kind = kind_of_team[team[e]]
            rows[kind, number[kind]] = row[e]
            number[kind] += 1
            waiting[team[e]] += 1
        else:
            caseload[team[e]] += 1
