"""A finished sweep read back from its folder: from runs.parquet, so that the folder may be another machine's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import UserError
from sim.sweeps import folder as folders
from sim.sweeps.arrow import arrow, parquet
from sim.sweeps.base import Record
from sim.sweeps.experiment import PSA, Experiment
from sim.sweeps.results import SweepResults
from sim.sweeps.run import stages


def load(given: str | Path | None = None, own: Sequence[str | Path] = ()) -> SweepResults:
    """See `SweepResults.load`."""
    folder = folders.find(None if given is None else str(given))
    experiment = folders.read(folder, tuple(map(str, own)))
    file = folder / "runs.parquet"
    if not file.is_file():
        raise UserError(f"The sweep in {folder} has not finished; go on: headwater sweep resume {folder}")
    try:
        table = parquet().read_table(file)
        rows, seeds = int(table["row"][-1].as_py()) + 1, len(experiment.seed_list())
        status = np.array(table["status"]).reshape(rows, seeds)
        by_outcome = {name: _values(table, name, experiment, rows) for name in experiment.outcomes}
    except (arrow().ArrowInvalid, OSError, KeyError, IndexError, ValueError):
        raise UserError(f"{file} is not what a sweep wrote.") from None
    found = SweepResults(experiment, _design(experiment, rows), status, by_outcome, folder, _failures(folder))
    _check_factors(found, table)
    return found


def _values(table: Any, name: str, experiment: Experiment, rows: int) -> Any:
    flat = np.concatenate([np.asarray(chunk.flatten()) for chunk in table[f"y.{name}"].chunks])
    return flat.reshape(rows, len(experiment.seed_list()), len(experiment.plan.scenarios), -1)


def _design(experiment: Experiment, rows: int) -> Any:
    """The design as far as it was run: a sweep may have stopped early. Raises `UserError` if none fits."""
    design: Any = experiment.make_design()
    for n in stages(experiment, design):
        part = design if experiment.design == PSA or n == experiment.n else design.first(n)
        if len(part) == rows:
            return part
    raise UserError(_changed())


def _check_factors(found: SweepResults, table: Any) -> None:
    """Raise `UserError` where the rows of today's design are not those that were run: indices would be of other
    values."""
    seeds = len(found.experiment.seed_list())
    for name, column in found._factor_columns(range(len(found.design))).items():
        if f"f.{name}" not in table.column_names or table[f"f.{name}"].to_pylist()[::seeds] != column:
            raise UserError(_changed())


def _changed() -> str:
    return (
        "The evidence has changed since this sweep was run: its rows are no longer those of its design. Its tables "
        "(runs.parquet, indices.csv and others: results/README.md) hold what was found; read them with pandas."
    )


def _failures(folder: Path) -> list[Record]:
    """What failed.csv says: the last line of each error."""
    import pandas as pd

    file = folder / "failed.csv"
    if not file.is_file():
        return []
    lines = pd.read_csv(file, dtype={"error": str, "values": str}).fillna("")
    return [
        Record(b"", int(one["row"]), int(one["seed"]), one["status"], error=one["error"], given=one["values"])
        for _, one in lines.iterrows()
    ]
