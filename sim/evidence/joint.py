"""Draws of evidence that belong together: the set that calibration left as not implausible, a row a draw.

`calibration/draws.csv` holds them; a file in a user's own folder (``mine/evidence/calibration/x.csv``) takes its place.
Lines ``# key: value`` at the top say where it comes from; ``held`` names strata that a column stands for: in a joint
draw they keep their central value, as their own uncertainty would otherwise count twice.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim import own
from sim.errors import UserError
from sim.evidence.distributions import uniform

SHIPPED = Path(__file__).parent / "calibration" / "draws.csv"
DRAWN_AS = "calibration.row"
"""The name under which a draw chooses its row."""
CENTRE = 0.5
"""The quantile at which a held stratum stands."""
ABOUT_A_ROW = ("draw", "central", "implausibility")


@dataclass(frozen=True)
class Joint:
    """Draws of some parameters together. about: what the file says of itself; names: its parameters; rows: their
    values; held: strata of tables that stay at their centre."""

    about: Mapping[str, str]
    names: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    held: tuple[str, ...] = ()

    def row(self, draw: int) -> dict[str, float]:
        """Values by name in evidence draw `draw`: those of one row, chosen by the draw; none in draw 0, which is the
        central evidence of the registry."""
        if draw == 0 or not self.rows:
            return {}
        at = int(uniform(draw, DRAWN_AS) * len(self.rows))
        return dict(zip(self.names, self.rows[at], strict=True)) | dict.fromkeys(self.held, CENTRE)


def in_force() -> Path | None:
    """The file of joint draws that is in force: the user's own, or the shipped one, or none.

    Raises `UserError` for two of the user's own.
    """
    mine = own.files("evidence/calibration", "*.csv")
    if len(mine) > 1:
        raise UserError(f"Only one table of calibrated draws can be in force, not {mine[0].name} and {mine[1].name}.")
    return mine[0] if mine else SHIPPED if SHIPPED.is_file() else None


def read(path: Path, known: Collection[str]) -> Joint:
    """The draws in a file. known: names that the registry has. Raises `UserError`: file, row and column."""
    about: dict[str, str] = {}
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    while lines and lines[0].startswith("#"):
        key, _, text = lines.pop(0).lstrip("# ").partition(":")
        about[key.strip()] = text.strip()
    table = list(csv.reader(lines))
    header = table[0] if table else []
    names = tuple(name for name in header if name not in ABOUT_A_ROW)
    if not names or len(table) < 2:
        raise UserError(f"{path.name} has no draws: its header must name parameters, and each row is a draw.")
    if strange := [name for name in names if name not in known]:
        raise UserError(f"{path.name}: the evidence has no '{strange[0]}'.")
    at = [header.index(name) for name in names]
    rows = tuple(_numbers(cells, at, header, f"{path.name} row {n}") for n, cells in enumerate(table[1:], 2))
    return Joint(about, names, rows, tuple(about.get("held", "").split()))


def _numbers(cells: Sequence[str], at: Sequence[int], header: Sequence[str], where: str) -> tuple[float, ...]:
    if len(cells) != len(header):
        raise UserError(f"{where} has {len(cells)} cells, not {len(header)}.")
    found = []
    for column in at:
        try:
            value = float(cells[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise UserError(f"{where}, {header[column]}: '{cells[column]}' is not a number.")
        found.append(value)
    return tuple(found)
