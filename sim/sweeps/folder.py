"""The folder of a sweep, there from its beginning: results/<date-time>-sweep-<experiment>-<hash>/.

config.yaml and log.jsonl stand in it at once, numbers and pages when the sweep is finished (then metadata.json, too).
The same command, from any number of machines, finds the folder again by the hash of what was asked.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sim.compose import from_tree
from sim.disk import refusals
from sim.errors import UserError
from sim.studies import store as runs
from sim.sweeps.experiment import Experiment, from_plan
from sim.sweeps.store import RunStore
from sim.vocabulary import SWEEP_MARK

CONFIG, LOG, LOCK, JOBS = "config.yaml", "log.jsonl", "lock", "jobs"
OWN = ".own"
"""Ending of the note beside a sweep's code in the store that says where the user's own folders lie."""


def note(experiment: Experiment, store: RunStore) -> Path:
    """The file, called by the hash of what was asked, that says which folder is that of an experiment."""
    said = json.dumps([store.base.hash, experiment.tree()], sort_keys=True, default=str)
    return store.cache / "sweeps" / hashlib.sha256(said.encode()).hexdigest()


def open_folder(experiment: Experiment, store: RunStore) -> tuple[Path, bool]:
    """The folder of an experiment, made if need be, and whether it was there before."""
    known = note(experiment, store)
    with refusals(store.root, kept=True):
        if (folder := _known(known, store.root)) is not None:
            return folder, True
        known.parent.mkdir(parents=True, exist_ok=True)
        stem = f"{datetime.now():%Y-%m-%d-%H%M%S}{SWEEP_MARK}{experiment.name}-{known.name[:8]}"
        folder = store.root / stem
        if experiment.plan.own:
            _write_own(known.with_name(known.name + OWN), experiment.plan.own, store.root)
        half = known.with_name(f"{known.name}.{os.getpid()}.tmp")
        half.write_text(folder.name + "\n", encoding="utf-8")
        try:
            if known.is_file():  # its folder was taken away
                os.replace(half, known)
            else:
                with contextlib.suppress(FileExistsError):
                    os.link(half, known)  # of several drivers that begin together, one names the folder
        finally:
            half.unlink(missing_ok=True)
        folder = store.root / known.read_text(encoding="utf-8").strip()
        folder.mkdir(exist_ok=True)
        if not (folder / CONFIG).is_file():
            runs.write_config(experiment.plan, folder / CONFIG)
    return folder, False


@contextlib.contextmanager
def begun(experiment: Experiment, store: RunStore) -> Iterator[Path]:
    """The folder of an experiment that begins within. Where it cannot (a `UserError`: an engine that refuses), all is
    left as it was: no folder of a study that never began, and no more files in one that was there before."""
    above = [one for one in (store.root, *store.root.parents) if not one.exists()]
    folder, there = open_folder(experiment, store)
    jobs = folder / JOBS
    before = _names(jobs)
    try:
        yield folder
    except UserError:
        for name in _names(jobs) - before:  # what was to be handed in
            (jobs / name).unlink(missing_ok=True)
        _remove_empty(jobs)
        if not there and not _names(folder) - {CONFIG, LOCK}:  # another driver may have begun in it
            _discard(folder, note(experiment, store))
            for one in (store.cache / "sweeps", store.cache, *above):
                _remove_empty(one)
        raise


def _discard(folder: Path, known: Path) -> None:
    known.unlink(missing_ok=True)
    known.with_name(known.name + OWN).unlink(missing_ok=True)
    for name in (CONFIG, LOCK):
        (folder / name).unlink(missing_ok=True)
    _remove_empty(folder)


def _names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()} if folder.is_dir() else set()


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _known(known: Path, root: Path) -> Path | None:
    try:
        folder = root / known.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return folder if (folder / CONFIG).is_file() else None


def _write_own(file: Path, own: tuple[str, ...], root: Path) -> None:
    """Note where the user's own folders lie, as seen from the results: a sweep that goes on finds them again."""
    ways = [os.path.relpath(Path(one).expanduser().resolve(), root.resolve()) for one in own]
    file.write_text(json.dumps(ways), encoding="utf-8")


def own_of(folder: Path) -> tuple[str, ...]:
    """The user's own folders of configuration that a sweep was begun with, where they are still where they were."""
    root = folder.resolve().parent
    for file in root.glob(f".sweep-cache-*/sweeps/*{OWN}"):
        known = file.with_name(file.name.removesuffix(OWN))
        with contextlib.suppress(OSError, ValueError):
            if known.read_text(encoding="utf-8").strip() == folder.resolve().name:
                found = [(root / way).resolve() for way in json.loads(file.read_text(encoding="utf-8"))]
                return tuple(str(one) for one in found if one.is_dir())
    return ()


def find(given: str | None, root: Path = Path("results")) -> Path:
    """A sweep's folder from what was typed; nothing, or ``results/latest``, is the newest sweep. Raises `UserError`."""
    if given is None or Path(given).name == "latest":
        root = root if given is None else Path(given).expanduser().parent
        found = sorted(file.parent for file in root.glob(f"*{SWEEP_MARK}*/{CONFIG}"))
        if not found:
            raise UserError(f"There is no sweep in {root}; begin one: headwater sweep experiment=screen")
        return found[-1]
    path = Path(given).expanduser()
    if not path.exists() and path.name == given:
        path = root / given
    if not path.is_dir():
        raise UserError(f"There is no sweep at '{given}'.")
    if SWEEP_MARK not in path.resolve().name or not (path / CONFIG).is_file():
        raise UserError(f"'{given}' is not the folder of a sweep.")
    return path


def read(folder: Path, own: tuple[str, ...] = ()) -> Experiment:
    """The experiment that a folder was made for. own: the user's folders, if it used any and they have moved since.
    Raises `UserError`."""
    from dataclasses import replace

    own = own or own_of(folder)

    plan = from_tree(runs.read_config(folder))
    if plan.command != "sweep" or not plan.experiment:
        raise UserError(f"{folder / 'config.yaml'} is not the configuration of a sweep.")
    return from_plan(replace(plan, own=own, settings=replace(plan.settings, results=str(folder.parent))))


def log(folder: Path, event: str, **facts: Any) -> None:
    """Add a line to the log of a sweep."""
    line = {"time": datetime.now().astimezone().isoformat(timespec="seconds"), "event": event, **facts}
    with refusals(folder, kept=True), open(folder / LOG, "a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
