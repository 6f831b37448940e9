"""Chance: compiled loops equal their NumPy twins, draws are uniform and independent, and belong to one resident only.

Bounds on statistics are five standard errors of the number of draws behind them.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import draws, draws_numpy, kernels

pytestmark = [pytest.mark.unit, pytest.mark.compat]

N = 20_000
FIVE = 5.0  # standard errors
KEYS = draws.make_keys(7, np.arange(1, N + 1))
ALIVE = np.arange(N) % 17 != 0


def correlation(a: Any, b: Any) -> float:
    return float(np.corrcoef(a, b)[0, 1])


# -- uniforms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", [0, 1, 2, 1000, 1001])
def test_uniforms_equal_their_twins(purpose: int) -> None:
    np.testing.assert_array_equal(draws.uniforms(KEYS, 31, purpose), draws_numpy.uniforms(KEYS, 31, purpose))
    np.testing.assert_array_equal(draws.uniforms2(KEYS, 31, purpose), draws_numpy.uniforms2(KEYS, 31, purpose))


def test_known_answers() -> None:
    """SplitMix64 seeded with 1234567 begins 6457827717110365317, 3203168211198807973 (published test vector)."""
    states = np.array([1234567, 1234567], np.uint64) + np.array([1, 2], np.uint64) * kernels.GAMMA_MONTH
    assert draws.scramble(states).tolist() == [6457827717110365317, 3203168211198807973]
    np.testing.assert_array_equal(draws.scramble(KEYS), draws_numpy.scramble(KEYS))


@pytest.mark.parametrize("purpose", [0, 1, 1000, 1001])
def test_uniforms_are_uniform(purpose: int) -> None:
    u = np.concatenate([draws.uniforms(KEYS, month, purpose) for month in range(10)]).astype(float)
    assert u.min() >= 0
    assert u.max() < 1
    assert abs(u.mean() - 0.5) < FIVE * math.sqrt(1 / 12 / u.size)
    cells = np.bincount((u * 256).astype(int), minlength=256)
    chi_square = ((cells - u.size / 256) ** 2 / (u.size / 256)).sum()
    assert abs(chi_square - 255) < FIVE * math.sqrt(2 * 255)
    small = (u < 2.0**-10).sum()
    assert abs(small - u.size * 2.0**-10) < FIVE * math.sqrt(u.size * 2.0**-10)


def test_a_uniform_is_never_one() -> None:
    assert np.float32(2**32 - 1) * kernels.TO_UNIT < 1
    assert np.float32(2**32 - 1) * np.float32(2.0**-32) == 1, "the trap that the scale avoids"


def test_draws_are_independent_of_each_other() -> None:
    """Neighbouring months, purposes, residents and seeds, and the two halves of one hash, do not go together."""
    here = draws.uniforms(KEYS, 5, 10)
    pair = draws.uniforms2(KEYS, 5, 10)
    others = {
        "next month": draws.uniforms(KEYS, 6, 10),
        "next purpose (other half of the same hash)": draws.uniforms(KEYS, 5, 11),
        "previous purpose": draws.uniforms(KEYS, 5, 9),
        "purpose after next": draws.uniforms(KEYS, 5, 12),
        "pair, first": pair[0],
        "pair, second": pair[1],
        "neighbour": np.roll(here, 1),
        "another seed": draws.uniforms(draws.make_keys(8, np.arange(1, N + 1)), 5, 10),
    }
    for name, other in others.items():
        assert abs(correlation(here, other)) < FIVE / math.sqrt(N), name
        both = ((here < 0.5) & (other < 0.5)).mean()
        assert abs(both - 0.25) < FIVE * math.sqrt(0.25 * 0.75 / N), name
    assert abs(correlation(pair[0], pair[1])) < FIVE / math.sqrt(N)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 2**31),
    st.lists(st.integers(1, 2**62), min_size=1, max_size=20, unique=True),
    st.integers(0, 800),
    st.integers(0, 2000),
    st.data(),
)
def test_a_draw_belongs_to_one_resident(seed: int, people: list[int], month: int, purpose: int, data: Any) -> None:
    """One more resident, another order or another purpose leaves everyone's draw as it was, to the bit."""
    alone = {one: draws.uniforms(draws.make_keys(seed, [one]), month, purpose)[0] for one in people}
    order = data.draw(st.permutations([*people, 2**62 + 1]))
    draws.uniforms(draws.make_keys(seed, order), month, purpose + 1)
    together = dict(zip(order, draws.uniforms(draws.make_keys(seed, order), month, purpose), strict=True))
    assert {one: together[one] for one in people} == alone


def test_keys_and_identities() -> None:
    assert len(set(KEYS.tolist())) == N
    assert not np.isin(KEYS, draws.make_keys(8, np.arange(1, N + 1))).any()
    parents = np.arange(1, N + 1)
    children = draws.child_identity(parents, 30)
    twins = draws.child_identity(parents, 30, 1)
    later = draws.child_identity(parents, 31)
    arrivals = draws.arrival_identity(parents % 50, 30, parents // 50)
    everyone = np.concatenate([parents, children, twins, later, arrivals])
    assert everyone.dtype == np.int64
    assert everyone.min() > 0
    assert len(set(everyone.tolist())) == 5 * N
    np.testing.assert_array_equal(draws.child_identity(parents, 30, np.zeros(N, int)), children)
    assert draws.child_identity(np.array([5]), 30)[0] == draws.child_identity(np.array([9, 5]), 30)[1]


# -- events -----------------------------------------------------------------------------------------------------------


def chance_table(processes: int, top: float = 0.02) -> Any:
    grid = np.random.default_rng(1).random((N, processes)) * top
    return draws.threshold(grid)


@pytest.mark.parametrize("processes", [1, 2, 7, 20])
@pytest.mark.parametrize("purpose0", [1000, 1004])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("top", [0.02, 1.0])
def test_events_equal_their_twin(processes: int, purpose0: int, scaled: bool, top: float) -> None:
    scale = np.linspace(0, 2.5, processes) if scaled else np.ones(processes)
    scale, table = scale.astype(np.float32), chance_table(processes, top)
    for wanted, got in zip(
        draws_numpy.events(KEYS, ALIVE, table, scale, 9, purpose0),
        draws.events(KEYS, ALIVE, table, scale, 9, purpose0),
        strict=True,
    ):
        np.testing.assert_array_equal(got, wanted)
        assert got.dtype == wanted.dtype


def test_a_process_keeps_its_draw_whatever_stands_beside_it() -> None:
    p = np.full((N, 7), 0.125)
    rows, kinds = draws.events(KEYS, ALIVE, draws.threshold(p), np.ones(7), 4, 1000)
    later, which = draws.events(KEYS, ALIVE, draws.threshold(p[:, 4:]), np.ones(3), 4, 1004)
    for k in (4, 5, 6):
        np.testing.assert_array_equal(later[which == k - 4], rows[kinds == k])
    some = np.arange(0, N, 3)
    fewer, what = draws.events(KEYS[some], ALIVE[some], draws.threshold(p[some]), np.ones(7), 4, 1000)
    mine = np.isin(rows, some)
    np.testing.assert_array_equal(some[fewer], rows[mine])
    np.testing.assert_array_equal(what, kinds[mine])


def test_a_chance_smaller_than_a_draw_can_see_is_kept_by_the_many() -> None:
    """One in a million is below 2⁻¹⁶: bounds are 0 for most and 1 for a few, and the mean is right."""
    n = 400_000
    keys = draws.make_keys(8, np.arange(1, n + 1))
    kept = np.zeros((n, 1), np.uint16)
    for rate in (1e-6, 3.3e-5, 0.0123):
        draws.keep_chances(np.full((n, 1), rate, np.float32), np.arange(n), keys, kept)
        units = rate * (1 - rate / 2) * draws.ONE
        spread = np.sqrt((units % 1) * (1 - units % 1) * n)
        assert abs(kept.sum(dtype=np.int64) - n * units) < FIVE * spread + 1e-4 * n * units
        assert set(np.unique(kept)) <= {int(units), int(units) + 1}


def test_scaled_chances_below_a_draw_come_as_often_too() -> None:
    """A bound of 1 scaled by 1.3 needs bits that the sixteen do not have."""
    n = 300_000
    keys = draws.make_keys(8, np.arange(1, n + 1))
    bounds, scale = np.ones((n, 2), np.uint16), np.array([1.3, 0.6])
    count = sum(np.bincount(draws.events(keys, np.ones(n), bounds, scale, t, 1000)[1], minlength=2) for t in range(30))
    expected = 30 * n * scale / draws.ONE
    assert (np.abs(count - expected) <= FIVE * np.sqrt(expected)).all()


# -- contacts ---------------------------------------------------------------------------------------------------------

SLOTS = np.array([0, 0, 0, 1, 1, 2, 3, 4])


def test_patterns_equal_their_twin() -> None:
    rates = (np.random.default_rng(2).random((N, 5)) ** 3 * 2).astype(np.float32)
    bounds = np.zeros((N, 8), np.uint16)
    draws.keep_counts(rates, np.arange(N), KEYS, SLOTS, bounds)
    np.testing.assert_array_equal(bounds, draws_numpy.counts(rates, KEYS, SLOTS))
    for scale in (np.ones(8), np.linspace(0, 2, 8)):
        got = draws.patterns(KEYS, ALIVE, bounds, scale, 5, 200)
        np.testing.assert_array_equal(got, draws_numpy.patterns(KEYS, ALIVE, bounds, scale, 5, 200))


def test_patterns_have_the_mean_of_their_rates() -> None:
    rates = np.tile(np.array([1.5, 0.8, 0.3, 0.02, 0.001], np.float32), (N, 1))
    bounds = np.zeros((N, 8), np.uint16)
    draws.keep_counts(rates, np.arange(N), KEYS, SLOTS, bounds)
    months, count = 40, np.zeros(5)
    for month in range(months):
        pattern = draws.patterns(KEYS, np.ones(N), bounds, np.full(8, 0.9), month, 200)
        on = np.unpackbits(pattern[:, None], axis=1, bitorder="little").sum(0)
        count += np.bincount(SLOTS, on, 5)
    expected = rates[0] * 0.9 * N * months
    assert (np.abs(count - expected) <= FIVE * np.sqrt(expected)).all()


def test_events_come_as_often_as_their_chance() -> None:
    scale = np.array([1.0, 0.5, 3.0, 0.0])
    p = np.full((N, 4), 0.01)
    months = 30
    counts = np.zeros(4)
    for month in range(months):
        _, kinds = draws.events(KEYS, ALIVE, draws.threshold(p), scale, month, 1000)
        counts += np.bincount(kinds, minlength=4)
    expected = ALIVE.sum() * months * 0.01 * scale
    assert (np.abs(counts - expected) <= FIVE * np.sqrt(expected)).all()


def test_raising_one_chance_moves_no_other_event() -> None:
    table = chance_table(6)
    raised = table.copy()
    raised[:, 2] *= 3
    before = set(zip(*draws.events(KEYS, ALIVE, table, np.ones(6), 3, 1000), strict=True))
    after = set(zip(*draws.events(KEYS, ALIVE, raised, np.ones(6), 3, 1000), strict=True))
    assert before < after
    assert {kind for _, kind in after - before} == {2}


def test_certain_and_impossible_events() -> None:
    table = draws.threshold(np.array([[0.0, 1.0]] * N))
    rows, kinds = draws.events(KEYS, np.ones(N), table, np.ones(2), 0, 1000)
    assert (kinds == 1).all()
    assert len(rows) >= N - 5  # the highest chance is 65535/65536


def test_no_one_and_nothing() -> None:
    """Empty inputs of every kernel."""
    nobody = np.empty(0, np.uint64)
    rows, kinds = draws.events(nobody, np.empty(0), np.empty((0, 4), np.uint16), np.ones(4), 0, 1000)
    assert rows.size == kinds.size == 0
    rows, _ = draws.events(KEYS, ALIVE, np.empty((N, 0), np.uint16), np.ones(0), 0, 1000)
    assert rows.size == 0
    assert draws.uniforms(nobody, 0, 0).size == 0
    assert draws.uniforms2(nobody, 0, 0).shape == (2, 0)
    none = np.empty(0, np.float32)
    assert draws.poisson_counts(nobody, none, none, np.ones(1), np.empty(0, np.int16), 0, 0).size == 0
    case = hazard_case()
    assert draws.hazards(**{**case, "rows": np.empty(0, np.int64)}).shape == (0, 5)
    assert draws.make_keys(1, []).size == 0
    assert draws.child_identity([], 0).size == 0


def test_wrong_shapes_and_scales_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        draws.events(KEYS, ALIVE[1:], chance_table(2), np.ones(2), 0, 0)
    with pytest.raises(ValueError, match="scale"):
        draws.events(KEYS, ALIVE, chance_table(2), np.array([1, 15]), 0, 0)
    with pytest.raises(ValueError, match="scale"):
        draws.events(KEYS, ALIVE, chance_table(2), np.array([1, np.nan]), 0, 0)
    with pytest.raises(ValueError, match="multiple of four"):
        draws.events(KEYS, ALIVE, chance_table(2), np.ones(2), 0, 1001)
    with pytest.raises(ValueError, match="shape"):
        draws.patterns(KEYS, ALIVE, chance_table(7), np.ones(7), 0, 0)
    with pytest.raises(ValueError, match="length"):
        draws.poisson_counts(KEYS, ALIVE, np.ones(3), np.ones(1), np.zeros(N, np.int16), 0, 0)
    case = hazard_case()
    with pytest.raises(ValueError, match="shape"):
        draws.hazards(**{**case, "excess": case["excess"][:, 1:]})


# -- counts -----------------------------------------------------------------------------------------------------------


def test_counts_equal_their_twin() -> None:
    rng = np.random.default_rng(2)
    rate = rng.gamma(0.7, 1.0, N).astype(np.float32)
    rate[:5] = 0, 1e-7, 20, 40, 63
    group = rng.integers(0, 9, N).astype(np.int16)
    scale = np.linspace(0, 1.5, 9).astype(np.float32)
    for purpose in (200, 201):
        np.testing.assert_array_equal(
            draws.poisson_counts(KEYS, ALIVE, rate, scale, group, 3, purpose),
            draws_numpy.poisson_counts(KEYS, ALIVE, rate, scale, group, 3, purpose),
        )


@pytest.mark.parametrize("mean", [0.003, 0.4, 3.0, 30.0])
def test_counts_are_poisson(mean: float) -> None:
    months = 10
    group = np.zeros(N, np.int16)
    counts = np.concatenate(
        [
            draws.poisson_counts(KEYS, ALIVE, np.full(N, mean / 2), np.full(1, 2.0), group, m, 200)[ALIVE]
            for m in range(months)
        ]
    ).astype(float)
    assert abs(counts.mean() - mean) < FIVE * math.sqrt(mean / counts.size)
    spread = math.sqrt((mean + 2 * mean**2) / counts.size)  # standard error of a Poisson sample's variance
    assert abs(counts.var() - mean) < FIVE * spread
    none = math.exp(-mean)
    assert abs((counts == 0).mean() - none) <= FIVE * math.sqrt(none * (1 - none) / counts.size) + 1 / counts.size


def test_sums_by_group() -> None:
    rng = np.random.default_rng(4)
    group, counts = rng.integers(0, 9, N).astype(np.int16), rng.integers(0, 256, N).astype(np.uint8)
    np.testing.assert_array_equal(draws.sums_by(group, counts, 10), np.bincount(group, counts, 10).astype(int))
    assert draws.sums_by(group[:0], counts[:0], 3).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="length"):
        draws.sums_by(group, counts[1:], 9)


def test_the_dead_need_nothing() -> None:
    counts = draws.poisson_counts(KEYS, ALIVE, np.full(N, 9.0), np.ones(1), np.zeros(N, np.int16), 0, 200)
    assert not counts[~ALIVE].any()
    assert counts[ALIVE].any()


def test_counts_rise_with_the_rate_for_everyone() -> None:
    group = np.zeros(N, np.int16)
    low, high = (draws.poisson_counts(KEYS, ALIVE, np.full(N, r), np.ones(1), group, 8, 200) for r in (0.4, 0.5))
    assert (high >= low).all()
    assert (high > low).any()


# -- rates ------------------------------------------------------------------------------------------------------------


def hazard_case(exposures: int = 4, processes: int = 5) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    n, cells, areas = 300, 40, 7
    excess = rng.random((exposures, processes)) * (rng.random((exposures, processes)) < 0.4)
    return {
        "rows": rng.permutation(n)[:100],
        "cell": rng.integers(0, cells, n).astype(np.int32),
        "state": rng.integers(0, 2**63, n).astype(np.uint64),
        "exposure": (rng.integers(0, 2**16, (n, exposures)) * (rng.random((n, exposures)) < 0.5)).astype(np.uint16),
        "area": rng.integers(0, areas, n).astype(np.int16),
        "base": rng.random((cells, processes)).astype(np.float32),
        "excess": excess.astype(np.float32),
        "factors": rng.random((draws.BYTES, 256, processes)).astype(np.float32),
        "area_factor": rng.random((areas, processes)).astype(np.float32),
        "shifts": (rng.permutation(8)[: draws.BYTES] * 8).astype(np.uint64),
    }


@pytest.mark.parametrize("exposures", [0, 1, 4])
@pytest.mark.parametrize("processes", [1, 5, 40])
def test_hazards_equal_their_twin(exposures: int, processes: int) -> None:
    case = hazard_case(exposures, processes)
    np.testing.assert_array_equal(draws.hazards(**case), draws_numpy.hazards(**case))


def test_hazards_are_the_product_they_claim_to_be() -> None:
    case = hazard_case(2)
    i = int(case["rows"][0])
    wanted = case["base"][case["cell"][i]].astype(float) * case["area_factor"][case["area"][i]]
    for b in range(draws.BYTES):
        wanted = wanted * case["factors"][b, int(case["state"][i]) >> int(case["shifts"][b]) & 255]
    for e in range(2):
        wanted = wanted * (1 + case["excess"][e].astype(float) * case["exposure"][i, e] / 65535)
    np.testing.assert_allclose(draws.hazards(**case)[0], wanted, rtol=1e-5)


def test_read_only_and_odd_arrays_are_accepted() -> None:
    case = hazard_case()
    wanted = draws.hazards(**case)
    for array in case.values():
        array.flags.writeable = False
    np.testing.assert_array_equal(draws.hazards(**case), wanted)
    case["base"] = np.asfortranarray(case["base"].astype(np.float64))
    np.testing.assert_array_equal(draws.hazards(**case), wanted)


def kept_chances(rates: Any) -> Any:
    """What is kept for these rates (n, K), one row a key."""
    rates = np.asarray(rates, np.float32)
    out = np.zeros(rates.shape, np.uint16)
    draws.keep_chances(rates, np.arange(len(rates)), draws.make_keys(4, np.arange(1, len(rates) + 1)), out)
    return out


def test_chances() -> None:
    rates = np.concatenate([[0, 1e-9, 1e-6, 0.0625, 0.06251, 1, 20, 63.9, 1e6], np.geomspace(1e-8, 30, 5000)])
    rates = np.repeat(rates[:, None], 3, axis=1).astype(np.float32)
    got = kept_chances(rates)
    np.testing.assert_array_equal(got, draws_numpy.chances(rates, draws.make_keys(4, np.arange(1, len(rates) + 1))))
    exact = draws.probability(rates.astype(float)) * draws.ONE
    assert np.abs(got - np.minimum(exact, draws.ONE - 1)).max() < 1.01
    rising = np.linspace(0, 3, 10_000, dtype=np.float32)[:, None]
    one = np.repeat(KEYS[:1], len(rising))
    assert (np.diff(draws_numpy.chances(rising, one)[:, 0].astype(int)) >= 0).all(), "a higher rate, a lower bound"


def test_thresholds() -> None:
    assert draws.threshold([0, 2.0**-16, 0.5, 1, 1.5, -1]).tolist() == [0, 1, 2**15, 2**16 - 1, 2**16 - 1, 0]
    assert draws.probability(0.0) == 0
    assert draws.probability(np.array([1e-12]))[0] == pytest.approx(1e-12, rel=1e-9)


# -- compilation ------------------------------------------------------------------------------------------------------


def test_warm_up_says_what_it_does() -> None:
    said: list[str] = []
    kernels.warm_up(said.append)
    assert len(said) <= 1
    kernels.warm_up()


def test_runs_without_a_writable_cache(tmp_path: Path) -> None:
    """Where Numba can keep nothing the loops still run, and one notice says so."""
    package = tmp_path / "sim"
    package.mkdir()
    for module in (kernels, draws):
        shutil.copy(str(module.__file__), package)
    (package / "__init__.py").touch()
    blocked = tmp_path / "blocked"
    for path in (blocked, package / "__pycache__"):  # files where Numba would want folders
        path.write_text("")
    program = "from sim import kernels; kernels.warm_up(print)"
    environment = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "PYTHONPATH")}
    environment |= {"HOME": str(blocked), "XDG_CACHE_HOME": str(blocked), "NUMBA_DISABLE_JIT": "0"}
    command = [sys.executable, "-B", "-c", program]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "NUMBA_CACHE_DIR" in run.stdout


def test_arrivals_of_neighbouring_areas_and_months_are_different_people() -> None:
    """Areas, months and ordinals in a row, as the model uses them: every combination is its own person."""
    area, ordinal = (axis.ravel() for axis in np.indices((400, 5)))
    found = np.concatenate([draws.arrival_identity(area, month, ordinal) for month in range(60)])
    assert len(np.unique(found)) == len(found)


def test_chances_are_written_where_they_belong() -> None:
    chance = np.random.default_rng(3)
    rates = (chance.random((50, 7)) ** 6 * 4).astype(np.float32)
    rows = np.sort(chance.permutation(80)[:50])
    kept, keys = np.zeros((80, 5), np.uint16), draws.make_keys(1, np.arange(80))
    draws.keep_chances(rates, rows, keys, kept)
    np.testing.assert_array_equal(kept[rows], draws_numpy.chances(rates[:, :5], keys[rows]))
    assert not kept[np.setdiff1d(np.arange(80), rows)].any()
    with pytest.raises(ValueError, match="shape"):
        draws.keep_chances(rates[:, :3], rows, keys, kept)
