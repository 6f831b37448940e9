"""What lies in the folder of results: finished comparisons and sweeps, by name. A name that is not in the list opens
nothing, so that nothing typed into an address can lead out of the folder."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sim.errors import UserError
from sim.studies import store

if TYPE_CHECKING:
    from sim.report.numbers import Numbers
    from sim.report.style import Picture

SHOWN = ("compare", "run")
MOST_LISTED = 200
MOST_OPEN = 6
LEFT_OUT = ("records",)  # of the archive: large, and of no use without the program
drawing = threading.Lock()
"""Held while anything is drawn: matplotlib's settings belong to the process, and two people may look at once."""


@dataclass(frozen=True)
class Saved:
    """A finished run: its folder's name, what made it, when, and what can be said of it without opening its numbers."""

    name: str
    command: str
    finished: str
    settings: dict[str, Any]
    scenarios: dict[str, dict[str, Any]]
    hashes: dict[str, Any]

    @property
    def label(self) -> str:
        """One line for a list: what is compared, where, how long, when."""
        labels = [str(given.get("label") or name) for name, given in self.scenarios.items()]
        years, place = self.settings.get("years"), place_words(self.settings.get("place"))
        experiment = self.settings.get("experiment")
        what = f"{experiment}: {', '.join(labels)}" if experiment else ", ".join(labels)
        return f"{what} · {place} · {years} year{'s' * (years != 1)} · {self.finished[:16].replace('T', ' ')}"


def place_words(place: Any) -> str:
    """A place as a run's settings give it, for people."""
    name = place.get("label") or place.get("name", "own place") if isinstance(place, dict) else str(place)
    return Path(str(name)).name.replace("_", " ")  # a folder of one's own is given as a path


def listed(root: Path, commands: Sequence[str] = SHOWN) -> dict[str, Saved]:
    """Finished runs by name, newest first. Nothing that lacks its numbers (the example that comes with headwater)."""
    found = []
    for folder in store.newest(root)[:MOST_LISTED]:
        try:
            one = _read(folder, (folder / "metadata.json").stat().st_mtime_ns)
        except OSError:
            continue
        if one is not None and one.command in commands:
            found.append(one)
    return {one.name: one for one in sorted(found, key=lambda one: one.finished, reverse=True)}


@lru_cache(maxsize=4 * MOST_LISTED)
def _read(folder: Path, _changed: int) -> Saved | None:
    """What a folder says of itself; None when it is damaged or of another kind."""
    try:
        about = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        tree = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        if about["command"] in SHOWN and not (folder / "results.json").is_file():
            return None
        scenarios = {str(name): dict(given or {}) for name, given in (tree.get("composed") or {}).items()}
        return Saved(folder.name, str(about["command"]), str(about["finished"]), tree, scenarios, about["hashes"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return None


def folder_of(root: Path, name: str, commands: Sequence[str] = SHOWN) -> Path:
    """The folder of a run in the list. Raises `UserError` for any other name."""
    if name not in listed(root, commands):
        raise UserError("There is no such run in the folder of results.")
    return root / name


@lru_cache(maxsize=MOST_OPEN)
def numbers(folder: Path) -> Numbers:
    """The numbers of a finished run, ready to be drawn. Raises `UserError` when it is damaged."""
    from sim.outcomes.results import Results
    from sim.report.facts import Facts
    from sim.report.numbers import Numbers

    return Numbers(Results.load(folder), Facts.of_folder(folder))


@dataclass(frozen=True)
class Drawn:
    """A picture as SVG, with its finding and its description in words."""

    svg: str
    finding: str
    alt: str

    @classmethod
    def of(cls, picture: Picture) -> Drawn:
        """From a picture of the report."""
        from sim.report import svg

        return cls(svg.standalone(svg.inline(picture, "picture")), picture.finding, picture.alt)


@lru_cache(maxsize=128)
def picture(folder: Path, name: str, **more: Any) -> Drawn:
    """A picture of the report by name (`sim.report.figures.plot`). Raises `UserError` when there is nothing to draw."""
    from sim.report import figures

    found = numbers(folder)
    with drawing:
        return Drawn.of(figures.plot(found, name, **more))


def archive(folder: Path) -> bytes:
    """Everything of a run but its raw records, as a zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder)
            if file.is_file() and inside.parts[0] not in LEFT_OUT and not file.is_symlink():
                target.write(file, f"{folder.name}/{inside.as_posix()}")
    return out.getvalue()
