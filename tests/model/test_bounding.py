"""The experiments that bound what to expect do in the model what they say."""

from __future__ import annotations

import numpy as np
import pytest

from sim import system
from sim.life.behaviours import BEHAVIOURS
from sim.outcomes import bounds
from sim.outcomes.summary import Interval
from sim.policy.scenario import NO_POLICY
from sim.studies.fewer import Fewer
from sim.system import CareSystem
from sim.validation import bounding

pytestmark = pytest.mark.model
FROM, SHARE = 30, 0.4


def test_each_state_is_so_much_less_common_above_the_age(history: CareSystem) -> None:
    m = CareSystem(history.place, history.evidence, seed=history.seed, months=history.month + 2,
                   resume=history.history())  # fmt: skip
    r = m.residents.columns
    rows = np.flatnonzero(r["unique_id"][: m.residents.size] != 0)
    old = (m.month - r["born"][rows].astype(int)) // 12 >= FROM
    before = r["state"][rows].copy()
    Fewer(m, SHARE, FROM)()
    after = r["state"][rows]
    assert np.array_equal(before[~old], after[~old]), "the young stay as they are"
    risks = np.bitwise_or.reduce([m.states.mask(behaviour.state) for behaviour in BEHAVIOURS])
    kept = ~(risks | m.states.mask("ex_smoker"))
    assert np.array_equal(before & kept, after & kept), "nothing else changes"
    for behaviour in BEHAVIOURS:
        had = m.states.has(before[old], behaviour.state)
        left = m.states.has(after[old], behaviour.state)[had]
        noise = 4 * np.sqrt(SHARE * (1 - SHARE) / max(had.sum(), 1))
        assert abs(left.mean() - (1 - SHARE)) < noise, behaviour.state
    stopped = m.states.has(before, "smoker") & ~m.states.has(after, "smoker")
    assert m.states.has(after[stopped], "ex_smoker").all()
    again = after.copy()
    Fewer(m, SHARE, FROM)()
    assert np.array_equal(r["state"][rows], again), "the same people, month after month"


def test_a_change_is_that_of_the_last_year_of_the_shorter_record(history: CareSystem) -> None:
    base = system.run_scenario(history, NO_POLICY, 2)
    other = system.run_scenario(history, NO_POLICY, 1, holding=lambda m: Fewer(m, 1.0, 0))
    name = bounding.RISKS
    measure = bounds.BOUNDS[name][0]
    expected = other.years(measure)[-1] - base.years(measure)[-2]
    assert bounding.change(base, other, name) == pytest.approx(expected)
    measure = bounds.BOUNDS[bounding.CARE][0]
    expected = 100 * (other.years(measure)[-1] / base.years(measure)[-2] - 1)
    assert bounding.change(base, other, bounding.CARE) == pytest.approx(expected)


def test_the_experiments_are_said_beside_what_was_published() -> None:
    found = bounding.judged([{bounding.RISKS: -0.1, bounding.CARE: 0.5}, {bounding.RISKS: -0.3, bounding.CARE: 1.5}],
                            "toy", 1.0, "today")  # fmt: skip
    assert found[0].change == Interval(pytest.approx(-0.2), pytest.approx(-0.29), pytest.approx(-0.11), 2)
    said = bounding.render(found)
    assert "published: −0.3 pp" in said
    assert "+1.0 (+0.6 to +1.4) %" in said or "+1.00" in said
