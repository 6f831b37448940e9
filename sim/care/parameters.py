"""The numbers of care of one evidence draw, read once: names of the registry become attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sim.clock import MONTHS_A_YEAR

TURNS = 20


@dataclass(frozen=True)
class GeneralPractice:
    """What is known of practices and of needs that they do not meet. Shares, and chances a month."""

    unmet: float
    utilisation: float
    induced: float
    pool_minimum: float
    waits: float
    to_ed: float
    returns: float
    unmet_to_ed: float
    resolves: float

    @classmethod
    def read(cls, evidence: Mapping[str, float], need: float = 0.0, ed: float = 0.0) -> GeneralPractice:
        """From the registry. need, ed: contacts and A&E attendances a month of the same people, for the bound on
        attendances for want of an appointment (0: unbounded)."""
        asked = cls(
            unmet=evidence["care.gp_unmet_share"],
            utilisation=evidence["care.gp_utilisation"],
            induced=evidence["care.gp_induced_share"],
            pool_minimum=evidence["care.gp_pool_minimum"],
            waits=evidence["care.gp_waits_share"],
            to_ed=evidence["care.gp_to_ed_share"] / evidence["care.gp_attempts_per_episode"],
            returns=evidence["care.unmet_return"],
            unmet_to_ed=evidence["care.unmet_to_ed"],
            resolves=evidence["care.unmet_resolves"],
        )
        bound = evidence["care.gp_ed_bound"] * ed
        if need <= 0 or ed <= 0 or asked.steady_state(need)["ed"] <= bound:
            return asked
        found = asked
        for _ in range(TURNS):  # who does not go to A&E asks again, so the bound takes a few turns
            part = bound / found.steady_state(need)["ed"]
            found = replace(found, to_ed=found.to_ed * part, unmet_to_ed=found.unmet_to_ed * part)
        return found

    def steady_state(self, need: float) -> dict[str, float]:
        """Monthly flows and stocks that the rules settle at, of so many new contacts: `lost` (neither served nor left
        waiting), `ed` (with those whose unmet need goes there), `unmet` (the stock), `returned`, `waiting`."""
        leaving = self.returns + self.unmet_to_ed + self.resolves
        back = self.returns * (1 - self.to_ed) / leaving
        lost = self.unmet * need / (1 - back)
        stock = lost * (1 - self.to_ed) / leaving
        return {
            "lost": lost,
            "ed": lost * self.to_ed + stock * self.unmet_to_ed,
            "unmet": stock,
            "returned": stock * self.returns,
            "waiting": lost * self.waits / (1 - self.waits),
        }


@dataclass(frozen=True)
class Hospital:
    """What is known of the trust's emergency care and beds; yearly counts are those of the whole trust, 2023/24."""

    attendances: float
    admissions: float
    catchment: float
    via_ed: float
    zero_day: float
    los: float
    los_elective: float
    elective_overnight: float
    occupancy: float
    ceiling: float
    discharge_wait: float
    discharge_elasticity: float
    over_4h: float
    over_4h_slope: float
    cancel_slope: float

    @classmethod
    def read(cls, evidence: Mapping[str, float]) -> Hospital:
        """From the registry."""
        return cls(
            attendances=evidence["care.ed_attendances"],
            admissions=evidence["care.emergency_admissions"],
            catchment=evidence["care.catchment"],
            via_ed=evidence["care.ed_via_share"],
            zero_day=evidence["care.zero_day_share"],
            los=evidence["care.los_overnight"],
            los_elective=evidence["care.los_elective"],
            elective_overnight=evidence["care.elective_overnight"],
            occupancy=evidence["care.bed_occupancy"],
            ceiling=evidence["care.bed_ceiling"],
            discharge_wait=evidence["care.discharge_wait_share"],
            discharge_elasticity=evidence["care.discharge_wait_elasticity"],
            over_4h=evidence["care.ed_over_4h_share"],
            over_4h_slope=evidence["care.ed_over_4h_slope"],
            cancel_slope=evidence["care.elective_cancel_slope"],
        )

    @property
    def elective_days(self) -> float:
        """Bed-days a year of planned stays at the whole trust."""
        return self.elective_overnight * self.los_elective


@dataclass(frozen=True)
class Waiting:
    """What is known of the waiting list. Chances are per entry and month."""

    size: float
    day_case: float
    ordinary: float
    removals_per_stop: float
    deterioration: float
    gp_contacts: float

    @classmethod
    def read(cls, evidence: Mapping[str, float]) -> Waiting:
        """From the registry."""
        return cls(
            size=evidence["care.waiting_list"],
            day_case=evidence["care.outcome_day_case"],
            ordinary=evidence["care.outcome_ordinary"],
            removals_per_stop=evidence["care.removal_share"],
            deterioration=evidence["care.deterioration"],
            gp_contacts=evidence["care.waiting_gp_contacts"],
        )


def monthly(yearly: float) -> float:
    """A yearly count as the mean month's."""
    return yearly / MONTHS_A_YEAR
