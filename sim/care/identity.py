"""What an account of the books is, and over which year it is drawn up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from sim.care.indices import BASE_FIRST
from sim.clock import MONTHS_A_YEAR
from sim.errors import UserError

if TYPE_CHECKING:
    from sim.system import CareSystem

TOLERANCE = 0.03
STANDARD_ERRORS = 3.0
EXACT = 1e-9


@dataclass(frozen=True)
class Identity:
    """One account: `left` (the model) must equal `right`.

    must: whether it fails or is only shown; at_most: `right` is a bound, not a value; gap: for a stock carried from
    month to month, the largest difference in any month (amounts), which must be 0.
    """

    account: str
    name: str
    left: float
    right: float
    unit: str
    must: bool = True
    allowed: float = TOLERANCE
    note: str = ""
    at_most: bool = False
    gap: float = 0.0

    @property
    def off(self) -> float:
        """Relative difference; 0 when both are 0."""
        if self.left == self.right:
            return 0.0
        return self.left / self.right - 1 if self.right else float("inf")

    @property
    def closes(self) -> bool:
        """Within what is allowed, or only shown."""
        off = self.off if self.at_most else abs(self.off)
        return not self.must or (off <= self.allowed and self.gap == 0)


@dataclass(frozen=True)
class Year:
    """Totals of the base year, or of the last twelve months when the run is shorter."""

    m: CareSystem
    first: int
    last: int

    def total(self, name: str, whole: float = 1.0) -> float:
        """Sum over the year, divided by `whole`."""
        return self.m.care.ledger.total(name, self.first, self.last) / whole

    def mean(self, name: str, whole: float = 1.0) -> float:
        """Mean month, divided by `whole`."""
        return self.m.care.ledger.mean(name, self.first, self.last) / whole

    def allowed(self, count: str) -> float:
        """What a count may be off by: 3 %, or three standard errors when the town is small."""
        return within(self.total(count))

    def carried(self, into: str, *before: tuple[str, int]) -> tuple[float, float, float]:
        """A stock carried from month to month: what each month took over, what the month before left, the largest gap.

        into: name of what a month takes over; before: (name, +1 or −1) of what makes it up in the month before.
        """
        of = self.m.care.ledger.of
        months = range(max(self.first, self.m.care.ledger.months[0] + 1), self.last + 1)
        taken = [of(into, month) for month in months]
        left = [sum(sign * of(name, month - 1) for name, sign in before) for month in months]
        gap = max((abs(a - b) for a, b in zip(taken, left, strict=True)), default=0.0)
        return sum(taken), sum(left), gap


def within(count: float) -> float:
    """What a count may be off by: 3 %, or three standard errors of a Poisson count."""
    return max(TOLERANCE, STANDARD_ERRORS / sqrt(max(count, 1.0)))


def base_year(m: CareSystem) -> Year:
    """The base year of a model that has passed it. Raises `UserError` when it has lived less than a year."""
    months = m.care.ledger.months
    if len(months) < MONTHS_A_YEAR:
        raise UserError("The books need at least twelve months of care; let the model run for longer.")
    last = min(months[-1], BASE_FIRST + MONTHS_A_YEAR - 1)
    return Year(m, last - MONTHS_A_YEAR + 1, last)


def close(identities: Sequence[Identity]) -> bool:
    """Whether every account that must close does."""
    return all(identity.closes for identity in identities)


def render(identities: Sequence[Identity]) -> str:
    """The books as a table for a terminal."""
    lines = [f"{'account':<20}{'':<56}{'model':>13}{'must be':>13}{'off':>8}  unit"]
    before = ""
    for each in identities:
        mark = "" if each.closes else "  DOES NOT CLOSE"
        shown = "" if each.must else "  (shown, not required)"
        bound = "at most " if each.at_most else ""
        lines.append(
            f"{each.account if each.account != before else '':<20}{each.name:<56}{_number(each.left):>13}"
            f"{_number(each.right):>13}{100 * each.off:>7.1f}%  {bound}{each.unit}{shown}{mark}"
        )
        if each.note:
            lines.append(f"{'':<22}{each.note}")
        if each.gap:
            lines.append(f"{'':<22}in one month it is off by {_number(each.gap)}")
        before = each.account
    failed = sum(not each.closes for each in identities)
    required = sum(each.must for each in identities)
    lines.append(f"{required - failed} of {required} accounts close." if failed else f"All {required} accounts close.")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3f}"
