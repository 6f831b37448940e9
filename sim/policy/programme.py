"""A lever at work: what it asks for each month, whom it reaches, and what that adds up to in each neighbourhood.

Reach: money ÷ unit cost = persons, spread over neighbourhoods by the roll-out, at most the eligible × uptake a year;
what cannot be spent is not taken from its payers. Persons reached stay under the effect with a half-life.
Investment in a neighbourhood builds community capacity K: dK/dt = (energy × dose − K) ln 2 / half-life, the dose in
units of the studied dose. K is 1 in the long run where the studied dose is paid, and halves in a half-life after it.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.neighbourhoods import Neighbourhood
from sim.clock import MONTHS_A_YEAR
from sim.draws import ONE
from sim.policy.budget import PENCE
from sim.policy.levers import PERCENT
from sim.policy.rollout import divide, fill, weights
from sim.policy.scenario import Use

if TYPE_CHECKING:
    from sim.system import CareSystem

Floats = NDArray[np.float64]
_MIDDLE_FIFTH, _FIFTHS_APART = 2, 4


class Programme:
    """One lever of the running scenario, with its state by neighbourhood. Plain arrays: `deepcopy` branches it."""

    def __init__(self, m: CareSystem, use: Use, policy_start: int) -> None:
        self.use, self.lever, self.policy_start = use, use.lever, policy_start
        areas = len(m.decile)
        self.parameters = {name: float(m.evidence[name]) for name in use.lever.parameters}
        self.stock: Floats = np.zeros(areas)  # persons under the effect, or community capacity
        self.reached: Floats = np.zeros(areas)  # persons this month
        self.eligible: Floats = np.zeros(areas)
        self.limit: Floats = np.zeros(areas)  # most persons a month
        self.area_pence: NDArray[np.int64] = np.zeros(areas, np.int64)
        self.background: dict[str, float] = {}

    def parameter(self, name: str | None, default: float) -> float:
        """The drawn value of one of its parameters, or the default where its file names none."""
        return default if name is None else self.parameters[name]

    def clone(self) -> Programme:
        """An independent copy for branching; what cannot change is shared."""
        other = copy.copy(self)
        for name in ("stock", "reached", "eligible", "limit", "area_pence"):
            setattr(other, name, getattr(self, name).copy())
        other.background = dict(self.background)
        return other

    # -- money ---------------------------------------------------------------------------------------------------

    def request(self, m: CareSystem, month: int, nhs_month_pence: int) -> tuple[int, int]:
        """(pence wanted, pence of them that can be spent) this month."""
        if self.lever.unit != PERCENT:
            pence = self._plan_pence(month, m.care.share)
            return pence, pence
        wanted = round(nhs_month_pence * self.use.amount_in(month, self.policy_start) / 100)
        if wanted == 0 or not self.lever.reaches_people:
            return wanted, wanted
        first = self.use.first_month(self.policy_start)
        if (month - first) % MONTHS_A_YEAR == 0:
            self.look_around(m)
        cost = self.parameters[self.lever.cost["per_person"]]
        return wanted, min(wanted, math.floor(self.limit.sum() * cost * PENCE))

    def _plan_pence(self, month: int, of_trust: float) -> int:
        """Capital in equal months before opening, then the cost of running what has opened: the place's share of it.

        of_trust: share of the trust's activity that is the place's.
        """
        cost, use, opening = self.lever.cost, self.use, self.use.first_month(self.policy_start)
        if use.stop is not None and month >= use.stop:
            return 0
        capital = round(self.parameter(cost.get("capital"), 0.0) * use.amount * of_trust * PENCE)
        begin = max(self.policy_start, opening - round(self.parameter(cost.get("capital_months"), 1.0)))
        months = max(opening - begin, 1)  # what opens at once is paid for at once
        done = month - begin
        building = capital * (done + 1) // months - capital * done // months if 0 <= done < months else 0
        running = self.parameter(cost.get("running_per_bed_year"), 0.0)
        return building + round(self.beds(month) * running * of_trust * PENCE / MONTHS_A_YEAR)

    def spend(self, m: CareSystem, pence: int) -> None:
        """Spread this month's money over the neighbourhoods; count whom it reaches and let the stock move on."""
        table = m.table_of(Neighbourhood)
        homes = table.columns
        size = table.size
        keep = 0.5 ** (1.0 / self.parameter(self.lever.half_life_months, math.inf))
        shares = weights(self.use.rollout, homes["residents"][:size], homes["decile"][:size])
        if self.lever.reaches_people:
            cost = self.parameters[self.lever.cost["per_person"]]
            self.reached = fill(pence / PENCE / cost, shares.astype(np.float64), self.limit)
            self.area_pence = divide(pence, np.rint(self.reached * 1_000).astype(np.int64))
            self.stock = self.stock * keep + self.reached
        elif "per_resident_year" in self.lever.cost:
            self.area_pence = divide(pence, shares)
            yearly = self.area_pence / PENCE * MONTHS_A_YEAR / np.maximum(homes["residents"][:size], 1)
            dose = yearly / self.parameters[self.lever.cost["per_resident_year"]]
            self.stock = self.stock * keep + (1.0 - keep) * homes["energy"][:size] * dose
            homes["invested"][:size] = yearly
            homes["capacity"][:size] = self.stock

    # -- people --------------------------------------------------------------------------------------------------

    def look_around(self, m: CareSystem) -> None:
        """Count who is eligible in each neighbourhood and how many of them can be reached in a month."""
        table = m.table_of(Neighbourhood)
        homes, areas = table.columns, table.size
        who = self.who(m)
        lsoa = m.residents.columns["lsoa"][: m.residents.size]
        self.eligible = np.bincount(lsoa[who], minlength=areas) / m.scale
        # uptake falls (or rises) by a constant ratio a fifth, so that the ratio is between the outermost fifths
        step = (_MIDDLE_FIFTH - homes["fifth"][:areas].astype(np.float64)) / _FIFTHS_APART
        uptake = self.parameter(self.lever.uptake, 1.0) * self.parameter(self.lever.deprivation_ratio, 1.0) ** step
        self.limit = self.eligible * np.minimum(uptake, 1.0) / MONTHS_A_YEAR
        if not self.background:
            chance = m.residents.columns["chance"]
            for act in self.lever.of_kind("rate"):
                column = m.rates.index[act.target]
                if column < chance.shape[1] and who.any():
                    rows = np.flatnonzero(who)
                    self.background[act.target] = float(chance[rows, column].mean(dtype=np.float64) / ONE)

    def who(self, m: CareSystem) -> NDArray[np.bool_]:
        """Which rows of the residents' table are eligible now (boolean, one a row in use or spare below size)."""
        r, size = m.residents.columns, m.residents.size
        alive: NDArray[np.bool_] = r["unique_id"][:size] != 0
        if self.lever.who is None:
            return alive
        states = m.states

        def lookup(name: str) -> NDArray[Any]:
            if name == "age":
                return np.asarray((m.month - r["born"][:size].astype(np.int32)) // MONTHS_A_YEAR)
            if name == "male":
                return np.asarray(r["male"][:size] != 0)
            if name == "fifth":
                return np.asarray(r["fifth"][:size].astype(np.int16) + 1)
            if name == "decile":
                return np.asarray(r["decile"][:size])
            return states.has(r["state"][:size], name)

        return alive & self.lever.who.evaluate(lookup)

    # -- strength ------------------------------------------------------------------------------------------------

    def strength(self, month: int) -> float:
        """How far its effect has come in, 0 to 1: nothing before the onset, then a straight line over the ramp."""
        waited = month - self.use.first_month(self.policy_start) - self.parameter(self.lever.onset_months, 0.0)
        if waited < 0:
            return 0.0
        ramp = self.parameter(self.lever.ramp_months, 1.0)
        return self.parameter(self.lever.adoption, 1.0) * min(1.0, (waited + 1.0) / max(ramp, 1.0))

    def share_reached(self) -> Floats:
        """Share of the eligible of each neighbourhood who are under the effect."""
        return np.minimum(np.divide(self.stock, self.eligible, out=np.zeros_like(self.stock), where=self.eligible > 0),
                          1.0)  # fmt: skip

    def eligible_share(self, m: CareSystem) -> Floats:
        """The eligible for each adult of a neighbourhood: life satisfaction is adults', and its mean is over them."""
        table = m.table_of(Neighbourhood)
        adults = np.maximum(table.columns["adults"][: table.size], 1)
        return np.asarray(self.eligible / adults)

    def beds(self, month: int) -> float:
        """Beds that a plan has opened by this month (the trust's own, at 1:1)."""
        if not self.use.running(month, self.policy_start):
            return 0.0
        beds = sum(self.parameters[act.target] for act in self.lever.of_kind("beds"))
        return self.use.amount * beds * self.strength(month)

    def slots(self, month: int, pence: float, return_on_money: float) -> float:
        """Elective pathways a month that this month's pence, or a plan's theatres, can complete (at 1:1)."""
        found = 0.0
        for act in self.lever.of_kind("slots"):
            if "of" in act.values:
                if self.use.running(month, self.policy_start):
                    theatres = self.parameters[act.values["of"]] * self.parameters[act.values["per_month_of_one"]]
                    found += self.use.amount * theatres * self.strength(month)
            elif pence:
                bought = pence / PENCE / self.parameters[self.lever.cost["per_slot"]]
                found += bought * return_on_money * self.strength(month)
        return found
