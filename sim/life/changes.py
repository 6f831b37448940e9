"""What changes in residents this month: behaviours, loneliness, onsets of conditions, each by its own draw.

Every process is drawn against the chances cached at the start of the month; what then happens to one resident is
applied in the order of the rate tables. Leaving and dying are drawn here too and applied at the end of the month.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.life.behaviours import BEHAVIOURS
from sim.life.processes import ONSET, RECOVERY
from sim.life.review import refresh
from sim.outcomes.eventlog import Kind
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Happenings:
    """What the month's draws say: rows of residents by process."""

    rows: Rows
    kinds: NDArray[np.int16]
    index: dict[str, int]

    def of(self, process: str) -> Rows:
        """Rows of the residents to whom it happens, in the order of the rows."""
        return np.asarray(self.rows[self.kinds == self.index[process]])


def draw(m: CareSystem) -> Happenings:
    """One draw a process for everyone."""
    r, size = m.residents.columns, m.residents.size
    scale = m.calendar_scale()
    rows, kinds = draws.events(
        r["key"][:size], r["unique_id"][:size] != 0, r["chance"][:size], scale, m.month, Purpose.LIFE
    )
    return Happenings(rows, kinds, m.rates.index)


def apply(m: CareSystem, happenings: Happenings) -> None:
    """Change states, count onsets, and refresh whoever changed."""
    r, states = m.residents.columns, m.states
    changed = []
    for behaviour in BEHAVIOURS:
        mask = states.mask(behaviour.state)
        stop, start = happenings.of(behaviour.out_of), happenings.of(behaviour.into)
        r["state"][stop] &= ~mask
        r["state"][start] |= mask
        if behaviour.state == "smoker":
            r["state"][stop] |= states.mask("ex_smoker")
            r["state"][start] &= ~states.mask("ex_smoker")
        m.events.add(Kind.ENDED, stop, states.bits[behaviour.state])
        m.events.add(Kind.BEGAN, start, states.bits[behaviour.state])
        changed += [stop, start]
    for name in states.conditions:
        begun = happenings.of(ONSET + name)
        r["state"][begun] |= states.mask(name)
        m.recorder.add(f"{name}_new", r["fifth"][begun])
        m.events.add(Kind.BEGAN, begun, states.bits[name])
        changed.append(begun)
        if RECOVERY + name in m.rates.index:
            ended = happenings.of(RECOVERY + name)
            r["state"][ended] &= ~states.mask(name)
            m.events.add(Kind.ENDED, ended, states.bits[name])
            changed.append(ended)
    refresh(m, np.unique(np.concatenate(changed)))
