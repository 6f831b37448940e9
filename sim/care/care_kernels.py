"""The few loops of care over every resident, compiled. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import LOW, S32, TO_UNIT, compiled, scramble

Array = NDArray[Any]
MONTHS_A_YEAR = 12
ZERO = np.uint64(0)
SEVEN = np.uint64(7)
ZERO_RATE = np.float32(0)
YEAR = np.uint32(MONTHS_A_YEAR)
UPPER, LOWER = 32, (1 << 32) - 1
SCREENED, WORDS, SLACK, MOST_WAITING = 12, 2.0**32, 1024, 255


@compiled
def chance_by_age(
    identity: Array,
    home: Array,
    born: Array,
    state: Array,
    chance: Array,
    processes: Array,
    first: Array,
    month: int,
    oldest: int,
    frail: np.uint64,
    category: Array,
    turn_of: Array,
    total: Array,
) -> None:
    """Sum of the chances (bounds of 16 bits) of each service's processes among the trust's living residents, by
    category of frailty and year of age.

    processes: of all services; first: where each service begins in them, and the end. frail: first of three bits of
    `state` of which `category` (8 values) tells the category. turn_of (int64[12]): the turn of residents by months
    since their birthday, negative for those who are passed over. Adds to total (float64[turns, services, categories ×
    (oldest + 1)]).
    """
    for i in range(identity.size):
        months = np.uint32(month - np.int64(born[i]))
        own = turn_of[months % YEAR]
        if own >= 0 and identity[i] != 0 and home[i] == 1:
            age = min(np.int64(months // YEAR), oldest)
            age += (oldest + 1) * category[np.int64((state[i] >> frail) & SEVEN)]
            for s in range(first.size - 1):
                together = 0
                for k in range(first[s], first[s + 1]):
                    together += chance[i, processes[k]]
                total[own, s, age] += together


@compiled
def tally(
    identity: Array,
    rate: Array,
    contacts: Array,
    waiting: Array,
    practice: Array,
    area: Array,
    born: Array,
    group_of_age: Array,
    month: int,
    cells: Array,
    expected: Array,
    new: Array,
    held: Array,
    busy: Array,
) -> int:
    """What is asked of the practices; returns how many rows of `busy` (those with any contact) were filled in.

    Adds to: expected (float64[practices]), the living's contact rates; new, held (int64[practices]), new and waiting
    contacts; cells (int64[2, areas, age groups]), the same by area and age group, new ones first.
    """
    filled = 0
    for i in range(contacts.size):
        busy[filled] = i
        filled += int((contacts[i] | waiting[i]) != 0)
    for i in range(contacts.size):
        expected[practice[i]] += rate[i] if identity[i] != 0 else ZERO_RATE
    group_of = np.empty(group_of_age.size * MONTHS_A_YEAR, np.uint8)
    for months in range(group_of.size):
        group_of[months] = group_of_age[months // MONTHS_A_YEAR]
    # new contacts in the lower half of each number, waiting ones in the upper: half as many sums
    both = np.zeros(new.size, np.int64)
    cell = np.zeros_like(cells[0])
    for b in range(filled):
        i = busy[b]
        amount = np.int64(contacts[i]) | (np.int64(waiting[i]) << UPPER)
        both[practice[i]] += amount
        cell[area[i], group_of[min(max(month - born[i], 0), group_of.size - 1)]] += amount
    for p in range(new.size):
        new[p] += both[p] & LOWER
        held[p] += both[p] >> UPPER
    for a in range(cell.shape[0]):
        for g in range(cell.shape[1]):
            cells[0, a, g] += cell[a, g] & LOWER
            cells[1, a, g] += cell[a, g] >> UPPER
    return filled


@compiled
def inverse_binomial(u: float, n: int, p: float) -> int:
    """How many of n happen with chance p each, by inversion of one uniform."""
    if n == 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    if n == 1:  # the usual case, without branches
        return int((1.0 - u <= p) & (u >= 1.0 - p))
    if 1.0 - u > n * p:  # 1 − (1 − p)ⁿ ≤ n·p
        return 0
    mass = (1.0 - p) ** n
    odds = p / (1.0 - p)
    below, k = mass, 0
    while u >= below and k < n:
        k += 1
        mass *= odds * (n - k + 1) / k
        below += mass
    return k


@compiled
def unit(z: np.uint64, shift: np.uint64) -> Any:
    """The low (shift 0) or high (shift 32) half of a hash in [0, 1)."""
    return np.float32(np.uint32((z >> shift) & LOW)) * TO_UNIT


@compiled
def screens(share: Array, barrier: Array, most_offline: float) -> Array:
    """The least 32-bit draw at which any of n contacts may not be offered, by n (the last: as many or more) and
    practice: int64[`SCREENED` + 1, practices]. A little lower than needed, so that it rules out nothing that `serve`
    finds."""
    least = np.zeros((SCREENED + 1, share.size), np.int64)
    for p in range(share.size):
        one = 1.0 - (1.0 - share[p]) * (1.0 - most_offline * barrier[p])
        for n in range(SCREENED):
            least[n, p] = np.int64(max(1.0 - n * one, 0.0) * WORDS) - SLACK if n * one > 0.0 else np.int64(WORDS)
    return least


@compiled
def serve(
    busy: Array,
    key: Array,
    contacts: Array,
    waiting: Array,
    practice: Array,
    state: Array,
    offline: np.uint64,
    share_new: Array,
    share_waiting: Array,
    barrier: Array,
    offset: Array,
    shift: Array,
    chance: Array,
    rows: Array,
    fate: Array,
) -> int:
    """Which contacts of the rows `busy` are not offered, and what becomes of those; returns how many rows were filled.

    share_*: chance by practice of not being offered; barrier: chance by practice that a contact of those with the bit
    `offline` in their state (0: nobody) is not offered because it should have been made online; offset, shift: of the
    draws for new contacts, for waiting ones, and for their fates; chance: of those not offered, to go to A&E, and of
    the others, to wait. Fills `rows` and
    fate (int16[5, n]): not offered, of these gone to A&E, waiting, given up; and asked for.
    """
    # first who may have lost a contact, without branches; then what each of those did lose
    least = screens(share_new, barrier, 1.0 if offline != ZERO else 0.0)
    held_up = share_waiting * MOST_WAITING > SLACK / WORDS
    found, candidates = np.empty(busy.size + 1, np.int32), 0
    for b in range(busy.size):
        i = busy[b]
        p = practice[i]
        drawn = np.int64((scramble(key[i] + offset[0]) >> shift[0]) & LOW)
        found[candidates] = i
        candidates += int((drawn >= least[min(contacts[i], SCREENED), p]) | (held_up[p] & (waiting[i] != 0)))
    filled = 0
    for c in range(candidates):
        i = found[c]
        p = practice[i]
        count = 0
        share = share_new[p]
        if offline != ZERO and (state[i] & offline) != ZERO:
            share = 1.0 - (1.0 - share) * (1.0 - barrier[p])
        if contacts[i] != 0 and share > 0.0:
            count = inverse_binomial(unit(scramble(key[i] + offset[0]), shift[0]), contacts[i], share)
        if waiting[i] != 0 and share_waiting[p] > 0.0:
            count += inverse_binomial(unit(scramble(key[i] + offset[1]), shift[1]), waiting[i], share_waiting[p])
        if count > 0:
            z = scramble(key[i] + offset[2])
            to_ed = inverse_binomial(unit(z, ZERO), count, chance[0])
            waits = inverse_binomial(unit(z, S32), count - to_ed, chance[1])
            rows[filled] = i
            fate[0, filled], fate[1, filled] = count, to_ed
            fate[2, filled], fate[3, filled] = waits, count - to_ed - waits
            fate[4, filled] = np.int64(contacts[i]) + np.int64(waiting[i])
            filled += 1
    return filled


@compiled
def settle(
    rows: Array,
    fate: Array,
    practice: Array,
    fifth: Array,
    area: Array,
    born: Array,
    home: Array,
    group_of_age: Array,
    month: int,
    most: int,
    waiting: Array,
    months: Array,
    unmet: Array,
    unmet_age: Array,
    by_practice: Array,
    by_fifth: Array,
    missed: Array,
) -> int:
    """Write what is left open into the residents' columns and add it up; returns how many contacts of the trust's
    residents go to A&E.

    rows, fate: of `serve`; waiting, months, unmet, unmet_age: whole columns of residents (waiting and months become 0
    where nothing waits). Adds to by_practice (int64[4, practices]), by_fifth (int64[4, 5]) and missed (int64[areas, age
    groups], what was not offered).
    """
    last = group_of_age.size * MONTHS_A_YEAR - 1
    held, at_home = np.empty(rows.size, np.uint8), 0
    # two sums to a number, in its lower and its upper half: half as many additions
    practices, fifths = np.zeros((by_practice.shape[1], 2), np.int64), np.zeros((by_fifth.shape[1], 2), np.int64)
    for j in range(rows.size):
        i = rows[j]
        held[j] = min(months[i], most - 1) + 1 if fate[2, j] > 0 else 0
        unmet_age[i] = unmet_age[i] if unmet[i] != 0 or fate[3, j] == 0 else 0
        unmet[i] = min(unmet[i] + fate[3, j], most)
        if fate[1, j] > 0 and home[i] == 1:  # few go to A&E
            at_home += fate[1, j]
        missed[area[i], group_of_age[min(max(month - born[i], 0), last) // MONTHS_A_YEAR]] += fate[0, j]
        first = np.int64(fate[0, j]) | (np.int64(fate[1, j]) << UPPER)
        second = np.int64(fate[2, j]) | (np.int64(fate[3, j]) << UPPER)
        practices[practice[i], 0] += first
        practices[practice[i], 1] += second
        fifths[fifth[i], 0] += first
        fifths[fifth[i], 1] += second
    for k in range(4):
        half = UPPER * (k % 2)
        for p in range(by_practice.shape[1]):
            by_practice[k, p] += (practices[p, k // 2] >> half) & LOWER
        for f in range(by_fifth.shape[1]):
            by_fifth[k, f] += (fifths[f, k // 2] >> half) & LOWER
    waiting[:] = 0
    months[:] = 0
    for j in range(rows.size):
        waiting[rows[j]] = fate[2, j]
        months[rows[j]] = held[j]
    return at_home


@compiled
def move_continuity(
    rows: Array,
    key: Array,
    practice: Array,
    area: Array,
    given: Array,
    shift: Array,
    leaving: Array,
    pace: float,
    loss: float,
    offset: np.uint64,
    continuity: Array,
    mean: Array,
) -> None:
    """Move `continuity` (uint8, 255 = 1) of `rows` by `pace` of the gap to what the practice gives plus the area's
    shift; the usual doctor of a share `leaving` (by practice) has left, which costs `loss` of it.

    Rounded at random, so that small steps are not lost. mean: of these rows, 0 to 1, by practice; unchanged where there
    are none.
    """
    total, number = np.zeros(mean.size), np.zeros(mean.size, np.int64)
    for i in rows:
        p = practice[i]
        z = scramble(key[i] + offset)
        value = continuity[i] / 255.0
        value += pace * (min(max(given[p] + shift[area[i]], 0.0), 1.5) - value)
        if unit(z, ZERO) < leaving[p]:
            value *= 1.0 - loss
        value = min(max(value, 0.0), 1.0) * 255.0
        continuity[i] = np.uint8(min(value + unit(z, S32), 255.0))
        total[p] += continuity[i]
        number[p] += 1
    for p in range(mean.size):
        if number[p] > 0:
            mean[p] = total[p] / number[p] / 255.0


@compiled
def reappear(
    identity: Array,
    key: Array,
    home: Array,
    practice: Array,
    contacts: Array,
    unmet: Array,
    unmet_age: Array,
    offset: Array,
    shift: Array,
    chance: Array,
    most: int,
    again_by_practice: Array,
    total: Array,
    rows: Array,
    again_of: Array,
) -> tuple[int, Array]:
    """Move the living's unmet needs on by a month; returns how many of `rows` were filled, and the rows of those who go
    to A&E, once a need.

    offset, shift: of the two draws (one, then a pair); chance: to ask again; of the rest, to end; of those, in A&E.
    contacts, unmet and unmet_age are changed. Adds to again_by_practice and total: open, asked again, gone to A&E,
    those of the trust, ended otherwise, still open. rows, again_of: who asked again, how often.
    """
    asked, sent = 0, 0
    found, holders, open_needs = np.empty(unmet.size + 1, np.int32), 0, 0
    for i in range(unmet.size):
        found[holders] = i
        holders += int(unmet[i] != 0)
        open_needs += int(unmet[i])
    to_ed_rows = np.empty(open_needs, np.int64)
    opened, again_sum, sent_sum, sent_home, ended_sum, open_still = 0, 0, 0, 0, 0, 0
    for i in found[:holders]:
        here = identity[i] != 0  # of who has left nothing is moved on, and nothing counted
        needs, room = np.int64(unmet[i]) * here, most - np.int64(contacts[i])
        z = scramble(key[i] + offset[1])
        u, v = unit(z, ZERO), unit(z, S32)
        if needs > 1:
            again = min(inverse_binomial(u, needs, chance[0]), room)
            ended = inverse_binomial(v, needs - again, chance[1])
        else:  # the usual case, without branches
            again = min(needs & np.int64((1.0 - u <= chance[0]) & (u >= 1.0 - chance[0])), room)
            ended = (needs - again) & np.int64((1.0 - v <= chance[1]) & (v >= 1.0 - chance[1]))
        to_ed = 0
        if ended > 0:
            to_ed = inverse_binomial(unit(scramble(key[i] + offset[0]), shift[0]), ended, chance[2])
            for _ in range(to_ed):
                to_ed_rows[sent] = i
                sent += 1
            sent_sum += to_ed
            sent_home += to_ed if home[i] == 1 else 0
        still = needs - again - ended
        older = min(np.int64(unmet_age[i]) + 1, most)
        unmet_age[i] = (older if still > 0 else 0) if here else unmet_age[i]
        unmet[i] = still if here else unmet[i]
        opened += needs
        again_sum += again
        ended_sum += ended - to_ed
        open_still += still
        contacts[i] += again
        again_by_practice[practice[i]] += again
        rows[asked], again_of[asked] = i, again
        asked += int(again > 0)
    for k, each in enumerate((opened, again_sum, sent_sum, sent_home, ended_sum, open_still)):
        total[k] += each
    return asked, to_ed_rows[:sent].copy()


@compiled
def inverse_binomials(u: Array, n: Array, p: Array, out: Array) -> None:
    """`inverse_binomial` of each of n entries, into `out`."""
    for i in range(n.size):
        out[i] = inverse_binomial(u[i], n[i], p[i])


@compiled
def count_residents(identity: Array, home: Array) -> tuple[int, int]:
    """How many live here, and how many of them are the modelled trust's."""
    living, ours = 0, 0
    for i in range(identity.size):
        here = identity[i] != 0
        living += here
        ours += here & (home[i] == 1)
    return living, ours
