"""The care system: a Mesa model of every resident, practice, hospital team and neighbourhood of a place.

`step` is one month and reads as the month goes; docs/odd.md holds the schedule and the lags. Circles are broken by
one-month lags: chances were cached at the last review, care looks at last month's pressure and occupancy, and levers
act on what last month's money bought.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.agents.commissioner import Commissioner
from sim.agents.community import CommunityTeam
from sim.agents.hospitals import HospitalTeam
from sim.agents.neighbourhoods import Neighbourhood, open_neighbourhoods
from sim.agents.practices import GPPractice
from sim.agents.residents import Resident
from sim.care import arrivals, continuity, emergency, practices, unmet
from sim.care.indices import PROCESSES
from sim.care.state import Care
from sim.care.treated import RECOVER
from sim.clock import MONTHS_A_YEAR
from sim.columns import ColumnarModel, Snapshot, Table
from sim.errors import UserError
from sim.evidence import Evidence, load
from sim.life import changes, circumstances, community, demography, epidemiology, frailty
from sim.life import review as reviews
from sim.life.behaviours import BEHAVIOURS
from sim.life.life_kernels import REVIEW_MONTHS
from sim.life.mortality import Calendar
from sim.life.processes import BIRTH, DEATH, GP, LEAVE, PRACTICE_KINDS, of_state, rate_tables
from sim.life.states import CIRCUMSTANCES
from sim.life.three_cs import CS
from sim.life.ties import Ties
from sim.outcomes.eventlog import COMING, EventLog, Kind
from sim.outcomes.panel import Panel
from sim.outcomes.record import RunRecord
from sim.outcomes.recorder import Recorder
from sim.places import Place, synthesise
from sim.places import load as load_place
from sim.policy.ahead import Ahead
from sim.policy.effects import apply_levers
from sim.policy.scenario import Scenario
from sim.policy.targets import HOSPITAL_KINDS
from sim.purposes import Purpose
from sim.settings import RunSettings

Tick = Callable[[int], None]
FIRST_MONTH = 0
PARTS = ("commissioner", "ahead", "care", "ties", "events", "panel")
"""What changes over time and is not a table of agents; each has `snapshot` and `restore`."""


@dataclass
class History:
    """A model's whole state at the start of a month, as arrays: what a scenario branches from.

    Holding copies, it can be resumed any number of times; the parts that never change (place, evidence, tables) are
    shared by all who resume it.
    """

    month: int
    tables: dict[type, Snapshot]
    parts: dict[str, Any]
    recorder: Recorder


class CareSystem(ColumnarModel):
    """Residents and everything that cares for them.

    place: where; evidence: one draw of the registry; scale: share of residents simulated, above 0 to 1; seed: of
    chance; months: how many will be recorded; resume: the history to continue instead of starting in July 2020;
    detail: whether single lives (event log, panel) and the books of teams are kept. Nothing simulated depends on it.
    """

    def __init__(
        self,
        place: Place,
        evidence: Evidence,
        *,
        scale: float = 1.0,
        seed: int = 1,
        months: int = 1,
        resume: History | None = None,
        detail: bool = True,
    ) -> None:
        super().__init__(rng=seed)
        if not 0 < scale <= 1:
            raise UserError(f"scale is {scale:g}; it must be above 0 and at most 1.")
        self.place, self.evidence, self.scale, self.seed, self.detail = place, evidence, scale, seed, detail
        self.month = self.report_from = FIRST_MONTH
        self._look_up()
        self.residents: Table = self.table_of(Resident)
        self.practices: Table = self.table_of(GPPractice)
        self.teams: Table = self.table_of(HospitalTeam)
        self.neighbourhoods: Table = self.table_of(Neighbourhood)
        self.residents.extend("cell", np.int32)
        self.residents.extend("chance", np.uint16, width=draws.padded(self.drawn))
        self.residents.extend("ask", np.uint16, width=len(self.slots))
        self.residents.extend("lagged", np.uint16, width=len(self.epidemiology.exposures.names))
        self.recorder = Recorder(place, self.labels(), FIRST_MONTH, months, 1 / scale)
        followed = evidence["outcomes.event_sample"] / (place.residents * scale)
        self.events = EventLog(self, followed if detail else 0.0)
        self.panel = Panel(self)
        self.commissioner = Commissioner(self)
        self.ahead = Ahead(self.least_factor)
        self.care = Care(self)
        self.ties = Ties(self)
        if resume is None:
            self._populate()
        else:
            self._continue(resume)

    # ------------------------------------------------------------------------------------------------ beginnings

    def _look_up(self) -> None:
        """Everything that is looked up and never changes within a run."""
        self.epidemiology = epidemiology.of(self.evidence)
        self.states = self.epidemiology.states
        self.wellbeing = self.epidemiology.wellbeing
        served_share = 1 - self.evidence["care.gp_unmet_share"]  # the evidence counts what was served, not need
        level = dict.fromkeys(PRACTICE_KINDS, 1 / served_share)
        level["referral"] = self.evidence["care.clock_start_share"]
        self.rates = rate_tables(self.epidemiology, self.place.out_rate, level)
        self.changes_state = of_state(self.rates.names)
        self.drawn = self.rates.index[next(iter(PRACTICE_KINDS))]  # all processes before are drawn as events
        self.slots = np.repeat([self.rates.index[kind] for kind in PRACTICE_KINDS], list(PRACTICE_KINDS.values()))
        self.of_service = {
            service: np.array([self.rates.index[each] for each in processes if each in self.rates.index], np.int64)
            for service, processes in PROCESSES.items()
        }
        """Columns of what is drawn whose events each hospital service counts together."""
        self.hazard_cap = float(self.evidence["mortality.hr_cap"])
        self.sex_ratio = self.evidence["demography.sex_ratio_at_birth"]
        self.calendar = Calendar(self.evidence)
        areas = self.place.lsoas
        self.decile = areas["imd_decile"].to_numpy(np.uint8)
        self.fifth = (self.place.local_fifth - 1).astype(np.uint8)
        self.risk_ratio = {"isolation": self.place.lonely_ratio} | {
            name: circumstances.area_ratio(self.evidence, name, areas) for name in circumstances.COLUMN
        }
        self.at_home = np.bitwise_or.reduce([self.states.mask(name) for name in CIRCUMSTANCES])
        """States that the newborn share with their mothers."""
        everywhere = (len(areas), self.rates.width)
        self.area_factor = np.ones(everywhere, np.float32)  # what levers do to each rate; only they write it
        self.least_factor = np.zeros(self.rates.width, np.float32)
        least = 1 - self.evidence["levers.most_reduction"]
        self.least_factor[[self.rates.index[kind] for kind in HOSPITAL_KINDS]] = least
        self.area_shift = {name: np.zeros(len(areas), np.float32) for name in ("life_satisfaction", *CS)}
        self._area_base = np.ones(everywhere, np.float32)
        self._area_base[:, self.rates.index["become_lonely"]] = self.place.lonely_ratio
        for behaviour in BEHAVIOURS:
            if behaviour.risk in circumstances.COLUMN:
                into = circumstances.into_ratio(self.evidence, behaviour.risk, areas)
                self._area_base[:, self.rates.index[behaviour.into]] = into
        self.area = self._area_base.copy()

    def labels(self) -> dict[str, str]:
        """Conditions by name with words for people."""
        return {condition.name: condition.label for condition in self.epidemiology.conditions}

    def _populate(self) -> None:
        """The place as it was in July 2020."""
        people = synthesise(self.place, self.scale, self.seed)
        # those reviewed in the same months stand together in memory; no result depends on the order of rows
        column, groups = Resident.together
        order = np.argsort(people[column] % groups, kind="stable")
        people = {name: values[order] for name, values in people.items()}
        if people["identity"].size == 0:
            raise UserError(f"Nobody lives in {self.place.label} at scale={self.scale:g}; choose a larger scale.")
        key = draws.make_keys(self.seed, people["identity"])
        home = {name: people[name] for name in ("practice", "home_trust", "site")}
        rows = demography.add_people(
            self, people["identity"], key, people["born"], people["male"], people["lsoa"], home
        )
        reviews.refresh(self, rows)
        if self.detail:
            self.panel.open()
        self.events.come(Kind.RESIDENT, rows)
        open_neighbourhoods(self)
        community.open_communities(self)
        self.ties.open()
        self.care.open()

    # ------------------------------------------------------------------------------------------------ the month

    def adopt(self, scenario: Scenario, policy_start: int) -> None:
        """Let a scenario's levers run from the month in which policy starts."""
        self.commissioner.adopt(scenario, policy_start)

    def step(self) -> None:
        """One month. The order is part of the model: see docs/odd.md."""
        if self.month >= self.recorder.n_months:  # somebody steps on by hand
            self.recorder = self.recorder.copy(self.month + 2 * MONTHS_A_YEAR)
        self.recorder.begin(self.month)
        community.advance(self)
        self.commissioner.advance(self.month)
        self._apply_levers()
        new = demography.arrive(self)
        self._welcome("arrivals", new)
        self.ties.advance()
        reviews.review(self, continuity.review(self, reviews.due(self), REVIEW_MONTHS), new)
        happenings = changes.draw(self)
        self.care.needs.recoveries.count_tabled(len(happenings.of(RECOVER)))
        changed = changes.apply(self, happenings)
        new = demography.give_birth(self, happenings.of(BIRTH))
        self._welcome("births", new)
        reviews.refresh(self, np.concatenate([changed, new]))
        pattern = self._contacts()
        contacts = np.bitwise_count(pattern)
        self.care.waiting.between_visits(contacts)
        sent_on = unmet.reappear(self, contacts)
        to_ed = practices.see(self, contacts)
        self.care.needs.see(pattern, self.care.asked_again, self.care.not_offered)
        waited, crises = self.care.needs.advance()
        emergency.attend(self, arrivals.to_ed(happenings, sent_on, to_ed, waited))
        admitted = arrivals.to_beds(happenings, self.care.waiting.deteriorate(), crises)
        emergency.admit(self, admitted)
        self.care.needs.refer_from_hospital(arrivals.with_pathway(happenings, admitted))
        self.care.waiting.refer(happenings.of("referral"))
        self.care.waiting.treat()
        self.care.close_month()
        self._census()
        if self.detail:
            self.panel.note()
        self.recorder.count_teams(self)
        self.commissioner.record(self.recorder)
        self._leave(happenings)
        self.month += 1

    def _welcome(self, measure: str, rows: NDArray[np.int64]) -> None:
        """Count those who are new."""
        self.recorder.add_rows(measure, self.residents.columns, rows)
        self.events.come(COMING[measure], rows)

    def _apply_levers(self) -> None:
        """Levers set this month's factors on rates; the place's own differences stand beside them."""
        apply_levers(self, self.commissioner.adopted)
        self._area_base[:, self.rates.index[RECOVER]] = 1.0 - self.care.needs.recoveries.share
        factors = self.ahead.carry(self.area_factor)
        np.multiply(self._area_base, factors, out=self.area)
        begin, further = self.rates.index[frailty.BEGIN], self.rates.index[frailty.FURTHER]
        self.area[:, further] *= factors[:, begin]  # a lever on becoming frail acts on every step

    def _contacts(self) -> NDArray[np.uint8]:
        """Of which kinds each row's resident would have a contact with the practice this month, a bit a slot."""
        r, size = self.residents.columns, self.residents.size
        scale = np.full(len(self.slots), self.care.index.of(GP, self.month))
        alive = r["unique_id"][:size] != 0
        return draws.patterns(r["key"][:size], alive, r["ask"][:size], scale, self.month, Purpose.GP_CONTACTS)

    def calendar_scale(self) -> NDArray[np.float32]:
        """What this month multiplies each drawn process by: the mortality of the year, each service's index."""
        scale = np.ones(self.drawn, np.float32)
        scale[self.rates.index[DEATH]] = self.calendar.ratio(self.month)
        for service, columns in self.of_service.items():
            scale[columns] = self.care.index.of(service, self.month)
        return scale

    # ------------------------------------------------------------------------------------------------ endings

    def _leave(self, happenings: changes.Happenings) -> None:
        """Deaths, then departures of those who live: the last thing in the month."""
        r = self.residents.columns
        dead = happenings.of(DEATH)
        leaving, gone = happenings.of(LEAVE), set(dead.tolist())
        moved = leaving[np.array([row not in gone for row in leaving.tolist()], bool)]
        self.recorder.add_rows("deaths", r, dead)
        self.recorder.add_rows("departures", r, moved)
        self.events.go(Kind.DIED, dead)
        self.events.go(Kind.LEFT, moved)
        self.ties.bereave(dead)
        demography.depart(self, np.concatenate([dead, moved]))

    def _census(self) -> None:
        """Count the living."""
        r = self.residents.columns
        sums = {
            "unmet_need": r["unmet"],
            "life_satisfaction_sum": r["satisfaction"],
            "qalys": r["utility"],
        }
        good = self.wellbeing.good_health
        self.recorder.census(r, self.residents.size, self.month, self.states.bits, sums=sums, well_above=good)

    # ------------------------------------------------------------------------------------------------ branching

    def history(self) -> History:
        """Copies of everything that changes, to branch scenarios from."""
        tables = {kind: table.copy_columns() for kind, table in self._tables().items()}
        parts = {name: getattr(self, name).snapshot() for name in PARTS}
        return History(self.month, tables, parts, self.recorder.copy())

    def _continue(self, history: History) -> None:
        """Take up where a history stopped."""
        self.month = history.month
        for kind, table in self._tables().items():
            table.restore(history.tables[kind])
        for name in PARTS:
            getattr(self, name).restore(history.parts[name])
        self.recorder = history.recorder.copy(self.recorder.n_months)

    def _tables(self) -> dict[type, Table]:
        kinds = (Resident, GPPractice, HospitalTeam, CommunityTeam, Neighbourhood)
        return {kind: self.table_of(kind) for kind in kinds}


# ---------------------------------------------------------------------------------------------------- whole runs


def run_history(
    settings: RunSettings,
    draw: int,
    seed: int,
    tick: Tick | None = None,
    evidence: Evidence | None = None,
    detail: bool = True,
) -> CareSystem:
    """The model of one evidence draw and seed, simulated from July 2020 to the month in which policy starts.

    tick: called after each month with the number of months done; evidence: instead of the draw's own (sweeps set some
    of its values); detail: as of `CareSystem`, also of its scenarios. Scenarios branch from what is returned, with
    `run_scenario`; it is not changed by them.
    """
    if evidence is None:
        evidence = load().draw(draw).judged(settings.judged)
    place = load_place(settings.place, evidence)
    model = CareSystem(place, evidence, scale=settings.scale, seed=seed, months=settings.policy_start, detail=detail)
    model.report_from = settings.start
    _run(model, settings.policy_start, tick)
    return model


def run_scenario(
    history: CareSystem,
    scenario: Scenario,
    years: int,
    tick: Tick | None = None,
    best: tuple[str, ...] = (),
    holding: Callable[[CareSystem], Callable[[], None]] | None = None,
    evidence: Evidence | None = None,
) -> RunRecord:
    """What happens under a scenario in the `years` after a shared history: the record of all months since July 2020.

    best: kinds of determinant of health that are held at their best for everyone (`sim.studies.best`); holding: makes
    of the model what else is to be called before each month (experiments that no policy could do); evidence: instead
    of the history's, with which it must agree in all that was read until now.
    """
    evidence = evidence or history.evidence
    months = history.month + MONTHS_A_YEAR * years
    model = CareSystem(
        history.place,
        evidence,
        scale=history.scale,
        seed=history.seed,
        months=months,
        resume=history.history(),
        detail=history.detail,
    )
    model.adopt(scenario, history.month)
    hold = holding(model) if holding is not None else None
    if best:
        from sim.studies.best import Hold

        hold = Hold(model, best)
    _run(model, months, tick, hold)
    meta = {
        "label": scenario.label,
        "description": scenario.description,
        "policy_start": history.month,
        "start": history.report_from,
        "judged": evidence.judgements,
        **({"replaced": evidence.replacements} if evidence.replacements else {}),
    }
    record = model.recorder.finish(scenario=scenario.name, draw=evidence.number, seed=history.seed, meta=meta)
    record.events = model.events.entries()
    record.meta["specialties"] = list(model.care.waiting.specialties)
    record.meta["decisions"] = model.commissioner.decisions
    homes = model.neighbourhoods
    record.meta["assets"] = [int(count) for count in homes.columns["assets"][: homes.size]]
    return record


def _run(model: CareSystem, until: int, tick: Tick | None, before: Callable[[], None] | None = None) -> None:
    first = model.month
    while model.month < until:
        if before is not None:
            before()
        model.step()
        if tick is not None:
            tick(model.month - first)
