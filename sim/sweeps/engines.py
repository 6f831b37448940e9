"""Engines: who does the jobs. Each takes chunks of jobs as it needs them and gives back a record for each job.

An engine is an iterator: ``for record in engine.run(base, chunks)``. It asks for the next chunk only when somebody is
free, so that a list of a million jobs is never in memory, and yields None now and then while nothing is finished.
`serial` works in this process, `process` in processes of this machine; `dask` and `submitit` are modules of their own.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from sim.errors import EnvironmentFault, UserError
from sim.nearest import not_known
from sim.studies.pool import POLL_SECONDS, deaf_to_ctrl_c, death, obey_the_parent, spawning
from sim.sweeps import engine_options
from sim.sweeps.base import Base, Job, Record
from sim.vocabulary import ENGINES

MOST_DEATHS = 3
"""A run whose process has ended so often, the last times alone, is recorded as crashed."""
MOST_STILLBORN = 5
"""So many processes in a row that end before they have done anything mean that none will work."""

Chunks = Iterator[list[Job]]


class Engine(Protocol):
    """Does chunks of jobs. waits: what it waits for, for the line of progress, empty while it is at work; hint: what
    can be done about that."""

    workers: int
    waits: str
    hint: str

    def run(self, base: Base, chunks: Chunks) -> Iterator[Record | None]:
        """Yield a record for every job of every chunk, in any order, and None while nothing is new."""


@dataclass
class Serial:
    """Everything in this process, one job after the other."""

    workers: int = 1
    waits: str = ""
    hint: str = ""

    def run(self, base: Base, chunks: Chunks) -> Iterator[Record | None]:
        """See `Engine`."""
        from sim.sweeps.simulate import run_one

        for chunk in chunks:
            for job in chunk:
                yield run_one(base, job)


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    jobs: deque[Job] = field(default_factory=deque)
    born: bool = False  # whether it has finished a job


@dataclass
class Processes:
    """Processes of this machine, one job at a time each. When one dies it is known which job it was doing: that one is
    tried again, alone, and only its last death is held against it."""

    workers: int
    waits: str = ""
    hint: str = ""

    def run(self, base: Base, chunks: Chunks) -> Iterator[Record | None]:
        """See `Engine`. Raises `EnvironmentFault` when processes end before they begin."""
        pool: list[_Worker] = []
        again: deque[list[Job]] = deque()
        deaths: Counter[bytes] = Counter()
        stillborn, more = 0, True
        try:
            while True:
                for worker in [one for one in pool if not one.jobs]:
                    chunk, more = _next(again, chunks, more)
                    if chunk:
                        _give(worker, chunk)
                while len(pool) < self.workers:
                    chunk, more = _next(again, chunks, more)
                    if not chunk:
                        break
                    pool.append(_start(base))
                    _give(pool[-1], chunk)
                busy = {one.pipe: one for one in pool if one.jobs}
                if not busy:
                    return
                ready = wait(list(busy), timeout=POLL_SECONDS)
                if not ready:
                    yield None
                for pipe in ready:
                    worker = busy[pipe]  # type: ignore[index]
                    try:
                        record = worker.pipe.recv()
                    except (EOFError, OSError):
                        pool.remove(worker)
                        worker.process.join(5)
                        job, *rest = worker.jobs
                        stillborn = 0 if worker.born else stillborn + 1
                        deaths[job.key] += 1
                        how = death(worker.process.exitcode, str(job))
                        if stillborn >= MOST_STILLBORN + self.workers and not deaths[job.key] >= MOST_DEATHS:
                            raise EnvironmentFault(
                                f"Worker processes end before they have done anything: {how}"
                            ) from None
                        if rest:
                            again.append(rest)
                        if deaths[job.key] < MOST_DEATHS:
                            again.append([job])
                        else:
                            yield Record(job.key, job.row, job.seed, "crashed", error=how, given=json.dumps(job.values))
                        continue
                    worker.born, stillborn = True, 0
                    worker.jobs.popleft()
                    yield record
        finally:
            _stop(pool)


def _next(again: deque[list[Job]], chunks: Chunks, more: bool) -> tuple[list[Job] | None, bool]:
    if again:
        return again.popleft(), more
    chunk = next(chunks, None) if more else None
    return chunk, chunk is not None


def _give(worker: _Worker, chunk: list[Job]) -> None:
    worker.jobs.extend(chunk)
    with contextlib.suppress(OSError):  # one already dead is noticed when its answer is read
        worker.pipe.send(chunk)


def _start(base: Base) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with spawning(), deaf_to_ctrl_c():
        process = context.Process(target=_serve, args=(theirs, base), daemon=True)
        process.start()
    theirs.close()
    return _Worker(process, ours)


def _stop(pool: list[_Worker]) -> None:
    for worker in pool:
        with contextlib.suppress(OSError):
            worker.pipe.send(None)
        if worker.jobs:
            worker.process.terminate()
    for worker in pool:
        worker.process.join(5)
        if worker.process.is_alive():
            worker.process.kill()
        worker.pipe.close()


def _serve(pipe: Connection, base: Base) -> None:
    """The life of a worker process."""
    obey_the_parent()
    from sim.sweeps.simulate import run_jobs

    while True:
        try:
            jobs = pipe.recv()
            if jobs is None:
                return
            run_jobs(base, jobs, pipe.send)
        except (EOFError, OSError):
            return


@dataclass(frozen=True)
class Choice:
    """The engine that was asked for: its name, ``engine.…`` options by name, and processes at the same time."""

    name: str = "process"
    options: dict[str, str] = field(default_factory=dict)
    workers: int = 1

    def check(self) -> None:
        """Raise `UserError` for an engine that is not there, not installed or out of reach, and options it has not."""
        if self.name not in ENGINES:
            raise UserError(not_known("engine", self.name, ENGINES))
        allowed = {"dask": ("address",), "submitit": None}.get(self.name, ())
        for option, text in self.options.items():
            if allowed is not None and option.partition(".")[0] in allowed:
                engine_options.single(option, text, "the address of a scheduler, for example tcp://127.0.0.1:8786")
            elif allowed is not None:
                which = " It has none." if not allowed else f" It has: {', '.join(allowed)}."
                raise UserError(f"engine={self.name} has no option engine.{option}.{which}")
        if self.name in ("dask", "submitit"):
            module = {"dask": "distributed", "submitit": "submitit"}[self.name]
            import importlib.util

            if importlib.util.find_spec(module) is None:
                raise UserError(f"engine={self.name} needs {module}; install it: pip install headwater[distributed]")
        if self.name == "submitit":
            engine_options.read(self.options)
        if self.name == "dask" and "address" in self.options:
            from sim.sweeps.engine_dask import reach

            reach(self.options["address"])

    def open(self) -> Engine:
        """The engine. Raises `UserError` when an address cannot be reached."""
        if self.name == "serial":
            return Serial()
        if self.name == "dask":
            from sim.sweeps.engine_dask import Dask

            return Dask.open(self.options.get("address"), self.workers)
        return Processes(self.workers)
