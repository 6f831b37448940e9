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

from sim.agents.practices import MIDDLE_DECILE, GPPractice
from sim.care import care_kernels as kernels
from sim.care import overflow_kernels, practice_kernels, staff
from sim.care.hashes import Hashes
from sim.care.indices import FROZEN_FROM
from sim.care.overflow import not_offered
from sim.clock import MONTHS_A_YEAR
from sim.outcomes.census_kernel import AGE_GROUP_OF
from sim.outcomes.eventlog import Kind
from sim.outcomes.measures import AGE_GROUP_STARTS, N_FIFTHS
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Array = NDArray[Any]
MOST = 255
OFFLINE = "offline"
DRAWS = Hashes(Purpose.NOT_OFFERED, Purpose.URGENCY, pairs=[Purpose.NOT_OFFERED])
OF_THE_MONTH = ("need", "served", "to_ed", "waiting", "given_up", "pressure")
"""Columns of `GPPractice` that say how its month went."""


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
    r, size = m.residents.columns, m.residents.size
    living = r["unique_id"][:size] != 0
    patients = np.bincount(r["practice"][:size], living, count)
    deciles = np.bincount(r["practice"][:size], np.where(living, r["decile"][:size], 0), count)
    GPPractice.create_agents(
        m,
        count,
        list_size=listed.astype(np.float32),
        list_simulated=simulated.astype(np.float32),
        pool=pool.astype(np.int16),
        real_size=np.where(simulated > 0, listed / np.maximum(simulated, 1e-9), 1.0),
        decile=np.where(patients > 0, deciles / np.maximum(patients, 1.0), MIDDLE_DECILE),
        continuity=m.care.continuity.mean(listed),
    )
    p = m.practices.columns
    leave = m.care.workforce.usual_leaving(p["decile"][:count])[0]
    p["turnover"][:count] = 1.0 - (1.0 - leave) ** MONTHS_A_YEAR


def see(m: CareSystem, contacts: NDArray[np.uint8]) -> NDArray[np.int64]:
    """This month's contacts at the practices; returns the rows of those who go to A&E instead (a row may recur).

    contacts: uint8, one a row of the residents' table (new ones, and unmet needs that ask again: `unmet.reappear`
    first). Writes the residents' `gp_waiting`, `gp_wait_months`, `unmet`, the practices' columns, and to
    ``care.not_offered`` the rows with contacts that could not be offered, how many they asked for, how many could not
    be offered and how many were given up; records need and what became of it.
    """
    r, size, p = m.residents.columns, m.residents.size, m.practices.columns
    count, shape = m.practices.size, (m.recorder.n_areas, len(AGE_GROUP_STARTS))
    contacts, practice, key = contacts[:size], r["practice"][:size], r["key"][:size]
    waiting = r["gp_waiting"][:size]
    own, new, waited = np.zeros(count), np.zeros(count, np.int64), np.zeros(count, np.int64)
    cells, busy = np.zeros((2, *shape), np.int64), np.empty(size + 1, np.int32)
    filled = kernels.tally(
        r["unique_id"][:size], r["gp_rate"][:size], contacts, waiting, practice, r["lsoa"][:size], r["born"][:size],
        AGE_GROUP_OF, m.month, cells, own, new, waited, busy,
    )  # fmt: skip
    season = m.care.index.of("gp_contact", m.month)
    capacity = set_capacity(m, own * season + m.care.waiting.contacts_by_practice(count))
    share_new, share_waiting = shares_not_offered(m, capacity, waited)

    rows, fate = np.empty(filled, np.int64), np.empty((5, filled), np.int16)
    lost_rows = kernels.serve(
        busy[:filled], key, contacts, waiting, practice, r["state"][:size], *_barrier(m, share_new, share_waiting),
        DRAWS.offset(m.month), DRAWS.shift, _chances(m), rows, fate,
    )  # fmt: skip
    left, (lost, to_ed, waits, given_up, asked_for) = rows[:lost_rows], fate[:, :lost_rows]
    m.events.practice(contacts, waiting, left, lost)
    m.events.add_counts(left, {Kind.GP_WAITS: waits, Kind.GP_GIVEN_UP: given_up, Kind.GP_TO_ED: to_ed})
    m.care.not_offered = left, asked_for, lost, given_up
    by_practice, by_fifth = np.zeros((4, count), np.int64), np.zeros((4, N_FIFTHS), np.int64)
    missed, total, pressure = np.zeros(shape, np.int64), np.zeros(6, np.int64), np.empty(count)
    to_ed_home = kernels.settle(
        left, fate, practice, r["fifth"], r["lsoa"], r["born"], r["home_trust"], AGE_GROUP_OF, m.month, MOST, waiting,
        r["gp_wait_months"][:size], r["unmet"], r["unmet_age"], by_practice, by_fifth, missed,
    )  # fmt: skip
    practice_kernels.close(
        new, waited, by_practice, share_new, share_waiting, tuple([p[name][:count] for name in OF_THE_MONTH]),
        pressure, total,
    )  # fmt: skip
    staff.feel(m, pressure)
    asked, had_waited, not_served, gone_to_ed, wait, gave_up = total.tolist()
    served, induced = asked + had_waited - not_served, p["induced"][:count].sum()
    for k, name in enumerate(("gp_to_ed", "gp_waiting", "gp_given_up")):
        m.recorder.add_by_fifth(name, by_fifth[1 + k])
    m.recorder.add_cells("gp_need", cells[0])
    m.recorder.add_cells("gp_appointments", (cells[0] + cells[1] - missed) * (1.0 + induced / max(float(served), 1.0)))
    m.care.ledger.add(
        m.month, gp_need=asked, gp_served=served, gp_induced=induced, gp_given_up=gave_up, gp_to_ed=gone_to_ed,
        gp_waiting_in=had_waited, gp_waiting_out=wait, gp_expected=m.care.expected_need.sum(),
        gp_not_offered=not_served, gp_doctors=p["gps"][:count].sum(), gp_leavers=p["leavers"][:count].sum(),
        gp_overflow=share_new @ new + share_waiting @ waited, gp_to_ed_home=to_ed_home,
    )  # fmt: skip
    sends = to_ed.nonzero()[0]  # few
    return np.repeat(left[sends], to_ed[sends])


def set_capacity(m: CareSystem, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """This month's usable appointments of every practice (P,), less those that new supply makes people ask for."""
    p, count = m.practices.columns, m.practices.size
    index = m.care.index.of("gp_contact", m.month)
    base = p["base_capacity"]
    if m.month < FROZEN_FROM:
        base[:count] = (1.0 - m.care.gp.unmet) * expected / index
    elif (m.month - FROZEN_FROM) % MONTHS_A_YEAR == 0:
        share_out(m)
    m.care.expected_need = expected
    return staff.offer(m, staff.capacity_factor(m), index)


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
    pool, expected = p["pool"][:count], m.care.expected_need + m.care.again
    tiers, offered, real_size = np.empty((3, count)), np.empty(count), np.empty(count)
    overflow_kernels.pooled(
        pool, expected, p["real_size"][:count], waited, capacity, m.care.urgent, (tiers, offered, real_size)
    )
    first, second, last = not_offered(tiers, offered, real_size)
    new = m.care.urgent * first + (1 - m.care.urgent) * last
    return new[pool], second[pool]


def _barrier(m: CareSystem, share_new: Array, share_waiting: Array) -> tuple[np.uint64, Array, Array, Array]:
    """Bit of those who are not online (0 while nothing stands in their way), chances not to be offered, the barrier."""
    barrier = m.commissioner.effects.barrier
    offline = m.states.mask(OFFLINE) if np.count_nonzero(barrier) else np.uint64(0)
    return offline, share_new, share_waiting, barrier


def _chances(m: CareSystem) -> Array:
    """Of a contact that is not offered: to go to A&E, and otherwise to wait."""
    gp = m.care.gp
    to_ed = (1 - gp.waits) * gp.to_ed
    return np.array([to_ed, gp.waits / (1 - to_ed)])
