"""How fast conditions begin: incidence by age and sex from the balance of illness and death.

Diagnosed prevalence P is not stationary, so the balance keeps the calendar trend:
i = [∂P/∂age + ∂P/∂t + P(1 − P)·Δm] / (1 − P), Δm the excess mortality of those who have the condition. The balance
gives the *shape* over age and sex; where a crude incidence is published it sets the *level*, so that prevalence then
rises as it really does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.life.grid import AGES, BAND, Array, keyed, rescaled, smooth

if TYPE_CHECKING:
    from sim.evidence import Evidence

LEAST_SHARE = 1e-4
"""Below it nobody is taken to recover any faster."""


def prevalence(evidence: Evidence, condition: str, people: Array) -> Array:
    """Share of people with the condition in 2020 as (sex, age); people: England as (sex, age)."""
    table = evidence.table("prevalence")
    rows = table[table["condition"] == condition]
    return rescaled(smooth(rows), rows, people)


def incidence(
    evidence: Evidence,
    condition: str,
    share: Array,
    mortality: Array,
    people: Array,
    age_from: int,
    beyond: float = 0.0,
) -> Array:
    """New cases per person-year among those without the condition, as (sex, age).

    share: everyone who has it; mortality: all-cause deaths per person-year (sex, age); people: England (sex, age);
    beyond: share of them whom the published level does not count, being undiagnosed.
    """
    ratio = float(keyed(evidence.table("mortality_hr"), "condition", [condition])[0])
    excess = mortality * (ratio - 1) / (1 + share * (ratio - 1))
    trend = float(keyed(evidence.table("prevalence_trend"), "condition", [condition])[0])
    over_age = np.gradient(share, axis=1)
    shape = (over_age + trend * share + share * (1 - share) * excess) / (1 - share)
    shape = np.where(np.arange(AGES) >= age_from, np.clip(shape, 0, None), 0.0)
    shape = _smoothed(shape)
    crude = float(keyed(evidence.table("incidence_level"), "condition", [condition])[0]) / (1 - beyond)
    return np.asarray(shape * crude * people.sum() / (shape * (1 - share) * people).sum())


def lasting(evidence: Evidence, condition: str) -> float:
    """What calibration multiplies the published incidence of a condition by; 1 where it has no say."""
    name = f"calibration.incidence_{condition}"
    return float(evidence.get(name, 1.0))


def recovery(evidence: Evidence, condition: str, share: Array, mortality: Array, new: Array) -> Array:
    """People who leave the condition per person-year with it, as (sex, age).

    The same balance solved for what must leave so that prevalence follows its declared trend when `new` (cases per
    person-year at risk) arrive: r = [i(1 − P) − ∂P/∂age − ∂P/∂t − P(1 − P)·Δm] / P, never below zero.
    """
    ratio = float(keyed(evidence.table("mortality_hr"), "condition", [condition])[0])
    excess = mortality * (ratio - 1) / (1 + share * (ratio - 1))
    trend = float(keyed(evidence.table("prevalence_trend"), "condition", [condition])[0])
    surplus = new * (1 - share) - np.gradient(share, axis=1) - trend * share - share * (1 - share) * excess
    return _smoothed(np.clip(surplus, 0, None) / np.maximum(share, LEAST_SHARE))


def _smoothed(rate: Array, width: int = BAND) -> Array:
    """A running mean over ages: the derivative of a curve through ten bands has kinks that people do not."""
    padded = np.pad(rate, ((0, 0), (width // 2, width // 2)), mode="edge")
    window = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)
    return np.asarray(window.mean(axis=2)) * (rate > 0)
