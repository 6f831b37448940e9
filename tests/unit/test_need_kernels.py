"""Needs on their way and in a team's queue: the compiled loops against plain twins that draw with `sim.draws`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim import draws
from sim.care import needs_kernels as kernels
from sim.care import pathway_kernels
from sim.care.entries import salts
from sim.care.hashes import Hashes
from sim.care.needs import COLUMNS
from sim.care.pathways import KINDS, NOWHERE, OWN_TEAMS, Pathways
from sim.evidence import load

pytestmark = pytest.mark.unit

N, PRACTICES, AREAS, MONTH, SEED, ORDINAL = 5000, 4, 6, 11, 3, 64


def uniforms(number: int, rows: int = N) -> Any:
    return draws.uniforms(draws.make_keys(9, np.arange(1, rows + 1)), 0, number)


@pytest.fixture(scope="module")
def pathways() -> Pathways:
    """Those shipped, with factors of levers on three numbers of steps."""
    found = Pathways.of(load().draw(0))
    found.scale("mental_health", "mental_health", "share", by_area=np.linspace(0.5, 3, AREAS))
    found.scale("mental_health", "mental_health", "lost", by_practice=np.linspace(0, 2, PRACTICES))
    found.scale("frailty_crisis", "community", "delay_months", by_area=np.linspace(0, 2, AREAS))
    return found


@pytest.fixture(scope="module")
def town() -> dict[str, Any]:
    identity = np.arange(1, N + 1) * 12_345_678_901
    return {
        "identity": identity,
        "key": draws.make_keys(SEED, identity),
        "practice": (uniforms(2) * PRACTICES).astype(np.int16),
        "area": (uniforms(3) * AREAS).astype(np.int16),
        "need_kind": (uniforms(4) * 256).astype(np.uint8),
        "unmet": (uniforms(5) * 2).astype(np.uint8),
        "step": (uniforms(6) * len(Pathways.of(load().draw(0)).kind)).astype(np.int8),
    }


def test_needs_set_out_to_the_steps_their_draws_say_with_keys_of_their_own(
    town: dict[str, Any], pathways: Pathways
) -> None:
    rows, kind = np.arange(0, N, 2), (np.arange(0, N, 2) // 2 % len(KINDS)).astype(np.int8)
    uniform, n = uniforms(7)[rows].astype(float), len(rows)
    found = np.empty(n, np.int64), np.empty(n, np.int8), np.empty(n, np.uint64), np.empty(n, np.int64)
    resident = tuple(town[name] for name in ("identity", "practice", "area", "need_kind", "unmet"))
    bit = (1 << np.arange(len(KINDS)) % 8).astype(np.uint8)
    count = pathway_kernels.set_out(
        rows,
        kind,
        uniform,
        pathways.numbers,
        pathways.ways,
        pathways.team,
        len(OWN_TEAMS),
        resident,
        bit,
        salts(SEED, MONTH, ORDINAL),
        found,
    )
    step = np.full(n, NOWHERE)
    for number in range(len(KINDS)):
        mine = np.flatnonzero(kind == number)
        practice, area = town["practice"][rows[mine]], town["area"][rows[mine]]
        before = np.zeros(len(mine))
        for each in pathways.children.get((number, NOWHERE), ()):
            upper = before + pathways.number(np.full(len(mine), each), "share", practice, area)
            step[mine[(uniform[mine] >= before) & (uniform[mine] < upper)]] = each
            before = upper
    on = np.flatnonzero(step != NOWHERE)
    on = on[pathways.team[step[on]] < len(OWN_TEAMS)]
    assert 100 < len(on) < n
    assert np.array_equal(found[0][:count], rows[on])
    assert np.array_equal(found[1][:count], step[on])
    children = draws.child_identity(town["identity"][rows[on]], MONTH, ORDINAL + kind[on])
    assert np.array_equal(found[2][:count], draws.make_keys(SEED, children))
    unmet = ((town["need_kind"][rows[on]] & bit[kind[on]]) != 0) & (town["unmet"][rows[on]] > 0)
    assert np.array_equal(found[3][:count], unmet)


def test_handoffs_are_lost_passed_on_and_done_as_each_needs_draws_say(town: dict[str, Any], pathways: Pathways) -> None:
    rows, step, key = np.arange(N), town["step"], town["key"]
    step = np.where(pathways.team[step] < len(OWN_TEAMS), step, pathways.step("mental_health", "mental_health"))
    practice, area, handoffs = town["practice"], town["area"], np.full(N, 254, np.uint8)
    of_practice = np.arange(PRACTICES, dtype=np.int16)
    of_area = np.arange(4 * AREAS, dtype=np.int16).reshape(4, AREAS) + PRACTICES
    teams = PRACTICES + 4 * AREAS
    coming, coming_lost = np.zeros((2, teams), np.int32)
    kind, team, lost = np.empty(N, np.int8), np.empty(N, np.int16), np.empty(N, np.bool_)
    now, made, ready = np.empty(N, np.int64), np.empty(N, np.uint8), np.empty(N, np.float32)
    offset = draws.offset(MONTH, draws.PAIRED + 30), draws.offset(MONTH, 31 >> 1)
    pathway_kernels.hand_off(
        rows, step.astype(np.int8), key, np.full(N, 2), pathways.numbers, pathways.team, (practice, area, handoffs),
        (of_practice, of_area), MONTH, offset, np.uint64(32), coming, coming_lost,
        (kind, team, lost, now, made, ready),
    )  # fmt: skip
    first, second = draws.uniforms2(key, MONTH, 30)
    passed = (second < pathways.number(step, "passed_on", practice, area)).astype(int)
    assert passed.any()
    gone = first >= (1.0 - pathways.number(step, "lost", practice, area)) ** (1 + passed)
    assert gone.any()
    assert np.array_equal(lost, gone)
    assert np.array_equal(kind, pathways.team[step])
    assert np.array_equal(team, np.where(kind == 0, of_practice[practice], of_area[kind, area]))
    assert np.array_equal(now, 1 + passed)
    assert np.array_equal(made, 3 + passed)
    assert (handoffs == 255).all()
    assert np.array_equal(coming, np.bincount(team, minlength=teams))
    assert np.array_equal(coming_lost, np.bincount(team[gone], minlength=teams))
    delay = pathways.number(step, "delay_months", practice, area) * (1 + passed)
    assert np.array_equal(ready, (MONTH + draws.uniforms(key, MONTH, 31) + delay).astype(np.float32))


def test_after_its_care_a_need_goes_on_or_is_met(town: dict[str, Any], pathways: Pathways) -> None:
    rows, step, key = np.arange(N), town["step"], town["key"]
    handoffs = (1 + np.arange(N) % 3).astype(np.uint8)
    onward, right = np.empty(N, np.int8), np.empty(N, np.bool_)
    pathway_kernels.go_on(
        rows, step, key, handoffs, pathways.numbers, pathways.ways, pathways.depth, town["practice"], town["area"],
        draws.offset(MONTH, 41 >> 1), np.uint64(32), onward, right,
    )  # fmt: skip
    uniform = draws.uniforms(key, MONTH, 41)
    for each in range(len(pathways.kind)):
        mine = np.flatnonzero(step == each)
        where = town["practice"][mine], town["area"][mine]
        assert np.array_equal(onward[mine], pathways.onward(pathways.kind[each], each, uniform[mine], *where))
    assert (onward != NOWHERE).any()
    assert np.array_equal(right, (onward == NOWHERE) & (handoffs == pathways.depth[step]))


def test_every_entry_lives_its_month_once() -> None:
    """Whoever waits worsens, withdraws or goes on waiting, by draws of their own; care ends in its month."""
    key = draws.make_keys(5, np.arange(1, N + 1))
    here, waits = uniforms(11) < 0.9, uniforms(12) < 0.7
    team, since = (uniforms(13) * 4).astype(np.int16), (MONTH - uniforms(14) * 20).astype(np.int16)
    until = np.where(waits, -1, MONTH + (uniforms(15) * 3).astype(int)).astype(np.int16)
    step, old = (uniforms(16) * 2).astype(np.int8), uniforms(17) < 0.5
    identity = np.arange(1, N + 1)
    lists, number = np.empty((6, N), np.int64), np.zeros(8, np.int64)
    withdraw = np.array([0.1, 0.2, 0.0, 0.3])
    kernels.live_a_month(
        (identity, np.arange(N), key, since, until, step, team),
        (np.where(here, identity, 0), np.where(old, -900, 0).astype(np.int16), np.zeros(N, np.uint64)), 780,
        np.uint64(2), np.arange(4, dtype=np.int8), np.array([0, 7], np.int8), (1, 2, 7),
        (np.float32(0.3), np.float32(0.4), withdraw, np.float32(0.5)), 18.0, MONTH,
        (draws.offset(MONTH, 21 >> 1), np.uint64(32), draws.offset(MONTH, draws.PAIRED + 22)), lists, number,
    )  # fmt: skip
    uniform, (first, second) = draws.uniforms(key, MONTH, 21), draws.uniforms2(key, MONTH, 22)
    worse = here & waits & (uniform < np.float32(0.4)) & ((team == 2) | (step == 1)) & old
    too_long = MONTH - since >= 18
    withdrawn = here & waits & ~worse & (too_long | (first < withdraw[team]))
    ended = here & (until == MONTH)
    wanted = {
        kernels.KEPT: here & ~worse & ~withdrawn & ~ended,
        kernels.WORSENED: worse,
        kernels.WITHDRAWN: withdrawn,
        kernels.UNMET: withdrawn & (too_long | (second < np.float32(0.5))),
        kernels.ENDED: ended,
        kernels.TO_ED: here & waits & (team == 1) & (uniform < np.float32(0.3)),
    }
    for fate, mask in wanted.items():
        assert mask.any()
        assert np.array_equal(lists[fate, : number[fate]], np.flatnonzero(mask))
    assert number[kernels.LEFT_WAITING] == np.count_nonzero(~here & waits)
    assert number[kernels.LEFT_CARE] == np.count_nonzero(~here & ~waits)


def test_teams_take_on_as_many_as_they_have_places_the_hospitals_patients_first() -> None:
    key, team = draws.make_keys(5, np.arange(1, N + 1)), (uniforms(31) * 3).astype(np.int16)
    ready, step = (MONTH + uniforms(32) * 2).astype(np.float32), (uniforms(33) * 2).astype(np.int8)
    until, places = np.full(N, -1, np.int16), np.array([100, 5000, 0])
    until[::10] = MONTH + 1
    before, served, started = until.copy(), np.empty(N, np.int64), np.zeros(3, np.int64)
    begun = kernels.take_on(
        (key, ready, until, step, team), np.array([False, True]), places, np.array([0.2, 4.0]),
        np.array([0, 1, 0], np.int8), MONTH, draws.offset(MONTH, 41 >> 1), np.uint64(32), served, started,
    )  # fmt: skip
    can = (before < 0) & (ready < MONTH + 1)
    hospital = np.flatnonzero(can & (team == 0) & (step == 1))
    assert len(hospital) > 100
    everyone = np.flatnonzero(can & (team == 1))
    assert np.array_equal(np.sort(served[:begun]), np.sort(np.concatenate([hospital[:100], everyone])))
    assert started.tolist() == [100, len(everyone), 0]
    length = np.floor(np.array([0.2, 4.0, 0.2])[team] + draws.uniforms(key, MONTH, 41))
    taken = served[:begun]
    assert np.array_equal(until[taken], MONTH + np.maximum(length[taken], 1))
    untouched = np.setdiff1d(np.arange(N), taken)
    assert np.array_equal(until[untouched], before[untouched])


def test_the_end_of_care_helps_whom_its_draws_say() -> None:
    rows, key = (uniforms(41) * 800).astype(np.int64), draws.make_keys(5, np.arange(1, N + 1))
    team, kind = (uniforms(42) * 4).astype(np.int8), (uniforms(43) * 2).astype(np.int8)
    state, hashes = np.arange(800).astype(np.uint64), Hashes(50, 51)
    found, many = np.empty((3, N), np.int64), np.zeros(3, np.int64)
    kernels.end_care(
        rows, key, kind, team, (1, 0, 3, 1), state, np.uint64(4), (np.float32(0.4), np.float32(0.2)),
        hashes.offset(MONTH), hashes.shift, tuple(found), many,
    )  # fmt: skip
    depressed = (team == 1) & (rows & 4 != 0)
    wanted = (
        depressed & (draws.uniforms(key, MONTH, 50) < np.float32(0.4)),
        (team == 0) & (kind == 1) & (draws.uniforms(key, MONTH, 51) < np.float32(0.2)),
        team == 3,
    )
    for k, mask in enumerate(wanted):
        assert 0 < many[k] < N
        assert np.array_equal(found[k, : many[k]], rows[mask])


def test_levels_rise_by_a_mean_and_stop_at_the_most() -> None:
    key, level, hashes = draws.make_keys(5, np.arange(1, N + 1)), (uniforms(44) * 256).astype(np.uint8), Hashes(53)
    before, rows = level.copy(), np.arange(0, N, 2)
    kernels.raise_by(rows, key, np.float32(2.25), hashes.offset(MONTH), hashes.shift, level)
    step = np.floor(np.float32(2.25) + draws.uniforms(key[rows], MONTH, 53)).astype(int)
    assert set(step.tolist()) == {2, 3}
    assert np.array_equal(level[rows], np.minimum(before[rows] + step, 255))
    assert np.array_equal(level[1::2], before[1::2])


def test_needs_left_unmet_are_counted_for_whoever_has_them() -> None:
    rows, kind = np.array([3, 1, 3]), np.array([0, 2, 1], np.int8)
    unmet, need_kind = np.array([0, 255, 7, 1], np.uint8), np.array([0, 1, 0, 8], np.uint8)
    kernels.leave_unmet(rows, kind, np.array([1, 2, 4], np.uint8), unmet, need_kind)
    assert unmet.tolist() == [0, 255, 7, 3]
    assert need_kind.tolist() == [0, 5, 0, 11]


def test_who_arrives_stands_behind_those_who_wait() -> None:
    before = tuple(np.arange(3).astype(kind) + k for k, kind in enumerate(COLUMNS.values()))
    after = tuple(np.empty(4, kind) for kind in COLUMNS.values())
    rows, key = np.array([4, 0, 2]), np.array([7, 8, 9], np.uint64)
    ready, step = np.array([1.5, 2.5, 3.5], np.float32), np.array([5, 6, 7], np.int8)
    team, handoffs = np.array([1, 2, 3], np.int16), np.array([1, 2, 1], np.uint8)
    unique_id = np.arange(100, 105)
    kept, here = np.array([0, 2]), np.array([2, 0])
    kernels.queue(kept, here, (rows, key, ready, step, team, handoffs), unique_id, MONTH, before, after)
    new = ([102, 104], [2, 4], [9, 7], [MONTH] * 2, [3.5, 1.5], [-1, -1], [7, 5], [3, 1], [1, 1])
    for name, old, column, arrived in zip(COLUMNS, before, after, new, strict=True):
        assert np.array_equal(column[:2], old[kept]), name
        assert column[2:].tolist() == arrived, name
