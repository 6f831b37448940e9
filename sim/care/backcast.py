"""The observed years beside what the model says of them, with and without the indices fitted to them.

The fitted column matches by construction: it is no validation. The unfitted one is the model's own course, with one
level a service (that of the base year) and the seasons, and is the one to judge the model by.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.care.identity import Identity, Year
from sim.care.indices import FROZEN_FROM
from sim.clock import MONTHS_A_YEAR, fin_year_label

FIRST_YEAR = 2021
SERVICES: Mapping[str, tuple[str, str, str]] = {
    "ed": ("A&E attendances", "ed_home", "ed"),
    "emergency": ("emergency admissions", "admissions_home", "emergency"),
    "referral": ("clock starts", "starts", "referral"),
}
"""Words, what the ledger counts, and the service's index."""


def backcast(year: Year) -> list[Identity]:
    """Each service in each observed financial year, fitted and unfitted: shown, never required."""
    care = year.m.care
    if year.last != FROZEN_FROM - 1 or care.unit <= 0 or not care.index.wanted:
        return []
    found = []
    for service, (words, counted, index) in SERVICES.items():
        wanted = care.index.wanted[index]
        # what care itself sends (for want of an appointment, or worsened while waiting) is outside the index
        published = {
            "ed": care.hospital.attendances / MONTHS_A_YEAR * care.unit,
            "emergency": care.hospital.admissions / MONTHS_A_YEAR * care.unit,
        }.get(service, wanted)
        for start in range(year.first - 2 * MONTHS_A_YEAR, year.last, MONTHS_A_YEAR):
            months = range(start, start + MONTHS_A_YEAR)
            if start < care.ledger.months[0]:
                continue
            shape = sum(care.index.shape(index, month) for month in months)
            observed = published * shape / care.unit
            fitted = care.ledger.total(counted, months[0], months[-1]) / care.unit
            sent = (published - wanted) * shape / care.unit
            unfitted = care.ledger.total(f"unfitted_{service}", months[0], months[-1]) * care.index.level[index]
            name = f"{words}, {fin_year_label(FIRST_YEAR + (start - year.first) // MONTHS_A_YEAR + 2)}"
            found += [
                Identity("back-cast", f"{name}: index fitted", fitted, observed, "a year", must=False),
                Identity("back-cast", f"{name}: without it", unfitted / care.unit + sent, observed, "a year",
                         must=False),
            ]  # fmt: skip
    if found:
        note = "the fitted rows match by construction and validate nothing; the others are the model's own course"
        last = found[-1]
        found[-1] = Identity(last.account, last.name, last.left, last.right, last.unit, must=False, note=note)
    return found
