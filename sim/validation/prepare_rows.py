"""What stands in the model for each quantity of the published targets: one entry a quantity, first match wins.

Keys are columns of the grammar; `label` becomes the name, `less` is taken off the value, `complement` asks for one
minus it. A key with ``@local`` holds where the population is one authority, with ``@2022/23`` for that date.
"""

from __future__ import annotations

from collections.abc import Mapping

BUILT = {"by_construction": "yes", "role": "fit"}
INPUT = {"by_construction": "yes", "role": "input"}
ABSENT = {"measure": "none", "role": "check"}
REGISTER = {
    "group": "registers", "estimand": "registered", **BUILT, "by_construction@local": "no", "role@local": "check",
    "note@local": "registers may be fuller or emptier here than in England: that is shown, health stays",
}  # fmt: skip
GRADIENT = {
    "group": "deprivation", "statistic": "standardised ratio", "who": "fifth=1", "against": "fifth=5",
    "estimand": "registered", **BUILT,
}  # fmt: skip
RISK = {"group": "behaviour", **BUILT}
TRUST = {"group": "hospital", "unit": "events"}
_AT_2021, _AT_2022, _AT_2023 = {"year": "2021"}, {"year": "2022"}, {"year": "2023"}

PATTERNS: tuple[tuple[str, Mapping[str, str]], ...] = (
    (r"life_expectancy_(\w+)", {
        "label": r"life expectancy, \1", "measure": "life_expectancy", "who": r"sex=\1", "group": "people", **BUILT,
        "note": "of the death rates of 2019, before the calendar"}),
    (r"tfr", {"label": "children a woman", "measure": "total_fertility", "group": "people", **BUILT}),
    (r"mortality_rate_(\w)_age_([\d-]+)_imd_decile_(\d+)", {
        "label": r"deaths, \1 \2, decile \3", "measure": "death", "statistic": "rate",
        "who": r"sex=\1; age=\2; decile=\3", "group": "deaths", **BUILT,
        "note": "before the calendar: the level is that of 2019"}),
    # registers
    (r"qof_prevalence_diabetes 17\+", {
        "label": "type 2 diabetes register, 17+", "measure": "type2_diabetes", "who": "age=17+", "less": "0.005",
        "trend": "1.2%", **REGISTER, "note": "the register less half a point of type 1, which is not modelled",
        "note@local": "the register less half a point of type 1; how full it may be is shown, health stays"}),
    (r"qof_prevalence_CHD", {"label": "CHD register", "measure": "chd", "trend": "-1.5%", **REGISTER}),
    (r"qof_prevalence_COPD", {"label": "COPD register", "measure": "copd", **REGISTER}),
    (r"qof_prevalence_stroke/TIA", {
        "label": "stroke and TIA register", "measure": "stroke", "trend": "-0.3%", **REGISTER}),
    (r"qof_prevalence_heart failure", {
        "label": "heart failure register", "measure": "heart_failure", "trend": "1%", **REGISTER, "role": "check",
        "note": "contradicts the incidence row: the model holds 1.5 % true and six in ten of them registered"}),
    (r"qof_prevalence_hypertension", {"label": "hypertension register", "measure": "hypertension", **REGISTER}),
    (r"qof_prevalence_depression 18\+", {
        "label": "depression register, 18+", "measure": "depression", "who": "age=18+", "trend": "2%", **REGISTER,
        "estimand": "coded", "note": "ever coded, another construct than the survey of the past week below"}),
    (r"age_adjusted_prevalence_ratio_Q1_to_Q5_(\w+)", {
        "label": r"\1 register, fifth 1 to fifth 5", "measure": r"\1", **GRADIENT}),
    # illness by survey
    (r"hypertension_measured_Men_(.+)", {
        "label": r"hypertension measured, men \1", "measure": "hypertension", "who": r"sex=male; age=\1",
        "year": "2022", "group": "illness",
        "note": "measured on one day or treated; the register plus the undiagnosed is the model's"}),
    (r"hypertension_measured_Women_(.+)", {
        "label": r"hypertension measured, women \1", "measure": "hypertension", "who": r"sex=female; age=\1",
        "year": "2022", "group": "illness",
        "note": "measured on one day or treated; the register plus the undiagnosed is the model's"}),
    (r"common_mental_disorder_16_64", {
        "label": "common mental disorder, 16-64", "measure": "depression", "who": "age=16-64", "year": "2023",
        "group": "illness", "note": "symptoms in the past week; the model's depression is ever coded and recovers"}),
    (r"any_frailty_50_64", {
        "label": "frailty, 50-64", "measure": "frailty", "who": "age=50-64", "group": "illness", **BUILT}),
    (r"any_frailty_65plus", {
        "label": "frailty, 65+", "measure": "frailty", "who": "age=65+", "group": "illness", **BUILT}),
    (r"t2d_incidence_per_1000", {
        "label": "new type 2 diabetes", "measure": "onset_type2_diabetes", "statistic": "rate",
        "unit": "per 1000", "estimand": "registered", "group": "illness", **BUILT}),
    (r"hf_incidence_std_per_1000", {
        "label": "new heart failure", "measure": "onset_heart_failure", "statistic": "rate", "unit": "per 1000",
        "who": "age=16+", "estimand": "registered", "group": "illness",
        "note": "published as standardised to Europe; with it and the register 37 % of cases would be lost a year"}),
    (r"copd_prevalence_validated_40plus", {
        "label": "COPD, validated, 40+", "measure": "copd", "who": "age=40+", "estimand": "registered",
        "group": "illness", "note": "validated records, not registers: contradicts the register row"}),
    (r"multimorbidity_2plus_adults_36_conditions", {
        "label": "two or more of 36 conditions, adults", "measure": "multimorbidity", "who": "age=18+",
        "group": "illness", "note": "the model has 12 conditions of those 36, some of them undiagnosed"}),
    # behaviours
    (r"smoking_adults_imd_decile(\d+)", {
        "label": r"smoking, adults, decile \1", "measure": "smoking", "who": r"age=18+; decile=\1",
        "trend": "-3.8%", **RISK, **_AT_2021,
        "note": "the declared half point a year is 3.8 % of England's 13.1 %, and of each decile's share"}),
    (r"smoking_adults", {
        "label": "smoking, adults", "measure": "smoking", "who": "age=18+", "trend": "-0.005", **RISK, **_AT_2023}),
    (r"obesity_adults", {
        "label": "obesity, adults", "measure": "obesity", "who": "age=18+", "trend": "0.002", **RISK, **_AT_2022}),
    (r"obesity_(\d+)_(\d+)", {
        "label": r"obesity, \1-\2", "measure": "obesity", "who": r"age=\1-\2", "trend": "0.002", **RISK, **_AT_2022}),
    (r"obesity_imd_q(\d)", {
        "label": r"obesity, adults, fifth \1", "measure": "obesity", "who": r"age=18+; fifth=\1", "trend": "0.002",
        **RISK, **_AT_2021}),
    (r"inactive_adults", {
        "label": "inactivity, adults", "measure": "inactivity", "who": "age=18+", **RISK, **_AT_2023}),
    (r"alcohol_gt14_(men|women)", {
        "label": r"over 14 units a week, \1", "measure": "drinking", "who": r"sex=\1; age=18+", "trend": "-0.001",
        **RISK, **_AT_2021}),
    # general practice
    (r"gp_appointments_per_registered_person", {
        "label": "GP appointments a person", "measure": "gp_appointments", "statistic": "rate", "year": "2023/24",
        "group": "general practice", **BUILT}),
    (r"gp_share_of_appointments", {
        "label": "appointments with a doctor", "measure": "number:care.staff_share_gp", "group": "general practice",
        **INPUT}),
    (r"gp_appointments_same_day", {
        "label": "appointments on the same day", "measure": "number:care.gp_urgent_share",
        "group": "general practice", **INPUT}),
    (r"gp_appointments_dna", {
        "label": "appointments not attended", "group": "general practice", **ABSENT,
        "note": "part of the slack of care.gp_utilisation; no appointment is missed in the model"}),
    (r"gp_appointments_wait_over_14_days", {
        "label": "appointments after more than 14 days", "group": "general practice", **ABSENT,
        "note": "the model's month is longer than this wait"}),
    (r"gp_difficult_to_contact", {
        "label": "found it difficult to reach the practice", "group": "general practice", **ABSENT,
        "note": "a survey of persons; the model counts contacts not offered"}),
    (r"gp_needs_met", {
        "label": "needs met at the last appointment", "group": "general practice", **ABSENT,
        "note": "a survey of persons; it bounds care.gp_unmet_share"}),
    (r"avoided_gp_because_too_difficult", {
        "label": "avoided the practice in a year", "group": "general practice", **ABSENT,
        "note": "a survey of persons; it bounds care.unmet_return"}),
    # hospital
    (r"ae_attendances", {
        "label": "A&E attendances", "measure": "ed_attendances", "year@2021/22": "2021/22",
        "year@2022/23": "2022/23", "year@2023/24": "2023/24", **TRUST, **INPUT,
        "note": "the monthly index is fitted to this series"}),
    (r"emergency_admissions", {
        "label": "emergency admissions", "measure": "emergency_admissions", "year@2021/22": "2021/22",
        "year@2022/23": "2022/23", "year@2023/24": "2023/24", **TRUST, **INPUT,
        "note": "the monthly index is fitted to this series"}),
    (r"ae_over_4h_share", {
        "label": "A&E over 4 hours", "measure": "ed_over_4h_share", "year@2022/23": "2022/23",
        "year@2023/24": "2023/24", "group": "hospital", "by_construction@2023/24": "yes", "role": "check",
        "note": "a curve of bed occupancy set at the level of 2023/24"}),
    (r"ga_beds_open", {
        "label": "general and acute beds open", "measure": "beds_open", "year@2022/23": "2022/23",
        "year@2023/24": "2023/24", "group": "hospital", **INPUT}),
    (r"ga_occupancy", {
        "label": "bed occupancy", "measure": "bed_occupancy", "year": "2023-04", "group": "hospital"}),
    (r"not_meeting_criteria_to_reside_per_day", {
        "label": "no longer meeting criteria to reside", "group": "hospital", **ABSENT,
        "note": "the model has those who remain (care.discharge_wait_share of occupied beds), not those who leave the "
        "same day"}),
    (r"rtt_over18w_index_mar24_vs_mar23", {
        "label": "over 18 weeks, ratio to Mar 2023", "measure": "waiting_over_18w",
        "statistic": "ratio", "year": "2024-03", "against_year": "2023-03", "group": "waiting"}),
    (r"rtt_within_18w", {
        "label": "waiting over 18 weeks", "measure": "waiting_over_18w_share", "year": "2024-03", "complement": "1",
        "group": "waiting", "note": "one minus the published share within 18 weeks; a hospital of the size and "
        "capacity that Hampshire Hospitals has a head"}),
    (r"(HIOW )ae_attendances_per_1000", {
        "label": "A&E attendances, all trusts", "measure": "number:care.ed_system_per_1000", "group": "use of care",
        **INPUT}),
    (r"ae_attendances_per_1000", {
        "label": "A&E attendances", "measure": "need_ed", "statistic": "rate", "group": "use of care", **BUILT,
        "note": "England's table, before the index that sets the level of the trust", }),
    (r"emergency_admissions_per_1000", {
        "label": "emergency admissions", "measure": "need_emergency", "statistic": "rate", "group": "use of care",
        **BUILT, "note": "England's table, before the index that sets the level of the trust"}),
    (r"outpatient_first_per_1000", {
        "label": "first outpatient attendances", "measure": "need_first_outpatient", "statistic": "rate",
        "group": "use of care", **BUILT, "note": "England's table, before the share that starts a clock"}),
    (r"elective_admissions_per_1000", {
        "label": "elective admissions", "group": "use of care", **ABSENT,
        "note": "the model treats those on its waiting list; other planned stays are constants of the books"}),
    (r"los_emergency_overnight", {
        "label": "emergency stay over night", "measure": "number:care.los_overnight", "group": "hospital",
        "role": "input",
        "note": "the model has the level of 2022 (9.1 days), which the bed-days of 2021-24 need"}),
    (r"los_elective_overnight", {
        "label": "planned stay over night", "measure": "number:care.los_elective", "group": "hospital", **INPUT}),
    (r"acsc_share_of_emergency_admissions", {
        "label": "preventable share of emergency admissions",
        "measure": "acsc_admissions / residents_emergency_admissions", "year": "2022/23", "group": "use of care"}),
    (r"outpatient_dna", {
        "label": "outpatient appointments not attended", "group": "use of care", **ABSENT,
        "note": "no clinic appointment is missed in the model"}),
    # wellbeing
    (r"life_satisfaction", {
        "label": "life satisfaction", "measure": "life_satisfaction", "who": "age=16+", "year": "2022/23",
        "year@2021": "2021", "group": "wellbeing", **BUILT, "by_construction@local": "no", "role@local": "check"}),
    (r"lonely_some_or_often_lsoa_mean", {
        "label": "lonely at least some of the time", "measure": "area:lonely_share", "group": "wellbeing", **INPUT}),
    (r"lonely_often_always", {
        "label": "lonely often or always", "measure": "loneliness", "who": "age=16+", "year": "2022/23",
        "group": "wellbeing", **BUILT}),
    (r"pam_level1_share_of_LTC", {
        "label": "long-term ill at lowest activation", "measure": "activation_level_1",
        "who": "age=18+; has=any", "group": "wellbeing", **BUILT}),
    (r"mean_eq5d_adults", {
        "label": "EQ-5D of adults", "measure": "eq5d", "who": "age=18+", "group": "wellbeing", **BUILT}),
)  # fmt: skip

RENAMED = {
    "sex=m": "sex=male", "sex=f": "sex=female", "sex=men": "sex=male", "sex=women": "sex=female",
    "stroke_tia": "stroke", "depression_recorded": "depression",
}  # fmt: skip
"""Words of the publishers in the columns measure, who and against, and the model's."""

READABLE = {
    ", m ": ", men ", ", f ": ", women ", "type2_diabetes": "type 2 diabetes", "copd": "COPD", "chd": "CHD",
    "stroke_tia": "stroke and TIA", "depression_recorded": "depression",
}  # fmt: skip
"""Their words in the label, and a reader's."""

_OWN = {"by_construction": "no", "role": "check", "note": "the model's own course: its level is set in 2023/24 only"}
UNFITTED: Mapping[str, tuple[Mapping[str, str], ...]] = {
    f"HHFT, {words}, {year}": ({**_OWN, "name": f"HHFT, {words}, {year}, index not fitted", "measure": measure},)
    for words, measure in (
        ("A&E attendances", "unfitted_ed_attendances"),
        ("emergency admissions", "unfitted_emergency_admissions"),
    )
    for year in ("2021/22", "2022/23")
}
"""Further rows: the observed years without the index that is fitted to them."""
