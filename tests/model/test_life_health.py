"""The compiled loops that give people health say the same as NumPy, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from sim.draws import make_keys
from sim.evidence import Evidence
from sim.life import epidemiology
from sim.life.epidemiology import Epidemiology
from sim.life.health import Health, People, give
from tests import health_numpy

pytestmark = pytest.mark.model
N = 20_000


@pytest.fixture(scope="module")
def epi(evidence: Evidence) -> Epidemiology:
    return epidemiology.of(evidence)


@pytest.fixture(scope="module")
def people() -> People:
    """Of every age, both sexes and all deciles; some neighbourhoods far from what is usual."""
    who = np.arange(N)
    key = make_keys(7, who + 1)
    ratios = {"isolation": (0.5 + who % 5).astype(np.float32), "low_income": 0.1 + who % 7 / 2}
    return People(key, who % 101, who // 101 % 2, 1 + who // 202 % 10, ratios)


def test_compiled_loops_give_the_health_that_numpy_gives(epi: Epidemiology, people: People) -> None:
    found, expected = give(people, epi), health_numpy.give(people, epi)
    for name in Health.__dataclass_fields__:
        given, wanted = getattr(found, name), getattr(expected, name)
        assert given.dtype == wanted.dtype, name
        np.testing.assert_array_equal(given, wanted, err_msg=name)
    for mask in (epi.states.mask(name) for name in epi.states.names):
        assert (found.state & mask).any(), "a state that nobody has is not tested"


def test_multipliers_are_those_of_numpy(epi: Epidemiology, people: People) -> None:
    health = give(people, epi)
    for name, effects in epi.effects.items():
        expected = health_numpy.weight(effects, epi, health.state, health.lagged)
        np.testing.assert_array_equal(effects.weight(health.state, health.lagged, epi.states), expected, err_msg=name)
