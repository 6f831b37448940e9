"""Each distribution gives back the value and interval it was fitted to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import UserError
from sim.evidence import load
from sim.evidence.distributions import Distribution, fit, uniform
from sim.evidence.stratified import Table

pytestmark = pytest.mark.unit
MANY = [(number + 0.5) / 4000 for number in range(4000)]


def _mean(kind: str, value: float, low: float, high: float) -> float:
    quantile = fit(kind, value, low, high).quantile
    return sum(quantile(u) for u in MANY) / len(MANY)


@pytest.mark.parametrize(
    ("kind", "value", "low", "high"),
    [
        ("normal", 7.45, 7.4, 7.5),
        ("lognormal", 2.31, 2.07, 2.58),
        ("beta", 0.05, 0.02, 0.08),
        ("gamma", 536.0, 345.0, 600.0),
        ("split_normal", -0.05, -0.14, 0.0),
        ("triangular", 4.0, 2.0, 8.0),
        ("uniform", 0.55, 0.45, 0.65),
    ],
)
def test_the_stated_mean_is_the_mean_of_the_draws(kind: str, value: float, low: float, high: float) -> None:
    assert _mean(kind, value, low, high) == pytest.approx(fit(kind, value, low, high).mean, rel=2e-3)


@pytest.mark.parametrize("kind", ["normal", "lognormal", "split_normal"])
def test_the_interval_is_the_central_95_per_cent(kind: str) -> None:
    low, high = 1.2, 1.8
    value = {"normal": 1.5, "lognormal": (low * high) ** 0.5, "split_normal": 1.3}[kind]
    quantile = fit(kind, value, low, high).quantile
    assert [quantile(0.025), quantile(0.5), quantile(0.975)] == pytest.approx([low, value, high])


@pytest.mark.parametrize(("kind", "value", "low", "high"), [("beta", 0.12, 0.09, 0.15), ("gamma", 4.13, 3.7, 4.5)])
def test_beta_and_gamma_keep_the_mean_and_the_width(kind: str, value: float, low: float, high: float) -> None:
    fitted = fit(kind, value, low, high)
    assert fitted.mean == value
    assert fitted.quantile(0.975) - fitted.quantile(0.025) == pytest.approx(high - low)


@pytest.mark.parametrize("kind", ["uniform", "triangular"])
def test_ranges_are_ranges(kind: str) -> None:
    quantile = fit(kind, 5.0, 2.0, 10.0).quantile
    assert quantile(1e-12) == pytest.approx(2.0, abs=1e-4)
    assert quantile(1 - 1e-12) == pytest.approx(10.0, abs=1e-4)


@pytest.mark.parametrize(
    ("kind", "value", "low", "high", "says"),
    [
        ("normal", 1.0, 0.9, 2.0, "split_normal"),
        ("lognormal", 1.0, 0.0, 2.0, "above 0"),
        ("beta", 0.9, 0.5, 1.5, "between 0 and 1"),
        ("gamma", 1.0, -1.0, 2.0, "above 0"),
        ("normal", 3.0, 1.0, 2.0, "outside its own interval"),
        ("cauchy", 1.0, 0.0, 2.0, "not a distribution"),
    ],
)
def test_what_a_distribution_cannot_have_is_said(kind: str, value: float, low: float, high: float, says: str) -> None:
    with pytest.raises(UserError, match=says):
        fit(kind, value, low, high)


@given(draw=st.integers(0, 10**6), name=st.text(max_size=30))
def test_a_uniform_is_inside_0_1_and_repeats(draw: int, name: str) -> None:
    assert 0 < uniform(draw, name) < 1
    assert uniform(draw, name) == uniform(draw, name)


def test_uniforms_are_spread_over_draws_and_names() -> None:
    by_draw = [uniform(draw, "mortality.hr_cap") for draw in range(2000)]
    by_name = [uniform(1, f"a.{number}") for number in range(2000)]
    for numbers in (by_draw, by_name):
        assert sum(numbers) / 2000 == pytest.approx(0.5, abs=0.03)
        assert sum(each < 0.1 for each in numbers) / 2000 == pytest.approx(0.1, abs=0.03)


def test_every_parameter_is_near_its_value_in_the_middle() -> None:
    for parameter in load().values():
        if parameter.low is not None and parameter.high is not None:
            middle = parameter.fitted.quantile(0.5)
            assert parameter.low <= middle <= parameter.high, parameter.name


def round_trips(fitted: Distribution, value: float, low: float, high: float) -> list[str]:
    """What the quantiles of a distribution do not give back of the value and interval it was fitted to."""
    ends = fitted.quantile(0.025), fitted.quantile(0.975)
    width, wrong = high - low, []
    if fitted.kind in ("uniform", "triangular"):
        ends = fitted.quantile(1e-12), fitted.quantile(1 - 1e-12)
    if fitted.kind in ("lognormal", "normal", "split_normal", "uniform", "triangular"):
        # A normal or lognormal keeps the width; its value may lie a twentieth of it off the middle.
        slack = 0.051 * width if fitted.kind == "normal" else 1e-3 * width
        if fitted.kind == "lognormal":
            ratios = ends[1] / ends[0], high / low
            wrong += [] if ratios[0] == pytest.approx(ratios[1], rel=1e-6) else [f"ratio of ends {ratios}"]
        else:
            wrong += [f"{end:g} for {stated:g}" for end, stated in zip(ends, (low, high), strict=True)
                      if abs(end - stated) > slack]  # fmt: skip
    elif ends[1] - ends[0] != pytest.approx(width, rel=1e-6):
        wrong.append(f"width {ends[1] - ends[0]:g} for {width:g}")
    centre = {"lognormal": fitted.quantile(0.5), "split_normal": fitted.quantile(0.5), "normal": fitted.mean,
              "beta": fitted.mean, "gamma": fitted.mean}.get(fitted.kind, value)  # fmt: skip
    if centre != pytest.approx(value, abs=1e-6 * max(abs(value), width)):
        wrong.append(f"value {centre:g} for {value:g}")
    few = [(number + 0.5) / 200 for number in range(200)]
    sampled = sum(fitted.quantile(u) for u in few) / len(few)
    if abs(sampled - fitted.mean) > 0.02 * width:  # 200 strata: the tails beyond are worth less than that
        wrong.append(f"mean of draws {sampled:g} for {fitted.mean:g}")
    return wrong


def test_every_parameter_round_trips_to_its_mean_and_interval() -> None:
    found = {
        one.name: round_trips(one.fitted, one.value, one.low, one.high)
        for one in load().values()
        if one.low is not None and one.high is not None and one.low < one.high
    }
    assert len(found) > 100
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def intervals(table: Table) -> list[tuple[str, float, float, float]]:
    kind, rows = table.about.get("distribution", "lognormal"), table.rows
    if table.row_wise:
        wide = rows[rows["low"] < rows["high"]]
        return [(kind, *map(float, row)) for row in zip(wide["value"], wide["low"], wide["high"], strict=True)]
    return [(kind, 1.0, float(table.about["low"]), float(table.about["high"]))] if "low" in table.about else []


def test_every_row_of_a_table_round_trips() -> None:
    wrong = {
        f"{name} {each}": faults
        for name, table in load().tables.items()
        for each in dict.fromkeys(intervals(table))
        if (faults := round_trips(fit(*each), *each[1:]))
    }
    assert wrong == {}


def test_draws_of_every_parameter_have_its_mean_and_interval() -> None:
    """What a run gets, draw by draw: 5 standard errors of 200 draws (one in 200,000 such misses by chance, and there
    are some 800 tests here), and nineteen in twenty within the interval."""
    draws, errors = 200, 5
    tried = 0
    for one in load().values():
        if one.low is None or one.high is None or one.low == one.high:
            continue
        tried += 1
        fitted = one.fitted
        values = [fitted.quantile(uniform(draw, one.name)) for draw in range(1, draws + 1)]
        mean = sum(values) / draws
        spread = (sum((value - mean) ** 2 for value in values) / draws) ** 0.5
        assert abs(mean - fitted.mean) < errors * spread / draws**0.5, one.name
        ends = fitted.quantile(0.025), fitted.quantile(0.975)
        inside = sum(ends[0] <= value <= ends[1] for value in values) / draws
        assert abs(inside - 0.95) < errors * (0.05 * 0.95 / draws) ** 0.5, one.name
    assert tried > 300


def strata(table: Table) -> list[tuple[str, float, float, float, float]]:
    """What is drawn on its own, by the name it is drawn under: value, low, high, and the first row it stands in."""
    rows, by = table.rows, table.about.get("drawn_by")
    columns = [by] if by else list(table.keys)
    names = rows[columns].astype(str).agg(":".join, axis=1) if table.row_wise or by else [""] * len(rows)
    found: dict[str, tuple[str, float, float, float, float]] = {}
    for at, name in enumerate(names):
        if table.row_wise:
            value, low, high = (float(rows[key].iloc[at]) for key in ("value", "low", "high"))
        else:
            value, low, high = 1.0, float(table.about["low"]), float(table.about["high"])
        if low < high:
            found.setdefault(name, (name, value, low, high, at))
    return list(found.values())


def test_draws_of_every_stratum_have_its_mean_and_are_what_its_table_gives() -> None:
    """5 standard errors of 60 draws, as for parameters; and the first of them in the table itself."""
    draws, errors, tried = 60, 5, 0
    for name, table in load().tables.items():
        if not table.uncertain:
            continue
        least, most = (float(table.about.get(key, end)) for key, end in (("least", "-inf"), ("most", "inf")))
        kind, given = table.about.get("distribution", "lognormal"), table.drawn(1)["value"]
        for stratum, value, low, high, at in strata(table):
            fitted = fit(kind, value, low, high)
            key = f"table.{name}:{stratum}" if stratum else f"table.{name}"
            values = np.array([fitted.quantile(uniform(draw, key)) for draw in range(1, draws + 1)])
            assert abs(values.mean() - fitted.mean) < errors * values.std() / draws**0.5, (name, stratum)
            times = 1.0 if table.row_wise else float(table.rows["value"].iloc[at])
            assert given.iloc[at] == pytest.approx(min(max(values[0] * times, least), most)), (name, stratum)
            tried += 1
    assert tried > 300
