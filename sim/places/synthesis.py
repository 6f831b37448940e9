"""The people of a place: one row each, the same from the same place and seed on any machine and in any order.

A resident is (area, sex, band, ordinal within that cell), and the identity is a hash of exactly that; so one more
resident in a cell changes no one else. At a scale below one each cell keeps its expected number: the fraction is
rounded up or down by a draw of the cell's own. What is drawn for a resident depends on seed and identity only.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.errors import UserError
from sim.places.place import BAND, Place
from sim.purposes import Purpose

Keys = NDArray[np.uint64]
ORDINALS = 1 << 20
"""More residents than any cell holds."""
WIDTH = 10
BEFORE = 0
"""The month of the draws that make the place: a resident settles once, whenever."""


def synthesise(place: Place, scale: float, seed: int) -> dict[str, NDArray[Any]]:
    """Residents at the start.

    scale: share of residents drawn, above 0 to 1; seed: of the run. Returns arrays of one length n: identity int64
    (> 0), lsoa int16, male uint8, born int16 (month number, negative), practice int16, home_trust uint8 (1 = the
    modelled trust), site int8 (nearest of its emergency departments), decile uint8.
    Raises `UserError` when the scale is outside its range.
    """
    if not 0 < scale <= 1:
        raise UserError(f"scale is {scale}; it must be above 0 and at most 1.")
    _, sexes, bands = place.counts.shape
    cells = cell_words(place)
    number = place.counts.reshape(-1).astype(np.int64)
    if scale < 1:
        number = _rounded(number * scale, draws.uniforms(draws.make_keys(seed, cells), BEFORE, Purpose.ROUNDING))
    which = np.repeat(np.arange(cells.size), number)
    ordinal = np.arange(which.size) - np.repeat(np.cumsum(number) - number, number)
    identity = _identity(cells[which], ordinal)
    keys = draws.make_keys(seed, identity)
    lsoa = (which // (sexes * bands)).astype(np.int16)
    sex = (which // bands % sexes).astype(np.uint8)
    return {
        "identity": identity,
        "lsoa": lsoa,
        "male": sex,
        "born": _born(place, lsoa, sex, which % bands, keys),
        **settle(place, lsoa, keys),
        "decile": place.lsoas["imd_decile"].to_numpy(np.uint8)[lsoa],
    }


def settle(place: Place, lsoa: NDArray[Any], keys: Keys) -> dict[str, NDArray[Any]]:
    """Practice (int16), home trust (uint8) and site (int8) of people who live in areas `lsoa`, by their keys."""
    choice, cumulative = place.registration
    draw = draws.uniforms(keys, BEFORE, Purpose.PRACTICE)
    column = np.zeros(lsoa.size, np.int64)
    for k in range(choice.shape[1] - 1):
        column += draw >= cumulative[lsoa, k]
    share = place.lsoas["hhft_share"].to_numpy(np.float32)
    return {
        "practice": choice[lsoa, column],
        "home_trust": (draws.uniforms(keys, BEFORE, Purpose.HOME_TRUST) < share[lsoa]).astype(np.uint8),
        "site": place.site_of[lsoa],
    }


def _born(
    place: Place, lsoa: NDArray[np.int16], sex: NDArray[np.uint8], band: NDArray[Any], keys: Keys
) -> NDArray[Any]:
    """Birth months, negative: a single age within the band as in the authority, then a month of the year."""
    cumulative = np.cumsum(place.age_share, axis=-1).astype(np.float32)
    row = (place.authority[lsoa].astype(np.int64) * 2 + sex) * place.counts.shape[2] + band
    table = cumulative.reshape(-1, WIDTH)
    draw = draws.uniforms(keys, BEFORE, Purpose.SINGLE_AGE)
    within = np.zeros(lsoa.size, np.int64)
    for k in range(WIDTH - 1):
        within += draw >= table[row, k]
    within = np.where(band < place.counts.shape[2] - 1, np.minimum(within, BAND - 1), within)
    month = (draws.uniforms(keys, BEFORE, Purpose.BIRTH_MONTH) * 12).astype(np.int64)
    age = band * BAND + within
    month = np.where((age == 0) & (month == 0), 1, month)  # born before the start, not in its first month
    return (-(age * 12 + month)).astype(np.int16)


@lru_cache(maxsize=8)
def cell_words(place: Place) -> Keys:
    """A hash of (place, area code) and the cell's number within the area: uint64[L · 38]."""
    codes = place.lsoas["code"].astype(str)
    area = np.array([_word(f"{place.name}|{code}") for code in codes], np.uint64)
    inside = np.arange(int(np.prod(place.counts.shape[1:])), dtype=np.uint64) * np.uint64(ORDINALS)
    return draws.scramble((area[:, None] + inside[None, :]).ravel())


def _word(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") & ~(2**40 - 1)


def _identity(cell: Keys, ordinal: NDArray[np.int64]) -> NDArray[np.int64]:
    word: Keys = draws.scramble(cell + ordinal.astype(np.uint64))
    word &= np.uint64(2**63 - 1)
    word[word == 0] = 1
    return word.astype(np.int64)


def _rounded(expected: NDArray[np.floating[Any]], draw: NDArray[np.float32]) -> NDArray[np.int64]:
    """Whole numbers whose expectations are `expected`."""
    return np.asarray(np.floor(expected + draw.astype(np.float64)), np.int64)
