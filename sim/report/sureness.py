"""How sure: the range of each change split into chance and evidence, and what is left of it without judged benefits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from sim import clock
from sim.outcomes import unjudged
from sim.report import style, words
from sim.report.differences import AT_END, about_nought, drawn, row_limit, row_name
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

BEYOND = (-50.0, 150.0)  # per cent that the axis of what is left shows; what lies beyond is drawn at its edge


def intervals(
    results: Results | Numbers, measures: Sequence[str] = AT_END, scenarios: Sequence[str] | None = None
) -> style.Picture | None:
    """Where 90 % of runs of each change lie (pale), and the part of that width that is chance (dark); None where no
    scenario is compared, or all runs share one draw of the evidence: there is nothing to split."""
    numbers = Numbers.of(results)
    rows = drawn(numbers, measures)
    shown = list(scenarios or numbers.compared)[: style.MAX_SERIES]
    if not shown or not rows or numbers.one_draw:
        return None
    noise = {(m, name): numbers.noise_at_end(m, name) for m in rows for name in shown}
    year = clock.fin_year_label(int(numbers.years[-1]))
    with style.drawing():
        picture = style.Picture(height=1.6 + 0.31 * len(rows))
        note = (
            f"Paired change from {numbers.label(numbers.base)} in {year}, per cent of the same run's "
            f"{numbers.label(numbers.base)}. Line: the change of the means. Pale bar: {words.BAND}. Dark, "
            "inside it: how wide it would be by chance alone; the rest is uncertain evidence. Right: the share of the "
            "variance that is chance (analysis of variance over draws and seeds). An arrow: beyond the scale."
        )
        top = style.headline(picture, _split(numbers, noise, shown), note + words.left_out(numbers, shown, scenarios))
        height = picture.get_figheight()
        axes = picture.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        picture.subplots_adjust(left=0.25, right=0.985, top=top - 0.3 / height, bottom=0.3 / height, wspace=0.08)
        limit = row_limit([float(numbers.share_change(m, name).mid[-1]) for m in rows for name in shown])
        for axis, name in zip(axes, shown, strict=True):
            _column(axis, numbers, rows, name, limit, noise)
        axes[0].set_yticks(range(len(rows)), [row_name(numbers, m) for m in rows])
        axes[0].tick_params(axis="y", labelsize=9, labelcolor=style.INK)
        axes[0].set_ylim(len(rows) - 0.4, -0.6)
        picture.alt = _alt(numbers, rows, shown, noise)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _column(
    axes: Axes, numbers: Numbers, rows: Sequence[str], scenario: str, limit: float, noise: dict[tuple[str, str], float]
) -> None:
    look = numbers.looks[scenario]
    for y, measure in enumerate(rows):
        share = numbers.share_change(measure, scenario)
        low, mid, high = (100 * float(x[-1]) for x in (share.low, share.mid, share.high))
        if not np.isfinite(mid):
            continue
        part = noise[measure, scenario]
        inner = (mid + (end - mid) * part**0.5 for end in (low, high)) if np.isfinite(part) else (mid, mid)
        for (a, b), width, alpha in (((low, high), 7, 0.3), (tuple(inner), 7, 1.0)):
            axes.plot(np.clip([a, b], -limit, limit), [y, y], color=look.colour, linewidth=width, alpha=alpha,
                      solid_capstyle="butt", zorder=2)  # fmt: skip
        mark, size = ("|", 9) if abs(mid) <= limit else (">" if mid > 0 else "<", 6)
        axes.plot([np.clip(mid, -limit, limit)], [y], mark, color=style.INK, markersize=size, zorder=3, clip_on=False)
        said = "no change" if share.same() else f"{style.percent(part, 0)}" if np.isfinite(part) else style.DASH
        axes.text(limit * 1.75, y, said, ha="right", va="center", fontsize=8.3, color=style.INK)
    about_nought(axes, numbers.label(scenario), limit, 1.75)


def _split(numbers: Numbers, noise: dict[tuple[str, str], float], shown: Sequence[str]) -> str:
    moved = any(not numbers.change(measure, who).same() for measure, who in noise)
    if moved and not any(np.isfinite(part) for part in noise.values()):
        return (
            "How much of the spread is chance cannot be told: it takes two draws of the evidence and two seeds of each"
        )
    parts = []
    for name in shown:
        known = [part for (_, who), part in noise.items() if who == name and np.isfinite(part)]
        if all(numbers.change(measure, who).same() for measure, who in noise if who == name):
            parts.append(f"{numbers.label(name)} changes nothing")
            continue
        more = sum(part > unjudged.HALF for part in known)
        parts.append(
            f"{numbers.label(name)} {more} of {len(known)}" if known else f"not to be told for {numbers.label(name)}"
        )
    return f"Changes whose spread is chance more than evidence: {'; '.join(parts)}"


def _alt(numbers: Numbers, rows: Sequence[str], shown: Sequence[str], noise: dict[tuple[str, str], float]) -> str:
    parts = []
    for name in shown:
        each = []
        for measure in rows:
            share = numbers.share_change(measure, name)
            low, high = (float(x[-1]) for x in (share.low, share.high))
            part = noise[measure, name]
            how = f", {style.percent(part, 0)} of it chance" if np.isfinite(part) else ""
            each.append(f"{numbers.name(measure)} {words.relative(low, high)}{how}")
        parts.append(f"{numbers.label(name)}: {'; '.join(each)}.")
    return f"Bars. Where 90{style.NBSP}% of runs of each change lie, per cent. {' '.join(parts)}"


def weak(results: Results | Numbers, scenarios: Sequence[str] | None = None) -> style.Picture | None:
    """What is left of each clear change when every judged benefit is off; None where that was not run."""
    numbers = Numbers.of(results)
    shown = list(scenarios or numbers.compared)[: style.MAX_SERIES]
    kept = {name: left_of(numbers, name) for name in shown}
    no_room = words.left_out(numbers, shown, scenarios)
    shown = [name for name in shown if kept[name]]
    if numbers.results.unjudged is None or not shown:
        return None
    rows = list(dict.fromkeys(measure for name in shown for measure in kept[name]))  # all that the title counts
    draw, seed = numbers.results.unjudged.pairs[0]
    with style.drawing():
        picture = style.Picture(height=1.5 + 0.31 * len(rows))
        note = (
            "Per cent of each clear change that is left when every judged benefit is off: 100: rests on none of them; "
            f"0: on them alone; below 0: turns round. One run of each (evidence draw {draw}, seed {seed})."
        )
        top = style.headline(picture, weak_finding(numbers, kept), note + no_room)
        height = picture.get_figheight()
        axes = picture.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        picture.subplots_adjust(left=0.25, right=0.985, top=top - 0.3 / height, bottom=0.3 / height, wspace=0.1)
        low, high = BEYOND
        for axis, name in zip(axes, shown, strict=True):
            look = numbers.looks[name]
            for y, measure in enumerate(rows):
                share = kept[name].get(measure)
                if share is None:
                    continue
                end = float(np.clip(share, low, high))
                axis.plot([0, end], [y, y], color=look.colour, linewidth=2.2, solid_capstyle="butt")
                mark = look.marker if low <= share <= high else "<" if share < low else ">"
                axis.plot([end], [y], marker=mark, color=look.colour, markersize=6.5, clip_on=False)
            axis.axvline(0, color=style.INK, linewidth=1.1)
            axis.axvline(100, color=style.INK, linewidth=1.1, linestyle=style.BASELINE_DASH)
            axis.set_xlim(low, high)
            axis.set_xticks([0, 50, 100])
            axis.grid(True, axis="x")
            axis.grid(False, axis="y")
            axis.spines["left"].set_visible(False)
            axis.set_title(numbers.label(name), pad=8)
        axes[0].set_yticks(range(len(rows)), [row_name(numbers, m) for m in rows])
        axes[0].tick_params(axis="y", labelsize=9, labelcolor=style.INK, pad=8)
        axes[0].set_ylim(len(rows) - 0.4, -0.6)
        said = " ".join(
            f"{numbers.label(name)}: "
            + "; ".join(f"{numbers.name(m)} {style.number(share)}{style.NBSP}%" for m, share in kept[name].items())
            + "."
            for name in shown
        )
        picture.alt = f"Share of each clear change that is left without judged benefits. {said}"
        picture.alt += no_room
    return picture


def left_of(numbers: Numbers, scenario: str) -> dict[str, float]:
    """Measure → per cent of its change that is left without judged benefits, of those that clearly change."""
    found = unjudged.left(numbers.results, scenario)
    return {one.measure: 100 * one.without / one.with_them for one in found if one.with_them}


def weak_finding(numbers: Numbers, kept: dict[str, dict[str, float]]) -> str:
    """How many of each scenario's clear changes lose more than half without judged benefits."""
    parts = []
    for name, shares in kept.items():
        if not shares:
            parts.append(f"{numbers.label(name)} has no clear change")
            continue
        lost = sum(share < 100 * unjudged.HALF for share in shares.values())
        parts.append(f"{numbers.label(name)} {lost} of {len(shares)}")
    return f"Clear changes of which more than half rests on judgement: {'; '.join(parts)}"
