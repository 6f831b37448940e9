"""The order of a waiting list, and how slots are divided: pure parts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import draws
from sim.care import waiting_kernels as kernels
from sim.care.entries import salts
from sim.care.indices import FROZEN_FROM
from sim.care.slots import Slots, stretch
from sim.care.waiting import ELSEWHERE, GROUPS, pick, specialty_by_sex
from sim.evidence import load
from sim.life.frailty import CATEGORY_OF, SHIFT

pytestmark = pytest.mark.unit

groups = st.lists(st.integers(0, 5) | st.just(ELSEWHERE), max_size=60)
places = st.lists(st.integers(0, 12), min_size=6, max_size=6)


def serve(group: list[int], places: list[int], gone: list[bool]) -> Any:
    """Who is treated (a mask), after checks that everyone else who is not gone is kept and the gone are listed less."""
    n = len(group)
    left, listed = np.zeros(GROUPS, np.int64), np.full(n, 2, np.uint8)
    left[: len(places)] = places
    fate, (kept, treated) = np.array(gone, np.uint8), np.empty((2, n), np.int64)
    keeps, treats = kernels.serve(np.array(group, np.uint8), np.arange(n), left, fate, listed, kept, treated)
    served = np.zeros(n, bool)
    served[treated[:treats]] = True
    assert treated[:treats].tolist() == np.flatnonzero(served).tolist()
    assert kept[:keeps].tolist() == [k for k in range(n) if not served[k] and not gone[k]]
    assert listed.tolist() == [1 if served[k] or gone[k] else 2 for k in range(n)]
    return served


@given(groups, places)
def test_first_come_is_first_served_within_a_group(group: list[int], allowed: list[int]) -> None:
    in_order = np.array(group, np.uint8)
    served = serve(group, allowed, [False] * len(group))
    for g, most in enumerate(allowed):
        of_group = served[in_order == g]
        assert of_group.sum() == min(most, len(of_group))
        assert np.all(of_group[:-1] >= of_group[1:])  # nobody is served before one who came earlier
    assert not served[in_order >= ELSEWHERE].any()


def test_who_is_gone_is_passed_over() -> None:
    served = serve([0] * 5, [2], [True, False, True, False, False])
    np.testing.assert_array_equal(served, [False, True, False, True, False])


def test_waiting_entries_do_what_their_draws_say() -> None:
    n, month = 4000, 9
    key, identity = draws.make_keys(5, np.arange(n)), np.arange(1, n + 1)
    group = np.where(np.arange(n) % 3 == 0, ELSEWHERE + 2, 5).astype(np.uint8)
    row = np.arange(n) // 2  # two entries each
    unique_id = np.zeros(n, np.int64)
    unique_id[row[identity % 2 == 0]] = identity[identity % 2 == 0]
    unique_id[:100] = 0
    listed, contacts = np.full(n, 9, np.uint8), np.full(n, 254, np.uint8)
    (kept, ends), number = np.empty((2, n), np.int64), np.zeros(4, np.int64)
    chances = np.float32(0.2), np.float32(0.6)
    offset = draws.offset(month, draws.PAIRED + 20)
    kernels.wait_a_month(
        (identity, row, key, group), unique_id, listed, contacts, ELSEWHERE, offset, *chances, kept, ends, number
    )
    here = unique_id[row] == identity
    first, second = draws.uniforms2(key, month, 20)
    worse = here & (first < chances[0])
    assert np.array_equal(ends[: number[1]], np.flatnonzero(worse))
    assert np.array_equal(kept[: number[0]], np.flatnonzero(here & ~worse))
    assert number[2:].tolist() == [np.sum(~here & (group == 5)), np.sum(worse & (group == 5))]
    assert np.array_equal(listed, 9 - np.bincount(row[worse], minlength=n))
    assert np.array_equal(contacts, np.minimum(254 + np.bincount(row[here & (second < chances[1])], minlength=n), 255))


def test_entries_end_untreated_by_their_draws_but_not_in_their_first_month() -> None:
    n, month = 4000, 9
    key, began = draws.make_keys(5, np.arange(n)), np.linspace(0, 9.99, n)
    group = (np.arange(n) % 4 * 60).astype(np.uint8)
    fate, (stock, fresh) = np.empty(n, np.uint8), np.zeros((2, ELSEWHERE), np.int64)
    chances = np.float32(0.1), np.float32(0.3)
    offset = draws.offset(month, 21 >> 1)
    kernels.end_untreated(key, group, began, ELSEWHERE, month, offset, np.uint64(32), chances, fate, stock, fresh)
    uniform, at_home = draws.uniforms(key, month, 21), group < ELSEWHERE
    ends = np.where(at_home, uniform < chances[0], uniform < chances[1]) & (began < month)
    assert np.array_equal(fate, np.where(ends, np.where(at_home, kernels.REMOVED, kernels.ENDED_ELSEWHERE), 0))
    assert np.array_equal(stock, np.bincount(group[at_home & ~ends], minlength=ELSEWHERE))
    assert np.array_equal(fresh, np.bincount(group[at_home & (began >= month)], minlength=ELSEWHERE))


def test_new_entries_have_draws_and_keys_of_their_own() -> None:
    n, month, seed = 3000, 9, 4
    identity = np.arange(1, n + 1) * 987_654_321
    key, rows = draws.make_keys(seed, identity), np.arange(n)[::-1].copy()
    male, home, listed = (rows % 2).astype(np.uint8), (rows % 3 > 0).astype(np.uint8), np.zeros(n, np.uint8)
    by_sex, upto = np.cumsum([[0.2, 0.5, 0.3], [0.0, 0.1, 0.9]], axis=1), np.array([0.1, 0.4, 1.0])
    (specialty, priority), began = np.empty((2, n), np.int64), np.empty(n)
    offset = np.array([draws.offset(month, number) for number in (20, 21, 22)])
    shift = np.array([0, 32, 0], np.uint64)
    kernels.draw_referrals(rows, key, male, by_sex, upto, month, offset, shift, specialty, priority, began)
    one, two, three = (draws.uniforms(key[rows], month, purpose) for purpose in (40, 43, 44))
    assert np.array_equal(specialty, pick(one, by_sex, male[rows]))
    assert np.array_equal(priority, pick(two, upto[None, :]))
    assert np.array_equal(began, month + three.astype(float))
    new_identity, new_key, group = np.empty(n, np.int64), np.empty(n, np.uint64), np.empty(n, np.uint8)
    at_home = kernels.enter(
        rows, specialty, priority, 3, ELSEWHERE, (identity, home, listed), salts(seed, month, 1), new_identity, new_key,
        group,
    )  # fmt: skip
    assert at_home == home.sum()
    assert np.array_equal(new_identity, identity[rows])
    children = draws.child_identity(identity[rows], month, specialty + 1)
    assert np.array_equal(new_key, draws.make_keys(seed, children))
    assert np.array_equal(group, specialty * 3 + priority + np.where(home[rows] == 1, 0, ELSEWHERE))
    assert (listed == 1).all()


def test_stocks_are_those_who_wait_at_home() -> None:
    group = np.array([0, 3, 3, ELSEWHERE, 1], np.uint8)
    row, began = np.array([2, 0, 1, 0, 1]), np.array([-20.0, 3.0, 9.5, -30.0, 5.9])
    fifth, born = np.array([4, 0, 2], np.uint8), np.array([10 - 12 * 300, 10 - 12 * 4, 9], np.int16)
    by_fifth, stock = np.zeros((2, 5), np.int64), np.zeros(ELSEWHERE, np.int64)
    kernels.count_waits(group, row, began, fifth, ELSEWHERE, 10, np.array([-np.inf, 4.1]), by_fifth, stock)
    np.testing.assert_array_equal(by_fifth, [[2, 0, 1, 0, 1], [0, 0, 1, 0, 1]])
    np.testing.assert_array_equal(stock[:4], [1, 1, 0, 2])
    number = np.zeros((4, 111), np.int64)
    state = np.array([0, 1 << SHIFT, 4 << SHIFT], np.uint64)
    kernels.count_ages(group, row, born, state, ELSEWHERE, 10, SHIFT, CATEGORY_OF, number)
    assert number.sum(axis=1).tolist() == [1, 2, 0, 1]
    number = number.sum(axis=0)
    np.testing.assert_array_equal(np.flatnonzero(number), [0, 4, 110])
    assert number[4] == 2


def test_picks_follow_their_shares() -> None:
    uniform = np.random.default_rng(3).random(100_000, np.float32)
    chosen = pick(uniform, np.cumsum([0.2, 0.5, 0.3])[None, :])
    assert np.bincount(chosen) / len(chosen) == pytest.approx([0.2, 0.5, 0.3], abs=0.01)
    shares, which = np.cumsum([[0.2, 0.5, 0.3], [0.0, 0.0, 1.0]], axis=1), (uniform > 0.5).astype(np.uint8)
    np.testing.assert_array_equal(pick(uniform, shares, which), np.where(which == 1, 2, chosen))


def test_gynaecology_is_for_women_and_every_specialty_keeps_its_share() -> None:
    mix = np.array([0.3, 0.1, 0.6])
    women, men = np.diff(specialty_by_sex(mix, ("a", "gynaecology", "b")), prepend=0.0)
    assert men[1] == pytest.approx(0.0)
    assert (women + men) / 2 == pytest.approx(mix)


def test_the_opening_list_has_waited_as_england_had() -> None:
    stock, months = np.array([0.1, 0.6, 0.3]), np.array([1.0, 6.0, 12.0])
    factor = stretch(stock, months, 0.48, 4.14)
    beyond = (stock * np.maximum(1 - 4.14 / (months * factor), 0)).sum()
    assert beyond == pytest.approx(0.48, abs=1e-6)


def frozen_slots(total: float) -> tuple[Slots, Any]:
    """Slots after the observed months, with a year of `total` slots a month, and a model to ask them in."""
    slots = Slots(load().draw(0), 2, np.array([0.1, 0.9]))
    slots.of_month[:] = total
    slots.of_priority = np.array([20.0, 80.0])
    m = SimpleNamespace(
        month=FROZEN_FROM,
        care=SimpleNamespace(
            hospital=SimpleNamespace(cancel_slope=0.5, occupancy=0.9), pressure=0.9, unit=1.0,
            waiting=SimpleNamespace(mix=np.array([0.5, 0.5])),
        ),
        commissioner=SimpleNamespace(capacity=lambda line: 1.0, extra_slots=0.0),
    )  # fmt: skip
    return slots, m


stocks = st.lists(st.integers(0, 300), min_size=4, max_size=4)


@given(stocks, st.floats(0, 500))
def test_slots_are_used_up_or_the_list_is_empty(stock: list[int], total: float) -> None:
    slots, m = frozen_slots(total)
    waiting = np.array(stock).reshape(2, 2)
    given_out = slots.this_month(m, waiting, waiting // 2, 0, 0, 0.0).reshape(2, 2)
    assert np.all(given_out <= waiting)
    assert np.all(given_out >= 0)
    for used, there in zip(given_out, waiting, strict=True):
        assert used.sum() <= total / 2 + 1e-9
        assert used.sum() == there.sum() or used.sum() >= total / 2 - 2  # what is left over is carried to next month


def test_fractions_of_slots_are_carried_over() -> None:
    slots, m = frozen_slots(0.5)
    waiting = np.array([[0, 100], [0, 100]])
    done = sum(slots.this_month(m, waiting, waiting * 0, 0, 0, 0.0).sum() for _ in range(40))
    assert done == pytest.approx(20, abs=2)


def test_full_beds_cancel_only_slots_that_need_a_bed() -> None:
    slots, m = frozen_slots(100.0)
    m.care.pressure = 1.1
    waiting = np.full((2, 2), 1000)
    slots.this_month(m, waiting, waiting * 0, 0, 0, 0.0)
    assert slots.cancelled == pytest.approx(100 * slots.bed_dependent * 0.5 * 0.2)
    m.care.pressure = 0.5
    slots.this_month(m, waiting, waiting * 0, 0, 0, 0.0)
    assert slots.cancelled == 0.0
