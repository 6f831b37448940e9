"""A town with nothing in it but people, their homes and their ties: ten neighbourhoods in two authorities."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim import draws
from sim.agents.neighbourhoods import Neighbourhood
from sim.agents.residents import Resident
from sim.columns import ColumnarModel
from sim.evidence import load
from sim.life.states import States
from sim.life.ties import Ties

AREAS, EACH = 10, 400
CONDITIONS = ("chd", "depression")
C_COLUMNS = {"contact": 160, "confidence": 110, "control": 150}


def identities(first: int, count: int) -> NDArray[np.int64]:
    """Numbers that look nothing like rows."""
    words = draws.scramble(np.arange(first, first + count, dtype=np.uint64))
    return (words >> np.uint64(1)).astype(np.int64)


class Land(SimpleNamespace):
    """What stands for a place: two of them are never the same."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


class Town(ColumnarModel):
    """`people`: unique_id, lsoa, born, male … in the order of their rows; the crowd of ten times 400 unless given."""

    def __init__(self, people: dict[str, Any] | None = None, *, evidence: Any = None, month: int = 0) -> None:
        super().__init__()
        self.seed, self.month, self.scale = 7, month, 1.0
        self.evidence = evidence or load().draw(0)
        self.states = States(CONDITIONS)
        self.decile = np.arange(1, AREAS + 1, dtype=np.uint8)
        self.area_shift: dict[str, NDArray[np.float32]] = {}
        self.place = Land(
            name="town",
            authority=np.repeat(np.array([0, 1], np.int16), AREAS // 2),
            counts=np.full((AREAS, 2, 19), EACH // 38, np.int32),
            out_rate=np.full((2, 19), 0.004, np.float32),
            neighbours=ring(AREAS),
            lsoas=pd.DataFrame({"code": [f"E{n}" for n in range(AREAS)]}),
            urban=np.array([True] * 8 + [False] * 2),
        )
        self.residents = self.table_of(Resident)
        for name, default in C_COLUMNS.items():
            if name not in Resident.columns:
                self.residents.extend(name, np.uint8, default=default)
        self.neighbourhoods = self.table_of(Neighbourhood)
        Neighbourhood.create_agents(self, AREAS, area=np.arange(AREAS), decile=self.decile, residents=EACH)
        self.ties = Ties(self)  # type: ignore[arg-type]
        self.settle(crowd() if people is None else people)

    def settle(self, people: dict[str, Any]) -> NDArray[np.int64]:
        """Add people; returns their rows."""
        key = draws.make_keys(self.seed, people["unique_id"])
        decile = self.decile[people["lsoa"]]
        added = self.residents.append(len(key), key=key, decile=decile, **people)
        return np.asarray(added.rows)

    def row(self, identity: int) -> int:
        """Where somebody is."""
        found = np.flatnonzero(self.residents.columns["unique_id"][: self.residents.size] == identity)
        return int(found[0])

    def pairs(self) -> set[tuple[int, int]]:
        """Every tie as (lower, higher) identity, from what stands at each end; fails unless both ends agree."""
        found: list[tuple[int, int]] = []
        for row in self.residents.rows:
            me = int(self.residents.columns["unique_id"][row])
            found += [(me, other) for other in self.ties.of(int(row))]
        ends = set(found)
        assert len(ends) == len(found), "a tie stands twice"
        assert all(a != b for a, b in ends), "somebody is tied to themselves"
        assert all((b, a) in ends for a, b in ends), "a tie stands at one end only"
        return {(a, b) for a, b in ends if a < b}


def crowd(areas: int = AREAS, each: int = EACH, first: int = 1) -> dict[str, Any]:
    """People of ages 0 to 89, evenly spread."""
    count = areas * each
    rows = np.arange(count)
    word = draws.uniforms(draws.scramble(rows.astype(np.uint64) + np.uint64(first)), 0, 0)
    states = States(CONDITIONS)
    return {
        "unique_id": identities(first, count),
        "lsoa": rows // each,
        "born": -(word * 90 * 12).astype(np.int64) - 1,
        "male": rows % 2,
        "state": states.pack(count, [("smoker", rows % 6 == 0), ("inactive", rows % 4 == 0)]),
    }


def shuffled(people: dict[str, Any]) -> dict[str, Any]:
    """The same people in another order."""
    order = np.argsort(draws.scramble(np.arange(len(people["unique_id"]), dtype=np.uint64)))
    return {name: column[order] for name, column in people.items()}


def joined(*groups: dict[str, Any]) -> dict[str, Any]:
    """People of several groups together."""
    return {name: np.concatenate([group[name] for group in groups]) for name in groups[0]}


def ring(areas: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Neighbourhoods in a circle, and the first also next to the fourth: (indptr, indices)."""
    lists = [[(n - 1) % areas, (n + 1) % areas] for n in range(areas)]
    lists[0].append(3)
    lists[3].append(0)
    indices = np.array([other for each in lists for other in sorted(each)], np.int32)
    return np.cumsum([0] + [len(each) for each in lists]).astype(np.int32), indices
