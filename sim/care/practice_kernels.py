"""Compiled loops over practices: capacity, the month, staff. Everything that decides is passed as an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled

Array = NDArray[Any]


@compiled
def offer(
    base: Array,
    factor: Array,
    capacity: float,
    index: float,
    appointments: Array,
    level: float,
    known: tuple[float, float],
    staff: Any,
    in_post: Any,
    full_time: Any,
    out: Any,
) -> None:
    """What each practice can offer in a month, and the staff that this takes.

    base: appointments of a mean month; factor: of its staff; capacity: of the budget; index: of the season;
    appointments: factor of levers; level: the part of capacity that policy makes; known: share of what policy adds
    that it makes people ask for, and of appointments that are used. staff: shares of the appointments and productivity
    by kind; in_post, full_time: columns by kind, the latter are written, as are out: columns induced, capacity,
    offered, staff.
    """
    share, productivity = staff
    induced_share, utilisation = known
    induced, usual, offered, total = out
    gps, nurses, others = full_time
    gps_in_post, nurses_in_post, others_in_post = in_post
    more = 1.0 - 1.0 / level if level > 1.0 else 0.0
    for p in range(factor.size):
        usable = base[p] * factor[p] * capacity
        each = usable / max(factor[p], 1e-12)
        gps[p] = each * gps_in_post[p] * share[0] / productivity[0]
        nurses[p] = each * nurses_in_post[p] * share[1] / productivity[1]
        others[p] = each * others_in_post[p] * share[2] / productivity[2]
        total[p] = gps[p] + nurses[p] + others[p]
        usable = usable * index * appointments[p]
        induced[p] = induced_share * (usable * more)
        usual[p] = usable - induced[p]
        offered[p] = usable / utilisation


@compiled
def close(
    new: Array,
    waited: Array,
    by_practice: Array,
    share_new: Array,
    share_waiting: Array,
    columns: Any,
    pressure: Array,
    total: Array,
) -> None:
    """Write how the month of each practice went, and add up all practices.

    new, waited: contacts; by_practice: of `settle`; share_*: expected shares not offered, which make up `pressure`.
    columns: need, served, gone to A&E, waiting, given up, share not offered. total (int64[6]): new, waited, not
    offered, and of these gone to A&E, waiting, given up.
    """
    need, served, to_ed, waits, given_up, missed = columns
    for p in range(new.size):
        load = new[p] + waited[p]
        most = np.float64(max(load, 1))
        need[p], served[p] = new[p], load - by_practice[0, p]
        to_ed[p], waits[p], given_up[p] = by_practice[1, p], by_practice[2, p], by_practice[3, p]
        missed[p] = by_practice[0, p] / most
        pressure[p] = (share_new[p] * new[p] + share_waiting[p] * waited[p]) / most
        total[0] += new[p]
        total[1] += waited[p]
        for k in range(4):
            total[2 + k] += by_practice[k, p]


@compiled
def remember(
    pressure: Array, memory: float, observed: bool, felt: Array, usual: Array, step: float, out: Array
) -> None:
    """This month's pressure moves what is felt; out: strain, what is felt beyond the usual pressure, in steps.

    While flows are observed what is felt is what is usual.
    """
    for p in range(pressure.size):
        felt[p] = felt[p] + (pressure[p] - felt[p]) / memory if felt[p] > 0 else pressure[p]
        if observed:
            usual[p] = felt[p]
        out[p] = (felt[p] - usual[p]) / step


@compiled
def move(in_post: Array, usual: Array, fill: Array, ratio: Array, limits: tuple[float, float], out: Array) -> None:
    """A month on: out (float64[3, kinds, P]) becomes staff in post, leavers, and the chance to leave.

    in_post, usual: staff in post and the usual chance to leave (kinds, P); fill: chance that a vacancy is filled
    (kinds,); ratio: of leaving under strain (P,), kept within limits.
    """
    least, most = limits
    for k in range(in_post.shape[0]):
        for p in range(in_post.shape[1]):
            chance = min(usual[k, p] * min(max(ratio[p], least), most), 1.0)
            leave = in_post[k, p] * chance
            posts = 1.0 + usual[k, p] / fill[k]
            filled = fill[k] * max(posts - in_post[k, p], 0.0)
            out[0, k, p] = in_post[k, p] - leave + filled
            out[1, k, p] = leave
            out[2, k, p] = chance


@compiled
def leave(full_time: Any, leavers: Array, in_post: Array, out: Array) -> None:
    """out (float64[P]) = full-time equivalents that leave: full_time (columns by kind) times leavers over those in post
    (kinds, P)."""
    gps, nurses, others = full_time
    for p in range(out.size):
        out[p] = gps[p] * leavers[0, p] / max(in_post[0, p], 1e-12)
        out[p] += nurses[p] * leavers[1, p] / max(in_post[1, p], 1e-12)
        out[p] += others[p] * leavers[2, p] / max(in_post[2, p], 1e-12)
