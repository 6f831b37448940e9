"""What a place is: its neighbourhoods, people, practices and hospital, ready for the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
BANDS, BAND = 19, 5
N_FIFTHS = 5
MONTHS_A_YEAR = 12
MOVE_GROUPS = (0, 13, 17)
"""First bands of the three groups of in-migrants with a factor of their own: under 65, 65–84, 85+."""


@dataclass(frozen=True, eq=False)
class Place:
    """A place. L areas (LSOAs), P practices, S hospital sites, K authorities; sex 0 is female, 1 male; bands are
    0–4 … 85–89, 90+.

    lsoas: DataFrame[L]; code, name, lad_code, lad_name, lon, lat, urban, imd_rank, imd_decile (national, 2025),
    imd_score, income_deprived, cold_or_crowded, lonely_share, lonely_ratio (over what deprivation and age explain),
    hhft_share (chance that a resident's home trust is the modelled one), growth (declared, a year), and more shares.
    counts: int32[L, 2, 19] residents at the start. practices: DataFrame[P]; code, name, lon, lat, list_size,
    list_simulated (those of the list who live in the place), pcn, imd_score. sites: DataFrame[S] of the modelled
    trust; code, name, lon, lat, has_ed, bed_share (sums to 1), beds (NaN where the place does not say).
    registration: (int16[L, k], float32[L, k]) practices of each area and cumulative chances. neighbours: (indptr
    int32[L + 1], indices int32) of adjacent areas. outlines: rings of [lon, lat] of each area.
    activity_share_simulated: share of the trust's activity whose patients live in the place. age_share:
    float64[K, 2, 19, 10] single ages within bands by authority; authority: int16[L]. fit: how well residents, lists
    and growth are met. out_rate: float32[2, 19] share of residents who leave in a month. moves: float32[Y, L, 3]
    factors on out_rate × counts that give a month's in-migrants under 65, of 65–84 and 85+, by year from July 2020.
    """

    name: str
    label: str
    lsoas: pd.DataFrame
    counts: NDArray[np.int32]
    practices: pd.DataFrame
    sites: pd.DataFrame
    registration: tuple[NDArray[np.int16], Singles]
    neighbours: tuple[NDArray[np.int32], NDArray[np.int32]]
    outlines: list[list[list[list[float]]]]
    activity_share_simulated: float
    sources: pd.DataFrame
    age_share: Floats
    authority: NDArray[np.int16]
    out_rate: Singles
    moves: Singles
    fit: dict[str, float]
    site_of: NDArray[np.int8]
    local_fifth: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "local_fifth", fifths(self.lsoas["imd_rank"].to_numpy(), self.counts.sum(axis=(1, 2))))

    @property
    def residents(self) -> int:
        """Residents at the start, at 1:1."""
        return int(self.counts.sum())

    @cached_property
    def urban(self) -> NDArray[np.bool_]:
        """Which areas are urban: bool[L]."""
        return np.asarray(self.lsoas["urban"].to_numpy() != 0)

    @property
    def users(self) -> float:
        """Expected residents whose home trust is the modelled one."""
        return float(self.counts.sum(axis=(1, 2)) @ self.lsoas["hhft_share"].to_numpy(float))

    @property
    def catchment(self) -> float:
        """Expected users of the trust, with those who live outside the place."""
        return self.users / self.activity_share_simulated

    @property
    def lonely_ratio(self) -> Singles:
        """Loneliness of each area over what its deprivation and ages explain: float32[L]."""
        return self.lsoas["lonely_ratio"].to_numpy(np.float32)

    @property
    def single_age_share(self) -> Floats:
        """Share of each single age within its band, the whole place together: float64[2, 19, 5]; 94 holds all older."""
        weight = np.zeros((len(self.age_share), *self.counts.shape[1:]))
        np.add.at(weight, self.authority, self.counts)
        mixed = (self.age_share * weight[..., None]).sum(axis=0)
        mixed[..., 4] += mixed[..., 5:].sum(axis=-1)
        total = mixed[..., :5].sum(axis=-1, keepdims=True)
        even = np.full((*total.shape[:-1], 5), 1 / BAND)
        return np.asarray(np.divide(mixed[..., :5], total, out=even, where=total > 0), np.float64)

    def arrivals(self, month: int) -> Singles:
        """Expected in-migrants of a month (0 = July 2020) at 1:1, by area, sex and band: float32[L, 2, 19].

        Fixed beforehand: no scenario changes it. It holds the authorities' residents on their declared growth.
        """
        year = min(max(month, 0) // MONTHS_A_YEAR, len(self.moves) - 1)
        return np.asarray(self.counts * self.out_rate * self._by_band(self.moves[year]), np.float32)

    @property
    def in_moves(self) -> Singles:
        """In-migrants of a month as `arrivals`, the mean of the first 25 years."""
        return np.asarray(self.counts * self.out_rate * self._by_band(self.moves[:25].mean(axis=0)), np.float32)

    @staticmethod
    def _by_band(factor: Singles) -> Singles:
        group = np.searchsorted(MOVE_GROUPS, np.arange(BANDS), side="right") - 1
        return np.asarray(factor[:, None, group], np.float32)


def fifths(rank: NDArray[np.int64], residents: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Local fifths of the people of areas by deprivation rank: 1 = most deprived (lowest rank), uint8[L].

    An area belongs to the fifth in which its middle resident falls, so fifths hold about equally many people.
    """
    order = np.argsort(rank, kind="stable")
    people = np.asarray(residents, np.float64)[order]
    middle = (np.cumsum(people) - people / 2) / people.sum()
    out = np.empty(len(order), np.uint8)
    out[order] = np.minimum(np.floor(middle * N_FIFTHS) + 1, N_FIFTHS).astype(np.uint8)
    return out
