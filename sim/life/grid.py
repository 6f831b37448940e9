"""Long tables of the registry as dense arrays over sex, single year of age and deprivation.

Everything in `life` is laid out on the same grid: sex (0 female, 1 male), age 0–100 in single years (100 is "100 and
over"), national deprivation decile (1 most deprived, position 0).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

AGES, SEXES, DECILES = 101, 2, 10
BAND = 5
BANDS = AGES // BAND  # 0–4 … 95 and over
Array = NDArray[np.float64]


def steps(table: pd.DataFrame, outside: float = 0.0) -> Array:
    """Values by band as (sex, age): constant within each band, `outside` where no band reaches.

    `table` has `age_from`, `age_to` (inclusive), `value` and, where it differs, `sex`.
    """
    grid = np.full((SEXES, AGES), outside)
    sex_of = table["sex"].to_numpy(int) if "sex" in table.columns else np.full(len(table), -1)
    first, last = table["age_from"].to_numpy(int), np.minimum(table["age_to"].to_numpy(int), AGES - 1)
    for sex, start, end, value in zip(sex_of, first, last, table["value"].to_numpy(float), strict=True):
        grid[slice(None) if sex < 0 else sex, start : end + 1] = value
    return grid


def smooth(table: pd.DataFrame) -> Array:
    """Values by band as (sex, age): a monotone curve (PCHIP) through the middle of each band, never below zero.

    Before the first middle it falls to zero at the band's start; after the last it stays level.
    """
    from scipy.interpolate import PchipInterpolator

    grid = np.zeros((SEXES, AGES))
    first_age, last_age = table["age_from"].to_numpy(float), np.minimum(table["age_to"].to_numpy(float), AGES - 1)
    values, order = table["value"].to_numpy(float), np.argsort(first_age, kind="stable")
    for sex in range(SEXES):
        rows = order[table["sex"].to_numpy()[order] == sex] if "sex" in table.columns else order
        start, end, value = first_age[rows], last_age[rows], values[rows]
        middle = (start + end + 1) / 2
        middle[-1] = min(middle[-1], start[-1] + BAND)  # open-ended last band: most people are near its start
        first = int(np.argmax(value > 0)) if (value > 0).any() else 0
        at = np.concatenate([[start[first]], middle[first:], [AGES + 1.0]])
        curve = np.concatenate([[0.0 if first else value[0]], value[first:], [value[-1]]])
        keep = np.concatenate([[True], np.diff(at) > 0])
        ages = np.arange(AGES) + 0.5
        line = PchipInterpolator(at[keep], curve[keep], extrapolate=False)(np.clip(ages, at[0], AGES))
        grid[sex] = np.where(ages < at[0], 0.0, np.clip(line, 0, None))
    return grid


def rescaled(curve: Array, table: pd.DataFrame, weight: Array) -> Array:
    """A smooth curve (sex, age) scaled by sex so that its weighted mean over all ages is the table's."""
    target = steps(table)
    factor = (target * weight).sum(1) / np.maximum((curve * weight).sum(1), 1e-300)
    return np.asarray(np.clip(curve * factor[:, None], 0, 1))


def cell(age: NDArray[np.integer], male: NDArray[np.integer], decile: NDArray[np.integer]) -> NDArray[np.int32]:
    """Row of the rate tables: ((age × 2) + male) × 10 + decile − 1."""
    years = np.clip(age, 0, AGES - 1).astype(np.int32)
    row = (years * SEXES + male.astype(np.int32)) * DECILES + decile.astype(np.int32) - 1
    return np.asarray(row, np.int32)


def to_cells(grid: Array) -> Array:
    """(sex, age, decile) → one value a row of the rate tables."""
    return np.ascontiguousarray(grid.transpose(1, 0, 2)).reshape(-1)


def band_of(age: NDArray[np.integer]) -> NDArray[np.int64]:
    """Five-year band, 0 (0–4) to 19 (95 and over)."""
    return np.minimum(np.asarray(age, np.int64) // BAND, BANDS - 1)


def over_bands(per_band: Array) -> Array:
    """(…, band, …) second axis from bands to single years of age."""
    return np.take(per_band, band_of(np.arange(AGES)), axis=1)


def keyed(table: pd.DataFrame, key: str, names: Iterable[object]) -> Array:
    """Values of a two-column table in the order of `names`. KeyError when one is missing."""
    found = dict(zip(table[key], table["value"], strict=True))
    return np.array([found[name] for name in names], float)


def grouped(table: pd.DataFrame, key: str, *columns: str) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of a table by one column, each as a tuple of others, in the table's order: filtering a frame again and again
    takes far longer."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for name, *row in zip(*(table[column].tolist() for column in (key, *columns)), strict=True):
        found.setdefault(name, []).append(tuple(row))
    return found
