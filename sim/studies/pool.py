"""Work shared out among processes: one job at a time each, one thread each, and it is always known who does what.

A pool of our own (some hundred lines) instead of `concurrent.futures`, because that one cannot tell which job a dead
worker was doing, nor how far a job has come. Workers are spawned, ignore Ctrl-C (their parent decides), and end
themselves when the parent is gone.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from sim.disk import full, is_full
from sim.errors import EnvironmentFault, UserError
from sim.studies import standby

ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
POLL_SECONDS = 0.25

Tick = Callable[[int, int], None]
"""Called by a job now and then with the stage it is in and the steps it has done of the whole job."""
Task = Callable[[Any, Tick], Any]
"""What a worker does with one job: an importable function of the job and a tick."""


@dataclass(frozen=True)
class Moment:
    """How far the work has come: steps done in unfinished jobs, and (job index, stage) of each that is being done."""

    steps: int
    active: tuple[tuple[int, int], ...]


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    job: int | None = None
    kind: Hashable = None  # of the last job it was given


def work(
    task: Task,
    jobs: Sequence[Any],
    workers: int,
    *,
    name: Callable[[Any], str] = str,
    kin: Callable[[Any], Hashable] = lambda job: None,
    finished: Callable[[int, Any], None] = lambda index, result: None,
    moment: Callable[[Moment], None] = lambda now: None,
) -> None:
    """Do every job. `finished` gets (index, result) as each ends, `moment` how far it has come, about 4 times a second.

    kin: jobs for which it is equal have work in common, so that a worker is given those of one kind one after another.

    Raises what a job raised; `EnvironmentFault` naming the job when its process died or ran out of memory. On any
    exception, Ctrl-C included, all workers are stopped before it is passed on.
    """
    if not jobs:
        return
    context: Any = standby.context()
    progress = context.RawArray("q", 2 * len(jobs))  # stage and steps of each job; written by one process each
    waiting = list(range(len(jobs)))
    pool: list[_Worker] = []
    try:
        with spawning(), deaf_to_ctrl_c():
            for _ in range(min(workers, len(jobs))):
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs, task, progress), daemon=True)
                process.start()
                theirs.close()
                pool.append(_Worker(process, ours))
        kinds = [kin(job) for job in jobs]
        for worker in pool:
            _hand_out(worker, _next(worker, waiting, kinds, pool), jobs)
        while any(worker.job is not None for worker in pool):
            ready = wait([worker.pipe for worker in pool if worker.job is not None], timeout=POLL_SECONDS)
            for worker in pool:
                if worker.pipe in ready and worker.job is not None:
                    index, result = _answer(worker, jobs, name)
                    progress[2 * index] = progress[2 * index + 1] = 0
                    worker.job = None
                    finished(index, result)
                    _hand_out(worker, _next(worker, waiting, kinds, pool), jobs)
            doing = [worker.job for worker in pool if worker.job is not None]
            steps = sum(progress[2 * index + 1] for index in doing)
            moment(Moment(steps, tuple((index, progress[2 * index]) for index in doing)))
        for worker in pool:
            with contextlib.suppress(OSError):
                worker.pipe.send(None)
            worker.process.join(5)
    finally:
        for worker in pool:
            if worker.process.is_alive():
                worker.process.terminate()
            worker.process.join(5)
            worker.pipe.close()


def _next(worker: _Worker, waiting: list[int], kinds: Sequence[Hashable], pool: Sequence[_Worker]) -> int | None:
    """Take the next job for a worker: one of the kind it has done, else of a kind that nobody does, else any."""
    if not waiting:
        return None
    others = {kinds[job] for each in pool if (job := each.job) is not None}
    index = min(waiting, key=lambda k: (kinds[k] != worker.kind, kinds[k] in others))  # the first among equals
    waiting.remove(index)
    worker.kind = kinds[index]
    return index


def _hand_out(worker: _Worker, index: int | None, jobs: Sequence[Any]) -> None:
    worker.job = index
    if index is not None:
        with contextlib.suppress(OSError):  # a worker already dead is noticed when its answer is read
            worker.pipe.send((index, jobs[index]))


def _answer(worker: _Worker, jobs: Sequence[Any], name: Callable[[Any], str]) -> tuple[int, Any]:
    assert worker.job is not None
    try:
        index, kind, content = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join(5)
        raise EnvironmentFault(death(worker.process.exitcode, name(jobs[worker.job]))) from None
    if kind == "done":
        return index, content
    if kind == "memory":
        raise EnvironmentFault(f"Memory ran out in {name(jobs[index])}; try workers=1 or a smaller scale.")
    if kind == "said":
        raise content
    raise RuntimeError(f"{name(jobs[index])} failed:\n{content}")


def death(code: int | None, job: str) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            how = f"was ended from outside ({signal.Signals(-code).name})"
            hint = "; often because memory ran out: try workers=1 or a smaller scale" if -code == 9 else ""
            return f"The process of {job} {how}{hint}."
    return f"The process of {job} ended without an answer (exit code {code})."


def _serve(pipe: Connection, task: Task, progress: Any) -> None:
    """The life of a worker."""
    obey_the_parent()
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            return
        if message is None:
            return
        index, job = message

        def tick(stage: int, steps: int, index: int = index) -> None:
            progress[2 * index], progress[2 * index + 1] = stage, steps

        try:
            answer: tuple[int, str, Any] = (index, "done", task(job, tick))
        except (UserError, EnvironmentFault) as fault:
            answer = (index, "said", fault)
        except MemoryError:
            answer = (index, "memory", None)
        except Exception as fault:
            answer = (index, "failed", traceback.format_exc())
            if is_full(fault):  # a compiler's cache, a library's own file
                answer = (index, "said", full(_where(fault), kept=True))
        try:
            pipe.send(answer)
        except OSError:
            return


def _where(fault: Exception) -> Path:
    """The folder that took no more: of the file if it is known, otherwise that of files for a while."""
    file = getattr(fault, "filename", None)
    return Path(str(file)).parent if file else Path(tempfile.gettempdir())


def obey_the_parent() -> None:
    """What a worker does first: it leaves Ctrl-C to its parent, can be terminated by it, and ends when that is gone, as
    nobody is left to answer to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


@contextlib.contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Processes started within are born with Ctrl-C blocked, so that none answers it while it is still loading."""
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # would lift the block if it were started within
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def spawning() -> Iterator[None]:
    """One thread a worker, and no worker imports the user's script again (it would run it a second time)."""
    main = sys.modules["__main__"]
    hidden = {key: getattr(main, key) for key in ("__spec__", "__file__") if hasattr(main, key)}
    for key in hidden:
        setattr(main, key, None)
    try:
        with environment(dict.fromkeys(ONE_THREAD, "1")):
            yield
    finally:
        for key, value in hidden.items():
            setattr(main, key, value)


@contextlib.contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables of the environment for the processes that are started within."""
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, old in before.items():
            os.environ.pop(key) if old is None else os.environ.update({key: old})
