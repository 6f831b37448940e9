"""Rebuild the shipped table of targets: ``python -m sim.validation.prepare FOLDER``.

FOLDER holds calibration_targets.csv (quantity, population, year, value, unit, tolerance, source, confidence, note). A
fact keeps its value, tolerance, source and confidence; what stands for it in the model (measure, whom, when, where,
estimand, role) is decided here, quantity by quantity, and written in the documented grammar.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from sim.errors import UserError
from sim.validation.grammar import COLUMNS, SHIPPED
from sim.validation.prepare_rows import PATTERNS, READABLE, RENAMED, UNFITTED

Row = dict[str, str]
PLACES = {"England": "england", "HHFT": "north_mid_hampshire", "HIOW": "england", "Islington etc.": "england"}
LOCAL = "north_mid_hampshire"
UNITS = {
    "per year": "per person", "share/rate": "share", "0-10": "points", "patients": "people", "beds": "beds",
}  # fmt: skip


def prepare(folder: Path) -> list[Row]:
    """The rows of the shipped table. Raises `UserError` for a quantity that nothing here decides about."""
    source = folder / "calibration_targets.csv"
    if not source.is_file():
        raise UserError(f"{source} is missing.")
    with source.open(encoding="utf-8", newline="") as text:
        facts = list(csv.DictReader(text))
    rows = [row_of(fact) for fact in facts]
    rows += [{**row, **change} for row in rows for change in UNFITTED.get(row["name"], ())]
    return rows


def row_of(fact: Mapping[str, str]) -> Row:
    """One row from one fact."""
    quantity, population = fact["quantity"], fact["population"]
    match, decided = _decided(population, quantity)
    area = population if population not in PLACES else ""
    given = {key: value for key, value in decided.items() if "@" not in key}
    for key, value in decided.items():
        if key.endswith("@local") and area:
            given[key.removesuffix("@local")] = value
        if key.endswith(f"@{fact['year']}"):
            given[key.removesuffix(f"@{fact['year']}")] = value
    row = {key: match.expand(value) for key, value in given.items()}
    for column in ("measure", "who", "against"):
        for word, name in RENAMED.items():
            row[column] = re.sub(rf"\b{re.escape(word)}(?!\w)", name, row.get(column, ""))
    for word, name in READABLE.items():
        row["label"] = row["label"].replace(word, name)
    where = f"{population}, " if population != "England" or area else ""
    years = f", {fact['year']}" if fact["year"] != "see source" else ""
    if area:
        row["who"] = "; ".join(filter(None, [row.get("who", ""), f"area={area}"]))
    value, tolerance = fact["value"], _tolerance(fact["tolerance"])
    less = row.pop("less", "")
    if less:
        value = f"{float(value) - float(less):.6g}"
    if row.pop("complement", ""):
        value = f"{1 - float(value):.6g}"
    note = "; ".join(filter(None, [row.pop("note", ""), fact["note"] if row.pop("keep_note", "") else ""]))
    return {
        **dict.fromkeys(COLUMNS, ""),
        "name": f"{where}{row.pop('label')}{years}", "place": LOCAL if area else PLACES[population],
        "value": value, "unit": row.pop("unit", UNITS.get(fact["unit"], fact["unit"])),
        "tolerance": tolerance, "source": fact["source"], "confidence": fact["confidence"], "dated": fact["year"],
        "estimand": "true", "role": "check", "statistic": "level", "year": "start", "by_construction": "no",
        **row, "note": note,
    }  # fmt: skip


def _decided(population: str, quantity: str) -> tuple[re.Match[str], Mapping[str, str]]:
    for pattern, decided in PATTERNS:
        match = re.fullmatch(pattern, f"{population} {quantity}") or re.fullmatch(pattern, quantity)
        if match:
            return match, decided
    raise UserError(f"calibration_targets.csv: nothing is decided about '{quantity}'.")


def _tolerance(text: str) -> str:
    """``10% relative``, ``0.07 abs``, ``-10% / +35% (…)`` in the grammar of targets."""
    plain = re.sub(r"\(.*\)", "", text)
    plain = re.sub(r"\s*(relative|rel|abs)\b", "", plain)
    return plain.replace(" ", "")


def write(rows: list[Row], path: Path) -> None:
    """Write the table."""
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    write(prepare(Path(sys.argv[1])), SHIPPED)
