"""How fast the whole model is: a month of everything, how cost grows with residents, and where the time goes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from sim.evidence import load
from sim.places import load as load_place
from sim.studies.bench import Line, part, peak_memory_gb
from sim.studies.stopwatch import Laps, Stopwatch, slowed, undisturbed
from sim.system import CareSystem

DEFAULT_PLACE, LARGE_PLACE = "north_mid_hampshire", "hampshire_iow"
RESIDENTS, YEARS = 600_000, 25
SECONDS, GIGABYTES, EXPONENT = 60.0, 1.5, 1.05
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
FIRST_YEAR = 12
TURNS = 2
Turn = tuple[Laps, float, float]
"""CPU time of each month, resident-months, peak memory in GB."""


@part("The whole model")
def whole(quick: bool) -> list[Line]:
    """600,000 residents for 25 years: seconds and memory of a process of its own. Undisturbed: see `stopwatch`; of
    the turns, which do the same work to the last bit, each month's least counts."""
    months = 24 if quick else 12 * YEARS
    turns = [_alone(_simulate, DEFAULT_PLACE, 0.05 if quick else 1.0, months) for _ in range(TURNS)]
    laps = [turn[0] for turn in turns]
    seconds = float(np.min(undisturbed(laps), axis=0).sum())
    _, resident_months, memory = turns[0]
    full = RESIDENTS * 12 * YEARS / resident_months
    name = f"{RESIDENTS:,} residents, {YEARS} years"
    return [
        Line("resident-months a CPU-second", resident_months / seconds / 1e6, "million"),
        Line(f"{name}, undisturbed", seconds * full, "s", SECONDS, at_least=False),
        Line(f"{name}, the faster of {TURNS} turns as it ran", min(sum(turn.took) for turn in laps) * full, "s"),
        Line("the machine was slowed by others", slowed(laps) * 100, "%"),
        Line("peak memory", memory, "GB", GIGABYTES, at_least=False),
    ]


@part("Cost and size")
def growth(quick: bool) -> list[Line]:
    """CPU seconds of a year from ten thousand residents to a million, and the power of size with which they grow."""
    sizes = SIZES[:3] if quick else SIZES
    everyone = load_place(LARGE_PLACE, load().draw(0)).residents
    turns = [_alone(_simulate, LARGE_PLACE, size / everyone, FIRST_YEAR) for size in sizes]
    took = [float(laps.sum()) for laps in undisturbed([turn[0] for turn in turns])]
    seconds = [each * size * FIRST_YEAR / turn[1] for each, size, turn in zip(took, sizes, turns, strict=True)]
    lines = [
        Line(f"{size:,} residents, a resident-month", took / size / FIRST_YEAR * 1e9, "ns")
        for size, took in zip(sizes, seconds, strict=True)
    ]
    power = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
    return [*lines, Line("cost grows with residents to the power", power, "", EXPONENT, at_least=False)]


def _simulate(place: str, scale: float, months: int) -> Turn:
    """So many months, without building the place; see `Turn`."""
    evidence = load().draw(0)
    model = CareSystem(load_place(place, evidence), evidence, scale=scale, months=months + 1)
    model.step()  # whatever is loaded or compiled at first use
    resident_months, watch = 0.0, Stopwatch()
    for _ in range(months):
        resident_months += len(model.residents)
        model.step()
        watch.lap()
    return watch.laps(), resident_months, peak_memory_gb()


def _alone(function: Callable[..., Turn], *arguments: object) -> Turn:
    """Call in a fresh process, so that memory and caches are its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
