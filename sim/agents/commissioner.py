"""The commissioner: one budget, what policy moves within it, and what services can do with what they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from numpy.typing import NDArray

from sim.agents.neighbourhoods import recount
from sim.clock import calendar_month, fin_year
from sim.errors import UserError
from sim.policy.budget import INERT, NAMES, NEW, PENCE, Budget, nhs_total, share
from sim.policy.effects import Effects
from sim.policy.eligibility import look_around
from sim.policy.programme import Programme
from sim.policy.scenario import NO_POLICY, Scenario
from sim.policy.targets import SHIFTS

if TYPE_CHECKING:
    from sim.outcomes.recorder import Recorder
    from sim.system import CareSystem

APRIL = 4
LOOK_YEARS = 2
"""How often it is counted who is eligible where: what changes in two years is small beside what is known of uptake."""


class Commissioner(mesa.Agent):
    """Moves money between the lines of one budget and turns what each service line then has into its capacity.

    Capacity of a line = growth since 2024/25 × level; the level follows (money ÷ money without policy) ^ elasticity,
    one elasticity for more money and one for less, with a mean lag. Without policy the level is exactly 1.
    Money is whole pence: every month the lines after policy sum to the lines before it plus declared new money.
    """

    model: CareSystem

    def __init__(self, model: CareSystem, budget: Budget | None = None) -> None:
        """budget: by default that of the model's place, for all its residents whatever the scale."""
        super().__init__(model)
        evidence, place = model.evidence, model.place
        people = np.asarray(place.counts).sum(axis=(1, 2))
        self.budget = budget or Budget.from_evidence(evidence, int(people.sum()))
        # of a pound for elective care, what residents spend at the modelled trust
        self.home = float(np.average(place.lsoas["hhft_share"].to_numpy(np.float64), weights=people))
        self.adopted = NO_POLICY
        self.programmes: dict[str, Programme] = {}
        self.month = -1
        self.paid: dict[str, int] = {}  # pence by lever, this month
        self._level = dict.fromkeys(NAMES, 1.0)
        self._dip = dict.fromkeys(NAMES, 0.0)  # part of a team's productivity lost while its staff learn
        self._slots = self._faster = 0.0
        self._growth: dict[str, float] = {}  # of lines asked for this month
        self.effects = Effects(len(place.practices))
        for state in SHIFTS:
            model.area_shift.setdefault(state, np.zeros(len(place.lsoas), np.float32))
        self._record: dict[str, dict[int, int]] = {}
        self._lines: dict[int, dict[str, int]] = {}  # by month, pence of each line after policy
        self._up = float(evidence["money.elasticity_up"])
        self._down = float(evidence["money.elasticity_down"])
        self._lag = max(1.0, float(evidence["money.capacity_lag_months"]))

    def adopt(self, scenario: Scenario, policy_start: int) -> None:
        """Take on a scenario, from the month in which its money may first move. Raises `UserError` for a payer that is
        not allowed to pay."""
        for use in scenario.active:
            for line, _ in use.payers:
                if line in INERT:
                    raise UserError(
                        f"{scenario.source_file}: levers.{use.name}.from: {line} cannot pay: no service of the model "
                        "depends on it, so that its loss would look free."
                    )
        recount(self.model)
        self.adopted = scenario
        self.programmes = {use.name: Programme(self.model, use, policy_start) for use in scenario.active}

    def advance(self, month: int | None = None) -> None:
        """Settle one month (the model's, unless said): who pays for what, what each line then has, and the capacity
        that follows."""
        month = self.model.month if month is None else month
        before = self.budget.month_pence(month)
        held, service, new = dict(before), dict(before), 0
        total = nhs_total(before)
        self.month, self.paid, self._slots, self._growth = month, {}, 0.0, {}
        self._look_around(month)
        for name, programme in self.programmes.items():
            programme.advance(self.model, month)
            wanted, pence = programme.request(self.model, month, total)
            for payer, part in share(pence, programme.payers, before).items():
                if payer == NEW:
                    new += part
                    self._note(f"new.{name}", month, part)
                else:
                    held[payer] -= part
                    service[payer] -= part
                    self._note(f"from.{payer}.{name}", month, part)
            held[programme.lever.line] += pence
            for act in programme.lever.of_kind("capacity"):
                service[act.target] += pence
            programme.spend(self.model, pence, self._faster)
            # bought for residents, counted in the trust's own units, in which its other capacity is kept
            self._slots += programme.slots(month, pence * self.home / self.model.care.share, self._up)
            self.paid[name] = pence
            self._note(f"lever.{name}", month, pence)
            self._note(f"unspent.{name}", month, wanted - pence)
        short = [line for line in NAMES if service[line] < 0]
        if short:
            raise UserError(
                f"{self.adopted.source_file}: levers: together they take more from {short[0]} than it has "
                f"(£{before[short[0]] / PENCE:,.0f} a month)."
            )
        if sum(held.values()) != sum(before.values()) + new:
            raise ArithmeticError(f"Money was not conserved in month {month}.")
        self._learn(month)
        self._lines[month] = held
        for line in NAMES:
            if service[line] != before[line] or self._level[line] != 1.0:
                self._settle(line, before[line], service[line])

    def _look_around(self, month: int) -> None:
        """Every second April since the policy began, and when a lever begins: who is eligible where."""
        first = min((one.policy_start for one in self.programmes.values()), default=month)
        again = calendar_month(month) == APRIL and (fin_year(month) - fin_year(first)) % LOOK_YEARS == 0
        due = [one for one in self.programmes.values() if (again or one.people is None) and one.due(month)]
        if self.programmes and again and not due:
            recount(self.model)
        if due:
            people = look_around(self.model, due)
            for programme in due:
                programme.weigh(self.model, people)

    def _learn(self, month: int) -> None:
        """What learning costs each team this month, and how much education speeds up next month's."""
        self._dip = dict.fromkeys(NAMES, 0.0)
        self._faster = 0.0
        for programme in self.programmes.values():
            if programme.lever.staff:
                team = programme.lever.staff["team"]
                self._dip[team] = 1.0 - (1.0 - self._dip[team]) * (1.0 - programme.learning_dip())
            for act in programme.lever.of_kind("adoption"):
                speed = programme.parameters[act.values["speed"]] * float(np.max(programme.strength(month)))
                self._faster += speed * programme.mean_coverage()

    def _settle(self, line: str, before: int, now: int) -> None:
        ratio = now / before if before else 1.0
        target = ratio ** (self._up if ratio > 1.0 else self._down)
        self._level[line] += (target - self._level[line]) / self._lag

    def capacity(self, line: str) -> float:
        """Capacity of a line this month, relative to the one it opened with in July 2020 (1 until April 2024)."""
        if line not in self._growth:
            self._growth[line] = self.budget.growth(line, self.month)
        return self._growth[line] * self.level(line)

    def level(self, line: str) -> float:
        """The part of `capacity` that policy makes, with what learning costs: exactly 1 without policy."""
        return self._level[line] * (1.0 - self._dip[line])

    @property
    def extra_beds(self) -> float:
        """Beds opened by plans or freed by care at home, of the whole trust at 1:1 (scale them as any of its beds)."""
        freed = sum(programme.beds_freed(self.month) for programme in self.programmes.values())
        return sum(one.beds(self.month) for one in self.programmes.values()) + freed * self.home / self.model.care.share

    @property
    def decisions(self) -> list[dict[str, Any]]:
        """What was decided about pilots so far, in the order of the levers: plain data."""
        trials = (programme.trial for programme in self.programmes.values())
        return [dict(decision) for trial in trials if trial is not None for decision in trial.decisions]

    @property
    def extra_slots(self) -> float:
        """Elective pathways that can be completed this month beyond `capacity`, of the whole trust at 1:1."""
        return self._slots

    # -- the record ----------------------------------------------------------------------------------------------

    def _note(self, what: str, month: int, pence: int) -> None:
        if pence:
            entry = self._record.setdefault(what, {})
            entry[month] = entry.get(month, 0) + pence

    def record(self, recorder: Recorder) -> None:
        """Hand this month's money to the recorder: spending of each line after policy, and of each lever."""
        for line, pence in self._lines[self.month].items():
            recorder.money(line, pence / PENCE)
        for lever, pence in self.paid.items():
            recorder.lever_money(lever, pence / PENCE)

    def spend(self, first_month: int, months: int) -> dict[str, NDArray[np.float64]]:
        """Pounds a month (2024/25 prices, the whole place) from `first_month` on, one array of `months` an entry.

        ``line.<line>``: what is spent in a line after policy; ``lever.<lever>``: what a lever spends (whichever line
        it stands in); ``from.<line>.<lever>``: who paid; ``new.<lever>``: declared new money; ``unspent.<lever>``:
        offered and left with its payers, because nobody else eligible could be reached.
        """
        found = {}
        lines = {f"line.{line}": {month: held[line] for month, held in self._lines.items()} for line in NAMES}
        for what, by_month in sorted((self._record | lines).items()):
            found[what] = np.array([by_month.get(first_month + i, 0) / PENCE for i in range(months)])
        return found

    # -- branching -----------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Its state as plain copies; see `restore`."""
        return {
            "adopted": self.adopted,
            "programmes": {name: programme.clone() for name, programme in self.programmes.items()},
            "month": self.month,
            "paid": dict(self.paid),
            "level": dict(self._level),
            "slots": self._slots,
            "faster": self._faster,
            "dip": dict(self._dip),
            "record": {what: dict(by_month) for what, by_month in self._record.items()},
            "lines": dict(self._lines),
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Return to an earlier state, which may be used again; its scenario goes on unless another is adopted."""
        self.adopted = snapshot["adopted"]
        self.programmes = {name: programme.clone() for name, programme in snapshot["programmes"].items()}
        self.month, self._slots, self._faster = snapshot["month"], snapshot["slots"], snapshot["faster"]
        self._growth = {}
        self._dip = dict(snapshot["dip"])
        self.paid, self._level = dict(snapshot["paid"]), dict(snapshot["level"])
        self._record = {what: dict(by_month) for what, by_month in snapshot["record"].items()}
        self._lines = dict(snapshot["lines"])
