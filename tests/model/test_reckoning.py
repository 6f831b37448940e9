"""What the report adds up closes on a real run: the list's remainder, and how many unmet needs ask again."""

from __future__ import annotations

import dataclasses
from math import sqrt

import numpy as np
import pytest

from sim.outcomes.results import Results
from sim.report import reckoning
from sim.report.numbers import Numbers
from sim.system import CareSystem

pytestmark = pytest.mark.model
STANDARD_ERRORS = 5


def test_the_account_of_the_waiting_list_closes_with_emergencies_and_those_who_left(history: CareSystem) -> None:
    """Against an empty record every flow is its own difference; the rest must be what the ledger entered."""
    start = history.month - 24
    real = history.recorder.copy().finish(scenario="real", draw=0, seed=1, meta={"policy_start": start})
    size = history.month - real.first_month
    real = dataclasses.replace(real, monthly=real.monthly[:size])
    none = dataclasses.replace(real, scenario="none", monthly=np.where(np.arange(size)[:, None, None] < start, 1, 0)
                               * real.monthly)  # fmt: skip
    results = Results([none, real])
    last = max(month for month in range(start, history.month) if month % 12 == (start + 11) % 12)
    ledger, unit = history.care.ledger, real.months("waiting_list")[last] / history.care.ledger.of("list_closing", last)
    parts = reckoning.terms(Numbers(results), reckoning.ACCOUNTS[0], "real")
    assert parts is not None
    opened = real.months("waiting_list")[start - 1]
    ends = sum(ledger.total(name, start, last) for name in ("emergencies_of_list", "left")) * unit
    # the empty record's list falls from what was open to nothing: that is part of the difference, and of the rest
    assert parts[reckoning.REST][0] == pytest.approx(opened - ends, rel=1e-9)
    assert parts["elective_completed"][0] == pytest.approx(-unit * ledger.total("stops", start, last))


def test_as_many_unmet_needs_ask_again_as_are_expected(history: CareSystem) -> None:
    run = history.recorder.copy().finish(scenario="real", draw=0, seed=1)
    months = slice(history.month - 24, history.month)
    unit = run.months("gp_need")[months].sum() / history.care.ledger.total("gp_need", months.start, months.stop - 1)
    asked = unit * history.care.ledger.total("unmet_again", months.start, months.stop - 1)
    # a binomial count, and who left between two months has gone with their needs: under a hundredth
    assert reckoning.asked_again(run)[months].sum() == pytest.approx(
        asked, abs=STANDARD_ERRORS * sqrt(unit * asked) + 0.01 * asked
    )
