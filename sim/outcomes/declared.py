"""The measures that are there whatever the conditions: recorded, derived and computed ones.

Those marked `since` 2 belong to parts of the model that a record need not have (frailty, the three Cs, teams in the
community); they are `optional`: shown only where something was recorded under their name.
"""

from __future__ import annotations

from typing import Any

from sim.outcomes.measure import Measure


def flow(name: str, label: str, unit: str, good: int = 0, topic: str = "", **more: Any) -> Measure:
    """A measure counted over each month and summed over the year."""
    return Measure(name, label, f"{unit} a year", "flow", good, yearly="sum", topic=topic, **more)


def stock(name: str, label: str, unit: str, good: int = 0, topic: str = "", **more: Any) -> Measure:
    """A measure counted at the end of each month; the year's is that of March unless `yearly` says otherwise."""
    more.setdefault("yearly", "end")
    return Measure(name, label, unit, "stock", good, topic=topic, **more)


def percent(name: str, label: str, top: str, bottom: str, good: int, topic: str, **more: Any) -> Measure:
    """One recorded measure as per cent of another."""
    more.setdefault("yearly", "end")
    return Measure(
        name, label, "%", "share", good, 1, numerator=top, denominator=bottom, multiplier=100, topic=topic, **more
    )


_TRUST: dict[str, Any] = {"scope": "hospital"}
_MAP: dict[str, Any] = {"by_area": True}
_CELL: dict[str, Any] = {"by_area": True, "by_cell": True}
_NEW: dict[str, Any] = {"optional": True, "since": 2}
_COMMUNITY, _MIND, _SOCIAL, _CARE = "community care", "mental health", "social care", "joined-up care"

RAW: tuple[Measure, ...] = (
    # people
    stock("residents", "residents", "people", topic="people", **_CELL),
    stock("adults", "adults", "people", topic="people", **_MAP),
    flow("births", "births", "births", topic="people"),
    flow("deaths", "deaths", "deaths", -1, topic="people", **_CELL),
    flow("arrivals", "people moving in", "people", topic="people"),
    flow("departures", "people moving away", "people", topic="people"),
    # general practice
    flow("gp_need", "need for general practice", "contacts", -1, topic="general practice", **_MAP),
    flow("gp_appointments", "GP appointments", "appointments", topic="general practice", **_MAP),
    stock("gp_waiting", "contacts waiting at practices", "contacts", -1, topic="general practice"),
    flow("gp_given_up", "contacts given up", "contacts", -1, topic="general practice"),
    flow("gp_to_ed", "to A&E for want of an appointment", "contacts", -1, topic="general practice"),
    stock("unmet_need", "unmet needs", "needs", -1, topic="unmet need", **_CELL),
    # the hospital trust, whoever its patients are; then the residents, wherever they go
    flow("ed_attendances", "A&E attendances", "attendances", -1, topic="hospital", **_TRUST),
    flow("ed_over_4h", "A&E waits over 4 hours", "attendances", -1, topic="hospital", **_TRUST),
    flow("emergency_admissions", "emergency admissions", "admissions", -1, topic="hospital", **_TRUST),
    flow("bed_days", "bed-days in beds, planned ones too", "bed-days", -1, topic="hospital", **_TRUST),
    flow("emergency_bed_days", "bed-days that emergency stays need", "bed-days", -1, "hospital", **_TRUST, **_NEW),
    stock("beds_open", "beds open", "beds", yearly="mean", topic="hospital", **_TRUST),
    stock("beds_occupied", "beds occupied", "beds", -1, yearly="mean", topic="hospital", **_TRUST),
    flow("elective_referrals", "referrals to the waiting list", "referrals", topic="waiting", **_TRUST),
    flow("elective_completed", "treated from the waiting list", "people", 1, topic="waiting", **_TRUST),
    flow("elective_removed", "left the waiting list untreated", "people", -1, topic="waiting", **_TRUST),
    stock("waiting_list", "hospital waiting list", "people", -1, topic="waiting", **_TRUST),
    stock("waiting_over_18w", "waiting over 18 weeks", "people", -1, topic="waiting", **_TRUST),
    stock("waiting_over_52w", "waiting over 52 weeks", "people", -1, topic="waiting", **_TRUST),
    flow("residents_ed_attendances", "residents' A&E attendances, all trusts", "attendances", -1, "hospital", **_CELL),
    flow("residents_emergency_admissions", "residents' emergency admissions, all trusts",
            "admissions", -1, "hospital", **_CELL),
    # behaviours and wellbeing
    stock("smokers", "people who smoke", "people", -1, topic="behaviour", **_MAP),
    stock("obese", "people living with obesity", "people", -1, topic="behaviour", **_MAP),
    stock("inactive", "inactive people", "people", -1, topic="behaviour", **_MAP),
    stock("lonely", "people often lonely", "people", -1, topic="wellbeing", **_CELL),
    stock("multimorbid", "people with two or more long-term conditions", "people", -1, topic="illness", **_CELL),
    stock("life_satisfaction_sum", "sum of adults' life satisfaction", "points", 1, topic="wellbeing", **_MAP),
    flow("qalys", "quality-adjusted life-years lived", "QALYs", 1, topic="wellbeing"),
    # the three Cs and circumstances; sums of a state over people, for their means
    stock("contact_sum", "sum of contact", "people", 1, "wellbeing", **_MAP, **_NEW),
    stock("confidence_sum", "sum of adults' patient activation", "points", 1, "wellbeing", **_MAP, **_NEW),
    stock("control_sum", "sum of adults' control", "people", 1, "wellbeing", **_MAP, **_NEW),
    stock("managed_sum", "sum of how well long-term conditions are managed", "people", 1, "illness", **_NEW),
    stock("with_condition", "people with a long-term condition", "people", -1, "illness", **_NEW),
    stock("undiagnosed_sum", "conditions not yet diagnosed", "conditions", -1, "illness", **_NEW),
    stock("continuity_sum", "sum of continuity with one's own practice", "people", 1, "general practice", **_NEW),
    stock("experience_sum", "sum of experience scores, of 0–1", "people", 1, _CARE, **_NEW),
    stock("drinkers", "people drinking over 14 units a week", "people", -1, "behaviour", **_MAP, **_NEW),
    stock("offline", "people who are not online", "people", -1, "circumstances", **_MAP, **_NEW),
    stock("cold_home", "people in cold or overcrowded homes", "people", -1, "circumstances", **_MAP, **_NEW),
    stock("low_income", "people on a low income", "people", -1, "circumstances", **_MAP, **_NEW),
    stock("frail", "people living with frailty", "people", -1, "illness", **_CELL, **_NEW),
    stock("frail_severe", "people living with severe frailty", "people", -1, "illness", **_MAP, **_NEW),
    # general practice, and care outside hospital
    flow("gp_capacity", "appointments that practices can offer", "appointments", 1, "general practice", **_NEW),
    flow("community_referrals", "referrals to community teams", "referrals", 0, _COMMUNITY, **_NEW),
    stock("community_waiting", "waiting for community teams", "people", -1, _COMMUNITY, **_NEW),
    flow("mental_health_referrals", "referrals to mental health teams", "referrals", 0, _MIND, **_NEW),
    stock("mental_health_waiting", "waiting for mental health teams", "people", -1, _MIND, **_NEW),
    flow("mental_health_treated", "treated by mental health teams", "people", 1, _MIND, **_NEW),
    flow("social_care_requests", "requests for social care", "requests", 0, _SOCIAL, **_NEW),
    stock("social_care_waiting", "waiting for social care", "people", -1, _SOCIAL, **_NEW),
    flow("vcse_referrals", "referrals to charities and community groups", "referrals", 0, _COMMUNITY, **_NEW),
    stock("vcse_waiting", "waiting for charities and community groups", "people", -1, _COMMUNITY, **_NEW),
    flow("handoffs", "hand-offs to other teams and to clinics", "hand-offs", -1, _CARE, **_NEW),
    flow("completed_needs", "needs met by other teams", "needs", 1, _CARE, **_NEW),
    flow("completed_handoffs", "hand-offs that needs met by other teams took", "hand-offs", -1, _CARE, **_NEW),
    flow("right_first_time", "needs met right first time by other teams", "needs", 1, _CARE, **_NEW),
    flow("lost_referrals", "referrals lost between teams", "referrals", -1, _CARE, **_NEW),
    flow("acsc_admissions", "admissions that good care outside hospital can prevent", "admissions", -1, "hospital",
         **_CELL, **_NEW),
    flow("frailty_crises", "frailty crises", "crises", -1, "hospital", **_NEW),
    flow("injuries", "injuries that come to A&E", "attendances", -1, "hospital", **_NEW),
    flow("outpatient_first", "first appointments at clinics", "appointments", 0, "waiting", **_TRUST, **_NEW),
    flow("theatre_cases", "planned operations and stays", "people", 1, "waiting", **_TRUST, **_NEW),
)  # fmt: skip

DERIVED: tuple[Measure, ...] = (
    percent("smoking", "smoking among adults", "smokers", "adults", -1, "behaviour"),
    percent("obesity", "obesity among adults", "obese", "adults", -1, "behaviour"),
    percent("inactivity", "inactivity among adults", "inactive", "adults", -1, "behaviour"),
    percent("loneliness", "loneliness among adults", "lonely", "adults", -1, "wellbeing"),
    percent("multimorbidity", "two or more long-term conditions", "multimorbid", "residents", -1, "illness"),
    Measure("life_satisfaction", "life satisfaction (0–10)", "points", "mean", 1, 2, yearly="mean",
            numerator="life_satisfaction_sum", denominator="adults", topic="wellbeing"),
    percent("gp_met_share", "GP contacts served for each asked for", "gp_appointments", "gp_need", 1,
            "general practice", yearly="sum"),
    percent("ed_over_4h_share", "A&E waits over 4 hours", "ed_over_4h", "ed_attendances", -1,
            "hospital", yearly="sum", **_TRUST),
    percent("bed_occupancy", "bed occupancy", "beds_occupied", "beds_open", -1, "hospital", yearly="mean", **_TRUST),
    percent("waiting_over_18w_share", "hospital waits over 18 weeks", "waiting_over_18w",
            "waiting_list", -1, "waiting", **_TRUST),
    Measure("emergency_admission_rate", "emergency admissions per 1,000 residents", "per 1,000 a year", "rate", -1, 1,
            yearly="sum", numerator="residents_emergency_admissions", denominator="residents",
            multiplier=12_000, topic="hospital"),
    Measure("death_rate", "deaths per 1,000 residents", "per 1,000 a year", "rate", -1, 2, yearly="sum",
            numerator="deaths", denominator="residents", multiplier=12_000, topic="people"),
    Measure("unmet_need_rate", "unmet needs per 1,000 residents", "per 1,000", "rate", -1, 1, yearly="end",
            numerator="unmet_need", denominator="residents", multiplier=1_000, topic="unmet need"),
    percent("contact", "contact: share of social ties that are live", "contact_sum", "residents", 1, "wellbeing",
            **_NEW),
    Measure("activation", "patient activation (0–100)", "points", "mean", 1, 1, yearly="end",
            numerator="confidence_sum", denominator="adults", topic="wellbeing", **_NEW),
    percent("control", "control over home, income and work", "control_sum", "adults", 1, "wellbeing", **_NEW),
    percent("managed", "how well long-term conditions are managed", "managed_sum", "with_condition", 1, "illness",
            **_NEW),
    percent("continuity", "continuity with one's own practice", "continuity_sum", "residents", 1,
            "general practice", **_NEW),
    Measure("experience", "experience of care (0–100)", "points", "mean", 1, 1, yearly="end",
            numerator="experience_sum", denominator="residents", multiplier=100, topic=_CARE, **_NEW),
    percent("frailty", "living with frailty", "frail", "residents", -1, "illness", **_NEW),
    percent("drinking", "drinking over 14 units a week among adults", "drinkers", "adults", -1, "behaviour", **_NEW),
    percent("cold_homes", "living in cold or overcrowded homes", "cold_home", "residents", -1, "circumstances",
            **_NEW),
    percent("low_incomes", "living on a low income", "low_income", "residents", -1, "circumstances", **_NEW),
    percent("not_online", "not online", "offline", "residents", -1, "circumstances", **_NEW),
    percent("right_first_time_share", "needs met right first time, of those met by other teams", "right_first_time",
            "completed_needs", 1, _CARE, yearly="sum", **_NEW),
    Measure("handoffs_per_need", "hand-offs for each need met by other teams", "hand-offs", "mean", -1, 2,
            yearly="sum", numerator="completed_handoffs", denominator="completed_needs", topic=_CARE, **_NEW),
    Measure("acsc_rate", "preventable admissions per 1,000 residents", "per 1,000 a year", "rate", -1, 1,
            yearly="sum", numerator="acsc_admissions", denominator="residents", multiplier=12_000, topic="hospital",
            **_NEW),
)  # fmt: skip

_YEARS: dict[str, Any] = {"topic": "people", "by_fifth": True}
_SLOPE: dict[str, Any] = {"topic": "inequality"}
_POINTS, _RATE = "percentage points", "per 1,000 a year"


def _computed(name: str, label: str, unit: str, good: int, decimals: int = 1, **more: Any) -> Measure:
    return Measure(name, label, unit, "computed", good, decimals, **more)


COMPUTED: tuple[Measure, ...] = (
    _computed("life_expectancy", "life expectancy at birth", "years", 1, **_YEARS),
    _computed("life_expectancy_female", "life expectancy at birth, women", "years", 1, **_YEARS),
    _computed("life_expectancy_male", "life expectancy at birth, men", "years", 1, **_YEARS),
    _computed("life_expectancy_gap", "gap in life expectancy, least to most deprived fifth", "years", -1, **_SLOPE),
    _computed("healthy_life_expectancy", "healthy life expectancy at birth", "years", 1, **_YEARS, **_NEW),
    _computed("healthy_life_expectancy_female", "healthy life expectancy at birth, women", "years", 1, **_YEARS,
              **_NEW),
    _computed("healthy_life_expectancy_male", "healthy life expectancy at birth, men", "years", 1, **_YEARS, **_NEW),
    _computed("healthy_life_expectancy_gap", "gap in healthy life expectancy, least to most deprived fifth", "years",
              -1, **_SLOPE, **_NEW),
    _computed("quality_adjusted_life_expectancy", "quality-adjusted life expectancy at birth", "years", 1, **_YEARS,
              **_NEW),
    _computed("deaths_under_75", "deaths under 75", "deaths a year", -1, 0, **_YEARS),
    _computed("inequality_multimorbidity", "multimorbidity by deprivation, slope", _POINTS, -1, **_SLOPE),
    _computed("inequality_emergency", "emergency admissions by deprivation, slope", _RATE, -1, **_SLOPE),
    _computed("inequality_loneliness", "loneliness by deprivation, slope", _POINTS, -1, **_SLOPE),
    _computed("inequality_deaths", "deaths by deprivation, slope", _RATE, -1, **_SLOPE),
    _computed("inequality_unmet_need", "unmet need by deprivation, slope", "per 1,000", -1, **_SLOPE),
    _computed("inequality_frailty", "frailty by deprivation, slope", _POINTS, -1, **_SLOPE, **_NEW),
    _computed("inequality_acsc", "preventable admissions by deprivation, slope", _RATE, -1, **_SLOPE, **_NEW),
    _computed("months_gp_over", "months in which practices could offer clearly less of what was asked than in 2023/24",
              "months a year", -1, topic="general practice", **_NEW),
    _computed("months_beds_over", "months in which beds were fuller than is safe", "months a year", -1,
              topic="hospital", scope="hospital"),
    _computed("months_list_over", "months in which the hospital waiting list grew", "months a year", -1,
              topic="waiting", scope="hospital"),
    _computed("lever_spend", "spent on the scenario's levers", "£ a year", 0, 0, topic="money"),
    _computed("service_spend", "spent on the budget lines", "£ a year", 0, 0, topic="money"),
)  # fmt: skip
