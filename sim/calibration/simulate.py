"""One run of a calibration: the model with the free parameters at one point, and what it says of every aim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import paths
from sim.calibration import aims
from sim.settings import PlaceGiven, RunSettings
from sim.studies import provenance
from sim.sweeps import base as sweeps
from sim.sweeps.base import Job
from sim.validation import grammar, simulate
from sim.validation.grammar import Target
from sim.validation.measures import catalogue

TASK = "sim.calibration.simulate:run_row"
WHAT = "aims"
"""Under this name the runs of a calibration share what others call scenarios: the rows that are fitted."""
CODE = ("validation", "calibration/simulate.py", "calibration/aims.py")
"""Code that can change a number of a run, beside the model's."""


def base(
    targets: Sequence[Target],
    places: Mapping[str, tuple[PlaceGiven, float]],
    held: Mapping[str, float],
    place: PlaceGiven,
    scale: float,
    own: tuple[str, ...] = (),
) -> sweeps.Base:
    """What all runs share. targets: those to fit; places: as in `sim.validation.simulate.Job`; held: strata and the
    quantile at which they stand; place, scale: of local rows."""
    shared: dict[str, Any] = {
        "rows": [[one.row, dict(one.cells)] for one in targets],
        "places": {name: list(given) for name, given in places.items()},
        "held": dict(held),
        "code": provenance.digest(_code(), paths.PACKAGE),
    }
    keys = tuple(aim.key for aim in aims.of(targets))
    return sweeps.Base(RunSettings(place, scale), {WHAT: shared}, keys, own, task=TASK)


def run_row(base: sweeps.Base, job: Job) -> NDArray[np.float64]:
    """What the model says of every aim at one point under one seed: float64[1, aims, 1]."""
    from sim import own

    shared = base.scenarios[WHAT]
    with own.using(base.own):
        targets = read(shared["rows"])
    places = {name: (place, scale) for name, (place, scale) in shared["places"].items()}
    replaced = tuple({**shared["held"], **{name: float(value) for name, value in job.values.items()}}.items())
    work = simulate.Job(0, job.seed, tuple(targets), places, own=base.own, replaced=replaced)
    answer = simulate.run(work, lambda stage, months: None)
    return np.array(aims.answers(aims.of(targets), answer), np.float64)[None, :, None]


def read(rows: Sequence[tuple[int, Mapping[str, str]]]) -> list[Target]:
    """Targets from the number and the cells of their rows, which were read once before."""
    from sim import places

    known, words = catalogue(), [name for name in places.names() if name != grammar.LOCAL]
    found = [grammar.target_of(row, cells, known, words)[0] for row, cells in rows]
    return [one for one in found if one is not None]


def job(base: sweeps.Base, row: int, values: Mapping[str, float], seed: int) -> Job:
    """One run: a point by the names of the free parameters, with chance of its own."""
    given: dict[str, sweeps.Value] = dict(values)
    return Job(base.key(given, seed), row, seed, given)


def months(targets: Sequence[Target], places: Mapping[str, tuple[PlaceGiven, float]]) -> int:
    """Months of the model that a run simulates, all places together."""
    return simulate.Job(0, 0, tuple(targets), dict(places)).steps


def _code() -> list[Path]:
    files = [paths.PACKAGE / name for name in CODE]
    return [file for one in files for file in (one.rglob("*.py") if one.is_dir() else [one])]
