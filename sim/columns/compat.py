"""What differs between the Mesa versions that are supported, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mesa.agent import AgentSet, GroupBy
else:
    try:  # Mesa 3.5 and later
        from mesa.agentset import AgentSet, GroupBy
    except ImportError:  # Mesa 3.3
        from mesa.agent import AgentSet, GroupBy

__all__ = ["AgentSet", "GroupBy", "take_identities"]


def take_identities(model: Any, n: int) -> NDArray[np.int64]:
    """The next n unique ids of a model, counted on the model itself (as Mesa 3.5 does)."""
    first: int = getattr(model, "agent_id_counter", 1)
    model.agent_id_counter = first + n
    return np.arange(first, first + n)


class _Counters:
    """Stands in for Mesa 3.3's dictionary of counters, which keeps every model it has seen alive for ever."""

    def __getitem__(self, model: Any) -> Iterator[int]:
        while True:
            yield int(take_identities(model, 1)[0])


if hasattr(mesa.Agent, "_ids"):
    every_agent: Any = mesa.Agent
    every_agent._ids = _Counters()
