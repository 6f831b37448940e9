"""Outcomes of a finished run: what the recorder counted over a period, of everybody or of the groups it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.care.indices import FROZEN_FROM
from sim.clock import MONTHS_A_YEAR
from sim.outcomes.computed import compute
from sim.outcomes.measure import AGE_GROUP_STARTS
from sim.validation import measures
from sim.validation.filters import OLDEST, Who
from sim.validation.measures import Named
from sim.validation.people import Found, neighbourhoods
from sim.validation.periods import Period

if TYPE_CHECKING:
    from sim.outcomes.record import RunRecord
    from sim.system import CareSystem

Array = NDArray[Any]
NAN = float("nan")


def find(m: CareSystem, record: RunRecord, measure: Named, who: Who, period: Period) -> Found:
    """A recorded measure of a group over a period.

    A flow is added up and a stock averaged over the months; a rate is per person-year (of the trust's catchment where
    it is the hospital's). Ratios are of what was added up. Nan where nothing was recorded.
    """
    if measure.kind == measures.UNFITTED:
        total = unfitted(m, measure.name, period)
        return Found(total / (m.place.catchment * period.years), total)
    one = record.measures[measure.name]
    if one.kind == "computed":
        years = list(record.complete_years)
        year = clock.fin_year(period.first)
        value = float(compute(one.name, record)[years.index(year)]) if year in years else NAN
        return Found(value, value)
    if one.recorded:
        total = _amount(m, record, one.name, who, period)
        people = _amount(m, record, "residents", who, period)
        people = m.place.catchment if one.scope == "hospital" else people
        return Found(_over(total, people * (period.years if one.kind == "flow" else 1.0)), total)
    top, bottom = (_amount(m, record, part, who, period) for part in (one.numerator, one.denominator))
    flows = [record.measures[part].kind == "flow" for part in (one.numerator, one.denominator)]
    level = _over(top, bottom * (period.years if flows == [True, False] else 1.0))
    return Found(level * (one.multiplier if one.kind == "mean" else 1.0), top)


def _over(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else NAN


def _amount(m: CareSystem, record: RunRecord, name: str, who: Who, period: Period) -> float:
    """Sum of a flow, mean of a stock."""
    one = record.measures[name]
    if who.ages is None and who.area is None and who.deciles is None:
        first, last = who.local_fifths or (0, 0)
        months = np.array(period.months) - record.first_month
        if months[0] < 0 or months[-1] >= record.n_months:
            return NAN
        found = sum(np.asarray(record.months(name, group))[months] for group in range(first, last + 1))
        return float(np.sum(found) if one.kind == "flow" else np.nanmean(found))
    year = clock.fin_year(period.first)
    if year not in record.complete_years:
        return NAN
    groups = slice(None)
    if who.ages is not None:
        ends = (*AGE_GROUP_STARTS, OLDEST + 1)
        groups = slice(ends.index(who.ages[0]), ends.index(who.ages[1] + 1))
    if who.area is None and who.deciles is None and who.local_fifths is None:
        return float(record.by_age(name, year)[groups].sum())
    chosen = neighbourhoods(m.place.lsoas, m.place.local_fifth, who)
    if who.ages is None:
        return float(record.by_area(name, year)[chosen].sum())
    return float(record.by_cell(name, year)[chosen][:, groups].sum())


def by_month(record: RunRecord, name: str, period: Period) -> NDArray[np.float64]:
    """A measure of everybody in each month of a period, a share between 0 and 1; nan where it was not recorded."""
    found = record.months(name) / record.measures[name].multiplier
    at = np.array(period.months) - record.first_month
    there = (at >= 0) & (at < record.n_months)
    return np.where(there, found[np.clip(at, 0, record.n_months - 1)], NAN)


def unfitted(m: CareSystem, name: str, period: Period) -> float:
    """What the model says of a service without the index fitted to each month, the whole trust's, over a period."""
    return float(sum(one[1] for one in months_of(m, measures.UNFITTED_OF[name][0], period)))


def months_of(m: CareSystem, service: str, period: Period) -> list[tuple[float, float, float]]:
    """Observed, unfitted and fitted amounts of each month of a period, the whole trust's; nan where unknown.

    As in the books' back-cast: one level a service, that of the base year, with the seasons; what care itself sends on
    to the hospital is outside the index and the same in both.
    """
    care, index = m.care, m.care.index
    wanted = index.wanted.get(service)
    counted = {"ed": "ed_home", "emergency": "admissions_home", "referral": "starts"}[service]
    out = []
    for month in period.months:
        if wanted is None or care.unit <= 0 or month >= min(FROZEN_FROM, m.month):
            out.append((NAN, NAN, NAN))
            continue
        published = {
            "ed": care.hospital.attendances / MONTHS_A_YEAR * care.unit,
            "emergency": care.hospital.admissions / MONTHS_A_YEAR * care.unit,
        }.get(service, wanted)
        shape = index.shape(service, month)
        sent = (published - wanted) * shape
        plain = care.ledger.of(f"unfitted_{service}", month) * index.level[service] + sent
        fitted = care.ledger.of(counted, month)
        out.append((published * shape / care.unit, plain / care.unit, fitted / care.unit))
    return out
