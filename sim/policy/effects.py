"""What levers do to the rates of processes in each neighbourhood: `area_factor` of the model, written only here.

What they add to a state of everybody in a neighbourhood is in `area_shift`, by name of the state.

Effects on one process multiply. Levers of the same domain overlap: of their joint effect beyond the strongest one a
stated share is lost. Sums run over levers in alphabetical order, so no result depends on the order of a file.
An evidence row about an outcome (admissions, visits) is never applied: see docs/decisions/levers.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.policy.levers import Act
from sim.policy.programme import Programme
from sim.policy.scenario import Scenario

if TYPE_CHECKING:
    from sim.system import CareSystem

Floats = NDArray[np.float64]
MOST_CHANCE = 0.99


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
    total = np.zeros_like(logs[0][2])
    ordered = sorted(logs, key=lambda entry: entry[:2])
    for domain in sorted({entry[1] for entry in ordered}):
        parts = np.array([entry[2] for entry in ordered if entry[1] == domain])
        strongest = np.take_along_axis(parts, np.abs(parts).argmax(0)[None, :], 0)[0]
        total += strongest + (1.0 - overlap) * (parts.sum(0) - strongest) if len(parts) > 1 else strongest
    return total


def apply_levers(m: CareSystem, scenario: Scenario) -> None:
    """Write this month's factors of the running levers into the model; called before residents are reviewed.

    Touches nothing before a lever has been paid for, nor columns that no lever acts on: with a null lever or an empty
    scenario `area_factor` stays exactly 1.
    """
    logs: dict[str, list[tuple[str, str, Floats]]] = {}
    shifts: dict[str, Floats] = {}
    for use in scenario.active:
        programme = m.commissioner.programmes[use.name]
        if not programme.stock.any() and not programme.reached.any():
            continue
        for act in use.lever.acts_on:
            for process, log in _logs(programme, act, m.month):
                logs.setdefault(process, []).append((use.name, use.lever.domain, log))
            if act.kind == "shift":
                points = programme.parameters[act.values["points"]] * programme.strength(m.month)
                lift = points * programme.share_reached() * programme.eligible_share(m)
                shifts[act.target] = shifts.get(act.target, 0.0) + lift
    for process, parts in logs.items():
        column = m.rates.index[process]
        m.area_factor[:, column] = np.exp(combine(parts, m.evidence["levers.overlap"]))
    for state, lift in shifts.items():
        m.area_shift[state][:] = lift


def _logs(programme: Programme, act: Act, month: int) -> list[tuple[str, Floats]]:
    """Log factors of one act: (process, one number a neighbourhood)."""
    value, strength = programme.parameters, programme.strength(month)
    if act.kind == "prevalence":
        into, out_of = prevalence_ratios(
            value[act.values["of"]], value[act.values["relative_change"]], value[act.values["split"]]
        )
        effect = strength * saturating(programme.stock, value[act.values["saturation"]])
        return [(act.values["into"], effect * np.log(into)), (act.values["out_of"], effect * np.log(out_of))]
    if act.kind != "rate":
        return []
    if "ratio" in act.values:
        share = programme.share_reached()
        return [(act.target, np.log1p(share * strength * (value[act.values["ratio"]] - 1.0)))]
    chance = programme.background.get(act.target, 0.0)
    if chance <= 0.0:
        return []
    eligible = programme.eligible
    reached = np.divide(programme.reached, eligible, out=np.zeros_like(eligible), where=eligible > 0)
    more = np.clip(chance + reached * strength * value[act.values["add_probability"]], 0.0, MOST_CHANCE)
    return [(act.target, np.log(np.log1p(-more) / np.log1p(-chance)))]
