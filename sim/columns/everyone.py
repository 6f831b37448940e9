"""``model.agents``: the agents of every type, however they are kept."""

from __future__ import annotations

import itertools
import random as standard_random
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

from sim.columns.agentset import Groups
from sim.columns.compat import AgentSet


class Everyone(AgentSet):
    """Agents of several types as one set, made of parts that are sets themselves, in their order.

    What can be done part by part is; what mixes types (order, chance, groups) goes through agents one by one.
    """

    def __init__(self, parts: Iterable[Any], random: standard_random.Random) -> None:
        """The agents in `parts` (sets or lists without members in common)."""
        self.parts = list(parts)
        self.random = random

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.parts)

    def __reversed__(self) -> Iterator[Any]:
        return iter(list(self)[::-1])

    def __contains__(self, agent: object) -> bool:
        return any(agent in part for part in self.parts)

    def __getitem__(self, item: int | slice) -> Any:
        if isinstance(item, slice):
            return list(self)[item]
        place = item + len(self) if item < 0 else item
        for part in self.parts:
            if 0 <= place < len(part):
                return part[place]
            place -= len(part)
        raise IndexError(f"there is no agent number {item}")

    def to_list(self) -> list[Any]:
        """All members."""
        return list(self)

    def get(self, attr_names: Any, handle_missing: str = "error", default_value: Any = None) -> list[Any]:
        """Values of one attribute, or of several for each agent."""
        found = []
        for part in self._sets():
            found += list(part.get(attr_names, handle_missing, default_value))
        return found

    def set(self, attr_name: str, value: Any) -> Everyone:
        """Set an attribute of every member."""
        for part in self._sets():
            part.set(attr_name, value)
        return self

    def select(
        self,
        filter_func: Callable[[Any], Any] | None = None,
        at_most: float = float("inf"),
        inplace: bool = False,
        agent_type: type | None = None,
    ) -> Everyone:
        """Members for whom the test holds, at most so many (int) or that share of the set (float up to 1)."""
        left = int(len(self) * at_most) if isinstance(at_most, float) and at_most <= 1.0 else at_most
        chosen = []
        for part in self._sets():
            chosen.append(part.select(filter_func, left, agent_type=agent_type))
            left -= len(chosen[-1])
        return self._of(chosen, inplace)

    def shuffle(self, inplace: bool = False) -> Everyone:
        """The members in random order, types mixed."""
        agents = list(self)
        self.random.shuffle(agents)
        return self._of([agents], inplace)

    def sort(self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False) -> Everyone:
        """The members by an attribute or function, highest first unless ascending."""
        by = (lambda agent: getattr(agent, key)) if isinstance(key, str) else key
        return self._of([sorted(self, key=by, reverse=not ascending)], inplace)

    def groupby(self, by: Callable[[Any], Hashable] | str, result_type: str = "agentset") -> Groups:
        """Sets (or lists) of members with the same value of an attribute or function."""
        groups: dict[Hashable, Any] = {}
        for agent in self:
            groups.setdefault(by(agent) if callable(by) else getattr(agent, by), []).append(agent)
        if result_type != "agentset":
            return Groups(groups)
        return Groups({key: Everyone([agents], self.random) for key, agents in groups.items()})

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Everyone:
        """Call a method of every member, or a function of each, type after type."""
        for part in self._sets():
            part.do(method, *args, **kwargs)
        return self

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """What a method, or a function, returns for each member."""
        return [result for part in self._sets() for result in part.map(method, *args, **kwargs)]

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Everyone:
        """`do` in random order, types mixed."""
        self.shuffle().do(method, *args, **kwargs)
        return self

    def copy(self) -> Everyone:
        """Another set of the same members."""
        return self._of([list(self)], False)

    __copy__ = copy

    def add(self, agent: Any) -> None:
        """Not possible: agents join a model when they are created, and leave by ``agent.remove()``."""
        raise TypeError("model.agents follows the model: create an agent, or call agent.remove()")

    discard = remove = add

    def __getstate__(self) -> dict[str, Any]:
        return {"parts": self.parts, "random": self.random}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _of(self, parts: list[Any], inplace: bool) -> Everyone:
        if inplace:
            raise ValueError("this set is the model's own: work on a copy, or leave out inplace")
        return Everyone(parts, self.random)

    def _sets(self) -> Iterator[Any]:
        """The parts as sets; a list of agents becomes Mesa's own kind for as long as it is needed."""
        for part in self.parts:
            yield AgentSet(part, random=self.random) if isinstance(part, list) else part
