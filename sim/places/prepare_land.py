"""Preparation: the land — areas with their deprivation and circumstances, outlines, neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.places.geometry import distances

if TYPE_CHECKING:
    from sim.places.prepare import Raw

NEAREST = 2
"""An area touches at least so many of its nearest areas, whatever simplified outlines say (islands, narrow gaps)."""


def areas(raw: Raw) -> pd.DataFrame:
    """One row per LSOA 2021, by code: authority, point, deprivation (2025) and circumstances as shares."""
    lookup = raw.csv("geography/lsoa21_lookup_hiow_frimley.csv", ["lsoa21_code", "ltla24_code", "ruc"])
    point = raw.csv("geography/lsoa21_points_hiow_frimley.csv", ["lsoa21_code", "lon", "lat"]).set_index("lsoa21_code")
    imd = raw.csv("deprivation/imd2025_lsoa21_hiow.csv", ["lsoa21_code", "IMD_rank", "Income_score"])
    imd = imd.set_index("lsoa21_code")
    lonely = raw.csv("wellbeing/loneliness_cls_2020_21_lsoa21_hiow.csv", ["lsoa21_code", "perc"])
    lookup = lookup.sort_values("lsoa21_code", ignore_index=True)
    codes = lookup["lsoa21_code"]
    tenure = _shares(raw, "household_tenure", "tenure", codes)
    rooms = _shares(raw, "household_overcrowding", "occupancy_rating", codes)
    lack = _shares(raw, "household_deprivation", "deprivation_dimensions", codes)
    disabled = raw.csv("population/disability_census2021_lsoa21_hiow.csv", ["lsoa21_code", "prop"])
    return pd.DataFrame({
        "code": codes,
        "name": lookup["lsoa21_name"],
        "lad_code": lookup["ltla24_code"],
        "lad_name": lookup["ltla24_name"],
        "ward": lookup["ward24_name"],
        "icb": lookup["icb24_code"],
        "lon": codes.map(point["lon"]),
        "lat": codes.map(point["lat"]),
        "urban": (lookup["ruc"] == "Urban").astype(int),
        "imd_rank": codes.map(imd["IMD_rank"]).astype(int),
        "imd_decile": codes.map(imd["IMD_decile"]).astype(int),
        "imd_score": codes.map(imd["IMD_score"]),
        "income_deprived": codes.map(imd["Income_score"]),
        "overcrowded": rooms.filter(like="overcrowded").filter(like="-").sum(axis=1).round(4).to_numpy(),
        "social_rented": tenure.filter(like="Social rented").sum(axis=1).round(4).to_numpy(),
        "private_rented": tenure.filter(like="Private rented").sum(axis=1).round(4).to_numpy(),
        "household_deprived": (1 - lack["Household is not deprived in any dimension"]).round(4).to_numpy(),
        "disabled": codes.map(disabled.groupby("lsoa21_code")["prop"].sum()).round(4),
        "lonely_share": (codes.map(lonely.set_index("lsoa21_code")["perc"]) / 100).round(4),
    })  # fmt: skip


def loneliness(table: pd.DataFrame, people: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Adds `lonely_ratio`: an area's loneliness over what its deprivation decile and ages explain (least squares)."""
    cells = people.drop(columns="code").to_numpy(float).reshape(len(people), 2, -1)
    ages = cells.sum(axis=1) / cells.sum(axis=(1, 2))[:, None]
    male = cells[:, 1].sum(axis=1) / cells.sum(axis=(1, 2))
    decile = (table["imd_decile"].to_numpy(int)[:, None] == np.arange(1, 11)).astype(float)
    explain = np.column_stack([decile, ages[:, 3:7].sum(1), ages[:, 7:13].sum(1), ages[:, 13:].sum(1), male])
    seen = table["lonely_share"].to_numpy(float)
    expected = explain @ np.linalg.lstsq(explain, seen, rcond=None)[0]
    left = 1 - np.var(seen - expected) / np.var(seen)
    ratio = seen / expected
    return table.assign(lonely_ratio=ratio.round(4)), {
        "variance_explained_by_deprivation_and_age": round(float(left), 3),
        "ratio_least": round(float(ratio.min()), 3), "ratio_most": round(float(ratio.max()), 3),
    }  # fmt: skip


def _shares(raw: Raw, what: str, column: str, codes: pd.Series[str]) -> pd.DataFrame:
    table = raw.csv(f"population/{what}_census2021_lsoa21_hiow.csv", ["lsoa21_code", column, "prop"])
    return table.pivot_table(index="lsoa21_code", columns=column, values="prop").loc[codes.to_list()]


def outlines(raw: Raw, codes: list[str]) -> dict[str, list[list[list[float]]]]:
    """Rings of each area's simplified outline: code → rings → [lon, lat]."""
    found: dict[str, list[list[list[float]]]] = {}
    for feature in raw.json("geography/lsoa21_boundaries_simplified_hiow_frimley.geojson")["features"]:
        shape = feature["geometry"]
        parts = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        found[feature["properties"]["lsoa21_code"]] = [ring for part in parts for ring in part]
    return {code: found.get(code, []) for code in codes}


def neighbours(raw: Raw, table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Pairs of adjacent areas (rows `a` < `b` of the table): they share a corner of their outlines, or are nearest."""
    corners: dict[tuple[float, float], set[int]] = {}
    for row, rings in enumerate(outlines(raw, table["code"].tolist()).values()):
        for ring in rings:
            for lon, lat in ring:
                corners.setdefault((lon, lat), set()).add(row)
    touching = {(a, b) for rows in corners.values() for a in rows for b in rows if a < b}
    points: NDArray[np.float64] = table[["lon", "lat"]].to_numpy(float)
    apart = distances(points, points)
    np.fill_diagonal(apart, np.inf)
    nearest = {
        (min(a, b), max(a, b)) for a, row in enumerate(np.argsort(apart, axis=1)[:, :NEAREST].tolist()) for b in row
    }
    pairs = sorted(touching | nearest)
    degree = np.bincount(np.array(pairs).ravel(), minlength=len(table))
    return pd.DataFrame(pairs, columns=["a", "b"]), {
        "pairs": len(pairs), "of_which_only_by_distance": len(nearest - touching),
        "neighbours_least": int(degree.min()), "neighbours_mean": round(float(degree.mean()), 2),
    }  # fmt: skip
