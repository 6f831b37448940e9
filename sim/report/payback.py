"""When it pays back: what was spent less what came back, added up over the years, in cash and with capacity counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.outcomes.rounding import MILLION
from sim.outcomes.sentences import pounds
from sim.outcomes.summary import intervals
from sim.report import style, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.ledgers import Ledgers
    from sim.outcomes.results import Results

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Balance:
    """What a scenario is ahead (above 0) or behind, £ million discounted, by year end: means, and 90 % of runs of the
    cash line. In no run did it spend anything where `nothing` is true; where `cheaper` is, it costs less than the
    baseline, and there is nothing to pay back."""

    years: tuple[int, ...]
    cash: Floats
    low: Floats
    high: Floats
    with_capacity: Floats
    nothing: bool
    cheaper: bool = False


def balance(ledgers: Sequence[Ledgers], policy_start: int) -> Balance:
    """From the ledgers of all runs of a scenario."""
    months = len(ledgers[0].cost)
    ends = np.arange(clock.MONTHS_A_YEAR - 1, months, clock.MONTHS_A_YEAR)
    cash, both = (
        np.stack([
            np.cumsum(one.discounted_months(one.cash + with_capacity * one.capacity - one.cost))[ends] / MILLION
            for one in ledgers
        ])
        for with_capacity in (0.0, 1.0)
    )  # fmt: skip
    mid, low, high, _ = intervals(cash)
    first = clock.fin_year(policy_start)
    nothing = not any(one.cost.any() or one.cash.any() or one.capacity.any() for one in ledgers)
    cheaper = float(np.mean([one.total("cost") for one in ledgers])) < 0
    return Balance(tuple(range(first, first + len(ends))), mid, low, high, both.mean(axis=0), nothing, cheaper)


def payback(results: Results | Numbers, scenarios: Sequence[str] | None = None) -> style.Picture | None:
    """One column a scenario: the balance in cash, and with released capacity counted; None with less than a year."""
    numbers = Numbers.of(results)
    shown = list(scenarios or numbers.compared)[: style.MAX_SERIES]
    if not shown or numbers.results.policy_years < 1:
        return None
    found = {name: balance(numbers.ledgers(name), numbers.results.policy_start) for name in shown}
    with style.drawing():
        picture = style.Picture(height=3.7)
        band = f", with a band in which 90{style.NBSP}% of runs lie" * (numbers.runs > 1)
        note = (
            "£ million, discounted, added up since the policy starts: what came back less what the levers cost. "
            f"Solid{band}: cash. Dotted: with released capacity, which is not money. It pays back where a line stays "
            "above the axis."
        )
        if numbers.results.policy_years == 1:
            note = (
                "£ million, discounted, by the end of the only year: what came back less what the levers cost. Filled: "
                "cash. Hollow: with released capacity, which is not money. It pays back above the axis."
            )
        top = style.headline(picture, _finding(numbers, found), note + words.left_out(numbers, shown, scenarios))
        height = picture.get_figheight()
        row = picture.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        picture.subplots_adjust(left=0.08, right=0.94, top=top - 0.32 / height, bottom=0.36 / height, wspace=0.3)
        for axes, name in zip(row, shown, strict=True):
            one, look = found[name], numbers.looks[name]
            axes.axhline(0, color=style.INK, linewidth=1.2, linestyle=style.BASELINE_DASH, zorder=1.5)
            axes.fill_between(one.years, one.low, one.high, color=look.colour, alpha=0.16, linewidth=0)
            axes.plot(one.years, one.with_capacity, color=look.colour, linewidth=1.6, linestyle=(0, (1, 1.4)))
            axes.plot(one.years, one.cash, color=look.colour, linewidth=2.1)
            if len(one.years) == 1:  # no line goes through a single point
                for value, fill in ((one.with_capacity, style.PAPER), (one.cash, look.colour)):
                    axes.plot(one.years, value, "o", color=look.colour, markerfacecolor=fill, clip_on=False)
            axes.set_xlim(one.years[0], one.years[-1] + (len(one.years) == 1))
            axes.set_title(numbers.label(name), pad=8)
            axes.yaxis.set_major_locator(words.few_ticks())
            axes.yaxis.set_major_formatter(lambda value, _: words.million_tick(value))
            words.year_axis(axes, one.years)
        low, high = row[0].get_ylim()
        row[0].set_ylim(min(low, -0.1 * high, -1e-3), max(high, -0.1 * low, 1e-3))
        picture.alt = _alt(numbers, found)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _finding(numbers: Numbers, found: dict[str, Balance]) -> str:
    parts = []
    for name, one in found.items():
        who = numbers.label(name)
        if one.nothing:
            parts.append(f"{who} spends nothing and saves nothing")
            continue
        if one.cheaper:
            parts.append(f"{who} costs less than {numbers.label(numbers.base)} and has nothing to pay back")
            continue
        ledgers = numbers.ledgers(name)
        cash, both = (sum(x.payback_month(flag) is not None for x in ledgers) for flag in (False, True))
        runs = len(ledgers)
        if cash == both == 0:
            parts.append(f"{who} does not pay back in any run")
        else:
            parts.append(f"{who} pays back in cash in {cash} of {runs} runs, with released capacity in {both}")
    years = numbers.results.policy_years
    return f"Within {years} year{'s' * (years != 1)}: {'; '.join(parts)}"


def _alt(numbers: Numbers, found: dict[str, Balance]) -> str:
    parts = []
    for name, one in found.items():
        if one.nothing:
            parts.append(f"{numbers.label(name)}: nothing spent and nothing saved.")
            continue
        ends = (float(x[-1]) * MILLION for x in (one.cash, one.low, one.high, one.with_capacity))
        mid, low, high, both = (("−" if x < 0 else "+" if x > 0 else "") + "£" + pounds(abs(x)) for x in ends)
        band = f" ({low} to {high})" if low != high else ""
        parts.append(f"{numbers.label(name)}: cash {mid}{band}, with released capacity {both}.")
    years = len(next(iter(found.values())).years)
    after = f"{years} year{'s' * (years != 1)} after the policy starts"
    return f"Line charts by year. What came back less what was spent, {after}, discounted. {' '.join(parts)}"
