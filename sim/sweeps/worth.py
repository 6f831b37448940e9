"""The three ledgers as outcomes of a sweep: what a scenario costs and gives back against the baseline, year by year.

Everything is discounted to the start of the policy, so that the plain sum over years is the total of
`sim.outcomes.ledgers`. Years before the policy are nought, and so is the baseline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.ledgers import Ledgers, ledgers
from sim.outcomes.measure import Measure
from sim.outcomes.record import put_together

if TYPE_CHECKING:
    from sim.outcomes.ledgers import Values
    from sim.outcomes.record import RunRecord

Array = NDArray[Any]


def _measure(name: str, label: str, unit: str, good: int) -> Measure:
    return Measure(name, label, unit, "computed", good, topic="money")


MEASURES: dict[str, Measure] = {
    one.name: one
    for one in (
        _measure("cost", "spending on levers, discounted", "£ a year", 0),
        _measure("cash", "cash saved, discounted", "£ a year", 1),
        _measure("capacity", "capacity released, discounted (not cash)", "£ a year", 1),
        _measure("net_cost", "cost of the levers less cash saved, discounted", "£ a year", -1),
        _measure("net_cost_with_capacity",
                 "cost of the levers less cash saved and capacity released, discounted", "£ a year", -1),
        _measure("qalys_gained", "QALYs gained, discounted", "QALYs a year", 1),
        _measure("wellbys_gained", "wellbeing years gained, discounted", "wellbeing years a year", 1),
        _measure("net_benefit",
                 "net benefit: QALYs at NICE's threshold less the levers' cost (less cash saved), discounted",
                 "£ a year", 1),
        _measure("net_health_benefit",
                 "net health benefit: QALYs gained less those the NHS would make of that cost",
                 "QALYs a year", 1),
    )
}  # fmt: skip
"""Outcomes against the baseline. Names are those that an experiment's `outcomes` may hold beside recorded measures."""


def by_year(
    run: RunRecord, baseline: RunRecord, policy_start: int, values: Values | None = None
) -> dict[str, Array]:  # fmt: skip
    """Every outcome of `MEASURES` by complete financial year: float64[years] each.

    values: prices; by default those of the run's own evidence draw. Raises `UserError` as `ledgers` does.
    """
    found = ledgers(run, baseline, policy_start, values)
    return {name: _years(amounts, run, policy_start) for name, amounts in _months(found).items()}


def _months(found: Ledgers) -> dict[str, Array]:
    """Monthly discounted amounts from the start of the policy on."""
    prices = found.values
    cost, cash, capacity, qalys, wellbys = (
        found.discounted_months(getattr(found, name)) for name in ("cost", "cash", "capacity", "qalys", "wellbys")
    )
    net = cost - cash
    return {
        "cost": cost,
        "cash": cash,
        "capacity": capacity,
        "net_cost": net,
        "net_cost_with_capacity": net - capacity,
        "qalys_gained": qalys,
        "wellbys_gained": wellbys,
        "net_benefit": qalys * prices.worth_paying - net,
        "net_health_benefit": qalys - net / prices.nhs_cost_per_qaly,
    }


def _years(amounts: Array, run: RunRecord, policy_start: int) -> Array:
    whole = np.zeros(run.n_months)
    whole[policy_start - run.first_month :] = amounts
    return put_together(run.by_year(whole), "sum")
