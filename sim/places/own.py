"""A place of the user's own from three CSV files: reading it, and saying row by row what is wrong.

The layout is documented in docs/own-place.md; `LAYOUT` is the same in code. Columns that are left out are filled from
the shipped neighbourhoods of the same deprivation decile.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import UserError
from sim.places.assemble import Parts
from sim.places.geometry import KM_PER_DEGREE, distances
from sim.places.place import BANDS
from sim.places.registration import register

if TYPE_CHECKING:
    from sim.evidence import Evidence

BAND_NAMES = [*(f"{a}-{a + 4}" for a in range(0, 90, 5)), "90+"]
PEOPLE = [f"{sex}_{band}" for sex in "fm" for band in BAND_NAMES]
NEAREST, CORNERS = 3, 6
MOST_MESSAGES, NAMED = 50, 5
ROUNDING = 1e-3


@dataclass(frozen=True)
class Column:
    """One column: what its cells must be (low and high where they are numbers), and whether it may be left out."""

    low: float = -math.inf
    high: float = math.inf
    text: bool = False
    whole: bool = False
    optional: bool = False


SHARE = Column(0, 1, optional=True)
POINT = {"lon": Column(-9, 3), "lat": Column(49, 61)}
LAYOUT: dict[str, dict[str, Column]] = {
    "areas.csv": {
        "code": Column(text=True), "name": Column(text=True), **POINT,
        "imd_rank": Column(1, 33755, whole=True), "imd_decile": Column(1, 10, whole=True),
        **{people: Column(0, 20000, whole=True) for people in PEOPLE},
        "authority": Column(text=True, optional=True), "income_deprived": SHARE, "overcrowded": SHARE,
        "lonely_share": SHARE, "urban": Column(0, 1, whole=True, optional=True), "hospital_share": SHARE,
        "growth": Column(-0.05, 0.05, optional=True),
    },
    "practices.csv": {
        "code": Column(text=True), "name": Column(text=True), **POINT, "list_size": Column(1, 200000, whole=True),
        "pcn": Column(text=True, optional=True), "imd_score": Column(0, 100, optional=True),
    },
    "hospitals.csv": {
        "code": Column(text=True), "name": Column(text=True), **POINT, "has_ed": Column(0, 1, whole=True),
        "bed_share": SHARE, "beds": Column(1, 5000, optional=True), "activity_here": SHARE,
    },
}  # fmt: skip


def check(folder: str | Path) -> list[str]:
    """Everything wrong in a folder's three files, a sentence each; empty when the place can be loaded."""
    return _checked(Path(folder))[0]


def _checked(folder: Path) -> tuple[list[str], dict[str, pd.DataFrame]]:
    """What is wrong in a folder's files, and their cells as text by file, of those that could be read."""
    frames: dict[str, pd.DataFrame] = {}
    wrong: list[str] = []
    for file in LAYOUT:
        found, frame = _table(folder, file)
        wrong += found
        if frame is not None:
            frames[file] = frame
    if not wrong:
        wrong = _together(frames)
    hidden = len(wrong) - MOST_MESSAGES
    return wrong if hidden <= 0 else [*wrong[:MOST_MESSAGES], f"… and {hidden} more of the same kind."], frames


def _table(folder: Path, file: str) -> tuple[list[str], pd.DataFrame | None]:
    """What is wrong in one file, and its cells as text when it could be read at all."""
    path, columns = folder / file, LAYOUT[file]
    if not path.is_file():
        return [f"{file} is missing."], None
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            header = [name.strip() for name in next(csv.reader(text), [])]
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False)
    except UnicodeDecodeError:
        return [f"{file} is not UTF-8 text; save it as CSV UTF-8."], None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as fault:
        return [f"{file} cannot be read as CSV: {_csv_fault(str(fault))}."], None
    frame.columns = [str(column).strip() for column in frame.columns]
    missing = [name for name, column in columns.items() if not column.optional and name not in frame]
    if missing:
        some = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED} more" if len(missing) > NAMED else "")
        return [f"{file} lacks the column{'s' * (len(missing) > 1)} {some}."], None
    twice = [name for name in header if name and header.count(name) > 1]  # pandas would rename the second one
    if twice:
        return [f"{file} has the column {twice[0]} twice."], None
    if frame.empty:
        return [f"{file} has no rows."], None
    frame = frame[[name for name in columns if name in frame]].map(str.strip)
    wrong = [
        f"{file} row {row + 2}: {fault}"
        for row, cells in enumerate(frame.to_dict("records"))
        for fault in (_fault(str(name), columns[str(name)], str(cell)) for name, cell in cells.items())
        if fault
    ]
    seen: dict[str, int] = {}
    for row, code in enumerate(frame["code"]):
        if code in seen:
            wrong.append(f"{file} row {row + 2}: the code {code} stands in row {seen[code] + 2} already.")
        seen.setdefault(code, row)
    return wrong, frame


def _csv_fault(said: str) -> str:
    """What pandas says of a file that it cannot read, in words for people; rows count from 1, the header."""
    if match := re.search(r"EOF inside string starting at row (\d+)", said):
        return f"the quotation mark opened in row {int(match[1]) + 1} is not closed"
    if match := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", said):
        return f"row {match[2]} has {match[3]} cells and not {match[1]}"
    return "it is empty" if "No columns" in said else " ".join(said.split()).rstrip(".")


def _fault(name: str, column: Column, cell: str) -> str | None:
    if cell == "":
        return None if column.optional else f"{name} is empty."
    if column.text:
        return None
    try:
        value = float(cell)
    except ValueError:
        return f"{name} is '{cell}', not a number."
    if not math.isfinite(value) or not column.low <= value <= column.high:
        return f"{name} is {cell}; it must be from {column.low:g} to {column.high:g}."
    if column.whole and value != int(value):
        return f"{name} is {cell}; it must be a whole number."
    return None


def _together(frames: dict[str, pd.DataFrame]) -> list[str]:
    """What is wrong between rows, once each cell is right."""
    wrong = []
    areas, practices, hospitals = frames.values()
    people = areas[PEOPLE].astype(float).sum(axis=1)
    wrong += [f"areas.csv row {row + 2}: nobody lives in {areas['code'][row]}." for row in np.flatnonzero(people == 0)]
    if not (hospitals["has_ed"].astype(float) == 1).any():
        wrong.append("hospitals.csv: no hospital has an emergency department (has_ed 1).")
    beds = _numbers(hospitals, "bed_share")
    if beds.notna().any() and (beds.isna().any() or abs(beds.sum() - 1) > ROUNDING):
        wrong.append(
            f"hospitals.csv: bed_share sums to {beds.sum():g}; it must be given for every hospital and sum to 1."
        )
    if _numbers(hospitals, "activity_here").eq(0).any():
        wrong.append(
            "hospitals.csv: activity_here is 0: nobody of the place uses the hospital; leave the hospital out."
        )
    if (_numbers(areas, "hospital_share").fillna(1) * people).sum() == 0:
        wrong.append("areas.csv: hospital_share is 0 everywhere: nobody would use the hospitals.")
    lists = float(_numbers(practices, "list_size").sum())
    if not people.sum() / 2 <= lists <= people.sum() * 2:
        wrong.append(
            f"practices.csv: the lists hold {lists:,.0f} people and {people.sum():,.0f} live here; "
            "they must be within a factor of two (give the part of each list that lives in the place)."
        )
    return wrong


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series[float]:
    if column not in frame:
        return pd.Series(np.nan, index=frame.index)
    return pd.to_numeric(frame[column].replace("", None)).astype(float)


def read(folder: Path, evidence: Evidence, name: str | None = None, label: str | None = None) -> Parts:
    """The parts of the place in a folder. Raises `UserError` with everything that is wrong in it."""
    wrong, frames = _checked(folder)
    if wrong:
        raise UserError(f"The place in {folder} cannot be used:\n" + "\n".join(f"  {line}" for line in wrong))
    name = name or folder.resolve().name
    raw_areas, raw_practices, raw_hospitals = (frames[file] for file in LAYOUT)
    areas = _areas(raw_areas)
    counts = raw_areas[PEOPLE].astype(float).to_numpy(np.int64).reshape(len(areas), 2, BANDS)
    residents = counts.sum(axis=(1, 2)).astype(np.float64)
    practices = _practices(raw_practices)
    points = areas[["lon", "lat"]].to_numpy(float)
    registration = register(
        points, residents, practices[["lon", "lat"]].to_numpy(float), practices["list_size"].to_numpy(float),
        evidence["places.registration.distance_km"], (np.zeros(len(areas)), np.zeros(len(practices))),
    )  # fmt: skip
    sites, activity = _sites(raw_hospitals)
    from sim.places.shipped import tables

    growth = _numbers(raw_areas, "growth").groupby(areas["lad_code"]).mean().dropna()
    return Parts(
        name=name,
        label=label or name.replace("_", " ").capitalize(),
        areas=areas,
        counts=counts,
        practices=practices.assign(list_simulated=registration.persons.sum(axis=0).round(1)),
        persons=registration.persons,
        sites=sites,
        pairs=_nearest(points),
        outlines=_hexagons(points),
        activity_share=activity,
        ages={},
        growth={str(code): float(value) for code, value in growth.items()},
        fit=registration.fit,
        sources=_sources(folder),
        mean_income_deprived=tables().mean_income_deprived,
    )


def _areas(raw: pd.DataFrame) -> pd.DataFrame:
    decile = raw["imd_decile"].astype(float).astype(int)
    filled: Callable[[str], pd.Series[float]] = lambda column: _numbers(raw, column).fillna(_typical(column, decile))  # noqa: E731
    authority = raw["authority"] if "authority" in raw else pd.Series("", index=raw.index)
    lonely = filled("lonely_share")
    return pd.DataFrame({
        "code": raw["code"], "name": raw["name"],
        "lad_code": authority.where(authority != "", "own"), "lad_name": authority.where(authority != "", "own"),
        "lon": raw["lon"].astype(float), "lat": raw["lat"].astype(float),
        "urban": _numbers(raw, "urban").fillna(1).astype(int),
        "imd_rank": raw["imd_rank"].astype(float).astype(int), "imd_decile": decile,
        "imd_score": _typical("imd_score", decile), "income_deprived": filled("income_deprived"),
        "overcrowded": filled("overcrowded"), "lonely_share": lonely,
        "lonely_ratio": lonely / _typical("lonely_share", decile),
        "hhft_share": _numbers(raw, "hospital_share").fillna(1.0),
    })  # fmt: skip


def _typical(column: str, decile: pd.Series[int]) -> pd.Series[float]:
    """The mean of the shipped neighbourhoods of the same deprivation decile."""
    from sim.places.shipped import tables

    areas = tables().areas
    return decile.map(areas.groupby("imd_decile")[column].mean()).astype(float)


def _practices(raw: pd.DataFrame) -> pd.DataFrame:
    pcn = raw["pcn"] if "pcn" in raw else pd.Series("", index=raw.index)
    return pd.DataFrame({
        "code": raw["code"], "name": raw["name"], "lon": raw["lon"].astype(float), "lat": raw["lat"].astype(float),
        "list_size": raw["list_size"].astype(float).astype(int), "pcn": pcn.where(pcn != "", raw["code"]),
        "imd_score": _numbers(raw, "imd_score"),
    })  # fmt: skip


def _sites(raw: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    given, beds = _numbers(raw, "bed_share"), _numbers(raw, "beds")
    even = beds / beds.sum() if beds.notna().all() and beds.sum() > 0 else pd.Series(1 / len(raw), index=raw.index)
    share = given if given.notna().all() else even
    activity = _numbers(raw, "activity_here").fillna(1.0)
    sites = pd.DataFrame({
        "code": raw["code"], "name": raw["name"], "lon": raw["lon"].astype(float), "lat": raw["lat"].astype(float),
        "has_ed": raw["has_ed"].astype(float) == 1, "bed_share": share / share.sum(), "beds": beds,
    })  # fmt: skip
    return sites, float((activity * share).sum() / share.sum())


def _nearest(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pairs of areas of which one is among the other's three nearest."""
    apart = distances(points, points)
    np.fill_diagonal(apart, np.inf)
    order = np.argsort(apart, axis=1, kind="stable")[:, : min(NEAREST, len(points) - 1)]
    pairs = {(min(a, b), max(a, b)) for a, row in enumerate(order.tolist()) for b in row}
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _hexagons(points: NDArray[np.float64]) -> list[list[list[list[float]]]]:
    """An outline for each point where none is known: a hexagon that reaches half-way to the nearest other point."""
    apart = distances(points, points)
    np.fill_diagonal(apart, np.inf)
    radius = np.minimum(apart.min(axis=1), 2.0) / 2 if len(points) > 1 else np.ones(1)
    turns = np.linspace(0, 2 * np.pi, CORNERS + 1)
    out = []
    for (lon, lat), km in zip(points, radius, strict=True):
        east = km / KM_PER_DEGREE / math.cos(math.radians(lat)) * np.cos(turns)
        north = km / KM_PER_DEGREE * np.sin(turns)
        out.append([[[round(lon + x, 5), round(lat + y, 5)] for x, y in zip(east, north, strict=True)]])
    return out


def _sources(folder: Path) -> pd.DataFrame:
    """The user's own sources.csv where there is one, otherwise a line that says whose facts these are."""
    columns = ["fact", "publisher", "dataset", "year", "licence", "method"]
    if (folder / "sources.csv").is_file():
        try:
            found = pd.read_csv(folder / "sources.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError):
            raise UserError(f"{folder / 'sources.csv'} cannot be read; it must be a CSV in UTF-8.") from None
        return found.reindex(columns=columns, fill_value="")
    row = ["everything about the place", "its maker", "areas.csv, practices.csv, hospitals.csv", "", "", "as given"]
    return pd.DataFrame([row], columns=columns)
