"""The folder of a run: records, tables, and last of all results.json, without which it is not a whole one."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import disk
from sim.errors import UserError
from sim.outcomes.record import FORMAT, RunRecord, refuse_newer

if TYPE_CHECKING:
    import pandas as pd

    from sim.outcomes.results import Results

MOST_READERS = 4


def save(results: Results, folder: str | Path | None) -> Path:
    """See `Results.save`."""
    folder = Path(folder) if folder is not None else Path("results") / f"{datetime.now():%Y-%m-%d-%H%M%S}-saved"
    from sim.studies import saved

    with disk.refusals(folder):
        for part in ("records", "tables"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        names = []
        for r in results.records:
            names.append(f"records/{r.scenario}-d{r.draw:03d}-s{r.seed:04d}.npz")
            r.save(folder / names[-1])
        off = []
        for r in results.unjudged.records if results.unjudged else ():
            off.append(f"records/{r.scenario}-d{r.draw:03d}-s{r.seed:04d}-unjudged.npz")
            r.save(folder / off[-1])
        more = []
        for r in results.explored.records if results.explored else ():
            if r.scenario != results.baseline:
                more.append(f"records/{r.scenario}-d{r.draw:03d}-s{r.seed:04d}.npz")
                r.save(folder / more[-1])
        _write(folder / "summary.csv", lambda path: results.summary().to_csv(path, index=False, float_format="%.10g"))
        _write(folder / "series.parquet", lambda path: results.to_frame().to_parquet(path, index=False))
        for name, frame in _by_group(results).items():
            _write(folder / "tables" / name, partial(frame.to_csv, index=False, float_format="%.8g"))
        if any(r.events is not None for r in results.records):
            _write(folder / "events.parquet", lambda path: results.events().to_parquet(path, index=False))
        if len(results.panel()):
            from sim.outcomes import stories

            _write(folder / "stories.md", lambda path: path.write_text(stories.tell(results), encoding="utf-8"))
        about = json.dumps({"format": FORMAT, "records": names, "unjudged": off, "explored": more}, indent=1)
        _write(folder / "results.json", lambda path: path.write_text(about + "\n", encoding="utf-8"))
        if not (folder / "metadata.json").exists():  # a run of the command line writes its own
            saved.write(results, folder)
    return folder


def _by_group(results: Results) -> dict[str, pd.DataFrame]:
    """Tables by fifth, practice, team, age group and neighbourhood, and of the courses of the headline measures."""
    from sim.outcomes import by_group, course

    written = {"panel.csv": results.panel()} if len(results.panel()) else {}
    if not results.years:
        return written
    return {**by_group.tables(results), "courses.csv": course.table(results), "money.csv": results.money(), **written}


def load(folder: str | Path) -> Results:
    """See `Results.load`."""
    from sim.outcomes.results import Results

    folder = Path(folder)
    if folder.is_file():
        folder = folder.parent / folder.read_text(encoding="utf-8").strip()
    try:
        about = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        refuse_newer(about["format"], folder)
        names = [str(name) for name in about["records"]]
        off = [str(name) for name in about.get("unjudged", ())]
        more = [str(name) for name in about.get("explored", ())]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(_what_it_is(folder)) from None
    every = [*names, *off, *more]
    with ThreadPoolExecutor(min(MOST_READERS, os.cpu_count() or 1)) as pool:  # unpacking lets go of the interpreter
        records = dict(zip(every, pool.map(lambda name: RunRecord.load(folder / name), every), strict=True))
    found = Results(records[name] for name in names)
    found.unjudged = Results(records[name] for name in off) if off else None
    found.explore([records[name] for name in more])
    found.events_file = folder / "events.parquet"
    return found


def _what_it_is(folder: Path) -> str:
    """A sentence about a folder that holds no run: of a sweep, where its numbers are."""
    import yaml

    try:
        of_sweep = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))["command"] == "sweep"
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        of_sweep = False
    if not of_sweep:
        return f"{folder} is not the folder of a finished run."
    if not (folder / "runs.parquet").is_file():
        return f"{folder} is the folder of a sweep that has not finished; go on: headwater sweep resume {folder}"
    return (
        f"{folder} is the folder of a sweep, not of a run: SweepResults.load reads it (from sim import SweepResults), "
        "and pandas its tables (results/README.md)."
    )


def _write(path: Path, write: Any) -> None:
    """Write one file beside and rename it, so that it is whole or not there."""
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        write(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
