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
from sim.care import staff
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
MIDDLE_DECILE = 5.5
OFFLINE = "offline"


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
    ``care.not_offered`` the rows with contacts that could not be offered; records need and what became of it.
    """
    r, size, p = m.residents.columns, m.residents.size, m.practices.columns
    count, areas, groups = m.practices.size, len(m.place.lsoas), len(AGE_GROUP_STARTS)
    contacts, practice, key = contacts[:size], r["practice"][:size], r["key"][:size]
    waiting = r["gp_waiting"][:size]
    own, new, waited = np.zeros(count), np.zeros(count, np.int64), np.zeros(count, np.int64)
    cells, busy = np.zeros((2, areas, groups), np.int64), np.empty(size + 1, np.int32)
    filled = kernels.tally(
        r["unique_id"][:size], r["gp_rate"][:size], contacts, waiting, practice, r["lsoa"][:size], r["born"][:size],
        AGE_GROUP_OF, m.month, cells, own, new, waited, busy,
    )  # fmt: skip
    season = m.care.index.of("gp_contact", m.month)
    capacity = set_capacity(m, own * season + m.care.waiting.contacts_by_practice(count))
    share_new, share_waiting = shares_not_offered(m, capacity, waited)

    rows, fate = np.empty(filled, np.int64), np.empty((filled, 4), np.int16)
    offset, shift, chance = _draws(m)
    lost_rows = kernels.serve(
        busy[:filled], key, contacts, waiting, practice, r["state"][:size], *_barrier(m, share_new, share_waiting),
        offset, shift, chance, rows, fate,
    )  # fmt: skip
    left, fate = rows[:lost_rows], fate[:lost_rows]
    lost, to_ed, waits, given_up = (fate[:, k].copy() for k in range(4))
    m.events.practice(contacts, waiting, left, lost)
    m.events.add_counts(left, {Kind.GP_WAITS: waits, Kind.GP_GIVEN_UP: given_up, Kind.GP_TO_ED: to_ed})
    m.care.not_offered = left, lost
    sends = to_ed.nonzero()[0]
    sent, to_ed = left[sends], to_ed[sends]  # few
    by_practice, by_fifth = np.zeros((4, count), np.int64), np.zeros((4, N_FIFTHS), np.int64)
    missed = np.zeros((areas, groups), np.int64)
    kernels.settle(
        left, fate, practice, r["fifth"], r["lsoa"], r["born"], AGE_GROUP_OF, m.month, MOST, waiting,
        r["gp_wait_months"][:size], r["unmet"], r["unmet_age"], by_practice, by_fifth, missed,
    )  # fmt: skip

    load = new + waited
    p["need"][:count] = new
    p["served"][:count] = load - by_practice[0]
    for k, name in enumerate(("to_ed", "waiting", "given_up")):
        p[name][:count] = by_practice[1 + k]
    p["pressure"][:count] = by_practice[0] / np.maximum(load, 1)
    staff.feel(m, (share_new * new + share_waiting * waited) / np.maximum(load, 1))
    _record(m, cells, missed, by_fifth)
    m.care.ledger.add(
        m.month, gp_need=new.sum(), gp_served=cells.sum() - missed.sum(), gp_induced=p["induced"][:count].sum(),
        gp_given_up=given_up.sum(), gp_to_ed=to_ed.sum(), gp_waiting_in=waited.sum(),
        gp_waiting_out=waits.sum(), gp_expected=m.care.expected_need.sum(), gp_not_offered=lost.sum(),
        gp_doctors=p["gps"][:count].sum(), gp_leavers=p["leavers"][:count].sum(),
        gp_overflow=share_new @ new + share_waiting @ waited, gp_to_ed_home=to_ed[r["home_trust"][sent] == 1].sum(),
    )  # fmt: skip
    return np.repeat(sent, to_ed)


def set_capacity(m: CareSystem, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """This month's usable appointments of every practice (P,), less those that new supply makes people ask for."""
    p, count = m.practices.columns, m.practices.size
    index = m.care.index.of("gp_contact", m.month)
    base = p["base_capacity"]
    if m.month < FROZEN_FROM:
        base[:count] = (1.0 - m.care.gp.unmet) * expected / index
    elif (m.month - FROZEN_FROM) % MONTHS_A_YEAR == 0:
        share_out(m)
    factor = staff.capacity_factor(m)
    usable = base[:count] * factor * m.commissioner.capacity("general_practice")
    staff.count(m, usable, factor)
    usable = usable * index * m.commissioner.effects.appointments
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


def _barrier(m: CareSystem, share_new: Array, share_waiting: Array) -> tuple[np.uint64, Array, Array, Array]:
    """Bit of those who are not online (0 while nothing stands in their way), chances not to be offered, the barrier."""
    barrier = m.commissioner.effects.barrier
    offline = m.states.mask(OFFLINE) if barrier.any() else np.uint64(0)
    return offline, share_new, share_waiting, barrier


def _draws(m: CareSystem) -> tuple[Array, Array, Array]:
    """Offsets and shifts of the draws of `kernels.serve`, and the chances of a contact's fate."""
    numbers = (Purpose.NOT_OFFERED, Purpose.URGENCY)
    offset = [draws.offset(m.month, number >> 1) for number in numbers]
    offset.append(draws.offset(m.month, draws.PAIRED + Purpose.NOT_OFFERED))
    shift = [32 * (number & 1) for number in numbers]
    gp = m.care.gp
    to_ed = (1 - gp.waits) * gp.to_ed
    return np.array(offset, np.uint64), np.array(shift, np.uint64), np.array([to_ed, gp.waits / (1 - to_ed)])


def _record(m: CareSystem, cells: Array, missed: Array, by_fifth: Array) -> None:
    """Hand need, appointments and what was not offered to the recorder; cells: (2, areas, age groups); missed: (areas,
    age groups); by_fifth: (not offered, A&E, waiting, given up; fifths)."""
    p, count = m.practices.columns, m.practices.size
    for k, name in enumerate(("gp_to_ed", "gp_waiting", "gp_given_up")):
        m.recorder.add(name, np.arange(N_FIFTHS), weights=by_fifth[1 + k])
    served = cells.sum(axis=0) - missed
    induced = p["induced"][:count].sum() / max(float(served.sum()), 1.0)
    m.recorder.add_cells("gp_need", cells[0])
    m.recorder.add_cells("gp_appointments", served * (1.0 + induced))
