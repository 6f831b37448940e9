"""Hit or miss: what the runs say of each target, beside what was observed."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.clock import MONTHS_A_YEAR
from sim.evidence import load
from sim.validation.grammar import COLUMNS, Target
from sim.validation.simulate import LATER, Answer

LOW, HIGH = 0.05, 0.95
"""Ends of the interval: 90 % of runs."""
HIT, MISS, NOBODY = "hit", "miss", "no answer"
RECORDING = "validation.recording_ratio"


@dataclass(frozen=True)
class Verdict:
    """One target and what the model says of it. values: one a run; again: the same after some years, or empty."""

    target: Target
    values: NDArray[np.float64]
    again: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean of the runs."""
        return float(self.values.mean())

    @property
    def ends(self) -> tuple[float, float]:
        """Within these lie 90 % of the runs."""
        return _ends(self.values)

    @property
    def word(self) -> str:
        """Hit, miss, or no answer (nobody is in the group)."""
        return self._word(self.mean, self.target.value)

    @property
    def distance(self) -> float:
        """How far the mean is off, in tolerances."""
        return self.target.tolerance.distance(self.mean, self.target.value)

    @property
    def expected(self) -> float:
        """What would be observed after the years, by the trend of the target."""
        years = LATER - self.target.period.middle / MONTHS_A_YEAR
        return self.target.value + years * self.target.trend

    @property
    def later(self) -> str:
        """Hit or miss after the years; empty where it is not tested again."""
        return self._word(float(self.again.mean()), self.expected) if self.again.size else ""

    @property
    def recording(self) -> float | None:
        """The ratio of observed to model, where it is of a register in a named area: how much fuller that would be."""
        target = self.target
        of_register = target.estimand != "true" and target.who.area is not None and target.statistic == "level"
        return target.value / self.mean if of_register and self.mean > 0 else None

    @property
    def recorded_otherwise(self) -> bool:
        """Whether a difference in recording that is allowed would bring a register within tolerance."""
        if self.recording is None:
            return False
        row = load()[RECORDING]
        low, high = (float(end) if end is not None else 1.0 for end in (row.low, row.high))
        bounded = min(max(self.recording, low), high)
        return self.target.tolerance.holds(bounded * self.mean, self.target.value)

    def _word(self, mean: float, value: float) -> str:
        if not np.isfinite(mean):
            return NOBODY
        return HIT if self.target.tolerance.holds(mean, value) else MISS


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, [LOW, HIGH])
    return float(low), float(high)


def judge(targets: Sequence[Target], answers: Sequence[Answer]) -> list[Verdict]:
    """A verdict on each target that the model has, in the order of the table."""
    return [
        Verdict(
            target,
            np.array([answer.values[target.row] for answer in answers]),
            np.array([answer.again[target.row] for answer in answers if target.row in answer.again]),
        )
        for target in targets
        if target.measured
    ]


def last_line(verdicts: Sequence[Verdict]) -> str:
    """``N of M targets within tolerance (K by construction)``: K of the N."""
    hits = [verdict for verdict in verdicts if verdict.word == HIT]
    built = sum(verdict.target.by_construction for verdict in hits)
    return f"{len(hits)} of {len(verdicts)} targets within tolerance ({built} by construction)"


def write(verdicts: Sequence[Verdict], path: Path) -> None:
    """The table of a run: each target as it was written, and what the model says of it."""
    more = (
        "model", "model_low", "model_high", "verdict", "off_in_tolerances", "after_years", "model_after",
        "expected_after", "verdict_after", "recording_ratio", "within_recording",
    )  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, [*COLUMNS, *more], lineterminator="\n")
        writer.writeheader()
        writer.writerows(_cells(verdict) for verdict in verdicts)


def _cells(verdict: Verdict) -> Mapping[str, Any]:
    later: dict[str, Any] = {}
    if verdict.again.size:
        mean = float(verdict.again.mean())
        later = {
            "after_years": LATER, "model_after": _digits(mean), "expected_after": _digits(verdict.expected),
            "verdict_after": verdict.later,
        }  # fmt: skip
    if verdict.recording is not None:
        later["recording_ratio"] = _digits(verdict.recording)
        later["within_recording"] = "yes" if verdict.recorded_otherwise else "no"
    return {
        **verdict.target.cells, "model": _digits(verdict.mean), "model_low": _digits(verdict.ends[0]),
        "model_high": _digits(verdict.ends[1]), "verdict": verdict.word,
        "off_in_tolerances": _digits(verdict.distance), **later,
    }  # fmt: skip


def _digits(value: float) -> str:
    return f"{value:.6g}"
