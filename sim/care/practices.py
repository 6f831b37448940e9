"""The practices' month: contacts against appointments, and what becomes of the rest.

A practice can use as many appointments as it served in the base year: while activity is observed (to March 2024) its
capacity follows its own registered residents, so that the share of latent need that goes without settles at
``care.gp_unmet_share``; afterwards capacity follows the budget. Urgent contacts come first, then those waiting, then
new routine ones. What cannot be offered waits, goes to A&E, or is given up and becomes an unmet need of the resident.

How many contacts a pool of practices cannot offer is an expectation (`sim.care.overflow`); which ones, is each
contact's own draw. So neither scale nor other residents' order decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.agents.practices import GPPractice
from sim.care import care_kernels as kernels
from sim.care.indices import FROZEN_FROM
from sim.care.overflow import binomial, not_offered
from sim.clock import MONTHS_A_YEAR
from sim.outcomes.census_kernel import AGE_GROUP_OF
from sim.outcomes.eventlog import Kind
from sim.outcomes.measures import AGE_GROUP_STARTS
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Array = NDArray[Any]
MOST = 255


def open_practices(m: CareSystem) -> None:
    """Make the practices (rows in the order of ``m.place.practices``) with the pools that share appointments."""
    table = m.place.practices
    count = len(table)
    listed = table["list_size"].to_numpy(np.float64)
    simulated = np.minimum(table["list_simulated"].to_numpy(np.float64), listed) * m.scale
    pool = np.arange(count)
    if m.scale < 1.0:
        small = np.flatnonzero(simulated < m.care.gp.pool_minimum)
        networks = table["pcn"].fillna("").astype(str).to_numpy()
        for network in np.unique(networks[small]):
            together = small[networks[small] == network]
            if network:
                pool[together] = together[0]
    GPPractice.create_agents(
        m,
        count,
        list_size=listed.astype(np.float32),
        list_simulated=simulated.astype(np.float32),
        pool=pool.astype(np.int16),
        real_size=np.where(simulated > 0, listed / np.maximum(simulated, 1e-9), 1.0),
    )


def expected_contacts(m: CareSystem) -> NDArray[np.float64]:
    """New contacts expected this month by practice (P,): own rates, season, and those who wait for hospital."""
    r, size = m.residents.columns, m.residents.size
    count = m.practices.size
    own = kernels.rate_by_practice(r["unique_id"][:size], r["practice"][:size], r["gp_rate"][:size], count)
    return np.asarray(own * m.care.index.of("gp_contact", m.month) + m.care.waiting.contacts_by_practice(count))


def see(m: CareSystem, contacts: NDArray[np.uint8]) -> NDArray[np.int64]:
    """This month's contacts at the practices; returns the rows of those who go to A&E instead (a row may recur).

    contacts: uint8, one a row of the residents' table (new ones, and unmet needs that ask again: `unmet.reappear`
    first). Writes the residents' `gp_waiting`, `gp_wait_months`, `unmet`, and the practices' columns; records need and
    what became of it.
    """
    r, size, p = m.residents.columns, m.residents.size, m.practices.columns
    count = m.practices.size
    contacts, practice = contacts[:size], r["practice"][:size]
    waiting = r["gp_waiting"][:size]
    new, waited, cells = kernels.tally(
        contacts, waiting, practice, r["lsoa"][:size], r["born"][:size], AGE_GROUP_OF, m.month,
        count, len(m.place.lsoas), len(AGE_GROUP_STARTS),
    )  # fmt: skip
    capacity = set_capacity(m, expected_contacts(m))
    share_new, share_waiting = shares_not_offered(m, capacity, waited)
    left, lost = lost_contacts(m, contacts, share_new, share_waiting)
    m.care.not_offered = left, lost
    to_ed, waits, given_up = fates(m, left, lost)
    m.events.practice(contacts, waiting, left, lost)
    m.events.add_counts(left, {Kind.GP_WAITS: waits, Kind.GP_GIVEN_UP: given_up, Kind.GP_TO_ED: to_ed})
    _keep(m, left, waits, given_up)

    at = practice[left]
    unserved = np.bincount(at, lost, count)
    load = new + waited
    p["need"][:count] = new
    p["served"][:count] = load - unserved
    p["waiting"][:count] = np.bincount(at, waits, count)
    p["given_up"][:count] = np.bincount(at, given_up, count)
    p["to_ed"][:count] = np.bincount(at, to_ed, count)
    p["pressure"][:count] = unserved / np.maximum(load, 1)
    _record(m, cells, left, lost, given_up, to_ed)
    m.care.ledger.add(
        m.month, gp_need=new.sum(), gp_served=load.sum() - lost.sum(), gp_induced=p["induced"][:count].sum(),
        gp_given_up=given_up.sum(), gp_to_ed=to_ed.sum(), gp_waiting_in=waited.sum(),
        gp_waiting_out=r["gp_waiting"][:size].sum(dtype=np.int64),
        gp_expected=m.care.expected_need.sum(), gp_not_offered=lost.sum(),
        gp_overflow=share_new @ new + share_waiting @ waited, gp_to_ed_home=to_ed[r["home_trust"][left] == 1].sum(),
    )  # fmt: skip
    return np.repeat(left, to_ed)


def set_capacity(m: CareSystem, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """This month's usable appointments of every practice (P,), less those that new supply makes people ask for."""
    p, count = m.practices.columns, m.practices.size
    index = m.care.index.of("gp_contact", m.month)
    base = p["base_capacity"]
    if m.month < FROZEN_FROM:
        base[:count] = (1.0 - m.care.gp.unmet) * expected / index
    elif (m.month - FROZEN_FROM) % MONTHS_A_YEAR == 0:
        share_out(m)
    usable = base[:count] * index * m.commissioner.capacity("general_practice") * m.commissioner.effects.appointments
    # what growth without policy buys serves need as before; only what policy adds to it induces demand
    level = m.commissioner.level("general_practice")
    added = usable * (1.0 - 1.0 / level) if level > 1.0 else np.zeros(count)
    induced = m.care.gp.induced * added
    p["induced"][:count] = induced
    p["capacity"][:count] = usable - induced
    p["offered"][:count] = usable / m.care.gp.utilisation
    m.care.expected_need = expected
    return np.asarray(usable - induced)


def share_out(m: CareSystem) -> None:
    """Each April: the same appointments in all, divided as general practice is paid, by weighted lists.

    A practice's weight is its patients at the rates of their age, sex and deprivation, whatever their health: money
    follows the list, not use. What a practice had for its weight in the last observed year stays its own.
    """
    p, count = m.practices.columns, m.practices.size
    r, size = m.residents.columns, m.residents.size
    rate = m.rates.base[:, m.drawn :].sum(axis=1)[r["cell"][:size]]  # every kind of contact
    rate = np.where(r["unique_id"][:size] != 0, rate, np.float32(0))
    weight = np.bincount(r["practice"][:size], rate, count)
    base = p["base_capacity"]
    if m.month == FROZEN_FROM:
        usual = base[:count].sum() / weight.sum() if weight.sum() > 0 else 0.0  # for whoever has no patients today
        p["per_weight"][:count] = np.divide(base[:count], weight, out=np.full(count, usual), where=weight > 0)
        return
    share = p["per_weight"][:count] * weight
    if share.sum() > 0:
        base[:count] = share * (base[:count].sum() / share.sum())


def shares_not_offered(m: CareSystem, capacity: NDArray[np.float64], waited: NDArray[Any]) -> tuple[Array, Array]:
    """Share of new contacts, and of those waiting, that each practice cannot offer this month (P,) each."""
    p, count = m.practices.columns, m.practices.size
    pool = p["pool"][:count]
    expected = m.care.expected_need + m.care.again

    def together(values: Array) -> Array:
        return np.bincount(pool, values, count)

    members = together(np.ones(count))
    load = together(expected)
    # pooled practices overflow as practices of their mean real size do, not as one large one
    real_load = together(expected * p["real_size"][:count]) / np.maximum(members, 1)
    real_size = np.where(load > 0, real_load / np.maximum(load, 1e-12), 1.0)
    urgent = m.care.urgent * load
    tiers = [urgent, together(waited), load - urgent]
    first, second, last = not_offered(tiers, together(capacity), np.maximum(real_size, 1e-12))
    new = m.care.urgent * first + (1 - m.care.urgent) * last
    return new[pool], second[pool]


def lost_contacts(
    m: CareSystem, contacts: NDArray[np.uint8], share_new: Array, share_waiting: Array
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows whose contacts are not all offered, and how many are not: by the rows' own draws."""
    r, size = m.residents.columns, m.residents.size
    key = r["key"][:size]
    first = draws.uniforms(key, m.month, Purpose.NOT_OFFERED)
    second = draws.uniforms(key, m.month, Purpose.URGENCY) if share_waiting.any() else first
    rows, lost = np.empty(size, np.int64), np.empty(size, np.int64)
    practice = r["practice"][:size]
    barrier = m.commissioner.effects.barrier
    if barrier.any():  # people offline are counted as patients of a practice of their own, where less is offered
        practice = practice + np.int16(len(barrier)) * m.states.has(r["state"][:size], "offline")
        share_new = np.concatenate([share_new, 1.0 - (1.0 - share_new) * (1.0 - barrier)])
        share_waiting = np.concatenate([share_waiting, share_waiting])
    filled = kernels.lost_contacts(
        contacts, r["gp_waiting"][:size], practice, share_new, share_waiting, first, second, rows, lost
    )
    return rows[:filled].copy(), lost[:filled].copy()


def fates(m: CareSystem, rows: Array, lost: Array) -> tuple[Array, Array, Array]:
    """What becomes of the contacts not offered: how many go to A&E, wait and are given up; one draw a row and fate."""
    gp = m.care.gp
    first, second = draws.uniforms2(m.residents.columns["key"][rows], m.month, Purpose.NOT_OFFERED)
    ed_share = (1 - gp.waits) * gp.to_ed
    to_ed = binomial(first, lost, ed_share)
    waits = binomial(second, lost - to_ed, gp.waits / (1 - ed_share))
    return to_ed, waits, lost - to_ed - waits


def _keep(m: CareSystem, rows: Array, waits: Array, given_up: Array) -> None:
    """Write what is left open into the residents' columns."""
    r, size = m.residents.columns, m.residents.size
    waiting, months = r["gp_waiting"][:size], r["gp_wait_months"][:size]
    held = np.where(waits > 0, np.minimum(months[rows], MOST - 1) + 1, 0)
    waiting[:] = 0
    months[:] = 0
    waiting[rows] = waits
    months[rows] = held
    unmet = r["unmet"]
    r["unmet_age"][rows[(given_up > 0) & (unmet[rows] == 0)]] = 0
    unmet[rows] = np.minimum(unmet[rows].astype(np.int64) + given_up, MOST)


def _record(m: CareSystem, cells: Array, rows: Array, lost: Array, given_up: Array, to_ed: Array) -> None:
    """Hand need, appointments and what was not offered to the recorder; cells: (2, areas, age groups)."""
    r, p, count = m.residents.columns, m.practices.columns, m.practices.size
    areas, groups = cells.shape[1:]
    fifth = r["fifth"]
    m.recorder.add("gp_given_up", fifth[rows], weights=given_up)
    m.recorder.add("gp_to_ed", fifth[rows], weights=to_ed)
    m.recorder.add("gp_waiting", fifth[rows], weights=lost - to_ed - given_up)
    born = r["born"][rows].astype(np.int64)
    group = AGE_GROUP_OF[np.clip((m.month - born) // MONTHS_A_YEAR, 0, len(AGE_GROUP_OF) - 1)]
    missed = np.bincount(r["lsoa"][rows] * np.int64(groups) + group, lost, areas * groups)
    served = cells.sum(axis=0).reshape(-1) - missed
    induced = p["induced"][:count].sum() / max(float(served.sum()), 1.0)
    # one stand-in a neighbourhood and age group, for all of its residents
    area = np.repeat(np.arange(areas), groups)
    born = m.month - np.tile(np.array(AGE_GROUP_STARTS), areas) * MONTHS_A_YEAR
    like: dict[str, Array] = {"fifth": m.place.local_fifth[area] - 1, "lsoa": area, "born": born}
    everyone = np.arange(areas * groups)
    m.recorder.add_rows("gp_need", like, everyone, weights=cells[0].reshape(-1))
    m.recorder.add_rows("gp_appointments", like, everyone, weights=served * (1.0 + induced))
