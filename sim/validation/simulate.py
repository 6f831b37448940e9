"""One run of the places that targets are about, looked at in the months in which they hold.

A worker simulates each place once from July 2020 to the last month asked for. The residents are looked at on the way;
what the recorder counted is read at the end. Nothing here changes the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import own
from sim.evidence import load
from sim.life.grid import BAND
from sim.outcomes.record import RunRecord
from sim.places import assemble
from sim.places import load as load_place
from sim.settings import PlaceGiven
from sim.system import CareSystem
from sim.validation import faces, measures, recorded
from sim.validation.amounts import Unit
from sim.validation.filters import Who
from sim.validation.grammar import Target
from sim.validation.people import BANDS, Found, Look, neighbourhoods
from sim.validation.periods import START, Period

LATER = 5
"""Years after which what holds by construction is tested again."""
BACKCAST = Period("2021/22-2023/24", 9, 44)
"""April 2021 to March 2024: the months that are shown beside the observed ones."""
A, B, AGAIN_A, AGAIN_B = range(4)
SIDES = ((A, B), (AGAIN_A, AGAIN_B))
IN_MONTHS = (
    "ed_over_4h_share", "beds_open", "bed_occupancy", "waiting_list", "waiting_over_18w", "waiting_over_52w",
)  # fmt: skip
"""Measures of the hospital that are kept by month of the back-cast; shares as 0–1."""
Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class Job:
    """One evidence draw and one seed. places: name in the targets → (place, scale); backcast: whose months to keep;
    faces: of whose residents the figures of face validity are; replaced: evidence set by hand, as (name, value)."""

    draw: int
    seed: int
    targets: tuple[Target, ...]
    places: dict[str, tuple[PlaceGiven, float]]
    judged: bool = True
    backcast: str = ""
    faces: str = ""
    own: tuple[str, ...] = ()
    replaced: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        return f"evidence draw {self.draw}, seed {self.seed}"

    @property
    def stages(self) -> list[str]:
        """Its places."""
        return list(self.places)

    @property
    def steps(self) -> int:
        """Months to simulate, all places together."""
        return sum(months(self, place) for place in self.places)


@dataclass
class Answer:
    """What one run says: a value of each target by its row, and the value after some years.

    monthly: observed, unfitted and fitted amounts of the indexed services by month of the back-cast; months: what was
    recorded of others (`IN_MONTHS`); faces: see `sim.validation.faces`.
    """

    values: dict[int, float] = field(default_factory=dict)
    again: dict[int, float] = field(default_factory=dict)
    monthly: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    months: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    faces: faces.Faces = field(default_factory=dict)


def places_of(targets: Iterable[Target]) -> list[str]:
    """Names of the places that measured targets are about, as they stand in the targets."""
    return list(dict.fromkeys(target.place for target in targets if target.measured))


def months(job: Job, place: str) -> int:
    """How many months of a place have to be simulated."""
    ends = [0]
    for target in job.targets:
        if target.place == place and target.measured:
            looked = target.kind in _LOOKED
            ends += [look.middle if looked else look.last + 1 for look in _periods(target)]
    if job.backcast == place:
        ends.append(BACKCAST.last + 1)
    return max(ends)


_LOOKED = (*measures.OF_PEOPLE, measures.TABLE, measures.NUMBER, measures.AREA)


def _periods(target: Target) -> list[Period]:
    found = [target.period, target.against_period]
    return [*found, *(period.later(LATER) for period in found)] if target.drifts else found


def run(job: Job, tick: Tick) -> Answer:
    """Simulate the places of a job and answer its targets."""
    with own.using(job.own):
        answer, done = Answer(), 0
        for stage, place in enumerate(job.places):
            _Walk(job, place, answer).walk(lambda n, s=stage, d=done: tick(s, d + n))  # type: ignore[misc]
            done += months(job, place)
        return answer


class _Walk:
    """One place from its beginning to the last month asked for."""

    def __init__(self, job: Job, name: str, answer: Answer) -> None:
        self.job, self.name, self.answer = job, name, answer
        self.targets = [target for target in job.targets if target.place == name and target.measured]
        self.found: dict[tuple[int, int], Found] = {}
        self.due: dict[int, list[tuple[Target, int]]] = {}
        self.last = months(job, name)
        for target in self.targets:
            for sides in SIDES[: 2 if target.drifts else 1]:
                for side in sides:
                    when = period_of(target, side)
                    self.due.setdefault(when.middle if target.kind in _LOOKED else -1, []).append((target, side))

    def walk(self, tick: Callable[[int], None]) -> None:
        """Simulate, look, and work out what is asked for."""
        given, scale = self.job.places[self.name]
        evidence = load().draw(self.job.draw).replaced(dict(self.job.replaced)).judged(self.job.judged)
        place = load_place(given, evidence)
        m = CareSystem(place, evidence, scale=scale, seed=self.job.seed, months=max(self.last, 1))
        self.england = _bands(assemble.england(evidence))
        if self.job.faces == self.name:
            self.answer.faces = faces.of(Look(m, START))
        while True:
            self._look(m)
            if m.month >= self.last:
                break
            m.step()
            tick(m.month)
        record = m.recorder.finish(scenario="baseline", draw=self.job.draw, seed=self.job.seed) if self.last else None
        for target, side in self.due.get(-1, []):
            assert record is not None
            self._count(m, record, target, side)
        for target in self.targets:
            self.answer.values[target.row] = value_of(target, self.found, SIDES[0])
            if target.drifts:
                self.answer.again[target.row] = value_of(target, self.found, SIDES[1])
        if self.job.backcast == self.name:
            self.answer.monthly = {
                service: recorded.months_of(m, service, BACKCAST) for service, _ in measures.UNFITTED_OF.values()
            }
            assert record is not None
            self.answer.months = {name: recorded.by_month(record, name, BACKCAST) for name in IN_MONTHS}

    def _look(self, m: CareSystem) -> None:
        looks: dict[Period, Look] = {}
        for target, side in sorted(self.due.get(m.month, []), key=lambda one: one[1]):
            period = period_of(target, side)
            for part, measure in enumerate(target.measure):
                who = who_of(target, side)
                if measure.kind == measures.NUMBER:
                    value = float(m.evidence[measure.name])
                    self._keep(target, side, part, Found(value, value))
                elif measure.kind == measures.AREA:
                    self._keep(target, side, part, _of_areas(m, measure.name, who))
                else:
                    if period not in looks:
                        looks[period] = Look(m, period)
                    found = looks[period].find(measure, who, target.estimand, self._weights(target, side))
                    self._keep(target, side, part, found)

    def _count(self, m: CareSystem, record: RunRecord, target: Target, side: int) -> None:
        for part, measure in enumerate(target.measure):
            found = recorded.find(m, record, measure, who_of(target, side), period_of(target, side))
            self._keep(target, side, part, found)

    def _keep(self, target: Target, side: int, part: int, found: Found) -> None:
        self.found[target.row, 2 * side + part] = found

    def _weights(self, target: Target, side: int) -> NDArray[np.float64] | None:
        """To whose ages a level is standardised: England's where a row asks for it, those before when tested again."""
        if target.statistic == "standardised ratio":
            return self.england
        if side in (AGAIN_A, AGAIN_B):
            return self.found[target.row, 2 * (side - AGAIN_A)].base
        return None


def period_of(target: Target, side: int) -> Period:
    """When one side of a target is looked at."""
    period = target.against_period if side in (B, AGAIN_B) else target.period
    return period.later(LATER) if side in (AGAIN_A, AGAIN_B) else period


def who_of(target: Target, side: int) -> Who:
    """Of whom one side of a target is; with only another year given, of the same group."""
    if side in (A, AGAIN_A):
        return target.who
    return target.who if target.cells["against_year"] and not target.against.text else target.against


def value_of(target: Target, found: dict[tuple[int, int], Found], sides: tuple[int, int]) -> float:
    """The figure of a target from its sides, in its own unit."""
    if len(target.measure) == 2:
        levels = [_over(found[target.row, 2 * side].total, found[target.row, 2 * side + 1].total) for side in sides]
        totals = levels
    else:
        levels = [found[target.row, 2 * side].level for side in sides]
        totals = [found[target.row, 2 * side].total for side in sides]
    unit = Unit(target.unit.name) if target.kind in (measures.NUMBER, measures.AREA) else target.unit  # as they stand
    shown = totals if unit.counted else [level * unit.factor for level in levels]
    if target.statistic in ("level", "rate"):
        return shown[0]
    if target.statistic == "difference":
        return shown[0] - shown[1]
    top, bottom = totals if target.statistic == "share of total" else levels
    return _over(top, bottom) * (1.0 if unit.counted else unit.factor)


def _over(top: float, bottom: float) -> float:
    return top / bottom if bottom else float("nan")


def _of_areas(m: CareSystem, column: str, who: Who) -> Found:
    """Mean of a column of the place's neighbourhoods, weighted by residents."""
    lsoas, people = m.place.lsoas, m.place.counts.sum(axis=(1, 2)).astype(np.float64)
    chosen = neighbourhoods(lsoas, m.place.local_fifth, who)
    values = lsoas[column].to_numpy(float)[chosen]
    level = float(np.average(values, weights=people[chosen])) if people[chosen].sum() else float("nan")
    return Found(level, float((values * people[chosen]).sum()))


def _bands(single: NDArray[Any]) -> NDArray[np.float64]:
    """People by single age (2, 100) as (2, 19) five-year bands."""
    out = np.zeros((single.shape[0], BANDS))
    for age in range(single.shape[1]):
        out[:, min(age // BAND, BANDS - 1)] += single[:, age]
    return out
