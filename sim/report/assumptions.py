"""What was assumed: each scenario's levers, what was spent on them, who paid, and the weakest numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim import clock
from sim.errors import UserError
from sim.outcomes.rounding import MILLION
from sim.outcomes.sentences import baseline_spends
from sim.policy.budget import FELT
from sim.report import uneven
from sim.report.money import Floats, line_labels, moved
from sim.report.numbers import Numbers
from sim.report.words import join

if TYPE_CHECKING:
    from sim.evidence import Parameter
    from sim.policy.levers import Lever

WEAK = ("judgement", "recalled", "read")  # weakest first
GRADE_WORDS = {"judgement": "judged", "recalled": "recalled and unchecked", "read": "read in the source"}
MONEY = ("money.elasticity_up", "money.elasticity_down", "money.capacity_lag_months")
LEAST_PAID = 0.005  # £ million a year: less is rounding


@dataclass(frozen=True)
class Behind:
    """A lever as a scenario used it. asked: amount, payer, roll-out; spent: £ million, first year, last year, mean;
    dearest: amount and years where spending is uneven, else empty."""

    scenario: str
    lever: str
    label: str
    description: str
    asked: str
    spent: tuple[float, float, float]
    parameters: tuple[Parameter, ...]
    dearest: str = ""

    @property
    def weakest(self) -> str:
        """How many of its numbers rest on what, and the names of those that are judgements."""
        if not self.description:
            return "not known: the lever is not in this copy of the program"
        if not self.parameters:
            return "No number of its own: capacity follows money as in every service (see money.elasticity_up)."
        counts = {grade: sum(p.grade == grade for p in self.parameters) for grade in WEAK}
        words = join([f"{count} {GRADE_WORDS[grade]}" for grade, count in counts.items() if count])
        judged = [short(p.name) for p in self.parameters if p.grade == "judgement"]
        return f"{words}." + (f" Judged: {', '.join(judged)}." if judged else "")


def short(name: str) -> str:
    """``levers.link_workers.cost_per_person`` → ``cost per person``."""
    return name.split(".")[-1].replace("_", " ")


def behind(numbers: Numbers) -> list[Behind]:
    """Every lever on which a scenario spent money (or that its record names), in the order of the scenarios."""
    from sim.policy.levers import PERCENT

    results = numbers.results
    years = [k for k, year in enumerate(results.years) if year >= clock.fin_year(results.policy_start)]
    found = []
    for scenario in numbers.scenarios:
        runs = [results.record(scenario, pair) for pair in results.pairs]
        books = [run.money_years(run.lever_spend) for run in runs]
        for name in dict.fromkeys(key for book in books for key in book):
            nothing = np.zeros(len(results.years))
            mean = np.mean([book.get(name, nothing) for book in books], axis=0)[years] / MILLION
            if not len(mean) or not mean.any():
                continue
            lever = _lever(name)
            label, text = (lever.label, lever.description) if lever else (name.replace("_", " ").capitalize(), "")
            spent = (float(mean[0]), float(mean[-1]), float(mean.mean()))
            percent = lever is None or lever.unit == PERCENT
            asked = numbers.facts.asked(scenario, name, percent)
            most = uneven.dearest(mean, [results.years[k] for k in years]) if uneven.uneven(mean) else ""
            found.append(Behind(scenario, name, label, text, asked, spent, _parameters(lever), most))
    return found


def _lever(name: str) -> Lever | None:
    from sim.policy import levers

    try:
        return levers.load(name)
    except (UserError, OSError, KeyError):
        return None


def _parameters(lever: Lever | None) -> tuple[Parameter, ...]:
    from sim.evidence import load

    registry = load()
    names = dict.fromkeys(lever.parameters) if lever else {}
    return tuple(registry[name] for name in names if name in registry)


def of_money() -> tuple[Parameter, ...]:
    """The numbers that decide what any money moved does to capacity."""
    from sim.evidence import load

    registry = load()
    return tuple(registry[name] for name in MONEY if name in registry)


def payers(numbers: Numbers, scenario: str) -> str:
    """Who pays, with how much, from the money that was really moved in the runs."""
    book = moved(numbers, scenario)
    labels = line_labels()
    paying = {line: one for line, one in book.paying.items() if one.mean() > LEAST_PAID}
    amounts = {labels.get(line, line): one for line, one in sorted(paying.items(), key=lambda x: -x[1].mean())}
    if book.new.mean() > LEAST_PAID:
        amounts["new money"] = book.new
    if not amounts:
        return "nobody: no money moves"
    if baseline_spends(numbers.results):  # a line that has less than in it need not pay for anything
        return join([f"{who} {uneven.spent(one, book.years)}" for who, one in amounts.items()])
    unfelt = book.total(one for line, one in paying.items() if line not in FELT)
    warning = "" if unfelt.mean() < LEAST_PAID else (
        f". {_unfelt(unfelt, book.years)} of it comes from lines whose services are not in the model: taking it looks "
        "free, and is not"
    )  # fmt: skip
    if any(map(uneven.uneven, amounts.values())):
        return f"{join([f'{who} {uneven.spent(one, book.years)}' for who, one in amounts.items()])}{warning}"
    each = [f"{who} £{uneven.amount_of(float(one.mean()))}m" for who, one in amounts.items()]
    return f"{join(each)} a year{warning}"


def _unfelt(millions: Floats, years: Sequence[int]) -> str:
    if uneven.uneven(millions):
        return uneven.spent(millions, years)
    return f"£{uneven.amount_of(float(millions.mean()))}m"


def grades() -> dict[str, int]:
    """How many numbers of the registry are read, recalled, or judged."""
    from sim.evidence import load

    registry = load()
    return {grade: sum(p.grade == grade for p in registry.values()) for grade in reversed(WEAK)}
