"""Which judged numbers matter: ``python -m sim.studies.screening`` makes sim/evidence/screening.csv anew.

It is `experiment=screen` on the evidence that rests on judgement, the numbers of a subject moving together, small: a
fiftieth of the default place and few trajectories. So it orders subjects and no more; ``headwater explain
weakest=true`` reads the table. Nothing finished is run again (results/.sweep-cache-…): more trajectories cost what they
add.
"""

from __future__ import annotations

import sys
from datetime import date

import numpy as np

from sim.evidence import load, screening
from sim.studies.progress import Progress
from sim.sweeps import indices
from sim.sweeps.results import TOTAL, SweepResults
from sim.version import __version__

PLACE, SCALE, YEARS, TRAJECTORIES, SEEDS = "north_mid_hampshire", 0.02, 10, 3, 1
WITH, BASELINE = "frontiers", "baseline"
"""The shipped scenario with most levers; those of others are not moved by what it does."""
OUTCOMES = ("net_benefit", "qalys_gained", "emergency_admissions", "waiting_list", "gp_need", "unmet_need", "deaths")
SEE = "mu_star"


def main(arguments: list[str]) -> int:
    """Run what is missing of the screening, and write the table; a first argument is the number of trajectories."""
    from sim import api

    trajectories = int(arguments[0]) if arguments else TRAJECTORIES
    names = screening.judged(load())
    found = api.sweep(
        "screen", scenarios=[BASELINE, WITH], overrides=[f"factors.evidence=[{','.join(names)}]"], progress=Progress(),
        n=trajectories, seeds=SEEDS, outcomes=list(OUTCOMES), place=PLACE, scale=SCALE, years=YEARS,
    )  # fmt: skip
    screening.write(screening.FILE, about(found, len(names), trajectories), effects(found))
    print(f"Written: {screening.FILE}")
    return 0


def effects(found: SweepResults) -> dict[str, dict[str, float]]:
    """μ* by outcome and subject: of the scenario's change to the baseline, and of the baseline itself where the outcome
    is no comparison."""
    by_outcome = {}
    for name in OUTCOMES:
        by_outcome[name] = _effect(found, found.change(name, WITH))
        if name not in TOTAL:
            last = found.by_outcome[name][:, :, found.scenarios.index(BASELINE), -1]
            by_outcome[f"baseline_{name}"] = _effect(found, np.asarray(last))
    return by_outcome


def _effect(found: SweepResults, y: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> dict[str, float]:
    table = indices.analyse(found.design, y, resamples=2).table
    rows = table[table["measure"] == SEE]
    return dict(zip(rows["factor"], rows["value"].astype(float), strict=True))


def about(found: SweepResults, numbers: int, trajectories: int) -> dict[str, str]:
    """Where the table comes from, for its first lines."""
    return {
        "made": f"headwater {__version__}, {date.today():%Y-%m-%d}, python -m sim.studies.screening {trajectories}",
        "from": f"Morris screening, {trajectories} trajectories, {SEEDS} seed, {len(found.design)} runs; {PLACE}, 1"
        f" resident in {1 / SCALE:.0f}, {YEARS} years",
        "moved": f"{numbers} judged numbers and tables, those of a subject together, each within its interval",
        "columns": f"mean absolute effect as a share of the largest subject's: of {WITH} against {BASELINE}, and of the"
        f" {BASELINE} itself in the last year; mean is over the columns",
        "left out": f"levers that {WITH} has not stand at 0",
        "digest": found.digest[:16],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
