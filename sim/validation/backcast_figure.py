"""The hospital's observed months as individuals charts, with the model's own course drawn over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim import clock
from sim.care.indices import BASE_FIRST
from sim.report import style, words, xmr
from sim.validation import observed
from sim.validation.simulate import BACKCAST, Answer

Array = NDArray[Any]
COLUMNS = 2
ROW = 1.72
LOW, HIGH = 0.05, 0.95
HUNDRED = 100.0


@dataclass(frozen=True)
class Panel:
    """One measure. better: +1 more is better, −1 less is, 0 neither; index: shown as a ratio to its mean over the base
    year, where only the shape can be compared. built: how the series itself enters the model, where it does."""

    name: str
    title: str
    unit: str
    better: int = 0
    service: str = ""
    percent: bool = False
    index: bool = False
    built: str = ""


PANELS = (
    Panel("ed_attendances", "A&E attendances", "a month", service="ed"),
    Panel("emergency_admissions", "Emergency admissions", "a month", service="emergency"),
    Panel("ed_over_4h_share", "A&E over 4 hours", "% of attendances", -1, percent=True),
    Panel("bed_occupancy", "Bed occupancy", "% of general and acute beds open", -1, percent=True),
    Panel("beds_open", "Beds open", "general and acute, mean of the month", built="given to the model"),
    Panel("elective_referrals", "Clock starts", "2023/24 = 100 (shape of the system)", service="referral", index=True),
    Panel("waiting_list", "Waiting list", "2023/24 = 100 (shape of the system)", -1, index=True,
          built="treatments follow it"),
    Panel("waiting_over_18w", "Waiting over 18 weeks", "2023/24 = 100", -1, index=True),
)  # fmt: skip


@dataclass(frozen=True)
class Course:
    """Observed values (nan where unknown or faulty), the faulty ones, and the model's (runs, months)."""

    panel: Panel
    seen: Array
    faulty: Array
    own: Array

    def off(self, before: int) -> float:
        """Mean distance of the model's mean from what was observed, over the months before the base year, a share."""
        mean = self.own.mean(axis=0)[:before]
        distance = np.abs(mean / self.seen[:before] - 1)
        return float(np.nanmean(distance)) if np.isfinite(distance).any() else float("nan")


def courses(answers: Sequence[Answer]) -> list[Course]:
    """Every panel's observed months and the model's own course, in the unit in which they are drawn."""
    base = slice(BASE_FIRST - BACKCAST.first, None)
    found = []
    for panel in PANELS:
        seen, faulty = observed.months(panel.name, BACKCAST)
        if panel.service:
            triples = np.array([one.monthly[panel.service] for one in answers])
            own = triples[:, :, 1]
        else:
            own = np.array([one.months[panel.name] for one in answers])
        if panel.index:
            seen = HUNDRED * seen / np.nanmean(seen[base])
            own = HUNDRED * own / own[:, base].mean(axis=1, keepdims=True)
        factor = HUNDRED if panel.percent else 1.0
        found.append(Course(panel, factor * seen, factor * faulty, factor * own))
    return found


def months(answers: Sequence[Answer]) -> style.Picture:
    """Observed months of the trust as individuals charts, with the model's own course, no index fitted to it."""
    before = BASE_FIRST - BACKCAST.first
    data = courses(answers)
    free = [one for one in data if not one.panel.built and np.isfinite(one.off(before))]
    errors = {one.panel.title: one.off(before) for one in free}
    best, worst = min(errors, key=lambda name: errors[name]), max(errors, key=lambda name: errors[name])
    finding = (
        f"Before the base year the model's own months are closest in {_small(best)} ({_percent(errors[best])} off) and"
        f" furthest in {_small(worst)} ({_percent(errors[worst])} off)"
    )
    note = (
        "Hampshire Hospitals, April 2021 to March 2024. Points: observed, with their mean and process limits; orange "
        "or blue points are special causes for worse or better, purple ones of a measure that is neither, grey ones "
        "common cause; the hollow point is a data fault. Thick line and band: the model, mean and 90 % of runs. A&E "
        "attendances, admissions and clock starts are shown without the index fitted to each month; their level and "
        "seasons are those of the base year (shaded), met by construction. The others follow from months with the "
        "index. Clock starts and list: observed of Hampshire and the Isle of Wight. "
        "Source: NHS England, via healthyr, Open Government Licence v3.0."
    )
    with style.drawing():
        rows = -(-len(data) // COLUMNS)
        picture = style.Picture(height=1.7 + ROW * rows)
        top = style.headline(picture, finding, note)
        panels = picture.subplots(rows, COLUMNS, sharex=True)
        height = picture.get_figheight()
        picture.subplots_adjust(
            left=0.07, right=0.985, top=top - 0.34 / height, bottom=0.35 / height, hspace=0.55, wspace=0.14
        )
        for axes, one in zip(panels.flat, data, strict=True):
            _panel(axes, one, before)
        picture.alt = (
            "Eight panels of 36 months. "
            + "; ".join(
                f"{one.panel.title}: model off by {_percent(one.off(before))} in the mean month before the base year"
                for one in free
            )
            + ". "
            + _in_words(data)
        )
    return picture


def _in_words(data: Sequence[Course]) -> str:
    return "; ".join(
        f"{one.panel.title}: {int(xmr.chart(one.seen).special.sum())} of {int(np.isfinite(one.seen).sum())} observed "
        "months are special causes"
        for one in data
    )


def _small(title: str) -> str:
    return title if title.startswith("A&E") else title[:1].lower() + title[1:]


def _percent(share: float) -> str:
    return style.percent(share, 1 if share < 0.1 else 0)


def _panel(axes: Axes, one: Course, before: int) -> None:
    x = np.arange(one.seen.size)
    axes.axvspan(before - 0.5, x[-1] + 0.5, color=style.RULE, alpha=0.6, linewidth=0, zorder=0)
    axes.fill_between(x, *np.quantile(one.own, [LOW, HIGH], axis=0), color=style.SERIES_COLOURS[2], alpha=0.25,
                      linewidth=0)  # fmt: skip
    axes.plot(x, one.own.mean(axis=0), color=style.SERIES_COLOURS[2], linewidth=2.2)
    xmr.draw(axes, x, xmr.chart(one.seen), one.panel.better, one.faulty)
    axes.yaxis.set_major_formatter(lambda value, _: style.number(value))
    axes.yaxis.set_major_locator(words.few_ticks())
    style.panel_title(axes, one.panel.title, one.panel.unit)
    off = one.off(before)
    if one.panel.built or np.isfinite(off):
        style.note_right(axes, one.panel.built or f"{_percent(off)} off before 2023/24")
    ticks = x[::6]
    axes.set_xticks(ticks, [_month(BACKCAST.first + int(k)) for k in ticks])


def _month(month: int) -> str:
    text = clock.label(month)
    return f"{text[:3]} {text[-4:]}"
