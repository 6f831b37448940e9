"""Social ties: who has how many, with whom, and what changes them."""

from __future__ import annotations

import numpy as np
import pytest

from sim.evidence import load
from sim.life import ties_kernels
from sim.life.ties import APRIL, shares_of
from tests.unit.ties_town import EACH, Town, crowd, identities, joined, shuffled

pytestmark = pytest.mark.unit
PEOPLE = 4000


@pytest.fixture(scope="module")
def town() -> Town:
    """A town with its first ties; nobody may change it."""
    made = Town()
    made.ties.open()
    return made


def degrees(town: Town) -> np.ndarray:
    return np.array([len(town.ties.of(int(row))) for row in town.residents.rows])


def ends(town: Town, column: str) -> np.ndarray:
    """The column at both ends of every tie: (ties, 2)."""
    r = town.residents.columns
    order = np.argsort(r["unique_id"][: town.residents.size])
    pairs = np.array(sorted(town.pairs()))
    return r[column][order[np.searchsorted(r["unique_id"][: town.residents.size][order], pairs)]]


def test_isolates_and_numbers_follow_the_evidence(town: Town) -> None:
    share = shares_of(town.evidence)
    found = np.bincount(degrees(town), minlength=share.size)
    isolates = share[0]
    # four standard errors of a binomial, and up to 1 % more of those whose only tie found nobody
    off = 4 * np.sqrt(isolates * (1 - isolates) / PEOPLE)
    assert -off < found[0] / PEOPLE - isolates < off + 0.01
    assert found.size == share.size, "nobody has more ties than the most"
    wanted = float(share @ np.arange(share.size))
    spread = np.sqrt(share @ np.arange(share.size) ** 2 - wanted**2)
    assert degrees(town).mean() < wanted + 4 * spread / np.sqrt(PEOPLE)
    assert degrees(town).mean() > 0.93 * wanted - 4 * spread / np.sqrt(PEOPLE), "few stay unmatched"


def test_half_the_ties_are_in_the_neighbourhood(town: Town) -> None:
    home = ends(town, "lsoa")
    near = (home[:, 0] == home[:, 1]).mean()
    # of those looked for in the authority one in five falls in the same of its five neighbourhoods
    expected = 0.5 + 0.5 / 5
    assert near == pytest.approx(expected, abs=4 * np.sqrt(0.24 / len(home)) + 0.02)
    authority = town.place.authority[home]
    assert (authority[:, 0] == authority[:, 1]).all()


def test_people_are_tied_to_people_of_their_age(town: Town) -> None:
    born = ends(town, "born").astype(float)
    apart = np.abs(born[:, 0] - born[:, 1]) / 12
    assert (apart <= 8).mean() == pytest.approx(0.72, abs=0.06), "as Fischer found"
    assert np.corrcoef(born.T)[0, 1] > 0.9


def test_no_row_number_matters() -> None:
    straight, mixed = Town(), Town(shuffled(crowd()))
    for each in (straight, mixed):
        each.ties.open()
        each.month = APRIL
        gone = [each.row(int(identity)) for identity in identities(100, 40)]
        each.residents.release(gone)
        each.ties.rewire(each.ties.lost)
    assert straight.pairs() == mixed.pairs()


def test_a_newcomer_elsewhere_changes_nobodys_ties(town: Town) -> None:
    other = Town(joined(crowd(), one_more(lsoa=9)))
    other.ties.open()
    first = set(identities(1, 5 * EACH).tolist())
    mine = {pair for pair in town.pairs() if pair[0] in first}
    assert mine == {pair for pair in other.pairs() if pair[0] in first}
    changed = town.pairs() ^ other.pairs()
    assert 0 < len(changed) < 0.1 * len(town.pairs()), "only those who look at the same ages in the same places"


def one_more(lsoa: int) -> dict[str, np.ndarray]:
    """Somebody of 40 who keeps up several ties."""
    for number in range(90_000, 90_100):
        person = {
            "unique_id": identities(number, 1), "lsoa": np.array([lsoa]), "born": np.array([-480]),
            "male": np.array([0]), "state": crowd()["state"][:1],
        }  # fmt: skip
        town = Town(person)
        want = np.zeros(1, np.uint8)
        from sim.life import ties_kernels

        ties_kernels.wanted(town.residents.columns["key"][:1], town.ties.wanted_at, town.ties.numbers, want)
        if want[0] >= 3:
            return person
    raise AssertionError("nobody wants three ties")


def test_a_year_ends_the_stated_share_and_the_rest_is_matched_again() -> None:
    evidence = load().draw(0).replaced({"ties.lost_a_year": 0.3})
    town = Town(evidence=evidence)
    town.ties.open()
    before = town.pairs()
    town.month = APRIL
    town.ties.advance()
    after = town.pairs()
    stayed = len(before & after) / len(before)
    assert stayed == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / len(before)))
    assert len(after) == pytest.approx(len(before), rel=0.03)


def test_nothing_is_rewired_in_other_months() -> None:
    town = Town()
    town.ties.open()
    before = town.ties.snapshot()
    for town.month in range(APRIL):
        town.ties.advance()
    assert all(a is b for a, b in zip(before, town.ties.snapshot(), strict=True))


def test_death_breaks_ties_at_once_and_whoever_gets_the_row_inherits_none() -> None:
    town = Town()
    town.ties.open()
    row = int(np.argmax(degrees(town)))
    friends = town.ties.of(row)
    assert len(friends) >= 8
    town.ties.bereave(np.array([row]))
    told = np.flatnonzero(town.residents.columns["bereaved"][: town.residents.size])
    assert sorted(town.residents.columns["unique_id"][told].tolist()) == friends
    gone = int(town.residents.columns["unique_id"][row])
    town.residents.release([row])
    assert all(gone not in town.ties.of(town.row(friend)) for friend in friends)
    born = int(town.residents.columns["born"][row])  # rows go to those born in the same month of the year
    new = town.settle({**one_more(lsoa=0), "born": np.array([born])})
    assert new.tolist() == [row], "the row is used again"
    assert town.ties.of(row) == []
    assert town.residents.columns["bereaved"][row] == 0
    town.month = APRIL
    town.ties.rewire(0)
    assert len(town.ties.of(row)) >= 1
    town.pairs()


def test_a_newborn_is_tied_to_the_mother_in_april() -> None:
    town = Town()
    town.ties.open()
    mother = np.array([5])
    child = town.settle(
        {"unique_id": identities(70_000, 1), "lsoa": np.array([0]), "born": np.array([3]), "male": np.array([1])}
    )
    town.ties.born(child, mother)
    assert town.ties.of(int(child[0])) == []
    town.month = APRIL
    town.ties.rewire(town.ties.lost)
    name = town.residents.columns["unique_id"]
    assert int(name[5]) in town.ties.of(int(child[0]))
    town.pairs()
    town.month += 12
    town.ties.rewire(0)
    assert int(name[5]) in town.ties.of(int(child[0])), "and stays so"


def test_a_snapshot_brings_everything_back() -> None:
    town = Town()
    town.ties.open()
    town.ties.born(np.array([1]), np.array([2]))
    kept, before = town.ties.snapshot(), town.pairs()
    town.month = APRIL
    town.ties.rewire(town.ties.lost)
    assert town.pairs() != before
    town.ties.restore(kept)
    assert town.pairs() == before
    assert len(town.ties.newborn) == 1


def test_looking_around_counts_live_ties_only(town: Town) -> None:
    r = town.residents.columns
    neutral = np.array([0.9, 0.2, 0.7], np.float32)
    rows = np.arange(PEOPLE)
    share, smoking, active = town.ties.look_around(rows, neutral)
    for row in (3, 77, 1234, 3999):
        friends = [town.row(friend) for friend in town.ties.of(row)]
        if friends:
            assert smoking[row] == pytest.approx(town.states.has(r["state"][friends], "smoker").mean())
            assert active[row] == pytest.approx(1 - town.states.has(r["state"][friends], "inactive").mean())
            assert 0 < share[row] <= 1
    alone = degrees(town) == 0
    assert (smoking[alone] == neutral[1]).all()
    assert (share[alone] == 0).all()


def test_memory_is_within_the_budget(town: Town) -> None:
    assert town.ties.nbytes / PEOPLE + 1 <= 60


def test_entries_stand_by_cell_and_in_it_by_code() -> None:
    rng = np.random.default_rng(7)
    for count, cells in ((0, 3), (400, 90), (6000, 4)):  # cells of none, of a few, and of more than any town's
        cell, code = rng.integers(0, cells, count), rng.integers(0, 2**63, count, dtype=np.uint64)
        first, codes, whose = ties_kernels.in_cells(cell, code, np.arange(count, dtype=np.int32), count, cells)
        order = np.lexsort((code, cell))
        assert np.array_equal(first, np.searchsorted(cell[order], np.arange(cells + 1)))
        assert np.array_equal(codes, code[order])
        assert np.array_equal(whose, order)
