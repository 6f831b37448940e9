"""Compiled loops of emergency admissions and their wards. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import LOW, TO_UNIT, compiled, scramble

Array = NDArray[Any]
MONTHS_A_YEAR = 12
SEVEN = np.uint64(7)
HERE, ELSEWHERE, NIGHTS, VIA_ED, VIA_ED_NIGHTS = range(5)
"""What `admit` counts."""


@compiled
def unit(z, shift):  # type: ignore[no-untyped-def]
    """The low (shift 0) or high (shift 32) half of a hash in [0, 1): float32."""
    return np.float32(np.uint32((z >> shift) & LOW)) * TO_UNIT


@compiled
def assign(
    rows: Array,
    cause: Array,
    uniform: Array,
    share: Array,
    needs: tuple[int, Array, Array],
    children: tuple[int, int],
    residents: tuple[Array, Array],
    ward: Array,
) -> None:
    """The ward (its position) of each admission of residents at `rows`, into `ward` (int64).

    cause: of each; uniform: float32, a draw of each; share: float64[causes, wards], of the causes' patients. needs: for
    which cause the wards of some take only residents who have any of their conditions; whether a ward does so (bool);
    and those conditions (uint64, bits of the state). children: born after which month they go to which ward, whatever
    the draw. residents: columns born, state.
    """
    special, particular, conditions = needs
    born_after, for_children = children
    born, state = residents
    last = share.shape[1] - 1
    upto = np.empty(share.shape[1])
    for i in range(rows.size):
        row, total, found = rows[i], 0.0, 0
        for w in range(upto.size):
            not_taken = cause[i] == special and particular[w] and (state[row] & conditions[w]) == 0
            total += 0.0 if not_taken else share[cause[i], w]
            upto[w] = total
        for w in range(last):
            found += uniform[i] * total >= upto[w]
        ward[i] = for_children if born[row] > born_after else found


@compiled
def admit(
    rows: Array,
    residents: Any,
    chances: Any,
    days: Array,
    of_frailty: Any,
    month: int,
    offset: Array,
    shift: Array,
    out: Any,
    number: Array,
) -> None:
    """Emergency admissions of residents at `rows`: who stays over night, for how long, who comes through A&E.

    residents: columns home_trust, key, state, born. chances (float32): of no night, and of coming through A&E. days:
    float64[categories, ages], of a stay; of_frailty: see `care_kernels.chance_by_age`. offset, shift: of the draws of
    the night, the route and the ward. Fills out: those at home and elsewhere (positions in `rows`), whether each of
    those at home stays over night, positions among them of the ones who do, their stays, and the draw of the ward of
    each at home; adds to number (int64[5]): see `HERE`.
    """
    home, key, state, born = residents
    no_night, by_ed = chances
    frail, category = of_frailty
    here, elsewhere, overnight, nights, stay, uniform = out
    oldest = days.shape[1] - 1
    for j in range(rows.size):
        i = rows[j]
        if home[i] != 1:
            elsewhere[number[ELSEWHERE]] = j
            number[ELSEWHERE] += 1
            continue
        h = number[HERE]
        here[h] = j
        number[HERE] += 1
        night = unit(scramble(key[i] + offset[0]), shift[0]) >= no_night
        via_ed = unit(scramble(key[i] + offset[1]), shift[1]) < by_ed
        uniform[h] = unit(scramble(key[i] + offset[2]), shift[2])
        overnight[h] = night
        number[VIA_ED] += via_ed
        if night:
            age = min(max((month - born[i]) // MONTHS_A_YEAR, 0), oldest)
            nights[number[NIGHTS]] = h
            stay[number[NIGHTS]] = days[category[np.int64((state[i] >> frail) & SEVEN)], age]
            number[NIGHTS] += 1
            number[VIA_ED_NIGHTS] += via_ed


@compiled
def count(ward: Array, rows: Array, site: Array, nights: Array, stay: Array, days: Array, admitted: Array) -> None:
    """Add stays of those over night to days (float64[wards]), and all admissions to admitted (int64[wards, sites]).

    ward, rows: of each admission; site: column of the residents; nights, stay: positions in `rows`, and days.
    """
    for j in range(rows.size):
        admitted[ward[j], site[rows[j]]] += 1
    for n in range(nights.size):
        days[ward[nights[n]]] += stay[n]


@compiled
def fill(
    wards: Array, site: Array, kind: Array, share: Array, days: Any, beds: float, filled: float, load: float, out: Any
) -> None:
    """Beds, mean occupancy and expected load of each ward, in the rows `wards` of these columns (out).

    site, kind: of each; share: of the beds by site; days: bed-days by kind, those of the base year, by which beds are
    divided, and those of today, by which the load is; beds, filled, load: of the whole trust.
    """
    base, today = days
    of_base, of_today = 0.0, 0.0
    for k in range(base.size):
        of_base += base[k]
        of_today += today[k]
    column_beds, occupied, expected = out
    for w in range(wards.size):
        k, equal = kind[w], 1.0 / base.size
        column_beds[wards[w]] = share[site[w]] * (base[k] / of_base if of_base > 0 else equal) * beds
        part = share[site[w]] * (today[k] / of_today if of_today > 0 else equal)
        occupied[wards[w]] = part * filled
        expected[wards[w]] = part * load
