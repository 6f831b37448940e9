"""Reading the raw evidence folder, and writing tables that carry their own source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import UserError

OLDEST = 100  # single years of age run to 100, which means 100 and over
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Made:
    """One finished table: name, rows with a `value` column, and what its header says."""

    name: str
    rows: pd.DataFrame
    about: dict[str, str]

    def write(self, folder: Path) -> None:
        """Write it as header lines and CSV, in a stable order."""
        head = "".join(f"# {key}: {text}\n" for key, text in self.about.items())
        body = self.rows.to_csv(index=False, float_format="%.6g", lineterminator="\n")
        (folder / f"{self.name}.csv").write_text(head + body, encoding="utf-8")


class Raw:
    """The folder of raw files, and the England population that several tables weigh by."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def csv(self, name: str) -> pd.DataFrame:
        """One raw file. Raises `UserError` when it is not there."""
        path = self.folder / name
        if not path.is_file():
            raise UserError(f"{path} is missing; the layout of the raw folder is described in docs/evidence.md.")
        return pd.read_csv(path)

    @cache  # noqa: B019 - one Raw lives as long as one preparation
    def _projections(self) -> pd.DataFrame:
        table = self.csv("data/mortality/un_wpp_uk_deaths_population_single_age_2010_2050.csv")
        return table.set_index(["time", "age"])

    def uk(self, year: int, what: str) -> Array:
        """UK people (`pop`) or deaths (`death`) of one year as (sex, single age to the last in the file)."""
        rows = self._projections().loc[year]
        return np.array([rows[what + "female"].to_numpy(float), rows[what + "male"].to_numpy(float)])

    @cache  # noqa: B019
    def _by_decile(self) -> Array:
        table = self.csv("data/population/population_mid2020_england_by_imd2019_decile_single_year.csv")
        return table.sort_values("IMD_decile").iloc[:, 2:].to_numpy(float)

    def england_by_decile(self) -> Array:
        """England mid-2020, persons, (decile, age 0–90+ with everyone older in the last)."""
        return self._by_decile().copy()

    def england_cells(self) -> Array:
        """England mid-2020 as (sex, age 0–100, decile).

        Persons are split by the UK's male share of that age; 90 and over are spread over 90–100 as in the UK, by sex.
        """
        persons = self._by_decile()
        male = self.csv("tables/male_share_by_single_age_uk2020.csv")["male_share"].to_numpy(float)
        split = np.stack([persons * (1 - male), persons * male])  # sex, decile, age
        uk = self.uk(2020, "pop")
        old = np.concatenate([uk[:, 90:OLDEST], uk[:, OLDEST:].sum(1, keepdims=True)], axis=1)
        old /= old.sum(1, keepdims=True)
        tail = split[:, :, 90:] * old[:, None, :]
        return np.concatenate([split[:, :, :90], tail], axis=2).transpose(0, 2, 1)

    def england(self) -> Array:
        """England mid-2020 as (sex, age)."""
        return np.asarray(self.england_cells().sum(2))

    def register_by_decile(self, code: str) -> Array:
        """QOF 2019/20 register over list for each deprivation decile (10)."""
        table = self.csv("data/conditions/qof_prevalence_2019_20_by_imd_england.csv")
        rows = table[table["group_code"] == code].set_index("imd_overall")["prevalence"]
        return rows.loc[[str(decile) for decile in range(1, 11)]].to_numpy(float)

    def register_of_everyone(self, code: str, whole: str) -> float:
        """QOF 2019/20 register for England over the list of the register `whole`, which is everybody's."""
        return float(self._register(code)["register"].sum() / self._register(whole)["list"].sum())

    def is_of_adults(self, code: str, whole: str) -> bool:
        """Whether a register is kept over adults only, so that its list is clearly shorter than everybody's."""
        return float(self._register(code)["list"].sum()) < 0.9 * float(self._register(whole)["list"].sum())

    def _register(self, code: str) -> pd.DataFrame:
        table = self.csv("data/conditions/qof_prevalence_2019_20_by_imd_england.csv")
        return table[(table["group_code"] == code) & (table["imd_overall"] != "Wales")]


def bands(labels: pd.Series[str]) -> pd.DataFrame:
    """Labels like 16-24, 85+, 7 or `all` as columns age_from and age_to (inclusive), on the same index."""
    found = []
    for label in labels.astype(str):
        match = re.fullmatch(r"(\d+)(?:-(\d+)|(\+))?", label)
        if match:
            start = int(match[1])
            found.append((start, OLDEST if match[3] else int(match[2] or start)))
        elif label == "all":
            found.append((0, OLDEST))
        else:
            raise UserError(f"'{label}' is not an age band.")
    return pd.DataFrame(found, columns=["age_from", "age_to"], index=labels.index)


def both_sexes(table: pd.DataFrame) -> pd.DataFrame:
    """Sex as 0 (female) and 1 (male); a row for `both` becomes two. Sorted by its keys."""
    parts = [table[table["sex"].isin([name, "both"])].assign(sex=code) for code, name in enumerate(("female", "male"))]
    keys = [column for column in table.columns if column not in ("value", "age_to")]
    return pd.concat(parts).sort_values(keys).reset_index(drop=True)


def weighted_mean(rows: pd.DataFrame, people: Array) -> float:
    """Mean of a banded table by sex over people (sex, age); ages in no band count as zero."""
    total = 0.0
    strata = zip(rows["sex"].astype(int), rows["age_from"].astype(int), rows["age_to"].astype(int), strict=True)
    for (sex, start, end), value in zip(strata, rows["value"].astype(float), strict=True):
        total += value * float(people[sex, start : end + 1].sum())
    return total / float(people.sum())
