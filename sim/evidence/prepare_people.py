"""Prepared tables of people: how many, how they are born and die, how well they feel."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from sim.evidence.prepare_raw import OLDEST, Array, Made, Raw, bands

UN = "UN World Population Prospects, UK deaths and population by single age (CC BY 3.0 IGO), read"
WITH_DECREMENT = (
    "type2_diabetes", "hypertension", "chd", "stroke", "heart_failure", "copd", "depression", "dementia", "obesity",
    "ckd", "asthma", "chronic_pain",
)  # fmt: skip
LATER_HALF = 0.52
"""Excess of July–December 2020 relative to that of the whole year: about 20 of 77 thousand excess deaths in England and
Wales fell in those six months (ONS registrations, recalled)."""


def _grid(values: Array, *axes: tuple[str, range]) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([span for _, span in axes], names=[name for name, _ in axes])
    return pd.DataFrame({"value": values.reshape(-1)}, index=index).reset_index()


def england_population(raw: Raw) -> Made:
    """England by sex, single age and deprivation decile."""
    cells = raw.england_cells().round(0)
    table = _grid(cells, ("sex", range(2)), ("age", range(OLDEST + 1)), ("decile", range(1, 11)))
    return Made("england_population", table.astype(int), {
        "title": "England mid-2020 by sex, single year of age (100 = 100 and over) and deprivation decile",
        "unit": "persons",
        "source": "ONS mid-2020 by IMD 2019 decile and age (OGL v3), read; split by sex with the UK's male share of"
        " each age;"
        " 90 and over spread over 90-100 as in the UK by sex. " + UN,
        "grade": "read",
        "note": "The reference on which every norm is set. The sex split is the same in every decile",
    })  # fmt: skip


def mortality_base(raw: Raw) -> Made:
    """England's death rates of 2019 by sex, age and decile."""
    table = raw.csv("data/mortality/mortality_rate_england_2016_18_by_imd10_sex_ageband.csv")
    table["sex"] = table["sex"].map({"f": 0, "m": 1})
    table["age_band"] = table["age_band"].replace({"1-4": "1-14", "5-9": "1-14", "10-14": "1-14"})  # few deaths: pooled
    table = table.groupby(["sex", "imd10", "age_band"])[["deaths", "population"]].sum().reset_index()
    table = pd.concat([table, bands(table["age_band"])], axis=1)
    older = raw.csv("tables/mortality_imd_ratio_75plus.csv")
    older = pd.concat([older, bands(older["age_band"])], axis=1)
    people, rates = raw.england_cells(), np.zeros((2, OLDEST + 1, 10))
    for sex in (0, 1):
        middles, ratios = _ratios_by_age(table[table["sex"] == sex], older)
        ages = np.arange(OLDEST + 1) + 0.5
        ratio = np.exp(np.array([np.interp(ages, middles, np.log(ratios[:, decile])) for decile in range(10)]).T)
        weight = people[sex] / people[sex].sum(1, keepdims=True)
        ratio /= (ratio * weight).sum(1, keepdims=True)  # England's own rate is kept at every age
        rates[sex] = (_national(raw, sex) * _england_to_uk(raw, table, sex))[:, None] * ratio
    made = _grid(rates, ("sex", range(2)), ("age", range(OLDEST + 1)), ("decile", range(1, 11)))
    return Made("mortality_base", made, {
        "title": "Deaths of 2019 by sex, single year of age (100 = 100 and over) and deprivation decile, England",
        "unit": "deaths per person-year",
        "source": "Ratios of deciles: ONS deaths 2016-18, ages 0-74, in Lewer 2020 Lancet Public Health 5:e33"
        " (danlewer/masi,"
        " CC BY 4.0), read; 75 and over by fifth recalled from ONS deaths by IMD. Level: " + UN + ", times England/UK",
        "grade": "read",
        "note": "Ratios run smoothly between the middles of age bands and are set so that England's rate at each age is"
        " kept; ages 1-14 are pooled; above 75 the ratios are recalled",
        "low": "0.985", "high": "1.015",
    })  # fmt: skip


def _by_band(table: pd.DataFrame) -> Iterator[tuple[int, int, pd.DataFrame]]:
    """First and last age of each band, youngest first, and its rows."""
    for start in sorted(table["age_from"].unique()):
        rows = table[table["age_from"] == start]
        yield int(start), int(rows["age_to"].iloc[0]), rows


def _ratios_by_age(young: pd.DataFrame, old: pd.DataFrame) -> tuple[Array, Array]:
    """Middles of age bands, and at each the ratio of the deciles to England (bands, 10)."""
    middles: list[float] = []
    ratios: list[Array] = []
    for start, end, rows in _by_band(young):
        rows = rows.sort_values("imd10")
        rate = (rows["deaths"] / rows["population"]).to_numpy(float)
        middles.append((start + end + 1) / 2)
        ratios.append(rate / float(rows["deaths"].sum() / rows["population"].sum()))
    for start, _, rows in _by_band(old):
        fifths = np.log(rows.sort_values("imd_quintile")["rate_ratio_vs_england"].to_numpy())
        at, wanted = np.arange(5) * 0.2 + 0.1, np.arange(10) * 0.1 + 0.05
        line = np.interp(wanted, at, fifths)
        line[0] += (fifths[0] - fifths[1]) * 0.25  # beyond the outer fifths the line goes on
        line[-1] += (fifths[-1] - fifths[-2]) * 0.25
        middles.append(start + 5.0)
        ratios.append(np.exp(line))
    order = np.argsort(middles)
    return np.array(middles)[order], np.array(ratios)[order]


def _national(raw: Raw, sex: int) -> Array:
    """UK death rates of 2019 by single age to 100 (100 and over together)."""
    return np.asarray(_to_oldest(raw.uk(2019, "death"))[sex] / _to_oldest(raw.uk(2019, "pop"))[sex])


def _to_oldest(counts: Array) -> Array:
    """(sex, single age) with everyone of 100 and over in the last place."""
    return np.concatenate([counts[:, :OLDEST], counts[:, OLDEST:].sum(1, keepdims=True)], axis=1)


def _england_to_uk(raw: Raw, young: pd.DataFrame, sex: int) -> float:
    """England's death rate relative to the UK's, ages 0–74 in 2016–18, standardised to England's ages."""
    rows = young[young["sex"] == sex]
    england = float(rows["deaths"].sum())
    deaths, people = (
        np.sum([raw.uk(year, what)[sex] for year in (2016, 2017, 2018)], axis=0) for what in ("death", "pop")
    )
    expected = 0.0
    for start, end, band in _by_band(rows):
        ages = slice(start, end + 1)
        expected += float(band["population"].sum()) * float(deaths[ages].sum() / people[ages].sum())
    return float(england / expected)


def mortality_year(raw: Raw) -> Made:
    """Mortality of 2019–2023 relative to 2019, age-standardised."""
    people = raw.england()
    rates = {}
    for year in range(2019, 2024):
        deaths, at_risk = raw.uk(year, "death"), raw.uk(year, "pop")
        rates[year] = float((_to_oldest(deaths) / _to_oldest(at_risk) * people).sum())
    ratios = {year: rate / rates[2019] for year, rate in rates.items()}
    ratios[2020] = 1 + (ratios[2020] - 1) * LATER_HALF
    table = pd.DataFrame({"year": list(ratios), "value": [round(ratio, 4) for ratio in ratios.values()]})
    return Made("mortality_year", table, {
        "title": "Mortality of each year relative to 2019, standardised to England's ages and sexes",
        "unit": "ratio to 2019",
        "source": UN,
        "grade": "read",
        "note": "Exogenous: the pandemic's deaths as they were. 2020 stands for July-December only, the part the"
        " model lives"
        " through: the year's excess times 0.52 (ONS registrations, recalled). The same ratio at every age and decile",
    })  # fmt: skip


def fertility(raw: Raw) -> Made:
    """Births per woman-year by age."""
    table = raw.csv("tables/fertility_asfr.csv")
    table = pd.concat([bands(table["age_band"]), table["births_per_woman_year"].rename("value")], axis=1)
    table.loc[len(table)] = [45, 49, 0.0011]
    table[["age_from", "age_to"]] = table[["age_from", "age_to"]].astype(int)
    return Made("fertility", table, {
        "title": "Births by age of the mother", "unit": "births per woman-year",
        "source": "ONS Births in England and Wales 2022-23 (total fertility 1.49 in 2022, 1.44 in 2023)",
        "grade": "recalled", "note": "Total over ages is 1.48 children a woman", "low": "0.94", "high": "1.06",
    })  # fmt: skip


def utility_norm(raw: Raw) -> Made:
    """EQ-5D utility by age."""
    table = raw.csv("tables/eq5d_norms.csv")
    table = pd.concat([bands(table["age"]), table[["utility"]].rename(columns={"utility": "value"})], axis=1)
    table["age_to"] = table["age_to"].where(table["age_from"] < 77, OLDEST)
    return Made("utility_norm", table, {
        "title": "Health-related quality of life (EQ-5D, time trade-off) by age, England", "unit": "utility, 1 = full"
        " health",
        "source": "Janssen & Szende 2014, table 3.7; below 18 set to 1", "grade": "read",
        "note": "Average morbidity is in it already: a person's own decrement counts against the mean of their age"
        " and sex",
        "low": "0.98", "high": "1.02", "most": "1",
    })  # fmt: skip


def utility_decrement(raw: Raw) -> Made:
    """Loss of utility with each condition."""
    table = raw.csv("tables/utility_decrements.csv").replace({"condition": {"depression_anxiety": "depression"}})
    rows = table.set_index("condition").loc[list(WITH_DECREMENT)].reset_index()
    rows = rows.rename(columns={"utility_decrement": "value"})[["condition", "value", "low", "high"]]
    # A register of cancer ever: about 15 % breast within the last years and bowel, 4 % lung, the rest past or other.
    cancer = pd.DataFrame([("cancer", 0.035, 0.02, 0.06)], columns=rows.columns)
    return Made("utility_decrement", pd.concat([rows, cancer]), {
        "title": "Loss of health-related quality of life with a condition", "unit": "utility",
        "source": "Sullivan 2011 Med Decis Making 31:800, UK catalogue; 20 % either side assumed. Cancer: weighted"
        " mean of"
        " breast .019, bowel .067, lung .119, other .024 over people alive with a past cancer",
        "grade": "read", "note": "Added over conditions, then corrected by utility_ncc", "distribution": "beta",
    })  # fmt: skip


def utility_ncc(raw: Raw) -> Made:
    """Correction of summed decrements by number of conditions."""
    table = raw.csv("tables/utility_ncc_adjustment.csv")
    rows = table.rename(columns={"n_chronic_conditions": "conditions", "utility_adjustment": "value"})
    return Made("utility_ncc", rows[["conditions", "value"]], {
        "title": "Correction of the summed decrements by number of chronic conditions", "unit": "utility, added to"
        " the sum",
        "source": "Sullivan 2011 Med Decis Making 31:800, coefficients of the number of conditions", "grade": "read",
        "note": "None for 0 or 1; 10 stands for 10 and over. Published sign: negative lowers utility",
    })  # fmt: skip


def life_satisfaction(raw: Raw) -> Made:
    """Life satisfaction by age."""
    table = raw.csv("tables/loneliness_lifesatisfaction_by_age.csv")
    rows = pd.concat([bands(table["age_band"]), table["life_satisfaction_0_10"].rename("value")], axis=1)
    return Made("life_satisfaction", rows, {
        "title": "Life satisfaction of adults by age, England", "unit": "0-10",
        "source": "ONS personal well-being, Annual Population Survey 2022/23 (England mean about 7.45)",
        "grade": "recalled",
        "note": "Mean of everyone of that age, lonely and ill included", "low": "0.99", "high": "1.01",
    })  # fmt: skip


TABLES: tuple[Callable[[Raw], Made], ...] = (
    england_population, mortality_base, mortality_year, fertility,
    utility_norm, utility_decrement, utility_ncc, life_satisfaction,
)  # fmt: skip
