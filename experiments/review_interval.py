"""What it costs in accuracy that a resident's rates are worked out anew once a year, and not every month.

The months between reviews are a constant of compiled code (`REVIEW_MONTHS` in sim/life/life_kernels.py), so this takes
two copies of the program, one of them with another constant:

    python experiments/review_interval.py measure yearly/                  (in this copy)
    python experiments/review_interval.py measure twomonthly/              (in a copy with REVIEW_MONTHS = 2)
    python experiments/review_interval.py compare yearly/ twomonthly/

It measures what `health_creation` changes in the toy town over twenty years, in expected numbers (the chances that the
draws are held against, which are less noisy than what is drawn), under the same seeds. What it found stands in
docs/decisions/lags.md.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from sim import compose
from sim.policy.scenario import scenario_from_mapping
from sim.system import CareSystem, run_history

SEEDS, YEARS, SCENARIO = range(1, 25), 20, "health_creation"


def expected(model: CareSystem) -> dict[str, float]:
    """Expected events of the coming month by process, expected contacts with practices, mean life satisfaction."""
    r, size = model.residents.columns, model.residents.size
    alive = r["unique_id"][:size] != 0
    chances = r["chance"][:size][alive].sum(0, dtype=np.float64) / 2**16
    found = dict(zip(model.rates.names[: model.drawn], chances.tolist(), strict=False))
    found["contacts with practices"] = float(r["gp_rate"][:size][alive].sum(dtype=np.float64))
    found["life satisfaction"] = float(r["satisfaction"][:size][alive].mean(dtype=np.float64))
    return found


def measure(folder: Path) -> None:
    """One file a seed: what the scenario changes, summed over its months."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = compose.plan("compare", ["place=toy"], scenarios=["baseline", SCENARIO], years=YEARS, scale=1.0)
    settings = plan.settings.for_model()
    for seed in SEEDS:
        history = run_history(settings, 0, seed)
        sums = []
        for name, given in plan.scenarios.items():
            model = CareSystem(
                history.place, history.evidence, scale=history.scale, seed=seed, months=settings.end,
                resume=history.history(),
            )  # fmt: skip
            model.adopt(scenario_from_mapping(given, f"{name}.yaml"), history.month)
            months = []
            while model.month < settings.end:
                model.step()
                months.append(expected(model))
            sums.append({what: sum(month[what] for month in months) for what in months[0]})
        baseline, scenario = sums
        change = {what: scenario[what] - baseline[what] for what in baseline}
        (folder / f"{seed}.json").write_text(json.dumps(change), encoding="utf-8")
        print(f"seed {seed} of {len(SEEDS)}", flush=True)


def compare(first: Path, second: Path) -> None:
    """By how much the effects in the first differ from those in the second, in per cent of them, ± a standard error."""
    seeds = [seed for seed in SEEDS if (first / f"{seed}.json").exists() and (second / f"{seed}.json").exists()]
    one, other = (
        [json.loads((folder / f"{seed}.json").read_text(encoding="utf-8")) for seed in seeds]
        for folder in (first, second)
    )
    lines = []
    for what in other[0]:
        effect = np.array([run[what] for run in other])
        apart = np.array([run[what] for run in one]) - effect
        if effect.std() == 0:
            continue
        certain = abs(effect.mean()) / (effect.std(ddof=1) / len(seeds) ** 0.5)
        size = 100 / abs(effect.mean())
        error = apart.std(ddof=1) / len(seeds) ** 0.5
        lines.append((certain, f"{what:32} {apart.mean() * size:+6.1f} % ± {error * size:.1f}"))
    print("\n".join(line for _, line in sorted(lines, reverse=True)))


if __name__ == "__main__":
    command, *folders = sys.argv[1:]
    (measure if command == "measure" else compare)(*map(Path, folders))
