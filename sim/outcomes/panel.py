"""The consultation panel: residents who are followed for life so that their stories can be read.

Who: at the opening, from every stratum of local deprivation fifth × age (under 18, 18–64, 65 and over) the same number,
those with the smallest hash of their identity; a stratum with fewer gives all it has. So the panel of a place and seed
is the same in every scenario, and being on it changes nothing. Nobody replaces those who die or move away.

What is written of each: everything of the event log (`sim.outcomes.eventlog`: contacts, attendances, stays, waits,
illnesses, moves) and, once a year in the month of birth, a note: the columns of `NOTE`.
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
LEVELS = ("experience", "unmet", "handoffs", "listed", "contact", "confidence", "control", "managed", "continuity")
NOTE = np.dtype(
    [("client", "<i8"), ("month", "<i2"), ("state", "<u8"), ("satisfaction", "<f4"), ("utility", "<f4"),
     *[(name, "u1") for name in LEVELS]]
)  # fmt: skip
"""What is noted of a member once a year: the resident's columns of the same names, at the month's end."""
MEMBER = np.dtype([("client", "<i8"), ("row", "<i8"), ("born", "<i2"), ("fifth", "u1"), ("lsoa", "<i2")])
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
        for name in ("born", "fifth", "lsoa"):
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

    def written(self, entries: Array) -> pd.DataFrame:
        """A row a member and year of life in the model: the note, and what the event log says of the twelve months
        up to it.

        entries: of the event log (`EventLog.entries`).
        """
        import pandas as pd

        notes = pd.DataFrame(self.notes())
        members = pd.DataFrame(self.members)[["client", "fifth", "lsoa"]]
        frame = notes.merge(members, on="client", how="left")
        log = pd.DataFrame(entries)
        for name, (kind, counted) in COUNTED.items():
            frame[name] = _in_the_year(frame, log[log["kind"] == int(kind)], counted)
        return frame

    def snapshot(self) -> dict[str, Any]:
        """Everything that changes (arrays are never written again)."""
        return {"members": self.members, "notes": list(self._notes)}

    def restore(self, held: Mapping[str, Any]) -> None:
        """Continue from a snapshot."""
        self.members, self._notes = held["members"], list(held["notes"])


def first_of_each(stratum: Array, hashed: Array, identity: Array, each: int) -> Array:
    """Positions of the first few of every stratum in the order of the hash (ties by identity): int64[m], ascending."""
    order = np.lexsort((identity, hashed, stratum))
    counts = np.bincount(stratum)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[rank < each])


def _in_the_year(frame: pd.DataFrame, log: pd.DataFrame, counted: bool) -> Array:
    """Events of each row's client in the twelve months up to the row's."""
    found = np.zeros(len(frame), np.int64)
    by_client = dict(list(log.groupby("client")))
    for i, (client, month) in enumerate(zip(frame["client"], frame["month"], strict=True)):
        rows = by_client.get(client)
        if rows is not None:
            mine = rows[(rows["month"] <= month) & (rows["month"] > month - MONTHS_A_YEAR)]
            found[i] = int(mine["detail"].sum()) if counted else len(mine)
    return found
