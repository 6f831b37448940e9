"""An agent whose attributes live in columns; the object is a view of one row."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, get_origin

import mesa
import numpy as np

from sim.columns.agentset import ColumnarAgentSet
from sim.columns.table import Table

Method = TypeVar("Method", bound=Callable[..., Any])
OF_THE_VIEW = frozenset({"table", "model", "unique_id", "_row"})


def columnar(method: Method) -> Method:
    """Mark a method whose body works on arrays too: `do` calls it once, with the whole set as ``self``."""
    method.columnar = True  # type: ignore[attr-defined]
    return method


class Column:
    """An attribute that is kept as an array; read or set through an agent it is that agent's entry."""

    def __init__(self, name: str, dtype: Any, default: Any) -> None:
        self.name = name
        self.dtype = np.dtype(dtype)
        self.default = default

    def __get__(self, agent: Any, owner: type | None = None) -> Any:
        return self if agent is None else agent.table.entry(self.name, agent.row)

    def __set__(self, agent: Any, value: Any) -> None:
        agent.table.columns[self.name][agent.row] = value


class ColumnarAgent(mesa.Agent):
    """A Mesa agent whose annotated attributes are columns.

    Annotations are NumPy types (``age: np.int16``); a value in the class is the default (0 otherwise). Attributes
    marked ``ClassVar`` are left alone. Columns may also be added to a running model with `Table.extend`. Reading an
    attribute of one agent gives a Python number (arithmetic on it cannot overflow); of a set, an array.

    A view whose agent has left the model raises ReferenceError when it is used.
    """

    columns: ClassVar[dict[str, Column]] = {}
    together: ClassVar[tuple[str, int]] = ("unique_id", 0)
    """A column and a number: who has the same remainder of the one by the other stands in neighbouring rows, as far as
    rows that others left allow. With nought any free row is as good as another."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {}
        for name, kind in inspect.get_annotations(cls).items():
            dtype = _evaluated(kind, cls)
            if dtype is ClassVar or get_origin(dtype) is ClassVar:
                continue
            if name in OF_THE_VIEW or hasattr(Table, name) or name in Table.OWN:
                raise TypeError(f"{cls.__name__}: a column cannot be called {name!r}, which agents or sets use")
            own[name] = Column(name, dtype, cls.__dict__.get(name, 0))
            setattr(cls, name, own[name])
        cls.columns = cls.columns | own

    def __init__(self, model: Any, **values: Any) -> None:
        """Add one agent to the model, with the given columns and defaults elsewhere.

        Raises AttributeError, and adds nobody, when a column does not exist.
        """
        object.__setattr__(self, "table", model.table_of(type(self)))
        for name in values:
            if name not in self.table.columns:
                raise AttributeError(f"{type(self).__name__} has no column {name!r}: declare it in the class")
        super().__init__(model)  # Mesa takes an id and calls model.register_agent(self)
        for name, value in values.items():
            setattr(self, name, value)

    @classmethod
    def create_agents(cls, model: Any, n: int, *args: Any, **values: Any) -> ColumnarAgentSet:
        """Add n agents; each value is one for all or a sequence of n. Makes no object unless `__init__` is your own."""
        if cls.__init__ is ColumnarAgent.__init__:
            if args:
                raise TypeError(f"{cls.__name__}.create_agents takes columns by name")
            return model.table_of(cls).append(n, **values)  # type: ignore[no-any-return]
        table: Table = model.table_of(cls)
        before = table.rows
        agents = super().create_agents(model, n, *args, **values)
        del agents
        fresh = table.rows[~np.isin(table.rows, before)]
        return ColumnarAgentSet(table, fresh[np.argsort(table.columns["unique_id"][fresh], kind="stable")])

    @property
    def row(self) -> int:
        """The agent's row in its table's columns. Raises ReferenceError when the agent has left."""
        if self.table.columns["unique_id"][self._row] != self.unique_id:
            raise ReferenceError(f"{type(self).__name__} {self.unique_id} has left the model")
        return int(self._row)

    def __getattr__(self, name: str) -> Any:
        table = self.__dict__.get("table")
        if table is not None and name in table.columns:
            return table.entry(name, self.row)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in OF_THE_VIEW or isinstance(getattr(type(self), name, None), property | Column):
            object.__setattr__(self, name, value)
        elif name in self.table.columns:
            self.table.columns[name][self.row] = value
        elif value is not None or name not in ("pos", "current_action"):  # Mesa's Agent sets these to None
            raise AttributeError(f"{type(self).__name__} has no column {name!r}: declare it in the class")

    pos = None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.table is self.table and other.unique_id == self.unique_id

    def __hash__(self) -> int:
        return hash(self.unique_id)

    def __reduce__(self) -> tuple[Any, ...]:
        return _view, (self.table, self._row, self.unique_id)


def _view(table: Table, row: int, unique_id: int) -> Any:
    """A pickled view, made again."""
    return table.agent_at(row, unique_id)


def _evaluated(kind: Any, cls: type) -> Any:
    """An annotation as an object; postponed annotations are text that means something in the class's module."""
    if not isinstance(kind, str):
        return kind
    return eval(kind, vars(sys.modules[cls.__module__]), {"ClassVar": ClassVar, **vars(cls)})
