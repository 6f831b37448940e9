"""What the pictures say: the finding above each, made from the numbers that are drawn.

A finding must stay true when a scenario does harm, or nothing. A change counts as clear only when at least five paired
runs were made and the middle 90 % of them lie on one side of zero; otherwise it is called not clear, whatever its mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim import clock
from sim.outcomes.summary import FEWEST_RUNS
from sim.report.numbers import Numbers, clear
from sim.report.style import NBSP, number, signed_percent, significant
from sim.report.words import join, span, verdict

TENTHS = 10  # neighbourhoods: of fewer no tenth can be named
LONG_WAITS = "waiting_over_18w_share"  # the mean of the runs' shares, as in the table: not the share of the means


def of_last_year(numbers: Numbers, measure: str, scenario: str) -> str:
    """The verdict on one measure in the last year."""
    line = numbers.change(measure, scenario)
    mid, low, high = float(line.mid[-1]), float(line.low[-1]), float(line.high[-1])
    return verdict(mid, low, high, numbers.info(measure).good, line.runs)


def who_moves(numbers: Numbers, measure: str, scenarios: Sequence[str]) -> str:
    """``Health creation −2.1 %; no clear difference: New hospital``, in the last year, against the baseline."""
    clear_ones: list[str] = []
    quiet: list[str] = []
    nothing: list[str] = []
    for name in scenarios:
        if name == numbers.base:
            continue
        line, share = numbers.change(measure, name), float(numbers.share_change(measure, name).mid[-1])
        if line.same():
            nothing.append(numbers.label(name))
        elif line.clear() and np.isfinite(share):
            clear_ones.append(f"{numbers.label(name)} {signed_percent(share)}")
        else:
            quiet.append(numbers.label(name))
    said = [join(clear_ones)] if clear_ones else []
    said += [f"no clear difference: {join(quiet)}"] if quiet else []
    said += [f"no difference: {join(nothing)}"] if nothing else []
    return "; ".join(said)


def against(numbers: Numbers, lead: str, measure: str, scenarios: Sequence[str]) -> str:
    """A sentence on who moves a measure, or that there are too few runs to say; empty where nobody is compared."""
    others = [name for name in scenarios if name != numbers.base]
    if not others:
        return ""
    if numbers.runs < FEWEST_RUNS and not all(numbers.change(measure, name).same() for name in others):
        return f". {few_runs(numbers)}"
    return f". {lead}: {who_moves(numbers, measure, others)}"


def trend(numbers: Numbers, measure: str, scenarios: Sequence[str]) -> str:
    """What the first row shows: where the baseline goes, and who moves it."""
    line = numbers.level(measure, numbers.base)
    first, last = float(line.mid[0]), float(line.mid[-1])
    growth = f" ({signed_percent(last / first - 1, 0)})" if first > 0 and len(line.years) > 1 else ""
    path = f"{numbers.shown(measure, first)} → {numbers.shown(measure, last)}{growth}, {span(line.years)}"
    sentence = f"{numbers.info(measure).label} under {numbers.label(numbers.base)}: {path}"
    return sentence + against(numbers, "Against that", measure, scenarios)


def long_waits(numbers: Numbers, scenarios: Sequence[str]) -> str:
    """How many wait longer than 18 weeks at the end: the baseline's share, and whom scenarios clearly change."""
    year = clock.fin_year_label(numbers.years[-1])
    if numbers.level("waiting_list", numbers.base).mid[-1] <= 0:
        return f"Nobody waits under {numbers.label(numbers.base)} in {year}"
    share = numbers.shown(LONG_WAITS, float(numbers.level(LONG_WAITS, numbers.base).mid[-1]))
    text = f"{share}{NBSP}% of those who wait in {year} under {numbers.label(numbers.base)} have waited over 18 weeks"
    return text + against(numbers, "Their number against that", "waiting_over_18w", scenarios)


def clear_count(numbers: Numbers, measures: Sequence[str], scenarios: Sequence[str]) -> str:
    """``Of 6 measures in 2045/46: Health creation improves 3 and worsens none; …``, counting clear changes only."""
    year = clock.fin_year_label(numbers.years[-1])
    if numbers.runs < FEWEST_RUNS:
        return few_runs(numbers)
    parts = []
    for name in scenarios:
        said = [of_last_year(numbers, measure, name) for measure in measures]
        better, worse = said.count("better"), said.count("worse")
        if all(v == "same" for v in said):
            parts.append(f"{numbers.label(name)} changes nothing")
        elif better == worse == 0:
            parts.append(f"{numbers.label(name)} changes none clearly")
        else:
            parts.append(f"{numbers.label(name)} improves {better or 'none'}, worsens {worse or 'none'}")
    return f"Of these {len(measures)} measures in {year}: {'; '.join(parts)}"


def few_runs(numbers: Numbers) -> str:
    """What is said in place of a finding when there are too few runs to claim a direction."""
    runs = f"{numbers.runs} run{'' if numbers.runs == 1 else 's'} of each scenario"
    return f"With {runs} no direction is claimed: at least {FEWEST_RUNS} are needed"


def extremes(numbers: Numbers, measures: Sequence[str], scenario: str) -> dict[str, str]:
    """The measure with the largest clear gain (``better``) and loss (``worse``), in per cent; those that there are."""
    most: dict[str, tuple[float, str]] = {}
    for measure in measures:
        found = of_last_year(numbers, measure, scenario)
        size = abs(float(numbers.share_change(measure, scenario).mid[-1]))
        if found in ("better", "worse") and np.isfinite(size) and size >= most.get(found, (0.0, ""))[0]:
            most[found] = (size, measure)
    return {found: measure for found, (_, measure) in most.items()}


def balance(numbers: Numbers, measures: Sequence[str], scenarios: Sequence[str]) -> str:
    """The largest clear gain and the largest clear loss of each scenario, in per cent of the baseline."""
    if numbers.runs < FEWEST_RUNS:
        return few_runs(numbers)
    parts = []
    for name in scenarios:
        most = {
            found: f"{numbers.name(measure)} ({signed_percent(float(numbers.share_change(measure, name).mid[-1]))})"
            for found, measure in extremes(numbers, measures, name).items()
        }
        label = numbers.label(name)
        if all(of_last_year(numbers, measure, name) == "same" for measure in measures):
            parts.append(f"{label} changes nothing")
        elif not most:
            parts.append(f"{label}: nothing clear")
        else:
            gain = f"best change {most['better']}" if "better" in most else "none clearly better"
            loss = f"worst {most['worse']}" if "worse" in most else "none clearly worse"
            parts.append(f"{label}: {gain}, {loss}")
    return f"In {clock.fin_year_label(numbers.years[-1])}. {'. '.join(parts)}"


def bath(numbers: Numbers, baths: Sequence[tuple[str, str, str]], scenarios: Sequence[str]) -> str:
    """What becomes of each tap and bath under the baseline, and who moves the first bath."""
    parts = []
    for tap, stock, _ in baths:
        flow, level = numbers.level(tap, numbers.base), numbers.level(stock, numbers.base)
        grown = [float(x.mid[-1] / x.mid[0] - 1) if x.mid[0] > 0 else float("nan") for x in (flow, level)]
        parts.append(f"{numbers.name(stock)} {signed_percent(grown[1], 0)} (inflow {signed_percent(grown[0], 0)})")
    years = span(numbers.years)
    text = f"Under {numbers.label(numbers.base)}, {years}: {'; '.join(parts)}"
    if not baths:
        return text
    stock = baths[0][1]
    return text + against(numbers, f"{numbers.info(stock).label} against that", stock, scenarios)


def gradient(numbers: Numbers, measures: Sequence[str], scenarios: Sequence[str]) -> str:
    """Whether the change in the most deprived fifth is clearly better or worse than in the least deprived one."""
    if numbers.runs < FEWEST_RUNS:
        return few_runs(numbers)
    parts = []
    for name in scenarios:
        said = []
        for measure in measures:
            low, mid, high = numbers.gap_change(measure, name)
            said.append(verdict(mid, low, high, numbers.info(measure).good, numbers.runs))
        better, worse = said.count("better"), said.count("worse")
        if better or worse:
            parts.append(f"{numbers.label(name)} better in {better or 'none'}, worse in {worse or 'none'}")
        elif all(one == "same" for one in said):
            parts.append(f"{numbers.label(name)} no difference")
        else:
            parts.append(f"{numbers.label(name)} no clear difference")
    return f"Does the most deprived fifth fare better than the least? Of {len(measures)} measures: {'; '.join(parts)}"


def neighbourhoods(numbers: Numbers, measure: str, scenarios: Sequence[str]) -> str:
    """In how many neighbourhoods each scenario clearly changes the measure."""
    label = numbers.info(measure).label
    level = numbers.area_level(measure)
    if not scenarios or numbers.runs < FEWEST_RUNS:
        decimals = significant(float(np.nanmedian(level)))
        many = len(level) >= TENTHS
        low, high = (number(float(np.nanquantile(level, q)), decimals) for q in ((0.1, 0.9) if many else (0, 1)))
        text = f"{label} by neighbourhood: " + (
            f"nine tenths lie above {low}, nine tenths below {high}" if many else f"from {low} to {high}"
        )
        return text if not scenarios else f"{text}. {few_runs(numbers)}"
    parts = []
    for name in scenarios:
        counts = numbers.area_change(measure, name).counts()
        said = f"better in {counts['better']}, worse in {counts['worse']}"
        parts.append(f"{numbers.label(name)} {said if counts['unclear'] < len(level) else 'none'}")
    return f"{label}, {len(level)} neighbourhoods, clear changes: {'; '.join(parts)}"


def is_clear(low: float, high: float, numbers: Numbers) -> bool:
    """Whether a range of paired differences of these runs has a clear direction."""
    return clear(low, high, numbers.runs)
