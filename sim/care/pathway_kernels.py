"""Compiled loops of needs on their pathways: where they go on to, and what becomes of them on the way.

Everything that decides is passed as an argument. Pathways come as two tuples (`sim.care.pathways.Tables`):

    numbers  value (float64[S, 4]: share, delay, lost, passed on); row of the factors by practice of each (int16[S, 4],
             −1: none) and those factors (float32[n, practices]); the same by neighbourhood
    ways     first and last step (excluded) that may follow: of each kind of need from its beginning (int16[kinds, 2]),
             of each step (int16[S, 2])
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import LOW, S32, TO_UNIT, compiled, inlined, scramble

Array = NDArray[Any]
SHARE, DELAY, LOST, PASSED_ON = range(4)
NOWHERE = -1
FULL = 255
ONE, ZERO = np.uint64(1), np.uint64(0)


@inlined
def unit(z, shift):  # type: ignore[no-untyped-def]
    """The low (shift 0) or high (shift 32) half of a hash in [0, 1): float32."""
    return np.float32(np.uint32((z >> shift) & LOW)) * TO_UNIT


@inlined
def scaled(value, p_row, p_factor, a_row, a_factor, step, what, practice, area):  # type: ignore[no-untyped-def]
    """One number of a step for a resident of this practice and neighbourhood, with its factors (row −1: ones).

    The first five are those of `numbers`, which whoever calls takes apart before its loop. No branches here or in
    `share`: with them every array that is handed on costs two atomic operations.
    """
    p, a = p_row[step, what], a_row[step, what]
    return value[step, what] * p_factor[p, practice * (p >= 0)] * a_factor[a, area * (a >= 0)]


@inlined
def share(value, p_row, p_factor, a_row, a_factor, step, what, practice, area):  # type: ignore[no-untyped-def]
    """`scaled` of all but delays, which are shares."""
    return min(max(scaled(value, p_row, p_factor, a_row, a_factor, step, what, practice, area), 0.0), 1.0)


@inlined
def way_on(value, p_row, p_factor, a_row, a_factor, first, last, uniform, practice, area):  # type: ignore[no-untyped-def]
    """The step from `first` up to `last` (excluded) to which a uniform leads, or `NOWHERE`."""
    found, before = NOWHERE, 0.0
    for step in range(first, last):
        before += share(value, p_row, p_factor, a_row, a_factor, step, SHARE, practice, area)
        found = step if found == NOWHERE and uniform < before else found
    return found


@compiled
def numbers_of(numbers: Any, step: Array, what: int, practice: Array, area: Array, out: Array) -> None:
    """out[i] = a number of step[i] for residents of these practices and neighbourhoods."""
    value, p_row, p_factor, a_row, a_factor = numbers
    for i in range(step.size):
        found = scaled(value, p_row, p_factor, a_row, a_factor, step[i], what, practice[i], area[i])
        out[i] = found if what == DELAY else min(max(found, 0.0), 1.0)


@compiled
def ways_on(numbers: Any, first: int, last: int, uniform: Array, practice: Array, area: Array, out: Array) -> None:
    """out[i] = the step (int8) from `first` up to `last` to which uniform[i] leads, or `NOWHERE`."""
    value, p_row, p_factor, a_row, a_factor = numbers
    for i in range(uniform.size):
        out[i] = way_on(value, p_row, p_factor, a_row, a_factor, first, last, uniform[i], practice[i], area[i])


@compiled
def draw_of_kinds(rows: Array, kind: Array, key: Array, offset: Array, shift: Array, out: Array) -> None:
    """out[i] = the uniform of the resident at rows[i] for a need of kind[i]; offset, shift: of the draw, by kind."""
    for i in range(rows.size):
        out[i] = unit(scramble(key[rows[i]] + offset[kind[i]]), shift[kind[i]])


@compiled
def refer(
    rows: Array,
    key: Array,
    step: int,
    numbers: Any,
    resident: Any,
    offset: np.uint64,
    referred: Array,
    lost: Array,
) -> None:
    """Whom a practice refers along `step`, and which of these referrals are lost on the way (masks of `rows`).

    resident: columns practice, lsoa, handoffs (one more for whoever is referred); offset: of the pair of draws.
    """
    practice, area, handoffs = resident
    value, p_row, p_factor, a_row, a_factor = numbers
    for i in range(rows.size):
        row = rows[i]
        z = scramble(key[row] + offset)
        p, a = practice[row], area[row]
        referred[i] = unit(z, ZERO) < share(value, p_row, p_factor, a_row, a_factor, step, SHARE, p, a)
        gone = unit(z, S32) < share(value, p_row, p_factor, a_row, a_factor, step, LOST, p, a)
        lost[i] = referred[i] and gone
        handoffs[row] = min(int(handoffs[row]) + referred[i], FULL)


@compiled
def set_out(
    rows: Array,
    kind: Array,
    uniform: Array,
    numbers: Any,
    ways: Any,
    team_of_step: Array,
    own_teams: int,
    resident: Any,
    bit: Array,
    salts: Any,
    found: Any,
) -> int:
    """Needs of residents at `rows` begin their pathway; returns how many go to one of the first `own_teams` teams.

    resident: columns unique_id, practice, lsoa, need_kind, unmet; bit: of each kind in need_kind. salts: what makes a
    need's key of an identity and a kind (`sim.draws.child_identity` with `first` + kind as ordinal, then `make_keys`).
    Fills found: rows, steps, keys, and 1 where a need of this kind was unmet before (else 0).
    """
    identity, practice, area, need_kind, unmet = resident
    from_start, _ = ways
    birth, gamma, first_ordinal, salt = salts
    out_rows, out_step, out_key, out_before = found
    value, p_row, p_factor, a_row, a_factor = numbers
    filled = 0
    for i in range(rows.size):
        row, k = rows[i], kind[i]
        p, a, u, first, last = practice[row], area[row], uniform[i], from_start[k, 0], from_start[k, 1]
        step = way_on(value, p_row, p_factor, a_row, a_factor, first, last, u, p, a)
        if step == NOWHERE or team_of_step[step] >= own_teams:
            continue
        word = scramble(np.uint64(identity[row]) + birth)
        word = scramble(word + (first_ordinal + np.uint64(k)) * gamma)
        word = max(word >> ONE, ONE)
        out_rows[filled], out_step[filled] = row, step
        out_key[filled] = scramble(scramble(word + salt) + salt)
        out_before[filled] = int((need_kind[row] & bit[k]) != 0 and unmet[row] > 0)
        filled += 1
    return filled


@compiled
def hand_off(
    rows: Array,
    step: Array,
    key: Array,
    before: Array,
    numbers: Any,
    team_of_step: Array,
    resident: Any,
    serving: Any,
    month: int,
    offset: Any,
    shift: np.uint64,
    coming: Array,
    coming_lost: Array,
    handed: Any,
) -> None:
    """Needs on their way to the team of `step`: some are lost, some are passed on once more, the rest arrive.

    before: hand-offs so far. resident: columns practice, lsoa, handoffs (raised by those made now). serving: row of
    the team of each practice (first kind of team), and of each neighbourhood (int16[kinds of team, neighbourhoods]).
    offset, shift: of the pair of draws of the hand-off, and of the draw of the order. Adds to coming and coming_lost by
    team. Fills handed: kind of team, team, lost or not, hand-offs made now, in all, and when each is done (months).
    """
    practice, area, handoffs = resident
    of_practice, of_area = serving
    out_kind, out_team, out_lost, out_now, out_made, out_ready = handed
    value, p_row, p_factor, a_row, a_factor = numbers
    for i in range(rows.size):
        row, s = rows[i], step[i]
        p, a = practice[row], area[row]
        z = scramble(key[i] + offset[0])
        passed = int(unit(z, S32) < share(value, p_row, p_factor, a_row, a_factor, s, PASSED_ON, p, a))
        arrives = 1.0 - share(value, p_row, p_factor, a_row, a_factor, s, LOST, p, a)
        if passed:
            arrives *= arrives
        kind = team_of_step[s]
        team = of_practice[p] if kind == 0 else of_area[kind, a]
        lost = unit(z, ZERO) >= arrives
        order = unit(scramble(key[i] + offset[1]), shift)
        delay = scaled(value, p_row, p_factor, a_row, a_factor, s, DELAY, p, a) * (1 + passed)
        handoffs[row] = min(int(handoffs[row]) + 1 + passed, FULL)
        coming[team] += 1
        coming_lost[team] += lost
        out_kind[i], out_team[i], out_lost[i] = kind, team, lost
        out_now[i], out_made[i] = 1 + passed, min(before[i] + 1 + passed, FULL)
        out_ready[i] = np.float64(np.float32(month) + order) + delay


@compiled
def go_on(
    rows: Array,
    step: Array,
    key: Array,
    handoffs: Array,
    numbers: Any,
    ways: Any,
    depth: Array,
    practice: Array,
    area: Array,
    offset: np.uint64,
    shift: np.uint64,
    onward: Array,
    right: Array,
) -> None:
    """At the end of the care of `step`: the next step of each need, or `NOWHERE` where it is met, into `onward`.

    right: where a need is met with the hand-offs that its pathway has, and no more.
    """
    _, from_step = ways
    value, p_row, p_factor, a_row, a_factor = numbers
    for i in range(rows.size):
        row, s = rows[i], step[i]
        u = unit(scramble(key[i] + offset), shift)
        p, a, first, last = practice[row], area[row], from_step[s, 0], from_step[s, 1]
        onward[i] = way_on(value, p_row, p_factor, a_row, a_factor, first, last, u, p, a)
        right[i] = onward[i] == NOWHERE and handoffs[i] == depth[s]
