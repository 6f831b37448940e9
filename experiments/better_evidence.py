"""Which evidence is worth buying? The value of information from a script.

    python experiments/better_evidence.py place=toy scale=0.05 n=128 years=10

Runs the experiment `psa` (or takes what is there of it) and prints how much of the spread of net benefit is luck, which
scenario is best on average, what perfect evidence would be worth, and which parts of it most.
"""

from __future__ import annotations

import sys

import numpy as np

import sim
from sim.errors import UserError
from sim.evidence import load
from sim.report.decision_sections import evidence_parts
from sim.report.sweep_numbers import SweepNumbers
from sim.report.sweep_words import money, share
from sim.sweeps import psa, value_of_information


def main(words: list[str]) -> None:
    """Run and print."""
    numbers = SweepNumbers(sim.sweep("psa", overrides=words))
    threshold = load().draw(0)["outcomes.nice_threshold"]
    benefit = np.stack(
        [
            threshold * numbers.change("qalys_gained", name) - numbers.change("net_cost", name)
            for name in numbers.scenarios
        ],
        axis=2,
    )
    for k, name in enumerate(numbers.scenarios[1:], 1):
        split = psa.split(benefit[:, :, k])
        print(
            f"{numbers.label(name)}: net benefit {money(split.mean, sign=True)}, 90 % of runs "
            f"{money(split.low, sign=True)} "
            f"to {money(split.high, sign=True)}; {share(split.luck_share)} of the variance is luck"
        )
    best = numbers.scenarios[int(benefit.mean(axis=(0, 1)).argmax())]
    whole = value_of_information.evpi(benefit)
    print(
        f"Best on average at £{threshold:,.0f} a QALY: {numbers.label(best)}. Perfect evidence: {money(whole.value)}."
    )
    if whole.value > 0:
        for part in value_of_information.evppi(benefit, evidence_parts(numbers))[:8]:
            print(f"  {part.what}: {money(part.value)} ({money(part.low)} to {money(part.high)})")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as fault:
        sys.exit(str(fault))
