"""Slurm, or any machine, through submitit: the rows are shared out among jobs, each a driver with processes of its own.

``engine=submitit engine.jobs=8 engine.slurm_partition=short engine.timeout_min=600``: jobs, cluster (``slurm``, or
``local`` for processes of this machine; chosen by submitit unless said), and any other option as submitit has it. All
jobs write into the same results folder, which they must see. One that is lost is made up for by ``headwater sweep
resume``.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.arguments import light
from sim.errors import EnvironmentFault, UserError
from sim.studies.progress import Progress
from sim.sweeps.engines import Choice
from sim.sweeps.experiment import Experiment, check

if TYPE_CHECKING:
    from sim.sweeps.results import SweepResults

JOBS = 2
DEFAULTS = {"name": "headwater", "timeout_min": 600}
ASK_SECONDS = 2.0


def sweep(experiment: Experiment, progress: Progress, engine: Choice) -> SweepResults | None:
    """Run an experiment as jobs of a cluster and put its results together here. Raises `UserError` for options that
    submitit does not know, `EnvironmentFault` when jobs are lost."""
    from sim.sweeps import cost, results, run
    from sim.sweeps import folder as folders

    check(experiment)
    jobs, options = _options(engine)
    with tempfile.TemporaryDirectory() as nowhere:  # options are tried before anything is written
        _executor(Path(nowhere), engine, options)
    it = run.Sweep(experiment)
    it.store.refresh()
    for line in cost.announcement(it, engine):
        progress.say(line)
    if experiment.then is not None:
        progress.say(experiment.second_size())
    folder, _ = folders.open_folder(experiment, it.store)
    try:
        working = _executor(folder / "jobs", engine, options).map_array(
            run_share, [experiment] * jobs, [(i, jobs) for i in range(jobs)], [engine.workers] * jobs
        )
    except (RuntimeError, TypeError, ValueError, NameError) as fault:
        raise UserError(f"engine=submitit: {str(fault).splitlines()[0]}") from None
    progress.begin(it.total, it.count()[0], f"{jobs} jobs submitted")
    try:
        while not all(job.done() for job in working):
            time.sleep(ASK_SECONDS)
            it.store.refresh()
            ok, failed = it.count()
            progress.at(ok + failed, f"{ok + failed} of {it.total} runs done")
    finally:
        progress.end()
    lost = [str(job.exception()).strip().splitlines()[-1] for job in working if job.exception() is not None]
    it.store.refresh()
    ok, failed = it.count()
    if ok + failed < it.total:
        why = f": {lost[0]}" if lost else ""
        raise EnvironmentFault(
            f"{len(lost)} of {jobs} jobs were lost{why}. Finished runs are kept; go on: headwater sweep resume {folder}"
        )
    found = results.gather(it, folder)
    found.write()
    if experiment.then is not None:
        progress.say(f"Screened: {found.folder}")
        if run.unmoved(found):
            progress.say(f"Nothing that was varied changes {found.outcomes[0]}: there is no second stage.")
            return found
        return sweep(run.second_stage(found), progress, engine)
    return found


def _executor(folder: Path, engine: Choice, options: dict[str, Any]) -> Any:
    """What starts the jobs. Raises `UserError` for options that submitit does not know."""
    import submitit

    maker: Any = submitit.AutoExecutor
    given = {**DEFAULTS, "cpus_per_task": engine.workers, **options}
    try:
        executor = maker(folder=str(folder), cluster=given.pop("cluster", None))
        executor.update_parameters(**given)
    except (RuntimeError, TypeError, ValueError, NameError) as fault:
        raise UserError(f"engine=submitit: {str(fault).splitlines()[0]}") from None
    return executor


def run_share(experiment: Experiment, shard: tuple[int, int], workers: int) -> int:
    """One job: its share of the rows, on its own machine. Returns how many runs of the whole sweep are there."""
    from sim.studies.progress import Silence
    from sim.sweeps import folder as folders
    from sim.sweeps import run

    it = run.Sweep(experiment, shard)
    it.store.refresh()
    folder, _ = folders.open_folder(experiment, it.store)
    run.run_missing(it, Path(folder), Silence(), Choice(workers=workers))
    return it.count()[0]


def _options(engine: Choice) -> tuple[int, dict[str, Any]]:
    options = {key: light(value) for key, value in engine.options.items()}
    jobs = options.pop("jobs", JOBS)
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise UserError(f"engine.jobs must be a whole number of at least 1, not {jobs}.")
    return jobs, options
