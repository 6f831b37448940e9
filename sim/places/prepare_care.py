"""Preparation: practices, hospital sites, and how much of each authority's hospital care one trust gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.places.geometry import distances

if TYPE_CHECKING:
    from sim.places.prepare import Raw

TRUST = "RN5"
"""Hampshire Hospitals NHS Foundation Trust: the trust that is modelled."""
MOSTLY_OUTSIDE = 0.5
"""Practices with a larger part of their list beyond the data's areas are not counted in an authority's lists."""
WHOLE = (0.97, 1.08)
"""An authority whose 2024 total over the lists known in 2021 is in this range has nearly all its lists in the file."""


def practices(raw: Raw, areas: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """One row per practice: list in January 2021, point (centre of its postcode district), network, deprivation.

    `outside_share` is the share of the list that lives beyond the data's areas; `list_estimated` marks a practice that
    opened after the count, whose list is what its authority's 2024 total (brought back to 2021 by the growth of the
    authorities whose lists are complete) leaves over.
    """
    table = raw.csv("primary_care/gp_practices_hiow_northhants.csv", ["code", "postcode", "list_jan2021"])
    points = _districts(raw)
    district = table["postcode"].str.split().str[0]
    city = (table["sub_icb"] == "10R") & ~district.isin([f"PO{n}" for n in range(1, 7)])
    lon, lat = district.map(points["lon"]), district.map(points["lat"])
    # a Portsmouth practice whose office stands elsewhere is put at the centre of Portsmouth's lists
    inside = (table["sub_icb"] == "10R") & ~city
    for column in (lon, lat):
        column[city] = float(np.average(column[inside], weights=table["list_jan2021"][inside]))
    where = _authority(areas, lon.to_numpy(float), lat.to_numpy(float))
    border = raw.own("border.csv").set_index("key")["outside_share"]
    outside = table["code"].str[:3].map(border).fillna(district.map(border)).fillna(0.0)
    listed, estimated, note = _lists(raw, table, where, outside)
    out = pd.DataFrame({
        "code": table["code"],
        "name": table["name"].map(_title),
        "postcode": table["postcode"],
        "lon": lon.round(4),
        "lat": lat.round(4),
        "lad_code": where,
        "pcn": table["pcn_code"].fillna(""),
        "list_size": listed,
        "list_estimated": estimated,
        "outside_share": outside,
        "mean_age": table["mean_age_apr2020"].round(2),
        "male_share": table["Percent_male"].round(4),
        "imd_score": table["imd2019_score"].round(3),
    })  # fmt: skip
    out = out[out["list_size"] > 0]
    return out.sort_values("code", ignore_index=True), note


def _districts(raw: Raw) -> pd.DataFrame:
    given = raw.csv("tables/outcode_points_hampshire.csv", ["outcode", "lat", "lon"]).rename(
        columns={"outcode": "district"}
    )
    both = pd.concat([given, raw.own("districts.csv")])
    return both.drop_duplicates("district").set_index("district")[["lon", "lat"]]


def _authority(areas: pd.DataFrame, lon: np.ndarray[Any, Any], lat: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    nearest = distances(np.stack([lon, lat], 1), areas[["lon", "lat"]].to_numpy(float)).argmin(axis=1)
    return np.asarray(areas["lad_code"].to_numpy(str)[nearest])


def _lists(
    raw: Raw, table: pd.DataFrame, where: np.ndarray[Any, Any], outside: pd.Series[float]
) -> tuple[pd.Series[int], pd.Series[int], dict[str, Any]]:
    known = table["list_jan2021"]
    totals = raw.csv("primary_care/patients_per_gp_fte_ltla24_hants.csv").set_index("ltla24_code")["total_patients"]
    inside = known * (outside < MOSTLY_OUTSIDE)
    here = inside.groupby(where).sum().reindex(totals.index)
    ratio = totals / here
    # authorities whose counted lists are nearly whole show the growth of lists from January 2021 to 2024
    growth = float(ratio[ratio.between(*WHOLE)].median())
    short = (totals / growth - here).clip(lower=0)
    missing = known.isna()
    share = missing.groupby(where).transform("sum")
    estimate = pd.Series(where, index=table.index).map(short) / share.where(share > 0, 1)
    listed = known.where(~missing, estimate).round().astype(int)
    note = {
        "lists_known": int((~missing).sum()),
        "lists_estimated": int(missing.sum()),
        "growth_of_lists_2021_to_2024": round(growth, 4),
        "listed_in_file_against_authority_totals_2024_brought_back": round(
            float(here.sum() / (totals.sum() / growth)), 4
        ),
        "note": "practices that closed or merged between January 2021 and January 2024 are absent from the file",
    }
    return listed, missing.astype(int), note


def _title(name: str) -> str:
    small = {"And": "and", "Of": "of", "The": "the", "At": "at"}
    words = [word.capitalize() if "." not in word else word.title() for word in str(name).split()]
    return " ".join(small.get(word, word) if i else word for i, word in enumerate(words)).replace("'S", "'s")


def sites(raw: Raw) -> pd.DataFrame:
    """Acute hospital sites with their trust; `has_ed` is 1 for a major (type 1) emergency department."""
    known = raw.csv("geography/hospital_points_hampshire.csv", ["hospital", "lon", "lat"]).groupby("hospital").first()
    table = raw.own("trust_sites.csv")
    for column in ("lon", "lat"):
        table[column] = table[column].fillna(table["hospital"].map(known[column])).round(5)
    return table[["code", "name", "trust", "has_ed", "lon", "lat"]]


def authorities(raw: Raw, table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Adds to each authority: capture share and share of the trust's patients, GP lists and GPs.

    capture_share s = trust share from the authority × trust's emergency admissions, over the same sum of all trusts.
    """
    origin = raw.csv("hospital/trust_catchment_ltla21_hhft_and_neighbours.csv", ["nhs_trust22_code", "ltla21_code"])
    month = raw.csv("hospital/ae_monthly_trusts.csv", ["nhs_trust22_code", "total_emergency_admissions"])
    gps = raw.csv("primary_care/patients_per_gp_fte_ltla24_hants.csv").set_index("ltla24_code")
    count = month.groupby("nhs_trust22_code")["total_emergency_admissions"].sum()
    origin["users"] = origin["proportion_trust_came_from_ltla"] * origin["nhs_trust22_code"].map(count)
    ours = origin[origin["nhs_trust22_code"] == TRUST].set_index("ltla21_code")
    capture = ours["users"] / origin.groupby("ltla21_code")["users"].sum()
    out = table.assign(
        capture_share=table["lad_code"].map(capture).fillna(0.0).round(6),
        share_of_trust=table["lad_code"].map(ours["proportion_trust_came_from_ltla"]).fillna(0.0).round(6),
        list_total_2024=table["lad_code"].map(gps["total_patients"]).astype(int),
        gp_fte_2024=table["lad_code"].map(gps["total_gp_fte"]).round(2),
    )
    uncounted = origin[origin["users"].isna()]
    users = out["capture_share"] * out["residents_census2021"]
    note = {
        "share_of_trust_patients_from_these_authorities": round(float(out["share_of_trust"].sum()), 4),
        "trusts_without_counts": sorted(uncounted["nhs_trust22_code"].unique().tolist()),
        "expected_users_census2021": int(users.sum()),
        "expected_users_mid2020": int((out["capture_share"] * out["residents_mid2020"]).sum()),
    }
    return out, note
