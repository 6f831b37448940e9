"""The two experiments that bound what to expect: ``headwater validate bounds=true``.

Eight risk states a tenth less common in everyone from 30 on, for twenty years, and integrated care for two years; both
beside a baseline of the same evidence and chance. What the literature says of the like stands beside what comes out.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim import disk, own, system
from sim.clock import MONTHS_A_YEAR
from sim.compose import Plan
from sim.errors import UserError
from sim.evidence import load
from sim.outcomes import bounds
from sim.outcomes.bounds import Own
from sim.outcomes.record import RunRecord
from sim.outcomes.rounding import signed
from sim.outcomes.summary import interval
from sim.policy.scenario import NO_POLICY, Scenario
from sim.settings import RunSettings
from sim.studies.fewer import Fewer
from sim.studies.pool import Tick
from sim.studies.progress import Progress, duration
from sim.validation import command
from sim.version import __version__

RISKS, CARE = "outcomes.bound_prevalence", "outcomes.bound_admissions"
SHARE, FROM_AGE = 0.1, 30
"""As published: a tenth better in everyone over 30."""
INTEGRATED = "integrated_care"
WORDS = {
    RISKS: "Eight risk states a tenth less common in everyone from 30 on",
    CARE: "Integrated care, as the shipped scenario",
}
WHY = (
    "The model's eight states are smoking, obesity, inactivity, drinking, loneliness, being offline, cold homes and\n"
    "low income. They need not be the eight of the publication: blood pressure and cholesterol are none of them."
)


@dataclass(frozen=True)
class Job:
    """Both experiments under one evidence draw and seed."""

    draw: int
    seed: int
    settings: RunSettings
    own: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"evidence draw {self.draw}, seed {self.seed}"

    @property
    def stages(self) -> Sequence[str]:
        """What is simulated, one after the other."""
        return ("shared history", "baseline", "fewer risks", "integrated care")

    @property
    def parts(self) -> tuple[int, ...]:
        """Months of each stage."""
        years = {name: given[1] for name, given in bounds.BOUNDS.items()}
        long, short = MONTHS_A_YEAR * years[RISKS], MONTHS_A_YEAR * years[CARE]
        return self.settings.policy_start, long, long, short

    @property
    def steps(self) -> int:
        """All months."""
        return sum(self.parts)


def run(job: Job, tick: Tick) -> dict[str, float]:
    """The change of each experiment, by the name of its bound, in the unit of the bound."""
    with own.using(job.own):

        def ticker(stage: int) -> system.Tick:
            before = sum(job.parts[:stage])
            return lambda n: tick(stage, before + n)

        years = {name: given[1] for name, given in bounds.BOUNDS.items()}
        history = system.run_history(job.settings, job.draw, job.seed, ticker(0))
        base = system.run_scenario(history, NO_POLICY, years[RISKS], ticker(1))
        fewer = system.run_scenario(
            history, NO_POLICY, years[RISKS], ticker(2), holding=lambda m: Fewer(m, SHARE, FROM_AGE)
        )
        care = system.run_scenario(history, Scenario.load(INTEGRATED), years[CARE], ticker(3))
        return {RISKS: change(base, fewer, RISKS), CARE: change(base, care, CARE)}


def change(base: RunRecord, other: RunRecord, name: str) -> float:
    """Difference of the measure in the last year of the other record: in its unit, or per cent where the bound says."""
    measure, _, in_percent, _ = bounds.BOUNDS[name]
    year = other.complete_years[-1]
    then = float(other.years(measure)[-1])
    usual = float(base.years(measure)[list(base.complete_years).index(year)])
    return 100 * (then / usual - 1) if in_percent else then - usual


def act(plan: Plan) -> int:
    """Run both experiments with every evidence draw and seed, print them, and leave a folder with bounds.csv."""
    from sim.studies.store import Store

    began = time.monotonic()
    s = plan.settings
    disk.check_writable(Path(s.results).expanduser())
    jobs = [Job(draw, seed, s.for_model(), plan.own) for draw, seed in s.layout()]
    where = s.place if isinstance(s.place, str) else str(s.place.get("name", "own"))
    print(f"{len(jobs)} runs of two experiments and a baseline · {where} (1 resident in {1 / s.scale:.3g})", flush=True)
    with Store(plan) as store:
        store.log("started", runs=len(jobs))
        answers = command.answer(run, jobs, s.workers or command.cores(), Progress())
        made = f"headwater {__version__}, {datetime.date.today():%Y-%m-%d}"
        found = judged(answers, where, s.scale, made)
        said = render(found)

        def write(folder: Path) -> None:
            bounds.save(found, folder / "bounds.csv")
            (folder / "bounds.txt").write_text(said + "\n", encoding="utf-8")

        folder = store.finish(write, {"runs": {}})
    print("\n" + said)
    print(f"Done in {duration(time.monotonic() - began)}. Table: {folder}")
    return 0


def judged(answers: Sequence[dict[str, float]], place: str, scale: float, made: str) -> list[Own]:
    """Both experiments over all runs. Raises `UserError` when a measure was not recorded."""
    table = []
    for name in (RISKS, CARE):
        measure, years, in_percent, _ = bounds.BOUNDS[name]
        values = np.array([answer[name] for answer in answers])
        if not np.isfinite(values).all():
            raise UserError(f"The model gave no figure of '{measure}'.")
        table.append(Own(name, measure, "%" if in_percent else "pp", years, interval(values), place, scale, made))
    return table


def render(found: Sequence[Own]) -> str:
    """The experiments as text, each beside the published figure."""
    lines = ["Change to the baseline: mean of the runs, and within brackets 90 % of them.", ""]
    for one in found:
        published = load().draw(0)[one.bound]
        words = bounds.BOUNDS[one.bound][3]
        lines += [
            f"{WORDS[one.bound]}, {one.years} years:",
            f"  {one.measure.replace('_', ' ')}: {bounds.figure(one.change)} {one.unit}",
            f"  published: {signed(published, decimals=1)} {one.unit}, {words}",
            "",
        ]
    return "\n".join([*lines, WHY])
