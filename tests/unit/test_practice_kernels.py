"""The practices' loops against plain twins that draw with `sim.draws`: the same contacts, needs and rows."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from sim import draws
from sim.care import care_kernels as kernels
from sim.care import practice_kernels
from sim.care.hashes import Hashes
from sim.care.overflow import binomial
from sim.life import frailty

pytestmark = pytest.mark.unit

N, PRACTICES, AREAS, GROUPS, MONTH = 4000, 7, 5, 3, 11
GROUP_OF_AGE = np.repeat(np.arange(GROUPS), [20, 40, 51])
PAIR, SINGLE = 212, 213


def town() -> dict[str, Any]:
    key = draws.make_keys(3, np.arange(1, N + 1))
    u = [draws.uniforms(key, 0, purpose) for purpose in range(1, 9)]
    return {
        "identity": np.where(u[0] < 0.05, 0, np.arange(1, N + 1)),
        "key": key,
        "practice": (u[1] * PRACTICES).astype(np.int16),
        "area": (u[2] * AREAS).astype(np.int16),
        "born": (-u[3] * 100 * 12).astype(np.int16),
        "contacts": (u[4] * 3).astype(np.uint8),
        "waiting": np.where(u[5] < 0.2, 2, 0).astype(np.uint8),
        "rate": u[6].astype(np.float32),
        "unmet": np.where(u[7] < 0.3, 3, 0).astype(np.uint8),
        "fifth": (u[2] * 5).astype(np.uint8),
    }


def group(t: dict[str, Any], rows: Any) -> Any:
    return GROUP_OF_AGE[np.clip((MONTH - t["born"][rows].astype(int)) // 12, 0, len(GROUP_OF_AGE) - 1)]


def test_what_is_asked_is_counted_by_practice_area_and_age() -> None:
    t = town()
    cells, expected = np.zeros((2, AREAS, GROUPS), np.int64), np.zeros(PRACTICES)
    new, held, busy = np.zeros(PRACTICES, np.int64), np.zeros(PRACTICES, np.int64), np.empty(N + 1, np.int32)
    filled = kernels.tally(
        t["identity"], t["rate"], t["contacts"], t["waiting"], t["practice"], t["area"], t["born"], GROUP_OF_AGE, MONTH,
        cells, expected, new, held, busy,
    )  # fmt: skip
    assert np.array_equal(busy[:filled], np.flatnonzero((t["contacts"] > 0) | (t["waiting"] > 0)))
    assert np.array_equal(new, np.bincount(t["practice"], t["contacts"], PRACTICES))
    assert np.array_equal(held, np.bincount(t["practice"], t["waiting"], PRACTICES))
    assert expected == pytest.approx(np.bincount(t["practice"], t["rate"] * (t["identity"] != 0), PRACTICES))
    twin = np.zeros((2, AREAS, GROUPS), np.int64)
    for k, name in enumerate(("contacts", "waiting")):
        np.add.at(twin[k], (t["area"], group(t, slice(None))), t[name])
    assert np.array_equal(cells, twin)


def serve(t: dict[str, Any], share: float, offline: int = 0, barrier: float = 0.0) -> tuple[Any, Any]:
    busy = np.flatnonzero((t["contacts"] > 0) | (t["waiting"] > 0)).astype(np.int32)
    rows, fate = np.empty(busy.size, np.int64), np.empty((5, busy.size), np.int16)
    numbers = (5, 6, draws.PAIRED + 9)
    offset = np.array([draws.offset(MONTH, number) for number in numbers], np.uint64)
    shift = np.array([32, 0], np.uint64)  # purposes 11 and 12
    shares = np.linspace(share, share / 2, PRACTICES)
    filled = kernels.serve(
        busy, t["key"], t["contacts"], t["waiting"], t["practice"], np.arange(N).astype(np.uint64) % 2,
        np.uint64(offline), shares, shares / 2, np.full(PRACTICES, barrier), offset, shift, np.array([0.1, 0.6]), rows,
        fate,
    )  # fmt: skip
    return rows[:filled], fate[:, :filled]


@pytest.mark.parametrize(("share", "most"), [(0.3, 2), (0.04, 20), (1e-4, 2), (0.0, 2)])
def test_the_contacts_not_offered_and_their_fates_are_those_of_each_residents_draws(share: float, most: int) -> None:
    t = town()
    t["contacts"] = (draws.uniforms(t["key"], 0, 9) * (most + 1)).astype(np.uint8)
    rows, fate = serve(t, share)
    shares = np.linspace(share, share / 2, PRACTICES)[t["practice"]]
    lost = binomial(draws.uniforms(t["key"], MONTH, 11), t["contacts"], shares)
    lost += binomial(draws.uniforms(t["key"], MONTH, 12), t["waiting"], shares / 2)
    assert np.array_equal(rows, np.flatnonzero(lost))
    lost = lost[rows]
    first, second = draws.uniforms2(t["key"][rows], MONTH, 9)
    to_ed = binomial(first, lost, 0.1)
    waits = binomial(second, lost - to_ed, 0.6)
    assert np.array_equal(fate[:4], [lost, to_ed, waits, lost - to_ed - waits])
    assert np.array_equal(fate[4], (t["contacts"] + t["waiting"].astype(int))[rows])


def test_a_barrier_is_met_by_those_offline_alone() -> None:
    t = town()
    before, after = serve(t, 0.2)[0], serve(t, 0.2, offline=1, barrier=0.5)[0]
    online = t["key"][::2]
    assert online.size
    assert set(before.tolist()) <= set(after.tolist())
    extra = np.setdiff1d(after, before)
    assert extra.size > 100
    assert (extra % 2 == 1).all()


def test_what_is_left_open_is_written_and_added_up() -> None:
    t = town()
    rows, fate = serve(t, 0.3)
    waiting, months = t["waiting"].copy(), np.where(t["waiting"] > 0, 254, 7).astype(np.uint8)
    unmet, age = t["unmet"].copy(), np.full(N, 9, np.uint8)
    by_practice, by_fifth = np.zeros((4, PRACTICES), np.int64), np.zeros((4, 5), np.int64)
    missed = np.zeros((AREAS, GROUPS), np.int64)
    home = (np.arange(N) % 3 < 2).astype(np.uint8)
    at_home = kernels.settle(
        rows, fate, t["practice"], t["fifth"], t["area"], t["born"], home, GROUP_OF_AGE, MONTH, 255, waiting, months,
        unmet, age, by_practice, by_fifth, missed,
    )  # fmt: skip
    assert at_home == fate[1, home[rows] == 1].sum() > 0
    twin = np.zeros(N, int)
    twin[rows] = fate[2]
    assert np.array_equal(waiting, twin)
    assert set(np.unique(months[twin > 0])) <= {8, 255}
    assert (months[twin == 0] == 0).all()
    assert np.array_equal(unmet[rows], np.minimum(t["unmet"][rows] + fate[3], 255))
    assert (age[rows[(fate[3] > 0) & (t["unmet"][rows] == 0)]] == 0).all()
    assert (age[rows[(fate[3] > 0) & (t["unmet"][rows] > 0)]] == 9).all()
    for k in range(4):
        assert np.array_equal(by_practice[k], np.bincount(t["practice"][rows], fate[k], PRACTICES))
        assert np.array_equal(by_fifth[k], np.bincount(t["fifth"][rows], fate[k], 5))
    lost = np.zeros((AREAS, GROUPS), np.int64)
    np.add.at(lost, (t["area"][rows], group(t, rows)), fate[0])
    assert np.array_equal(missed, lost)


def test_residents_are_counted_in_all_and_of_the_trust() -> None:
    t = town()
    home = (np.arange(N) % 3 == 0).astype(np.uint8)
    living = t["identity"] != 0
    assert kernels.count_residents(t["identity"], home) == (living.sum(), (living & (home == 1)).sum())


def test_unmet_needs_do_what_each_residents_draws_say() -> None:
    t = town()
    contacts, unmet, age = t["contacts"].copy(), t["unmet"].copy(), np.full(N, 9, np.uint8)
    home = np.arange(N) % 2
    chance = np.array([0.3, 0.2, 0.4])
    hashes = Hashes(SINGLE, pairs=[PAIR])
    by_practice, total = np.zeros(PRACTICES, np.int64), np.zeros(6, np.int64)
    rows, again = np.empty(N, np.int64), np.empty(N, np.int64)
    asked, sent = kernels.reappear(
        t["identity"], t["key"], home, t["practice"], contacts, unmet, age, hashes.offset(MONTH), hashes.shift,
        chance, 255, by_practice, total, rows, again,
    )  # fmt: skip
    needs = np.where(t["identity"] != 0, t["unmet"], 0).astype(int)
    first, second = draws.uniforms2(t["key"], MONTH, PAIR)
    back = binomial(first, needs, chance[0])
    ended = binomial(second, needs - back, chance[1])
    ed = binomial(draws.uniforms(t["key"], MONTH, SINGLE), ended, chance[2])
    still = needs - back - ended
    assert np.array_equal(contacts, t["contacts"] + back)
    assert np.array_equal(unmet[needs > 0], still[needs > 0])
    assert np.array_equal(age[needs > 0], np.where(still > 0, 10, 0)[needs > 0])
    assert np.array_equal(rows[:asked], np.flatnonzero(back))
    assert np.array_equal(again[:asked], back[back > 0])
    assert np.array_equal(sent, np.repeat(np.arange(N), ed))
    assert np.array_equal(by_practice, np.bincount(t["practice"], back, PRACTICES))
    ends = [needs.sum(), back.sum(), ed.sum(), ed[home == 1].sum(), (ended - ed).sum(), still.sum()]
    assert total.tolist() == ends


@pytest.mark.parametrize("turn", [-1, 0, 2])
def test_chances_are_counted_by_service_and_turns_of_months_of_birth(turn: int) -> None:
    n = 12_345
    identity, home = np.arange(n) % 50, (np.arange(n) % 3 > 0).astype(np.uint8)
    born = -(np.arange(n) % 1300).astype(np.int16)
    chance = (np.arange(4 * n) % 65_000).astype(np.uint16).reshape(n, 4)
    step = np.arange(n) // 7 % 4
    state = np.where(step > 0, np.uint64(1) << (9 + step).astype(np.uint64), np.uint64(0)) | np.uint64(3 << 8)
    assert np.array_equal(frailty.category(state), step)
    total, turn_of = np.zeros((3, 2, 4, 111)), (MONTH - np.arange(12)) % 3
    if turn >= 0:
        turn_of = np.where(turn_of == turn, turn_of, -1)
    kernels.chance_by_age(
        identity, home, born, state, chance, np.array([0, 2, 3]), np.array([0, 2, 3]), MONTH, 110,
        np.uint64(frailty.SHIFT), frailty.CATEGORY_OF, turn_of, total.reshape(3, 2, -1),
    )  # fmt: skip
    counted = (identity != 0) & (home == 1)
    own = born % 3
    for each in range(3):
        rows = counted & (own == each) if turn in (-1, each) else np.zeros(n, bool)
        age = np.clip((MONTH - born[rows].astype(int)) // 12, 0, 110)
        for service, processes in enumerate(([0, 2], [3])):
            for which in range(4):
                counts = np.bincount(age, chance[rows][:, processes].sum(axis=1) * (step[rows] == which), 111)
                assert np.array_equal(total[each, service, which], counts)


def test_continuity_moves_to_what_is_given_and_falls_with_the_usual_doctor() -> None:
    t = town()
    rows = np.arange(N)
    given, leaving = np.linspace(0.5, 0.9, PRACTICES), np.full(PRACTICES, 0.1)
    shift = np.zeros(AREAS)
    shift[2] = 0.05
    continuity = np.full(N, 153, np.uint8)  # 0.6
    mean = np.full(PRACTICES + 1, 0.5)
    kernels.move_continuity(
        rows, t["key"], t["practice"], t["area"], given, shift, leaving, 0.25, 0.5, draws.offset(MONTH, 300),
        continuity, mean,
    )  # fmt: skip
    first, second = draws.uniforms(t["key"], MONTH, 600), draws.uniforms(t["key"], MONTH, 601)
    value = 0.6 + 0.25 * (given[t["practice"]] + shift[t["area"]] - 0.6)
    value = np.where(first < 0.1, value * 0.5, value) * 255
    assert np.abs(continuity - np.floor(value + second)).max() <= 1  # twins may round a hair apart
    assert np.mean(continuity == np.floor(value + second)) > 0.999
    # rounding at random has no bias: standard deviation of one rounding is at most a half
    assert continuity.mean() == pytest.approx(value.mean(), abs=3 * 0.5 / sqrt(N))
    number = np.bincount(t["practice"], minlength=PRACTICES)
    assert mean[:PRACTICES] == pytest.approx(np.bincount(t["practice"], continuity, PRACTICES) / number / 255)
    assert mean[PRACTICES] == 0.5  # nobody's


def test_every_practice_closes_its_month() -> None:
    new, waited = np.array([10, 0, 7]), np.array([2, 0, 3])
    by_practice = np.array([[4, 0, 5], [1, 0, 2], [2, 0, 2], [1, 0, 1]])
    share_new, share_waiting = np.array([0.2, 0.5, 0.4]), np.array([0.1, 0.5, 0.8])
    columns = *np.zeros((5, 3), np.int32), np.empty(3)
    pressure, total = np.empty(3), np.zeros(6, np.int64)
    practice_kernels.close(new, waited, by_practice, share_new, share_waiting, columns, pressure, total)
    need, served, *others, missed = columns
    assert np.array_equal(need, new)
    assert served.tolist() == [8, 0, 5]
    assert np.array_equal(others, by_practice[1:])
    assert missed == pytest.approx([4 / 12, 0, 5 / 10])
    assert pressure == pytest.approx([(0.2 * 10 + 0.1 * 2) / 12, 0, (0.4 * 7 + 0.8 * 3) / 10])
    assert total.tolist() == [17, 5, 9, 3, 4, 2]
