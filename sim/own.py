"""The user's own folders of configuration that are in force in this process: levers, conditions, pathways, evidence.

They are chosen for a run (``--config-dir mine``, ``compare(…, own=["mine"])``) and put in force around all that is done
for it, in worker processes too, so that what is read from shipped and own files need not be handed through the model:

    mine/levers/x.yaml  mine/rollout/x.yaml  mine/conditions/x.yaml  mine/pathways/x.yaml
    mine/evidence/parameters/x.csv   rows of the registry, with names of their own
    mine/evidence/tables/x.csv       rows that are added to the table x
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sim.nearest import nearest

GROUPS = ("levers", "rollout", "conditions", "pathways", "evidence")
YAML = "*.y*ml"
READ = {**dict.fromkeys((*GROUPS, "scenario", "experiment"), YAML), "evidence": "**/*.csv"}
"""Folders that are read in one of the user's own, and what they hold."""
IN_EVIDENCE = dict.fromkeys(("parameters", "tables"), "*.csv")
NOT_READ = (".", "_")
"""With these begins the name of a folder that somebody has put aside."""
MOST_REMEMBERED = 64

P = ParamSpec("P")
R = TypeVar("R")
_in_force: tuple[Path, ...] = ()


def folders() -> tuple[Path, ...]:
    """The folders in force, in the order given."""
    return _in_force


def misspelt(folder: Path) -> list[str]:
    """A sentence for each folder in it that is not read, but is called nearly as one that is and holds such files; for
    each file that would be read had it another ending; and for a folder that is itself one of those looked for."""
    if (
        folder.name in READ
        and any(folder.glob(READ[folder.name]))
        and not any((folder / name).is_dir() for name in READ)
    ):
        return [f"{folder.name}: this is one of the folders that are looked for in yours; give the one that holds it."]
    endings = (file for name, pattern in READ.items() if pattern == YAML for file in (folder / name).glob("*.yml"))
    return [
        *_nearly(folder, READ), *_nearly(folder / "evidence", IN_EVIDENCE),
        *(f"{file.parent.name}/{file.name}: is not read; files end in .yaml here." for file in sorted(endings)),
    ]  # fmt: skip


def _nearly(folder: Path, read: Mapping[str, str]) -> Iterator[str]:
    for inside in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not inside.is_dir() or inside.name in read or inside.name.startswith(NOT_READ):
            continue
        meant = nearest(inside.name, list(read))
        if meant and any(inside.glob(read[meant])):
            yield (
                f"{folder.name}/{inside.name}: a folder of this name is not read; did you mean {meant}? "
                "If not, put an underscore before its name."
            )


@contextmanager
def using(given: Sequence[Path | str]) -> Iterator[None]:
    """Put folders in force for as long as the block runs; none at all for an empty sequence."""
    global _in_force
    before, _in_force = _in_force, tuple(Path(folder).expanduser().resolve() for folder in given)
    try:
        yield
    finally:
        _in_force = before


def files(group: str, pattern: str) -> list[Path]:
    """Files of a group (``conditions``, ``evidence/tables``) in all folders in force, by folder and name."""
    return [file for folder in _in_force for file in sorted((folder / group).glob(pattern))]


def stamp() -> tuple[Any, ...]:
    """Equal as long as no file of the folders in force is changed, added or taken away."""
    found = [file for group in GROUPS for file in files(group, "**/*") if file.is_file()]
    return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in found)


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """As `functools.cache`, but what was read from other folders, or before a file of theirs changed, is not given."""

    @functools.lru_cache(maxsize=MOST_REMEMBERED)
    def keyed(stamp: tuple[Any, ...], *args: Any) -> R:
        return function(*args)  # type: ignore[call-arg]

    @functools.wraps(function)
    def ask(*args: P.args, **more: P.kwargs) -> R:
        return keyed(stamp(), *args, *more.values())

    return ask
