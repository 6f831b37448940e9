"""Work done by a forked process beside what this one does: everything that is loaded here is there too."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 10.0  # seconds for a process to end when it is asked to


def possible() -> bool:
    """Whether a process can be forked safely, and something is gained by it.

    Only a process without other threads may be forked: a lock that one of them holds would never be let go.
    """
    forks = "fork" in multiprocessing.get_all_start_methods()
    return forks and (os.cpu_count() or 1) > 1 and threading.active_count() == 1


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Do some work beside the block. Where that cannot be, or if it fails there, it is done here after the block, for
    what it raises to be raised here; its result is what it leaves on the disk."""
    process = None
    if possible():
        process = multiprocessing.get_context("fork").Process(target=_do, args=(work,), daemon=True)
        process.start()
    try:
        yield
    except BaseException:
        if process is not None:
            process.terminate()
            process.join(PATIENCE)  # whoever takes away what it left must not be overtaken by it
            process.kill()
        raise
    if process is not None:
        process.join()
    if process is None or process.exitcode:
        work()


def _do(work: Callable[[], object]) -> None:
    leave_interrupts()
    try:
        work()
    except BaseException:
        os._exit(1)  # said by the process that asked


def leave_interrupts() -> None:
    """Ctrl-C is for the process that asked: it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
