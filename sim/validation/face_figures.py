"""Figures of face validity: life, age at conditions, multimorbidity, who uses care, and contacts by age."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim.evidence import load
from sim.life.conditions import shipped
from sim.life.epidemiology import cells_of_bands, england
from sim.life.grid import BAND, BANDS, DECILES, steps
from sim.report import style
from sim.validation import observed
from sim.validation.faces import MOST, SERVICES, Faces
from sim.validation.grammar import SHIPPED
from sim.validation.people import BANDS as SHOWN

Array = NDArray[Any]
LOW, HIGH = 0.05, 0.95
HUNDRED = 100.0
BLUE, ORANGE, GREEN, VIOLET = style.SERIES_COLOURS
NOTE = "England in small at the start (July 2020). Lines: mean of runs; bands: 90 % of runs"
MULTIMORBIDITY = "two or more of 36 conditions, adults"


def all_of(runs: Sequence[Faces]) -> dict[str, style.Picture]:
    """Every figure by its name, from what each run says."""
    drawn: Mapping[str, Callable[[Mapping[str, Array]], style.Picture]] = {
        "face-life": life, "face-conditions": conditions, "face-multimorbidity": multimorbidity, "face-use": use,
        "face-contacts": contacts,
    }  # fmt: skip
    together = {name: np.stack([run[name] for run in runs]) for name in runs[0]}
    with style.drawing():
        return {name: draw(together) for name, draw in drawn.items()}


def life(faces: Mapping[str, Array]) -> style.Picture:
    """Life expectancy, and years lived before 75, by decile and sex."""
    whole, young = faces["life"].mean(0), faces["life_to_75"].mean(0)
    gap = whole[:, -1] - whole[:, 0]
    finding = (
        f"Men in the most deprived tenth live {gap[1]:.1f} years less than in the least deprived, women {gap[0]:.1f}"
    )
    note = (
        f"{NOTE}. Hollow: observed in England 2016 to 2018, published by decile up to 75 only. The model's death rates "
        "are set from the same source with the level of 2019, so the right panel is met by construction. "
        "Source: Lewer 2020 (CC BY 4.0) from ONS."
    )
    picture, (left, right) = _panels(finding, note)
    x = np.arange(1, DECILES + 1)
    for sex, (name, colour) in enumerate((("women", BLUE), ("men", ORANGE))):
        _line(left, x, faces["life"][:, sex], colour, name, "os"[sex])
        _line(right, x, faces["life_to_75"][:, sex], colour, name, "os"[sex])
        seen = observed.face("life_to_75", name)
        right.plot(list(seen), list(seen.values()), "os"[sex], markerfacecolor=style.PAPER, markeredgecolor=style.INK)
    style.panel_title(left, "Life expectancy at birth", "years")
    style.panel_title(right, "Years lived before 75", "of 75")
    _deciles(left, right)
    picture.alt = (
        f"Life expectancy rises from decile 1 to decile 10: women {whole[0, 0]:.1f} to {whole[0, -1]:.1f}, men "
        f"{whole[1, 0]:.1f} to {whole[1, -1]:.1f} years; years before 75: women {young[0, 0]:.1f} to "
        f"{young[0, -1]:.1f}, men {young[1, 0]:.1f} to {young[1, -1]:.1f}."
    )
    return picture


def conditions(faces: Mapping[str, Array]) -> style.Picture:
    """Age by which half have a first and a second condition, by decile."""
    first, second = faces["half_have"].mean(0)
    early = first[-1] - first[0], second[-1] - second[0]
    finding = (
        f"In the most deprived tenth half have a first condition {early[0]:.0f} years and a second {early[1]:.0f} years"
        " earlier than in the least deprived"
    )
    note = (
        f"{NOTE}. Of the model's long-term conditions, known or not. The evidence at hand has no observed ages by "
        "deprivation to set beside them."
    )
    picture, (axes,) = _panels(finding, note, 1)
    x = np.arange(1, DECILES + 1)
    for which, (name, colour) in enumerate((("first condition", BLUE), ("second condition", ORANGE))):
        _line(axes, x, faces["half_have"][:, which], colour, name, "os"[which])
    style.panel_title(axes, "Age by which half of people have it", "years")
    _deciles(axes)
    picture.alt = (
        f"Two rising lines. First condition: {first[0]:.0f} years in decile 1, {first[-1]:.0f} in decile 10; second: "
        f"{second[0]:.0f} and {second[-1]:.0f}."
    )
    return picture


def multimorbidity(faces: Mapping[str, Array]) -> style.Picture:
    """Share with two or more conditions by age, for all and for the ends of deprivation."""
    share = HUNDRED * faces["many_by_age"]
    adults = HUNDRED * float(faces["many_adults"].mean())
    published = HUNDRED * _published()
    finding = (
        f"{adults:.0f} % of adults have two or more of the model's conditions, against {published:.0f} % observed"
        " with 36 conditions"
    )
    note = (
        f"{NOTE}. The grey line is the observed share of all adults (Health Foundation 2018, 36 conditions; the model "
        f"has {_number()} long-term ones); shares by age were not published with it."
    )
    picture, (axes,) = _panels(finding, note, 1)
    x = BAND * (np.arange(SHOWN) + 0.5)
    for k, (name, colour) in enumerate(
        (("all", style.INK), ("most deprived fifth", ORANGE), ("least deprived fifth", BLUE))
    ):
        _line(axes, x, share[:, k], colour, name, "os^"[k])
    axes.hlines(published, 18, 95, color=style.GHOST, linewidth=1.4, linestyle=style.BASELINE_DASH)
    style.panel_title(axes, "People with two or more long-term conditions", "% of the age group")
    axes.set_xlabel("age")
    axes.set_ylim(bottom=0)
    middle = [float(np.nanmean(share[:, 0, k])) for k in (9, 13, 16)]
    picture.alt = (
        f"Rising curves. All: {middle[0]:.0f} % at 45–49, {middle[1]:.0f} % at 65–69, {middle[2]:.0f} % at 80–84; the "
        "most deprived fifth above, the least deprived below."
    )
    return picture


def use(faces: Mapping[str, Array]) -> style.Picture:
    """Who uses care: shares of people and of each service by number of conditions, and GP contacts over the usual."""
    shares = HUNDRED * faces["use"].mean(0)
    many = shares[:, 2:].sum(1)
    finding = (
        f"People with two or more conditions are {many[0]:.0f} % of all and make {many[1]:.0f} % of GP contacts and "
        f"{many[3]:.0f} % of emergency admissions"
    )
    note = (
        f"{NOTE}. Right: contacts with general practice over the mean of the same age and sex; hollow: published "
        "(Soley-Bori 2021, multimorbid against not 2.3, read; the steps between are recalled). The model's multipliers "
        "of contacts by condition come from the same kind of study."
    )
    picture, (left, right) = _panels(finding, note, left=0.15)
    names = ["people", *SERVICES]
    colours = (style.RULE, "#A9C9E8", "#5E97CF", BLUE, "#003A73")
    labels = [*(str(k) for k in range(MOST)), f"{MOST} or more"]
    at = np.zeros(len(names))
    for k, (label, colour) in enumerate(zip(labels, colours, strict=True)):
        left.barh(range(len(names)), shares[:, k], left=at, color=colour, height=0.62, label=label)
        for row in range(len(names)):
            if shares[row, k] >= 6:
                ink = style.INK if k < 2 else style.PAPER
                left.text(at[row] + shares[row, k] / 2, row, f"{shares[row, k]:.0f}", ha="center", va="center",
                          fontsize=8, color=ink)  # fmt: skip
        at = at + shares[:, k]
    left.set_yticks(range(len(names)), names, color=style.INK)
    left.invert_yaxis()
    left.set_xlim(0, HUNDRED)
    left.grid(visible=False)
    left.legend(title="conditions", ncols=len(labels), loc="upper center", bbox_to_anchor=(0.45, -0.1), frameon=False,
                fontsize=8, title_fontsize=8, handlelength=1.1, columnspacing=1.0)  # fmt: skip
    style.panel_title(left, "By number of conditions", "% of the total")
    ratio = faces["gp_ratio"]
    _line(right, np.arange(MOST + 1), ratio, BLUE, "model", "o")
    seen = observed.face("gp_by_number", "GP")
    right.plot(list(seen), list(seen.values()), "o", markerfacecolor=style.PAPER, markeredgecolor=style.INK)
    right.set_xticks(range(MOST + 1), labels)
    right.set_xlabel("conditions diagnosed")
    right.set_ylim(bottom=0)
    style.panel_title(right, "GP contacts over the usual", "ratio, same age and sex")
    picture.alt = (
        f"Bars: with two or more conditions {', '.join(f'{n} {v:.0f} %' for n, v in zip(names, many, strict=True))}. "
        f"GP contacts over the usual rise from {ratio.mean(0)[0]:.2f} with none to {ratio.mean(0)[MOST]:.2f} with "
        f"{MOST} or more; published {seen.get(0.0, float('nan')):.2f} to {seen.get(float(MOST), float('nan')):.2f}."
    )
    return picture


def contacts(faces: Mapping[str, Array]) -> style.Picture:
    """Contacts a year by age with each service, beside England's table."""
    rates = faces["contacts"]
    mean = rates.mean(0)
    old, young = 16, 5
    finding = (
        f"People of 80 to 84 have {mean[0, old] / mean[0, young]:.1f} times the GP contacts and "
        f"{mean[2, old] / mean[2, young]:.0f} times the emergency admissions of those of 25 to 29"
    )
    note = (
        f"{NOTE}. Contacts needed, before local level and monthly index. Hollow: England's table by age (levels: "
        "NHS England 2023/24, read; age shapes recalled), which the model's rates are set from: met by construction in "
        "all, while the spread within an age comes from health."
    )
    picture, panels = _panels(finding, note, len(SERVICES))
    x = BAND * (np.arange(SHOWN) + 0.5)
    kinds = ("gp", "ed", "emergency")
    for axes, name, k in zip(panels, SERVICES, range(len(kinds)), strict=True):
        _line(axes, x, rates[:, k], BLUE, "", "o")
        axes.plot(x, _table_of(kinds[k]), "o", markerfacecolor="none", markeredgecolor=style.INK, markersize=6)
        style.panel_title(axes, name, "a person and year")
        axes.set_xlabel("age")
        axes.set_ylim(bottom=0)
    picture.alt = "Three rising curves by age. " + "; ".join(
        f"{name}: {mean[k, young]:.2f} at 25–29, {mean[k, old]:.2f} at 80–84" for k, name in enumerate(SERVICES)
    )
    return picture


def _table_of(kind: str) -> Array:
    """England's contacts by five-year band, both sexes, of the evidence as it stands."""
    evidence = load().draw(0)
    table = evidence.table("contact_rate")
    people = england(evidence)
    rate = steps(table[table["kind"] == kind])[:, :, None] * people
    top, bottom = (cells_of_bands(each).sum((0, 2)) for each in (rate, people))
    joined = [np.concatenate([each[: SHOWN - 1], [each[SHOWN - 1 : BANDS].sum()]]) for each in (top, bottom)]
    return np.asarray(joined[0] / joined[1])


def _published() -> float:
    with SHIPPED.open(encoding="utf-8", newline="") as text:
        return next(float(row["value"]) for row in csv.DictReader(text) if row["name"] == MULTIMORBIDITY)


def _number() -> int:
    """Long-term conditions of the model: those that are not only a stage before another."""
    found = shipped()
    return len(found) - len({condition.replaces for condition in found if condition.replaces})


def _panels(finding: str, note: str, number: int = 2, left: float = 0.09) -> tuple[style.Picture, list[Axes]]:
    picture = style.Picture(height=4.3)
    top = style.headline(picture, finding, note)
    panels = np.atleast_1d(picture.subplots(1, number))
    picture.subplots_adjust(left=left, right=0.87 if number == 1 else 0.95, top=top - 0.09, bottom=0.16, wspace=0.3)
    return picture, list(panels)


def _line(axes: Axes, x: Array, runs: Array, colour: str, label: str, marker: str) -> None:
    known = np.isfinite(runs).all(axis=0)
    mean, at = runs.mean(axis=0)[known], x[known]
    axes.fill_between(at, *np.quantile(runs[:, known], [LOW, HIGH], axis=0), color=colour, alpha=0.18, linewidth=0)
    axes.plot(at, mean, marker=marker, color=colour, linewidth=1.8, markersize=3.5)
    if label and at.size:
        axes.annotate(label, (at[-1], mean[-1]), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8.5,
                      annotation_clip=False)  # fmt: skip


def _deciles(*panels: Axes) -> None:
    for axes in panels:
        axes.set_xticks(range(1, DECILES + 1))
        axes.set_xlabel("deprivation decile, 1 most deprived")
