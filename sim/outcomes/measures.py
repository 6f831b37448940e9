"""The one table of measures: what is counted, in which unit, which direction is good, and who is covered.

A *raw* measure is recorded month by month (`flow`: counted over a month; `stock`: counted at the month's end). A
*derived* measure is a ratio of two raw ones (`share`, `mean`, `rate`) and is never stored. A *computed* measure
(life expectancy, inequality, money) is worked out from a whole run: see `sim.outcomes.computed`.

Measures of conditions are generated from the configured names, so adding a condition needs no code here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.errors import UserError

AGE_GROUPS = ("0–17", "18–39", "40–64", "65–74", "75–84", "85+")
AGE_GROUP_STARTS = (0, 18, 40, 65, 75, 85)
ADULT_AGE = 18  # the smallest age counted in `adults`; the first month of the second age group
N_FIFTHS = 5
RAW_KINDS = ("flow", "stock")

Conditions = Mapping[str, str] | Sequence[str]


@dataclass(frozen=True)
class Measure:
    """One thing that is measured.

    name         key used everywhere; label: words for people (no leading capital unless a name)
    unit         what one of it is, e.g. ``attendances a year`` (after a year's months are put together)
    kind         flow | stock (recorded), share | mean | rate (numerator ÷ denominator), computed
    good         +1 more is better, −1 less is better, 0 neither
    decimals     decimals worth showing of a *value*; changes are rounded to their own uncertainty
    scope        ``residents`` of the place, or ``hospital`` (the local trust, whoever its patients are)
    yearly       how twelve months become a year: sum | mean | end (value at the end of March)
    numerator, denominator, multiplier    for derived measures (multiplier 100 makes per cent)
    by_area      kept yearly for every neighbourhood (for maps)
    by_cell      kept yearly for every neighbourhood and age group (for age-standardised inequality)
    """

    name: str
    label: str
    unit: str
    kind: str
    good: int = 0
    decimals: int = 0
    scope: str = "residents"
    yearly: str = "sum"
    numerator: str = ""
    denominator: str = ""
    multiplier: float = 1.0
    by_area: bool = False
    by_cell: bool = False
    topic: str = ""

    @property
    def recorded(self) -> bool:
        """Whether the recorder stores it (else it follows from what is stored)."""
        return self.kind in RAW_KINDS

    @property
    def unit_after_label(self) -> str:
        """The unit where the label stands before it, without saying a thing twice: ``a year`` after *deaths*."""
        thing = self.unit.removesuffix(" a year")
        return self.unit[len(thing) :].strip() if self.label.endswith(thing) else self.unit


def _flow(name: str, label: str, unit: str, good: int = 0, topic: str = "", **more: Any) -> Measure:
    return Measure(name, label, f"{unit} a year", "flow", good, yearly="sum", topic=topic, **more)


def _stock(name: str, label: str, unit: str, good: int = 0, topic: str = "", **more: Any) -> Measure:
    more.setdefault("yearly", "end")
    return Measure(name, label, unit, "stock", good, topic=topic, **more)


def _percent(name: str, label: str, top: str, bottom: str, good: int, topic: str, **more: Any) -> Measure:
    more.setdefault("yearly", "end")
    return Measure(
        name, label, "%", "share", good, 1, numerator=top, denominator=bottom, multiplier=100, topic=topic, **more
    )


_TRUST: dict[str, Any] = {"scope": "hospital"}
_MAP: dict[str, Any] = {"by_area": True}
_CELL: dict[str, Any] = {"by_area": True, "by_cell": True}

_RAW: tuple[Measure, ...] = (
    # people
    _stock("residents", "residents", "people", topic="people", **_CELL),
    _stock("adults", "adults", "people", topic="people", **_MAP),
    _flow("births", "births", "births", topic="people"),
    _flow("deaths", "deaths", "deaths", -1, topic="people", **_CELL),
    _flow("arrivals", "people moving in", "people", topic="people"),
    _flow("departures", "people moving away", "people", topic="people"),
    # general practice
    _flow("gp_need", "need for general practice", "contacts", -1, topic="general practice", **_MAP),
    _flow("gp_appointments", "GP appointments", "appointments", topic="general practice", **_MAP),
    _stock("gp_waiting", "contacts waiting at practices", "contacts", -1, topic="general practice"),
    _flow("gp_given_up", "contacts given up", "contacts", -1, topic="general practice"),
    _flow("gp_to_ed", "to A&E for want of an appointment", "contacts", -1, topic="general practice"),
    _stock("unmet_need", "unmet needs", "needs", -1, topic="unmet need", **_CELL),
    # the hospital trust, whoever its patients are; then the residents, wherever they go
    _flow("ed_attendances", "A&E attendances", "attendances", -1, topic="hospital", **_TRUST),
    _flow("ed_over_4h", "A&E waits over 4 hours", "attendances", -1, topic="hospital", **_TRUST),
    _flow("emergency_admissions", "emergency admissions", "admissions", -1, topic="hospital", **_TRUST),
    _flow("bed_days", "bed-days", "bed-days", -1, topic="hospital", **_TRUST),
    _stock("beds_open", "beds open", "beds", yearly="mean", topic="hospital", **_TRUST),
    _stock("beds_occupied", "beds occupied", "beds", -1, yearly="mean", topic="hospital", **_TRUST),
    _flow("elective_referrals", "referrals to the waiting list", "referrals", topic="waiting", **_TRUST),
    _flow("elective_completed", "treated from the waiting list", "people", 1, topic="waiting", **_TRUST),
    _flow("elective_removed", "left the waiting list untreated", "people", -1, topic="waiting", **_TRUST),
    _stock("waiting_list", "hospital waiting list", "people", -1, topic="waiting", **_TRUST),
    _stock("waiting_over_18w", "waiting over 18 weeks", "people", -1, topic="waiting", **_TRUST),
    _stock("waiting_over_52w", "waiting over 52 weeks", "people", -1, topic="waiting", **_TRUST),
    _flow("residents_ed_attendances", "residents' A&E attendances, all trusts", "attendances", -1, "hospital", **_CELL),
    _flow("residents_emergency_admissions", "residents' emergency admissions, all trusts",
            "admissions", -1, "hospital", **_CELL),
    # behaviours and wellbeing
    _stock("smokers", "people who smoke", "people", -1, topic="behaviour", **_MAP),
    _stock("obese", "people living with obesity", "people", -1, topic="behaviour", **_MAP),
    _stock("inactive", "inactive people", "people", -1, topic="behaviour", **_MAP),
    _stock("lonely", "people often lonely", "people", -1, topic="wellbeing", **_CELL),
    _stock("multimorbid", "people with two or more conditions", "people", -1, topic="illness", **_CELL),
    _stock("life_satisfaction_sum", "sum of adults' life satisfaction", "points", 1, topic="wellbeing", **_MAP),
    _flow("qalys", "quality-adjusted life-years lived", "QALYs", 1, topic="wellbeing"),
)  # fmt: skip

_DERIVED: tuple[Measure, ...] = (
    _percent("smoking", "smoking among adults", "smokers", "adults", -1, "behaviour"),
    _percent("obesity", "obesity among adults", "obese", "adults", -1, "behaviour"),
    _percent("inactivity", "inactivity among adults", "inactive", "adults", -1, "behaviour"),
    _percent("loneliness", "loneliness among adults", "lonely", "adults", -1, "wellbeing"),
    _percent("multimorbidity", "two or more conditions", "multimorbid", "residents", -1, "illness"),
    Measure("life_satisfaction", "life satisfaction (0–10)", "points", "mean", 1, 2, yearly="mean",
            numerator="life_satisfaction_sum", denominator="adults", topic="wellbeing"),
    _percent("gp_met_share", "GP contacts served for each asked for", "gp_appointments", "gp_need", 1,
            "general practice", yearly="sum"),
    _percent("ed_over_4h_share", "A&E waits over 4 hours", "ed_over_4h", "ed_attendances", -1,
            "hospital", yearly="sum", **_TRUST),
    _percent("bed_occupancy", "bed occupancy", "beds_occupied", "beds_open", -1, "hospital", yearly="mean", **_TRUST),
    _percent("waiting_over_18w_share", "hospital waits over 18 weeks", "waiting_over_18w",
            "waiting_list", -1, "waiting", **_TRUST),
    Measure("emergency_admission_rate", "emergency admissions per 1,000 residents", "per 1,000 a year", "rate", -1, 1,
            yearly="sum", numerator="residents_emergency_admissions", denominator="residents",
            multiplier=12_000, topic="hospital"),
    Measure("death_rate", "deaths per 1,000 residents", "per 1,000 a year", "rate", -1, 2, yearly="sum",
            numerator="deaths", denominator="residents", multiplier=12_000, topic="people"),
    Measure("unmet_need_rate", "unmet needs per 1,000 residents", "per 1,000", "rate", -1, 1, yearly="end",
            numerator="unmet_need", denominator="residents", multiplier=1_000, topic="unmet need"),
)  # fmt: skip

_COMPUTED: tuple[Measure, ...] = (
    Measure("life_expectancy", "life expectancy at birth", "years", "computed", 1, 1, topic="people"),
    Measure("life_expectancy_female", "life expectancy at birth, women", "years", "computed", 1, 1, topic="people"),
    Measure("life_expectancy_male", "life expectancy at birth, men", "years", "computed", 1, 1, topic="people"),
    Measure("life_expectancy_gap", "gap in life expectancy, least to most deprived fifth", "years",
            "computed", -1, 1, topic="inequality"),
    Measure("deaths_under_75", "deaths under 75", "deaths a year", "computed", -1, 0, topic="people"),
    Measure("inequality_multimorbidity", "multimorbidity by deprivation, slope",
            "percentage points", "computed", -1, 1, topic="inequality"),
    Measure("inequality_emergency", "emergency admissions by deprivation, slope",
            "per 1,000 a year", "computed", -1, 1, topic="inequality"),
    Measure("inequality_loneliness", "loneliness by deprivation, slope", "percentage points",
            "computed", -1, 1, topic="inequality"),
    Measure("inequality_deaths", "deaths by deprivation, slope", "per 1,000 a year", "computed",
            -1, 1, topic="inequality"),
    Measure("lever_spend", "spent on the scenario's levers", "£ a year", "computed", 0, 0, topic="money"),
    Measure("service_spend", "spent on the budget lines", "£ a year", "computed", 0, 0, topic="money"),
)  # fmt: skip


def labels_of(conditions: Conditions) -> dict[str, str]:
    """Condition names with words for people: no leading capital but for abbreviations.

    A plain list of names is put into words by replacing underscores.
    """
    if isinstance(conditions, Mapping):
        return {str(name): _within_a_sentence(str(label)) for name, label in conditions.items()}
    return {str(name): str(name).replace("_", " ") for name in conditions}


def _within_a_sentence(label: str) -> str:
    first = label.split(" ")[0]
    return label if first.isupper() and len(first) > 1 else label[:1].lower() + label[1:]


class Measures(Mapping[str, Measure]):
    """All measures by name, for a given list of conditions.

    conditions   names (or name → label) in the order of the configuration
    Raises `UserError` when a condition has the name of another measure or comes twice.
    """

    def __init__(self, conditions: Conditions = ()) -> None:
        names = list(conditions)
        self.conditions = labels_of(conditions)
        everything = [*_RAW, *_DERIVED, *_COMPUTED]
        for name, label in self.conditions.items():
            everything += [
                _stock(name, f"people with {label}", "people", -1, topic="illness", by_area=True),
                _flow(f"{name}_new", f"new cases of {label}", "people", -1, topic="illness"),
                _percent(f"{name}_prevalence", f"{label}", name, "residents", -1, "illness"),
            ]
        self._table: dict[str, Measure] = {}
        for measure in everything:
            if measure.name in self._table or len(names) != len(self.conditions):
                raise UserError(f"Two measures would be called '{measure.name}'; give the condition another name.")
            self._table[measure.name] = measure
        self.recorded: tuple[str, ...] = tuple(m.name for m in everything if m.recorded)
        self.by_area: tuple[str, ...] = tuple(m.name for m in everything if m.recorded and m.by_area)
        self.by_cell: tuple[str, ...] = tuple(m.name for m in everything if m.recorded and m.by_cell)

    def __getitem__(self, name: str) -> Measure:
        if name not in self._table:
            from difflib import get_close_matches

            near = get_close_matches(str(name), self._table, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UserError(f"There is no measure called '{name}'.{hint}")
        return self._table[name]

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)
