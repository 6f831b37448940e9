"""Pictures of a validation: every target in tolerances; with them, back-cast and face validity (files of their own)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from sim.report import page, style, svg
from sim.validation import backcast_figure, face_figures
from sim.validation.render import number
from sim.validation.simulate import LATER, Answer
from sim.validation.verdicts import HIT, Verdict, last_line

ROW, REACH = 0.215, 4.0
"""Inches a row; tolerances beyond which a point is drawn at the edge."""


def write(
    verdicts: Sequence[Verdict], answers: Sequence[Answer], folder: Path, by_authority: Sequence[Verdict] = ()
) -> None:
    """Write figures/*.svg and figures/*.png of a validation into a folder. by_authority: rows that are not counted."""
    pictures = {}
    for name, built in (("targets", False), ("targets-by-construction", True)):
        those = [one for one in verdicts if one.target.by_construction == built]
        if those:
            pictures[name] = targets(those, built)
    local = [one for one in verdicts if one.target.who.area is not None]
    if by_authority:
        pictures["authorities"] = authorities([*local, *by_authority])
    if answers[0].monthly:
        pictures["backcast"] = backcast_figure.months(answers)
    if answers[0].faces:
        pictures |= face_figures.all_of([answer.faces for answer in answers])
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
    return _in_tolerances(verdicts, finding, note)


def authorities(verdicts: Sequence[Verdict]) -> style.Picture:
    """Every row of a local authority in its own tolerances, authority by authority."""
    rows = sorted(verdicts, key=lambda one: str(one.target.who.area))
    hits = sum(one.word == HIT for one in rows)
    recorded = sum(one.recorded_otherwise and one.word != HIT for one in rows)
    finding = (
        f"{hits} of {len(rows)} rows by local authority lie within tolerance; {recorded} of the misses are registers"
        " that recording alone may explain"
    )
    note = (
        "Model less observed, in tolerances; within the band it is met. Dots: mean of runs, lines: 90 % of them. Of "
        "Eastleigh, East Hampshire and Hart the model has the parts whose people use Hampshire Hospitals, the observed "
        "are of the whole authority. Sources: QOF 2019/20 via House of Commons Library; ONS Health Index 2021 (OGL)."
    )
    return _in_tolerances(rows, finding, note)


def _in_tolerances(verdicts: Sequence[Verdict], finding: str, note: str) -> style.Picture:
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
