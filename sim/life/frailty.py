"""Frailty in four categories (electronic Frailty Index): how common it is, how people become frail and recover.

The published rate of becoming frail fixes turnover. Recovery, and the rate of becoming frailer, are solved by age so
that each category keeps its share among those who survive, the frail dying more often: with s the shares, m the death
rates, ds/dage = flows − (m − m̄)·s. Worsening is two processes, because one rate for every step cannot keep the
severe apart from the mild; both go by the same factors (conditions, inactivity, loneliness, low income).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.life.grid import AGES, Array, keyed, smooth, steps
from sim.life.states import CIRCUMSTANCES, FIRST_CIRCUMSTANCE, FRAILTY

if TYPE_CHECKING:
    from sim.evidence import Evidence

BEGIN, FURTHER, RECOVER = "worsen_frailty", "worsen_frailty_further", "recover_frailty"
YOUNGEST, MIDDLE, OLD = 50, 57, 65
CATEGORIES = 1 + len(FRAILTY)
SHIFT = FIRST_CIRCUMSTANCE + len(CIRCUMSTANCES)
CATEGORY_OF = np.array([0, 1, 2, 2, 3, 3, 3, 3], np.int64)
"""Category (0 fit to 3 severely frail) by the three bits of the state from `SHIFT`, of which one at most is on."""
TURNOVER_WEIGHT = 0.1
"""How much a miss of the published turnover counts against a miss of the shares in the least squares of one age."""


@dataclass(frozen=True)
class FrailtyRates:
    """Rates per person-year by age (ages,), and how they change with the category one is in.

    begin: fit to mild; further: mild to moderate; recover: mild to fit. if_mild, if_moderate, if_severe: multipliers of
    (begin, further, recover) in each category; a fit person has (1, 0, 0).
    """

    begin: Array
    further: Array
    recover: Array
    ratios: dict[str, tuple[float, float, float]]


def shares(evidence: Evidence, people: Array) -> Array:
    """Share of people who are fit, mildly, moderately and severely frail as (4, ages); people: England (sex, age)."""
    table = evidence.table("frailty_prevalence")
    frail = np.stack([smooth(table[table["category"] == name])[0] for name in FRAILTY])
    ages = np.arange(AGES)
    for first, last, target in ((YOUNGEST, OLD, "frailty.share_50_64"), (OLD, AGES, "frailty.share_65_plus")):
        here = (ages >= first) & (ages < last)
        weight = people.sum(0) * here
        frail[:, here] *= evidence[target] * weight.sum() / (frail.sum(0) * weight).sum()
    return np.concatenate([1 - frail.sum(0, keepdims=True), frail])


def published(evidence: Evidence) -> Array:
    """Rate per person-year at which fit people become frail, by age: a line through the middles of the bands."""
    band = steps(evidence.table("frailty_onset"))[0]
    middle = [MIDDLE, 70, 80, 90]
    return np.asarray(np.interp(np.arange(AGES) + 0.5, [YOUNGEST - 15, *middle], [0.0, *band[middle]]))


def rates(evidence: Evidence, share: Array, deaths: Array) -> FrailtyRates:
    """Solve the rates; share: as `shares` gives it; deaths: all-cause deaths per person-year by age."""
    from scipy.optimize import nnls

    step = evidence["frailty.severe_ratio"]
    moderate, severe = evidence["frailty.moderate_recovers"], evidence["frailty.severe_recovers"]
    hazard = np.concatenate([[1.0], hazard_ratios(evidence, "death")])
    after = np.concatenate([share[:, 1:], share[:, -1:]], axis=1)
    middle = (share + after) / 2
    mortality = deaths / (hazard @ middle) * hazard[:, None]
    net = after - share + (mortality - (mortality * middle).sum(0)) * middle
    wanted = published(evidence)
    found = np.zeros((3, AGES))
    for age in range(YOUNGEST - 1, AGES):
        fit, mild, mid, high = middle[:, age]
        flows = np.array(
            [
                [-fit, 0, mild],
                [fit, -mild, moderate * mid - mild],
                [0, mild - step * mid, severe * high - moderate * mid],
                [0, step * mid, -severe * high],
                [TURNOVER_WEIGHT * fit, 0, 0],
            ]
        )
        found[:, age] = nnls(flows, np.append(net[:, age], TURNOVER_WEIGHT * fit * wanted[age]))[0]
    ratios = {
        FRAILTY[0]: (0.0, 1.0, 1.0),
        FRAILTY[1]: (0.0, step, moderate),
        FRAILTY[2]: (0.0, 0.0, severe),
    }
    return FrailtyRates(begin=found[0], further=found[1], recover=found[2], ratios=ratios)


def hazard_ratios(evidence: Evidence, outcome: str) -> Array:
    """Ratio of mild, moderate and severe frailty to being fit for `death` or `emergency` (3,)."""
    table = evidence.table("frailty_ratio")
    return keyed(table[table["outcome"] == outcome], "category", FRAILTY)


def factors(evidence: Evidence) -> dict[str, float]:
    """What becoming frail, or frailer, is multiplied by in each state (name → ratio)."""
    table = evidence.table("frailty_factor")
    return dict(zip(table["factor"], table["value"].astype(float), strict=True))


def contact_ratios(evidence: Evidence) -> dict[str, dict[str, float]]:
    """Total of contacts → category → multiplier: the published ratio of admissions to a power, because conditions that
    the model has explain part of it."""
    admitted = dict(zip(FRAILTY, hazard_ratios(evidence, "emergency").tolist(), strict=True))
    part = evidence["frailty.contact_exponent"]
    milder = {name: float(ratio**part) for name, ratio in admitted.items()}
    return dict.fromkeys(("gp", "ed", "emergency"), milder)


def category(state: NDArray[np.uint64]) -> NDArray[np.int64]:
    """0 fit, 1 mildly, 2 moderately, 3 severely frail, one a person."""
    return np.asarray(CATEGORY_OF[(state >> np.uint64(SHIFT)) & np.uint64(7)])


def stay_ratios(evidence: Evidence) -> Array:
    """Mean days of an emergency stay over night by category, over those of fit people of the same age (4,)."""
    return np.concatenate([[1.0], keyed(evidence.table("frailty_stay"), "category", FRAILTY)])
