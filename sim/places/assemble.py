"""Put a place together from its tables: the same steps for the shipped places, the toy town and a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.places import migration
from sim.places.geometry import distances
from sim.places.place import BAND, BANDS, Place
from sim.places.registration import choices

if TYPE_CHECKING:
    from sim.evidence import Evidence

Floats = NDArray[np.float64]
DECILES = np.arange(1, 11)
OLDEST = 10
"""Single ages kept of the open band: 90 to 99, the last with all older."""


@dataclass
class Parts:
    """What a place is put together from.

    areas: DataFrame[L] with the columns of `Place.lsoas` but `cold_or_crowded` and `growth`, and `overcrowded`; counts:
    int[L, 2, 19]; practices, persons: DataFrame[P] and registered residents float[L, P]; sites; pairs: int[n, 2] of
    adjacent areas; outlines by area; activity_share; ages: single ages by authority float[K, 2, 100] or None for
    England's; growth: declared growth a year by authority code where the place states its own; fit, sources.
    """

    name: str
    label: str
    areas: pd.DataFrame
    counts: NDArray[np.int64]
    practices: pd.DataFrame
    persons: Floats
    sites: pd.DataFrame
    pairs: NDArray[np.int64]
    outlines: list[list[list[list[float]]]]
    activity_share: float
    ages: Mapping[str, Floats]
    growth: Mapping[str, float]
    fit: dict[str, float]
    sources: pd.DataFrame
    mean_income_deprived: float


def assemble(parts: Parts, evidence: Evidence) -> Place:
    """The place: circumstances, single ages, moves and registration worked out from its parts."""
    codes, authority = np.unique(parts.areas["lad_code"].to_numpy(str), return_inverse=True)
    counts = parts.counts.astype(np.float64)
    by_authority = np.zeros((codes.size, *counts.shape[1:]))
    np.add.at(by_authority, authority, counts)
    national = england(evidence)
    shares = np.stack([within_bands(parts.ages.get(code, national)) for code in codes])
    early = migration.growth(evidence, codes.tolist(), parts.growth)
    later = np.full(codes.size, evidence["places.growth.later"])
    for k, code in enumerate(codes):
        later[k] = parts.growth.get(code, later[k])
    moves = migration.solve(evidence, by_authority, shares, _deciles(parts, authority, codes.size), early, later)
    areas = parts.areas.assign(
        cold_or_crowded=_cold_or_crowded(parts, evidence["places.fuel_poverty"]), growth=early[authority]
    ).reset_index(drop=True)
    return Place(
        name=parts.name,
        label=parts.label,
        lsoas=areas,
        counts=parts.counts.astype(np.int32),
        practices=parts.practices.reset_index(drop=True),
        sites=parts.sites.reset_index(drop=True),
        registration=choices(parts.persons),
        neighbours=_adjacent(parts.pairs, len(areas)),
        outlines=parts.outlines,
        activity_share_simulated=parts.activity_share,
        sources=parts.sources,
        age_share=shares,
        authority=authority.astype(np.int16),
        out_rate=moves.out_rate,
        moves=moves.factor[:, authority],
        fit={**parts.fit, **_path(moves)},
        site_of=_nearest_site(areas, parts.sites),
    )


def england(evidence: Evidence) -> Floats:
    """England's people by sex and single age 0–99 (99 holds all older): float64[2, 100]."""
    table = evidence.table("england_population")
    out = np.zeros((2, migration.AGES))
    age = np.minimum(table["age"].to_numpy(int), migration.AGES - 1)
    np.add.at(out, (table["sex"].to_numpy(int), age), table["value"].to_numpy(float))
    return out


def within_bands(single: Floats) -> Floats:
    """Shares of single ages within five-year bands and 90+: float64[2, 19, 10] from people float[2, 100]."""
    out = np.zeros((2, BANDS, OLDEST))
    out[:, :-1, :5] = single[:, :90].reshape(2, BANDS - 1, 5)
    out[:, -1] = single[:, 90:]
    total = out.sum(axis=-1, keepdims=True)
    even = np.zeros_like(out)
    even[..., :5] = 1 / BAND
    return np.where(total > 0, out / np.where(total > 0, total, 1), even)


def _deciles(parts: Parts, authority: NDArray[np.int64], n: int) -> Floats:
    out = np.zeros((n, DECILES.size))
    np.add.at(out, (authority, parts.areas["imd_decile"].to_numpy(int) - 1), parts.counts.sum(axis=(1, 2)))
    return np.asarray(out / out.sum(axis=1, keepdims=True), np.float64)


def _cold_or_crowded(parts: Parts, fuel_poverty: float) -> Floats:
    """Share of homes that are cold or overcrowded; fuel poverty in proportion to income deprivation."""
    cold = np.minimum(fuel_poverty * parts.areas["income_deprived"].to_numpy(float) / parts.mean_income_deprived, 1)
    return np.asarray(1 - (1 - cold) * (1 - parts.areas["overcrowded"].to_numpy(float)), np.float64)


def _adjacent(pairs: NDArray[np.int64], n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    both = np.concatenate([pairs, pairs[:, ::-1]]) if len(pairs) else np.empty((0, 2), np.int64)
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    start = np.concatenate([[0], np.cumsum(np.bincount(both[:, 0], minlength=n))])
    return start.astype(np.int32), both[:, 1].astype(np.int32)


def _nearest_site(areas: pd.DataFrame, sites: pd.DataFrame) -> NDArray[np.int8]:
    departments = np.flatnonzero(sites["has_ed"].to_numpy(bool))
    apart = distances(areas[["lon", "lat"]].to_numpy(float), sites[["lon", "lat"]].to_numpy(float)[departments])
    return np.asarray(departments[apart.argmin(axis=1)], np.int8)


def _path(moves: migration.Moves) -> dict[str, float]:
    """Where the declared growth leads: residents in mid-2024 and growth a year from then to mid-2035."""
    total = moves.path.sum(axis=1)
    first, last = migration.KNOWN, migration.DECLARED_UNTIL
    older = (moves.older[last] / np.maximum(moves.older[first], 1e-9)) ** (1 / (last - first)) - 1
    return {
        "residents_mid2024": float(total[4]),
        "growth_2024_2035_all": float((total[last] / total[first]) ** (1 / (last - first)) - 1),
        "growth_2024_2035_aged_65_and_over": float(older[0]),
        "growth_2024_2035_aged_85_and_over": float(older[1]),
        "moves_in_over_out_least": float(moves.factor.min()),
        "moves_in_over_out_most": float(moves.factor.max()),
    }
