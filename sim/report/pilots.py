"""Pilots: what was decided in how many runs, on what estimate, and how often that was right."""

from __future__ import annotations

import numpy as np

from sim.policy.verdict import Verdict, verdicts
from sim.report.numbers import Numbers
from sim.report.parts import Head, Table
from sim.report.style import DASH, number

DECIMALS = 3
FINAL = ("scale", "stop")


def pilots(numbers: Numbers) -> list[Table]:
    """One table of all pilots of all scenarios; none without pilots."""
    rows = []
    for scenario in numbers.compared:
        of_lever: dict[str, list[Verdict]] = {}
        for pair in numbers.results.pairs:
            baseline = numbers.results.record(numbers.base, pair)
            for one in verdicts(numbers.results.record(scenario, pair), baseline):
                of_lever.setdefault(one.lever, []).append(one)
        for lever, found in of_lever.items():
            last = [one for one in found if one.decision in FINAL]
            known = [one for one in last if one.right is not None]
            right = sum(bool(one.right) for one in known)
            rows.append([
                f"{numbers.label(scenario)}: {lever.replace('_', ' ')}",
                str(sum(one.decision == "scale" for one in last)),
                str(sum(one.decision == "stop" for one in last)),
                _mean([one.estimate for one in last]),
                _mean([one.error for one in last]),
                _mean([one.truth for one in known]),
                f"{right} of {len(known)}" if known else DASH,
            ])  # fmt: skip
    heads = [Head("Pilot"), Head("Scaled", True), Head("Stopped", True), Head("Estimate", True)]
    heads += [Head("Its error", True), Head("Truth", True), Head("Right", True)]
    note = (
        "Runs in which the lever was scaled or stopped after its pilot. The estimate is what an evaluation with a "
        "sample survey finds, in the unit of its indicator and the good direction; the truth is the paired "
        "difference to the baseline in the pilot's neighbourhoods in the last March before the decision. A "
        "decision is right when the lever was scaled exactly if the truth was above what its file calls "
        "worthwhile."
    )
    return [Table("Pilots: what was decided, and how often rightly", heads, rows, note)] if rows else []


def _mean(values: list[float]) -> str:
    finite = [value for value in values if np.isfinite(value)]
    return number(float(np.mean(finite)), DECIMALS) if finite else DASH
