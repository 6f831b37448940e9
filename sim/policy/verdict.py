"""Was a pilot's decision right? Set against what the lever really did there: the paired difference to the baseline.

The estimate of a pilot is made inside a run, by an evaluator who sees what an evaluator can. The truth needs the same
run without the policy, so it is worked out afterwards, from the two records of one evidence draw and seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.clock import fin_year, month_of
from sim.policy.pilot import MEANS

if TYPE_CHECKING:
    from sim.outcomes.record import RunRecord

MARCH_TO_APRIL = 1
MEASURES = {
    "lonely": "lonely", "smoker": "smokers", "obese": "obese", "inactive": "inactive", "drinker": "drinkers",
    "offline": "offline", "cold_home": "cold_home", "low_income": "low_income", "contact": "contact_sum",
    "confidence": "confidence_sum", "control": "control_sum", "life_satisfaction": "life_satisfaction_sum",
}  # fmt: skip
"""The measure, kept by neighbourhood, from which each leading indicator is known for everybody: a sum over adults
(of contact: over all residents)."""


@dataclass(frozen=True)
class Verdict:
    """A decision and what was true. truth: the effect in the pilot's neighbourhoods in the last March before it, in the
    good direction (nan where no measure is kept); right: whether it was scaled exactly when the truth was worthwhile
    (None for a pilot that went on, or without a truth)."""

    lever: str
    month: str
    decision: str
    estimate: float
    error: float
    chance: float
    worthwhile: float
    truth: float
    right: bool | None


def verdicts(record: RunRecord, baseline: RunRecord) -> list[Verdict]:
    """All decisions about pilots in a run, judged by the baseline of the same evidence draw and seed."""
    return [_judge(decision, record, baseline) for decision in record.meta.get("decisions", [])]


def _judge(decision: Mapping[str, Any], record: RunRecord, baseline: RunRecord) -> Verdict:
    truth = _truth(decision, record, baseline)
    final = decision["decision"] != "extend" and not np.isnan(truth)
    right = bool((truth > decision["worthwhile"]) == (decision["decision"] == "scale")) if final else None
    known = {key: decision[key] for key in ("lever", "month", "decision", "estimate", "error", "chance", "worthwhile")}
    return Verdict(**known, truth=truth, right=right)


def _truth(decision: Mapping[str, Any], record: RunRecord, baseline: RunRecord) -> float:
    name = decision["leading"]
    year = fin_year(month_of(decision["month"]) - MARCH_TO_APRIL)
    if name not in MEASURES:
        return float("nan")
    if month_of(decision["month"]) != month_of(f"{year + 1}-04"):
        year -= 1  # the year of the decision is not over yet
    areas = decision["areas"]
    with np.errstate(invalid="ignore"):
        people = "residents" if name == "contact" else "adults"
        one, other = (run.by_area(MEASURES[name], year)[areas] / run.by_area(people, year)[areas]
                      for run in (record, baseline))  # fmt: skip
    return float(np.nanmean(one - other)) * (1.0 if name in MEANS else -1.0)


def error_shares(found: Sequence[Verdict]) -> dict[str, float]:
    """Of final decisions, the shares that scaled and stopped rightly and wrongly; empty without any."""
    final = [verdict for verdict in found if verdict.right is not None]
    if not final:
        return {}
    kinds = [(decision, right) for decision in ("scale", "stop") for right in (True, False)]
    return {
        f"{'rightly' if right else 'wrongly'} {'scaled' if decision == 'scale' else 'stopped'}": sum(
            verdict.decision == decision and verdict.right == right for verdict in final
        )
        / len(final)
        for decision, right in kinds
    }
