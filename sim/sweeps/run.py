"""The driver: from an experiment to its results, losing nothing on the way.

It composes nothing and simulates nothing. It walks through the design block by block, leaves out every run that is
there already, hands the others to an engine as chunks of about a second's work, and puts what comes back into the
store. Two drivers at once share the work: a second one begins at the other end, and both look now and then at what the
other has done.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import warm
from sim.errors import EnvironmentFault
from sim.studies.compare import Interrupted, cores
from sim.studies.progress import Progress, Silence
from sim.studies.store import locked
from sim.sweeps import folder as folders
from sim.sweeps.base import KEY_BYTES, TASK, Base, Job
from sim.sweeps.cost import announcement as announcement
from sim.sweeps.engines import Choice
from sim.sweeps.experiment import KEEP, SECOND, Experiment, check
from sim.sweeps.keys import KeyIndex, joined
from sim.sweeps.store import FAILED, MISSING, OK, RunStore

if TYPE_CHECKING:
    from sim.sweeps.results import SweepResults

BLOCK = 128
"""Rows that are looked at together: jobs that share a history are put side by side within a block."""
CHUNK_SECONDS, MOST_CHUNK, KEPT_TOGETHER = 1.0, 256, 15
FEWEST_TO_JUDGE = 8
REFRESH_SECONDS = 5.0


@dataclass
class Sweep:
    """One experiment on its way: design, store and what is to do. shard: (i, k): only every k-th row from i on."""

    experiment: Experiment
    shard: tuple[int, int] = (0, 1)
    task: str | None = None
    base: Base = field(init=False)
    design: Any = field(init=False)
    store: RunStore = field(init=False)
    seeds: list[int] = field(init=False)

    def __post_init__(self) -> None:
        base = self.experiment.base
        self.base = base if self.task is None else replace(base, task=self.task)
        self.design = self.experiment.make_design()
        self.store = RunStore(Path(self.experiment.plan.settings.results).expanduser(), self.base)
        self.seeds = self.experiment.seed_list()

    @property
    def total(self) -> int:
        """Runs of the whole sweep."""
        return len(self.design) * len(self.seeds)

    @cached_property
    def keys(self) -> NDArray[np.uint8]:
        """The key of every run, worked out once: uint8[rows, seeds, 16]."""
        found = np.empty((len(self.design), len(self.seeds), KEY_BYTES), np.uint8)
        for start in range(0, len(self.design), BLOCK):
            for row, values in self.design.rows_of(start, start + BLOCK):
                found[row] = joined(self.base.keys(values, self.seeds))
        return found

    @cached_property
    def index(self) -> KeyIndex:
        """At which place (row × seeds + number of the seed) each key stands."""
        return KeyIndex(self.keys.reshape(-1, KEY_BYTES))

    def states(self) -> NDArray[np.int8]:
        """int8[rows, seeds]: `OK`, `FAILED` or `MISSING`, as far as the store has been looked at."""
        keys = self.keys.reshape(-1, KEY_BYTES)
        found = np.full(len(keys), MISSING, np.int8)
        ok, failed = self.store.ok, self.store.failed
        for place, key in enumerate(map(bytes, keys)):
            if key in ok:
                found[place] = OK
            elif failed and key in failed:
                found[place] = FAILED
        return found.reshape(self.keys.shape[:2])

    def job(self, row: int, seed: int) -> Job:
        """One run."""
        values = self.design.values(row)
        return Job(self.base.key(values, seed), row, seed, values)

    def left(self, backwards: bool = False, retry: bool = False) -> Iterator[Job]:
        """The runs of this shard that are not there, lazily and each once; those that share a history stand together
        within a block of rows."""
        first, every = self.shard
        twins = set(self.index.twins().tolist())
        starts = range(0, len(self.design), BLOCK)
        looked = time.monotonic()
        for start in reversed(starts) if backwards else starts:
            if time.monotonic() - looked > REFRESH_SECONDS:
                self.store.refresh()
                looked = time.monotonic()
            jobs = []
            for row, values in self.design.rows_of(start, start + BLOCK):
                if row % every == first:
                    for i, seed in enumerate(self.seeds):
                        key = self.keys[row, i].tobytes()
                        known = key in self.store.ok or (key in self.store.failed and not retry)
                        if not known and row * len(self.seeds) + i not in twins:
                            jobs.append(Job(key, row, seed, values))
            yield from sorted(jobs, key=lambda job: (job.world, job.seed))

    def count(self) -> tuple[int, int]:
        """How many runs of the whole sweep are there, and how many failed."""
        states = self.states()
        return int((states == OK).sum()), int((states == FAILED).sum())


class _Chunks:
    """Jobs in chunks of about a second's work. The seeds of a row stay together: they share what is worked out from its
    evidence."""

    def __init__(self, jobs: Iterator[Job]) -> None:
        self.jobs, self.size, self.seconds, self.timed = jobs, 1, 0.0, 0

    def __iter__(self) -> Iterator[list[Job]]:
        chunk: list[Job] = []
        for job in self.jobs:
            full = len(chunk) >= self.size
            if full and (job.world != chunk[-1].world or len(chunk) >= self.size + KEPT_TOGETHER):
                yield chunk
                chunk = []
            chunk.append(job)
        if chunk:
            yield chunk

    def learn(self, seconds: float) -> None:
        """A run took so long."""
        self.seconds, self.timed = self.seconds + seconds, self.timed + 1
        wanted = CHUNK_SECONDS * self.timed / max(self.seconds, 1e-9)
        self.size = int(max(1, min(2 * self.size, wanted, MOST_CHUNK)))


def sweep(
    experiment: Experiment,
    progress: Progress | None = None,
    *,
    engine: Choice | None = None,
    shard: tuple[int, int] = (0, 1),
    retry: bool = False,
    task: str | None = None,
) -> SweepResults | None:
    """Run what is missing of an experiment and leave its folder. Returns the results; None while other shards are not
    done. Failed runs are listed, not raised. Raises `UserError` before anything runs, `EnvironmentFault`, `Interrupted`
    (what is finished is kept).
    """
    progress = progress or Silence()
    engine = engine or Choice(workers=experiment.plan.settings.workers or cores())
    if task is None:
        check(experiment)
    engine.check()
    it = Sweep(experiment, shard, task)
    it.store.refresh()
    for line in announcement(it, engine):
        progress.say(line)
    if experiment.then is not None:
        progress.say(experiment.second_size())
    with folders.begun(experiment, it.store) as folder:
        finished = drive(it, folder, progress, engine, retry)
    if not finished:
        return None
    from sim.sweeps import results

    progress.say("Putting the results together …")
    found = results.gather(finished, folder)
    found.write()
    if experiment.then is not None:
        progress.say(f"Screened: {found.folder}")
        if unmoved(found):
            progress.say(f"Nothing that was varied changes {found.outcomes[0]}: there is no second stage.")
            return found
        return sweep(second_stage(found), progress, engine=engine, retry=retry, task=task)
    return found


def second_stage(found: SweepResults) -> Experiment:
    """The second stage of an experiment in two: another design over the `keep` groups that mattered most for the first
    outcome, each moving as one. Raises `UserError` when rows of the first failed."""
    experiment = found.experiment
    then = experiment.then or {}
    ranked = list(found.indices(experiment.outcomes[0]).ranking()["factor"].head(int(then.get("keep", KEEP))))
    kept = [factor for factor in found.design.factors if (factor.group or factor.name) in ranked]
    members: dict[str, list[str]] = {group: [] for group in ranked}
    for factor in kept:
        if factor.kind == "evidence":
            members[factor.group or factor.name].append(factor.name)
    settings_kept = {f.name: experiment.varied["settings"][f.name] for f in kept if f.kind == "setting"}
    evidence = {group: names for group, names in members.items() if names}
    next_one = replace(
        experiment,
        name=f"{experiment.name}_2",
        design=str(then.get("design", SECOND)),
        n=int(then.get("n", experiment.n)),
        second_order=bool(then.get("second_order")),
        varied={
            **({"evidence": evidence} if evidence else {}),
            **({"settings": settings_kept} if settings_kept else {}),
        },
        then=None,
    )
    settings = replace(experiment.plan.settings, n=None, varied=None)
    return replace(next_one, plan=replace(experiment.plan, settings=settings, experiment=next_one.tree()))


def unmoved(found: SweepResults) -> bool:
    """Whether the first outcome is the same in every row and seed."""
    change = found.change(found.outcomes[0])
    return bool((change == change.flat[0]).all())


def drive(it: Sweep, folder: Path, progress: Progress, engine: Choice, retry: bool = False) -> Sweep | None:
    """Run what is missing, in stages where the experiment may stop early. Returns the sweep as far as it went, or None
    when runs of other shards or drivers are missing."""
    for n in stages(it.experiment, it.design):
        stage = it if n == it.experiment.n else cut(it, n)
        run_missing(stage, folder, progress, engine, retry)
        stage.store.refresh()
        ok, failed = stage.count()
        if ok + failed < stage.total:
            return None
        if n < it.experiment.n and narrow(stage):
            progress.say(f"Stopped at n={n}: every interval is narrow enough.")
            return stage
    return it


def stages(experiment: Experiment, design: Any) -> list[int]:
    """The sizes after which it is looked whether intervals are narrow enough: halves of halves of n."""
    sizes = [experiment.n]
    while experiment.stop is not None and sizes[0] % 2 == 0 and sizes[0] // 2 >= FEWEST_TO_JUDGE:
        sizes.insert(0, sizes[0] // 2)
    return sizes


def cut(it: Sweep, n: int) -> Sweep:
    """The same sweep with the first n base samples only, over the same store."""
    smaller = replace(it, experiment=it.experiment)
    smaller.design, smaller.store, smaller.base = it.design.first(n), it.store, it.base
    smaller.keys = it.keys[: len(smaller.design)]
    return smaller


def narrow(it: Sweep) -> bool:
    """Whether the intervals of all indices of the outcome that decides are narrow enough."""
    from sim.sweeps import convergence, results

    stop = it.experiment.stop or {}
    found = results.gather(it, None)
    if not np.all(found.status == OK):
        return False
    return convergence.narrow_enough(
        found.indices(str(stop.get("outcome", found.outcomes[0]))), float(stop["half_width"])
    )


def run_missing(it: Sweep, folder: Path, progress: Progress, engine: Choice, retry: bool = False) -> None:
    """Give an engine every run that is not there, and keep what comes back."""
    store = it.store
    with open(folder / folders.LOCK, "a+b") as lock:
        alone = locked(lock)  # another driver is at work: begin at the other end
        ok, failed = it.count()
        there = ok if retry else ok + failed
        mine = _mine(it, there)
        chunks = _Chunks(it.left(backwards=not alone, retry=retry))
        stream = iter(chunks)
        first = next(stream, None)
        started = {"runs": it.total, "finished": ok, "failed": failed, "engine": engine.name}
        if first is None:
            folders.log(folder, "started", **started)
            return
        if engine.name == "process" and it.base.task == TASK:
            warm.share(engine.workers, progress)
        progress.begin(mine, there if it.shard[1] == 1 else 0, f"{there} of {it.total} runs done; loading the model")
        done, bad = there if it.shard[1] == 1 else 0, 0
        began, waits = time.monotonic(), ""
        try:
            opened = engine.open()
            folders.log(folder, "started", **started)
            for record in opened.run(it.base, itertools.chain([first], stream)):
                if record is not None:
                    store.add(record)
                    chunks.learn(record.seconds)
                    done, bad = done + 1, bad + (record.status != "ok")
                store.flush(now=False)
                said = f"; {bad} failed" if bad else ""
                if opened.waits != waits:
                    waits = opened.waits
                    if waits:  # a line of its own at once: that of progress comes seldom, and may be cut
                        progress.say(opened.hint)
                progress.at(done, f"{done} of {mine} runs done{said}{waits}")
        except KeyboardInterrupt:
            store.flush()
            folders.log(folder, "interrupted", finished=done)
            kept = f"{done} of {mine} runs are finished and kept" if done else "No run was finished yet"
            raise Interrupted(
                f"{kept}. To go on: headwater sweep resume {folder}, or the same command again:"
            ) from None
        except EnvironmentFault:
            _save(store)
            raise
        finally:
            progress.end()
        store.flush()
        folders.log(folder, "ran", finished=done, failed=bad, seconds=round(time.monotonic() - began, 1))


def _mine(it: Sweep, there: int) -> int:
    first, every = it.shard
    return len(range(first, len(it.design), every)) * len(it.seeds)


def _save(store: RunStore) -> None:
    import contextlib

    with contextlib.suppress(EnvironmentFault):
        store.flush()
