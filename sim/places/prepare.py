"""Build the product's own tables of Hampshire and the Isle of Wight from the publishers' files.

`build` reads a folder laid out as ``README.md`` of the raw data describes (population/, geography/, deprivation/,
primary_care/, hospital/, mortality/, wellbeing/, and ../tables/ beside it) and writes small CSV tables, one idea each,
with the source of every fact and the error of every estimate. Nothing at run time needs the raw files.

What is written: `areas.csv` one row per LSOA 2021; `residents.csv` women and men by five-year band; `authorities.csv`
one row per local authority; `single_ages.csv`; `practices.csv`; `sites.csv`; `neighbours.csv`; `outlines.json.gz`;
`sources.csv`; `metadata.json`.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd

from sim.errors import UserError
from sim.places import prepare_care, prepare_fit, prepare_land, prepare_people

FORMAT = 1
INPUTS = Path(__file__).parent / "inputs"
"""Small tables of our own: postcode districts, trusts' sites, border practices, and the sources of every fact."""


class Raw:
    """The raw folder: reads a table and says in one sentence when it is not there or lacks a column."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.tables = self.folder.parent / "tables"
        if not self.folder.is_dir():
            raise UserError(f"There is no folder {self.folder} to build a place from.")

    def csv(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """A table of the folder; names that start with ``tables/`` stand beside it."""
        path = self.tables / name.removeprefix("tables/") if name.startswith("tables/") else self.folder / name
        if not path.is_file():
            raise UserError(f"The file {name} is missing from {self.folder}.")
        try:
            frame = pd.read_csv(path)
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
            raise UserError(f"The file {name} in {self.folder} cannot be read as CSV in UTF-8.") from None
        for column in columns or []:
            if column not in frame:
                raise UserError(f"The file {name} has no column '{column}'.")
        return frame

    def json(self, name: str) -> Any:
        """A JSON file of the folder."""
        path = self.folder / name
        if not path.is_file():
            raise UserError(f"The file {name} is missing from {self.folder}.")
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise UserError(f"The file {name} in {self.folder} is not JSON.") from None

    @staticmethod
    def own(name: str) -> pd.DataFrame:
        """One of our own small input tables."""
        return pd.read_csv(INPUTS / name)


def build(folder: str | Path, out: str | Path) -> list[Path]:
    """Write the tables of all areas in `folder` to `out`; returns the files written.

    Raises `UserError` when a raw file or column is missing; nothing is written before everything could be read.
    """
    try:
        made, metadata = _made(Raw(Path(folder)))
    except (KeyError, IndexError) as fault:
        raise UserError(f"The files in {folder} do not belong together: {fault.args[0]!r} is missing in one.") from None
    except pd.errors.IntCastingNaNError:
        raise UserError(f"The files in {folder} do not belong together: one lacks areas that another has.") from None
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    written = [(_gzip if name.endswith(".gz") else _csv)(content, out / name) for name, content in made.items()]
    path = out / "metadata.json"
    path.write_text(json.dumps(metadata, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [*written, path]


def _made(raw: Raw) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables by file name, and what is known of how they were made."""
    people = prepare_people.residents(raw)
    areas = prepare_land.areas(raw)
    areas, lonely = prepare_land.loneliness(areas, people.table(areas["code"].tolist()))
    sites = prepare_care.sites(raw)
    practices, registered = prepare_care.practices(raw, areas)
    authorities, catchment = prepare_care.authorities(raw, people.authorities)
    pairs, adjacency = prepare_land.neighbours(raw, areas)
    codes = areas["code"].tolist()
    counts = people.table(codes).drop(columns="code").to_numpy("int64").reshape(len(codes), 2, -1)
    catchment["border"] = prepare_fit.border(areas, counts, sites, authorities.set_index("lad_code")["capture_share"])
    registered["registration"] = prepare_fit.registration(areas, counts, practices)
    made = {
        "areas.csv": areas, "residents.csv": people.table(codes), "authorities.csv": authorities,
        "single_ages.csv": people.single_ages, "practices.csv": practices, "sites.csv": sites,
        "neighbours.csv": pairs, "outlines.json.gz": prepare_land.outlines(raw, codes),
        "sources.csv": raw.own("sources.csv"),
    }  # fmt: skip
    metadata = {
        "format": FORMAT,
        "areas": len(areas),
        "residents": int(people.counts.sum()),
        "practices": len(practices),
        "measured": {"residents": people.measured, "practices": registered, "catchment": catchment,
                     "neighbours": adjacency, "loneliness": lonely},
    }  # fmt: skip
    return made, metadata


def _csv(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path, index=False, lineterminator="\n")
    return path


def _gzip(content: Any, path: Path) -> Path:
    text = json.dumps(content, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(text, 9, mtime=0))
    return path
