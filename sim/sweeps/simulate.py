"""One row of a design under one seed: every scenario from one shared history, and the outcomes of each by year.

A worker remembers the histories it has simulated. Rows that differ only in what acts after the policy's start (levers,
their amounts, years) then cost no history again; jobs are ordered so that such rows come together.
"""

from __future__ import annotations

import json
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import EnvironmentFault, UserError
from sim.sweeps.base import DRAW, Base, Job, Record, evidence_of, own_folders, resolve, scenarios_of, settings_of

if TYPE_CHECKING:
    from sim.outcomes.record import RunRecord
    from sim.settings import RunSettings
    from sim.system import CareSystem

Array = NDArray[np.float64]
MOST_RESIDENTS = 2_000_000
"""Residents of all remembered histories together: some hundred bytes each."""
MOST_HISTORIES = 16

_histories: OrderedDict[tuple[Any, ...], CareSystem] = OrderedDict()


def run_row(base: Base, job: Job) -> Array:
    """The outcomes of one row and seed: float64[scenarios, outcomes, years].

    Years are the complete financial years of the row's own horizon, from the policy's start on.
    """
    from sim import own, system
    from sim.policy.scenario import scenario_from_mapping

    settings = settings_of(base, job.values)
    with own.using(base.own):
        folders = own_folders(base)
        scenarios = [
            scenario_from_mapping(given, f"{name}.yaml", folders)
            for name, given in scenarios_of(base, job.values).items()
        ]
        history = _history(base, job, settings)
        records = [system.run_scenario(history, scenario, settings.years) for scenario in scenarios]
        return outcomes(records, base, history)


def outcomes(records: list[RunRecord], base: Base, history: CareSystem) -> Array:
    """The outcomes of the scenarios' records, the first being the baseline: float64[scenarios, outcomes, years]."""
    from sim.outcomes.ledgers import Values
    from sim.sweeps import worth

    first = records[0].complete_years.index(base.first_year)
    prices = Values.of(history.evidence)
    out = np.empty((len(records), len(base.outcomes), len(records[0].complete_years) - first))
    against = set(base.outcomes) & worth.MEASURES.keys()
    for s, record in enumerate(records):
        ledger = worth.by_year(record, records[0], history.month, prices) if against else {}
        for o, name in enumerate(base.outcomes):
            out[s, o] = (ledger[name] if name in against else record.years(name))[first:]
    return out


def _history(base: Base, job: Job, settings: RunSettings) -> CareSystem:
    """The model of a row's evidence and seed at the start of the policy, simulated or remembered."""
    from sim import system
    from sim.evidence import load

    key = (base.hash, *job.history)
    if key in _histories:
        _histories.move_to_end(key)
        return _histories[key]
    drawn = load().draw(int(job.values.get(DRAW, 0)))
    evidence = drawn.replaced(evidence_of(job.values)).judged(settings.judged)
    history = system.run_history(settings, evidence.number, job.seed, evidence=evidence, detail=False)
    _histories[key] = history
    while len(_histories) > 1 and (
        len(_histories) > MOST_HISTORIES or sum(len(one.residents) for one in _histories.values()) > MOST_RESIDENTS
    ):
        _histories.popitem(last=False)
    return history


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
