"""Who comes and who goes: births, in-migrants, those who move away, deaths.

A newborn's identity is a hash of its mother's and the month; an in-migrant's of area, month and ordinal, in a stream
that no policy changes. So a life saved changes no unrelated newborn, and no identity is used twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.care import continuity
from sim.life import three_cs
from sim.life.exposures import as_kept
from sim.life.grid import BAND
from sim.life.health import People, give
from sim.life.review import refresh
from sim.places import cell_words, settle
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Rows = NDArray[np.int64]
OLDEST_BAND_YEARS = 10  # ages 90 to 99 within the open band


def give_birth(m: CareSystem, mothers: Rows) -> Rows:
    """Newborns of these mothers, at home with them; returns the newborns' rows."""
    r = m.residents.columns
    identity = draws.child_identity(r["unique_id"][mothers], m.month)
    key = draws.make_keys(m.seed, identity)
    boy_share = m.sex_ratio / (1 + m.sex_ratio)
    inherited = {name: r[name][mothers] for name in ("lsoa", "practice", "home_trust", "site", "decile", "fifth")}
    newborn = m.residents.append(
        mothers.size,
        unique_id=identity,
        key=key,
        born=m.month,
        male=draws.uniforms(key, m.month, Purpose.SEX_AT_BIRTH) < boy_share,
        followed=m.events.follows(key),
        state=r["state"][mothers] & m.at_home,
        managed=m.epidemiology.managed.unaffected,
        **inherited,
    )
    m.ties.born(newborn.rows, mothers)
    three_cs.begin(m, newborn.rows)
    continuity.welcome(m, newborn.rows)
    refresh(m, newborn.rows)  # their first review is a year away
    return newborn.rows


def arrive(m: CareSystem) -> Rows:
    """This month's in-migrants, with the health of people of their age, sex and deprivation; returns their rows."""
    expected = m.place.arrivals(m.month) * m.scale
    areas, sexes, bands = expected.shape
    cells = np.arange(expected.size)
    words = cell_words(m.place)  # hashes of the areas' codes: another area in the place renames nobody
    key = draws.make_keys(m.seed, draws.arrival_identity(words, 0, 0))
    rate = expected.reshape(-1).astype(np.float32)
    group = np.zeros(cells.size, np.int16)
    one = np.ones(1, np.float32)
    everyone = np.ones(cells.size, np.bool_)
    count = draws.poisson_counts(key, everyone, rate, one, group, m.month, Purpose.ARRIVALS)
    which = np.repeat(cells, count)
    if which.size == 0:
        return np.empty(0, np.int64)
    ordinal = np.arange(which.size) - np.repeat(np.cumsum(count.astype(np.int64)) - count, count)
    area, sex, band = np.unravel_index(which, (areas, sexes, bands))
    identity = draws.arrival_identity(words[which], m.month + 1, ordinal)
    key = draws.make_keys(m.seed, identity)
    within = draws.uniforms2(key, m.month, Purpose.ARRIVAL_PROFILE)
    width = np.where(band == bands - 1, OLDEST_BAND_YEARS, BAND)
    age = band * BAND + (within[0] * width).astype(np.int64)
    born = m.month - age * 12 - (within[1] * 12).astype(np.int64)
    home = settle(m.place, area.astype(np.int16), key)
    return add_people(m, identity, key, born, sex, area, home)


def add_people(
    m: CareSystem,
    identity: NDArray[np.int64],
    key: NDArray[np.uint64],
    born: NDArray[np.int64],
    male: NDArray[np.int64],
    lsoa: NDArray[np.int64],
    home: dict[str, NDArray[np.generic]],
) -> Rows:
    """Residents with the health their age, sex and neighbourhood give them; `home`: practice, home trust and site."""
    decile = m.decile[lsoa]
    age = (m.month - born) // 12
    ratios = {risk: ratio[lsoa] for risk, ratio in m.risk_ratio.items()}
    people = People(key, age, male.astype(np.int64), decile.astype(np.int64), ratios)
    health = give(people, m.epidemiology)
    added = m.residents.append(
        identity.size,
        unique_id=identity,
        key=key,
        born=born,
        male=male,
        lsoa=lsoa,
        decile=decile,
        fifth=m.fifth[lsoa],
        state=health.state,
        undiagnosed=health.undiagnosed,
        managed=health.managed,
        followed=m.events.follows(key),
        **home,
    )
    rows = added.rows
    m.residents.columns["lagged"][rows] = as_kept(health.lagged)
    three_cs.begin(m, rows)
    continuity.welcome(m, rows)
    refresh(m, rows)
    return rows


def depart(m: CareSystem, rows: Rows) -> None:
    """Take these residents out of the model; their rows go to the next who come. What they wait for is booked."""
    if rows.size:
        r = m.residents.columns
        m.care.ledger.add(m.month, gp_left=r["gp_waiting"][rows].sum(), unmet_left=r["unmet"][rows].sum())
        r["gp_waiting"][rows] = 0  # nobody waits on at the practice
        m.residents.release(rows)
