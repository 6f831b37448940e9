"""The event log: what happens to a sample of residents, month by month, for drawing single lives (theographs).

Who is followed is decided once for each resident, when they enter the model, by a hash of their identity alone: the
same people in every scenario. The log only reads the model; it draws no chance that anything else uses, so no result
depends on it. `sim.outcomes.lives` turns it into a table.
"""

from __future__ import annotations

from array import array
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.outcomes.eventlog_kernel import EACH, HOW_BITS, KIND_BITS, MONTH_BITS, ONE, SOME, enter
from sim.outcomes.tally import joined
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Array = NDArray[Any]
Rows = NDArray[np.int64]
EVENT = np.dtype([("client", "<i8"), ("kind", "u1"), ("month", "<i2"), ("since", "<i2"), ("detail", "<i2")])
"""One entry: whose identity, what (`Kind`), in which month, since which month, and what `Kind` says of the detail."""
ALWAYS = 0  # month of the draw that decides who is followed: it does not depend on when they come
ROOM = 4096
MANY = 512
"""So many residents to whom something happens are looked through for those who are followed at once."""
_KIND = 1 + HOW_BITS
_MONTH = _KIND + KIND_BITS
_LENGTH = _MONTH + MONTH_BITS
NOBODY = np.empty(0, np.int64)


class Kind(IntEnum):
    """What can be in the log. Numbers are permanent: they stand in files."""

    # detail: 1 male, 0 female; since: month of birth
    RESIDENT = 1
    BORN = 2
    ARRIVED = 3
    LEFT = 4
    DIED = 5
    # detail: bit of the state
    HELD = 10
    BEGAN = 11
    ENDED = 12
    # detail: contacts
    GP_SERVED = 20
    GP_WAITS = 21
    GP_GIVEN_UP = 22
    GP_TO_ED = 23
    GP_ASKS_AGAIN = 24
    # one entry an attendance; of an admission, detail: nights
    ED = 30
    NO_NIGHT = 31
    OVERNIGHT = 32
    ADMITTED_ELSEWHERE = 33
    # detail: specialty; since: month of referral
    LISTED = 40
    REFERRED = 41
    TREATED = 42
    REMOVED = 43
    WORSENED = 44
    ENDED_ELSEWHERE = 45
    # detail: kind of team (`sim.care.pathways.OWN_TEAMS`)
    TEAM_REFERRED = 50
    TEAM_LOST = 51
    TEAM_BEGUN = 52
    TEAM_ENDED = 53
    TEAM_WITHDRAWN = 54


COMING = {"arrivals": Kind.ARRIVED, "births": Kind.BORN}


class EventLog:
    """Entries about the residents who are followed (`Resident.followed`), in the order in which things happened.

    m: the model whose residents' columns and month are read; share: of residents who are followed, 0 to 1.
    """

    def __init__(self, m: CareSystem, share: float) -> None:
        self.m, self.share = m, min(max(float(share), 0.0), 1.0)
        self._book = np.empty(0, EVENT)
        self._used = 0
        self._forget()

    def follows(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of these new residents are followed: a hash of each one's key, used for nothing else."""
        if self.share in (0.0, 1.0):
            return np.full(keys.size, self.share == 1.0)
        return draws.uniforms(keys, ALWAYS, Purpose.FOLLOWED) < self.share

    # ---------------------------------------------------------------------------------------------- the month
    def among(self, rows: Rows) -> Rows:
        """Positions in `rows` of those who are followed. Everything else is done for these few only."""
        if not rows.size or not self.share:
            return NOBODY
        found: Rows = self.m.residents.columns["followed"].view(np.bool_).take(rows).nonzero()[0]
        return found

    def add(self, kind: Kind, rows: Rows, detail: Any = 0, since: Array | None = None) -> None:
        """It happens this month to the residents at `rows` (those not followed are passed over).

        detail: a number, or one a row (rounded); since: months, one a row, where it began earlier. They are read, with
        who is followed and who it is, when the log is next wanted or somebody leaves; until then they must stay.
        """
        if self.share and len(rows):
            self._queue(kind, rows, detail, EACH if isinstance(detail, np.ndarray) else ONE, since)

    def add_counts(self, rows: Rows, counts: dict[Kind, Array]) -> None:
        """Several kinds at once, each with a count a row as detail; what does not happen (0) is not entered."""
        if self.share and len(rows):
            found = self.among(rows)
            if found.size:
                rows = rows[found]
                for kind, each in counts.items():
                    self._queue(kind, rows, each[found], SOME, None)

    def come(self, kind: Kind, rows: Rows) -> None:
        """Residents who are new, with the states that they bring."""
        if not self.share:
            return
        rows = rows[self.among(rows)]
        if rows.size:
            r, bits = self.m.residents.columns, np.array(list(self.m.states.bits.values()), np.uint64)
            self.add(kind, rows, r["male"][rows], r["born"][rows])
            who, which = np.nonzero(r["state"][rows][:, None] >> bits & np.uint64(1))
            self.add(Kind.HELD, rows[who], bits[which])

    def go(self, kind: Kind, rows: Rows) -> None:
        """Residents who leave the model: the last that is heard of them."""
        if not self.share:
            return
        self.add(kind, rows)
        self._settle()
        self.m.residents.columns["followed"][rows] = 0

    def practice(self, contacts: Array, waiting: Array, lost_rows: Rows, lost: Array) -> None:
        """Contacts that the practices served: new and waiting ones, less those not offered.

        contacts, waiting: one a row of the table; lost_rows: ascending, with how many of theirs are not offered.
        """
        if not self.share:
            return
        rows = np.flatnonzero(self.m.residents.columns["followed"][: contacts.size].view(np.bool_))
        served = contacts[rows].astype(np.int64) + waiting[rows]
        if lost_rows.size:
            at = np.minimum(np.searchsorted(lost_rows, rows), lost_rows.size - 1)
            served -= np.where(lost_rows[at] == rows, lost[at], 0)
        if rows.size:
            self._queue(Kind.GP_SERVED, rows, served, SOME, None)

    def _queue(self, kind: Kind, rows: Rows, detail: Any, how: int, since: Array | None) -> None:
        if len(rows) > MANY:  # few of them are followed; the others need not be copied twice
            found = self.among(rows)
            if not found.size:
                return
            rows, since = rows[found], None if since is None else since[found]
            detail = detail if how == ONE else detail[found]
        packed = (len(rows) << _LENGTH) + (self.m.month << _MONTH) + (kind << _KIND) + (how << 1)
        self._rows.append(rows)
        if how == ONE:
            self._numbers.append(detail)
        else:
            self._numbers.append(0.0)
            self._details.append(detail)
        if since is not None:
            packed += 1
            self._sinces.append(since)
        self._queued.append(packed)

    def _settle(self) -> None:
        """Write everything that is queued into the book."""
        if not self._queued:
            return
        r = self.m.residents.columns
        happened = (
            np.frombuffer(self._queued, np.int64), np.frombuffer(self._numbers), joined(self._rows, np.int64),
            joined(self._details, np.float64), joined(self._sinces, np.float64), r["followed"], r["unique_id"],
        )  # fmt: skip
        count = enter(*happened, self._book[self._used :])
        if self._used + count > len(self._book):
            larger = np.empty(max(2 * (self._used + count), ROOM), EVENT)
            larger[: self._used] = self._book[: self._used]
            self._book = larger
            enter(*happened, self._book[self._used :])
        self._used += count
        self._forget()

    def _forget(self) -> None:
        """Nothing is queued."""
        self._queued, self._numbers = array("q"), array("d")
        self._rows: list[Array] = []
        self._details: list[Array] = []
        self._sinces: list[Array] = []

    def __getstate__(self) -> dict[str, Any]:
        self._settle()
        return self.__dict__

    # ---------------------------------------------------------------------------------------------- branching, end
    def entries(self) -> Array:
        """A copy of all entries so far (`EVENT`[n])."""
        self._settle()
        return self._book[: self._used].copy()

    def snapshot(self) -> dict[str, Any]:
        """Everything that changes."""
        return {"share": self.share, "entries": self.entries()}

    def restore(self, held: dict[str, Any]) -> None:
        """Continue from a snapshot."""
        self.share, self._book = held["share"], held["entries"].copy()
        self._used = len(self._book)
        self._forget()
