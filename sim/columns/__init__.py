"""Columnar agents for Mesa: one array an attribute; an agent object is a view of a row, made when asked for.

    class Resident(ColumnarAgent):
        age: np.int16
        practice: np.uint16

        @columnar                                    # one body for one resident or for all of them
        def have_birthday(self) -> None:
            self.age += 1

    class Town(ColumnarModel):
        def __init__(self, rng: int = 1) -> None:
            super().__init__(rng=rng)
            Resident.create_agents(self, 600_000, age=ages)     # makes no Python object a resident

    old = town.agents_by_type[Resident].do("have_birthday").select(lambda r: r.age >= 65)
    old.agg("age", np.mean)

Everything that Mesa documents for `Agent`, `AgentSet` and `Model` keeps its meaning. What differs is speed and, for a
set, three additions: `residents.age` is an array, `residents.age = values` writes it, and `table.columns` holds the
raw arrays for code that works on all rows at once. Works on Mesa 3.3 (Python 3.11) and 3.5 (Python 3.12 and later).
"""

from __future__ import annotations

from sim.columns.agent import ColumnarAgent, columnar
from sim.columns.agentset import ColumnarAgentSet
from sim.columns.derived import derived
from sim.columns.model import ColumnarModel
from sim.columns.table import Snapshot, Table

__all__ = ["ColumnarAgent", "ColumnarAgentSet", "ColumnarModel", "Snapshot", "Table", "columnar", "derived"]
