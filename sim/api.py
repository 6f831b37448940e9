"""What notebooks, the command line and the dashboard call: run, compare, Results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.outcomes.results import Results

if TYPE_CHECKING:
    from sim.studies.progress import Progress

__all__ = ["Results", "compare", "run"]


def compare(
    scenarios: Sequence[str] | None = None,
    *,
    overrides: Sequence[str] = (),
    own: Sequence[Path | str] = (),
    progress: Progress | None = None,
    **settings: Any,
) -> Results:
    """Run scenarios under the same evidence and the same chance; the first is what the others are compared with.

    scenarios   names; by default those that ship
    overrides   settings as typed on the command line: ``["place=toy", "levers.link_workers.amount=2"]``
    own         folders with scenarios, levers or conditions of your own
    progress    shows how far it is (`sim.studies.progress`); silent by default
    settings    by name: ``years=20, runs=8, scale=0.1, seed=1, workers=2``

    Keeps no folder: see `Results.save`. In a script, call it under ``if __name__ == "__main__":`` (it starts
    processes). Raises `UserError` with everything that is wrong in what was asked for.
    """
    from sim import compose
    from sim.studies.compare import compare as run_plan

    return run_plan(compose.plan("compare", overrides, own, scenarios, **settings), progress)


def run(
    scenario: str = "baseline",
    *,
    overrides: Sequence[str] = (),
    own: Sequence[Path | str] = (),
    progress: Progress | None = None,
    **settings: Any,
) -> Results:
    """Run one scenario; arguments as for `compare`."""
    from sim import compose
    from sim.studies.compare import compare as run_plan

    return run_plan(compose.plan("run", overrides, own, [scenario], **settings), progress)
