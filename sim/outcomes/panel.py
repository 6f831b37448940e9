"""The consultation panel: residents who are followed for life so that their stories can be read.

Who: at the opening, from every stratum of local deprivation fifth × age (under 18, 18–64, 65 and over) the same number,
those with the smallest hash of their identity; a stratum with fewer gives all it has. So the panel of a place and seed
is the same in every scenario, and being on it changes nothing. Nobody replaces those who die or move away.

What is written of each: everything of the event log (`sim.outcomes.eventlog`: contacts, attendances, stays, waits,
illnesses, moves) and, once a year in the month of birth, a note: the columns of `NOTE`. `written` puts both together, a
row a member and year; `sim.outcomes.stories` tells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.clock import MONTHS_A_YEAR
from sim.outcomes.eventlog import ALWAYS, Kind
from sim.outcomes.measure import N_FIFTHS
from sim.purposes import Purpose

if TYPE_CHECKING:
    import pandas as pd

    from sim.system import CareSystem

Array = NDArray[Any]
AGES = (0, 18, 65)
"""Youngest age (years) of each group of the strata."""
FAR = 1 << 17  # further apart than any two months
LEVELS = ("experience", "unmet", "handoffs", "listed", "contact", "confidence", "control", "managed", "continuity")
NOTE = np.dtype(
    [("client", "<i8"), ("month", "<i2"), ("state", "<u8"), ("satisfaction", "<f4"), ("utility", "<f4"),
     *[(name, "u1") for name in LEVELS]]
)  # fmt: skip
"""What is noted of a member once a year: the resident's columns of the same names, at the month's end."""
OF_MEMBERS = [("born", "<i2"), ("male", "u1"), ("fifth", "u1"), ("lsoa", "<i2")]
MEMBER = np.dtype([("client", "<i8"), ("row", "<i8"), *OF_MEMBERS])
KEPT = np.dtype([*((name, NOTE[name]) for name in NOTE.names or ()), *OF_MEMBERS])
"""What a run's record keeps: the notes, each with its member's month of birth, sex, and home at the opening."""
COUNTED = {
    "gp_contacts": (Kind.GP_SERVED, True), "gp_given_up": (Kind.GP_GIVEN_UP, True), "ed": (Kind.ED, False),
    "stays": (Kind.OVERNIGHT, False), "referrals": (Kind.REFERRED, False), "treated": (Kind.TREATED, False),
    "other_teams": (Kind.TEAM_REFERRED, False), "lost": (Kind.TEAM_LOST, False),
}  # fmt: skip
"""Columns counted from the event log in `written`: kind of event, and whether its detail is the number of them."""


class Panel:
    """The members and what was noted of them. m: the model, which is only read (but for who is in its event log)."""

    def __init__(self, m: CareSystem) -> None:
        self.m = m
        self.members = np.empty(0, MEMBER)
        self._notes: list[Array] = []

    def open(self) -> None:
        """Choose the members among the residents of today, and have the event log follow them."""
        m, r, size = self.m, self.m.residents.columns, self.m.residents.size
        rows = np.flatnonzero(r["unique_id"][:size])
        ages = (m.month - r["born"][rows].astype(np.int64)) // MONTHS_A_YEAR
        group = np.searchsorted(AGES, ages, side="right") - 1
        stratum = r["fifth"][rows].astype(np.int64) * len(AGES) + group
        each = max(1, round(m.evidence["outcomes.panel_size"] / (N_FIFTHS * len(AGES))))
        hashed = draws.uniforms(r["key"][rows], ALWAYS, Purpose.PANEL)
        chosen = rows[first_of_each(stratum, hashed, r["unique_id"][rows], each)]
        self.members = np.empty(len(chosen), MEMBER)
        self.members["row"], self.members["client"] = chosen, r["unique_id"][chosen]
        for name, _ in OF_MEMBERS:
            self.members[name] = r[name][chosen]
        r["followed"][chosen] = 1

    def note(self) -> None:
        """Write the year's note of the members whose month of birth it is."""
        m, r = self.m, self.m.residents.columns
        due = (m.month - self.members["born"].astype(np.int64)) % MONTHS_A_YEAR == 0
        rows = self.members["row"][due]
        here = r["unique_id"][rows] == self.members["client"][due]
        rows = rows[here]
        if len(rows):
            notes = np.empty(len(rows), NOTE)
            notes["client"], notes["month"] = self.members["client"][due][here], m.month
            for name in ("state", "satisfaction", "utility", *LEVELS):
                notes[name] = r[name][rows]
            self._notes.append(notes)

    def notes(self) -> Array:
        """All notes so far (`NOTE`[n]), in the order in which they were written."""
        return np.concatenate([np.empty(0, NOTE), *self._notes])

    def kept(self) -> Array:
        """All notes so far with what is known of their members (`KEPT`[n])."""
        notes = self.notes()
        out = np.empty(len(notes), KEPT)
        order = np.argsort(self.members["client"])
        member = self.members[order[np.searchsorted(self.members["client"][order], notes["client"])]]
        for name in NOTE.names or ():
            out[name] = notes[name]
        for name, _ in OF_MEMBERS:
            out[name] = member[name]
        return out

    def written(self, entries: Array) -> pd.DataFrame:
        """`written` of this model so far. entries: of the event log (`EventLog.entries`)."""
        return written(self.kept(), entries)

    def snapshot(self) -> dict[str, Any]:
        """Everything that changes (arrays are never written again)."""
        return {"members": self.members, "notes": list(self._notes)}

    def restore(self, held: Mapping[str, Any]) -> None:
        """Continue from a snapshot."""
        self.members, self._notes = held["members"], list(held["notes"])


def written(kept: Array, entries: Array) -> pd.DataFrame:
    """A row a member and year of life in the model: the note, and the event log's counts of the twelve months up to it.

    kept: `KEPT`[n]; entries: of the same run's event log (`EVENT`). Columns: those of `KEPT`, then those of `COUNTED`.
    """
    import pandas as pd

    frame = pd.DataFrame(kept)
    for name, (kind, counted) in COUNTED.items():
        frame[name] = _in_the_year(kept, entries[entries["kind"] == kind], counted)
    return frame


def first_of_each(stratum: Array, hashed: Array, identity: Array, each: int) -> Array:
    """Positions of the first few of every stratum in the order of the hash (ties by identity): int64[m], ascending."""
    order = np.lexsort((identity, hashed, stratum))
    counts = np.bincount(stratum)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[rank < each])


def _in_the_year(kept: Array, entries: Array, counted: bool) -> Array:
    """Events of each note's client in the twelve months up to it, int64[n]; counted: the sum of their details."""
    clients, who = np.unique(kept["client"], return_inverse=True)
    at = np.minimum(np.searchsorted(clients, entries["client"]), max(len(clients) - 1, 0))
    mine = np.flatnonzero(clients[at] == entries["client"]) if len(clients) else at[:0]
    when = at[mine] * FAR + entries["month"][mine]
    order = np.argsort(when, kind="stable")
    each = entries["detail"][mine][order].astype(np.int64) if counted else np.ones(len(mine), np.int64)
    so_far = np.concatenate([[0], np.cumsum(each)])
    month = who.astype(np.int64) * FAR + kept["month"]
    until, since = (np.searchsorted(when[order], month - back, side="right") for back in (0, MONTHS_A_YEAR))
    return np.asarray(so_far[until] - so_far[since])
