"""A small life course, as numbers: what the two implementations beside this file have in common.

It exists to measure the engine and to check it, and says nothing about health: its coefficients are invented, round,
and of a plausible size. No scenario, place or report uses them.

A month of a resident: age in whole years → changes of behaviour, onsets of disease and death, all drawn from the
state at the start of the month, one draw each → contacts with the general practice and the emergency department,
Poisson, from the state after the changes. Who dies has no contacts and is replaced by a newborn of the same practice
and deprivation, who starts next month. In the month of a birthday, before anything else, the social score moves. A
practice that cannot meet the month's demand sends more of its residents to the emergency department the month after.
"""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.draws import make_keys, uniforms

PRACTICES = 30
FIFTHS = 5
OLDEST = 120
STATES = ("smoker", "obese", "diabetes", "cvd", "copd")
CONDITIONS = STATES[2:]
ONSETS = {"start": "smoker", "gain": "obese", "diabetes": "diabetes", "cvd": "cvd", "copd": "copd"}
ENDS = {"quit": "smoker", "slim": "obese"}
CHANGES = (*ONSETS, *ENDS, "death")
CONTACTS = ("gp", "ed")
RATES = CHANGES + CONTACTS

# Per year: log rate at birth, per ten years of age, for men, per fifth of deprivation; log ratio of each state.
COEFFICIENTS: dict[str, tuple[float, float, float, float, dict[str, float]]] = {
    "start": (-3.7, 0.0, 0.0, 0.3, {}),
    "gain": (-4.0, 0.0, 0.0, 0.2, {}),
    "quit": (-3.0, 0.0, 0.0, 0.0, {}),
    "slim": (-4.6, 0.0, 0.0, 0.0, {}),
    "diabetes": (-8.0, 0.45, 0.25, 0.12, {"smoker": 0.15, "obese": 1.0}),
    "cvd": (-9.0, 0.65, 0.40, 0.12, {"smoker": 0.6, "obese": 0.3, "diabetes": 0.6}),
    "copd": (-9.2, 0.50, 0.10, 0.20, {"smoker": 1.6}),
    "death": (-10.8, 0.95, 0.35, 0.10, {"smoker": 0.4, "obese": 0.1, "diabetes": 0.4, "cvd": 0.6, "copd": 0.7}),
    "gp": (0.9, 0.10, -0.15, 0.05, {"smoker": 0.1, "obese": 0.1, "diabetes": 0.5, "cvd": 0.45, "copd": 0.5}),
    "ed": (-1.5, 0.05, 0.05, 0.12, {"smoker": 0.15, "obese": 0.05, "diabetes": 0.25, "cvd": 0.45, "copd": 0.5}),
}
LONELY_EXCESS = {"diabetes": 0.2, "cvd": 0.5, "copd": 0.2, "death": 0.35, "gp": 0.1, "ed": 0.2}
"""A rate is multiplied by one plus this times (1 − social score)."""
AGES = {"start": (15, 30), "gain": (18, OLDEST)}
"""Whole years within which a change is possible; others are possible at any age."""

SOCIAL_MEAN, SOCIAL_PULL, SOCIAL_NOISE = 0.6, 0.2, 0.3
PRESSURE = 0.8
"""Log ratio of emergency attendance when a practice met none of last month's demand."""
OFFERED = 0.36
"""Appointments a month for each resident on the list, on average."""
SPREAD = 0.15
"""Practices offer between this share less and this share more than the average."""


def base_rate(name: str, years: int, male: int, fifth: int) -> float:
    """Rate per month before states and loneliness, at an age in whole years."""
    first, last = AGES.get(name, (0, OLDEST))
    if not first <= years < last:
        return 0.0
    constant, age, men, deprivation, _ = COEFFICIENTS[name]
    return exp(constant + age * (years + 0.5) / 10 + men * male + deprivation * fifth) / 12


def capacities(residents: int) -> NDArray[np.float64]:
    """Appointments a month of each practice: float64[PRACTICES]."""
    place = np.arange(PRACTICES) / (PRACTICES - 1)
    return residents / PRACTICES * OFFERED * (1 - SPREAD + 2 * SPREAD * place)


def population(n: int, seed: int) -> dict[str, NDArray[Any]]:
    """Residents at the start, the same for both implementations: arrays of n by column, `born` in months before."""
    keys = make_keys(seed, np.arange(1, n + 1))
    chance = iter(range(100))

    def draw() -> NDArray[np.float64]:
        return uniforms(keys, 0, next(chance)).astype(np.float64)

    years = np.minimum(95 * np.maximum(draw(), draw()), 20 + 95 * draw())
    adult = years > 18
    people: dict[str, NDArray[Any]] = {
        "born": -(12 * years).astype(np.int64),
        "male": (draw() < 0.5).astype(np.int64),
        "fifth": (draw() * FIFTHS).astype(np.int64),
        "practice": (draw() * PRACTICES).astype(np.int64),
        "social": (draw() + draw() + draw()) / 3 * 0.8 + 0.2,
        "smoker": adult & (draw() < 0.15),
        "obese": adult & (draw() < 0.27),
        "diabetes": draw() < 0.0015 * years,
        "cvd": draw() < 0.00002 * years**2,
        "copd": draw() < 0.0006 * years,
    }
    return people


def summary(totals: dict[str, float], stocks: dict[str, float], resident_months: int, n: int) -> dict[str, float]:
    """What the implementations are compared on: flows a resident-month, stocks a resident, mean unmet demand."""
    flows = {name: total / resident_months for name, total in totals.items() if name != "unmet"}
    shares = {f"share {name}": stock / n for name, stock in stocks.items()}
    return flows | shares | {"unmet": totals["unmet"] / (resident_months / n)}
