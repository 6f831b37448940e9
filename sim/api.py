"""What notebooks, the command line and the dashboard call: run, compare, sweep, Results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.outcomes.results import Results

if TYPE_CHECKING:
    from sim.compose import Plan
    from sim.studies.progress import Progress
    from sim.sweeps.results import SweepResults

__all__ = ["Results", "compare", "run", "sweep"]


def compare(
    scenarios: str | Sequence[str] | None = None,
    *,
    overrides: str | Sequence[str] = (),
    own: Path | str | Sequence[Path | str] = (),
    progress: Progress | None = None,
    **settings: Any,
) -> Results:
    """Run scenarios under the same evidence and the same chance; the first is what the others are compared with.

    scenarios   names, or a text as on the command line (``"baseline,new_hospital"``); by default the four of
                ``headwater compare``
    overrides   settings as typed on the command line: ``["place=toy", "levers.link_workers.amount=2"]``
    own         folders with scenarios, levers or conditions of your own (or one folder)
    progress    shows how far it is (`sim.studies.progress`); silent by default
    settings    by name: ``years=20, runs=8, scale=0.1, seed=1, workers=2``

    Keeps no folder: see `Results.save`. In a script, call it under ``if __name__ == "__main__":`` (it starts
    processes). Raises `UserError` with everything that is wrong in what was asked for.
    """
    from sim import compose

    return _run(compose.plan("compare", overrides, own, scenarios, **settings), progress)


def run(
    scenario: str = "baseline",
    *,
    overrides: str | Sequence[str] = (),
    own: Path | str | Sequence[Path | str] = (),
    progress: Progress | None = None,
    **settings: Any,
) -> Results:
    """Run one scenario; arguments as for `compare`."""
    from sim import compose

    return _run(compose.plan("run", overrides, own, [scenario], **settings), progress)


def _run(plan: Plan, progress: Progress | None) -> Results:
    from sim.precheck import check_files
    from sim.studies.compare import compare as run_plan

    check_files(plan)
    return run_plan(plan, progress)


def sweep(
    experiment: str,
    *,
    overrides: str | Sequence[str] = (),
    own: Path | str | Sequence[Path | str] = (),
    progress: Progress | None = None,
    scenarios: str | Sequence[str] | None = None,
    engine: str = "process",
    **settings: Any,
) -> SweepResults:
    """Run an experiment: many runs over what it varies. What was run before is not run again.

    experiment   the name of a file in configs/experiment, or of your own (`own`): ``"psa"``, ``"screen"``
    scenarios    by default those the experiment names; the first is what the others are compared with
    engine       process, serial, dask or submitit
    settings     as for `compare`, and ``n``, ``seeds``, ``outcomes``; other arguments as for `compare`

    Leaves a folder under ``results/`` (sweep.html, runs.parquet, indices.csv, …). Raises `UserError` before anything
    runs.
    """
    from sim import compose
    from sim.precheck import check_files
    from sim.studies.compare import cores
    from sim.sweeps import run as driver
    from sim.sweeps.engines import Choice
    from sim.sweeps.experiment import from_plan, read

    own = compose.folders(own)
    given = read(experiment, own)
    plan = compose.plan("sweep", overrides, own, scenarios or given["scenarios"], experiment=experiment, **settings)
    check_files(plan)
    workers = 1 if engine == "serial" else plan.settings.workers or cores()
    found = driver.sweep(from_plan(plan, given), progress, engine=Choice(engine, workers=workers))
    assert found is not None, "only a share of a sweep can be left unfinished"
    return found
