"""Rebuild the evidence tables that come from published data files: ``python -m sim.evidence.prepare FOLDER``.

FOLDER holds the raw files (`tables/*.csv`, `data/...`) in the layout named in docs/evidence.md. Only the compact
result, sim/evidence/tables/*.csv, ships with the product; tables not named here are kept by hand. Each function makes
one table: read, reduce to strata, say what it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import UserError
from sim.evidence import prepare_conditions as conditions
from sim.evidence.prepare_people import TABLES as PEOPLE
from sim.evidence.prepare_raw import OLDEST, Made, Raw, bands, both_sexes, weighted_mean
from sim.evidence.stratified import FOLDER

SEX = {"female": 0, "male": 1}
CONDITIONS = {
    "type2_diabetes": "type2_diabetes", "hypertension": "hypertension", "chd": "chd", "stroke_tia": "stroke",
    "heart_failure": "heart_failure", "copd": "copd", "depression_recorded": "depression",
}  # fmt: skip
TRUE_HEART_FAILURE = 0.015  # all ages; registers hold 0.009 (evidence.csv, prevalence_heart_failure_qof)
SMOKERS_AT_ENDS = 0.238, 0.068  # deciles 1 and 10, ONS 2021
SMOKERS_2020, OBESE_2020 = 0.131, 0.286  # surveys of 2021–23 moved back to 2020 by the declared trends


def prevalence(raw: Raw) -> Made:
    """Share of people with each diagnosed condition by age and sex."""
    table = raw.csv("tables/prevalence_diagnosed_by_age_sex.csv")
    table = table[table["condition"].isin(list(CONDITIONS))].assign(
        condition=lambda t: t["condition"].map(CONDITIONS),
        sex=lambda t: t["sex"].map(SEX),
        value=lambda t: t["prevalence"],
    )
    table = pd.concat([table, bands(table["age_band"])], axis=1)[["condition", "sex", "age_from", "age_to", "value"]]
    england = raw.england()
    failure = table["condition"] == "heart_failure"
    table.loc[failure, "value"] *= TRUE_HEART_FAILURE / weighted_mean(table[failure], england)
    table = pd.concat([table, conditions.prevalence(raw)])
    return Made("prevalence", table, {
        "title": "People with each diagnosed condition, England 2019/20, by age and sex",
        "unit": "share of people",
        "source": "Level: QOF 2019/20 registers, England (NHS Digital via House of Commons Library, read), heart"
        " failure"
        " raised to 1.5 % (CPRD: 920,616 of 64.6m people, Conrad 2018 Lancet 391:572, read). Age-sex shape: HSE, CPRD"
        " and"
        " NDA patterns; dementia 65+ CFAS II (Matthews 2013 Lancet 382:1405, totals 4.9 % men, 7.7 % women read, bands"
        " recalled); cancer after Maddams 2009 Br J Cancer 101:541 (3 % of all, 1 in 8 of 65+, read) and NCRAS",
        "grade": "recalled",
        "note": "Shapes are recalled, levels are read. Type 2 diabetes excludes type 1 (about 0.5 points at 17+)."
        " Cancer"
        " is the register since 2003. Stroke includes TIA. Depression is ever recorded",
        "drawn_by": "condition", "low": "0.92", "high": "1.09", "most": "0.97",
    })  # fmt: skip


def prevalence_gradient(raw: Raw) -> Made:
    """Age-adjusted ratio of each condition to England by deprivation decile."""
    table = raw.csv("tables/imd_gradient_conditions_age_adjusted.csv")
    table = table[table["condition"].isin(list(CONDITIONS))]
    table = pd.DataFrame({
        "condition": table["condition"].map(CONDITIONS), "decile": table["imd_decile"],
        "value": table["age_adjusted_ratio"],
    })  # fmt: skip
    table = pd.concat([table, conditions.gradient(raw)])
    return Made("prevalence_gradient", table, {
        "title": "Diagnosed prevalence by deprivation decile (1 most deprived), age-adjusted",
        "unit": "ratio to England",
        "source": "Derived: QOF 2019/20 by IMD decile (House of Commons Library, read) divided by what each decile's"
        " age"
        " structure (ONS mid-2020, read) would give with England's age pattern",
        "grade": "read",
        "note": "Registers are apportioned from practices to areas, which flattens gradients: individual ones are"
        " probably"
        " 10-40 % steeper. Dementia and cancer also carry differences in diagnosis, so their gradients are recorded"
        " ones",
    })  # fmt: skip


def risk_prevalence(raw: Raw) -> Made:
    """Share of people with each behaviour or loneliness, by age and sex, at 2020."""
    table = raw.csv("tables/risk_factors_by_age_sex.csv")
    names = {"smoking_current": "smoking", "smoking_former": "ex_smoking", "obesity_bmi30": "obesity",
             "inactive_lt30min": "inactivity", "alcohol_gt14units": "alcohol"}  # fmt: skip
    table = table[table["risk_factor"].isin(list(names))]
    table = pd.concat([table, bands(table["age_band"])], axis=1).assign(
        risk=lambda t: t["risk_factor"].map(names), value=lambda t: t["prevalence"]
    )
    lonely = raw.csv("tables/loneliness_lifesatisfaction_by_age.csv")
    lonely = pd.concat([lonely, bands(lonely["age_band"])], axis=1).assign(
        risk="isolation", sex="both", value=lambda t: t["lonely_often_always"]
    )
    offline = raw.csv("tables/digital_exclusion_by_age.csv")
    offline = pd.concat([offline, bands(offline["age_band"])], axis=1).assign(
        risk="offline", sex="both", value=lambda t: t["offline_share"]
    )
    columns = ["risk", "sex", "age_from", "age_to", "value"]
    young = pd.DataFrame([("smoking", "both", 16, 17, 0.05)], columns=columns)  # HSE, recalled: about 1 in 20
    table = both_sexes(pd.concat([table[columns], lonely[columns], offline[columns], young]))
    adults = raw.england()
    adults[:, :18] = 0
    for risk, level in (("smoking", SMOKERS_2020), ("obesity", OBESE_2020)):
        rows = table["risk"] == risk
        table.loc[rows, "value"] *= level / weighted_mean(table[rows], adults)
    return Made("risk_prevalence", table, {
        "title": "Smoking, ex-smoking, obesity (BMI 30+), inactivity (< 30 min a week), alcohol (over 14 units a week),"
        " loneliness (often or always), no use of the internet, 2020",
        "unit": "share of people",
        "source": "Smoking: ONS/OHID APS 2023 (11.6 % of adults, 13.0 % in 2021); ex-smoking HSE 2021-22; obesity HSE"
        " 2022"
        " (29 %, 55-64 36 %, 65-74 35 % read); inactivity Active Lives Nov 2022-23 (25.7 % read); loneliness Community"
        " Life Survey 2021/22-2023/24 (about 7 %); alcohol HSE 2021 (28 % of men, 15 % of women, read); offline Ofcom"
        " 2023-24 (5-6 % of households, read)",
        "grade": "recalled",
        "note": "Totals mostly read, age patterns recalled. Smoking and obesity are moved to 2020 (13.1 % and 28.6 % of"
        " adults) by the declared trends of the registry",
        "drawn_by": "risk", "low": "0.93", "high": "1.075", "most": "0.95",
    })  # fmt: skip


def risk_by_decile(raw: Raw) -> Made:
    """Share of adults with each behaviour or loneliness by deprivation decile."""
    table = raw.csv("tables/risk_factors_by_imd_quintile.csv")
    names = {"smoking_current": "smoking", "obesity_bmi30": "obesity", "inactive_lt30min": "inactivity",
             "loneliness_often_always": "isolation", "alcohol_gt14units": "alcohol",
             "digital_offline_home": "offline"}  # fmt: skip
    fifths = {
        name: table[table["risk_factor"] == theirs].sort_values("imd_quintile_1_most_deprived")["prevalence"].to_numpy()
        for theirs, name in names.items()
    }
    fifths["ex_smoking"] = np.array([0.24, 0.255, 0.265, 0.27, 0.27])
    made = pd.DataFrame([
        (name, decile + 1, round(share, 5))
        for name, shares in fifths.items()
        for decile, share in enumerate(in_deciles(shares, SMOKERS_AT_ENDS if name == "smoking" else None))
    ], columns=["risk", "decile", "value"])  # fmt: skip
    return Made("risk_by_decile", made, {
        "title": "Behaviours, loneliness and being offline of adults by national deprivation decile (1 most deprived)",
        "unit": "share of adults",
        "source": "Smoking ONS 2021 (deciles 1 and 10: 23.8 % and 6.8 %, read); obesity HSE 2021 (34 % and 20 %, read);"
        " inactivity Active Lives 2022-23; loneliness Community Life Survey; ex-smoking and alcohol HSE; offline Ofcom",
        "grade": "recalled",
        "note": "Used as ratios between deciles only. Published by fifth, but for smoking at the ends; the two deciles"
        " of a fifth lie on either side of it by the slope between its neighbours, so that fifths are kept. Middle"
        " fifths are interpolated; ex-smoking is nearly flat",
    })  # fmt: skip


def in_deciles(fifths: NDArray[np.float64], ends: tuple[float, float] | None = None) -> list[float]:
    """Ten shares whose means by two are the given five: each decile lies off its fifth by half a decile of the slope
    between the fifth's neighbours (at the ends, to its one neighbour). ends: the first and last decile, if known."""
    half = -np.gradient(fifths) / 4  # fifths' middles are two deciles apart
    if ends:
        half[0], half[-1] = ends[0] - fifths[0], fifths[-1] - ends[1]
    return [float(share) for share in np.stack([fifths + half, fifths - half], axis=1).reshape(-1)]


def transitions(raw: Raw) -> Made:
    """Yearly probabilities of changing behaviour."""
    table = raw.csv("tables/behaviour_transitions.csv")
    names = {"smoking_initiation": "start_smoking", "smoking_cessation_12m_unaided_background": "quit_smoking",
             "obesity_onset_normal_to_obese": "become_obese", "obesity_remission_to_bmi_lt30": "lose_obesity",
             "inactive_to_active": "become_active", "active_to_inactive": "become_inactive"}  # fmt: skip
    table = table[table["transition"].isin(list(names))]
    table = pd.concat([table, bands(table["age_band"])], axis=1).assign(
        process=lambda t: t["transition"].map(names), value=lambda t: t["annual_probability"],
        grade="recalled",
    )  # fmt: skip
    more = pd.DataFrame([
        ("quit_smoking", 16, 17, 0.055, 0.03, 0.08, "recalled"),
        ("lose_obesity", 16, 17, 0.045, 0.03, 0.06, "recalled"),
        ("become_active", 16, 17, 0.14, 0.08, 0.20, "recalled"),
        ("relapse", 18, OLDEST, 0.015, 0.008, 0.03, "recalled"),
        ("recover_lonely", 16, OLDEST, 0.40, 0.25, 0.55, "judgement"),
        ("stop_drinking", 16, OLDEST, 0.15, 0.08, 0.25, "judgement"),
        ("get_online", 16, OLDEST, 0.04, 0.01, 0.08, "judgement"),
        ("leave_cold_home", 0, OLDEST, 0.15, 0.08, 0.25, "judgement"),
        ("gain_income", 0, OLDEST, 0.30, 0.20, 0.40, "recalled"),
    ], columns=["process", "age_from", "age_to", "value", "low", "high", "grade"])  # fmt: skip
    columns = list(more.columns)
    return Made("transitions", pd.concat([table[columns], more]), {
        "title": "Yearly probability of taking up or leaving a behaviour, loneliness or a circumstance",
        "unit": "probability a year",
        "source": "Smoking Toolkit Study and Hughes 2008 (quitting, relapse); CALIBER, Katsoulis 2021 Lancet Diab"
        " Endo and"
        " Fildes 2015 (obesity); Active Lives and UKHLS (activity); loneliness: UKHLS waves, about 4 in 10 no longer"
        " often lonely a year later (judged); drinking, internet and cold homes judged; low income: DWP Income"
        " Dynamics, about a third leave relative low income in a year",
        "grade": "recalled",
        "note": "They fix turnover; the opposite direction is solved so that the age profile follows the declared"
        " trend."
        " Relapse is a mean over all ex-smokers (35 % in the first year, 1 % a year after six)",
        "distribution": "beta", "drawn_by": "process",
    })  # fmt: skip


def contact_rate(raw: Raw) -> Made:
    """Use of care by age and sex."""
    table = raw.csv("tables/care_use_by_age_sex.csv")
    names = {"gp_practice_appointments_per_person_year": ("gp", 1), "ae_attendances_all_types_per_1000": ("ed", 1000),
             "emergency_admissions_per_1000": ("emergency", 1000), "outpatient_first_attendances_per_1000":
             ("first_outpatient", 1000), "elective_admissions_incl_daycase_per_1000": ("elective", 1000)}  # fmt: skip
    table = table[table["measure"].isin(list(names))]
    table = pd.concat([table, bands(table["age_band"])], axis=1).assign(
        kind=lambda t: t["measure"].map(lambda m: names[m][0]), sex=lambda t: t["sex"].map(SEX),
        value=lambda t: t["value"] / t["measure"].map(lambda m: names[m][1]),
    )  # fmt: skip
    return Made("contact_rate", table[["kind", "sex", "age_from", "age_to", "value"]].round(5), {
        "title": "Use of care by age and sex, England",
        "unit": "contacts per person-year",
        "source": "Levels: GP 363.6m appointments in 12 months to March 2024 (NHSE) for 62.9m registered, read; A&E"
        " 24.7m and"
        " emergency admissions 6.42m in 2023/24 (NHSE via healthyr), read; first outpatients and elective admissions"
        " HES,"
        " recalled. Age-sex shapes: Hobbs 2016 Lancet 387:2323 (GP), HES/ECDS (others)",
        "grade": "recalled",
        "note": "GP is what was served, all staff, not need",
        "drawn_by": "kind", "low": "0.95", "high": "1.05",
    })  # fmt: skip


TABLES: tuple[Callable[[Raw], Made], ...] = (
    prevalence, prevalence_gradient, risk_prevalence, risk_by_decile, transitions, contact_rate, *PEOPLE,
)  # fmt: skip


def build(folder: Path, out: Path = FOLDER) -> Iterator[str]:
    """Write every prepared table from the raw files in `folder`; yields the name of each as it is done."""
    raw = Raw(folder)
    for make in TABLES:
        made = make(raw)
        made.write(out)
        yield made.name


def main(arguments: list[str]) -> int:
    """Command line: one argument, the folder of raw files."""
    if len(arguments) != 1:
        raise UserError("Give one folder: python -m sim.evidence.prepare FOLDER.")
    for name in build(Path(arguments[0])):
        print(name)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as fault:
        print(fault, file=sys.stderr)
        sys.exit(2)
