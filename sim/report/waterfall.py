"""A waterfall: from the level in one scenario to that in another, one step for each thing that moved it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.outcomes.rounding import level, signed, step_of
from sim.report import style, svg

if TYPE_CHECKING:
    from sim.outcomes.measures import Measure
    from sim.studies.attribution import Step

HEAD_ROOM = 0.35


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
        axis.set_yticks(range(len(steps)), list(labels))
        axis.set_ylim(len(steps) - 0.4, -0.6)
        axis.spines[["left"]].set_visible(False)
        picture.alt = f"{finding}. Steps: {'; '.join(f'{name} {signed(one.change, step)}' for one, name in changes)}."
    return picture


def draw(steps: Sequence[Step], labels: Sequence[str], about: Measure, file: Path) -> None:
    """Write the picture as file.svg and file.png."""
    picture = figure(steps, labels, about)
    inlined = svg.inline(picture, file.name.replace("_", "-"))
    file.with_suffix(".svg").write_text(svg.standalone(inlined), encoding="utf-8")
    file.with_suffix(".png").write_bytes(picture.png())
