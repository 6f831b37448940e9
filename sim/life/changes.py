"""What changes in residents this month: behaviours, circumstances, frailty, conditions, each by its own draw.

Every process is drawn against the chances cached at the start of the month; what then happens to one resident is
applied in the order of the rate tables. Leaving and dying are drawn here too and applied at the end of the month.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.columns.rows import distinct
from sim.kernels import GAMMA_PURPOSE
from sim.life import changes_kernels as kernels
from sim.life import diagnosis, frailty
from sim.life.behaviours import BEHAVIOURS
from sim.life.processes import DIAGNOSE, ONSET, RECOVERY
from sim.life.states import FRAILTY
from sim.outcomes.eventlog import Kind
from sim.outcomes.measures import N_FIFTHS
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.life.epidemiology import Epidemiology
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
    def by_process(self) -> tuple[Rows, NDArray[np.int64]]:
        """Rows by process, and where each process begins."""
        rows, begins = np.empty(self.rows.size, np.int64), np.empty(len(self.index) + 1, np.int64)
        kernels.by_process(self.rows, self.kinds, begins, rows)
        return rows, begins

    def of(self, process: str) -> Rows:
        """Rows of the residents to whom it happens, in the order of the rows."""
        rows, begins = self.by_process
        number = self.index[process]
        return rows[begins[number] : begins[number + 1]]

    def to_any(self, processes: NDArray[np.bool_]) -> Rows:
        """Rows of the residents to whom any of some processes (a mask of all) happens, each once, in order."""
        rows = np.empty(self.rows.size, np.int64)
        return rows[: kernels.to_any(self.rows, self.kinds, processes, rows)]


def draw(m: CareSystem) -> Happenings:
    """One draw a process for everyone."""
    r, size = m.residents.columns, m.residents.size
    scale = m.calendar_scale()
    rows, kinds = draws.events(
        r["key"][:size], r["unique_id"][:size] != 0, r["chance"][:size], scale, m.month, Purpose.LIFE
    )
    return Happenings(rows, kinds, m.rates.index)


@dataclass(frozen=True)
class Program:
    """What the month's processes do to residents, step by step, in the order in which it is done.

    Arrays are as `sim.life.changes_kernels.happen` wants them; measures: of the new cases of each condition; numbers:
    of the hashes of the draws for who is diagnosed at once.
    """

    steps: tuple[NDArray[Any], ...]
    masks: tuple[NDArray[np.uint64], ...]
    frail: tuple[NDArray[Any], ...]
    measures: tuple[str, ...]
    numbers: NDArray[np.uint64]
    shifts: NDArray[np.uint64]
    at_once: NDArray[np.float32]

    @classmethod
    def of(cls, epi: Epidemiology, names: tuple[str, ...]) -> Program:
        """names: of the processes of the rate tables, in order."""
        states, index = epi.states, {name: number for number, name in enumerate(names)}
        mask = {name: int(states.mask(name)) for name in states.names}
        steps: list[tuple[int, str, str, int, int]] = []  # what, process, state, states set, states cleared
        for one in BEHAVIOURS:
            former = mask["ex_smoker"] if one.state == "smoker" else 0
            steps.append((kernels.STOP, one.out_of, one.state, former, mask[one.state]))
            steps.append((kernels.BEGIN, one.into, one.state, mask[one.state], former))
        steps += [(kernels.FRAILER, process, "", 0, 0) for process in (frailty.BEGIN, frailty.FURTHER)]
        steps.append((kernels.FITTER, frailty.RECOVER, "", 0, 0))
        for condition in epi.conditions:
            name, earlier = condition.name, condition.replaces
            steps.append((kernels.ONSET, ONSET + name, name, mask[name], 0))
            if DIAGNOSE + name in index:
                steps += [(kernels.FOUND, DIAGNOSE + name, name, 0, 0), (kernels.UNKNOWN, ONSET + name, name, 0, 0)]
            if earlier:
                steps.append((kernels.END, ONSET + name, earlier, 0, mask[earlier]))
            if RECOVERY + name in index:
                steps.append((kernels.END, RECOVERY + name, name, 0, mask[name]))
        what, processes, held, sets, clears = zip(*steps, strict=True)
        conditions = [epi.names.index(name) if name in epi.names else 0 for name in held]
        purposes = [Purpose.UNDIAGNOSED + number for number in range(len(epi.names))]
        return cls(
            steps=(
                np.array(what, np.int64),
                np.array([index[process] for process in processes], np.int64),
                np.array([states.bits.get(name, 0) for name in held], np.int64),
                np.array(conditions, np.int64),
            ),
            masks=(np.array(sets, np.uint64), np.array(clears, np.uint64)),
            frail=(
                np.array([mask[name] for name in FRAILTY], np.uint64),
                np.array([states.bits[name] for name in FRAILTY], np.int64),
            ),
            measures=tuple(f"{name}_new" for name in epi.names),
            numbers=np.array([purpose >> 1 for purpose in purposes], np.uint64) * GAMMA_PURPOSE,
            shifts=np.array([32 * (purpose & 1) for purpose in purposes], np.uint64),
            at_once=np.array(
                [diagnosis.at_once(epi.evidence, epi.undiagnosed[name]) for name in epi.names], np.float32
            ),
        )


_program = lru_cache(maxsize=4)(Program.of)


def apply(m: CareSystem, happenings: Happenings) -> Rows:
    """Change states and count onsets; returns the rows of those who changed, whose chances must be worked out anew."""
    r, program = m.residents.columns, _program(m.epidemiology, m.rates.names)
    rows, begins = happenings.by_process
    new = np.zeros((len(program.measures), N_FIFTHS))
    log = np.empty((3, 2 * rows.size), np.int64)  # nothing does more than begin one state and end another
    told = np.empty(rows.size, np.int64)
    noted, knowing = kernels.happen(
        program.steps, program.masks, program.frail, rows, begins, (int(Kind.BEGAN), int(Kind.ENDED)),
        (draws.offset(m.month, 0) + program.numbers, program.shifts, program.at_once), r["key"], r["fifth"],
        r["followed"], r["state"], r["undiagnosed"], new, log, told,
    )  # fmt: skip
    m.recorder.add_table(program.measures, new)
    if noted:
        _note(m, *log[:, :noted])
    changed = happenings.to_any(m.changes_state)
    return distinct(np.concatenate([changed, told[:knowing]])) if knowing else changed


def _note(m: CareSystem, rows: Rows, kinds: NDArray[np.int64], bits: NDArray[np.int64]) -> None:
    """Enter into the log what began or ended in whom, in this order."""
    others = (kinds[1:] != kinds[:-1]).nonzero()[0] + 1
    for first, last in pairwise([0, *others.tolist(), kinds.size]):
        m.events.add(Kind(kinds[first]), rows[first:last], bits[first:last])
