"""What the report says of money, assumptions and sources: the ledgers, who pays, each number's source, provenance."""

from __future__ import annotations

import math
from typing import Any

from sim import clock
from sim.outcomes.change import ROUNDING
from sim.outcomes.rounding import MILLION, level
from sim.outcomes.rounding import signed as rounded
from sim.outcomes.sentences import baseline_spends, money_sentence, pounds
from sim.outcomes.summary import Interval
from sim.outcomes.value import MOVED_COUNTS, Worth, worth
from sim.report import assumptions
from sim.report.numbers import Numbers
from sim.report.parts import Head, Table
from sim.report.style import DASH, NBSP
from sim.report.uneven import amount_of
from sim.report.words import change, interval, join, step

COMMIT_SHOWN = 12  # of a commit's name
FINEST = 3  # decimals of £ million: thousands
LARGE = 20  # an amount from which decimals are not worth showing
ATTRIBUTION = (
    "Contains public sector information licensed under the Open Government Licence v3.0 "
    "(nationalarchives.gov.uk/doc/open-government-licence/version/3). Source: Office for National Statistics; "
    "contains OS data © Crown copyright and database right. NHS England, OHID and MHCLG data under the same licence."
)


def money_words(numbers: Numbers) -> list[str]:
    """What each scenario's money buys, in a sentence."""
    if not numbers.compared or numbers.results.policy_years < 1:
        return []
    first = (
        "Three ledgers that are never added up: cash that leaves a budget, capacity released for others, and social "
        f"value. £ of 2024/25, discounted to {clock.label(numbers.results.policy_start)}."
    )
    said = [first]
    for name in numbers.compared:
        found = worth(numbers.results, name)
        said.append(money_sentence(numbers.results, found))
        taken, lost, made = (found.items[key] for key in ("taken", "qalys_displaced", "qalys"))
        if taken.mean > 0 and not baseline_spends(numbers.results):  # else what is taken was partly its levers'
            said.append(
                f"What was taken from existing lines (£{pounds(taken.mean)}) would, at the NHS's margin, "
                f"have made about {level(lost.mean)} QALYs; in the model, gains and losses together come to "
                f"{change(made.mean, made.low, made.high)}. Where the model loses less by taking money than that, it "
                "flatters the scenario."
            )
            said.append(_both_sides(found))
    return said


def _both_sides(found: Worth) -> str:
    """Net health benefit with moved money counted as spent, and with new money alone."""
    spent, new = (found.items[f"net_health_benefit{of}"] for of in ("", "_of_new_money"))
    both = [_qalys(one) for one in (spent, new)]
    return (
        f"Net health benefit is {both[0]} when moved money counts as spent, at what the NHS would make of it at its "
        f"margin, and {both[1]} if only new money counted as cost. The first is the cautious side: what the model "
        "loses by the cut is in both."
    )


def _qalys(one: Interval) -> str:
    """``−370 QALYs (−490 to −260)``; without a range where all runs agree, and no rounding of sums as health."""
    if max(abs(one.mean), abs(one.low), abs(one.high)) < ROUNDING:
        return "0 QALYs in every run"
    ends = f" ({interval(one.low, one.high)})" if one.low < one.high else ""
    return f"{rounded(one.mean, step(one.low, one.high))} QALYs{ends}"


def money_tables(numbers: Numbers) -> list[Table]:
    """The three ledgers."""
    if not numbers.compared or numbers.results.policy_years < 1:
        return []
    frame = numbers.results.money()
    rows: dict[str, list[str]] = {}
    for one in frame.to_dict("records"):
        rows.setdefault(str(one["item"]), [_item_name(one)]).append(_amount(one))
    heads = [Head("Item"), *(Head(numbers.label(name), True) for name in numbers.compared)]
    years = numbers.results.policy_years
    return [
        Table(
            f"The ledgers over {years} year{'s' * (years != 1)}: mean, and where 90{NBSP}% of runs lie",
            heads,
            list(rows.values()),
            f"{MOVED_COUNTS} What the NHS would make of it is reckoned at its margin. The rows of new money alone "
            "show the other side.",
        )
    ]


def _item_name(one: dict[Any, Any]) -> str:
    label = str(one["label"])
    return label[:1].upper() + label[1:] + (", £m" if one["unit"] == "£" else "")


def _amount(one: dict[Any, Any]) -> str:
    scale = MILLION if one["unit"] == "£" else 1.0
    mean, low, high = (float(one[key]) / scale for key in ("mean", "low", "high"))
    if max(abs(mean), abs(low), abs(high)) < ROUNDING:
        return "0"
    largest = max(abs(mean), abs(low), abs(high))
    decimals = 0 if largest >= LARGE else 1
    if 0 < largest < 1:  # so that a small place's money does not read as nothing
        decimals = min(1 - math.floor(math.log10(largest)), FINEST)
    if low == high:
        return level(mean, decimals)
    return f"{level(mean, decimals)} ({level(low, decimals)}{NBSP}to{NBSP}{level(high, decimals)})"


def assumed(numbers: Numbers) -> list[str]:
    """Who pays in each scenario, from the money that moved in the runs."""
    who = "Who pays"
    if baseline_spends(numbers.results):
        who = f"Which lines have less than under {numbers.label(numbers.base)}"
    return [
        f"{numbers.label(name)}. {_ended(numbers.facts.description(name))}{who}: {assumptions.payers(numbers, name)}."
        for name in numbers.compared
    ]


def _ended(text: str) -> str:
    """A description with its full stop and the space behind it; nothing of an empty one."""
    text = text.strip()
    return f"{text}{'' if text.endswith(('.', '!', '?')) else '.'} " if text else ""


def assumption_tables(numbers: Numbers) -> list[Table]:
    """Levers and money; then every number behind them with its source."""
    found = assumptions.behind(numbers)
    if not found:
        return []
    heads = [
        Head("Lever"), Head("Scenario"), Head("What it does"), Head("What was asked"), Head("£m, first year", True),
        Head("£m, last year", True), Head("What its numbers rest on"),
    ]  # fmt: skip
    rows = [
        [
            b.label,
            numbers.label(b.scenario),
            b.description,
            b.asked + f"; dearest: {b.dearest}" * bool(b.dearest),
            _million(b.spent[0]),
            _million(b.spent[1]),
            b.weakest,
        ]
        for b in found
    ]
    seen = {p.name: p for p in (*assumptions.of_money(), *(p for b in found for p in b.parameters))}
    full = [[p.name, number_of(p.value), _range(p.low, p.high), p.unit, p.grade, p.source] for p in seen.values()]
    every = [
        Head("Number"),
        Head("Value", True),
        Head("95 % interval of the evidence", True),
        Head("Unit"),
        Head("Grade"),
        Head("Source"),
    ]
    tables = [Table("Levers, what was spent on them, and how good the evidence is", heads, rows)]
    return tables + ([Table("Every number behind these levers", every, full, folded=True)] if full else [])


def number_of(value: float | None) -> str:
    """A parameter's value as it stands in the registry."""
    return DASH if value is None else f"{value:,.6g}".replace("-", "−")


def _range(low: float | None, high: float | None) -> str:
    return DASH if low is None or high is None else f"{number_of(low)} to {number_of(high)}"


def _million(value: float) -> str:
    return amount_of(value)


def provenance_words(numbers: Numbers) -> list[str]:
    """What was run, with which program."""
    facts, results = numbers.facts.about, numbers.results
    packages = join([f"{name} {version}" for name, version in (facts.get("packages") or {}).items() if version])
    name = str(facts.get("commit") or "")
    commit = f", commit {name[:COMMIT_SHOWN]}{'+' * name.endswith('+')}" if name else ""
    draws, seeds = sorted({d for d, _ in results.pairs}), sorted({s for _, s in results.pairs})
    return [
        f"Place: {results.place_label}. Scenarios: {join([numbers.label(name) for name in numbers.scenarios])}. "
        f"{'Central values of the evidence (draw 0)' if numbers.central else f'Evidence draws {_listed(draws)}'}, "
        f"seeds {_listed(seeds)}, scale {results.scale:g}.",
        f"headwater {facts.get('version')}{commit}; Python {facts.get('python')}; {packages}. config.yaml in the same "
        "folder repeats the run; metadata.json holds hashes of the code, the evidence and the place.",
    ]


def _listed(values: list[int]) -> str:
    if len(values) > 2 and values == list(range(values[0], values[-1] + 1)):
        return f"{values[0]} to {values[-1]}"
    return join([str(v) for v in values])


def provenance_tables(numbers: Numbers) -> list[Table]:
    """Publishers, data sets and licences of the place's data."""
    place = numbers.place
    if place is None or not len(place.sources):
        return []
    columns = [c for c in ("fact", "publisher", "dataset", "year", "licence") if c in place.sources]
    rows = [[str(row[c]) for c in columns] for row in place.sources.to_dict("records")]
    return [Table("Data on the place", [Head(c.capitalize()) for c in columns], rows)]
