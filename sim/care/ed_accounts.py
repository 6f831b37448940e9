"""A&E by type of department and by provider.

The model has one kind of department and tells two providers apart: the trust, and wherever else residents go. So the
lines by type hold by construction, as far as the total does; what can fail is said to be possible where it is.
"""

from __future__ import annotations

from sim.care.identity import EXACT, Identity, Year, within

ACCOUNT = "A&E type, provider"


def by_type(year: Year) -> list[Identity]:
    """Type 1 and other types as published shares of the model's attendances; how many of type 1 are admitted."""
    m, care = year.m, year.m.care
    other = m.evidence["care.ed_other_types_share"]
    attendances, allowed = year.total("ed_home", care.unit), year.allowed("ed_home")
    note = "by construction, as far as all attendances agree: one kind of department, split as published for 2018/19"
    found = [
        Identity(ACCOUNT, f"attendances at the trust, {words}", attendances * share, care.hospital.attendances * share,
                 "a year", allowed=allowed, note=note)
        for words, share in (("type 1", 1 - other), ("other types", other))
    ]  # fmt: skip
    type_1 = max(attendances * (1 - other), EXACT)
    found.append(
        Identity(ACCOUNT, "admitted through A&E, of type 1", year.total("via_ed", care.unit) / type_1,
                 m.evidence["care.ed_admitted_of_type1"], "share", must=False,
                 note="right: 2018/19; that half of all admissions come through A&E is given, not by type")
    )  # fmt: skip
    return found


def by_provider(year: Year) -> list[Identity]:
    """Residents' attendances at the trust and elsewhere; the trust's among those of its system."""
    m, care = year.m, year.m.care
    here, elsewhere = year.total("ed_home"), year.total("ed_elsewhere")
    home, residents = year.total("home_residents"), year.total("residents")
    system, outside = m.evidence["care.ed_system_attendances"], m.evidence["care.ed_system_outside_share"]
    trust = here / care.unit
    return [
        Identity(ACCOUNT, "residents' = at the trust + elsewhere", year.total("ed_all", m.scale),
                 (here + elsewhere) / m.scale, "a year", allowed=EXACT),
        Identity(ACCOUNT, "a head: those who go elsewhere, over the trust's own",
                 elsewhere / max(residents - home, 1.0) / max(here / max(home, 1.0), EXACT), 1.0, "ratio", must=False,
                 allowed=within(min(here, elsewhere)), note="differs by age and health only"),
        Identity(ACCOUNT, "the trust + three others + elsewhere = the system",
                 trust + m.evidence["care.ed_other_trusts"] + outside * system, system, "a year",
                 allowed=year.allowed("ed_home"), note="by construction but for the trust: the others are published"),
        Identity(ACCOUNT, "elsewhere, of residents' attendances", elsewhere / max(here + elsewhere, 1.0), outside,
                 "share", must=False, note="right: of the whole system's, another population"),
    ]  # fmt: skip
