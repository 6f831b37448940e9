"""What changes in residents this month: behaviours, circumstances, frailty, conditions, each by its own draw.

Every process is drawn against the chances cached at the start of the month; what then happens to one resident is
applied in the order of the rate tables. Leaving and dying are drawn here too and applied at the end of the month.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.life import diagnosis, frailty
from sim.life.behaviours import BEHAVIOURS
from sim.life.processes import DIAGNOSE, ONSET, RECOVERY
from sim.life.review import refresh
from sim.life.states import FRAILTY
from sim.outcomes.eventlog import Kind
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Happenings:
    """What the month's draws say: rows of residents by process (`index`: number of each process by name).

    rows, kinds: one an event, in the order of the rows.
    """

    rows: Rows
    kinds: NDArray[np.int16]
    index: dict[str, int]

    @cached_property
    def _sorted(self) -> tuple[Rows, NDArray[np.int64]]:
        """Rows by process, and where each process begins."""
        counts = np.bincount(self.kinds, minlength=len(self.index))
        return self.rows[np.argsort(self.kinds, kind="stable")], np.concatenate([[0], np.cumsum(counts)])

    def of(self, process: str) -> Rows:
        """Rows of the residents to whom it happens, in the order of the rows."""
        rows, begins = self._sorted
        number = self.index[process]
        return np.asarray(rows[begins[number] : begins[number + 1]])

    def to_any(self, processes: NDArray[np.bool_]) -> Rows:
        """Rows of the residents to whom any of some processes (a mask of all) happens, each once, in order."""
        rows = self.rows[processes[self.kinds]]
        return np.asarray(rows[np.diff(rows, prepend=-1) != 0])


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
    for behaviour in BEHAVIOURS:
        mask = states.mask(behaviour.state)
        stop, start = happenings.of(behaviour.out_of), happenings.of(behaviour.into)
        if stop.size:
            r["state"][stop] &= ~mask
        if start.size:
            r["state"][start] |= mask
        if behaviour.state == "smoker":
            r["state"][stop] |= states.mask("ex_smoker")
            r["state"][start] &= ~states.mask("ex_smoker")
        m.events.add(Kind.ENDED, stop, states.bits[behaviour.state])
        m.events.add(Kind.BEGAN, start, states.bits[behaviour.state])
    for name in (frailty.BEGIN, frailty.FURTHER, frailty.RECOVER):
        _frailty(m, happenings, name)
    told = []
    for number, condition in enumerate(m.epidemiology.conditions):
        name, unknown = condition.name, np.uint32(1 << number)
        begun = happenings.of(ONSET + name)
        r["state"][begun] |= states.mask(name)
        m.recorder.add(f"{name}_new", r["fifth"][begun])
        m.events.add(Kind.BEGAN, begun, states.bits[name])
        if DIAGNOSE + name in m.rates.index:
            found = happenings.of(DIAGNOSE + name)
            found = found[(r["undiagnosed"][found] & unknown) != 0]
            r["undiagnosed"][found] &= ~unknown
            told.append(found)  # who now knows is asked to reviews
            at_once = diagnosis.at_once(m.evidence, m.epidemiology.undiagnosed[name])
            if begun.size:
                later = draws.uniforms(r["key"][begun], m.month, Purpose.UNDIAGNOSED + number) >= at_once
                r["undiagnosed"][begun[later]] |= unknown
        if condition.replaces:
            _end(m, begun, condition.replaces)
        if RECOVERY + name in m.rates.index:
            _end(m, happenings.of(RECOVERY + name), name)
    refresh(m, np.unique(np.concatenate([happenings.to_any(m.changes_state), *told])))


def _end(m: CareSystem, rows: Rows, condition: str) -> None:
    """Those of `rows` who have the condition have it no longer."""
    if not rows.size:
        return
    r, states = m.residents.columns, m.states
    ended = rows[states.has(r["state"][rows], condition)]
    r["state"][ended] &= ~states.mask(condition)
    r["undiagnosed"][ended] &= ~np.uint32(1 << states.conditions.index(condition))
    m.events.add(Kind.ENDED, ended, states.bits[condition])


def _frailty(m: CareSystem, happenings: Happenings, process: str) -> None:
    """One step of frailty more, or less, for those to whom it happens."""
    r, states = m.residents.columns, m.states
    rows = happenings.of(process)
    if not rows.size:
        return
    masks = [np.uint64(0), *(states.mask(name) for name in FRAILTY)]
    whole = masks[1] | masks[2] | masks[3]
    held = r["state"][rows] & whole
    now = sum((held == mask) * step for step, mask in enumerate(masks))
    then = np.clip(now + (-1 if process == frailty.RECOVER else 1), 0, len(FRAILTY))
    r["state"][rows] = (r["state"][rows] & ~whole) | np.array(masks)[then]
    for step, name in enumerate(FRAILTY, 1):
        m.events.add(Kind.ENDED, rows[(now == step) & (then != step)], states.bits[name])
        m.events.add(Kind.BEGAN, rows[(then == step) & (now != step)], states.bits[name])
