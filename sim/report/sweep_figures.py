"""Pictures of what an outcome hangs on: tornado, Morris, Sobol bars, convergence. Each states what it found.

Every function takes plain data and gives a `Picture` whose finding and description are made from the numbers drawn. A
factor is named as mattering only when its interval says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim.outcomes.rounding import level, plain, step_of
from sim.report import style, words
from sim.report.sweep_words import LONGEST, Outcome, capital, figures, money_axis, share
from sim.sweeps.swing import sure_of_all

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axis import Axis

Array = NDArray[Any]
MOST = 12
DOTS = 600  # in a panel of dots
LINES = style.MAX_SERIES
ROW = 0.34  # inches a bar
SIZES = ("mu_star", "effect", "dgsm")
"""Measures in the outcome's own unit; the others are shares, distances or correlations."""
SIGNED = ("effect",)
"""Those of them that have a direction."""
MARKS = {"mu_star": "μ*", "rank_correlation": "rank correlation", "median": "median distance (PAWN)", "delta": "δ"}
SURE = f"95{style.NBSP}%"
RANGES = f"Thin lines: {SURE} intervals."
BAR, SECOND = style.SERIES_COLOURS[0], style.GHOST


def tornado(swings: pd.DataFrame, outcome: Outcome, most: int = MOST) -> style.Picture:
    """How far each factor alone moves the outcome.

    swings   columns factor, low_end, high_end (mean change of the outcome when the factor lies in its lowest and
             highest fifth), clear (whether the two differ by more than chance): see `sim.sweeps.swing`.
    """
    rows = _largest(swings, np.abs(swings["high_end"] - swings["low_end"]), most)
    clear = rows[rows["clear"]]
    middle = "the middle of all rows"
    step = step_of(float(np.abs(rows[["low_end", "high_end"]].to_numpy()).max(initial=0.0)))
    if len(clear):
        top = clear.iloc[0]
        low, high = (outcome.amount(float(top[end]), step) for end in ("low_end", "high_end"))
        finding = (
            f"{capital(outcome.factor(top['factor']))} moves {outcome.label} most: {low} at its low end, {high} at its "
            f"high end"
        )
    else:
        finding = f"No factor alone clearly moves {outcome.label}"
    note = (
        f"{outcome.where}. Mean change of the outcome from {middle} when a factor lies in the lowest (pale) and the "
        "highest (dark) fifth of its range. In brackets: not clear of chance."
    )
    with style.drawing():
        picture, axes = rows_of(finding, note, [_marked(outcome, r) for _, r in rows.iterrows()])
        for y, (_, row) in enumerate(rows.iterrows()):
            axes.barh(y, row["low_end"], height=0.6, color=SECOND, zorder=2)
            axes.barh(y, row["high_end"], height=0.42, color=BAR, zorder=3)
        axes.axvline(0, color=style.INK, linewidth=1.1)
        axes.xaxis.set_major_locator(words.ticks_across())
        unit_ticks(axes.xaxis, outcome)
        axes.set_xlabel(f"{outcome.label}: change, {outcome.unit}")
        said = "; ".join(
            f"{outcome.factor(r['factor'])} {outcome.amount(r['low_end'], step)} and "
            f"{outcome.amount(r['high_end'], step)}{'' if r['clear'] else ' (not clear)'}"
            for _, r in rows.iterrows()
        )
        picture.alt = (
            f"Bars. {outcome.where}. Change of {outcome.label} ({outcome.unit}) from {middle} with each factor "
            f"in its lowest and in its highest fifth: {said}."
        )
    return picture


def morris(table: pd.DataFrame, outcome: Outcome, most: int = MOST) -> style.Picture:
    """Elementary effects: their mean size against their spread.

    table   columns factor, measure (mu_star and sigma), value, low, high, as `sim.sweeps.indices` gives them.
    """
    star, sigma = _read(table, "mu_star"), _read(table, "sigma")
    order = sorted(star, key=lambda name: -abs(np.nan_to_num(star[name].value)))
    step = step_of(max((abs(one.value) for one in star.values()), default=0.0))
    finding = _leader([(name, star[name]) for name in order], outcome, step)
    order = order[:most]
    note = (
        f"{outcome.where}. To the right: the larger the mean effect of going from one end to the other (μ*). Upwards: "
        "the more that effect differs with everything else (σ): curves and interactions."
    )
    with style.drawing():
        picture = style.Picture(height=5.2)
        top = style.headline(picture, finding, note)
        axes = picture.subplots()
        picture.subplots_adjust(left=0.1, right=0.97, top=top - 0.02, bottom=0.11)
        x, y = (np.array([one[name].value for name in star]) for one in (star, sigma))
        axes.plot(x, y, "o", color=SECOND, markersize=5, zorder=2)
        shown = np.array([star[name].value for name in order]), np.array([sigma[name].value for name in order])
        axes.plot(*shown, "o", color=BAR, markersize=6.5, zorder=3)
        reach, height = (float(np.nanmax(values, initial=0.0)) or 1.0 for values in (x, y))
        axes.set_xlim(-0.02 * reach, 1.5 * reach)
        axes.set_ylim(-0.03 * height, 1.08 * height)
        _name_points(axes, *shown, [style.wrap(outcome.factor(name), 40) for name in order])
        axes.set_xlabel(f"mean size of effect, μ* ({outcome.unit})")
        axes.set_ylabel("spread of effects, σ")
        unit_ticks(axes.xaxis, outcome)
        unit_ticks(axes.yaxis, outcome)
        said = "; ".join(
            f"{outcome.factor(name)} {_size(star[name].value, outcome, step)} "
            f"(spread {_size(sigma[name].value, outcome, step)})"
            for name in order
        )
        picture.alt = (
            f"Scatter of {len(star)} factors. {outcome.where}. Mean size of effect on {outcome.label}: {said}."
        )
    return picture


def sobol_bars(
    table: pd.DataFrame, outcome: Outcome, main: str = "total", luck: float = float("nan"), most: int = MOST
) -> style.Picture:
    """Shares of variance: with all interactions (dark) and alone (pale, where known), and the share that is luck.

    table   columns factor, measure, value, low, high;  main: the measure that ranks;  luck: share (0–1) or nan.
    """
    first = _read(table, "first") if main != "first" else {}
    rows = dict(sorted(_read(table, main).items(), key=lambda one: -np.nan_to_num(one[1].value, nan=-9))[:most])
    lucky = f"; {share(luck)} of the spread of single runs is luck" if np.isfinite(luck) else ""
    every = len(_read(table, main))
    clear = next((name for name, row in rows.items() if row.is_clear(every) and row.value > 0), None)
    if not any(np.isfinite(row.value) for row in rows.values()):
        finding = f"{capital(outcome.label)} is the same in every row: nothing to share out"
    elif clear is not None:
        top = rows[clear]
        finding = (
            f"{capital(outcome.factor(clear))} accounts for {_share(top.value)} of the variance of {outcome.label} "
            f"({_share(top.low)} to {_share(top.high)}){lucky}"
        )
    else:
        finding = f"No factor clearly accounts for any of the variance of {outcome.label}{lucky}"
    pale = " Pale: alone." if first else ""
    what = {"total": "with all its interactions", "first": "alone", "shapley": "fairly shared"}.get(main, main)
    note = f"{outcome.where}. Share of the variance due to each factor, {what}.{pale} {RANGES}"
    with style.drawing():
        picture, axes = rows_of(finding, note, [outcome.factor(name) for name in rows])
        for y, (name, row) in enumerate(rows.items()):
            axes.barh(y, 100 * np.nan_to_num(row.value), height=0.56, color=BAR, zorder=2)
            axes.plot([100 * row.low, 100 * row.high], [y, y], color=style.INK, linewidth=1.1, zorder=4)
            if name in first:
                alone = 100 * np.nan_to_num(first[name].value)
                axes.barh(y, alone, height=0.26, color=SECOND, edgecolor=style.PAPER, linewidth=0.5, zorder=3)
        axes.axvline(0, color=style.INK, linewidth=1.1)
        lowest = float(np.nanmin([0.0, *(100 * row.low for row in rows.values())]))
        highest = float(np.nanmax([10.0, *(100 * row.high for row in rows.values())]))
        axes.set_xlim(max(lowest, -20) * 1.05, highest * 1.05)
        axes.set_xlabel("per cent of the variance")
        axes.xaxis.set_major_formatter(lambda v, _: words.tick_format(v))
        said = "; ".join(
            f"{outcome.factor(name)} {_share(row.value)} ({_share(row.low)} to {_share(row.high)})"
            + (f", alone {_share(first[name].value)}" if name in first else "")
            for name, row in rows.items()
        )
        picture.alt = f"Bars. {outcome.where}. Share of the variance of {outcome.label}, {what}: {said}{lucky}."
        if not any(np.isfinite(row.value) for row in rows.values()):
            picture.alt = f"No bar is drawn. {outcome.where}. {finding}."
    return picture


def index_bars(table: pd.DataFrame, outcome: Outcome, main: str, most: int = MOST) -> style.Picture:
    """Any other measure of how much a factor matters: a bar a factor, with its interval.

    table   columns factor, measure, value, low, high;  main: the measure: rank_correlation, delta, median, effect, dgsm
    """
    rows = dict(sorted(_read(table, main).items(), key=lambda one: -abs(np.nan_to_num(one[1].value)))[:most])
    what = MARKS.get(main, main)

    def said_of(value: float) -> str:
        if main not in SIZES:
            return plain(value, decimals=2)
        return outcome.amount(value) if main in SIGNED else outcome.amount(value).removeprefix("+")

    every = len(_read(table, main))
    clear = next((name for name, row in rows.items() if row.is_clear(every)), None)
    if not any(abs(row.value) > 0 for row in rows.values()):
        finding = f"No factor changes {outcome.label} at all"
    elif clear is None:
        finding = f"No factor clearly goes with {outcome.label}"
    else:
        top = rows[clear]
        ends = f"{said_of(top.low)} to {said_of(top.high)}"
        finding = (
            f"{capital(outcome.factor(clear))} goes with {outcome.label} most: {what} {said_of(top.value)} ({ends})"
        )
    with style.drawing():
        note = f"{outcome.where}. Of each factor: {what}. {RANGES}"
        picture, axes = rows_of(finding, note, [outcome.factor(name) for name in rows])
        for y, row in enumerate(rows.values()):
            axes.barh(y, np.nan_to_num(row.value), height=0.56, color=BAR, zorder=2)
            axes.plot([row.low, row.high], [y, y], color=style.INK, linewidth=1.1, zorder=4)
        axes.axvline(0, color=style.INK, linewidth=1.1)
        axes.set_xlabel(what if main not in SIZES else f"{what}, {outcome.unit}")
        axes.xaxis.set_major_locator(words.ticks_across())
        if main in SIZES:
            unit_ticks(axes.xaxis, outcome)
        else:
            axes.xaxis.set_major_formatter(words.tick_format)
        said = "; ".join(
            f"{outcome.factor(name)} {said_of(row.value)} ({said_of(row.low)} to {said_of(row.high)})"
            for name, row in rows.items()
        )
        picture.alt = f"Bars. {outcome.where}. For {outcome.label}, {what}: {said}."
    return picture


def convergence(path: pd.DataFrame, outcome: Outcome, measure: str = "total") -> style.Picture | None:
    """Whether the indices have settled. path: columns n, factor, value, low, high (`sim.sweeps.convergence.path`). None
    when fewer than two sizes were looked at."""
    sizes = sorted(set(path["n"]))
    if len(sizes) < 2:
        return None
    last, before = (_read(path[path["n"] == n].assign(measure=""), "") for n in (sizes[-1], sizes[-2]))
    top = sorted(last, key=lambda name: -abs(np.nan_to_num(last[name].value)))[:LINES]
    both = [(last[name], before[name]) for name in top if name in before]
    moved = max((abs(now.value - then.value) for now, then in both), default=0.0)
    inside = all(now.low <= then.value <= now.high for now, then in both)
    size = plain(moved, step_of(moved, 1)) if measure not in SIZES else _size(moved, outcome, 0.0)
    finding = (
        f"From {sizes[-2]:,} to {sizes[-1]:,} samples the leading indices moved by at most {size}: "
        + ("inside their intervals" if inside else "beyond their intervals, so more samples are needed")
    )  # fmt: skip
    what = MARKS.get(measure, measure)
    note = f"{outcome.where}. Index ({what}) of the {len(top)} leading factors as samples are added."
    with style.drawing():
        picture = style.Picture(height=4.0)
        height = style.headline(picture, finding, f"{note} Bands: {SURE} intervals.")
        axes = picture.subplots()
        picture.subplots_adjust(left=0.08, right=0.62, top=height - 0.02, bottom=0.13)
        ends = []
        looks = style.looks(list(top), None)
        for name in top:
            line, look = path[path["factor"] == name].sort_values("n"), looks[name]
            axes.fill_between(line["n"], line["low"], line["high"], color=look.colour, alpha=0.12, linewidth=0)
            axes.plot(line["n"], line["value"], color=look.colour, linestyle=look.dash, linewidth=1.9)
            ends.append((style.wrap(outcome.factor(name), 52), float(line["value"].iloc[-1]), look))
        axes.set_xscale("log", base=2)
        axes.set_xlim(sizes[0], sizes[-1])
        axes.set_xticks(sizes, [f"{n:,}" for n in sizes])
        axes.minorticks_off()
        axes.set_xlabel("samples")
        if measure in SIZES:
            unit_ticks(axes.yaxis, outcome)
        else:
            axes.yaxis.set_major_formatter(words.tick_format)
        style.end_labels(axes, sizes[-1], ends, size=8)
        said = "; ".join(
            f"{outcome.factor(n)} " + ", ".join(f"{figures(r['value'])} with {int(r['n']):,}" for _, r in
            path[path["factor"] == n].sort_values("n").iterrows()) for n in top
        )  # fmt: skip
        picture.alt = f"Lines. {outcome.where}. Index by number of samples: {said}."
    return picture


def _leader(ranked: Sequence[tuple[str, Index]], outcome: Outcome, step: float) -> str:
    """Who leads a screening, said only as clearly as the intervals allow."""
    if not any(abs(row.value) > 0 for _, row in ranked):
        return f"No factor changes {outcome.label} at all"
    (name, top), others = ranked[0], ranked[1:]
    first, size = capital(outcome.factor(name)), _size(top.value, outcome, step)
    rivals = sum(row.high >= top.low for _, row in others)
    if not rivals:
        return f"{first} clearly has the largest mean effect on {outcome.label}: {size}{outcome.unit_words}"
    whose = "that of one other" if rivals == 1 else f"those of {rivals} others"
    return f"{first} has the largest mean effect on {outcome.label} ({size}), but its interval overlaps with {whose}"


class Index(NamedTuple):
    """One index with its interval."""

    value: float
    low: float
    high: float

    def is_clear(self, among: int) -> bool:
        """Whether it differs from nought as the foremost of so many factors: of a hundred that do nothing, some have an
        interval of 95 % that says otherwise, so it is widened to hold for all of them together (Bonferroni)."""
        wider = sure_of_all(among) / sure_of_all(1)
        return (
            self.low * wider > self.value * (wider - 1)
            if self.value > 0
            else (self.high * wider < self.value * (wider - 1))
        )


def _read(table: pd.DataFrame, measure: str) -> dict[str, Index]:
    """One measure of every factor."""
    rows = table[(table["measure"] == measure) & (table["factor"] != "luck")]
    numbers = rows[["value", "low", "high"]].to_numpy(np.float64)
    return {str(name): Index(*map(float, row)) for name, row in zip(rows["factor"], numbers, strict=True)}


def rows_of(finding: str, note: str, labels: Sequence[str]) -> tuple[style.Picture, Axes]:
    """A picture with one row a label, the first on top."""
    picture = style.Picture(height=1.75 + ROW * max(len(labels), 1))
    top = style.headline(picture, finding, note)
    height = picture.get_figheight()
    axes = picture.subplots()
    picture.subplots_adjust(left=0.34, right=0.97, top=top - 0.05 / height, bottom=0.5 / height)
    axes.set_yticks(range(len(labels)), [style.wrap(label, LONGEST) for label in labels])
    axes.tick_params(axis="y", labelsize=8.5, labelcolor=style.INK)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.spines[["left"]].set_visible(False)
    return picture, axes


def _largest(rows: pd.DataFrame, size: Any, most: int) -> pd.DataFrame:
    order = np.argsort(-np.nan_to_num(np.asarray(size, np.float64), nan=-1.0), kind="stable")[:most]
    return rows.iloc[order]


def _name_points(axes: Axes, x: Array, y: Array, names: Sequence[str]) -> None:
    """Names beside points, moved apart upwards and downwards so that none overlap."""
    bottom, top = axes.get_ylim()
    height = axes.get_window_extent().height / axes.figure.dpi * style.POINTS
    line = (top - bottom) * 8 * 1.35 / max(height, 1.0)
    left, right = axes.get_xlim()
    placed: list[tuple[float, float, float]] = []
    for k in np.argsort(-x, kind="stable"):
        lines = names[k].split("\n")
        width, gap = max(map(len, lines)) * 0.0075 * (right - left), line * len(lines)
        at = float(y[k])
        for _ in range(60):
            clash = [p for p in placed if abs(p[1] - at) < gap and x[k] < p[2] and p[0] < x[k] + width]
            if not clash:
                break
            at = max(p[1] for p in clash) + gap
        placed.append((float(x[k]), at, float(x[k]) + width))
        shift = 0.012 * (right - left)
        if at != y[k]:
            axes.plot([x[k], x[k] + shift], [y[k], at], color=style.GHOST, linewidth=0.7, zorder=1)
        axes.text(x[k] + shift, at, names[k], va="center", fontsize=8, color=style.INK, clip_on=False, linespacing=1)


def _marked(outcome: Outcome, row: Any) -> str:
    """A factor's words, in brackets when its effect is not clear of chance."""
    name = outcome.factor(row["factor"])
    return name if row["clear"] else f"({name})"


def unit_ticks(axis: Axis, outcome: Outcome) -> None:
    """Ticks in the outcome's unit."""
    if outcome.unit.startswith("£"):
        money_axis(axis)
    else:
        axis.set_major_formatter(words.tick_format)


def _size(value: float, outcome: Outcome, step: float) -> str:
    """A size without a sign."""
    return outcome.amount(abs(float(value)), step).removeprefix("+")


def _share(value: float) -> str:
    return level(100 * float(value)) + style.NBSP + "%"
