"""Words of a sweep's report: outcomes, amounts, factors and their limits, as people write them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.outcomes.rounding import plain, signed, step_of
from sim.outcomes.sentences import pounds
from sim.report.style import MINUS, NBSP, percent
from sim.report.words import join

if TYPE_CHECKING:
    from matplotlib.axis import Axis

    from sim.sweeps.prim import Limit

LONGEST = 46  # of a factor's label on an axis


@dataclass(frozen=True)
class Outcome:
    """What is looked at. label: no leading capital; unit; good: +1, −1 or 0; where: of which scenario, against what and
    when; labels: factor or group → words.
    """

    label: str
    unit: str
    good: int
    where: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def factor(self, name: str) -> str:
        """A factor's or group's words."""
        return self.labels.get(name, name)

    def amount(self, value: float, step: float = 0.0) -> str:
        """A change in this outcome with its sign, without the unit unless it is money."""
        if self.unit.startswith("£"):
            return money(value, sign=True)
        return signed(value, step or step_of(abs(value)))

    @property
    def unit_words(self) -> str:
        """The unit after an amount: nothing for money, whose sign stands before it."""
        return "" if self.unit.startswith("£") else NBSP + self.unit


def money(value: float, sign: bool = False) -> str:
    """``£1.2m``, ``−£350,000``; with a plus sign for what is above nought if asked."""
    text = pounds(abs(value))
    if not any(digit in text for digit in "123456789"):
        return "£0"
    return f"{MINUS if value < 0 else '+' if sign else ''}£{text}"


def money_axis(axis: Axis) -> None:
    """Ticks in pounds, with as many decimals as tell neighbours apart."""
    places = axis.get_majorticklocs()
    gap = float(np.diff(places).min()) if len(places) > 1 else 1.0
    most = float(np.abs(axis.get_view_interval()).max())
    scale, letters = next(((s, t) for s, t in ((1e9, "bn"), (1e6, "m"), (1e3, "k")) if most >= s), (1.0, ""))
    decimals = max(0, -math.floor(math.log10(gap / scale) + 1e-9)) if gap > 0 else 0
    if gap / scale * 10**decimals % 1 > 1e-6:  # steps of 0.25
        decimals += 1

    def said(value: float, _position: float | None = None) -> str:
        text = f"{abs(value) / scale:,.{decimals}f}"
        minus = MINUS if value < 0 and any(c in "123456789" for c in text) else ""
        return "£0" if value == 0 else f"{minus}£{text}{letters}"

    axis.set_major_formatter(said)


def share(value: float) -> str:
    """A share in whole per cent, honest at the ends: ``under 1 %``, ``over 99 %``."""
    if 0 < value < 0.01:
        return f"under 1{NBSP}%"
    return f"over 99{NBSP}%" if 0.99 < value < 1 else percent(value, 0)


def capital(text: str) -> str:
    """With a capital letter first."""
    return text[:1].upper() + text[1:]


def figures(value: float) -> str:
    """A factor's value to three figures: ``12``, ``0.35``, ``1,240``."""
    text = plain(value, step_of(abs(value), 3)) if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def limit(what: str, one: Limit) -> str:
    """A limit in words: ``uptake at least 0.3``, ``roll-out everywhere or by need``."""
    if one.choices is not None:
        return f"{what} {' or '.join(map(_choice, one.choices))}"
    if one.low is not None and one.high is not None:
        return f"{what} from {figures(one.low)} to {figures(one.high)}"
    if one.low is not None:
        return f"{what} at least {figures(one.low)}"
    return f"{what} at most {figures(one.high or 0.0)}"


def limits(of: Mapping[str, Limit], labels: Mapping[str, str]) -> str:
    """All limits of a box."""
    return join([limit(labels.get(name, name), one) for name, one in of.items()])


def _choice(value: Any) -> str:
    return str(value).replace("_", " ")
