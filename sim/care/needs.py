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
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.agents.community import CommunityTeam, open_teams, teams_of
from sim.care import needs_kernels as kernels
from sim.care import pathway_kernels, treated
from sim.care import team_capacity as capacity
from sim.care.entries import salts
from sim.care.hashes import Hashes
from sim.care.pathways import ASKS, KINDS, MENTAL_HEALTH, NOWHERE, OWN_TEAMS, SOCIAL_CARE, Pathways
from sim.columns.rows import distinct
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
REFERRED_OF = tuple(f"needs_referred_{team}" for team in OWN_TEAMS)
REFERRED = ("community_referrals", "mental_health_referrals", "social_care_requests", "vcse_referrals")
SHOWN_WAITING = ("community_waiting", "mental_health_waiting", "social_care_waiting", "vcse_waiting")
COUNTED = {"exacerbation": "acsc_admissions", "frailty_crisis": "frailty_crises", "injury": "injuries"}
NOBODY = np.empty(0, np.int64)
Coming = tuple[Rows, Array, Array, Array]
"""Needs on their way to a team: rows, steps, keys, hand-offs so far."""
NONE_COMING: Coming = (NOBODY, np.empty(0, np.int8), np.empty(0, np.uint64), NOBODY)
ASKS_LATER, GIVEN_UP = "asks_later", "given_up"
"""Columns of residents: slots of the contacts that wait at the practice, and of those given up whose needs are open."""
"""Residents' column: the pattern of contacts that wait at the practice."""
ORDINAL = 64  # ordinals of the entries' keys: above every specialty's
NO_KIND = -1
REVIEW = KINDS.index("review")
FROM_PRACTICE = 5
"""The first so many of `KINDS` begin at the practice."""
SHORTS = 2**16
BY_KIND = Hashes(*(Purpose.PATHWAY + number for number in range(len(KINDS))))


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
        kinds = self.pathways.kind
        self._bit = BIT[kinds]
        self._from_hospital = np.isin(kinds, FROM_HOSPITAL)
        self._serving: tuple[Array, Array] | None = None
        self._coming = NONE_COMING
        self._counted: dict[str, list[tuple[Rows, Array | None]]] = {}
        self.read_slots([kind for kind, most in PRACTICE_KINDS.items() for _ in range(most)])
        for name in (ASKS_LATER, GIVEN_UP):
            m.residents.extend(name, np.uint8)

    @cached_property
    def teams(self) -> Table:
        """The teams outside practice and hospital."""
        return self.m.table_of(CommunityTeam)

    @cached_property
    def rows_of_kind(self) -> list[slice]:
        """The rows of the teams of each kind (`OWN_TEAMS`), which stand together."""
        first = np.searchsorted(self._kind_of_team(), np.arange(len(OWN_TEAMS) + 1)).tolist()
        return [slice(*ends) for ends in pairwise(first)]

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
        bound = _bounds(tuple([self.pathways.most_onward(kind, NOWHERE) for kind in range(FROM_PRACTICE)]))
        offset = draws.offset(m.month, Purpose.PATHWAY >> 1)
        may = np.empty(len(served), np.uint8)
        kernels.may_leave(r["key"][: len(served)], offset, bound, may)
        found = np.empty(len(served) + 1, np.int64)
        rows = found[: kernels.those_with(served, self.kinds_of, may, found)]
        room = len(rows) * FROM_PRACTICE
        needs = np.empty(room, np.int64), np.empty(room, np.int8), np.empty(room)
        asked = kernels.draw_by_kind(rows, may, r["key"], offset, needs)
        self._coming = self._set_out(needs[0][:asked], needs[1][:asked], needs[2][:asked])
        treated.review(m, served, self.review_slots, self.effects)

    def see(
        self, pattern: NDArray[np.uint8], again: tuple[Rows, Array], not_offered: tuple[Rows, Array, Array, Array]
    ) -> None:
        """The practices' month is over: new contacts as a pattern of slots a row. The served ones may go on to other
        teams, those among them that waited until now, or were given up and asked again, like any other.

        again: rows whose unmet needs asked again, and how many; not_offered: rows, how many contacts they asked for,
        how many of these were not offered, and how many of those given up.
        """
        r, size = self.m.residents.columns, len(pattern)
        columns = tuple(r[name][:size] for name in (ASKS_LATER, GIVEN_UP, "gp_waiting", "unmet"))
        served = np.empty_like(pattern)
        pairs = Purpose.KIND_NOT_OFFERED, Purpose.KIND_GIVEN_UP
        offset = np.array([draws.offset(self.m.month, draws.PAIRED + pair) for pair in pairs])
        kernels.take_away(pattern, *columns, *again, *not_offered, r["key"], offset, served)
        self.refer_from_practice(served)

    def refer_from_hospital(self, events: Mapping[str, Rows]) -> None:
        """This month's emergencies of kinds that have a pathway (rows by kind): they reach their team next month."""
        m, r = self.m, self.m.residents.columns
        for name, measure in COUNTED.items():
            self.record(measure, events.get(name, NOBODY))
        parts = [distinct(each) for each in events.values()]
        numbers = [KINDS.index(kind) for kind in events]
        rows = np.concatenate([NOBODY, *parts])
        if len(rows):
            kind = np.repeat(np.array(numbers, np.int8), [len(each) for each in parts])
            uniform = np.empty(len(rows))
            pathway_kernels.draw_of_kinds(rows, kind, r["key"], BY_KIND.offset(m.month), BY_KIND.shift, uniform)
            self._hand_off(self._set_out(rows, kind, uniform), np.arange(len(self.columns["row"])))

    def _set_out(self, rows: Rows, kind: Array, uniform: Array) -> Coming:
        """Needs set out along their pathway; those that end where they are need nothing more."""
        if not len(rows):
            return NONE_COMING
        m, r, n = self.m, self.m.residents.columns, len(rows)
        found = np.empty(n, np.int64), np.empty(n, np.int8), np.empty(n, np.uint64), np.empty(n, np.int64)
        resident = tuple(r[name] for name in ("unique_id", "practice", "lsoa", "need_kind", "unmet"))
        on = pathway_kernels.set_out(
            rows, kind, uniform, self.pathways.numbers, self.pathways.ways, self.pathways.team, len(OWN_TEAMS),
            resident, BIT, salts(m.seed, m.month, ORDINAL), found,
        )  # fmt: skip
        return found[0][:on], found[1][:on], found[2][:on], found[3][:on]

    def _hand_off(self, coming: Coming, kept: Array) -> None:
        """Needs on their way to a team: some are lost, some are passed on once more, the rest arrive behind the entries
        that are kept."""
        (rows, step, key, handoffs), n = coming, len(coming[0])
        m, r, t, count = self.m, self.m.residents.columns, self.teams.columns, self.teams.size
        kind, team, lost = np.empty(n, np.int8), np.empty(n, np.int16), np.empty(n, np.bool_)
        now, made, ready = np.empty(n, np.int64), np.empty(n, np.uint8), np.empty(n, np.float32)
        order = Purpose.HANDOFF_ORDER
        offset = draws.offset(m.month, draws.PAIRED + Purpose.HANDOFF), draws.offset(m.month, order >> 1)
        pathway_kernels.hand_off(
            rows, step, key, handoffs, self.pathways.numbers, self.pathways.team,
            (r["practice"], r["lsoa"], r["handoffs"]), self._who_serves(), m.month, offset,
            np.uint64(32 * (order & 1)), t["coming"][:count], t["coming_lost"][:count],
            (kind, team, lost, now, made, ready),
        )  # fmt: skip
        on_the_way = rows[lost]
        m.events.add(Kind.TEAM_REFERRED, rows, kind)
        m.events.add(Kind.TEAM_LOST, on_the_way, kind[lost])
        self.record("handoffs", rows, now)
        self.record("lost_referrals", on_the_way)
        many = np.bincount(kind, minlength=len(REFERRED)).tolist()
        by_kind, begin = rows[kind.argsort(kind="stable")], 0
        for measure, n_of_kind in zip(REFERRED, many, strict=True):
            self.record(measure, by_kind[begin : begin + n_of_kind])
            begin += n_of_kind
        referred = dict(zip(REFERRED_OF, many, strict=True))
        self.unmet(on_the_way, self.pathways.kind[step[lost]])
        m.care.ledger.add(m.month, needs_referred=n, needs_lost=len(on_the_way), **referred)
        here = (~lost).nonzero()[0]
        here = here[key[here].argsort()]  # within a month in the order of a hash: nobody's row decides
        columns = {name: np.empty(len(kept) + len(here), of) for name, of in COLUMNS.items()}
        kernels.queue(
            kept, here, (rows, key, ready, step, team, made), r["unique_id"], m.month, tuple(self.columns.values()),
            tuple(columns.values()),
        )  # fmt: skip
        self.columns = columns

    def _who_serves(self) -> tuple[Array, Array]:
        """The team that serves each practice (neighbourhood teams), and each neighbourhood (a row a kind of team)."""
        if self._serving is None:
            first, *others = teams_of(self.m, self.teams)
            self._serving = first, np.stack([np.zeros_like(others[0]), *others])
        return self._serving

    def unmet(self, rows: Rows, kind: Array) -> None:
        """Needs that no team meets: the residents keep them, and know of what kind they are."""
        if len(rows):
            r = self.m.residents.columns
            kernels.leave_unmet(rows, kind, BIT, r["unmet"], r["need_kind"])
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
        lists, number = np.empty((6, len(c["row"])), np.int64), np.zeros(8, np.int64)
        self._live_a_month(lists, number)
        found = (entries[:n] for entries, n in zip(lists, number[:6].tolist(), strict=True))
        kept, worsened, withdrawn, unmet, ended, to_ed = found
        crises = distinct(c["row"][worsened])
        self.unmet(c["row"][unmet], self.pathways.kind[c["step"][unmet]])
        if m.events.share:
            m.events.add(Kind.TEAM_WITHDRAWN, c["row"][withdrawn], self.pathways.team[c["step"][withdrawn]])
        t["withdrawn"][:count] = np.bincount(c["team"][withdrawn], minlength=count)
        done = {name: c[name].take(ended) for name in ("row", "key", "step", "team", "handoffs")}
        of_practice, onward = self._coming, self._finish(done)
        rows, step, key, handoffs = (np.concatenate(parts) for parts in zip(of_practice, onward, strict=True))
        self._hand_off((rows, step, key, handoffs), kept)
        self._coming = NONE_COMING
        m.care.ledger.add(
            m.month, needs_left_waiting=number[kernels.LEFT_WAITING], needs_left_care=number[kernels.LEFT_CARE],
            needs_worsened=len(worsened), needs_withdrawn=len(withdrawn), needs_begun=self._begin(),
            needs_to_ed=len(to_ed),
        )  # fmt: skip
        return to_ed, crises

    def _live_a_month(self, lists: Array, number: Array) -> None:
        """What becomes of every entry: see `kernels.live_a_month`."""
        m, c, r = self.m, self.columns, self.m.residents.columns
        entries = tuple(c[name] for name in ("identity", "row", "key", "since", "until", "step", "team"))
        chances = np.float32(self.to_ed), np.float32(self.to_crisis), self.withdraw, np.float32(self.unmet_share)
        waiting = Purpose.WAITING_FOR_TEAM
        offset, pair = draws.offset(m.month, waiting >> 1), draws.offset(m.month, draws.PAIRED + Purpose.WITHDRAWN)
        kernels.live_a_month(
            entries, (r["unique_id"], r["born"], r["state"]), treated.OLD, treated.frail_bits(m), self._kind_of_team(),
            self.pathways.kind, (MENTAL_HEALTH, SOCIAL_CARE, FRAILTY), chances, float(self.longest), m.month,
            (offset, np.uint64(32 * (waiting & 1)), pair), lists, number,
        )  # fmt: skip

    def _finish(self, done: dict[str, Array]) -> Coming:
        """What care that ends this month did to the residents, and the needs that go on from here."""
        m, t, count = self.m, self.teams.columns, self.teams.size
        rows, step = done["row"], done["step"]
        t["discharges"][:count] = np.bincount(done["team"], minlength=count)
        kind, team = self.pathways.kind[step], self.pathways.team[step]
        m.events.add(Kind.TEAM_ENDED, rows, team)
        treated.complete(m, rows, done["key"], kind, team, self.effects, self.recoveries)
        self.record("mental_health_treated", rows[team == MENTAL_HEALTH])
        onward, right = np.empty(len(rows), np.int8), np.empty(len(rows), np.bool_)
        r, number = m.residents.columns, Purpose.ONWARD
        pathway_kernels.go_on(
            rows, step, done["key"], done["handoffs"], self.pathways.numbers, self.pathways.ways, self.pathways.depth,
            r["practice"], r["lsoa"], draws.offset(m.month, number >> 1), np.uint64(32 * (number & 1)), onward, right,
        )  # fmt: skip
        on = onward != NOWHERE
        met = rows[~on]
        self.record("completed_needs", met)
        self.record("completed_handoffs", met, done["handoffs"][~on])
        self.record("right_first_time", rows[right])
        m.care.ledger.add(m.month, needs_ended=len(rows), needs_met=len(met), needs_right_first=np.count_nonzero(right))
        return rows[on], onward[on], done["key"][on], done["handoffs"][on].astype(np.int64)

    def _begin(self) -> int:
        """Teams take on new cases: the hospital's first, then by the order of referral."""
        m, c, t, count = self.m, self.columns, self.teams.columns, self.teams.size
        places, started = capacity.places(self), np.zeros(count, np.int64)
        served, number = np.empty(len(c["until"]), np.int64), Purpose.CARE_LENGTH
        entries = tuple(c[name] for name in ("key", "ready", "until", "step", "team"))
        begun: int = kernels.take_on(
            entries, self._from_hospital, places, self.months, self._kind_of_team(), m.month,
            draws.offset(m.month, number >> 1), np.uint64(32 * (number & 1)), served, started,
        )  # fmt: skip
        if m.events.share:
            served = served[:begun]
            routine = ~self._from_hospital[c["step"][served]]
            served = served[(c["team"][served] * 2 + routine).argsort(kind="stable")]  # the log's order: team by team
            m.events.add(Kind.TEAM_BEGUN, c["row"][served], self.pathways.team[c["step"][served]])
        t["started"][:count] = started
        t["carried"][:count] *= started >= places
        capacity.keep_base(self)
        return begun

    # ---------------------------------------------------------------------------------------------------- the parts
    def waits(self) -> NDArray[np.bool_]:
        """Which entries wait."""
        return np.asarray(self.columns["until"] == WAITING)

    def _kind_of_team(self) -> Array:
        """Kind of each team (`OWN_TEAMS`)."""
        return self.teams.columns["kind"][: self.teams.size]

    def record(self, measure: str, rows: Rows, weights: Array | None = None) -> None:
        """Count events of residents for the recorder, which is given them at the month's end."""
        if len(rows):
            self._counted.setdefault(measure, []).append((rows, weights))

    def _tell_recorder(self) -> None:
        for measure, parts in self._counted.items():
            if measure not in self.m.recorder.measures:
                continue
            rows, weights = parts[0]
            if len(parts) > 1:
                rows = np.concatenate([each for each, _ in parts])
                if any(part is not None for _, part in parts):
                    weights = np.concatenate([np.ones(len(each)) if part is None else part for each, part in parts])
            self.m.recorder.add_rows(measure, self.m.residents.columns, rows, weights=weights)
        self._counted = {}

    def close_month(self) -> None:
        """The month's stocks; what is open stands in `need_kind` (bits of met needs go once nothing is unmet)."""
        m, r, size, c = self.m, self.m.residents.columns, self.m.residents.size, self.columns
        t, count = self.teams.columns, self.teams.size
        entries = tuple(c[name] for name in ("row", "until", "step", "team"))
        waiting, caseload = np.zeros((2, count), np.int64)
        rows, number = np.empty((len(OWN_TEAMS), len(c["row"])), np.int64), np.zeros(len(OWN_TEAMS), np.int64)
        kernels.count_open(
            entries, self._bit, self._kind_of_team(), r["unmet"][:size], r["need_kind"][:size], waiting, caseload,
            rows, number,
        )  # fmt: skip
        t["waiting"][:count], t["caseload"][:count] = waiting, caseload
        for measure, mine, many in zip(SHOWN_WAITING, rows, number.tolist(), strict=True):
            self.record(measure, mine[:many])
        m.care.ledger.add(m.month, needs_waiting=waiting.sum(), needs_in_care=caseload.sum())
        self._tell_recorder()

    # ---------------------------------------------------------------------------------------------------- branching
    def snapshot(self) -> dict[str, Any]:
        """Everything that changes but the teams' table. Each month makes arrays of its own, so they need no copy."""
        return {"columns": dict(self.columns), "recoveries": self.recoveries.snapshot()}

    def restore(self, held: dict[str, Any]) -> None:
        """Continue from a snapshot (the teams' table is restored beside it)."""
        self.columns = dict(held["columns"])
        self.recoveries.restore(held["recoveries"])
        self._serving = None


@lru_cache(maxsize=64)
def _bounds(shares: tuple[float, ...]) -> NDArray[np.uint64]:
    """What a 16-bit draw must be below for each of some shares; nobody writes it."""
    return np.asarray(np.ceil(np.array(shares) * SHORTS), np.uint64)
