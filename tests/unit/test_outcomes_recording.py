"""The recorder and the record: what goes in comes out, by month, fifth, age, sex and neighbourhood."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import UserError
from sim.outcomes import census_kernel as kernel
from sim.outcomes import yearly_kernel as yearly
from sim.outcomes.measures import Measures
from sim.outcomes.record import RunRecord, april
from sim.outcomes.recorder import Recorder
from tests.unit.outcomes_samples import BITS, CONDITIONS, SmallPlace, people, record

pytestmark = pytest.mark.unit


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 300), st.integers(0, 2**64 - 1), st.integers(0, 10_000), st.integers(0, 400))
def test_compiled_counts_are_those_of_plain_numpy(n: int, several: int, seed: int, month: int) -> None:
    place = SmallPlace()
    c = people(n, place, seed=seed)
    c["state"] = np.random.default_rng(seed).integers(0, 2**64, n, dtype=np.uint64)
    groups = kernel.groups_of(c["unique_id"], c["born"], c["fifth"], n, month)
    alive = c["unique_id"] != 0
    adult = month - c["born"].astype(int) >= 18 * 12
    np.testing.assert_array_equal(groups, np.where(alive, c["fifth"] + 5 * adult, 10))
    cell = yearly.cells_of(c["unique_id"], c["born"], c["lsoa"], n, month, place.n)
    ages = kernel.AGE_GROUP_OF[kernel.ages(c["born"], month)]
    np.testing.assert_array_equal(cell, np.where(alive, c["lsoa"] * 6 + ages, place.n * 6))
    rng = np.random.default_rng(seed)
    columns = [rng.random(n).astype(np.float32) for _ in range(seed % 4)]  # none, some, more than one pass
    columns += [rng.integers(0, 256, n).astype(np.uint8) for _ in range(seed % 9)]
    columns.append(rng.integers(-300, 300, n).astype(np.int16))
    known = (rng.integers(0, 256, n).astype(np.uint8), rng.integers(0, 2**13, n).astype(np.uint32), 0b1011)
    for where, n_groups in ((groups, 10), (cell, place.n * 6)):
        counted = (where, n_groups, c["state"], several, known if seed % 2 else None, columns)
        mine, plain = kernel.count_groups(*counted), kernel.count_groups_numpy(*counted)
        for name in ("people", "bits", "ill", "many", "managed", "unknown"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(plain, name), err_msg=name)
        np.testing.assert_allclose(mine.sums, plain.sums, rtol=1e-9)
    unknown = (cell, c["state"], known[1], 6, place.n, 13)
    np.testing.assert_array_equal(yearly.count_unknown(*unknown), yearly.count_unknown_numpy(*unknown))
    utility = rng.random(n).astype(np.float32)
    bands = (c["unique_id"], c["born"], c["male"], c["fifth"], utility, n, month, 0.6)
    for mine, plain in zip(yearly.count_bands(*bands), yearly.count_bands_numpy(*bands), strict=True):
        np.testing.assert_allclose(mine, plain, rtol=1e-6)


@pytest.mark.parametrize("kind", [np.uint8, np.int32])
def test_counts_do_not_run_into_one_another(kind: type) -> None:
    """All in one group, all with every state, all at the most: more than fits beside one another."""
    n = 20_001
    groups, full, nought = np.full(n, 7, kind), np.full(n, 255, np.uint8), np.zeros(n, np.uint8)
    every = np.full(n, 2**64 - 1, np.uint64)
    known = (full, np.full(n, 2**16 - 1, np.uint32), 2**16 - 1)
    found = kernel.count_groups(groups, 10, every, 0b11, known, [full, nought, full, nought, full, full])
    assert found.people.tolist() == found.ill.tolist() == found.many.tolist() == [0] * 7 + [n, 0, 0]
    assert (found.bits[7] == n).all()
    assert found.bits.sum() == 64 * n
    assert found.managed[7] == 255 * n
    assert found.unknown[7] == 16 * n
    np.testing.assert_array_equal(found.sums[:, 7], [255 * n, 0, 255 * n, 0, 255 * n, 255 * n])
    assert found.sums.sum() == 4 * 255 * n


def test_departed_rows_and_rows_beyond_the_size_are_nobody() -> None:
    place = SmallPlace()
    c = people(50, place)
    c["unique_id"][:] = np.arange(1, 51)
    c["unique_id"][[3, 7]] = 0
    groups = kernel.groups_of(c["unique_id"], c["born"], c["fifth"], 40, 69)
    found = kernel.count_groups(groups, 10, c["state"], columns=[np.ones(50, np.uint8)])
    assert found.people.sum() == found.sums.sum() == 38
    assert found.bits.max() <= 38


def test_month_year_fifth_and_age_agree() -> None:
    r = record()
    for name in ("residents", "deaths", "residents_ed_attendances", "diabetes", "lonely", "adults", "multimorbid"):
        whole = r.monthly[:, r.measures.recorded.index(name)]
        np.testing.assert_allclose(whole[:, 0], whole[:, 1:].sum(axis=1))
        for year, value in zip(r.complete_years, r.years(name), strict=True):
            assert r.by_age(name, year).sum() == pytest.approx(value)
            if name in r.measures.by_area:
                assert r.by_area(name, year).sum() == pytest.approx(value, rel=1e-5)
            if name in r.measures.by_cell:
                np.testing.assert_allclose(r.by_cell(name, year).sum(axis=1), r.by_area(name, year), rtol=1e-5)
    np.testing.assert_allclose(r.death_bands[:, 0].sum(axis=(1, 2)), r.years("deaths"))
    np.testing.assert_allclose(r.death_bands[:, 0], r.death_bands[:, 1:].sum(axis=1))
    september = 57 + 5
    assert r.population_bands[0, 0].sum() == pytest.approx(r.months("residents")[september - 57])


def test_ratios_are_of_years_not_means_of_months() -> None:
    r = record()
    top, bottom = r.years("beds_occupied"), r.years("beds_open")
    np.testing.assert_allclose(r.years("bed_occupancy"), 100 * top / bottom)
    np.testing.assert_allclose(r.years("smoking"), 100 * r.years("smokers") / r.years("adults"))
    assert 6.9 < r.years("life_satisfaction")[0] < 7.1
    assert np.isnan(r.years("ed_over_4h_share", group=0)).sum() == 0
    area = r.by_area("loneliness", r.complete_years[-1])
    assert area.shape == (10,)
    assert np.nanmax(area) <= 100


def test_hospital_figures_stand_for_the_whole_trust_and_residents_for_themselves() -> None:
    place = SmallPlace()
    rec = Recorder(place, CONDITIONS, 0, 1, weight=4.0)
    rec.begin(0)
    rec.add("ed_attendances", np.array([0, 0, 4]))
    rec.add("residents_ed_attendances", np.array([0, 0, 4]))
    rec.add("ed_over_4h", np.array([1]), factor=1.0)
    r = rec.finish(scenario="x", draw=0, seed=0)
    assert r.months("ed_attendances")[0] == pytest.approx(3 * 4 / 0.8)
    assert r.months("ed_attendances", 1)[0] == pytest.approx(2 * 4 / 0.8)
    assert r.months("residents_ed_attendances")[0] == 12
    assert r.months("ed_over_4h", 2)[0] == 4


def test_a_copy_goes_its_own_way() -> None:
    place = SmallPlace()
    c = people(100, place)
    history = Recorder(place, CONDITIONS, 57, 12)
    for month in range(57, 69):
        history.begin(month)
        history.census(c, 100, month, BITS)
        history.money("community", 5.0)
    one, two = history.copy(36), history.copy(36)
    for rec, amount in ((one, 1.0), (two, 2.0)):
        for month in range(69, 93):
            rec.begin(month)
            rec.census(c, 100, month, BITS)
            rec.add("bed_days", amount=amount)
            rec.money("community", amount)
    a, b = (rec.finish(scenario="s", draw=0, seed=0) for rec in (one, two))
    np.testing.assert_array_equal(a.monthly[:12], b.monthly[:12])
    assert a.months("bed_days").sum() * 2 == b.months("bed_days").sum()
    assert a.complete_years == (2025, 2026, 2027)
    assert a.money_years(a.spend)["community"].tolist() == [60, 12, 12]
    assert history.finish(scenario="h", draw=0, seed=0).n_months == 12


def test_months_before_the_first_are_let_pass_and_months_after_the_last_are_a_mistake() -> None:
    rec = Recorder(SmallPlace(), CONDITIONS, 10, 2)
    rec.begin(9)
    rec.add("births", np.array([0, 1]))
    rec.begin(10)
    rec.add("births", np.array([0]))
    with pytest.raises(ValueError, match="already"):
        rec.begin(10)
    rec.begin(11)
    with pytest.raises(ValueError, match="lies after"):
        rec.begin(12)
    assert rec.finish(scenario="x", draw=0, seed=0).months("births").tolist() == [1, 0]


def test_saved_and_loaded_it_is_the_same(tmp_path) -> None:
    r = record(lever_cost=3.0)
    r.save(tmp_path / "a.npz")
    back = RunRecord.load(tmp_path / "a.npz")
    np.testing.assert_array_equal(back.monthly, r.monthly)
    np.testing.assert_array_equal(back.area_code, r.area_code)
    assert back.conditions == r.conditions
    assert back.lever_spend["link_workers"].tolist() == r.lever_spend["link_workers"].tolist()
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_a_damaged_missing_or_newer_file_is_refused_in_one_sentence(tmp_path, monkeypatch) -> None:
    with pytest.raises(UserError, match="no run record"):
        RunRecord.load(tmp_path / "none.npz")
    r = record()
    r.save(tmp_path / "a.npz")
    (tmp_path / "half.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:1000])
    with pytest.raises(UserError, match="not a whole run record"):
        RunRecord.load(tmp_path / "half.npz")
    monkeypatch.setattr("sim.outcomes.record.FORMAT", 99)
    r.save(tmp_path / "new.npz")
    monkeypatch.undo()
    with pytest.raises(UserError, match="newer version"):
        RunRecord.load(tmp_path / "new.npz")


def test_a_register_counts_those_who_are_diagnosed() -> None:
    place = SmallPlace()
    c = people(600, place)
    rng = np.random.default_rng(4)
    c["undiagnosed"] = rng.integers(0, 4, 600).astype(np.uint32)  # of COPD some bits, too, but of depression none
    c["managed"] = np.full(600, 100, np.uint8)
    rec = Recorder(place, CONDITIONS, 57, 24, weight=2.0)
    for month in range(57, 81):
        rec.begin(month)
        rec.census(c, 600, month, BITS)
    r = rec.finish(scenario="x", draw=0, seed=0)
    alive = c["unique_id"] != 0
    for j, name in enumerate(("diabetes", "copd")):
        held = alive & (c["state"] >> np.uint64(BITS[name]) & np.uint64(1)).astype(bool)
        known = held & ~(c["undiagnosed"] >> np.uint32(j) & np.uint32(1)).astype(bool)
        assert 0 < known.sum() < held.sum()
        assert r.years(name).tolist() == [2 * held.sum()] * 2
        assert r.years(f"{name}_diagnosed").tolist() == [2 * known.sum()] * 2
        share = 100 * known.sum() / alive.sum()
        np.testing.assert_allclose(r.years(f"{name}_diagnosed_prevalence"), [share, share])
        months = r.months(f"{name}_diagnosed")
        assert np.flatnonzero(np.isfinite(months)).tolist() == [11, 23]
        assert r.by_area(f"{name}_diagnosed", 2026).sum() == 2 * known.sum()
        of_fifth = [r.years(f"{name}_diagnosed", fifth)[0] for fifth in range(1, 6)]
        assert of_fifth == [2 * (known & (c["fifth"] == f)).sum() for f in range(5)]
        assert "diagnosed or not" in r.measures[name].label
    assert not r.has("depression_diagnosed")
    assert r.measures["depression"].label == "people with depression or anxiety"


def test_a_stage_before_an_illness_is_no_long_term_condition() -> None:
    """Multimorbidity, and how well illness is managed, leave out non-diabetic hyperglycaemia."""
    place, conditions = SmallPlace(), {"ndh": "raised glucose", "type2_diabetes": "diabetes", "copd": "COPD"}
    c = people(8, place)
    c["unique_id"][:] = np.arange(1, 9)
    c["state"][:] = np.arange(8) << 6  # every pattern of the three, ndh the lowest bit
    c["managed"] = np.full(8, 255, np.uint8)
    c["undiagnosed"] = np.arange(8).astype(np.uint32)
    rec = Recorder(place, conditions, 0, 1)
    rec.begin(0)
    rec.census(c, 8, 0, {name: 6 + k for k, name in enumerate(conditions)})
    r = rec.finish(scenario="x", draw=0, seed=0)
    found = {name: r.months(name)[0] for name in ("ndh", "multimorbid", "with_condition", "managed_sum")}
    assert found == {"ndh": 4, "multimorbid": 2, "with_condition": 6, "managed_sum": 6}
    assert r.months("undiagnosed_sum")[0] == 8


def test_measures_are_generated_from_conditions_and_unknown_names_are_helped() -> None:
    m = Measures(CONDITIONS)
    assert m["copd_prevalence"].numerator == "copd"
    assert m["diabetes_new"].kind == "flow"
    assert "type 2 diabetes" in m["diabetes"].label
    with pytest.raises(UserError, match="Did you mean ed_attendances"):
        m["ed_atendances"]
    with pytest.raises(UserError, match="would be called 'lonely'"):
        Measures(["lonely"])


def test_april_is_april() -> None:
    assert april(2026) == 69
    assert april(2020) == -3
