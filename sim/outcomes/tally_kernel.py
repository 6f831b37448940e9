"""Counting a month's events of residents in one compiled pass: by fifth, age group, neighbourhood, the last two
together, and deaths by five-year band; with a plain NumPy twin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]
MONTHS_A_YEAR = 12
OF_ROWS, OF_FIFTHS, OF_CELLS, AMOUNT = range(4)
"""What an entry's numbers are: rows of residents; fifths 0–4; cells, neighbourhood × age group; nothing, for an amount
of which no fifth is known."""
WHAT_BITS, MEASURE_BITS = 2, 12
"""An entry is one number. From its lowest bit on: whether each has a weight (1 bit), what its numbers are, the row of
its measure, and how many numbers there are."""
FLOW, AREA_ROW, CELL_ROW, DEATHS = range(4)
"""What is known of a measure: whether it is a flow, its rows in what is kept by area and by cell (−1: not kept), and
whether it counts deaths."""


@compiled
def count_entries(
    entries: Array,
    scales: Array,
    numbers: Array,
    weights: Array,
    known: Array,
    people: tuple[Array, Array, Array, Array],
    fifth_of_area: Array,
    month: int,
    in_march: bool,
    groups: tuple[Array, Array],
    monthly: Array,
    yearly: tuple[Array, Array, Array, Array],
    weight: float,
) -> bool:
    """Add the entries of a month, in their order, to its figures and the year's; False where a fifth is not 0–4.

    entries     int64[entries], as above; scales: float64[entries], what one of its counts stands for (or the amount)
    numbers     int64: rows, fifths or cells of all entries, one after another; weights: float64, of those that have any
    known       int64[measures, 4], fields as above
    people      columns fifth, born, lsoa, male of residents; fifth_of_area: 0–4
    groups      age group and five-year band of each age in years
    monthly     float64[measures, 6]; yearly: by age [measures, ages], by area, by cell, and bands of deaths [6, 2, 19]
    weight      what a resident who dies stands for

    Each entry is added up for itself in the order of its numbers, as `np.bincount` does, then scaled and added.
    """
    fifth, born, lsoa, male = people
    group_of_age, band_of_age = groups
    yearly_age, yearly_area, yearly_cell, death_bands = yearly
    n_fifths, n_ages = monthly.shape[1] - 1, yearly_age.shape[1]
    n_areas = yearly_area.shape[1]
    last = group_of_age.size * MONTHS_A_YEAR - 1
    group_of = np.empty(last + 1, np.uint8)
    for months in range(last + 1):
        group_of[months] = group_of_age[months // MONTHS_A_YEAR]
    by_fifth, by_age = np.zeros(n_fifths), np.zeros(n_ages)
    by_cell, by_area = np.zeros((n_areas, n_ages)), np.zeros(n_areas)
    dead = np.zeros((n_fifths, death_bands.shape[1], death_bands.shape[2]), np.int64)
    first_number, first_weight = 0, 0
    for e in range(entries.size):
        weighted, what = (entries[e] & 1) != 0, (entries[e] >> 1) & ((1 << WHAT_BITS) - 1)
        row = (entries[e] >> (1 + WHAT_BITS)) & ((1 << MEASURE_BITS) - 1)
        length = entries[e] >> (1 + WHAT_BITS + MEASURE_BITS)
        scale = scales[e]
        if what == AMOUNT:
            monthly[row, 0] += scale
            continue
        yearly_too = what != OF_FIFTHS and (known[row, FLOW] != 0 or in_march)
        area_row, cell_row = known[row, AREA_ROW], known[row, CELL_ROW]
        by_area_too = yearly_too and area_row >= 0
        by_fifth[:] = 0.0
        by_age[:] = 0.0
        if by_area_too:
            by_area[:] = 0.0
            by_cell[:] = 0.0
        plain = what == OF_ROWS and not weighted
        for k in range(length if plain and by_area_too else 0):  # whole numbers: in any order the same
            i = numbers[first_number + k]
            by_fifth[fifth[i]] += 1.0
            by_cell[lsoa[i], group_of[min(max(month - born[i], 0), last)]] += 1.0
        for k in range(length if plain and not by_area_too else 0):
            i = numbers[first_number + k]
            by_fifth[fifth[i]] += 1.0
            if yearly_too:
                by_age[group_of[min(max(month - born[i], 0), last)]] += 1.0
        if plain and by_area_too:
            for j in range(n_areas):
                for a in range(n_ages):
                    by_area[j] += by_cell[j, a]
                    by_age[a] += by_cell[j, a]
        for k in range(0 if plain else length):
            i = numbers[first_number + k]
            amount = weights[first_weight + k] if weighted else 1.0
            if what == OF_FIFTHS:
                if i < 0 or i >= n_fifths:
                    return False
                by_fifth[i] += amount
                continue
            area = i // n_ages if what == OF_CELLS else lsoa[i]
            by_fifth[fifth_of_area[area] if what == OF_CELLS else fifth[i]] += amount
            if yearly_too:
                group = i % n_ages
                if what == OF_ROWS:
                    group = group_of[min(max(month - born[i], 0), last)]
                by_age[group] += amount
                if by_area_too:
                    by_area[area] += amount
                    by_cell[area, group] += amount
        total = 0.0
        for f in range(n_fifths):
            scaled = by_fifth[f] * scale
            monthly[row, 1 + f] += scaled
            total += scaled
        monthly[row, 0] += total
        if yearly_too:
            for a in range(n_ages):
                yearly_age[row, a] += by_age[a] * scale
        if by_area_too:
            for j in range(n_areas):
                if by_area[j] != 0.0:
                    yearly_area[area_row, j] += by_area[j] * scale
                if cell_row >= 0:
                    for a in range(n_ages):
                        if by_cell[j, a] != 0.0:
                            yearly_cell[cell_row, j, a] += by_cell[j, a] * scale
        if what == OF_ROWS and known[row, DEATHS] != 0:
            dead[:] = 0
            for k in range(length):
                i = numbers[first_number + k]
                dead[fifth[i], male[i], band_of_age[min(max(month - born[i], 0), last) // MONTHS_A_YEAR]] += 1
            for sex in range(dead.shape[1]):
                for band in range(dead.shape[2]):
                    everybody = 0
                    for f in range(n_fifths):
                        death_bands[1 + f, sex, band] += dead[f, sex, band] * weight
                        everybody += dead[f, sex, band]
                    death_bands[0, sex, band] += everybody * weight
        first_number += length
        if weighted:
            first_weight += length
    return True
