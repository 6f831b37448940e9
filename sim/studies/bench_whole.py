"""How fast the whole model is: a month of everything, how cost grows with residents, and where the time goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context

import numpy as np

from sim import draws
from sim.evidence import load
from sim.places import load as load_place
from sim.studies.bench import Line, part, peak_memory_gb
from sim.system import CareSystem

DEFAULT_PLACE, LARGE_PLACE = "north_mid_hampshire", "hampshire_iow"
RESIDENTS, YEARS = 600_000, 25
SECONDS, GIGABYTES, EXPONENT = 60.0, 1.5, 1.05
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
FIRST_YEAR = 12
TURNS = 2
YARDSTICK, PASSES = 300_000, 8
"""Hashes of the loop that tells how fast the machine is at the moment, and how often it is gone through: 4 ms."""
Turn = tuple[list[float], list[float], float, float]
"""CPU seconds of each month, and of the yardstick beside it, resident-months, peak memory in GB."""


@part("The whole model")
def whole(quick: bool) -> list[Line]:
    """600,000 residents for 25 years: seconds and memory of a process of its own.

    Where others share the processor the same work takes up to 1.7 times as long from one minute to the next. A short
    loop timed around each month tells how fast the machine is just then; every month is carried to the loop's best
    time, and the lesser of the turns (which do the same work to the last bit) counts. As it ran stands beside it.
    """
    months = 24 if quick else 12 * YEARS
    turns = [_alone(_simulate, DEFAULT_PLACE, 0.05 if quick else 1.0, months) for _ in range(TURNS)]
    took, yardstick = (np.array([turn[each] for turn in turns]) for each in (0, 1))
    slowed = yardstick / np.quantile(yardstick, 0.05)
    undisturbed = float((took / np.maximum(slowed, 1.0)).min(axis=0).sum())
    resident_months, memory = turns[0][2:]
    full = RESIDENTS * 12 * YEARS / resident_months
    name = f"{RESIDENTS:,} residents, {YEARS} years"
    return [
        Line("resident-months a CPU-second", resident_months / undisturbed / 1e6, "million"),
        Line(f"{name}, undisturbed", undisturbed * full, "s", SECONDS, at_least=False),
        Line(f"{name}, the faster of {TURNS} turns as it ran", float(took.sum(axis=1).min()) * full, "s"),
        Line("the machine was slowed by others", (float(slowed.mean()) - 1) * 100, "%"),
        Line("peak memory", memory, "GB", GIGABYTES, at_least=False),
    ]


@part("Cost and size")
def growth(quick: bool) -> list[Line]:
    """CPU seconds of a year from ten thousand residents to a million, and the power of size with which they grow."""
    sizes = SIZES[:3] if quick else SIZES
    everyone = load_place(LARGE_PLACE, load().draw(0)).residents
    seconds = []
    for size in sizes:
        took, _, resident_months, _ = _alone(_simulate, LARGE_PLACE, size / everyone, FIRST_YEAR)
        seconds.append(sum(took) * size * FIRST_YEAR / resident_months)
    lines = [
        Line(f"{size:,} residents, a resident-month", took / size / FIRST_YEAR * 1e9, "ns")
        for size, took in zip(sizes, seconds, strict=True)
    ]
    power = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
    return [*lines, Line("cost grows with residents to the power", power, "", EXPONENT, at_least=False)]


def _simulate(place: str, scale: float, months: int) -> Turn:
    """CPU seconds of each of so many months (without building the place) and of the yardstick around it,
    resident-months, and peak memory in GB."""
    evidence = load().draw(0)
    model = CareSystem(load_place(place, evidence), evidence, scale=scale, months=months + 1)
    model.step()  # whatever is loaded or compiled at first use
    resident_months, seconds, beside = 0.0, [], [_yardstick()]
    for _ in range(months):
        resident_months += len(model.residents)
        started = time.process_time()
        model.step()
        seconds.append(time.process_time() - started)
        beside.append(_yardstick())
    around = [(before + after) / 2 for before, after in pairwise(beside)]
    return seconds, around, resident_months, peak_memory_gb()


def _yardstick() -> float:
    """CPU seconds of a loop that never changes."""
    words = np.arange(YARDSTICK, dtype=np.uint64)
    draws.scramble(words)
    started = time.process_time()
    for _ in range(PASSES):
        draws.scramble(words)
    return time.process_time() - started


def _alone(function: Callable[..., Turn], *arguments: object) -> Turn:
    """Call in a fresh process, so that memory and caches are its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
