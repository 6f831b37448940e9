"""Nothing that happens depends on where in memory a resident stands."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.residents import Resident
from sim.care.indices import FROZEN_FROM
from sim.evidence import load
from sim.places import load as load_place
from sim.system import CareSystem

pytestmark = pytest.mark.model
BORN, HOME = ("born", 12), ("lsoa", 3)


def test_residents_in_another_order_live_the_same_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = load().draw(0)
    place = load_place("toy", evidence)
    models = {}
    for together in (BORN, HOME):
        monkeypatch.setattr(Resident, "together", together)
        models[together] = CareSystem(place, evidence, scale=0.4, seed=3, months=FROZEN_FROM + 24)
    for month in range(FROZEN_FROM + 20):
        lives = []
        for together, model in models.items():
            monkeypatch.setattr(Resident, "together", together)
            model.step()
            columns = model.residents.columns
            order = np.argsort(columns["unique_id"][: model.residents.size])
            order = order[columns["unique_id"][order] != 0]
            lives.append({name: column[order] for name, column in columns.items()})
        one, other = lives
        for name in one:
            assert np.array_equal(one[name], other[name]), f"{name} in month {month}"
    rows = [model.residents.columns["unique_id"][: model.residents.size] for model in models.values()]
    assert not np.array_equal(*rows), "they did stand elsewhere"
