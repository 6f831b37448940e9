"""Needs on their way through the teams: nothing is counted twice or vanishes, and capacity, loss and waiting act."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sim import draws
from sim.care import needs_kernels as kernels
from sim.care import team_accounts, treated
from sim.care.identity import Year
from sim.care.needs import BIT, WAITING
from sim.care.pathways import ASKS, COMMUNITY, KINDS, MENTAL_HEALTH, SOCIAL_CARE, VCSE
from sim.care.team_capacity import discharge_level
from sim.system import CareSystem
from tests.needs_town import SLOTS, NeedsTown

pytestmark = pytest.mark.model

YEARS = 5
MONTHS = 12 * YEARS


@pytest.fixture(autouse=True, scope="module")
def plain() -> Iterator[None]:
    """The town has no rate tables: nothing to refresh when a state changes."""
    patch = pytest.MonkeyPatch()
    patch.setattr(treated, "refresh", lambda m, rows: None)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def town(plain: None) -> NeedsTown:
    return NeedsTown().run(MONTHS)  # type: ignore[return-value]


def branch(town: NeedsTown, **evidence: float) -> NeedsTown:
    """The same town once more, from its snapshot."""
    other = NeedsTown(**evidence)  # type: ignore[arg-type]
    for kind in list(town.agents_by_type):
        other.table_of(kind).restore(town.table_of(kind).copy_columns())
    other.care.restore(town.care.snapshot())
    other.month = town.month
    return other


def total(town: NeedsTown, name: str, first: int = MONTHS - 12, last: int = MONTHS - 1) -> float:
    return town.care.ledger.total(f"needs_{name}", first, last)


def check_books(town: NeedsTown) -> None:
    """Every month: what waited and arrived is waiting, was begun, withdrew, worsened or left; the same for care."""
    of = town.care.ledger.of
    for month in range(1, town.month):
        before = {name: of(f"needs_{name}", month - 1) for name in ("waiting", "in_care")}
        now = {name: of(f"needs_{name}", month) for name in
               ("waiting", "in_care", "referred", "lost", "begun", "withdrawn", "worsened", "left_waiting", "ended",
                "left_care")}  # fmt: skip
        arrived = now["referred"] - now["lost"]
        gone = now["begun"] + now["withdrawn"] + now["worsened"] + now["left_waiting"]
        assert now["waiting"] == before["waiting"] + arrived - gone
        assert now["in_care"] == before["in_care"] + now["begun"] - now["ended"] - now["left_care"]
    c = town.care.needs.columns
    last = town.month - 1
    assert np.count_nonzero(c["until"] == WAITING) == of("needs_waiting", last)
    assert np.count_nonzero(c["until"] != WAITING) == of("needs_in_care", last)


def test_referrals_are_conserved_every_month(town: NeedsTown) -> None:
    check_books(town)
    assert total(town, "referred") > 1000


def test_referrals_are_conserved_when_residents_leave(town: NeedsTown) -> None:
    other = branch(town)
    columns = other.care.needs.columns
    rows = np.unique(columns["row"])[::3]
    values = {name: other.residents.columns[name][rows].copy() for name in ("born", "practice", "lsoa", "fifth")}
    gone = np.isin(columns["row"], rows)
    waiting = np.count_nonzero(gone & (columns["until"] == WAITING))
    other.residents.release(rows)
    other.residents.append(len(rows), unique_id=np.arange(1, len(rows) + 1), key=np.arange(1, len(rows) + 1), **values)
    other.run(3)
    check_books(other)
    assert other.care.ledger.of("needs_left_waiting", MONTHS) == waiting > 0
    assert other.care.ledger.of("needs_left_care", MONTHS) == np.count_nonzero(gone) - waiting > 0
    newcomers = np.isin(other.care.needs.columns["identity"], np.arange(1, len(rows) + 1))
    assert np.all(other.care.needs.columns["since"][newcomers] >= MONTHS)


@pytest.mark.parametrize("months", [0, 20, MONTHS])
def test_a_branch_goes_on_as_the_original_would(months: int) -> None:
    one = NeedsTown().run(months)
    other = branch(one)  # type: ignore[arg-type]
    for each in (one, other):
        each.run(4)
    for name, column in one.care.needs.columns.items():
        assert np.array_equal(column, other.care.needs.columns[name])
    size = one.residents.size
    for name in ("handoffs", "need_kind", "unmet", "state"):
        assert np.array_equal(one.residents.columns[name][:size], other.residents.columns[name][:size])
    assert one.care.ledger.snapshot() == other.care.ledger.snapshot()


def test_queues_settle_at_the_published_waits(town: NeedsTown) -> None:
    """Waiting ÷ usual referrals of each kind, over the last year: within four standard errors of a Poisson queue."""
    needs, t = town.care.needs, town.care.needs.teams.columns
    for number in (COMMUNITY, MENTAL_HEALTH, SOCIAL_CARE, VCSE):
        mine = np.flatnonzero(t["kind"][: needs.teams.size] == number)
        usual = t["usual_base"][mine].sum()
        expected = needs.wait[number] * usual
        # the queue relaxes in 1 / withdrawal months: chance of so many months stays in it
        spread = np.sqrt(usual / needs.withdraw[number] + expected)
        assert abs(t["waiting"][mine].sum() - expected) < 4 * spread
        assert t["base"][mine].sum() == pytest.approx(
            usual - needs.withdraw[number] * expected, abs=4 * np.sqrt(usual / 12) + 2
        )


def test_lost_needs_stay_with_their_residents(town: NeedsTown) -> None:
    other = branch(town, pathways__handoff_lost=1.0)
    before = other.residents.columns["unmet"].astype(np.int64).sum()
    other.step()
    assert total(other, "referred", MONTHS, MONTHS) == total(other, "lost", MONTHS, MONTHS) > 100
    after = other.residents.columns["unmet"].astype(np.int64).sum()
    assert after - before == total(other, "unmet", MONTHS, MONTHS)
    r, size = other.residents.columns, other.residents.size
    c = other.care.needs.columns
    open_now = np.zeros(size, np.uint8)
    np.bitwise_or.at(open_now, c["row"], BIT[other.care.needs.pathways.kind[c["step"]]])
    assert np.array_equal(r["need_kind"][:size] & open_now, open_now)
    assert np.all((r["need_kind"][:size] != 0) <= ((r["unmet"][:size] > 0) | (open_now != 0)))


def test_without_capacity_nobody_begins_and_with_more_the_queue_shrinks(town: NeedsTown) -> None:
    none, usual, more = branch(town), branch(town), branch(town)
    lines = ("community", "mental_health", "adult_social_care", "health_creation")
    none.commissioner.levels = dict.fromkeys(lines, 0.0)
    more.commissioner.levels = dict.fromkeys(lines, 1.2)
    for each in (none, usual, more):
        each.run(6)
        check_books(each)
    assert total(none, "begun", MONTHS, MONTHS + 5) == 0
    waiting = [each.care.ledger.of("needs_waiting", MONTHS + 5) for each in (none, usual, more)]
    assert waiting[0] > 2 * waiting[1] > 2.4 * waiting[2]
    assert discharge_level(none.care.needs) == 0.0
    assert discharge_level(more.care.needs) == pytest.approx(1.2 * discharge_level(usual.care.needs))


def test_teams_are_first_come_first_served_and_the_hospital_before_others(town: NeedsTown) -> None:
    other = branch(town)
    needs = other.care.needs
    needs.refer_from_practice(other.served())
    before = {name: column.copy() for name, column in needs.columns.items()}
    needs.advance()
    after = needs.columns
    hospital = np.isin(needs.pathways.kind, [KINDS.index(k) for k in ("exacerbation", "frailty_crisis", "injury")])
    at = {(int(k), int(s)): until for k, s, until in zip(after["key"], after["step"], after["until"], strict=True)}
    pairs = [(int(k), int(s)) for k, s in zip(before["key"], before["step"], strict=True)]
    held = np.array([pair in at for pair in pairs])
    now = np.array([at[pair] for pair in pairs if pair in at])
    begun = (before["until"][held] == WAITING) & (now != WAITING)
    ready = (before["ready"][held] < other.month + 1) & (before["until"][held] == WAITING)
    assert begun.sum() > 50
    for team in range(needs.teams.size):
        for of_hospital in (True, False):
            mine = np.flatnonzero(ready & (before["team"][held] == team))
            mine = mine[hospital[before["step"][held][mine]] == of_hospital]
            assert np.all(begun[mine][:-1] >= begun[mine][1:])
        waits = ready & (before["team"][held] == team) & ~begun & hospital[before["step"][held]]
        if waits.any():  # a patient of the hospital waits: nobody else has begun
            assert not (begun & (before["team"][held] == team) & ~hospital[before["step"][held]]).any()


def test_effects_of_care_follow_their_size_and_have_a_null(town: NeedsTown) -> None:
    strong = branch(town, pathways__therapy_completed=1.0, pathways__therapy_recovery=1.0,
                    pathways__recovery_untreated=0.0)  # fmt: skip
    null = branch(town, pathways__therapy_recovery=0.23)
    for each in (strong, null):
        each.run(3)
    recovered = [each.care.ledger.total("recovered_by_treatment", MONTHS, MONTHS + 2) for each in (strong, null)]
    treated_ones = town.care.needs.teams.columns["base"][:8][2:4].sum() * 3
    assert recovered[1] == 0
    assert recovered[0] == pytest.approx(treated_ones / 2, rel=0.35)  # half of the town is depressed


def test_judged_benefits_and_harms_can_be_switched_off() -> None:
    off = NeedsTown()
    off.evidence = off.evidence.judged(False)
    effects = treated.Effects.of(off.evidence)
    assert (effects.frailty, effects.managed, effects.contact, effects.control) == (0, 0, 0, 0)
    assert off.evidence["pathways.mental_health_to_ed"] == off.evidence["pathways.waiting_to_crisis"] == 0


def test_waiting_can_end_in_a_crisis_or_in_the_emergency_department(town: NeedsTown) -> None:
    other = branch(town, pathways__waiting_to_crisis=0.5, pathways__mental_health_to_ed=0.5)
    waiting = other.care.needs.columns
    kinds = other.care.needs.teams.columns["kind"][waiting["team"][waiting["until"] == WAITING]]
    other.step()
    check_books(other)
    assert len(other.last["to_ed"]) == pytest.approx(0.5 * np.count_nonzero(kinds == MENTAL_HEALTH), rel=0.8)
    crises = other.last["crises"]
    assert len(crises) > 0
    old = other.month - 1 - other.residents.columns["born"][crises].astype(int) >= 65 * 12
    assert old.all()


def test_care_counts_handoffs_and_what_was_right_the_first_time(town: NeedsTown) -> None:
    direct = branch(town, pathways__passed_on=0.0, pathways__handoff_lost=0.0)
    detour = branch(town, pathways__passed_on=1.0, pathways__handoff_lost=0.0)
    for each in (direct, detour):
        each.run(24)
    last = (MONTHS + 18, MONTHS + 23)
    assert total(direct, "right_first", *last) > 0.95 * total(direct, "met", *last) > 500  # others: lost once before
    assert total(detour, "right_first", *last) < 0.2 * total(detour, "met", *last)
    assert direct.residents.columns["handoffs"].max() < 255


def test_who_may_go_on_is_each_ones_own_draw() -> None:
    """The compiled loop against NumPy: the 16-bit parts of the public hash, kind by kind."""
    key, offset = draws.make_keys(3, np.arange(1, 3001)), draws.offset(7, 250)
    bound = np.array([13000, 26000, 59000, 0, 65536], np.uint64)
    out = np.empty(3000, np.uint8)
    kernels.may_leave(key, offset, bound, out)
    words = draws.scramble(key + offset)
    for kind in range(5):
        drawn = words >> np.uint64(16 * (kind % 4)) & np.uint64(0xFFFF)
        assert np.array_equal(out >> kind & 1, drawn < bound[kind])
    kinds_of = kernels.kinds_by_pattern(np.array([ASKS.index(each) for each in SLOTS]))
    assert kinds_of[0b10000001] == 0b10001
    assert kinds_of[0b00011000] == 0b00010


def test_a_tenth_of_the_town_is_the_town_on_a_smaller_scale() -> None:
    """Flows and stocks over two years of three tenths against the whole, within four standard errors of the events."""
    large, names = 100_000, ("needs_waiting", "needs_in_care", "needs_begun", "needs_withdrawn", "needs_lost")

    def totals(town: NeedsTown) -> np.ndarray[Any, Any]:
        town.run(MONTHS)
        return np.array([town.care.ledger.total(name, MONTHS - 24, MONTHS - 1) for name in names])

    one = totals(NeedsTown(large))
    tenth = sum(totals(NeedsTown(large, scale=0.1, seed=seed)) for seed in (1, 2, 3)) / 0.3
    # months over which a chance excess of a stock lasts: queues relax by withdrawal, caseloads by the length of care
    months_in_stock = np.array([12.0, 2.0, 1.0, 1.0, 1.0])
    spread = np.sqrt(months_in_stock * (1 / one + 1 / (0.3 * one)))
    assert np.all(np.abs(tenth / one - 1) < 4 * spread)
    assert spread.max() < 0.06


def test_the_books_of_the_teams_close_and_find_one_need_that_vanishes(town: NeedsTown) -> None:
    def exact(town: NeedsTown) -> list[bool]:
        town.care.ledger.add(town.month - 1, residents=town.residents.size)
        year: Any = Year(town, town.month - 12, town.month - 1)  # type: ignore[arg-type]
        return [each.closes for each in team_accounts.teams(year) if each.must]

    assert exact(branch(town)) == [True, True]
    other = branch(town)
    waits = np.flatnonzero(other.care.needs.columns["until"] == WAITING)
    columns = other.care.needs.columns
    other.care.needs.columns = {name: np.delete(column, waits[:1]) for name, column in columns.items()}
    other.step()
    assert exact(other) == [False, True]


NOBODY = np.empty(0, np.int64)
OFFSETS = np.array([7, 8], np.uint64)


def test_contacts_that_wait_or_are_given_up_keep_what_they_are_for() -> None:
    """By hand, where no chance is left: what waits or was given up comes back as it was."""
    pattern = np.array([0b10000000, 0b00101000, 0b1, 0, 0b1], np.uint8)
    later = np.array([0, 0, 0, 0b00100000, 0b1000], np.uint8)
    waiting = np.array([1, 0, 0, 0, 0], np.uint8)
    given, unmet = np.array([0, 0b11, 0b10, 0b100, 0b1000000], np.uint8), np.array([0, 4, 1, 0, 0], np.uint8)
    rows, asked, lost, gone = np.array([0, 1, 2]), np.array([1, 2, 1]), np.array([1, 2, 1]), np.array([0, 2, 1])
    again, out = (np.array([4]), np.array([1])), np.empty(5, np.uint8)
    who = rows, asked, lost, gone, np.zeros(5, np.uint64), OFFSETS
    kernels.take_away(pattern, later, given, waiting, unmet, *again, *who, out)
    assert out.tolist() == [0, 0, 0, 0b00100000, 0b1001001]  # the last asks again for a need of long ago
    assert later.tolist() == [0b10000000, 0, 0, 0, 0]
    # the second keeps all; the third's old need has ended and a new one is open; the fourth has none any more
    assert given.tolist() == [0, 0b101011, 0b1, 0, 0]


def test_no_kind_of_contact_is_turned_away_more_often_than_another() -> None:
    """Of four contacts asked for three have a slot and one is not offered: each is that one a quarter of the time."""
    n = 4000
    rows, key = np.arange(n), np.arange(n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    pattern, zero, out = np.full(n, 0b1010001, np.uint8), np.zeros(n, np.uint8), np.empty(n, np.uint8)
    later, given, ones = zero.copy(), zero.copy(), np.ones(n, np.int64)
    who = rows, np.full(n, 4), ones, ones, key, OFFSETS
    kernels.take_away(pattern, later, given, zero, np.ones(n, np.uint8), NOBODY, NOBODY, *who, out)
    assert (out ^ given).tolist() == pattern.tolist()  # what was not offered was given up
    assert not later.any()
    for slot in (0b1, 0b10000, 0b1000000):
        assert abs((given == slot).mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / n)


@pytest.mark.parametrize(("where", "size"), [("by_area", 5), ("by_practice", 2)])
def test_levers_on_a_step_act_on_that_step_alone(town: NeedsTown, where: str, size: int) -> None:
    usual, levered = branch(town), branch(town)
    levered.care.pathways.scale("mental_health", "mental_health", "lost", **{where: np.zeros(size)})
    for each in (usual, levered):
        each.step()
    count = usual.care.needs.teams.size
    kind = usual.care.needs.teams.columns["kind"][:count]
    lost = [each.care.needs.teams.columns["lost"][:count] for each in (usual, levered)]
    assert lost[0][kind == MENTAL_HEALTH].sum() > 0 == lost[1][kind == MENTAL_HEALTH].sum()
    assert np.array_equal(lost[0][kind != MENTAL_HEALTH], lost[1][kind != MENTAL_HEALTH])


def test_teams_are_busy_in_the_toy_town(history: CareSystem) -> None:
    """All parts together, with the rates of real needs: every team has referrals, a queue and a caseload."""
    t, count = history.care.needs.teams.columns, history.care.needs.teams.size
    assert count == 4
    for name in ("base", "usual", "caseload", "staff"):
        assert np.all(t[name][:count] > 0)
    recoveries = history.care.needs.recoveries
    assert 0 < recoveries.share < 0.5
    r, size = history.residents.columns, history.residents.size
    alive = r["unique_id"][:size] != 0
    assert r["experience"][:size][alive & (history.month - r["born"][:size] > 12)].min() > 0
    wards = history.teams.columns["activity"][: history.teams.size]
    assert wards.sum() > 0


def test_handoffs_and_right_first_time_speak_of_the_same_needs(town: NeedsTown) -> None:
    """Whoever is not right first time took at least one hand-off more than the pathway has, and nobody took fewer."""
    other = branch(town)
    kept: dict[str, list[Any]] = {name: [] for name in ("completed_needs", "completed_handoffs", "right_first_time")}
    record, depth = other.care.needs.record, []
    finish = other.care.needs._finish

    def listen(measure: str, rows: Any, weights: Any = None) -> None:
        if measure in kept:
            kept[measure].append(len(rows) if weights is None else int(np.sum(weights)))
        record(measure, rows, weights)

    def finished(done: dict[str, Any]) -> Any:
        out = finish(done)
        met = np.ones(len(done["step"]), bool)
        met[np.isin(done["key"], out[2])] = False  # these go on
        depth.append(int(other.care.needs.pathways.depth[done["step"][met]].sum()))
        return out

    other.care.needs.record, other.care.needs._finish = listen, finished  # type: ignore[method-assign]
    other.run(12)
    needs, handoffs, right = (sum(kept[name]) for name in kept)
    assert needs > 500
    assert sum(depth) + (needs - right) <= handoffs < sum(depth) + 2 * (needs - right)
    assert 1 <= handoffs / needs < 1.5
