"""What the report says of the findings: tiles, headline table, inequality, and how sure they are."""

from __future__ import annotations

import numpy as np

from sim import clock
from sim.outcomes import bounds
from sim.outcomes.rounding import signed as rounded
from sim.outcomes.sentences import headline_measures
from sim.outcomes.summary import FEWEST_RUNS
from sim.outcomes.table import rows as table_rows
from sim.report import assumptions
from sim.report.numbers import Numbers
from sim.report.parts import Figure, Head, Table, Tile
from sim.report.style import DASH, NBSP, number, percent, signed_percent
from sim.report.words import VERDICTS, change, first_sentence, interval, step

TILE_MEASURES = ("emergency_admissions", "waiting_list", "unmet_need", "life_satisfaction", "deaths")
LEAST_OF_PUBLISHED = 0.01
SLOPES = ("inequality_emergency", "inequality_multimorbidity", "inequality_loneliness", "life_expectancy_gap")
PUBLISHED = [
    "To set beside these figures, from the literature: improving eight risk factors by a tenth in everyone over 30 "
    "changes the prevalence of major illness by about 0.3 percentage points in 20 years (Nature Communications 2025, "
    "s41467-025-64820-1); England's integrated-care programmes showed no fall in emergency admissions in two years "
    "(Morciano 2020); a system-dynamics model of 13 interventions claims 5.1 more years of life expectancy in 25 "
    "years (Systems 2023, 11:247). A result far beyond the first two needs explaining before it is believed."
]


def tiles(numbers: Numbers) -> list[Tile]:
    """A tile for each scenario but the baseline."""
    made = []
    for scenario in numbers.compared:
        figures = []
        for measure in numbers.known(TILE_MEASURES):
            found = numbers.results.change(measure, scenario)
            d, verdict, least = found.difference, found.verdict, numbers.least(measure)
            small = numbers.info(measure).kind in ("mean", "share")
            unit = numbers.change_unit(measure)
            value = rounded(d.mean, step(d.low, d.high, least)) if small else signed_percent(found.percent.mean / 100)
            if verdict == "same":
                figures.append(Figure(numbers.info(measure).label, "No difference", unit, "in any run", "unclear"))
                continue
            shown = verdict if verdict in ("better", "worse") else "unclear"
            words = VERDICTS[verdict] if d.runs >= FEWEST_RUNS else "too few runs to say"
            ends = interval(d.low, d.high, least) if d.runs > 1 else rounded(d.mean, step(d.low, d.high, least))
            figures.append(Figure(numbers.info(measure).label, value, f"{ends} {unit}", words, shown))
        colour = numbers.looks[scenario].colour
        made.append(Tile(numbers.label(scenario), first_sentence(numbers.facts.description(scenario)), colour, figures))
    return made


def headline_tables(numbers: Numbers) -> list[Table]:
    """The table of the terminal, for the page."""
    results = numbers.results
    when = clock.fin_year_label(results.horizon)
    compared = [Head(numbers.label(name), True) for name in numbers.compared]
    heads = [Head("Measure"), Head("Unit"), Head(numbers.label(numbers.base), True), *compared]
    rows = [
        [row.label, row.unit, row.base, *(_cell(c.first, c.second) for c in row.cells)] for row in table_rows(results)
    ]
    return [Table(f"Headline figures in {when}: the level, and changes from it", heads, rows)]


def _cell(first: str, second: str) -> str:
    """A change with its range, the range kept in one piece."""
    return f"{first} ({second.replace(' to ', f'{NBSP}to{NBSP}')})" if second else first


def numbers_words(numbers: Numbers) -> list[str]:
    """How to read the table."""
    base = numbers.label(numbers.base)
    if not numbers.compared:
        return ["Means of the runs in the last year. All years and measures are in results.xlsx and summary.csv."]
    return [
        f"The third column is the level in {base}; the others are changes from it, and in brackets where 90{NBSP}% of "
        "runs lie. All years and measures are in results.xlsx and summary.csv."
    ]


def how_sure(numbers: Numbers) -> list[str]:
    """What the ranges mean, and what they leave out."""
    results = numbers.results
    draws = len({d for d, _ in results.pairs})
    seeds = results.runs // draws
    evidence = f"{draws} draw{'s' * (draws != 1)} of the uncertain evidence"
    if numbers.central:
        evidence = "the central values of the evidence"
    layout = f"{evidence} × {seeds} seed{'s' * (seeds != 1)} of chance"
    graded = assumptions.grades()
    who = "Each scenario" if numbers.compared else "The scenario"
    times = "once" if results.runs == 1 else f"{results.runs} times"
    said = [f"{who} was run {times}: {layout}."]
    if results.runs > 1:
        said[0] += (
            f" A range such as “−2 to +1” says where 90{NBSP}% of runs lie: what the model says under "
            f"{'chance alone' if numbers.one_draw else 'the uncertainty that was put into it'}. It is not a confidence "
            "interval and knows nothing of what the model leaves out."
        )
    else:
        said[0] += " One run shows no range: neither what chance does nor what is not known of the evidence."
    if numbers.compared:
        said.append(
            "Scenarios are compared pair by pair under the same evidence and the same chance. Better or worse is "
            f"said only with at least {FEWEST_RUNS} runs and when the range lies on one side of zero."
        )
    total = sum(graded.values())
    if total:
        said.append(
            f"The registry of evidence holds {total} single numbers: {graded['read']} read in their source, "
            f"{graded['recalled']} recalled and still to be checked, {graded['judgement']} judged. "
            + (
                "None was drawn from its interval in these runs."
                if numbers.central
                else "All that have an interval are drawn anew in each draw of the evidence."
            )
        )
    return said


def noise(numbers: Numbers) -> list[Table]:
    """How much of each change's spread is chance; none where all runs share one draw of the evidence."""
    if numbers.one_draw:
        return []
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
        "uncertain evidence. A large share asks for more seeds or a larger scale, a small one for better evidence. "
        f"{DASH}: cannot be told with fewer than two draws and two seeds."
    )
    return (
        [Table("Chance or evidence: where the spread of each change comes from", heads, rows, note, True)]
        if rows
        else []
    )


def _share(value: float) -> str:
    return f"{percent(value, 0)} from chance" if np.isfinite(value) else DASH


def beside(numbers: Numbers) -> list[Table]:
    """What the literature found or claimed beside each scenario's own figure."""
    rows = []
    for bound in bounds.bounds(numbers.results):
        found = [bound.changes[name] for name in numbers.compared]
        figures = [
            ("cannot be told" if one.runs == 0 else change(one.mean, one.low, one.high, LEAST_OF_PUBLISHED))
            + " – further" * bound.beyond(name)
            for name, one in zip(numbers.compared, found, strict=True)
        ]
        when = clock.fin_year_label(bound.year)
        published = f"{rounded(bound.published, decimals=1)} in {bound.asked} years: {bound.words}"
        rows.append([f"{bound.label[:1].upper()}{bound.label[1:]} ({bound.unit}), {when}", published, *figures])
    heads = [Head("Change against the baseline"), Head("Published")]
    heads += [Head(numbers.label(name), True) for name in numbers.compared]
    further = any(cell.endswith("further") for row in rows for cell in row)
    note = "“Further”: the whole range of runs lies beyond the published figure; explain it before believing it."
    note *= further
    return [Table("Beside the literature: what others found or claimed", heads, rows, note)] if rows else []


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
            row.append(
                "no change"
                if c.verdict == "same"
                else f"{change(d.mean, d.low, d.high, numbers.least(measure))}, {said}"
            )
        rows.append(row)
    heads = [Head("Slope, least to most deprived end"), Head(numbers.label(numbers.base), True)]
    heads += [Head(numbers.label(name), True) for name in numbers.compared]
    note = (
        "Age-standardised slope index by local deprivation rank: above zero, more in the most deprived. The gap is the "
        "life expectancy of the least deprived fifth less that of the most deprived: above zero, the most deprived "
        "live shorter."
    )
    year = clock.fin_year_label(numbers.results.horizon)
    title = f"Inequality in {year}{': level, and change from it' if numbers.compared else ''}"
    return [Table(title, heads, rows, note)] if rows else []
