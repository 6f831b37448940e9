"""Care in a town of its own: what settles, what is conserved, what capacity does, and that scale does not matter."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from sim import draws
from sim.care import books, emergency
from sim.care.indices import FROZEN_FROM, HOSPITAL, PROCESSES
from sim.errors import UserError
from sim.system import CareSystem
from tests.care_town import Town

pytestmark = pytest.mark.model

PEOPLE = 20_000
YEARS = 60


@pytest.fixture(scope="module")
def whole() -> Town:
    return Town(PEOPLE).run(YEARS)


def year(town: Town, name: str, last: int = YEARS - 1) -> float:
    return town.care.ledger.total(name, last - 11, last)


def without(town: Town) -> float:
    """Share of latent need that goes without a GP in the last year."""
    need = year(town, "gp_need") - year(town, "unmet_again")
    return (year(town, "gp_given_up") + year(town, "gp_to_ed") - year(town, "unmet_again")) / need


def test_unmet_need_settles_at_its_parameter(whole: Town) -> None:
    assert without(whole) == pytest.approx(whole.care.gp.unmet, abs=0.006)


@pytest.mark.parametrize("unmet", [0.02, 0.1])
def test_unmet_need_follows_its_parameter(unmet: float) -> None:
    town = Town(PEOPLE, care__gp_unmet_share=unmet).run(YEARS)
    assert without(town) == pytest.approx(unmet, abs=0.01)


def test_every_contact_and_need_is_accounted_for_every_month(whole: Town) -> None:
    of = whole.care.ledger.of
    for month in range(YEARS):
        came = of("gp_need", month) + of("gp_waiting_in", month)
        went = sum(of(f"gp_{what}", month) for what in ("served", "waiting_out", "given_up", "to_ed"))
        assert came == went
        assert of("unmet_in", month) == sum(of(f"unmet_{w}", month) for w in ("again", "to_ed", "ended", "still"))
        if month:
            assert of("gp_waiting_in", month) == of("gp_waiting_out", month - 1)
            new = of("gp_given_up", month - 1) + of("needs_unmet", month - 1)
            assert of("unmet_in", month) == of("unmet_still", month - 1) + new


def test_the_list_grows_by_what_comes_less_what_goes_every_month(whole: Town) -> None:
    of = whole.care.ledger.of
    for month in range(1, YEARS):
        gone = sum(of(what, month) for what in ("stops", "removed", "emergencies_of_list", "left"))
        assert of("list_opening", month) == of("list_closing", month - 1)
        assert of("list_closing", month) == of("list_opening", month) + of("starts", month) - gone


def test_residents_know_how_many_entries_they_have(whole: Town) -> None:
    listed = np.bincount(whole.care.waiting.columns["row"], minlength=whole.residents.size)
    assert np.array_equal(listed, whole.residents.columns["listed"][: whole.residents.size])


def test_entries_stay_in_order_of_beginning(whole: Town) -> None:
    assert np.all(np.diff(whole.care.waiting.columns["began"]) >= 0)


def test_a_tenth_of_the_town_is_the_town_on_a_smaller_scale() -> None:
    def means(town: Town) -> np.ndarray:
        ledger, scale = town.care.ledger, town.scale
        return np.array([
            without(town),
            ledger.of("gp_waiting_out", YEARS - 1) / scale,
            ledger.of("unmet_still", YEARS - 1) / scale,
            ledger.mean("load", 48, 59) / ledger.mean("beds", 48, 59),
            ledger.of("list_closing", FROZEN_FROM - 1) / scale,
        ])  # fmt: skip

    large = 200_000
    one = means(Town(large, list_size=10_000).run(YEARS))
    tenths = np.mean([means(Town(large, list_size=10_000, scale=0.1, seed=s).run(YEARS)) for s in (1, 2, 3)], axis=0)
    assert tenths / one == pytest.approx(np.ones(5), abs=0.05)


def test_all_books_close(whole: Town) -> None:
    identities = books.books(whole)  # type: ignore[arg-type]
    text = books.render(identities)
    assert books.close(identities), text
    assert "accounts close" in text


def not_closing(town: Town) -> set[str]:
    """Names of the accounts that do not close."""
    return {identity.name for identity in books.books(town) if not identity.closes}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("gp_waiting", "waiting = waiting a month before − who left"),
        ("unmet", "unmet = open a month before + given up − who left"),
    ],
)
def test_one_need_lost_between_two_months_is_found(column: str, name: str) -> None:
    town = Town(PEOPLE).run(20)
    assert name not in not_closing(town)
    values = town.residents.columns[column]
    values[np.flatnonzero(values)[0]] -= 1
    assert name in not_closing(town.run(2))


def test_attendances_from_nowhere_are_found() -> None:
    town = Town(PEOPLE).run(20)
    for month in range(8, 20):  # a tenth more than anybody asked for
        town.care.ledger.add(month, ed_home=0.1 * town.care.ledger.of("ed_home", month))
    assert "own need + sent by practices + unmet needs" in not_closing(town)


@pytest.mark.parametrize("line", ["acute_emergency", "acute_elective", "outpatient", "general_practice"])
def test_a_line_that_its_activity_and_overhead_do_not_explain_is_found(
    whole: Town, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{line.replace('_', ' ')}: activity × unit cost + overhead = line"
    assert name not in not_closing(whole)
    more = whole.evidence[f"money.{line}"] * 1.2  # beyond three standard errors in this town
    monkeypatch.setattr(whole, "evidence", whole.evidence.replaced({f"money.{line}": more}))
    assert name in not_closing(whole)


def test_a_bound_may_be_undercut_but_not_exceeded() -> None:
    assert books.Identity("A&E", "bound", 0.01, 0.06, "share", at_most=True).closes
    assert not books.Identity("A&E", "bound", 0.07, 0.06, "share", at_most=True).closes


def counted_now(m: Town | CareSystem, service: str) -> float:
    """Chances of a service among the living whose hospital is the trust, added up here and now."""
    r, size = m.residents.columns, m.residents.size
    here = (r["unique_id"][:size] != 0) & (r["home_trust"][:size] == 1)
    which = [m.rates.index[name] for name in PROCESSES[service] if name in m.rates.index]
    return float(r["chance"][:size][here][:, which].sum(dtype=np.int64) / draws.ONE)


@pytest.mark.parametrize("service", HOSPITAL)
def test_what_is_expected_of_hospitals_is_counted_each_month_and_later_by_thirds(
    whole: Town, history: CareSystem, service: str
) -> None:
    town = Town(PEOPLE).run(3)
    m: Any = town
    assert emergency.plain_by_age(m, service).sum() == pytest.approx(counted_now(town, service), rel=1e-12)
    before = history.care.plain
    assert before is not None
    later = emergency.plain_by_age(history, service).sum()
    # a third of the rows is counted now, the rest one and two months ago: people and their chances have hardly moved
    assert later == pytest.approx(counted_now(history, service), rel=0.03)


def test_books_need_a_year() -> None:
    with pytest.raises(UserError, match="twelve months"):
        books.books(Town(2000).run(3))  # type: ignore[arg-type]


def branch(town: Town) -> Town:
    """The same town once more, from its snapshot."""
    other = Town(PEOPLE)
    for kind in list(town.agents_by_type):
        other.table_of(kind).restore(town.table_of(kind).copy_columns())
    other.care.restore(town.care.snapshot())
    other.month = town.month
    return other


def same(one: Town, other: Town) -> bool:
    columns = ("gp_waiting", "unmet", "listed")
    rows = one.residents.size
    return all(
        np.array_equal(one.residents.columns[c][:rows], other.residents.columns[c][:rows]) for c in columns
    ) and all(np.array_equal(a, other.care.waiting.columns[n]) for n, a in one.care.waiting.columns.items())


@pytest.mark.parametrize("months", [0, 40, YEARS])
def test_a_branch_goes_on_as_the_original_would(months: int) -> None:
    town = Town(PEOPLE).run(months)
    other = branch(town)
    assert same(town.run(8), other.run(8))
    assert town.care.ledger.snapshot() == other.care.ledger.snapshot()


def test_more_appointments_meet_part_of_what_they_add(whole: Town) -> None:
    before, after = branch(whole), branch(whole)
    after.commissioner.levels["general_practice"] = 1.02
    before.run(12)
    after.run(12)
    now = slice(YEARS, YEARS + 12)
    gave_up = [sum(t.care.ledger.of("gp_given_up", k) for k in range(now.start, now.stop)) for t in (before, after)]
    assert gave_up[1] < 0.9 * gave_up[0]
    assert after.care.ledger.of("gp_induced", YEARS + 5) > 0
    assert before.care.ledger.of("gp_induced", YEARS + 5) == 0


def test_fewer_beds_are_felt_a_month_later(whole: Town) -> None:
    before, after = branch(whole), branch(whole)
    after.commissioner.levels["acute_emergency"] = 0.9
    before.step()
    after.step()
    assert after.care.ledger.of("ed_over_4h", YEARS) == before.care.ledger.of("ed_over_4h", YEARS)
    before.step()
    after.step()
    assert after.care.ledger.of("ed_over_4h", YEARS + 1) > before.care.ledger.of("ed_over_4h", YEARS + 1)
    assert after.care.ledger.of("slots_cancelled", YEARS + 1) > before.care.ledger.of("slots_cancelled", YEARS + 1)


def test_emergency_bed_days_are_those_needed_whatever_beds_there_are(whole: Town) -> None:
    """With a tenth of the beds for a month, as many are needed and far fewer are in beds."""
    few, usual = branch(whole), branch(whole)
    few.commissioner.levels["acute_emergency"] = 0.1
    found = {}
    for name, town in (("few", few), ("usual", usual)):
        town.step()
        rec = town.recorder
        row = [rec.row[each] for each in ("emergency_bed_days", "bed_days")]
        rec.settle()
        found[name] = rec._arrays["monthly"][rec._now, row, 0]
    assert found["few"][0] == found["usual"][0] > 0
    assert found["few"][1] < 0.3 * found["usual"][1]


def test_more_slots_shorten_the_list(whole: Town) -> None:
    before, after = branch(whole), branch(whole)
    after.commissioner.extra_slots = 2000.0
    before.run(6)
    after.run(6)
    closing = YEARS + 5
    assert after.care.ledger.of("list_closing", closing) < before.care.ledger.of("list_closing", closing)


def test_better_community_care_shortens_stays(whole: Town) -> None:
    before, after = branch(whole), branch(whole)
    after.commissioner.levels["community"] = 1.2
    before.step()
    after.step()
    assert after.care.load < before.care.load


def test_without_any_capacity_nobody_is_served_and_nothing_breaks(whole: Town) -> None:
    town = branch(whole)
    for line in ("general_practice", "acute_emergency", "acute_elective", "outpatient"):
        town.commissioner.levels[line] = 0.0
    town.run(4)
    last = town.month - 1
    assert town.care.ledger.of("gp_served", last) == 0
    assert town.care.ledger.of("stops", last) == 0
    assert town.care.ledger.of("occupied", last) == 0


def test_entries_of_those_who_left_are_forgotten_even_when_their_row_is_taken(whole: Town) -> None:
    town = branch(whole)
    waiting = town.care.waiting.columns
    rows = np.unique(waiting["row"])[:50]
    gone = np.isin(waiting["row"], rows)
    here = waiting["group"] < 128
    values = {name: town.residents.columns[name][rows].copy() for name in ("born", "practice", "home_trust", "fifth")}
    town.residents.release(rows)
    town.residents.append(len(rows), unique_id=np.arange(1, len(rows) + 1), key=np.arange(1, len(rows) + 1), **values)
    town.step()
    assert town.care.ledger.of("left", YEARS) == np.count_nonzero(gone & here)
    newcomers = np.isin(town.care.waiting.columns["identity"], np.arange(1, len(rows) + 1))
    assert np.all(town.care.waiting.columns["began"][newcomers] >= YEARS)
    assert np.array_equal(
        np.bincount(town.care.waiting.columns["row"], minlength=town.residents.size),
        town.residents.columns["listed"][: town.residents.size],
    )


def test_judged_harms_of_waiting_can_be_switched_off() -> None:
    town = Town(PEOPLE, care__deterioration=0.0, care__waiting_gp_contacts=0.0).run(3)
    assert sum(town.care.ledger.of("emergencies_of_list", month) for month in range(3)) == 0


def test_the_books_of_the_toy_town_close(history: CareSystem) -> None:
    identities = books.books(history)
    assert books.close(identities), books.render(identities)
    assert {identity.account for identity in identities} == {
        "people", "England 2020", "general practice", "A&E", "A&E type, provider", "admissions", "beds",
        "waiting list", "other teams", "money", "back-cast",
    }  # fmt: skip
    shown = [identity for identity in identities if identity.account == "back-cast"]
    assert not any(identity.must for identity in shown)
    fitted = [abs(identity.off) for identity in shown if identity.name.endswith("index fitted")]
    course = [abs(identity.off) for identity in shown if identity.name.endswith("2021/22: without it")]
    assert len(fitted) == 9
    assert min(course) > 0.02  # the model's own course is not the observed one, and that is shown


def test_rates_that_are_not_englands_are_found(history: CareSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = copy.copy(history.rates)
    broken.base = broken.base * np.float32(1.06)
    monkeypatch.setattr(history, "rates", broken)
    names = {identity.name for identity in books.books(history) if not identity.closes}
    assert {"deaths a 1,000", "contacts with practices a 1,000", "A&E attendances a 1,000"} <= names


def test_who_leaves_takes_what_they_waited_for_out_of_the_books(history: CareSystem) -> None:
    ledger, months = history.care.ledger, history.care.ledger.months
    assert ledger.total("gp_left", months[0], months[-1]) > 0
    assert ledger.total("unmet_left", months[0], months[-1]) > 0
