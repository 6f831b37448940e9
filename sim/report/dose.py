"""The explorer of a comparison: any headline measure, scenario (the first one with more and less money) and year.

The numbers are precomputed and stand in the page. Without scripts the first view is read: the last year of the first
measure. A picture beside it shows how the change grows with the money.
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
from sim.outcomes.rounding import step_of
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
    """What can be chosen. share: multiple of the scenario's money; source: the results in which `scenario` is found."""

    label: str
    scenario: str
    share: float
    source: Results


def options(numbers: Numbers) -> list[Option]:
    """Every compared scenario; the first with more and less of it, by amount."""
    found = []
    more = numbers.results.explored
    for k, scenario in enumerate(numbers.compared):
        dosed = [(1.0, scenario, numbers.results)]
        if k == 0 and more is not None:
            dosed += [(times_of(name), name, more) for name in more.others]
        whole = share_of_budget(numbers, scenario)
        label = numbers.label(scenario)
        for times, name, source in sorted(dosed, key=lambda one: one[0]):
            found.append(Option(_named(label, times, whole, len(dosed) > 1), name, times, source))
    return found


def share_of_budget(numbers: Numbers, scenario: str) -> float | None:
    """Per cent of the NHS lines' total that a scenario's levers are given at full size; None where it is not known."""
    from sim.errors import UserError
    from sim.policy.levers import PERCENT, load

    total = 0.0
    for lever, use in (numbers.facts.scenario(scenario).get("levers") or {}).items():
        amount = use.get("amount", 0) if isinstance(use, dict) else use
        try:
            total += float(amount) if load(lever).unit == PERCENT else 0.0
        except (UserError, OSError, KeyError, TypeError, ValueError):
            return None
    return total or None


def _named(label: str, times: float, whole: float | None, several: bool) -> str:
    amount = "" if whole is None else f"{times * whole:.3g}{style.NBSP}% of NHS spending"
    if not several:
        return f"{label} ({amount})" if amount else label
    how = "as asked" if times == 1 else f"{times:g} × as much"
    return f"{label} ({amount}, {how})" if amount else f"{label} ({how})"


def _changes(numbers: Numbers, option: Option, measure: str) -> Floats:
    """Paired changes by run and reported year."""
    return np.asarray(option.source.changes(measure, option.scenario))[:, numbers.columns]


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
        title="Choose a measure, a scenario with its share of the budget, and a year",
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
        info, cells, width = numbers.info(name), [], 0.0
        for option in chosen:
            runs = _changes(numbers, option, name)
            mid, low, high, _ = intervals(runs)
            enough = len(runs) >= FEWEST_RUNS
            cells.append([[_short(m), *([_short(a), _short(b)] if enough else [None, None])]
                          for m, a, b in zip(mid, low, high, strict=True)])  # fmt: skip
            ends = (low[-1], high[-1]) if enough else (0.0, mid[-1])
            width = max(width, float(np.nan_to_num(ends[1] - ends[0])), float(abs(np.nan_to_num(mid[-1]))) / 10)
        step = max(step_of(width), numbers.least(name)) if width else numbers.least(name)
        measures.append({
            "label": info.label, "unit": numbers.change_unit(name), "good": info.good, "step": step,
            "least": numbers.least(name), "cells": cells,
            "base": [_short(v) for v in numbers.level(name, numbers.base).mid],
        })  # fmt: skip
    return {
        "years": [clock.fin_year_label(year) for year in numbers.years], "base": numbers.label(numbers.base),
        "fewest": FEWEST_RUNS, "option": next(k for k, one in enumerate(chosen) if one.share == 1),
        "options": [{"label": one.label, "runs": one.source.runs} for one in chosen], "measures": measures,
    }  # fmt: skip


def _short(value: float) -> float | None:
    return float(f"{value:.{FIGURES}g}") if np.isfinite(value) else None


def first_view(given: dict[str, Any]) -> dict[str, Any]:
    """What is read before anything is chosen, and without scripts: the same words as the script's."""
    one, when, k = given["measures"][0], given["years"][-1], given["option"]
    rows = []
    for cells, option in zip(one["cells"], given["options"], strict=True):
        mid, low, high = cells[-1]
        ends = style.DASH if low is None else f"{_text(low, one)} to {_text(high, one)}"
        rows.append({"change": _text(mid, one), "range": ends, "words": _verdict(one, cells[-1], option["runs"])})
    chosen, option = rows[k], given["options"][k]
    runs = option["runs"]
    sure = "" if chosen["range"] == style.DASH else f"90{style.NBSP}% of runs: {chosen['range']}. "
    return {
        "size": f"{one['label']}: {chosen['change']} {one['unit']} in {when} under {option['label']} "
        f"({chosen['words']}).",
        "sure": f"{sure}Mean of {runs} run{'s' * (runs != 1)}; {given['base']} has "
        f"{_text(one['base'][-1], one).lstrip('+')}.",
        "caption": f"{one['label']} in {when}: change from {given['base']}, {one['unit']}",
        "rows": rows,
    }  # fmt: skip


def _text(value: float | None, one: dict[str, Any]) -> str:
    """A change to the measure's step, a smaller one to two figures of its own but nothing finer than `least`."""
    if value is None:
        return style.DASH
    step = min(one["step"], 10.0 ** (np.floor(np.log10(abs(value))) - 1)) if value else one["step"]
    step = max(step, one["least"])
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
    amounts = sorted(times_of(name) for name in more.others)
    runs = f"{more.runs} run{'s' * (more.runs != 1)}"
    return [
        f"{numbers.label(numbers.compared[0])} was also run with "
        f"{words.join([f'{times:g} times' for times in amounts])} its money, {runs} each: enough to see "
        "the shape, too few to say how sure it is."
    ]


def tables(numbers: Numbers) -> list[Table]:
    """The changes at the last year by amount, in figures."""
    more = numbers.results.explored
    if more is None or not numbers.compared:
        return []
    chosen = [one for one in options(numbers) if one.source is more or one.scenario == numbers.compared[0]]
    rows = []
    for name in numbers.known(PICTURED):
        mids = [float(_at_end(numbers, one, name).mean()) for one in chosen]
        step = max(step_of(max(map(abs, mids))), numbers.least(name))
        decimals = int(max(0, -np.floor(np.log10(step) + 1e-9)))
        rows.append([f"{numbers.info(name).label} ({numbers.change_unit(name)})",
                     *(style.signed(round(mid / step) * step, decimals) for mid in mids)])  # fmt: skip
    heads = [Head("Change in the last year"), *(Head(one.label, True) for one in chosen)]
    return [Table("The same runs with less and with more money", heads, rows, folded=True)]


def _at_end(numbers: Numbers, option: Option, measure: str) -> Floats:
    """Changes in the last year, of the runs that were also made with more and less money."""
    more = numbers.results.explored
    assert more is not None
    rows = [k for k, pair in enumerate(option.source.pairs) if pair in more.pairs]
    return np.asarray(_changes(numbers, option, measure)[rows, -1])


def dose(results: Results | Numbers, measures: Sequence[str] = PICTURED) -> style.Picture | None:
    """How the first scenario's change in the last year grows with its money, a panel a measure; None where it was run
    with one amount only."""
    numbers = Numbers.of(results)
    more = numbers.results.explored
    if more is None or not numbers.compared:
        return None
    scenario = numbers.compared[0]
    chosen = [one for one in options(numbers) if one.source is more or one.scenario == scenario]
    shown = numbers.known(measures)
    look = numbers.looks[scenario]
    at = [0.0, *(one.share for one in chosen)]
    values = {name: np.stack([np.zeros(more.runs), *(_at_end(numbers, one, name) for one in chosen)]) for name in shown}
    across = min(3, len(shown))
    down = -(-len(shown) // across)
    whole = share_of_budget(numbers, scenario)
    year = clock.fin_year_label(numbers.years[-1])
    with style.drawing():
        picture = style.Picture(height=1.2 + 1.95 * down)
        note = (
            f"Change from {numbers.label(numbers.base)} in {year} by how much of {numbers.label(scenario)}'s money is "
            f"spent. Thick: mean of {more.runs} runs; thin: each run."
        )
        top = style.headline(picture, _finding(numbers, chosen, values), note)
        height = picture.get_figheight()
        panels = picture.subplots(down, across, squeeze=False)
        picture.subplots_adjust(left=0.075, right=0.985, top=top - 0.36 / height, bottom=0.34 / height, hspace=0.62,
                                wspace=0.34)  # fmt: skip
        names = ["0" if x == 0 else f"{x * whole:.3g}{style.NBSP}%" if whole else f"{x:g} ×" for x in at]
        for axes, name in zip(panels.flat, shown, strict=False):
            axes.axhline(0, color=style.INK, linewidth=1.1, linestyle=style.BASELINE_DASH, zorder=1.5)
            axes.plot(at, values[name], color=look.colour, linewidth=0.7, alpha=0.6)
            axes.plot(at, values[name].mean(axis=1), color=look.colour, linewidth=2.1, marker="o", markersize=5)
            style.panel_title(axes, numbers.info(name).label, numbers.change_unit(name))
            axes.set_xticks(at, names)
            axes.yaxis.set_major_locator(words.few_ticks())
            axes.yaxis.set_major_formatter(lambda value, _: words.signed_tick(value))
        for axes in panels.flat[len(shown) :]:
            axes.set_visible(False)
        said = " ".join(
            f"{numbers.info(name).label} ({numbers.change_unit(name)}): "
            + "; ".join(
                f"{label} {words.change(m, m, m)}" for label, m in zip(names, values[name].mean(axis=1), strict=True)
            )
            + "."
            for name in shown
        )
        picture.alt = f"Line charts by share of NHS spending, {year}, means of {more.runs} runs. {said}"
    return picture


def _finding(numbers: Numbers, chosen: Sequence[Option], values: dict[str, Floats]) -> str:
    """How much more twice the money does, of the measure that changes most."""
    shares = [0.0, *(one.share for one in chosen)]
    least, most = shares.index(1.0), int(np.argmax(shares))
    sizes = {name: abs(float(runs[least].mean())) / (abs(float(numbers.level(name, numbers.base).mid[-1])) or 1.0)
             for name, runs in values.items()}  # fmt: skip
    name = max(sizes, key=lambda one: sizes[one])
    who = numbers.label(numbers.compared[0])
    one, more = (float(values[name][k].mean()) for k in (least, most))
    if not one or most == least:
        return f"{who} changes none of these measures in the runs with more and less money"
    what = numbers.name(name)
    if one * more <= 0:
        return f"With {shares[most]:g} times the money the change in {what} turns round"
    return f"With {shares[most]:g} times the money the change in {what} is {more / one:.2g} times as large"
