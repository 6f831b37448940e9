"""Rebuild the rows by local authority: ``python -m sim.validation.prepare_authorities FOLDER``.

They are in the grammar of targets, shown and not counted: registers of QOF 2019/20, and smoking, life satisfaction and
life expectancy of the ONS Health Index 2021, for the authorities of the default place, but for those that the table of
targets has already. The tolerances are the widest of the like there (registers) or judged (the others).
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from sim.errors import UserError
from sim.validation.grammar import AUTHORITIES, COLUMNS, SHIPPED
from sim.validation.prepare import LOCAL, Row

NAMES = ("Basingstoke and Deane", "Winchester", "Test Valley", "Eastleigh", "East Hampshire", "Hart")
TYPE_1 = 0.005  # of adults; not modelled
REGISTERS = {
    "DM": ("type 2 diabetes register, 17+", "type2_diabetes", "age=17+"),
    "CHD": ("CHD register", "chd", ""),
    "COPD": ("COPD register", "copd", ""),
    "STIA": ("stroke and TIA register", "stroke", ""),
    "HF": ("heart failure register", "heart_failure", ""),
    "HYP": ("hypertension register", "hypertension", ""),
    "DEP": ("depression register, 18+", "depression", "age=18+"),
}
INDEX = {
    "Smoking": ("smoking, adults", "smoking", "age=18+", "share", 0.01, "0.03"),
    "Life satisfaction": ("life satisfaction", "life_satisfaction", "age=16+", "points", 1.0, "0.2"),
    "Life expectancy": ("life expectancy", "life_expectancy", "", "years", 1.0, "1"),
}
YEAR = 2021


def rows(folder: Path) -> Iterator[Row]:
    """Every row. Raises `UserError` when a file is missing."""
    registers = folder / "data" / "conditions" / "qof_prevalence_2019_20_lad_hants_england.csv"
    index = folder / "data" / "wellbeing" / "ons_health_index_indicators_ltla_hants_2015_2021.csv"
    for path in (registers, index):
        if not path.is_file():
            raise UserError(f"{path} is missing.")
    qof, ons = pd.read_csv(registers), pd.read_csv(index)
    for name in NAMES:
        for code, (label, measure, who) in REGISTERS.items():
            for value in qof.loc[(qof["lad_name"] == name) & (qof["group_code"] == code), "prevalence"]:
                less = TYPE_1 if code == "DM" else 0.0
                yield _row(name, f"{label}, 2019/20", measure, who, float(value) - less, "share", "12%", {
                    "source": "QOF 2019/20 via House of Commons Library", "confidence": "read", "dated": "2019/20",
                    "estimand": "coded" if code == "DEP" else "registered", "year": "start",
                })  # fmt: skip
        for indicator, (label, measure, who, unit, factor, tolerance) in INDEX.items():
            here = (ons["name"] == name) & (ons["indicator"] == indicator) & (ons["year"] == YEAR)
            for value in ons.loc[here, "value"]:
                plain = "start" if measure == "life_expectancy" else str(YEAR)
                yield _row(name, f"{label}, {YEAR}", measure, who, factor * float(value), unit, tolerance, {
                    "source": "ONS Health Index 2021", "confidence": "read", "dated": str(YEAR), "year": plain,
                    "note": "tolerance judged" + ("; rates of 2019, before the calendar" if plain == "start" else ""),
                })  # fmt: skip


def _row(area: str, label: str, measure: str, who: str, value: float, unit: str, tolerance: str, more: Row) -> Row:
    return {
        **dict.fromkeys(COLUMNS, ""), "name": f"{area}, {label}", "measure": measure, "place": LOCAL,
        "who": "; ".join(filter(None, [who, f"area={area}"])), "value": f"{value:.5g}", "unit": unit,
        "tolerance": tolerance, "group": area, "estimand": "true", "role": "check", "statistic": "level",
        "by_construction": "no", **more,
    }  # fmt: skip


def main(folder: Path) -> None:
    """Write the table."""
    with SHIPPED.open(encoding="utf-8", newline="") as text:
        there = {row["name"] for row in csv.DictReader(text)}
    with AUTHORITIES.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for row in rows(folder) if row["name"] not in there)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m sim.validation.prepare_authorities FOLDER")
    main(Path(sys.argv[1]))
