"""What the whole model costs by part and by size: budgets of time and state, eight scenarios, a country."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from sim import paths
from sim.agents.residents import Resident
from sim.evidence import load
from sim.places import load as load_place
from sim.policy.scenario import Scenario
from sim.settings import RunSettings
from sim.studies.bench import Line, part, peak_memory_gb
from sim.studies.stopwatch import Laps, Stopwatch, slowed, undisturbed
from sim.system import CareSystem, run_history, run_scenario

DEFAULT_PLACE, LARGE_PLACE = "north_mid_hampshire", "hampshire_iow"
TIME_BUDGET = {"life": 100.0, "ties and three Cs": 50.0, "care": 130.0, "recording": 40.0}
"""Nanoseconds a resident-month of each part of the month."""
STATE_BUDGET, WITH_TIES = 160.0, 220.0
OF_MODULE = {
    "life/ties": "ties and three Cs", "life/three_cs": "ties and three Cs", "life/peers": "ties and three Cs",
    "life/community": "ties and three Cs", "sim/life": "life", "sim/care": "care", "sim/agents": "care",
    "sim/policy": "care", "sim/outcomes": "recording",
}  # fmt: skip
OF_METHOD = {"_contacts": "care", "_census": "recording", "_welcome": "recording", "_leave": "life",
             "_apply_levers": "care"}  # fmt: skip
SHARED_AT_MOST, YEARS = 0.85, 20
ENGLAND, ENGLAND_YEARS = 57_000_000, 20
ENGLAND_MINUTES, ENGLAND_GIGABYTES = 60.0, 16.0
SIZES = (200_000, 600_000, 1_000_000, 1_950_000)


@part("Budgets of time and state")
def budgets(quick: bool) -> list[Line]:
    """Nanoseconds a resident-month by part of the month, and bytes a resident, at full size after five years."""
    scale, months = (0.05, 3) if quick else (1.0, 12)
    spent, state, ties, month = _alone(_month_by_part, scale, months)
    lines = [
        Line(f"{name}, a resident-month", spent.get(name, 0.0), "ns", most, False) for name, most in TIME_BUDGET.items()
    ]
    return [
        *lines,
        Line("the rest", spent.get("the rest", 0.0), "ns"),
        Line("a month of a town of five thousand", month, "ms"),
        Line("state of a resident", state, "bytes", STATE_BUDGET, at_least=False),
        Line("with social ties", state + ties, "bytes", WITH_TIES, at_least=False),
    ]


@part("Eight scenarios")
def scenarios(quick: bool) -> list[Line]:
    """Eight scenarios from one shared history against eight runs of their own, each from the evidence to the record in
    a fresh process. Undisturbed: see `stopwatch`."""
    size = 0.01 if quick else 0.05, 1 if quick else YEARS
    names = paths.names("scenario")
    turns = [_alone(_from_one_history, each, *size) for each in [*([name] for name in names), names]]
    *separate, shared = (float(laps.sum()) for laps in undisturbed(turns))
    return [
        Line("eight runs of their own, undisturbed", sum(separate), "s"),
        Line("eight with a shared history, undisturbed", shared, "s"),
        Line("ratio", shared / sum(separate), "", SHARED_AT_MOST, at_least=False),
        Line("the machine was slowed by others", slowed(turns) * 100, "%"),
    ]


@part("A country")
def country(quick: bool) -> list[Line]:
    """Measured up to the largest place that ships; carried on in a straight line to England's 57 million."""
    sizes = SIZES[:2] if quick else SIZES
    everyone = load_place(LARGE_PLACE, load().draw(0)).residents
    measured = [_alone(_a_year, min(size / everyone, 1.0), 3 if quick else 12) for size in sizes]
    laps = undisturbed([each[1] for each in measured])
    residents, memory = (np.array([each[column] for each in measured]) for column in (0, 2))
    seconds = np.array([each.mean() * 12 for each in laps])
    slope, fixed = np.polyfit(residents, memory, 1)
    minutes = float(np.polyval(np.polyfit(residents, seconds, 1), ENGLAND)) * ENGLAND_YEARS / 60
    lines = [Line(f"{n:,.0f} residents, a year", s, "s") for n, s in zip(residents, seconds, strict=True)]
    lines += [Line(f"{n:,.0f} residents, peak memory", g, "GB") for n, g in zip(residents, memory, strict=True)]
    return [
        *lines,
        Line("England, 20 years on one core, projected", minutes, "minutes", ENGLAND_MINUTES, at_least=False),
        Line(
            "England, peak memory, projected", float(fixed + slope * ENGLAND), "GB", ENGLAND_GIGABYTES, at_least=False
        ),
    ]


# ---------------------------------------------------------------------------------------------------- measuring


def _month_by_part(scale: float, months: int) -> tuple[dict[str, float], float, float, float]:
    evidence = load().draw(0)
    model = CareSystem(load_place(DEFAULT_PLACE, evidence), evidence, scale=scale, months=60 + months)
    for _ in range(2):
        model.step()
    watch = cProfile.Profile()
    lived = 0
    for _ in range(months):
        lived += len(model.residents)
        watch.runcall(model.step)
    spent = by_part(pstats.Stats(watch))
    small = CareSystem(load_place("toy", evidence), evidence, months=40)
    for _ in range(12):
        small.step()
    started = time.process_time()
    for _ in range(12):
        small.step()
    month = (time.process_time() - started) / 12 * 1e3
    table = model.table_of(Resident)
    state = sum(column[:1].nbytes for column in table.columns.values())
    ties = getattr(model, "ties", None)
    of_ties = ties.nbytes / max(table.size, 1) if ties is not None else 0.0
    return {name: 1e9 * seconds / lived for name, seconds in spent.items()}, float(state), of_ties, month


def by_part(stats: pstats.Stats) -> dict[str, float]:
    """Seconds of what `CareSystem.step` calls, by part of the month."""
    spent: dict[str, float] = {}
    for (file, _, name), (*_, callers) in stats.stats.items():  # type: ignore[attr-defined]
        for (caller_file, _, caller), (_, _, _, cumulative) in callers.items():
            if caller == "step" and caller_file.endswith("system.py"):
                which = _part_of(file, name)
                spent[which] = spent.get(which, 0.0) + cumulative
    return spent


def _part_of(file: str, name: str, places: Mapping[str, str] = OF_MODULE) -> str:
    if name in OF_METHOD:
        return OF_METHOD[name]
    return next((which for module, which in places.items() if module in file.replace("\\", "/")), "the rest")


def _from_one_history(names: list[str], scale: float, years: int) -> Laps:
    """CPU time of some scenarios that share their history, reading and preparing the evidence included."""
    first = RunSettings(place="toy", scale=0.2, years=1)
    run_scenario(run_history(first, 1, 1), Scenario.load(names[0]), 1)  # loads and compiles, with another evidence draw
    settings = RunSettings(place=DEFAULT_PLACE, scale=scale, years=years)
    watch = Stopwatch()
    history = run_history(settings, 0, 1, watch.lap)
    for name in names:
        run_scenario(history, Scenario.load(name), years, watch.lap)
        watch.lap()
    return watch.laps()


def _a_year(scale: float, months: int) -> tuple[float, Laps, float]:
    evidence = load().draw(0)
    model = CareSystem(load_place(LARGE_PLACE, evidence), evidence, scale=scale, months=months + 3)
    model.step()
    watch = Stopwatch()
    for _ in range(months):
        model.step()
        watch.lap()
    return float(len(model.residents)), watch.laps(), peak_memory_gb()


def _alone(function: Callable[..., Any], *arguments: object) -> Any:
    """Call in a fresh process, so that memory and caches are its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
