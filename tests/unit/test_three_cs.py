"""Contact, confidence and control: where they stand, what moves them, and how rates see them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sim.evidence import load
from sim.life import peers, three_cs
from sim.life.grid import AGES, DECILES, SEXES, cell
from sim.life.life_kernels import REVIEW_MONTHS
from sim.life.states import level
from sim.life.three_cs import CS, SCALE, ThreeCs, level_shares
from tests.unit.ties_town import AREAS, EACH, Town, crowd, identities, joined, shuffled

pytestmark = pytest.mark.unit
COUNT = AREAS * EACH
YEARS = REVIEW_MONTHS / 12
ILL = 0.3  # share of the reference, and of the town, with each illness and circumstance


class Reference:
    """Ten people in each cell of England."""

    def __init__(self) -> None:
        self.at = tuple(axis.reshape(-1) for axis in np.indices((SEXES, AGES, DECILES, 10)))[:3]
        self.people = SimpleNamespace(age=self.at[1])

    def mean(self, values: np.ndarray) -> np.ndarray:
        bands = np.zeros((SEXES, 20, DECILES))
        number = np.zeros_like(bands)
        band = np.minimum(self.at[1] // 5, 19)
        np.add.at(bands, (self.at[0], band, self.at[2]), values)
        np.add.at(number, (self.at[0], band, self.at[2]), 1)
        return bands / number


def tables(town: Town) -> ThreeCs:
    reference = Reference()
    number = reference.at[1].size
    health = SimpleNamespace(state=town.states.pack(number, ill(number)))
    deaths = np.zeros((SEXES, AGES, DECILES))  # nobody dies here, so that nobody is expected to be bereaved
    epi = SimpleNamespace(evidence=town.evidence, states=town.states, deaths=deaths)
    return ThreeCs(epi, reference, health)  # type: ignore[arg-type]


def ill(number: int) -> list[tuple[str, np.ndarray]]:
    """Every tenth person and the two after have the same illness and circumstances."""
    who = np.arange(number) % 10 < round(10 * ILL)
    return [("depression", who), ("frail_mild", who), ("low_income", who), ("cold_home", who)]


def begun(town: Town | None = None, *, healthy: bool = False) -> Town:
    town = town or Town()
    size = town.residents.size
    if not healthy:
        town.residents.columns["state"][:size] |= town.states.pack(size, ill(size))
    town.epidemiology = SimpleNamespace(three_cs=tables(town))  # type: ignore[attr-defined]
    three_cs.begin(town, town.residents.rows)  # type: ignore[arg-type]
    town.ties.open()
    return town


def value(town: Town, c: str) -> np.ndarray:
    return town.residents.columns[c][: town.residents.size].astype(float) / SCALE[c]


def between_reviews(town: Town, times: int = 1) -> None:
    for _ in range(times):
        town.month += REVIEW_MONTHS
        three_cs.review(town, town.residents.rows)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def quiet() -> Town:
    """A town that has begun; nobody may change it."""
    return begun()


def test_people_start_as_declared(quiet: Town) -> None:
    for c in CS:
        expected = three_cs.quantiles(quiet.evidence, c)
        near = 4 * expected.std() / np.sqrt(COUNT) + 0.5 / SCALE[c]
        # those without ties stand lower than the others, which the spread of traits does not hold
        assert value(quiet, c).mean() == pytest.approx(expected.mean(), abs=near + (0.005 if c == "contact" else 0.1))


def test_without_policy_the_means_stay_by_age() -> None:
    town = begun()
    age = -town.residents.columns["born"][: town.residents.size] // 12 // 30
    before = {c: [value(town, c)[age == band].mean() for band in range(3)] for c in CS}
    town.month = -3 * REVIEW_MONTHS  # so that nobody has aged on average
    between_reviews(town, 6)
    for c in CS:
        after = [value(town, c)[age == band].mean() for band in range(3)]
        assert after == pytest.approx(before[c], abs=0.01 * (100 if c == "confidence" else 1))


def test_illness_and_poverty_lower_them() -> None:
    town = begun()
    sick = town.states.has(town.residents.columns["state"][: town.residents.size], "depression")
    assert value(town, "contact")[sick].mean() - value(town, "contact")[~sick].mean() == pytest.approx(-0.13, abs=0.03)
    assert value(town, "control")[sick].mean() < value(town, "control")[~sick].mean() - 0.1
    assert abs(value(town, "confidence")[sick].mean() - value(town, "confidence")[~sick].mean()) < 2.5


def test_recovery_raises_contact_with_the_lag_of_the_evidence() -> None:
    town = begun()
    state = town.residents.columns["state"]
    sick = np.flatnonzero(town.states.has(state[: town.residents.size], "depression"))
    twin = begun()
    state[sick] &= ~town.states.mask("depression")
    between_reviews(town)
    between_reviews(twin)
    gained = (value(town, "contact") - value(twin, "contact"))[sick].mean()
    closed = 1 - np.exp(-YEARS / town.evidence["three_cs.contact_years"])
    # a few stand at 0 or 1 and cannot move
    assert gained == pytest.approx(0.1 * closed, rel=0.1)
    assert sick.size == round(ILL * COUNT)


def test_bereavement_lowers_contact_once() -> None:
    town, twin = begun(), begun()
    rows = np.flatnonzero(value(town, "contact") > 0.4)
    town.residents.columns["bereaved"][rows] = 1
    between_reviews(town)
    between_reviews(twin)
    closed = 1 - np.exp(-YEARS)
    lost = (value(town, "contact") - value(twin, "contact"))[rows].mean()
    assert lost == pytest.approx(-0.15 * closed, rel=0.05)
    assert not town.residents.columns["bereaved"].any()
    between_reviews(town, 6)
    between_reviews(twin, 6)
    assert (value(town, "contact") - value(twin, "contact"))[rows].mean() == pytest.approx(0, abs=0.004)


def test_losing_all_ties_lowers_contact() -> None:
    town, twin = begun(), begun()
    keep = np.arange(0, town.residents.size, 2)
    town.residents.release(np.setdiff1d(town.residents.rows, keep))
    town.month += REVIEW_MONTHS
    twin.month += REVIEW_MONTHS
    three_cs.review(town, keep)  # type: ignore[arg-type]
    three_cs.review(twin, keep)  # type: ignore[arg-type]
    lost = (value(town, "contact") - value(twin, "contact"))[keep].mean()
    closed = 1 - np.exp(-YEARS)
    assert -0.5 * 0.3 * closed * 1.1 < lost < -0.5 * 0.3 * closed * 0.75, "half of the ties gone, most of them wanted"


@pytest.mark.parametrize("c", CS)
def test_levers_shift_their_own_c(c: str) -> None:
    town, twin = begun(), begun()
    points = 5.0 if c == "confidence" else 0.05
    town.area_shift[c] = np.where(np.arange(AREAS) < 5, points, 0.0).astype(np.float32)
    between_reviews(town, 8)
    between_reviews(twin, 8)
    home = town.residents.columns["lsoa"][: town.residents.size] < 5
    for other in CS:
        moved = value(town, other) - value(twin, other)
        assert abs(moved[~home].mean()) < 1e-9
        if other == c:
            assert moved[home].mean() == pytest.approx(points, rel=0.12), "some are at the top already"
        elif (c, other) == ("contact", "confidence"):
            assert moved[home].mean() == pytest.approx(3 * 0.05, rel=0.3)
        else:
            assert abs(moved[home].mean()) < 1e-9


def test_capacity_adds_what_the_evidence_says_and_saturates() -> None:
    towns = []
    for capacity in (0.0, 1.0, 1e9):
        town = begun()
        town.neighbourhoods.columns["capacity"][:AREAS] = capacity
        between_reviews(town, 10)
        towns.append(value(town, "contact").mean())
    points = load().draw(0)["three_cs.contact_of_capacity"]
    assert towns[1] - towns[0] == pytest.approx(points, rel=0.1)
    assert towns[2] - towns[0] == pytest.approx(1.5 * points, rel=0.1)


def test_levels_are_a_straight_line_between_nodes(quiet: Town) -> None:
    state = quiet.residents.columns["state"][: quiet.residents.size]
    for c in CS:
        made = quiet.epidemiology.three_cs  # type: ignore[attr-defined]
        nodes = made.nodes if c == "confidence" else np.linspace(0, 1, 4)
        found = level(state, c)
        place = np.interp(value(quiet, c), nodes, np.arange(4.0))
        assert (np.abs(found - place) <= 1.03).all(), "one of the two nodes about it"
        near = 4 * 0.5 / np.sqrt(COUNT) + 0.01
        assert found.mean() == pytest.approx(place.mean(), abs=near)
        share = np.bincount(found, minlength=4) / COUNT
        assert share == pytest.approx(level_shares(quiet.evidence, c), abs=near + 0.02)


def test_peers_are_seen_as_they_are() -> None:
    town = begun()
    rows = town.residents.rows
    three_cs.review(town, rows)  # type: ignore[arg-type]
    state = town.residents.columns["state"]
    around = town.ties.look_around(rows, np.array([1, 0.13, 0.74], np.float32))
    for number, name in ((1, "peers_smoking"), (2, "peers_active")):
        found = level(state[rows], name)
        assert (found[around[number] == 0] == 0).all()
        assert (found[around[number] == 1] == 3).all()
        assert found.mean() == pytest.approx(3 * around[number].mean(), abs=4 * 0.5 / np.sqrt(COUNT) + 0.01)


def test_other_bits_of_the_state_stay() -> None:
    town = begun()
    before = town.residents.columns["state"].copy()
    between_reviews(town)
    mine = sum(3 << int(shift) for shift in town.epidemiology.three_cs.shifts)  # type: ignore[attr-defined]
    assert ((before ^ town.residents.columns["state"]) & ~np.uint64(mine) == 0).all()


def test_nobody_elsewhere_and_no_order_matters() -> None:
    newcomer = crowd(1, 1, first=99_000)
    newcomer["lsoa"] = np.array([9])
    straight, mixed = begun(healthy=True), begun(Town(shuffled(joined(crowd(), newcomer))), healthy=True)
    between_reviews(straight, 2)
    between_reviews(mixed, 2)
    first = identities(1, 5 * EACH)
    here, there = ([town.row(int(identity)) for identity in first[::40]] for town in (straight, mixed))
    for name in (*CS, "state"):
        assert (straight.residents.columns[name][here] == mixed.residents.columns[name][there]).all()


def test_ratios_leave_the_mean_where_it_is() -> None:
    for draw in range(4):
        evidence = load().draw(draw)
        for effects in three_cs.by_level(evidence).values():
            for name, ratios in effects.items():
                if name in CS:
                    assert level_shares(evidence, name) @ ratios == pytest.approx(1)
        assert level_shares(evidence, "control") @ three_cs.satisfaction_by_level(evidence) == pytest.approx(0)


def test_ratios_have_the_direction_and_size_of_the_evidence() -> None:
    found = three_cs.by_level(load().draw(0))
    lonely = found["become_lonely"]["contact"]
    assert lonely[3] / lonely[0] == pytest.approx(0.33**0.3)
    quit_smoking = found["quit_smoking"]
    assert quit_smoking["confidence"][3] > quit_smoking["confidence"][0]
    assert quit_smoking["peers_smoking"][3] < 1 < quit_smoking["peers_smoking"][0]
    assert found["onset_depression"]["control"][3] < 1


def test_without_judged_benefits_no_c_does_anything() -> None:
    off = load().draw(0).judged(False)
    for effects in three_cs.by_level(off).values():
        for ratios in effects.values():
            assert ratios == pytest.approx((1, 1, 1, 1))
    assert three_cs.satisfaction_by_level(off) == pytest.approx((0, 0, 0, 0))


def test_expected_levels_of_peers_are_those_of_many_people() -> None:
    number = np.array([0.2, 0.3, 0.5])
    # by hand: half have two ties; of those 0.64, 0.32 and 0.04 with none, one and both smoking
    share = peers.expected(number, 0.2)
    alone, one, two = peers.weights(0.2), (0.8, 0.2), (0.64, 0.32, 0.04)
    middle = peers.weights(0.5)
    expected = 0.2 * alone + 0.3 * np.array([one[0], 0, 0, one[1]])
    expected = expected + 0.5 * (two[0] * peers.weights(0) + two[1] * middle + two[2] * peers.weights(1))
    assert share == pytest.approx(expected)
    assert share.sum() == pytest.approx(1)


def test_cells_are_those_of_the_rate_tables(quiet: Town) -> None:
    made = quiet.epidemiology.three_cs  # type: ignore[attr-defined]
    assert made.norm.shape == (2, AGES * SEXES * DECILES)
    adult = cell(np.array([40]), np.array([1]), np.array([3]))[0]
    child = cell(np.array([8]), np.array([1]), np.array([3]))[0]
    assert made.norm[1, adult] > made.norm[1, child], "low income counts for adults only"
