"""What a scenario is worth, over all its runs: the three ledgers side by side, payback, and cost per QALY."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.outcomes.ledgers import Ledgers, icer
from sim.outcomes.summary import Interval, interval

if TYPE_CHECKING:
    import pandas as pd

    from sim.outcomes.results import Results

#: item → words; £ of 2024/25 discounted to the start of the policy, unless the words say otherwise
ITEMS = {
    "cost": "spent on the scenario's levers",
    "taken": "taken from existing budget lines",
    "cash": "(a) cash saved",
    "capacity": "(b) capacity released, at average cost (not cash)",
    "social_value": "(c) social value of QALYs",
    "wellbeing_value": "(c, instead) value of wellbeing years",
    "qalys": "QALYs gained",
    "wellbys": "wellbeing years gained",
    "qalys_low_rate": "QALYs gained, health discounted at 1.5 %",
    "wellbys_low_rate": "wellbeing years gained, discounted at 1.5 %",
    "qalys_elsewhere": "QALYs the NHS would make at its margin of the levers' cost less cash saved",
    "qalys_displaced": "QALYs expected to be lost by what was taken",
    "net_health_benefit": "net health benefit: QALYs gained less those the NHS would make of the same cost",
    "net_health_benefit_of_new_money": "net health benefit if only new money counted as cost",
    "net_benefit": "net benefit: QALYs at NICE's threshold less the same cost (released capacity left out)",
    "net_benefit_of_new_money": "net benefit if only new money counted as cost",
    "cash_practice": "of (a): in general practice",
    "cash_hospital": "of (a): in hospital",
    "capacity_practice": "of (b): in general practice",
    "capacity_hospital": "of (b): in hospital",
}
IN_POUNDS = (
    "cost", "taken", "cash", "capacity", "social_value", "wellbeing_value", "net_benefit",
    "net_benefit_of_new_money", "cash_practice", "cash_hospital", "capacity_practice", "capacity_hospital",
)  # fmt: skip
SECTORS = ("practice", "hospital")
DERIVED = (
    "social_value", "wellbeing_value", "qalys_elsewhere", "qalys_displaced", "net_health_benefit", "net_benefit",
    "net_health_benefit_of_new_money", "net_benefit_of_new_money",
)  # fmt: skip
MOVED_COUNTS = (
    "Money moved from existing lines counts as spent, as new money does. The health that the model loses by the cut is "
    "in the QALYs as well, so that this is the cautious side."
)
"""Said wherever the cost of the levers is set against health."""


@dataclass(frozen=True)
class Worth:
    """One scenario's worth. `items` by name (see `ITEMS`); payback in months from policy start.

    payback, payback_with_capacity   months of the runs that pay back (empty: none does within the horizon)
    cost_per_qaly   £, ratio of means; None where it has no meaning; `..._health_rate` with QALYs discounted at 1.5 %
    cost_saving, gains_health   signs of mean cost less cash saved, and of mean QALYs (to say dominates / dominated)
    """

    scenario: str
    runs: int
    years: int
    items: dict[str, Interval]
    payback: tuple[int, ...]
    payback_with_capacity: tuple[int, ...]
    cost_per_qaly: float | None
    cost_per_qaly_health_rate: float | None
    spends: bool
    cost_saving: bool
    gains_health: bool


def worth(results: Results, scenario: str) -> Worth:
    """A scenario's worth against the baseline of the same results."""
    runs = results.ledgers(scenario)
    items = {name: interval([_item(one, name) for one in runs]) for name in ITEMS}
    months = [one.payback_month() for one in runs]
    with_capacity = [one.payback_month(with_capacity=True) for one in runs]
    return Worth(
        *(scenario, len(runs), results.policy_years, items),
        payback=tuple(m for m in months if m is not None),
        payback_with_capacity=tuple(m for m in with_capacity if m is not None),
        cost_per_qaly=icer(runs),
        cost_per_qaly_health_rate=icer(runs, runs[0].values.discount_rate_health),
        spends=any(one.cost.any() for one in runs),
        cost_saving=float(np.mean([one.net_cost for one in runs])) < 0,
        gains_health=items["qalys"].mean > 0,
    )


def _item(one: Ledgers, name: str) -> float:
    if name.endswith("_low_rate"):
        return one.total(name.removesuffix("_low_rate"), one.values.discount_rate_health)
    ledger, _, sector = name.partition("_")
    if sector in SECTORS:
        return one.discounted(getattr(one, f"{ledger}_by").get(sector, np.zeros(len(one.cost))))
    return float(getattr(one, name)) if name in DERIVED else one.total(name)


def money_table(results: Results) -> pd.DataFrame:
    """A row for each scenario but the baseline and each item: scenario, item, label, unit, mean, low, high, runs."""
    import pandas as pd

    rows = [
        {
            "scenario": scenario,
            "item": item,
            "label": ITEMS[item],
            "unit": "£" if item in IN_POUNDS else "years",
            "mean": one.mean,
            "low": one.low,
            "high": one.high,
            "runs": one.runs,
        }
        for scenario in results.others
        for item, one in worth(results, scenario).items.items()
    ]
    return pd.DataFrame(rows, columns=["scenario", "item", "label", "unit", "mean", "low", "high", "runs"])
