"""Who is registered where: a gravity model fitted so that areas' residents and practices' lists both hold.

Attraction of practice j to area i = list size × exp(−distance / D). D, in kilometres, is a parameter. Iterative
proportional fitting then meets both margins: everybody of an area is registered, and a practice's registered residents
are the part of its list that lives in the areas of the data (scaled, because lists hold more people than live here).
Islands are fitted by themselves: nobody registers across water to a practice of another group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.places.geometry import distances

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
ISLAND = "E06000046"
"""The Isle of Wight: nobody registers with a practice across the Solent."""
CHOICES = 16
"""An area's residents are spread over the practices with most attraction, at most so many …"""
AREAS = 8
"""… and over those to which it is one of so many nearest areas, so that small practices keep their lists."""
ROUNDS = 400
CLOSE = 1e-6


@dataclass(frozen=True)
class Registration:
    """persons[L, P]: residents of area i registered at practice j, and how far the lists are met."""

    persons: Floats
    fit: dict[str, float]


def register(
    points: Floats,
    residents: Floats,
    practices: Floats,
    lists: Floats,
    distance_km: float,
    groups: tuple[Floats, Floats],
) -> Registration:
    """Fit the gravity model.

    points: float[L, 2] and practices: float[P, 2] longitude and latitude; residents: float[L]; lists: float[P] people
    of each list who live in these areas, in any scale; distance_km: D; groups: the group (island) of each area and of
    each practice. Returns the fitted persons[L, P]; fit says how far lists are missed, as shares of each list.
    """
    apart = distances(points, practices)
    pull = np.asarray(lists)[None, :] * np.exp(-apart / distance_km)
    pull = np.where(np.asarray(groups[0])[:, None] == np.asarray(groups[1])[None, :], pull, 0.0)
    if pull.shape[1] > CHOICES:
        least = np.partition(pull, -CHOICES, axis=1)[:, -CHOICES]
        near = np.sort(apart, axis=0)[min(AREAS, len(apart)) - 1]
        pull = np.where((pull >= least[:, None]) | (apart <= near[None, :]), pull, 0.0)
    wanted = _scaled(np.asarray(lists, float), np.asarray(residents, float), *groups)
    persons, turns = _fit(pull, np.asarray(residents, float), wanted)
    off = np.abs(persons.sum(axis=0) / wanted - 1)
    return Registration(persons, {
        "lists_mean_error": float(np.average(off, weights=wanted)),
        "lists_largest_error": float(off.max()),
        "areas_largest_error": float(np.abs(persons.sum(axis=1) / residents - 1).max()),
        "mean_distance_km": float((persons * apart).sum() / persons.sum()),
        "rounds": float(turns),
    })  # fmt: skip


def patients(areas: pd.DataFrame, residents: Floats, practices: pd.DataFrame, distance_km: float) -> Registration:
    """Registered residents of each area at each practice; the Isle of Wight by itself."""
    lists = (practices["list_size"] * (1 - practices["outside_share"])).to_numpy(float)
    here, there = (np.asarray(frame["lad_code"] == ISLAND, np.float64) for frame in (areas, practices))
    area_points, practice_points = (frame[["lon", "lat"]].to_numpy(float) for frame in (areas, practices))
    return register(area_points, residents, practice_points, lists, distance_km, (here, there))


def _scaled(lists: Floats, residents: Floats, area_group: Floats, practice_group: Floats) -> Floats:
    """Lists scaled so that each group's lists hold exactly its residents."""
    out = lists.copy()
    for group in np.unique(practice_group):
        inside = practice_group == group
        out[inside] *= residents[area_group == group].sum() / lists[inside].sum()
    return out


def _fit(persons: Floats, residents: Floats, wanted: Floats) -> tuple[Floats, int]:
    persons = persons.copy()
    turn = 0
    while turn < ROUNDS:
        turn += 1
        persons *= (residents / persons.sum(axis=1))[:, None]
        sums = persons.sum(axis=0)
        if np.abs(sums / wanted - 1).max() < CLOSE:
            break
        persons *= (wanted / np.maximum(sums, 1e-9))[None, :]
    persons *= (residents / persons.sum(axis=1))[:, None]
    return persons, turn


def choices(persons: Floats) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Each area's practices, likeliest first, and cumulative chances: int16[L, k], float32[L, k] ending in 1.

    An area with fewer than k practices repeats its likeliest one with no further chance.
    """
    k = int(max((persons > 0).sum(axis=1).max(), 1))
    order = np.argsort(-persons, axis=1, kind="stable")[:, :k]
    part = np.take_along_axis(persons, order, axis=1)
    order = np.where(part > 0, order, order[:, :1])
    chance = np.cumsum(part / part.sum(axis=1, keepdims=True), axis=1)
    chance[:, -1] = 1.0
    return order.astype(np.int16), chance.astype(np.float32)
