"""Timing on a machine that others use too.

Where others share the processor the same work takes up to 1.7 times as long from one minute to the next. A short loop
that never changes, timed around every piece of the work, tells how fast the machine is just then; each piece is carried
to the best time of that loop. What the clock said stands beside it wherever it is shown.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws

WORDS, PASSES = 300_000, 8
"""Hashes of the loop, and how often it is gone through: 4 ms."""
BESIDE = 0.2
"""Seconds between two of its turns beside what is waited for."""
BEST = 0.05
"""The loop's best time is this quantile of its times: the very least may be a slip of the clock."""


class Laps(NamedTuple):
    """CPU seconds of pieces of work, and of the loop around each (the mean of before and after)."""

    took: list[float]
    loop: list[float]


class Stopwatch:
    """Laps of CPU time from when it is made; what it does itself is not in them."""

    def __init__(self) -> None:
        self._took: list[float] = []
        self._loop = [_loop()]
        self._began = time.process_time()

    def lap(self, *_: object) -> None:
        """A piece of work is done (it may be given as the `tick` of a run: a lap a month)."""
        self._took.append(time.process_time() - self._began)
        self._loop.append(_loop())
        self._began = time.process_time()

    def laps(self) -> Laps:
        """All laps so far."""
        return Laps(list(self._took), [(before + after) / 2 for before, after in pairwise(self._loop)])


def undisturbed(turns: Sequence[Laps]) -> list[NDArray[np.float64]]:
    """CPU seconds of each lap of each turn, carried to the best time of the loop in all of them."""
    return [np.asarray(turn.took) / np.maximum(slow, 1.0) for turn, slow in zip(turns, _slow(turns), strict=True)]


def slowed(turns: Sequence[Laps]) -> float:
    """By what share others slowed the machine down, on average over the laps."""
    return float(np.mean(np.concatenate(_slow(turns)))) - 1.0


class Waited(NamedTuple):
    """Seconds by the clock that somebody waits: of the turn least disturbed, carried to the loop's best time; as that
    turn ran; and by what share others slowed the machine down meanwhile."""

    undisturbed: float
    took: float
    slowed: float


def waited(turns: Sequence[Callable[[], object]]) -> Waited:
    """Do a piece of work so many times, the loop going by its side a few times a second: also what works on all cores,
    or in processes of its own, is told from what others do. The pieces themselves should wait, not work, in this
    process (a command, a page)."""
    clocks, loops, every = [], [], list[float]()
    for work in turns:
        over, around = threading.Event(), list[float]()
        beside = threading.Thread(target=_around, args=(over, around), daemon=True)
        began = time.perf_counter()
        beside.start()
        try:
            work()
            clocks.append(time.perf_counter() - began)
        finally:
            over.set()
            beside.join()
        loops.append(float(np.mean(around)))
        every += around
    slow = np.array(loops) / np.quantile(every, BEST)
    least = int(np.argmin(np.array(clocks) / slow))
    return Waited(clocks[least] / float(slow[least]), clocks[least], float(slow[least]) - 1.0)


def command(words: Sequence[str]) -> Callable[[], object]:
    """A command to be waited for, which prints nothing; `CalledProcessError` when it fails."""
    quiet = subprocess.DEVNULL
    return partial(subprocess.run, list(words), check=True, stdout=quiet, stderr=quiet)


def _around(over: threading.Event, taken: list[float]) -> None:
    while True:
        taken.append(_loop())
        if over.wait(BESIDE):
            return


def _slow(turns: Sequence[Laps]) -> list[NDArray[np.float64]]:
    best = np.quantile(np.concatenate([turn.loop for turn in turns]), BEST)
    return [np.asarray(turn.loop) / best for turn in turns]


def _loop() -> float:
    words = np.arange(WORDS, dtype=np.uint64)
    draws.scramble(words)
    began = time.thread_time()
    for _ in range(PASSES):
        draws.scramble(words)
    return time.thread_time() - began
