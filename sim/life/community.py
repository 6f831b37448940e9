"""Community capacity K of each neighbourhood: what groups, connectors and trust add to what is there today.

dK/dt = (reach · energy · learning · dose − K) ln 2 / half-life, the dose being last month's money in units of the
studied one. K is 1 in the long run where the studied dose is paid at energy 1 and reach 1. What K does saturates.
Learning begins below 1 and comes with months of work, going again with the same half-life; reach is lower where people
live far apart. A part of the differences between neighbours evens out each year: between neighbourhoods i and j with
residents N and numbers of neighbours d, δ · min(Nᵢ, Nⱼ) / max(dᵢ, dⱼ) × (Kⱼ − Kᵢ) resident-units move, so that ΣNK is
kept. Energy is a latent trait of a neighbourhood: nobody sees it, but something that goes with it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.clock import MONTHS_A_YEAR
from sim.life import community_kernels as kernels
from sim.life.grid import DECILES
from sim.places import cell_words
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Floats = NDArray[np.float64]
FIXED = 0  # the month of draws that belong to a place for ever


def effect_of_capacity(capacity: Floats, half: float) -> Floats:
    """Effect relative to that of the studied dose: 0 at K = 0, 1 at K = 1, never above 1 + `half`."""
    return np.asarray((1.0 + half) * capacity / (capacity + half))


def open_communities(m: CareSystem) -> None:
    """Give each neighbourhood its energy, what can be seen of it, and its asset map."""
    homes, size = m.neighbourhoods.columns, m.neighbourhoods.size
    true, seen = energies(m)
    homes["energy"][:size], homes["energy_observed"][:size] = true, seen
    homes["assets"][:size] = assets(m, seen, homes["residents"][:size])


def advance(m: CareSystem) -> None:
    """Grow, let go and spread capacity on last month's money (`invested`), which is then taken as used.

    Where nothing was ever invested it stays exactly 0.
    """
    table = m.neighbourhoods
    homes, size = table.columns, table.size
    invested, capacity = homes["invested"][:size], homes["capacity"][:size]
    if not (np.count_nonzero(invested) or np.count_nonzero(capacity)):
        return
    evidence = m.evidence
    keep = 0.5 ** (1.0 / evidence["levers.community_building.half_life_months"])
    gain = -math.expm1(-1.0 / (evidence["community.learning_years"] * MONTHS_A_YEAR))
    stock = np.empty(size)
    kernels.grow(
        invested, capacity, homes["learnt"][:size], homes["energy"][:size], reach(m),
        evidence["levers.community_building.cost_per_resident"], keep, gain, evidence["community.learning_start"],
        stock,
    )  # fmt: skip
    people = homes["residents"][:size].astype(np.float64)
    homes["capacity"][:size] = spread(stock, people, m.place.neighbours, evidence["community.spread_a_year"])


def reach(m: CareSystem) -> Floats:
    """How many of its residents work in a neighbourhood reaches, over those of the studied one: lower where rural."""
    return np.where(m.place.urban, 1.0, m.evidence["community.rural_reach"])


def spread(
    stock: Floats, people: Floats, neighbours: tuple[NDArray[np.int32], NDArray[np.int32]], a_year: float
) -> Floats:
    """One month of evening out between adjacent neighbourhoods; keeps Σ people × stock and what is the same everywhere.

    stock, people: one a neighbourhood; neighbours: (indptr, indices); a_year: share of a difference that goes in a
    year across all borders.
    """
    out = np.empty(stock.size)
    kernels.spread(stock, people, *neighbours, a_year / MONTHS_A_YEAR, out)
    return out


def energies(m: CareSystem) -> tuple[Floats, Floats]:
    """(energy, what can be seen of it) of each neighbourhood, both with mean about 1 over England's deciles.

    Lognormal about a line in deprivation; the visible one shares the stated correlation with the true one and the
    same line. A draw of the neighbourhood's code and the seed.
    """
    evidence = m.evidence
    words = cell_words(m.place).reshape(len(m.decile), -1)[:, 0]
    key = draws.make_keys(m.seed, words)
    true = _normal(key, Purpose.ENERGY)
    noise = _normal(key, Purpose.ENERGY_SEEN)
    like = evidence["community.energy_seen"]
    seen = like * true + np.sqrt(1.0 - like**2) * noise
    ratio, width = evidence["community.energy_deprivation_ratio"], evidence["community.energy_spread"]
    line = ratio ** ((DECILES - np.arange(1, DECILES + 1)) / (DECILES - 1))
    level = (line / line.mean())[m.decile - 1]
    return level * np.exp(width * true - width**2 / 2), level * np.exp(width * seen - width**2 / 2)


def assets(m: CareSystem, energy_seen: Floats, residents: NDArray[np.int64]) -> NDArray[np.int16]:
    """Community assets (groups, clubs, charities) of each neighbourhood: a stand-in for a map that does not exist.

    National number a resident × residents × what can be seen of the neighbourhood's energy.
    """
    a_thousand = m.evidence["community.assets_per_1000"]
    return np.rint(residents / 1000 * a_thousand * energy_seen).astype(np.int16)


def _normal(key: NDArray[np.uint64], purpose: Purpose) -> Floats:
    """A standard normal number a key."""
    from scipy.special import ndtri

    word = draws.uniforms(key, FIXED, purpose).astype(np.float64)
    return np.asarray(ndtri(word * (1 - 2.0**-24) + 2.0**-26))
