"""A lever at work: what it asks for each month, whom it reaches, and what that adds up to in each neighbourhood.

Reach: money ÷ unit cost = persons, spread over neighbourhoods by the roll-out, at most the eligible × uptake a year;
what cannot be spent is not taken from its payers. Persons reached stay under the effect with a half-life.
Dose: money ÷ residents ÷ the studied dose = how much of it a neighbourhood has, which fades with a half-life when the
money stops. Money for community building is left with the neighbourhoods (`invested`), which turn it into community
capacity from the next month on (`sim.life.community`).
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.neighbourhoods import Neighbourhood
from sim.clock import MONTHS_A_YEAR
from sim.policy import policy_kernels as kernels
from sim.policy.adoption import adopted, dip
from sim.policy.budget import PENCE
from sim.policy.levers import PERCENT
from sim.policy.rollout import Filling, weights
from sim.policy.scenario import Use
from sim.policy.trial import MEASURING, SCALED, STOPPED, Trial, observed_energy

if TYPE_CHECKING:
    from sim.policy.eligibility import People
    from sim.system import CareSystem

Floats = NDArray[np.float64]
HUNDRED_THOUSAND = 100_000
_OWN = ("stock", "reached", "eligible", "limit", "weights", "start")


class Programme:
    """One lever of the running scenario, with its state by neighbourhood. Plain arrays: `clone` branches it."""

    def __init__(self, m: CareSystem, use: Use, policy_start: int) -> None:
        self.use, self.lever, self.policy_start = use, use.lever, policy_start
        self.rollout = use.rollout
        self.first = use.first_month(policy_start)
        areas = len(m.decile)
        self.parameters = {name: use.lever.value(m.evidence, name) for name in use.lever.parameters}
        self.stock: Floats = np.zeros(areas)  # persons under the effect, doses, or community capacity
        self.reached: Floats = np.zeros(areas)  # persons this month
        self.eligible: Floats = np.zeros(areas)
        self.limit: Floats = np.zeros(areas)  # most persons a month
        self.weights: NDArray[np.int64] = np.zeros(areas, np.int64)
        self.carried: dict[str, Floats] = {}  # of an area's chance of an event, what the eligible carry
        self.background: dict[str, float] = {}  # mean chance of an event among the eligible when the lever began
        self.bought = 0.0  # virtual beds, or discharge packages, this month (of the place, at 1:1)
        self.learned = 0.0  # months of learning by the staff it changes
        self.spread = float(m.evidence["levers.adoption_spread"]) if use.lever.staff else 0.0
        self.people: People | None = None
        self.filling: Filling | None = None  # how its money fills the neighbourhoods up
        self.reachable: float | None = None  # most persons a month where it runs
        self.trial = Trial(use.rollout.pilot, use.name, self.first) if use.rollout.pilot else None
        # the month in which each neighbourhood begins: with a pilot, not before it is its turn
        self.start: Floats = np.full(areas, np.inf if self.trial else float(self.first))
        self.asking = 0  # pence that measuring a pilot costs this month

    def parameter(self, name: str | None, default: float) -> float:
        """The drawn value of one of its parameters, or the default where its file names none."""
        return default if name is None else self.parameters[name]

    def clone(self) -> Programme:
        """An independent copy for branching; what cannot change is shared."""
        other = copy.copy(self)
        for name in _OWN:
            setattr(other, name, getattr(self, name).copy())
        other.background, other.carried = dict(self.background), dict(self.carried)
        other.trial = copy.deepcopy(self.trial)
        return other

    # -- money ---------------------------------------------------------------------------------------------------

    @property
    def payers(self) -> tuple[tuple[str, float | None], ...]:
        """Who pays this month: those of the pilot, where it names its own, until the lever is scaled."""
        if self.trial is not None and self.trial.phase != SCALED and self.trial.design.payers is not None:
            return self.trial.design.payers
        return self.use.payers

    def due(self, month: int) -> bool:
        """Whether it must know who is eligible this month."""
        return self.lever.looks_around and self.use.running(month, self.policy_start)

    def advance(self, m: CareSystem, month: int) -> None:
        """Before money: the pilot's steps that are due."""
        self.asking = 0
        if self.trial is None or not self.use.running(month, self.policy_start):
            return
        before = self.trial.phase
        self.asking = round(self.trial.advance(m, month) * PENCE)
        if self.trial.phase != before:
            self.filling = self.reachable = None
        if self.trial.phase != before and self.trial.acting:
            begins = self._open(np.ones(len(self.start))) > 0
            self.start[begins & np.isinf(self.start)] = month

    def amount(self, month: int) -> float:
        """Its amount this month: all of it, or of a pilot the part that gives its neighbourhoods the intended dose."""
        if self.trial is None:
            return self.use.amount_in(month, self.policy_start)
        if not self.use.running(month, self.policy_start) or self.trial.phase in (MEASURING, STOPPED):
            return 0.0
        if self.trial.phase == SCALED:
            return max(self.use.stepped(month - self.trial.scaled), self.use.amount * self._in_pilot())
        return self.use.amount * self._in_pilot()

    def _in_pilot(self) -> float:
        total = self.weights.sum()
        assert self.trial is not None
        return float(self.weights[self.trial.pilots].sum() / total) if total else 0.0

    def request(self, m: CareSystem, month: int, nhs_month_pence: int) -> tuple[int, int]:
        """(pence wanted, pence of them that can be spent) this month."""
        if self.lever.unit != PERCENT:
            pence = self._plan_pence(month, m.care.share)
            return pence, pence
        wanted = round(nhs_month_pence * self.amount(month) / 100)
        most = wanted
        if self.lever.reaches_people:
            if self.reachable is None:
                self.reachable = float(self._open(self.limit).sum())
            most = math.floor(self.reachable * self.parameters[self.lever.cost["per_person"]] * PENCE)
        elif "most_beds_per_100k" in self.lever.cost:
            per_head = self.parameters[self.lever.cost["most_beds_per_100k"]] / HUNDRED_THOUSAND
            table = m.table_of(Neighbourhood)
            beds = per_head * int(table.columns["residents"][: table.size].sum())
            most = math.floor(beds * self.parameters[self.lever.cost["per_bed_year"]] * PENCE / MONTHS_A_YEAR)
        return wanted + self.asking, min(wanted, most) + self.asking

    def _plan_pence(self, month: int, of_trust: float) -> int:
        """Capital in equal months before opening, then the cost of running what has opened: the place's share of it.

        of_trust: share of the trust's activity that is the place's.
        """
        cost, use, opening = self.lever.cost, self.use, self.first
        if use.stop is not None and month >= use.stop:
            return 0
        capital = round(self.parameter(cost.get("capital"), 0.0) * use.amount * of_trust * PENCE)
        begin = max(self.policy_start, opening - round(self.parameter(cost.get("capital_months"), 1.0)))
        months = max(opening - begin, 1)  # what opens at once is paid for at once
        done = month - begin
        building = capital * (done + 1) // months - capital * done // months if 0 <= done < months else 0
        running = self.parameter(cost.get("running_per_bed_year"), 0.0)
        return building + round(self.beds(month) * running * of_trust * PENCE / MONTHS_A_YEAR)

    def _open(self, of_area: NDArray[Any]) -> NDArray[Any]:
        """A quantity by neighbourhood, nothing where a pilot does not run."""
        if self.trial is None or self.trial.phase == SCALED:
            return of_area
        return np.asarray(np.where(self.trial.within(len(of_area)), of_area, 0))

    def weigh(self, m: CareSystem, people: People) -> None:
        """Bring the weights of the neighbourhoods up to date with who lives there."""
        table = m.table_of(Neighbourhood)
        homes, size = table.columns, table.size
        self.people = people
        energy, self.filling, self.reachable = observed_energy(m), None, None
        self.weights = weights(
            self.rollout.spread, homes["residents"][:size], homes["decile"][:size], energy, self.eligible
        )

    def spend(self, m: CareSystem, pence: int, faster: float = 0.0) -> None:
        """Spread this month's money over the neighbourhoods; count whom it reaches and let the stock move on.

        faster: how much sooner than usual staff take up new ways, from education (0: as usual).
        """
        cost, pence = self.lever.cost, pence - self.asking
        if self.lever.staff and pence > 0:
            self.learned += 1.0 + faster
        if self.lever.reaches_people:
            if self.filling is None:
                self.filling = Filling(self._open(self.weights).astype(np.float64), self.limit)
            self.reached = self.filling.of(pence / PENCE / self.parameters[cost["per_person"]])
            self.stock = self.stock * self._keep() + self.reached
        elif self.lever.by_dose:
            self._dose(m, pence)
        elif "per_bed_year" in cost:
            self.bought = pence / PENCE * MONTHS_A_YEAR / self.parameters[cost["per_bed_year"]]
        elif "per_package" in cost:
            self.bought = pence / PENCE / self.parameters[cost["per_package"]]

    def _keep(self) -> float:
        """What is left of the effect after a month."""
        return float(0.5 ** (1.0 / self.parameter(self.lever.half_life_months, math.inf)))

    def _dose(self, m: CareSystem, pence: int) -> None:
        table = m.table_of(Neighbourhood)
        homes, size = table.columns, table.size
        shares = self._open(self.weights)
        people = np.maximum(homes["residents"][:size], 1)
        yearly = shares * (pence / PENCE * MONTHS_A_YEAR / max(int(shares.sum()), 1)) / people
        dose = yearly / self.parameters[self.lever.cost["per_resident_year"]]
        if any(self.lever.of_kind("prevalence")):
            homes["invested"][:size] += yearly  # next month's growth: `sim.life.community`
            self.stock = homes["capacity"][:size].astype(np.float64)
        else:
            fading = self.stock * self._keep() if self.lever.half_life_months else 0.0
            self.stock = np.maximum(np.minimum(dose, 1.0), fading)

    # -- strength ------------------------------------------------------------------------------------------------

    @property
    def quiet(self) -> bool:
        """Whether nothing of it is felt anywhere."""
        return not (self.bought or np.count_nonzero(self.stock))

    def strength(self, month: int) -> Any:
        """How far its effect has come in, 0 to 1: nothing before the onset, then a straight line over the ramp, times
        the share of staff who work in the new way. By neighbourhood (float64[A]) in a pilot, else one number."""
        onset = self.parameter(self.lever.onset_months, 0.0)
        ramp = max(self.parameter(self.lever.ramp_months, 1.0), 1.0)
        if self.trial is not None:
            waited = month - self.start - onset
            return np.clip((waited + 1.0) / ramp, 0.0, 1.0) * (waited >= 0) * self.adopted
        since = month - self.first - onset
        return min(1.0, (since + 1.0) / ramp) * self.adopted if since >= 0 else 0.0

    @property
    def adopted(self) -> float:
        """Share of the staff it changes who work in the new way; 1 when it changes nobody's work."""
        staff = self.lever.staff
        return adopted(self.learned, self.parameters[staff["months"]], self.spread) if staff else 1.0

    def coverage(self) -> Floats:
        """How much of a neighbourhood is under the effect: of the eligible who was reached, or of the dose; 0–1."""
        if self.lever.reaches_people:
            covered = np.empty(self.stock.size)
            kernels.cover(self.stock, self.eligible, covered)
            return covered
        return np.asarray(np.minimum(self.stock, 1.0))

    def mean_coverage(self) -> float:
        """`coverage` as the mean over residents (of those who can be reached in a year, for a lever that reaches
        people: its staff are all at work when nobody more can be)."""
        if self.lever.reaches_people:
            most = float(self.limit.sum())
            return min(1.0, float(self.reached.sum()) / most) if most > 0 else 0.0
        if self.people is None or not self.lever.by_dose:
            return float(self.bought > 0)
        return float(self.coverage() @ self.people.residents / max(float(self.people.residents.sum()), 1.0))

    def learning_dip(self) -> float:
        """Part of its team's productivity that is lost this month because staff are learning."""
        staff = self.lever.staff
        if not staff or self.learned == 0.0:
            return 0.0
        return dip(self.adopted, self.parameters[staff["dip"]]) * self.mean_coverage()

    # -- what services get ---------------------------------------------------------------------------------------

    def beds(self, month: int) -> float:
        """Beds that a plan has opened by this month (the trust's own, at 1:1)."""
        if self.lever.unit == PERCENT or not self.use.running(month, self.policy_start):
            return 0.0
        beds = sum(self.parameters[act.target] for act in self.lever.of_kind("beds"))
        return float(self.use.amount * beds * self.strength(month))

    def beds_freed(self, month: int) -> float:
        """Hospital beds that care at home frees this month (of the place's residents, at 1:1)."""
        if not self.bought:
            return 0.0
        freed = sum(self.parameters[act.values["freed"]] for act in self.lever.of_kind("bed_days"))
        return float(self.bought * freed * self.strength(month))

    def slots(self, month: int, pence: float, return_on_money: float) -> float:
        """Elective pathways a month that this month's pence, or a plan's theatres, can complete (at 1:1)."""
        found = 0.0
        for act in self.lever.of_kind("slots"):
            if "of" in act.values:
                if self.use.running(month, self.policy_start):
                    theatres = self.parameters[act.values["of"]] * self.parameters[act.values["per_month_of_one"]]
                    found += self.use.amount * theatres * float(self.strength(month))
            elif pence:
                bought = pence / PENCE / self.parameters[self.lever.cost["per_slot"]]
                found += bought * return_on_money * float(self.strength(month))
        return found
