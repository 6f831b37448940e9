"""Running many models: every evidence draw with every seed, and every scenario from the same history.

The unit of work is (draw, seed): one worker simulates the shared history once and then each scenario from a copy of
it. Each finished unit is a part on the disk, so that nothing is lost by an interruption: the same command goes on. The
one run without judged benefits comes last and is split by scenario, so that no core is idle while it is done.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import clock, own, warm
from sim.compose import Plan
from sim.settings import RunSettings
from sim.studies import dose, pool
from sim.studies.progress import Progress, Silence
from sim.studies.store import Store, part

if TYPE_CHECKING:
    from sim.outcomes.record import RunRecord
    from sim.outcomes.results import Results

WITHOUT, MORE = "without judged benefits", "with more or less of it"
HISTORY = 0  # stage 0 is the shared history, stage i the i-th scenario


@dataclass(frozen=True)
class Job:
    """One evidence draw and one seed: what a worker is given. `scenarios` are whole configurations by name.

    apart: what is beside the comparison here, in words: then each scenario becomes a part of its own, whose folder is
    `folder` and the scenario's name.
    """

    draw: int
    seed: int
    folder: str
    settings: RunSettings
    scenarios: dict[str, dict[str, Any]]
    own: tuple[str, ...] = ()
    keeps_events: bool = False
    apart: str = ""

    def __str__(self) -> str:
        return f"evidence draw {self.draw}, seed {self.seed}" + (f", {self.apart}" if self.apart else "")

    @property
    def steps(self) -> int:
        """Months to simulate."""
        return self.settings.policy_start + len(self.scenarios) * clock.MONTHS_A_YEAR * self.settings.years


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with what to do next in words."""


def simulate(job: Job, tick: pool.Tick) -> float:
    """The model's history and scenarios for one job, written as one part (or one a scenario). Returns the seconds."""
    with own.using(job.own):
        return _simulate(job, tick)


def _simulate(job: Job, tick: pool.Tick) -> float:
    from sim import system
    from sim.policy.scenario import scenario_from_mapping
    from sim.studies import lens

    began = time.perf_counter()
    folders = [Path(folder) for folder in job.own]
    built = []
    for name, given in job.scenarios.items():
        plain, best = lens.split(given)  # kinds of determinant at their best for everyone (`headwater attribute`)
        built.append((scenario_from_mapping(plain, f"{name}.yaml", folders), best))
    months = clock.MONTHS_A_YEAR * job.settings.years
    history = system.run_history(job.settings, job.draw, job.seed, lambda n: tick(HISTORY, n))
    before = job.settings.policy_start
    with contextlib.nullcontext() if job.apart else part(Path(job.folder)) as whole:
        for stage, (scenario, best) in enumerate(built, 1):
            done = before + (stage - 1) * months
            month_done = partial(_report, tick, stage, done)
            record = system.run_scenario(history, scenario, job.settings.years, month_done, best)
            if not job.keeps_events:
                record.events = record.panel = None  # the lives of one run are enough
            with contextlib.nullcontext(whole) if whole else part(Path(f"{job.folder}-{scenario.name}")) as folder:
                record.save(folder / f"{scenario.name}.npz")
    return time.perf_counter() - began


def _report(tick: pool.Tick, stage: int, before: int, months: int) -> None:
    tick(stage, before + months)


def compare(plan: Plan, progress: Progress | None = None) -> Results:
    """Run a plan and put its runs together. Keeps no folder; `compare_and_keep` does.

    Raises `UserError`, `EnvironmentFault`, or `Interrupted` (finished parts are kept).
    """
    with Store(plan) as store:
        run_parts(store, progress or Silence())
        results = gather(store)
        results.plan = plan
        store.discard()
    return results


def compare_and_keep(plan: Plan, progress: Progress | None = None) -> tuple[Results, Path]:
    """Run a plan and leave its folder under ``results/``. Returns the results and the folder."""
    from sim import report

    progress = progress or Silence()
    with Store(plan) as store:
        ready = report.get_ready()
        run_parts(store, progress)
        results = gather(store)
        ready.join()  # processes are forked to draw: only while there is one thread
        progress.say("Writing the report …")
        folder = store.finish(lambda whole: write_all(results, whole), facts(store))
    return results, folder


def run_parts(store: Store, progress: Progress, task: pool.Task = simulate) -> None:
    """Do all parts of a run that are not on the disk yet."""
    plan = store.plan
    workers = plan.settings.workers or cores()
    pairs = plan.settings.layout()
    jobs = [
        Job(d, s, str(store.part(d, s)), plan.settings.for_model(), plan.scenarios, plan.own, (d, s) == pairs[0])
        for d, s in pairs
        if not store.has(d, s)
    ]
    finished = len(pairs) - len(jobs)
    total = len(pairs)
    if unjudged_files(store):
        total += 1
        pieces = _without_judged(store, workers)
        finished += not pieces
        jobs += pieces
    more = _more_or_less(store)
    total += len(dose.pairs(plan)) if dose.variants(plan) else 0
    finished += len(dose.pairs(plan)) - len(more) if dose.variants(plan) else 0
    jobs += more
    each = plan.settings.for_model().policy_start + len(plan.scenarios) * clock.MONTHS_A_YEAR * plan.settings.years
    gone = finished * each  # months of what is finished
    if finished:
        progress.say(f"{finished} of {total} runs were finished before; going on with the rest.")
    store.log("started", runs=total, finished=finished, workers=min(workers, max(len(jobs), 1)))
    undone = Counter(str(job) for job in jobs)

    def done(index: int, seconds: Any) -> None:
        nonlocal finished, gone
        job = jobs[index]
        undone[str(job)] -= 1
        finished += undone[str(job)] == 0
        gone += job.steps
        kind = "without_judged" if job.apart == WITHOUT else "explored"
        what: dict[str, Any] = {kind: list(job.scenarios)} if job.apart else {}
        store.log("part", draw=job.draw, seed=job.seed, seconds=round(float(seconds), 2), **what)

    def now(moment: pool.Moment) -> None:
        doing = ", ".join(
            dict.fromkeys(["shared history", *jobs[index].scenarios][stage] for index, stage in moment.active)
        )
        progress.at(gone + moment.steps, f"{finished} of {total} runs done; now {doing or 'finishing'}")

    try:
        if task is simulate and jobs:
            warm.share(workers, progress)
        progress.begin(gone + sum(job.steps for job in jobs), gone, f"0 of {total} runs done; loading the model")
        pool.work(task, jobs, workers, name=str, kin=lambda job: job.draw, finished=done, moment=now)
    except KeyboardInterrupt:
        store.log("interrupted", finished=finished)
        kept = f"{finished} of {total} runs are finished and kept" if finished else "No run was finished yet"
        raise Interrupted(f"{kept}. To go on, give the same command again.") from None
    finally:
        progress.end()


def gather(store: Store) -> Results:
    """The results of all parts of a run."""
    from sim.outcomes.record import RunRecord
    from sim.outcomes.results import Results

    results = Results([RunRecord.load(file) for file in store.files()])
    if also := unjudged_files(store):
        results.unjudged = Results([RunRecord.load(file) for file in also])
    if also := explored_files(store):
        results.explore([RunRecord.load(file) for file in also])
    return results


def unjudged_files(store: Store) -> list[Path]:
    """The record files of the one run of each scenario with all judged benefits off: none where it is not asked for, or
    where there are too few runs to claim anything that could hang on them."""
    from sim.outcomes.summary import FEWEST_RUNS

    plan, s = store.plan, store.plan.settings
    if not (s.judged and s.without_judged and s.runs >= FEWEST_RUNS and len(plan.scenarios) > 1):
        return []
    if plan.command != "compare":
        return []
    folder = _unjudged(store)
    return [Path(f"{folder}-{name}") / f"{name}.npz" for name in plan.scenarios]


def explored_files(store: Store) -> list[Path]:
    """The record files of the runs with more or less of the first compared scenario (`sim.studies.dose`)."""
    names = dose.variants(store.plan)
    return [_explored(store, pair, name) / f"{name}.npz" for pair in dose.pairs(store.plan) for name in names]


def _explored(store: Store, pair: tuple[int, int], name: str = "") -> Path:
    """Where the part of such a run is kept; without a name, what comes before it."""
    folder = f"{store.part(*pair)}-explored"
    return Path(f"{folder}-{name}" if name else folder)


def _more_or_less(store: Store) -> list[Job]:
    """Such runs as far as they are not on the disk: a job a pair."""
    plan, jobs = store.plan, []
    for pair in dose.pairs(plan):
        left = {
            name: given
            for name, given in dose.variants(plan).items()
            if not (_explored(store, pair, name) / f"{name}.npz").is_file()
        }
        if left:
            folder = str(_explored(store, pair))
            jobs.append(Job(*pair, folder, plan.settings.for_model(), left, plan.own, apart=MORE))
    return jobs


def _unjudged(store: Store) -> str:
    """Where the parts without judged benefits are kept, but for the scenario's name."""
    return f"{store.part(*store.plan.settings.layout()[0])}-unjudged"


def _without_judged(store: Store, workers: int) -> list[Job]:
    """The run without judged benefits as far as it is not on the disk: one job a worker, each its share of the
    scenarios (each job simulates the shared history anew, so that more would only cost)."""
    plan = store.plan
    there = dict(zip(plan.scenarios, unjudged_files(store), strict=True))
    left = [name for name, file in there.items() if not file.is_file()]
    model = replace(plan.settings.for_model(), judged=False)
    shares = [left[k::workers] for k in range(min(workers, len(left)))]
    return [
        Job(*plan.settings.layout()[0], _unjudged(store), model, {n: plan.scenarios[n] for n in names}, plan.own,
            apart=WITHOUT)
        for names in shares
    ]  # fmt: skip


def write_all(results: Results, folder: Path) -> None:
    """Everything a finished run leaves behind but its configuration and metadata: numbers, report, pictures."""
    from sim import forked, report

    with forked.beside(partial(results.save, folder)):
        report.write(results, folder)


def facts(store: Store) -> dict[str, Any]:
    """What the metadata of a run say about its runs: draws, seeds, and a fingerprint of each."""
    from sim.outcomes.lives import ABOUT
    from sim.outcomes.record import RunRecord

    pairs = store.plan.settings.layout()
    off = Path(_unjudged(store)).name
    names = {file: f"{file.parent.name}/{file.stem}" for file in store.files()}
    names |= {file: f"{off}/{file.stem}" for file in unjudged_files(store)}
    names |= {file: file.parent.name for file in explored_files(store)}
    prints = {name: fingerprint(RunRecord.load(file)) for file, name in names.items()}
    events = {"file": "events.parquet", "draw": pairs[0][0], "seed": pairs[0][1], "about": ABOUT}
    draws, seeds = sorted({d for d, _ in pairs}), sorted(s for _, s in pairs)
    return {"evidence_draws": draws, "seeds": seeds, "runs": prints, "events": events}


def fingerprint(record: RunRecord) -> str:
    """sha256 of all numbers of a run: equal if and only if they are equal to the last bit."""
    import numpy as np

    whole = hashlib.sha256()
    for name, value in sorted(vars(record).items()):
        if isinstance(value, np.ndarray):
            _add(whole, name, value)
        elif name in ("spend", "lever_spend"):
            for key in sorted(value):
                _add(whole, f"{name}.{key}", value[key])
        elif name == "teams":
            for key in sorted(value):
                _add(whole, f"{name}.{key}", value[key].values)
    return whole.hexdigest()


def _add(whole: Any, name: str, array: Any) -> None:
    whole.update(json.dumps([name, str(array.dtype), list(array.shape)]).encode())
    whole.update(array.tobytes())


def cores() -> int:
    """Processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
