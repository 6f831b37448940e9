"""Tiles, tables and paragraphs of the report, from the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim import clock
from sim.outcomes.rounding import MILLION, level
from sim.outcomes.rounding import signed as rounded
from sim.outcomes.sentences import headline_measures, money_sentence
from sim.outcomes.summary import FEWEST_RUNS
from sim.outcomes.table import rows as table_rows
from sim.outcomes.value import worth
from sim.report import assumptions
from sim.report.numbers import Numbers
from sim.report.style import DASH, NBSP, number, percent, signed_percent
from sim.report.words import VERDICTS, change, first_sentence, interval, join, step

LARGE = 20  # an amount from which decimals are not worth showing
TILE_MEASURES = ("emergency_admissions", "waiting_list", "unmet_need", "life_satisfaction", "deaths")
SLOPES = ("inequality_emergency", "inequality_multimorbidity", "inequality_loneliness", "life_expectancy_gap")
ATTRIBUTION = (
    "Contains public sector information licensed under the Open Government Licence v3.0 "
    "(nationalarchives.gov.uk/doc/open-government-licence/version/3). Source: Office for National Statistics; "
    "contains OS "
    "data © Crown copyright and database right. NHS England, OHID and MHCLG data under the same licence."
)
PUBLISHED = [
    "To set beside these figures, from the literature: improving eight risk factors by a tenth in everyone over 30 "
    "changes "
    "the prevalence of major illness by about 0.3 percentage points in 20 years (Nature Communications 2025, "
    "s41467-025-64820-1); England's integrated-care programmes showed no fall in emergency admissions in two years "
    "(Morciano 2020); a system-dynamics model of 13 interventions claims 5.1 more years of life expectancy in 25 years "
    "(Systems 2023, 11:247). A result far beyond the first two needs explaining before it is believed."
]


@dataclass(frozen=True)
class Figure:
    """One figure of a tile."""

    name: str
    value: str
    interval: str
    words: str
    verdict: str


@dataclass(frozen=True)
class Tile:
    """A scenario at a glance."""

    label: str
    description: str
    colour: str
    figures: list[Figure]


@dataclass(frozen=True)
class Head:
    """A column's name, and whether it holds numbers."""

    name: str
    number: bool = False


@dataclass(frozen=True)
class Table:
    """A table: the first cell of each row names it. `folded`: shown only when asked for."""

    caption: str
    heads: list[Head]
    rows: list[list[str]]
    note: str = ""
    folded: bool = False


def tiles(numbers: Numbers) -> list[Tile]:
    """A tile for each scenario but the baseline."""
    made = []
    for scenario in numbers.compared:
        figures = []
        for measure in numbers.known(TILE_MEASURES):
            found = numbers.results.change(measure, scenario)
            d, verdict = found.difference, found.verdict
            small = numbers.info(measure).kind in ("mean", "share")
            unit = numbers.change_unit(measure)
            value = rounded(d.mean, step(d.low, d.high)) if small else signed_percent(found.percent.mean / 100)
            if verdict == "same":
                figures.append(Figure(numbers.info(measure).label, "No difference", unit, "in any run", "unclear"))
                continue
            shown = verdict if verdict in ("better", "worse") else "unclear"
            words = VERDICTS[verdict] if d.runs >= FEWEST_RUNS else "too few runs to say"
            ends = interval(d.low, d.high)
            figures.append(Figure(numbers.info(measure).label, value, f"{ends} {unit}", words, shown))
        colour = numbers.looks[scenario].colour
        made.append(
            Tile(numbers.label(scenario), first_sentence(assumptions.described(numbers, scenario)), colour, figures)
        )
    return made


def headline_tables(numbers: Numbers) -> list[Table]:
    """The table of the terminal, for the page."""
    results = numbers.results
    when = clock.fin_year_label(results.horizon)
    compared = [Head(numbers.label(name), True) for name in numbers.compared]
    heads = [Head("Measure"), Head("Unit"), Head(numbers.label(numbers.base), True), *compared]
    rows = [
        [row.label, row.unit, row.base, *(f"{c.first} ({c.second})" if c.second else c.first for c in row.cells)]
        for row in table_rows(results)
    ]
    return [Table(f"Headline figures in {when}: the level, and changes from it", heads, rows)]


def numbers_words(numbers: Numbers) -> list[str]:
    """How to read the table."""
    base = numbers.label(numbers.base)
    if not numbers.compared:
        return ["Means of the runs in the last year. All years and measures are in results.xlsx and summary.csv."]
    return [
        f"The third column is the level in {base}; the others are changes from it, and in brackets where 90{NBSP}% "
        "of runs "
        "lie. All years and measures are in results.xlsx and summary.csv."
    ]


def how_sure(numbers: Numbers) -> list[str]:
    """What the ranges mean, and what they leave out."""
    results = numbers.results
    draws, seeds = len({d for d, _ in results.pairs}), len({s for _, s in results.pairs})
    layout = f"{draws} draw{'s' * (draws != 1)} of the uncertain evidence × {seeds} seed{'s' * (seeds != 1)} of chance"
    graded = assumptions.grades()
    said = [
        f"Each scenario was run {results.runs} times: {layout}. A range such as “{interval(-2, 1)}” says where "
        f"90{NBSP}% of runs "
        "lie: what the model says under the uncertainty that was put into it. It is not a confidence interval and "
        "knows "
        "nothing of what the model leaves out.",
    ]
    if numbers.compared:
        said.append(
            "Scenarios are compared pair by pair under the same evidence and the same chance. Better or worse is "
            "said only "
            f"with at least {FEWEST_RUNS} runs and when the range lies on one side of zero."
        )
    total = sum(graded.values())
    if total:
        said.append(
            f"The registry of evidence holds {total} single numbers: {graded['read']} read in their source, "
            f"{graded['recalled']} recalled and still to be checked, {graded['judgement']} judged. All that have an "
            "interval "
            "are drawn anew in each draw of the evidence."
        )
    return said


def noise(numbers: Numbers) -> list[Table]:
    """How much of each change's spread is chance."""
    rows = []
    for measure in headline_measures(numbers.results):
        found = [numbers.results.change(measure, name) for name in numbers.compared]
        if all(one.verdict == "same" for one in found):
            continue
        shares = [
            "no change" if c.verdict == "same" else f"{_share(c.noise_share)}; {VERDICTS.get(c.verdict, c.verdict)}"
            for c in found
        ]
        rows.append([numbers.info(measure).label, *shares])
    heads = [Head("Measure"), *(Head(numbers.label(name)) for name in numbers.compared)]
    note = (
        "Share of the variance between runs of a change that is chance, by analysis of variance; the rest is "
        "uncertain evidence. "
        f"A large share asks for more seeds or a larger scale, a small one for better evidence. {DASH}: cannot be "
        "told with fewer "
        "than two draws and two seeds."
    )
    return [Table("Chance or evidence: where the spread of each change comes from", heads, rows, note)] if rows else []


def _share(value: float) -> str:
    return f"{percent(value, 0)} chance" if np.isfinite(value) else DASH


def inequality(numbers: Numbers) -> list[Table]:
    """Slope of inequality, level and change."""
    rows = []
    for measure in numbers.known(SLOPES):
        base = numbers.results.change(measure, numbers.base).base
        if not np.isfinite(base.mean):
            continue
        row = [f"{numbers.info(measure).label} ({numbers.info(measure).unit})", number(base.mean, 1)]
        for name in numbers.compared:
            c = numbers.results.change(measure, name)
            d, said = c.difference, VERDICTS.get(c.verdict, c.verdict)
            row.append("no change" if c.verdict == "same" else f"{change(d.mean, d.low, d.high)}, {said}")
        rows.append(row)
    heads = [Head("Slope, least to most deprived end"), Head(numbers.label(numbers.base), True)]
    heads += [Head(numbers.label(name), True) for name in numbers.compared]
    note = "Age-standardised slope index by local deprivation rank: above zero, more in the most deprived."
    year = clock.fin_year_label(numbers.results.horizon)
    return [Table(f"Inequality in {year}: level, and change from it", heads, rows, note)] if rows else []


def money_words(numbers: Numbers) -> list[str]:
    """What each scenario's money buys, in a sentence."""
    if not numbers.compared or numbers.results.policy_years < 1:
        return []
    first = (
        "Three ledgers that are never added up: cash that leaves a budget, capacity released for others, and social "
        "value. "
        f"£ of 2024/25, discounted to {clock.label(numbers.results.policy_start)}."
    )
    said = [first]
    for name in numbers.compared:
        found = worth(numbers.results, name)
        said.append(money_sentence(numbers.results, found))
        taken, lost, made = (found.items[key] for key in ("taken", "qalys_displaced", "qalys"))
        if taken.mean > 0:
            said.append(
                f"What was taken from existing lines (£{level(taken.mean / MILLION)}m) would, at the NHS's margin, "
                f"have made about {level(lost.mean)} QALYs; in the model, gains and losses together come to "
                f"{rounded(made.mean, step(made.low, made.high))} ({interval(made.low, made.high)}). Where the model "
                "loses "
                "less by taking money than that, it flatters the scenario."
            )
    return said


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
        )
    ]


def _item_name(one: dict[Any, Any]) -> str:
    label = str(one["label"])
    return label[:1].upper() + label[1:] + (", £m" if one["unit"] == "£" else "")


def _amount(one: dict[Any, Any]) -> str:
    scale = MILLION if one["unit"] == "£" else 1.0
    mean, low, high = (float(one[key]) / scale for key in ("mean", "low", "high"))
    if mean == low == high == 0:
        return "0"
    decimals = 0 if max(abs(low), abs(high)) >= LARGE else 1
    return f"{level(mean, decimals)} ({level(low, decimals)} to {level(high, decimals)})"


def assumed(numbers: Numbers) -> list[str]:
    """Who pays in each scenario, from the money that moved in the runs."""
    return [
        f"{numbers.label(name)}. {assumptions.described(numbers, name)} Who pays: "
        f"{assumptions.payers(numbers, name)}.".replace(". . ", ". ")
        for name in numbers.compared
    ]


def assumption_tables(numbers: Numbers) -> list[Table]:
    """Levers and money; then every number behind them with its source."""
    found = assumptions.behind(numbers)
    if not found:
        return []
    heads = [Head("Lever"), Head("Scenario"), Head("What it does"), Head("£m in the first year", True),
             Head("£m in the last", True), Head("What its numbers rest on")]  # fmt: skip
    rows = [
        [b.label, numbers.label(b.scenario), b.description, _million(b.spent[0]), _million(b.spent[1]), b.weakest]
        for b in found
    ]
    seen = {p.name: p for b in found for p in b.parameters}
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
    return number(value, 0 if abs(value) >= 9.95 else 1)


def provenance_words(numbers: Numbers) -> list[str]:
    """What was run, with which program."""
    from sim.studies.provenance import about

    facts, results = about(), numbers.results
    packages = join([f"{name} {version}" for name, version in facts["packages"].items() if version])
    commit = (
        f", commit {facts['commit'][:12]}{'+' if str(facts['commit']).endswith('+') else ''}" if facts["commit"] else ""
    )
    draws, seeds = sorted({d for d, _ in results.pairs}), sorted({s for _, s in results.pairs})
    return [
        f"Place: {results.place_label}. Scenarios: {join([numbers.label(name) for name in numbers.scenarios])}. "
        "Evidence draws "
        f"{_listed(draws)}, seeds {_listed(seeds)}, scale {results.scale:g}.",
        f"headwater {facts['version']}{commit}; Python {facts['python']}; {packages}. config.yaml in the same folder "
        "repeats the "
        "run; metadata.json holds hashes of the code, the evidence and the place.",
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
