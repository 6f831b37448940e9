"""What a sweep found: values by row, seed, scenario, outcome and year, paired differences, indices, and its files.

The numbers lie in ``runs.parquet`` of the sweep's folder, one line a run (row and seed), each outcome a list of
scenarios × years. An outcome is read when it is asked for.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.disk import refusals
from sim.errors import UserError
from sim.sweeps import worth
from sim.sweeps.arrow import arrow, parquet
from sim.sweeps.base import Record
from sim.sweeps.experiment import PSA, Experiment
from sim.sweeps.store import FAILED, OK

if TYPE_CHECKING:
    import pandas as pd

    from sim.sweeps.indices import Indices
    from sim.sweeps.run import Sweep

Array = NDArray[np.float64]
LINES = 2048
"""Lines that are held at a time while runs.parquet or an export is written."""
TOTAL = tuple(worth.MEASURES)
"""Outcomes of which the years are added up: money and QALYs gained."""


@dataclass
class SweepResults:
    """Results of a sweep, whole or as far as it is.

    status: int8[rows, seeds] (`sim.sweeps.store.OK`, …); by_outcome: float64[rows, seeds, scenarios, years] by name;
    failures: what is known of failed runs. The first scenario is what the others are compared with.
    """

    experiment: Experiment
    design: Any
    status: NDArray[np.int8]
    by_outcome: dict[str, Array]
    folder: Path | None = None
    failures: list[Record] = field(default_factory=list)
    _scratch: Any = None

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios, the baseline first."""
        return tuple(self.experiment.plan.scenarios)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes."""
        return self.experiment.outcomes

    @property
    def years(self) -> list[int]:
        """Financial years of the values (2026 is April 2026 to March 2027)."""
        first = self.experiment.base.first_year
        return [first + i for i in range(next(iter(self.by_outcome.values())).shape[-1])]

    @property
    def values(self) -> Array:
        """Everything: float64[rows, seeds, scenarios, outcomes, years], nan where not run."""
        return np.stack([self.by_outcome[name] for name in self.outcomes], axis=3)

    @property
    def digest(self) -> str:
        """sha256 of all values: equal if and only if they are equal to the last bit."""
        import hashlib

        whole = hashlib.sha256(self.status.tobytes())
        for name in self.outcomes:
            whole.update(name.encode() + np.ascontiguousarray(self.by_outcome[name]).tobytes())
        return whole.hexdigest()

    def difference(self, outcome: str, scenario: str | None = None) -> Array:
        """Paired difference to the first scenario under the same row and seed: float64[rows, seeds, years]; of a sweep
        with one scenario, its values. Raises `UserError` for a name that the sweep does not have."""
        from sim.nearest import not_known

        scenario = scenario or self.scenarios[-1]
        if outcome not in self.by_outcome:
            raise UserError(not_known("outcome of this sweep", outcome, self.outcomes))
        if scenario not in self.scenarios:
            raise UserError(not_known("scenario of this sweep", scenario, self.scenarios))
        values = self.by_outcome[outcome]
        one = values[:, :, self.scenarios.index(scenario)]
        return np.asarray(one - values[:, :, 0] if len(self.scenarios) > 1 else one)

    def change(self, outcome: str, scenario: str | None = None, year: int | None = None) -> Array:
        """One number a run, float64[rows, seeds]: the difference in a financial year or, unless said, in the last year
        of each row; of money and QALYs gained the total up to then."""
        found = self.difference(outcome, scenario)
        if year is not None:
            if year not in self.years:
                raise UserError(f"The sweep has no year {year}; it has {self.years[0]} to {self.years[-1]}.")
            found = found[..., : self.years.index(year) + 1]
        there = np.isfinite(found)
        if outcome in TOTAL:
            return np.where(there.any(axis=-1), np.nansum(found, axis=-1), np.nan)
        if year is not None:
            return np.asarray(found[..., -1])
        last = found.shape[-1] - 1 - np.argmax(there[..., ::-1], axis=-1)
        return np.asarray(np.take_along_axis(found, last[..., None], axis=-1)[..., 0])

    def indices(self, outcome: str, year: int | None = None, scenario: str | None = None) -> Indices:
        """Sensitivity indices of a change, and how much of it is luck. Raises `UserError` naming rows that failed, for
        a `psa` (which varies everything at once), and where the design is too small."""
        from sim.sweeps import indices

        if self.design.method == PSA:
            raise UserError("A psa draws everything at once and has no indices; use the design qmc with factors.")
        return indices.with_luck(self.design, self.change(outcome, scenario, year))

    def provisional(self, outcome: str | None = None, scenario: str | None = None) -> Indices | None:
        """Indices of what is complete so far, or None when that is too little."""
        from sim.sweeps import convergence

        if self.design.method == PSA:
            return None
        return convergence.provisional(self.design, self.change(outcome or self.outcomes[0], scenario))

    # ------------------------------------------------------------------------------------------------ files

    @classmethod
    def load(cls, folder: str | Path | None = None, own: Sequence[str | Path] = ()) -> SweepResults:
        """Read a finished sweep from its folder; ``results/latest``, or nothing, is the newest one.

        own: the user's folders, if it used any and they have moved since. Of failed runs there is the last line of the
        error. Raises `UserError` when it is no folder of a finished sweep, and when the evidence has changed since, so
        that its design cannot be made again.
        """
        from sim.sweeps import loading

        return loading.load(folder, own)

    def write(self) -> None:
        """Write everything a finished sweep leaves behind into its folder. Raises `EnvironmentFault`."""
        from sim.studies import provenance
        from sim.studies import store as runs

        assert self.folder is not None
        with refusals(self.folder, kept=True):
            with runs.beside(self.folder) as half:
                self.write_runs(half / "runs.parquet")
                self._failed().to_csv(half / "failed.csv", index=False)
                for name, table in self._tables().items():
                    table.to_csv(half / name, index=False)
                self._page(half)
            facts = {
                "format": runs.FORMAT, **provenance.about(), "command": "sweep", "hash": self.experiment.base.hash,
                "experiment": self.experiment.name, "rows": len(self.design), "seeds": self.experiment.seed_list(),
                "runs": int((self.status == OK).sum()), "failed": int((self.status == FAILED).sum()),
                "digest": self.digest, "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
                "hashes": provenance.hashes(self.experiment.plan.settings.place, self.experiment.plan.own),
            }  # fmt: skip
            runs.write_metadata(self.folder, facts)
            runs.write_text(self.folder.parent / "latest", self.folder.name + "\n")

    def _tables(self) -> dict[str, pd.DataFrame]:
        import pandas as pd

        from sim.sweeps import convergence

        if self.design.method == PSA:
            return {}
        tables, paths = [], []
        for scenario in self.scenarios[1:] or self.scenarios:
            for outcome in self.outcomes:
                y = self.change(outcome, scenario)
                found = convergence.provisional(self.design, y) if not np.isfinite(y).all() else None
                try:
                    found = found or self.indices(outcome, None, scenario)
                    path = convergence.path(self.design, y)
                except UserError:
                    continue
                about = {"scenario": scenario, "outcome": outcome}
                tables.append(found.table.assign(**about, n=found.n))
                paths.append(path.assign(**about))
        return {
            name: pd.concat(some, ignore_index=True)
            for name, some in (("indices.csv", tables), ("convergence.csv", paths))
            if some
        }

    def _failed(self) -> pd.DataFrame:
        import pandas as pd

        lines = [(r.row, r.seed, r.status, r.error.strip().splitlines()[-1:], r.given) for r in self.failures]
        rows = [(row, seed, status, "".join(error), given) for row, seed, status, error, given in lines]
        return pd.DataFrame(rows, columns=["row", "seed", "status", "error", "values"])

    def _page(self, folder: Path) -> None:
        from sim.report import sweep_page

        if (self.status == OK).any():
            like: Any = self
            sweep_page.write(like, folder)

    def write_runs(self, file: Path) -> None:
        """All runs as they are kept: one line a run, each outcome a list of scenarios × years."""
        pa = arrow()
        pq = parquet()

        seeds = self.experiment.seed_list()
        per_row, writer = len(seeds), None
        try:
            for start in range(0, len(self.design), max(LINES // per_row, 1)):
                rows = range(start, min(start + max(LINES // per_row, 1), len(self.design)))
                columns: dict[str, Any] = {
                    "row": pa.array(np.repeat(rows, per_row), pa.int32()),
                    "seed": pa.array(np.tile(seeds, len(rows)), pa.int64()),
                    "status": pa.array(self.status[rows.start : rows.stop].ravel(), pa.int8()),
                }
                for name, column in self._factor_columns(rows).items():
                    columns[f"f.{name}"] = pa.array([value for value in column for _ in seeds])
                for name in self.outcomes:
                    flat = np.asarray(self.by_outcome[name][rows.start : rows.stop]).ravel()
                    width = len(flat) // max(len(rows) * per_row, 1)
                    columns[f"y.{name}"] = pa.FixedSizeListArray.from_arrays(pa.array(flat), width)
                table = pa.table(columns)
                writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
                writer.write_table(table)
        finally:
            if writer is not None:
                writer.close()

    def _factor_columns(self, rows: range) -> dict[str, list[Any]]:
        each = [values for _, values in self.design.rows_of(rows.start, rows.stop)]
        return {name: [one[name] for one in each] for name in (each[0] if each else {})}

    def frames(self) -> Iterator[pd.DataFrame]:
        """Tidy tables, some rows at a time: row, seed, factors, scenario, year, and a column for each outcome."""
        import pandas as pd

        seeds, years = self.experiment.seed_list(), self.years
        step = max(LINES // len(seeds), 1)
        for start in range(0, len(self.design), step):
            rows = range(start, min(start + step, len(self.design)))
            shape = (len(rows), len(seeds), len(self.scenarios), len(years))
            grid = np.indices(shape).reshape(4, -1)
            data: dict[str, Any] = {"row": start + grid[0], "seed": np.array(seeds)[grid[1]]}
            for name, column in self._factor_columns(rows).items():
                data[name] = pd.Series(column).to_numpy()[grid[0]]
            data["scenario"] = np.array(self.scenarios)[grid[2]]
            data["year"] = np.array(years)[grid[3]]
            for name in self.outcomes:
                data[name] = np.asarray(self.by_outcome[name][rows.start : rows.stop]).ravel()
            done = self.status[rows.start : rows.stop][grid[0], grid[1]] == OK
            yield pd.DataFrame(data)[done]

    def to_frame(self) -> pd.DataFrame:
        """The tidy table whole."""
        import pandas as pd

        return pd.concat(list(self.frames()), ignore_index=True)

    def export(self, file: Path) -> None:
        """Write the tidy table as .csv or .parquet. Raises `UserError` for another ending, `EnvironmentFault`."""
        if file.suffix not in (".csv", ".parquet"):
            raise UserError(f"'{file}': the export is a .csv or a .parquet file.")
        half = file.with_name(f".partial-{file.name}")
        with refusals(file):
            try:
                if file.suffix == ".csv":
                    for i, frame in enumerate(self.frames()):
                        frame.to_csv(half, index=False, mode="w" if i == 0 else "a", header=i == 0)
                else:
                    _write_parquet(self.frames(), half)
                half.replace(file)
            finally:
                half.unlink(missing_ok=True)

    def plot(self, name: str, outcome: str | None = None, scenario: str | None = None) -> Any:
        """A figure by name, as in sweep.html (`sim.report.sweep_page`). Raises `UserError` for other names."""
        from sim.nearest import not_known
        from sim.report import sweep_page
        from sim.report.sweep_numbers import SweepNumbers

        like: Any = self
        made = {key: one for part in sweep_page.parts(SweepNumbers(like)) for key, (one, _) in part.pictures.items()}
        if name not in made:
            raise UserError(not_known("figure of this sweep", name, list(made)))
        return made[name].figure

    def __repr__(self) -> str:
        done = int((self.status == OK).sum())
        seeds = len(self.experiment.seed_list())
        return f"<sweep {self.experiment.name}: {len(self.design)} rows × {seeds} seeds, {done} done>"


def _write_parquet(frames: Iterator[pd.DataFrame], file: Path) -> None:
    pa = arrow()
    pq = parquet()

    writer = None
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()


def gather(it: Sweep, folder: Path | None) -> SweepResults:
    """Put together what is in the store. Large outcomes lie in a file that is mapped, not in memory."""
    rows, seeds = len(it.design), len(it.seeds)
    status = it.states()
    failed = {it.keys[row, i].tobytes(): (int(row), it.seeds[i]) for row, i in np.argwhere(status == FAILED)}
    years = most_years(it)
    shape = (rows * seeds, len(it.base.scenarios), years)
    scratch = None
    by_outcome = {}
    if np.prod(shape) * 8 * len(it.base.outcomes) > 64e6:
        scratch = _Scratch(it.store.root)
    for name in it.base.outcomes:
        out = np.full(shape, np.nan) if scratch is None else scratch.array(name, shape)
        it.store.column(name, it.index, out)
        by_outcome[name] = out.reshape(rows, seeds, *shape[1:])
    failures = [
        Record(key, *failed[key], r.status, r.seconds, None, r.error, r.given)
        for key, r in it.store.failures(set(failed)).items()
    ]
    failures.sort(key=lambda r: (r.row, r.seed))
    return SweepResults(it.experiment, it.design, status, by_outcome, folder, failures, _scratch=scratch)


def most_years(it: Sweep) -> int:
    """Years of the longest row: complete financial years under the policy."""
    longest = it.base.settings.years
    for factor in getattr(it.design, "factors", ()):
        if factor.name == "years":
            longest = int(factor.at(1.0)) if not factor.choices else max(int(c) for c in factor.choices)
    return longest if it.base.settings.policy_start % 12 == 9 else longest - 1  # month 9 after July is April


class _Scratch:
    """A folder for arrays too large for memory, gone when nobody uses them any more."""

    def __init__(self, root: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=".sweep-scratch-", dir=root))

    def array(self, name: str, shape: tuple[int, ...]) -> Array:
        out = np.lib.format.open_memmap(self.folder / f"{name}.npy", mode="w+", dtype=np.float64, shape=shape)
        for start in range(0, shape[0], LINES):
            out[start : start + LINES] = np.nan
        return out

    def __del__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
