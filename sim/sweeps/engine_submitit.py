"""Slurm, or any machine, through submitit: the rows are shared out among jobs, each a driver with processes of its own.

``engine=submitit engine.jobs=8 engine.slurm_partition=short engine.timeout_min=600``: jobs, cluster (``slurm``, or
``local`` for processes of this machine; chosen by submitit unless said), and any other option as submitit has it. All
jobs write into the same results folder, which they must see. One that runs into its time limit queues itself again and
goes on; one that is lost is made up for by ``headwater sweep resume``.

Whether a job is still there is asked of ``squeue``: submitit asks ``sacct``, which knows nothing where Slurm keeps no
accounts, and would then wait for a killed job for ever.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import EnvironmentFault, UserError
from sim.studies.compare import Interrupted
from sim.studies.progress import Progress
from sim.sweeps import engine_options
from sim.sweeps.engines import Choice
from sim.sweeps.experiment import Experiment, check

if TYPE_CHECKING:
    from sim.sweeps.results import SweepResults
    from sim.sweeps.run import Sweep

JOBS = 2
DEFAULTS = {"name": "headwater", "timeout_min": 600}
ASK_SECONDS = 2.0
QUEUE_SECONDS = (4.0, 60.0)
"""How often at most, and at least, Slurm is asked which jobs it has: the longer they run, the less often."""
GONE_LOOKS = 2
"""A job that squeue did not have so often in a row, and that has left no result, is lost."""


def sweep(experiment: Experiment, progress: Progress, engine: Choice) -> SweepResults | None:
    """Run an experiment as jobs of a cluster and put its results together here. Raises `UserError` for options that
    submitit does not know, `EnvironmentFault` when jobs are lost."""
    from sim.sweeps import cost, results, run
    from sim.sweeps import folder as folders

    check(experiment)
    options = engine_options.read(engine.options)
    many = options.pop("jobs", JOBS)
    with tempfile.TemporaryDirectory() as nowhere:  # options are tried before anything is written
        _executor(Path(nowhere), engine, options)
    it = run.Sweep(experiment)
    it.store.refresh()
    for line in cost.announcement(it, engine):
        progress.say(line)
    if experiment.then is not None:
        progress.say(experiment.second_size())
    done = sum(it.count())
    with folders.begun(experiment, it.store) as folder:
        jobs = _hand_in(experiment, folder, engine, options, many) if done < it.total else None
    if jobs is not None:
        progress.say(jobs.submitted)
        progress.begin(it.total, done, f"{done} of {it.total} runs done")
        try:
            _watch(it, jobs, progress)
        except KeyboardInterrupt:
            raise Interrupted(
                f"{sum(it.count())} of {it.total} runs are finished and kept. {jobs.go_on}To run what is missing and "
                f"put the results together: headwater sweep resume {folder}, or the same command again:"
            ) from None
        finally:
            progress.end()
        if (done := sum(it.count())) < it.total:
            lost = jobs.lost()
            why = f": {lost[0]}" if lost else ""
            raise EnvironmentFault(
                f"{len(lost)} of {many} jobs were lost{why}. {done} of {it.total} runs are finished and kept; go on: "
                f"headwater sweep resume {folder}"
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


def _hand_in(experiment: Experiment, folder: Path, engine: Choice, options: dict[str, Any], many: int) -> _Jobs:
    """Give so many jobs to the cluster. Raises `UserError` for what it refuses: a partition that is not there, say."""
    from sim.sweeps import folder as folders

    executor = _executor(folder / folders.JOBS, engine, options)
    shards = [(i, many) for i in range(many)]
    try:
        jobs = executor.map_array(Share(), [experiment] * many, shards, [engine.workers] * many)
    except (RuntimeError, TypeError, ValueError, NameError) as fault:
        raise UserError(f"engine=submitit: {_refusal(str(fault))}") from None
    return _Jobs(jobs, slurm=executor.cluster == "slurm")


def _refusal(text: str) -> str:
    """What sbatch said, where it said anything; otherwise the first line."""
    lines = text.splitlines() or ["no reason was given"]
    return next((line.strip() for line in lines if line.startswith("sbatch: error:")), lines[0])


def _watch(it: Sweep, jobs: _Jobs, progress: Progress) -> None:
    """Say how far the jobs are until none is left."""
    left = True
    while left:
        time.sleep(ASK_SECONDS)
        left = jobs.left()
        it.store.refresh()
        done = sum(it.count())
        progress.at(done, f"{done} of {it.total} runs done{jobs.said}")


def _executor(folder: Path, engine: Choice, options: dict[str, Any]) -> Any:
    """What starts the jobs. Raises `UserError` for options that submitit does not know."""
    import submitit

    maker: Any = submitit.AutoExecutor
    given = {**DEFAULTS, "cpus_per_task": engine.workers, **options}
    cluster = given.pop("cluster", None)
    try:
        executor = maker(folder=str(folder), cluster=cluster)
    except (RuntimeError, ValueError) as fault:
        if cluster is not None and "know any executor" in str(fault):
            raise UserError(f"engine.cluster must be {engine_options.PLACE}, not {cluster}.") from None
        raise UserError(f"engine=submitit: {str(fault).splitlines()[0]}") from None
    try:
        executor.update_parameters(**given)
    except (AssertionError, RuntimeError, TypeError, ValueError, NameError) as fault:
        raise UserError(f"engine=submitit: {str(fault).splitlines()[0]}") from None
    return executor


class Share:
    """One job: its share of the rows, on its own machine. Says how many runs of the whole sweep are there."""

    def __call__(self, experiment: Experiment, shard: tuple[int, int], workers: int) -> int:
        """Run what is missing of the share."""
        from sim.studies.progress import Silence
        from sim.sweeps import folder as folders
        from sim.sweeps import run

        it = run.Sweep(experiment, shard)
        it.store.refresh()
        folder, _ = folders.open_folder(experiment, it.store)
        run.run_missing(it, Path(folder), Silence(), Choice(workers=workers))
        return it.count()[0]

    def checkpoint(self, *given: Any) -> Any:
        """What submitit puts into the queue when the job's time is nearly up, or it has to make room: the same again,
        which leaves out what is there."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, *given)


@dataclass
class _Jobs:
    """Jobs that were handed in, and what is known of them."""

    jobs: list[Any]
    slurm: bool

    def __post_init__(self) -> None:
        self.numbers = sorted({job.job_id.partition("_")[0] for job in self.jobs})
        self.began = time.monotonic()
        self.asked = float("-inf")
        self.missed = dict.fromkeys((job.job_id for job in self.jobs), 0)
        self.said = ""

    @property
    def submitted(self) -> str:
        """That they were handed in."""
        many = f"{len(self.jobs)} job{'s' * (len(self.jobs) != 1)} submitted"
        return f"{many} to Slurm: {', '.join(self.numbers)}" if self.slurm else many

    @property
    def go_on(self) -> str:
        """What becomes of them without their driver, as a sentence and a blank."""
        return (
            f"The jobs go on without this program (scancel {' '.join(self.numbers)} ends them). " if self.slurm else ""
        )

    def left(self) -> bool:
        """Whether any may still be at work."""
        if not self.slurm:
            return not all(job.done() for job in self.jobs)
        least, most = QUEUE_SECONDS
        now = time.monotonic()
        if now - self.asked >= min(max(least, (now - self.began) / 10), most):
            self.asked = now
            self._look()
        return not all(self._ended(job) for job in self.jobs)

    def _ended(self, job: Any) -> bool:
        return job.paths.result_pickle.exists() or self.missed[job.job_id] >= GONE_LOOKS

    def _look(self) -> None:
        """Ask Slurm. A question it does not answer says nothing about the jobs; that it has forgotten them does."""
        words = ["squeue", "--noheader", "--array", "--format=%i %T", "--jobs", ",".join(self.numbers)]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=QUEUE_SECONDS[1], check=False)
        except (OSError, subprocess.TimeoutExpired):
            return
        if done.returncode and "Invalid job id" not in done.stderr:
            return
        states = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if " " in line.strip())
        for job in self.missed:
            self.missed[job] = 0 if job in states else self.missed[job] + 1
        waiting = sum(state == "PENDING" for state in states.values())
        self.said = f"; {waiting} of {len(self.jobs)} jobs wait in the queue" if waiting else ""

    def lost(self) -> list[str]:
        """Why jobs ended without a result, one sentence each."""
        found = []
        for job in self.jobs:
            if self.slurm and not job.paths.result_pickle.exists():
                found.append(f"Slurm ended job {job.job_id} (what it said is in {job.paths.stderr})")
            elif (fault := job.exception()) is not None:
                found.append(_trace_end(str(fault)))
        return found


def _trace_end(text: str) -> str:
    """The last line of a trace, which submitit frames with dashes and remarks."""
    trace = text.split("-" * 22)[1] if "-" * 22 in text else text
    return trace.strip().splitlines()[-1]
