"""What people wait for: the report of a finished comparison, and a run of toy town that the dashboard starts."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sim.dashboard import jobs
from sim.dashboard.idea import Idea, amounts_of
from sim.errors import EnvironmentFault
from sim.studies.bench import Line, part
from sim.studies.stopwatch import command, waited

PLACE, SCALE = "north_mid_hampshire", 0.02
"""A report takes as long whatever the scale: it reads figures, not residents."""
REPORT_SECONDS, TOY_SECONDS = 10.0, 10.0
TURNS = 5
PLACE_TO_TRY, SCENARIO, YEARS = "toy", "health_creation", 5
"""What the dashboard offers first."""
SIZES = {"at a glance": "glance", "for a quick look": "quick"}
"""The two smaller sizes of a run that the dashboard offers."""


@part("What people wait for")
def waits(quick: bool) -> list[Line]:
    """Seconds by the clock of whole processes. Undisturbed: see `stopwatch.waited`."""
    turns = 1 if quick else TURNS
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        less = ("years=2", "runs=2") if quick else ()
        _headwater("compare", f"place={PLACE}", f"scale={SCALE}", f"results={root}", *less)()
        report = waited([_headwater("report", str(root / "latest"))] * turns)
        toys = {name: waited([partial(_toy, root, size)] * turns) for name, size in SIZES.items()}
    return [
        Line("report of a comparison, undisturbed", report.undisturbed, "s", REPORT_SECONDS, at_least=False),
        Line("report of a comparison, as it ran", report.took, "s"),
        *(
            line
            for name, toy in toys.items()
            for line in (
                Line(f"toy town {name}, undisturbed", toy.undisturbed, "s", TOY_SECONDS, at_least=False),
                Line(f"toy town {name}, as it ran", toy.took, "s"),
            )
        ),
        Line("the machine was slowed by others", 100 * max(each.slowed for each in (report, *toys.values())), "%"),
    ]


def _headwater(*words: str) -> Callable[[], object]:
    return command((sys.executable, "-m", "sim.cli", *words))


def _toy(root: Path, size: str) -> None:
    """A run as the dashboard starts it, from its start to its report."""
    identity = jobs.new()
    jobs.start(root, identity, Idea(SCENARIO, amounts=amounts_of(SCENARIO)).request(PLACE_TO_TRY, YEARS, size))
    ended = jobs.wait(root, identity)
    if ended.state != jobs.DONE:
        raise EnvironmentFault(ended.said)
