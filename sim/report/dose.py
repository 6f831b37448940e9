"""The explorer of a comparison: any headline measure, scenario (the first one with more and less money) and year.

The numbers are precomputed and stand in the page. Without scripts the first view is read: the last year of the first
measure. A picture beside it shows how the change grows with the money that was really spent: what is asked for cannot
always be spent, as eligible people run out. Other amounts are compared on the few runs that all of them have.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from sim import clock
from sim.outcomes.rounding import apart, plain, step_of
from sim.outcomes.rounding import signed as rounded
from sim.outcomes.sentences import headline_measures
from sim.outcomes.summary import FEWEST_RUNS, intervals
from sim.report import style, words
from sim.report.numbers import Numbers
from sim.report.parts import Head, Table
from sim.studies.dose import times_of

if TYPE_CHECKING:
    from sim.outcomes.results import Results

Floats = NDArray[np.float64]
PICTURED = ("emergency_admissions", "waiting_list", "unmet_need", "lonely", "life_satisfaction", "deaths")
TEMPLATES = Path(__file__).parent / "templates"
FIGURES = 5  # significant ones of a number in the page


@dataclass(frozen=True)
class Option:
    """What can be chosen.

    share    multiple of the money that was asked for; source: the results in which `scenario` is found
    shared   whether it is taken on those runs only that were made with every amount
    """

    label: str
    scenario: str
    share: float
    source: Results
    shared: bool = False


def options(numbers: Numbers) -> list[Option]:
    """Every compared scenario on all its runs; then the first one's amounts, its own among them, on the runs that all
    amounts share."""
    results = numbers.results
    found = []
    for scenario in numbers.compared:
        asked = _asked(numbers, scenario, 1.0)
        label = numbers.label(scenario)
        found.append(Option(f"{label} ({asked})" if asked else label, scenario, 1.0, results))
    more = results.explored
    if more is None or not numbers.compared:
        return found
    first = numbers.compared[0]
    label = numbers.label(first)
    every = [(1.0, first, results), *((times_of(name), name, more) for name in more.others)]
    for times, name, source in sorted(every, key=lambda one: one[0]):
        asked = _asked(numbers, first, times) or "as asked"
        found.append(Option(f"{label} ({asked}; {_runs(more.runs)})", name, times, source, shared=True))
    return found


def amounts(numbers: Numbers) -> list[Option]:
    """The first scenario's amounts on the runs that all of them share; none where it was run with one amount only."""
    return [one for one in options(numbers) if one.shared]


def share_of_budget(numbers: Numbers, scenario: str) -> float | None:
    """Per cent of the NHS lines' total that a scenario's levers are given at full size; None where it is not known."""
    return _amounts(numbers, scenario)[0]


def _amounts(numbers: Numbers, scenario: str) -> tuple[float | None, bool]:
    """The share of the budget that is asked for (None where it is not known), and whether a plan is paid for beside."""
    from sim.errors import UserError
    from sim.policy.levers import PERCENT, load

    total, planned = 0.0, False
    for lever, use in (numbers.facts.scenario(scenario).get("levers") or {}).items():
        amount = use.get("amount", 0) if isinstance(use, dict) else use
        try:
            if load(lever).unit == PERCENT:
                total += float(amount)
            else:
                planned = True
        except (UserError, OSError, KeyError, TypeError, ValueError):
            return None, False
    return total or None, planned


def _asked(numbers: Numbers, scenario: str, times: float) -> str:
    """What was asked for, in words; nothing to say of a plan as it was asked."""
    whole, planned = _amounts(numbers, scenario)
    if whole is not None:
        return f"asked: {times * whole:.3g}{style.NBSP}% of NHS spending{' and a plan' * planned}"
    return "" if times == 1 else f"{times:g} times what was asked"


def _runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"


def _rows(numbers: Numbers, option: Option) -> list[int]:
    """The runs of an option's source on which it is taken."""
    more = numbers.results.explored
    every = range(len(option.source.pairs))
    if not option.shared or more is None:
        return list(every)
    return [k for k in every if option.source.pairs[k] in more.pairs]


def _changes(numbers: Numbers, option: Option, measure: str) -> Floats:
    """Paired changes by run and reported year."""
    changes = np.asarray(option.source.changes(measure, option.scenario))
    return np.asarray(changes[_rows(numbers, option)][:, numbers.columns])


def _base(numbers: Numbers, option: Option, measure: str) -> Floats:
    """The baseline's level by reported year, mean of the runs on which the option is taken."""
    levels = np.asarray(option.source.values(measure, numbers.base))
    return np.asarray(levels[_rows(numbers, option)][:, numbers.columns].mean(axis=0))


def spent(numbers: Numbers, option: Option) -> Floats:
    """What its levers really spent by reported year, per cent of the NHS lines' total of the baseline in that year:
    what "per cent" means where an amount is asked for."""
    from sim.policy.budget import is_nhs

    source, rows = option.source, _rows(numbers, option)
    money = np.asarray(source.values("lever_spend", option.scenario))[rows].mean(axis=0)
    total = np.zeros_like(money)
    for k in rows:
        record = source.record(numbers.base, source.pairs[k])
        lines = record.money_years({name: months for name, months in record.spend.items() if is_nhs(name)})
        total += np.sum(list(lines.values()), axis=0) / len(rows)
    share = np.divide(100 * money, total, out=np.zeros_like(money), where=total > 0)
    return np.asarray(share[numbers.columns])


def _per_cent(value: float) -> str:
    return f"{plain(value, step_of(value))}{style.NBSP}%"


def widget(numbers: Numbers) -> str:
    """The explorer as HTML; empty where no scenario is compared."""
    if not numbers.compared:
        return ""
    given = _data(numbers, options(numbers))
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("dose.html.j2").render(
        title="Choose a measure, a scenario with the money asked for, and a year",
        data=given,
        first=first_view(given),
        json=json.dumps(given, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    )


def script() -> str:
    """The script that moves it."""
    return (TEMPLATES / "dose.js").read_text(encoding="utf-8")


def _data(numbers: Numbers, chosen: Sequence[Option]) -> dict[str, Any]:
    names = headline_measures(numbers.results)
    measures = []
    for name in names:
        info, cells, base, width = numbers.info(name), [], [], 0.0
        for option in chosen:
            runs = _changes(numbers, option, name)
            base.append([_short(v) for v in _base(numbers, option, name)])
            mid, low, high, _ = intervals(runs)
            enough = len(runs) >= FEWEST_RUNS
            cells.append([[_short(m), *([_short(a), _short(b)] if enough else [None, None])]
                          for m, a, b in zip(mid, low, high, strict=True)])  # fmt: skip
            ends = (low[-1], high[-1]) if enough else (0.0, mid[-1])
            width = max(width, float(np.nan_to_num(ends[1] - ends[0])), float(abs(np.nan_to_num(mid[-1]))) / 10)
        step = max(step_of(width), numbers.least(name)) if width else numbers.least(name)
        measures.append({
            "label": info.label, "unit": numbers.change_unit(name), "good": info.good, "step": step,
            "least": numbers.least(name), "cells": cells, "base": base,
        })  # fmt: skip
    return {
        "years": [clock.fin_year_label(year) for year in numbers.years], "base": numbers.label(numbers.base),
        "fewest": FEWEST_RUNS, "option": 0, "measures": measures,
        "options": [{"label": one.label, "runs": len(_rows(numbers, one)),
                     "spent": [_per_cent(float(v)) for v in spent(numbers, one)]} for one in chosen],
    }  # fmt: skip


def _short(value: float) -> float | None:
    return float(f"{value:.{FIGURES}g}") if np.isfinite(value) else None


def first_view(given: dict[str, Any]) -> dict[str, Any]:
    """What is read before anything is chosen, and without scripts: the same words as the script's."""
    one, when, k = given["measures"][0], given["years"][-1], given["option"]
    rows = []
    for cells, option in zip(one["cells"], given["options"], strict=True):
        mid, low, high = cells[-1]
        least = _least(one, cells[-1])
        ends = style.DASH if low is None else f"{_text(low, one, least)} to {_text(high, one, least)}"
        rows.append({"change": _text(mid, one, least), "range": ends, "spent": option["spent"][-1],
                     "runs": option["runs"], "words": _verdict(one, cells[-1], option["runs"])})  # fmt: skip
    chosen, option = rows[k], given["options"][k]
    sure = "" if chosen["range"] == style.DASH else f"90{style.NBSP}% of runs: {chosen['range']}. "
    return {
        "size": f"{one['label']}: {chosen['change']} {one['unit']} in {when} under {option['label']}: "
        f"{chosen['words']}.",
        "sure": f"{sure}Mean of {_runs(option['runs'])}; {given['base']} has "
        f"{_text(one['base'][k][-1], one, one['least']).lstrip('+')}. Spent in {when}: {chosen['spent']} of NHS "
        "spending.",
        "caption": f"{one['label']} in {when}: change from {given['base']}, {one['unit']}",
        "rows": rows,
    }  # fmt: skip


def _least(one: dict[str, Any], cell: Sequence[float | None]) -> float:
    """The finest step of a change: the measure's, or finer where an end of a clear range would be rounded to zero."""
    _, low, high = cell
    return float(one["least"] if low is None or high is None else apart(low, high, one["least"]))


def _text(value: float | None, one: dict[str, Any], least: float) -> str:
    """A change to the measure's step, a smaller one to two figures of its own but nothing finer than `least`."""
    if value is None:
        return style.DASH
    step = min(one["step"], 10.0 ** (np.floor(np.log10(abs(value))) - 1)) if value else one["step"]
    step = max(step, least)
    decimals = int(max(0, -np.floor(np.log10(step) + 1e-9)))
    size = np.floor(abs(value) / step + 0.5) * step
    return style.signed(float(np.copysign(size, value)), decimals)


def _verdict(one: dict[str, Any], cell: Sequence[float | None], runs: int) -> str:
    mid, low, high = cell
    if mid == 0 and (low is None or low == high == 0):
        return "no change"
    if mid is None:
        return "cannot be told"
    if low is None or high is None or runs < FEWEST_RUNS:
        return "too few runs to say"
    if low <= 0 <= high:
        return "no clear change"
    if one["good"] == 0:
        return "more" if low > 0 else "less"
    return "▲ better" if (low > 0) == (one["good"] > 0) else "▼ worse"


# ---------------------------------------------------------------------------------------------------- the picture


def intro(numbers: Numbers) -> list[str]:
    """What the explorer shows, and where its numbers come from."""
    if not numbers.compared:
        return []
    more = numbers.results.explored
    if more is None:
        return ["Other amounts than those asked for were not run; each scenario is shown as it was asked for."]
    times = words.join([f"{each:g} times" for each in sorted(times_of(name) for name in more.others)])
    year = clock.fin_year_label(numbers.years[-1])
    return [
        f"{numbers.label(numbers.compared[0])} was also run asking for {times} its money, {_runs(more.runs)} each: "
        "enough to see the shape, too few to say how sure it is. These are set beside the amount that was asked for on "
        "the same runs.",
        f"What is asked for cannot always be spent: people who are eligible run out. {_asked_and_spent(numbers, year)}",
    ]


def _asked_and_spent(numbers: Numbers, year: str) -> str:
    """``Asked for: 2.5 %, 5 % and 10 % of NHS spending; spent in 2045/46, in these runs: 2.4 %, 3.7 % and 5.7 %.``"""
    chosen = amounts(numbers)
    whole = share_of_budget(numbers, numbers.compared[0])
    asked = [f"{one.share:g}" if whole is None else f"{one.share * whole:.3g}{style.NBSP}%" for one in chosen]
    paid = [_per_cent(float(spent(numbers, one)[-1])) for one in chosen]
    of = "times the scenario's own amounts" if whole is None else "of NHS spending"
    end = " of NHS spending" if whole is None else ""
    return f"Asked for: {words.join(asked)} {of}; spent in {year}, in these runs: {words.join(paid)}{end}."


def tables(numbers: Numbers) -> list[Table]:
    """The changes at the last year by amount, in figures."""
    more = numbers.results.explored
    if more is None or not numbers.compared:
        return []
    chosen = amounts(numbers)
    whole = share_of_budget(numbers, numbers.compared[0])
    rows = []
    for name in numbers.known(PICTURED):
        mids = [float(_at_end(numbers, one, name).mean()) for one in chosen]
        step = max(step_of(max(map(abs, mids))), numbers.least(name))
        decimals = int(max(0, -np.floor(np.log10(step) + 1e-9)))
        rows.append([f"{numbers.info(name).label} ({numbers.change_unit(name)})",
                     *(style.signed(round(mid / step) * step, decimals) for mid in mids)])  # fmt: skip
    heads = [Head("Change in the last year")]
    for one in chosen:
        paid = f"spent: {_per_cent(float(spent(numbers, one)[-1]))}" + " of NHS spending" * (whole is None)
        heads.append(Head(f"{_asked(numbers, numbers.compared[0], one.share) or 'as asked'}; {paid}", True))
    who = numbers.label(numbers.compared[0])
    return [Table(f"{who} with less and with more money, means of the same {_runs(more.runs)}", heads, rows,
                  folded=True)]  # fmt: skip


def _at_end(numbers: Numbers, option: Option, measure: str) -> Floats:
    """Changes in the last year by run."""
    return np.asarray(_changes(numbers, option, measure)[:, -1])


def dose(results: Results | Numbers, measures: Sequence[str] = PICTURED) -> style.Picture | None:
    """How the first scenario's change in the last year grows with the money spent, a panel a measure; None where it was
    run with one amount only."""
    numbers = Numbers.of(results)
    more = numbers.results.explored
    if more is None or not numbers.compared:
        return None
    scenario = numbers.compared[0]
    chosen = amounts(numbers)
    shown = numbers.known(measures)
    look = numbers.looks[scenario]
    paid = [float(spent(numbers, one)[-1]) for one in chosen]
    values = {name: np.stack([_at_end(numbers, one, name) for one in chosen]) for name in shown}
    order = np.argsort(paid, kind="stable")  # a larger amount that was asked for need not have been spent
    at = [0.0, *np.asarray(paid)[order]]
    across = min(3, len(shown))
    down = -(-len(shown) // across)
    year = clock.fin_year_label(numbers.years[-1])
    with style.drawing():
        picture = style.Picture(height=1.2 + 1.95 * down)
        note = (
            f"Change from {numbers.label(numbers.base)} in {year}; along the bottom: what {numbers.label(scenario)} "
            f"spent that year. {_asked_and_spent(numbers, year)} Thick: mean of {_runs(more.runs)}; thin: each run."
        )
        top = style.headline(picture, _finding(numbers, chosen, paid, values), note)
        height = picture.get_figheight()
        panels = picture.subplots(down, across, squeeze=False)
        picture.subplots_adjust(left=0.075, right=0.985, top=top - 0.36 / height, bottom=0.34 / height, hspace=0.62,
                                wspace=0.34)  # fmt: skip
        for axes, name in zip(panels.flat, shown, strict=False):
            axes.axhline(0, color=style.INK, linewidth=1.1, linestyle=style.BASELINE_DASH, zorder=1.5)
            lines = np.concatenate([np.zeros((1, more.runs)), values[name][order]])  # no money, no change
            axes.plot(at, lines, color=look.colour, linewidth=0.7, alpha=0.6)
            axes.plot(at, lines.mean(axis=1), color=look.colour, linewidth=2.1, marker="o", markersize=5)
            style.panel_title(axes, numbers.info(name).label, numbers.change_unit(name))
            axes.xaxis.set_major_locator(words.few_ticks())
            axes.xaxis.set_major_formatter(lambda value, _: f"{words.tick_format(value)}{style.NBSP}%")
            axes.yaxis.set_major_locator(words.few_ticks())
            axes.yaxis.set_major_formatter(lambda value, _: words.signed_tick(value))
        for axes in panels.flat[len(shown) :]:
            axes.set_visible(False)
        said = " ".join(
            f"{numbers.info(name).label} ({numbers.change_unit(name)}): "
            + "; ".join(
                f"{_per_cent(x)} spent, {_of_runs(runs, numbers.least(name))}"
                for x, runs in zip(paid, values[name], strict=True)
            )
            + "."
            for name in shown
        )
        picture.alt = (
            f"Line charts by the share of NHS spending that was spent, {year}: means of {_runs(more.runs)}, in "
            f"brackets the lowest and the highest run. {said}"
        )
    return picture


def _of_runs(runs: Floats, least: float) -> str:
    """The mean of a few runs, and the lowest and the highest of them."""
    mean, low, high = (float(f(runs)) for f in (np.mean, np.min, np.max))
    if low == high:
        return f"{rounded(mean, words.step(low, high, least))} in every run" if mean else "0"
    return words.change(mean, low, high, least)


def _finding(numbers: Numbers, chosen: Sequence[Option], paid: Sequence[float], values: dict[str, Floats]) -> str:
    """How much more is done by the money that was spent where most was asked for, of the measure that changes most."""
    shares = [one.share for one in chosen]
    least, most = shares.index(1.0), int(np.argmax(shares))
    sizes = {name: abs(float(runs[least].mean())) / (abs(float(numbers.level(name, numbers.base).mid[-1])) or 1.0)
             for name, runs in values.items()}  # fmt: skip
    name = max(sizes, key=lambda one: sizes[one])
    who = numbers.label(numbers.compared[0])
    one, more = (float(values[name][k].mean()) for k in (least, most))
    if not one or most == least:
        return f"{who} changes none of these measures in the runs with more and less money"
    what = numbers.name(name)
    if not paid[least]:
        return f"{who} spends nothing in {clock.fin_year_label(numbers.years[-1])}, however much is asked for"
    times = f"{paid[most] / paid[least]:.2g}"
    if times == "1":
        return f"Asked for {shares[most]:g} times the money, {who} spends no more: nobody is left to spend it on"
    if one * more <= 0:
        return f"With {times} times the money spent the change in {what} turns round"
    return f"With {times} times the money spent the change in {what} is {more / one:.2g} times as large"
