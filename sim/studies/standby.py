"""Workers that stand ready: a process that has loaded the model, and from which workers are then forked.

To load the model and to read its compiled loops from the disk takes two seconds, about as long as the command itself
needs to read what it was told; one is done beside the other. It is Python's own fork server, which is asked to import
this module; it has one thread and has simulated nothing, so that a worker that is forked from it is as good as one
that is spawned. Only on Linux, and only for the commands that ask for it: elsewhere workers are spawned.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import pkgutil
import sys
from multiprocessing.context import BaseContext

SERVER = "HEADWATER_WORKERS_STAND_READY"
"""In the environment of the process that gets ready: to import this module is to load the model there."""
DIES_WITH_PARENT, KILL = 1, 9  # prctl's PR_SET_PDEATHSIG, SIGKILL

_begun = False


def get_ready() -> None:
    """Begin to load what workers need. Returns at once; whoever asks for a worker waits for it."""
    global _begun
    if _begun or not sys.platform.startswith("linux"):
        return
    from multiprocessing import forkserver

    from sim.studies.pool import ONE_THREAD, deaf_to_ctrl_c, environment

    multiprocessing.set_forkserver_preload([__name__])
    paths = os.pathsep.join(path for path in sys.path if path)
    given = {"PYTHONPATH": paths, "PYTHONSAFEPATH": "1", SERVER: "1", **dict.fromkeys(ONE_THREAD, "1")}
    with environment(given), deaf_to_ctrl_c():
        forkserver.ensure_running()
    _begun = True


def context() -> BaseContext:
    """How workers are started."""
    return multiprocessing.get_context("forkserver" if _begun else "spawn")


def _load() -> None:
    """What is done in the process that gets ready."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, KILL)
    from sim import evidence, life, places, warm
    from sim.studies import compare, lens  # noqa: F401

    for package in (life, places):  # some of their modules are imported where they are used
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    for name in ("sim.system", "scipy.interpolate", "scipy.optimize"):
        importlib.import_module(name)
    evidence.load()
    missing = set(warm.missing())
    for loop in warm.listed():
        if loop not in missing:
            warm.build(loop)


if os.environ.pop(SERVER, None):
    with contextlib.suppress(Exception):  # a worker meets the same fault, and says it
        _load()
