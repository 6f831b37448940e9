"""Places cut out of the shipped tables of Hampshire and the Isle of Wight."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import UserError
from sim.places import catchment
from sim.places.assemble import Parts
from sim.places.place import BANDS
from sim.places.registration import Registration, patients

if TYPE_CHECKING:
    from sim.evidence import Evidence

DATA = Path(__file__).parent / "data" / "hampshire"
FORMAT = 1
FEW, LITTLE = 100, 0.02
"""A practice with fewer residents of the place, and a smaller share of its list, is left out."""


@dataclass(frozen=True, eq=False)
class Tables:
    """The shipped tables; see `prepare` for what each holds. Nobody may change them."""

    areas: pd.DataFrame
    counts: NDArray[np.int64]
    ages: dict[str, NDArray[np.float64]]
    authorities: pd.DataFrame
    practices: pd.DataFrame
    sites: pd.DataFrame
    pairs: NDArray[np.int64]
    sources: pd.DataFrame
    metadata: dict[str, Any]

    @property
    def residents(self) -> NDArray[np.float64]:
        """Residents of each area: float64[L]."""
        return np.asarray(self.counts.sum(axis=(1, 2)), np.float64)

    @property
    def mean_income_deprived(self) -> float:
        """Mean share of people in income deprivation."""
        return float(np.average(self.areas["income_deprived"], weights=self.residents))


@lru_cache(maxsize=2)
def tables(folder: Path = DATA) -> Tables:
    """Read the tables that `prepare.build` wrote. Raises `UserError` when they are of a newer program."""
    metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    if metadata["format"] > FORMAT:
        raise UserError(f"The tables in {folder} were built by a newer version of headwater; update this one.")
    areas = pd.read_csv(folder / "areas.csv")
    people = pd.read_csv(folder / "residents.csv").set_index("code").loc[areas["code"]]
    single = pd.read_csv(folder / "single_ages.csv").set_index("lad_code")
    return Tables(
        areas,
        people.to_numpy(np.int64).reshape(len(areas), 2, BANDS),
        {str(code): row.to_numpy(np.float64).reshape(2, -1) for code, row in single.iterrows()},
        pd.read_csv(folder / "authorities.csv").set_index("lad_code"),
        _practice_table(folder),
        pd.read_csv(folder / "sites.csv"),
        pd.read_csv(folder / "neighbours.csv").to_numpy(np.int64),
        pd.read_csv(folder / "sources.csv"),
        metadata,
    )  # fmt: skip


def _practice_table(folder: Path) -> pd.DataFrame:
    """Practices; an empty name of a network is an empty text, not a missing number."""
    table = pd.read_csv(folder / "practices.csv")
    return table.assign(pcn=table["pcn"].fillna(""))


@lru_cache(maxsize=8)
def registered(distance_km: float) -> Registration:
    """Who is registered where in all of the tables, for a distance parameter."""
    data = tables()
    return patients(data.areas, data.residents, data.practices, distance_km)


def cut(
    name: str,
    label: str,
    evidence: Evidence,
    lads: Sequence[str] | str = (),
    lads_in_part: Sequence[str] = (),
    lsoas: Sequence[str] = (),
) -> Parts:
    """The parts of a place made of whole authorities, nearest neighbourhoods of others, and single LSOAs.

    lads, lads_in_part: names or codes of local authorities (``"all"``: every one); lsoas: LSOA 2021 codes.
    Raises `UserError` when one is not in the data, or nothing is chosen.
    """
    data = tables()
    share = _choose(data, evidence, lads, lads_in_part, lsoas)
    rows = np.flatnonzero(~np.isnan(share))
    areas = data.areas.iloc[rows].assign(hhft_share=share[rows])
    practices, persons, fit = _practices(data, registered(evidence["places.registration.distance_km"]), rows)
    return Parts(
        name=name,
        label=label,
        areas=areas,
        counts=data.counts[rows],
        practices=practices,
        persons=persons,
        sites=_sites(data, evidence),
        pairs=_pairs(data.pairs, rows, len(data.areas)),
        outlines=[_outlines()[code] for code in areas["code"]],
        activity_share=_activity(data, areas, data.residents[rows]),
        ages=data.ages,
        growth={},
        fit=fit,
        sources=data.sources,
        mean_income_deprived=data.mean_income_deprived,
    )


def _choose(
    data: Tables, evidence: Evidence, lads: Sequence[str] | str, part: Sequence[str], lsoas: Sequence[str]
) -> NDArray[np.float64]:
    """Chance of the modelled trust in each area of the place, NaN in areas that are not of it."""
    areas, capture = data.areas, data.authorities["capture_share"]
    slope = evidence["places.catchment.distance_slope"]
    everywhere = catchment.by_distance(areas, data.residents, data.sites, capture, slope)
    known = set(areas["code"])
    strangers = [code for code in lsoas if code not in known]
    if strangers:
        raise UserError(f"There is no LSOA 2021 {strangers[0]} in the data of Hampshire and the Isle of Wight.")
    whole = list(data.authorities.index) if lads == "all" else [_authority(data, lad) for lad in _listed(lads)]
    inside = areas["lad_code"].isin(whole) | areas["code"].isin(list(lsoas))
    share = np.where(inside, everywhere, np.nan)
    partly = areas["lad_code"].isin([_authority(data, lad) for lad in part]).to_numpy() & ~inside.to_numpy()
    if partly.any():
        chosen = catchment.nearest_first(areas[partly], data.residents[partly], data.sites, capture)
        share = np.where(partly, areas["code"].map(chosen).to_numpy(float), share)
    if np.isnan(share).all():
        raise UserError("The place has no neighbourhoods; name local authorities (lads) or LSOA codes (lsoas).")
    return share


def _listed(lads: Sequence[str] | str) -> list[str]:
    return [lads] if isinstance(lads, str) else list(lads)


def _authority(data: Tables, lad: str) -> str:
    names = {str(name).casefold(): str(code) for code, name in data.authorities["lad_name"].items()}
    if lad in data.authorities.index:
        return lad
    if lad.casefold() in names:
        return names[lad.casefold()]
    proper = data.authorities["lad_name"].tolist()
    near = get_close_matches(lad, proper, n=1, cutoff=0.5)
    raise UserError(
        f"There is no local authority called '{lad}' in the data." + (f" Did you mean {near[0]}?" if near else "")
        + f" Choose from: {', '.join(sorted(proper))}."
    )  # fmt: skip


def _practices(
    data: Tables, registration: Registration, rows: NDArray[np.int64]
) -> tuple[pd.DataFrame, NDArray[np.float64], dict[str, float]]:
    inside = registration.persons[rows]
    here, everywhere = inside.sum(axis=0), registration.persons.sum(axis=0)
    kept = np.flatnonzero((here >= FEW) | (here >= LITTLE * np.maximum(everywhere, 1)) & (here > 0))
    persons = inside[:, kept]
    residents = inside.sum(axis=1)
    persons = persons * (residents / persons.sum(axis=1))[:, None]
    table = data.practices.iloc[kept]
    pcn = table["pcn"].where(table["pcn"] != "", table["code"])
    table = table.assign(list_simulated=persons.sum(axis=0).round(1), pcn=pcn)
    moved = float(np.abs(persons.sum(axis=0) - here[kept]).sum() / residents.sum())
    return table, persons, {**registration.fit, "moved_from_practices_left_out": moved}


def _sites(data: Tables, evidence: Evidence) -> pd.DataFrame:
    ours = data.sites[data.sites["trust"] == catchment.TRUST].copy()
    beds = {
        "BNHH": evidence["places.bed_share.bnhh"],
        "RHCH": evidence["places.bed_share.rhch"],
        "AWMH": evidence["places.bed_share.awmh"],
    }
    share = ours["code"].map(beds).astype(float)
    return ours.assign(has_ed=ours["has_ed"].astype(bool), bed_share=share / share.sum(), beds=np.nan)


def _pairs(pairs: NDArray[np.int64], rows: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    new = np.full(n, -1)
    new[rows] = np.arange(rows.size)
    inside = new[pairs]
    return inside[(inside >= 0).all(axis=1)]


@lru_cache(maxsize=1)
def _outlines() -> dict[str, list[list[list[float]]]]:
    found: dict[str, list[list[list[float]]]] = json.loads(gzip.decompress((DATA / "outlines.json.gz").read_bytes()))
    return found


def _activity(data: Tables, areas: pd.DataFrame, residents: NDArray[np.float64]) -> float:
    """Share of the trust's activity whose patients live in the place: each authority's share times its users met."""
    users = (areas["hhft_share"] * residents).groupby(areas["lad_code"]).sum()
    expected = data.authorities["capture_share"] * data.authorities["residents_census2021"]
    met = (users / expected.reindex(users.index)).clip(upper=1.0).fillna(0.0)
    share = float((met * data.authorities["share_of_trust"].reindex(met.index)).sum())
    if share <= 0:
        raise UserError("Nobody in this place uses Hampshire Hospitals, the hospital of the shipped data.")
    return share
