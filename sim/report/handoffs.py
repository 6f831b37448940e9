"""Where referrals go: from being referred to other teams to being taken on, lost on the way, or still waiting.

What is recorded is how many people each team was referred, took on and lost in a year, not from which team each came:
the picture shows the flow into teams and what became of it, and no flow between pairs of teams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from sim import clock
from sim.outcomes.rounding import level
from sim.report import style, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

KIND = "CommunityTeam"
ENDS = ("taken on", "left the queue", "lost on the way")
COLUMNS = ("started", "withdrawn", "lost")
COLOURS = (style.SERIES_COLOURS[0], style.GHOST, style.RED)
LINE = 0.13  # between two-line names at the right, as a share of the height
GAP = 0.03  # between bands, as a share of the height


def flows(numbers: Numbers, scenario: str) -> tuple[list[str], NDArray[np.float64]]:
    """Team words, and people a year by team and what became of them (`ENDS`), float64[teams, 3]: mean of the runs in
    the last year, teams of a kind together. No team where none was recorded."""
    results = numbers.results
    year, total = results.horizon, None
    names: tuple[str, ...] = ()
    for pair in results.pairs:
        record = results.record(scenario, pair)
        table = record.teams.get(KIND)
        if table is None or not set(COLUMNS) <= set(table.measures):
            return [], np.zeros((0, len(COLUMNS)))
        names = table.units
        found = np.stack([record.by_team(KIND, column, year) for column in COLUMNS], axis=1)
        total = found if total is None else total + found
    assert total is not None
    kinds = list(dict.fromkeys(name.split(",")[0].split(" (")[0] for name in names))
    which = np.array([kinds.index(name.split(",")[0].split(" (")[0]) for name in names])
    summed = np.stack([total[which == k].sum(axis=0) for k in range(len(kinds))]) / len(results.pairs)
    return kinds, summed


def handoffs(results: Results | Numbers, scenarios: Sequence[str] | None = None) -> style.Picture | None:
    """One panel a scenario, the baseline first: referrals by team on the left, what became of them on the right."""
    numbers = Numbers.of(results)
    shown = [numbers.base, *(scenarios or numbers.compared)][: style.MAX_SERIES]
    found = {name: flows(numbers, name) for name in shown}
    teams = found[numbers.base][0]
    reach = max(float(flow.sum()) for _, flow in found.values())
    if not teams or not reach:
        return None
    across = 2 if len(shown) > 1 else 1
    down = -(-len(shown) // across)
    with style.drawing():
        picture = style.Picture(height=1.05 + 2.75 * down)
        note = (
            f"People a year in {clock.fin_year_label(numbers.results.horizon)}, mean of the runs; the same scale in "
            "every panel. Left: teams that people are handed to. Right: what became of the referrals."
        )
        top = style.headline(picture, _finding(numbers, found), note + words.left_out(numbers, shown, scenarios))
        height = picture.get_figheight()
        panels = picture.subplots(down, across, squeeze=False)
        picture.subplots_adjust(left=0.175, right=0.88, top=top - 0.28 / height, bottom=0.02, hspace=0.22, wspace=0.95)
        for axes, name in zip(panels.flat, shown, strict=False):
            _sankey(axes, teams, found[name][1], reach)
            axes.set_title(numbers.label(name), pad=8)
        for axes in panels.flat[len(shown) :]:
            axes.set_visible(False)
        said = " ".join(f"{numbers.label(name)}: {_in_words(teams, flow)}." for name, (_, flow) in found.items())
        picture.alt = f"Flow of referrals to other teams, people a year. {said}"
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _sankey(axes: Axes, teams: Sequence[str], flow: NDArray[np.float64], reach: float) -> None:
    scale = (1 - GAP * (max(flow.shape) - 1)) / reach
    left = _places(flow.sum(axis=1) * scale)
    right = _places(flow.sum(axis=0) * scale)
    into = [bottom for bottom, _ in right]
    for k, team in enumerate(teams):
        at = left[k][0]
        for j, colour in enumerate(COLOURS):
            size = float(flow[k, j]) * scale
            if size > 0:
                axes.add_patch(_band(at, into[j], size, colour))
            at, into[j] = at + size, into[j] + size
        middle = sum(left[k]) / 2
        text = style.wrap(f"{team[:1].upper() + team[1:]} {level(float(flow[k].sum()))}", 20)
        axes.text(-0.03, middle, text, ha="right", va="center", fontsize=8)
    middles = style.spread([sum(one) / 2 for one in right], LINE, 0.0, 1.0)
    for j, end in enumerate(ENDS):
        amount = level(float(flow[:, j].sum()))
        axes.text(1.03, middles[j], f"{end}\n{amount}", ha="left", va="center", fontsize=8, linespacing=1.0)
    axes.set_xlim(0, 1)
    axes.set_ylim(1.02, -0.02)
    axes.set_axis_off()


def _places(sizes: NDArray[np.float64]) -> list[tuple[float, float]]:
    ends = np.cumsum(sizes + GAP)
    return [(float(end - size - GAP), float(end - GAP)) for size, end in zip(sizes, ends, strict=True)]


def _band(a: float, b: float, size: float, colour: str) -> PathPatch:
    line, curve = Path.LINETO, Path.CURVE4
    points = [(0, a), (0.5, a), (0.5, b), (1, b), (1, b + size), (0.5, b + size), (0.5, a + size), (0, a + size)]
    codes = [Path.MOVETO, curve, curve, curve, line, curve, curve, curve]
    return PathPatch(Path(points, codes), facecolor=colour, alpha=0.6, linewidth=0)


def _finding(numbers: Numbers, found: dict[str, tuple[list[str], NDArray[np.float64]]]) -> str:
    parts = []
    for name, (_, flow) in found.items():
        total = float(flow.sum())
        lost = style.percent(float(flow[:, 2].sum()) / total) if total else "none"
        parts.append(f"{numbers.label(name)} {level(total)} ({lost} lost)")
    return f"Referrals to other teams that came to an end in a year: {'; '.join(parts)}"


def _in_words(teams: Sequence[str], flow: NDArray[np.float64]) -> str:
    return "; ".join(
        f"{team} " + ", ".join(f"{level(float(v))} {end}" for v, end in zip(flow[k], ENDS, strict=True))
        for k, team in enumerate(teams)
    )
