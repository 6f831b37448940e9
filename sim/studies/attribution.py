"""The answer to "what moved it?": the parts of each difference as a table, as steps of a waterfall, and as text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim import clock
from sim.outcomes.rounding import MILLION, signed, step_of
from sim.outcomes.shares import Parts, share_out
from sim.outcomes.summary import interval
from sim.studies.attribute import KIND, LEVER, Design
from sim.studies.determinants import shipped

if TYPE_CHECKING:
    from sim.outcomes.results import Results

REST, TOGETHER, INTERACTION = "not shared out", "together", "interaction"
MEASURES = (
    "gp_need", "ed_attendances", "emergency_admissions", "waiting_list", "unmet_need", "deaths", "lonely",
    "multimorbid", "life_satisfaction", "qalys", "healthy_life_expectancy", "inequality_emergency", "lever_spend",
)  # fmt: skip
PICTURED = ("emergency_admissions", "waiting_list", "unmet_need", "healthy_life_expectancy", "qalys", "lever_spend")


@dataclass(frozen=True)
class Part:
    """What one lever or kind did to one measure, means over runs.

    by: lever or kind; what: its name, or ``not shared out``, ``together``, ``interaction``. alone, last: what it adds
    when it comes first and when it comes last; part: its part of the whole, with 90 % of runs from low to high. The
    parts and what is not shared out add up to ``together`` exactly; ``interaction`` (together less the sum of each
    alone) is inside them and not added. exact: the parts are Shapley values.
    """

    measure: str
    label: str
    unit: str
    by: str
    what: str
    alone: float
    last: float
    part: float
    low: float
    high: float
    exact: bool


@dataclass(frozen=True)
class Step:
    """One step of a waterfall: from a level to another. The first and last step stand on the ground (from 0)."""

    measure: str
    by: str
    step: str
    start: float
    end: float

    @property
    def change(self) -> float:
        """What the step adds."""
        return self.end - self.start


def attribute(results: Results, made: Design, measure: str, by: str, year: int | None = None) -> Parts:
    """The parts of the difference in one measure in a year (default: the horizon), by lever or by kind."""
    k = results.years.index(results.horizon if year is None else year)
    players = made.levers if by == LEVER else made.kinds
    sets = made.sets(by).items()
    return share_out(players, {one: results.values(measure, made.name_of[levers])[:, k] for one, levers in sets})


def told(results: Results, made: Design, measures: tuple[str, ...]) -> list[str]:
    """Those of some measures that have a value in every scenario at the horizon (life expectancy needs somebody to live
    past 90 and die)."""
    k = results.years.index(results.horizon)
    shown = [name for name in measures if name in results.shown]
    return [m for m in shown if all(np.isfinite(results.values(m, one)[:, k]).all() for one in made.name_of.values())]


def parts(results: Results, made: Design) -> list[Part]:
    """All parts of all measures, by lever and by kind."""
    found = []
    for measure in told(results, made, MEASURES):
        about = results.measures[measure]
        for by in (LEVER, KIND):
            shared = attribute(results, made, measure, by)
            head = (measure, about.label, about.unit, by)
            for one in shared.players:
                middle = interval(shared.part[one])
                ends = (float(np.mean(shared.alone[one])), float(np.mean(shared.last[one])))
                found.append(Part(*head, one, *ends, middle.mean, middle.low, middle.high, shared.exact))
            for what, runs in ((REST, shared.rest), (TOGETHER, shared.together), (INTERACTION, shared.interaction)):
                middle = interval(runs)
                found.append(Part(*head, what, np.nan, np.nan, middle.mean, middle.low, middle.high, shared.exact))
    return found


def waterfall(results: Results, made: Design, measure: str, by: str) -> list[Step]:
    """The steps from one scenario to the other, means over runs; they meet end to end."""
    shared = attribute(results, made, measure, by)
    k = results.years.index(results.horizon)
    level, end = (float(results.values(measure, name)[:, k].mean()) for name in (made.base, made.target))
    steps = [Step(measure, by, made.base, 0.0, level)]
    changes = {one: float(shared.part[one].mean()) for one in shared.players}
    if not shared.exact:
        changes[REST] = float(shared.rest.mean())
    for name, change in changes.items():
        steps.append(Step(measure, by, name, level, level + change))
        level += change
    return [*steps, Step(measure, by, made.target, 0.0, end)]


def label_of(name: str, results: Results, made: Design) -> str:
    """A lever, a kind, a scenario or what is left over, in words."""
    if name in (made.base, made.target):
        return results.label(name)
    if name in made.levers:
        return name.replace("_", " ").capitalize()
    return name.capitalize() if name in (REST, TOGETHER, INTERACTION) else shipped().label(name)


def write(results: Results, made: Design, folder: Path) -> None:
    """The runs, attribution.csv, waterfall.csv, and a waterfall of each headline measure in figures/."""
    import pandas as pd

    from sim.report.waterfall import draw

    results.save(folder)
    pd.DataFrame([asdict(one) for one in parts(results, made)]).to_csv(
        folder / "attribution.csv", index=False, float_format="%.10g"
    )
    (folder / "figures").mkdir(exist_ok=True)
    every: list[Step] = []
    for measure in told(results, made, MEASURES):
        for by in (LEVER, KIND):
            steps = waterfall(results, made, measure, by)
            every += steps
            if measure in PICTURED:
                labels = [label_of(step.step, results, made) for step in steps]
                draw(steps, labels, results.measures[measure], folder / "figures" / f"waterfall_{measure}_by_{by}")
    frame = pd.DataFrame([{**asdict(step), "change": step.change} for step in every])
    frame.to_csv(folder / "waterfall.csv", index=False, float_format="%.10g")


def render(results: Results, made: Design) -> str:
    """The parts of the headline measures as text, at most 100 columns."""
    runs = f"{results.runs} run{'s' * (results.runs != 1)}"
    out = [
        f"What moved it, from {results.label(made.base)} to {results.label(made.target)}, in "
        f"{clock.fin_year_label(results.horizon)} (mean of {runs}).",
        "",
    ]
    found = parts(results, made)
    for measure in told(results, made, PICTURED):
        about = results.measures[measure]
        over = MILLION if about.unit.startswith("£") else 1.0
        out.append(f"{about.label[:1].upper()}{about.label[1:]}, {about.unit.replace('£', '£m')}")
        for by in (KIND, LEVER):
            block = [one for one in found if (one.measure, one.by) == (measure, by)]
            out.append(f"  {'By ' + ('kind of determinant' if by == KIND else 'lever'):<32}"
                       f"{'alone':>13}{'coming last':>13}{'part':>13}{'90 % of runs':>22}")  # fmt: skip
            largest = max((abs(one.part) / over for one in block if np.isfinite(one.part)), default=0.0)
            step = step_of(largest, 3)
            for one in block:
                if one.what == REST and one.exact:
                    continue
                numbers = (one.alone / over, one.last / over, one.part / over)
                figures = "".join(f"{'' if np.isnan(x) else signed(x, step):>13}" for x in numbers)
                span = f"{signed(one.low / over, step)} to {signed(one.high / over, step)}" if results.runs > 1 else ""
                out.append(f"    {label_of(one.what, results, made)[:31]:<32}{figures}{span:>22}".rstrip())
        out.append("")
    out.append("Parts add up to 'together'. Interaction (together less the sum of each alone) is inside the parts.")
    return "\n".join(out)
