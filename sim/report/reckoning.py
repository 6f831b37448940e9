"""Where large changes come from: the flows that make a stock what it is, added up since the policy started.

A stock (a waiting list, needs unmet) gathers what every year leaves over, so that small changes of its flows make large
ones of the stock. For each account the paired change of the stock is the sum of paired changes of its flows; what no
record tells apart is the remainder, so that the account closes in every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.clock import MONTHS_A_YEAR
from sim.outcomes.change import less
from sim.outcomes.ledgers import evidence_of
from sim.outcomes.record import RunRecord, april
from sim.outcomes.summary import Interval, interval
from sim.report.numbers import Numbers

Array = NDArray[Any]
LARGE = 20.0
"""Per cent of the baseline's level from which a clear change is large."""
REST = "rest"
CHANCE_TO_ASK, CHANCE_TO_END = "care.unmet_return", "care.unmet_resolves"


@dataclass(frozen=True)
class Account:
    """A stock and its recorded flows. rest: whatever else ends; lines: of the budget, whose money makes its capacity;
    judged: parameters that decide its level, beside those of money."""

    stock: str
    come: str
    go: tuple[str, ...]
    rest: str
    lines: tuple[str, ...]
    judged: tuple[str, ...] = ()


ACCOUNTS = (
    Account("waiting_list", "elective_referrals", ("elective_completed", "elective_removed"),
            "became emergencies, died or moved away", ("acute_elective", "outpatient"), ("care.removal_share",)),
    Account("community_waiting", "community_referrals", (), "were taken on or dropped out", ("community",)),
    Account("mental_health_waiting", "mental_health_referrals", (), "were taken on or dropped out",
            ("mental_health",)),
    Account("social_care_waiting", "social_care_requests", (), "were taken on or dropped out", ("adult_social_care",)),
    Account("vcse_waiting", "vcse_referrals", (), "were taken on or dropped out", ("health_creation",)),
)  # fmt: skip
PRACTICE = ("unmet_need", "gp_waiting")
"""Stocks at general practice, whose account is that of a year's contacts (`practice`)."""
PRACTICE_LINES = ("general_practice",)


def large(numbers: Numbers, measure: str, scenario: str) -> bool:
    """Whether a scenario's change of a measure at the horizon is clear and a fifth or more of the baseline's level."""
    if measure not in numbers.results.shown:
        return False
    change = numbers.results.change(measure, scenario)
    return change.verdict not in ("same", "unclear") and abs(change.percent.mean) >= LARGE


def terms(numbers: Numbers, account: Account, scenario: str) -> dict[str, Array] | None:
    """What each flow adds to the change of the stock at the horizon, by run: sums of paired differences from the
    policy's start on, outflows with their sign turned; `REST` closes the account. None where a flow is not recorded."""
    results = numbers.results
    flows = (account.come, *account.go)
    if not {account.stock, *flows} <= set(results.shown):
        return None
    first = results.record(numbers.base).first_month
    start, end = results.policy_start - first, april(results.horizon) + MONTHS_A_YEAR - first
    start = max(start, 0)

    def paired(name: str) -> Array:
        return less(results.months(name, scenario), results.months(name, numbers.base))

    stock = paired(account.stock)
    change = stock[:, end - 1] - (stock[:, start - 1] if start else 0.0)
    sums = {name: paired(name)[:, start:end].sum(axis=1) * (1 if name == account.come else -1) for name in flows}
    return {**sums, REST: change - np.sum(list(sums.values()), axis=0)}


def asked_again(run: RunRecord) -> Array:
    """Unmet needs expected to ask their practice again, by month: each of those open a month before does so with a
    chance; float64[months], nothing in the first."""
    chance = evidence_of(run)[CHANCE_TO_ASK]
    return chance * np.concatenate([[0.0], run.months("unmet_need")[:-1]])


def practice(numbers: Numbers, scenario: str) -> dict[str, Array]:
    """A year's contacts with general practice at the horizon by run, of one scenario: offered (where recorded), made,
    asked for, of these asked again by unmet needs (expected) and new; given up and gone to A&E, less what asked again:
    those that go without in the end; then the stocks of March."""
    results = numbers.results
    k = results.years.index(results.horizon)
    found = {
        name: results.values(name, scenario)[:, k]
        for name in ("gp_capacity", "gp_appointments", "gp_need", "gp_given_up", "gp_to_ed", *PRACTICE)
        if name in results.shown
    }
    runs = (results.record(scenario, pair) for pair in results.pairs)
    again = np.array([run.by_year(asked_again(run))[k].sum() for run in runs])
    return {
        **found,
        "again": again,
        "new": found["gp_need"] - again,
        "without": found["gp_given_up"] + found["gp_to_ed"] - again,
    }


def money(numbers: Numbers, scenario: str, lines: Sequence[str]) -> tuple[Interval, float]:
    """£ a year that lines together have more (or less) than in the baseline at the horizon, and as per cent of what
    they have there."""
    results = numbers.results
    k = results.years.index(results.horizon)

    def held(name: str) -> Array:
        runs = (results.record(name, pair) for pair in results.pairs)
        books = [run.money_years(run.spend) for run in runs]
        return np.array([sum(book[line][k] for line in lines if line in book) for book in books], np.float64)

    base = held(numbers.base)
    change = less(held(scenario), base)
    return interval(change), float(100 * change.mean() / base.mean()) if base.mean() > 0 else 0.0
