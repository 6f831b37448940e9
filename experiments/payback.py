"""In which worlds does health creation not pay back? Discovery from a script, with the figures behind the page.

    python experiments/payback.py place=toy scale=0.05 n=128 years=10

Runs the experiment `discovery` (or takes what is there of it) and prints, for each meaning of paying back, in how many
worlds it does not, and the worlds in which that is commonest: found by PRIM, tested where they were not found.
"""

from __future__ import annotations

import sys

import sim
from sim.errors import UserError
from sim.report.sweep_numbers import SweepNumbers
from sim.report.sweep_words import limits, share
from sim.sweeps import prim

MEANINGS = {
    "net_cost": "cash saved repays the levers",
    "net_cost_with_capacity": "cash saved and capacity released are worth the levers",
    "net_benefit": "health gained is worth what the levers cost, cash saved taken off",
}


def study(words: list[str], years: int = 10) -> dict[str, tuple[float, list[str]]]:
    """Meaning → the share of worlds in which it does not hold, and the groups of worlds where that is commonest."""
    numbers = SweepNumbers(sim.sweep("discovery", overrides=words))
    years = min(years, len(numbers.years()))
    found = {}
    for name, words_of in MEANINGS.items():
        total = numbers.change(name, "health_creation", years).mean(axis=1)
        bad = total < 0 if name == "net_benefit" else total > 0
        boxes = prim.boxes(numbers.factor_values, bad)
        said = [
            f"{share(box.density)} (tested: {share(box.tested)}) with {limits(box.limits, numbers.labels)}"
            for box in boxes
        ]
        found[words_of] = (float(bad.mean()), said)
    return found


def main(words: list[str]) -> None:
    """Run and print."""
    for meaning, (part, boxes) in study(words).items():
        print(
            f"“{meaning}” does not hold in {share(part)} of worlds"
            + (":" if boxes else "; no group of worlds stands out.")
        )
        for box in boxes:
            print(f"  {box}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as fault:
        sys.exit(str(fault))
