"""How large: values, units, tolerances and trends as they stand in a cell."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Unit:
    """What a value is counted in. factor: what a share or a rate of one person is multiplied by; counted: whole numbers
    of people, events or things instead."""

    name: str
    factor: float = 1.0
    counted: bool = False


UNITS: Mapping[str, Unit] = {
    unit.name: unit
    for unit in (
        Unit("share"), Unit("%", 100.0), Unit("percentage points", 100.0), Unit("ratio"), Unit("per person"),
        Unit("per 1000", 1e3), Unit("per 100000", 1e5), Unit("years"), Unit("children"), Unit("points"),
        Unit("utility"), Unit("days"), Unit("£"), Unit("people", counted=True), Unit("events", counted=True),
        Unit("beds", counted=True),
    )
}  # fmt: skip
PER_HEAD = ("share", "%", "per person", "per 1000", "per 100000")


@dataclass(frozen=True)
class Tolerance:
    """How far below and above the value still counts as met; both not negative, in the value's unit."""

    below: float
    above: float

    def holds(self, found: float, value: float) -> bool:
        """Whether a figure is met (false for not-a-number)."""
        slack = 1e-9 * max(abs(value), 1e-12)
        return value - self.below - slack <= found <= value + self.above + slack

    def distance(self, found: float, value: float) -> float:
        """How far off, in tolerances: −1 is the lower end of what is met and +1 the upper."""
        off = found - value
        side = self.above if off > 0 else self.below
        return off / side if side > 0 else math.copysign(math.inf, off) if off else 0.0


def number(text: str) -> float:
    """A finite number. Raises `ValueError` with a sentence."""
    cell = text.strip().replace("−", "-")
    try:
        value = float(cell)
    except ValueError:
        hint = " (write decimals with a point and no thousands mark)" if "," in cell else ""
        raise ValueError(f"is '{text}', not a number{hint}.") from None
    if not math.isfinite(value):
        raise ValueError(f"is '{text}', not a finite number.")
    return value


def unit(text: str) -> Unit:
    """A unit by its name. Raises `ValueError` with a sentence."""
    cell = text.strip().replace("1,000", "1000").replace("100,000", "100000")
    if cell in UNITS:
        return UNITS[cell]
    near = get_close_matches(cell, UNITS, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise ValueError(f"is '{text}', which is no unit.{meant} It must be one of {', '.join(UNITS)}.")


def tolerance(text: str, value: float) -> Tolerance:
    """``0.02`` (in the unit of the value), ``5%`` (of the value) or ``-10%/+35%``. Raises `ValueError`."""
    parts = [part.strip().replace("−", "-") for part in text.split("/")]
    if not text.strip() or len(parts) > 2:
        raise ValueError(f"is '{text}'; write 0.02, 5% or -10%/+35%.")
    sizes = [_size(part, text, abs(value)) for part in parts]
    if len(parts) == 2 and not (parts[0].startswith("-") and not parts[1].startswith("-")):
        raise ValueError(f"is '{text}'; of two, the first is how far below (-10%) and the second how far above (+35%).")
    if len(parts) == 1 and parts[0].startswith("-"):
        raise ValueError(f"is '{text}'; it must not be negative.")
    return Tolerance(abs(sizes[0]), abs(sizes[-1]))


def trend(text: str, value: float) -> float:
    """Change a year: ``-0.005`` in the unit of the value or ``1.2%`` of it; nothing is none. Raises `ValueError`."""
    cell = text.strip().replace("−", "-")
    if not cell:
        return 0.0
    return _size(cell, text, value)


def _size(part: str, text: str, whole: float) -> float:
    match = re.fullmatch(r"([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)\s*(%?)", part)
    if not match:
        raise ValueError(f"is '{text}'; write 0.02, 5% or -10%/+35%.")
    size = float(match[1])
    if not math.isfinite(size):
        raise ValueError(f"is '{text}', not a finite number.")
    return size / 100 * whole if match[2] else size
