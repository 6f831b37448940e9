"""What a measure is, and the groups by which everything is counted."""

from __future__ import annotations

from dataclasses import dataclass

AGE_GROUPS = ("0–17", "18–39", "40–64", "65–74", "75–84", "85+")
AGE_GROUP_STARTS = (0, 18, 40, 65, 75, 85)
ADULT_AGE = 18  # the smallest age counted in `adults`; the first month of the second age group
N_FIFTHS = 5
RAW_KINDS = ("flow", "stock")


@dataclass(frozen=True)
class Measure:
    """One thing that is measured.

    name         key used everywhere; label: words for people (no leading capital unless a name)
    unit         what one of it is, e.g. ``attendances a year`` (after a year's months are put together)
    kind         flow | stock (recorded), share | mean | rate (numerator ÷ denominator), computed
    good         +1 more is better, −1 less is better, 0 neither
    decimals     decimals worth showing of a *value*; changes are rounded to their own uncertainty
    scope        ``residents`` of the place, or ``hospital`` (the local trust, whoever its patients are)
    yearly       how twelve months become a year: sum | mean | end (value at the end of March)
    numerator, denominator, multiplier    for derived measures (multiplier 100 makes per cent)
    by_area      kept yearly for every neighbourhood (for maps)
    by_cell      kept yearly for every neighbourhood and age group (for age-standardised inequality)
    by_fifth     of computed measures: also worked out for each local deprivation fifth
    in_march     counted at the end of March only: the other months have no figure (nan)
    optional     shown only where the model recorded it; `since` the version of the record's format that first had it
    """

    name: str
    label: str
    unit: str
    kind: str
    good: int = 0
    decimals: int = 0
    scope: str = "residents"
    yearly: str = "sum"
    numerator: str = ""
    denominator: str = ""
    multiplier: float = 1.0
    by_area: bool = False
    by_cell: bool = False
    topic: str = ""
    by_fifth: bool = False
    in_march: bool = False
    optional: bool = False
    since: int = 1

    @property
    def recorded(self) -> bool:
        """Whether the recorder stores it (else it follows from what is stored)."""
        return self.kind in RAW_KINDS

    @property
    def unit_after_label(self) -> str:
        """The unit where the label stands before it, without saying a thing twice: ``a year`` after *deaths*."""
        thing = self.unit.removesuffix(" a year")
        return self.unit[len(thing) :].strip() if self.label.endswith(thing) else self.unit
