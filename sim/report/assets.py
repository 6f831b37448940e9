"""The asset map: how many community groups, clubs and charities the model gives each neighbourhood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.report import style
from sim.report.neighbourhood_map import fill, project
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

LAND, LARGEST = "#E8EEF4", 9.0  # fill of the neighbourhoods; diameter in points of the largest dot


def assets(results: Results | Numbers) -> style.Picture | None:
    """Neighbourhoods with a dot each, its area as many as the assets; None without outlines or in older runs.

    No map of real assets exists for the place: the numbers are the national number a resident, more where there is
    energy to be seen (`sim.life.community`), in the first run of the baseline.
    """
    numbers = Numbers.of(results)
    counts = np.array(numbers.results.record(numbers.base).meta.get("assets", ()), np.float64)
    place = numbers.place
    if place is None or not any(place.outlines) or len(counts) != len(place.lsoas) or not counts.any():
        return None
    shapes, aspect = project(place.outlines, float(place.lsoas["lat"].mean()))
    people = numbers.area_counts("residents", numbers.base)
    rate = 1000 * counts.sum() / people.sum()
    names = numbers.area_names()
    with style.drawing():
        width = style.WIDTH * 0.6
        picture = style.Picture(height=1.0 + width * min(aspect, 1.2))
        finding = (
            f"{style.number(counts.sum())} community groups, clubs and charities are assumed, {style.number(rate, 1)} "
            f"for 1,000 residents; most in {names[int(counts.argmax())]} ({style.number(counts.max())})"
        )
        note = (
            "An assumption, not a survey: no map of real assets exists for the place. The national number for a "
            "resident, more where there is energy for such work; the larger the dot, the more."
        )
        top = style.headline(picture, finding, note)
        axes = picture.subplots()
        picture.subplots_adjust(left=0.01, right=0.99, top=top, bottom=0.01)
        fill(axes, shapes, [LAND] * len(counts))
        for count in np.unique(counts[counts > 0]):
            here = np.flatnonzero(counts == count)
            size = LARGEST * float(np.sqrt(count / counts.max()))
            middles = np.array([_middle(shapes, int(area)) for area in here])
            axes.plot(*middles.T, "o", color=style.BLUE, alpha=0.75, markersize=size, markeredgewidth=0)
        axes.set_anchor("NW")
        picture.alt = (
            f"Map of {len(counts)} neighbourhoods with a dot each. Assumed community assets: "
            f"{style.number(counts.sum())} in all; from {style.number(counts.min())} in "
            f"{names[int(counts.argmin())]} to "
            f"{style.number(counts.max())} in {names[int(counts.argmax())]}, half of the neighbourhoods have "
            f"{style.number(float(np.median(counts)))} or more."
        )
    return picture


def _middle(shapes: list[tuple[int, np.ndarray]], area: int) -> np.ndarray:
    """The middle of an area's largest ring."""
    rings = [ring for one, ring in shapes if one == area]
    if not rings:
        return np.array([np.nan, np.nan])
    largest = max(rings, key=len)
    return np.asarray((largest.min(axis=0) + largest.max(axis=0)) / 2)
