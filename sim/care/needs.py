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
from sim.care import team_capacity as capacity
from sim.care import treated
from sim.care.pathways import ASKS, COMMUNITY, KINDS, MENTAL_HEALTH, NOWHERE, OWN_TEAMS, SOCIAL_CARE, Pathways
from sim.life.processes import PRACTICE_KINDS
from sim.outcomes.eventlog import Kind
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
FROM_HOSPITAL = tuple(KINDS.index(kind) for kind in ("exacerbation", "frailty_crisis", "injury"))
FRAILTY = KINDS.index("frailty_crisis")
AFTER_EMERGENCY = 1 << 5
BIT = np.array([1, 2, 4, 8, 16, 1 << 6, AFTER_EMERGENCY, AFTER_EMERGENCY, 1 << 7], np.uint8)
"""Bit of each of `KINDS` in a resident's `need_kind`; exacerbations and frailty crises share one."""
REFERRED = ("community_referrals", "mental_health_referrals", "social_care_requests", "vcse_referrals")
SHOWN_WAITING = ("community_waiting", "mental_health_waiting", "social_care_waiting", "vcse_waiting")
COUNTED = {"exacerbation": "acsc_admissions", "frailty_crisis": "frailty_crises", "injury": "injuries"}
NOBODY = np.empty(0, np.int64)
Coming = tuple[Rows, Array, Array, Array]
"""Needs on their way to a team: rows, steps, keys, hand-offs so far."""
NONE_COMING: Coming = (NOBODY, np.empty(0, np.int8), np.empty(0, np.uint64), NOBODY)
ASKS_LATER = "asks_later"
"""Residents' column: the pattern of contacts that wait at the practice."""
ORDINAL = 64  # ordinals of the entries' keys: above every specialty's
NO_KIND = -1
REVIEW = KINDS.index("review")
FROM_PRACTICE = 5
"""The first so many of `KINDS` begin at the practice."""
SHORTS = 2**16


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
        self._coming = NONE_COMING
        self._counted: dict[str, list[tuple[Rows, Array]]] = {}
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
        most = [self.pathways.most_onward(kind, NOWHERE) for kind in range(FROM_PRACTICE)]
        bound = np.ceil(np.array(most) * SHORTS).astype(np.uint64)
        offset = draws.offset(m.month, Purpose.PATHWAY >> 1)
        may = np.empty(len(served), np.uint8)
        kernels.may_leave(r["key"][: len(served)], offset, bound, may)
        found = np.empty(len(served) + 1, np.int64)
        rows = found[: kernels.those_with(served, self.kinds_of, may, found)]
        place, kind = np.nonzero(may[rows][:, None] >> np.arange(FROM_PRACTICE, dtype=np.uint8) & 1)
        rows = rows[place]
        word = draws.scramble(r["key"][rows] + offset)
        short = word >> (16 * (kind % 4)).astype(np.uint64) & np.uint64(SHORTS - 1)
        self._coming = self._set_out(rows, kind.astype(np.int8), (short + 0.5) / SHORTS)
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
        rows = [treated.distinct(each) for each in events.values()]
        numbers = [KINDS.index(kind) for kind in events]
        uniform = [
            draws.uniforms(r["key"][each], month, Purpose.PATHWAY + number)
            for each, number in zip(rows, numbers, strict=True)
        ]
        kind = np.repeat(np.array(numbers, np.int8), [len(each) for each in rows])
        if len(kind):
            self._hand_off(*self._set_out(np.concatenate(rows), kind, np.concatenate(uniform)))

    def _set_out(self, rows: Rows, kind: Array, uniform: Array) -> Coming:
        """Needs set out along their pathway; those that end where they are need nothing more."""
        m, r = self.m, self.m.residents.columns
        step = np.full(len(rows), NOWHERE, np.int8)
        for number, parent in self.pathways.children:
            mine = np.flatnonzero(kind == number) if parent == NOWHERE else NOBODY
            if len(mine):
                practice, area = r["practice"][rows[mine]], r["lsoa"][rows[mine]]
                step[mine] = self.pathways.onward(number, NOWHERE, uniform[mine], practice, area)
        on = np.flatnonzero(step != NOWHERE)
        on = on[self.pathways.team[step[on]] < len(OWN_TEAMS)]
        rows, step, kind = rows[on], step[on], kind[on]
        lost_before = ((r["need_kind"][rows] & BIT[kind]) != 0) & (r["unmet"][rows] > 0)
        key = draws.make_keys(m.seed, draws.child_identity(r["unique_id"][rows], m.month, ORDINAL + kind))
        return rows, step, key, lost_before.astype(np.int64)

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
        m.events.add(Kind.TEAM_REFERRED, rows, self.pathways.team[step])
        m.events.add(Kind.TEAM_LOST, rows[lost], self.pathways.team[step[lost]])
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
        self.unmet(rows[lost], self.pathways.kind[step[lost]])
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

    def unmet(self, rows: Rows, kind: Array) -> None:
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
        c = self.columns
        here = m.residents.columns["unique_id"][c["row"]] == c["identity"]
        waits = c["until"] == WAITING
        left = waits[~here]
        entry = np.flatnonzero(waits & here)
        to_ed, worse = self._worsen(entry)
        worsened = entry[worse]
        crises = treated.distinct(c["row"][worsened])
        entry = entry[~worse]
        withdrawn = entry[self._withdraw(entry)]
        ended = np.flatnonzero((c["until"] == m.month) & here)
        done = {name: column[ended] for name, column in c.items()}
        here[worsened] = here[withdrawn] = here[ended] = False
        kept = np.flatnonzero(here)
        self.columns = {name: column.take(kept) for name, column in c.items()}
        on_the_way = zip(self._coming, self._finish(done), strict=True)
        self._hand_off(*(np.concatenate(parts) for parts in on_the_way))
        self._coming = NONE_COMING
        m.care.ledger.add(
            m.month, needs_left_waiting=np.count_nonzero(left), needs_left_care=np.count_nonzero(~left),
            needs_worsened=len(worsened), needs_withdrawn=len(withdrawn), needs_begun=self._begin(),
            needs_to_ed=len(to_ed),
        )  # fmt: skip
        return to_ed, crises

    def _worsen(self, entry: Array) -> tuple[Rows, NDArray[np.bool_]]:
        """What waiting does to these entries: rows of those who go to A&E (and go on waiting), and a mask of those
        whose wait ends in a frailty crisis."""
        m, c = self.m, self.columns
        team = self.kind_of_entry()[entry]
        uniform = draws.uniforms(c["key"][entry], m.month, Purpose.WAITING_FOR_TEAM)
        to_ed = c["row"][entry[(team == MENTAL_HEALTH) & (uniform < self.to_ed)]]
        worse = uniform < self.to_crisis
        worse &= (team == SOCIAL_CARE) | (self.pathways.kind[c["step"][entry]] == FRAILTY)
        worse[worse] = treated.old_or_frail(m, c["row"][entry[worse]])
        return to_ed, worse

    def _withdraw(self, entry: Array) -> NDArray[np.bool_]:
        """Which of these entries no longer wait, or have waited too long and are closed with the need unmet."""
        m, c, t, count = self.m, self.columns, self.teams.columns, self.teams.size
        first, second = draws.uniforms2(c["key"][entry], m.month, Purpose.WITHDRAWN)
        too_long = m.month - c["since"][entry] >= self.longest
        ends = too_long | (first < self.withdraw[self.kind_of_entry()[entry]])
        unmet = entry[ends & (too_long | (second < self.unmet_share))]
        self.unmet(c["row"][unmet], self.pathways.kind[c["step"][unmet]])
        m.events.add(Kind.TEAM_WITHDRAWN, c["row"][entry[ends]], self.pathways.team[c["step"][entry[ends]]])
        t["withdrawn"][:count] = np.bincount(c["team"][entry[ends]], minlength=count)
        return np.asarray(ends)

    def _finish(self, done: dict[str, Array]) -> Coming:
        """What care that ends this month did to the residents, and the needs that go on from here."""
        m, t, count = self.m, self.teams.columns, self.teams.size
        rows, step = done["row"], done["step"]
        t["discharges"][:count] = np.bincount(done["team"], minlength=count)
        kind, team = self.pathways.kind[step], self.pathways.team[step]
        m.events.add(Kind.TEAM_ENDED, rows, team)
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
        right = ~on & (done["handoffs"] == self.pathways.depth[step])
        self.record("completed_needs", rows[~on])
        self.record("completed_handoffs", rows[~on], done["handoffs"][~on])
        self.record("right_first_time", rows[right])
        met = np.count_nonzero(~on)
        m.care.ledger.add(m.month, needs_ended=len(rows), needs_met=met, needs_right_first=np.count_nonzero(right))
        return rows[on], onward[on], done["key"][on], done["handoffs"][on].astype(np.int64)

    def _begin(self) -> int:
        """Teams take on new cases: the hospital's first, then by the order of referral."""
        m, c, t, count = self.m, self.columns, self.teams.columns, self.teams.size
        places = capacity.places(self)
        entry = np.flatnonzero((c["until"] == WAITING) & (c["ready"] < m.month + 1))
        routine = ~np.isin(self.pathways.kind[c["step"][entry]], FROM_HOSPITAL)
        order = np.argsort((c["team"][entry] * 2 + routine).astype(np.uint16), kind="stable")
        entry = entry[order]
        team = c["team"][entry]
        waiting = np.bincount(team, minlength=count)
        rank = np.arange(len(entry)) - np.repeat(np.cumsum(waiting) - waiting, waiting)
        served = entry[rank < places[team]]
        t["started"][:count] = np.bincount(c["team"][served], minlength=count)
        m.events.add(Kind.TEAM_BEGUN, c["row"][served], self.pathways.team[c["step"][served]])
        full = t["started"][:count] >= places
        t["carried"][:count] = np.where(full, t["carried"][:count], 0.0)
        length = self.months[t["kind"][c["team"][served]]]
        length = np.floor(length + draws.uniforms(c["key"][served], m.month, Purpose.CARE_LENGTH))
        until = c["until"].copy()
        until[served] = m.month + np.maximum(length, 1)
        self.columns = {**c, "until": until}
        capacity.keep_base(self)
        return len(served)

    # ---------------------------------------------------------------------------------------------------- the parts
    def waits(self) -> NDArray[np.bool_]:
        """Which entries wait."""
        return np.asarray(self.columns["until"] == WAITING)

    def kind_of_entry(self) -> Array:
        """Kind of team of each entry."""
        return np.asarray(self.teams.columns["kind"][self.columns["team"]])

    def record(self, measure: str, rows: Rows, weights: Array | None = None) -> None:
        """Count events of residents for the recorder, which is given them at the month's end."""
        if len(rows) and measure in self.m.recorder.measures:
            each = np.ones(len(rows)) if weights is None else np.asarray(weights, np.float64)
            self._counted.setdefault(measure, []).append((rows, each))

    def _tell_recorder(self) -> None:
        for measure, parts in self._counted.items():
            rows, weights = (np.concatenate(each) for each in zip(*parts, strict=True))
            self.m.recorder.add_rows(measure, self.m.residents.columns, rows, weights=weights)
        self._counted = {}

    def close_month(self) -> None:
        """The month's stocks; what is open stands in `need_kind` (bits of met needs go once nothing is unmet)."""
        m, r, size, c = self.m, self.m.residents.columns, self.m.residents.size, self.columns
        t, count = self.teams.columns, self.teams.size
        waits = c["until"] == WAITING
        t["waiting"][:count] = np.bincount(c["team"][waits], minlength=count)
        t["caseload"][:count] = np.bincount(c["team"][~waits], minlength=count)
        kind = self.kind_of_entry()
        for number, measure in enumerate(SHOWN_WAITING):
            self.record(measure, c["row"][waits & (kind == number)])
        waiting = np.count_nonzero(waits)
        m.care.ledger.add(m.month, needs_waiting=waiting, needs_in_care=len(waits) - waiting)
        self._tell_recorder()
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
