"""The best mix of levers for a budget: a search by running the model, valued on seeds that the search did not see.

    python experiments/best_mix.py place=toy scale=0.05 years=10 budgets=1,3,5

Budgets are per cent of the NHS lines' total in a year, spent on the levers of health creation. For each, a Gaussian
process proposes mixes (about sixty are run); the best five are run again on fresh seeds beside an even mix. What is
printed is what the winner gave there, not what it promised.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sim import compose
from sim.report.sweep_words import money
from sim.studies.compare import cores
from sim.sweeps import mixes
from sim.sweeps.engines import Choice
from sim.sweeps.experiment import from_plan
from sim.sweeps.frontier import Mix

SCENARIO, OUTCOME = "health_creation", "net_benefit"
SEARCH, FRESH = range(1, 3), range(101, 109)


def study(overrides: Sequence[str], budgets: Sequence[float], rounds: int = 4) -> list[Mix]:
    """The best mix of each budget."""
    plan = compose.plan("sweep", overrides, (), ["baseline", SCENARIO])
    given = {
        "name": "best_mix_search",
        "about": "the best mix",
        "design": "psa",
        "n": 1,
        "seeds": 1,
        "outcomes": [OUTCOME],
    }
    base = from_plan(plan, given).base
    levers = list(plan.scenarios[SCENARIO]["levers"])
    engine = Choice("process", workers=plan.settings.workers or cores()).open()
    run = mixes.Runner(base, SCENARIO, levers, OUTCOME, engine)
    return mixes.for_budgets(run, levers, budgets, seeds=SEARCH, fresh=FRESH, rounds=rounds)


def main(words: list[str]) -> None:
    """Read the words, run, print."""
    budgets = [word.removeprefix("budgets=") for word in words if word.startswith("budgets=")]
    wanted = [float(text) for text in (budgets[0] if budgets else "1,3,5").split(",")]
    for mix in study([word for word in words if not word.startswith("budgets=")], wanted):
        amounts = sorted(mix.amounts.items(), key=lambda one: -one[1])
        print(f"{mix.budget:g} %: " + ", ".join(f"{name} {amount:.2f}" for name, amount in amounts if amount > 0.005))
        better = "better than" if mix.better else "not clearly better than"
        gain = " to ".join(money(value, sign=True) for value in (mix.low, mix.high))
        print(
            f"  net benefit {money(mix.valued, sign=True)} on fresh seeds ({money(mix.promised, sign=True)} in the "
            "search); "
            f"{better} an even mix ({gain})"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
