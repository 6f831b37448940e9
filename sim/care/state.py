"""Everything that care keeps from month to month and that stands in no table of agents."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.hospitals import HospitalTeam
from sim.care import care_kernels, elective, emergency, experience, parameters, practices
from sim.care.beds import Stay
from sim.care.continuity import FULL, Continuity
from sim.care.indices import BASE_FIRST, HOSPITAL, PROCESSES, ServiceIndex
from sim.care.ledger import Ledger
from sim.care.needs import Needs
from sim.care.pathways import Pathways
from sim.care.staff import Workforce
from sim.care.waiting import WaitingLists
from sim.care.wards import Wards
from sim.clock import MONTHS_A_YEAR, calendar_month, month_of
from sim.evidence.reads import remembered
from sim.life import frailty
from sim.places.users import expected_users

if TYPE_CHECKING:
    from sim.columns import Table
    from sim.evidence import Evidence
    from sim.system import CareSystem

BEDS_YEAR = 12
FIRST_BEDS = 3
SOLVED = ("gp", "stay", "unit", "bed_ratio", "bed_share", "pressure", "load", "expected_admissions", "by_turn")


@remembered(2)
def _beds(evidence: Evidence) -> tuple[dict[int, float], float, float]:
    """Beds open at the whole trust by observed month; of a mean month before those, and of the last year of them."""
    table = evidence.frame("beds_by_month")
    observed = table[table["measure"] == "open"]
    months = (month_of(text) for text in observed["month"])
    beds = dict(zip(months, observed["value"].astype(float), strict=True))
    first, last = min(beds), max(beds)
    before = float(np.mean([beds[first + k] for k in range(FIRST_BEDS)]))
    return beds, before, float(np.mean([beds[last - k] for k in range(BEDS_YEAR)]))


@remembered(2)
def _stay_by_age(evidence: Evidence) -> NDArray[np.float64]:
    """Relative length of stay by single year of age, not to be written."""
    stay = evidence.table("length_of_stay").sort_values("age_from")
    band = np.searchsorted(stay["age_from"], np.arange(emergency.OLDEST + 1), side="right") - 1
    return np.asarray(stay["value"].to_numpy(np.float64)[band])


class Care:
    """The state of care in one model: indices, waiting lists, ledger, lengths of stay, pressure on beds.

    In the model: ``self.care = Care(self)`` once tables exist, ``open`` once residents have their chances; then monthly

        care.waiting.between_visits(contacts)            # contacts: uint8, one a row; some who wait ask again
        to_ed = unmet.reappear(m, contacts)              # needs given up earlier ask again
        to_ed = np.concatenate([to_ed, practices.see(m, contacts)])
        care.needs.see(pattern, care.asked_again, care.not_offered)  # served contacts, some go on to other teams
        waited, crises = care.needs.advance()            # the other teams' month
        emergency.attend(m, np.concatenate([ed_rows, to_ed, waited]))
        emergency.admit(m, rows_by_cause)                # with those whom waiting made emergencies
        care.needs.refer_from_hospital(rows_by_kind)
        care.waiting.refer(referral_rows)
        care.waiting.treat()
        care.close_month()

    Contact rates of a month are multiplied by ``care.index.of(service, month)``, which holds season and local level.

    unit: what turns amounts of the whole trust of the evidence into simulated ones (share of its activity whose
    patients live in the place × scale). `open` once after residents exist, or `restore` from a snapshot.
    """

    def __init__(self, m: CareSystem) -> None:
        self.m = m
        evidence = m.evidence
        self.index = ServiceIndex(evidence)
        self.ledger = Ledger()
        self.gp = parameters.GeneralPractice.read(evidence)
        self.workforce = Workforce.read(evidence)
        self.continuity = Continuity.read(evidence)
        self.usually_given: dict[int, NDArray[np.float64]] = {}  # see `Continuity.given`; by months between reviews
        self.urgent = evidence["care.gp_urgent_share"]
        self.worth_of_experience = experience.worth(evidence)
        self.hospital = parameters.Hospital.read(evidence)
        self.listed = parameters.Waiting.read(evidence)
        self.waiting = WaitingLists(m)
        self.needs = Needs(m)
        self.wards = Wards(m)
        self._beds, self._beds_before, self.beds_base = _beds(evidence)
        self.los_shape = _stay_by_age(evidence)
        self.los_ratio = frailty.stay_ratios(evidence)
        self.index.expected = self._plain
        self.unit, self.bed_ratio = 0.0, 1.0
        self.bed_share = np.ones(1)
        stays = np.outer(self.los_ratio, self.los_shape)
        self.stay = Stay(self.hospital.zero_day, stays, self.hospital.discharge_wait)
        self.pressure, self.load, self.expected_admissions = self.hospital.occupancy, 0.0, 0.0
        self.expected_need = np.zeros(0)
        self.planned = self.beds = 0.0
        self.plain: tuple[int, NDArray[np.float64]] | None = None
        self.by_turn: tuple[NDArray[np.float64], ...] | None = None  # chances of hospital care counted in each turn
        self.again: NDArray[Any] = np.zeros(0)
        nobody = np.zeros(0, np.int64)
        # of this month: rows with contacts that practices could not offer, how many they asked for, were not offered
        # and gave up; rows whose unmet needs asked again, and how many
        self.not_offered = nobody, nobody, nobody, nobody
        self.asked_again = nobody, nobody

    def _plain(self, service: str) -> float:
        """Events of a hospital service expected this month of the trust's residents, before the calendar."""
        return float(emergency.plain_by_age(self.m, service).sum())

    @property
    def pathways(self) -> Pathways:
        """The care pathways, whose steps levers scale."""
        return self.needs.pathways

    @cached_property
    def usual_continuity(self) -> NDArray[np.uint8]:
        """What new residents of each practice begin with (255 = 1)."""
        lists = self.m.place.practices["list_size"].to_numpy(np.float64)
        return np.rint(self.continuity.mean(lists) * FULL).astype(np.uint8)

    @cached_property
    def hospital_processes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The processes of all hospital services, and where in them each service begins, with the end."""
        known = self.m.rates.index
        of_service = [[known[name] for name in PROCESSES[each] if name in known] for each in HOSPITAL]
        return np.concatenate(of_service), np.cumsum([0, *map(len, of_service)])

    @cached_property
    def usual_leaving(self) -> NDArray[np.float64]:
        """Chance a month to leave each practice when it is pressed as usual: (kinds of staff, practices)."""
        p, count = self.m.practices.columns, self.m.practices.size
        return self.workforce.usual_leaving(p["decile"][:count])

    @property
    def share(self) -> float:
        """Of the whole trust, the part whose patients are residents of the place."""
        return self.unit / self.m.scale

    @cached_property
    def teams(self) -> Table:
        """The hospital's teams."""
        return self.m.table_of(HospitalTeam)

    @cached_property
    def team_rows(self) -> emergency.TeamRows:
        """Which row of the hospital's teams is what, once they are there."""
        return emergency.TeamRows(self.teams)

    def beds_in(self, month: int) -> float:
        """Beds open at the whole trust in a month before policy: observed; earlier the first months' mean, later the
        last year's."""
        if month in self._beds:
            return self._beds[month]
        return self._beds_before if month < min(self._beds) else self.beds_base

    def open(self) -> None:
        """July 2020: practices, hospital teams, levels of use, waiting lists. Residents must exist."""
        practices.open_practices(self.m)
        emergency.open_hospitals(self.m)
        self.needs.open()
        self._solve_levels()
        self.waiting.open()
        self.plain = None

    def _solve_levels(self) -> None:
        """What hospital services must come to in a mean month of the base year, less what care itself sends them; and
        the bound on A&E attendances for want of a GP appointment. Solved once and never again."""
        m, r, size = self.m, self.m.residents.columns, self.m.residents.size
        alive = r["unique_id"][:size] != 0
        home = alive & (r["home_trust"][:size] == 1)
        if not home.any():
            return
        base_year = BASE_FIRST + MONTHS_A_YEAR / 2
        grown = expected_users(m.place, base_year) / max(expected_users(m.place, m.month), 1e-9)
        need = float(r["gp_rate"][:size][home].sum()) * grown
        ed = self.hospital.attendances / MONTHS_A_YEAR * self.unit
        self.gp = parameters.GeneralPractice.read(m.evidence, need, ed)
        worsened = self.listed.deterioration * self.listed.size
        self.index.wanted = {
            "ed": ed - self.gp.steady_state(need)["ed"],
            "emergency": (self.hospital.admissions / MONTHS_A_YEAR - worsened) * self.unit,
            "referral": self.waiting.slots.usual_starts * self.unit / elective.arriving(m),
        }

    def close_month(self) -> None:
        """End of the month: occupancy, which next month feels, and the month's stocks."""
        m, r, size = self.m, self.m.residents.columns, self.m.residents.size
        residents, at_home = care_kernels.count_residents(r["unique_id"][:size], r["home_trust"][:size])
        season = calendar_month(m.month) - 1
        unfitted = {  # the back-cast without an index fitted to the month
            f"unfitted_{service}": plain * self.index.season[service][season]
            for service, plain in self.index.plain.items()
        }
        self.ledger.add(m.month, home_residents=at_home, residents=residents, **unfitted)
        emergency.close_beds(self.m)
        self.needs.close_month()
        experience.update(self.m)

    def snapshot(self) -> dict[str, Any]:
        """Everything that changes from month to month, or was solved at the opening, outside the tables of agents."""
        return {
            "waiting": self.waiting.snapshot(),
            "needs": self.needs.snapshot(),
            "wards": self.wards.snapshot(),
            "ledger": self.ledger.snapshot(),
            "index": self.index.snapshot(),
            "solved": {name: getattr(self, name) for name in SOLVED},
        }

    def restore(self, held: dict[str, Any]) -> None:
        """Continue from a snapshot."""
        self.waiting.restore(held["waiting"])
        self.needs.restore(held["needs"])
        self.wards.restore(held["wards"])
        self.ledger.restore(held["ledger"])
        self.index.restore(held["index"])
        self.plain = None
        for name, value in held["solved"].items():
            setattr(self, name, value)
