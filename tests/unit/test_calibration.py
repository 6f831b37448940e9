"""Calibration on functions whose answer is known, its tables, and draws that belong together."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sim import own
from sim.calibration import aims, implausible, render, tables, waves
from sim.calibration import free as frees
from sim.calibration.aims import Aim
from sim.calibration.free import Free
from sim.calibration.waves import Found
from sim.errors import UserError
from sim.evidence import joint, load
from sim.evidence.distributions import uniform
from sim.sweeps import resample
from sim.validation import grammar
from sim.validation.measures import catalogue

pytestmark = pytest.mark.unit
Floats = NDArray[np.float64]
TRUTH = np.array([0.35, 0.7, 0.5])
NOISE = 0.02
FREE = [Free(name, low, low + 1, "", "a reason") for name, low in (("a", 0.0), ("b", 1.0), ("c", -1.0))]
NAMES = ("a", "b", "c", "a and b", "a and c", "nothing moves it", "out of reach")


def truth(x: Floats) -> Floats:
    """Three parameters, seven figures: five that they move, one constant, one that never comes below 1."""
    a, b, c = x.T
    return np.stack([a + 0.2 * a**2, b + 0.1 * a, c, a * b, c - a, 0 * a, 1 + a], axis=1)


def noisy(x: Floats, first: int) -> Floats:
    return truth(x) + NOISE * np.stack([resample.normals(100 + first + i, len(NAMES)) for i in range(len(x))])


def toy_aims() -> list[Aim]:
    observed = truth(TRUTH[None])[0]
    found = [Aim(str(i), name, float(observed[i]), 0.08, 0.08, i) for i, name in enumerate(NAMES)]
    found[5] = Aim("5", NAMES[5], 0.5, 0.08, 0.08, 5)
    found[6] = Aim("6", NAMES[6], 0.2, 0.08, 0.08, 6)
    return found


@pytest.fixture(scope="module")
def found() -> Found:
    return waves.search(noisy, toy_aims(), 3, 32, 3, seed=1)


def test_the_known_parameters_stay_and_most_of_the_box_goes(found: Found) -> None:
    worst = implausible.nth_largest(
        np.stack([s.implausibility(TRUTH[None]) for s, on in zip(found.surfaces, found.judging, strict=True) if on], 1),
        waves.SECOND,
    )
    assert worst[0] < implausible.CUT
    assert 0 < found.waves[-1].left < 0.05
    assert found.kept.sum() >= 10
    assert np.abs(found.x[found.kept] - TRUTH).max() < 0.35, "nothing far off is left"
    assert np.abs(found.x[found.central] - TRUTH).max() < 0.12


def test_what_the_parameters_do_not_move_or_reach_does_not_judge(found: Found) -> None:
    assert found.judging.tolist() == [True] * 5 + [False, False]
    told = tables.accounts(found, FREE)
    assert [one.fate for one in told] == [tables.MET] * 5 + [tables.UNMOVED, tables.BEYOND]
    assert [one.by for one in told][:3] == ["a", "b", "c"]
    said = render.render(found, told, FREE)
    assert said.splitlines()[-1] == f"{int(found.kept.sum())} draws are not implausible; 5 of 7 aims within tolerance"
    assert "Not met by the mean of the set: 2" in said


def test_chance_is_what_was_put_in(found: Found) -> None:
    """The standard deviation of n runs has a relative error of 1 ÷ √(2n); four of them are allowed."""
    error = 4 / math.sqrt(2 * len(found.x))
    for one in found.surfaces[:3]:
        assert math.sqrt(one.chance) == pytest.approx(NOISE, rel=error)


def test_every_draw_is_a_run_that_was_made_and_is_near(found: Found) -> None:
    off = np.abs(found.y[found.kept][:, :5] - [aim.value for aim in found.aims[:5]])
    edge = implausible.CUT * math.hypot(0.08 / implausible.DEVIATIONS, NOISE * 1.5)
    assert (np.sort(off, axis=1)[:, -2] < edge).all(), "the second worst of each run"


def test_the_same_seed_finds_the_same_and_fewer_waves_are_its_beginning(found: Found) -> None:
    again = waves.search(noisy, toy_aims(), 3, 32, 1, seed=1)
    assert np.array_equal(again.x, found.x[:32])
    assert again.waves[0] == found.waves[0]
    assert not np.array_equal(waves.search(noisy, toy_aims(), 3, 32, 1, seed=2).x, again.x)


def test_targets_that_contradict_leave_nothing_and_say_so() -> None:
    a = [Aim(str(i), f"a is {v}", v, 0.03, 0.03, i) for i, v in enumerate((0.1, 0.1, 0.1, 0.9, 0.9, 0.9))]

    def simulate(x: Floats, first: int) -> Floats:
        return np.repeat(x[:, :1], 6, axis=1) + 0.001 * np.stack(
            [resample.normals(first + i, 6) for i in range(len(x))]
        )

    found = waves.search(simulate, a, 2, 24, 1, seed=3)
    assert found.central is None
    assert not found.kept.any()
    assert found.waves[-1].left == 0
    assert "nothing is left" in render.render(found, tables.accounts(found, FREE[:2]), FREE[:2])


def test_failed_runs_are_left_out() -> None:
    def simulate(x: Floats, first: int) -> Floats:
        y = noisy(x, first)
        y[3] = np.nan
        return y

    found = waves.search(simulate, toy_aims(), 3, 32, 1, seed=1)
    assert not found.kept[3]
    assert np.isfinite([one.mean for one in found.surfaces]).all()


def test_implausibility_takes_the_tolerance_of_its_side() -> None:
    aim = Aim("1", "one", 10.0, 3.0, 6.0)
    got = implausible.implausibility(aim, np.array([7.0, 16.0, 10.0, 16.0]), np.array([0.0, 0.0, 0.0, 12.0]))
    assert got == pytest.approx([3.0, 3.0, 0.0, 6 / math.sqrt(12 + 4)])
    rows = np.array([[5.0, 1.0, 2.0], [0.0, 9.0, 8.0]])
    assert implausible.nth_largest(rows, 2).tolist() == [2.0, 8.0]
    assert implausible.nth_largest(rows, 4).tolist() == [0.0, 0.0]


HEAD = "name,measure,value,unit,tolerance,source,year,role,by_construction,trend\n"


def read(tmp_path: Path, rows: str) -> list[grammar.Target]:
    (tmp_path / "mine.csv").write_text(HEAD + rows, encoding="utf-8")
    return grammar.read(tmp_path / "mine.csv", catalogue(), [])


def test_only_rows_to_fit_are_aims_and_nothing_after_march_2024(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "fitted,smoking,0.2,share,0.01,s,start,fit,yes,-0.01\nonce,smoking,0.2,share,0.01,s,2023,fit,no,\n"
        "checked,smoking,0.2,share,0.01,s,start,check,yes,\nlate,smoking,0.2,share,0.01,s,2024/25,fit,no,\n"
        "absent,none,0.2,share,0.01,s,start,check,no,\n",
    )
    got = aims.of(found)
    assert [(aim.key, round(aim.value, 6)) for aim in got] == [("2", 0.2), ("2+5", 0.15), ("3", 0.2)]
    assert [one.name for one in aims.too_late(found)] == ["late"]
    with pytest.raises(UserError, match="nothing to fit: none of the targets is of role fit"):
        aims.of(found[2:])


def test_the_shipped_table_is_fitted_in_its_fit_rows_only() -> None:
    from sim import places

    words = [name for name in places.names() if name != grammar.LOCAL]
    targets = {one.row: one for one in grammar.read(grammar.SHIPPED, catalogue(), words)}
    got = aims.of(targets.values())
    assert {targets[aim.row].role for aim in got} == {"fit"}
    assert len({aim.row for aim in got}) >= 40


def test_free_parameters_are_in_the_registry_with_bounds_and_a_reason() -> None:
    registry = load()
    for one in frees.read():
        assert one.low <= registry[one.name].value <= one.high
        assert registry[one.name].grade == "judgement"
        assert len(one.reason) > 20
        if one.stands_for:
            assert registry.has_strata(one.stands_for)
    point = np.array([0.0, 0.5, 1.0])
    assert frees.values(FREE, point) == {"a": 0.0, "b": 1.5, "c": 0.0}
    assert frees.positions(FREE, [frees.values(FREE, point)]).tolist() == [point.tolist()]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,low\n", "free.csv must have the columns"),
        ("name,low,high,stands_for,reason\na,x,1,,r\n", "the bounds of 'a' are not numbers"),
        ("name,low,high,stands_for,reason\na,1,1,,r\n", "the bounds of 'a' must rise"),
    ],
)
def test_a_wrong_table_of_free_parameters_is_said(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "free.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=sentence):
        frees.read(tmp_path / "free.csv")


# ---------------------------------------------------------------------------------------------------- joint draws

RATIO, OTHER, STRATUM = "calibration.incidence_copd", "mortality.condition_exponent", "incidence_level:copd"


def mine(tmp_path: Path, body: str, name: str = "draws.csv") -> Path:
    folder = tmp_path / "mine" / "evidence" / "calibration"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"# title: made up\n# held: {STRATUM}\n{body}", encoding="utf-8")
    return tmp_path / "mine"


def test_draws_take_whole_rows_and_all_else_is_drawn_as_before(tmp_path: Path) -> None:
    rows = {0.5: 0.71, 0.6: 0.72, 0.9: 0.99}
    body = f"draw,central,implausibility,{RATIO},{OTHER}\n" + "".join(f"1,,1,{a},{b}\n" for a, b in rows.items())
    before = {n: load().draw(n) for n in range(40)}
    free = next(name for name in load() if name not in (RATIO, OTHER) and load()[name].distribution == "normal")
    with own.using([mine(tmp_path, body)]):
        registry = load()
        seen = set()
        for n in range(1, 40):
            drawn = registry.draw(n)
            pair = drawn[RATIO], drawn[OTHER]
            seen.add(pair)
            assert pair == list(rows.items())[int(uniform(n, joint.DRAWN_AS) * len(rows))], "one row, by its counter"
            assert drawn[free] == before[n][free]
            levels = drawn.table("incidence_level").set_index("condition")["value"]
            assert levels["copd"] == pytest.approx(0.0019), "the ratio stands for its uncertainty"
            assert levels["dementia"] != 0.002
        assert seen == set(rows.items())
        centre = registry.draw(0)
        assert (centre[RATIO], centre[OTHER]) == (registry[RATIO].value, registry[OTHER].value)
        assert registry.draw(3).replaced({RATIO: 0.8})[RATIO] == 0.8
        assert registry.draw(3).judged(False)[RATIO] in rows


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("draw,central\n1,yes\n", "has no draws"),
        (f"draw,{RATIO}\n", "has no draws"),
        ("draw,calibration.none\n1,2\n", "the evidence has no 'calibration.none'"),
        (f"draw,{RATIO}\n1\n", "row 2 has 1 cells, not 2"),
        (f"draw,{RATIO}\n1,high\n", "'high' is not a number"),
    ],
)
def test_a_wrong_table_of_draws_is_said(body: str, sentence: str, tmp_path: Path) -> None:
    with own.using([mine(tmp_path, body)]), pytest.raises(UserError, match=sentence):
        load()


def test_two_tables_of_draws_are_one_too_many(tmp_path: Path) -> None:
    mine(tmp_path, f"draw,{RATIO}\n1,1\n")
    with own.using([mine(tmp_path, f"draw,{RATIO}\n1,1\n", "more.csv")]), pytest.raises(UserError, match="Only one"):
        load()


def test_what_a_calibration_writes_can_be_read_as_draws(found: Found, tmp_path: Path) -> None:
    tables.write_draws(tables.draws(found, FREE), {"title": "t", "held": STRATUM}, tmp_path / "draws.csv")
    read_back = joint.read(tmp_path / "draws.csv", [one.name for one in FREE])
    assert len(read_back.rows) == found.kept.sum()
    assert read_back.held == (STRATUM,)
    kept = found.x[found.kept] + np.array([one.low for one in FREE])
    assert np.array(read_back.rows) == pytest.approx(kept, rel=1e-5, abs=1e-5)
    assert (tmp_path / "draws.csv").read_text(encoding="utf-8").count(",yes,") == 1


def test_the_registry_stands_on_the_central_row_of_the_shipped_draws() -> None:
    registry, free = load(), {one.name: one for one in frees.read()}
    assert registry.joint is not None
    assert registry.joint.names == tuple(free)
    assert set(registry.joint.held) == {one.stands_for for one in free.values() if one.stands_for}
    centre = tuple(registry[name].value for name in free)
    assert centre in registry.joint.rows
    for row in registry.joint.rows:
        for name, value in zip(registry.joint.names, row, strict=True):
            assert free[name].low <= value <= free[name].high
            if name.startswith("calibration."):
                assert registry[name].low <= value <= registry[name].high  # type: ignore[operator]
    assert {"version", "date", "seed", "runs", "targets", "model", "places"} <= registry.joint.about.keys()
