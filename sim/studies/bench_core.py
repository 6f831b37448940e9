"""The engine's part of the benchmark: the small life course, in columns and in plain Mesa."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from sim import draws
from sim.columns import ColumnarModel
from sim.studies.bench import Line, part, peak_memory_gb
from sim.studies.lifecourse import Resident, Town
from sim.studies.lifecourse_plain import PlainTown
from sim.studies.stopwatch import Stopwatch, undisturbed

WHOLE, SMALL, PLAIN = 600_000, 20_000, 10_000
TURNS = 25
PROCESSES = 20


@part("Engine: a small life course against plain Mesa")
def lifecourse(quick: bool) -> list[Line]:
    """Speed at full size, against plain Mesa, and what a resident-month costs in a small place."""
    shrink, turns = (10, 3) if quick else (1, TURNS)
    residents = {"whole": WHOLE // shrink, "small": SMALL // shrink, "plain": PLAIN // shrink}
    months = {"whole": 1, "small": 5, "plain": 1}
    models: dict[str, Any] = {name: Town(residents[name]) for name in ("whole", "small")}
    models["plain"] = PlainTown(residents["plain"])
    for model in models.values():
        model.step()
    least = dict.fromkeys(models, float("inf"))
    for turn in range(turns):
        order = ["whole", "small", "small", "small"]
        for name in [*order, "plain"] if turn % 5 == 0 else order:  # plain Mesa takes longer than all others together
            seconds = cpu(partial(run, models[name], months[name]))
            least[name] = min(least[name], seconds / (residents[name] * months[name]))
    size = f"{residents['whole']:,} residents"
    return [
        Line(f"speed at {size}", 1e-6 / least["whole"], "million resident-months a CPU-second", 10.0),
        Line(
            f"plain Mesa at {residents['plain']:,} residents",
            1e-6 / least["plain"],
            "million resident-months a CPU-second",
        ),
        Line("times as fast as plain Mesa", least["plain"] / least["whole"], "", 100.0),
        Line(
            f"a resident-month at {residents['small']:,} costs",
            least["small"] / least["whole"],
            f"times one at {size}",
            1.6,
            False,
        ),
        Line("peak memory so far", peak_memory_gb(), "GB"),
    ]


@part("Engine: the inner loops")
def loops(quick: bool) -> list[Line]:
    """Nanoseconds a resident of each compiled loop, and of making and copying residents, where nothing else is at work
    (see `sim.studies.stopwatch`)."""
    n = WHOLE // (10 if quick else 1)
    identities = np.arange(1, n + 1)
    keys, alive = draws.make_keys(1, identities), np.ones(n, np.bool_)
    rare = draws.threshold(draws.uniforms(keys, 0, 0)[:, None] * np.full(PROCESSES, 2e-3))
    often, group = draws.uniforms(keys, 0, 1), np.zeros(n, np.int16)
    once, all_once = np.ones(1, np.float32), np.ones(PROCESSES, np.float32)
    factors = np.ones((draws.BYTES, 256, PROCESSES), np.float32)
    table, excess = np.full((1, PROCESSES), 0.03, np.float32), np.eye(8, PROCESSES, dtype=np.float32)
    exposure, cell, state = np.full((n, 8), 6_554, np.uint16), np.zeros(n, np.int32), np.zeros(n, np.uint64)
    rates = draws.hazards(identities - 1, cell, state, exposure, group, table, excess, factors, table)
    kept = np.zeros((n, PROCESSES), np.uint16)
    model = ColumnarModel(rng=1)
    residents = model.table_of(Resident)
    residents.append(n, key=keys)
    timed: dict[str, Callable[[], Any]] = {
        f"events of {PROCESSES} processes": lambda: draws.events(keys, alive, rare, all_once, 1, 1000),
        "Poisson counts, half a contact a month": lambda: draws.poisson_counts(keys, alive, often, once, group, 1, 1),
        f"rates of {PROCESSES} processes, 8 exposures": lambda: draws.hazards(
            identities - 1, cell, state, exposure, group, table, excess, factors, table
        ),
        f"chances of {PROCESSES} processes": lambda: draws.keep_chances(rates, identities - 1, keys, kept),
        "copy of all columns": residents.copy_columns,
        "creation of residents": lambda: ColumnarModel(rng=1).table_of(Resident).append(n, key=keys),
    }
    limits = {f"events of {PROCESSES} processes": 25.0}
    lines = []
    for name, action in timed.items():
        action()
        watch = Stopwatch()
        for _ in range(3 if quick else TURNS):
            action()
            watch.lap()
        best = float(undisturbed([watch.laps()])[0].min())
        lines.append(Line(name, best / n * 1e9, "ns a resident", limits.get(name), False))
    return lines


def run(model: Any, months: int) -> None:
    """Let a model live some months."""
    for _ in range(months):
        model.step()


def cpu(action: Callable[[], Any]) -> float:
    """CPU seconds of this process that an action takes."""
    started = time.process_time()
    action()
    return time.process_time() - started
