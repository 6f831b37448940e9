"""What is queued in a month is added up as it would have been one by one, in order."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from sim.outcomes.measures import AGE_GROUP_STARTS, AGE_GROUPS
from sim.outcomes.recorder import Recorder
from sim.outcomes.yearly_kernel import bands_of
from tests.unit.outcomes_samples import CONDITIONS, SmallPlace, people

pytestmark = pytest.mark.unit

MARCH, APRIL = 68, 69
MEASURES = ("deaths", "births", "bed_days", "residents", "smokers", "acsc_admissions", "gp_need", "beds_open")


def by_hand(rec: Recorder, c: dict, name: str, rows: np.ndarray, weights: np.ndarray | None, factor: float) -> dict:
    """What one call adds to every array, plainly."""
    measure = rec.measures[name]
    each = np.ones(len(rows)) if weights is None else weights
    age = np.clip((rec.month - c["born"][rows].astype(int)) // 12, 0, 199)
    group = np.searchsorted((0, 18, 40, 65, 75, 85), age, side="right") - 1
    found: dict = {"monthly": np.bincount(c["fifth"][rows], each, 5) * factor}
    if measure.kind == "flow" or rec.in_march:
        found["yearly_age"] = np.bincount(group, each, len(AGE_GROUPS)) * factor
        cells = np.bincount(c["lsoa"][rows] * 6 + group, each, rec.n_areas * 6).reshape(-1, 6) * factor
        if name in rec.measures.by_area:
            found["yearly_area"] = np.bincount(c["lsoa"][rows], each, rec.n_areas) * factor
        if name in rec.measures.by_cell:
            found["yearly_cell"] = cells
    if name == "deaths":
        bands = bands_of(c["born"][rows], c["male"][rows], c["fifth"][rows], rec.month)
        found["death_bands"] = bands * rec.weight
    return found


@pytest.mark.parametrize("month", [MARCH, APRIL])
def test_the_queue_adds_up_to_what_single_calls_would(month: int) -> None:
    place, rng = SmallPlace(), np.random.default_rng(month)
    c = people(400, place)
    other = {name: np.roll(column, 1).astype(np.int64) for name, column in c.items()}  # other types, other people
    rec = Recorder(place, CONDITIONS, 57, 24, weight=1 / 0.3)
    shapes = {name: array.shape for name, array in rec._arrays.items()}
    want = {name: np.zeros(shape, rec._arrays[name].dtype) for name, shape in shapes.items()}
    for now in range(57, month + 1):
        rec.begin(now)
    row, year = month - 57, rec._year
    index = {
        "yearly_age": rec.measures.recorded, "yearly_area": rec.measures.by_area, "yearly_cell": rec.measures.by_cell,
    }  # fmt: skip

    def add(parts: dict) -> None:
        for array, found in parts.items():
            if array == "monthly":
                want[array][row, at, 1:] += found
                want[array][row, at, 0] += found.sum()
            elif array == "death_bands":
                want[array][year, 1:] += found
                want[array][year, 0] += np.sum(found, axis=0)
            else:
                want[array][year, index[array].index(name)] += found

    for k in range(80):
        name = MEASURES[rng.integers(len(MEASURES))]
        at = rec.measures.recorded.index(name)
        of_trust = rec.weight / (0.8 if rec.measures[name].scope == "hospital" else 1.0)
        factor, scale = (2.5, 2.5 * rec.weight) if k % 7 == 0 else (None, of_trust)
        rows = rng.integers(0, 400, rng.integers(0, 30))
        weights = rng.random(len(rows)) if k % 3 == 0 and name != "deaths" else None
        if k % 5 == 0:
            rec.add(name, c["fifth"][rows], weights=weights, amount=1.7 if k % 2 else None, factor=factor)
            counts = np.bincount(c["fifth"][rows], weights, 5) * scale
            want["monthly"][row, at, 1:] += counts
            want["monthly"][row, at, 0] += counts.sum()
            want["monthly"][row, at, 0] += 1.7 * scale if k % 2 else 0.0
            continue
        if k % 13 == 0:
            cells = rng.random((rec.n_areas, len(AGE_GROUPS)))
            rec.add_cells(name, cells)
            area, group = (each.ravel() for each in np.indices(cells.shape))
            born = month - 12 * np.array(AGE_GROUP_STARTS)[group]
            like = {"fifth": place.local_fifth[area] - 1, "lsoa": area, "born": born, "male": area * 0}
            alike = by_hand(rec, like, name, np.arange(cells.size), cells.ravel(), of_trust)
            add(alike | {"death_bands": np.zeros((5, 2, 19))})
            continue
        whose = other if k % 11 == 0 else c
        rec.add_rows(name, whose, rows, weights=weights, factor=factor)
        add(by_hand(rec, whose, name, rows, weights, scale))
    rec.settle()
    for name, array in rec._arrays.items():
        np.testing.assert_allclose(array, want[name], rtol=1e-14 if array.dtype == np.float64 else 1e-6, err_msg=name)
        if name in ("monthly", "yearly_age", "death_bands"):
            np.testing.assert_array_equal(array, want[name], err_msg=name)
    assert rec.touched >= {"deaths", "bed_days", "acsc_admissions"}


def test_nothing_that_is_queued_is_lost_or_counted_twice() -> None:
    rec = Recorder(SmallPlace(), CONDITIONS, 57, 24)
    rec.begin(57)
    rec.add("births", np.array([0, 0, 4]))
    copied, kept = rec.copy(), pickle.loads(pickle.dumps(rec))
    rec.add("births", np.array([1]))
    rec.begin(58)
    rec.add("births", np.array([2, 2]))
    for one, months in ((rec, [4, 2]), (copied, [3]), (kept, [3])):
        record = one.finish(scenario="x", draw=0, seed=0)
        assert record.months("births").tolist() == months
        assert one.finish(scenario="x", draw=0, seed=0).months("births").tolist() == months


def test_what_does_not_fit_is_refused() -> None:
    rec = Recorder(SmallPlace(), CONDITIONS, 57, 24)
    rec.begin(57)
    with pytest.raises(ValueError, match="2 weights for 1"):
        rec.add("births", np.array([1]), weights=np.ones(2))
    rec.add("births", np.array([5]))
    with pytest.raises(ValueError, match="0 to 4"):
        rec.settle()
