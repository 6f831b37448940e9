"""Preparation: who lives in each LSOA 2021, by sex and age.

Method. Mid-2020 persons by single age and LSOA 2011 are split by sex with the United Kingdom's male share at each age,
carried to LSOA 2021 in proportion to the Census 2021 residents of the parts of a split area, and then fitted by
iterative proportional fitting to two Census 2021 margins: residents of each LSOA, and women and men of each local
authority aged 0–15, 16–64, 65–74 and 75+.

The authority file needs a repair. Its `younger` counts those under one twice (the publisher's band "4 years and under"
holds them already) and its `older` stops at 74; both are visible in the sums. So 0–15 is `younger` less the under-ones,
and 75+ is what is left of the total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim.places.prepare import Raw

Floats = NDArray[np.float64]
AGES = [*map(str, range(90)), "90+"]
BANDS = [*(f"{a}-{a + 4}" for a in range(0, 90, 5)), "90+"]
SEXES = ("female", "male")
BROAD = (0, 16, 65, 75)
"""Youngest ages of the four groups in which authorities are fitted."""
LAST_AGE = 99
"""The oldest single age; it holds everybody older."""
ROUNDS = 60


@dataclass
class Residents:
    """counts[L, sex, band] of the LSOAs in `codes`, and what was measured on the way."""

    codes: list[str]
    counts: NDArray[np.int64]
    single_ages: pd.DataFrame
    authorities: pd.DataFrame
    measured: dict[str, Any]

    def table(self, codes: list[str]) -> pd.DataFrame:
        """One row per LSOA in the order of `codes`: columns f_0-4 … m_90+."""
        flat = pd.DataFrame(
            self.counts.reshape(len(self.codes), -1),
            index=self.codes,
            columns=[f"{sex[0]}_{band}" for sex in SEXES for band in BANDS],
        )
        return flat.loc[codes].rename_axis("code").reset_index()


def residents(raw: Raw) -> Residents:
    """Residents by LSOA 2021, sex and band, at the totals of Census 2021 and the ages of mid-2020."""
    lookup = raw.csv("geography/lsoa11_lsoa21_msoa11_lookup_hiow.csv", ["lsoa11_code", "lsoa21_code", "ltla22_code"])
    mid2020 = raw.csv("population/population_mid2020_lsoa11_single_year_hiow.csv", ["lsoa11_code", *AGES])
    census = raw.csv("population/ethnicity_census2021_lsoa21_hiow.csv", ["lsoa21_code", "total_residents"])
    male = raw.csv("tables/male_share_by_single_age_uk2020.csv", ["age", "male_share"])["male_share"].to_numpy(float)
    totals = census.drop_duplicates("lsoa21_code").set_index("lsoa21_code")["total_residents"].astype(float)
    persons = _on_2021(lookup, mid2020, totals)
    place = lookup.drop_duplicates("lsoa21_code").set_index("lsoa21_code")["ltla22_code"].loc[persons.index]
    codes = sorted(place.unique())
    of = np.searchsorted(codes, place.to_numpy(str))
    estimate = np.stack([persons.to_numpy() * (1 - male), persons.to_numpy() * male], axis=1)
    start = estimate.copy()
    broad = _broad(raw, codes, _by_authority(estimate, of, len(codes)))
    census_total = np.asarray(totals.loc[persons.index], np.float64)
    fitted, rounds = _fit(estimate, census_total, broad, of)
    counts = _whole(_banded(fitted), of)
    single = _oldest(raw, _by_authority(fitted, of, len(codes)))
    measured = {
        "lsoa_total_before_fitting": _error(start.sum(axis=(1, 2)), census_total),
        "male_share_before_fitting": _sex_error(start, broad, of),
        "rounds_of_fitting": rounds,
        "lsoa_total_after_rounding": _error(counts.sum(axis=(1, 2)), census_total),
        "note": "compared with Census 2021: residents of each LSOA; male share of each authority and broad age group",
    }
    return Residents(list(persons.index), counts, _single_ages(single, codes), _authorities(raw, codes), measured)


def _on_2021(lookup: pd.DataFrame, mid2020: pd.DataFrame, totals: pd.Series[float]) -> pd.DataFrame:
    """Persons by single age on LSOA 2021: the parts of a split area share its ages by their Census residents."""
    joined = lookup[["lsoa11_code", "lsoa21_code"]].merge(mid2020[["lsoa11_code", *AGES]], on="lsoa11_code")
    weight = joined["lsoa21_code"].map(totals)
    share = weight / weight.groupby(joined["lsoa11_code"]).transform("sum")
    return joined[AGES].mul(share, axis=0).groupby(joined["lsoa21_code"]).sum()


def _broad(raw: Raw, codes: list[str], ages: Floats) -> Floats:
    """Census 2021 residents of each authority by sex and broad age group, repaired as the module says: [K, 2, 4]."""
    table = raw.csv("population/age_sex_broad_census2021_ltla21_hants.csv", ["ltla21_code"]).set_index("ltla21_code")
    out = np.empty((len(codes), 2, len(BROAD)))
    for s, sex in enumerate(SEXES):
        young, work, old, total = (
            table.loc[codes, column].to_numpy(float)
            for column in (f"younger_{sex}s", f"working_age_{sex}s", f"older_{sex}s", f"total_{sex}s")
        )
        young = young - ages[:, s, 0]
        out[:, s] = np.stack([young, work, old, total - young - work - old], axis=1)
    return out


def _group() -> NDArray[np.int64]:
    return np.searchsorted(BROAD, np.arange(len(AGES)), side="right") - 1


def _by_authority(cells: Floats, of: NDArray[np.int64], n: int) -> Floats:
    out = np.zeros((n, *cells.shape[1:]))
    np.add.at(out, of, cells)
    return out


def _fit(cells: Floats, totals: Floats, broad: Floats, of: NDArray[np.int64]) -> tuple[Floats, int]:
    """Iterative proportional fitting of cells[L, 2, 91] to both margins, authorities' margin last."""
    totals = totals * (broad.sum(axis=(1, 2)) / np.bincount(of, totals))[of]
    groups = _group()
    edges = np.flatnonzero(np.diff(groups, prepend=-1))
    turn = 0
    while turn < ROUNDS:
        turn += 1
        cells = cells * (totals / cells.sum(axis=(1, 2)))[:, None, None]
        sums = np.add.reduceat(_by_authority(cells, of, broad.shape[0]), edges, axis=2)
        factor = broad / sums
        cells = cells * factor[of][:, :, groups]
        if np.abs(factor - 1).max() < 1e-7:
            break
    return cells, turn


def _banded(cells: Floats) -> Floats:
    return np.add.reduceat(cells, np.arange(0, len(AGES), 5), axis=2)


def _whole(cells: Floats, of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole people: running sums are rounded within each authority, so that no total is off by more than one."""
    out = np.empty(cells.shape, np.int64)
    for authority in np.unique(of):
        rows = np.flatnonzero(of == authority)
        running = np.rint(np.cumsum(cells[rows].ravel())).astype(np.int64)
        out[rows] = np.diff(running, prepend=0).reshape(cells[rows].shape)
    return out


def _error(estimate: Floats | NDArray[np.int64], truth: Floats) -> dict[str, float]:
    relative = np.abs(estimate / truth - 1)
    return {
        "mean_absolute_relative": round(float(relative.mean()), 5),
        "largest_relative": round(float(relative.max()), 5),
    }


def _sex_error(cells: Floats, broad: Floats, of: NDArray[np.int64]) -> dict[str, float]:
    edges = np.flatnonzero(np.diff(_group(), prepend=-1))
    sums = np.add.reduceat(_by_authority(cells, of, broad.shape[0]), edges, axis=2)
    off = np.abs(sums[:, 1] / sums.sum(axis=1) - broad[:, 1] / broad.sum(axis=1))
    return {
        "mean_absolute_points": round(100 * float(off.mean()), 3),
        "largest_points": round(100 * float(off.max()), 3),
    }


def _oldest(raw: Raw, single: Floats) -> Floats:
    """Ages 90 to 99 (99 holds all older), spread within 90+ as in the United Kingdom in 2020: [K, 2, 100]."""
    table = raw.csv("mortality/un_wpp_uk_deaths_population_single_age_2010_2050.csv", ["age", "time", "popmale"])
    old = table[(table["time"] == 2020) & (table["age"] >= 90)]
    by_age = old.groupby(old["age"].clip(upper=LAST_AGE))[["popfemale", "popmale"]].sum().to_numpy(float).T
    share = by_age / by_age.sum(axis=1, keepdims=True)
    return np.concatenate([single[:, :, :90], single[:, :, 90:] * share], axis=2)


def _single_ages(single: Floats, codes: list[str]) -> pd.DataFrame:
    columns = [f"{sex[0]}_{age}" for sex in SEXES for age in range(LAST_AGE + 1)]
    frame = pd.DataFrame(np.rint(single.reshape(len(codes), -1)).astype(int), columns=columns)
    frame.insert(0, "lad_code", codes)
    return frame


def _authorities(raw: Raw, codes: list[str]) -> pd.DataFrame:
    table = raw.csv("population/age_sex_broad_census2021_ltla21_hants.csv").set_index("ltla21_code")
    mid2020 = raw.csv("population/population_mid2020_ltla21_single_year_hants.csv").set_index("ltla21_code")
    return pd.DataFrame({
        "lad_code": codes,
        "lad_name": table.loc[codes, "name"].to_numpy(),
        "residents_census2021": table.loc[codes, "total_population"].to_numpy(int),
        "residents_mid2020": mid2020.loc[codes, "total_population"].to_numpy(int),
    })  # fmt: skip
