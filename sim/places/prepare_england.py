"""England in small: ``python -m sim.places.prepare_england`` writes sim/places/data/england from England's own table.

Each deprivation decile has the same number of residents, with the ages and sexes that the decile has in England. What
is not in the table (income, crowded homes, loneliness) is filled as for any place of one's own: by decile.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.evidence import load
from sim.places.own import BAND_NAMES, PEOPLE

FOLDER = Path(__file__).parent / "data" / "england"
RESIDENTS, DECILES, AREAS_A_DECILE, BAND = 200_000, 10, 10, 5
RANKS = 33_755
LON, LAT, STEP = -1.5, 52.6, 0.02
PRACTICES = 20
GROWTH = 0.009
"""Residents a year: England's mid-year estimates, 2020 to 2024."""
SOURCES = (
    ("residents by deprivation decile and age", "Office for National Statistics",
     "Mid-year population estimates by LSOA; English Indices of Deprivation 2019 (MHCLG)", "2020",
     "Open Government Licence v3.0",
     f"{RESIDENTS:,} residents, a tenth of them in each decile, with the ages and sexes of the decile in England"),
    ("growth of residents", "Office for National Statistics", "Mid-year population estimates", "2020 to 2024",
     "Open Government Licence v3.0", "0.9 % a year, recalled"),
    ("neighbourhoods, practices and the hospital", "this project", "invented: they stand for no real ones", "2025",
     "MIT", "a hundred neighbourhoods of 2,000 people, twenty practices, one hospital that serves them all"),
)  # fmt: skip


def areas() -> pd.DataFrame:
    """The neighbourhoods, in the layout of a place of one's own."""
    rows = []
    for decile in range(1, DECILES + 1):
        for part, counts in enumerate(shared(cells(decile), RESIDENTS // DECILES, AREAS_A_DECILE)):
            number = (decile - 1) * AREAS_A_DECILE + part
            rank = round((number + 0.5) / (DECILES * AREAS_A_DECILE) * RANKS)
            rows.append({
                "code": f"ENG{number + 1:03d}", "name": f"Decile {decile}, part {part + 1}", "authority": "England",
                "lon": round(LON + STEP * part, 3), "lat": round(LAT + STEP * decile, 3), "imd_rank": rank,
                "imd_decile": decile, "urban": 1, "growth": GROWTH, **dict(zip(PEOPLE, counts.tolist(), strict=True)),
            })  # fmt: skip
    return pd.DataFrame(rows)


def cells(decile: int) -> NDArray[np.float64]:
    """People of a decile in England by sex and five-year band: float64 (38,), in the order of `PEOPLE`."""
    table = load().draw(0).table("england_population")
    table = table[table["decile"] == decile]
    out = np.zeros((2, len(BAND_NAMES)))
    band = np.minimum(table["age"].to_numpy(int) // BAND, len(BAND_NAMES) - 1)
    np.add.at(out, (table["sex"].to_numpy(int), band), table["value"].to_numpy(float))
    return out.reshape(-1)


def shared(people: NDArray[np.float64], residents: int, parts: int) -> list[NDArray[np.int64]]:
    """Whole numbers of so many residents in proportion to `people`, shared out evenly among so many parts."""
    wanted = people / people.sum() * residents
    whole = np.floor(wanted).astype(np.int64)
    most = np.argsort(-(wanted - whole), kind="stable")[: residents - int(whole.sum())]
    whole[most] += 1
    each = whole.sum() // parts
    lots, row = np.repeat(np.arange(whole.size), whole), np.arange(int(whole.sum()))
    return [np.bincount(lots[(row % parts) == part], minlength=whole.size) for part in range(parts) if each]


def build(folder: Path = FOLDER) -> None:
    """Write the four tables."""
    folder.mkdir(parents=True, exist_ok=True)
    areas().to_csv(folder / "areas.csv", index=False, lineterminator="\n")
    size = RESIDENTS // PRACTICES
    practices = pd.DataFrame([
        {"code": f"EP{k + 1:02d}", "name": f"Practice {k + 1}", "lon": round(LON + STEP * (k % 5), 3),
         "lat": round(LAT + STEP * (k // 5 * 5 + 3), 3), "list_size": size, "pcn": f"Network {k // 5 + 1}"}
        for k in range(PRACTICES)
    ])  # fmt: skip
    practices.to_csv(folder / "practices.csv", index=False, lineterminator="\n")
    hospital = {"code": "EH1", "name": "Hospital", "lon": LON + 2 * STEP, "lat": LAT + 5 * STEP, "has_ed": 1,
                "bed_share": 1, "activity_here": 1}  # fmt: skip
    pd.DataFrame([hospital]).to_csv(folder / "hospitals.csv", index=False, lineterminator="\n")
    columns = ["fact", "publisher", "dataset", "year", "licence", "method"]
    pd.DataFrame(SOURCES, columns=columns).to_csv(folder / "sources.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    build()
