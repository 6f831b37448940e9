"""What levers do to the model this month; only this module writes it.

`area_factor` of the model: factors on the rates of processes by neighbourhood. `area_shift`: what is added to a state
of the people of a neighbourhood, on average (`sim.policy.targets.SHIFTS` says over whom, and in what unit). `Effects`,
kept by the commissioner: what practices, pathways and discharge feel. Without levers all of them are exactly 1 or 0.

Effects on one process multiply. Levers of the same domain overlap: of their joint effect beyond the strongest one a
stated share is lost. Sums run over levers in alphabetical order, so no result depends on the order of a file.
An evidence row about an outcome (admissions, visits) is never applied: see docs/decisions/levers.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.care.beds import DAYS_A_MONTH
from sim.policy import policy_kernels as kernels
from sim.policy.levers import Act
from sim.policy.programme import Programme
from sim.policy.scenario import Scenario
from sim.policy.targets import HOSPITAL_KINDS, SHIFTS, begins_with

if TYPE_CHECKING:
    from sim.policy.eligibility import People
    from sim.system import CareSystem

Floats = NDArray[np.float64]
Step = tuple[str, str, str]
MOST_CHANCE = 0.99


class Effects:
    """What levers do this month to what stands in no table of rates.

    appointments: factor on each practice's appointments; barrier: chance that a contact of somebody offline is not
    offered because it is to be made online; digital: share of contacts made online because of policy (float64[P] each).
    steps: factors on the steps of pathways by neighbourhood, by (kind of need, step, number), float64[A] each, as they
    were given to the pathways; discharge: factor on the days that patients wait for discharge.
    """

    def __init__(self, practices: int) -> None:
        self.practices = practices
        self.rates: list[int] = []  # columns of area_factor, and names of area_shift, that are not at rest
        self.lifted: set[str] = set()
        self.clear()

    def clear(self) -> None:
        """Back to no policy."""
        self.appointments: Floats = np.ones(self.practices)
        self.barrier: Floats = np.zeros(self.practices)
        self.digital: Floats = np.zeros(self.practices)
        self.steps: dict[Step, Floats] = {}
        self.discharge = 1.0


def prevalence_ratios(share: float, change: float, split: float) -> tuple[float, float]:
    """Ratios on the rates into and out of a state that change its equilibrium share by a relative `change`.

    With rates i in and r out the equilibrium share is p = i / (i + r), its odds i / r. The share p (1 + change) needs
    odds multiplied by φ = p' (1 − p) / (p (1 − p')): into by φ^split, out of by φ^(split − 1). Exactly 1 for no change.
    """
    after = share * (1.0 + change)
    odds = (after / (1.0 - after)) * ((1.0 - share) / share)
    return float(odds**split), float(odds ** (split - 1.0))


def saturating(capacity: Floats, half: float) -> Floats:
    """Effect of community capacity relative to the studied dose: 0 at 0, 1 at 1, at most 1 + half."""
    return np.asarray((1.0 + half) * capacity / (capacity + half))


def combine(logs: list[tuple[str, str, Floats]], overlap: float) -> Floats:
    """The log factor of several levers on one process.

    logs: (lever, domain, log factor by neighbourhood) in any order. Within a domain the strongest counts in full and
    the rest, summed, by 1 − overlap; domains add.
    """
    if len(logs) == 1:
        return logs[0][2]
    total = np.zeros_like(logs[0][2])
    ordered = sorted(logs, key=lambda entry: entry[:2])
    for domain in sorted({entry[1] for entry in ordered}):
        parts = np.array([entry[2] for entry in ordered if entry[1] == domain])
        strongest = np.take_along_axis(parts, np.abs(parts).argmax(0)[None, :], 0)[0]
        total += strongest + (1.0 - overlap) * (parts.sum(0) - strongest) if len(parts) > 1 else strongest
    return total


def apply_levers(m: CareSystem, scenario: Scenario) -> None:
    """Write this month's effects of the running levers into the model; called before residents are reviewed.

    Touches nothing before a lever has been paid for, nor columns that no lever acts on: with a null lever or an empty
    scenario `area_factor` stays exactly 1.
    """
    logs: dict[str, list[tuple[str, str, Floats]]] = {}
    steps: dict[Step, list[tuple[str, str, Floats]]] = {}
    shifts: dict[str, Floats] = {}
    effects = m.commissioner.effects
    effects.clear()
    if effects.rates:
        m.area_factor[:, effects.rates] = 1.0
    for state in effects.lifted:
        m.area_shift[state][:] = 0.0
    saved = 0.0
    for use in scenario.active:
        programme = m.commissioner.programmes[use.name]
        people = programme.people
        if programme.quiet or (people is None and use.lever.looks_around):
            continue
        felt = programme.coverage() * programme.strength(m.month)
        for act in use.lever.acts_on:
            for process, log in _logs(programme, act, m.month, felt):
                logs.setdefault(process, []).append((use.name, use.lever.domain, log))
            if act.kind == "discharge":
                days = programme.parameters[act.values["days"]]
                saved += programme.bought * days * float(programme.strength(m.month))
            if people is None:
                continue
            if act.kind == "shift":
                lift = _lift(programme, act, people, felt)
                shifts[act.target] = shifts.get(act.target, 0.0) + lift
            elif act.kind == "pathway":
                ratio = programme.parameters[act.values["ratio"]]
                log = np.log1p(np.maximum(_of_kind(programme, act, people, felt) * (ratio - 1.0), -MOST_CHANCE))
                where = (act.target, act.values["step"], act.values["what"])
                steps.setdefault(where, []).append((use.name, use.lever.domain, log))
            elif act.kind == "digital":
                _digital(effects, programme, act, people, felt)
    overlap = m.evidence["levers.overlap"] if logs or steps else 0.0
    effects.rates = [m.rates.index[process] for process in logs]
    if logs:
        factors = np.empty((len(logs), len(m.area_factor)))
        for row, parts in enumerate(logs.values()):
            factors[row] = combine(parts, overlap)
        np.exp(factors, out=factors)
        for row in (row for row, process in enumerate(logs) if process in HOSPITAL_KINDS):
            np.maximum(factors[row], 1.0 - m.evidence["levers.most_reduction"], out=factors[row])
        m.area_factor[:, effects.rates] = factors.T
    effects.lifted = set(shifts)
    for state, lift in shifts.items():
        m.area_shift[state][:] = lift
    effects.steps = {where: np.exp(combine(parts, overlap)) for where, parts in steps.items()}
    m.care.pathways.clear()
    for where, factor in effects.steps.items():
        m.care.pathways.scale(*where, by_area=factor)
    effects.discharge = discharge_factor(m, saved) if saved else 1.0


def discharge_factor(m: CareSystem, saved: float) -> float:
    """Factor on the days of waiting for discharge when so many bed days a month of the place are saved (at 1:1)."""
    hospital = m.care.hospital
    waited = hospital.discharge_wait * hospital.occupancy * m.care.beds_base * m.care.share * DAYS_A_MONTH
    most = m.evidence["levers.faster_discharge.most"]
    return 1.0 - min(most, m.commissioner.home * saved / waited) if waited > 0 else 1.0


def _lift(programme: Programme, act: Act, people: People, felt: Floats) -> Floats:
    """What a shift adds to the mean of a neighbourhood."""
    points = programme.parameters[act.values["points"]]
    if programme.lever.who is None:
        return np.asarray(points * felt)
    return np.asarray(points * felt * programme.eligible / people.over(SHIFTS[act.target]))


def _of_kind(programme: Programme, act: Act, people: People, felt: Floats) -> Floats:
    """Of a neighbourhood's needs of the kind whose pathway is acted on, the share that are of people reached."""
    if programme.lever.who is None:
        return felt
    by_heads = programme.eligible / people.over("residents")
    return np.asarray(felt * programme.carried.get(begins_with(act.target), by_heads))


def _digital(effects: Effects, programme: Programme, act: Act, people: People, felt: Floats) -> None:
    """Contacts made online: practices get more done with those who are online; the others meet a barrier."""
    value = programme.parameters
    online = 1.0 - people.by_practice(people.offline / people.over("adults"))
    share = people.by_practice(felt) * value[act.values["share"]]
    effects.digital = effects.digital + share * online
    effects.appointments = effects.appointments * (1.0 + share * online * value[act.values["gain"]])
    effects.barrier = 1.0 - (1.0 - effects.barrier) * (1.0 - share * value[act.values["barrier"]])


def _logs(programme: Programme, act: Act, month: int, felt: Floats) -> list[tuple[str, Floats]]:
    """Log factors of one act: (process, one number a neighbourhood)."""
    value = programme.parameters
    if act.kind == "prevalence":
        into, out_of = prevalence_ratios(
            value[act.values["of"]], value[act.values["relative_change"]], value[act.values["split"]]
        )
        effect = programme.strength(month) * saturating(programme.stock, value[act.values["saturation"]])
        return [(act.values["into"], effect * np.log(into)), (act.values["out_of"], effect * np.log(out_of))]
    if act.kind != "rate":
        return []
    if "ratio" in act.values:
        share = programme.carried.get(act.target, np.zeros(1))
        return [(act.target, np.log1p(share * felt * (value[act.values["ratio"]] - 1.0)))]
    chance = programme.background.get(act.target, 0.0)
    if chance <= 0.0:
        return []
    spared = np.empty(programme.eligible.size)
    strength = np.array(programme.strength(month), ndmin=1)
    kernels.spare(
        programme.reached, programme.eligible, strength, value[act.values["add_probability"]], chance, MOST_CHANCE,
        spared,
    )  # fmt: skip
    return [(act.target, np.log(np.log1p(spared) / np.log1p(-chance)))]
