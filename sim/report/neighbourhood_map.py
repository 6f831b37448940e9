"""Maps of neighbourhoods (LSOAs): where need is now, and where each scenario changes it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from sim.report import alternative, findings, style, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

# Five steps of one hue, light to dark, from ColorBrewer's idea of an even ladder; read as well in grey.
LEVELS = ("#E8EEF4", "#B9CFE3", "#82ABCE", "#457FB2", "#123F70")
Shapes = Sequence[tuple[int, NDArray[np.float64]]]
CANDIDATES = ("residents_emergency_admissions", "unmet_need", "lonely")
KEPT = 0.0012  # outlines are simplified to this share of the map's width: under a point on the page


def neighbourhood_map(
    results: Results | Numbers, measure: str | None = None, scenarios: Sequence[str] | None = None
) -> style.Picture | None:
    """The baseline's level and, for up to three scenarios, the change in it; None when the place has no outlines.

    measure: by default that of `CANDIDATES` in which most neighbourhoods change clearly (the first when none does).
    """
    numbers = Numbers.of(results)
    candidates = [name for name in CANDIDATES if numbers.has_areas(name)] if measure is None else [measure]
    if numbers.place is None or not any(numbers.place.outlines) or not candidates:
        return None
    shown = list(scenarios or numbers.compared)[:3]
    measure = max(candidates, key=lambda name: _clear_areas(numbers, name, shown))
    shapes, aspect = project(numbers.place.outlines, float(numbers.place.lsoas["lat"].mean()))
    with style.drawing():
        panels = 1 + len(shown)
        across = 2 if panels > 1 else 1
        down = -(-panels // across)
        each = style.WIDTH / 2 * (0.9 if panels > 1 else 1.4) * min(aspect, 1.2)
        picture = style.Picture(height=1.1 + (each + 0.55) * down)
        info, unit = numbers.info(measure), numbers.head_unit(measure)
        span = numbers.late_span()
        note = (
            f"{info.label}, {unit}, {span}. Changes are coloured only where they are beyond chance (paired test; at "
            "most a tenth of the coloured areas would be flukes); darker: more than half the largest change. Pale "
            "grey: no clear change."
            if shown
            else f"{info.label}, {unit}, {span}. The darker, the more: each shade holds a fifth of the neighbourhoods."
        )
        finding = findings.neighbourhoods(numbers, measure, shown)
        top = style.headline(picture, finding, note + words.left_out(numbers, shown, scenarios))
        height = picture.get_figheight()
        axes = picture.subplots(down, across, squeeze=False)
        picture.subplots_adjust(
            left=0.01, right=0.99, top=top - 0.42 / height, bottom=0.01, hspace=0.55 / each, wspace=0.04
        )
        _level(axes[0, 0], shapes, numbers.area_level(measure), numbers.label(numbers.base))
        reach = max((float(np.nanmax(np.abs(numbers.area_change(measure, s).mean))) for s in shown), default=0.0)
        for position, scenario in enumerate(shown, start=1):
            axis = axes[divmod(position, across)]
            _change(axis, shapes, numbers, measure, scenario, reach)
        for position in range(panels, down * across):
            axes[divmod(position, across)].set_visible(False)
        picture.alt = alternative.neighbourhoods(numbers, measure, shown)
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _clear_areas(numbers: Numbers, measure: str, scenarios: Sequence[str]) -> int:
    counts = [numbers.area_change(measure, name).counts() for name in scenarios]
    return sum(one["better"] + one["worse"] for one in counts)


def project(
    outlines: Sequence[Sequence[NDArray[np.float64]]], latitude: float
) -> tuple[list[tuple[int, NDArray[np.float64]]], float]:
    """(area, ring) with degrees made square at this latitude and simplified; and height over width."""
    squeeze = float(np.cos(np.radians(latitude)))
    rings = [
        (area, np.asarray(ring, dtype=float)[:, :2] * (squeeze, 1.0))
        for area, shape in enumerate(outlines)
        for ring in shape
    ]
    every = np.concatenate([ring for _, ring in rings])
    width, height = np.ptp(every, axis=0)
    tolerance = KEPT * float(width)
    simple = [(area, simplify(ring, tolerance)) for area, ring in rings]
    return [(area, ring) for area, ring in simple if len(ring) >= 3], float(height / width)


def simplify(ring: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Douglas and Peucker (1973): drop points nearer than `tolerance` to the line between those kept."""
    keep = np.zeros(len(ring), dtype=bool)
    keep[[0, -1]] = True
    far = int(np.argmax(np.hypot(*(ring - ring[0]).T)))  # a closed ring needs a second fixed point
    keep[far] = True
    work = [(0, far), (far, len(ring) - 1)]
    while work:
        first, last = work.pop()
        if last - first < 2:
            continue
        chord = ring[last] - ring[first]
        between = ring[first + 1 : last] - ring[first]
        length = float(np.hypot(*chord))
        if length > 0:
            away = np.abs(chord[0] * between[:, 1] - chord[1] * between[:, 0]) / length
        else:
            away = np.hypot(*between.T)
        worst = int(np.argmax(away))
        if away[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            work += [(first, middle), (middle, last)]
    return ring[keep]


def fill(axes: Axes, shapes: Shapes, colours: Sequence[str], hatched: Sequence[bool] | None = None) -> None:
    """Fill each area with its colour; the hatched ones (those that get worse) can be told without colour too.

    Areas that look alike are one path with many rings: a page with four maps would be twice as large otherwise.
    """
    alike: dict[tuple[str, bool], list[NDArray[np.float64]]] = {}
    for area, ring in shapes:
        alike.setdefault((colours[area], bool(hatched is not None and hatched[area])), []).append(ring)
    for (colour, hatch), rings in alike.items():
        axes.add_artist(  # as a patch, each of its thousands of lines would be asked how far it reaches
            PathPatch(
                Path.make_compound_path(*(Path(ring, closed=True) for ring in rings)), facecolor=colour,
                edgecolor=style.PAPER, linewidth=0.3, clip_on=False, hatch="////" if hatch else None,
            )
        )  # fmt: skip
        axes.update_datalim(np.concatenate(rings))
    axes.autoscale_view()
    axes.margins(0)
    axes.set_aspect("equal", anchor="NW")
    axes.set_axis_off()


def _level(axes: Axes, shapes: Shapes, level: NDArray[np.float64], name: str) -> None:
    edges = np.nanquantile(level, (0.2, 0.4, 0.6, 0.8))
    step = np.searchsorted(edges, np.nan_to_num(level), side="right")
    fill(axes, shapes, [LEVELS[int(i)] if np.isfinite(v) else style.UNCLEAR for i, v in zip(step, level, strict=True)])
    axes.text(0, 1, f"{name}: level", transform=style.above(axes, 17), fontsize=9.5, fontweight="bold", va="bottom")
    ends = [float(np.nanmin(level)), *map(float, edges), float(np.nanmax(level))]
    decimals = style.significant(float(np.nanmedian(level)))
    while decimals < style.MOST_DECIMALS and _alike(ends, decimals):
        decimals += 1
    names = [f"{style.number(a, decimals)}{style.DASH}{style.number(b, decimals)}" for a, b in pairwise(ends)]
    _key(axes, list(zip(LEVELS, names, strict=True)))


def _alike(ends: Sequence[float], decimals: int) -> bool:
    """Whether two neighbouring ends of different value are written alike."""
    return any(a != b and style.number(a, decimals) == style.number(b, decimals) for a, b in pairwise(ends))


def _change(
    axes: Axes, shapes: Shapes, numbers: Numbers, measure: str, scenario: str,
    reach: float,
) -> None:  # fmt: skip
    change = numbers.area_change(measure, scenario)
    ladder, counts = change_colours(), change.counts()
    colours = [
        style.UNCLEAR if said == 0 else ladder["better" if said > 0 else "worse", bool(abs(mean) > reach / 2)]
        for said, mean in zip(change.verdict, change.mean, strict=True)
    ]
    fill(axes, shapes, colours, [said < 0 for said in change.verdict])
    title = f"{numbers.label(scenario)}: change"
    axes.text(0, 1, title, transform=style.above(axes, 17), fontsize=9.5, fontweight="bold", va="bottom")
    _key(
        axes,
        [
            (ladder["better", True], f"better: {counts['better']}"),
            (style.UNCLEAR, f"no clear change: {counts['unclear']}"),
            (ladder["worse", True], f"worse (hatched): {counts['worse']}"),
        ],
    )


def change_colours() -> dict[tuple[str, bool], str]:
    """Fill by verdict and whether the change is a large one (beyond half the largest)."""
    return {
        ("better", False): "#7FB0DE", ("better", True): style.BLUE,
        ("worse", False): "#F0A27A", ("worse", True): style.RED,
    }  # fmt: skip


def _key(axes: Axes, entries: Sequence[tuple[str, str]]) -> None:
    """Named colours in a line above the panel."""
    place = style.above(axes, 5)
    raised = style.above(axes, 8.2)
    x = 0.0
    for colour, name in entries:
        axes.plot(
            [x + 0.012], [1], marker="s", markersize=7, color=colour, markeredgecolor=style.MUTED, markeredgewidth=0.5,
            transform=raised, clip_on=False,
        )  # fmt: skip
        axes.text(x + 0.03, 1, name, transform=place, fontsize=8, va="bottom", color=style.INK)
        x += 0.075 + 0.0148 * len(name)
