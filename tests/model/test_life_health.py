"""The compiled loops that give people health say the same as NumPy, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from sim import draws
from sim.draws import make_keys
from sim.evidence import Evidence
from sim.life import epidemiology
from sim.life.epidemiology import Epidemiology
from sim.life.health import MOST_SHARE, Health, People, give
from sim.life.reference import Reference
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


def test_sums_over_the_reference_are_those_of_numpy(epi: Epidemiology) -> None:
    """The same weighted means, and the same chances within their bound, to the last bit."""
    reference = Reference(epi)
    values = 0.1 + draws.uniforms(reference.people.key, 0, 0).astype(np.float64)
    among = draws.uniforms(reference.people.key, 0, 1).astype(np.float64)

    def mean(each: np.ndarray, weight: np.ndarray) -> np.ndarray:
        total, count = (np.bincount(reference.flat, one, reference.cells.size) for one in (each * weight, weight))
        return np.where(count > 0, total / np.maximum(count, 1e-12), 1.0).reshape(reference.cells.shape)

    np.testing.assert_array_equal(reference.mean(values), mean(values, reference.weight))
    np.testing.assert_array_equal(reference.mean(values, among), mean(values, reference.weight * among))
    norm = mean(values, reference.weight)
    for share, wanted in ((among, True), (0.2 * among, False)):
        chance = share * values / norm[reference.at]
        beyond, found = reference.bounded(share, values, norm, MOST_SHARE)
        assert bool(beyond) is wanted is bool(chance.max() > MOST_SHARE)
        np.testing.assert_array_equal(found, mean(np.minimum(chance, MOST_SHARE), reference.weight))
