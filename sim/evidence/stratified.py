"""Stratified evidence: long tables with a `value` column, each a CSV file that carries its own source.

A file starts with lines ``# key: value`` (`title, unit, source, grade, note`, and how it is uncertain), then plain CSV.
Uncertainty is one of

- columns `low` and `high` in the table: each row has its own interval and the header's `distribution`; rows are drawn
  independently, or, with ``drawn_by: column``, together within each value of that column;
- header keys `low`, `high`: one factor (central value 1) is drawn and scales the whole table, or, with
  ``drawn_by: column``, one factor for each value of that column;
- neither: the table is fixed.

``least`` and ``most`` in the header bound the drawn values (a share stays within 0 and 1). A column `null`
gives, beside a column `grade`, the value a judged row takes when judged benefits are switched off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from sim import own
from sim.errors import UserError
from sim.evidence.distributions import fit, uniform

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).parent / "tables"
GRADES = ("read", "recalled", "judgement")
NOT_KEYS = ("value", "low", "high", "null", "source", "grade", "note")


@dataclass(frozen=True)
class Table:
    """One table: what it says of itself (`about`) and its rows as CSV text."""

    name: str
    about: dict[str, str]
    text: str

    @property
    def rows(self) -> pd.DataFrame:
        """Keys and `value` (and `low`, `high` where given), as in the file."""
        return _parse(self.text).copy()

    @property
    def keys(self) -> list[str]:
        """Columns that say which stratum a row is."""
        return _keys(_parse(self.text))

    @property
    def row_wise(self) -> bool:
        """Whether each row has its own interval."""
        return {"low", "high"} <= set(_parse(self.text).columns)

    @property
    def strata(self) -> list[str]:
        """What is drawn on its own: rows (`smoking:chd`), values of `drawn_by`, or nothing when all is drawn as one."""
        by = self.about.get("drawn_by")
        if self.row_wise:
            return list(_strata(self.text, (by,) if by else tuple(self.keys)))
        return list(dict.fromkeys(_names(self.text, (by,)))) if by and "low" in self.about else []

    @property
    def uncertain(self) -> bool:
        """Whether it has an interval, so that draws differ."""
        return bool(self.strata) if self.row_wise else "low" in self.about

    def drawn(self, draw: int, judged: bool = True, quantiles: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Keys and `value` of evidence draw `draw` (0 is the table as it stands), with or without judged benefits.

        ``quantiles`` sets by hand at which quantile (between 0 and 1) of its distribution a stratum stands, by its name
        in `strata`; the empty name stands for all strata that are not named.
        """
        if not draw and not quantiles:
            return self.central(judged).copy()
        rows = _parse(self.text)
        return _off(rows, self._drawn(rows, draw, quantiles or {}), judged)

    def central(self, judged: bool = True) -> pd.DataFrame:
        """Keys and `value` of the table as it stands; always the same frame, which is not to be changed."""
        return _central(self.text, judged)

    def _drawn(self, rows: pd.DataFrame, draw: int, quantiles: Mapping[str, float]) -> pd.DataFrame:
        keys = self.keys
        frame = rows[[*keys, "value"]].astype({"value": float})
        kind, by = self.about.get("distribution", "lognormal"), self.about.get("drawn_by")

        def value_at(stratum: str, value: float, low: float, high: float) -> float:
            u = quantiles.get(stratum, quantiles.get(""))
            if u is None:
                if draw == 0:
                    return value
                u = uniform(draw, self._row_name(stratum))
            return value if low == high else fit(kind, value, low, high).quantile(u)

        if self.row_wise:
            names = _names(self.text, (by,) if by else tuple(keys))
            strata = zip(names, rows["value"], rows["low"], rows["high"], strict=True)
            frame["value"] = [value_at(*stratum) for stratum in strata]
        elif "low" in self.about:
            ends = float(self.about["low"]), float(self.about["high"])
            if by:
                frame["value"] = frame["value"] * [value_at(each, 1.0, *ends) for each in frame[by].astype(str)]
            else:
                frame["value"] *= value_at("", 1.0, *ends)
        return self._bounded(frame)

    def faults(self) -> list[str]:
        """What is missing or impossible in this table; empty when it is complete."""
        rows = _parse(self.text)
        found = [f"has no {what}" for what in ("title", "unit", "source", "grade") if not self.about.get(what)]
        if self.about.get("grade") not in (None, *GRADES):
            found.append(f"has the grade '{self.about['grade']}', not one of {', '.join(GRADES)}")
        if "grade" in rows and not set(rows["grade"]) <= set(GRADES):
            found.append("has rows with another grade")
        if rows["value"].isna().any():
            found.append("has rows without a value")
        if rows.duplicated(self.keys).any():
            found.append("has the same stratum twice")
        try:
            self.drawn(1)
        except (UserError, ValueError) as fault:
            found.append(str(fault).removesuffix("."))
        return [f"table {self.name}: {fault}" for fault in found]

    def _row_name(self, key: str) -> str:
        return f"table.{self.name}:{key}" if key else f"table.{self.name}"

    def _bounded(self, frame: pd.DataFrame) -> pd.DataFrame:
        least, most = (float(self.about[k]) if k in self.about else None for k in ("least", "most"))
        frame["value"] = frame["value"].clip(least, most)
        return frame


@lru_cache(maxsize=256)
def _parse(text: str) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(StringIO(text))


@lru_cache(maxsize=512)
def _central(text: str, judged: bool) -> pd.DataFrame:
    rows = _parse(text)
    return _off(rows, rows[[*_keys(rows), "value"]].copy(), judged)


def _off(rows: pd.DataFrame, frame: pd.DataFrame, judged: bool) -> pd.DataFrame:
    """A table as drawn, in which judged rows take their null value unless `judged`."""
    if not judged and "null" in rows:
        off = (rows["grade"] == "judgement") & rows["null"].notna()
        frame.loc[off, "value"] = rows.loc[off, "null"]
    return frame


def _keys(rows: pd.DataFrame) -> list[str]:
    return [column for column in rows.columns if column not in NOT_KEYS]


@lru_cache(maxsize=256)
def _names(text: str, columns: tuple[str, ...]) -> list[str]:
    """What the rows of a table are called by some of its columns; the same in every draw."""
    rows = _parse(text)
    return [":".join(cells) for cells in zip(*(rows[column].astype(str) for column in columns), strict=True)]


@lru_cache(maxsize=256)
def _strata(text: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Of the names of rows, those with an interval, each once."""
    rows = _parse(text)
    wide = rows["low"] != rows["high"]
    return tuple(dict.fromkeys(name for name, it in zip(_names(text, columns), wide, strict=True) if it))


def read(path: Path) -> Table:
    """A table file; its name is the file's name. Raises `UserError` when it has no `value` column."""
    about: dict[str, str] = {}
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    first = 0
    for first, line in enumerate(lines):  # noqa: B007 - the first line that is no header is where the CSV starts
        match = re.match(r"#\s*(\w+)\s*:\s*(.*)", line)
        if match:
            about[match[1]] = match[2].strip()
        elif not line.startswith("#"):
            break
    columns = lines[first].strip().split(",") if lines else []
    if "value" not in columns:
        raise UserError(f"The table {path.name} has no column 'value'.")
    return Table(path.stem, about, "".join(lines[first:]))


def load(folder: Path | None = None) -> dict[str, Table]:
    """All tables of a folder (the shipped one unless said), by name."""
    return {path.stem: read(path) for path in sorted((folder or FOLDER).glob("*.csv"))}


def with_own_rows(tables: dict[str, Table]) -> dict[str, Table]:
    """Tables with the rows of the user's own files of the same name added; other own files are tables of their own.

    Raises `UserError` naming the file for other columns than the table's, a row that stands there already, or rows that
    do not say their source and grade.
    """
    found = dict(tables)
    for file in own.files("evidence/tables", "*.csv"):
        mine, shipped = read(file), found.get(file.stem)
        found[file.stem] = mine if shipped is None else _joined(shipped, mine, file.name)
        if faults := found[file.stem].faults():
            raise UserError(f"{file.name}: {faults[0]}.")
    return found


def _joined(shipped: Table, mine: Table, file: str) -> Table:
    have, wanted = _parse(mine.text), _parse(shipped.text)
    if list(have.columns) != list(wanted.columns):
        raise UserError(f"{file}: its columns must be {','.join(wanted.columns)}.")
    for key in ("source", "grade"):
        if key not in have and not mine.about.get(key):
            raise UserError(f"{file}: say where its rows come from, in a line '# {key}: …' above them.")
    if "grade" not in have and mine.about["grade"] not in GRADES:
        raise UserError(f"{file}: has the grade '{mine.about['grade']}', not one of {', '.join(GRADES)}.")
    said = {key: mine.about[key] for key in ("source", "grade") if key in mine.about}
    about = {**shipped.about}
    if said:
        about["source"] = f"{shipped.about.get('source', '')}. Rows added: {'; '.join(said.values())}"
    joined = Table(shipped.name, about, shipped.text.rstrip("\n") + "\n" + mine.text.partition("\n")[2])
    both = _parse(joined.text)
    if both.duplicated(joined.keys).any():
        twice = both[both.duplicated(joined.keys)].iloc[0]
        raise UserError(f"{file}: the row of {', '.join(f'{key} {twice[key]}' for key in joined.keys)} stands twice.")
    return joined
