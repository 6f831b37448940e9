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
from sim.care.overflow import binomial, not_offered
from sim.clock import month_of
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Array = NDArray[Any]
FROZEN_FROM = month_of("2024-04")
"""First month without observed activity: capacities stop following need and follow the budget."""
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
    practice = r["practice"][:size]
    rate = np.where(r["unique_id"][:size] != 0, r["gp_rate"][:size], np.float32(0))
    own = np.bincount(practice, rate, count)
    return np.asarray(own * m.care.index.of("gp_contact", m.month) + m.care.waiting.contacts_by_practice(count))


def see(m: CareSystem, contacts: NDArray[np.uint8]) -> NDArray[np.int64]:
    """This month's contacts at the practices; returns the rows of those who go to A&E instead (a row may recur).

    contacts: uint8, one a row of the residents' table (new ones, and unmet needs that ask again). Writes the
    residents' `gp_waiting`, `gp_wait_months`, `unmet`, and the practices' columns; records need and what became of it.
    """
    r, size, p = m.residents.columns, m.residents.size, m.practices.columns
    count = m.practices.size
    waiting = r["gp_waiting"][:size]
    waiting[r["unique_id"][:size] == 0] = 0
    rows = np.flatnonzero(contacts[:size] | waiting)
    new, before = contacts[rows].astype(np.int64), waiting[rows].astype(np.int64)
    practice = r["practice"][rows]
    waited = np.bincount(practice, before, count)
    capacity = set_capacity(m, expected_contacts(m))
    share_new, share_waiting = shares_not_offered(m, capacity, waited)
    lost = lost_contacts(m, rows, new, before, share_new[practice], share_waiting[practice])
    some = np.flatnonzero(lost)
    left = rows[some]
    to_ed, waits, given_up = fates(m, left, lost[some])
    served = new + before - lost

    months = r["gp_wait_months"][:size]
    held = np.minimum(months[left], MOST - 1) + 1
    waiting[rows] = 0
    months[rows] = 0
    waiting[left] = waits
    months[left] = np.where(waits > 0, held, 0)
    r["unmet_age"][left[(given_up > 0) & (r["unmet"][left] == 0)]] = 0
    r["unmet"][left] = np.minimum(r["unmet"][left].astype(np.int64) + given_up, MOST)

    at = practice[some]
    p["need"][:count] = np.bincount(practice, new, count)
    p["served"][:count] = np.bincount(practice, served, count)
    p["waiting"][:count] = np.bincount(at, waits, count)
    p["given_up"][:count] = np.bincount(at, given_up, count)
    p["to_ed"][:count] = np.bincount(at, to_ed, count)
    load = p["need"][:count] + waited
    p["pressure"][:count] = np.where(load > 0, np.bincount(at, lost[some], count) / np.maximum(load, 1), 0.0)
    ed_rows = np.repeat(left, to_ed)
    _record(m, rows, new, served, left, waits, given_up, to_ed, waited.sum())
    return ed_rows


def set_capacity(m: CareSystem, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """This month's usable appointments of every practice (P,), and those that new supply makes people ask for."""
    p, count = m.practices.columns, m.practices.size
    index = m.care.index.of("gp_contact", m.month)
    base = p["base_capacity"]
    if m.month < FROZEN_FROM:
        base[:count] = (1.0 - m.care.gp.unmet) * expected / index
    usable = base[:count] * index * m.commissioner.capacity("general_practice")
    # what growth without policy buys serves need as before; only what policy adds to it induces demand
    level = m.commissioner.level("general_practice")
    added = usable * (1.0 - 1.0 / level) if level > 1.0 else np.zeros(count)
    induced = m.care.gp.induced * added
    p["induced"][:count] = induced
    p["capacity"][:count] = usable - induced
    p["offered"][:count] = usable / m.care.gp.utilisation
    m.care.expected_need = expected
    return np.asarray(usable - induced)


def shares_not_offered(
    m: CareSystem, capacity: NDArray[np.float64], waited: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of new contacts, and of those waiting, that each practice cannot offer this month (P,) each."""
    p, count = m.practices.columns, m.practices.size
    pool = p["pool"][:count]
    expected = m.care.expected_need

    def together(values: Array) -> NDArray[np.float64]:
        return np.bincount(pool, values, count)

    members = together(np.ones(count))
    load = together(expected)
    real_of_one = together(expected * p["real_size"][:count]) / np.maximum(members, 1)
    real_size = np.where(load > 0, real_of_one / np.maximum(load, 1e-12), 1.0)
    urgent = m.care.urgent * load
    tiers = [urgent, together(waited), load - urgent]
    first, second, last = not_offered(tiers, together(capacity), np.maximum(real_size, 1e-12))
    new = m.care.urgent * first + (1 - m.care.urgent) * last
    return new[pool], second[pool]


def lost_contacts(
    m: CareSystem, rows: Array, new: Array, before: Array, share_new: Array, share_waiting: Array
) -> NDArray[np.int64]:
    """How many contacts of each row are not offered, by the rows' own draws."""
    key = m.residents.columns["key"][rows]
    lost = binomial(draws.uniforms(key, m.month, Purpose.NOT_OFFERED), new, share_new)
    again = np.flatnonzero((before > 0) & (share_waiting > 0))
    if again.size:
        uniform = draws.uniforms(key[again], m.month, Purpose.URGENCY)
        lost[again] += binomial(uniform, before[again], share_waiting[again])
    return lost


def fates(m: CareSystem, rows: Array, lost: Array) -> tuple[Array, Array, Array]:
    """What becomes of the contacts not offered: how many go to A&E, wait and are given up; one draw a row and fate."""
    gp = m.care.gp
    first, second = draws.uniforms2(m.residents.columns["key"][rows], m.month, Purpose.NOT_OFFERED)
    ed_share = (1 - gp.waits) * gp.to_ed
    to_ed = binomial(first, lost, ed_share)
    waits = binomial(second, lost - to_ed, gp.waits / (1 - ed_share))
    return to_ed, waits, lost - to_ed - waits


def _record(
    m: CareSystem, rows: Array, new: Array, served: Array, left: Array, waits: Array, given_up: Array, to_ed: Array,
    waited: float,
) -> None:
    """Hand this month's figures to the recorder and the ledger."""
    r, p, count = m.residents.columns, m.practices.columns, m.practices.size
    total = float(served.sum())
    induced = min(float(p["induced"][:count].sum()), max(0.0, float(p["capacity"][:count].sum())))
    extra = 1.0 + induced / total if total > 0 else 1.0
    m.recorder.add_rows("gp_need", r, rows, weights=new)
    m.recorder.add_rows("gp_appointments", r, rows, weights=served * extra)
    fifth = r["fifth"]
    m.recorder.add("gp_given_up", fifth[left], weights=given_up)
    m.recorder.add("gp_to_ed", fifth[left], weights=to_ed)
    m.care.ledger.add(
        m.month, gp_need=new.sum(), gp_served=total, gp_induced=induced, gp_given_up=given_up.sum(),
        gp_to_ed=to_ed.sum(), gp_waiting_in=waited, gp_waiting_out=waits.sum(), gp_expected=m.care.expected_need.sum(),
    )  # fmt: skip
