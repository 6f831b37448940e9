"""Who comes and who goes: births, in-migrants, those who move away, deaths.

A newborn's identity is a hash of its mother's and the month; an in-migrant's of area, month and ordinal, in a stream
that no policy changes. So a life saved changes no unrelated newborn, and no identity is used twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.care import continuity
from sim.care.needs import ASKS_LATER, GIVEN_UP
from sim.clock import MONTHS_A_YEAR
from sim.life import demography_kernels as kernels
from sim.life import three_cs
from sim.life.exposures import as_kept
from sim.life.grid import BAND
from sim.life.health import People, give
from sim.places import Place, cell_words
from sim.places.synthesis import BEFORE
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Rows = NDArray[np.int64]
OLDEST_BAND_YEARS = 10  # ages 90 to 99 within the open band
ONE = np.ones(1, np.float32)
SHIFT_OF_SEX = np.uint64(32 * (Purpose.SEX_AT_BIRTH & 1))


def give_birth(m: CareSystem, mothers: Rows) -> Rows:
    """Newborns of these mothers, at home with them; returns the newborns' rows, whose chances are still to be worked
    out (`sim.life.review.refresh`): their first review is a year away."""
    if mothers.size == 0:
        return mothers
    r, size = m.residents.columns, mothers.size
    identity, key, male = np.empty(size, np.int64), np.empty(size, np.uint64), np.empty(size, np.uint8)
    boys = np.float32(m.sex_ratio / (1 + m.sex_ratio))
    kernels.newborn(mothers, r["unique_id"], _offsets(m.seed, m.month)[0], SHIFT_OF_SEX, boys, identity, key, male)
    inherited = {name: r[name][mothers] for name in ("lsoa", "practice", "home_trust", "site", "decile", "fifth")}
    rows = m.residents.append(
        size,
        unique_id=identity,
        key=key,
        born=m.month,
        male=male,
        followed=m.events.follows(key),
        state=r["state"][mothers] & m.at_home,
        managed=m.epidemiology.managed.unaffected,
        **inherited,
    ).rows
    m.ties.born(rows, mothers)
    three_cs.begin(m, rows)
    continuity.welcome(m, rows)
    return rows


@dataclass(frozen=True)
class _Gate:
    """What the in-migrants of a place and seed have in common, by cell (area × sex × band): keys of the draws of how
    many come, a hash of each cell; and how people settle there, as `sim.life.demography_kernels` wants it."""

    key: NDArray[np.uint64]
    words: NDArray[np.uint64]
    open: NDArray[np.bool_]
    group: NDArray[np.int16]
    practices: tuple[NDArray[Any], ...]
    share: NDArray[np.float32]


@lru_cache(maxsize=8)
def _gate(place: Place, seed: int) -> _Gate:
    words = cell_words(place)  # hashes of the areas' codes: another area in the place renames nobody
    key = draws.make_keys(seed, draws.arrival_identity(words, 0, 0))
    shifts = np.array([32 * (purpose & 1) for purpose in (Purpose.PRACTICE, Purpose.HOME_TRUST)], np.uint64)
    practices = *(np.ascontiguousarray(table) for table in place.registration), shifts
    share = place.lsoas["hhft_share"].to_numpy(np.float32, copy=True)
    return _Gate(key, words, np.ones(key.size, np.bool_), np.zeros(key.size, np.int16), practices, share)


@lru_cache(maxsize=1024)
def _offsets(seed: int, month: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """What is added before hashing for newborns, and for in-migrants; see `sim.life.demography_kernels`."""
    salt = draws.salt(seed)[0]
    newborn = draws.offset(month, draws.BIRTH), salt, draws.offset(month, Purpose.SEX_AT_BIRTH >> 1)
    newcomers = (
        draws.offset(month + 1, draws.ARRIVAL),
        salt,
        draws.offset(month, draws.PAIRED + Purpose.ARRIVAL_PROFILE),
        draws.offset(BEFORE, Purpose.PRACTICE >> 1),
        draws.offset(BEFORE, Purpose.HOME_TRUST >> 1),
    )
    return np.array(newborn, np.uint64), np.array(newcomers, np.uint64)


@lru_cache(maxsize=8)
def _expected(place: Place, year: int, scale: float) -> NDArray[np.float32]:
    """In-migrants expected in each month of a year since July 2020, by cell: they differ by year only."""
    return (place.arrivals(year * MONTHS_A_YEAR) * scale).reshape(-1).astype(np.float32)


def arrive(m: CareSystem) -> Rows:
    """This month's in-migrants, with the health of people of their age, sex and deprivation; returns their rows, whose
    chances are still to be worked out."""
    gate = _gate(m.place, m.seed)
    rate = _expected(m.place, max(m.month, 0) // MONTHS_A_YEAR, m.scale)
    count = draws.poisson_counts(gate.key, gate.open, rate, ONE, gate.group, m.month, Purpose.ARRIVALS)
    size = int(count.sum())
    if size == 0:
        return np.empty(0, np.int64)
    identity, born, male, area = np.empty((4, size), np.int64)
    key, practice = np.empty(size, np.uint64), np.empty(size, np.int16)
    trust, site = np.empty(size, np.uint8), np.empty(size, np.int8)
    kernels.newcomers(
        count, gate.words, m.place.counts.shape[1:], m.month, (BAND, OLDEST_BAND_YEARS), _offsets(m.seed, m.month)[1],
        gate.practices, gate.share, m.place.site_of, identity, key, born, male, area, practice, trust, site,
    )  # fmt: skip
    home: dict[str, NDArray[Any]] = {"practice": practice, "home_trust": trust, "site": site}
    return add_people(m, identity, key, born, male, area, home)


def add_people(
    m: CareSystem,
    identity: NDArray[np.int64],
    key: NDArray[np.uint64],
    born: NDArray[np.int64],
    male: NDArray[np.int64],
    lsoa: NDArray[np.int64],
    home: dict[str, NDArray[np.generic]],
) -> Rows:
    """Residents with the health their age, sex and neighbourhood give them; `home`: practice, home trust and site.

    Returns their rows; what is cached of them (`sim.life.review.refresh`) is still to be worked out."""
    decile = m.decile[lsoa]
    age = (m.month - born) // 12
    ratios = {risk: ratio[lsoa] for risk, ratio in m.risk_ratio.items()}
    people = People(key, age, male.astype(np.int64), decile.astype(np.int64), ratios)
    health = give(people, m.epidemiology)
    rows = m.residents.append(
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
        lagged=as_kept(health.lagged),
        **home,
    ).rows
    three_cs.begin(m, rows)
    continuity.welcome(m, rows)
    return rows


def depart(m: CareSystem, rows: Rows) -> None:
    """Take these residents out of the model; their rows go to the next who come. What they wait for is booked."""
    if rows.size:
        r = m.residents.columns
        m.care.ledger.add(m.month, gp_left=r["gp_waiting"][rows].sum(), unmet_left=r["unmet"][rows].sum())
        r["gp_waiting"][rows] = r[ASKS_LATER][rows] = r[GIVEN_UP][rows] = 0  # nobody waits on at the practice
        m.residents.release(rows)
