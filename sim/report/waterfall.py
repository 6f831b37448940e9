"""Waterfalls that add up: from the level in one scenario to that in another, a step for each thing that moved it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim import clock
from sim.outcomes.rounding import level, signed, step_of
from sim.outcomes.summary import FEWEST_RUNS, interval
from sim.report import findings, style, svg, words
from sim.report.numbers import FIFTHS, Numbers

if TYPE_CHECKING:
    from sim.outcomes.measures import Measure
    from sim.outcomes.results import Results
    from sim.studies.attribution import Step

HEAD_ROOM = 0.35
CANDIDATES = ("residents_emergency_admissions", "unmet_need", "lonely", "deaths")
MOST = 0.5
"""A fifth that holds more of all movement is named as the one that most of a change is in."""
FIFTH_WORDS = ("most deprived fifth", "second fifth", "third fifth", "fourth fifth", "least deprived fifth")


def figure(steps: Sequence[Step], labels: Sequence[str], about: Measure) -> style.Picture:
    """The picture. steps: two levels with the changes between them; labels: of each, in words; about: the measure."""
    changes = list(zip(steps[1:-1], labels[1:-1], strict=True))
    whole = steps[-1].end - steps[0].end
    step = step_of(max((abs(one.change) for one, _ in changes), default=0.0))
    largest = max(changes, key=lambda pair: abs(pair[0].change))
    finding = f"{about.label[:1].upper()}{about.label[1:]}: {signed(whole, step)} {about.unit_after_label}"
    if largest[0].change:
        finding += f"; the largest step is {largest[1]} ({signed(largest[0].change, step)})"
    with style.drawing():
        picture = style.Picture(height=1.6 + 0.36 * len(steps))
        top = style.headline(picture, finding, f"{about.unit}; steps add up to the whole.")
        axis = picture.subplots()
        picture.subplots_adjust(left=0.3, right=0.97, top=top - 0.02, bottom=0.06)
        _steps(axis, steps, about, step)
        axis.set_yticks(range(len(steps)), list(labels))
        picture.alt = f"{finding}. Steps: {'; '.join(f'{name} {signed(one.change, step)}' for one, name in changes)}."
    return picture


def _steps(axis: Axes, steps: Sequence[Step], about: Measure, step: float) -> None:
    """One waterfall, its first and last step as dots, the others as bars between."""
    for y, one in enumerate(steps):
        if y in (0, len(steps) - 1):
            axis.plot([one.end], [y], marker="o", color=style.INK)
            text, at = level(one.end, about.decimals), one.end
        else:
            better = one.change * about.good > 0
            plain = about.good == 0 or one.change == 0
            colour = style.GHOST if plain else style.BLUE if better else style.RED
            axis.barh(y, one.change, left=one.start, height=0.55, color=colour)
            text, at = signed(one.change, step), max(one.start, one.end)
        axis.annotate(text, (at, y), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8.5)
    ends = [one.end for one in steps]
    reach = max(ends) - min(ends) or 1.0
    axis.set_xlim(min(ends) - HEAD_ROOM * reach, max(ends) + 2 * HEAD_ROOM * reach)
    axis.set_ylim(len(steps) - 0.4, -0.6)
    axis.spines[["left"]].set_visible(False)


def by_fifth(
    results: Results | Numbers, measure: str | None = None, scenarios: Sequence[str] | None = None
) -> style.Picture | None:
    """Whose change it is: from the baseline's level to each scenario's, a step for each local fifth of residents.

    measure: by default the first of `CANDIDATES` that some scenario clearly changes (else the first of them). A column
    a scenario. None where no scenario is compared, or none of the measures was kept.
    """
    numbers = Numbers.of(results)
    shown = list(scenarios or numbers.compared)[:3]
    known = numbers.known(CANDIDATES if measure is None else [measure])
    if not shown or not known:
        return None
    moved = (m for m in known if any(findings.of_last_year(numbers, m, s) in ("better", "worse") for s in shown))
    chosen = next(moved, known[0])
    info = numbers.info(chosen)
    steps = {name: _by_fifth(numbers, chosen, name) for name in shown}
    finest = {name: step_of(max((abs(one.change) for one in each[1:-1]), default=0.0)) for name, each in steps.items()}
    year = clock.fin_year_label(numbers.years[-1])
    labels = [numbers.label(numbers.base), *(words[:1].upper() + words[1:] for words in FIFTH_WORDS), "The scenario"]
    with style.drawing():
        picture = style.Picture(height=1.35 + 0.36 * len(labels))
        note = (
            f"{info.label} in {year} ({numbers.unit(chosen)}), means of the runs: from {numbers.label(numbers.base)} "
            "to each scenario by local fifth of deprivation. The steps add up. Blue: better; red: worse. Each panel "
            "has its own scale."
        )
        top = style.headline(picture, _whose(numbers, chosen, steps), note + words.left_out(numbers, shown, scenarios))
        height = picture.get_figheight()
        axes = picture.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        picture.subplots_adjust(left=0.185, right=0.985, top=top - 0.3 / height, bottom=0.1 / height, wspace=0.06)
        for axis, name in zip(axes, shown, strict=True):
            _steps(axis, steps[name], info, finest[name])
            axis.set_title(numbers.label(name), pad=8)
            axis.set_xticks([])
            axis.grid(False)
            axis.spines[["bottom"]].set_visible(False)
        axes[0].set_yticks(range(len(labels)), labels)
        axes[0].tick_params(axis="y", labelsize=9, labelcolor=style.INK)
        said = " ".join(_said(numbers, name, steps[name], labels, finest[name], info) for name in shown)
        picture.alt = f"Waterfalls. {info.label}, {year}, {numbers.unit(chosen)}. {said}"
        picture.alt += words.left_out(numbers, shown, scenarios)
    return picture


def _by_fifth(numbers: Numbers, measure: str, scenario: str) -> list[Step]:
    from sim.studies.attribution import Step

    def at_end(name: str, group: int) -> float:
        return float(numbers.results.values(measure, name, group)[:, -1].mean())

    before = at_end(numbers.base, 0)
    changes: NDArray[np.float64] = np.array(
        [at_end(scenario, k) - at_end(numbers.base, k) for k in range(1, FIFTHS + 1)]
    )
    ends = before + np.cumsum(changes)
    starts = np.concatenate([[before], ends[:-1]])
    middle = [
        Step(measure, "fifth", words, float(a), float(b)) for words, a, b in zip(FIFTH_WORDS, starts, ends, strict=True)
    ]
    last = Step(measure, "fifth", scenario, 0.0, at_end(scenario, 0))
    return [Step(measure, "fifth", numbers.base, 0.0, before), *middle, last]


def _whose(numbers: Numbers, measure: str, steps: dict[str, list[Step]]) -> str:
    """Who accounts for most of each clear change."""
    if numbers.runs < FEWEST_RUNS:
        return f"{numbers.info(measure).label}, whose change it is. {findings.few_runs(numbers)}"
    parts = []
    for name, each in steps.items():
        who, said = numbers.label(name), findings.of_last_year(numbers, measure, name)
        if said == "same":
            parts.append(f"{who}: nothing changes")
        elif said == "unclear":
            parts.append(f"{who}: no clear change")
        else:
            parts.append(f"{who}: {concentrated([one.change for one in each[1:-1]], _runs(numbers, measure, name))}")
    return f"{numbers.info(measure).label}, whose change it is. {'; '.join(parts)}"


def _runs(numbers: Numbers, measure: str, scenario: str) -> NDArray[np.float64]:
    """Changes in the last year by run and fifth, float64[runs, 5]."""
    return np.stack(
        [numbers.results.changes(measure, scenario, k)[:, -1] for k in range(1, FIFTHS + 1)], axis=1
    )  # fmt: skip


def concentrated(changes: Sequence[float], runs: NDArray[np.float64]) -> str:
    """Where a change mostly is: a fifth is named only if it holds more than half of it, or is clearly the largest.

    changes: by fifth, means of the runs; runs: the same by run, float64[runs, 5]. Clearly the largest: by more than the
    next one in nearly all runs, by the rule for a clear direction.
    """
    sizes = np.abs(changes)
    whole = float(np.sum(changes))
    first = int(np.argmax(sizes))
    if changes[first] * whole > 0:
        if sizes[first] > MOST * sizes.sum():
            return f"most in the {FIFTH_WORDS[first]}"
        others = np.delete(runs, first, axis=1) * np.sign(whole)
        ahead = interval(runs[:, first] * np.sign(whole) - others.max(axis=1))
        if ahead.clear and ahead.low > 0:
            return f"largest in the {FIFTH_WORDS[first]}"
    return "spread over the fifths"


def _said(
    numbers: Numbers, name: str, steps: Sequence[Step], labels: Sequence[str], step: float, about: Measure
) -> str:
    between = "; ".join(f"{w} {signed(one.change, step)}" for one, w in zip(steps[1:-1], labels[1:-1], strict=True))
    ends = (level(one.end, about.decimals) for one in (steps[0], steps[-1]))
    return f"{numbers.label(name)}, from {' to '.join(ends)}: {between}."


def draw(steps: Sequence[Step], labels: Sequence[str], about: Measure, file: Path) -> None:
    """Write the picture as file.svg and file.png."""
    picture = figure(steps, labels, about)
    inlined = svg.inline(picture, file.name.replace("_", "-"))
    file.with_suffix(".svg").write_text(svg.standalone(inlined), encoding="utf-8")
    file.with_suffix(".png").write_bytes(picture.png())
