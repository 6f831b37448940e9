"""Where the money moves: what each budget line has more or less than in the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim import clock
from sim.outcomes.rounding import MILLION
from sim.report import style, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results


def moved(numbers: Numbers, scenario: str) -> dict[str, float]:
    """£ million a year more (or less) on each budget line than in the baseline, mean of the policy years and runs."""
    results = numbers.results
    first = clock.fin_year(results.policy_start)
    keep = [k for k, year in enumerate(results.years) if year >= first]
    total: dict[str, float] = {}
    for pair in results.pairs:
        run = results.record(scenario, pair).money_years(results.record(scenario, pair).spend)
        base = results.record(numbers.base, pair).money_years(results.record(numbers.base, pair).spend)
        for line in run.keys() | base.keys():
            nothing = np.zeros(len(results.years))
            change = (run.get(line, nothing) - base.get(line, nothing))[keep]
            total[line] = total.get(line, 0.0) + float(change.mean() if len(change) else 0.0) / MILLION
    return {line: value / len(results.pairs) for line, value in total.items()}


def line_labels() -> dict[str, str]:
    """Budget lines in words, in the order of the budget."""
    from sim.policy.budget import LINES

    return {line.name: line.label for line in LINES}


def money(results: Results | Numbers, scenarios: Sequence[str] | None = None) -> style.Picture | None:
    """One column a scenario: £ million a year gained or given up by each budget line; None when no money moves."""
    numbers = Numbers.of(results)
    shown = list(scenarios or numbers.compared)[: style.MAX_SERIES]
    change = {name: moved(numbers, name) for name in shown}
    labels = line_labels()
    every = [line for line in labels if any(abs(change[name].get(line, 0.0)) >= 0.005 for name in shown)]
    if not every:
        return None
    with style.drawing():
        picture = style.Picture(height=1.35 + 0.34 * len(every))
        note = (
            "£ million a year of 2024/25, mean of the years with the policy. Right: the line has more; left: it pays."
        )
        top = style.headline(picture, _finding(numbers, change), note)
        height = picture.get_figheight()
        axes = picture.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        picture.subplots_adjust(left=0.255, right=0.985, top=top - 0.3 / height, bottom=0.12 / height, wspace=0.08)
        reach = max(abs(value) for one in change.values() for value in one.values())
        for axis, name in zip(axes, shown, strict=True):
            values = [change[name].get(line, 0.0) for line in every]
            look = numbers.looks[name]
            axis.barh(
                range(len(every)), values, height=0.55, color=[look.colour if v > 0 else style.GHOST for v in values]
            )
            axis.axvline(0, color=style.INK, linewidth=1)
            for y, value in enumerate(values):
                decimals = 1 if abs(value) < 9.95 else 0
                text = style.signed(value, decimals) if abs(value) >= 0.05 else "0"
                side = 1 if value >= 0 else -1
                axis.text(
                    value + side * reach * 0.04, y, text, ha="left" if side > 0 else "right", va="center", fontsize=8.5,
                    color=style.INK if text != "0" else style.MUTED,
                )  # fmt: skip
            axis.set_xlim(-1.45 * reach, 1.45 * reach)
            axis.set_title(numbers.label(name), pad=8)
            axis.grid(False)
            axis.set_xticks([])
            axis.spines[["left", "bottom"]].set_visible(False)
        axes[0].set_yticks(range(len(every)), [labels[line] for line in every])
        axes[0].tick_params(axis="y", labelsize=9, labelcolor=style.INK)
        axes[0].set_ylim(len(every) - 0.4, -0.6)
        picture.alt = _alt(numbers, change, every)
    return picture


def _finding(numbers: Numbers, change: dict[str, dict[str, float]]) -> str:
    parts = []
    for name, lines in change.items():
        given = -sum(value for value in lines.values() if value < 0)
        new = sum(lines.values())
        if given < 0.05 and abs(new) < 0.05:
            parts.append(f"{numbers.label(name)} moves no money")
            continue
        said = [f"£{style.number(given, 0 if given >= 10 else 1)}m moved"] if given >= 0.05 else []
        said += [f"£{style.number(new, 0 if new >= 10 else 1)}m new"] if new >= 0.05 else []
        parts.append(f"{numbers.label(name)}: {words.join(said)} a year")
    return "; ".join(parts)


def _alt(numbers: Numbers, change: dict[str, dict[str, float]], every: Sequence[str]) -> str:
    labels = line_labels()
    parts = []
    for name, lines in change.items():
        each = [f"{labels[k]} {style.signed(lines.get(k, 0.0), 1)}" for k in every if abs(lines.get(k, 0.0)) >= 0.05]
        parts.append(f"{numbers.label(name)}: {'; '.join(each) or 'nothing moves'}.")
    return (
        f"£ million a year more (plus) or less (minus) than {numbers.label(numbers.base)} on each budget line, mean "
        "of the "
        "policy years. " + " ".join(parts)
    )
