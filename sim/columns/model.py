"""A Mesa model some of whose agents are kept in columns."""

from __future__ import annotations

import contextlib
from typing import Any

import mesa
import numpy as np

from sim.columns.agent import ColumnarAgent
from sim.columns.compat import take_identities
from sim.columns.everyone import Everyone
from sim.columns.table import Table


class ColumnarModel(mesa.Model):
    """A Mesa model some of whose agent types are columnar; Mesa's public API keeps its meaning."""

    def table_of(self, agent_type: type[ColumnarAgent]) -> Table:
        """The table of a columnar agent type, made when first asked for."""
        tables: dict[Any, Any] = self.agents_by_type
        if agent_type not in tables:
            tables[agent_type] = Table(self, agent_type)
        table: Table = tables[agent_type]
        return table

    @property
    def agents(self) -> Any:
        """All agents of the model, of every type: an `Everyone`."""
        return Everyone(self.agents_by_type.values(), self.random)

    @agents.setter
    def agents(self, agents: Any) -> None:
        raise AttributeError("model.agents is Mesa's: call your own collection something else")

    def register_agent(self, agent: Any) -> None:
        """Called by ``Agent.__init__``: gives the agent its place in the model."""
        if not isinstance(agent, ColumnarAgent):
            super().register_agent(agent)  # type: ignore[no-untyped-call]
            return
        if getattr(agent, "unique_id", None) is None:
            agent.unique_id = int(take_identities(self, 1)[0])
        joined = agent.table.append(1, unique_id=[agent.unique_id])
        agent._row = int(joined.rows[0])

    def deregister_agent(self, agent: Any) -> None:
        """Called by ``Agent.remove``. Raises KeyError when the agent has left already."""
        if not isinstance(agent, ColumnarAgent):
            super().deregister_agent(agent)  # type: ignore[no-untyped-call]
            return
        try:
            row = agent.row
        except ReferenceError:
            raise KeyError(agent) from None
        agent.table.release(np.array([row]))

    def remove_all_agents(self) -> None:
        """Every agent leaves."""
        for part in list(self.agents_by_type.values()):
            if isinstance(part, Table):
                part.do("remove")
        with contextlib.suppress(KeyError):
            super().remove_all_agents()  # type: ignore[no-untyped-call]
