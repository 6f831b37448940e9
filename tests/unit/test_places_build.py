"""Preparation: repairs and splits on a tiny case, and the shipped tables made anew where the publishers' files are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.errors import UserError
from sim.places import prepare_people
from sim.places.prepare import Raw, build
from sim.places.shipped import DATA

pytestmark = pytest.mark.unit

PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "evidence" / "data"
needs_files = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the publishers' files are not beside the checkout")


def test_a_missing_folder_file_or_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no folder"):
        build(tmp_path / "none", tmp_path / "out")
    (tmp_path / "data").mkdir()
    with pytest.raises(UserError, match=r"lsoa11_lsoa21_msoa11_lookup_hiow\.csv is missing"):
        build(tmp_path / "data", tmp_path / "out")
    (tmp_path / "data" / "a.csv").write_text("x\n1\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"a\.csv has no column 'y'"):
        Raw(tmp_path / "data").csv("a.csv", ["y"])


def test_the_parts_of_a_split_area_share_its_ages_by_their_census_residents() -> None:
    lookup = pd.DataFrame({"lsoa11_code": ["A", "B", "B"], "lsoa21_code": ["A", "B1", "B2"]})
    mid2020 = pd.DataFrame([[10.0] * 91, [8.0] * 91], columns=prepare_people.AGES)
    mid2020.insert(0, "lsoa11_code", ["A", "B"])
    totals = pd.Series({"A": 900.0, "B1": 300.0, "B2": 100.0})
    parts = prepare_people._on_2021(lookup, mid2020, totals)
    assert parts.loc[["A", "B1", "B2"], "40"].tolist() == [10, 6, 2]


def test_fitting_meets_both_margins_and_rounding_keeps_them() -> None:
    cells = 1 + np.arange(3 * 2 * 91, dtype=float).reshape(3, 2, 91) % 7
    of = np.array([0, 0, 1])
    totals = np.array([700.0, 900.0, 800.0])
    broad = np.array([[[200.0, 400, 150, 100], [200, 400, 100, 50]], [[100, 200, 50, 60], [100, 200, 50, 40]]])
    fitted, _ = prepare_people._fit(cells, totals, broad, of)
    assert fitted.sum(axis=(1, 2)) == pytest.approx(totals, rel=1e-5)
    assert fitted[of == 0][:, 0, 65:75].sum() == pytest.approx(150)
    whole = prepare_people._whole(prepare_people._banded(fitted), of)
    assert np.abs(whole.sum(axis=(1, 2)) - totals).max() <= 1
    assert whole.sum() == 2400


@needs_files
def test_the_authority_file_counts_infants_twice_and_stops_at_74() -> None:
    """What the repair rests on: the printed groups miss a fitting number of people, and the repaired ones do not."""
    raw = Raw(PUBLISHED)
    table = raw.csv("population/age_sex_broad_census2021_ltla21_hants.csv").set_index("ltla21_code")
    mid2020 = raw.csv("population/population_mid2020_ltla21_single_year_hants.csv").set_index("ltla21_code")
    ages = mid2020.loc[table.index, prepare_people.AGES].to_numpy(float)
    groups = table.filter(regex="^(younger|working_age|older)_").sum(axis=1)
    missing = (table["total_population"] - groups).to_numpy(float)
    assert (missing / table["total_population"] > 0.05).all()
    assert missing + ages[:, 0] == pytest.approx(ages[:, 75:].sum(axis=1), rel=0.08)
    older = table[["older_females", "older_males"]].sum(axis=1).to_numpy(float)
    assert older == pytest.approx(ages[:, 65:75].sum(axis=1), rel=0.08)


@needs_files
def test_the_shipped_tables_are_what_the_preparation_makes(tmp_path: Path) -> None:
    for made in build(PUBLISHED, tmp_path):
        shipped = DATA / made.name
        if made.suffix == ".json":
            assert _close(json.loads(made.read_text()), json.loads(shipped.read_text())), made.name
        else:
            assert made.read_bytes() == shipped.read_bytes(), made.name


def _close(a: object, b: object) -> bool:
    """Equal, but for the last digit of measured numbers."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_close(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_close(x, y) for x, y in zip(a, b, strict=True))
    return a == pytest.approx(b, rel=0.1, abs=0.002) if isinstance(a, float) else a == b
