"""Social ties: who is close to whom, as a compressed sparse row graph keyed by identity.

How many close ties a resident keeps up is a draw of their identity (some keep none). Once a year, in April, ties end:
with those who have gone, and a share of the others by a draw of the pair. Then what is missing is matched: everyone who
has too few looks for each missing tie either in their LSOA or in a part of their authority, at an age near their own;
those who look in the same cell (place × five years of age) are sorted by that age and paired with the next; who finds
nobody looks once more, in a part of the authority. A newcomer therefore changes the ties of those who look in the same
cells and of nobody else. Deaths and departures end ties at once, because a tie counts only while the identity it was
made with is still there, whoever is given the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.clock import MONTHS_A_YEAR
from sim.life import ties_kernels as kernels
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.evidence import Evidence
    from sim.system import CareSystem

Rows = NDArray[np.int64]
APRIL = 9  # months after July
CELL_MONTHS, CELLS = 60, 20  # five years of age
PART_SIZE = 20  # entries looked for in one part of an authority and one cell of age, in a year
FIXED = 0  # the month of draws that belong to a person for life
MONTHS_SINCE_APRIL = 5.5  # mean over the year
PLACES, BONDS = 4096, 1 << 16
_HALF, _WORD = 1 << 16, 1 << 32
NOTHING = np.empty(0, np.uint8)


class Ties:
    """The graph and its yearly rewiring.

    start: int32[n + 1], first tie of each row; owner: int64[n], whose ties they are, as of the last rewiring; row:
    int32, one a tie and direction: the tie is to the identity `owner[row]`, and lives while that is still its row's;
    bond: uint16, a hash of the pair from which it is drawn whether the tie lasts.
    newborn: int64[k, 2, 2], identities and rows of child and mother who are not tied yet. usual_share: share of wanted
    ties that live, on average over a year: the rest has moved or died since April's matching. The arrays are replaced,
    never written, so that a snapshot holds them without a copy.
    """

    def __init__(self, m: CareSystem) -> None:
        self.m = m
        evidence = m.evidence
        self.numbers = numbers(evidence)
        self.lost = int(evidence["ties.lost_a_year"] * _WORD)
        self.near = int(evidence["ties.near_share"] * _HALF)
        self.spread = evidence["ties.age_spread"] * MONTHS_A_YEAR
        self.wanted_at = draws.offset(FIXED, Purpose.TIES_WANTED)
        self.masks = m.states.mask("smoker"), m.states.mask("inactive")
        self.salt = draws.scramble(draws.offset(m.seed, Purpose.TIES_LOST))
        gone = float(np.average(m.place.out_rate, weights=m.place.counts.sum(0)))
        self.usual_share = 1.0 - MONTHS_SINCE_APRIL * gone
        self.authority = np.ascontiguousarray(m.place.authority, np.int16)
        self._divide()
        self.start = np.zeros(1, np.int32)
        self.owner = np.empty(0, np.int64)
        self.row = np.empty(0, np.int32)
        self.bond = np.empty(0, np.uint16)
        self.newborn = np.empty((0, 2, 2), np.int64)
        if "bereaved" not in m.residents.columns:
            m.residents.extend("bereaved", np.uint8)

    def _divide(self) -> None:
        """Cut authorities into parts of about equal size, once and for all: by residents at the start."""
        people = np.bincount(self.authority, self.m.place.counts.sum((1, 2))) * self.m.scale
        entries = people * self.numbers.mean() * (1 - self.near / _HALF) * (self.lost / _WORD) / CELLS
        self.parts = np.maximum(np.rint(entries / PART_SIZE), 1).astype(np.int64)
        self.first_far = np.cumsum(self.parts) - self.parts

    # -- the year ---------------------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Rewire if it is April."""
        if self.m.month % MONTHS_A_YEAR == APRIL:
            self.rewire(self.lost)

    def open(self) -> None:
        """The ties people have at the start: matched three times, because many find the same person twice."""
        for attempt in range(3):
            self.rewire(0, attempt)

    def rewire(self, lost: int, attempt: int = 0) -> None:
        """End ties (those of the gone, and of others `lost` in 2³²), tie newborns to mothers, match what is missing."""
        m, r, size = self.m, self.m.residents.columns, self.m.residents.size
        key = r["key"][:size]
        want, degree = np.empty(size, np.uint8), np.zeros(size, np.uint8)
        kernels.wanted(key, self.wanted_at, self.numbers, want)
        kept, ends = np.empty(self.row.size, np.int32), np.empty(BONDS, np.uint8)
        kernels.endings(draws.scramble(self.salt + draws.offset(m.month, 0))[0], np.uint64(lost), ends)
        kernels.keep(self.look_out(), self.start, self.row, self.bond, ends, degree, kept)
        names, family = self.newborn[:, 0], self.newborn[:, 1]
        family = np.ascontiguousarray(family[(r["unique_id"][family] == names).all(1)])  # those where both are here
        missing = int(np.maximum(want.astype(np.int16) - degree, 0).sum())
        room = missing // 2 + len(family) + 1
        head, bonds = np.full(size, -1, np.int32), np.empty(room, np.uint16)
        after, whom = np.empty((2, 2 * room), np.int32)
        kernels.link_all(family, key, head, after, whom, bonds)
        cell, code, entrant = np.empty(missing, np.int32), np.empty(missing, np.uint64), np.empty(missing, np.int32)
        entries = kernels.open_ends(
            r["unique_id"][:size], key, r["lsoa"][:size], self.authority, r["born"][:size], want, degree, m.month,
            draws.offset(m.month, Purpose.TIES_SOUGHT + attempt), np.uint64(self.near), self.spread, CELL_MONTHS,
            CELLS, self.first_far, self.parts, cell, code, entrant,
        )  # fmt: skip
        cells = (self.authority.size + int(self.parts.sum())) * CELLS
        first, codes, whose = kernels.in_cells(cell, code, entrant, entries, cells)
        formed = kernels.pair_up(first, codes, whose, head, after, whom, bonds, len(family))
        entries = kernels.left_over(
            whose, codes, r["lsoa"][:size], self.authority, CELL_MONTHS, CELLS, self.first_far, self.parts,
            cell, code, entrant,
        )  # fmt: skip
        first, codes, whose = kernels.in_cells(cell, code, entrant, entries, cells)
        formed = kernels.pair_up(first, codes, whose, head, after, whom, bonds, formed)
        most = int(degree.sum(dtype=np.int64)) + 2 * formed
        start, row, bond = np.empty(size + 1, np.int32), np.empty(most, np.int32), np.empty(most, np.uint16)
        kernels.rebuild(self.start, kept, self.bond, head, after, whom, bonds, start, row, bond)
        self.start, self.row, self.bond = start, row[: start[-1]].copy(), bond[: start[-1]].copy()
        self.owner = r["unique_id"][:size].copy()
        self.newborn = np.empty((0, 2, 2), np.int64)

    # -- the month --------------------------------------------------------------------------------------------------

    def born(self, children: Rows, mothers: Rows) -> None:
        """Remember whose child is whose (rows) until the next matching ties them."""
        before = len(self.newborn)
        newborn = np.empty((before + children.size, 2, 2), np.int64)
        newborn[:before] = self.newborn
        rows = newborn[before:, 1]
        rows[:, 0], rows[:, 1] = children, mothers
        newborn[before:, 0] = self.m.residents.columns["unique_id"][rows]
        self.newborn = newborn

    def bereave(self, dead: Rows) -> None:
        """Those who had a tie to one of the dead (rows, still in the table) know it until their next review."""
        r = self.m.residents.columns
        kernels.bereave(dead, r["unique_id"], self.owner, self.start, self.row, r["bereaved"])

    def look_around(self, rows: Rows, neutral: NDArray[np.float32], newcomers: bool = False) -> NDArray[np.float32]:
        """Of the residents in `rows`: share of wanted ties that live, shares of live ties who smoke and are active.

        neutral: what each is taken to be where nothing is known; of newcomers nothing is. Returns float32 (3, rows).
        """
        around, key = np.empty((3, rows.size), np.float32), self.m.residents.columns["key"]
        seen = NOTHING if newcomers else self.look_out()
        kernels.look_around(rows, key, seen, self.start, self.row, self.wanted_at, self.numbers, neutral, around)
        return around

    def look_out(self) -> NDArray[np.uint8]:
        """What ties see of each row of the graph: 0 who has gone, else 1, + 2 who smokes, + 4 who is not inactive."""
        r, seen = self.m.residents.columns, np.empty(self.owner.size, np.uint8)
        kernels.look_out(r["unique_id"], self.owner, r["state"], *self.masks, seen)
        return seen

    def of(self, row: int) -> list[int]:
        """Identities of the live ties of one resident, ascending."""
        name = self.m.residents.columns["unique_id"]
        if row >= self.owner.size or self.owner[row] != name[row]:
            return []
        others = self.row[self.start[row] : self.start[row + 1]]
        return sorted(self.owner[others][name[others] == self.owner[others]].tolist())

    @property
    def nbytes(self) -> int:
        """Memory of the graph in bytes."""
        return sum(array.nbytes for array in self.snapshot())

    def snapshot(self) -> tuple[NDArray[Any], ...]:
        """The graph, to branch from."""
        return self.start, self.owner, self.row, self.bond, self.newborn

    def restore(self, kept: tuple[NDArray[Any], ...]) -> None:
        """Return to a snapshot."""
        self.start, self.owner, self.row, self.bond, self.newborn = kept


def shares_of(evidence: Evidence) -> NDArray[np.float64]:
    """Share of people who keep up 0, 1, 2 … close ties; sums to 1."""
    table = evidence.table("tie_number")
    share = np.zeros(int(table["ties"].max()) + 1)
    share[table["ties"].to_numpy(int)] = table["value"].to_numpy(float)
    return np.asarray(share / share.sum())


def numbers(evidence: Evidence) -> NDArray[np.uint8]:
    """How many close ties people keep up, 4,096 of them in ascending order: uint8."""
    upto = np.rint(np.cumsum(shares_of(evidence)) * PLACES).astype(int)
    return np.asarray(np.searchsorted(upto, np.arange(PLACES), side="right"), np.uint8)
