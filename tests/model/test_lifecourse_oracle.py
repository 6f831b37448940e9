"""The engine against an oracle: the same small life course in plain Mesa, one object a resident.

The two share their specification and their first population, and no random number after that. They must agree within
five standard errors, worked out from the number of draws behind each output, and the comparison must be sharp enough
to notice the mistakes that such engines make.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.studies import lifecourse_spec as spec
from sim.studies.lifecourse import Resident, Town
from sim.studies.lifecourse_plain import PlainTown

pytestmark = pytest.mark.model

N, MONTHS = 6_000, 30
RESIDENT_MONTHS = N * MONTHS
STANDARD_ERRORS = 5.0


def lived(town: Any) -> dict[str, float]:
    for _ in range(MONTHS):
        town.step()
    return dict(town.summary())


@pytest.fixture(scope="module")
def oracle() -> dict[str, float]:
    return lived(PlainTown(N, seed=3))


def tolerance(name: str, oracle: dict[str, float]) -> float:
    """Five standard errors of the difference of two independent runs."""
    deaths = oracle["death"] * RESIDENT_MONTHS
    if name in spec.RATES:  # Poisson counts
        error = math.sqrt(2 * max(oracle[name] * RESIDENT_MONTHS, 1)) / RESIDENT_MONTHS
    elif name == "unmet":  # one minus capacity over demand
        error = (1 - oracle["unmet"]) * math.sqrt(2 / (oracle["gp"] * RESIDENT_MONTHS))
    elif name == "share social":  # one draw a year each, and the replacement of the dead
        yearly = spec.SOCIAL_NOISE**2 / 12 * MONTHS / 12
        error = math.sqrt(2 * yearly / N + 2 * deaths * 0.2**2 / N**2)
    else:  # each change of a state, and each death, moves a stock by one at most
        state = name.removeprefix("share ")
        moves = [k for k, changed in (spec.ONSETS | spec.ENDS).items() if changed == state]
        error = math.sqrt(2 * (sum(oracle[k] for k in moves) * RESIDENT_MONTHS + deaths)) / N
    return STANDARD_ERRORS * error


def differences(oracle: dict[str, float], other: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Outputs that differ by more than their tolerance, with difference and tolerance."""
    assert set(oracle) == set(other)
    compared = {name: (other[name] - oracle[name], tolerance(name, oracle)) for name in oracle}
    return {name: pair for name, pair in compared.items() if abs(pair[0]) > pair[1]}


def test_the_engine_agrees_with_plain_mesa(oracle: dict[str, float]) -> None:
    assert differences(oracle, lived(Town(N, seed=3))) == {}


@pytest.mark.parametrize(
    "mistake",
    [
        lambda town: scale(town, "gp", 11 / 12),
        lambda town: scale(town, "death", 1.5),
        lambda town: scale(town, "cvd", 0.3),
        lambda town: scale(town, "ed", 1.1),
        lambda town: town.rates.excess.fill(0),
        lambda town: town.agents.select(lambda a: hasattr(a, "capacity")).set("capacity", 1e9),
    ],
    ids=["a month a year without contacts", "deaths", "onsets", "attendances", "loneliness", "no queue"],
)
def test_the_comparison_notices_mistakes(oracle: dict[str, float], mistake: Callable[[Town], Any]) -> None:
    town = Town(N, seed=3)
    mistake(town)
    town.refresh(town.residents.rows)
    assert differences(oracle, lived(town))


def scale(town: Town, name: str, factor: float) -> None:
    town.rates.base[:, spec.RATES.index(name)] *= np.float32(factor)


def test_kept_rates_equal_rates_made_anew() -> None:
    """Whoever changes what a rate depends on renews it: after two years nothing kept is out of date."""
    town = Town(2_000, seed=5)
    for _ in range(24):
        town.step()
    kept = {name: column.copy() for name, column in town.residents.columns.items()}
    town.count_years(town.residents.rows)
    rows = town.residents.rows
    for name in ("chance", "gp", "ed", "cell"):
        np.testing.assert_array_equal(town.residents.columns[name][rows], kept[name][rows], err_msg=name)


def test_a_run_repeats_itself_to_the_bit() -> None:
    one, other = Town(1_000, seed=9), Town(1_000, seed=9)
    assert lived(one) == lived(other)
    for name, column in one.residents.columns.items():
        np.testing.assert_array_equal(column, other.residents.columns[name])
    assert lived(Town(1_000, seed=10)) != lived(one)


def test_one_more_resident_changes_no_other_life_without_feedback() -> None:
    """With no queue at the practices, a life depends on nobody else: to the bit, whoever joins and in any row."""
    small, large = Town(500, seed=2), Town(500, seed=2)
    for town in (small, large):
        town.agents.select(lambda a: hasattr(a, "capacity")).set("capacity", 1e9)
    large.residents.append(1, unique_id=10**9, key=1, born=-500, birthday=4, lonely=0.5)
    large.count_years(large.residents.rows)
    for town in (small, large):
        for _ in range(MONTHS):
            town.step()
    for one in small.agents_by_type[Resident]:
        twin = next(iter(large.residents.select(lambda r, one=one: r.unique_id == one.unique_id)))
        assert (one.born, one.state, one.lonely, one.male) == (twin.born, twin.state, twin.lonely, twin.male)
    assert len(large.residents) == len(small.residents) + 1
