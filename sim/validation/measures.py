"""What a target may measure: names, which of four kinds each is, and which filters and estimands it allows.

People   states, means and processes of residents, worked out from everyone's own columns at a month: any filter.
Tables   life expectancy and total fertility, from processes by age: any filter.
Outcomes what the recorder counts month by month: by age group, local fifth, neighbourhood.
Inputs   `number:NAME` of the evidence registry and `area:COLUMN` of the place: not results at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

STATE, MEAN, PROCESS, TABLE, OUTCOME, UNFITTED, NUMBER, AREA = (
    "state", "mean", "process", "table", "outcome", "unfitted", "number", "area",
)  # fmt: skip
OF_PEOPLE = (STATE, MEAN, PROCESS)
ALIASES = {
    "smoking": "smoker", "obesity": "obese", "inactivity": "inactive", "drinking": "drinker", "loneliness": "lonely",
    "not_online": "offline", "cold_homes": "cold_home", "low_incomes": "low_income", "eq5d": "utility",
}  # fmt: skip
TOGETHER = ("frailty", "multimorbidity", "long_term_condition", "activation_level_1")
"""States made of several: any frailty, two or more long-term conditions, one or more, lowest level of activation."""
MEANS = ("life_satisfaction", "utility", "activation", "contact", "control", "managed", "continuity", "experience")
SERVICES = {
    "need_ed": "ed",
    "need_emergency": "emergency",
    "need_first_outpatient": "referral",
    "need_gp": "gp_contact",
}
"""All kinds of need of a service together, as England's tables have it: before local level and monthly index."""
TABLES = ("life_expectancy", "total_fertility")
UNFITTED_OF = {
    "unfitted_ed_attendances": ("ed", "ed_attendances"),
    "unfitted_emergency_admissions": ("emergency", "emergency_admissions"),
    "unfitted_elective_referrals": ("referral", "elective_referrals"),
}
"""What the model would have said without the index fitted to each month: service of the ledger, measure fitted."""
ONSET, DIAGNOSE = "onset_", "diagnose_"


@dataclass(frozen=True)
class Named:
    """A measure by name and kind. condition: the one it counts, where it can be registered or not; else empty."""

    name: str
    kind: str
    condition: str = ""


@dataclass(frozen=True)
class Catalogue:
    """Every measure there is. states, processes, outcomes, numbers: names; conditions: those of the configuration.

    Of the outcomes: by_area, by_cell: kept by neighbourhood, and by that and age; of_trust: counted at the hospital;
    computed: worked out from whole years.
    """

    states: tuple[str, ...]
    conditions: tuple[str, ...]
    processes: tuple[str, ...]
    outcomes: tuple[str, ...]
    numbers: tuple[str, ...]
    columns: tuple[str, ...]
    by_area: frozenset[str] = frozenset()
    by_cell: frozenset[str] = frozenset()
    of_trust: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Name → kind, of all that are named plainly. People come before outcomes of the same name."""
        found = dict.fromkeys(self.outcomes, OUTCOME)
        found |= dict.fromkeys(UNFITTED_OF, UNFITTED) | dict.fromkeys(TABLES, TABLE)
        found |= dict.fromkeys((*self.processes, *SERVICES), PROCESS)
        return found | dict.fromkeys(MEANS, MEAN) | dict.fromkeys((*self.states, *TOGETHER), STATE)

    def find(self, text: str) -> tuple[Named, ...]:
        """One measure, or two of which the first is divided by the second (``a / b``). Raises `ValueError`."""
        parts = [part.strip() for part in text.split("/")]
        if not text.strip() or len(parts) > 2 or not all(parts):
            raise ValueError(f"is '{text}'; write the name of a measure, or two as a / b.")
        return tuple(self._one(part) for part in parts)

    def _one(self, name: str) -> Named:
        for prefix, known, what in ((NUMBER, self.numbers, "number of the evidence"), (AREA, self.columns, "column")):
            if name.startswith(f"{prefix}:"):
                rest = name.partition(":")[2].strip()
                if rest not in known:
                    raise ValueError(f"asks for '{rest}', which is no {what}.{_meant(rest, known)}")
                return Named(rest, prefix)
        asked = ALIASES.get(name, name)
        if asked not in self.kinds and name.endswith("_prevalence"):
            asked = name.removesuffix("_prevalence")
        if asked not in self.kinds:
            raise ValueError(f"is '{name}', which the model does not have.{_meant(name, [*self.kinds, *ALIASES])}")
        bare = asked.removeprefix(ONSET)
        return Named(asked, self.kinds[asked], bare if bare in self.conditions else "")


def _meant(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f" Did you mean {near[0]}?" if near else ""


def catalogue() -> Catalogue:
    """The measures of the model as it is configured."""
    from sim.evidence import load
    from sim.life import frailty, kinds
    from sim.life.conditions import shipped
    from sim.life.processes import BIRTH, DEATH, LEAVE, OF_BEHAVIOURS, of_condition
    from sim.life.states import States
    from sim.outcomes.measures import Measures
    from sim.places.shipped import tables

    conditions = shipped()
    names = tuple(condition.name for condition in conditions)
    steps = (frailty.BEGIN, frailty.FURTHER, frailty.RECOVER)
    processes = (DEATH, BIRTH, LEAVE, *kinds.HOSPITAL, *kinds.PRACTICE, *OF_BEHAVIOURS, *steps)
    processes += tuple(process for condition in conditions for process in of_condition(condition))
    areas = tables().areas
    table = Measures(names)
    parts = {name: [part for part in (one.numerator, one.denominator) if part] or [name] for name, one in table.items()}
    by_area, by_cell = (
        frozenset(name for name in table if set(parts[name]) <= set(kept)) for kept in (table.by_area, table.by_cell)
    )
    return Catalogue(
        states=States(names).names,
        conditions=names,
        processes=processes,
        outcomes=tuple(table),
        numbers=tuple(load()),
        columns=tuple(str(name) for name in areas.select_dtypes("number").columns),
        by_area=by_area,
        by_cell=by_cell,
        of_trust=frozenset(name for name, one in table.items() if one.scope == "hospital"),
        computed=frozenset(name for name, one in table.items() if one.kind == "computed"),
    )
