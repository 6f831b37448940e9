"""Counting events of residents in one compiled pass: by fifth, age group, neighbourhood, and the last two together."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]
MONTHS_A_YEAR = 12
BY_FIFTH, BY_AGE, BY_AREA = range(3)
"""How much detail is wanted: by fifth alone, also by age group, also by neighbourhood."""


@compiled
def count_rows(
    rows: Array,
    weights: Array,
    fifth: Array,
    born: Array,
    lsoa: Array,
    month: int,
    group_of_age: Array,
    detail: int,
    by_fifth: Array,
    by_age: Array,
    by_area: Array,
    by_cell: Array,
) -> None:
    """Add residents at `rows`, once each or (if there are any) `weights` times, to by_fifth (5,), by_age (ages,),
    by_area (areas,) and by_cell (areas, ages).

    group_of_age: age group of each age in years. Added in the order of the rows, as `np.bincount` does.
    """
    last = group_of_age.size * MONTHS_A_YEAR - 1
    weighted = weights.size > 0
    for k in range(rows.size):
        i = rows[k]
        amount = weights[k] if weighted else 1.0
        by_fifth[fifth[i]] += amount
        if detail > BY_FIFTH:
            group = group_of_age[min(max(month - born[i], 0), last) // MONTHS_A_YEAR]
            by_age[group] += amount
            if detail > BY_AGE:
                by_area[lsoa[i]] += amount
                by_cell[lsoa[i], group] += amount
