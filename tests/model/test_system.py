"""The model as a whole: determinism, independence, conservation, branching, and what a Mesa user expects."""

from __future__ import annotations

import hashlib
import pickle

import numpy as np
import pytest
from mesa.datacollection import DataCollector

from sim import draws, draws_numpy
from sim.agents.practices import GPPractice
from sim.agents.residents import Resident
from sim.care.practices import share_out
from sim.errors import UserError
from sim.life import review, ties_kernels
from sim.life.demography import add_people
from sim.places import settle
from sim.policy.scenario import Scenario
from sim.system import CareSystem, run_scenario

pytestmark = [pytest.mark.model, pytest.mark.compat]


def digest(m: CareSystem) -> str:
    """A fingerprint of everyone's state, in order of identity, so that rows do not matter."""
    r, size = m.residents.columns, m.residents.size
    alive = np.flatnonzero(r["unique_id"][:size])
    order = alive[np.argsort(r["unique_id"][alive])]
    names = ("unique_id", "born", "state", "lagged", "gp_waiting", "unmet", "listed", "satisfaction", "utility")
    return hashlib.sha256(b"".join(np.ascontiguousarray(r[name][order]).tobytes() for name in names)).hexdigest()


def lives(m: CareSystem) -> dict[int, int]:
    """Everyone's state bits by identity."""
    r, size = m.residents.columns, m.residents.size
    alive = np.flatnonzero(r["unique_id"][:size])
    return dict(zip(r["unique_id"][alive].tolist(), r["state"][alive].tolist(), strict=True))


def chances(m: CareSystem, who: dict[int, int]) -> dict[int, bytes]:
    """Cached chances and expected contacts of some residents by identity."""
    r, size = m.residents.columns, m.residents.size
    rows = np.flatnonzero(np.isin(r["unique_id"][:size], list(who)))
    kept = zip(r["chance"][rows], r["gp_rate"][rows], strict=True)
    return {int(i): c.tobytes() + g.tobytes() for i, (c, g) in zip(r["unique_id"][rows], kept, strict=True)}


def after(m: CareSystem, months: int) -> CareSystem:
    for _ in range(months):
        m.step()
    return m


def test_the_same_seed_gives_the_same_lives(build) -> None:
    assert digest(after(build(), 15)) == digest(after(build(), 15)), (
        "Two runs with one seed differ: look for chance that is not drawn through sim.draws, or for an order that "
        "depends on row numbers."
    )


def test_another_seed_gives_other_lives(build) -> None:
    assert digest(after(build(seed=1), 6)) != digest(after(build(seed=2), 6))


def test_people_are_conserved(build) -> None:
    m = build()
    people = [len(m.residents)]
    for _ in range(18):
        m.step()
        people.append(len(m.residents))
    record = m.recorder.finish(scenario="none", draw=0, seed=1)
    into = record.months("births") + record.months("arrivals")
    out = record.months("deaths") + record.months("departures")
    assert np.diff(people).tolist() == (into - out).tolist()


def test_identities_are_never_used_twice(build) -> None:
    m = build()
    ever = set(m.residents.unique_id.tolist())
    assert len(ever) == len(m.residents)
    for _ in range(36):
        before = set(m.residents.unique_id.tolist())
        m.step()
        now = m.residents.unique_id.tolist()
        assert len(set(now)) == len(now), "two residents share an identity, and so all their draws"
        new = set(now) - before
        assert not (new & ever)
        ever |= new


def hermit(m: CareSystem) -> int:
    """The identity of somebody who keeps up no ties: through ties, lives do touch each other."""
    names = np.arange(12_345, 12_445)
    wanted = np.empty(names.size, np.uint8)
    ties_kernels.wanted(draws.make_keys(m.seed, names), m.ties.wanted_at, m.ties.numbers, wanted)
    return int(names[wanted == 0][0])


def test_one_more_resident_changes_no_one_elses_life(build) -> None:
    """Beside ties lives meet only in practices, beds and lists, which change no state: others' states are the same."""
    with_one, without = build(), build()
    identity = np.array([hermit(without)])
    key = draws.make_keys(with_one.seed, identity)
    lsoa = np.zeros(1, np.int16)
    add_people(with_one, identity, key, np.array([-900]), np.ones(1, np.int64), lsoa, settle(with_one.place, lsoa, key))
    after(with_one, 24)
    after(without, 24)
    one_more, as_before = lives(with_one), lives(without)
    strangers = {who: state for who, state in one_more.items() if who in as_before}
    assert strangers == as_before
    assert chances(with_one, as_before) == chances(without, as_before)
    born_of_them = set(one_more) - set(as_before) - {int(identity[0])}
    assert len(born_of_them) <= 1


def test_with_capacity_for_all_one_more_resident_changes_nothing_for_anyone(history: CareSystem) -> None:
    """With appointments, beds and slots for everybody, not even queues and wellbeing of others notice a newcomer."""
    found = []
    for newcomer in (True, False):
        m = CareSystem(history.place, history.evidence, seed=history.seed, months=200, resume=history.history())
        m.commissioner.capacity = lambda line: 1e6  # type: ignore[method-assign]
        if newcomer:
            identity, lsoa = np.array([hermit(m)]), np.zeros(1, np.int16)
            key = draws.make_keys(m.seed, identity)
            add_people(m, identity, key, np.array([-900]), np.ones(1, np.int64), lsoa, settle(m.place, lsoa, key))
        after(m, 12)
        r, size = m.residents.columns, m.residents.size
        names = ("state", "gp_waiting", "unmet", "listed", "satisfaction", "utility", "lagged", "chance")
        rows = np.flatnonzero(r["unique_id"][:size])
        found.append({int(r["unique_id"][i]): tuple(r[name][i].tobytes() for name in names) for i in rows})
    with_one, without = found
    assert len(without) > 4_000
    assert {who: with_one.get(who) for who in without} == without


def test_a_life_saved_changes_no_unrelated_newborn(build) -> None:
    saved, lost = build(), build()
    threshold = saved.rates.index["death"]
    saved.residents.columns["chance"][:, threshold] = 0  # nobody dies before their next review
    for _ in range(12):
        saved.step()
        lost.step()
        saved.residents.columns["chance"][:, threshold] = 0
    gone = set(lives(lost)) - set(lives(saved))
    assert not gone
    assert len(saved.residents) > len(lost.residents)


def test_cached_chances_are_those_recomputed(build) -> None:
    m = after(build(), 7)
    rows = review.due(m)
    review.review(m, rows)
    r = m.residents.columns
    again = draws_numpy.chances(review.rates(m, rows)[:, : m.drawn], r["key"][rows])
    assert np.array_equal(r["chance"][rows, : m.drawn], again)


def test_nobody_alive_is_without_chances_or_wellbeing(build) -> None:
    """Newborns and in-migrants have theirs from the month in which they come."""
    m = build()
    for _ in range(6):
        m.step()
        r, size = m.residents.columns, m.residents.size
        alive = r["unique_id"][:size] != 0
        assert r["chance"][:size][alive].any(axis=1).all()
        assert (r["gp_rate"][:size][alive] > 0).all()
        adults = alive & (m.month - r["born"][:size] >= 18 * 12)
        assert (r["satisfaction"][:size][adults] > 0).all()
        infants = alive & (m.month - r["born"][:size] < 4)
        assert infants.any()
        assert (r["utility"][:size][infants] > 0.5).all()


def test_everyone_is_reviewed_once_a_year_on_birthdays(build) -> None:
    m = build()
    counts = np.zeros(m.residents.size, int)
    birthdays = 0
    for month in range(12):
        m.month = month
        due = review.due(m)
        counts[due] += 1
        had_birthday = np.flatnonzero((month - m.residents.columns["born"][: m.residents.size].astype(int)) % 12 == 0)
        birthdays += len(had_birthday)
        assert np.isin(had_birthday, due).all()
    assert (counts == 1).all()
    assert birthdays == m.residents.size


def test_scenarios_are_identical_until_policy_starts_and_null_levers_change_nothing(history: CareSystem) -> None:
    baseline = run_scenario(history, Scenario.load("baseline"), 1)
    null = run_scenario(history, Scenario.load("health_creation", {f"levers.{n}.amount": 0 for n in levers()}), 1)
    policy = run_scenario(history, Scenario.load("health_creation"), 1)
    start = history.month
    assert np.array_equal(baseline.monthly, null.monthly)
    assert np.array_equal(baseline.monthly[:start], policy.monthly[:start])
    assert not np.array_equal(baseline.monthly, policy.monthly)


def levers() -> list[str]:
    return [use.name for use in Scenario.load("health_creation").uses]


def test_a_snapshot_is_the_same_as_never_having_stopped(build) -> None:
    straight = after(build(), 10)
    halfway = after(build(), 5)
    resumed = CareSystem(halfway.place, halfway.evidence, seed=halfway.seed, months=400, resume=halfway.history())
    assert digest(after(resumed, 5)) == digest(straight)


def test_what_a_mesa_user_expects(build) -> None:
    m = build()
    residents = m.agents_by_type[Resident]
    old = residents.select(lambda r: r.born < -65 * 12)
    assert 0 < len(old) < len(residents)
    assert old.agg("decile", np.mean) == pytest.approx(np.mean([agent.decile for agent in old]))
    elders = residents.select(lambda r: r.age >= 65)
    assert len(elders) == sum(agent.age >= 65 for agent in residents)
    assert elders.agg("age", np.mean) == pytest.approx(np.mean(elders.get("age")))
    assert sum(agent.has("smoker") for agent in elders) == m.states.has(elders.state, "smoker").sum()
    assert len(m.agents) == sum(len(agents) for agents in m.agents_by_type.values())
    practice = m.agents_by_type[GPPractice][0]
    assert practice.list_size > 0
    collector = DataCollector(model_reporters={"alive": lambda model: len(model.residents)})
    collector.collect(m)
    m.step()
    collector.collect(m)
    assert len(collector.get_model_vars_dataframe()) == 2
    assert m.steps == 1


def test_a_model_steps_on_past_the_months_it_was_made_for(toy, evidence) -> None:
    m = CareSystem(toy, evidence)
    assert after(m, 15).recorder.finish(scenario="none", draw=0, seed=1).n_months == 15


def test_a_place_without_people_is_a_sentence(toy, evidence) -> None:
    for scale in (0, 2, 1e-9):
        with pytest.raises(UserError, match="scale"):
            CareSystem(toy, evidence, scale=scale)


def test_a_pickled_model_goes_on_the_same(build) -> None:
    m = after(build(), 3)
    copy = pickle.loads(pickle.dumps(m))
    assert digest(after(copy, 3)) == digest(after(m, 3))


def test_appointments_follow_the_lists(history: CareSystem) -> None:
    """Each April practices share the same appointments by their weighted lists; patients who move take theirs along."""
    m = CareSystem(history.place, history.evidence, seed=history.seed, months=200, resume=history.history())
    base, count = m.practices.columns["base_capacity"], m.practices.size
    before = base[:count].copy()
    share_out(m)
    settled = base[:count].copy()
    assert settled.sum() == pytest.approx(before.sum())
    r, size = m.residents.columns, m.residents.size
    of_first = np.flatnonzero((r["practice"][:size] == 0) & (r["unique_id"][:size] != 0))
    r["practice"][of_first[::2]] = 1
    share_out(m)
    assert base[:count].sum() == pytest.approx(before.sum())
    assert base[0] / settled[0] == pytest.approx(0.5, abs=0.1)
    assert base[1] > settled[1]


def test_deaths_and_onsets_follow_the_cached_chances(build) -> None:
    """Events over a year against the sum of the chances they were drawn from: within four standard deviations."""
    m = build()
    names = ("death", "onset_hypertension", "ed", "referral")
    expected = dict.fromkeys(names, 0.0)
    found = dict.fromkeys(names, 0)
    from sim.life import changes

    for _ in range(12):
        r, size = m.residents.columns, m.residents.size
        scale = m.calendar_scale()
        happened = changes.draw(m)
        alive = r["unique_id"][:size] != 0
        for name in names:
            k = m.rates.index[name]
            expected[name] += float(r["chance"][:size][alive, k].astype(float).sum() / draws.ONE * scale[k])
            found[name] += len(happened.of(name))
        m.step()
    for name in names:
        assert abs(found[name] - expected[name]) < 4 * np.sqrt(expected[name]) + 1, name
