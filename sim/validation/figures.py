"""Pictures of a validation: every target in tolerances, and the hospital's observed months beside the model's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim import clock
from sim.care.indices import BASE_FIRST
from sim.report import page, style, svg
from sim.validation.render import number
from sim.validation.simulate import BACKCAST, LATER, Answer
from sim.validation.verdicts import HIT, Verdict, last_line

ROW, REACH = 0.215, 4.0
"""Inches a row; tolerances beyond which a point is drawn at the edge."""
SERVICES = {"ed": "A&E attendances", "emergency": "emergency admissions", "referral": "clock starts"}
SPC = 2.66
"""Limits of an individuals chart: this many mean moving ranges on either side of the mean."""


def write(verdicts: Sequence[Verdict], answers: Sequence[Answer], backcast: str, folder: Path) -> None:
    """Write figures/*.svg and figures/*.png of a validation into a folder."""
    pictures = {}
    for name, built in (("targets", False), ("targets-by-construction", True)):
        those = [one for one in verdicts if one.target.by_construction == built]
        if those:
            pictures[name] = targets(those, built)
    if backcast and answers[0].monthly:
        pictures["backcast"] = months(answers)
    (folder / "figures").mkdir(exist_ok=True)
    for name, picture in pictures.items():
        vector, raster = folder / "figures" / f"{name}.svg", folder / "figures" / f"{name}.png"
        vector.write_text(svg.standalone(page.inlined(picture, name)), encoding="utf-8")
        raster.write_bytes(picture.png())


def targets(verdicts: Sequence[Verdict], built: bool) -> style.Picture:
    """Every target in its own tolerances: the model's mean and 90 % of runs, the band being what counts as met."""
    finding = last_line(verdicts).removesuffix(
        f" ({sum(v.word == HIT for v in verdicts) if built else 0} by construction)"
    )
    finding += ": set at the start" if built else ": not set from what they are tested with"
    note = (
        "Model less observed, in tolerances; within the band it is met. Dots: mean of runs, lines: 90 % of them; open "
        f"diamonds: after {LATER} years, against the trend. Arrows: further off than is shown."
        if built
        else "Model less observed, in tolerances; within the band it is met. Dots: mean of runs, lines: 90 % of them. "
        "Arrows: further off than is shown."
    )
    with style.drawing():
        picture = style.Picture(height=1.5 + ROW * len(verdicts))
        top = style.headline(picture, finding, note)
        axes = picture.subplots()
        picture.subplots_adjust(
            left=0.5, right=0.9, top=top - 0.1 / picture.get_figheight(), bottom=0.5 / picture.get_figheight()
        )
        axes.axvspan(-1, 1, color=style.RULE, linewidth=0, zorder=0)
        axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
        for y, one in enumerate(verdicts):
            _row(axes, y, one)
        axes.set_xlim(-REACH - 0.2, REACH + 0.2)
        axes.set_ylim(len(verdicts) - 0.4, -0.6)
        axes.set_yticks(range(len(verdicts)), [one.target.name for one in verdicts], fontsize=7.8, color=style.INK)
        axes.grid(visible=False)
        axes.set_xlabel("tolerances below or above what was observed")
        axes.xaxis.set_major_formatter(lambda value, _: style.number(value))
        picture.alt = "Dots. " + "; ".join(
            f"{one.target.name}: model {number(one.mean)}, observed {number(one.target.value)}, {one.word}"
            for one in verdicts
        )
    return picture


def _row(axes: Axes, y: int, one: Verdict) -> None:
    tolerance, value = one.target.tolerance, one.target.value
    low, high = (float(np.clip(tolerance.distance(end, value), -REACH, REACH)) for end in one.ends)
    colour = style.SERIES_COLOURS[0] if one.word == HIT else style.SERIES_COLOURS[1]
    if np.isfinite(one.mean):
        at = one.distance
        marker = "o" if abs(at) <= REACH else "<" if at < 0 else ">"
        axes.plot([low, high], [y, y], color=colour, linewidth=1.4, zorder=2)
        axes.plot([np.clip(at, -REACH, REACH)], [y], marker=marker, color=colour, markersize=5, zorder=4)
    words = one.word
    if one.later:
        later = float(np.clip(tolerance.distance(float(one.again.mean()), one.expected), -REACH, REACH))
        axes.plot([later], [y], marker="D", color=style.PAPER, markeredgecolor=style.INK, markersize=4, zorder=3)
        words += f", later {one.later}"
    axes.text(REACH + 0.35, y, words, fontsize=7.8, va="center", color=style.INK, clip_on=False)


def limits(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean and natural process limits (lower, upper) of an individuals chart."""
    moving = float(np.abs(np.diff(values)).mean()) if values.size > 1 else 0.0
    mean = float(values.mean())
    return mean, mean - SPC * moving, mean + SPC * moving


def months(answers: Sequence[Answer]) -> style.Picture:
    """Observed months of the trust as an individuals chart, with the model's own course, no index fitted to it."""
    first, before = BACKCAST.first, BASE_FIRST - BACKCAST.first
    data = {service: np.array([one.monthly[service] for one in answers]) for service in SERVICES}
    inside = []
    for service in SERVICES:
        observed, own = data[service][:, :, 0].mean(axis=0), data[service][:, :before, 1].mean(axis=0)
        _, low, high = limits(observed)
        within = int(((own >= low) & (own <= high)).sum())
        inside.append(f"{SERVICES[service]} {within}")
    finding = f"Of {before} months before the base year the model is within the observed limits in: {', '.join(inside)}"
    note = (
        "Hampshire Hospitals, April 2021 to March 2024. Dots: observed; thin lines: their mean and process limits "
        "(individuals chart); thick line and band: the model without the index fitted to each month, mean and 90 % of "
        "runs. Its level and seasons are those of the base year (shaded, from April 2023), which is therefore met by "
        "construction. Clock starts: the observed shape is that of Hampshire and the Isle of Wight."
    )
    with style.drawing():
        picture = style.Picture(height=7.2)
        top = style.headline(picture, finding, note)
        panels = picture.subplots(len(SERVICES), 1, sharex=True)
        picture.subplots_adjust(left=0.09, right=0.97, top=top - 0.04, bottom=0.06, hspace=0.42)
        x = np.arange(data["ed"].shape[1])
        for axes, service in zip(panels, SERVICES, strict=True):
            observed, own = data[service][:, :, 0].mean(axis=0), data[service][:, :, 1]
            axes.axvspan(before - 0.5, x[-1] + 0.5, color=style.RULE, linewidth=0, zorder=0)
            mean, low, high = limits(observed)
            for level, dash in ((mean, "solid"), (low, (0, (4, 2))), (high, (0, (4, 2)))):
                axes.axhline(level, color=style.GHOST, linewidth=1.0, linestyle=dash)
            ends = np.quantile(own, [0.05, 0.95], axis=0)
            axes.fill_between(x, *ends, color=style.SERIES_COLOURS[0], alpha=0.18, linewidth=0)
            axes.plot(x, own.mean(axis=0), color=style.SERIES_COLOURS[0], linewidth=2)
            axes.plot(x, observed, "o-", color=style.INK, markersize=3.2, linewidth=0.6)
            axes.yaxis.set_major_formatter(lambda value, _: style.number(value))
            axes.set_ylim(bottom=0.6 * min(low, float(own.min())))
            style.panel_title(axes, SERVICES[service], "a month")
        panels[-1].set_xticks(
            x[::6],
            [clock.label(first + int(k)).split(" ")[0][:3] + " " + clock.label(first + int(k))[-4:] for k in x[::6]],
        )
        picture.alt = "Three panels of monthly counts. " + finding
    return picture
