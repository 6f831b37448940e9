"""What the grammar says of a target is what a hand computation from the residents' columns and the record says."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from sim.life import review
from sim.outcomes import lifetable
from sim.system import CareSystem
from sim.validation import faces, grammar, measures, recorded, simulate
from sim.validation.filters import EVERYONE, Who
from sim.validation.people import Look
from sim.validation.periods import START, read
from sim.validation.simulate import Job

pytestmark = pytest.mark.model

Build = Callable[..., CareSystem]
MONTHS = 33  # until March 2023


@pytest.fixture(scope="module")
def catalogue() -> measures.Catalogue:
    return measures.catalogue()


@pytest.fixture(scope="module")
def lived(build: Build) -> CareSystem:
    """The toy town in April 2023. Nobody may step it."""
    m = build()
    while m.month < MONTHS:
        m.step()
    return m


def target(catalogue: measures.Catalogue, row: int, **cells: str) -> grammar.Target:
    given = {"name": f"row {row}", "value": "1", "unit": "share", "tolerance": "0.1", "source": "s", "place": "toy"}
    found, wrong = grammar.target_of(row, {**given, **cells}, catalogue, ["toy"])
    assert found is not None, wrong
    return found


def digest(m: CareSystem) -> str:
    r, size = m.residents.columns, m.residents.size
    held = hashlib.sha256()
    for name in sorted(r):
        held.update(np.ascontiguousarray(r[name][:size]).tobytes())
    return held.hexdigest()


def test_looking_changes_nothing(build: Build) -> None:
    m, other = build(), build()
    before = digest(m)
    Look(m, START).find(measures.Named("death", measures.PROCESS), Who(), "true")
    assert digest(m) == before
    m.step()
    Look(m, START).find(measures.Named("death", measures.PROCESS), Who(), "true")
    m.step()
    other.step()
    other.step()
    assert digest(m) == digest(other)


def test_shares_means_and_groups_are_those_of_the_columns(lived: CareSystem) -> None:
    r, look = lived.residents.columns, Look(lived, START)
    rows = np.flatnonzero(r["unique_id"][: lived.residents.size] != 0)
    age = (lived.month - r["born"][rows].astype(int)) // 12
    has = lived.states.has(r["state"][rows], "type2_diabetes")
    position = lived.epidemiology.names.index("type2_diabetes")
    known = has & ((r["undiagnosed"][rows] >> position) & 1 == 0)
    men = (r["male"][rows] == 1) & (age >= 40) & (age <= 64) & (r["decile"][rows] <= 4)
    who = Who(sex=1, ages=(40, 64), deciles=(1, 4))
    diabetes = measures.Named("type2_diabetes", measures.STATE, "type2_diabetes")
    assert look.find(diabetes, who, "true").level == pytest.approx(has[men].mean())
    registered = look.find(diabetes, who, "registered")
    assert registered.level == pytest.approx(known[men].mean())
    assert registered.total == pytest.approx(known[men].sum())
    assert 0 < known.sum() < has.sum()
    confidence = measures.Named("activation", measures.MEAN)
    expected = r["confidence"][rows][men & has].mean() / 2
    with_it = dataclasses.replace(who, has=("type2_diabetes",))
    assert look.find(confidence, with_it, "true").level == pytest.approx(expected)
    first = lived.place.lsoas["code"].iloc[0]
    here = look.find(measures.Named("life_satisfaction", measures.MEAN), Who(area=first), "true")
    assert here.level == pytest.approx(r["satisfaction"][rows][r["lsoa"][rows] == 0].mean(), rel=1e-5)
    several = np.stack([lived.states.has(r["state"][rows], name) for name in lived.recorder.long_term]).sum(axis=0)
    many = look.find(measures.Named("multimorbidity", measures.STATE), Who(), "true")
    assert many.level == pytest.approx((several >= 2).mean())


def test_processes_are_expected_rates_and_life_expectancy_is_theirs(build: Build) -> None:
    m = build()
    r = m.residents.columns
    rows = np.flatnonzero(r["unique_id"][: m.residents.size] != 0)
    look = Look(m, START)
    rates = review.rates(m, rows)
    death = rates[:, m.rates.index["death"]].astype(float) * 12
    age, women = (m.month - r["born"][rows].astype(int)) // 12, r["male"][rows] == 0
    found = look.find(measures.Named("death", measures.PROCESS), Who(ages=(70, 79)), "true")
    assert found.level == pytest.approx(death[(age >= 70) & (age <= 79)].mean())
    dated = Look(m, read("2021"))
    ratio = dated.find(measures.Named("death", measures.PROCESS), Who(), "true").level / death.mean()
    assert ratio == pytest.approx(m.calendar.ratio(6), rel=1e-6)
    band = np.minimum(age // 5, 18)
    deaths, people = (np.bincount(band[women], weight, 19) for weight in (death[women], np.ones(women.sum())))
    told = look.find(measures.Named("life_expectancy", measures.TABLE), Who(sex=0), "true").level
    assert told == pytest.approx(float(lifetable.life_expectancy(deaths, people)))
    births = rates[:, m.rates.index["birth"]].astype(float) * 12
    by_band = [births[women & (band == k)].mean() for k in range(3, 9)]
    told = look.find(measures.Named("total_fertility", measures.TABLE), Who(), "true").level
    assert told == pytest.approx(5 * sum(by_band), rel=0.02)  # beyond 15 to 44 there are few births
    onset = measures.Named("onset_type2_diabetes", measures.PROCESS, "type2_diabetes")
    true, registered = (look.find(onset, Who(), which).total for which in ("true", "registered"))
    # those found later make up for those not found at once, so that the register has its share of new cases
    assert registered == pytest.approx(true * (1 - m.epidemiology.undiagnosed["type2_diabetes"]), rel=0.3)


def test_need_before_local_level_and_index_is_englands_at_the_towns_ages(build: Build) -> None:
    m = build()
    kinds = m.epidemiology.kinds
    r = m.residents.columns
    rows = np.flatnonzero(r["unique_id"][: m.residents.size] != 0)
    age = np.minimum((m.month - r["born"][rows].astype(int)) // 12, 100)
    of_tables = sum(
        kind.rate[r["male"][rows].astype(int), age].mean()
        for kind in kinds.values()
        if kind.total == "first_outpatient"
    )
    found = Look(m, START).find(measures.Named("need_first_outpatient", measures.PROCESS), Who(), "true").level
    assert found == pytest.approx(of_tables, rel=0.1)  # a town of 5,800 has its own health


def test_outcomes_are_what_the_recorder_counted(lived: CareSystem, catalogue: measures.Catalogue) -> None:
    record = lived.recorder.finish(scenario="baseline", draw=0, seed=1)
    year = read("2022/23")
    months = slice(year.first, year.last + 1)

    def find(name: str, who: Who = EVERYONE, when: str = "2022/23") -> simulate.Found:
        return recorded.find(lived, record, catalogue.find(name)[0], who, read(when))

    deaths = find("deaths")
    assert deaths.total == pytest.approx(record.months("deaths")[months].sum())
    assert deaths.level == pytest.approx(deaths.total / record.months("residents")[months].mean())
    assert find("deaths", Who(local_fifths=(1, 2))).total == pytest.approx(
        record.months("deaths", 1)[months].sum() + record.months("deaths", 2)[months].sum()
    )
    assert find("deaths", Who(ages=(65, 120))).total == pytest.approx(record.by_age("deaths", 2022)[3:].sum())
    code = str(record.area_code[0])
    visits = find("residents_ed_attendances", Who(area=code))
    assert visits.total == pytest.approx(record.by_area("residents_ed_attendances", 2022)[0])
    old = find("residents_ed_attendances", Who(area=code, ages=(75, 84)))
    assert old.total == pytest.approx(record.by_cell("residents_ed_attendances", 2022)[0, 4])
    share = find("ed_over_4h_share").level
    assert share == pytest.approx(
        record.months("ed_over_4h")[months].sum() / record.months("ed_attendances")[months].sum()
    )
    assert find("beds_open", when="2023-03").total == pytest.approx(record.months("beds_open")[32])
    assert find("deaths_under_75").level == pytest.approx(record.years("deaths_under_75")[-1])
    hospital = find("ed_attendances")
    assert hospital.level == pytest.approx(hospital.total / lived.place.catchment)
    assert np.isnan(find("deaths", when="2023/24").level)  # not lived through yet


def test_a_run_answers_every_statistic_as_by_hand(build: Build, catalogue: measures.Catalogue) -> None:
    rows = [
        {"measure": "smoking", "who": "age=18+"},
        {"measure": "smoking", "who": "age=18+; sex=male", "statistic": "ratio", "against": "age=18+; sex=female"},
        {"measure": "smoking", "who": "decile=1-5", "statistic": "share of total", "unit": "%"},
        {"measure": "smoking", "who": "age=18+", "statistic": "difference", "against_year": "start+1",
         "unit": "percentage points"},
        {"measure": "copd", "unit": "people", "estimand": "registered"},
        {"measure": "deaths / births", "year": "2021", "unit": "ratio"},
        {"measure": "number:mortality.hr_cap", "unit": "ratio"},
        {"measure": "area:lonely_share"},
        {"measure": "smoking", "who": "age=18+", "by_construction": "yes"},
    ]  # fmt: skip
    targets = tuple(target(catalogue, k, **row) for k, row in enumerate(rows, 2))
    place = {"toy": ("toy", 1.0)}
    job = Job(0, 1, targets, place)  # type: ignore[arg-type]
    assert simulate.months(job, "toy") == 60
    found = simulate.run(job, lambda stage, done: None)
    m = build()

    def smokers(who: Who) -> simulate.Found:
        return Look(m, START).find(measures.Named("smoker", measures.STATE), who, "true")

    adults = smokers(Who(ages=(18, 120)))
    assert found.values[2] == pytest.approx(adults.level)
    men, women = (smokers(Who(sex=sex, ages=(18, 120))).level for sex in (1, 0))
    assert found.values[3] == pytest.approx(men / women)
    assert found.values[4] == pytest.approx(100 * smokers(Who(deciles=(1, 5))).total / smokers(Who()).total)
    known = measures.Named("copd", measures.STATE, "copd")
    assert found.values[6] == Look(m, START).find(known, Who(), "registered").total
    assert found.values[8] == m.evidence["mortality.hr_cap"]
    people = m.place.counts.sum(axis=(1, 2))
    assert found.values[9] == pytest.approx(np.average(m.place.lsoas["lonely_share"], weights=people))
    while m.month < 12:
        m.step()
    later = smokers(Who(ages=(18, 120))).level
    assert found.values[5] == pytest.approx(100 * (adults.level - later))
    while m.month < 60:
        m.step()
    record = m.recorder.finish(scenario="baseline", draw=0, seed=1)
    deaths, births = (record.months(name)[6:18].sum() for name in ("deaths", "births"))
    assert found.values[7] == pytest.approx(deaths / births)
    # the same people's ages as at the start: each sex and band as it is now, weighted by how many it had
    total, base = Look(m, START).cells(Look(m, START).state("smoker"), Who(ages=(18, 120)))
    there = (base > 0) & (adults.base > 0)  # type: ignore[operator]
    weights = adults.base[there]  # type: ignore[index]
    assert found.again[10] == pytest.approx((weights * total[there] / base[there]).sum() / weights.sum())
    assert set(found.again) == {10}


def test_a_standardised_ratio_takes_englands_ages(build: Build, catalogue: measures.Catalogue) -> None:
    from sim.places import assemble

    one = target(catalogue, 2, measure="chd", who="decile=1-5", against="decile=6-10", statistic="standardised ratio")
    found = simulate.run(Job(0, 1, (one,), {"toy": ("toy", 1.0)}), lambda stage, done: None)
    m = build()
    look = Look(m, START)
    single = assemble.england(m.evidence)
    england = np.stack([np.bincount(np.minimum(np.arange(100) // 5, 18), single[sex], 19) for sex in (0, 1)])
    levels = []
    for ends in ((1, 5), (6, 10)):
        total, base = look.cells(look.state("chd"), Who(deciles=ends))
        there = base > 0
        levels.append((england[there] * total[there] / base[there]).sum() / england[there].sum())
    assert found.values[2] == pytest.approx(levels[0] / levels[1])


def test_face_validity_is_what_the_columns_say(lived: CareSystem) -> None:
    m = lived
    look = Look(m, START)
    found = faces.of(look)
    r = m.residents.columns
    rows = np.flatnonzero(r["unique_id"][: m.residents.size] != 0)
    held = np.sum([m.states.has(r["state"][rows], name) for name in m.recorder.long_term], axis=0)
    assert found["use"].sum(1) == pytest.approx(1.0)
    assert found["use"][0] == pytest.approx(np.bincount(np.minimum(held, 4), minlength=5) / rows.size)
    age = (m.month - r["born"][rows].astype(int)) // 12
    assert found["many_adults"][0] == pytest.approx((held[age >= 18] >= 2).mean())
    share = found["many_by_age"][0]
    assert share[13] == pytest.approx((held[(age >= 65) & (age < 70)] >= 2).mean())
    rate = look.values(measures.Named("need_ed", measures.PROCESS))
    assert found["contacts"][1][13] == pytest.approx(rate[(age >= 65) & (age < 70)].mean())
    # standardised to their age and sex, the mean over everybody, weighted by what is usual, is one; by what is known
    unknown, names = r["undiagnosed"][rows], list(m.epidemiology.names)
    known = sum(m.states.has(r["state"][rows], name) & (unknown >> names.index(name) & 1 == 0)
                for name in m.recorder.long_term)  # fmt: skip
    assert known.sum() < held.sum()
    gp = look.values(measures.Named("need_gp", measures.PROCESS))
    usual = (np.bincount(look.cell, gp) / np.maximum(np.bincount(look.cell), 1))[look.cell]
    weight = np.bincount(np.minimum(known, 4), usual, 5)
    assert found["gp_ratio"] == pytest.approx(np.bincount(np.minimum(known, 4), gp, 5) / weight)
    assert (found["gp_ratio"] * weight).sum() == pytest.approx(weight.sum())


def test_half_have_it_where_the_share_passes_a_half() -> None:
    shares = np.full(19, 0.1)
    shares[9:] = 0.9
    # 0.1 at 42.5, 0.9 at 47.5
    assert faces._age_of_half(shares) == pytest.approx(45.0)
    assert np.isnan(faces._age_of_half(np.full(19, 0.4)))
