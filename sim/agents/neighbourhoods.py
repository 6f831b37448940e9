"""Neighbourhoods: one agent an LSOA, with the community capacity that investment adds to what is there today."""

from typing import TYPE_CHECKING

import numpy as np

from sim.columns import ColumnarAgent
from sim.outcomes.measures import ADULT_AGE

if TYPE_CHECKING:
    from sim.system import CareSystem

ADULT_MONTHS = 12 * ADULT_AGE


class Neighbourhood(ColumnarAgent):
    """One neighbourhood. Row i of the table is area i of the place.

    area: position in the place's table. fifth: local deprivation fifth, 0 most deprived to 4 least. decile: national
    IMD 2025 decile, 1 most deprived. residents, adults: people who live there (every second year), at 1:1. capacity:
    community capacity that policy has added (0 = as today, 1 = what the studied dose leads to in the long run).
    invested: pounds a resident a year spent on it this month, used by next month's `community.advance`. learnt:
    experience with such work, 0 to 1. energy: how readily money becomes capacity, 1 = as studied; nobody sees it.
    energy_observed: what can be seen of it. assets: groups, clubs and charities on the asset map.
    """

    area: np.int16 = np.int16(0)
    fifth: np.uint8 = np.uint8(0)
    decile: np.uint8 = np.uint8(1)
    residents: np.int64 = np.int64(0)
    adults: np.int64 = np.int64(0)
    capacity: np.float32 = np.float32(0)
    energy: np.float32 = np.float32(1)
    energy_observed: np.float32 = np.float32(1)
    assets: np.int16 = np.int16(0)
    learnt: np.float32 = np.float32(0)
    invested: np.float32 = np.float32(0)


def open_neighbourhoods(m: "CareSystem") -> None:
    """Make the neighbourhoods of a model, in the order of its place's areas, and count who lives there."""
    areas = len(m.decile)
    Neighbourhood.create_agents(m, areas, area=np.arange(areas), fifth=m.fifth, decile=m.decile)
    recount(m)


def recount(m: "CareSystem") -> None:
    """Bring `residents` and `adults` of the neighbourhoods up to date (people as they are now, at 1:1)."""
    table = m.table_of(Neighbourhood)
    r, size = m.residents.columns, m.residents.size
    here = r["unique_id"][:size] != 0
    adult = here & (m.month - r["born"][:size].astype(np.int32) >= ADULT_MONTHS)
    for name, who in (("residents", here), ("adults", adult)):
        count = np.bincount(r["lsoa"][:size][who], minlength=table.size)
        table.columns[name][: table.size] = np.rint(count / m.scale).astype(np.int64)
