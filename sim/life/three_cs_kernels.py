"""The compiled loop that moves contact, confidence and control of those in review and writes their levels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import compiled
from sim.kernels import scramble as mix

Array = NDArray[Any]

S10, S12 = (np.uint64(bits) for bits in (10, 12))
TRAIT, TEN = np.uint64(4095), np.uint64(1023)
NONE, ONE, THREE = np.uint64(0), np.uint64(1), np.uint64(3)
MONTHS_A_YEAR, SEXES, DECILES = 12, 2, 10
BOTTOM, HALF = np.float32(0), np.float32(0.5)


@compiled
def _stored(value, scale, lift):  # type: ignore[no-untyped-def]
    """A value times `scale` as a byte, rounded up with the chance of its fraction, so that small moves add up."""
    return np.uint8(min(max(np.floor(value * scale + lift), BOTTOM), np.float32(255)))


@compiled
def move(
    rows: Array,
    month: int,
    born: Array,
    male: Array,
    decile: Array,
    lsoa: Array,
    key: Array,
    bereaved: Array,
    state: Array,
    contact: Array,
    confidence: Array,
    control: Array,
    around: Array,
    traits: Array,
    usual: Array,
    mask: Array,
    weight: Array,
    norm: Array,
    close: Array,
    area: Array,
    number: Array,
    scale: Array,
    nodes: Array,
    shifts: Array,
    offsets: Array,
) -> None:
    """Close a share of the gap between each C and what one's trait, ties, health and neighbourhood support.

    rows: who. around (3, rows): share of wanted ties live, of ties who smoke, of ties who are active; bereaved is
    cleared. traits (3, 4096): quantiles of lasting differences (contact, confidence, control). mask (S), weight
    (2, S, ages): what each state adds to contact and control; norm (2, cells): minus the mean of that in England.
    usual (2): share of wanted ties live that is usual, mean contact. close (3): share of the gap closed. area (3,
    areas): what the neighbourhood adds. number (3): contact of ties, of bereavement, confidence of contact. scale (3):
    the unit of each column. nodes (4): scores where levels of confidence stand; shifts (5): where they are in
    `state`. offsets (3): added to a key for the hashes of traits, rounding and levels.

    A level is the node below the value or, with the chance of its distance from there, the one above: the chance is a
    number of the person for life. The mean over people of what depends on a level is so the straight line between
    nodes; those of all but confidence are at 0, 1/3, 2/3 and 1.
    """
    oldest = weight.shape[2] - 1
    one, steps = np.float32(1), np.float32(3)
    cleared = (THREE << shifts[0]) | (THREE << shifts[1]) | (THREE << shifts[2])
    cleared |= (THREE << shifts[3]) | (THREE << shifts[4])
    unit = one / np.float32(1024)
    per_scale = one / scale
    node0, node1, node2, node3 = nodes[0], nodes[1], nodes[2], nodes[3]
    any_of = NONE
    for q in range(mask.size):
        any_of |= mask[q]
    for k in range(rows.size):
        i = rows[k]
        s, home = state[i], lsoa[i]
        age = min(max((month - np.int64(born[i])) // MONTHS_A_YEAR, 0), oldest)
        cell = (age * SEXES + male[i]) * DECILES + decile[i] - 1
        of_contact, of_control = norm[0, cell], norm[1, cell]
        if (s & any_of) != NONE:
            for q in range(mask.size):
                if (s & mask[q]) != NONE:
                    of_contact += weight[0, q, age]
                    of_control += weight[1, q, age]
        h, d, g = mix(key[i] + offsets[0]), mix(key[i] + offsets[1]), mix(key[i] + offsets[2])
        goal = traits[0, h & TRAIT] + of_contact + number[0] * (around[0, k] - usual[0]) + area[0, home]
        if bereaved[i]:
            goal += number[1]
            bereaved[i] = 0
        goal = min(max(goal, BOTTOM), one)
        x = np.float32(contact[i]) * per_scale[0]
        x += (goal - x) * close[0]
        h >>= S12
        goal = traits[1, h & TRAIT] + number[2] * (x - usual[1]) + area[1, home]
        goal = min(max(goal, BOTTOM), np.float32(100))
        y = np.float32(confidence[i]) * per_scale[1]
        y += (goal - y) * close[1]
        h >>= S12
        goal = min(max(traits[2, h & TRAIT] + of_control + area[2, home], BOTTOM), one)
        z = np.float32(control[i]) * per_scale[2]
        z += (goal - z) * close[2]
        contact[i] = _stored(x, scale[0], np.float32(d & TEN) * unit)
        d >>= S10
        confidence[i] = _stored(y, scale[1], np.float32(d & TEN) * unit)
        d >>= S10
        control[i] = _stored(z, scale[2], np.float32(d & TEN) * unit)
        s &= ~cleared
        s |= np.uint64(np.int64(x * steps + np.float32(g & TEN) * unit)) << shifts[0]
        g >>= S10
        y = min(max(y, node0), node3)
        at = np.uint64(y >= node1) + np.uint64(y >= node2)
        low, high = nodes[at], nodes[at + ONE]
        s |= (at + ((y - low) > (np.float32(g & TEN) + HALF) * unit * (high - low))) << shifts[1]
        g >>= S10
        s |= np.uint64(np.int64(z * steps + np.float32(g & TEN) * unit)) << shifts[2]
        g >>= S10
        s |= np.uint64(np.int64(around[1, k] * steps + np.float32(g & TEN) * unit)) << shifts[3]
        g >>= S10
        s |= np.uint64(np.int64(around[2, k] * steps + np.float32(g & TEN) * unit)) << shifts[4]
        state[i] = s
