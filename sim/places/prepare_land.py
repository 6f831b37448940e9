"""Preparation: the land — areas with their deprivation and circumstances, outlines, neighbours, and the sources."""

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
OGL = "Open Government Licence v3.0"


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
    """Pairs of adjacent areas (rows `a` < `b` of the table): those that share a corner of their outlines, and nearest ones."""
    corners: dict[tuple[float, float], set[int]] = {}
    for row, rings in enumerate(outlines(raw, table["code"].tolist()).values()):
        for ring in rings:
            for lon, lat in ring:
                corners.setdefault((lon, lat), set()).add(row)
    touching = {(a, b) for rows in corners.values() for a in rows for b in rows if a < b}
    points: NDArray[np.float64] = table[["lon", "lat"]].to_numpy(float)
    apart = distances(points, points)
    np.fill_diagonal(apart, np.inf)
    nearest = {(min(a, b), max(a, b)) for a, row in enumerate(np.argsort(apart, axis=1)[:, :NEAREST].tolist()) for b in row}
    pairs = sorted(touching | nearest)
    degree = np.bincount(np.array(pairs).ravel(), minlength=len(table))
    return pd.DataFrame(pairs, columns=["a", "b"]), {
        "pairs": len(pairs), "of_which_only_by_distance": len(nearest - touching),
        "neighbours_least": int(degree.min()), "neighbours_mean": round(float(degree.mean()), 2),
    }  # fmt: skip


def sources() -> pd.DataFrame:
    """Publisher, dataset, year and licence of each fact in the tables, and how it was made where it is an estimate."""
    ons, census, recalled = "Office for National Statistics", "Census 2021", "recalled, not read from a file"
    rows = [
        ("residents by LSOA, sex and five-year band", ons, "Small Area Population Estimates mid-2020; Census 2021 residents by LSOA 2021 and by authority, broad age and sex", "2020, 2021", OGL, "split by sex with UK shares, carried to LSOA 2021, fitted to Census 2021"),
        ("male share by single age", "United Nations Population Division", "World Population Prospects, United Kingdom", "2020", "CC BY 3.0 IGO", "read"),
        ("residents of authorities", ons, "Mid-year estimates; Census 2021", "2020, 2021", OGL, "read; the authority file's age groups repaired (see docs/decisions)"),
        ("LSOA codes, points, outlines, authority, ward, ICB, urban or rural", ons, "Open Geography: LSOA 2021, lookups 2024, Rural Urban Classification 2021", "2021, 2024", OGL, "outlines simplified"),
        ("adjacent areas", ons, "LSOA 2021 boundaries", "2021", OGL, "areas that share a corner of their simplified outlines, and each one's two nearest"),
        ("deprivation decile, rank, score; income deprived", "Ministry of Housing, Communities and Local Government", "English Indices of Deprivation 2025", "2025", OGL, "read"),
        ("overcrowded homes, tenure, deprived households, disability", ons, census, "2021", OGL, "read"),
        ("lonely often, always or some of the time", "Department for Culture, Media and Sport; British Red Cross", "Community Life Survey 2020/21, modelled to LSOA", "2021", OGL, "modelled by the publisher"),
        ("practices: code, list in January 2021, network, mean age, share of men, deprivation score", "NHS England; Office for Health Improvement and Disparities", "ODS epraccur; Patients Registered at a GP Practice; Fingertips indicator 93553 (IMD 2019)", "2020–2024", OGL, "read; the list of a practice opened later is what its authority's 2024 total leaves"),
        ("practice points", "own table", "centres of postcode districts", "2025", "facts", f"{recalled}; within 1–2 km"),
        ("share of a border practice's list that lives outside", "own table", "judgement", "2025", "facts", "judgement"),
        ("hospital points", "NHS England", "hospital locations 2022", "2022", OGL, "read; St Mary's (Isle of Wight) and Royal Berkshire recalled"),
        ("share of each authority's emergency admissions that goes to Hampshire Hospitals", "Office for Health Improvement and Disparities; NHS England", "NHS Acute Trust Catchment Populations 2022; A&E Attendances and Emergency Admissions April 2021 – March 2024", "2022, 2024", OGL, "trust's share of patients from the authority × trust's emergency admissions; trusts without counts (Royal Surrey, Great Western and others) are left out, so shares are upper bounds"),
        ("GP list total and full-time equivalent GPs by authority", "NHS England", "General Practice Workforce", "2024", OGL, "read"),
        ("people aged 90 and over by single age, United Kingdom", "United Nations Population Division", "World Population Prospects", "2020", "CC BY 3.0 IGO", "read"),
    ]  # fmt: skip  # noqa: E501
    return pd.DataFrame(rows, columns=["fact", "publisher", "dataset", "year", "licence", "method"])
