"""Results as tables: the summary over runs, and every run, tidy. Columns as said in `sim.outcomes.results.Results`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.outcomes.summary import intervals

if TYPE_CHECKING:
    import pandas as pd

    from sim.outcomes.record import RunRecord
    from sim.outcomes.results import Results

Array = NDArray[Any]


def summary(results: Results, measures: Sequence[str] | None, years: Sequence[int] | None) -> pd.DataFrame:
    """See `Results.summary`."""
    import pandas as pd

    names = list(results.shown) if measures is None else [results.measures[name].name for name in measures]
    wanted = [year for year in results.years if (year >= results.reported_from if years is None else year in years)]
    columns = [results.years.index(year) for year in wanted]
    frames = []
    for scenario in results.scenarios:  # all measures of a scenario side by side, [runs, measures × years]
        values = np.hstack([results.values(name, scenario)[:, columns] for name in names])
        changes = np.hstack([results.changes(name, scenario)[:, columns] for name in names])
        value, low, high, runs = intervals(values)
        change, change_low, change_high, _ = intervals(changes)
        row = {"year": wanted * len(names), "runs": runs, "value": value, "low": low, "high": high, "change": change}
        row |= {"change_low": change_low, "change_high": change_high, "noise_share": results.noise(changes)}
        frames.append(row)
    table = pd.DataFrame({key: np.concatenate([row[key] for row in frames]) for key in frames[0]})
    of = [(s, n, results.measures[n].label, results.measures[n].unit) for s in results.scenarios for n in names]
    for k, column in enumerate(("scenario", "measure", "label", "unit")):
        table.insert(k, column, np.repeat([row[k] for row in of], len(wanted)))
    return table


def every_run(results: Results, monthly: bool) -> pd.DataFrame:
    """See `Results.to_frame`."""
    import pandas as pd

    names = [n for n in results.shown if not monthly or results.measures[n].kind != "computed"]
    first = results.records[0]
    times = [clock.iso(first.first_month + k) for k in range(first.n_months)] if monthly else list(results.years)
    series = [(n, group) for n in names for group in (range(6) if n in results.grouped else range(1))]
    size = len(series) * len(times)

    codes = np.tile(np.repeat([names.index(n) for n, _ in series], len(times)), len(results.records))
    runs = [(r.scenario, r.draw, r.seed) for r in results.records]
    at = {pair: k for k, pair in enumerate(results.pairs)}

    def read(r: RunRecord, name: str, group: int) -> Array:
        if monthly:
            return r.months(name, group)
        k = at.get((r.draw, r.seed))  # what is compared has been read before, and other runs have not
        return r.years(name, group) if k is None else np.asarray(results.values(name, r.scenario, group)[k])

    return pd.DataFrame(
        {
            "scenario": pd.Categorical(np.repeat([s for s, _, _ in runs], size), categories=results.scenarios),
            "draw": np.repeat([d for _, d, _ in runs], size),
            "seed": np.repeat([s for _, _, s in runs], size),
            "measure": pd.Categorical.from_codes(codes, pd.Index(names)),
            "fifth": np.tile(np.repeat(np.array([g for _, g in series], np.int8), len(times)), len(runs)),
            "month" if monthly else "year": np.tile(times, len(series) * len(runs)),
            "value": np.concatenate([read(r, n, g) for r in results.records for n, g in series]),
        }
    )
