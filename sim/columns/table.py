"""All agents of one type: columns that grow, and rows that are used again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, TypedDict

import numpy as np
from numpy.typing import NDArray

from sim.columns import rows_kernels as kernels
from sim.columns.agentset import ColumnarAgentSet, Rows
from sim.columns.compat import take_identities

SLACK = 8
"""A table that must grow takes one row in eight more than it needs."""


class Snapshot(TypedDict):
    """A table's state, for branching: copies of the columns, rows in use so far, and rows free to use again."""

    columns: dict[str, NDArray[Any]]
    size: int
    free: Rows


class Table(ColumnarAgentSet):
    """All agents of one type in a model: ``model.agents_by_type[Resident]``.

    `columns` maps names to raw arrays whose first axis is the row. Rows from `size` on are spare. The row of one who
    has left has unique_id 0 and is given to the next who arrives; whole-column code masks with
    ``columns["unique_id"] != 0``. Arrays are replaced when the table grows: look them up again after `append`.
    """

    model: Any
    agent_type: Any
    columns: dict[str, NDArray[Any]]
    defaults: dict[str, NDArray[Any]]
    size: int
    _free: Rows
    _live: Rows | None

    OWN: ClassVar[frozenset[str]] = frozenset({"agent_type", "columns", "defaults", "model", "size", "table", "rows"})

    def __init__(self, model: Any, agent_type: Any) -> None:
        """An empty table of a `ColumnarAgent` class, to be kept in a `ColumnarModel`."""
        declared = agent_type.columns.values()
        self.__dict__.update(
            table=self,
            model=model,
            agent_type=agent_type,
            columns={"unique_id": np.empty(0, np.int64)} | {c.name: np.empty(0, c.dtype) for c in declared},
            defaults={c.name: np.array(c.default, c.dtype) for c in declared},
            size=0,
            _free=np.empty(0, np.int64),
            _live=None,
        )

    @property
    def rows(self) -> Rows:
        """Rows in use, ascending: int64[n]."""
        if self._live is None:
            self._live = np.flatnonzero(self.columns["unique_id"][: self.size])
        return self._live

    def append(self, n: int, unique_id: Any = None, **values: Any) -> ColumnarAgentSet:
        """Add n agents and return them as a set.

        values: for any column one value, or n of them; others get their default. unique_id: int64[n] > 0 not in use,
        or nothing for the model's next numbers. Raises TypeError for an unknown column, ValueError for an id below 1.
        """
        if not values.keys() <= self.defaults.keys():
            unknown = sorted(set(values) - set(self.defaults))
            raise TypeError(f"{self.agent_type.__name__} has no column {', '.join(unknown)}")
        identities = take_identities(self.model, n) if unique_id is None else np.asarray(unique_id, np.int64)
        if np.count_nonzero(identities < 1):
            raise ValueError("unique_id must be positive: 0 marks an empty row")
        rows = self._rows_for(n, values)
        for name, default in self.defaults.items():
            _put(self.columns[name], rows, values.get(name, default))
        self.columns["unique_id"][rows] = identities
        self.__dict__["_live"] = None
        return ColumnarAgentSet(self, rows)

    def _rows_for(self, n: int, values: dict[str, Any]) -> Rows:
        """Rows for n newcomers: free ones, of agents they stand together with where the type says so; then new ones."""
        name, groups = self.agent_type.together
        if not groups:
            many = min(n, len(self._free))
            free, size = self._free[many:], self.size + n - many
            rows = np.concatenate([self._free[:many], np.arange(self.size, size)])
        else:
            theirs = np.asarray(values.get(name, self.defaults[name]), np.int64).reshape(-1)
            rows, free = np.empty(n, np.int64), self._free.copy()
            free.sort()
            kept, size = kernels.stand_together(theirs, self.columns[name], groups, free, self.size, rows)
            free = free[:kept]
        self._reserve(size)
        self.__dict__.update(_free=free, size=size)
        return rows

    def release(self, rows: Any) -> None:
        """The agents in these rows leave the model; rows that are empty already are passed over."""
        rows = np.array(rows, np.int64)
        rows.sort()
        identities = self.columns["unique_id"]
        fresh = identities[rows] != 0
        fresh[1:] &= rows[1:] != rows[:-1]  # each once
        rows = rows[fresh]
        identities[rows] = 0
        self.__dict__.update(_free=np.concatenate([self._free, rows]), _live=None)

    def extend(self, name: str, dtype: Any, width: int = 1, default: Any = 0) -> NDArray[Any]:
        """Add a column while the model exists, filled with its default, and return its raw array.

        width above 1 makes it two-dimensional, (capacity, width); the default is then one value or `width` of them.
        Raises ValueError when the name is taken.
        """
        if name in self.columns or hasattr(type(self), name) or name in self.OWN:
            raise ValueError(f"{self.agent_type.__name__} cannot have another column {name!r}")
        capacity = len(self.columns["unique_id"])
        column = np.empty(capacity if width == 1 else (capacity, width), dtype)
        column[:] = default
        self.columns[name] = column
        self.defaults[name] = np.array(default, dtype)
        return column

    def copy_columns(self) -> Snapshot:
        """The state of this table as plain copies of arrays; see `restore`."""
        copies = {name: column.copy() for name, column in self.columns.items()}
        return Snapshot(columns=copies, size=self.size, free=self._free.copy())

    def restore(self, snapshot: Snapshot) -> None:
        """Return to an earlier state (which may be used again). Columns added since then go."""
        columns = {}
        for name, kept in snapshot["columns"].items():
            current = self.columns.get(name)
            if current is not None and current.shape == kept.shape and current.dtype == kept.dtype:
                np.copyto(current, kept)
                columns[name] = current
            else:
                columns[name] = kept.copy()
        for name in set(self.columns) - set(columns):
            self.defaults.pop(name, None)
        self.columns = columns
        self.size = snapshot["size"]
        self._free = snapshot["free"].copy()
        self._live = None

    def agent_at(self, row: int, unique_id: int) -> Any:
        """A view of one row."""
        agent = object.__new__(self.agent_type)
        vars(agent).update(table=self, model=self.model, _row=row, unique_id=unique_id)
        return agent

    def entry(self, name: str, row: int) -> Any:
        """One value of a column as a Python number; of a wide column, the row as an array that can be written."""
        column = self.columns[name]
        return column.item(row) if column.ndim == 1 else column[row]

    def _reserve(self, rows: int) -> None:
        have = len(self.columns["unique_id"])
        if rows <= have:
            return
        capacity = rows + rows // SLACK
        for name, column in self.columns.items():
            grown = np.empty((capacity, *column.shape[1:]), column.dtype)
            grown[:have] = column
            grown[have:] = self.defaults.get(name, 0)
            self.columns[name] = grown

    def _new(self, rows: Rows, inplace: bool = False) -> ColumnarAgentSet:
        if inplace:
            raise ValueError("this set is the model's own: work on a copy, or leave out inplace")
        return ColumnarAgentSet(self, rows)

    def __contains__(self, agent: object) -> bool:
        if getattr(agent, "table", None) is not self:
            return False
        return bool(self.columns["unique_id"][agent._row] == agent.unique_id)  # type: ignore[attr-defined]

    def __iter__(self) -> Iterator[Any]:
        return ColumnarAgentSet.__iter__(self)


def _put(column: NDArray[Any], rows: Rows, value: Any) -> None:
    """Write one value, or one for each, into some rows of a column, past NumPy's slow ways of doing so."""
    if not isinstance(value, np.ndarray):
        column[rows] = value
    elif column.ndim == 2 and value.ndim == 0:
        kernels.fill(column, rows, value.item())
    else:
        column[rows] = value if value.dtype == column.dtype else value.astype(column.dtype)
