"""What a sweep costs, said before it starts: runs, time and disk.

Time is what runs of this kind took here, where some are finished. On a first sweep it is worked out from the months and
residents of a run by what they took where this was written, times how fast this machine is at a small task.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from sim.clock import MONTHS_A_YEAR
from sim.studies.progress import duration
from sim.sweeps.base import Base, after_policy

if TYPE_CHECKING:
    from sim.sweeps.engines import Choice
    from sim.sweeps.run import Sweep

BUILDING, MONTH, RESIDENT = 0.5, 3.0e-3, 0.45e-6
"""Seconds of a core: to build a model of new evidence, a month of any place, and a month of one resident more."""
LOADING = 8.0
"""Seconds until processes have loaded and begun."""
TASK_SECONDS, TASK_SIZE, TURNS = 0.005, 200_000, 5
BYTES_A_NUMBER, BYTES_A_RUN = 8.0, 60.0
BYTES_A_PART, PARTS = 5000, 200
"""A part is written after a two-hundredth of the time: there are some hundred, however many runs."""


def announcement(it: Sweep, engine: Choice) -> list[str]:
    """What will be run, and what that is expected to take: runs, time and disk."""
    e, s = it.experiment, it.experiment.plan.settings
    ok, failed = it.count()
    rows, seeds = len(it.design), len(it.seeds)
    what = f"{len(it.design.groups)} factors" if it.design.groups else "all evidence drawn"
    if len(it.design.groups) < len(it.design.factors):
        what = f"{len(it.design.factors)} factors in {len(it.design.groups)} groups"
    where = s.place if isinstance(s.place, str) else s.place.get("name", "a place of your own")
    years = f"{s.years} year{'s' * (s.years != 1)}"
    lines = [
        f"{e.name}: {e.about}.",
        f"{e.design}, n={it.design.n}, {what} · {rows:,} rows × {seeds} seeds = {it.total:,} runs of "
        f"{', '.join(e.plan.scenarios)} · {where} · {years}",
    ]
    if it.design.note:
        lines.append(f"Note: {it.design.note}.")
    if ok:
        lines.append(f"{ok:,} of them are there already.")
    if failed:
        lines.append(
            f"{failed:,} failed before and are left out; to try them again: headwater sweep resume … failed=true"
        )
    left = it.total - ok - failed
    lines.append(
        f"To run: {left:,} · {_time(it, engine, left)} · disk about {megabytes(disk_bytes(it.base, it.total))}"
    )
    return lines


def _time(it: Sweep, engine: Choice, left: int) -> str:
    if not left:
        return "nothing is left to do"
    each, known = it.store.seconds_a_run, True
    if not each:
        each, known = expected_seconds(it), False
    took = each * left / max(min(engine.workers, left), 1) + LOADING
    hours = f" ({each * left / 3600:,.1f} core-hours)" if each * left > 7200 else ""
    if known:
        return f"about {duration(took)}{hours}, as runs took so far"
    return f"roughly {duration(took)}{hours}; better known once some are finished"


def expected_seconds(it: Sweep) -> float:
    """Seconds of a core that a run is expected to take here, before any has been run."""
    s = it.base.settings
    before, after = s.policy_start, MONTHS_A_YEAR * s.years * len(it.base.scenarios)
    month = MONTH + RESIDENT * residents(it.base)
    factors = it.design.factors
    shared = bool(factors) and all(after_policy(factor.name) for factor in factors)
    histories = min(1.0, 1 / max(len(it.design), 1)) if shared else 1.0  # a history is simulated once for all rows
    return machine() * (histories * (BUILDING + before * month) + after * month)


def residents(base: Base) -> float:
    """Residents that are simulated at the start."""
    from sim import places

    return float(places.load(base.settings.place).counts.sum()) * base.settings.scale


def machine() -> float:
    """How much longer this machine takes over a small task of NumPy's and Python's than the one of the figures above
    (the fastest of some turns: other work can only make it slower)."""
    least = float("inf")
    numbers = np.arange(TASK_SIZE, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for _ in range(TURNS):
        began = time.process_time()
        np.sort(numbers)
        sum(i & 7 for i in range(TASK_SIZE // 4))
        least = min(least, time.process_time() - began)
    return least / TASK_SECONDS


def disk_bytes(base: Base, runs: int) -> float:
    """What runs take on the disk, at most: eight bytes a number (as kept, and as put together in the end), the keys,
    and what parts need of their own."""
    numbers = len(base.scenarios) * len(base.outcomes) * base.settings.years
    return runs * (2 * BYTES_A_NUMBER * numbers + BYTES_A_RUN) + PARTS * BYTES_A_PART


def megabytes(size: float) -> str:
    """A size in words."""
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"
