"""Pictures of a calibration: how much of the box was ruled out, what is left of each parameter, and every aim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from sim.calibration.free import Free
from sim.calibration.tables import MET, Account
from sim.calibration.waves import SURE, Found
from sim.report import page, style, svg

ROW, REACH = 0.2, 4.0
"""Inches a row; tolerances beyond which a point is drawn at the edge."""
JITTER = 0.28
"""Half the height over which the points of a parameter are spread, in rows."""


def write(found: Found, told: Sequence[Account], free: Sequence[Free], folder: Path) -> None:
    """Write figures/*.svg and figures/*.png into a folder."""
    pictures = {"waves": waves(found), "parameters": parameters(found, free), "aims": aims(found, told)}
    (folder / "figures").mkdir(exist_ok=True)
    for name, picture in pictures.items():
        vector, raster = folder / "figures" / f"{name}.svg", folder / "figures" / f"{name}.png"
        vector.write_text(svg.standalone(page.inlined(picture, f"calibration-{name}")), encoding="utf-8")
        raster.write_bytes(picture.png())


def waves(found: Found) -> style.Picture:
    """Share of the box left and how unsure the emulators are, by wave."""
    last = found.waves[-1]
    finding = f"{style.percent(last.left)} of the box is left after {last.runs} runs in {last.number} waves"
    note = (
        "Left: share of the box of free parameters that is not ruled out. Right: variance of the emulators over that "
        f"of the tolerance, at the least sure aim; below {SURE} they are sure enough."
    )
    x = [wave.number for wave in found.waves]
    with style.drawing():
        picture = style.Picture(height=3.4)
        top = style.headline(picture, finding, note)
        left, right = picture.subplots(1, 2)
        picture.subplots_adjust(left=0.08, right=0.97, top=top - 0.12, bottom=0.15, wspace=0.2)
        for axes, values, title, unit in (
            (left, [100 * max(w.left, 1e-6) for w in found.waves], "Left of the box", "%, logarithmic"),
            (right, [max(w.unsure, 1e-6) for w in found.waves], "Unsureness of emulators", "ratio, logarithmic"),
        ):
            axes.plot(x, values, "o-", color=style.SERIES_COLOURS[0], linewidth=2)
            for n, value in zip(x, values, strict=True):
                axes.annotate(f"{value:.2g}", (n, value), (0, 6), textcoords="offset points", ha="center", fontsize=8)
            axes.set_yscale("log")
            axes.margins(y=0.25)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            axes.yaxis.set_minor_formatter(lambda value, _: "")
            axes.set_xticks(x, [f"wave {n}" for n in x])
            axes.set_xlim(0.7, max(x) + 0.3)
            style.panel_title(axes, title, unit)
        right.axhline(SURE, color=style.INK, linewidth=0.9, linestyle=style.BASELINE_DASH)
        picture.alt = "Two lines by wave. " + "; ".join(
            f"wave {w.number}: {style.percent(w.left, 2)} left, ratio {w.unsure:.2f}" for w in found.waves
        )
    return picture


def parameters(found: Found, free: Sequence[Free]) -> style.Picture:
    """Every run by its value of each parameter: those ruled out pale, those of the set dark, the central one marked."""
    widths = (
        [float(np.ptp(found.x[found.kept][:, i])) for i in range(len(free))] if found.kept.any() else [0.0] * len(free)
    )
    pinned = free[int(np.argmin(widths))].name
    finding = f"{int(found.kept.sum())} of {len(found.x)} runs are not implausible; {pinned} is pinned down most"
    note = (
        "Each row is the box of one parameter, from its lower to its upper bound. Pale: runs that are ruled out; dark: "
        "the set; open diamond: the central draw."
    )
    spread = (np.arange(len(found.x)) * 0.618034) % 1.0  # evenly over the height, by number
    with style.drawing():
        picture = style.Picture(height=1.3 + 0.42 * len(free))
        top = style.headline(picture, finding, note)
        axes = picture.subplots()
        picture.subplots_adjust(left=0.34, right=0.93, top=top - 0.02, bottom=0.12)
        for i, one in enumerate(free):
            y = i + JITTER * (2 * spread - 1)
            axes.plot(found.x[~found.kept, i], y[~found.kept], "o", color=style.GHOST, markersize=2.2)
            axes.plot(found.x[found.kept, i], y[found.kept], "o", color=style.SERIES_COLOURS[0], markersize=3)
            if found.central is not None:
                at = found.x[found.central, i]
                axes.plot([at], [i], "D", color=style.PAPER, markeredgecolor=style.INK, markersize=7, zorder=4)
            axes.text(-0.015, i + 0.42, _plain(one.low), fontsize=7.5, color=style.MUTED, ha="left", va="center")
            axes.text(1.015, i + 0.42, _plain(one.high), fontsize=7.5, color=style.MUTED, ha="right", va="center")
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(len(free) - 0.4, -0.6)
        axes.set_yticks(range(len(free)), [one.name for one in free], fontsize=8.5, color=style.INK)
        axes.set_xticks([0, 1], ["lower bound", "upper bound"])
        axes.grid(visible=False)
        picture.alt = "Dots by parameter. " + finding
    return picture


def aims(found: Found, told: Sequence[Account]) -> style.Picture:
    """Every aim in its own tolerances: runs of the first wave, over the whole box, and runs of the set."""
    met = sum(one.met for one in told)
    finding = f"The mean of the set meets {met} of {len(told)} aims"
    note = (
        "Model less observed, in tolerances; within the band it is met. Dots and lines: mean and 90 % of the runs of "
        "the set; pale lines: 90 % of the runs of the first wave, all over the box. Bold names judge the points."
    )
    with style.drawing():
        picture = style.Picture(height=1.5 + ROW * len(told))
        high = picture.get_figheight()
        top = style.headline(picture, finding, note)
        axes = picture.subplots()
        picture.subplots_adjust(left=0.45, right=0.86, top=top - 0.1 / high, bottom=0.5 / high)
        axes.axvspan(-1, 1, color=style.RULE, linewidth=0, zorder=0)
        axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
        for y, one in enumerate(told):
            _aim(axes, y, one)
        axes.set_xlim(-REACH - 0.2, REACH + 0.2)
        axes.set_ylim(len(told) - 0.4, -0.6)
        axes.set_yticks(range(len(told)), [one.surface.aim.name for one in told], fontsize=7.2, color=style.INK)
        for label, one in zip(axes.get_yticklabels(), told, strict=True):
            label.set_fontweight("bold" if one.judges else "normal")
        axes.grid(visible=False)
        axes.set_xlabel("tolerances below or above what was observed")
        axes.xaxis.set_major_formatter(lambda value, _: style.number(value))
        picture.alt = "Dots. " + "; ".join(
            f"{one.surface.aim.name}: {style.number(one.off, 1)} tolerances off, {one.fate}" for one in told
        )
    return picture


def _plain(value: float) -> str:
    return f"{value:g}".replace("-", style.MINUS)


def _aim(axes: Axes, y: int, one: Account) -> None:
    aim = one.surface.aim

    def at(value: float) -> float:
        side = aim.above if value > aim.value else aim.below
        return float(np.clip((value - aim.value) / side if side > 0 else 0.0, -REACH, REACH))

    colour = style.SERIES_COLOURS[0] if one.met else style.SERIES_COLOURS[1]
    axes.plot([at(one.before[1]), at(one.before[2])], [y, y], color=style.GHOST, linewidth=4.5, zorder=2)
    axes.plot([at(one.after[1]), at(one.after[2])], [y, y], color=colour, linewidth=1.6, zorder=3)
    axes.plot([at(one.after[0])], [y], "o" if one.met else "s", color=colour, markersize=4.5, zorder=4)
    word = "" if one.fate == MET else one.fate
    axes.text(REACH + 0.35, y, word, fontsize=7.5, va="center", color=style.INK, clip_on=False)
