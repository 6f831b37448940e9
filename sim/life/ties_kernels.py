"""Compiled loops of the social ties: each pass over residents or ties that a year of rewiring or a review needs.

Nothing here depends on row numbers except through what is stored at a row: places in a sort are settled by identity,
and a tie counts only while the identity that owned a row when it was made is still there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled
from sim.kernels import scramble as mix

Array = NDArray[Any]

STEP = np.uint64(0xA0761D6478BD642F)  # odd: sets the entries of one key apart; not a step of `sim.draws`
S12, S16, S32, S48, S52 = (np.uint64(bits) for bits in (12, 16, 32, 48, 52))
WORD, HALF, PLACES = np.uint64(0xFFFFFFFF), np.uint64(0xFFFF), np.uint64(4095)
GONE = -1
THIRD = 3  # gaps of Shell's sort (Knuth 1973): 1, 4, 13, 40 …


@compiled
def wanted_of(key, offset, numbers):  # type: ignore[no-untyped-def]
    """How many close ties the owner of a key keeps up: their place in `numbers` (uint8[4096])."""
    return numbers[mix(key + offset) & PLACES]


@compiled
def wanted(keys: Array, offset: Any, numbers: Array, out: Array) -> None:
    """out[i] = `wanted_of` the key of row i."""
    for i in range(keys.size):
        out[i] = wanted_of(keys[i], offset, numbers)


@compiled
def look_out(unique_id: Array, owner: Array, state: Array, smoker: Any, inactive: Any, seen: Array) -> None:
    """seen[i], one byte a row of the graph: 1 if its owner is still there, + 2 who smokes, + 4 who is not inactive.

    One pass in order, so that looking at ties afterwards stays in the processor's cache.
    """
    for i in range(owner.size):
        here = (unique_id[i] == owner[i]) & (owner[i] != 0)
        seen[i] = here * (1 + 2 * ((state[i] & smoker) != 0) + 4 * ((state[i] & inactive) == 0))


@compiled
def endings(salt: Any, lose: Any, ends: Array) -> None:
    """ends[b] = whether ties of bond b end: whether the draw of the bond and `salt` is below `lose` (in 2³²)."""
    for b in range(ends.size):
        ends[b] = mix(np.uint64(b) * STEP + salt) & WORD < lose


@compiled
def keep(seen: Array, start: Array, row: Array, bond: Array, ends: Array, degree: Array, kept: Array) -> None:
    """Count the ties of each row that live on (`degree`) and note them: kept[e] = row[e], or -1 where the tie ends.

    A tie ends when one of the two has gone (`seen` is 0) or when its bond, the same from either side, says so.
    """
    here = np.uint8(1)
    for i in range(seen.size):
        number, own = 0, seen[i] & here
        for e in range(start[i], start[i + 1]):
            stays = own & seen[row[e]] & (here - ends[bond[e]])
            kept[e] = row[e] | -np.int32(here - stays)  # all bits of -1
            number += stays
        degree[i] = number


@compiled
def open_ends(
    unique_id: Array,
    key: Array,
    lsoa: Array,
    authority: Array,
    born: Array,
    want: Array,
    degree: Array,
    month: int,
    offset: Any,
    near: Any,
    spread: float,
    width: int,
    bins: int,
    first_far: Array,
    parts: Array,
    cell: Array,
    code: Array,
    who: Array,
) -> int:
    """One entry for every tie that is missing: where it is looked for (`cell`), its place there (`code`), by whom.

    The code is the age at which one looks (months), then bits of one's key, so that nothing depends on rows.
    near: chance × 2¹⁶ that a tie is looked for in the own LSOA; else in one of `parts` of the authority. spread:
    months, standard deviation of the age at which one looks; width, bins: ages (months) are cut into cells. Returns
    the number of entries.
    """
    areas = authority.size
    count = 0
    for i in range(unique_id.size):
        if unique_id[i] == 0:
            continue
        for end in range(np.int64(want[i]) - degree[i]):
            h = mix(key[i] + offset + np.uint64(end) * STEP)
            g = mix(h)
            # three uniforms of mean ½ and variance 1/12: their sum has standard deviation ½
            total = np.float32((h >> S16) & HALF) + np.float32((h >> S32) & HALF) + np.float32(h >> S48)
            shift = (total / np.float32(65535.0) - np.float32(1.5)) * np.float32(2.0 * spread)
            age = np.int64(month) - born[i] + np.int64(np.floor(shift))
            age *= age >= 0
            part = age // width
            if part >= bins:
                part = np.int64(bins - 1)
            if (h & HALF) < near:
                cell[count] = np.int64(lsoa[i]) * bins + part
            else:
                a = authority[lsoa[i]]
                far = first_far[a] + np.int64(g % np.uint64(parts[a]))
                cell[count] = (areas + far) * bins + part
            code[count] = (np.uint64(age) << S52) | (key[i] >> S12)
            who[count] = i
            count += 1
    return count


@compiled
def in_cells(cell: Array, code: Array, who: Array, count: int, cells: int) -> tuple[Array, Array, Array]:
    """Entries in the order of cells, then codes: (first entry of each cell int32[cells + 1], their codes, whose).

    Shell's sort written out, because a library sort takes longer to compile than all other loops of this file.
    """
    first = np.zeros(cells + 1, np.int32)
    for k in range(count):
        first[cell[k] + 1] += 1
    for c in range(cells):
        first[c + 1] += first[c]
    at = first[:-1].copy()
    codes, whose = np.empty(count, np.uint64), np.empty(count, np.int32)
    for k in range(count):
        codes[at[cell[k]]], whose[at[cell[k]]] = code[k], who[k]
        at[cell[k]] += 1
    for c in range(cells):
        low, high = first[c], first[c + 1]
        gap = 1
        while gap < (high - low) // THIRD:
            gap = THIRD * gap + 1
        while gap > 0:
            for k in range(low + gap, high):
                value, person, j = codes[k], whose[k], k - gap
                while j >= low and codes[j] > value:
                    codes[j + gap], whose[j + gap] = codes[j], whose[j]
                    j -= gap
                codes[j + gap], whose[j + gap] = value, person
            gap //= THIRD
    return first, codes, whose


@compiled
def link(a, b, bond, count, head, after, whom, bonds):  # type: ignore[no-untyped-def]
    """Put new tie number `count` on the lists of both."""
    bonds[count] = bond
    for side in range(2):
        here, there = (a, b) if side == 0 else (b, a)
        whom[2 * count + side] = there
        after[2 * count + side] = head[here]
        head[here] = 2 * count + side


@compiled
def link_all(family: Array, key: Array, head: Array, after: Array, whom: Array, bonds: Array) -> None:
    """Make each pair of rows in `family` a tie: the first of the new ones."""
    for k in range(len(family)):
        a, b = family[k, 0], family[k, 1]
        link(a, b, mix(key[a] + key[b]) >> S48, k, head, after, whom, bonds)


@compiled
def pair_up(
    first: Array, codes: Array, whose: Array, head: Array, after: Array, whom: Array, bonds: Array, count: int
) -> int:
    """In each cell tie each entry to the next that is somebody else's.

    head, after, whom: lists of the new ties by row, to which this adds; bonds: one a new tie; `count`: new ties there
    are already. Returns how many there are now. `whose` is used up: -1 where a partner was found.
    """
    for c in range(first.size - 1):
        high = first[c + 1]
        for k in range(first[c], high):
            a = whose[k]
            if a < 0:
                continue
            for j in range(k + 1, high):
                b = whose[j]
                if b >= 0 and b != a:
                    pair = mix((codes[k] << S12) + (codes[j] << S12))
                    link(a, b, pair >> S48, count, head, after, whom, bonds)
                    count += 1
                    whose[k] = whose[j] = GONE
                    break
    return count


@compiled
def left_over(
    whose: Array,
    codes: Array,
    lsoa: Array,
    authority: Array,
    width: int,
    bins: int,
    first_far: Array,
    parts: Array,
    cell: Array,
    code: Array,
    who: Array,
) -> int:
    """Entries that found nobody, to be looked for in a part of the authority at the same age; returns how many."""
    areas = authority.size
    count = 0
    for k in range(whose.size):
        i = whose[k]
        if i >= 0:
            a = authority[lsoa[i]]
            far = first_far[a] + np.int64(mix(codes[k]) % np.uint64(parts[a]))
            part = min(np.int64(codes[k] >> S52) // width, bins - 1)
            cell[count], code[count], who[count] = (areas + far) * bins + part, codes[k], i
            count += 1
    return count


@compiled
def rebuild(
    start: Array,
    kept: Array,
    bond: Array,
    head: Array,
    after: Array,
    whom: Array,
    bonds: Array,
    new_start: Array,
    new_row: Array,
    new_bond: Array,
) -> None:
    """The graph of the ties that live on and of the new ones; who was matched twice with the same person is so once."""
    at = 0
    for i in range(head.size):
        begin = at
        if i + 1 < start.size:
            for e in range(start[i], start[i + 1]):
                if kept[e] >= 0:
                    new_row[at], new_bond[at] = kept[e], bond[e]
                    at += 1
        link = head[i]
        while link >= 0:
            other, known = whom[link], False
            for e in range(begin, at):
                known |= new_row[e] == other
            if not known:
                new_row[at], new_bond[at] = other, bonds[link >> 1]
                at += 1
            link = after[link]
        new_start[i] = begin
    new_start[head.size] = at


@compiled
def bereave(dead: Array, unique_id: Array, owner: Array, start: Array, row: Array, bereaved: Array) -> None:
    """Tell those who had a tie to somebody who has died (rows `dead`, still in the table): bereaved becomes 1."""
    for i in dead:
        if i >= owner.size or owner[i] != unique_id[i]:
            continue
        for e in range(start[i], start[i + 1]):
            if unique_id[row[e]] == owner[row[e]]:
                bereaved[row[e]] = 1


@compiled
def look_around(
    rows: Array,
    key: Array,
    seen: Array,
    start: Array,
    row: Array,
    offset: Any,
    numbers: Array,
    neutral: Array,
    around: Array,
) -> None:
    """Of each resident in `rows`: share of the ties wanted that live, share of live ties who smoke, who are active.

    seen: as `look_out` leaves it. neutral: what stands for each where nothing is known (not in the graph yet; nobody
    to look at). Whoever keeps up no ties has share 0. Written to `around` (float32, 3 × rows).
    """
    one = np.float32(1)
    for k in range(rows.size):
        i = rows[k]
        want = wanted_of(key[i], offset, numbers)
        around[0, k] = neutral[0] if want > 0 else np.float32(0)
        around[1, k], around[2, k] = neutral[1], neutral[2]
        if i >= seen.size or seen[i] == 0:
            continue
        live = smoke = active = 0
        for e in range(start[i], start[i + 1]):
            other = seen[row[e]]
            live += other & 1
            smoke += (other >> 1) & 1
            active += other >> 2
        if want > 0:
            around[0, k] = min(np.float32(live) / np.float32(want), one)
        if live > 0:
            around[1, k] = np.float32(smoke) / np.float32(live)
            around[2, k] = np.float32(active) / np.float32(live)
