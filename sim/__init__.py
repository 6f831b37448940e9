"""Headwater: what happens to health, demand and inequality when money moves upstream. The notebook's way in::

    from sim import compare, run, Results
    r = compare(["baseline", "health_creation"], years=20, runs=8, overrides=["place=toy"])
    r; r.summary(); r.plot("emergency_admissions"); r.save()

Nothing is imported before it is asked for, so that the command line answers at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.version import __version__

if TYPE_CHECKING:
    from sim.api import Results, compare, run, sweep
    from sim.sweeps.results import SweepResults

__all__ = ["Results", "SweepResults", "__version__", "compare", "run", "sweep"]


def __getattr__(name: str) -> Any:
    if name in ("Results", "compare", "run", "sweep"):
        from sim import api

        return getattr(api, name)
    if name == "SweepResults":
        from sim.sweeps import results

        return results.SweepResults
    raise AttributeError(f"module 'sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
