"""Months of the model: whole numbers counted from July 2020, the first month that is simulated.

Population data are mid-2020, so the model runs itself forward from July 2020 (month 0). Financial years
start in April.
"""

from __future__ import annotations

import re

from sim.errors import UserError

FIRST_YEAR, FIRST_MONTH = 2020, 7
MONTHS_A_YEAR = 12
NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def month_of(text: str) -> int:
    """The month number of a date written YYYY-MM (``"2026-04"`` is 69).

    Raises `UserError` when the text is not such a date.
    """
    match = re.fullmatch(r"(\d{4})-(\d{2})", str(text))
    if match is None or not 1 <= int(match[2]) <= MONTHS_A_YEAR:
        raise UserError(f"'{text}' is not a month; write it as YYYY-MM, for example 2026-04.")
    return (int(match[1]) - FIRST_YEAR) * MONTHS_A_YEAR + int(match[2]) - FIRST_MONTH


def year_and_month(month: int) -> tuple[int, int]:
    """Calendar year and month of the year (1–12) of a month number."""
    years, rest = divmod(month + FIRST_MONTH - 1, MONTHS_A_YEAR)
    return FIRST_YEAR + years, rest + 1


def calendar_month(month: int) -> int:
    """Month of the calendar year, 1 (January) to 12."""
    return (month + FIRST_MONTH - 1) % MONTHS_A_YEAR + 1


def iso(month: int) -> str:
    """A month number as YYYY-MM."""
    year, of_year = year_and_month(month)
    return f"{year}-{of_year:02d}"


def label(month: int) -> str:
    """A month number in words, for people: ``April 2026``."""
    year, of_year = year_and_month(month)
    return f"{NAMES[of_year - 1]} {year}"


def fin_year(month: int) -> int:
    """The calendar year in which the financial year of a month begins (April 2026 – March 2027 is 2026)."""
    year, of_year = year_and_month(month)
    return year if of_year >= 4 else year - 1


def fin_year_label(first: int) -> str:
    """A financial year for people: ``2026/27``."""
    return f"{first}/{(first + 1) % 100:02d}"
