"""Who comes to a place: the compiled loop names and settles people as the draws and the synthesis do."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sim import draws
from sim.life import demography
from sim.life.grid import BAND
from sim.places import Place, cell_words, settle
from sim.purposes import Purpose
from sim.system import CareSystem
from tests.model.conftest import Build

pytestmark = pytest.mark.model
MONTH = 30


def test_newcomers_are_those_of_the_draws(toy: Place, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    share = np.linspace(0.3, 0.7, len(toy.lsoas))
    place = dataclasses.replace(toy, lsoas=toy.lsoas.assign(hhft_share=share))
    m = build(place=place)
    m.month = MONTH
    cells = np.prod(m.place.counts.shape)
    count = (np.arange(cells) % 4).astype(np.uint8)  # of every cell some come, more than one to most
    monkeypatch.setattr(draws, "poisson_counts", lambda *given: count)
    given: dict[str, np.ndarray] = {}

    def note(m: CareSystem, identity, key, born, male, area, home):  # type: ignore[no-untyped-def]
        given.update(home, identity=identity, key=key, born=born, male=male, area=area)
        return identity

    monkeypatch.setattr(demography, "add_people", note)
    demography.arrive(m)
    which = np.repeat(np.arange(cells), count)
    ordinal = np.concatenate([np.arange(number) for number in count])
    area, sex, band = np.unravel_index(which, m.place.counts.shape)
    identity = draws.arrival_identity(cell_words(place)[which], MONTH + 1, ordinal)
    key = draws.make_keys(m.seed, identity)
    within = draws.uniforms2(key, MONTH, Purpose.ARRIVAL_PROFILE)
    width = np.where(band == m.place.counts.shape[2] - 1, demography.OLDEST_BAND_YEARS, BAND)
    age = band * BAND + (within[0] * width).astype(np.int64)
    expected = {
        "identity": identity, "key": key, "born": MONTH - 12 * age - (within[1] * 12).astype(np.int64),
        "male": sex, "area": area, **settle(place, area.astype(np.int16), key),
    }  # fmt: skip
    assert set(given) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(given[name], values, err_msg=name)
    assert len(set(given["practice"].tolist())) > 1
    assert set(given["home_trust"].tolist()) == {0, 1}


def test_newborns_are_those_of_the_draws(build: Build) -> None:
    m = build()
    m.month = MONTH
    columns = m.residents.columns
    mothers = m.residents.rows[::7][:300]
    names = columns["unique_id"][mothers]
    rows = demography.give_birth(m, mothers)
    columns = m.residents.columns
    identity = draws.child_identity(names, MONTH)
    key = draws.make_keys(m.seed, identity)
    boys = m.sex_ratio / (1 + m.sex_ratio)
    np.testing.assert_array_equal(columns["unique_id"][rows], identity)
    np.testing.assert_array_equal(columns["key"][rows], key)
    np.testing.assert_array_equal(columns["male"][rows], draws.uniforms(key, MONTH, Purpose.SEX_AT_BIRTH) < boys)
    assert 0 < columns["male"][rows].sum() < rows.size
    assert demography.give_birth(m, mothers[:0]).size == 0
