"""Frailty, diagnosis, stages and circumstances in the toy town after six years of history."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.life import behaviours, frailty
from sim.life.managed import FULL
from sim.life.states import CIRCUMSTANCES, FRAILTY
from sim.system import CareSystem

pytestmark = pytest.mark.model


class Living:
    """Columns of those who live, and their ages."""

    def __init__(self, m: CareSystem) -> None:
        self.m, size = m, m.residents.size
        self.alive = m.residents.columns["unique_id"][:size] != 0
        self.state = self("state")
        self.age = (m.month - self("born").astype(np.int64)) // 12

    def __call__(self, column: str) -> Any:
        return self.m.residents.columns[column][: self.m.residents.size][self.alive]

    def has(self, name: str) -> Any:
        return self.m.states.has(self.state, name)


@pytest.fixture(scope="module")
def living(history: CareSystem) -> Living:
    return Living(history)


def test_one_category_of_frailty_and_only_from_fifty(living: Living) -> None:
    number = sum(living.has(name).astype(int) for name in FRAILTY)
    assert number.max() == 1
    assert not number[living.age < frailty.YOUNGEST - 1].any()


def test_nobody_has_both_stages(living: Living) -> None:
    assert living.has("ndh").any()
    assert not (living.has("ndh") & living.has("type2_diabetes")).any()


def test_only_what_one_has_can_be_undiagnosed(living: Living, history: CareSystem) -> None:
    held = (living.state >> np.uint64(history.states.first_condition)).astype(np.uint32)
    assert not (living("undiagnosed") & ~held).any()
    always_known = [i for i, c in enumerate(history.epidemiology.conditions) if c.undiagnosed == "none"]
    assert not any((living("undiagnosed") >> i & 1).any() for i in always_known)


def test_the_share_undiagnosed_stays(living: Living, history: CareSystem) -> None:
    """Six years on, within the noise of so many people and a tenth for prevalence that is not stationary."""
    for position, name in enumerate(history.epidemiology.names):
        expected, has = history.epidemiology.undiagnosed[name], living.has(name)
        if expected > 0:
            found = (living("undiagnosed")[has] >> position & 1).mean()
            noise = 4 * np.sqrt(expected * (1 - expected) / has.sum())
            assert abs(found - expected) < noise + 0.1, name


def test_frailty_by_age_stays(living: Living, history: CareSystem) -> None:
    """Within the noise of so many people, and what a town is healthier or iller than England."""
    share = 1 - history.epidemiology.frailty_by_decile[0]
    frail = sum(living.has(name) for name in FRAILTY)
    for first, last in ((50, 65), (65, 80), (80, 101)):
        here = (living.age >= first) & (living.age < last)
        expected = share[np.minimum(living.age[here], 100), living("decile")[here] - 1].mean()
        noise = 4 * np.sqrt(expected * (1 - expected) / here.sum())
        assert abs(frail[here].mean() - expected) < noise + 0.05


def test_behaviours_and_circumstances_stay_with_their_trends(living: Living, history: CareSystem) -> None:
    """Adults' shares are England's of their age, sex and decile with six years of trend, but for noise and what the
    neighbourhoods add."""
    epi = history.epidemiology
    adults = living.age >= 18
    at = (
        living("male")[adults].astype(int),
        np.minimum(living.age[adults], 100),
        living("decile")[adults].astype(int) - 1,
    )
    years = history.month / 12
    for behaviour in behaviours.BEHAVIOURS:
        expected = epi.risk[behaviour.risk][at].mean()
        if behaviour.risk in history.risk_ratio:
            here = history.risk_ratio[behaviour.risk][living("lsoa")[adults]]
            expected = (epi.risk[behaviour.risk][at] * here).mean()
        expected += years * epi.evidence[f"behaviours.trend_{behaviour.risk}"]
        noise = 4 * np.sqrt(expected * (1 - expected) / adults.sum())
        assert abs(living.has(behaviour.state)[adults].mean() - expected) < noise + 0.02, behaviour.state


def test_newborn_share_their_mothers_homes(history: CareSystem, living: Living) -> None:
    young = living.age < 2
    for name in CIRCUMSTANCES:
        expected = living.has(name)[living.age >= 18].mean()
        noise = 4 * np.sqrt(expected * (1 - expected) / max(young.sum(), 1))
        assert abs(living.has(name)[young].mean() - expected) < noise + 0.05


def test_who_knows_of_no_condition_is_not_managed(living: Living, history: CareSystem) -> None:
    held = (living.state >> np.uint64(history.states.first_condition)).astype(np.uint32)
    held &= history.epidemiology.managed.conditions
    unknown = (held != 0) & ((held & ~living("undiagnosed")) == 0)
    known = (held & ~living("undiagnosed")) != 0
    typical = history.evidence["managed.typical"]
    assert living("managed")[unknown].mean() < 0.25 * FULL  # some learned, or forgot, since their last review
    assert living("managed")[known].mean() / FULL == pytest.approx(typical, abs=0.15)
    assert set(np.unique(living("managed")[held == 0])) >= {history.epidemiology.managed.unaffected}
