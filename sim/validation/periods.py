"""When a target holds: the beginning of the model, a month, a calendar year, a financial year."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim import clock
from sim.clock import MONTHS_A_YEAR

LAST_YEAR = 2045
APRIL = 4
EXAMPLES = "start, start+5, 2023, 2022/23 or 2024-03"


@dataclass(frozen=True)
class Period:
    """The months from `first` to `last` (months since July 2020, both included).

    plain: rates are those before the calendar (pandemic, seasons, the trend of mortality): the evidence as it enters.
    """

    text: str
    first: int
    last: int
    plain: bool = False

    @property
    def middle(self) -> int:
        """The month at whose start the residents are looked at."""
        return self.first if self.plain else (self.first + self.last + 1) // 2

    @property
    def years(self) -> float:
        """Its length in years."""
        return (self.last - self.first + 1) / MONTHS_A_YEAR

    @property
    def financial(self) -> bool:
        """Whether it is a financial year, from April to March."""
        return self.last - self.first + 1 == MONTHS_A_YEAR and clock.calendar_month(self.first) == APRIL

    @property
    def months(self) -> range:
        """Its months."""
        return range(self.first, self.last + 1)

    def later(self, years: int) -> Period:
        """The beginning of the model moved on by whole years, before the calendar."""
        return Period(f"start+{years}", years * MONTHS_A_YEAR, years * MONTHS_A_YEAR, plain=True)


START = Period("start", 0, 0, plain=True)


def read(text: str) -> Period:
    """A period from a cell. Raises `ValueError` with a sentence."""
    cell = text.strip()
    if match := re.fullmatch(r"start(?:\s*\+\s*(\d{1,2}))?", cell):
        years = int(match[1] or 0)
        found = START if years == 0 else START.later(years)
    elif match := re.fullmatch(r"(\d{4})/(\d{2})", cell):
        year = int(match[1])
        if (year + 1) % 100 != int(match[2]):
            raise ValueError(f"is '{text}'; a financial year is written like 2022/23.")
        first = _month(year, APRIL)
        found = Period(cell, first, first + MONTHS_A_YEAR - 1)
    elif match := re.fullmatch(r"(\d{4})-(\d{2})", cell):
        if not 1 <= int(match[2]) <= MONTHS_A_YEAR:
            raise ValueError(f"is '{text}'; months run from 01 to 12.")
        first = _month(int(match[1]), int(match[2]))
        found = Period(cell, first, first)
    elif match := re.fullmatch(r"\d{4}", cell):
        first = _month(int(cell), 1)
        found = Period(cell, first, first + MONTHS_A_YEAR - 1)
    else:
        raise ValueError(f"is '{text}'; it must be one of {EXAMPLES}.")
    if found.first < 0:
        raise ValueError(f"is '{text}', before the model begins in July 2020; use start and say so in the note.")
    if found.last >= _month(LAST_YEAR, 1):
        raise ValueError(f"is '{text}'; the last year that can be asked for is {LAST_YEAR - 1}.")
    return found


def _month(year: int, month: int) -> int:
    return (year - clock.FIRST_YEAR) * MONTHS_A_YEAR + month - clock.FIRST_MONTH
