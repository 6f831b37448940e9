"""Frailty in four categories (electronic Frailty Index): how common it is, how people become frail and recover.

The published rate of becoming frail fixes turnover. Recovery, and the rate of becoming frailer, are solved by age so
that each category keeps its share among those who survive, the frail dying more often: with s the shares, m the death
rates, ds/dage = flows − (m − m̄)·s. Worsening is two processes, because one rate for every step cannot keep the
severe apart from the mild; both go by the same factors (conditions, inactivity, loneliness, low income).

The deprived are frail earlier. The odds of each degree or worse go by deprivation as published, with England's share at
every age kept; all rates are solved decile by decile, so that the gradient stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.life.grid import AGES, DECILES, Array, keyed, smooth, steps
from sim.life.states import CIRCUMSTANCES, FIRST_CIRCUMSTANCE, FRAILTY

if TYPE_CHECKING:
    from sim.evidence import Evidence

BEGIN, FURTHER, RECOVER = "worsen_frailty", "worsen_frailty_further", "recover_frailty"
YOUNGEST, OLD = 50, 65
MIDDLES = [57, 70, 80, 90]
"""Ages that stand for the bands of the published turnover."""
FROM_FIRST_TO_LAST_FIFTH = 8
"""Deciles from the middle of the first fifth to the middle of the last."""
HALVINGS, LEAST_SHARE = 60, 1e-12
CATEGORIES = 1 + len(FRAILTY)
SHIFT = FIRST_CIRCUMSTANCE + len(CIRCUMSTANCES)
CATEGORY_OF = np.array([0, 1, 2, 2, 3, 3, 3, 3], np.int64)
"""Category (0 fit to 3 severely frail) by the three bits of the state from `SHIFT`, of which one at most is on."""
TURNOVER_WEIGHT = 0.1
"""How much a miss of the published turnover counts against a miss of the shares in the least squares of one age."""


@dataclass(frozen=True)
class FrailtyRates:
    """Rates per person-year by age and decile (ages, deciles), and how they change with the category one is in.

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


def odds_by_decile(evidence: Evidence) -> Array:
    """Logarithm of the odds of being frail in each decile over the middle of them, by age (ages, deciles)."""
    table = evidence.table("frailty_gradient")
    per_fifth = np.interp(np.arange(AGES) + 0.5, table["age"].to_numpy(float), np.log(table["value"].to_numpy(float)))
    from_middle = (DECILES - 1) / 2 - np.arange(DECILES)
    return np.asarray(per_fifth[:, None] / FROM_FIRST_TO_LAST_FIFTH * from_middle)


def shares_by_decile(evidence: Evidence, share: Array, people: Array) -> Array:
    """Shares of the four categories as (4, ages, deciles), of which the mean at every age is `share`.

    share: as `shares` gives it; people: England (sex, age, decile).
    """
    from scipy.special import expit, logit

    shift = odds_by_decile(evidence)[None]
    weight = people.sum(0) / people.sum((0, 2))[:, None]
    at_least = share[::-1].cumsum(0)[2::-1, :, None]  # mild, moderate, severe or worse
    some = np.clip(at_least, LEAST_SHARE, 1 - LEAST_SHARE)
    low, high = logit(some) - shift.max(), logit(some) + shift.max()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        more = (expit(middle + shift) * weight).sum(-1, keepdims=True) > some
        low, high = np.where(more, low, middle), np.where(more, middle, high)
    found = np.where(at_least > 0, expit((low + high) / 2 + shift), 0.0)
    return np.asarray(np.concatenate([1 - found[:1], found[:-1] - found[1:], found[-1:]]))


def published(evidence: Evidence) -> Array:
    """Rate per person-year at which fit people become frail, by age: a line through the middles of the bands."""
    band = steps(evidence.table("frailty_onset"))[0]
    ages, nobody = np.arange(AGES) + 0.5, evidence["frailty.begins_after"]
    return np.asarray(np.interp(ages, [nobody, *MIDDLES], [0.0, *band[MIDDLES]]))


def rates(evidence: Evidence, share: Array, deaths: Array, people: Array) -> FrailtyRates:
    """Solve the rates, decile by decile.

    share: as `shares_by_decile` gives it; deaths: all-cause deaths per person-year (sex, age, decile); people: England
    (sex, age, decile). The published turnover is England's mean; it goes by deprivation as the odds do.
    """
    number = people.sum(0)
    odds = np.exp(odds_by_decile(evidence))
    fit = number * share[0]
    turnover = published(evidence)[:, None] * odds * fit.sum(1, keepdims=True) / (fit * odds).sum(1, keepdims=True)
    mortality = (deaths * people).sum(0) / number
    each = [_of_decile(evidence, share[:, :, d], mortality[:, d], turnover[:, d]) for d in range(DECILES)]
    begin, further, recover = np.stack(each, axis=-1)
    step = evidence["frailty.severe_ratio"]
    moderate, severe = evidence["frailty.moderate_recovers"], evidence["frailty.severe_recovers"]
    ratios = {
        FRAILTY[0]: (0.0, 1.0, 1.0),
        FRAILTY[1]: (0.0, step, moderate),
        FRAILTY[2]: (0.0, 0.0, severe),
    }
    return FrailtyRates(begin=begin, further=further, recover=recover, ratios=ratios)


def _of_decile(evidence: Evidence, share: Array, deaths: Array, wanted: Array) -> Array:
    """Becoming mildly frail, further, and recovering by age (3, ages) that keep `share` (4, ages); wanted: turnover."""
    from scipy.optimize import nnls

    step = evidence["frailty.severe_ratio"]
    moderate, severe = evidence["frailty.moderate_recovers"], evidence["frailty.severe_recovers"]
    hazard = np.concatenate([[1.0], hazard_ratios(evidence, "death")])
    after = np.concatenate([share[:, 1:], share[:, -1:]], axis=1)
    middle = (share + after) / 2
    mortality = deaths / (hazard @ middle) * hazard[:, None]
    net = after - share + (mortality - (mortality * middle).sum(0)) * middle
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
    return found


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
