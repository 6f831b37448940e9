"""All pictures by name. Each is a function of `Results` that gives a matplotlib figure with `finding` and `alt`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.errors import UserError
from sim.report import bath_and_tap as _bath
from sim.report import differences, trends
from sim.report import gradient as _gradient
from sim.report import money as _money
from sim.report import neighbourhood_map as _map
from sim.report.numbers import Numbers
from sim.report.style import Picture
from sim.report.theograph import theograph

if TYPE_CHECKING:
    from sim.outcomes.results import Results

Draw = Callable[..., Picture | None]

PICTURES: dict[str, Draw] = {
    "trends": trends.small_multiples,
    "differences": differences.over_time,
    "balance": differences.at_end,
    "bath_and_tap": _bath.bath_and_tap,
    "gradient": _gradient.gradient,
    "map": _map.neighbourhood_map,
    "money": _money.money,
}
"""The report's pictures, in its order. One that has nothing to show gives None."""

ALONE = ("trends", "bath_and_tap", "map")
"""Those that make sense of a single scenario."""
SYNONYMS = {"difference": "differences", "bath": "bath_and_tap", "neighbourhoods": "map", "fifths": "gradient"}


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
    if name not in PICTURES:
        return trends.small_multiples(numbers, [name], **more)
    if not numbers.compared and name not in ALONE:
        raise UserError(f"'{name}' sets scenarios against a baseline; these results hold one scenario only.")
    picture = PICTURES[name](numbers, **more)
    if picture is None:
        raise UserError(f"There is nothing to draw for '{name}' in these results.")
    return picture
