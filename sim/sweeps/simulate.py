"""One row of a design under one seed: every scenario from one shared history, and the outcomes of each by year.

A worker remembers what it has simulated, with what of the evidence was read meanwhile. Rows that differ only in what is
not read until the policy starts (levers, their amounts and evidence, years) then cost no history again, and those that
differ in what a scenario does not read do not cost that scenario again: the baseline, when only levers are varied. Jobs
are ordered so that such rows come together.
"""

from __future__ import annotations

import json
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.errors import EnvironmentFault, UserError
from sim.evidence.reads import Kept, Noted
from sim.sweeps.base import (
    BEFORE_POLICY,
    DRAW,
    Base,
    Job,
    Record,
    evidence_of,
    own_folders,
    resolve,
    scenarios_of,
    settings_of,
)

if TYPE_CHECKING:
    from sim.evidence import Evidence
    from sim.outcomes.record import RunRecord
    from sim.settings import RunSettings
    from sim.system import CareSystem

Array = NDArray[np.float64]
R = TypeVar("R")
MOST_RESIDENTS = 2_000_000
"""Residents of all remembered histories together: some hundred bytes each."""
MOST_HISTORIES = 16


@dataclass
class _Shared:
    """A history, and the last records of scenarios that branched from it, as many as a row has scenarios."""

    history: CareSystem
    records: deque[tuple[tuple[Any, ...], Kept[RunRecord]]]


_histories: deque[tuple[tuple[Any, ...], Kept[_Shared]]] = deque(maxlen=MOST_HISTORIES)


def run_row(base: Base, job: Job) -> Array:
    """The outcomes of one row and seed: float64[scenarios, outcomes, years].

    Years are the complete financial years of the row's own horizon, from the policy's start on.
    """
    from sim import own
    from sim.evidence import load

    settings = settings_of(base, job.values)
    with own.using(base.own):
        drawn = load().draw(int(job.values.get(DRAW, 0)))
        evidence = drawn.replaced(evidence_of(job.values)).judged(settings.judged)
        shared = _history(base, job, settings, evidence)
        records = [
            _scenario(base, shared, name, given, settings.years, evidence)
            for name, given in scenarios_of(base, job.values).items()
        ]
        return outcomes(records, base, shared.history.month, evidence)


def outcomes(records: list[RunRecord], base: Base, policy_start: int, evidence: Evidence) -> Array:
    """The outcomes of the scenarios' records, the first being the baseline: float64[scenarios, outcomes, years]."""
    from sim.outcomes.ledgers import Values
    from sim.sweeps import worth

    first = records[0].complete_years.index(base.first_year)
    prices = Values.of(evidence)
    out = np.empty((len(records), len(base.outcomes), len(records[0].complete_years) - first))
    against = set(base.outcomes) & worth.MEASURES.keys()
    for s, record in enumerate(records):
        ledger = worth.by_year(record, records[0], policy_start, prices) if against else {}
        for o, name in enumerate(base.outcomes):
            out[s, o] = (ledger[name] if name in against else record.years(name))[first:]
    return out


def _history(base: Base, job: Job, settings: RunSettings, evidence: Evidence) -> _Shared:
    """The model of a row's evidence and seed at the start of the policy, simulated or remembered."""
    from sim import system

    before = {name: value for name, value in job.values.items() if name in BEFORE_POLICY}
    about = (base.hash, job.seed, json.dumps(before, sort_keys=True))
    if kept := _remembered(_histories, about, evidence):
        return kept
    noted = Noted(evidence)
    history = system.run_history(settings, evidence.number, job.seed, evidence=noted, detail=False)
    shared = _Shared(history, deque(maxlen=len(base.scenarios)))
    if new := Kept.of(noted, shared):
        _histories.append((about, new))
    while len(_histories) > 1 and sum(len(each.result.history.residents) for _, each in _histories) > MOST_RESIDENTS:
        _histories.popleft()
    return shared


def _scenario(
    base: Base, shared: _Shared, name: str, given: Mapping[str, Any], years: int, evidence: Evidence
) -> RunRecord:
    """The record of a scenario after a history, simulated or remembered."""
    from sim import system
    from sim.policy.scenario import scenario_from_mapping

    about = (name, json.dumps(given, sort_keys=True, default=str), years)
    if kept := _remembered(shared.records, about, evidence):
        # its outcomes are valued with this row's evidence
        return replace(kept, draw=evidence.number, meta={**kept.meta, "replaced": evidence.replacements})
    noted = Noted(evidence)
    scenario = scenario_from_mapping(given, f"{name}.yaml", own_folders(base))
    record = system.run_scenario(shared.history, scenario, years, evidence=noted)
    if new := Kept.of(noted, record):
        shared.records.append((about, new))
    return record


def _remembered(known: deque[tuple[Any, Kept[R]]], about: tuple[Any, ...], evidence: Evidence) -> R | None:
    """What was simulated of the same things under evidence that says the same; it becomes the last to be forgotten."""
    for i, (of, kept) in enumerate(known):
        if of == about and kept.fits(evidence):
            del known[i]
            known.append((of, kept))
            return kept.result
    return None


def run_jobs(base: Base, jobs: list[Job], said: Callable[[Record], None]) -> None:
    """Do jobs one after the other; `said` gets the record of each as it ends. No error of a run ends the others."""
    task = resolve(base.task)
    for job in jobs:
        said(run_one(base, job, task))


def run_chunk(base: Base, jobs: list[Job]) -> list[Record]:
    """Do jobs and return their records: what a cluster is given."""
    records: list[Record] = []
    run_jobs(base, jobs, records.append)
    return records


def run_one(base: Base, job: Job, task: Callable[[Base, Job], Array] | None = None) -> Record:
    """Do one job; an error becomes a record that tells of it."""
    began = time.perf_counter()
    try:
        values = np.ascontiguousarray((task or resolve(base.task))(base, job), np.float64)
    except (UserError, EnvironmentFault) as fault:
        error = str(fault)
    except MemoryError:
        error = "Memory ran out."
    except Exception:
        error = traceback.format_exc()
    else:
        return Record(job.key, job.row, job.seed, "ok", time.perf_counter() - began, values)
    seconds = time.perf_counter() - began
    return Record(job.key, job.row, job.seed, "failed", seconds, error=error, given=json.dumps(job.values))
