"""All pictures by name. Each is a function of `Results` that gives a matplotlib figure with `finding` and `alt`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import UserError
from sim.report import (
    assets,
    bath_and_tap,
    concentration,
    differences,
    dose,
    economics,
    fan,
    gradient,
    handoffs,
    money,
    neighbourhood_map,
    payback,
    spc,
    sureness,
    trends,
    waits,
    waterfall,
)
from sim.report.numbers import Numbers
from sim.report.style import Picture
from sim.report.theograph import theograph

if TYPE_CHECKING:
    from sim.outcomes.results import Results

Draw = Callable[..., Picture | None]

PICTURES: dict[str, Draw] = {
    "dose": dose.dose,
    "trends": trends.small_multiples,
    "fan": fan.fan,
    "differences": differences.over_time,
    "balance": differences.at_end,
    "bath_and_tap": bath_and_tap.bath_and_tap,
    "waits": waits.waits,
    "spc": spc.spc,
    "payback": payback.payback,
    "money": money.money,
    "plane": economics.plane,
    "ceac": economics.ceac,
    "gradient": gradient.gradient,
    "concentration": concentration.concentration,
    "map": neighbourhood_map.neighbourhood_map,
    "assets": assets.assets,
    "waterfall": waterfall.by_fifth,
    "handoffs": handoffs.handoffs,
    "intervals": sureness.intervals,
    "tornado": economics.tornado,
    "weak": sureness.weak,
}
"""The report's pictures, in its order. One that has nothing to show gives None."""

ALONE = ("trends", "fan", "bath_and_tap", "waits", "spc", "concentration", "map", "assets", "handoffs")
"""Those that make sense of a single scenario."""
OF_A_MEASURE = ("fan", "spc", "map", "waterfall")
"""Those that show one measure, which can be chosen: ``plot("spc", measure="ed_attendances")``."""
SYNONYMS = {
    "difference": "differences", "bath": "bath_and_tap", "neighbourhoods": "map", "fifths": "gradient",
    "waiting_list_by_band": "waits", "hand_offs": "handoffs", "cost_effectiveness": "plane", "acceptability": "ceac",
}  # fmt: skip


def draw_all(source: Results | Numbers) -> dict[str, Picture]:
    """Every picture that these results can fill, by name, in the report's order."""
    numbers = Numbers.of(source)
    made = {name: draw(numbers) for name, draw in PICTURES.items() if numbers.compared or name in ALONE}
    return {name: picture for name, picture in made.items() if picture is not None}


def plot(source: Results | Numbers, name: str = "differences", **more: Any) -> Picture:
    """A picture of the report by name, or a measure's own (its course over the years, each scenario on the baseline).

    Raises `UserError` for a name that is neither, or when there is nothing to draw.
    """
    numbers = Numbers.of(source)
    if name not in PICTURES and name not in numbers.results.measures:
        name = SYNONYMS.get(name, name)
    if name == "theograph":
        return theograph(numbers.results, **more)
    if name not in PICTURES and not numbers.known([name]):
        from difflib import get_close_matches

        near = get_close_matches(name, [*PICTURES, *numbers.results.measures], 1)
        raise UserError(
            f"There is no picture or measure called '{name}'.{f' Did you mean {near[0]}?' if near else ''} Pictures: "
            f"{', '.join([*PICTURES, 'theograph'])}."
        )
    if name not in PICTURES and all(np.isnan(numbers.runs_of(name, one)).all() for one in numbers.scenarios):
        raise UserError(f"There is nothing to draw for '{name}' in these results: too few people to tell.")
    if name not in PICTURES:
        return trends.small_multiples(numbers, [name], **more)
    if not numbers.compared and name not in ALONE:
        raise UserError(f"'{name}' sets scenarios against a baseline; these results hold one scenario only.")
    picture = PICTURES[name](numbers, **more)
    if picture is None:
        raise UserError(f"There is nothing to draw for '{name}' in these results.")
    return picture
