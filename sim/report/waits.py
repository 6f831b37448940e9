"""The hospital waiting list by how long people have waited, year by year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.report import findings, style, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

NEEDED = ("waiting_list", "waiting_over_18w", "waiting_over_52w")
BANDS = ("up to 18 weeks", "18 to 52 weeks", "over 52 weeks")
SHADES = ("#B9CFE3", "#5B93C4", "#123F70")  # light to dark as the wait grows; read as well in grey


def bands(numbers: Numbers, scenario: str) -> NDArray[np.float64]:
    """People waiting at the end of March by band (`BANDS`) and year, means of the runs, float64[3, years]."""
    every, over_18, over_52 = (numbers.level(name, scenario).mid for name in NEEDED)
    return np.stack([every - over_18, over_18 - over_52, over_52])


def waits(results: Results | Numbers, scenarios: Sequence[str] | None = None) -> style.Picture | None:
    """One column a scenario, the baseline first: the list as layers by time waited; None where it was not counted."""
    numbers = Numbers.of(results)
    if len(numbers.known(NEEDED)) < len(NEEDED):
        return None
    shown = [numbers.base, *(scenarios or numbers.compared)][: style.MAX_SERIES]
    layers = {name: bands(numbers, name) for name in shown}
    years = numbers.years
    with style.drawing():
        picture = style.Picture(height=3.7)
        note = (
            "People on the hospital trust's list at the end of March, by how long they have waited. Means of runs; the "
            "share in the title is the mean of the runs' shares, as in the tables."
        )
        top = style.headline(
            picture, findings.long_waits(numbers, shown), note + words.left_out(numbers, shown, scenarios)
        )
        height = picture.get_figheight()
        row = picture.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        picture.subplots_adjust(left=0.075, right=0.975, top=top - 0.52 / height, bottom=0.36 / height, wspace=0.3)
        for axes, name in zip(row, shown, strict=True):
            axes.stackplot(years, layers[name], colors=SHADES, linewidth=0.6, edgecolor=style.PAPER)
            axes.set_title(numbers.label(name), pad=8)
            axes.set_xlim(float(years[0]), float(years[-1]) + (len(years) == 1))
            axes.yaxis.set_major_locator(words.few_ticks())
            axes.yaxis.set_major_formatter(words.tick_format)
            words.year_axis(axes, years)
        style.key(row[0], list(zip(SHADES, BANDS, strict=True)), lift=21)
        picture.alt = _alt(numbers, layers)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _alt(numbers: Numbers, layers: dict[str, NDArray[np.float64]]) -> str:
    first, last = (clock.fin_year_label(numbers.years[k]) for k in (0, -1))
    each = []
    for name, layer in layers.items():
        ends = "; ".join(
            f"{band} {style.number(float(now))} (in {first} {style.number(float(then))})"
            for band, now, then in zip(BANDS, layer[:, -1], layer[:, 0], strict=True)
        )
        each.append(f"{numbers.label(name)}: {ends}.")
    return f"Layers by time waited. People waiting in March of {last}. " + " ".join(each)
