"""Ties, the three Cs, peers and community capacity at work in the toy town."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim.life import review as reviews
from sim.life import three_cs
from sim.life.states import level, with_level
from sim.system import CareSystem

pytestmark = pytest.mark.model
YEARS = 6
BANDS = ((16, 40), (40, 65), (65, 80), (80, 200))
Build = Callable[..., CareSystem]


def alive(m: CareSystem) -> np.ndarray:
    return np.asarray(m.residents.columns["unique_id"][: m.residents.size] != 0)


def mean_contact(m: CareSystem) -> float:
    return float(m.residents.columns["contact"][: m.residents.size][alive(m)].mean()) / three_cs.SCALE["contact"]


def by_age(m: CareSystem, c: str) -> tuple[np.ndarray, np.ndarray]:
    """(mean, standard error) of one of the Cs by age band."""
    size = m.residents.size
    age = (m.month - m.residents.columns["born"][:size].astype(int)) // 12
    who = [alive(m) & (age >= low) & (age < high) for low, high in BANDS]
    column = m.residents.columns[c][:size].astype(float) / three_cs.SCALE[c]
    return np.array([column[w].mean() for w in who]), np.array([column[w].std() / np.sqrt(w.sum()) for w in who])


@pytest.fixture(scope="module")
def years(build: Build) -> tuple[CareSystem, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """A town after some years, and what its three Cs were at the start."""
    m = build()
    start = {c: by_age(m, c) for c in three_cs.CS}
    for _ in range(12 * YEARS):
        m.step()
    return m, start


@pytest.mark.parametrize("c", three_cs.CS)
def test_without_policy_the_means_by_age_do_not_drift(c: str, years: tuple[CareSystem, dict]) -> None:
    m, start = years
    now, error = by_age(m, c)
    before, error_before = start[c]
    # four standard errors, as if none of the people were the same, and one point of a hundred
    near = 4 * np.hypot(error, error_before) + (1.0 if c == "confidence" else 0.01)
    assert (np.abs(now - before) < near).all()


def test_ties_stay_symmetric_and_as_many(years: tuple[CareSystem, dict]) -> None:
    m, _ = years
    r, ties = m.residents.columns, m.ties
    ends = np.repeat(ties.owner, np.diff(ties.start))
    pairs = np.stack([ends, ties.owner[ties.row]], 1)
    there = {tuple(pair) for pair in pairs.tolist()}
    assert len(there) == len(pairs), "nobody twice"
    assert all((b, a) in there and a != b for a, b in there)
    here = r["unique_id"][: ties.owner.size] == ties.owner
    live = here[ties.row] & np.repeat(here, np.diff(ties.start))
    mean = ties.numbers.mean()
    assert live.sum() / here.sum() == pytest.approx(mean, rel=0.12), "but for those who have gone since April"


def test_newborns_are_tied_to_their_mothers(build: Build) -> None:
    m = build()
    while not len(m.ties.newborn):
        m.step()
    children = {}
    while m.month <= 9:
        children |= {int(child): int(mother) for child, mother in m.ties.newborn[:, 0]}
        m.step()
    row = {int(name): row for row, name in enumerate(m.residents.columns["unique_id"][: m.residents.size]) if name}
    tied = [mother in m.ties.of(row[child]) for child, mother in children.items() if {child, mother} <= set(row)]
    assert len(tied) > 5
    assert all(tied)


def test_the_bereaved_know_it_until_their_review(build: Build) -> None:
    m = build()
    for _ in range(3):
        m.step()
    told = m.residents.columns["bereaved"][: m.residents.size] != 0
    assert told.sum() > 10
    due = reviews.due(m)
    three_cs.review(m, due)
    still = m.residents.columns["bereaved"][: m.residents.size] != 0
    assert not still[due].any()
    assert (still | ~told)[np.setdiff1d(m.residents.rows, due)].all()


@pytest.mark.parametrize(
    ("name", "process", "rises"),
    [
        ("contact", "become_lonely", False),
        ("contact", "recover_lonely", True),
        ("confidence", "quit_smoking", True),
        ("confidence", "become_active", True),
        ("control", "onset_depression", False),
        ("peers_smoking", "start_smoking", True),
        ("peers_smoking", "quit_smoking", False),
        ("peers_active", "become_active", True),
    ],
)
def test_each_level_acts_on_its_own_rates(build: Build, name: str, process: str, rises: bool) -> None:
    m = build()
    state = m.residents.columns["state"]
    column = m.rates.index[process]
    rates = []
    for value in (0, 3):
        state[:] = with_level(state, name, np.full(state.size, value))
        rates.append(reviews.rates(m, m.residents.rows)[:, column])
    possible = rates[0] > 0
    assert possible.sum() > 100
    ratio = three_cs.by_level(m.evidence)[process][name]
    assert rates[1][possible] == pytest.approx(rates[0][possible] * ratio[3] / ratio[0], rel=1e-5)
    assert (ratio[3] > ratio[0]) is rises


def test_control_lifts_life_satisfaction(build: Build) -> None:
    m = build()
    r, rows = m.residents.columns, m.residents.rows
    felt = []
    for value in range(4):
        r["state"][:] = with_level(r["state"], "control", np.full(r["state"].size, value))
        reviews.refresh(m, rows)
        felt.append(r["satisfaction"][rows].astype(float))
    points = np.array(three_cs.satisfaction_by_level(m.evidence))
    inside = (felt[0] > 1) & (felt[3] < 9.5)
    assert inside.sum() > 1000
    for value in range(1, 4):
        assert (felt[value] - felt[0])[inside] == pytest.approx(points[value] - points[0], abs=1e-4)


def test_money_becomes_capacity_and_capacity_contact(build: Build) -> None:
    m, quiet = build(), build()
    homes = m.neighbourhoods.columns
    for _ in range(24):
        homes["invested"][: m.neighbourhoods.size] = 50 * m.evidence["levers.community_building.cost_per_resident"]
        m.step()
        quiet.step()
    assert not quiet.neighbourhoods.columns["capacity"].any(), "nothing comes of nothing"
    assert (homes["capacity"][: m.neighbourhoods.size] > 1).all()
    gain = mean_contact(m) - mean_contact(quiet)
    points = m.evidence["three_cs.contact_of_capacity"]
    assert 0.3 * points < gain < 1.5 * points


def test_levels_stand_in_the_states(build: Build) -> None:
    m = build()
    state = m.residents.columns["state"][: m.residents.size][alive(m)]
    for name in three_cs.CS:
        share = np.bincount(level(state, name), minlength=4) / state.size
        near = 4 * 0.5 / np.sqrt(state.size) + 0.02
        assert share == pytest.approx(three_cs.level_shares(m.evidence, name), abs=near)


def test_a_branch_goes_on_as_the_history_did(build: Build) -> None:
    m = build()
    for _ in range(8):
        m.step()
    branch = CareSystem(m.place, m.evidence, seed=1, months=30, resume=m.history())
    for _ in range(4):
        m.step()
        branch.step()
    for one, other in zip(m.ties.snapshot(), branch.ties.snapshot(), strict=True):
        assert (one == other).all()
    for name in (*three_cs.CS, "bereaved", "state"):
        assert (m.residents.columns[name] == branch.residents.columns[name]).all()
