"""Needs that have left the practice or the hospital for another team: referrals, hand-offs, queues, care, what is lost.

An entry is one need of one resident with one team, keyed by the resident's identity as on the waiting lists: entries
of the departed drop out. A hand-off takes time and may fail: a need that is lost between teams becomes an unmet need of
the resident, who will come again. What arrives waits for the team, the hospital's patients first, then in the order of
referral. Teams take on as many new cases a month as they have capacity for; at the end of the care a need is met, or
goes on along its pathway.

While flows are observed (to March 2024) each team's capacity is what keeps its queue at the published wait; the cases
that this took a month in the last year are its capacity afterwards, times what the budget makes of it.

Every month, and by construction, for each team: waiting before + arrived = waiting after + begun + withdrawn +
worsened + left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.agents.community import CommunityTeam, open_teams, teams_of
from sim.care import needs_kernels as kernels
from sim.care import treated
from sim.care.indices import BASE_FIRST, FROZEN_FROM
from sim.care.pathways import ASKS, COMMUNITY, KINDS, MENTAL_HEALTH, NOWHERE, OWN_TEAMS, SOCIAL_CARE, Pathways
from sim.clock import MONTHS_A_YEAR
from sim.life.processes import PRACTICE_KINDS
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.columns import Table
    from sim.system import CareSystem

Array = NDArray[Any]
Rows = NDArray[np.int64]
COLUMNS: dict[str, Any] = {
    "identity": np.int64,
    "row": np.int64,
    "key": np.uint64,
    "since": np.int16,
    "ready": np.float32,
    "until": np.int16,
    "step": np.int8,
    "team": np.int16,
    "handoffs": np.uint8,
}
WAITING = -1
MOST = 255
LINES = ("community", "mental_health", "adult_social_care", "health_creation")
"""The budget line of each of `OWN_TEAMS`."""
FROM_HOSPITAL = tuple(KINDS.index(kind) for kind in ("exacerbation", "frailty_crisis", "injury"))
FRAILTY = KINDS.index("frailty_crisis")
AFTER_EMERGENCY = 1 << 5
BIT = np.array([1, 2, 4, 8, 16, 1 << 6, AFTER_EMERGENCY, AFTER_EMERGENCY, 1 << 7], np.uint8)
"""Bit of each of `KINDS` in a resident's `need_kind`; exacerbations and frailty crises share one."""
REFERRED = ("community_referrals", "mental_health_referrals", "social_care_requests", "vcse_referrals")
SHOWN_WAITING = ("community_waiting", "mental_health_waiting", "social_care_waiting", "vcse_waiting")
COUNTED = {"exacerbation": "acsc_admissions", "frailty_crisis": "frailty_crises", "injury": "injuries"}
NOBODY = np.empty(0, np.int64)
ASKS_LATER = "asks_later"
"""Residents' column: the pattern of contacts that wait at the practice."""
ORDINAL = 64  # ordinals of the entries' keys: above every specialty's
NO_KIND = -1
REVIEW = KINDS.index("review")
MOST_KINDS = 8  # of a pattern: one a slot
SHORTS = 2.0**16


class Needs:
    """All entries, as arrays in the order of referral.

    identity: whose; row: where that resident stands; key: root of the entry's draws; since: month of
    the referral to this team; ready: when the hand-off is done; until: month in which the care ends,
    −1 while waiting; step: of the pathways; team: row of `CommunityTeam`; handoffs: so far.
    """

    def __init__(self, m: CareSystem) -> None:
        self.m = m
        evidence = m.evidence
        self.pathways = Pathways.of(evidence)
        self.columns: dict[str, Array] = {name: np.empty(0, kind) for name, kind in COLUMNS.items()}
        self.wait = np.array([evidence[f"teams.wait_{team}"] for team in OWN_TEAMS])
        self.withdraw = np.array([evidence[f"teams.withdraw_{team}"] for team in OWN_TEAMS])
        self.months = np.array([evidence[f"teams.months_{team}"] for team in OWN_TEAMS])
        self.per_staff = np.array([evidence[f"teams.cases_per_staff_{team}"] for team in OWN_TEAMS])
        self.longest = evidence["teams.longest_wait"]
        self.unmet_share = evidence["pathways.withdrawn_unmet"]
        self.to_ed = evidence["pathways.mental_health_to_ed"]
        self.to_crisis = evidence["pathways.waiting_to_crisis"]
        self.effects = treated.Effects.of(evidence)
        self.recoveries = treated.Recoveries()
        self._team_of: list[Array] = []
        self.worsened = 0
        self.read_slots([kind for kind, most in PRACTICE_KINDS.items() for _ in range(most)])
        m.residents.extend(ASKS_LATER, np.uint8)

    @property
    def teams(self) -> Table:
        """The teams outside practice and hospital."""
        return self.m.table_of(CommunityTeam)

    def open(self) -> None:
        """Make the teams. Their queues begin empty in July 2020 and fill while flows are observed."""
        open_teams(self.m)

    def read_slots(self, contacts: Sequence[str]) -> None:
        """Which kind of contact (process of the rate tables) each bit of a month's pattern stands for."""
        slots = np.array([ASKS.index(each) if each in ASKS else NO_KIND for each in contacts])
        self.kinds_of = kernels.kinds_by_pattern(slots)
        self.review_slots = int((1 << np.flatnonzero(slots == REVIEW)).sum())

    # ---------------------------------------------------------------------------------------------------- referrals
    def refer_from_practice(self, served: NDArray[np.uint8]) -> None:
        """Contacts that the practices have served this month: a pattern of slots a row of the residents.

        At most one referral a resident, kind and month follows. Reviews raise how well conditions are managed.
        """
        m, r = self.m, self.m.residents.columns
        size = len(served)
        number = Purpose.PATHWAY >> 1
        offset = np.array([draws.offset(m.month, number), draws.offset(m.month, number + 1)], np.uint64)
        most = [self.pathways.most_onward(kind, NOWHERE) for kind in range(MOST_KINDS)]
        bound = np.ceil(np.array(most) * SHORTS).astype(np.uint64)
        room = MOST_KINDS * size  # written only up to what is found, so it costs little memory
        rows, kind, short = np.empty(room, np.int64), np.empty(room, np.int8), np.empty(room, np.uint16)
        filled = kernels.leave_practice(r["key"][:size], served, self.kinds_of, offset, bound, rows, kind, short)
        uniform = (short[:filled] + 0.5) / SHORTS
        self._set_out(rows[:filled].copy(), kind[:filled].copy(), uniform)
        treated.review(m, served, self.review_slots, self.effects)

    def see(self, pattern: NDArray[np.uint8], rows: Rows, lost: NDArray[np.int64]) -> None:
        """The practices' month is over: contacts as a pattern of slots a row, of which `lost` of those at `rows` were
        not offered. The served ones, with those that waited until now, may go on to other teams."""
        r, size = self.m.residents.columns, len(pattern)
        served = np.empty_like(pattern)
        kernels.take_away(pattern, r[ASKS_LATER][:size], r["gp_waiting"][:size], rows, lost, served)
        self.refer_from_practice(served)

    def refer_from_hospital(self, events: Mapping[str, Rows]) -> None:
        """This month's emergencies of kinds that have a pathway (rows by kind): they reach their team next month."""
        r, month = self.m.residents.columns, self.m.month
        for name, measure in COUNTED.items():
            self.record(measure, events.get(name, NOBODY))
        rows = [np.unique(each) for each in events.values()]
        numbers = [KINDS.index(kind) for kind in events]
        uniform = [
            draws.uniforms(r["key"][each], month, Purpose.PATHWAY + number)
            for each, number in zip(rows, numbers, strict=True)
        ]
        kind = np.repeat(np.array(numbers, np.int8), [len(each) for each in rows])
        if len(kind):
            self._set_out(np.concatenate(rows), kind, np.concatenate(uniform))

    def _set_out(self, rows: Rows, kind: Array, uniform: Array) -> None:
        """Needs set out along their pathway; those that end where they are need nothing more."""
        m, r = self.m, self.m.residents.columns
        step = np.full(len(rows), NOWHERE, np.int8)
        for number in np.unique(kind):
            mine = np.flatnonzero(kind == number)
            practice, area = r["practice"][rows[mine]], r["lsoa"][rows[mine]]
            step[mine] = self.pathways.onward(int(number), NOWHERE, uniform[mine], practice, area)
        on = np.flatnonzero(step != NOWHERE)
        on = on[self.pathways.team[step[on]] < len(OWN_TEAMS)]
        rows, step, kind = rows[on], step[on], kind[on]
        lost_before = ((r["need_kind"][rows] & BIT[kind]) != 0) & (r["unmet"][rows] > 0)
        key = draws.make_keys(m.seed, draws.child_identity(r["unique_id"][rows], m.month, ORDINAL + kind))
        self._hand_off(rows, step, key, lost_before.astype(np.int64))

    # ---------------------------------------------------------------------------------------------------- hospital
    @property
    def arriving(self) -> float:
        """Of elective problems, the share that reaches a clinic's list without policy."""
        share, _, lost, _ = self.pathways.value[self.pathways.step("elective", "outpatients")]
        return float(share * (1.0 - lost))

    def referrals_that_arrive(self, rows: Rows) -> Rows:
        """Rows of elective problems that get onto a list; those that are lost on the way become unmet needs."""
        m, r = self.m, self.m.residents.columns
        steps = np.full(len(rows), self.pathways.step("elective", "outpatients"))
        practice, area = r["practice"][rows], r["lsoa"][rows]
        made, arrives = draws.uniforms2(r["key"][rows], m.month, Purpose.REFERRAL_LOST)
        referred = made < self.pathways.number(steps, "share", practice, area)
        lost = referred & (arrives < self.pathways.number(steps, "lost", practice, area))
        kernels.add_up_to_most(r["handoffs"], rows[referred], np.ones(len(rows), np.int64))
        self.record("handoffs", rows[referred])
        self.record("lost_referrals", rows[lost])
        self._unmet(rows[lost], np.full(np.count_nonzero(lost), KINDS.index("elective")))
        m.care.ledger.add(m.month, referrals_lost=np.count_nonzero(lost))
        return np.asarray(rows[referred & ~lost])

    def after_clinic(self, rows: Rows, uniform: Array) -> Array:
        """How pathways of residents at `rows` end: 0 at the clinic, 1 with a day case, 2 with a stay (int64[n])."""
        r, clinic = self.m.residents.columns, self.pathways.step("elective", "outpatients")
        step = self.pathways.onward(KINDS.index("elective"), clinic, uniform, r["practice"][rows], r["lsoa"][rows])
        ends = [self.pathways.step("elective", name) for name in ("day_case", "ordinary_stay")]
        return np.asarray((step == ends[0]) + 2 * (step == ends[1]), np.int64)

    def _hand_off(self, rows: Rows, step: Array, key: Array, handoffs: Array) -> None:
        """Needs on their way to the team of `step`: some are lost, some are passed on once more, the rest arrive."""
        if not len(rows):
            return
        m, r, t = self.m, self.m.residents.columns, self.teams.columns
        practice, area = r["practice"][rows], r["lsoa"][rows]
        first, second = draws.uniforms2(key, m.month, Purpose.HANDOFF)
        passed = second < self.pathways.number(step, "passed_on", practice, area)
        arrives = (1.0 - self.pathways.number(step, "lost", practice, area)) ** (1 + passed)
        lost = first >= arrives
        made = handoffs + 1 + passed
        delay = self.pathways.number(step, "delay_months", practice, area) * (1 + passed)
        kind = self.pathways.team[step]
        team = self._team(kind, practice, area)
        kernels.add_up_to_most(r["handoffs"], rows, 1 + passed)
        count = self.teams.size
        t["coming"][:count] += np.bincount(team, minlength=count).astype(np.int32)
        t["coming_lost"][:count] += np.bincount(team[lost], minlength=count).astype(np.int32)
        self.record("handoffs", rows, 1 + passed)
        self.record("lost_referrals", rows[lost])
        for number, measure in enumerate(REFERRED):
            mine = rows[kind == number]
            self.record(measure, mine)
            m.care.ledger.add(m.month, **{f"needs_referred_{OWN_TEAMS[number]}": len(mine)})
        self._unmet(rows[lost], self.pathways.kind[step[lost]])
        m.care.ledger.add(m.month, needs_referred=len(rows), needs_lost=np.count_nonzero(lost))
        here = np.flatnonzero(~lost)
        here = here[np.argsort(key[here])]  # within a month in the order of a hash: nobody's row decides
        new = {
            "identity": r["unique_id"][rows], "row": rows, "key": key, "since": np.full(len(rows), m.month),
            "ready": m.month + draws.uniforms(key, m.month, Purpose.HANDOFF_ORDER) + delay,
            "until": np.full(len(rows), WAITING), "step": step, "team": team,
            "handoffs": np.minimum(made, MOST),
        }  # fmt: skip
        self.columns = {
            name: np.concatenate([self.columns[name], new[name][here].astype(dtype)]) for name, dtype in COLUMNS.items()
        }

    def _team(self, kind: Array, practice: Array, area: Array) -> Array:
        """The team of each kind (number) that serves residents of these practices and neighbourhoods."""
        if not self._team_of:
            self._team_of = [np.asarray(each) for each in teams_of(self.m, self.teams)]
        team = np.zeros(len(kind), np.int16)
        for number, serves in enumerate(self._team_of):
            mine = np.flatnonzero(kind == number)
            team[mine] = serves[(practice if number == COMMUNITY else area)[mine]]
        return team

    def _unmet(self, rows: Rows, kind: Array) -> None:
        """Needs that no team meets: the residents keep them, and know of what kind they are."""
        if len(rows):
            r = self.m.residents.columns
            kernels.add_up_to_most(r["unmet"], rows, np.ones(len(rows), np.int64))
            kernels.set_bits(r["need_kind"], rows, BIT[kind])
            self.m.care.ledger.add(self.m.month, needs_unmet=len(rows))

    # ---------------------------------------------------------------------------------------------------- the month
    def advance(self) -> tuple[Rows, Rows]:
        """The teams' month, after the practices': who leaves the queue untreated, whose care ends, whose begins.

        Returns the rows of residents whom waiting sends to A&E, and of those for whom it ends in a frailty crisis.
        """
        m, t, count = self.m, self.teams.columns, self.teams.size
        for name in ("withdrawn", "started", "discharges"):
            t[name][:count] = 0
        left = self._forget_the_departed()
        to_ed, crises = self._worsen()
        withdrawn = self._withdraw()
        self._finish()
        started = self._begin()
        m.care.ledger.add(
            m.month, needs_left_waiting=left[0], needs_left_care=left[1], needs_worsened=self.worsened,
            needs_withdrawn=withdrawn, needs_begun=started, needs_to_ed=len(to_ed),
        )  # fmt: skip
        return to_ed, crises

    def _forget_the_departed(self) -> tuple[int, int]:
        """Drop entries of residents who died or moved away; how many waited, and how many were in care."""
        c = self.columns
        here = self.m.residents.columns["unique_id"][c["row"]] == c["identity"]
        gone = c["until"][~here]
        if len(gone):
            self.columns = {name: column[here] for name, column in c.items()}
        return int(np.count_nonzero(gone == WAITING)), int(np.count_nonzero(gone != WAITING))

    def _worsen(self) -> tuple[Rows, Rows]:
        """What waiting does: A&E (they go on waiting), or a frailty crisis (which ends the wait)."""
        m, c = self.m, self.columns
        entry = np.flatnonzero((c["until"] == WAITING) & (c["since"] < m.month))
        kind = self._kind_of_entry()[entry]
        uniform = draws.uniforms(c["key"][entry], m.month, Purpose.WAITING_FOR_TEAM)
        to_ed = c["row"][entry[(kind == MENTAL_HEALTH) & (uniform < self.to_ed)]]
        hit = entry[uniform < self.to_crisis]
        of_frailty = self.pathways.kind[c["step"][hit]] == FRAILTY
        hit = hit[of_frailty | (self._kind_of_entry()[hit] == SOCIAL_CARE)]
        hit = hit[treated.old_or_frail(m, c["row"][hit])]
        crises = np.unique(c["row"][hit])
        self.worsened = len(hit)
        self._drop(hit)
        return to_ed, crises

    def _withdraw(self) -> int:
        """Some no longer wait; some have waited too long and are closed with the need unmet."""
        m, c, t = self.m, self.columns, self.teams.columns
        waits = (c["until"] == WAITING) & (c["since"] < m.month)
        entry = np.flatnonzero(waits)
        first, second = draws.uniforms2(c["key"][entry], m.month, Purpose.WITHDRAWN)
        too_long = m.month - c["since"][entry] >= self.longest
        ends = too_long | (first < self.withdraw[self._kind_of_entry()[entry]])
        entry, unmet = entry[ends], (too_long | (second < self.unmet_share))[ends]
        self._unmet(c["row"][entry[unmet]], self.pathways.kind[c["step"][entry[unmet]]])
        count = self.teams.size
        t["withdrawn"][:count] = np.bincount(c["team"][entry], minlength=count)
        self._drop(entry)
        return len(entry)

    def _finish(self) -> None:
        """Care that ends this month: what it did to the resident, and where the need goes on from here."""
        m, c, t, count = self.m, self.columns, self.teams.columns, self.teams.size
        entry = np.flatnonzero(c["until"] == m.month)
        done = {name: column[entry] for name, column in c.items()}
        self._drop(entry)
        rows, step = done["row"], done["step"]
        t["discharges"][:count] = np.bincount(done["team"], minlength=count)
        kind, team = self.pathways.kind[step], self.pathways.team[step]
        treated.complete(m, rows, done["key"], kind, team, self.effects, self.recoveries)
        self.record("mental_health_treated", rows[team == MENTAL_HEALTH])
        onward = np.full(len(rows), NOWHERE, np.int8)
        uniform = draws.uniforms(done["key"], m.month, Purpose.ONWARD)
        r = m.residents.columns
        for number, parent in self.pathways.children:
            mine = np.flatnonzero(step == parent)
            if parent != NOWHERE and len(mine):
                practice, area = r["practice"][rows[mine]], r["lsoa"][rows[mine]]
                onward[mine] = self.pathways.onward(number, parent, uniform[mine], practice, area)
        on = onward != NOWHERE
        met = ~on
        right = met & (done["handoffs"] == self.pathways.depth[step])
        self.record("completed_needs", rows[met])
        self.record("right_first_time", rows[right])
        m.care.ledger.add(
            m.month, needs_ended=len(rows), needs_met=np.count_nonzero(met), needs_right_first=np.count_nonzero(right)
        )
        self._hand_off(rows[on], onward[on], done["key"][on], done["handoffs"][on].astype(np.int64))

    def _begin(self) -> int:
        """Teams take on new cases: the hospital's first, then by the order of referral."""
        m, c, t, count = self.m, self.columns, self.teams.columns, self.teams.size
        places = self._places()
        entry = np.flatnonzero((c["until"] == WAITING) & (c["ready"] < m.month + 1))
        routine = ~np.isin(self.pathways.kind[c["step"][entry]], FROM_HOSPITAL)
        order = np.argsort((c["team"][entry] * 2 + routine).astype(np.uint16), kind="stable")
        entry = entry[order]
        team = c["team"][entry]
        waiting = np.bincount(team, minlength=count)
        rank = np.arange(len(entry)) - np.repeat(np.cumsum(waiting) - waiting, waiting)
        served = entry[rank < places[team]]
        t["started"][:count] = np.bincount(c["team"][served], minlength=count)
        full = t["started"][:count] >= places
        t["carried"][:count] = np.where(full, t["carried"][:count], 0.0)
        length = self.months[t["kind"][c["team"][served]]]
        length = np.floor(length + draws.uniforms(c["key"][served], m.month, Purpose.CARE_LENGTH))
        until = c["until"].copy()
        until[served] = m.month + np.maximum(length, 1)
        self.columns = {**c, "until": until}
        self._keep_base()
        return len(served)

    # ---------------------------------------------------------------------------------------------------- capacity
    def _places(self) -> Array:
        """New cases that each team can begin this month: int64[teams]; sets their capacity."""
        m, c, t, count = self.m, self.columns, self.teams.columns, self.teams.size
        kind = t["kind"][:count]
        usual = t["usual"][:count]
        for now, coming in (("referrals", "coming"), ("lost", "coming_lost")):
            t[now][:count] = t[coming][:count]
            t[coming][:count] = 0
        new = (t["referrals"] - t["lost"])[:count]
        t["usual"][:count] = np.where(usual > 0, usual + (new - usual) / MONTHS_A_YEAR, new)
        if m.month < FROZEN_FROM:
            waiting = np.bincount(c["team"][c["until"] == WAITING], minlength=count)
            t["capacity"][:count] = np.maximum(waiting - self.wait[kind] * t["usual"][:count], 0.0)
        else:
            line = np.array([m.commissioner.capacity(line) for line in LINES])
            t["capacity"][:count] = t["base"][:count] * line[kind]
        t["staff"][:count] = t["capacity"][:count] / self.per_staff[kind]
        wanted = t["capacity"][:count] + t["carried"][:count]
        t["carried"][:count] = wanted % 1.0
        return np.asarray(np.floor(wanted), np.int64)

    def _keep_base(self) -> None:
        """Remember what teams took on in the last observed year."""
        m, t, count = self.m, self.teams.columns, self.teams.size
        if BASE_FIRST <= m.month < FROZEN_FROM:
            t["base"][:count] += t["started"][:count] / MONTHS_A_YEAR
            t["usual_base"][:count] = t["usual"][:count]

    def discharge_level(self) -> float:
        """Cases that community and social care can take on for each one referred, against the base year (1: as then);
        the wait for discharge from hospital follows it."""
        m, t, count = self.m, self.teams.columns, self.teams.size
        found = []
        for number in (COMMUNITY, SOCIAL_CARE):
            mine = np.flatnonzero(t["kind"][:count] == number)
            sums = [float(t[name][mine].sum()) for name in ("capacity", "usual", "base", "usual_base")]
            if m.month < FROZEN_FROM or min(sums[1:]) <= 0:
                found.append(m.commissioner.level(LINES[number]))
            else:
                found.append(sums[0] / sums[1] / (sums[2] / sums[3]))
        return sum(found) / len(found)

    # ---------------------------------------------------------------------------------------------------- the parts
    def _kind_of_entry(self) -> Array:
        """Kind of team of each entry."""
        return np.asarray(self.teams.columns["kind"][self.columns["team"]])

    def _drop(self, entry: Array) -> None:
        """Take entries (positions) off."""
        if len(entry):
            keep = np.ones(len(self.columns["row"]), bool)
            keep[entry] = False
            self.columns = {name: column[keep] for name, column in self.columns.items()}

    def record(self, measure: str, rows: Rows, weights: Array | None = None) -> None:
        """Hand events of residents to the recorder, where it has the measure."""
        recorder = self.m.recorder
        if measure in recorder.measures:
            recorder.add_rows(measure, self.m.residents.columns, rows, weights=weights)

    def close_month(self) -> None:
        """The month's stocks; what is open stands in `need_kind` (bits of met needs go once nothing is unmet)."""
        m, r, size, c = self.m, self.m.residents.columns, self.m.residents.size, self.columns
        t, count = self.teams.columns, self.teams.size
        waits = c["until"] == WAITING
        t["waiting"][:count] = np.bincount(c["team"][waits], minlength=count)
        t["caseload"][:count] = np.bincount(c["team"][~waits], minlength=count)
        kind = self._kind_of_entry()
        for number, measure in enumerate(SHOWN_WAITING):
            self.record(measure, c["row"][waits & (kind == number)])
        waiting = np.count_nonzero(waits)
        m.care.ledger.add(m.month, needs_waiting=waiting, needs_in_care=len(waits) - waiting)
        own = np.zeros(size, np.uint8)
        kernels.set_bits(own, c["row"], BIT[self.pathways.kind[c["step"]]])
        kept = r["need_kind"][:size]
        kept *= r["unmet"][:size] > 0
        kept |= own

    # ---------------------------------------------------------------------------------------------------- branching
    def snapshot(self) -> dict[str, Any]:
        """Everything that changes but the teams' table. Arrays are replaced, never written, so they need no copy."""
        return {"columns": dict(self.columns), "recoveries": self.recoveries.snapshot()}

    def restore(self, held: dict[str, Any]) -> None:
        """Continue from a snapshot (the teams' table is restored beside it)."""
        self.columns = dict(held["columns"])
        self.recoveries.restore(held["recoveries"])
        self._team_of = []
