"""Concentration curves: what share of an outcome falls on the most deprived part of the residents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.report import style, words
from sim.report.numbers import Numbers
from sim.report.style import NBSP

if TYPE_CHECKING:
    from sim.outcomes.results import Results

Floats = NDArray[np.float64]
MEASURES = ("residents_emergency_admissions", "unmet_need", "lonely")
FIFTH = 0.2


def curve(numbers: Numbers, measure: str, scenario: str) -> tuple[Floats, Floats]:
    """Cumulative shares of residents and of the outcome, 0 to 1, neighbourhoods from the most deprived on: mean of the
    runs and of the late years."""
    order = np.argsort(numbers.results.record(scenario).area_rank, kind="stable")
    people, happened = (numbers.area_counts(name, scenario)[order] for name in ("residents", measure))
    shares = (np.concatenate([[0.0], np.cumsum(one)]) for one in (people, happened))
    x, y = (one / one[-1] if one[-1] > 0 else np.linspace(0, 1, len(one)) for one in shares)
    return x, y


def first_fifth(x: Floats, y: Floats) -> float:
    """The share of the outcome that falls on the most deprived fifth of residents."""
    return float(np.interp(FIFTH, x, y))


def concentration(
    results: Results | Numbers, measures: Sequence[str] = MEASURES, scenarios: Sequence[str] | None = None
) -> style.Picture | None:
    """A panel a measure, a curve a scenario; above the diagonal: more than their share falls on deprived people."""
    numbers = Numbers.of(results)
    shown = [numbers.base, *(scenarios or numbers.compared)][: style.MAX_SERIES]
    drawn = [name for name in numbers.known(measures) if numbers.has_areas(name)]
    if not drawn or len(numbers.results.record(numbers.base).area_rank) < 2:
        return None
    curves = {(m, name): curve(numbers, m, name) for m in drawn for name in shown}
    with style.drawing():
        picture = style.Picture(height=4.3)
        note = (
            f"Residents from the most deprived neighbourhood to the least, {numbers.late_span()}, mean of the runs; "
            "not age-standardised. Above the diagonal: more than their share falls on deprived people."
        )
        top = style.headline(
            picture, _finding(numbers, curves, drawn[0], shown), note + words.left_out(numbers, shown, scenarios)
        )
        height = picture.get_figheight()
        row = picture.subplots(1, len(drawn), squeeze=False)[0]
        picture.subplots_adjust(left=0.075, right=0.985, top=top - 0.3 / height, bottom=0.5 / height, wspace=0.22)
        for axes, measure in zip(row, drawn, strict=True):
            axes.plot([0, 100], [0, 100], color=style.GHOST, linewidth=1)
            for name in reversed(shown):
                x, y = curves[measure, name]
                look = numbers.looks[name]
                axes.plot(100 * x, 100 * y, color=look.colour, linewidth=look.width, linestyle=look.dash,
                          label=numbers.label(name))  # fmt: skip
            style.panel_title(axes, numbers.info(measure).label, "% of the total")
            axes.set_xlim(0, 100)
            axes.set_ylim(0, 100)
            axes.set_xticks([0, 20, 50, 100])
            axes.set_xlabel("% of residents, most deprived first")
        row[0].legend(frameon=False, fontsize=8, loc="lower right", labelcolor=style.INK)
        said = " ".join(
            f"{numbers.info(m).label}: "
            + "; ".join(f"{numbers.label(name)} {style.percent(first_fifth(*curves[m, name]))}" for name in shown)
            + "."
            for m in drawn
        )
        picture.alt = (
            f"Concentration curves, {numbers.late_span()}. Share that falls on the most deprived fifth of residents. "
            f"{said}"
        )
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _finding(
    numbers: Numbers, curves: dict[tuple[str, str], tuple[Floats, Floats]], measure: str, shown: Sequence[str]
) -> str:
    base = first_fifth(*curves[measure, numbers.base])
    text = (
        f"{style.percent(base)} of {numbers.name(measure).removesuffix(', all trusts')} fall on the most deprived "
        f"20{NBSP}% of residents under {numbers.label(numbers.base)}"
    )
    others = [
        f"{style.percent(first_fifth(*curves[measure, name]))} under {numbers.label(name)}"
        for name in shown
        if name != numbers.base
    ]
    return f"{text}; {words.join(others)}" if others else text
