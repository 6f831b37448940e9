"""Some rows of a table, with the API of Mesa's AgentSet.

A set remembers rows and the ids it found there, so it forgets agents who leave and never adopts those who are given
their rows. Methods work on whole columns where the meaning allows it and on one view an agent where it does not.
"""

from __future__ import annotations

import random as standard_random
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from numpy.typing import NDArray

from sim.columns.compat import AgentSet, GroupBy
from sim.columns.derived import derived as Derived
from sim.draws import scramble

if TYPE_CHECKING:
    from sim.columns.table import Table

Rows = NDArray[np.int64]
FOR_ARRAYS: dict[Any, Callable[..., Any]] = {sum: np.sum, min: np.min, max: np.max, len: np.size}
"""What `agg` calls instead of a builtin that would walk through an array element by element."""


class ColumnarAgentSet(AgentSet):
    """Some rows of a `Table`. ``residents.age`` is an array (a copy); ``residents.age = …`` writes the column."""

    table: Table
    _rows: Rows
    _ids: Rows

    def __init__(self, table: Table, rows: Rows) -> None:
        """The agents in the given rows of a table, in that order."""
        self.__dict__.update(table=table, _rows=rows, _ids=table.columns["unique_id"][rows])

    # -- what is in the set -------------------------------------------------------------------------------------------

    @property
    def rows(self) -> Rows:
        """Rows of the members who are still in the model: int64[n]."""
        present = self.table.columns["unique_id"][self._rows] == self._ids
        return self._rows if np.count_nonzero(present) == len(present) else self._rows[present]

    @property
    def random(self) -> standard_random.Random:  # type: ignore[override]
        """The model's generator, as on Mesa's sets; the model's own chance comes from `sim.draws`."""
        return self.table.model.random  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        table: Table | None = vars(self).get("table")
        if table is not None and name in table.columns:
            return table.columns[name][self.rows]
        if table is not None and isinstance(derived := getattr(table.agent_type, name, None), Derived):
            return derived.fget(self)  # type: ignore[misc]
        if table is not None and name == "model":
            return table.model
        raise AttributeError(f"{type(self).__name__} has no column or method {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.table.columns:
            self.table.columns[name][self.rows] = value
        else:
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        """Views of the members; those who leave meanwhile are passed over."""
        rows = self.rows
        ids = self.table.columns["unique_id"][rows]
        for row, identity in zip(rows.tolist(), ids.tolist(), strict=True):
            if self.table.columns["unique_id"][row] == identity:
                yield self.table.agent_at(row, identity)

    def __reversed__(self) -> Iterator[Any]:
        return iter(self._new(self.rows[::-1]))

    def __contains__(self, agent: object) -> bool:
        if getattr(agent, "table", None) is not self.table:
            return False
        present = self.table.columns["unique_id"][agent._row] == agent.unique_id  # type: ignore[attr-defined]
        return bool(present and (self.rows == agent._row).any())  # type: ignore[attr-defined]

    def __getitem__(self, item: int | slice) -> Any:
        chosen = self.rows[item]
        if isinstance(item, slice):
            return list(self._new(chosen))
        return self.table.agent_at(int(chosen), int(self.table.columns["unique_id"][chosen]))

    def to_list(self) -> list[Any]:
        """All members as views."""
        return list(self)

    # -- values -------------------------------------------------------------------------------------------------------

    def get(self, attr_names: Any, handle_missing: str = "error", default_value: Any = None) -> list[Any]:
        """Values of one attribute, or of several for each agent, as Mesa returns them: lists.

        An array without the detour is ``residents.age``. Raises AttributeError for an attribute that agents lack,
        unless handle_missing is "default"; ValueError for another handle_missing.
        """
        if handle_missing not in ("error", "default"):
            raise ValueError(f"Unknown handle_missing option: {handle_missing}, should be one of 'error' or 'default'")
        if not isinstance(attr_names, str):
            columns = [self.get(name, handle_missing, default_value) for name in attr_names]
            return [list(values) for values in zip(*columns, strict=True)]
        column = self.table.columns.get(attr_names)
        if column is not None:
            values = column[self.rows]
            return values.tolist() if values.ndim == 1 else list(values)
        otherwise = () if handle_missing == "error" else (default_value,)
        return [getattr(agent, attr_names, *otherwise) for agent in self]

    def set(self, attr_name: str, value: Any) -> ColumnarAgentSet:
        """Set a column of every member to one value, or to an array of one value each."""
        if attr_name in self.table.columns:
            setattr(self, attr_name, value)
        else:
            for agent in self:
                setattr(agent, attr_name, value)
        return self

    def agg(self, attribute: str, func: Callable[..., Any] | Iterable[Callable[..., Any]]) -> Any:
        """A function, or several, of the values of an attribute.

        It is given one 64-bit array; if it cannot work on that (``if values: …``), a list, as in Mesa.
        """
        derived = isinstance(getattr(self.table.agent_type, attribute, None), Derived)
        known = derived or attribute in self.table.columns
        values = wide(getattr(self, attribute)) if known else self.get(attribute)
        if callable(func):
            return aggregate(func, values)
        return [aggregate(each, values) for each in func]

    # -- selections ---------------------------------------------------------------------------------------------------

    def _new(self, rows: Rows, inplace: bool = False) -> ColumnarAgentSet:
        if not inplace:
            return ColumnarAgentSet(self.table, rows)
        ColumnarAgentSet.__init__(self, self.table, rows)
        return self

    def select(
        self,
        filter_func: Callable[[Any], Any] | None = None,
        at_most: float = float("inf"),
        inplace: bool = False,
        agent_type: type | None = None,
    ) -> ColumnarAgentSet:
        """Members for whom the test holds, at most so many (int) or that share of the set (float up to 1).

        A test that arrays understand, like ``lambda r: r.age > 65``, is called once on the columns; one that they do
        not, or that draws random numbers, once for each agent.
        """
        rows = self.rows
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(len(rows) * at_most)
        if agent_type is not None and not issubclass(self.table.agent_type, agent_type):
            rows = rows[:0]
        elif filter_func is not None:
            rows = rows[self._mask(filter_func)]
        return self._new(rows[: int(min(at_most, len(rows)))], inplace)

    def _mask(self, test: Callable[[Any], Any]) -> NDArray[np.bool_]:
        generators: list[Any] = [self.random, standard_random]
        before = [generator.getstate() for generator in generators]
        of_numpy = self.table.model.rng.bit_generator.state
        try:
            with np.errstate(all="raise"):
                mask = test(_Wide(self))
        except Exception:  # not a test for arrays; a real mistake shows again below, for one agent
            mask = None
        drew = of_numpy != self.table.model.rng.bit_generator.state
        for generator, state in zip(generators, before, strict=True):
            if generator.getstate() != state:
                generator.setstate(state)
                drew = True
        if drew:
            self.table.model.rng.bit_generator.state = of_numpy
        elif isinstance(mask, np.ndarray) and mask.dtype == bool and mask.shape == (len(self),):
            return mask
        return np.fromiter((bool(test(agent)) for agent in self), np.bool_, len(self))

    def shuffle(self, inplace: bool = False) -> ColumnarAgentSet:
        """The members in random order."""
        rows = self.rows
        tickets = scramble(np.arange(len(rows), dtype=np.uint64) + np.uint64(self.random.getrandbits(64)))
        return self._new(rows[np.argsort(tickets, kind="stable")], inplace)

    def sort(self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False) -> ColumnarAgentSet:
        """The members by an attribute or function, highest first unless ascending; ties keep their order."""
        rows = self.rows
        if isinstance(key, str) and key in self.table.columns:
            _, rank = np.unique(self.table.columns[key][rows], return_inverse=True)
            order = np.argsort(rank if ascending else -rank, kind="stable")
        else:
            values = self.get(key) if isinstance(key, str) else [key(agent) for agent in self]
            order = np.array(sorted(range(len(rows)), key=values.__getitem__, reverse=not ascending), np.int64)
        return self._new(rows[order], inplace)

    def groupby(self, by: Callable[[Any], Hashable] | str, result_type: str = "agentset") -> Groups:
        """Sets (or lists, result_type "list") of members with the same value of an attribute or function."""
        rows = self.rows
        values = [by(agent) for agent in self] if callable(by) else self.get(by)
        numbers: dict[Hashable, int] = {}
        which = np.fromiter((numbers.setdefault(value, len(numbers)) for value in values), np.int64, len(values))
        parts = np.split(rows[np.argsort(which, kind="stable")], np.cumsum(np.bincount(which))[:-1])
        sets: dict[Any, Any] = {value: self._new(part) for value, part in zip(numbers, parts, strict=False)}
        return Groups(sets if result_type == "agentset" else {value: list(part) for value, part in sets.items()})

    def copy(self) -> ColumnarAgentSet:
        """Another set of the same members."""
        return self._new(self.rows)

    __copy__ = copy

    # -- doing --------------------------------------------------------------------------------------------------------

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> ColumnarAgentSet:
        """Call a method of every member, or a function of each; a `columnar` one is called once for all."""
        function = getattr(self.table.agent_type, method, None) if isinstance(method, str) else method
        if getattr(function, "columnar", False):
            function(self, *args, **kwargs)  # type: ignore[misc]
        elif function is mesa.Agent.remove and not getattr(self.table.agent_type, "_datasets", None):
            self.table.release(self.rows)
        else:
            self.map(method, *args, **kwargs)
        return self

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """What a method, or a function, returns for each member who is still there when its turn comes."""
        if isinstance(method, str):
            return [getattr(agent, method)(*args, **kwargs) for agent in self]
        return [method(agent, *args, **kwargs) for agent in self]

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> ColumnarAgentSet:
        """`do` in random order."""
        self.shuffle().do(method, *args, **kwargs)
        return self

    # -- a set of agents ----------------------------------------------------------------------------------------------

    def add(self, agent: Any) -> None:
        """Put an agent of the same table into this set (the model already knows it)."""
        if agent not in self:
            self._new(np.append(self.rows, agent.row), inplace=True)

    def discard(self, agent: Any) -> None:
        """Take an agent out of this set (not out of the model), if it is there."""
        if agent in self:
            rows = self.rows
            self._new(rows[rows != agent._row], inplace=True)

    def remove(self, agent: Any) -> None:
        """Take an agent out of this set (not out of the model). Raises KeyError if it is not there."""
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)

    def clear(self) -> None:
        """Empty this set (not the model)."""
        self._new(self.rows[:0], inplace=True)

    def _rows_of(self, others: Iterable[Any]) -> Rows:
        if isinstance(others, ColumnarAgentSet) and others.table is self.table:
            return others.rows
        return np.array([agent.row for agent in others if getattr(agent, "table", None) is self.table], np.int64)

    def __and__(self, others: Iterable[Any]) -> ColumnarAgentSet:
        return self._new(self.rows[np.isin(self.rows, self._rows_of(others))])

    def __sub__(self, others: Iterable[Any]) -> ColumnarAgentSet:
        return self._new(self.rows[~np.isin(self.rows, self._rows_of(others))])

    def __or__(self, others: Iterable[Any]) -> ColumnarAgentSet:
        extra = self._rows_of(others)
        return self._new(np.concatenate([self.rows, extra[~np.isin(extra, self.rows)]]))

    def __xor__(self, others: Iterable[Any]) -> ColumnarAgentSet:
        return (self - others) | (self._new(self._rows_of(others)) - self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ColumnarAgentSet):
            return self.table is other.table and np.array_equal(np.sort(self.rows), np.sort(other.rows))
        return bool(super().__eq__(other))

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        return dict(vars(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class Groups(GroupBy):
    """Mesa's GroupBy, aggregating columns where the groups are sets."""

    def agg(self, attr_name: str, func: Callable[..., Any]) -> dict[Hashable, Any]:
        """A function of the values of an attribute in each group."""
        if not all(isinstance(group, AgentSet) for group in self.groups.values()):
            return super().agg(attr_name, func)
        sets: dict[Hashable, Any] = self.groups
        return {key: group.agg(attr_name, func) for key, group in sets.items()}


class _Wide:
    """The columns of a set as 64-bit arrays, so that a test means the same as on one agent's Python numbers."""

    def __init__(self, agents: ColumnarAgentSet) -> None:
        self._agents = agents

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name not in self._agents.table.columns:
            raise AttributeError(name)
        return wide(getattr(self._agents, name))


def aggregate(func: Callable[..., Any], values: Any) -> Any:
    """A function of an array, or of the list of its elements if it asks for one."""
    if not isinstance(values, np.ndarray):
        return func(values)
    try:
        return FOR_ARRAYS.get(func, func)(values)
    except (AttributeError, TypeError, ValueError):
        return func(values.tolist())


def wide(values: NDArray[Any]) -> NDArray[Any]:
    """An array as int64, float64, uint64 or bool, in which sums of small types do not overflow."""
    if values.dtype.kind == "f":
        return values.astype(np.float64)
    if values.dtype.kind == "i" or (values.dtype.kind == "u" and values.dtype.itemsize < 8):
        return values.astype(np.int64)
    return values
