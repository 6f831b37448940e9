"""The lens: how much of the loss in healthy life disappears when a kind of determinant is at its best for everyone.

Every set of kinds is run from the same history; from the start of policy everybody is held at the best attainable level
of each kind in the set (configs/lens.yaml says what that is). The loss is what separates healthy life expectancy (and
quality-adjusted life expectancy) from a life in full health; a kind's share is what it alone takes away of it, and its
part is its Shapley value, so that parts add up to what all of them together take away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import clock
from sim.compose import Plan
from sim.errors import UserError
from sim.outcomes.shares import Parts, Players, sets_needed, share_out
from sim.outcomes.summary import Interval, interval
from sim.settings import Settings
from sim.studies.determinants import shipped

if TYPE_CHECKING:
    from sim.outcomes.results import Results
    from sim.studies.progress import Progress

KEY = "lens"
MEASURES = ("healthy_life_expectancy", "quality_adjusted_life_expectancy")
PERCENT = 100.0


@dataclass(frozen=True)
class Looked:
    """Which scenarios are run. base: the one all others are held in; name_of: set of kinds → its scenario."""

    base: str
    kinds: tuple[str, ...]
    name_of: dict[Players, str]


@dataclass(frozen=True)
class Share:
    """Per cent of the loss in healthy life that disappears: mean of runs, and 90 % of them.

    what: a kind, ``interaction`` or ``together``. alone: it and nothing else at its best; last: all others already are;
    part: Shapley value. literature: the County Health Rankings' weight of the kind, per cent: a comparison only.
    """

    measure: str
    what: str
    alone: float
    last: float
    part: float
    low: float
    high: float
    literature: float


def split(given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A scenario's configuration without the kinds at their best, and these."""
    rest = dict(given)
    return rest, tuple(rest.pop(KEY, ()))


def plan(given: Plan) -> tuple[Plan, Looked]:
    """The plan of all runs: one scenario, the baseline unless said, with every set of kinds at its best. Raises
    `UserError` where more than one was chosen."""
    base, *others = given.scenarios
    if others and given.settings.scenarios != Settings().scenarios:
        raise UserError(
            f"lens=true looks at one scenario, and {len(others) + 1} are named: write scenarios=[{base}] for one of "
            "them, or leave out lens=true to attribute the difference between two."
        )
    kinds = tuple(shipped().kinds)
    names: dict[Players, str] = {}
    composed: dict[str, dict[str, Any]] = {}
    for chosen in sets_needed(kinds):
        held = [kind for kind in kinds if kind in chosen]
        names[chosen] = "best_" + "_and_".join(held) if held else base
        composed[names[chosen]] = dict(given.scenarios[base])
        if held:
            labels = ", ".join(shipped().label(kind).lower() for kind in held)
            composed[names[chosen]] |= {"label": f"Best {labels}", KEY: held}
    settings = replace(given.settings, scenarios=tuple(composed))
    return replace(given, settings=settings, scenarios=composed), Looked(base, kinds, names)


def shared(results: Results, looked: Looked, measure: str) -> Parts:
    """Per cent of the loss in one measure that each kind takes away, at the horizon."""
    k = results.years.index(results.horizon)
    base = results.values(measure, looked.base)[:, k]
    ideal = np.array([ideal_years(results.record(looked.base, pair).draw) for pair in results.pairs])
    loss = ideal - base
    values = {
        chosen: PERCENT * (results.values(measure, name)[:, k] - base) / loss for chosen, name in looked.name_of.items()
    }
    return share_out(looked.kinds, values)


def ideal_years(draw: int) -> float:
    """Years of a life in full health, under a draw of the evidence."""
    from sim.evidence import load

    return load().draw(draw)[shipped().ideal]


def literature(kind: str) -> float:
    """The weight that the County Health Rankings give a kind, per cent."""
    from sim.evidence import load

    return PERCENT * load().draw(0)[shipped().kinds[kind].weight]


def shares(results: Results, looked: Looked) -> list[Share]:
    """All rows of the table."""
    found = []
    for measure in MEASURES:
        parts = shared(results, looked, measure)

        def row(what: str, alone: float, last: float, part: Interval, told: float, measure: str = measure) -> Share:
            return Share(measure, what, alone, last, part.mean, part.low, part.high, told)

        for kind in looked.kinds:
            ends = float(parts.alone[kind].mean()), float(parts.last[kind].mean())
            found.append(row(kind, *ends, interval(parts.part[kind]), literature(kind)))
        found.append(row("interaction", np.nan, np.nan, interval(parts.interaction), np.nan))
        found.append(row("together", np.nan, np.nan, interval(parts.together), np.nan))
    return found


def announcement(looked: Looked, runs: int) -> str:
    """What will be run, before it is."""
    n = len(looked.name_of)
    return (
        f"{n} scenarios × {runs} run{'s' * (runs != 1)} = {n * runs} runs: every set of {len(looked.kinds)} kinds of "
        "determinant at its best for everyone."
    )


def run(planned: Plan, looked: Looked, progress: Progress | None = None) -> tuple[Results, Path]:
    """Run what `plan` gave and leave a folder with the runs and lens.csv. Returns the results and the folder.

    Raises `UserError`, `EnvironmentFault`, or `Interrupted` (finished parts are kept; the same command goes on).
    """
    from sim.studies import compare
    from sim.studies.progress import Silence
    from sim.studies.store import Store

    progress = progress or Silence()
    with Store(planned) as store:
        compare.run_parts(store, progress)
        results = compare.gather(store)
        folder = store.finish(lambda whole: write(results, looked, whole), compare.facts(store))
    return results, folder


def write(results: Results, looked: Looked, folder: Path) -> None:
    """The runs and lens.csv."""
    import pandas as pd

    results.save(folder)
    frame = pd.DataFrame([asdict(one) for one in shares(results, looked)])
    frame.to_csv(folder / "lens.csv", index=False, float_format="%.10g")


def render(results: Results, looked: Looked) -> str:
    """The table as text, at most 100 columns."""
    runs = f"{results.runs} run{'s' * (results.runs != 1)}"
    out = [
        f"Share of the loss in healthy life that disappears in {results.place_label} by "
        f"{clock.fin_year_label(results.horizon)}",
        f"when a kind of determinant is at its best for everyone (per cent, mean of {runs}).",
    ]
    found = shares(results, looked)
    for measure in MEASURES:
        if any(one.measure == measure and np.isnan(one.part) for one in found):
            out += ["", f"{results.measures[measure].label}: cannot be told from so few people; choose a larger scale."]
            continue
        block = [one for one in found if one.measure == measure]
        label = results.measures[measure].label
        level = float(results.values(measure, looked.base)[:, results.years.index(results.horizon)].mean())
        heads = f"{'alone':>8}{'last':>8}{'part':>8}{'90 % of runs':>17}{'of all':>10}{'literature':>12}"
        name = f"{label[:1].upper()}{label[1:]}"
        out += ["", f"{name}: {level:.1f} years; a life in full health: {ideal_years(0):.1f} years", " " * 35 + heads]
        together = next(one.part for one in block if one.what == "together")
        for one in block:
            name = shipped().label(one.what) if one.what in looked.kinds else one.what.capitalize()
            figures = "".join(f"{'' if np.isnan(x) else f'{x:.1f}':>8}" for x in (one.alone, one.last, one.part))
            span = f"{one.low:.1f} to {one.high:.1f}" if results.runs > 1 else ""
            told = "" if np.isnan(one.literature) else f"{one.literature:.0f}"
            whole = f"{PERCENT * one.part / together:.0f}" if told and together else ""
            out.append(f"  {name:<33}{figures}{span:>17}{whole:>10}{told:>12}".rstrip())
    out += [
        "",
        "Parts add up to 'together'. Interaction (together less the sum of each alone) is inside them.",
        "Of all: a part as per cent of what all four take away together.",
        "Literature: the weights of the County Health Rankings, in another country; not used by the model.",
    ]
    return "\n".join(out)
