"""Small models that many tests share; nobody may step the shared ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.evidence import Evidence, load
from sim.places import Place
from sim.places import load as load_place
from sim.settings import RunSettings
from sim.system import CareSystem, run_history

Build = Callable[..., CareSystem]


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    """The central evidence."""
    return load().draw(0)


@pytest.fixture(scope="session")
def toy(evidence: Evidence) -> Place:
    """The toy town."""
    return load_place("toy", evidence)


@pytest.fixture(scope="session")
def build(evidence: Evidence, toy: Place) -> Build:
    """Make a fresh toy model in July 2020."""

    def make(seed: int = 1, evidence: Evidence = evidence, place: Place = toy, scale: float = 1.0) -> CareSystem:
        return CareSystem(place, evidence, scale=scale, seed=seed, months=400)

    return make


@pytest.fixture(scope="session")
def history() -> CareSystem:
    """The toy town's shared history, at the month in which policy starts. Branch from it; never step it."""
    return run_history(RunSettings(place="toy", scale=1.0, years=2), 0, 1)
