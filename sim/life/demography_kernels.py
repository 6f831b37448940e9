"""Compiled loop that says who the in-migrants of a month are; see `sim.life.demography`.

It makes the same hashes as `sim.draws.arrival_identity`, `make_keys` and `uniforms2`, and settles people as
`sim.places.settle` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import GAMMA_PURPOSE, LOW, S32, TO_UNIT, compiled
from sim.kernels import scramble as mix

Array = NDArray[Any]
ONE = np.uint64(1)
MONTHS_A_YEAR = 12


@compiled
def unit(word):  # type: ignore[no-untyped-def]
    """32 bits as a uniform, as `sim.draws.uniforms` does it."""
    return np.float32(np.uint32(word)) * TO_UNIT


@compiled
def newborn(
    mothers: Array, unique_id: Array, offsets: Array, shift: int, boys: float, identity: Array, key: Array, male: Array
) -> None:
    """Identity, key and sex of a child of each of the rows `mothers`; the last three are written.

    offsets: added before hashing for identities, keys (the seed's salt) and the draw of the sex, `shift` which half of
    its hash that is; boys: share of them. Twins are not told apart: the ordinal of each is nought.
    """
    for j in range(mothers.size):
        identity[j] = max(mix(mix(np.uint64(unique_id[mothers[j]]) + offsets[0])) >> ONE, ONE)
        key[j] = mix(mix(np.uint64(identity[j]) + offsets[1]) + offsets[1])
        male[j] = unit((mix(key[j] + offsets[2]) >> shift) & LOW) < boys


@compiled
def newcomers(
    count: Array,
    words: Array,
    shape: tuple[int, int],
    month: int,
    widths: tuple[int, int],
    offsets: Array,
    practices: tuple[Array, Array, Array],
    share: Array,
    site_of: Array,
    identity: Array,
    key: Array,
    born: Array,
    male: Array,
    area: Array,
    practice: Array,
    home_trust: Array,
    site: Array,
) -> None:
    """Identity, key, month of birth, sex, area and home of everyone who comes, in the order of cells.

    count: how many of each cell (area × sex × band; `shape`: sexes, bands); words: a hash of each cell; widths: years
    in a band, and in the last, open one. offsets: added before hashing for identities, keys (the seed's salt), age,
    practice and home trust. practices: the choices of each area, their cumulative chances, and the shift of the draw
    and that of the home trust's; share: chance that the modelled trust is the home trust; site_of: nearest department.
    The last eight are written, one a person.
    """
    sexes, bands = shape
    choice, cumulative, shifts = practices
    j = 0
    for c in range(count.size):
        for ordinal in range(count[c]):
            where, sex, band = c // (sexes * bands), c // bands % sexes, c % bands
            named = mix(mix(mix(words[c]) + offsets[0]) + np.uint64(ordinal) * GAMMA_PURPOSE)
            identity[j] = max(named >> ONE, ONE)
            k = mix(mix(np.uint64(identity[j]) + offsets[1]) + offsets[1])
            z = mix(k + offsets[2])
            width = widths[1] if band == bands - 1 else widths[0]
            age = band * widths[0] + np.int64(np.float64(unit(z & LOW)) * width)
            born[j] = month - age * MONTHS_A_YEAR - np.int64(unit(z >> S32) * np.float32(MONTHS_A_YEAR))
            key[j], male[j], area[j], site[j] = k, sex, where, site_of[where]
            draw = unit((mix(k + offsets[3]) >> shifts[0]) & LOW)
            column = 0
            for p in range(choice.shape[1] - 1):
                column += draw >= cumulative[where, p]
            practice[j] = choice[where, column]
            home_trust[j] = unit((mix(k + offsets[4]) >> shifts[1]) & LOW) < share[where]
            j += 1
