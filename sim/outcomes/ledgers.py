"""What a scenario costs and what it gives back: three ledgers that are never added up.

(a) *Cash*: spending that leaves a line. Activity avoided saves its marginal cost only, a share of the average that
    rises over some years, and only where the capacity is really closed: a freed bed in a full hospital is filled from
    the queue and saves nothing.
(b) *Capacity released*: GP contacts, A&E attendances and emergency bed-days no longer needed, at average unit cost.
    It can be used for others; it is not money.
(c) *Social value*: QALYs at their social value, or wellbeing years at theirs; never both.

All against the baseline under the same draw and seed, from the month the policy starts, in £ of 2024/25 discounted to
that month. Life-years after the horizon are not credited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.outcomes.record import RunRecord

if TYPE_CHECKING:
    from sim.evidence import Evidence

Array = NDArray[Any]
MONTHS_A_YEAR = 12


def evidence_of(run: RunRecord) -> Evidence:
    """The evidence under which a run was made: its draw, judged benefits on or off, and what was set by hand in it."""
    from sim.evidence import load

    drawn = load().draw(run.draw)
    replaced = run.meta.get("replaced")
    return (drawn.replaced(replaced) if replaced else drawn).judged(bool(run.meta.get("judged", True)))


@dataclass(frozen=True)
class Values:
    """Prices of one draw of the evidence; see `sim/evidence/parameters/outcomes.csv` for units and sources."""

    discount_rate: float
    discount_rate_health: float
    qaly: float
    wellby: float
    cash_share_first_year: float
    cash_share_later: float
    cash_share_years: float
    closed_share: float
    safe_occupancy: float
    unmet_share: float
    nhs_cost_per_qaly: float
    gp_contact: float
    ed_attendance: float
    bed_day: float
    worth_paying: float

    @classmethod
    @lru_cache(maxsize=1024)
    def of_draw(cls, draw: int, judged: bool = True) -> Values:
        """Those of an evidence draw (0 = central values), with or without judged benefits."""
        from sim.evidence import load

        return cls.of(load().draw(draw).judged(judged))

    @classmethod
    def of_run(cls, run: RunRecord) -> Values:
        """Those under which a run was made: its draw, judged benefits on or off, and what was set by hand in it."""
        if not run.meta.get("replaced"):
            return cls.of_draw(run.draw, bool(run.meta.get("judged", True)))
        return cls.of(evidence_of(run))

    @classmethod
    def of(cls, evidence: Mapping[str, float]) -> Values:
        """Those of some evidence: a draw, or one with values set by hand."""
        return cls(
            discount_rate=evidence["outcomes.discount_rate"],
            discount_rate_health=evidence["outcomes.discount_rate_health"],
            qaly=evidence["outcomes.qaly_value"],
            wellby=evidence["outcomes.wellby_value"],
            cash_share_first_year=evidence["outcomes.cash_share_first_year"],
            cash_share_later=evidence["outcomes.cash_share_later"],
            cash_share_years=evidence["outcomes.cash_share_years"],
            closed_share=evidence["outcomes.closed_share"],
            safe_occupancy=evidence["outcomes.safe_occupancy"],
            unmet_share=evidence["care.gp_unmet_share"],
            nhs_cost_per_qaly=evidence["outcomes.nhs_cost_per_qaly"],
            gp_contact=evidence["outcomes.unit_cost_gp"],
            ed_attendance=evidence["outcomes.unit_cost_ed"],
            bed_day=evidence["outcomes.unit_cost_bed_day"],
            worth_paying=evidence["outcomes.nice_threshold"],
        )


@dataclass(frozen=True)
class Ledgers:
    """One scenario against baseline under one draw and seed.

    Arrays are float64[months from policy start], not discounted:

    cost        £ spent on levers beyond the baseline's
    taken       £ by which existing budget lines were cut to pay for them
    cash        £ of cash saved (a); capacity: £ of capacity released (b)
    qalys, wellbys   gained (c); wellbys are life-satisfaction point-years of adults
    cash_by, capacity_by   `cash` and `capacity` by sector (general practice, hospital): who saves
    """

    scenario: str
    draw: int
    seed: int
    values: Values
    cost: Array
    taken: Array
    cash: Array
    capacity: Array
    qalys: Array
    wellbys: Array
    cash_by: dict[str, Array] = field(default_factory=dict)
    capacity_by: dict[str, Array] = field(default_factory=dict)

    def total(self, name: str, rate: float | None = None) -> float:
        """Discounted total of a ledger column over the horizon (rate a year; None = the evidence's 3.5 %)."""
        return self.discounted(getattr(self, name), rate)

    def discounted(self, amounts: Array, rate: float | None = None) -> float:
        """Discounted total of monthly amounts, float64[months from policy start]."""
        return float(self.discounted_months(amounts, rate).sum())

    def discounted_months(self, amounts: Array, rate: float | None = None) -> Array:
        """Monthly amounts, each discounted to the start of the policy: float64[months]."""
        return np.asarray(amounts * self._discount(rate))

    def _discount(self, rate: float | None = None) -> Array:
        rate = self.values.discount_rate if rate is None else rate
        return (1 + rate) ** (-np.arange(len(self.cost)) / MONTHS_A_YEAR)

    def payback_month(self, with_capacity: bool = False) -> int | None:
        """Months from policy start until cumulative discounted cash repays the levers' cost and stays so.

        1 = within the first month. None = not within the horizon, or nothing was spent. `with_capacity` counts the
        value of released capacity too, which is not money.
        """
        if not self.cost.any():
            return None
        back = self.cash + (self.capacity if with_capacity else 0.0)
        ahead = np.cumsum((back - self.cost) * self._discount()) >= 0
        if not ahead[-1]:
            return None
        behind = np.flatnonzero(~ahead)
        return int(behind[-1] + 2) if len(behind) else 1

    @property
    def net_cost(self) -> float:
        """Discounted £: what the levers cost less the cash they save. Money moved from existing lines counts in full,
        as new money does: what the model loses by the cut is in `qalys` as well, so that this is the cautious side."""
        return self.total("cost") - self.total("cash")

    @property
    def net_cost_of_new_money(self) -> float:
        """Discounted £: `net_cost` less what was taken from existing lines, the other side of the same account."""
        return self.net_cost - self.total("taken")

    @property
    def qalys_elsewhere(self) -> float:
        """Discounted QALYs that the NHS at its margin would have made of what the levers cost, less cash saved."""
        return self.net_cost / self.values.nhs_cost_per_qaly

    @property
    def qalys_displaced(self) -> float:
        """Discounted QALYs that the lines cut for it would have made at the NHS's margin (a check on the model)."""
        return self.total("taken") / self.values.nhs_cost_per_qaly

    @property
    def net_health_benefit(self) -> float:
        """Discounted QALYs gained less those that the NHS at its margin would have made of `net_cost`."""
        return self.total("qalys") - self.qalys_elsewhere

    @property
    def net_benefit(self) -> float:
        """Discounted £: QALYs at the threshold of NICE less `net_cost`. A rule for deciding, and no sum of ledgers:
        released capacity and wellbeing are left out."""
        return self.total("qalys") * self.values.worth_paying - self.net_cost

    @property
    def net_health_benefit_of_new_money(self) -> float:
        """As `net_health_benefit`, if only new money counted as cost: what the cut lines lose is then what the model
        itself loses by it, which may be too little."""
        return self.total("qalys") - self.net_cost_of_new_money / self.values.nhs_cost_per_qaly

    @property
    def net_benefit_of_new_money(self) -> float:
        """As `net_benefit`, if only new money counted as cost."""
        return self.total("qalys") * self.values.worth_paying - self.net_cost_of_new_money

    @property
    def social_value(self) -> float:
        """Discounted £ of QALYs gained; the alternative is `wellbeing_value`, never both."""
        return self.total("qalys") * self.values.qaly

    @property
    def wellbeing_value(self) -> float:
        """Discounted £ of wellbeing years gained: the alternative to `social_value`."""
        return self.total("wellbys") * self.values.wellby


def residents_bed_days(run: RunRecord) -> Array:
    """Bed-days that emergency stays of the place's residents need at all trusts, by month: the trust's times residents'
    admissions for each admission at the trust. Costs and health are residents', so what is released must be too.

    Planned stays and beds that were wanted and not there are left out: fewer of them are care not given, and release
    nothing. Records that do not tell them apart give all bed-days.
    """
    at_trust = run.months("emergency_admissions")
    ratio = np.divide(
        run.months("residents_emergency_admissions"), at_trust, out=np.zeros(len(at_trust)), where=at_trust > 0
    )
    return np.asarray(run.months("emergency_bed_days" if run.has("emergency_bed_days") else "bed_days") * ratio)


def ledgers(run: RunRecord, baseline: RunRecord, policy_start: int, values: Values | None = None) -> Ledgers:
    """The ledgers of a run against the baseline run of the same draw and seed.

    policy_start   month from which scenarios may differ
    values         prices; by default those of the run's own evidence draw
    Raises `UserError` when the two are not of the same draw, seed and months.
    """
    if (run.draw, run.seed, run.first_month, run.n_months) != (
        *(baseline.draw, baseline.seed, baseline.first_month, baseline.n_months),
    ):
        raise UserError("A run can only be set against the baseline of the same draw, seed and months.")
    values = values or Values.of_run(run)
    start = policy_start - run.first_month
    if not 0 <= start < run.n_months:
        raise UserError("The policy starts outside the months that were recorded.")

    def less(name: str) -> Array:
        return np.asarray((baseline.months(name) - run.months(name))[start:])

    beds = residents_bed_days(baseline) - residents_bed_days(run)
    released = {
        "practice": less("gp_need") * values.gp_contact,
        "hospital": less("residents_ed_attendances") * values.ed_attendance + beds[start:] * values.bed_day,
    }
    months = np.arange(run.n_months - start)
    ramp = np.clip((months / MONTHS_A_YEAR - 1) / max(values.cash_share_years - 1, 1e-9), 0, 1)
    share = values.cash_share_first_year + ramp * (values.cash_share_later - values.cash_share_first_year)
    with np.errstate(invalid="ignore"):
        room = run.months("bed_occupancy")[start:] / 100 < values.safe_occupancy
    closed = {"practice": released["practice"], "hospital": np.where(room, released["hospital"], 0.0)}
    cash = {sector: amount * share * values.closed_share for sector, amount in closed.items()}
    taken = np.zeros(run.n_months)
    for line in run.spend.keys() | baseline.spend.keys():
        nothing = np.zeros(run.n_months)
        taken += np.maximum(baseline.spend.get(line, nothing) - run.spend.get(line, nothing), 0.0)
    return Ledgers(
        *(run.scenario, run.draw, run.seed, values),
        cost=(_sum(run) - _sum(baseline))[start:],
        taken=taken[start:],
        cash=cash["practice"] + cash["hospital"],
        capacity=released["practice"] + released["hospital"],
        qalys=-less("qalys"),
        wellbys=-less("life_satisfaction_sum") / MONTHS_A_YEAR,
        cash_by=cash,
        capacity_by=released,
    )


def _sum(record: RunRecord) -> Array:
    return sum(record.lever_spend.values(), np.zeros(record.n_months))


def icer(several: list[Ledgers], rate_health: float | None = None) -> float | None:
    """£ per QALY gained over several runs: mean net cost over mean QALYs (never the mean of ratios).

    None where it has no meaning: no QALYs gained on average, or money saved (then the scenario is dominated, or
    dominates). `rate_health` discounts QALYs at another rate.
    """
    cost = float(np.mean([one.net_cost for one in several]))
    gained = float(np.mean([one.total("qalys", rate_health) for one in several]))
    return cost / gained if gained > 0 and cost > 0 else None
