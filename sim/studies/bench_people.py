"""What people wait for: the report of a finished comparison, and the toy town as the dashboard runs it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sim.studies.bench import Line, part
from sim.studies.stopwatch import waited

PLACE, SCALE = "north_mid_hampshire", 0.02
"""A report takes as long whatever the scale: it reads figures, not residents."""
REPORT_SECONDS, TOY_SECONDS = 10.0, 10.0
TURNS = 5
TOY = (
    "place=toy", "years=5", "scenarios=baseline,empty_the_bath", "explorer=false", "evidence.without_judged=false",
)  # fmt: skip
SIZES = {"at a glance": ("scale=0.05", "runs=1"), "for a quick look": ("scale=0.1", "runs=6")}
"""What the dashboard types for the two smaller sizes that it offers."""


@part("What people wait for")
def waits(quick: bool) -> list[Line]:
    """Seconds by the clock of whole commands. Undisturbed: see `stopwatch.waited`."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        less = ("years=2", "runs=2") if quick else ()
        _headwater("compare", f"place={PLACE}", f"scale={SCALE}", f"results={root}", *less)
        turns = 1 if quick else TURNS
        report = waited([_words("report", str(root / "latest"))] * turns)
        toys = {
            name: waited([_words("compare", *TOY, *size, f"results={root}")] * turns) for name, size in SIZES.items()
        }
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


def _words(*words: str) -> Sequence[str]:
    return (sys.executable, "-m", "sim.cli", *words)


def _headwater(*words: str) -> None:
    subprocess.run(_words(*words), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
