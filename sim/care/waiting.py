"""Waiting lists: residents in the order in which they came, by specialty and priority.

An entry is a pathway of one resident, keyed by the resident's identity: rows of the departed are used again, so an
entry whose identity no longer stands at its row has left. Entries are kept in the order in which they began, so that
first come is first served within a specialty and priority without sorting the list; within a month the order is that
of a hashed fraction of the month. Every month, and by construction: growth = starts − finished − removed − emergencies
− left.

Only the modelled trust has limited slots. Elsewhere entries end at a fixed rate: exogenous waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.care import elective, slots
from sim.care import waiting_kernels as kernels
from sim.care.entries import salts
from sim.clock import MONTHS_A_YEAR
from sim.columns.rows import distinct
from sim.evidence.reads import remembered
from sim.life.frailty import CATEGORIES, CATEGORY_OF, SHIFT
from sim.outcomes.eventlog import Kind
from sim.outcomes.measures import N_FIFTHS
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.evidence import Evidence
    from sim.system import CareSystem

Array = NDArray[Any]
COLUMNS: dict[str, Any] = {
    "identity": np.int64,
    "row": np.int64,
    "key": np.uint64,
    "began": np.float64,
    "group": np.uint8,
}
NOBODY = np.empty(0, np.int64)
NONE_NEW = tuple(np.empty(0, of) for of in COLUMNS.values())
WEEKS_18, WEEKS_52 = 18 * 7 / 30.4375, 12.0
LIMITS = np.array([-np.inf, WEEKS_18, WEEKS_52])
ELSEWHERE, GROUPS = 128, 256
NON_ADMITTED, DAY_CASE, ORDINARY = range(3)


@remembered(2)
def _priorities(evidence: Evidence) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """By priority: share of those referred, longest wait in months, share of the list. Not to be written."""
    table = evidence.frame("waiting_priority").pivot(index="priority", columns="measure", values="value")
    share, listed = ((table[name] / table[name].sum()).to_numpy(np.float64) for name in ("share", "list"))
    return share, table["months"].to_numpy(np.float64), listed


class WaitingLists:
    """All entries, as arrays in order of beginning.

    identity: whose; row: where that resident stands; key: root of the entry's draws; began: month and its fraction;
    group: specialty × priorities + priority, and `ELSEWHERE` added for those not at the modelled trust.
    """

    def __init__(self, m: CareSystem) -> None:
        self.m = m
        mix = m.evidence.frame("specialty_mix")
        self.specialties: tuple[str, ...] = tuple(mix["specialty"])
        self.share_of_priority, self.months_of_priority, self.stock_of_priority = _priorities(m.evidence)
        self._upto_priority = np.cumsum(self.share_of_priority)
        self.by_sex = specialty_by_sex(mix["value"].to_numpy(np.float64), self.specialties)
        self.mix = mix["value"].to_numpy(np.float64) / mix["value"].sum()
        self.slots = slots.Slots(m.evidence, len(self.specialties), self.stock_of_priority)
        self.columns: dict[str, Array] = {name: np.empty(0, kind) for name, kind in COLUMNS.items()}
        self.worsened = np.empty(0, np.int64)
        self.opening = self.started = self.left = 0
        self.stopped: int | None = None  # finished last month; None before the first month: the usual number
        self.emergencies = np.zeros(2, np.int64)

    @property
    def priorities(self) -> int:
        """How many priorities there are."""
        return len(self.share_of_priority)

    # ------------------------------------------------------------------------------------------------ beginnings

    def open(self) -> None:
        """The list as it was at the end of June 2020: who, from the chances of referral; how long, from England."""
        m, r, size = self.m, self.m.residents.columns, self.m.residents.size
        people = np.flatnonzero(r["unique_id"][:size])
        weight = r["chance"][people, m.rates.index["referral"]].astype(np.float64)
        home = r["home_trust"][people] == 1
        wanted = self.slots.opening_size * m.care.unit
        chance = weight * (wanted / max(float(weight[home].sum()), 1e-12))
        who = draws.uniforms(r["key"][people], m.month, Purpose.INITIAL_LIST) < chance
        rows = people[who]
        first, second = draws.uniforms2(r["key"][rows], m.month, Purpose.INITIAL_LIST)
        priority = pick(first, np.cumsum(self.stock_of_priority)[None, :])
        stretch = slots.stretch(self.stock_of_priority, self.months_of_priority, self.slots.opening_over_18w, WEEKS_18)
        waited = second.astype(np.float64) * self.months_of_priority[priority] * stretch
        before = m.month - 1  # draws of their own: the same residents may be referred this month
        specialty, began = self._specialty(rows, before), m.month - waited
        m.events.add(Kind.LISTED, rows, specialty, began)
        self._enter(rows, specialty, priority, began, before)

    def refer(self, rows: NDArray[np.int64]) -> None:
        """Elective problems that a practice refers: `rows` of the residents' table, each at most once.

        Some are settled without a referral (if a lever says so), some are lost on the way; the rest are new entries.
        """
        m, r = self.m, self.m.residents.columns
        rows = elective.referrals_that_arrive(m, rows)
        purposes = (Purpose.SPECIALTY, Purpose.PRIORITY, Purpose.QUEUE_TIE)
        offset = np.array([draws.offset(m.month, purpose >> 1) for purpose in purposes])
        shift = np.array([32 * (purpose & 1) for purpose in purposes], np.uint64)
        (specialty, priority), began = np.empty((2, len(rows)), np.int64), np.empty(len(rows))
        kernels.draw_referrals(
            rows, r["key"], r["male"], self.by_sex, self._upto_priority, m.month, offset, shift, specialty, priority,
            began,
        )  # fmt: skip
        m.recorder.add("elective_referrals", r["fifth"][rows[r["home_trust"][rows] == 1]])
        m.events.add(Kind.REFERRED, rows, specialty)
        self.started = self._enter(rows, specialty, priority, began, m.month)

    def _specialty(self, rows: Array, month: int) -> NDArray[np.int64]:
        r = self.m.residents.columns
        uniform = draws.uniforms(r["key"][rows], month, Purpose.SPECIALTY)
        return pick(uniform, self.by_sex, r["male"][rows])

    def _enter(self, rows: Array, specialty: Array, priority: Array, began: NDArray[np.float64], month: int) -> int:
        """New entries, in the order in which they began; returns how many are of the modelled trust."""
        r, n = self.m.residents.columns, len(rows)
        identity, key, group = np.empty(n, np.int64), np.empty(n, np.uint64), np.empty(n, np.uint8)
        at_home = kernels.enter(
            rows, specialty, priority, self.priorities, ELSEWHERE, (r["unique_id"], r["home_trust"], r["listed"]),
            salts(self.m.seed, month, 1), identity, key, group,
        )  # fmt: skip
        order = began.argsort()
        moments = began[order]
        if np.count_nonzero(moments[1:] == moments[:-1]):  # who began at one moment stands in the order of identities
            order = np.lexsort((identity, began))
        self._line_up(np.arange(len(self.columns["row"])), order, (identity, rows, key, began, group))
        return int(at_home)

    # ------------------------------------------------------------------------------------------------ the month

    def between_visits(self, contacts: NDArray[np.uint8]) -> None:
        """What waiting does before anyone is treated: some ask their practice once more (added to `contacts`), some
        worsen until they are emergencies (see `deteriorate`)."""
        m, c, r = self.m, self.columns, self.m.residents.columns
        self.opening = int(np.count_nonzero(c["group"] < ELSEWHERE))
        # another identity, or none, stands at the row of a resident who died or moved away
        (kept, ends), number = np.empty((2, len(c["row"])), np.int64), np.zeros(4, np.int64)
        kernels.wait_a_month(
            tuple(c[name] for name in ("identity", "row", "key", "group")), r["unique_id"], r["listed"], contacts,
            ELSEWHERE, draws.offset(m.month, draws.PAIRED + Purpose.DETERIORATION),
            np.float32(m.care.listed.deterioration), np.float32(m.care.listed.gp_contacts), kept, ends, number,
        )  # fmt: skip
        stay, worse, self.left, at_home = number.tolist()
        self.worsened = distinct(c["row"][ends[:worse]])
        self.emergencies = np.array([at_home, worse - at_home])
        self._log(Kind.WORSENED, ends[:worse])
        self._line_up(kept[:stay])

    def contacts_by_practice(self, practices: int) -> Array:
        """Extra practice contacts expected of those who wait, by practice."""
        m, r = self.m, self.m.residents.columns
        practice = r["practice"][self.columns["row"]]
        return np.bincount(practice, minlength=practices)[:practices] * m.care.listed.gp_contacts

    def deteriorate(self) -> NDArray[np.int64]:
        """Rows of those whom waiting made emergencies this month (they have left the list)."""
        return self.worsened

    def treat(self) -> None:
        """Finish as many pathways as there are slots, first come first within specialty and priority; remove some."""
        m, c, r, size = self.m, self.columns, self.m.residents.columns, len(self.columns["row"])
        number, count = Purpose.REMOVAL, len(self.specialties)
        fate, (stock, fresh) = np.empty(size, np.uint8), np.zeros((2, ELSEWHERE), np.int64)
        kernels.end_untreated(
            c["key"], c["group"], c["began"], ELSEWHERE, m.month, draws.offset(m.month, number >> 1),
            np.uint64(32 * (number & 1)),
            (np.float32(self.slots.removal_chance), np.float32(self.slots.ends_elsewhere)), fate, stock, fresh,
        )  # fmt: skip
        removed = (fate == kernels.REMOVED).nonzero()[0]
        self._record("elective_removed", c["row"][removed])
        if m.events.share:
            self._log(Kind.REMOVED, removed)
            self._log(Kind.ENDED_ELSEWHERE, (fate == kernels.ENDED_ELSEWHERE).nonzero()[0])
        ended = len(removed) + int(self.emergencies[0]) + self.left
        stock, fresh = (each[: count * self.priorities].reshape(-1, self.priorities) for each in (stock, fresh))
        left = np.zeros(GROUPS, np.int64)
        places = self.slots.this_month(m, stock, fresh, ended, self.started, self.expected_starts())
        left[: len(places)] = places
        kept, treated = np.empty((2, size), np.int64)
        keeps, treats = kernels.serve(c["group"], c["row"], left, fate, r["listed"], kept, treated)
        treated = treated[:treats]
        rows = c["row"][treated]
        outcome = elective.after_clinic(m, rows, draws.uniforms(c["key"][treated], m.month, Purpose.ROUTE))
        in_theatre = outcome != NON_ADMITTED
        self._record("elective_completed", rows)
        m.care.needs.record("theatre_cases", rows[in_theatre])
        first = np.full(len(rows), 1.0 / m.evidence["care.clock_start_share"])
        m.care.needs.record("outpatient_first", rows, first)
        self._log(Kind.TREATED, treated)
        specialty = c["group"][treated] // self.priorities
        by_specialty = np.bincount(specialty, minlength=count)[:count]
        theatre = np.bincount(specialty[in_theatre], minlength=count)[:count]
        self.stopped = len(rows)
        self._line_up(kept[:keeps])
        closing = self._show(by_specialty, theatre)
        _, day_cases, ordinary = np.bincount(outcome, minlength=ORDINARY + 1).tolist()
        m.care.ledger.add(
            m.month, list_opening=self.opening, starts=self.started, stops=self.stopped, removed=len(removed),
            emergencies_of_list=self.emergencies[0], left=self.left, list_closing=closing,
            day_cases=day_cases, ordinary=ordinary, slots=self.slots.offered, slots_cancelled=self.slots.cancelled,
            expected_starts=self.slots.expected,
        )  # fmt: skip

    def expected_starts(self) -> float:
        """Referrals of the trust's residents that are expected to arrive this month."""
        from sim.care.emergency import expected_by_age

        return float(expected_by_age(self.m, "referral").sum()) * elective.arriving(self.m)

    def worsening_by_age(self, oldest: int) -> NDArray[np.float64]:
        """Entries of the trust's list expected to worsen into emergencies in a month, by frailty and single year of
        age (4, ages)."""
        m, r, c = self.m, self.m.residents.columns, self.columns
        number = np.zeros((CATEGORIES, oldest + 1), np.int64)
        kernels.count_ages(c["group"], c["row"], r["born"], r["state"], ELSEWHERE, m.month, SHIFT, CATEGORY_OF, number)
        return np.asarray(number * m.care.listed.deterioration, np.float64)

    def planned_bed_days(self) -> float:
        """Bed-days of planned stays this month, simulated: follows last month's finished pathways."""
        care = self.m.care
        usual = self.slots.usual_stops * care.unit
        ratio = self.stopped / usual if self.stopped is not None and usual > 0 else 1.0
        return care.hospital.elective_days / MONTHS_A_YEAR * care.unit * ratio

    # ------------------------------------------------------------------------------------------------ the parts

    def _line_up(self, kept: Array, order: Array = NOBODY, new: tuple[Array, ...] = NONE_NEW) -> None:
        """Go on with the entries that are kept, and behind them new ones (columns) in some order."""
        columns = {name: np.empty(len(kept) + len(order), of) for name, of in COLUMNS.items()}
        kernels.line_up(kept, tuple(self.columns.values()), order, new, tuple(columns.values()))
        self.columns = columns

    def waits(self) -> NDArray[np.float64]:
        """Months waited at the month's end by the modelled trust's entries."""
        at_home = self.columns["group"] < ELSEWHERE
        return np.asarray(self.m.month + 1 - self.columns["began"][at_home])

    def _record(self, measure: str, rows: Array) -> None:
        self.m.recorder.add(measure, self.m.residents.columns["fifth"][rows])

    def _log(self, kind: Kind, entry: Array) -> None:
        """Tell the event log what becomes of these entries."""
        if not self.m.events.share:
            return
        c = self.columns
        entry = entry[self.m.events.among(c["row"][entry])]
        if not len(entry):
            return
        self.m.events.add(kind, c["row"][entry], c["group"][entry] % ELSEWHERE // self.priorities, c["began"][entry])

    def _show(self, finished: Array, theatre: Array) -> int:
        """Stocks to the recorder, and the teams' columns; returns the trust's list."""
        m, c = self.m, self.columns
        by_fifth, stock = np.zeros((3, N_FIFTHS), np.int64), np.zeros(ELSEWHERE, np.int64)
        entries = c["group"], c["row"], c["began"], m.residents.columns["fifth"]
        kernels.count_waits(*entries, ELSEWHERE, m.month + 1, LIMITS, by_fifth, stock)
        for measure, counts in zip(("waiting_list", "waiting_over_18w", "waiting_over_52w"), by_fifth, strict=True):
            m.recorder.add_by_fifth(measure, counts)
        m.care.ledger.add(m.month, over_18w=by_fifth[1].sum(), over_52w=by_fifth[2].sum())
        listed = int(stock.sum())
        stock = stock[: len(self.specialties) * self.priorities].reshape(-1, self.priorities).sum(axis=1)
        t = m.care.teams.columns
        lists, specialty = m.care.team_rows.lists
        t["waiting"][lists] = stock[specialty]
        t["activity"][lists] = finished[specialty]
        t["clinics"][lists] = (finished - theatre)[specialty]
        t["theatre"][lists] = theatre[specialty]
        t["slots"][lists] = self.slots.by_specialty[specialty]
        t["cancelled"][lists] = self.slots.cancelled * self.mix[specialty]
        return listed

    # ------------------------------------------------------------------------------------------------ branching

    def snapshot(self) -> dict[str, Any]:
        """Everything that changes. Arrays are replaced, never written, so they need no copy."""
        return {"columns": dict(self.columns), "slots": self.slots.snapshot(), "stopped": self.stopped}

    def restore(self, held: dict[str, Any]) -> None:
        """Continue from a snapshot."""
        self.columns, self.stopped = dict(held["columns"]), held["stopped"]
        self.slots.restore(held["slots"])


def pick(
    uniform: NDArray[np.float32], cumulative: NDArray[np.float64], which: Array | None = None
) -> NDArray[np.int64]:
    """Position of each of n uniforms in cumulative shares ((m, k); the last one is taken as 1): int64[n].

    which: row of the shares that counts for each (the only one, unless said).
    """
    out, shares = np.empty(len(uniform), np.int64), np.ascontiguousarray(cumulative, np.float64)
    kernels.pick(uniform, shares, np.zeros(len(uniform), np.uint8) if which is None else which, out)
    return out


def specialty_by_sex(mix: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.float64]:
    """Cumulative shares of specialties for women and men (2, specialties): gynaecology is women's, the rest keeps its
    share of the whole."""
    mix = mix / mix.sum()
    of_women = np.array([name == "gynaecology" for name in names])
    share = float(mix[of_women].sum())
    men = np.where(of_women, 0.0, mix / (1 - share)) if share < 1 else mix
    women = 2 * mix - men
    return np.cumsum(np.maximum(np.stack([women, men]), 0.0), axis=1)
