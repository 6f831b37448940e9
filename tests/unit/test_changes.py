"""A month's changes in residents: what each process does, in which order, and what is noted of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim import draws
from sim.life import changes_kernels as kernels
from sim.life import diagnosis
from sim.life.behaviours import BEHAVIOURS
from sim.life.changes import Happenings, Program
from sim.life.conditions import shipped
from sim.life.processes import CHANGES, DIAGNOSE, ONSET, RECOVERY, of_condition
from sim.life.states import FRAILTY, States
from sim.outcomes.eventlog import Kind
from sim.purposes import Purpose

pytestmark = pytest.mark.unit
CONDITIONS = shipped()
NAMES = tuple(condition.name for condition in CONDITIONS)
STATES = States(NAMES)
PROCESSES = (*CHANGES[:-1], "worsen_frailty_further", CHANGES[-1], *(p for c in CONDITIONS for p in of_condition(c)))
INDEX = {name: number for number, name in enumerate(PROCESSES)}
UNDIAGNOSED = {c.name: 0.0 if c.undiagnosed == diagnosis.NONE else 0.4 for c in CONDITIONS}
EVIDENCE = {"diagnosis.at_onset": 0.5}
EPI: Any = SimpleNamespace(
    conditions=CONDITIONS, names=NAMES, states=STATES, undiagnosed=UNDIAGNOSED, evidence=EVIDENCE
)
N, MONTH = 4000, 17


class Town:
    """Residents of every sort, without regard to what may go together."""

    def __init__(self) -> None:
        self.key = draws.make_keys(3, np.arange(1, N + 1))
        held = draws.uniforms(self.key, 0, 0) * np.float32(2**32)
        self.state = self.key & np.uint64(sum(1 << bit for bit in STATES.bits.values()))
        frail = np.array([0, *(int(STATES.mask(name)) for name in FRAILTY)], np.uint64)
        self.state &= ~np.bitwise_or.reduce(frail)
        self.state |= frail[np.arange(N) % 4]
        self.undiagnosed = held.astype(np.uint32) & (self.state >> np.uint64(STATES.first_condition)).astype(np.uint32)
        self.fifth = (np.arange(N) % 5).astype(np.uint8)
        self.followed = (np.arange(N) % 3 == 0).astype(np.uint8)
        self.new = np.zeros((len(NAMES), 5))
        self.log: list[tuple[int, int, int]] = []
        self.told: list[int] = []

    def note(self, kind: Kind, rows: np.ndarray, name: str) -> None:
        self.log += [(int(row), int(kind), STATES.bits[name]) for row in rows if self.followed[row]]


def happenings() -> Happenings:
    """Every process happens to one in fifty, some to nobody."""
    happens = np.stack([draws.uniforms(Town().key, 1, number) < 0.02 for number in range(len(PROCESSES))], 1)
    happens[:, INDEX["go_offline"]] = False
    rows, kinds = np.nonzero(happens)
    return Happenings(rows.astype(np.int64), kinds.astype(np.int16), INDEX)


def compiled(town: Town, given: Happenings) -> None:
    program = Program.of(EPI, PROCESSES)
    rows, begins = given.by_process
    log = np.empty((3, 2 * rows.size), np.int64)
    told = np.empty(rows.size, np.int64)
    number, knowing = kernels.happen(
        program.steps, program.masks, program.frail, rows, begins, (int(Kind.BEGAN), int(Kind.ENDED)),
        (draws.offset(MONTH, 0) + program.numbers, program.shifts, program.at_once), town.key, town.fifth,
        town.followed, town.state, town.undiagnosed, town.new, log, told,
    )  # fmt: skip
    town.told = told[:knowing].tolist()
    town.log = [tuple(entry) for entry in log[:, :number].T.tolist()]


def by_hand(town: Town, given: Happenings) -> None:
    """The same, process by process, in NumPy."""
    for one in BEHAVIOURS:
        stop, start = given.of(one.out_of), given.of(one.into)
        town.state[stop] &= ~STATES.mask(one.state)
        town.state[start] |= STATES.mask(one.state)
        if one.state == "smoker":
            town.state[stop] |= STATES.mask("ex_smoker")
            town.state[start] &= ~STATES.mask("ex_smoker")
        town.note(Kind.ENDED, stop, one.state)
        town.note(Kind.BEGAN, start, one.state)
    for process, step in (("worsen_frailty", 1), ("worsen_frailty_further", 1), ("recover_frailty", -1)):
        frailty_by_hand(town, given.of(process), step)
    for number, condition in enumerate(CONDITIONS):
        begun, unknown = given.of(ONSET + condition.name), np.uint32(1 << number)
        town.state[begun] |= STATES.mask(condition.name)
        town.new[number] = np.bincount(town.fifth[begun], minlength=5)
        town.note(Kind.BEGAN, begun, condition.name)
        if DIAGNOSE + condition.name in INDEX:
            found = given.of(DIAGNOSE + condition.name)
            found = found[(town.undiagnosed[found] & unknown) != 0]
            town.undiagnosed[found] &= ~unknown
            town.told += found.tolist()
            at_once = diagnosis.at_once(EVIDENCE, UNDIAGNOSED[condition.name])  # type: ignore[arg-type]
            draw = draws.uniforms(town.key[begun], MONTH, Purpose.UNDIAGNOSED + number)
            town.undiagnosed[begun[draw >= at_once]] |= unknown
        if condition.replaces:
            end_by_hand(town, begun, condition.replaces)
        if RECOVERY + condition.name in INDEX:
            end_by_hand(town, given.of(RECOVERY + condition.name), condition.name)


def frailty_by_hand(town: Town, rows: np.ndarray, step: int) -> None:
    masks = np.array([0, *(int(STATES.mask(name)) for name in FRAILTY)], np.uint64)
    whole = np.bitwise_or.reduce(masks)
    now = np.searchsorted(masks, town.state[rows] & whole)
    then = np.clip(now + step, 0, len(FRAILTY))
    town.state[rows] = (town.state[rows] & ~whole) | masks[then]
    for category, name in enumerate(FRAILTY, 1):
        town.note(Kind.ENDED, rows[(now == category) & (then != category)], name)
        town.note(Kind.BEGAN, rows[(then == category) & (now != category)], name)


def end_by_hand(town: Town, rows: np.ndarray, condition: str) -> None:
    ended = rows[STATES.has(town.state[rows], condition)]
    town.state[ended] &= ~STATES.mask(condition)
    town.undiagnosed[ended] &= ~np.uint32(1 << NAMES.index(condition))
    town.note(Kind.ENDED, ended, condition)


def test_the_compiled_loop_does_what_numpy_does_process_by_process() -> None:
    one, other, given = Town(), Town(), happenings()
    compiled(one, given)
    by_hand(other, given)
    for column in ("state", "undiagnosed", "new"):
        assert (getattr(one, column) != getattr(Town(), column)).any(), column
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column), err_msg=column)
    assert one.log == other.log
    assert one.told
    assert one.told == other.told
    assert {kind for _, kind, _ in one.log} == {int(Kind.BEGAN), int(Kind.ENDED)}


def test_every_process_that_changes_a_state_has_its_step() -> None:
    program = Program.of(EPI, PROCESSES)
    assert set(program.steps[1].tolist()) == set(range(len(PROCESSES)))


def test_a_month_in_which_nothing_happens_changes_nothing() -> None:
    town = Town()
    compiled(town, Happenings(np.empty(0, np.int64), np.empty(0, np.int16), INDEX))
    np.testing.assert_array_equal(town.state, Town().state)
    assert not town.log
    assert not town.new.any()
