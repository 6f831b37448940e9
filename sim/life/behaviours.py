"""Behaviours, loneliness and circumstances: how common they are, and how people move in and out of them.

Published transition probabilities fix *turnover* (how many stop in a year). The opposite direction is solved, by
sex × age × deprivation decile, so that the age profile of 2020 is kept and follows the declared secular trend; taken
both from the literature they would empty or fill the population within a decade, a larger change than any policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.life import circumstances
from sim.life.grid import AGES, DECILES, Array, keyed, smooth, steps

if TYPE_CHECKING:
    from sim.evidence import Evidence

MOST_SHARE = 0.97
MOST_MIDDLE = 0.99
"""Of a year's share in the balance, so that somebody is left who can begin."""
ADULT = 18


@dataclass(frozen=True)
class Behaviour:
    """One two-state behaviour: the state, the processes into and out of it, and its rows in the registry."""

    state: str
    risk: str
    into: str
    out_of: str


BEHAVIOURS = (
    Behaviour("smoker", "smoking", "start_smoking", "quit_smoking"),
    Behaviour("obese", "obesity", "become_obese", "lose_obesity"),
    Behaviour("inactive", "inactivity", "become_inactive", "become_active"),
    Behaviour("lonely", "isolation", "become_lonely", "recover_lonely"),
    Behaviour("drinker", "alcohol", "start_drinking", "stop_drinking"),
    Behaviour("offline", "offline", "go_offline", "get_online"),
    Behaviour("cold_home", "cold_home", "enter_cold_home", "leave_cold_home"),
    Behaviour("low_income", "low_income", "lose_income", "gain_income"),
)


def prevalence(evidence: Evidence, risk: str, england: Array) -> Array:
    """Share with the behaviour as (sex, age, decile), England.

    england: people as (sex, age, decile). The gradient over deprivation deciles is laid on the age–sex profile so that
    the profile itself is kept: Σ over deciles of share × people = profile × people in every age and sex.
    """
    if risk in circumstances.COLUMN:
        return circumstances.prevalence(evidence, risk)
    table = evidence.table("risk_prevalence")
    profile = smooth(table[table["risk"] == risk])
    gradient = evidence.table("risk_by_decile")
    ratio = keyed(gradient[gradient["risk"] == risk], "decile", range(1, DECILES + 1))
    mean = (england * ratio).sum(2) / england.sum(2)
    return np.asarray(np.clip(profile[:, :, None] * ratio / mean[:, :, None], 0.0, MOST_SHARE))


def transitions(evidence: Evidence, behaviour: Behaviour, share: Array, people: Array) -> tuple[Array, Array]:
    """Rates per person-year (into, out of) the behaviour, each (sex, age, decile).

    share: as `prevalence` gives it; people: (sex, age) weights for the trend. With p the share at an age, a cohort
    must move from p(a) to p(a + 1) plus the trend within the year: dp/dt = into × (1 − p) − out × p. `out` is the
    published turnover; where that would need a negative `into` (a share that falls faster with age than people
    are known to stop), `into` is zero and `out` is solved instead.
    """
    table = evidence.table("transitions")
    out = -np.log1p(-steps(table[table["process"] == behaviour.out_of]))[:, :, None]
    after = np.concatenate([share[:, 1:], share[:, -1:]], axis=1)
    adults = (np.arange(AGES) >= ADULT) * people
    level = (share.mean(2) * adults).sum() / adults.sum()
    trend = evidence[f"behaviours.trend_{behaviour.risk}"] * share / level
    change = after - share + trend
    middle = np.clip((share + after) / 2, 1e-9, MOST_MIDDLE)
    into = (change + out * middle) / (1 - middle)
    falls = into < 0
    into = np.where(falls, 0.0, into)
    out = np.where(falls, -change / middle, np.broadcast_to(out, share.shape))
    return into, np.clip(out, 0.0, None)
